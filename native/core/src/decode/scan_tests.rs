//! Tests of the scanner: any valid object, every cut, the bound on nesting, the types of values.

use super::*;

fn members_of(text: &str) -> Result<Vec<(String, Shape, String)>> {
    let mut found = Vec::new();
    let mut scan = Scan::new(text.as_bytes());
    scan.members("message", |key, value| {
        found.push((
            String::from_utf8_lossy(key).into_owned(),
            value.shape,
            String::from_utf8_lossy(value.raw).into_owned(),
        ));
        Ok(())
    })?;
    scan.end()?;
    Ok(found)
}

#[test]
fn walks_any_valid_object() {
    let text = r#" { "a" : [1, {"b": "]}"}] , "c":"x\"y", "d":-1.5e3,"e":null, "f":{} } "#;
    let found = members_of(text).unwrap();
    let want = [
        ("a", Shape::Array, r#"[1, {"b": "]}"}]"#),
        ("c", Shape::Text, r#"x\"y"#),
        ("d", Shape::Number, "-1.5e3"),
        ("e", Shape::Literal, "null"),
        ("f", Shape::Object, "{}"),
    ];
    assert_eq!(found, want.map(|(k, s, r)| (k.to_owned(), s, r.to_owned())));
}

#[test]
fn every_cut_is_an_error_that_names_the_place() {
    let text = r#"{"a":[1,{"b":"x"}],"c":true}"#;
    for cut in 0..text.len() {
        assert!(matches!(members_of(&text[..cut]), Err(CoreError::Decode { .. })), "cut at {cut}");
    }
    let error = members_of(r#"{"a":nope}"#).unwrap_err();
    assert_eq!(error.to_string(), "cannot decode message at byte 5, was nope}");
}

#[test]
fn nesting_is_bounded() {
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(5000), "]".repeat(5000));
    assert!(members_of(&deep).is_err());
}

#[test]
fn values_keep_their_type() {
    let scan = |text: &'static str| Scan::new(text.as_bytes()).value("x").unwrap();
    assert_eq!(scan("12345").whole("x"), Ok(12_345));
    assert!(scan("\"12345\"").whole("x").is_err());
    assert!(scan("1.5").whole("x").is_err());
    assert!(scan("12").text("x").is_err());
    assert_eq!(scan("-7").signed("x"), Ok(-7));
    assert_eq!((scan("true").flag("x"), scan("null").is_null()), (Ok(true), true));
    assert!(scan("\"true\"").flag("x").is_err());
}
