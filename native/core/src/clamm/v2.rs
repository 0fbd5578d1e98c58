//! A v2 pair: constant product, shares as a token, the price summed over time.
//!
//! catalogue: S4. From the Uniswap v2 whitepaper and from what the deployed bytecode answers (Solidity 0.5: checked sums
//! say ds-math, a division by 0 is an invalid instruction). Tokens are paid in before a call (`deposit`), or by a swap's
//! callback. A call that fails changes nothing.

use super::position::Address;
use super::revert::Revert;
use super::u256::U256;
use crate::canon::Canon;
use crate::state;
use crate::state_hash::{Hash, component_hash};
use std::collections::BTreeMap;

/// The shares that the first mint locks away for ever.
pub const MINIMUM_LIQUIDITY: u64 = 1_000;
/// Whoever holds what is burnt or locked away.
const NOBODY: Address = [0; 20];
/// The pair itself, as a holder of shares.
pub const PAIR: Address = [0xff; 20];
/// The largest reserve: `uint112`.
const RESERVE_MAX: u128 = (1 << 112) - 1;

state! {
    /// The numbers of a pair that are one each.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub struct PairHead {
        /// What the pair counts as its own of both tokens, `uint112`.
        pub reserves: [u128; 2],
        /// When the reserves were last written, `uint32`.
        pub time_last: u32,
        /// The sums of price times seconds, token 0 in token 1 and back, in 112 bits of fraction; wrap round 2^256.
        pub price_cumulative_last: [U256; 2],
        /// The product of the reserves after the last mint or burn, while the protocol takes a fee; else 0.
        pub k_last: U256,
        /// All shares.
        pub total_supply: U256,
        /// What the pair owns of both tokens.
        pub balances: [U256; 2],
        /// Whether a call has entered and not left.
        pub locked: bool,
    }
}

/// A v2 pair.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pair {
    head: PairHead,
    shares: BTreeMap<Address, U256>,
    /// Who gets the protocol's part, where the factory says so.
    fee_to: Option<Address>,
}

fn add(a: U256, b: U256) -> Result<U256, Revert> {
    a.checked_add(b).ok_or(Revert::DsAdd)
}

fn sub(a: U256, b: U256) -> Result<U256, Revert> {
    a.checked_sub(b).ok_or(Revert::DsSub)
}

fn mul(a: U256, b: U256) -> Result<U256, Revert> {
    a.checked_mul(b).ok_or(Revert::DsMul)
}

fn div(a: U256, b: U256) -> Result<U256, Revert> {
    a.div_rem(b).map(|(quotient, _)| quotient).ok_or(Revert::Invalid)
}

/// The square root, rounded down.
fn sqrt(x: U256) -> U256 {
    if x.is_zero() {
        return U256::ZERO;
    }
    // Newton's iteration from above falls until it is there.
    let mut root = U256::ONE << x.bits().div_ceil(2);
    loop {
        let Some((quotient, _)) = x.div_rem(root) else { return root };
        let next = root.wrapping_add(quotient) >> 1;
        if next >= root {
            return root;
        }
        root = next;
    }
}

impl Pair {
    /// The pair's numbers.
    #[must_use]
    pub const fn head(&self) -> &PairHead {
        &self.head
    }

    /// The shares that an account holds.
    #[must_use]
    pub fn shares(&self, account: &Address) -> U256 {
        self.shares.get(account).copied().unwrap_or_default()
    }

    /// All holders of shares.
    #[must_use]
    pub const fn holders(&self) -> &BTreeMap<Address, U256> {
        &self.shares
    }

    /// Says who gets the protocol's part from now on.
    pub const fn set_fee_to(&mut self, fee_to: Option<Address>) {
        self.fee_to = fee_to;
    }

    /// Locks or unlocks the pair, as whoever is called back in the middle of a swap finds it.
    pub const fn set_locked(&mut self, locked: bool) {
        self.head.locked = locked;
    }

    /// Tokens that somebody sent to the pair, of both.
    pub fn deposit(&mut self, amounts: [U256; 2]) -> Result<(), Revert> {
        let [balance0, balance1] = self.head.balances;
        self.head.balances = [add(balance0, amounts[0])?, add(balance1, amounts[1])?];
        Ok(())
    }

    /// Moves shares between accounts; `DsSub` when there are fewer.
    pub fn transfer(&mut self, from: Address, to: Address, value: U256) -> Result<(), Revert> {
        let left = sub(self.shares(&from), value)?;
        self.shares.insert(from, left);
        let more = add(self.shares(&to), value)?;
        self.shares.insert(to, more);
        Ok(())
    }

    /// Gives shares for what was paid in since the reserves were written; returns how many.
    pub fn mint(&mut self, to: Address, now: u32) -> Result<U256, Revert> {
        self.call(|pair| {
            let [reserve0, reserve1] = pair.head.reserves.map(U256::from);
            let [balance0, balance1] = pair.head.balances;
            let amounts = [sub(balance0, reserve0)?, sub(balance1, reserve1)?];
            let fee_on = pair.mint_fee()?;
            let total = pair.head.total_supply;
            let shares = if total.is_zero() {
                let first = sub(sqrt(mul(amounts[0], amounts[1])?), U256::from(MINIMUM_LIQUIDITY))?;
                pair.give(NOBODY, U256::from(MINIMUM_LIQUIDITY))?;
                first
            } else {
                div(mul(amounts[0], total)?, reserve0)?.min(div(mul(amounts[1], total)?, reserve1)?)
            };
            if shares.is_zero() {
                return Err(Revert::V2LiquidityMinted);
            }
            pair.give(to, shares)?;
            pair.update(now)?;
            pair.remember(fee_on)?;
            Ok(shares)
        })
    }

    /// Pays both tokens for the shares that the pair itself holds; returns the amounts.
    pub fn burn(&mut self, now: u32) -> Result<[U256; 2], Revert> {
        self.call(|pair| {
            let (balances, shares) = (pair.head.balances, pair.shares(&PAIR));
            let fee_on = pair.mint_fee()?;
            let total = pair.head.total_supply;
            let share_of = |balance: U256| div(mul(shares, balance)?, total);
            let amounts = [share_of(balances[0])?, share_of(balances[1])?];
            if amounts[0].is_zero() || amounts[1].is_zero() {
                return Err(Revert::V2LiquidityBurned);
            }
            pair.shares.insert(PAIR, U256::ZERO);
            pair.head.total_supply = sub(total, shares)?;
            pair.pay_out(amounts)?;
            pair.update(now)?;
            pair.remember(fee_on)?;
            Ok(amounts)
        })
    }

    /// Pays out what is asked for, takes what the callback pays, and wants the product back, with three thousandths of
    /// what came in taken off first. `to_token` says that the recipient is one of the tokens.
    pub fn swap(&mut self, out: [U256; 2], paid: [U256; 2], to_token: bool, now: u32) -> Result<[U256; 2], Revert> {
        self.call(|pair| {
            if out[0].is_zero() && out[1].is_zero() {
                return Err(Revert::V2OutputAmount);
            }
            let reserves = pair.head.reserves.map(U256::from);
            if out[0] >= reserves[0] || out[1] >= reserves[1] {
                return Err(Revert::V2Liquidity);
            }
            if to_token {
                return Err(Revert::V2InvalidTo);
            }
            pair.pay_out(out)?;
            pair.deposit(paid)?;
            let balances = pair.head.balances;
            let came_in = |token: usize| {
                let kept = reserves[token].wrapping_sub(out[token]);
                balances[token].checked_sub(kept).unwrap_or_default()
            };
            let came = [came_in(0), came_in(1)];
            if came[0].is_zero() && came[1].is_zero() {
                return Err(Revert::V2InputAmount);
            }
            let small = |number: u64| U256::from(number);
            let less_fee = |token: usize| sub(mul(balances[token], small(1000))?, mul(came[token], small(3))?);
            let product = mul(less_fee(0)?, less_fee(1)?)?;
            if product < mul(mul(reserves[0], reserves[1])?, small(1_000_000))? {
                return Err(Revert::V2K);
            }
            pair.update(now)?;
            Ok(came)
        })
    }

    /// Pays out what the pair owns beyond its reserves; returns the amounts.
    pub fn skim(&mut self) -> Result<[U256; 2], Revert> {
        self.call(|pair| {
            let [reserve0, reserve1] = pair.head.reserves.map(U256::from);
            let [balance0, balance1] = pair.head.balances;
            let amounts = [sub(balance0, reserve0)?, sub(balance1, reserve1)?];
            pair.pay_out(amounts)?;
            Ok(amounts)
        })
    }

    /// Counts what the pair owns as its reserves.
    pub fn sync(&mut self, now: u32) -> Result<(), Revert> {
        self.call(|pair| pair.update(now))
    }

    /// The sums of price times seconds up to now.
    #[must_use]
    pub fn price_cumulatives(&self, now: u32) -> [U256; 2] {
        let seconds = U256::from(u64::from(now.wrapping_sub(self.head.time_last)));
        let [reserve0, reserve1] = self.head.reserves;
        let mut sums = self.head.price_cumulative_last;
        for (sum, (top, bottom)) in sums.iter_mut().zip([(reserve1, reserve0), (reserve0, reserve1)]) {
            if top > 0 && bottom > 0 {
                let price = (U256::from(top) << 112).div_rem(U256::from(bottom)).map_or(U256::ZERO, |(price, _)| price);
                *sum = sum.wrapping_add(price.wrapping_mul(seconds));
            }
        }
        sums
    }

    /// One hash of the whole state.
    #[must_use]
    pub fn state_hash(&self) -> Hash {
        let mut bytes = Vec::new();
        self.head.put(&mut bytes);
        self.shares.put(&mut bytes);
        self.fee_to.put(&mut bytes);
        component_hash(&bytes)
    }

    /// Runs a call; when it fails, the pair is as it was. At most three holders change in one.
    fn call<T>(&mut self, run: impl FnOnce(&mut Self) -> Result<T, Revert>) -> Result<T, Revert> {
        if self.head.locked {
            return Err(Revert::V2Locked);
        }
        let before = self.clone();
        let done = run(self);
        if done.is_err() {
            *self = before;
        }
        done
    }

    fn give(&mut self, to: Address, shares: U256) -> Result<(), Revert> {
        self.head.total_supply = add(self.head.total_supply, shares)?;
        let more = add(self.shares(&to), shares)?;
        self.shares.insert(to, more);
        Ok(())
    }

    fn pay_out(&mut self, amounts: [U256; 2]) -> Result<(), Revert> {
        for (balance, amount) in self.head.balances.iter_mut().zip(amounts) {
            *balance = balance.checked_sub(amount).ok_or(Revert::V2TransferFailed)?;
        }
        Ok(())
    }

    /// Writes the balances as reserves, and the prices that held until now into the sums.
    fn update(&mut self, now: u32) -> Result<(), Revert> {
        let fits =
            |balance: U256| balance.to_u128().filter(|balance| *balance <= RESERVE_MAX).ok_or(Revert::V2Overflow);
        let reserves = [fits(self.head.balances[0])?, fits(self.head.balances[1])?];
        self.head.price_cumulative_last = self.price_cumulatives(now);
        self.head.time_last = now;
        self.head.reserves = reserves;
        Ok(())
    }

    /// Gives the protocol a sixth of the growth of the root of the product; says whether it takes a fee at all.
    fn mint_fee(&mut self) -> Result<bool, Revert> {
        let Some(fee_to) = self.fee_to else {
            self.head.k_last = U256::ZERO;
            return Ok(false);
        };
        if self.head.k_last.is_zero() {
            return Ok(true);
        }
        let [reserve0, reserve1] = self.head.reserves.map(U256::from);
        let (root, before) = (sqrt(mul(reserve0, reserve1)?), sqrt(self.head.k_last));
        if root > before {
            let part = mul(self.head.total_supply, sub(root, before)?)?;
            let shares = div(part, add(mul(root, U256::from(5_u64))?, before)?)?;
            if !shares.is_zero() {
                self.give(fee_to, shares)?;
            }
        }
        Ok(true)
    }

    /// Keeps the product for the protocol's next fee.
    fn remember(&mut self, fee_on: bool) -> Result<(), Revert> {
        if fee_on {
            let [reserve0, reserve1] = self.head.reserves.map(U256::from);
            self.head.k_last = mul(reserve0, reserve1)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ME: Address = [1; 20];

    fn two(a: u128, b: u128) -> [U256; 2] {
        [U256::from(a), U256::from(b)]
    }

    fn pair() -> Pair {
        let mut pair = Pair::default();
        pair.deposit(two(1_000_000, 4_000_000)).unwrap();
        assert_eq!(pair.mint(ME, 10), Ok(U256::from(2_000_000_u64 - MINIMUM_LIQUIDITY)));
        pair
    }

    #[test]
    fn a_swap_is_the_formula_of_the_whitepaper() {
        // floor(997 * 1000 * 4e6 / (1000 * 1e6 + 997 * 1000)) for 1000 of token 0.
        let mut pair = pair();
        let before = pair.clone();
        assert_eq!(pair.swap(two(0, 3985), two(1000, 0), false, 20), Err(Revert::V2K));
        assert!(pair == before);
        assert_eq!(pair.swap(two(0, 3984), two(1000, 0), false, 20), Ok(two(1000, 0)));
        assert_eq!(pair.head().reserves, [1_001_000, 3_996_016]);
        // Ten seconds at a price of 4, and of a quarter.
        assert_eq!(pair.head().price_cumulative_last, [U256::from(40_u64) << 112, U256::from(10_u64) << 110]);
    }

    #[test]
    fn reverts_come_in_the_order_of_the_checks() {
        let mut pair = pair();
        let zero = two(0, 0);
        assert_eq!(pair.swap(zero, zero, true, 1), Err(Revert::V2OutputAmount));
        assert_eq!(pair.swap(two(1_000_000, 0), zero, true, 1), Err(Revert::V2Liquidity));
        assert_eq!(pair.swap(two(1, 0), zero, true, 1), Err(Revert::V2InvalidTo));
        assert_eq!(pair.swap(two(1, 0), zero, false, 1), Err(Revert::V2InputAmount));
        assert_eq!(pair.mint(ME, 1), Err(Revert::V2LiquidityMinted));
        assert_eq!(pair.burn(1), Err(Revert::V2LiquidityBurned));
        assert_eq!(Pair::default().burn(1), Err(Revert::Invalid), "a division by no shares");
        assert_eq!(Pair::default().mint(ME, 1), Err(Revert::DsSub), "fewer than the shares that are locked away");
        pair.deposit(two(1 << 112, 0)).unwrap();
        assert_eq!(pair.sync(1), Err(Revert::V2Overflow));
        assert_eq!(pair.transfer([7; 20], ME, U256::ONE), Err(Revert::DsSub));
        pair.set_locked(true);
        assert_eq!(pair.skim(), Err(Revert::V2Locked));
    }

    proptest! {
        #[test]
        fn a_root_is_the_largest_that_fits(limbs: [u64; 4], shift in 0_u32..256) {
            let x = U256(limbs) >> shift;
            let root = sqrt(x);
            prop_assert!(root.wrapping_mul(root) <= x);
            let next = root.wrapping_add(U256::ONE);
            prop_assert!(next.checked_mul(next).is_none_or(|square| square > x));
        }

        /// Whatever is swapped, the product of the reserves never falls, and the shares are worth no more than is there.
        #[test]
        fn the_product_never_falls(
            calls in prop::collection::vec((0_u8..4, 1_u128..1 << 22, 1_u128..1 << 22), 1..40),
            fee: bool,
        ) {
            let mut pair = pair();
            pair.set_fee_to(fee.then_some([5; 20]));
            for (at, (kind, a, b)) in calls.into_iter().enumerate() {
                let (before, now) = (pair.clone(), at as u32);
                let product = |pair: &Pair| U256::from(pair.head.reserves[0]).wrapping_mul(U256::from(pair.head.reserves[1]));
                let failed = match kind {
                    0 => pair.swap(two(0, a), two(b, 0), false, now).is_err(),
                    1 => pair.swap(two(a, 0), two(0, b), false, now).is_err(),
                    2 => {
                        pair.deposit(two(a, b)).unwrap();
                        pair.mint(ME, now).is_err() && { pair = before.clone(); true }
                    }
                    _ => {
                        let some = pair.transfer(ME, PAIR, U256::from(a)).and_then(|()| pair.burn(now).map(drop));
                        some.is_err() && { pair = before.clone(); true }
                    }
                };
                prop_assert!(!failed || pair == before);
                prop_assert!(kind > 1 || product(&pair) >= product(&before));
                let held = pair.holders().values().fold(U256::ZERO, |sum, one| sum.wrapping_add(*one));
                prop_assert_eq!(held, pair.head().total_supply);
            }
        }
    }
}
