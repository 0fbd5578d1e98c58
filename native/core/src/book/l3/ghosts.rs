//! The rule for ghosts: orders whose end the venue never told, known by the better prices that pass through them.
//!
//! catalogue: M2. A venue that matches does not let a bid stand at or above an ask. Recordings do, for some milliseconds, since
//! a taker's order is published before its trade (Bitstamp: up to 167 ms). What stays crossed for longer has a ghost, and
//! of the two orders that cross it is the one that joined its queue earlier: had it been there, the later one would have
//! traded with it. Not for venues with auctions, whose books are crossed by right until they uncross.

use super::orders::Ids;
use super::{Change, L3Books};
use crate::error::{CoreError, Result};
use crate::units::{Nanos, Side};

/// Watches books for crossings that last, and removes the ghosts that cause them.
#[derive(Debug)]
pub struct Ghosts {
    patience_ns: Nanos,
    /// For each book, since when it has been crossed; None where it is not.
    since: Box<[Option<Nanos>]>,
    removed: u64,
}

impl Ghosts {
    /// A rule for `books` books that lets a crossing last for `patience_ns` of event time. `Field` where that is negative.
    pub fn new(books: usize, patience_ns: Nanos) -> Result<Self> {
        if patience_ns < 0 {
            let why = "must not be negative";
            return Err(CoreError::Field { field: "patience_ns", was: patience_ns.to_string(), why });
        }
        Ok(Self { patience_ns, since: vec![None; books].into_boxed_slice(), removed: 0 })
    }

    /// Looks at a book after a message of time `now`; how many orders were ghosts and have been removed.
    pub fn look<I: Ids>(&mut self, books: &mut L3Books<I>, book: u32, now: Nanos) -> usize {
        let Some(since) = self.since.get_mut(book as usize) else { return 0 };
        if !books.top(book).crossed() {
            *since = None;
            return 0;
        }
        let begun = *since.get_or_insert(now);
        if now.saturating_sub(begun) <= self.patience_ns {
            return 0;
        }
        *since = None;
        let mut count = 0;
        while let Some(id) = books.older_of_crossing(book) {
            if books.apply(&Change::Delete { book, id }).is_err() {
                break;
            }
            count += 1;
        }
        self.removed += count as u64;
        count
    }

    /// How many ghosts were removed so far.
    #[must_use]
    pub const fn removed(&self) -> u64 {
        self.removed
    }
}

impl<I> L3Books<I> {
    /// Of the first orders of both best prices, where they cross, the one that joined its queue earlier.
    fn older_of_crossing(&self, book: u32) -> Option<u64> {
        self.top(book).crossed().then_some(())?;
        let first = |side: Side| {
            let queue = self.queues.at(self.queues.best(book << 1 | side as u32));
            self.orders.at(queue.head)
        };
        let (bid, ask) = (first(Side::Buy), first(Side::Sell));
        let bid_is_older = ask.arrival.wrapping_sub(bid.arrival).cast_signed() > 0;
        Some(if bid_is_older { bid.id } else { ask.id })
    }
}
