//! Following one pool of v4 on a chain, by its id: each event of the manager's is done again, and the first one that comes
//! out otherwise is told.
//!
//! catalogue: S4, M6. As with v3, a `Swap` does not say what was asked for: an exact input, an exact output, or more than
//! its price limit allowed; the first of these that gives the log's result is taken. Unlike v3's, a `ModifyLiquidity` does
//! not say what was paid, so it can only be refused.

use super::pool::check_key;
use super::{Change, EventV4, PoolId, PoolKey, PoolV4, int128};
use crate::clamm::follow::{Asked, Desync, Follow, same};
use crate::clamm::i256::I256;
use crate::clamm::journal::{Journal, Undo, its_journal};
use crate::clamm::log::Word;
use crate::clamm::position::{Address, Position, PositionKey};
use crate::clamm::revert::{Custom, Revert};
use crate::clamm::tick::{Tick, fee_growth_inside};
use crate::clamm::tick_math::{MAX_SQRT_PRICE, MIN_SQRT_PRICE};
use crate::clamm::u256::U256;
use crate::error;

/// The largest protocol fee of one direction, in millionths.
const PROTOCOL_FEE_MAX: u32 = 1_000;

/// A value that was replaced.
#[derive(Debug, Clone)]
pub enum Before {
    /// A tick.
    Tick(i32, Option<Tick>),
    /// A position.
    Position(PositionKey, Option<Position>),
}

/// The pool's numbers as a block found them.
#[derive(Debug, Clone, Copy)]
pub struct Saved {
    sqrt_price: U256,
    tick: i32,
    terms: [u32; 2],
    tick_spacing: i32,
    fee_growth_global: [U256; 2],
    liquidity: u128,
}

/// One pool of v4 as the manager's logs tell it.
#[derive(Debug, Clone)]
pub struct FollowedV4 {
    id: PoolId,
    pool: PoolV4,
    journal: Journal<Before, Saved>,
}

/// What a `Swap` log says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Logged {
    amounts: [i128; 2],
    sqrt_price: U256,
    liquidity: u128,
    tick: i32,
    fee: u32,
}

impl FollowedV4 {
    /// A pool that is still to be initialised.
    #[must_use]
    pub fn new(id: PoolId) -> Self {
        Self::from_pool(id, PoolV4::default())
    }

    /// A pool in a state that is known.
    #[must_use]
    pub fn from_pool(id: PoolId, pool: PoolV4) -> Self {
        Self { id, pool, journal: Journal::default() }
    }

    /// The hash of its key.
    #[must_use]
    pub const fn id(&self) -> &PoolId {
        &self.id
    }

    /// The pool's state.
    #[must_use]
    pub const fn pool(&self) -> &PoolV4 {
        &self.pool
    }
}

impl Undo for FollowedV4 {
    type Before = Before;
    type Head = Saved;

    its_journal!();

    fn saved(&self) -> Saved {
        let PoolV4 { sqrt_price, tick, protocol_fee, lp_fee, tick_spacing, fee_growth_global, liquidity, .. } =
            self.pool;
        Saved { sqrt_price, tick, terms: [protocol_fee, lp_fee], tick_spacing, fee_growth_global, liquidity }
    }

    fn restore(&mut self, saved: Saved) {
        let pool = &mut self.pool;
        (pool.sqrt_price, pool.tick, pool.tick_spacing) = (saved.sqrt_price, saved.tick, saved.tick_spacing);
        [pool.protocol_fee, pool.lp_fee] = saved.terms;
        (pool.fee_growth_global, pool.liquidity) = (saved.fee_growth_global, saved.liquidity);
    }

    fn put_back(&mut self, before: Before) {
        match before {
            // A tick that was there before is within the range, so that this cannot be refused.
            Before::Tick(tick, before) => _ = self.pool.ticks.set(tick, before),
            Before::Position(key, Some(before)) => _ = self.pool.positions.insert(key, before),
            Before::Position(key, None) => _ = self.pool.positions.remove(&key),
        }
    }
}

impl Follow for FollowedV4 {
    type Event = EventV4;

    fn event(&self, topics: &[Word], data: &[u8]) -> error::Result<Option<EventV4>> {
        Ok(EventV4::of_log(topics, data)?.filter(|event| *event.id() == self.id))
    }

    fn follow(&mut self, event: &EventV4, now: u32, whole: bool) -> Result<Option<Asked>, Desync> {
        let _ = now; // a v4 pool has no oracle
        let done = self.redo(event, whole);
        self.journal.settle();
        done
    }
}

impl FollowedV4 {
    fn redo(&mut self, event: &EventV4, whole: bool) -> Result<Option<Asked>, Desync> {
        if let EventV4::Initialize { .. } = event {
            return self.initialize(event).map(|()| None);
        }
        if self.pool.sqrt_price.is_zero() {
            return Err(Desync::reverted(name(event), Revert::Custom(Custom::PoolNotInitialized)));
        }
        match *event {
            EventV4::Swap { amounts, sqrt_price, liquidity, tick, fee, .. } => {
                return self.swap(&Logged { amounts, sqrt_price, liquidity, tick, fee }).map(Some);
            }
            EventV4::ModifyLiquidity { sender, lower, upper, liquidity, salt, .. } => {
                self.modify(sender, &Change { lower, upper, liquidity, salt }, whole)?;
            }
            EventV4::Donate { amounts, .. } => {
                self.pool.donate(amounts).map_err(|revert| Desync::reverted("Donate", revert))?;
            }
            EventV4::ProtocolFeeUpdated { fee, .. } => {
                if fee & 0xfff > PROTOCOL_FEE_MAX || fee >> 12 > PROTOCOL_FEE_MAX {
                    let revert = Revert::Custom(Custom::ProtocolFeeTooLarge(fee));
                    return Err(Desync::reverted("ProtocolFeeUpdated", revert));
                }
                self.pool.protocol_fee = fee;
            }
            EventV4::Initialize { .. } => {}
        }
        Ok(None)
    }

    fn initialize(&mut self, event: &EventV4) -> Result<(), Desync> {
        let EventV4::Initialize { currencies, fee, tick_spacing, hooks, sqrt_price, tick, .. } = *event else {
            return Ok(());
        };
        if hooks != [0; 20] {
            return Err(Desync::new("hooks", &"none", &"some"));
        }
        let refused = |revert| Desync::reverted("Initialize", revert);
        if !self.pool.sqrt_price.is_zero() {
            return Err(refused(Revert::Custom(Custom::PoolAlreadyInitialized)));
        }
        let key = PoolKey { currency0: currencies[0], currency1: currencies[1], fee, tick_spacing };
        check_key(&key).map_err(refused)?;
        let pool = PoolV4::new(&key, sqrt_price).map_err(refused)?;
        same("tick", pool.tick, tick)?;
        self.pool = pool;
        Ok(())
    }

    fn modify(&mut self, owner: Address, change: &Change, whole: bool) -> Result<(), Desync> {
        let refused = |revert| Desync::reverted("ModifyLiquidity", revert);
        let delta = int128(change.liquidity).map_err(refused)?;
        let key = PositionKey { owner, lower: change.lower, upper: change.upper, salt: change.salt };
        let known = |tick: i32| Before::Tick(tick, self.pool.ticks.get(tick).copied());
        let before = self.pool.positions.get(&key).copied();
        let replaced = [known(change.lower), known(change.upper), Before::Position(key, before)];
        if !whole && self.know_liquidity(key, delta) {
            return Ok(());
        }
        if let Err(revert) = self.pool.modify(owner, change, delta) {
            self.put_back(Before::Position(key, before));
            return Err(refused(revert));
        }
        replaced.into_iter().for_each(|value| self.journal.push(value));
        Ok(())
    }

    /// Gives a position the liquidity that an event shows it must have; true when that was a poke of an unknown one.
    fn know_liquidity(&mut self, key: PositionKey, delta: i128) -> bool {
        let mut position = self.pool.positions.get(&key).copied().unwrap_or_default();
        if delta > 0 || position.liquidity >= delta.unsigned_abs().max(1) {
            return false;
        }
        if delta == 0 {
            return true;
        }
        if position.liquidity == 0 {
            let (low, high) = (self.pool.ticks.get(key.lower), self.pool.ticks.get(key.upper));
            let ends =
                ((key.lower, &low.copied().unwrap_or_default()), (key.upper, &high.copied().unwrap_or_default()));
            position.fee_growth_inside_last =
                fee_growth_inside(ends.0, ends.1, self.pool.tick, self.pool.fee_growth_global);
        }
        position.liquidity = delta.unsigned_abs();
        self.pool.positions.insert(key, position);
        false
    }

    /// Finds what a swap asked for, and makes it.
    fn swap(&mut self, logged: &Logged) -> Result<Asked, Desync> {
        let zero_for_one = match logged.amounts {
            [first, _] if first < 0 => true,
            [_, second] if second < 0 => false,
            // Nothing was paid: the price moved through a range without liquidity.
            _ => logged.sqrt_price < self.pool.sqrt_price,
        };
        let (paid, received) = if zero_for_one { (0, 1) } else { (1, 0) };
        let bound =
            if zero_for_one { MIN_SQRT_PRICE.wrapping_add(U256::ONE) } else { MAX_SQRT_PRICE.wrapping_sub(U256::ONE) };
        let tries = [
            (Asked::Input, I256::from_i128(logged.amounts[paid]), bound),
            (Asked::Output, I256::from_i128(logged.amounts[received]), bound),
            (Asked::Limit, I256::MAX.wrapping_neg(), logged.sqrt_price),
        ];
        // The try that agrees with the log for longest tells most.
        let mut closest: Option<(usize, Desync)> = None;
        for (asked, amount, limit) in tries {
            if amount.is_zero() || amount.is_negative() == (asked == Asked::Output) {
                continue;
            }
            let missed = match self.pool.plan_swap(zero_for_one, amount, limit) {
                Err(revert) => (0, Desync::reverted("Swap", revert)),
                Ok(planned) => match Logged::of(&planned.told).difference(logged) {
                    None => {
                        for (tick, slot, _) in &planned.crossed {
                            self.journal.push(Before::Tick(*tick, Some(*self.pool.ticks.data(*slot))));
                        }
                        self.pool.make_swap(&planned);
                        return Ok(asked);
                    }
                    Some(missed) => missed,
                },
            };
            closest = closest.filter(|known| known.0 >= missed.0).or(Some(missed));
        }
        Err(closest.map_or_else(|| Desync::new("amount0", &"an amount", &"0"), |(_, desync)| desync))
    }
}

impl Logged {
    const fn of(swap: &super::SwapV4) -> Self {
        let super::SwapV4 { delta, sqrt_price, liquidity, tick, fee, .. } = *swap;
        Self { amounts: delta, sqrt_price, liquidity, tick, fee }
    }

    /// The first field that differs: how many agree before it, and its two values.
    fn difference(&self, logged: &Self) -> Option<(usize, Desync)> {
        let checks = [
            same("fee", self.fee, logged.fee),
            same("amount0", self.amounts[0], logged.amounts[0]),
            same("amount1", self.amounts[1], logged.amounts[1]),
            same("sqrt_price", self.sqrt_price, logged.sqrt_price),
            same("liquidity", self.liquidity, logged.liquidity),
            same("tick", self.tick, logged.tick),
        ];
        checks.into_iter().enumerate().find_map(|(at, check)| check.err().map(|desync| (at, desync)))
    }
}

const fn name(event: &EventV4) -> &'static str {
    match event {
        EventV4::Initialize { .. } => "Initialize",
        EventV4::ModifyLiquidity { .. } => "ModifyLiquidity",
        EventV4::Swap { .. } => "Swap",
        EventV4::Donate { .. } => "Donate",
        EventV4::ProtocolFeeUpdated { .. } => "ProtocolFeeUpdated",
    }
}
