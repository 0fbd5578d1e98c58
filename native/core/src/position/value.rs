//! Exact values: what a fill is worth before any rounding, and the one place where it becomes money.
//!
//! catalogue: O6. Raw value of a linear or spot fill is `ticks x lots`, an exact integer. An inverse contract is worth
//! `lots / ticks`, which no integer holds, so its raw value counts 1e-18 and is rounded once a fill, to the nearest
//! (ties away from zero): an error below 1e-6 of the settlement asset's smallest unit. Money is raw value times the
//! instrument's constants, cut towards zero.

use crate::error::{CoreError, Result};
use crate::instrument::{Instrument, Market};
use crate::units::{Amount, Lots, Side, Ticks, pow10};

/// Raw units in which an inverse value counts: 10^18.
const INVERSE_UNIT: i128 = 1_000_000_000_000_000_000;

/// The cash flow of a fill in raw units: what comes in is positive. On an inverse contract the signs turn, because
/// buying contracts is selling the coin they pay in.
pub fn flow(instrument: &Instrument, side: Side, ticks: Ticks, lots: Lots) -> Result<i128> {
    if ticks <= 0 {
        return Err(CoreError::Field { field: "fill.price", was: ticks.to_string(), why: "must be above zero" });
    }
    let sign = i128::from(side.sign());
    match instrument.market {
        Market::Spot | Market::Linear => Ok(-sign * i128::from(ticks) * i128::from(lots)),
        Market::Inverse => {
            let (value, price) = (i128::from(lots) * INVERSE_UNIT, i128::from(ticks));
            Ok(sign * ((value + price / 2) / price))
        }
    }
}

/// The cost of an open position of `lots` (signed) at an average price of `price_e8` (1e-8 of the quote asset), raw and
/// rounded to the nearest: minus the cash flow that would have opened it. 0 where it is flat.
pub fn cost_e8(instrument: &Instrument, lots: Lots, price_e8: i64) -> Result<i128> {
    if lots == 0 {
        return Ok(0);
    }
    if price_e8 <= 0 {
        return Err(CoreError::Field { field: "entry price", was: price_e8.to_string(), why: "must be above zero" });
    }
    let tick = i128::from(instrument.tick);
    // The price in ticks is `over / under`.
    let (over, under) = scaled(Some(i128::from(price_e8)), instrument.price_scale, 8)?;
    let under = under.checked_mul(tick).ok_or_else(|| too_large("tick", tick))?;
    let lots = i128::from(lots);
    let (top, bottom) = match instrument.market {
        Market::Spot | Market::Linear => (lots.checked_mul(over), under),
        Market::Inverse => (lots.checked_mul(-INVERSE_UNIT).and_then(|value| value.checked_mul(under)), over),
    };
    let top = top.ok_or_else(|| too_large("position", lots))?;
    Ok((top + top.signum() * (bottom / 2)) / bottom)
}

/// `value * part / whole` towards zero, without overflow for `0 <= part <= whole`; all of it where they are equal.
#[must_use]
pub fn share(value: i128, part: Lots, whole: Lots) -> i128 {
    let (part, whole) = (i128::from(part), i128::from(whole.max(1)));
    (value / whole) * part + (value % whole) * part / whole
}

/// Raw value as money in the settlement asset's smallest unit, towards zero.
pub fn money(instrument: &Instrument, raw: i128) -> Result<Amount> {
    let (top, bottom) = ratio(instrument)?;
    raw.checked_mul(top).map(|value| value / bottom).ok_or_else(|| too_large("value", raw))
}

/// The fraction that turns raw value into money.
fn ratio(instrument: &Instrument) -> Result<(i128, i128)> {
    let constants = i128::from(instrument.lot) * i128::from(instrument.multiplier);
    let (tick, settle) = (i128::from(instrument.tick), instrument.settle_scale);
    let (price, qty) = (instrument.price_scale, instrument.qty_scale);
    match instrument.market {
        Market::Spot | Market::Linear => scaled(constants.checked_mul(tick), settle, price + qty),
        Market::Inverse => {
            let (top, bottom) = scaled(Some(constants), price + settle, qty)?;
            Ok((top, bottom.checked_mul(tick * INVERSE_UNIT).ok_or_else(|| too_large("tick", tick))?))
        }
    }
}

/// `constant * 10^up / 10^down` with the powers reduced.
fn scaled(constant: Option<i128>, up: u8, down: u8) -> Result<(i128, i128)> {
    let constant = constant.ok_or_else(|| too_large("instrument.constants", "beyond 128 bits"))?;
    let by = up.abs_diff(down);
    if by > 37 {
        return Err(too_large("instrument.scale", by));
    }
    if up < down {
        return Ok((constant, pow10(by)));
    }
    let top = constant.checked_mul(pow10(by)).ok_or_else(|| too_large("instrument.scale", by))?;
    Ok((top, 1))
}

/// The money that closing `lots` (signed) at a price of `price_e8` (1e-8 of the quote asset) brings in, towards zero.
pub fn close_at(instrument: &Instrument, lots: Lots, price_e8: i64) -> Result<Amount> {
    if price_e8 <= 0 {
        return Err(CoreError::Field { field: "mark price", was: price_e8.to_string(), why: "must be above zero" });
    }
    let size = i128::from(lots)
        .checked_mul(i128::from(instrument.lot))
        .and_then(|size| size.checked_mul(i128::from(instrument.multiplier)));
    let size = size.ok_or_else(|| too_large("position", lots))?;
    let (settle, qty) = (instrument.settle_scale, instrument.qty_scale);
    let price = i128::from(price_e8);
    let value = match instrument.market {
        Market::Spot | Market::Linear => {
            let (top, bottom) = scaled(Some(price), settle, qty + 8)?;
            size.checked_mul(top).map(|value| value / bottom)
        }
        Market::Inverse => {
            let (top, bottom) = scaled(Some(-1), settle + 8, qty)?;
            size.checked_mul(top).map(|value| value / (bottom * price))
        }
    };
    value.ok_or_else(|| too_large("position", lots))
}

/// What an amount of the base asset (its smallest unit) is worth at a price of `price_e8` (1e-8 of the quote asset), in
/// the settlement asset of a spot or linear instrument, towards zero.
pub fn base_at(instrument: &Instrument, amount: Amount, price_e8: i64) -> Result<Amount> {
    let (top, bottom) = scaled(Some(i128::from(price_e8)), instrument.settle_scale, instrument.base_scale + 8)?;
    amount.checked_mul(top).map(|value| value / bottom).ok_or_else(|| too_large("amount", amount))
}

/// The average price of a position with `cost` for `lots`, in 1e-8 of the quote asset; None where it is flat.
#[must_use]
pub fn average_e8(instrument: &Instrument, cost: i128, lots: Lots) -> Option<i64> {
    let (cost, lots) = (cost.checked_abs()?, i128::from(lots).abs());
    let (over, under) = match instrument.market {
        Market::Spot | Market::Linear => (cost, lots),
        Market::Inverse => (lots.checked_mul(INVERSE_UNIT)?, cost),
    };
    let (top, bottom) = scaled(Some(i128::from(instrument.tick)), 8, instrument.price_scale).ok()?;
    let value = over.checked_mul(top)?.checked_div(under.checked_mul(bottom)?)?;
    i64::try_from(value).ok()
}

pub(super) fn too_large(field: &'static str, was: impl ToString) -> CoreError {
    CoreError::Field { field, was: was.to_string(), why: "is too large" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instrument::samples::*;

    #[test]
    fn values_are_those_of_the_contracts() {
        let (perp, inverse) = (btcusdt_perp(), btcusd_inverse());
        let bought = flow(&perp, Side::Buy, 600_000, 500).unwrap();
        assert_eq!((bought, money(&perp, bought)), (-300_000_000, Ok(-3_000_000_000_000)));
        // 10 contracts of 100 USD at 50,000.0 are 0.02 BTC; buying them brings the coin's short side in.
        let bought = flow(&inverse, Side::Buy, 500_000, 10).unwrap();
        assert_eq!(money(&inverse, bought), Ok(2_000_000));
        assert_eq!(close_at(&inverse, 10, 50_000 * 100_000_000), Ok(-2_000_000));
        assert_eq!(close_at(&perp, -500, 60_000 * 100_000_000), Ok(-3_000_000_000_000));
    }

    #[test]
    fn averages_read_as_prices() {
        assert_eq!(average_e8(&btcusdt_perp(), 300_000_000, 500), Some(60_000 * 100_000_000));
        let inverse = btcusd_inverse();
        let cost = flow(&inverse, Side::Sell, 500_000, 10).unwrap();
        assert_eq!(average_e8(&inverse, cost, -10), Some(50_000 * 100_000_000));
        assert_eq!(average_e8(&inverse, 0, 0), None);
    }

    #[test]
    fn shares_do_not_overflow() {
        assert_eq!(share(i128::MAX, i64::MAX, i64::MAX), i128::MAX);
        assert_eq!(share(-7, 1, 2), -3);
    }

    #[test]
    fn what_is_too_large_is_refused() {
        let error = money(&btcusdt_perp(), i128::MAX).unwrap_err().to_string();
        assert!(error.starts_with("value is too large"), "{error}");
        assert!(flow(&btcusdt_perp(), Side::Buy, 0, 1).is_err());
        assert!(close_at(&btcusdt_perp(), 1, -5).is_err());
    }
}
