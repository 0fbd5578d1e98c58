//! Which fills are new: every fill is booked once, whichever channels bring it and in whatever order.
//!
//! catalogue: O1 (faults 9, 10, 12, 13, 14, 22). Four rules, in this order:
//! 1. a trade id that is remembered for this order is a duplicate;
//! 2. a fill that ends (`cum_qty`) within what is booked without a gap is a duplicate;
//! 3. a fill that would exceed the order's quantity is not booked;
//! 4. `cum_qty` is the truth for how much is filled: a fill that would take us beyond the venue's own count
//!    contradicts it and is not booked, as long as every fill booked so far came with its count.
//!
//! The bound: per account and instrument the last `SEEN` trades are remembered, and the highest id that was
//! forgotten (`floor`). Trade ids rise with time on every symbol, so an id above the floor that is not remembered is
//! new. At or below the floor only the count can tell: the fill is booked only
//! where the order misses that much. A fill of a foreign order below the floor is never booked.

use super::effects::Alarm;
use super::life::{Order, stated_cum};
use crate::error::Result;
use crate::event::Report;
use crate::sorted::Sorted;
use crate::state;
use crate::units::Lots;

/// Trades remembered for each account and instrument.
pub const SEEN: usize = 64;

state! {
    /// One remembered trade.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    pub struct Seen {
        /// The trade's id.
        pub trade: u64,
        /// Our order id, or the venue's where the order is foreign. One trade can fill two orders of one account.
        pub owner: u64,
    }
}

state! {
    /// The trades remembered for one account and instrument, by rising id.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Memory {
        /// The highest trade id that was forgotten.
        pub floor: u64,
        /// How many of `seen` are in use.
        pub len: u32,
        /// The trades.
        pub seen: [Seen; 64],
    }
}

impl Memory {
    const fn new() -> Self {
        Self { floor: 0, len: 0, seen: [Seen { trade: 0, owner: 0 }; SEEN] }
    }

    fn used(&self) -> &[Seen] {
        self.seen.get(..self.len as usize).unwrap_or(&self.seen)
    }

    fn has(&self, seen: Seen) -> bool {
        self.used().binary_search(&seen).is_ok()
    }

    fn remember(&mut self, seen: Seen) {
        let Err(mut at) = self.used().binary_search(&seen) else { return };
        if self.len as usize == SEEN {
            if at == 0 {
                self.floor = self.floor.max(seen.trade);
                return;
            }
            self.floor = self.floor.max(self.seen[0].trade);
            // Only what is older than the newcomer moves up: what is newer stays, or a late fill would forget its neighbour.
            self.seen.copy_within(1..at, 0);
            at -= 1;
        } else {
            self.seen.copy_within(at..self.len as usize, at + 1);
            self.len += 1;
        }
        if let Some(slot) = self.seen.get_mut(at) {
            *slot = seen;
        }
    }
}

/// What a fill is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Not seen before: book it.
    New,
    /// Booked before.
    Duplicate,
    /// Not booked, with the reason.
    Refused(Alarm),
}

state! {
    /// The memories of all accounts and instruments.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Trades {
        memories: Sorted<u64, Memory>,
    }
}

impl Trades {
    /// Memories for at most `pairs` pairs of account and instrument.
    #[must_use]
    pub fn new(pairs: u32) -> Self {
        Self { memories: Sorted::new(pairs) }
    }

    /// Makes the memory of a pair, or says `Full`.
    #[inline]
    pub fn ensure(&mut self, account: u16, instrument: u32) -> Result<()> {
        if self.memories.get(key(account, instrument)).is_some() {
            return Ok(());
        }
        self.make(account, instrument)
    }

    #[cold]
    fn make(&mut self, account: u16, instrument: u32) -> Result<()> {
        self.memories.entry(key(account, instrument), "trade memory", Memory::new).map(|_| ())
    }

    /// Whether the fill in `report` is new for `order` (None: not one of ours). Changes nothing.
    #[must_use]
    pub fn judge(&self, report: &Report, order: Option<&Order>) -> Verdict {
        let memory = self.memories.get(key(report.account, report.header.instrument));
        let seen = Seen { trade: report.trade, owner: owner(report) };
        if report.trade != 0 && memory.is_some_and(|m| m.has(seen)) {
            return Verdict::Duplicate;
        }
        let forgotten = report.trade == 0 || memory.is_some_and(|m| report.trade <= m.floor);
        match order {
            Some(order) => judge_own(report, order, forgotten),
            None if forgotten => Verdict::Refused(Alarm::StaleFill),
            None => Verdict::New,
        }
    }

    /// Remembers the trade of a booked fill.
    pub fn remember(&mut self, report: &Report) {
        if report.trade != 0
            && let Some(memory) = self.memories.get_mut(key(report.account, report.header.instrument))
        {
            memory.remember(Seen { trade: report.trade, owner: owner(report) });
        }
    }
}

fn judge_own(report: &Report, order: &Order, forgotten: bool) -> Verdict {
    let cum = stated_cum(report);
    let after = order.filled.saturating_add(report.last_qty);
    if cum != 0 && cum <= order.prefix {
        return Verdict::Duplicate;
    }
    if after > order.qty.max(order.amend.qty) {
        return Verdict::Refused(Alarm::Overfill);
    }
    if after <= order.venue_cum.max(cum) {
        return Verdict::New;
    }
    if forgotten {
        return Verdict::Refused(Alarm::StaleFill);
    }
    if cum != 0 && !order.uncounted { Verdict::Refused(Alarm::FillConflict) } else { Verdict::New }
}

fn owner(report: &Report) -> u64 {
    if report.order == 0 { report.venue_order } else { report.order }
}

fn key(account: u16, instrument: u32) -> u64 {
    (u64::from(account) << 32) | u64::from(instrument)
}

/// The size of the fill that a report carries, or 0.
#[must_use]
pub fn fill_qty(report: &Report) -> Lots {
    let trade = report.exec == crate::event::Exec::Trade as u8;
    if trade && report.last_qty > 0 && report.last_qty != crate::units::NO_QTY { report.last_qty } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        /// Fills come in any order and come again: the newest are remembered, and what was forgotten is below the floor.
        #[test]
        fn the_newest_are_remembered_in_whatever_order_they_come(
            trades in prop::collection::vec((1u64..400, 1u64..3), 1..300)
        ) {
            let (mut memory, mut all) = (Memory::new(), BTreeSet::new());
            for (trade, owner) in trades {
                let seen = Seen { trade, owner };
                memory.remember(seen);
                all.insert(seen);
                let forgotten = all.len().saturating_sub(SEEN);
                let newest: Vec<Seen> = all.iter().skip(forgotten).copied().collect();
                prop_assert_eq!(memory.used(), &newest[..]);
                prop_assert!(all.iter().take(forgotten).all(|old| old.trade <= memory.floor));
            }
        }
    }
}
