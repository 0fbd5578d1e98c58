//! Losses: of the last trade, of the day, and from the peak of equity.
//!
//! catalogue: R1. An order that only shrinks the account's position passes, so that a losing position can be closed.

use super::case::Case;
use super::exposure::{above, bounded, ceil_div};
use super::limits::LimitKind;
use super::refusal::{Check, Finding, Why};

/// Loss of the last closing trade.
#[inline]
pub(super) fn trade(case: &Case<'_>) -> Option<Finding> {
    case.each(Check::LossPerTrade, LimitKind::MaxLossPerTrade, |limit, exposure| {
        above(limit, exposure.last_trade_pnl.saturating_neg()).filter(|_| !case.flattens())
    })
}

/// Loss since the day began.
#[inline]
pub(super) fn day(case: &Case<'_>) -> Option<Finding> {
    case.each(Check::DailyLoss, LimitKind::MaxDailyLoss, |limit, exposure| {
        above(limit, exposure.pnl_today.saturating_neg()).filter(|_| !case.flattens())
    })
}

/// Equity below its peak, in basis points of the peak; without a peak above zero nothing passes.
#[inline]
pub(super) fn drawdown(case: &Case<'_>) -> Option<Finding> {
    case.each(Check::Drawdown, LimitKind::MaxDrawdown, |limit, exposure| {
        if case.flattens() {
            return None;
        }
        let peak = bounded(exposure.equity_peak);
        if peak <= 0 {
            return Some((Why::NoReference, 0));
        }
        let fall = (peak - bounded(exposure.equity)) * 10_000;
        (fall > limit * peak).then(|| (Why::Above, ceil_div(fall, peak)))
    })
}
