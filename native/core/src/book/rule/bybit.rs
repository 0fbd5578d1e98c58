//! Bybit's rule: update ids count up by one.
//!
//! catalogue: M4, M3. <https://bybit-exchange.github.io/docs/v5/websocket/public/orderbook>: a snapshot, then deltas; any
//! snapshot replaces the book, and `u` = 1 is one after a restart (the decoder marks it so). That `u` has no holes is not
//! promised there; every recording has it so, for each topic of a connection.

use super::{Ids, Position, Rule};
use crate::book::outcome::SyncOutcome;

/// Bybit v5.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bybit;

impl Rule for Bybit {
    fn judge(self, ids: Ids, Position { last, .. }: Position) -> SyncOutcome {
        match last.saturating_add(1) {
            expected if ids.last == expected => SyncOutcome::Applied,
            expected if ids.last < expected => SyncOutcome::Dropped,
            expected => SyncOutcome::Gap { expected, was: ids.last },
        }
    }
}
