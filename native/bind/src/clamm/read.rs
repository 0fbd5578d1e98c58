//! What calls of a pool are given by Python: a family by its name, accounts, and prices of 160 bits.
//!
//! catalogue: S4.

use pyo3::prelude::*;
use tickwright_core::clamm::pool::Family;
use tickwright_core::clamm::position::Address;
use tickwright_core::clamm::sqrt_price::MAX_U160;
use tickwright_core::clamm::u256::U256;
use tickwright_core::error::CoreError;

use super::word::Word;
use crate::error::raise;

/// The family of a name; else an `InputError`.
pub(super) fn family(name: &str) -> PyResult<Family> {
    match name {
        "uniswap" => Ok(Family::Uniswap),
        "pancake" => Ok(Family::Pancake),
        other => {
            let why = "must be uniswap or pancake";
            Err(raise(CoreError::Field { field: "family", was: other.into(), why }))
        }
    }
}

/// Twenty bytes of an account; else an `InputError`.
pub(super) fn address(given: &[u8]) -> PyResult<Address> {
    given.try_into().map_err(|_| {
        let was = format!("{} bytes", given.len());
        raise(CoreError::Field { field: "owner", was, why: "must be 20 bytes" })
    })
}

/// An account given as 20 bytes, or as their hexadecimal digits after 0x; else an `InputError`.
pub(super) struct Owner(pub(super) Address);

impl<'py> FromPyObject<'_, 'py> for Owner {
    type Error = PyErr;

    fn extract(given: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        Ok(Self(crate::evm::word::address("owner", &given)?.into_array()))
    }
}

/// A square-root price of 160 bits; else an `InputError`.
pub(super) fn price(field: &'static str, given: &Word) -> PyResult<U256> {
    if given.0 <= MAX_U160 {
        return Ok(given.0);
    }
    Err(raise(CoreError::Field { field, was: given.0.to_string(), why: "must fit 160 bits" }))
}
