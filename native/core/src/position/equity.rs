//! Equity over time, for each account and settlement asset: the peak, the day, the deepest fall.
//!
//! catalogue: O6. Equity is given (wallet plus unrealised profit, at the mark or the mid): this file only follows it.
//! Money from outside is no profit, so a transfer moves the peak and the day's start with it.

use crate::error::Result;
use crate::sorted::Sorted;
use crate::state;
use crate::units::{Amount, Nanos};

state! {
    /// The figures of one account in one asset's smallest unit.
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
    /// The equity of every account and settlement asset.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct EquityBook {
        rows: Sorted<u32, Equity>,
    }
}

impl EquityBook {
    /// A book for at most `rows_max` pairs of account and asset.
    #[must_use]
    pub fn new(rows_max: u32) -> Self {
        Self { rows: Sorted::new(rows_max) }
    }

    /// Equity is now `equity`. The first mark is also the peak and the day's start. `Full`: nothing changed.
    pub fn mark(&mut self, account: u16, asset: u16, equity: Amount, now: Nanos) -> Result<()> {
        let first = Equity { now: equity, peak: equity, day_start: equity, drawdown_max: 0, marked_at: now };
        let row = self.rows.entry(key(account, asset), "equity table", || first)?;
        (row.now, row.marked_at) = (equity, now);
        row.peak = row.peak.max(equity);
        row.drawdown_max = row.drawdown_max.max(row.drawdown());
        Ok(())
    }

    /// Money came in from outside, or left where negative. Without figures yet, the next mark has it all.
    pub fn transfer(&mut self, account: u16, asset: u16, amount: Amount) {
        if let Some(row) = self.rows.get_mut(key(account, asset)) {
            row.now = row.now.saturating_add(amount);
            row.peak = row.peak.saturating_add(amount);
            row.day_start = row.day_start.saturating_add(amount);
        }
    }

    /// The figures of an account in an asset, once it was marked.
    #[must_use]
    pub fn figures(&self, account: u16, asset: u16) -> Option<&Equity> {
        self.rows.get(key(account, asset))
    }

    /// All figures, as (account, asset, figures).
    pub fn iter(&self) -> impl Iterator<Item = (u16, u16, &Equity)> {
        self.rows.iter().map(|(key, row)| ((key >> 16) as u16, key as u16, row))
    }

    /// The trading day rolls: the day's profit starts again, peak and deepest fall stay.
    pub fn roll_day(&mut self) {
        self.rows.values_mut().for_each(|row| row.day_start = row.now);
    }
}

fn key(account: u16, asset: u16) -> u32 {
    (u32::from(account) << 16) | u32::from(asset)
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
        assert_eq!(book.iter().count(), 1);
    }
}
