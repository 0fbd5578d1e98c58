//! Following a pool on a chain: each event of its log is done again, and the first one that comes out otherwise is told.
//!
//! catalogue: S4, M6. A `Swap` does not say what was asked for. It was an exact input, an exact output, or a swap that
//! ended at a price limit; each gives one result, so the one that gives the log's is tried for in this order. Where two
//! of them give it, they leave the same state: the amounts fix the input, the price and with them the fee.

use super::{Payment, Pool};
use crate::clamm::dialect::in_v3;
use crate::clamm::events::Event;
use crate::clamm::follow::{Asked, Desync, Follow, same, same_amounts};
use crate::clamm::i256::I256;
use crate::clamm::journal::Undo;
use crate::clamm::log::Word;
use crate::clamm::position::PositionKey;
use crate::clamm::revert::Revert;
use crate::clamm::tick_math::{MAX_SQRT_PRICE, MIN_SQRT_PRICE};
use crate::clamm::u256::U256;
use crate::error;

/// What a `Swap` log says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Logged {
    amounts: [I256; 2],
    sqrt_price: U256,
    liquidity: u128,
    tick: i32,
    protocol: Option<[u128; 2]>,
}

impl Follow for Pool {
    type Event = Event;

    fn event(&self, topics: &[Word], data: &[u8]) -> error::Result<Option<Event>> {
        Event::of_log(topics, data)
    }

    fn follow(&mut self, event: &Event, now: u32, whole: bool) -> Result<Option<Asked>, Desync> {
        if let Event::Swap { amounts, sqrt_price, liquidity, tick, protocol, .. } = *event {
            return self.follow_swap(&Logged { amounts, sqrt_price, liquidity, tick, protocol }, now).map(Some);
        }
        let (head, mark) = (self.head, self.journal.mark());
        let kept = self.journal.hold();
        let done = self.redo(event, now, whole);
        self.journal.release(kept);
        if done.is_err() {
            self.roll_back(mark);
            self.head = head;
        }
        self.journal.settle();
        done.map(|()| None)
    }
}

impl Pool {
    /// Does any event but a swap again.
    fn redo(&mut self, event: &Event, now: u32, whole: bool) -> Result<(), Desync> {
        match *event {
            Event::Initialize { sqrt_price, tick } => {
                let found =
                    self.initialize(sqrt_price, now).map_err(|revert| Desync::reverted("Initialize", revert))?;
                same("tick", found, tick)
            }
            Event::Mint { owner, lower, upper, liquidity, amounts, .. } => {
                let minted = self.mint(owner, lower, upper, liquidity, now, Payment::Due);
                same_amounts("Mint", minted, amounts)
            }
            Event::Burn { owner, lower, upper, liquidity, amounts } => {
                let key = PositionKey::new(owner, lower, upper);
                if !whole && self.know_liquidity(key, liquidity) {
                    return Ok(());
                }
                let burnt = self.burn(owner, lower, upper, liquidity, now);
                same_amounts("Burn", burnt, amounts)
            }
            Event::Collect { owner, lower, upper, amounts, .. } => {
                let key = PositionKey::new(owner, lower, upper);
                if !whole {
                    self.know_owed(key, amounts);
                }
                let paid = self.collect(owner, lower, upper, amounts);
                same_amounts("Collect", paid.map(|paid| paid.map(U256::from)), amounts.map(|one| Some(U256::from(one))))
            }
            Event::Flash { amounts, paid, .. } => {
                let back = [amounts[0].wrapping_add(paid[0]), amounts[1].wrapping_add(paid[1])];
                let left = self.flash(amounts, Payment::Amounts(back)).map(|flash| flash.paid);
                same_amounts("Flash", left, paid.map(Some))
            }
            Event::IncreaseObservationCardinalityNext { before, after } => {
                let grown = self.increase_observation_cardinality_next(after);
                let (old, new) =
                    grown.map_err(|revert| Desync::reverted("IncreaseObservationCardinalityNext", revert))?;
                same("before", old, before)?;
                same("after", new, after)
            }
            Event::SetFeeProtocol { before, after, .. } => {
                let old =
                    self.set_fee_protocol(true, after).map_err(|revert| Desync::reverted("SetFeeProtocol", revert))?;
                same("before0", old[0], before[0])?;
                same("before1", old[1], before[1])
            }
            Event::CollectProtocol { amounts, .. } => {
                let paid = self.collect_protocol(true, amounts).map(|paid| paid.map(U256::from));
                same_amounts("CollectProtocol", paid, amounts.map(|one| Some(U256::from(one))))
            }
            Event::Swap { .. } => Ok(()),
        }
    }

    /// Gives a position the liquidity that a burn shows it must have; true when the burn was a poke of an unknown one.
    fn know_liquidity(&mut self, key: PositionKey, liquidity: u128) -> bool {
        let before = self.positions.get(&key).copied();
        let mut position = before.unwrap_or_default();
        if position.liquidity >= liquidity.max(1) {
            return false;
        }
        if liquidity == 0 {
            return true;
        }
        if position.liquidity == 0 {
            position.fee_growth_inside_last = self.fee_growth_inside(key.lower, key.upper).unwrap_or_default();
        }
        position.liquidity = liquidity;
        self.journal.position(key, before);
        self.positions.insert(key, position);
        false
    }

    /// Gives a position what a collection shows it must have been owed.
    fn know_owed(&mut self, key: PositionKey, amounts: [u128; 2]) {
        let before = self.positions.get(&key).copied();
        let mut position = before.unwrap_or_default();
        for (owed, amount) in position.owed.iter_mut().zip(amounts) {
            *owed = amount.max(*owed);
        }
        self.journal.position(key, before);
        self.positions.insert(key, position);
    }

    /// Finds what a swap asked for, and leaves the pool as the swap did.
    fn follow_swap(&mut self, logged: &Logged, now: u32) -> Result<Asked, Desync> {
        if !self.head.unlocked {
            return Err(Desync::reverted("Swap", Revert::Lok));
        }
        let zero_for_one = match (logged.amounts[0], logged.amounts[1]) {
            (first, _) if !first.is_negative() && !first.is_zero() => true,
            (_, second) if !second.is_negative() && !second.is_zero() => false,
            // Nothing was paid: the price moved through a range without liquidity.
            _ => logged.sqrt_price < self.head.sqrt_price,
        };
        let (paid, received) = if zero_for_one { (0, 1) } else { (1, 0) };
        let bound =
            if zero_for_one { MIN_SQRT_PRICE.wrapping_add(U256::ONE) } else { MAX_SQRT_PRICE.wrapping_sub(U256::ONE) };
        let tries = [
            (Asked::Input, logged.amounts[paid], bound),
            (Asked::Output, logged.amounts[received], bound),
            (Asked::Limit, I256::MAX, logged.sqrt_price),
        ];
        // The try that agrees with the log for longest tells most.
        let mut closest = None;
        for (asked, amount, limit) in tries {
            let sign = asked == Asked::Output;
            if amount.is_zero() || amount.is_negative() != sign {
                continue;
            }
            match self.try_swap(zero_for_one, amount, limit, now, logged) {
                Ok(()) => return Ok(asked),
                Err(found) => closest = closest.filter(|known: &Miss| known.0 >= found.0).or(Some(found)),
            }
        }
        Err(match closest {
            None => Desync::new("amount0", &"an amount", &"0"),
            Some((_, Err(revert))) => Desync::reverted("Swap", in_v3(revert)),
            Some((place, Ok(mine))) => mine.difference(place, logged),
        })
    }

    /// Swaps, and takes it back unless it comes out as logged.
    #[expect(
        clippy::result_large_err,
        reason = "every exact output misses once: an allocation costs more than the copy"
    )]
    fn try_swap(
        &mut self,
        zero_for_one: bool,
        amount: I256,
        limit: U256,
        now: u32,
        logged: &Logged,
    ) -> Result<(), Miss> {
        let (head, mark) = (self.head, self.journal.mark());
        let done = self
            .pay_swap(zero_for_one, amount, limit, now, Payment::Due)
            .map_err(|revert| (0, Err(revert)))
            .and_then(|swap| {
                let protocol = if zero_for_one { [swap.protocol_fee, 0] } else { [0, swap.protocol_fee] };
                let mine = Logged {
                    amounts: [swap.amount0, swap.amount1],
                    sqrt_price: swap.sqrt_price,
                    liquidity: swap.liquidity,
                    tick: swap.tick,
                    protocol: logged.protocol.map(|_| protocol),
                };
                if mine == *logged { Ok(()) } else { Err((mine.agrees_until(logged), Ok(mine))) }
            });
        if done.is_err() {
            self.roll_back(mark);
            self.head = head;
        }
        self.journal.settle();
        done
    }

    /// Takes an event's word for price, liquidity and tick, where the ticks between are not known. What fees grew
    /// meanwhile stays unknown.
    pub const fn adopt(&mut self, sqrt_price: U256, liquidity: u128, tick: i32) {
        self.head.sqrt_price = sqrt_price;
        self.head.liquidity = liquidity;
        self.head.tick = tick;
    }
}

/// A try that did not come out as logged: how many fields agree, and what came out. Told in words only at the end,
/// because a swap that asked for an output misses once before it hits.
type Miss = (usize, Result<Logged, Revert>);

impl Logged {
    /// How many fields agree before the first that differs.
    fn agrees_until(&self, logged: &Self) -> usize {
        let same = [
            self.amounts[0] == logged.amounts[0],
            self.amounts[1] == logged.amounts[1],
            self.sqrt_price == logged.sqrt_price,
            self.liquidity == logged.liquidity,
            self.tick == logged.tick,
        ];
        same.iter().position(|same| !same).unwrap_or(same.len())
    }

    /// The difference in the field at a place.
    fn difference(&self, place: usize, logged: &Self) -> Desync {
        match place {
            0 => Desync::new("amount0", &self.amounts[0], &logged.amounts[0]),
            1 => Desync::new("amount1", &self.amounts[1], &logged.amounts[1]),
            2 => Desync::new("sqrt_price", &self.sqrt_price, &logged.sqrt_price),
            3 => Desync::new("liquidity", &self.liquidity, &logged.liquidity),
            4 => Desync::new("tick", &self.tick, &logged.tick),
            _ => Desync::new("protocol", &format!("{:?}", self.protocol), &format!("{:?}", logged.protocol)),
        }
    }
}
