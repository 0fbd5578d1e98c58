//! The byte scanner: one pass over a JSON text, no allocation, every value borrowed from the message.
//!
//! catalogue: M1. It reads RFC 8259 structure: objects, arrays, strings, numbers and literals, nested at most
//! `DEPTH_MAX` deep. Strings are handed out as sent; none of the fields that the decoders read ever holds an escape.

use super::number;
use crate::error::{CoreError, Result};

/// How deep values may nest; Binance's deepest message has six levels.
const DEPTH_MAX: u32 = 32;
/// How many bytes of a bad message an error quotes.
const QUOTED_MAX: usize = 40;

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// A string; `raw` is without its quotes.
    Text,
    /// A number.
    Number,
    /// `true`, `false` or `null`.
    Literal,
    /// An array, brackets included.
    Array,
    /// An object, braces included.
    Object,
}

/// One value of a message.
#[derive(Debug, Clone, Copy)]
pub(super) struct Value<'a> {
    /// Its shape.
    pub shape: Shape,
    /// Its bytes.
    pub raw: &'a [u8],
    /// Where `raw` begins in the message.
    pub at: usize,
}

impl<'a> Value<'a> {
    /// The error that names this value.
    pub fn refuse(&self, field: &'static str) -> CoreError {
        CoreError::Decode { at: self.at, field, was: quoted(self.raw) }
    }

    /// The string, or an error where it is anything else.
    pub fn text(&self, field: &'static str) -> Result<&'a [u8]> {
        if self.shape == Shape::Text { Ok(self.raw) } else { Err(self.refuse(field)) }
    }

    /// The unsigned whole number, or an error where it is anything else.
    pub fn whole(&self, field: &'static str) -> Result<u64> {
        match number::whole(self.raw, 0) {
            Some((value, end)) if self.shape == Shape::Number && end == self.raw.len() => Ok(value),
            _ => Err(self.refuse(field)),
        }
    }

    /// The digits of a number, written as one or as a string, or an error where it is anything else.
    pub fn figure(&self, field: &'static str) -> Result<&'a [u8]> {
        if matches!(self.shape, Shape::Text | Shape::Number) { Ok(self.raw) } else { Err(self.refuse(field)) }
    }

    /// The unsigned whole number that a string holds, or an error where it is anything else.
    pub fn digits(&self, field: &'static str) -> Result<u64> {
        match number::whole(self.text(field)?, 0) {
            Some((value, end)) if end == self.raw.len() => Ok(value),
            _ => Err(self.refuse(field)),
        }
    }

    /// The signed whole number, or an error where it is anything else.
    pub fn signed(&self, field: &'static str) -> Result<i64> {
        let text = std::str::from_utf8(self.raw).ok().filter(|_| self.shape == Shape::Number);
        text.and_then(|t| t.parse().ok()).ok_or_else(|| self.refuse(field))
    }

    /// True or false, or an error where it is anything else.
    pub fn flag(&self, field: &'static str) -> Result<bool> {
        match (self.shape, self.raw) {
            (Shape::Literal, b"true") => Ok(true),
            (Shape::Literal, b"false") => Ok(false),
            _ => Err(self.refuse(field)),
        }
    }

    /// Whether it is `null`.
    pub fn is_null(&self) -> bool {
        self.shape == Shape::Literal && self.raw == b"null"
    }

    /// Calls `each` with every member of the object, or fails where it is none.
    pub fn members(&self, field: &'static str, each: impl FnMut(&'a [u8], Value<'a>) -> Result<()>) -> Result<()> {
        if self.shape != Shape::Object {
            return Err(self.refuse(field));
        }
        self.inside().members(field, each)
    }

    /// Calls `each` with every item of the array, or fails where it is none.
    pub fn items(&self, field: &'static str, each: impl FnMut(Value<'a>) -> Result<()>) -> Result<()> {
        if self.shape != Shape::Array {
            return Err(self.refuse(field));
        }
        self.inside().items(field, each)
    }

    /// A scanner over this value's own bytes.
    pub fn inside(&self) -> Scan<'a> {
        Scan { buf: self.raw, pos: 0, base: self.at }
    }
}

/// The value of a member that must be there.
pub(super) fn need<'a>(value: Option<Value<'a>>, field: &'static str) -> Result<Value<'a>> {
    value.ok_or_else(|| CoreError::Field { field, was: "missing".into(), why: "must be in the message" })
}

/// The first bytes of `raw` as text.
pub(super) fn quoted(raw: &[u8]) -> String {
    match raw {
        [] => "the end of the message".into(),
        _ => String::from_utf8_lossy(&raw[..raw.len().min(QUOTED_MAX)]).into_owned(),
    }
}

/// Declares the members that a decoder reads of one object, each an optional `Value` under its JSON name.
macro_rules! members {
    ($(#[$meta:meta])* $name:ident { $($field:ident = $key:literal),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, Default)]
        struct $name<'a> { $($field: Option<crate::decode::scan::Value<'a>>),* }
        impl<'a> $name<'a> {
            /// Keeps the value where the member is one of ours; a repeated member's last value counts.
            #[inline]
            fn set(&mut self, key: &[u8], value: crate::decode::scan::Value<'a>) {
                match key {
                    $($key => self.$field = Some(value),)*
                    _ => {}
                }
            }
            /// Reads them from an object.
            fn of(value: crate::decode::scan::Value<'a>, field: &'static str) -> crate::error::Result<Self> {
                let mut this = Self::default();
                value.members(field, |key, value| { this.set(key, value); Ok(()) })?;
                Ok(this)
            }
        }
    };
}
pub(super) use members;

/// A place in a message.
#[derive(Debug, Clone)]
pub(super) struct Scan<'a> {
    buf: &'a [u8],
    pos: usize,
    base: usize,
}

impl<'a> Scan<'a> {
    /// At the beginning of `buf`.
    pub fn new(buf: &'a [u8]) -> Self {
        Self { buf, pos: 0, base: 0 }
    }

    /// The error that names this place.
    pub fn refuse(&self, field: &'static str) -> CoreError {
        CoreError::Decode { at: self.base + self.pos, field, was: quoted(self.rest()) }
    }

    fn rest(&self) -> &'a [u8] {
        self.buf.get(self.pos..).unwrap_or_default()
    }

    /// Takes `literal` where it is next.
    #[inline(always)]
    pub fn literal(&mut self, literal: &[u8]) -> bool {
        let found = self.rest().starts_with(literal);
        self.pos += if found { literal.len() } else { 0 };
        found
    }

    /// Takes an unsigned whole number where one is next. A message has four or five: one copy of this code serves them all.
    #[inline(never)]
    pub fn whole(&mut self) -> Option<u64> {
        let (value, end) = number::whole(self.buf, self.pos)?;
        self.pos = end;
        Some(value)
    }

    /// All bytes, for a reader of its own.
    #[inline(always)]
    pub fn bytes(&self) -> &'a [u8] {
        self.buf
    }

    /// The place of the next byte in `bytes`.
    #[inline(always)]
    pub fn at(&self) -> usize {
        self.pos
    }

    /// Goes on at `at`, behind what a reader of its own has taken.
    #[inline(always)]
    pub fn move_to(&mut self, at: usize) {
        self.pos = at;
    }

    /// Takes the rest of a string without escapes and its closing quote.
    #[inline(always)]
    pub fn until_quote(&mut self) -> Option<&'a [u8]> {
        let rest = self.rest();
        let mut end = 0;
        while let Some(chunk) = rest.get(end..).and_then(|rest| rest.first_chunk::<8>()) {
            // The lowest byte that is a quote becomes zero, and borrows its high bit.
            let quotes = u64::from_le_bytes(*chunk) ^ 0x2222_2222_2222_2222;
            let found = quotes.wrapping_sub(0x0101_0101_0101_0101) & !quotes & 0x8080_8080_8080_8080;
            if found != 0 {
                end += found.trailing_zeros() as usize / 8;
                self.pos += end + 1;
                return rest.get(..end);
            }
            end += 8;
        }
        end += rest.get(end..)?.iter().position(|byte| *byte == b'"')?;
        self.pos += end + 1;
        rest.get(..end)
    }

    /// The next byte that is not white space, left in place.
    #[inline]
    pub fn peek(&mut self) -> Option<u8> {
        while let Some(byte) = self.buf.get(self.pos) {
            match byte {
                b' ' | b'\t' | b'\n' | b'\r' => self.pos += 1,
                other => return Some(*other),
            }
        }
        None
    }

    /// Takes `byte` where it is next.
    #[inline]
    pub fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.pos += usize::from(found);
        found
    }

    /// Takes `byte`, or fails.
    #[inline]
    pub fn expect(&mut self, byte: u8, field: &'static str) -> Result<()> {
        if self.take(byte) { Ok(()) } else { Err(self.refuse(field)) }
    }

    /// Nothing but white space may follow.
    pub fn end(&mut self) -> Result<()> {
        if self.peek().is_none() { Ok(()) } else { Err(self.refuse("end of the message")) }
    }

    /// Calls `each` with every member of the object that is next.
    pub fn members(
        &mut self,
        field: &'static str,
        mut each: impl FnMut(&'a [u8], Value<'a>) -> Result<()>,
    ) -> Result<()> {
        self.expect(b'{', field)?;
        if self.take(b'}') {
            return Ok(());
        }
        loop {
            let key = self.string(field)?;
            self.expect(b':', field)?;
            let value = self.value(field)?;
            each(key.raw, value)?;
            if self.take(b'}') {
                return Ok(());
            }
            self.expect(b',', field)?;
        }
    }

    /// Calls `each` with every item of the array that is next.
    pub fn items(&mut self, field: &'static str, mut each: impl FnMut(Value<'a>) -> Result<()>) -> Result<()> {
        self.expect(b'[', field)?;
        if self.take(b']') {
            return Ok(());
        }
        loop {
            let value = self.value(field)?;
            each(value)?;
            if self.take(b']') {
                return Ok(());
            }
            self.expect(b',', field)?;
        }
    }

    /// Takes any value.
    #[inline]
    pub fn value(&mut self, field: &'static str) -> Result<Value<'a>> {
        self.nested(field, DEPTH_MAX)
    }

    fn nested(&mut self, field: &'static str, depth: u32) -> Result<Value<'a>> {
        let first = self.peek().ok_or_else(|| self.refuse(field))?;
        if first == b'"' {
            return self.string(field);
        }
        let start = self.pos;
        let shape = match first {
            b'{' | b'[' if depth == 0 => return Err(self.refuse(field)),
            b'{' => {
                self.skip_object(field, depth - 1)?;
                Shape::Object
            }
            b'[' => {
                self.skip_array(field, depth - 1)?;
                Shape::Array
            }
            b'-' | b'0'..=b'9' => {
                self.skip_number(field)?;
                Shape::Number
            }
            _ if self.literal(b"true") || self.literal(b"false") || self.literal(b"null") => Shape::Literal,
            _ => return Err(self.refuse(field)),
        };
        Ok(Value { shape, raw: self.buf.get(start..self.pos).unwrap_or_default(), at: self.base + start })
    }

    fn string(&mut self, field: &'static str) -> Result<Value<'a>> {
        self.expect(b'"', field)?;
        let start = self.pos;
        loop {
            let rest = self.rest();
            match rest.iter().position(|b| matches!(b, b'"' | b'\\')) {
                Some(at) if rest.get(at) == Some(&b'"') => {
                    let raw = self.buf.get(start..self.pos + at).unwrap_or_default();
                    self.pos += at + 1;
                    return Ok(Value { shape: Shape::Text, raw, at: self.base + start });
                }
                Some(at) if at + 1 < rest.len() => self.pos += at + 2,
                _ => {
                    self.pos = self.buf.len();
                    return Err(self.refuse(field));
                }
            }
        }
    }

    fn skip_object(&mut self, field: &'static str, depth: u32) -> Result<()> {
        self.expect(b'{', field)?;
        if self.take(b'}') {
            return Ok(());
        }
        loop {
            self.string(field)?;
            self.expect(b':', field)?;
            self.nested(field, depth)?;
            if self.take(b'}') {
                return Ok(());
            }
            self.expect(b',', field)?;
        }
    }

    fn skip_array(&mut self, field: &'static str, depth: u32) -> Result<()> {
        self.expect(b'[', field)?;
        if self.take(b']') {
            return Ok(());
        }
        loop {
            self.nested(field, depth)?;
            if self.take(b']') {
                return Ok(());
            }
            self.expect(b',', field)?;
        }
    }

    fn skip_number(&mut self, field: &'static str) -> Result<()> {
        let rest = self.rest();
        let end = rest.iter().position(|b| !matches!(b, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E'));
        let end = end.unwrap_or(rest.len());
        if !rest.get(..end).is_some_and(|text| text.iter().any(u8::is_ascii_digit)) {
            return Err(self.refuse(field));
        }
        self.pos += end;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
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
}
