//! Amounts, next prices and swap steps against their formulas over 512 bits, written out with `ruint`.

use proptest::prelude::*;
use ruint::aliases::{U256 as Word, U512 as Wide};

use super::i256::I256;
use super::sqrt_price::{amount0_delta, amount1_delta, next_price_from_input, next_price_from_output};
use super::swap_math::{FEE_ONE, Fees, compute_swap_step};
use super::tick_math::{MAX_SQRT_PRICE, MAX_TICK, MIN_SQRT_PRICE, MIN_TICK, price_of};
use super::u256::U256;

fn price() -> impl Strategy<Value = U256> {
    (MIN_TICK..MAX_TICK, any::<u64>()).prop_map(|(tick, off)| {
        let (low, high) = (price_of(tick), price_of(tick + 1));
        let width = high.wrapping_sub(low);
        let off = U256::from(off).div_rem(width).unwrap_or_default().1;
        low.wrapping_add(off)
    })
}

fn liquidity() -> impl Strategy<Value = u128> {
    (any::<u128>(), 0_u32..128).prop_map(|(value, less)| (value >> less).max(1))
}

fn amount() -> impl Strategy<Value = U256> {
    (any::<[u64; 4]>(), 1_u32..256).prop_map(|(limbs, less)| U256(limbs) >> less)
}

fn wide(value: U256) -> Wide {
    Wide::from(Word::from_limbs(value.0))
}

fn scaled(liquidity: u128) -> Wide {
    Wide::from(liquidity) << 96_usize
}

fn narrow(value: Wide) -> Option<U256> {
    let limbs = value.as_limbs();
    limbs[4..].iter().all(|limb| *limb == 0).then(|| U256([limbs[0], limbs[1], limbs[2], limbs[3]]))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn amounts_are_the_exact_ones_rounded_once(a in price(), b in price(), liquidity in liquidity()) {
        let (low, high) = (wide(a.min(b)), wide(a.max(b)));
        let above: Wide = scaled(liquidity) * (high - low);
        let below = high * low;
        prop_assert_eq!(amount0_delta(a, b, liquidity, false).ok(), narrow(above / below));
        prop_assert_eq!(amount0_delta(a, b, liquidity, true).ok(), narrow(above.div_ceil(below)));
        let product = Wide::from(liquidity) * (high - low);
        let unit: Wide = scaled(1);
        prop_assert_eq!(Some(amount1_delta(a, b, liquidity, false)), narrow(product / unit));
        prop_assert_eq!(Some(amount1_delta(a, b, liquidity, true)), narrow(product.div_ceil(unit)));
    }

    #[test]
    fn next_prices_are_the_exact_ones_rounded_against_the_trader(
        price in price(), liquidity in liquidity(), amount in amount(),
    ) {
        let (scaled, p, x): (Wide, Wide, Wide) = (scaled(liquidity), wide(price), wide(amount));
        let most = wide(super::sqrt_price::MAX_U160);
        let up = Wide::from(liquidity);
        // Token 0 in: L p / (L + x p), up. The coarser formula for products beyond 256 bits can only be higher.
        let fine = (scaled * p).div_ceil(scaled + x * p);
        let got = next_price_from_input(price, liquidity, amount, true).ok().map(wide);
        if narrow(x * p + scaled).is_some() {
            prop_assert_eq!(got, Some(fine));
        } else {
            prop_assert!(got.is_some_and(|got| got >= fine && got <= p));
        }
        // Token 1 in: p + x / L, down.
        let next: Wide = p + (x << 96_usize) / up;
        let got = next_price_from_input(price, liquidity, amount, false).ok().map(wide);
        prop_assert_eq!(got, (next <= most).then_some(next));
        // Token 1 out: p - x / L, down.
        let got = next_price_from_output(price, liquidity, amount, true).ok().map(wide);
        let shifted: Wide = x << 96_usize;
        let less = shifted.div_ceil(up);
        prop_assert_eq!(got, (less < p).then(|| p - less));
        // Token 0 out: L p / (L - x p), up.
        let got = next_price_from_output(price, liquidity, amount, false).ok().map(wide);
        let known = (scaled > x * p).then(|| (scaled * p).div_ceil(scaled - x * p)).filter(|next| *next <= most);
        prop_assert_eq!(got, known);
    }

    #[test]
    fn a_step_takes_no_more_than_it_is_given(
        current in price(), target in price(), liquidity in liquidity(), size in amount(), fee in 0_u32..FEE_ONE,
    ) {
        prop_assume!(I256::from_u256(size).is_some() && !size.is_zero());
        let Some(put_in) = I256::from_u256(size) else { return Ok(()) };
        let (down, reached) = (current >= target, |step: &super::swap_math::SwapStep| step.sqrt_price == target);
        let step = compute_swap_step(current, target, liquidity, put_in, fee, Fees::V3);
        prop_assert!(step.is_ok());
        if let Ok(step) = step {
            let paid = step.amount_in.wrapping_add(step.fee);
            prop_assert!(paid <= size && (reached(&step) || paid == size));
            let between = if down { step.sqrt_price >= target } else { step.sqrt_price <= target };
            prop_assert!(between);
            let other = compute_swap_step(current, target, liquidity, put_in, fee, Fees::V4);
            prop_assert!(other.is_ok_and(|other| (other.sqrt_price, other.amount_out)
                == (step.sqrt_price, step.amount_out) && other.amount_in.wrapping_add(other.fee) == paid));
        }
        if let Ok(step) = compute_swap_step(current, target, liquidity, put_in.wrapping_neg(), fee, Fees::V3) {
            prop_assert!(step.amount_out <= size && (reached(&step) || step.amount_out == size));
        }
    }
}

#[test]
fn a_fee_of_everything_moves_nothing() {
    let step = compute_swap_step(MAX_SQRT_PRICE, MIN_SQRT_PRICE, 1, I256::from_i128(1_000), FEE_ONE, Fees::V4);
    assert!(step.is_ok_and(|step| step.amount_in.is_zero() && step.fee == U256::from(1_000_u64)));
    let step = compute_swap_step(MAX_SQRT_PRICE, MIN_SQRT_PRICE, 1, I256::from_i128(-1), FEE_ONE, Fees::V4);
    assert!(step.is_err());
}
