//! Kraken's rule: no message has a number; the book keeps the depth that was subscribed, and its checksum tells the rest.
//!
//! catalogue: M4, M3. <https://docs.kraken.com/api/docs/guides/spot-ws-book-v1>: after each message the levels beyond the
//! subscribed depth go, because the venue sends no deletion for them.

use super::{Ids, Position, Rule};
use crate::book::l2::L2Book;
use crate::book::outcome::SyncOutcome;
use crate::error::Result;
use crate::units::Side;

/// Kraken spot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kraken {
    /// The subscribed depth: levels a side.
    pub depth: usize,
}

impl Rule for Kraken {
    fn judge(self, _: Ids, _: Position) -> SyncOutcome {
        SyncOutcome::Applied
    }

    fn numbered(self) -> bool {
        false
    }

    fn trim(self, book: &mut L2Book) -> Result<()> {
        book.keep(Side::Buy, self.depth)?;
        book.keep(Side::Sell, self.depth)
    }
}
