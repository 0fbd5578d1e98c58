//! Claims on what the manager holds, as tokens of ERC-6909: kept instead of taken out, and used to pay later.
//!
//! catalogue: S4. A claim's id is its currency's address as a number. Minting and burning need the manager unlocked, because
//! they are settled like everything else; transfers do not. Sums and differences are Solidity 0.8's: `Panic(0x11)` where
//! there is less than is asked for. An operator may spend everything, and so may an allowance of everything.

use super::{Manager, positive};
use crate::clamm::position::Address;
use crate::clamm::revert::Revert;
use crate::clamm::u256::U256;
use crate::state;
use std::collections::BTreeMap;

state! {
    /// Whose claims of which id.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
    pub struct Claim {
        /// Who holds them.
        pub owner: Address,
        /// The currency's address as a number, as 32 bytes.
        pub id: [u8; 32],
    }
}

state! {
    /// Who may spend whose claims of which id.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
    pub struct ClaimAllowance {
        /// Who holds them.
        pub owner: Address,
        /// Who may spend them.
        pub spender: Address,
        /// The currency's address as a number, as 32 bytes.
        pub id: [u8; 32],
    }
}

state! {
    /// Who may spend all of whose claims.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
    pub struct Operator {
        /// Who holds them.
        pub owner: Address,
        /// Who may spend them.
        pub operator: Address,
    }
}

state! {
    /// All claims.
    #[derive(Debug, Clone, PartialEq, Default)]
    pub struct Claims {
        /// How many an owner has.
        pub balances: BTreeMap<Claim, U256>,
        /// How many a spender may spend.
        pub allowances: BTreeMap<ClaimAllowance, U256>,
        /// Who may spend everything.
        pub operators: BTreeMap<Operator, bool>,
    }
}

const OVERFLOW: Revert = Revert::Panic(0x11);

impl Manager {
    /// Turns what the caller is owed into claims of `to`. `ManagerLocked`; `SafeCastOverflow` for 2^127 and more.
    pub fn mint_claims(&mut self, caller: Address, to: Address, id: U256, amount: U256) -> Result<(), Revert> {
        self.check_unlocked()?;
        let (currency, change) = (currency_of(id), positive(amount)?);
        self.add_claims(claim(to, currency), amount)?;
        self.add(caller, currency, -change);
        Ok(())
    }

    /// Turns claims of `from` into what the caller is owed; the caller is `from`, or may spend them.
    pub fn burn_claims(&mut self, caller: Address, from: Address, id: U256, amount: U256) -> Result<(), Revert> {
        self.check_unlocked()?;
        let (currency, change) = (currency_of(id), positive(amount)?);
        self.spend(caller, claim(from, currency), amount)?;
        self.add(caller, currency, change);
        Ok(())
    }

    /// Moves the caller's claims.
    pub fn transfer_claims(&mut self, caller: Address, to: Address, id: U256, amount: U256) -> Result<(), Revert> {
        self.transfer_claims_from(caller, caller, to, id, amount)
    }

    /// Moves claims of `from`; the caller is `from`, or may spend them.
    pub fn transfer_claims_from(
        &mut self,
        caller: Address,
        from: Address,
        to: Address,
        id: U256,
        amount: U256,
    ) -> Result<(), Revert> {
        let id = id.to_be_bytes();
        self.spend(caller, Claim { owner: from, id }, amount)?;
        // The sum of all claims of an id is what `mint_claims` could add: it fits.
        self.add_claims(Claim { owner: to, id }, amount)
    }

    /// Lets `spender` spend so many of the caller's claims.
    pub fn approve_claims(&mut self, caller: Address, spender: Address, id: U256, amount: U256) {
        self.claims.allowances.insert(ClaimAllowance { owner: caller, spender, id: id.to_be_bytes() }, amount);
    }

    /// Says whether `operator` may spend all of the caller's claims.
    pub fn set_operator(&mut self, caller: Address, operator: Address, approved: bool) {
        self.claims.operators.insert(Operator { owner: caller, operator }, approved);
    }

    /// All claims.
    #[must_use]
    pub const fn claims(&self) -> &BTreeMap<Claim, U256> {
        &self.claims.balances
    }

    /// What may be spent of others' claims.
    #[must_use]
    pub const fn claim_allowances(&self) -> &BTreeMap<ClaimAllowance, U256> {
        &self.claims.allowances
    }

    /// Who may spend everything, and who may not any more.
    #[must_use]
    pub const fn operators(&self) -> &BTreeMap<Operator, bool> {
        &self.claims.operators
    }

    fn add_claims(&mut self, claim: Claim, amount: U256) -> Result<(), Revert> {
        let held = self.claims.balances.entry(claim).or_default();
        *held = held.checked_add(amount).ok_or(OVERFLOW)?;
        Ok(())
    }

    /// Takes claims away that the caller may spend; nothing changes where it may not.
    fn spend(&mut self, caller: Address, claim: Claim, amount: U256) -> Result<(), Revert> {
        let held = self.claims.balances.get(&claim).copied().unwrap_or_default();
        let operates = Operator { owner: claim.owner, operator: caller };
        if claim.owner != caller && !self.claims.operators.get(&operates).copied().unwrap_or_default() {
            let key = ClaimAllowance { owner: claim.owner, spender: caller, id: claim.id };
            let allowed = self.claims.allowances.get(&key).copied().unwrap_or_default();
            if allowed != U256::MAX {
                let (left, _) =
                    (allowed.checked_sub(amount).ok_or(OVERFLOW)?, held.checked_sub(amount).ok_or(OVERFLOW)?);
                self.claims.allowances.insert(key, left);
            }
        }
        self.claims.balances.insert(claim, held.checked_sub(amount).ok_or(OVERFLOW)?);
        Ok(())
    }
}

/// The currency that an id names: what does not fit into an address is cut off.
fn currency_of(id: U256) -> Address {
    let mut currency = [0; 20];
    currency.copy_from_slice(&id.to_be_bytes()[12..]);
    currency
}

fn claim(owner: Address, currency: Address) -> Claim {
    let mut id = [0; 32];
    id[12..].copy_from_slice(&currency);
    Claim { owner, id }
}

#[cfg(test)]
mod tests {
    use super::super::Account;
    use super::*;

    #[test]
    fn claims_settle_what_is_owed() {
        let (me, you, mut manager) = ([1; 20], [2; 20], Manager::default());
        let (currency, five) = ([7; 20], U256::from(5_u64));
        let id = U256::from_be_bytes(claim(me, currency).id);
        assert!(manager.mint_claims(me, you, id, five).is_err(), "locked");
        manager.unlock().unwrap();
        manager.settle(me, currency, five).unwrap();
        manager.mint_claims(me, you, id, five).unwrap();
        assert_eq!(manager.delta(&Account { owner: me, currency }), crate::clamm::i256::I256::ZERO);
        assert_eq!(manager.burn_claims(me, you, id, five), Err(OVERFLOW), "no allowance");
        manager.approve_claims(you, me, id, U256::from(9_u64));
        manager.burn_claims(me, you, id, U256::from(2_u64)).unwrap();
        let before = manager.clone();
        assert_eq!(manager.transfer_claims_from(me, you, me, id, U256::from(4_u64)), Err(OVERFLOW), "only three left");
        assert!(manager == before);
        manager.set_operator(you, me, true);
        manager.transfer_claims_from(me, you, me, id, U256::from(3_u64)).unwrap();
        assert_eq!(manager.claims()[&claim(me, currency)], U256::from(3_u64));
    }
}
