//! KuCoin's rule: a change names the first and the last number in it, and they go on without a hole.
//!
//! catalogue: M4, M3. <https://www.kucoin.com/docs/websocket/spot-trading/public-channels/level2-market-data>: drop a change
//! that ends at or before the book's `sequence`; the next must begin at most one after it. The book is asked for over REST.

use super::{Ids, Position, Rule};
use crate::book::outcome::SyncOutcome;

/// KuCoin spot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kucoin;

impl Rule for Kucoin {
    fn judge(self, ids: Ids, Position { last, .. }: Position) -> SyncOutcome {
        match last.saturating_add(1) {
            _ if ids.last <= last => SyncOutcome::Dropped,
            expected if ids.first > expected => SyncOutcome::Gap { expected, was: ids.first },
            _ => SyncOutcome::Applied,
        }
    }

    fn snapshot_in_stream(self) -> bool {
        false
    }
}
