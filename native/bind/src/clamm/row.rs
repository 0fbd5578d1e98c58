//! Decoded rows as events: a name and its fields, from wherever somebody has decoded them already.
//!
//! catalogue: S4, M6. The names are those of `feeds.chain.pool_logs`. Amounts of `Mint` and `Burn` may be None, where a
//! source does not tell them or is known to tell them wrongly; they are then not compared.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};
use tickwright_core::clamm::events::Event;
use tickwright_core::clamm::pool::NOBODY;
use tickwright_core::clamm::position::Address;
use tickwright_core::clamm::u256::U256;
use tickwright_core::error::CoreError;

use super::pool_state::get;
use super::read::address;
use super::word::{Signed, Word};
use crate::error::raise;

/// An account as bytes or as 0x and 40 digits; nobody where the row does not say.
fn account(row: &Bound<'_, PyDict>, field: &'static str) -> PyResult<Address> {
    let Some(value) = row.get_item(field)? else { return Ok(NOBODY) };
    let Ok(text) = value.cast::<PyString>() else { return address(&value.extract::<Vec<u8>>()?) };
    let text = text.to_string();
    let refused = || raise(CoreError::Field { field, was: text.clone(), why: "must be 0x and 40 hexadecimal digits" });
    let digits =
        text.strip_prefix("0x").filter(|digits| digits.len() == 40 && digits.is_ascii()).ok_or_else(refused)?;
    let mut out = NOBODY;
    for (at, byte) in out.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).map_err(|_| refused())?;
    }
    Ok(out)
}

/// Two amounts that may be unknown.
fn amounts(row: &Bound<'_, PyDict>) -> PyResult<[Option<U256>; 2]> {
    let one = |field| -> PyResult<Option<U256>> { Ok(get::<Option<Word>>(row, field)?.map(|word| word.0)) };
    Ok([one("amount0")?, one("amount1")?])
}

/// Two numbers of one type.
fn two<'py, T>(row: &Bound<'py, PyDict>, first: &'static str, second: &'static str) -> PyResult<[T; 2]>
where
    T: for<'a> FromPyObject<'a, 'py>,
{
    Ok([get(row, first)?, get(row, second)?])
}

/// The event of a row; an `InputError` for a name that is no event's, and for a missing field.
pub fn event(name: &str, row: &Bound<'_, PyDict>) -> PyResult<Event> {
    let range = || -> PyResult<(i32, i32)> { Ok((get(row, "lower")?, get(row, "upper")?)) };
    Ok(match name {
        "Swap" => swap(row)?,
        "Mint" => {
            let ((lower, upper), owner) = (range()?, account(row, "owner")?);
            let (sender, liquidity) = (account(row, "sender")?, get(row, "liquidity")?);
            Event::Mint { sender, owner, lower, upper, liquidity, amounts: amounts(row)? }
        }
        "Burn" => {
            let ((lower, upper), owner) = (range()?, account(row, "owner")?);
            Event::Burn { owner, lower, upper, liquidity: get(row, "liquidity")?, amounts: amounts(row)? }
        }
        "Collect" => {
            let ((lower, upper), owner) = (range()?, account(row, "owner")?);
            let recipient = account(row, "recipient")?;
            Event::Collect { owner, recipient, lower, upper, amounts: two(row, "amount0", "amount1")? }
        }
        _ => rare(name, row)?,
    })
}

fn swap(row: &Bound<'_, PyDict>) -> PyResult<Event> {
    let protocol = if row.contains("protocol0")? { Some(two(row, "protocol0", "protocol1")?) } else { None };
    Ok(Event::Swap {
        sender: account(row, "sender")?,
        recipient: account(row, "recipient")?,
        amounts: two::<Signed>(row, "amount0", "amount1")?.map(|amount| amount.0),
        sqrt_price: get::<Word>(row, "sqrt_price")?.0,
        liquidity: get(row, "liquidity")?,
        tick: get(row, "tick")?,
        protocol,
    })
}

fn rare(name: &str, row: &Bound<'_, PyDict>) -> PyResult<Event> {
    Ok(match name {
        "Initialize" => Event::Initialize { sqrt_price: get::<Word>(row, "sqrt_price")?.0, tick: get(row, "tick")? },
        "Flash" => Event::Flash {
            sender: account(row, "sender")?,
            recipient: account(row, "recipient")?,
            amounts: two::<Word>(row, "amount0", "amount1")?.map(|amount| amount.0),
            paid: two::<Word>(row, "paid0", "paid1")?.map(|amount| amount.0),
        },
        "IncreaseObservationCardinalityNext" => {
            Event::IncreaseObservationCardinalityNext { before: get(row, "before")?, after: get(row, "after")? }
        }
        "SetFeeProtocol" => {
            let (before, after) = (two(row, "before0", "before1")?, two(row, "after0", "after1")?);
            Event::SetFeeProtocol { before, after, wide: false }
        }
        "CollectProtocol" => Event::CollectProtocol {
            sender: account(row, "sender")?,
            recipient: account(row, "recipient")?,
            amounts: two(row, "amount0", "amount1")?,
        },
        other => {
            let why = "must be an event of a v3 pool";
            return Err(raise(CoreError::Field { field: "event", was: other.into(), why }));
        }
    })
}
