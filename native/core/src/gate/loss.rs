//! Losses: of the last trade, of the day, and from the peak of equity; and the small state that follows them.
//!
//! catalogue: R1. An order that only shrinks the account's position passes, so that a losing position can be closed.

use super::case::Case;
use super::exposure::{above, bounded, ceil_div};
use super::limits::LimitKind;
use super::refusal::{Check, Finding, Why};
use crate::state;
use crate::units::Amount;

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

state! {
    /// Equity of one subject over time: what the loss checks compare. All in the settlement asset's smallest unit.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
    pub struct Track {
        /// Equity now.
        pub equity: i128,
        /// The highest equity so far, moved by transfers too.
        pub equity_peak: i128,
        /// Equity when the day began, moved by transfers too.
        pub equity_day: i128,
        /// Profit of the last closing trade.
        pub last_trade_pnl: i128,
        /// Whether equity has been seen at all.
        pub known: bool,
    }
}

impl Track {
    /// Equity is now `equity`. The first one is also the day's and the peak.
    pub fn observe(&mut self, equity: Amount) {
        if !self.known {
            (self.known, self.equity_day, self.equity_peak) = (true, equity, equity);
        }
        self.equity = equity;
        self.equity_peak = self.equity_peak.max(equity);
    }

    /// Money came in (or left, where negative): it is no profit, so the day's start and the peak move with it.
    pub fn transfer(&mut self, amount: Amount) {
        self.equity = self.equity.saturating_add(amount);
        self.equity_day = self.equity_day.saturating_add(amount);
        self.equity_peak = self.equity_peak.saturating_add(amount);
    }

    /// A trade closed (part of) a position with this profit.
    pub fn trade(&mut self, pnl: Amount) {
        self.last_trade_pnl = pnl;
    }

    /// A new day begins: today's profit and the last trade's loss start again. The peak stays.
    pub fn roll_day(&mut self) {
        self.equity_day = self.equity;
        self.last_trade_pnl = 0;
    }

    /// Profit since the day began; negative is a loss.
    #[must_use]
    pub fn pnl_today(&self) -> Amount {
        self.equity.saturating_sub(self.equity_day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_track_keeps_day_and_peak_through_transfers() {
        let mut track = Track::default();
        track.observe(1_000);
        track.observe(1_200);
        track.observe(900);
        assert_eq!((track.pnl_today(), track.equity_peak), (-100, 1_200));
        track.transfer(500);
        assert_eq!((track.equity, track.pnl_today(), track.equity_peak), (1_400, -100, 1_700));
        track.trade(-70);
        track.roll_day();
        assert_eq!((track.pnl_today(), track.last_trade_pnl, track.equity_peak), (0, 0, 1_700));
    }
}
