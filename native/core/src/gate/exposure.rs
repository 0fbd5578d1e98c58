//! How much: size and value of the order, position, total value, open orders, leverage, and which symbols at all.
//!
//! catalogue: R1, R3. Pessimistic throughout: the position is what it would be if every open order of the side and
//! the new one filled, and an order in an unknown state counts as open. A replace counts without its target.

use super::case::{Case, Exposure, Failed};
use super::limits::Scope;
use super::refusal::{Check, Finding, Why};
use crate::event::Action;
use crate::units::Amount;

/// Account and strategy must both have been given the symbol.
#[inline]
pub(super) fn symbols(case: &Case<'_>) -> Option<Finding> {
    case.forbidding([Scope::Account, Scope::Strategy])
        .map(|scope| case.finding(Check::AllowedSymbols, scope, Why::NotSet, 0, case.instrument.into()))
}

/// Size of the order.
#[inline(always)]
pub(super) fn qty(case: &Case<'_>, limit: Amount) -> Failed {
    above(limit, case.qty.into())
}

/// Value of the order.
#[inline(always)]
pub(super) fn notional(case: &Case<'_>, limit: Amount) -> Failed {
    match case.notional {
        Some(was) => above(limit, was),
        None => Some((Why::NoReference, 0)),
    }
}

/// abs(position + open same side + new); an order that only shrinks the scope's position passes.
#[inline(always)]
pub(super) fn position(case: &Case<'_>, limit: Amount, exposure: &Exposure) -> Failed {
    let signed = Amount::from(exposure.position) + Amount::from(case.side.sign()) * case.open_after(exposure);
    above(limit, signed.abs()).filter(|_| !case.reduces(exposure))
}

/// Gross value of the scope with the order.
#[inline(always)]
pub(super) fn total(case: &Case<'_>, limit: Amount, exposure: &Exposure) -> Failed {
    if case.flattens {
        return None;
    }
    match gross_after(case, exposure) {
        Some(was) => above(limit, was),
        None => Some((Why::NoReference, 0)),
    }
}

/// Open orders of the scope with this one; a replace takes its target's place.
#[inline(always)]
pub(super) fn open_orders(case: &Case<'_>, limit: Amount, exposure: &Exposure) -> Failed {
    above(limit, Amount::from(exposure.open_orders) + Amount::from(case.action != Action::Replace))
}

/// Gross value with the order over equity, in hundredths. Without equity there is no leverage that could hold.
#[inline(always)]
pub(super) fn leverage(case: &Case<'_>, limit: Amount, exposure: &Exposure) -> Failed {
    if case.flattens {
        return None;
    }
    let Some(gross) = gross_after(case, exposure).filter(|_| exposure.equity > 0) else {
        return Some((Why::NoReference, 0));
    };
    let (hundredfold, equity) = (bounded(gross) * 100, bounded(exposure.equity));
    (hundredfold > limit * equity).then(|| (Why::Above, ceil_div(hundredfold, equity)))
}

#[inline(always)]
fn gross_after(case: &Case<'_>, exposure: &Exposure) -> Option<Amount> {
    let others = exposure.gross_notional.saturating_sub(case.ctx.target_notional);
    case.notional.map(|notional| others.saturating_add(notional))
}

/// Money as a number that a limit in hundredths or basis points can multiply without overflow; no real amount
/// comes near the bound.
#[inline(always)]
pub(super) fn bounded(money: Amount) -> Amount {
    money.clamp(-(1 << 100), 1 << 100)
}

#[inline(always)]
pub(super) fn above(limit: Amount, was: Amount) -> Failed {
    (was > limit).then_some((Why::Above, was))
}

/// `numerator / denominator`, up, for a denominator above zero: a figure beyond a limit never looks equal to it.
pub(super) fn ceil_div(numerator: Amount, denominator: Amount) -> Amount {
    numerator / denominator + Amount::from(numerator % denominator > 0)
}
