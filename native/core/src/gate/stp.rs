//! Self-trade prevention: no order that could trade with one of our own.
//!
//! catalogue: R2. Both modes refuse the new order, so that no race can let the two meet; `CANCEL_OLDEST` also names
//! the resting order, for the engine to cancel, and the strategy proposes again. A market order is refused while
//! anything of ours rests on the other side, because how deep it goes is not known beforehand.

use super::case::Case;
use super::limits::{LimitKind, Scope};
use super::refusal::{Check, Finding, Why};
use crate::units::{Amount, NO_PRICE, Side};

/// `LimitKind::SelfTrade`: refuse the new order. The default.
pub const CANCEL_NEWEST: Amount = 0;
/// `LimitKind::SelfTrade`: refuse it and ask for the cancel of the resting one.
pub const CANCEL_OLDEST: Amount = 1;

/// Whether the order's price reaches our own best order on the other side.
#[inline]
pub(super) fn check(case: &Case<'_>) -> Option<Finding> {
    let resting = case.ctx.opposite;
    if resting == NO_PRICE {
        return None;
    }
    let meets = match (case.market, case.price, case.side) {
        (true, ..) | (_, None, _) => true,
        (_, Some(price), Side::Buy) => price >= resting,
        (_, Some(price), Side::Sell) => price <= resting,
    };
    let was = case.price.unwrap_or(resting);
    meets.then(|| case.finding(Check::SelfTrade, Scope::All, Why::Above, resting.into(), was.into()))
}

/// Whether the first scope that has a mode says that the resting order should go.
pub(super) fn displaces(case: &Case<'_>) -> bool {
    case.scopes().any(|(_, row)| row.limit(LimitKind::SelfTrade) == Some(CANCEL_OLDEST))
}
