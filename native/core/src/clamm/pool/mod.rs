//! The whole v3 pool as a machine: every call of the contract, with its reverts, its events' data and its state.
//!
//! catalogue: S4. Written from the Uniswap v3 whitepaper and from what the deployed bytecode answers. A call either
//! changes the state and returns what its event says, or returns a `Revert` and changes nothing. What the chain gives a
//! call from outside are arguments here: the block's time, who calls, and what a callback pays.

mod collect;
mod fees;
mod follow;
mod hash;
mod liquidity;
mod observe;
mod quoter;
mod swap;
mod undo;
mod whole;
#[cfg(test)]
mod tests;

pub use super::follow::{Asked, Desync};
pub use fees::Flash;
pub use hash::Parts;
pub use liquidity::Amounts;
pub use quoter::NoQuote;
pub use quoter::Quote;
pub use swap::Swap;
pub use undo::Journal;

use super::dialect::in_v3;
use super::journal::Undo;
use super::oracle::{Observation, Present};
use super::position::{Address, Position, PositionKey};
use super::revert::Revert;
use super::tick::{Totals, max_liquidity_per_tick};
use super::tick_math::{MAX_TICK, MIN_TICK, tick_at_sqrt_price};
use super::ticks::Ticks;
use super::u256::U256;
use crate::error::CoreError;
use crate::{canon_enum, state};
use std::collections::BTreeMap;

/// Whose bytecode the pool runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(u8)]
pub enum Family {
    /// Uniswap v3: the protocol takes one part in 4 to 10 of the fees.
    #[default]
    Uniswap = 0,
    /// Pancake v3: the protocol takes so many ten-thousandths of the fees, from the first block on.
    Pancake = 1,
}
canon_enum!(Family { Uniswap, Pancake });

state! {
    /// What a pool is created with and keeps for ever.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub struct Terms {
        /// Whose bytecode.
        pub family: Family,
        /// The fee in millionths of the input.
        pub fee: u32,
        /// Which ticks positions may use: multiples of this.
        pub tick_spacing: i32,
        /// The most liquidity that one tick may carry.
        pub max_liquidity_per_tick: u128,
    }
}

impl Terms {
    /// The terms of a pool as the factories allow them: a fee below a million millionths, a spacing of 1 to 16,383.
    pub fn new(family: Family, fee: u32, tick_spacing: i32) -> crate::error::Result<Self> {
        if fee >= 1_000_000 {
            return Err(CoreError::Field {
                field: "fee",
                was: fee.to_string(),
                why: "must be below 1000000 millionths",
            });
        }
        if !(1..16_384).contains(&tick_spacing) {
            let was = tick_spacing.to_string();
            return Err(CoreError::Field { field: "tick_spacing", was, why: "must be from 1 to 16383" });
        }
        Ok(Self { family, fee, tick_spacing, max_liquidity_per_tick: max_liquidity_per_tick(tick_spacing) })
    }
}

state! {
    /// The numbers of a pool that are one each: `slot0` of the contract, its totals, and what it owns.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub struct Head {
        /// The square root of the price of token 0 in token 1, times 2^96; 0 before `initialize`.
        pub sqrt_price: U256,
        /// The tick of the price.
        pub tick: i32,
        /// The place of the last observation.
        pub observation_index: u16,
        /// How many observations are kept.
        pub observation_cardinality: u16,
        /// How many will be kept once the ring comes round.
        pub observation_cardinality_next: u16,
        /// The protocol's share of the fees, as the contract packs it: two of 4 bits (Uniswap) or of 16 (Pancake).
        pub fee_protocol: u32,
        /// Whether a call may enter.
        pub unlocked: bool,
        /// Fees per unit of liquidity of both tokens since the beginning, times 2^128.
        pub fee_growth_global: [U256; 2],
        /// What the protocol has not collected of both tokens, in smallest units.
        pub protocol_fees: [u128; 2],
        /// The liquidity in range.
        pub liquidity: u128,
        /// What the pool owns of both tokens, in smallest units; nothing where nobody told: then transfers never fail.
        pub balances: Option<[U256; 2]>,
    }
}

/// What the caller's callback pays in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Payment {
    /// Exactly what is owed.
    Due,
    /// These amounts of token 0 and token 1, in smallest units, whatever is owed.
    Amounts([U256; 2]),
}

impl Payment {
    /// What is paid of a token when `due` is owed.
    const fn of(self, token: usize, due: U256) -> U256 {
        match self {
            Self::Due => due,
            Self::Amounts(amounts) => amounts[token],
        }
    }
}

/// A v3 pool.
#[derive(Debug, Clone)]
pub struct Pool {
    terms: Terms,
    head: Head,
    ticks: Ticks,
    positions: BTreeMap<PositionKey, Position>,
    /// The places of the ring that are in use or were paid for.
    observations: Vec<Observation>,
    journal: Journal,
}

impl PartialEq for Pool {
    /// Equal state; what can be undone does not count.
    fn eq(&self, other: &Self) -> bool {
        self.terms == other.terms
            && self.head == other.head
            && self.ticks == other.ticks
            && self.positions == other.positions
            && self.observations == other.observations
    }
}

impl Pool {
    /// A pool as the factory deploys it: without a price, and locked until it has one.
    #[must_use]
    pub fn new(terms: Terms) -> Self {
        Self {
            terms,
            head: Head { balances: Some([U256::ZERO; 2]), ..Head::default() },
            ticks: Ticks::default(),
            positions: BTreeMap::new(),
            observations: Vec::new(),
            journal: Journal::default(),
        }
    }

    /// The terms of the pool.
    #[must_use]
    pub const fn terms(&self) -> &Terms {
        &self.terms
    }

    /// Price, liquidity, totals and balances.
    #[must_use]
    pub const fn head(&self) -> &Head {
        &self.head
    }

    /// The initialised ticks.
    #[must_use]
    pub const fn ticks(&self) -> &Ticks {
        &self.ticks
    }

    /// All positions that ever were, in the order of their keys.
    #[must_use]
    pub const fn positions(&self) -> &BTreeMap<PositionKey, Position> {
        &self.positions
    }

    /// The ring of observations.
    #[must_use]
    pub fn observations(&self) -> &[Observation] {
        &self.observations
    }

    /// Gives the pool its first price. `Ai` the second time, `R` for a price out of range.
    pub fn initialize(&mut self, sqrt_price: U256, now: u32) -> Result<i32, Revert> {
        if !self.head.sqrt_price.is_zero() {
            return Err(Revert::Ai);
        }
        let tick = tick_at_sqrt_price(sqrt_price).map_err(in_v3)?;
        self.journal.observation_grown(0);
        self.observations.clear();
        self.observations.push(Observation::first(now));
        self.head.sqrt_price = sqrt_price;
        self.head.tick = tick;
        self.head.observation_index = 0;
        self.head.observation_cardinality = 1;
        self.head.observation_cardinality_next = 1;
        self.head.fee_protocol = self.terms.first_fee_protocol();
        self.head.unlocked = true;
        self.journal.settle();
        Ok(tick)
    }

    /// Locks or unlocks the pool, as it is for whoever is called back in the middle of a call.
    pub const fn set_unlocked(&mut self, unlocked: bool) {
        self.head.unlocked = unlocked;
    }

    /// Sets what the pool owns: tokens that somebody sent, or a balance that only now becomes known.
    pub const fn set_balances(&mut self, balances: Option<[U256; 2]>) {
        self.head.balances = balances;
    }

    /// Runs a call; when it fails, everything that it changed is put back.
    #[inline]
    fn call<T>(&mut self, run: impl FnOnce(&mut Self) -> Result<T, Revert>) -> Result<T, Revert> {
        if !self.head.unlocked {
            return Err(Revert::Lok);
        }
        let (head, mark) = (self.head, self.journal.mark());
        match run(self) {
            Ok(value) => {
                self.journal.settle();
                Ok(value)
            }
            Err(revert) => {
                self.roll_back(mark);
                self.head = head;
                Err(in_v3(revert))
            }
        }
    }

    /// The present as the oracle needs it.
    const fn present(&self, now: u32) -> Present {
        Present {
            time: now,
            tick: self.head.tick,
            liquidity: self.head.liquidity,
            index: self.head.observation_index,
            cardinality: self.head.observation_cardinality,
        }
    }

    /// The pool's totals at this moment. `I` before the first price.
    fn totals(&self, now: u32) -> Result<Totals, Revert> {
        let (tick_cumulative, seconds_per_liquidity) =
            super::oracle::observe(&self.observations, &self.present(now), 0)?;
        Ok(Totals { fee_growth: self.head.fee_growth_global, seconds_per_liquidity, tick_cumulative, time: now })
    }

    /// Writes the block's observation, if it has none yet, with tick and liquidity as they have been.
    fn write_observation(&mut self, now: u32) {
        let present = self.present(now);
        let next = self.head.observation_cardinality_next;
        if let Some((index, cardinality, before)) = super::oracle::write(&mut self.observations, &present, next) {
            self.journal.observation(index, before);
            self.head.observation_index = index;
            self.head.observation_cardinality = cardinality;
        }
    }

    /// A transfer out of the pool. `Tf` when it owns less.
    fn pay_out(&mut self, token: usize, amount: U256) -> Result<(), Revert> {
        if let Some(balances) = &mut self.head.balances {
            balances[token] = balances[token].checked_sub(amount).ok_or(Revert::Tf)?;
        }
        Ok(())
    }

    /// A payment into the pool, which must be at least `due`, else `short`.
    fn take_in(&mut self, token: usize, due: U256, paid: U256, short: Revert) -> Result<(), Revert> {
        let before = self.head.balances.map_or(U256::ZERO, |balances| balances[token]);
        let after = before.checked_add(paid).ok_or(Revert::Empty)?;
        if before.checked_add(due).ok_or(Revert::Empty)? > after {
            return Err(short);
        }
        if let Some(balances) = &mut self.head.balances {
            balances[token] = after;
        }
        Ok(())
    }
}

/// A range of ticks that a position may have: `Tlu`, `Tlm` and `Tum` in this order.
const fn check_ticks(lower: i32, upper: i32) -> Result<(), Revert> {
    if lower >= upper {
        Err(Revert::Tlu)
    } else if lower < MIN_TICK {
        Err(Revert::Tlm)
    } else if upper > MAX_TICK {
        Err(Revert::Tum)
    } else {
        Ok(())
    }
}

/// The account that calls where nobody says which.
pub const NOBODY: Address = [0; 20];
