//! The state hash: one SHA-256 a component, combined in a fixed order, so that equality of state can be proved.
//!
//! catalogue: K4. A component's hash covers exactly its canonical bytes (`canon`); the combination covers the
//! components' names and hashes in the order given, so a renamed, missing or exchanged component changes it.

use sha2::{Digest, Sha256};

/// A SHA-256 hash.
pub type Hash = [u8; 32];

/// The hash of one component's canonical bytes.
#[must_use]
pub fn component_hash(bytes: &[u8]) -> Hash {
    Sha256::digest(bytes).into()
}

/// The state hash over named components in the order given. Each name goes in with its length, so that no two
/// lists of components have the same bytes.
#[must_use]
pub fn combine(components: &[(&str, Hash)]) -> Hash {
    let mut all = Sha256::new();
    for (name, hash) in components {
        all.update((name.len() as u64).to_le_bytes());
        all.update(name.as_bytes());
        all.update(hash);
    }
    all.finalize().into()
}

/// A hash as 64 lower-case hexadecimal digits.
#[must_use]
pub fn hex(hash: &Hash) -> String {
    let digit = |value: u8| char::from(if value < 10 { b'0' + value } else { b'a' + value - 10 });
    hash.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_the_sha_256_of_fips_180_4() {
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(hex(&component_hash(b"abc")), abc);
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(hex(&combine(&[])), empty);
    }

    #[test]
    fn name_order_and_content_all_count() {
        let (a, b) = (component_hash(b"a"), component_hash(b"b"));
        let base = combine(&[("book", a), ("gate", b)]);
        let others = [
            combine(&[("gate", b), ("book", a)]),
            combine(&[("book", b), ("gate", a)]),
            combine(&[("book", a)]),
            combine(&[("bookg", a), ("ate", b)]),
            combine(&[("book", a), ("gate", component_hash(b"B"))]),
        ];
        assert!(others.iter().all(|other| *other != base));
    }
}
