//! 256-bit words between Python and the core, and the exception of a call that reverts.
//!
//! catalogue: S4. Up to 128 bits take the interpreter's own conversion; longer ones cross as 32 bytes.

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyInt};
use pyo3::{IntoPyObjectExt, intern};
use tickwright_core::clamm::Revert;
use tickwright_core::clamm::dialect::{in_v3, in_v4};
use tickwright_core::clamm::i256::I256;
use tickwright_core::clamm::u256::U256;
use tickwright_core::error::CoreError;

use crate::error::{RevertError, raise};

/// An unsigned integer of at most 256 bits, borrowed from Python; else an `InputError` that calls it a uint256.
pub struct Word(pub U256);

/// A signed integer of at most 256 bits; else an `InputError` that calls it an int256.
pub struct Signed(pub I256);

/// The 32 bytes of a Python integer, lowest first; `None` when it does not fit or is no integer.
fn bytes_of_int(given: &Bound<'_, PyAny>, signed: bool) -> Option<[u8; 32]> {
    let py = given.py();
    let options = pyo3::types::PyDict::new(py);
    options.set_item(intern!(py, "signed"), signed).ok()?;
    let bytes =
        given.cast::<PyInt>().ok()?.call_method(intern!(py, "to_bytes"), (32, "little"), Some(&options)).ok()?;
    bytes.cast::<PyBytes>().ok()?.as_bytes().try_into().ok()
}

/// The limbs in 32 bytes, lowest first.
fn limbs(bytes: [u8; 32]) -> U256 {
    let mut big = bytes;
    big.reverse();
    U256::from_be_bytes(big)
}

fn refused(field: &'static str, given: &Bound<'_, PyAny>) -> PyErr {
    let was = given.str().map_or_else(|_| "unprintable".into(), |text| text.to_string().chars().take(100).collect());
    raise(CoreError::Field { field, was, why: "must be an integer of its range" })
}

impl<'py> FromPyObject<'_, 'py> for Word {
    type Error = PyErr;

    fn extract(given: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        if let Ok(small) = given.extract::<u128>() {
            return Ok(Self(U256::from(small)));
        }
        bytes_of_int(&given, false).map(|bytes| Self(limbs(bytes))).ok_or_else(|| refused("uint256", &given))
    }
}

impl<'py> FromPyObject<'_, 'py> for Signed {
    type Error = PyErr;

    fn extract(given: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        if let Ok(small) = given.extract::<i128>() {
            return Ok(Self(I256::from(small)));
        }
        bytes_of_int(&given, true).map(|bytes| Self(I256(limbs(bytes)))).ok_or_else(|| refused("int256", &given))
    }
}

/// A number as a Python integer.
pub fn int<'py>(py: Python<'py>, value: U256) -> PyResult<Bound<'py, PyAny>> {
    match value.to_u128() {
        Some(small) => small.into_bound_py_any(py),
        None => {
            let bytes = PyBytes::new(py, &value.to_be_bytes());
            py.get_type::<PyInt>().call_method1(intern!(py, "from_bytes"), (bytes, "big"))
        }
    }
}

/// A signed number as a Python integer.
pub fn signed_int<'py>(py: Python<'py>, value: I256) -> PyResult<Bound<'py, PyAny>> {
    match value.to_i128() {
        Some(small) => small.into_bound_py_any(py),
        None if value.is_negative() => int(py, value.unsigned_abs())?.neg(),
        None => int(py, value.0),
    }
}

/// Which version's words a revert is told in: 3 or 4; else an `InputError`.
pub fn dialect(version: u8) -> PyResult<fn(Revert) -> Revert> {
    match version {
        3 => Ok(in_v3),
        4 => Ok(in_v4),
        other => {
            let (field, was) = ("version", other.to_string());
            Err(raise(CoreError::Field { field, was, why: "must be 3 or 4" }))
        }
    }
}

/// The exception of a call that reverts: its text, and the return data as the EVM gives them.
pub fn reverted(revert: Revert) -> PyErr {
    RevertError::new_err((revert.to_string(), revert.data()))
}
