//! Gate's rule: a change names the first and the last number in it, and is joined like KuCoin's.
//!
//! catalogue: M4, M3. <https://www.gate.com/docs/developers/apiv4/ws/en/>, "How to maintain local order book": drop u <= id;
//! the next needs U <= id + 1. The book is asked for over REST; `spot.obu` sends it in the stream, which replaces an older one.

use super::{Ids, Kucoin, Position, Rule};
use crate::book::outcome::SyncOutcome;

/// Gate spot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gate;

impl Rule for Gate {
    fn judge(self, ids: Ids, at: Position) -> SyncOutcome {
        Kucoin.judge(ids, at)
    }

    fn snapshot_in_stream(self) -> bool {
        false
    }
}
