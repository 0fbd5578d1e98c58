//! Prices and amounts that 128 bits hold, which nearly all are: the same results from divisions by two limbs.
//!
//! catalogue: S4. A long divisor is cut to its 128 highest bits, and the dividend by as many bits as that took away. With
//! N = n * 2^k + nl and D = d * 2^k + dl, floor(n / d) is never below floor(N / D); where n mod d is more than
//! the quotient q, N - q * D = (n mod d) * 2^k + nl - q * dl is above 0, so that q is exact and what remains is not
//! 0. Elsewhere (once in 2^27 for a quotient of 100 bits), and where a number is too long, the answer is `None`, and
//! `sqrt_price` has the long division for it.

use super::division::{digit_by_one, digit_by_two, reciprocal, reciprocal_of_two};
use super::limbs::{add_carry, mul_add};
use super::u256::U256;

/// A divisor of 128 bits that is divided by more than once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Divisor {
    /// Shifted until its highest bit is set; 0 for a divisor of 0.
    value: u128,
    inverse: u64,
    shift: u32,
}

impl Divisor {
    /// Ready to divide by `divisor`; by 0 everything is `None`.
    #[must_use]
    #[inline]
    pub fn new(divisor: u128) -> Self {
        if divisor == 0 {
            return Self::default();
        }
        let shift = divisor.leading_zeros();
        let value = divisor << shift;
        Self { value, inverse: reciprocal_of_two((value >> 64) as u64, value as u64), shift }
    }

    /// Quotient and remainder (shifted as the divisor is) of `high` * 2^128 + `low`, already shifted.
    #[inline(always)]
    fn shifted(&self, high: u128, low: u128) -> Option<(u128, u128)> {
        if high >= self.value {
            return None;
        }
        let words = |wide: u128| [wide as u64, (wide >> 64) as u64];
        let (top, rest) = digit_by_two(words(high), (low >> 64) as u64, self.value, self.inverse);
        let (bottom, rest) = digit_by_two(words(rest), low as u64, self.value, self.inverse);
        Some((u128::from(top) << 64 | u128::from(bottom), rest))
    }

    /// floor(amount * 2^`bits` / divisor), and whether something remains; `bits` is at most 128.
    #[must_use]
    #[inline(always)]
    pub fn of_scaled(&self, amount: u128, bits: u32) -> Option<(u128, bool)> {
        // The dividend is shifted by `bits` and as far as the divisor: less than 256 places, and none of it may be lost.
        let by = bits + self.shift;
        let (high, low) = match by {
            0..128 => (amount >> 1 >> (127 - by), amount << by),
            _ if by < 256 && amount >> 1 >> (255 - by) == 0 => (amount << (by - 128), 0),
            _ => return None,
        };
        self.shifted(high, low).map(|(quotient, rest)| (quotient, rest != 0))
    }
}

/// A divisor of one limb that is divided by more than once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word {
    value: u64,
    inverse: u64,
    shift: u32,
}

impl Word {
    /// Ready to divide by `divisor`, which is not 0 (1 is taken for it).
    #[must_use]
    pub const fn new(divisor: u64) -> Self {
        let divisor = if divisor == 0 { 1 } else { divisor };
        let shift = divisor.leading_zeros();
        Self { value: divisor << shift, inverse: reciprocal(divisor << shift), shift }
    }

    /// Quotient (rounded down), and whether something remains.
    #[must_use]
    #[inline(always)]
    pub const fn divide(&self, amount: u128) -> (u128, bool) {
        let (low, high) = (amount << self.shift, (amount >> 1 >> (127 - self.shift)) as u64);
        let (top, rest) = digit_by_one(high, (low >> 64) as u64, self.value, self.inverse);
        let (bottom, rest) = digit_by_one(rest, low as u64, self.value, self.inverse);
        ((top as u128) << 64 | bottom as u128, rest != 0)
    }
}

/// Two limbs as one number.
#[inline(always)]
const fn wide(low: u64, high: u64) -> u128 {
    (high as u128) << 64 | low as u128
}

/// The product of two numbers of 128 bits.
#[inline(always)]
const fn product(x: u128, y: u128) -> [u64; 4] {
    let ([a, b], [c, d]) = ([x as u64, (x >> 64) as u64], [y as u64, (y >> 64) as u64]);
    let (first, carry) = mul_add(a, c, 0, 0);
    let (second, high) = mul_add(a, d, carry, 0);
    let (second, carry) = mul_add(b, c, second, 0);
    let (third, fourth) = mul_add(b, d, high, carry);
    [first, second, third, fourth]
}

/// Limb `at` of a number shifted left by less than a limb.
#[inline(always)]
const fn shifted_limb(limbs: &[u64; 6], at: usize, by: u32) -> u64 {
    limbs[at] << by | limbs[at - 1] >> 1 >> (63 - by)
}

/// floor(dividend / divisor) where it is certain and something remains; the divisor has more than 128 bits.
#[inline(always)]
fn quotient(dividend: [u64; 6], divisor: [u64; 4]) -> Option<u128> {
    let [e, f, g, h] = divisor;
    let by = if h != 0 { h } else { g }.leading_zeros();
    let at = |place: usize| shifted_limb(&dividend, place, by);
    let cut = |high: u64, middle: u64, low: u64| {
        let (top, next) = (high << by | middle >> 1 >> (63 - by), middle << by | low >> 1 >> (63 - by));
        wide(next, top)
    };
    let (value, [a, b, c, d], above) = if h != 0 {
        (cut(h, g, f), [at(2), at(3), at(4), at(5)], dividend[5] >> 1 >> (63 - by))
    } else if g != 0 {
        (cut(g, f, e), [at(1), at(2), at(3), at(4)], dividend[5] | dividend[4] >> 1 >> (63 - by))
    } else {
        return None;
    };
    if above != 0 {
        return None;
    }
    let divisor = Divisor { value, inverse: reciprocal_of_two((value >> 64) as u64, value as u64), shift: 0 };
    let (quotient, rest) = divisor.shifted(wide(c, d), wide(a, b))?;
    if rest > quotient { Some(quotient) } else { None }
}

/// The token 0 that `liquidity` spans between two prices, `low` at most `high`, rounded up or down.
#[must_use]
#[inline(always)]
pub fn amount0(low: u128, high: u128, liquidity: u128, round_up: bool) -> Option<u128> {
    let [a, b, c, d] = product(liquidity, high.wrapping_sub(low));
    let dividend = [0, a << 32, a >> 32 | b << 32, b >> 32 | c << 32, c >> 32 | d << 32, d >> 32];
    // What remains above a quotient is at least as much, so the quotient is not the largest number.
    quotient(dividend, product(low, high)).map(|floor| floor + u128::from(round_up))
}

/// The token 1 that `liquidity` spans over a move of the price by `distance`, rounded up or down.
#[must_use]
#[inline(always)]
pub const fn amount1(distance: u128, liquidity: u128, round_up: bool) -> Option<u128> {
    let [a, b, c, d] = product(liquidity, distance);
    if d >> 32 != 0 {
        return None;
    }
    let floor = (b >> 32 | c << 32) as u128 | ((c >> 32 | d << 32) as u128) << 64;
    floor.checked_add((round_up && (a != 0 || b << 32 != 0)) as u128)
}

/// How far `amount` of token 0 moves the price: down when it is added, rounded down; else up, rounded up.
///
/// The contract divides L * 2^96 * P by D = L * 2^96 + amount * P (or minus) and rounds up. That is P less (or plus)
/// amount * P^2 / D, whose quotient is shorter.
#[must_use]
#[inline(always)]
pub fn distance0(price: u128, liquidity: u128, amount: u128, add: bool) -> Option<u128> {
    let moved = product(amount, price);
    let numerator = U256([0, (liquidity as u64) << 32, (liquidity >> 32) as u64, (liquidity >> 96) as u64]);
    let (divisor, over) =
        if add { numerator.overflowing_add(U256(moved)) } else { numerator.overflowing_sub(U256(moved)) };
    if over {
        return None;
    }
    // The product times the price again: its low half reaches up to the fourth limb, its high half begins at the third.
    let [a, b, c, d] = product(wide(moved[0], moved[1]), price);
    let [e, f, g, h] = product(wide(moved[2], moved[3]), price);
    let (c, carry) = add_carry(c, e, false);
    let (d, carry) = add_carry(d, f, carry);
    let (g, carry) = add_carry(g, 0, carry);
    let dividend = [a, b, c, d, g, h + u64::from(carry)];
    quotient(dividend, divisor.0).map(|floor| floor + u128::from(!add))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clamm::full_math::{mul_div, mul_div_up};
    use proptest::prelude::*;

    /// Numbers of every length.
    fn number() -> impl Strategy<Value = u128> {
        (any::<u128>(), 0_u32..128).prop_map(|(value, shorter)| value >> shorter)
    }

    /// Rounded as asked, by the long way.
    fn long(a: U256, b: U256, d: U256, up: bool) -> Option<U256> {
        if up { mul_div_up(a, b, d) } else { mul_div(a, b, d) }.ok()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        /// What is certain is what the long division says.
        #[test]
        fn nothing_is_certain_that_is_not_so(p in number(), q in number(), liquidity in number(), amount in number(), up: bool) {
            let scaled = U256::from(liquidity) << 96;
            let (low, high) = (p.min(q).max(1), p.max(q).max(1));
            if let Some(found) = amount0(low, high, liquidity, up) {
                let whole = U256::from(low).wrapping_mul(U256::from(high));
                prop_assert_eq!(Some(U256::from(found)), long(scaled, U256::from(high - low), whole, up));
            }
            if let Some(found) = amount1(amount, liquidity, up) {
                prop_assert_eq!(Some(U256::from(found)), long(U256::from(liquidity), U256::from(amount), U256::ONE << 96, up));
            }
            if let Some(distance) = distance0(p, liquidity, amount, up) {
                let moved = U256::from(amount).wrapping_mul(U256::from(p));
                let divisor = if up { scaled.checked_add(moved) } else { scaled.checked_sub(moved) };
                let next = long(scaled, U256::from(p), divisor.unwrap(), true).unwrap();
                let told = if up { p.checked_sub(distance).map(U256::from) } else { U256::from(p).checked_add(U256::from(distance)) };
                prop_assert_eq!(told, Some(next));
            }
            for bits in [0, 96, 128] {
                if let Some((floor, more)) = Divisor::new(liquidity).of_scaled(amount, bits) {
                    let (dividend, divisor) = (U256::from(amount) << (bits % 128), U256::from(liquidity));
                    let unit = if bits == 128 { U256::ONE << 128 } else { U256::ONE };
                    prop_assert_eq!(Some(U256::from(floor)), long(dividend, unit, divisor, false));
                    prop_assert_eq!(Some(U256::from(floor + u128::from(more))), long(dividend, unit, divisor, true));
                }
            }
            let word = (p as u64).max(1);
            let (floor, more) = Word::new(word).divide(amount);
            prop_assert_eq!((floor, more), (amount / u128::from(word), amount % u128::from(word) != 0));
        }

        /// Numbers as pools have them are not left to the long way.
        #[test]
        fn what_pools_have_is_certain(tick in -400_000_i32..400_000, apart in 1_i32..1_000, bits in 40_u32..100, share in 1_u128..1_000) {
            let price = |tick| crate::clamm::tick_math::price_of(tick).low_u128();
            let (low, high, liquidity) = (price(tick), price(tick + apart), 1_u128 << bits | 12_345);
            let whole = crate::clamm::sqrt_price::amount0_delta(U256::from(low), U256::from(high), liquidity, false);
            let Some(whole) = whole.unwrap().to_u128().filter(|amount| *amount < 1 << 90) else { return Ok(()) };
            prop_assert_eq!(amount0(low, high, liquidity, false), Some(whole));
            prop_assert!(amount1(high - low, liquidity, true).is_some());
            // A long distance is certain less often, and one of nothing never is.
            if let Some(part) = (whole / 1_000 * share).checked_sub(1) && whole > 1_000_000 && high - low < 1 << 90 {
                prop_assert!(distance0(high, liquidity, part, true).is_some_and(|distance| distance <= high - low));
            }
        }
    }
}
