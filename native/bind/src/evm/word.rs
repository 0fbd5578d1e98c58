//! Words, addresses and code of the EVM as Python's integers, texts and bytes, with errors that name the field.

use crate::clamm::word::Word;
use crate::error::raise;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};
use tickwright_core::error::CoreError;
use tickwright_evm::{Address, B256, Bytes, U256};

fn bad(field: &'static str, was: &Bound<'_, PyAny>, why: &'static str) -> PyErr {
    let was = was.repr().map_or_else(|_| "unreadable".to_owned(), |text| text.to_string());
    raise(CoreError::Field { field, was, why })
}

/// An integer of 0 to 2^256 - 1, given as one or as a text (decimal, or hexadecimal after `0x`).
pub fn word(field: &'static str, given: &Bound<'_, PyAny>) -> PyResult<U256> {
    if let Ok(text) = given.cast::<PyString>() {
        let text = text.to_cow()?;
        let read = match text.strip_prefix("0x") {
            Some(digits) => U256::from_str_radix(digits, 16),
            None => U256::from_str_radix(&text, 10),
        };
        return read.map_err(|_| bad(field, given, "must be an integer of 0 to 2^256 - 1"));
    }
    let word: Word = given.extract().map_err(|_| bad(field, given, "must be an integer of 0 to 2^256 - 1"))?;
    Ok(U256::from_limbs(word.0.0))
}

/// A word as Python's integer.
pub fn int<'py>(py: Python<'py>, value: U256) -> PyResult<Bound<'py, PyAny>> {
    crate::clamm::word::int(py, tickwright_core::clamm::u256::U256(value.into_limbs()))
}

/// An address: 20 bytes, or 40 hexadecimal digits after `0x` in any case.
pub fn address(field: &'static str, given: &Bound<'_, PyAny>) -> PyResult<Address> {
    let wrong = || bad(field, given, "must be an address of 20 bytes, or its 40 hexadecimal digits after 0x");
    let read = bytes(field, given).map_err(|_| wrong())?;
    if read.len() != 20 {
        return Err(wrong());
    }
    Ok(Address::from_slice(&read))
}

/// An address as text in lower case.
pub fn address_text(address: Address) -> String {
    format!("0x{}", hex(address.as_slice()))
}

/// Lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}

/// Bytes, given as such or as a text of hexadecimal digits after `0x`.
pub fn bytes(field: &'static str, given: &Bound<'_, PyAny>) -> PyResult<Bytes> {
    if let Ok(text) = given.cast::<PyString>() {
        let text = text.to_cow()?;
        let digits = text.strip_prefix("0x").and_then(unhex);
        return digits.map(Bytes::from).ok_or_else(|| bad(field, given, "must be hexadecimal digits after 0x"));
    }
    let raw: Vec<u8> = given
        .cast::<PyBytes>()
        .map(|raw| raw.as_bytes().to_vec())
        .or_else(|_| given.extract::<Vec<u8>>())
        .map_err(|_| bad(field, given, "must be bytes, or hexadecimal digits after 0x"))?;
    Ok(Bytes::from(raw))
}

fn unhex(digits: &str) -> Option<Vec<u8>> {
    let digits = digits.as_bytes();
    let (pairs, rest) = digits.as_chunks::<2>();
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let read = pairs.iter().map(|[high, low]| u8::try_from(digit(*high)? * 16 + digit(*low)?).ok());
    if rest.is_empty() { read.collect() } else { None }
}

/// A word of 32 bytes.
pub fn hash(field: &'static str, given: &Bound<'_, PyAny>) -> PyResult<B256> {
    let read = bytes(field, given)?;
    if read.len() != 32 {
        return Err(bad(field, given, "must be 32 bytes"));
    }
    Ok(B256::from_slice(&read))
}
