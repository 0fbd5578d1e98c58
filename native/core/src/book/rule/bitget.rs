//! Bitget's rule: v1 messages have no number, and the checksum in each tells whether one is missing.
//!
//! catalogue: M4, M3. <https://bitgetlimited.github.io/apidoc/en/spot/#depth-channel>: a snapshot, then changes.

use super::{Ids, Position, Rule};
use crate::book::outcome::SyncOutcome;

/// Bitget v1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bitget;

impl Rule for Bitget {
    fn judge(self, _: Ids, _: Position) -> SyncOutcome {
        SyncOutcome::Applied
    }

    fn numbered(self) -> bool {
        false
    }
}
