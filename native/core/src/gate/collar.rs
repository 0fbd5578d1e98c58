//! The price collar: no order far from the reference price, in either direction.
//!
//! catalogue: R1 (price collar, fat finger). A market order is measured at the touch that it would take. Without a
//! reference price nothing passes.

use super::case::{Case, Failed};
use super::exposure::ceil_div;
use super::refusal::Why;
use crate::units::{Amount, NO_PRICE};

/// |price - reference| * 10,000 <= limit * reference, exactly.
#[inline(always)]
pub(super) fn check(case: &Case<'_>, limit: Amount) -> Failed {
    let reference = case.ctx.reference;
    let known = case.price.filter(|_| reference > 0 && reference != NO_PRICE);
    let Some(price) = known else {
        return Some((Why::NoReference, 0));
    };
    let reference = Amount::from(reference);
    let distance = (Amount::from(price) - reference).abs() * 10_000;
    (distance > limit * reference).then(|| (Why::Above, ceil_div(distance, reference)))
}
