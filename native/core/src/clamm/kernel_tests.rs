//! The 256-bit kernel against `ruint`, which others wrote: every operation on numbers of every length.

use proptest::prelude::*;
use ruint::aliases::{U256 as Word, U512 as Wide};

use super::full_math::{div_rounding_up, mul_div, mul_div_up};
use super::i256::I256;
use super::revert::Revert;
use super::u256::U256;

/// Limbs at the edges as often as random ones, because carries and quotient digits go wrong there.
fn limb() -> impl Strategy<Value = u64> {
    prop_oneof![
        3 => any::<u64>(),
        2 => Just(0),
        2 => Just(u64::MAX),
        1 => Just(1),
        1 => Just(1 << 63),
        1 => (0_u32..64).prop_map(|bit| u64::MAX >> bit),
    ]
}

fn number() -> impl Strategy<Value = U256> {
    ([limb(), limb(), limb(), limb()], 0_usize..=4).prop_map(|(mut limbs, long)| {
        limbs[long..].fill(0);
        U256(limbs)
    })
}

fn word(value: U256) -> Word {
    Word::from_limbs(value.0)
}

fn back(value: Word) -> U256 {
    U256(*value.as_limbs())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn sums_products_and_shifts_are_the_same(a in number(), b in number(), by in 0_u32..300) {
        let (x, y) = (word(a), word(b));
        prop_assert_eq!(a.overflowing_add(b), { let (v, o) = x.overflowing_add(y); (back(v), o) });
        prop_assert_eq!(a.overflowing_sub(b), { let (v, o) = x.overflowing_sub(y); (back(v), o) });
        prop_assert_eq!(a.overflowing_mul(b), { let (v, o) = x.overflowing_mul(y); (back(v), o) });
        prop_assert_eq!(a.checked_add(b), x.checked_add(y).map(back));
        prop_assert_eq!(a.checked_sub(b), x.checked_sub(y).map(back));
        prop_assert_eq!(a.checked_mul(b), x.checked_mul(y).map(back));
        prop_assert_eq!(a.abs_diff(b), back(x.abs_diff(y)));
        let product: Wide = x.widening_mul(y);
        prop_assert_eq!(&a.full_mul(b).0, product.as_limbs());
        prop_assert_eq!(a << by, back(x << by as usize));
        prop_assert_eq!(a >> by, back(x >> by as usize));
        prop_assert_eq!((a & b, a | b, a ^ b, !a), (back(x & y), back(x | y), back(x ^ y), back(!x)));
        prop_assert_eq!(a.bits() as usize, x.bit_len());
        prop_assert_eq!(a.bit(by), x.bit(by as usize));
        prop_assert_eq!(a.cmp(&b), x.cmp(&y));
        prop_assert_eq!((a < b, a <= b, a > b, a >= b), (x < y, x <= y, x > y, x >= y));
    }

    #[test]
    fn quotients_and_remainders_are_the_same(a in number(), b in number(), c in number()) {
        let (x, y) = (word(a), word(b));
        let known = (!y.is_zero()).then(|| (back(x / y), back(x % y)));
        prop_assert_eq!(a.div_rem(b), known);
        prop_assert_eq!(a.div_ceil(b), (!y.is_zero()).then(|| back(x.div_ceil(y))));
        prop_assert_eq!(div_rounding_up(a, b), known.map_or(U256::ZERO, |_| back(x.div_ceil(y))));
        let product: Wide = x.widening_mul(word(c));
        let by = Wide::from(y);
        let known = (!y.is_zero()).then(|| (*(product / by).as_limbs(), *Word::from(product % by).as_limbs()));
        prop_assert_eq!(a.full_mul(c).div_rem(b).map(|(quotient, rest)| (quotient.0, rest.0)), known);
    }

    /// Dividends made of the divisor, so that digits are guessed too high and remainders are 0 or one short.
    #[test]
    fn exact_and_nearly_exact_quotients_are_the_same(q in number(), d in number(), less in 0_u64..2) {
        let d = d.max(U256::ONE);
        let wide: Wide = word(q).widening_mul(word(d));
        let wide = wide.saturating_sub(Wide::from(less));
        let (quotient, rest) = super::u256::U512(*wide.as_limbs()).div_rem(d).unwrap_or_default();
        let by = Wide::from(word(d));
        let known = wide / by;
        prop_assert_eq!(&quotient.0, known.as_limbs());
        prop_assert_eq!(rest, back(Word::from(wide % by)));
    }

    #[test]
    fn mul_div_is_the_same_and_refuses_the_same(a in number(), b in number(), d in number()) {
        let product: Wide = word(a).widening_mul(word(b));
        let by = Wide::from(word(d));
        let most = Wide::from(Word::MAX);
        let fits = |value: Wide| if value > most { Err(Revert::Empty) } else { Ok(back(Word::from(value))) };
        let none = word(d).is_zero();
        prop_assert_eq!(mul_div(a, b, d), if none { Err(Revert::Empty) } else { fits(product / by) });
        prop_assert_eq!(mul_div_up(a, b, d), if none { Err(Revert::Empty) } else { fits(product.div_ceil(by)) });
    }

    #[test]
    fn text_and_bytes_come_back(a in number()) {
        prop_assert_eq!(a.to_string(), word(a).to_string());
        prop_assert_eq!(a.to_string().parse(), Ok(a));
        prop_assert_eq!(a.to_be_bytes(), word(a).to_be_bytes::<32>());
        prop_assert_eq!(U256::from_be_bytes(a.to_be_bytes()), a);
        prop_assert_eq!(I256(a).to_string().parse(), Ok(I256(a)));
        prop_assert_eq!(a.to_u128(), u128::try_from(word(a)).ok());
    }

    #[test]
    fn signed_numbers_are_two_s_complement(a in any::<i128>(), b in any::<i64>(), c in number()) {
        let (x, y) = (I256::from(a), I256::from(i128::from(b)));
        prop_assert_eq!(x.to_i128(), Some(a));
        prop_assert_eq!(x.to_string(), a.to_string());
        prop_assert_eq!(x.unsigned_abs().to_u128(), Some(a.unsigned_abs()));
        prop_assert_eq!(x.is_negative(), a < 0);
        prop_assert_eq!(x.cmp(&y), a.cmp(&i128::from(b)));
        if let Some(sum) = a.checked_add(i128::from(b)) {
            prop_assert_eq!(x.checked_add(y), Some(I256::from(sum)));
        }
        if let Some(rest) = a.checked_sub(i128::from(b)) {
            prop_assert_eq!(x.checked_sub(y), Some(I256::from(rest)));
        }
        if let Some(product) = a.checked_mul(i128::from(b)) {
            prop_assert_eq!(x.checked_mul(y), Some(I256::from(product)));
        }
        prop_assert_eq!(I256::from_u256(c).is_some(), !I256(c).is_negative());
        // What a checked sum refuses, arithmetic of 512 bits says is out of range.
        let other = I256(c);
        if let (Some(sum), Some(rest)) = (x.checked_add(other), x.checked_sub(other)) {
            prop_assert_eq!(sum.checked_sub(other), Some(x));
            prop_assert_eq!(rest.checked_add(other), Some(x));
        }
    }
}

#[test]
fn the_ends_of_signed_numbers_are_refused() {
    let one = I256::from(1);
    assert_eq!(I256::MAX.checked_add(one), None);
    assert_eq!(I256::MIN.checked_sub(one), None);
    assert_eq!(I256::MIN.checked_neg(), None);
    assert_eq!(I256::MIN.checked_mul(I256::from(-1)), None);
    assert_eq!(I256::MIN.unsigned_abs(), U256::ONE << 255);
    assert_eq!(I256::MIN.to_string().parse(), Ok(I256::MIN));
    assert!("-".parse::<I256>().is_err());
    assert!("--1".parse::<I256>().is_err());
    assert!("1e3".parse::<U256>().is_err());
    assert!((U256::MAX.to_string() + "0").parse::<U256>().is_err());
}
