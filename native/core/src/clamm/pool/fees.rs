//! The protocol's share of the fees, its collection, and flash loans.
//!
//! catalogue: S4. Sections 6.2.2 and 6.5 of the whitepaper. Uniswap divides a fee by 4 to 10; Pancake takes so many
//! ten-thousandths of it and has them from the first block on.

use super::{Family, Payment, Pool, Terms};
use crate::clamm::full_math::mul_div_up;
use crate::clamm::position::growth;
use crate::clamm::revert::Revert;
use crate::clamm::u256::U256;

/// The protocol's share of a fee in one token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Share {
    /// Nothing.
    None,
    /// One part in so many.
    OneIn(u32),
    /// So many ten-thousandths.
    TenThousandths(u32),
}

impl Share {
    /// Whether the protocol takes anything.
    pub(super) const fn is_some(self) -> bool {
        !matches!(self, Self::None)
    }

    /// The protocol's part of `fee`. `Empty` when Pancake's product leaves 256 bits.
    pub(super) fn of(self, fee: U256) -> Result<U256, Revert> {
        let divided = |product: U256, by: u32| {
            let quotient = product.div_rem(U256::from(u64::from(by)));
            quotient.map(|(quotient, _)| quotient).ok_or(Revert::Invalid)
        };
        match self {
            Self::None => Ok(U256::ZERO),
            Self::OneIn(parts) => divided(fee, parts),
            Self::TenThousandths(parts) => {
                let product = fee.checked_mul(U256::from(u64::from(parts))).ok_or(Revert::Empty)?;
                divided(product, 10_000)
            }
        }
    }
}

impl Terms {
    /// The protocol's share of a new pool: none at Uniswap, 32 to 34 percent at Pancake by the fee tier.
    pub(super) const fn first_fee_protocol(&self) -> u32 {
        match (self.family, self.fee) {
            (Family::Uniswap, _) => 0,
            (Family::Pancake, 100) => 3_300 | 3_300 << 16,
            (Family::Pancake, 500) => 3_400 | 3_400 << 16,
            (Family::Pancake, _) => 3_200 | 3_200 << 16,
        }
    }

    /// The two packed shares, of token 0 and token 1.
    #[must_use]
    pub const fn unpack_fee_protocol(&self, packed: u32) -> [u32; 2] {
        match self.family {
            Family::Uniswap => [packed & 15, packed >> 4],
            Family::Pancake => [packed & 0xffff, packed >> 16],
        }
    }

    /// The protocol's share of fees in a token.
    pub(super) const fn protocol_share(&self, packed: u32, token: usize) -> Share {
        match (self.unpack_fee_protocol(packed)[token], self.family) {
            (0, _) => Share::None,
            (parts, Family::Uniswap) => Share::OneIn(parts),
            (parts, Family::Pancake) => Share::TenThousandths(parts),
        }
    }

    /// Whether the owner may set this share.
    const fn allows(&self, share: u32) -> bool {
        match self.family {
            Family::Uniswap => share == 0 || share >= 4 && share <= 10,
            Family::Pancake => share == 0 || share >= 1_000 && share <= 4_000,
        }
    }
}

/// What a flash loan left with the pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flash {
    /// What was paid above the loan, of both tokens.
    pub paid: [U256; 2],
}

impl Pool {
    /// Lends both tokens for the length of a call. `L` without liquidity in range, `F0` and `F1` when less comes back than
    /// the loan and its fee. `payment` is what the callback pays; `Due` is the loan with exactly its fee.
    pub fn flash(&mut self, amounts: [U256; 2], payment: Payment) -> Result<Flash, Revert> {
        self.call(|pool| {
            let liquidity = pool.head.liquidity;
            if liquidity == 0 {
                return Err(Revert::L);
            }
            let fee =
                |amount: U256| mul_div_up(amount, U256::from(u64::from(pool.terms.fee)), U256::from(1_000_000_u64));
            let fees = [fee(amounts[0])?, fee(amounts[1])?];
            let before = pool.head.balances;
            for (token, amount) in amounts.into_iter().enumerate() {
                pool.pay_out(token, amount)?;
            }
            let mut paid = [U256::ZERO; 2];
            for token in 0..2 {
                let due = amounts[token].checked_add(fees[token]).ok_or(Revert::Empty)?;
                let given = payment.of(token, due);
                let short = if token == 0 { Revert::F0 } else { Revert::F1 };
                if let Some(before) = before {
                    before[token].checked_add(fees[token]).ok_or(Revert::Empty)?;
                }
                pool.take_in(token, due, given, short)?;
                paid[token] = given.wrapping_sub(amounts[token]);
            }
            for (token, amount) in paid.into_iter().enumerate() {
                pool.book_flash(token, amount, liquidity)?;
            }
            Ok(Flash { paid })
        })
    }

    /// Divides what a flash loan left between the protocol and the liquidity in range.
    fn book_flash(&mut self, token: usize, paid: U256, liquidity: u128) -> Result<(), Revert> {
        if paid.is_zero() {
            return Ok(());
        }
        let part = match self.terms.protocol_share(self.head.fee_protocol, token) {
            // Pancake's product is unchecked here, unlike in a swap.
            Share::TenThousandths(parts) => {
                let product = paid.wrapping_mul(U256::from(u64::from(parts)));
                product.div_rem(U256::from(10_000_u64)).map_or(U256::ZERO, |(quotient, _)| quotient)
            }
            share => share.of(paid)?,
        };
        self.head.protocol_fees[token] = self.head.protocol_fees[token].wrapping_add(part.low_u128());
        let growth = growth(paid.wrapping_sub(part), liquidity)?;
        self.head.fee_growth_global[token] = self.head.fee_growth_global[token].wrapping_add(growth);
        Ok(())
    }

    /// Sets the protocol's shares of fees in token 0 and token 1; returns the old ones. `Empty` for anybody but the
    /// factory's owner, and for a share that is not allowed.
    pub fn set_fee_protocol(&mut self, by_owner: bool, shares: [u32; 2]) -> Result<[u32; 2], Revert> {
        self.call(|pool| {
            if !by_owner || !pool.terms.allows(shares[0]) || !pool.terms.allows(shares[1]) {
                return Err(Revert::Empty);
            }
            let old = pool.terms.unpack_fee_protocol(pool.head.fee_protocol);
            pool.head.fee_protocol = match pool.terms.family {
                Family::Uniswap => shares[0] | shares[1] << 4,
                Family::Pancake => shares[0] | shares[1] << 16,
            };
            Ok(old)
        })
    }

    /// Pays the protocol at most `most` of what it has earned; one unit stays, so that the place in storage stays in
    /// use. `Empty` for anybody but the factory's owner.
    pub fn collect_protocol(&mut self, by_owner: bool, most: [u128; 2]) -> Result<[u128; 2], Revert> {
        self.call(|pool| {
            if !by_owner {
                return Err(Revert::Empty);
            }
            let mut paid = [0; 2];
            for token in 0..2 {
                let earned = pool.head.protocol_fees[token];
                let mut amount = most[token].min(earned);
                if amount > 0 {
                    amount -= u128::from(amount == earned);
                    pool.head.protocol_fees[token] = earned - amount;
                    pool.pay_out(token, U256::from(amount))?;
                }
                paid[token] = amount;
            }
            Ok(paid)
        })
    }
}
