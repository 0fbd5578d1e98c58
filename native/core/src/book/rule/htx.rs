//! HTX's rule: every message is a whole book, as Hyperliquid's are.
//!
//! catalogue: M4, M3. <https://www.htx.com/en-us/opend/newApiPages/?id=28c33ab2-77ae-11ed-9966-0242ac110003>: `depth.step0`
//! sends the best 150 levels a side each time; there are no changes.

use super::{Hyperliquid, Ids, Position, Rule};
use crate::book::outcome::SyncOutcome;

/// HTX's `depth.step0`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Htx;

impl Rule for Htx {
    fn judge(self, ids: Ids, at: Position) -> SyncOutcome {
        Hyperliquid.judge(ids, at)
    }

    fn numbered(self) -> bool {
        false
    }
}
