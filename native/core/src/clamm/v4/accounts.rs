//! What callers owe and are owed while the manager is unlocked, and how it is settled.
//!
//! catalogue: S4. Nothing is paid in a call itself: each call changes balances, and `lock` wants all of them to be 0.

use super::{Account, Delta, Manager, PoolKey, custom, positive};
use crate::clamm::i256::I256;
use crate::clamm::position::Address;
use crate::clamm::revert::{Custom, Revert};
use crate::clamm::u256::U256;

impl Manager {
    /// Begins what `unlock` begins on the chain. `AlreadyUnlocked` within another.
    pub fn unlock(&mut self) -> Result<(), Revert> {
        if self.unlocked {
            return custom(Custom::AlreadyUnlocked);
        }
        self.unlocked = true;
        Ok(())
    }

    /// Ends it. `CurrencyNotSettled` while anybody owes or is owed anything; it stays unlocked then.
    pub fn lock(&mut self) -> Result<(), Revert> {
        if !self.deltas.is_empty() {
            return custom(Custom::CurrencyNotSettled);
        }
        self.unlocked = false;
        Ok(())
    }

    /// What an account is owed in a currency; negative for what it owes.
    #[must_use]
    pub fn delta(&self, account: &Account) -> I256 {
        self.deltas.get(account).copied().unwrap_or(I256::ZERO)
    }

    /// Takes a currency out.
    pub fn take(&mut self, caller: Address, currency: Address, amount: U256) -> Result<(), Revert> {
        self.check_unlocked()?;
        let amount = positive(amount)?;
        self.add(caller, currency, -amount);
        Ok(())
    }

    /// Pays a currency in, for whoever it is.
    pub fn settle(&mut self, recipient: Address, currency: Address, paid: U256) -> Result<(), Revert> {
        self.check_unlocked()?;
        let paid = positive(paid)?;
        self.add(recipient, currency, paid);
        Ok(())
    }

    /// Forgoes exactly what the caller is owed.
    pub fn clear(&mut self, caller: Address, currency: Address, amount: U256) -> Result<(), Revert> {
        self.check_unlocked()?;
        let amount = positive(amount)?;
        if I256::from_i128(amount) != self.delta(&Account { owner: caller, currency }) {
            return custom(Custom::MustClearExactPositiveDelta);
        }
        self.add(caller, currency, -amount);
        Ok(())
    }

    pub(super) const fn check_unlocked(&self) -> Result<(), Revert> {
        if self.unlocked { Ok(()) } else { custom(Custom::ManagerLocked) }
    }

    /// Books what a call on a pool changed.
    pub(super) fn account(&mut self, caller: Address, key: &PoolKey, delta: Delta) {
        self.add(caller, key.currency0, delta[0]);
        self.add(caller, key.currency1, delta[1]);
    }

    /// Adds to a balance; one that comes to 0 is forgotten.
    pub(super) fn add(&mut self, owner: Address, currency: Address, amount: i128) {
        let account = Account { owner, currency };
        let next = self.delta(&account).wrapping_add(I256::from_i128(amount));
        if next.is_zero() {
            self.deltas.remove(&account);
        } else {
            self.deltas.insert(account, next);
        }
    }
}
