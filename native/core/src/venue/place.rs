//! An order comes in: every check before anything moves, then acceptance, execution, and rest or expiry.
//!
//! catalogue: S1. Order of the checks: possible at all (`CoreError`), position side, duplicate, room, reduce-only, post-only,
//! liquidity, fill-or-kill, money. A refusal leaves no trace.

use super::accounts::{PRICE_TICKS_MAX, QTY_LOTS_MAX};
use super::booking::reserve;
use super::execute::{Desk, Reach, Stop, Taker};
use super::legs::Leg;
use super::matching::NIL;
use super::order::{ClientId, ExecKind, Fault, Order, Outcome, Reason, Refusal, Status, Stp};
use crate::error::{CoreError, Result};
use crate::event::{OrderType, TimeInForce};
use crate::instrument::Market;
use crate::units::{Amount, Lots, NO_PRICE, Side, Ticks};

/// What a client asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewOrder {
    /// Whose.
    pub account: u32,
    /// The owner's id for it.
    pub client_id: ClientId,
    /// Buy or sell.
    pub side: Side,
    /// The position that it is for: `Both` in one-way mode, one of the others in hedge mode.
    pub leg: Leg,
    /// Limit or market.
    pub kind: OrderType,
    /// How long it lives; ignored for a market order.
    pub tif: TimeInForce,
    /// Limit price in ticks; `None` for a market order.
    pub price: Option<Ticks>,
    /// Size in lots; `None` with `quote_qty`.
    pub qty: Option<Lots>,
    /// Spot market orders: money in the quote asset's smallest unit instead of a size.
    pub quote_qty: Option<Amount>,
    /// Only ever closes a position (linear).
    pub reduce_only: bool,
    /// Self-trade prevention.
    pub stp: Stp,
}

pub(super) fn field<T>(field: &'static str, was: impl ToString, why: &'static str) -> Result<T> {
    Err(CoreError::Field { field, was: was.to_string(), why })
}

/// A price within the venue's bounds.
pub fn valid_price(price: Ticks) -> Result<Ticks> {
    if (1..=PRICE_TICKS_MAX).contains(&price) { Ok(price) } else { field("price", price, "must be 1 to 2^36 ticks") }
}

/// A size within the venue's bounds.
pub fn valid_qty(qty: Lots) -> Result<Lots> {
    if (1..=QTY_LOTS_MAX).contains(&qty) { Ok(qty) } else { field("qty", qty, "must be 1 to 2^42 lots") }
}

impl NewOrder {
    /// Refuses combinations that mean nothing, by field and value.
    pub(super) fn validate(&self, market: Market) -> Result<()> {
        match (self.kind, self.price) {
            (OrderType::Limit, Some(price)) => valid_price(price).map(|_| ())?,
            (OrderType::Limit, None) => return field("price", "None", "is needed by a limit order"),
            (OrderType::Market, Some(price)) => return field("price", price, "must be None for a market order"),
            (OrderType::Market, None) => {}
        }
        match (self.qty, self.quote_qty) {
            (Some(qty), None) => valid_qty(qty).map(|_| ())?,
            (None, Some(money)) if market != Market::Spot || self.kind != OrderType::Market => {
                return field("quote_qty", money, "is for market orders on spot only");
            }
            (None, Some(money)) if money <= 0 => return field("quote_qty", money, "must be above zero"),
            (None, Some(_)) => {}
            (Some(_), Some(money)) => return field("quote_qty", money, "must be None when qty is given"),
            (None, None) => return field("qty", "None", "is needed without quote_qty"),
        }
        if self.reduce_only && market == Market::Spot {
            return field("reduce_only", true, "is for linear markets only");
        }
        Ok(())
    }

    /// Whether it only ever closes a position: it says so, or it is for the leg that its side closes.
    #[must_use]
    pub const fn reduces(&self) -> bool {
        self.reduce_only || self.leg.is_closed_by(self.side)
    }

    fn taker(&self, order: u64, open: Lots) -> Taker {
        Taker {
            order,
            account: self.account,
            side: self.side,
            leg: self.leg,
            limit: self.price.unwrap_or(NO_PRICE),
            open,
            money: self.quote_qty,
            stp: self.stp,
            reduce_only: self.reduces(),
        }
    }
}

impl Desk<'_> {
    /// Takes an order in and returns its id, or refuses it with nothing changed.
    pub fn place(&mut self, new: &NewOrder) -> Outcome<u64> {
        let id = *self.ids + 1;
        new.validate(self.accounts.market)?;
        self.accounts.leg_fits(new.account, new.leg)?;
        let newest = self.history.by_client(new.account, new.client_id);
        if newest.is_some_and(|order| order.status.is_open()) {
            return Err(Refusal::Duplicate.into());
        }
        if !self.book.has_room() {
            return Err(Refusal::Full.into());
        }
        let mut taker = new.taker(id, self.clip(new)?);
        let reach = self.reach(&taker);
        if new.tif == TimeInForce::PostOnly && new.kind == OrderType::Limit && self.takes(new.side, taker.limit) {
            return Err(Refusal::WouldTake.into());
        }
        if new.kind == OrderType::Market && self.book.best(new.side.flip()).is_none() {
            return Err(Refusal::NoLiquidity.into());
        }
        let all_or_none = new.kind == OrderType::Limit && new.tif == TimeInForce::Fok;
        let killed = all_or_none && reach.qty < taker.open;
        if killed && self.accounts.market != Market::Spot {
            return Err(Refusal::Killed.into());
        }
        if new.quote_qty.is_some() {
            taker.open = reach.qty;
        }
        let mut order = self.draft(new, id, taker.open);
        if !killed {
            order.reserved = self.fund_entry(&order, &reach)?;
        }
        *self.ids = id;
        self.history.insert(order);
        let event = self.event(ExecKind::New, &order, Reason::None);
        self.out.push(event);
        // What is killed, and money that buys no lot, meets nobody.
        let stop = if killed || taker.open == 0 { Stop::Money } else { self.take(&mut taker)? };
        self.finish(id, stop)?;
        self.trim_all()?;
        Ok(id)
    }

    /// Whether an order limited to `limit` meets anything.
    #[must_use]
    pub fn takes(&self, side: Side, limit: Ticks) -> bool {
        self.book.best(side.flip()).is_some_and(|level| super::matching::Book::crosses(side, limit, level.price))
    }

    /// The size that comes in: all of it, or what a reduce-only order finds to close beside the others.
    fn clip(&self, new: &NewOrder) -> Outcome<Lots> {
        let qty = new.qty.unwrap_or(QTY_LOTS_MAX);
        if !new.reduces() {
            return Ok(qty);
        }
        let position = self.accounts.position(new.account, self.symbol, new.leg);
        let others: Lots = match position.reduce_orders {
            0 => 0,
            _ => self.reducing(new.account, new.leg).filter(|order| order.side == new.side).map(Order::open).sum(),
        };
        match qty.min(position.closable(new.side) - others) {
            clipped if clipped > 0 => Ok(clipped),
            _ => Err(Refusal::ReduceOnly.into()),
        }
    }

    fn draft(&self, new: &NewOrder, id: u64, qty: Lots) -> Order {
        Order {
            id,
            account: new.account,
            client_id: new.client_id,
            side: new.side,
            leg: new.leg,
            kind: new.kind,
            tif: new.tif,
            price: new.price.unwrap_or(NO_PRICE),
            qty,
            cum_qty: 0,
            cum_quote: 0,
            status: Status::New,
            reduce_only: new.reduces(),
            stp: new.stp,
            reserved: 0,
            node: NIL,
            created_ts: self.ts,
            updated_ts: self.ts,
        }
    }

    /// Sets aside what the order needs (spot) or proves that its margin is there (linear). A market order needs what
    /// its dry run costs.
    pub(super) fn fund_entry(&mut self, order: &Order, reach: &Reach) -> std::result::Result<Amount, Refusal> {
        let market_order = order.kind == OrderType::Market;
        if self.accounts.market == Market::Spot {
            let amount = match (market_order, order.side) {
                (false, _) => reserve(self.accounts, self.symbol, order),
                (true, Side::Buy) => reach.quote,
                (true, Side::Sell) => self.contract().instrument.base_amount(reach.qty),
            };
            let asset = self.accounts.lock_asset(self.symbol, order.side);
            self.accounts.lock(order.account, asset, amount)?;
            return Ok(amount);
        }
        if !order.reduce_only {
            let value = if market_order { reach.quote } else { self.contract().value(order.price, order.open()) };
            self.accounts.cover(self.symbol, order, value)?;
        }
        Ok(0)
    }

    /// After its run an order is closed, rests, or expires by its rule.
    pub(super) fn finish(&mut self, id: u64, stop: Stop) -> Outcome<()> {
        let missing = || CoreError::Broken { invariant: "an accepted order is kept", was: id.to_string() };
        let order = *self.history.get(id).ok_or_else(missing)?;
        if !order.status.is_open() {
            return Ok(());
        }
        let end = match (stop, order.kind, order.tif) {
            (Stop::SelfTrade, ..) => Some((Status::ExpiredInMatch, Reason::SelfTrade)),
            (Stop::ReduceOnly, ..) => Some((Status::Expired, Reason::ReduceOnly)),
            (_, OrderType::Market, _) => Some((Status::Expired, Reason::NoLiquidity)),
            (_, _, TimeInForce::Ioc | TimeInForce::Fok) => Some((Status::Expired, Reason::TimeInForce)),
            _ => None,
        };
        match end {
            Some((status, reason)) => self.expire(id, status, reason).map_err(Fault::from),
            None => self.rest(id).map_err(Fault::from),
        }
    }

    /// Puts the open part of an order at the end of its queue.
    fn rest(&mut self, id: u64) -> Result<()> {
        let missing = || CoreError::Broken { invariant: "an accepted order is kept", was: id.to_string() };
        let order = *self.history.get(id).ok_or_else(missing)?;
        let node = self.book.add(id, order.account, order.side, order.price, order.open())?;
        self.updates.touch(order.side, order.price);
        let reserved = reserve(self.accounts, self.symbol, &order);
        if self.accounts.market != Market::Spot {
            let position = self.accounts.position_mut(order.account, self.symbol, order.leg);
            *position.open_mut(order.side) += reserved;
            position.reduce_orders += u32::from(order.reduce_only);
            self.moved.push((order.account, order.leg));
        }
        let kept = self.history.get_mut(id).ok_or_else(missing)?;
        (kept.node, kept.reserved) = (node, reserved);
        Ok(())
    }

    /// The open reduce-only orders of one position, oldest first.
    fn reducing(&self, account: u32, leg: Leg) -> impl DoubleEndedIterator<Item = &Order> {
        let closes = move |order: &&Order| order.reduce_only && order.leg == leg && order.node != NIL;
        self.history.open_of(account).filter(closes)
    }

    /// Keeps the sum of resting reduce-only orders within what there is to close, newest first, for every position
    /// that this operation moved.
    pub(super) fn trim_all(&mut self) -> Result<()> {
        while let Some((account, leg)) = self.moved.pop() {
            if self.accounts.position(account, self.symbol, leg).reduce_orders > 0 {
                self.trim(account, leg, Side::Buy)?;
                self.trim(account, leg, Side::Sell)?;
            }
        }
        Ok(())
    }

    fn trim(&mut self, account: u32, leg: Leg, side: Side) -> Result<()> {
        let resting: Lots = self.reducing(account, leg).filter(|order| order.side == side).map(Order::open).sum();
        let mut excess = resting - self.closable(account, leg, side);
        while excess > 0 {
            let Some(newest) = self.reducing(account, leg).rfind(|order| order.side == side).copied() else { break };
            if newest.open() <= excess {
                excess -= newest.open();
                self.expire(newest.id, Status::Expired, Reason::ReduceOnly)?;
            } else {
                self.shrink(newest.id, excess, Reason::ReduceOnly)?;
                excess = 0;
            }
        }
        Ok(())
    }
}
