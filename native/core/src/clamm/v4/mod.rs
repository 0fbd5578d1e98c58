//! Uniswap v4's core without hooks: the manager of all pools, what each call owes, and its pools.
//!
//! catalogue: S4. From the v4 whitepaper and from what the deployed bytecode answers. Signs are v4's: an amount is positive
//! where the pool pays the caller, and a swap's amount is negative where it is what the caller pays.

mod accounts;
mod claims;
mod events;
mod follow;
mod liquidity;
mod pool;
mod swap;
#[cfg(test)]
mod tests;

pub use claims::{Claim, ClaimAllowance, Operator};
pub use events::{EventV4, PoolId};
pub use follow::FollowedV4;
pub use pool::{FEE_DYNAMIC, PoolV4};
pub use swap::SwapV4;

use super::i256::I256;
use super::position::Address;
use super::revert::{Custom, Revert};
use super::u256::U256;
use crate::canon::Canon;
use crate::state;
use crate::state_hash::{Hash, component_hash};
use std::collections::BTreeMap;

state! {
    /// What names a pool. Its hooks are none.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
    pub struct PoolKey {
        /// The lower of the two currencies; zeros are the chain's own.
        pub currency0: Address,
        /// The higher of the two.
        pub currency1: Address,
        /// The fee of liquidity providers in millionths.
        pub fee: u32,
        /// Which ticks positions may use: multiples of this.
        pub tick_spacing: i32,
    }
}

state! {
    /// Whose balance in which currency.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
    pub struct Account {
        /// Who.
        pub owner: Address,
        /// Of what.
        pub currency: Address,
    }
}

/// What a call changes for its caller, of currency 0 and currency 1.
pub type Delta = [i128; 2];

/// A range and a change of liquidity, as `modifyLiquidity` takes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// The lower tick.
    pub lower: i32,
    /// The upper tick.
    pub upper: i32,
    /// What is added, negative for what is taken out, 0 to collect fees.
    pub liquidity: I256,
    /// Separates positions of one owner over the same range.
    pub salt: [u8; 32],
}

/// The manager: its pools, the protocol's fees, and what callers owe while it is unlocked.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Manager {
    pools: BTreeMap<PoolKey, PoolV4>,
    protocol_fees: BTreeMap<Address, U256>,
    unlocked: bool,
    deltas: BTreeMap<Account, I256>,
    claims: claims::Claims,
}

/// A custom error as a revert.
const fn custom<T>(error: Custom) -> Result<T, Revert> {
    Err(Revert::Custom(error))
}

/// A number of 256 bits as `int128`.
fn int128(value: I256) -> Result<i128, Revert> {
    value.to_i128().ok_or(Revert::Custom(Custom::SafeCastOverflow))
}

/// A number of 256 bits as a positive `int128`.
fn positive(value: U256) -> Result<i128, Revert> {
    I256::from_u256(value).and_then(|value| value.to_i128()).ok_or(Revert::Custom(Custom::SafeCastOverflow))
}

impl Manager {
    /// Creates a pool at a price; returns its tick. Needs no unlocking.
    pub fn initialize(&mut self, key: PoolKey, sqrt_price: U256) -> Result<i32, Revert> {
        pool::check_key(&key)?;
        if self.pools.contains_key(&key) {
            return custom(Custom::PoolAlreadyInitialized);
        }
        let new = PoolV4::new(&key, sqrt_price)?;
        let tick = new.tick;
        self.pools.insert(key, new);
        Ok(tick)
    }

    /// Changes a position; returns what the caller is paid in all, and how much of that is fees.
    pub fn modify_liquidity(
        &mut self,
        caller: Address,
        key: &PoolKey,
        change: &Change,
    ) -> Result<(Delta, Delta), Revert> {
        self.check_unlocked()?;
        let pool = self.pool_mut(key)?;
        let liquidity = int128(change.liquidity)?;
        let (total, fees) = pool.modify(caller, change, liquidity)?;
        self.account(caller, key, total);
        Ok((total, fees))
    }

    /// Swaps `amount` (negative: what is paid; positive: what is received), at most to the price `limit`.
    pub fn swap(
        &mut self,
        caller: Address,
        key: &PoolKey,
        zero_for_one: bool,
        amount: I256,
        limit: U256,
    ) -> Result<SwapV4, Revert> {
        self.check_unlocked()?;
        if amount.is_zero() {
            return custom(Custom::SwapAmountCannotBeZero);
        }
        let done = self.pool_mut(key)?.swap(zero_for_one, amount, limit)?;
        if !done.to_protocol.is_zero() {
            let currency = if zero_for_one { key.currency0 } else { key.currency1 };
            let earned = self.protocol_fees.entry(currency).or_default();
            *earned = earned.wrapping_add(done.to_protocol);
        }
        self.account(caller, key, done.delta);
        Ok(done)
    }

    /// Gives amounts to the liquidity in range.
    pub fn donate(&mut self, caller: Address, key: &PoolKey, amounts: [U256; 2]) -> Result<Delta, Revert> {
        self.check_unlocked()?;
        let delta = self.pool_mut(key)?.donate(amounts)?;
        self.account(caller, key, delta);
        Ok(delta)
    }

    /// Sets a pool's protocol fees: twelve bits for each direction. Only the controller may.
    pub fn set_protocol_fee(&mut self, by_controller: bool, key: &PoolKey, fee: u32) -> Result<(), Revert> {
        if !by_controller {
            return custom(Custom::InvalidCaller);
        }
        if fee & 0xfff > 1_000 || fee & 0x00ff_f000 >= 1_001 << 12 {
            return custom(Custom::ProtocolFeeTooLarge(fee));
        }
        self.pool_mut(key)?.protocol_fee = fee;
        Ok(())
    }

    /// Pays the protocol an amount of what it earned, all of it for 0. Only the controller may.
    pub fn collect_protocol_fees(
        &mut self,
        by_controller: bool,
        currency: Address,
        amount: U256,
    ) -> Result<U256, Revert> {
        if !by_controller {
            return custom(Custom::InvalidCaller);
        }
        let earned = self.protocol_fees.get(&currency).copied().unwrap_or_default();
        let paid = if amount.is_zero() { earned } else { amount };
        let left = earned.checked_sub(paid).ok_or(Revert::Panic(0x11))?;
        self.protocol_fees.insert(currency, left);
        Ok(paid)
    }

    /// A pool's state.
    #[must_use]
    pub fn pool(&self, key: &PoolKey) -> Option<&PoolV4> {
        self.pools.get(key)
    }

    /// What the protocol earned in a currency and has not collected.
    #[must_use]
    pub fn protocol_fees(&self, currency: Address) -> U256 {
        self.protocol_fees.get(&currency).copied().unwrap_or_default()
    }

    /// One hash of all pools and balances.
    #[must_use]
    pub fn state_hash(&self) -> Hash {
        let mut bytes = Vec::new();
        self.pools.put(&mut bytes);
        self.protocol_fees.put(&mut bytes);
        self.unlocked.put(&mut bytes);
        for (account, delta) in &self.deltas {
            account.put(&mut bytes);
            delta.0.put(&mut bytes);
        }
        self.claims.put(&mut bytes);
        component_hash(&bytes)
    }

    fn pool_mut(&mut self, key: &PoolKey) -> Result<&mut PoolV4, Revert> {
        self.pools.get_mut(key).ok_or(Revert::Custom(Custom::PoolNotInitialized))
    }
}
