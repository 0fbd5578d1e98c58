//! Deribit's rule: each change names the one before it.
//!
//! catalogue: M4, M3. <https://docs.deribit.com/#book-instrument_name-interval>: a change's `prev_change_id` must be the
//! book's `change_id`; where it is not, the channel is subscribed again and sends a whole book.

use super::{Ids, Position, Rule};
use crate::book::outcome::SyncOutcome;

/// Deribit v2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deribit;

impl Rule for Deribit {
    fn judge(self, ids: Ids, Position { last, .. }: Position) -> SyncOutcome {
        if ids.previous == last {
            return SyncOutcome::Applied;
        }
        SyncOutcome::Gap { expected: last, was: ids.previous }
    }
}
