//! Coinbase's rule: books have no number of their own, the messages of a connection have.
//!
//! catalogue: M4, M3. <https://docs.cdp.coinbase.com/coinbase-app/advanced-trade-apis/websocket/websocket-overview>: a
//! `sequence_num` that is not the next one means that a message of some channel was dropped, so every book of the
//! connection is in doubt and its owner resets them all; within a connection in order each delta applies.

use super::{Ids, Position, Rule};
use crate::book::outcome::SyncOutcome;

/// Coinbase Advanced Trade.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Coinbase;

impl Rule for Coinbase {
    fn judge(self, ids: Ids, Position { last, .. }: Position) -> SyncOutcome {
        if ids.last <= last { SyncOutcome::Dropped } else { SyncOutcome::Applied }
    }

    fn numbered(self) -> bool {
        false
    }
}
