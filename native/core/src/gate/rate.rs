//! The order rate: a token from every scope's bucket, taken only when all other checks hold.
//!
//! catalogue: R2. A refused order takes no token, so a strategy that proposes nonsense cannot starve the others.
//! Cancels take none: there is always room for them.

use super::case::{Case, Failed};
use super::limits::{Limits, Row};
use super::refusal::Why;
use super::whose::Whose;
use crate::units::{Amount, Nanos};

/// The row's bucket is empty; the figure counts the orders of its burst with this one.
#[inline(always)]
pub(super) fn check(case: &Case<'_>, row: &Row) -> Failed {
    (!row.bucket.passes(case.ctx.now)).then(|| (Why::Above, Amount::from(row.bucket.capacity) + 1))
}

/// Takes one token from every bucket of the proposal.
#[inline]
pub(super) fn debit(limits: &mut Limits, whose: &Whose, now: Nanos) {
    for scope in whose.rated {
        if let Some(row) = limits.existing(scope, whose.subject(scope)) {
            row.bucket.debit(now);
        }
    }
}
