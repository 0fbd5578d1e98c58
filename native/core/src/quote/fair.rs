//! What the thing is worth now, from the top of its book: the mid, and the mid weighted by the other side's size.
//!
//! catalogue: P2. Prices in ticks as real numbers, because a mid may lie between two ticks.

use crate::units::{Lots, NO_PRICE, Ticks};

/// The middle of best bid and best ask; None where a side is empty or the book is crossed.
#[must_use]
#[inline]
pub fn mid(bid: Ticks, ask: Ticks) -> Option<f64> {
    if bid == NO_PRICE || ask == NO_PRICE || bid >= ask {
        return None;
    }
    // Halving each first keeps any two prices from overflowing, and both halves are exact below 2^53 ticks.
    Some(bid as f64 * 0.5 + ask as f64 * 0.5)
}

/// (bid * ask size + ask * bid size) / (bid size + ask size): nearer to the side that is thinner, because that side
/// is gone sooner. None where there is no mid or no size.
#[must_use]
#[inline]
pub fn weighted_mid(bid: Ticks, bid_qty: Lots, ask: Ticks, ask_qty: Lots) -> Option<f64> {
    mid(bid, ask)?;
    if bid_qty <= 0 || ask_qty <= 0 {
        return None;
    }
    let (bid_qty, ask_qty) = (bid_qty as f64, ask_qty as f64);
    Some(bid as f64 + (ask - bid) as f64 * (bid_qty / (bid_qty + ask_qty)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_check_value_holds() {
        assert_eq!(weighted_mid(100, 30, 101, 10), Some(100.75));
        assert_eq!(mid(100, 101), Some(100.5));
    }

    #[test]
    fn a_book_without_a_middle_has_none() {
        for (bid, ask) in [(NO_PRICE, 101), (100, NO_PRICE), (101, 101), (102, 101)] {
            assert_eq!((mid(bid, ask), weighted_mid(bid, 1, ask, 1)), (None, None));
        }
        assert_eq!(weighted_mid(100, 0, 101, 5), None);
    }

    proptest! {
        #[test]
        fn it_lies_between_the_touches(
            bid in 1i64..1 << 40, spread in 1i64..1000, bid_qty in 1i64..1 << 40, ask_qty in 1i64..1 << 40
        ) {
            let fair = weighted_mid(bid, bid_qty, bid + spread, ask_qty).unwrap();
            prop_assert!(bid as f64 <= fair && fair <= (bid + spread) as f64);
            prop_assert_eq!(mid(bid, bid + spread).unwrap() * 2.0, (2 * bid + spread) as f64);
        }
    }
}
