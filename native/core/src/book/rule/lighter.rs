//! Lighter's rule: the offset of a change counts up by one, or its nonce names the one before it.
//!
//! catalogue: M4, M3. <https://apidocs.lighter.xyz/docs/websocket-reference> (`order_book`). The recording of 2025 has offsets alone; a
//! change that names the nonce it goes on from is judged by that.

use super::{Ids, Position, Rule};
use crate::book::outcome::SyncOutcome;

/// Lighter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lighter;

impl Rule for Lighter {
    fn judge(self, ids: Ids, Position { last, .. }: Position) -> SyncOutcome {
        let follows = if ids.previous == 0 { ids.last == last.saturating_add(1) } else { ids.previous == last };
        if follows {
            SyncOutcome::Applied
        } else if ids.last <= last {
            SyncOutcome::Dropped
        } else {
            SyncOutcome::Gap { expected: last.saturating_add(1), was: ids.last }
        }
    }
}
