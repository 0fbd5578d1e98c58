//! A position: somebody's liquidity between two ticks, and the fees that it has earned and not collected.
//!
//! catalogue: S4. Section 6.4 of the Uniswap v3 whitepaper. Fees become the owner's only when the position is touched;
//! what is owed is `uint128` and wraps, so an owner who never collects 2^128 units loses them.

use super::full_math::mul_div;
use super::liquidity_math::add_delta;
use super::narrow::Divisor;
use super::revert::Revert;
use super::u256::U256;
use crate::state;

/// An account's twenty bytes.
pub type Address = [u8; 20];

/// 2^128: fee growths are per unit of liquidity in this fixed point.
pub const Q128: U256 = U256([0, 0, 1, 0]);

/// How much an amount of fees grows what each unit of liquidity has earned: floor(amount * 2^128 / liquidity). `Empty`
/// without liquidity, and when it leaves 256 bits.
#[inline]
pub fn growth(amount: U256, liquidity: u128) -> Result<U256, Revert> {
    match amount.to_u128().and_then(|amount| Divisor::new(liquidity).of_scaled(amount, 128)) {
        Some((growth, _)) => Ok(U256::from(growth)),
        None => mul_div(amount, Q128, U256::from(liquidity)),
    }
}

state! {
    /// Whose liquidity, and between which ticks.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
    pub struct PositionKey {
        /// The account that minted.
        pub owner: Address,
        /// The lower tick: in range from this tick on.
        pub lower: i32,
        /// The upper tick: out of range from this tick on.
        pub upper: i32,
        /// v4's salt, which separates positions of one owner over the same range; zeros in v3.
        pub salt: [u8; 32],
    }
}

impl PositionKey {
    /// The key of a v3 position.
    #[must_use]
    pub const fn new(owner: Address, lower: i32, upper: i32) -> Self {
        Self { owner, lower, upper, salt: [0; 32] }
    }
}

state! {
    /// What the pool knows of a position.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub struct Position {
        /// Its liquidity.
        pub liquidity: u128,
        /// The fee growth inside its range when it was last touched, of both tokens, times 2^128.
        pub fee_growth_inside_last: [U256; 2],
        /// What is owed of both tokens, fees and burnt amounts, in smallest units. v4 pays at once and leaves it at 0.
        pub owed: [u128; 2],
    }
}

impl Position {
    /// The fees that have grown since the last touch, in smallest units, before any cast.
    ///
    /// The growth is below 2^256 and the liquidity below 2^128, so the quotient by 2^128 fits.
    pub fn fees_since(&self, inside: [U256; 2]) -> Result<[U256; 2], Revert> {
        let fees = |token: usize| {
            let grown = inside[token].wrapping_sub(self.fee_growth_inside_last[token]);
            mul_div(grown, U256::from(self.liquidity), Q128)
        };
        Ok([fees(0)?, fees(1)?])
    }

    /// Books the fees and changes the liquidity. `Np` for a poke of nothing, `Ls` and `La` for liquidity out of range.
    pub fn touch(&mut self, delta: i128, inside: [U256; 2]) -> Result<(), Revert> {
        if delta == 0 && self.liquidity == 0 {
            return Err(Revert::Np);
        }
        let liquidity = add_delta(self.liquidity, delta)?;
        let fees = self.fees_since(inside)?;
        self.liquidity = liquidity;
        self.fee_growth_inside_last = inside;
        for (owed, fee) in self.owed.iter_mut().zip(fees) {
            *owed = owed.wrapping_add(fee.low_u128());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_touch_books_the_growth_since_the_last() {
        let mut position = Position::default();
        assert_eq!(position.touch(0, [U256::ZERO; 2]), Err(Revert::Np));
        position.touch(1000, [Q128, Q128]).unwrap();
        assert_eq!(position.owed, [0, 0], "nothing had been there to earn");
        position.touch(0, [Q128.wrapping_add(Q128), Q128.wrapping_sub(U256::ONE)]).unwrap();
        // The second growth went back by one: that is 2^256 - 1, of which 1000 times less than 2^128 remains.
        assert_eq!(position.owed, [1000, u128::MAX]);
        assert_eq!(position.touch(-1001, [Q128; 2]), Err(Revert::Ls));
        assert_eq!(position.touch(i128::MAX, [Q128; 2]).map(|()| position.liquidity), Ok(1000 + i128::MAX as u128));
        assert_eq!(position.touch(i128::MAX, [Q128; 2]), Err(Revert::La));
    }
}
