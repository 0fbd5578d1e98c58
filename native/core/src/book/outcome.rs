//! What becomes of a depth message: applied, dropped, kept for later, or the end of the book's sync.
//!
//! catalogue: M4.

use crate::units::Ticks;

/// What became of a depth message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SyncOutcome {
    /// The book has it.
    Applied,
    /// It is older than the book.
    Dropped,
    /// It waits for a snapshot.
    Buffered,
    /// A message is missing: the book is empty and needs a snapshot.
    Gap {
        /// The update id that should have come next.
        expected: u64,
        /// The one that came: `U` on spot and after a snapshot, `pu` on futures.
        was: u64,
    },
    /// The best bid is not below the best ask: the book is empty and needs a snapshot.
    Crossed {
        /// Best bid.
        bid: Ticks,
        /// Best ask.
        ask: Ticks,
    },
}
