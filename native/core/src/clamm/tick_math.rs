//! Ticks and square-root prices: sqrt(1.0001^tick) as a Q64.96 number, and the greatest tick at or below a price.
//!
//! catalogue: S4. The contracts' TickMath (MIT in v4-core), to the last bit: a chain of truncated products is part of
//! the definition, so the same products are taken in the same order. What differs is the way: the chain's first eight
//! links come from a table, and the inverse is a logarithm in floating point that is trusted only where no rounding
//! could change its answer; elsewhere the exact price of one tick decides. `tests` holds every tick to it.

use super::limbs::mul_add;
use super::revert::{Custom, Revert, Word160};
use super::u256::U256;
use crate::quote::math;

/// The lowest tick: log base 1.0001 of 2^-128.
pub const MIN_TICK: i32 = -887_272;
/// The highest tick: log base 1.0001 of 2^128.
pub const MAX_TICK: i32 = 887_272;
/// The price at `MIN_TICK`.
pub const MIN_SQRT_PRICE: U256 = U256([4_295_128_739, 0, 0, 0]);
/// The price at `MAX_TICK`, which no pool reaches.
pub const MAX_SQRT_PRICE: U256 = U256([0x5d95_1d52_6398_8d26, 0xefd1_fc6a_5064_8849, 0xfffd_8963, 0]);

/// 2^128 / sqrt(1.0001^(2^i)), rounded to the nearest integer: the contracts' constants, one for each bit of a tick.
const FACTORS: [u128; 20] = [
    0xfffc_b933_bd6f_ad37_aa2d_162d_1a59_4001,
    0xfff9_7272_373d_4132_59a4_6990_580e_213a,
    0xfff2_e50f_5f65_6932_ef12_357c_f3c7_fdcc,
    0xffe5_caca_7e10_e4e6_1c36_24ea_a094_1cd0,
    0xffcb_9843_d60f_6159_c9db_5883_5c92_6644,
    0xff97_3b41_fa98_c081_472e_6896_dfb2_54c0,
    0xff2e_a164_66c9_6a38_43ec_78b3_26b5_2861,
    0xfe5d_ee04_6a99_a2a8_11c4_61f1_969c_3053,
    0xfcbe_86c7_900a_88ae_dcff_c83b_479a_a3a4,
    0xf987_a725_3ac4_1317_6f2b_074c_f781_5e54,
    0xf339_2b08_22b7_0005_940c_7a39_8e4b_70f3,
    0xe715_9475_a2c2_9b74_43b2_9c7f_a6e8_89d9,
    0xd097_f3bd_fd20_22b8_845a_d8f7_92aa_5825,
    0xa9f7_4646_2d87_0fdf_8a65_dc1f_90e0_61e5,
    0x70d8_69a1_56d2_a1b8_90bb_3df6_2baf_32f7,
    0x31be_135f_97d0_8fd9_8123_1505_542f_cfa6,
    0x09aa_508b_5b7a_84e1_c677_de54_f3e9_9bc9,
    0x005d_6af8_dedb_8119_6699_c329_225e_e604,
    0x0000_2216_e584_f5fa_1ea9_2604_1bed_fe98,
    0x0000_0000_048a_1703_91f7_dc42_444e_8fa2,
];

/// How many of a tick's lowest bits the table covers: 2^8 entries of 16 bytes are 4 KiB, which stays in the first cache.
const TABLE_BITS: usize = 8;

/// The chain after the lowest eight bits. Entry 0 would be 2^128, which 128 bits do not hold, and is 0 instead.
const CHAIN: [u128; 1 << TABLE_BITS] = {
    let mut table = [0; 1 << TABLE_BITS];
    let mut low = 1;
    while low < table.len() {
        let mut bit = 0;
        while bit < TABLE_BITS {
            if low >> bit & 1 == 1 {
                table[low] = link(table[low], FACTORS[bit]);
            }
            bit += 1;
        }
        low += 1;
    }
    table
};

/// One link of the chain: floor(price * factor / 2^128), where a price of 0 stands for 2^128.
#[inline(always)]
const fn link(price: u128, factor: u128) -> u128 {
    if price == 0 {
        return factor;
    }
    let (a, b) = (price as u64, (price >> 64) as u64);
    let (c, d) = (factor as u64, (factor >> 64) as u64);
    let (_, carry) = mul_add(a, c, 0, 0);
    let (low, high) = mul_add(a, d, carry, 0);
    let (_, carry) = mul_add(b, c, low, 0);
    let (low, high) = mul_add(b, d, high, carry);
    (high as u128) << 64 | low as u128
}

/// sqrt(1.0001^tick) * 2^96, rounded up as the contracts do. `InvalidTick` outside `MIN_TICK..=MAX_TICK`.
#[inline]
pub fn sqrt_price_at_tick(tick: i32) -> Result<U256, Revert> {
    let size = tick.unsigned_abs();
    if size > MAX_TICK as u32 {
        return Err(Revert::Custom(Custom::InvalidTick(tick)));
    }
    Ok(price_of(tick))
}

/// `sqrt_price_at_tick` of a tick that is known to be in range; one outside gives a number without meaning.
#[inline]
pub(crate) fn price_of(tick: i32) -> U256 {
    let size = tick.unsigned_abs();
    if size == 0 {
        return U256([0, 1 << 32, 0, 0]);
    }
    let mut ratio = CHAIN[(size & 0xff) as usize];
    let mut rest = size >> TABLE_BITS & 0xfff;
    while rest != 0 {
        ratio = link(ratio, FACTORS[TABLE_BITS + rest.trailing_zeros() as usize]);
        rest &= rest - 1;
    }
    let ratio = U256::from(ratio);
    let ratio = if tick > 0 { U256::MAX.div_rem(ratio).unwrap_or_default().0 } else { ratio };
    // From 128 fractional bits to 96, rounding up: the sum stays below 2^193.
    ratio.wrapping_add(U256([0xffff_ffff, 0, 0, 0])) >> 32
}

/// 2 / ln(1.0001): a square-root price's natural logarithm times this is its tick.
const TICKS_PER_LN: f64 = 20_000.999_983_334_166;
/// ln(2^96).
const LN_Q96: f64 = 66.542_129_333_754_75;
/// How far, in ticks, a boundary as computed can lie from where the estimate puts it. The price's own rounding to an
/// integer moves a boundary by at most 5e-6 (at the lowest price, 2^32), the estimate is off by at most 1e-8.
const DOUBT: f64 = 1e-5;

/// The greatest tick whose price is at most `price`. `InvalidSqrtPrice` outside `MIN_SQRT_PRICE..MAX_SQRT_PRICE`.
#[inline]
pub fn tick_at_sqrt_price(price: U256) -> Result<i32, Revert> {
    if price < MIN_SQRT_PRICE || price >= MAX_SQRT_PRICE {
        return Err(no_tick(price));
    }
    let estimate = (math::ln(leading(&price)) - LN_Q96) * TICKS_PER_LN;
    // Adding and taking away 1.5 * 2^52 rounds to the nearest integer.
    let near = (estimate + 6_755_399_441_055_744.0) - 6_755_399_441_055_744.0;
    let tick = near as i32;
    let off = estimate - near;
    if off > DOUBT {
        Ok(tick)
    } else if off < -DOUBT || tick > MAX_TICK || price < price_of(tick) {
        Ok(tick - 1)
    } else {
        Ok(tick)
    }
}

/// The refusal of a price outside the range; its argument is a `uint160`.
#[cold]
fn no_tick(price: U256) -> Revert {
    let mut word: Word160 = [0; 20];
    word.copy_from_slice(&price.to_be_bytes()[12..]);
    Revert::Custom(Custom::InvalidSqrtPrice(word))
}

/// The price in floating point, from its 128 highest bits: wrong by at most 2^-52 of itself.
#[inline(always)]
fn leading(price: &U256) -> f64 {
    if price.0[2] == 0 {
        price.low_u128() as f64
    } else {
        // A price has at most 160 bits, so the highest three limbs' top is the third's 32 bits above the second.
        (u128::from(price.0[2]) << 64 | u128::from(price.0[1])) as f64 * 18_446_744_073_709_551_616.0
    }
}

/// The lowest and the highest tick that a pool with this spacing (at least 1) can use.
#[must_use]
pub const fn usable_ticks(spacing: i32) -> (i32, i32) {
    (MIN_TICK / spacing * spacing, MAX_TICK / spacing * spacing)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All 1,774,545 ticks: prices rise, and the inverse is right at each price and one below it.
    #[test]
    fn every_tick_and_its_inverse() {
        let mut before = MIN_SQRT_PRICE;
        for tick in MIN_TICK..MAX_TICK {
            let price = price_of(tick);
            assert!(tick == MIN_TICK || price > before, "tick {tick}");
            assert_eq!(tick_at_sqrt_price(price), Ok(tick), "at the price of {tick}");
            if tick > MIN_TICK {
                assert_eq!(tick_at_sqrt_price(price.wrapping_sub(U256::ONE)), Ok(tick - 1), "below {tick}");
            }
            before = price;
        }
        assert_eq!(tick_at_sqrt_price(MAX_SQRT_PRICE.wrapping_sub(U256::ONE)), Ok(MAX_TICK - 1));
    }

    #[test]
    fn the_ends_are_the_contracts() {
        assert_eq!(sqrt_price_at_tick(MIN_TICK), Ok(MIN_SQRT_PRICE));
        assert_eq!(sqrt_price_at_tick(MAX_TICK), Ok(MAX_SQRT_PRICE));
        assert_eq!(MAX_SQRT_PRICE.to_string(), "1461446703485210103287273052203988822378723970342");
        for tick in [MIN_TICK - 1, MAX_TICK + 1, i32::MIN, i32::MAX] {
            assert_eq!(sqrt_price_at_tick(tick), Err(Revert::Custom(Custom::InvalidTick(tick))));
        }
        let low = MIN_SQRT_PRICE.wrapping_sub(U256::ONE);
        for price in [U256::ZERO, low, MAX_SQRT_PRICE, U256::MAX] {
            assert_eq!(tick_at_sqrt_price(price), Err(no_tick(price)));
        }
    }

    /// The table against the chain written out, bit by bit and with 2^128 as itself.
    #[test]
    fn the_table_is_the_chain() {
        for tick in (MIN_TICK..=MAX_TICK).step_by(97) {
            let mut ratio = U256::ONE << 128;
            for (bit, factor) in FACTORS.iter().enumerate() {
                if tick.unsigned_abs() >> bit & 1 == 1 {
                    ratio = ratio.wrapping_mul(U256::from(*factor)) >> 128;
                }
            }
            let ratio = if tick > 0 { U256::MAX.div_rem(ratio).unwrap_or_default().0 } else { ratio };
            let up = u64::from(ratio.0[0] as u32 != 0);
            assert_eq!(price_of(tick), (ratio >> 32).wrapping_add(U256::from(up)), "tick {tick}");
        }
    }
}
