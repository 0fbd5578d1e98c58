//! Bitstamp's rule: changes are ordered by their time alone, so that a missing one cannot be told.
//!
//! catalogue: M4, M3. <https://www.bitstamp.net/websocket/v2/>: a change not after the book's `microtimestamp` is part of it
//! already. The book is asked for over REST.

use super::{Ids, Position, Rule};
use crate::book::outcome::SyncOutcome;

/// Bitstamp's `diff_order_book`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bitstamp;

impl Rule for Bitstamp {
    fn judge(self, ids: Ids, Position { last, .. }: Position) -> SyncOutcome {
        if ids.last <= last { SyncOutcome::Dropped } else { SyncOutcome::Applied }
    }

    fn numbered(self) -> bool {
        false
    }

    fn snapshot_in_stream(self) -> bool {
        false
    }
}
