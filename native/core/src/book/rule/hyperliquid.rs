//! Hyperliquid's rule: every message is a whole book, so that none can be missing.
//!
//! catalogue: M4, M3. <https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/websocket/subscriptions>: `l2Book`
//! sends the book of a block; there are no changes.

use super::{Ids, Position, Rule};
use crate::book::outcome::SyncOutcome;

/// Hyperliquid's `l2Book`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hyperliquid;

impl Rule for Hyperliquid {
    fn judge(self, _: Ids, _: Position) -> SyncOutcome {
        SyncOutcome::Dropped
    }

    fn numbered(self) -> bool {
        false
    }
}
