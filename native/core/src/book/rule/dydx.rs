//! dYdX's rule: no change has a number of its own, so that a missing one cannot be told.
//!
//! catalogue: M4, M3. <https://docs.dydx.xyz/indexer-client/websockets>; the book comes whole when it is subscribed.

use super::{Ids, Position, Rule};
use crate::book::outcome::SyncOutcome;

/// dYdX.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dydx;

impl Rule for Dydx {
    fn judge(self, _: Ids, _: Position) -> SyncOutcome {
        SyncOutcome::Applied
    }

    fn numbered(self) -> bool {
        false
    }
}
