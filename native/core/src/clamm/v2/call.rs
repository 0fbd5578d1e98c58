//! The calls of a pair: mint, burn, swap, skim, sync, and the protocol's part of what grew.
//!
//! catalogue: S4. Each enters only when no other has: `V2Locked`.

use super::{EventV2, MINIMUM_LIQUIDITY, NOBODY, Pair, RESERVE_MAX, add, div, mul, sqrt, sub};
use crate::clamm::position::Address;
use crate::clamm::revert::Revert;
use crate::clamm::u256::U256;

impl Pair {
    /// Gives `to` shares for what was paid in since the reserves were written; returns how many.
    pub fn mint(&mut self, sender: Address, to: Address, now: u32) -> Result<U256, Revert> {
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
            pair.told.push(EventV2::Mint { sender, amounts });
            Ok(shares)
        })
    }

    /// Pays `to` both tokens for the shares that the pair itself holds; returns the amounts.
    pub fn burn(&mut self, sender: Address, to: Address, now: u32) -> Result<[U256; 2], Revert> {
        self.call(|pair| {
            let (balances, shares) = (pair.head.balances, pair.shares(&pair.address));
            let fee_on = pair.mint_fee()?;
            let total = pair.head.total_supply;
            let share_of = |balance: U256| div(mul(shares, balance)?, total);
            let amounts = [share_of(balances[0])?, share_of(balances[1])?];
            if amounts[0].is_zero() || amounts[1].is_zero() {
                return Err(Revert::V2LiquidityBurned);
            }
            pair.destroy(pair.address, shares)?;
            pair.pay_out(to, amounts)?;
            pair.update(now)?;
            pair.remember(fee_on)?;
            pair.told.push(EventV2::Burn { sender, amounts, to });
            Ok(amounts)
        })
    }

    /// Pays `to` what is asked for, takes what the callback pays, and wants the product back, with three thousandths of
    /// what came in taken off first. Returns what came in.
    pub fn swap(
        &mut self,
        sender: Address,
        to: Address,
        out: [U256; 2],
        paid: [U256; 2],
        now: u32,
    ) -> Result<[U256; 2], Revert> {
        self.call(|pair| {
            if out[0].is_zero() && out[1].is_zero() {
                return Err(Revert::V2OutputAmount);
            }
            let reserves = pair.head.reserves.map(U256::from);
            if out[0] >= reserves[0] || out[1] >= reserves[1] {
                return Err(Revert::V2Liquidity);
            }
            // Whose tokens nobody told has no address to refuse.
            if pair.head.tokens != [NOBODY; 2] && pair.head.tokens.contains(&to) {
                return Err(Revert::V2InvalidTo);
            }
            pair.pay_out(to, out)?;
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
            pair.told.push(EventV2::Swap { sender, came, out, to });
            Ok(came)
        })
    }

    /// Pays `to` what the pair owns beyond its reserves; returns the amounts.
    pub fn skim(&mut self, to: Address) -> Result<[U256; 2], Revert> {
        self.call(|pair| {
            let [reserve0, reserve1] = pair.head.reserves.map(U256::from);
            let [balance0, balance1] = pair.head.balances;
            let amounts = [sub(balance0, reserve0)?, sub(balance1, reserve1)?];
            pair.pay_out(to, amounts)?;
            Ok(amounts)
        })
    }

    /// Counts what the pair owns as its reserves.
    pub fn sync(&mut self, now: u32) -> Result<(), Revert> {
        self.call(|pair| pair.update(now))
    }

    /// Runs a call; when it fails, the pair is as it was.
    fn call<T>(&mut self, run: impl FnOnce(&mut Self) -> Result<T, Revert>) -> Result<T, Revert> {
        self.told.clear();
        if self.head.locked {
            return Err(Revert::V2Locked);
        }
        self.atomic(run)
    }

    /// Transfers of both tokens; what the pair pays to itself it keeps.
    fn pay_out(&mut self, to: Address, amounts: [U256; 2]) -> Result<(), Revert> {
        let own = to == self.address;
        for (balance, amount) in self.head.balances.iter_mut().zip(amounts) {
            let left = balance.checked_sub(amount).ok_or(Revert::V2TransferFailed)?;
            if !own {
                *balance = left;
            }
        }
        Ok(())
    }

    /// Writes the balances as reserves, and the prices that held until now into the sums.
    pub(super) fn update(&mut self, now: u32) -> Result<(), Revert> {
        let fits =
            |balance: U256| balance.to_u128().filter(|balance| *balance <= RESERVE_MAX).ok_or(Revert::V2Overflow);
        let reserves = [fits(self.head.balances[0])?, fits(self.head.balances[1])?];
        self.head.price_cumulative_last = self.price_cumulatives(now);
        self.head.time_last = now;
        self.head.reserves = reserves;
        self.told.push(EventV2::Sync { reserves });
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
