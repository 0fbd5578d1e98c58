//! Losses: of the last trade, of the day, and from the peak of equity.
//!
//! catalogue: R1. An order that only shrinks the account's position passes, so that a losing position can be closed.

use super::case::{Case, Exposure, Failed};
use super::exposure::{above, bounded, ceil_div};
use super::refusal::Why;
use crate::units::Amount;

/// Loss of the last closing trade.
#[inline(always)]
pub(super) fn trade(case: &Case<'_>, limit: Amount, exposure: &Exposure) -> Failed {
    above(limit, exposure.last_trade_pnl.saturating_neg()).filter(|_| !case.flattens)
}

/// Loss since the day began.
#[inline(always)]
pub(super) fn day(case: &Case<'_>, limit: Amount, exposure: &Exposure) -> Failed {
    above(limit, exposure.pnl_today.saturating_neg()).filter(|_| !case.flattens)
}

/// Equity below its peak, in basis points of the peak; without a peak above zero nothing passes.
#[inline(always)]
pub(super) fn drawdown(case: &Case<'_>, limit: Amount, exposure: &Exposure) -> Failed {
    if case.flattens {
        return None;
    }
    let peak = bounded(exposure.equity_peak);
    if peak <= 0 {
        return Some((Why::NoReference, 0));
    }
    let fall = (peak - bounded(exposure.equity)) * 10_000;
    (fall > limit * peak).then(|| (Why::Above, ceil_div(fall, peak)))
}
