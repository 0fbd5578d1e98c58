//! A v2 pair: constant product, shares as a token, the price summed over time.
//!
//! catalogue: S4. From the Uniswap v2 whitepaper and from what the deployed bytecode answers (Solidity 0.5: checked sums
//! say ds-math, a division by 0 is an invalid instruction). Tokens are paid in before a call (`deposit`), or by a swap's
//! callback. A call that fails changes nothing; one that succeeds leaves what it logged in `told`.

mod call;
mod events;
mod follow;
mod shares;
#[cfg(test)]
mod tests;

pub use events::EventV2;
pub use shares::Allowance;

use super::journal::{Journal, Undo, its_journal};
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
pub const NOBODY: Address = [0; 20];
/// The address of a pair that nobody gave one.
pub const PAIR: Address = [0xff; 20];
/// The largest reserve: `uint112`.
const RESERVE_MAX: u128 = (1 << 112) - 1;

state! {
    /// The numbers of a pair that are one each.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub struct PairHead {
        /// The two tokens, the lower address first; zeros before `initialize`.
        pub tokens: [Address; 2],
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
#[derive(Debug, Clone)]
pub struct Pair {
    address: Address,
    head: PairHead,
    shares: BTreeMap<Address, U256>,
    allowances: BTreeMap<Allowance, U256>,
    /// Who gets the protocol's part, where the factory says so.
    fee_to: Option<Address>,
    told: Vec<EventV2>,
    journal: Journal<Before, Saved>,
    followed: follow::Followed,
}

/// A value that was replaced.
#[derive(Debug, Clone)]
pub enum Before {
    /// An account's shares.
    Shares(Address, Option<U256>),
    /// What an account may spend of another's shares.
    Allowance(Allowance, Option<U256>),
}

/// The pair's numbers with what the factory says, as a block found them.
#[derive(Debug, Clone, Copy)]
pub struct Saved {
    head: PairHead,
    fee_to: Option<Address>,
    k_seen: U256,
}

/// What a pair is loaded from.
#[derive(Debug, Clone, Default)]
pub struct PairParts {
    /// Where the pair is.
    pub address: Address,
    /// Its numbers.
    pub head: PairHead,
    /// The shares of each holder.
    pub shares: BTreeMap<Address, U256>,
    /// Who gets the protocol's part.
    pub fee_to: Option<Address>,
}

impl Default for Pair {
    /// A pair at no address in particular, of no tokens in particular.
    fn default() -> Self {
        Self::new(PAIR)
    }
}

impl PartialEq for Pair {
    /// Equal state; what can be undone and what was told last do not count.
    fn eq(&self, other: &Self) -> bool {
        self.address == other.address
            && self.head == other.head
            && self.shares == other.shares
            && self.allowances == other.allowances
            && self.fee_to == other.fee_to
    }
}

impl Pair {
    /// A pair as its factory deploys it.
    #[must_use]
    pub fn new(address: Address) -> Self {
        Self::from_parts(PairParts { address, ..PairParts::default() })
    }

    /// A pair in a state that is known.
    #[must_use]
    pub fn from_parts(parts: PairParts) -> Self {
        let PairParts { address, head, shares, fee_to } = parts;
        Self {
            address,
            head,
            shares,
            allowances: BTreeMap::new(),
            fee_to,
            told: Vec::new(),
            journal: Journal::default(),
            followed: follow::Followed::after(&head),
        }
    }

    /// Where the pair is.
    #[must_use]
    pub const fn address(&self) -> &Address {
        &self.address
    }

    /// The pair's numbers.
    #[must_use]
    pub const fn head(&self) -> &PairHead {
        &self.head
    }

    /// What the last call logged, in order.
    #[must_use]
    pub fn told(&self) -> &[EventV2] {
        &self.told
    }

    /// Says what the two tokens are. `V2Forbidden` for anybody but the factory.
    pub fn initialize(&mut self, by_factory: bool, tokens: [Address; 2]) -> Result<(), Revert> {
        if !by_factory {
            return Err(Revert::V2Forbidden);
        }
        self.head.tokens = tokens;
        Ok(())
    }

    /// Who gets the protocol's part.
    #[must_use]
    pub const fn fee_to(&self) -> Option<Address> {
        self.fee_to
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

    /// What the pair owns from now on, where the tokens changed it by themselves.
    pub const fn set_balances(&mut self, balances: [U256; 2]) {
        self.head.balances = balances;
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
        self.address.put(&mut bytes);
        self.head.put(&mut bytes);
        self.shares.put(&mut bytes);
        self.allowances.put(&mut bytes);
        self.fee_to.put(&mut bytes);
        component_hash(&bytes)
    }
}

impl Undo for Pair {
    type Before = Before;
    type Head = Saved;

    its_journal!();

    fn saved(&self) -> Saved {
        Saved { head: self.head, fee_to: self.fee_to, k_seen: self.followed.k_seen }
    }

    fn restore(&mut self, saved: Saved) {
        self.head = saved.head;
        self.fee_to = saved.fee_to;
        self.followed = follow::Followed::with(saved.k_seen);
    }

    fn put_back(&mut self, before: Before) {
        match before {
            Before::Shares(holder, Some(held)) => _ = self.shares.insert(holder, held),
            Before::Shares(holder, None) => _ = self.shares.remove(&holder),
            Before::Allowance(key, Some(value)) => _ = self.allowances.insert(key, value),
            Before::Allowance(key, None) => _ = self.allowances.remove(&key),
        }
    }
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
