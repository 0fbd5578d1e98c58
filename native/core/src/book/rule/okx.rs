//! OKX's rule: each message names the one before it.
//!
//! catalogue: M4, M3. <https://www.okx.com/docs-v5/en/#order-book-trading-market-data-ws-order-book-channel>: a delta's
//! `prevSeqId` must be the book's `seqId`; a keep-alive has both equal, and a reset of the sequence at the venue's
//! maintenance has a `seqId` below its `prevSeqId` and is no gap. Recordings of before 2023 have neither: their messages
//! apply as they come, and the checksum tells whether one is missing.

use super::{Ids, Position, Rule};
use crate::book::outcome::SyncOutcome;

/// OKX v5.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Okx;

impl Rule for Okx {
    fn judge(self, ids: Ids, Position { last, .. }: Position) -> SyncOutcome {
        let unnumbered = ids.last == 0 && ids.previous == 0 && last == 0;
        if unnumbered || ids.previous == last {
            return SyncOutcome::Applied;
        }
        SyncOutcome::Gap { expected: last, was: ids.previous }
    }
}
