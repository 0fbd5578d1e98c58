//! Bitfinex's rule: no message has a number, and the checksum of a book tells whether one is missing.
//!
//! catalogue: M4, M3. <https://docs.bitfinex.com/docs/ws-websocket-checksum>; the book comes whole when it is subscribed.

use super::{Ids, Position, Rule};
use crate::book::outcome::SyncOutcome;

/// Bitfinex.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bitfinex;

impl Rule for Bitfinex {
    fn judge(self, _: Ids, _: Position) -> SyncOutcome {
        SyncOutcome::Applied
    }

    fn numbered(self) -> bool {
        false
    }
}
