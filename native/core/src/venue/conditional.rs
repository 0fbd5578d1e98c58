//! Conditional orders: what they wait for, where they stand, and the bounded list of a symbol's.
//!
//! catalogue: S1. Binance's rules: a stop waits for the price to move its way, a take-profit for it to move back, a
//! trailing stop follows the best price and fires when it falls back by a rate. What happens then is in `trigger`.

use super::accounts::E8;
use super::legs::Leg;
use super::matching::NIL;
use super::order::{ClientId, Order, Status, Stp};
use super::place::{NewOrder, field, valid_price};
use crate::error::Result;
use crate::event::{OrderType, TimeInForce};
use crate::instrument::Market;
use crate::units::{Lots, NO_PRICE, Nanos, Side, Ticks};
use crate::{canon_enum, state};
use std::collections::{BTreeMap, VecDeque};

/// How many conditional orders wait in a symbol at most.
pub const LIVE_MAX: usize = 10_000;
/// How many that are over a symbol remembers. The oldest go first.
pub const KEPT_MAX: usize = 10_000;
/// The largest callback rate of a trailing stop times 10^8: 10 %.
pub const CALLBACK_E8_MAX: i64 = 10_000_000;

/// What a conditional order waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Condition {
    /// A buyer waits for the price to rise to the trigger, a seller for it to fall there.
    Stop = 1,
    /// The other way round.
    TakeProfit = 2,
    /// For the price to fall back (rise, for a buyer) from its best by a rate, once it has reached the trigger.
    Trailing = 3,
}
canon_enum!(Condition { Stop, TakeProfit, Trailing });

/// Where a conditional order stands (Binance `algoStatus`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Step {
    /// It waits.
    New = 1,
    /// Its price was met and it goes to the book.
    Triggering = 2,
    /// Its order is in the book.
    Triggered = 3,
    /// Its order has ended.
    Finished = 4,
    /// Taken back by its owner.
    Canceled = 5,
    /// Its order was refused.
    Rejected = 6,
    /// Ended by the venue.
    Expired = 7,
}
canon_enum!(Step { New, Triggering, Triggered, Finished, Canceled, Rejected, Expired });

state! {
    /// One conditional order.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Conditional {
        /// Its id; on spot its order's.
        pub id: u64,
        /// Whose it is.
        pub account: u32,
        /// The owner's id for it, and for its order.
        pub client_id: ClientId,
        /// Its side.
        pub side: Side,
        /// The position that its order is for.
        pub leg: Leg,
        /// What it waits for.
        pub condition: Condition,
        /// The type of its order.
        pub kind: OrderType,
        /// How long its order lives.
        pub tif: TimeInForce,
        /// The limit of its order, `NO_PRICE` for a market order.
        pub price: Ticks,
        /// The size of its order; 0 where it closes whatever the position is by then.
        pub qty: Lots,
        /// Only ever closes a position.
        pub reduce_only: bool,
        /// Closes the whole position, and is over when there is none.
        pub close_position: bool,
        /// Its order's self-trade prevention.
        pub stp: Stp,
        /// The price it waits for; for a trailing stop where following begins, `NO_PRICE` for at once.
        pub trigger: Ticks,
        /// The callback of a trailing stop times 10^8.
        pub rate_e8: i64,
        /// Whether the mark price counts, and not the last one.
        pub by_mark: bool,
        /// The best price that a trailing stop has seen, `NO_PRICE` before it follows.
        pub extreme: Ticks,
        /// Where it stands.
        pub step: Step,
        /// Its order, 0 before there is one.
        pub order: u64,
        /// When it came.
        pub created_ts: Nanos,
        /// When it last changed.
        pub updated_ts: Nanos,
        /// When it was triggered, 0 before.
        pub triggered_ts: Nanos,
    }
}

/// A price as those who wait see it: a mark price lies between two ticks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    /// The tick at or below it.
    pub low: Ticks,
    /// The tick at or above it.
    pub high: Ticks,
    /// Whether it is the mark price, and not the last one.
    pub by_mark: bool,
}

impl Conditional {
    /// Whether it rises to its trigger.
    fn rises(&self) -> bool {
        (self.side == Side::Buy) == (self.condition == Condition::Stop)
    }

    /// Takes a price in and says whether it fires.
    pub(super) fn meets(&mut self, seen: Seen) -> bool {
        if self.step != Step::New || self.by_mark != seen.by_mark {
            return false;
        }
        match self.condition {
            Condition::Trailing => self.falls_back(seen),
            _ if self.rises() => seen.low >= self.trigger,
            _ => seen.high <= self.trigger,
        }
    }

    fn falls_back(&mut self, seen: Seen) -> bool {
        let seller = self.side == Side::Sell;
        if self.extreme == NO_PRICE {
            let reached = if seller { seen.low >= self.trigger } else { seen.high <= self.trigger };
            if self.trigger != NO_PRICE && !reached {
                return false;
            }
            self.extreme = if seller { seen.high } else { seen.low };
        }
        if seller {
            self.extreme = self.extreme.max(seen.low);
            i128::from(seen.high) * E8 <= i128::from(self.extreme) * (E8 - i128::from(self.rate_e8))
        } else {
            self.extreme = self.extreme.min(seen.high);
            i128::from(seen.low) * E8 >= i128::from(self.extreme) * (E8 + i128::from(self.rate_e8))
        }
    }

    /// It as an order, for events.
    pub(super) fn as_order(&self) -> Order {
        Order {
            id: self.id,
            account: self.account,
            client_id: self.client_id,
            side: self.side,
            leg: self.leg,
            kind: self.kind,
            tif: self.tif,
            price: self.price,
            qty: self.qty,
            cum_qty: 0,
            cum_quote: 0,
            status: Status::New,
            reduce_only: self.reduce_only,
            stp: self.stp,
            reserved: 0,
            node: NIL,
            created_ts: self.created_ts,
            updated_ts: self.updated_ts,
        }
    }
}

state! {
    /// One symbol's conditional orders.
    #[derive(Debug, Clone, PartialEq, Eq, Default)]
    pub struct Conditionals {
        pub(super) live: BTreeMap<u64, Conditional>,
        over: VecDeque<Conditional>,
    }
}

impl Conditionals {
    /// Whether nobody waits, so that prices need not be kept.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.live.is_empty()
    }

    /// Whether an order of spot still waits for its price.
    #[must_use]
    pub fn waits(&self, id: u64) -> bool {
        self.live.get(&id).is_some_and(|one| one.step == Step::New)
    }

    /// One by id.
    #[must_use]
    pub fn get(&self, id: u64) -> Option<&Conditional> {
        self.live.get(&id).or_else(|| self.over.iter().rev().find(|one| one.id == id))
    }

    /// An account's newest with a client id.
    #[must_use]
    pub fn by_client(&self, account: u32, client_id: ClientId) -> Option<&Conditional> {
        let all = self.over.iter().chain(self.live.values());
        all.filter(|one| one.account == account && one.client_id == client_id).max_by_key(|one| one.id)
    }

    /// An account's, those that are over too, oldest first.
    #[must_use]
    pub fn all_of(&self, account: u32) -> Vec<&Conditional> {
        let mut all: Vec<_> = self.over.iter().chain(self.live.values()).collect();
        all.retain(|one| one.account == account);
        all.sort_by_key(|one| one.id);
        all
    }

    /// An account's that wait, oldest first.
    pub fn waiting_of(&self, account: u32) -> impl Iterator<Item = &Conditional> {
        self.live.values().filter(move |one| one.account == account && one.step == Step::New)
    }

    /// Ends one, whatever it was.
    pub(super) fn retire(&mut self, id: u64, step: Step, ts: Nanos) -> Option<Conditional> {
        let mut one = self.live.remove(&id)?;
        (one.step, one.updated_ts) = (step, ts);
        if self.over.len() >= KEPT_MAX {
            self.over.pop_front();
        }
        self.over.push_back(one);
        Some(one)
    }
}

/// What a client asks for. The order's `qty` is `None` where the whole position is to be closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewConditional {
    /// The order that comes in later.
    pub order: NewOrder,
    /// What it waits for.
    pub condition: Condition,
    /// The price it waits for; a trailing stop may leave it out.
    pub trigger: Option<Ticks>,
    /// The callback of a trailing stop times 10^8.
    pub rate_e8: i64,
    /// Whether the mark price counts (linear).
    pub by_mark: bool,
    /// Closes the whole position (linear).
    pub close_position: bool,
}

impl NewConditional {
    /// Refuses combinations that mean nothing, by field and value.
    pub(super) fn validate(&self, market: Market) -> Result<()> {
        let whole = if self.close_position { NewOrder { qty: Some(1), ..self.order } } else { self.order };
        whole.validate(market)?;
        if self.close_position && (self.order.qty.is_some() || self.order.kind != OrderType::Market) {
            return field("close_position", true, "is for market orders without a size");
        }
        if market == Market::Spot && (self.by_mark || self.close_position || self.condition == Condition::Trailing) {
            return field("condition", format!("{:?}", self.condition), "is for linear markets only");
        }
        if self.order.quote_qty.is_some() {
            return field("quote_qty", "Some", "must be None for a conditional order");
        }
        match (self.condition, self.trigger) {
            (Condition::Stop | Condition::TakeProfit, None) => field("trigger", "None", "is needed"),
            (Condition::Trailing, _) if !(1..=CALLBACK_E8_MAX).contains(&self.rate_e8) => {
                field("rate_e8", self.rate_e8, "must be 1 to 10 %")
            }
            (Condition::Trailing, None) => Ok(()),
            (_, Some(trigger)) => valid_price(trigger).map(|_| ()),
        }
    }

    pub(super) fn conditional(&self, id: u64, ts: Nanos) -> Conditional {
        Conditional {
            id,
            account: self.order.account,
            client_id: self.order.client_id,
            side: self.order.side,
            leg: self.order.leg,
            condition: self.condition,
            kind: self.order.kind,
            tif: self.order.tif,
            price: self.order.price.unwrap_or(NO_PRICE),
            qty: self.order.qty.unwrap_or(0),
            reduce_only: self.order.reduces() || self.close_position,
            close_position: self.close_position,
            stp: self.order.stp,
            trigger: self.trigger.unwrap_or(NO_PRICE),
            rate_e8: self.rate_e8,
            by_mark: self.by_mark,
            extreme: NO_PRICE,
            step: Step::New,
            order: 0,
            created_ts: ts,
            updated_ts: ts,
            triggered_ts: 0,
        }
    }
}
