//! Long division of many limbs by up to five, with the remainder from the same pass.
//!
//! catalogue: S4. Knuth's algorithm D (The Art of Computer Programming 2, 4.3.1), whose quotient digits come from a
//! reciprocal of the divisor's two highest limbs (Möller and Granlund, "Improved division by invariant integers",
//! 2011): one hardware division for the reciprocal, then two multiplications a digit.

use super::limbs::{add_carry, mul_add, sub_borrow};

/// The longest dividend, in limbs.
const LIMBS_MAX: usize = 8;

/// Quotient (rounded down) and remainder of a dividend of `N` <= 8 limbs by one of `D` <= 5; `None` when that is 0.
#[must_use]
#[inline]
pub fn divide<const N: usize, const D: usize>(dividend: &[u64; N], divisor: &[u64; D]) -> Option<([u64; N], [u64; D])> {
    const { assert!(N <= LIMBS_MAX && 4 <= D && D <= 5) }
    let long = significant(dividend);
    match significant(divisor) {
        0 => None,
        1 => Some(by_one(dividend, long, divisor[0])),
        2 => Some(by_two(dividend, long, [divisor[0], divisor[1]])),
        3 => Some(by_many::<N, D, 3>(dividend, long, divisor)),
        4 => Some(by_many::<N, D, 4>(dividend, long, divisor)),
        _ => Some(by_many::<N, D, 5>(dividend, long, divisor)),
    }
}

/// How many limbs there are up to the highest that is not 0.
#[inline(always)]
fn significant(limbs: &[u64]) -> usize {
    let mut count = limbs.len();
    while count > 0 && limbs[count - 1] == 0 {
        count -= 1;
    }
    count
}

/// The dividend shifted left by less than a limb, with the limb that this adds.
#[inline(always)]
fn shifted<const N: usize>(dividend: &[u64; N], by: u32) -> [u64; LIMBS_MAX + 1] {
    let mut out = [0; LIMBS_MAX + 1];
    let mut below = 0;
    for at in 0..N {
        let limb = dividend[at];
        // Shifting by 64 - `by` in two steps is defined when `by` is 0, too.
        out[at] = limb << by | below;
        below = limb >> 1 >> (63 - by);
    }
    out[N] = below;
    out
}

/// floor((2^128 - 1) / divisor) - 2^64, for a divisor whose highest bit is set.
#[inline(always)]
pub(super) const fn reciprocal(divisor: u64) -> u64 {
    (((!divisor as u128) << 64 | u64::MAX as u128) / divisor as u128) as u64
}

/// The reciprocal of a divisor of two limbs: floor((2^192 - 1) / (high, low)) - 2^64 (their algorithm 6).
#[inline(always)]
pub(super) fn reciprocal_of_two(high: u64, low: u64) -> u64 {
    let mut guess = reciprocal(high);
    let mut product = high.wrapping_mul(guess).wrapping_add(low);
    if product < low {
        guess = guess.wrapping_sub(1);
        if product >= high {
            guess = guess.wrapping_sub(1);
            product = product.wrapping_sub(high);
        }
        product = product.wrapping_sub(high);
    }
    let (rest, carry) = mul_add(guess, low, 0, 0);
    let (product, over) = product.overflowing_add(carry);
    if over {
        guess = guess.wrapping_sub(1);
        if (product, rest) >= (high, low) {
            guess = guess.wrapping_sub(1);
        }
    }
    guess
}

/// One digit: (high, low) divided by one limb; `high` < `divisor` (their algorithm 4). Half of all digits are first taken
/// one too high, so that this is put right without a branch.
#[inline(always)]
pub(super) const fn digit_by_one(high: u64, low: u64, divisor: u64, inverse: u64) -> (u64, u64) {
    let wide = (inverse as u128 * high as u128).wrapping_add((high as u128) << 64 | low as u128);
    let mut digit = ((wide >> 64) as u64).wrapping_add(1);
    let mut rest = low.wrapping_sub(digit.wrapping_mul(divisor));
    let over = (rest > wide as u64) as u64;
    digit = digit.wrapping_sub(over);
    rest = rest.wrapping_add(divisor & over.wrapping_neg());
    if rest >= divisor {
        digit = digit.wrapping_add(1);
        rest = rest.wrapping_sub(divisor);
    }
    (digit, rest)
}

/// One digit: three limbs divided by two; the upper two are below the divisor (their algorithm 5). Put right as above.
#[inline(always)]
pub(super) fn digit_by_two(upper: [u64; 2], low: u64, divisor: u128, inverse: u64) -> (u64, u128) {
    let [mid, high] = upper;
    let wide = (u128::from(inverse) * u128::from(high)).wrapping_add(u128::from(high) << 64 | u128::from(mid));
    let mut digit = (wide >> 64) as u64;
    let top = mid.wrapping_sub(digit.wrapping_mul((divisor >> 64) as u64));
    let below = u128::from(digit) * u128::from(divisor as u64);
    let mut rest = (u128::from(top) << 64 | u128::from(low)).wrapping_sub(below).wrapping_sub(divisor);
    let over = u64::from((rest >> 64) as u64 >= wide as u64);
    digit = digit.wrapping_add(1 - over);
    rest = rest.wrapping_add(divisor & u128::from(over).wrapping_neg());
    if rest >= divisor {
        digit = digit.wrapping_add(1);
        rest = rest.wrapping_sub(divisor);
    }
    (digit, rest)
}

#[inline]
fn by_one<const N: usize, const D: usize>(dividend: &[u64; N], long: usize, divisor: u64) -> ([u64; N], [u64; D]) {
    let shift = divisor.leading_zeros();
    let (limbs, divisor) = (shifted(dividend, shift), divisor << shift);
    let inverse = reciprocal(divisor);
    let mut quotient = [0; N];
    let mut rest = limbs[long];
    for at in (0..long.min(N)).rev() {
        (quotient[at], rest) = digit_by_one(rest, limbs[at], divisor, inverse);
    }
    (quotient, placed([rest >> shift]))
}

#[inline]
fn by_two<const N: usize, const D: usize>(dividend: &[u64; N], long: usize, divisor: [u64; 2]) -> ([u64; N], [u64; D]) {
    let mut quotient = [0; N];
    if long < 2 {
        return (quotient, placed([dividend[0]]));
    }
    let shift = divisor[1].leading_zeros();
    let divisor = (u128::from(divisor[1]) << 64 | u128::from(divisor[0])) << shift;
    let inverse = reciprocal_of_two((divisor >> 64) as u64, divisor as u64);
    let limbs = shifted(dividend, shift);
    let mut rest = u128::from(limbs[long]) << 64 | u128::from(limbs[long - 1]);
    for at in (0..(long - 1).min(N)).rev() {
        (quotient[at], rest) = digit_by_two([rest as u64, (rest >> 64) as u64], limbs[at], divisor, inverse);
    }
    rest >>= shift;
    (quotient, placed([rest as u64, (rest >> 64) as u64]))
}

/// The lowest limbs of a remainder, with nothing above them.
#[inline(always)]
fn placed<const D: usize, const L: usize>(low: [u64; L]) -> [u64; D] {
    let mut rest = [0; D];
    rest[..L].copy_from_slice(&low);
    rest
}

/// By a divisor of `M` = 3 to 5 limbs.
#[inline]
fn by_many<const N: usize, const D: usize, const M: usize>(
    dividend: &[u64; N],
    long: usize,
    divisor: &[u64; D],
) -> ([u64; N], [u64; D]) {
    let mut quotient = [0; N];
    let mut rest = [0; D];
    if long < M {
        rest[..long].copy_from_slice(&dividend[..long]);
        return (quotient, rest);
    }
    let shift = divisor[M - 1].leading_zeros();
    let mut scaled = [0; M];
    for at in (1..M).rev() {
        scaled[at] = divisor[at] << shift | divisor[at - 1] >> 1 >> (63 - shift);
    }
    scaled[0] = divisor[0] << shift;
    let top = u128::from(scaled[M - 1]) << 64 | u128::from(scaled[M - 2]);
    let inverse = reciprocal_of_two(scaled[M - 1], scaled[M - 2]);
    let mut limbs = shifted(dividend, shift);
    for at in (0..=long - M).rev() {
        let window = &mut limbs[at..=at + M];
        quotient[at] = digit(window, &scaled, top, inverse);
    }
    for at in 0..M {
        rest[at] = limbs[at] >> shift | limbs[at + 1] << 1 << (63 - shift);
    }
    (quotient, rest)
}

/// The digit of the window over the divisor, which is taken from the window as often.
#[inline(always)]
fn digit<const M: usize>(window: &mut [u64], divisor: &[u64; M], top: u128, inverse: u64) -> u64 {
    let upper = [window[M - 1], window[M]];
    if (u128::from(upper[1]) << 64 | u128::from(upper[0])) >= top {
        // A digit that the two highest limbs alone would put at 2^64 or more is the largest one.
        return subtract(window, divisor, u64::MAX);
    }
    // The guess comes with what it leaves of the three highest limbs; only the lower ones remain to be taken from.
    let (guess, rest) = digit_by_two(upper, window[M - 2], top, inverse);
    let (mut carry, mut borrow) = (0, false);
    for at in 0..M - 2 {
        let (product, high) = mul_add(guess, divisor[at], carry, 0);
        carry = high;
        (window[at], borrow) = sub_borrow(window[at], product, borrow);
    }
    let (low, borrow) = sub_borrow(rest as u64, carry, borrow);
    let (high, borrow) = sub_borrow((rest >> 64) as u64, 0, borrow);
    (window[M - 2], window[M - 1], window[M]) = (low, high, 0_u64.wrapping_sub(u64::from(borrow)));
    if borrow { add_back(window, divisor, guess) } else { guess }
}

/// Takes `guess` times the divisor from the window; gives the digit, lower by as often as the guess was too high.
#[cold]
fn subtract<const M: usize>(window: &mut [u64], divisor: &[u64; M], guess: u64) -> u64 {
    let (mut carry, mut borrow) = (0, false);
    for at in 0..M {
        let (product, high) = mul_add(guess, divisor[at], carry, 0);
        carry = high;
        (window[at], borrow) = sub_borrow(window[at], product, borrow);
    }
    (window[M], borrow) = sub_borrow(window[M], carry, borrow);
    if borrow { add_back(window, divisor, guess) } else { guess }
}

/// The window went below 0: adds the divisor until it is back, one to a digit that was too high.
#[cold]
fn add_back<const M: usize>(window: &mut [u64], divisor: &[u64; M], guess: u64) -> u64 {
    let mut digit = guess;
    loop {
        digit -= 1;
        let mut carry = false;
        for at in 0..M {
            (window[at], carry) = add_carry(window[at], divisor[at], carry);
        }
        let over;
        (window[M], over) = add_carry(window[M], 0, carry);
        if over {
            return digit;
        }
    }
}
