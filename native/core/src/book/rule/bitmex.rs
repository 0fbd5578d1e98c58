//! BitMEX's rule: rows have ids that stand for prices and no order, so that a missing one cannot be told.
//!
//! catalogue: M4, M3. <https://www.bitmex.com/app/wsAPI>: rows before the whole book (`partial`) are to be ignored.

use super::{Ids, Position, Rule};
use crate::book::outcome::SyncOutcome;

/// BitMEX.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bitmex;

impl Rule for Bitmex {
    fn judge(self, _: Ids, _: Position) -> SyncOutcome {
        SyncOutcome::Applied
    }

    fn numbered(self) -> bool {
        false
    }
}
