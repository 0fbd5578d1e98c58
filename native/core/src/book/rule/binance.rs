//! Binance's rules: on spot `U` goes on from the last `u`, on futures `pu` is the last `u`; the market says which.
//!
//! catalogue: M4, M3.
//! - Spot, <https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams> ("How to manage a local order
//!   book correctly"): drop u <= last; the next needs U <= last + 1;
//! - USD-M and COIN-M,
//!   <https://developers.binance.com/docs/derivatives/usds-margined-futures/websocket-market-streams/How-to-manage-a-local-order-book-correctly>:
//!   drop u < last; the first after a snapshot needs U <= last <= u; from then on pu must be the previous u.

use super::{Ids, Position, Rule};
use crate::book::outcome::SyncOutcome;
use crate::instrument::Market;

impl Rule for Market {
    #[inline]
    fn judge(self, ids: Ids, Position { last, joined }: Position) -> SyncOutcome {
        if self == Self::Spot {
            return match ids {
                _ if ids.last <= last => SyncOutcome::Dropped,
                _ if ids.first > last.saturating_add(1) => {
                    SyncOutcome::Gap { expected: last.saturating_add(1), was: ids.first }
                }
                _ => SyncOutcome::Applied,
            };
        }
        match joined {
            true if ids.previous == last => SyncOutcome::Applied,
            true if ids.last <= last => SyncOutcome::Dropped,
            true => SyncOutcome::Gap { expected: last, was: ids.previous },
            _ if ids.last < last => SyncOutcome::Dropped,
            // A delta whose predecessor ends exactly at the snapshot joins it as well as one that spans it.
            _ if ids.first <= last || ids.previous == last => SyncOutcome::Applied,
            _ => SyncOutcome::Gap { expected: last, was: ids.first },
        }
    }

    #[inline]
    fn joins_at_once(self) -> bool {
        self == Self::Spot
    }

    #[inline]
    fn snapshot_in_stream(self) -> bool {
        false
    }
}
