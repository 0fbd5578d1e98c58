//! Names in records: short printable ASCII in NUL-padded arrays.

use crate::error::{CoreError, Result};

/// A name as a NUL-padded array; refused where it is too long or not printable ASCII.
pub fn padded<const N: usize>(name: &str, field: &'static str) -> Result<[u8; N]> {
    let mut out = [0; N];
    if name.is_empty() || name.len() > N || !name.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(CoreError::Field {
            field,
            was: name.to_owned(),
            why: "must be short printable ASCII without spaces",
        });
    }
    out[..name.len()].copy_from_slice(name.as_bytes());
    Ok(out)
}

/// The name in a NUL-padded array.
pub fn unpadded(raw: &[u8]) -> &str {
    let end = raw.iter().position(|b| *b == 0).unwrap_or(raw.len());
    std::str::from_utf8(&raw[..end]).unwrap_or("?")
}
