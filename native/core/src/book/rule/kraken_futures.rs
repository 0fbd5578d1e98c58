//! Kraken Futures' rule: the sequence of each product counts up by one.
//!
//! catalogue: M4, M3. <https://docs.kraken.com/api/docs/futures-api/websocket/book>: a snapshot with a `seq`, then one
//! change a message; where a number is left out, the book is subscribed again.

use super::{Ids, Position, Rule};
use crate::book::outcome::SyncOutcome;

/// Kraken Futures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KrakenFutures;

impl Rule for KrakenFutures {
    fn judge(self, ids: Ids, Position { last, .. }: Position) -> SyncOutcome {
        match last.saturating_add(1) {
            expected if ids.last == expected => SyncOutcome::Applied,
            expected if ids.last < expected => SyncOutcome::Dropped,
            expected => SyncOutcome::Gap { expected, was: ids.last },
        }
    }
}
