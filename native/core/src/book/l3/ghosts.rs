//! The rule for ghosts: orders whose end the venue never told, known by the better prices that pass through them.
//!
//! catalogue: M2. A venue that matches does not let a bid stand at or above an ask. Recordings do, for some milliseconds, since
//! a taker's order is published before its trade (Bitstamp: up to 167 ms). What stays crossed for longer has a ghost, and
//! of the two orders that cross it is the one that joined its queue earlier: had it been there, the later one would have
//! traded with it. Another pair that crosses by then has a ghost only if both orders were there when the crossing began;
//! else it has begun just now, and is given its own time. Not for venues with auctions, whose books are crossed by right
//! until they uncross.

use super::orders::Ids;
use super::{Change, L3Books};
use crate::error::{CoreError, Result};
use crate::units::{Nanos, Side};

/// Watches books for crossings that last, and removes the ghosts that cause them.
#[derive(Debug)]
pub struct Ghosts {
    patience_ns: Nanos,
    /// For each book, the beginning of its crossing; None where it is not crossed.
    since: Box<[Option<Beginning>]>,
    removed: u64,
}

/// When a crossing began, and how many orders had arrived in all books by then.
#[derive(Debug, Clone, Copy)]
struct Beginning {
    at: Nanos,
    arrivals: u32,
}

/// Two orders that cross.
struct Pair {
    older: u64,
    /// When the younger one arrived.
    younger_arrival: u32,
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
        let begun = *since.get_or_insert(Beginning { at: now, arrivals: books.arrivals });
        if now.saturating_sub(begun.at) <= self.patience_ns {
            return 0;
        }
        let mut count = 0;
        while let Some(Pair { older: id, younger_arrival }) = books.crossing(book) {
            // Arrivals wrap: what came after the beginning is less than 2^31 of them ahead.
            let came_later = younger_arrival.wrapping_sub(begun.arrivals).cast_signed() > 0;
            if count > 0 && came_later || books.apply(&Change::Delete { book, id }).is_err() {
                break;
            }
            count += 1;
        }
        let crossed = books.top(book).crossed();
        *since = crossed.then_some(Beginning { at: now, arrivals: books.arrivals });
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
    /// The first orders of both best prices, where they cross.
    fn crossing(&self, book: u32) -> Option<Pair> {
        self.top(book).crossed().then_some(())?;
        let first = |side: Side| {
            let queue = self.queues.best(book << 1 | side as u32)?;
            Some(self.orders.at(self.queues.at(queue).head))
        };
        let (bid, ask) = (first(Side::Buy)?, first(Side::Sell)?);
        let bid_is_older = ask.arrival.wrapping_sub(bid.arrival).cast_signed() > 0;
        let (older, younger) = if bid_is_older { (bid, ask) } else { (ask, bid) };
        Some(Pair { older: older.id, younger_arrival: younger.arrival })
    }
}
