//! The order rate: a token from every scope's bucket, taken only when all other checks hold.
//!
//! catalogue: R2. A refused order takes no token, so a strategy that proposes nonsense cannot starve the others.
//! Cancels take none: there is always room for them.

use super::case::Case;
use super::limits::{LimitKind, Limits, SCOPES, Scope};
use super::refusal::{Check, Finding, Why};
use crate::units::{Amount, Nanos};

/// The first scope whose bucket is empty; `was` counts the orders of its burst with this one.
#[inline]
pub(super) fn check(case: &Case<'_>) -> Option<Finding> {
    match case.is_set(Check::OrderRate, LimitKind::OrderRate) {
        Err(finding) => Some(finding),
        Ok(false) => None,
        Ok(true) => case
            .scopes()
            .find(|(_, row)| row.limit(LimitKind::OrderRate).is_some() && !row.bucket.passes(case.ctx.now))
            .map(|(scope, row)| {
                let limit = Amount::from(row.bucket.capacity);
                case.finding(Check::OrderRate, scope, Why::Above, limit, limit + 1)
            }),
    }
}

/// Takes one token from every bucket of the proposal.
#[inline]
pub(super) fn debit(limits: &mut Limits, subjects: [u32; SCOPES], now: Nanos) {
    for (scope, subject) in Scope::ALL.into_iter().zip(subjects) {
        if let Some(row) = limits.existing(scope, subject).filter(|row| row.set & LimitKind::OrderRate.bit() != 0) {
            row.bucket.debit(now);
        }
    }
}
