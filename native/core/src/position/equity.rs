//! Equity over time, for each account and settlement asset, and what each strategy made of it: the peak, the day, the
//! deepest fall.
//!
//! catalogue: O6. Equity is given (an account's wallet plus unrealised profit, at the mark or the mid; a strategy's
//! result, which begins at 0): this file only follows it. Money from outside is no profit, so a transfer moves the
//! account's peak and day's start with it, and no strategy's.

use crate::error::Result;
use crate::sorted::Sorted;
use crate::state;
use crate::units::{Amount, Nanos};

state! {
    /// The figures of one account or strategy in one asset's smallest unit.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub struct Equity {
        /// Equity now.
        pub now: Amount,
        /// The highest equity so far.
        pub peak: Amount,
        /// Equity when the day began.
        pub day_start: Amount,
        /// The deepest fall below a peak so far.
        pub drawdown_max: Amount,
        /// When it was last marked.
        pub marked_at: Nanos,
    }
}

impl Equity {
    /// Profit since the day began; negative is a loss.
    #[must_use]
    pub fn day(&self) -> Amount {
        self.now.saturating_sub(self.day_start)
    }

    /// How far equity is below its peak; never negative.
    #[must_use]
    pub fn drawdown(&self) -> Amount {
        self.peak.saturating_sub(self.now)
    }
}

state! {
    /// The equity of every account and settlement asset, and of every strategy in them.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct EquityBook {
        rows: Sorted<u64, Equity>,
    }
}

impl EquityBook {
    /// A book for at most `rows_max` rows: one for each account and asset, one for each strategy in them.
    #[must_use]
    pub fn new(rows_max: u32) -> Self {
        Self { rows: Sorted::new(rows_max) }
    }

    /// An account's equity is now `equity`. The first mark is also the peak and the day's start. `Full`: nothing changed.
    pub fn mark(&mut self, account: u16, asset: u16, equity: Amount, now: Nanos) -> Result<()> {
        let first = Equity { now: equity, peak: equity, day_start: equity, drawdown_max: 0, marked_at: now };
        self.follow(key(account, ACCOUNT, asset), first, equity, now)
    }

    /// A strategy's result is now `result`; it began at 0. `Full`: nothing changed.
    pub fn mark_strategy(&mut self, account: u16, strategy: u16, asset: u16, result: Amount, now: Nanos) -> Result<()> {
        self.follow(key(account, strategy, asset), Equity::default(), result, now)
    }

    fn follow(&mut self, key: u64, first: Equity, equity: Amount, now: Nanos) -> Result<()> {
        let row = self.rows.entry(key, "equity table", || first)?;
        if row.marked_at == UNMARKED {
            *row = first;
        }
        (row.now, row.marked_at) = (equity, now);
        row.peak = row.peak.max(equity);
        row.drawdown_max = row.drawdown_max.max(row.drawdown());
        Ok(())
    }

    /// Money came in from outside, or left where negative. Without figures yet, the next mark has it all.
    pub fn transfer(&mut self, account: u16, asset: u16, amount: Amount) {
        let row = self.rows.get_mut(key(account, ACCOUNT, asset));
        if let Some(row) = row.filter(|row| row.marked_at != UNMARKED) {
            row.now = row.now.saturating_add(amount);
            row.peak = row.peak.saturating_add(amount);
            row.day_start = row.day_start.saturating_add(amount);
        }
    }

    /// Something came in whose worth nobody knows yet: the next mark is a first one.
    pub fn forget(&mut self, account: u16, asset: u16) {
        if let Some(row) = self.rows.get_mut(key(account, ACCOUNT, asset)) {
            *row = Equity { marked_at: UNMARKED, ..Equity::default() };
        }
    }

    /// The figures of an account in an asset, once it was marked.
    #[must_use]
    pub fn figures(&self, account: u16, asset: u16) -> Option<&Equity> {
        self.rows.get(key(account, ACCOUNT, asset)).filter(|row| row.marked_at != UNMARKED)
    }

    /// The figures of a strategy in an asset, once its result was marked.
    #[must_use]
    pub fn strategy(&self, account: u16, strategy: u16, asset: u16) -> Option<&Equity> {
        self.rows.get(key(account, strategy, asset))
    }

    /// The trading day rolls: the day's profit starts again, peak and deepest fall stay.
    pub fn roll_day(&mut self) {
        self.rows.values_mut().for_each(|row| row.day_start = row.now);
    }
}

/// `marked_at` of a row that waits for its first mark.
const UNMARKED: Nanos = Nanos::MIN;
/// The strategy's number in an account's own rows: no strategy has it.
const ACCOUNT: u16 = 0;

fn key(account: u16, strategy: u16, asset: u16) -> u64 {
    (u64::from(account) << 32) | (u64::from(strategy) << 16) | u64::from(asset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peak_day_and_deepest_fall_follow_the_marks_and_not_the_deposits() {
        let mut book = EquityBook::new(1);
        for (at, equity) in (1..).zip([1_000, 1_200, 900, 1_100]) {
            book.mark(1, 2, equity, at).unwrap();
        }
        book.transfer(1, 2, 500);
        let row = *book.figures(1, 2).unwrap();
        assert_eq!((row.now, row.peak, row.day(), row.drawdown(), row.drawdown_max), (1_600, 1_700, 100, 100, 300));
        book.roll_day();
        assert_eq!(book.figures(1, 2).map(Equity::day), Some(0));
        assert!(book.mark(2, 2, 5, 5).is_err());
        book.forget(1, 2);
        book.transfer(1, 2, 7);
        assert_eq!(book.figures(1, 2), None);
        book.mark(1, 2, 50, 6).unwrap();
        assert_eq!(book.figures(1, 2).map(|row| (row.peak, row.day_start, row.drawdown_max)), Some((50, 50, 0)));
    }

    #[test]
    fn a_strategys_result_begins_at_zero_and_no_deposit_moves_it() {
        let mut book = EquityBook::new(2);
        book.mark(1, 2, 1_000, 1).unwrap();
        for (at, result) in (1..).zip([-40, 30, -10]) {
            book.mark_strategy(1, 7, 2, result, at).unwrap();
        }
        book.transfer(1, 2, 500);
        let row = book.strategy(1, 7, 2).unwrap();
        assert_eq!((row.now, row.day(), row.drawdown(), row.drawdown_max), (-10, -10, 40, 40));
        assert_eq!((book.strategy(1, 8, 2), book.figures(1, 2).map(|row| row.peak)), (None, Some(1_500)));
        book.roll_day();
        book.mark_strategy(1, 7, 2, -15, 9).unwrap();
        assert_eq!(book.strategy(1, 7, 2).map(Equity::day), Some(-5));
    }
}
