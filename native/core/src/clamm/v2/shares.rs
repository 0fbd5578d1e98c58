//! The shares of a pair as a token: who holds how much, and who may spend it.
//!
//! catalogue: S4. An allowance of everything is never used up. `permit`, which sets one by a signature, is not here: what
//! it sets is `approve`'s.

use super::{Before, EventV2, NOBODY, Pair, add, sub};
use crate::clamm::journal::Undo;
use crate::clamm::position::Address;
use crate::clamm::revert::Revert;
use crate::clamm::u256::U256;
use crate::state;
use std::collections::BTreeMap;

state! {
    /// Whose shares, and who may spend them.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
    pub struct Allowance {
        /// Whose shares.
        pub owner: Address,
        /// Who may spend them.
        pub spender: Address,
    }
}

impl Pair {
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

    /// What accounts may spend of others' shares.
    #[must_use]
    pub const fn allowances(&self) -> &BTreeMap<Allowance, U256> {
        &self.allowances
    }

    /// Moves shares between accounts; `DsSub` when there are fewer.
    pub fn transfer(&mut self, from: Address, to: Address, value: U256) -> Result<(), Revert> {
        self.told.clear();
        self.atomic(|pair| pair.move_shares(from, to, value))
    }

    /// Lets `spender` spend so much of the owner's shares.
    pub fn approve(&mut self, owner: Address, spender: Address, value: U256) {
        self.told.clear();
        self.allow(Allowance { owner, spender }, value);
        self.told.push(EventV2::Approval { owner, spender, value });
        self.journal.settle();
    }

    /// Moves shares that `spender` may spend; `DsSub` when it may not, or when there are fewer.
    pub fn transfer_from(&mut self, spender: Address, from: Address, to: Address, value: U256) -> Result<(), Revert> {
        self.told.clear();
        self.atomic(|pair| {
            let key = Allowance { owner: from, spender };
            let allowed = pair.allowances.get(&key).copied().unwrap_or_default();
            if allowed != U256::MAX {
                pair.allow(key, sub(allowed, value)?);
            }
            pair.move_shares(from, to, value)
        })
    }

    pub(super) fn move_shares(&mut self, from: Address, to: Address, value: U256) -> Result<(), Revert> {
        let left = sub(self.shares(&from), value)?;
        self.hold(from, left);
        let more = add(self.shares(&to), value)?;
        self.hold(to, more);
        self.told.push(EventV2::Transfer { from, to, value });
        Ok(())
    }

    /// New shares.
    pub(super) fn give(&mut self, to: Address, value: U256) -> Result<(), Revert> {
        self.head.total_supply = add(self.head.total_supply, value)?;
        let more = add(self.shares(&to), value)?;
        self.hold(to, more);
        self.told.push(EventV2::Transfer { from: NOBODY, to, value });
        Ok(())
    }

    /// Shares that are no more.
    pub(super) fn destroy(&mut self, from: Address, value: U256) -> Result<(), Revert> {
        let left = sub(self.shares(&from), value)?;
        self.hold(from, left);
        self.head.total_supply = sub(self.head.total_supply, value)?;
        self.told.push(EventV2::Transfer { from, to: NOBODY, value });
        Ok(())
    }

    /// Sets an account's shares.
    pub(super) fn hold(&mut self, account: Address, value: U256) {
        let before = self.shares.insert(account, value);
        self.journal.push(Before::Shares(account, before));
    }

    fn allow(&mut self, key: Allowance, value: U256) {
        let before = self.allowances.insert(key, value);
        self.journal.push(Before::Allowance(key, before));
    }

    /// Runs something; when it fails, the pair is as it was.
    pub(super) fn atomic<T>(&mut self, run: impl FnOnce(&mut Self) -> Result<T, Revert>) -> Result<T, Revert> {
        let (head, mark) = (self.head, self.journal.mark());
        let done = run(self);
        if done.is_err() {
            self.roll_back(mark);
            self.head = head;
            self.told.clear();
        }
        self.journal.settle();
        done
    }
}
