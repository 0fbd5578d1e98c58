//! Bitget's rule: a change of v2 names the one before it; v1 has no number, and the checksum in each message tells whether one is missing.
//!
//! catalogue: M4, M3. <https://www.bitget.com/docs/classic/websocket/contract/public/Order-Book-Channel>: a change's
//! `pseq` is the `seq` of the push before it, also where a maintenance lets `seq` begin anew; a `pseq` of 0 begins a stream
//! of which the book knows nothing. Between v1 and that a change had a `seq` alone, which only goes forward.

use super::{Ids, Position, Rule};
use crate::book::outcome::SyncOutcome;

/// Bitget, v1 and v2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bitget;

impl Rule for Bitget {
    fn judge(self, ids: Ids, at: Position) -> SyncOutcome {
        // Only what names the push before it has a first number.
        if ids.first == 0 {
            let again = ids.last != 0 && ids.last <= at.last;
            return if again { SyncOutcome::Dropped } else { SyncOutcome::Applied };
        }
        if ids.previous == at.last {
            return SyncOutcome::Applied;
        }
        if ids.previous != 0 && ids.last <= at.last {
            return SyncOutcome::Dropped;
        }
        SyncOutcome::Gap { expected: at.last, was: ids.previous }
    }

    // Two connections gather the changes of different moments, and v1 numbers none.
    fn numbered(self) -> bool {
        false
    }
}
