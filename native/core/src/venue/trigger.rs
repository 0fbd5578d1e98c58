//! Conditional orders come, fire and go.
//!
//! catalogue: S1. On linear markets they cost nothing until they fire, have ids of their own and end as their order
//! ends; on spot they lock money and are orders of the venue from the start. Whoever fires meets every check of a new
//! order. The last price is that of every trade in turn, those included that other conditional orders cause.

use super::Exchange;
use super::booking::reserve;
use super::conditional::{Conditional, LIVE_MAX, NewConditional, Seen, Step};
use super::execute::{Desk, Taker};
use super::mark::MARK_E8_MAX;
use super::order::{Exec, ExecKind, Fault, Order, Outcome, Reason, Refusal, Status};
use super::place::NewOrder;
use crate::error::CoreError;
use crate::event::{OrderType, TimeInForce};
use crate::instrument::Market;
use crate::units::{Amount, Lots, NO_PRICE, Nanos, Side, Ticks, pow10};

impl Exchange {
    /// Takes a conditional order in and returns its id, or refuses it with nothing changed.
    pub fn arm(&mut self, symbol: u32, new: &NewConditional, ts: Nanos, out: &mut Vec<Exec>) -> Outcome<u64> {
        self.accounts.known(new.order.account)?;
        self.desk(symbol, ts, out)?.arm(new)
    }

    /// Takes back a conditional order of a linear market; on spot `cancel` does, because it is an order there.
    pub fn disarm(&mut self, account: u32, symbol: u32, id: u64, ts: Nanos, out: &mut Vec<Exec>) -> Outcome<()> {
        self.accounts.known(account)?;
        let mut desk = self.desk(symbol, ts, out)?;
        if !desk.conditionals.waiting_of(account).any(|one| one.id == id) || desk.accounts.market == Market::Spot {
            return Err(Refusal::UnknownOrder.into());
        }
        desk.retire(id, Step::Canceled);
        Ok(())
    }
}

impl Desk<'_> {
    fn arm(&mut self, new: &NewConditional) -> Outcome<u64> {
        new.validate(self.accounts.market)?;
        self.accounts.leg_fits(new.order.account, new.order.leg)?;
        let mut one = new.conditional(*self.ids + 1, self.ts);
        let same = |other: &Conditional| other.client_id == one.client_id;
        let resting = self.history.by_client(one.account, one.client_id).is_some_and(|order| order.status.is_open());
        if self.conditionals.waiting_of(one.account).any(same) || resting {
            return Err(Refusal::Duplicate.into());
        }
        if self.conditionals.live.len() >= LIVE_MAX {
            return Err(Refusal::Full.into());
        }
        if one.close_position && self.closable(one.account, one.leg, one.side) == 0 {
            return Err(Refusal::ReduceOnly.into());
        }
        if self.present(one.by_mark).is_some_and(|seen| one.meets(seen)) {
            return Err(Refusal::WouldTrigger.into());
        }
        let mut order = one.as_order();
        if self.accounts.market == Market::Spot {
            order.reserved = self.lock_for(&one, &order)?;
            one.order = one.id;
            self.history.insert(order);
            let event = self.event(ExecKind::New, &order, Reason::None);
            self.out.push(event);
        }
        *self.ids = one.id;
        self.conditionals.live.insert(one.id, one);
        self.tell(&one);
        Ok(one.id)
    }

    /// What spot locks for one that waits: a market buy is taken to cost its trigger price.
    fn lock_for(&mut self, one: &Conditional, order: &Order) -> std::result::Result<Amount, Refusal> {
        let amount = match (one.kind, one.side) {
            (OrderType::Limit, _) => reserve(self.accounts, self.symbol, order),
            (OrderType::Market, Side::Buy) => self.contract().value(one.trigger, one.qty),
            (OrderType::Market, Side::Sell) => self.contract().instrument.base_amount(one.qty),
        };
        let asset = self.accounts.lock_asset(self.symbol, one.side);
        self.accounts.lock(one.account, asset, amount)?;
        Ok(amount)
    }

    /// The price that counts now, `None` while there is none.
    fn present(&self, by_mark: bool) -> Option<Seen> {
        if by_mark {
            return self.mark_seen(self.accounts.mark_e8(self.symbol));
        }
        let last = self.contract().last_price;
        (last != NO_PRICE).then_some(Seen { low: last, high: last, by_mark })
    }

    /// A mark price times 10^8 between its two ticks.
    fn mark_seen(&self, mark_e8: i64) -> Option<Seen> {
        let unit = self.contract().instrument.price_decimal(1);
        let (mark, tick) = (i128::from(mark_e8) * pow10(unit.scale), unit.mantissa * pow10(8));
        let low = Ticks::try_from(mark / tick).ok()?;
        (1..=MARK_E8_MAX).contains(&mark_e8).then_some(Seen {
            low,
            high: low + Ticks::from(mark % tick != 0),
            by_mark: true,
        })
    }

    /// The tick at or below a mark price, at least one.
    pub(super) fn mark_tick(&self, mark_e8: i64) -> Ticks {
        self.mark_seen(mark_e8).map_or(1, |seen| seen.low.max(1))
    }

    /// Fires what the trades of this operation and those they cause meet, and ends what is over by them.
    pub(super) fn spring(&mut self) -> Outcome<()> {
        while !self.prints.is_empty() {
            for last in std::mem::take(&mut self.prints) {
                self.look(Seen { low: last, high: last, by_mark: false })?;
            }
        }
        self.sweep();
        Ok(())
    }

    /// Fires what a new mark price meets, and what that causes.
    pub(super) fn spring_mark(&mut self, mark_e8: i64) -> Outcome<()> {
        if let Some(seen) = self.mark_seen(mark_e8) {
            self.look(seen)?;
        }
        self.spring()
    }

    fn look(&mut self, seen: Seen) -> Outcome<()> {
        let live = self.conditionals.live.values_mut();
        let due: Vec<u64> = live.filter_map(|one| one.meets(seen).then_some(one.id)).collect();
        due.into_iter().try_for_each(|id| self.fire(id))
    }

    /// One fires: on spot it becomes the order that it was all along, on a linear market it places one.
    fn fire(&mut self, id: u64) -> Outcome<()> {
        let ts = self.ts;
        let Some(one) = self.conditionals.live.get_mut(&id).filter(|one| one.step == Step::New) else { return Ok(()) };
        (one.step, one.updated_ts, one.triggered_ts) = (Step::Triggering, ts, ts);
        let one = *one;
        if self.accounts.market == Market::Spot {
            self.conditionals.retire(id, Step::Triggered, ts);
            return self.enter(id);
        }
        self.tell(&one);
        let qty = if one.close_position { self.closable(one.account, one.leg, one.side) } else { one.qty };
        if qty == 0 {
            self.retire(id, Step::Expired);
            return Ok(());
        }
        match self.place(&order_of(&one, qty)) {
            Ok(order) => {
                let Some(one) = self.conditionals.live.get_mut(&id) else { return Ok(()) };
                (one.step, one.order) = (Step::Triggered, order);
                let one = *one;
                self.tell(&one);
                Ok(())
            }
            Err(Fault::Refused(_)) => {
                self.retire(id, Step::Rejected);
                Ok(())
            }
            Err(core) => Err(core),
        }
    }

    /// Spot: an order that waited goes to the book, with the checks of a new one; what cannot be paid expires.
    fn enter(&mut self, id: u64) -> Outcome<()> {
        let missing = || CoreError::Broken { invariant: "a waiting order is kept", was: id.to_string() };
        let old = *self.history.get(id).ok_or_else(missing)?;
        self.release(&old);
        let mut order = Order { reserved: 0, updated_ts: self.ts, ..old };
        let mut taker = Taker {
            order: id,
            account: order.account,
            side: order.side,
            leg: order.leg,
            limit: order.price,
            open: order.qty,
            money: None,
            stp: order.stp,
            reduce_only: false,
        };
        let reach = self.reach(&taker);
        let killed = order.tif == TimeInForce::Fok && reach.qty < order.qty;
        let funded = if killed { Ok(0) } else { self.fund_entry(&order, &reach) };
        order.reserved = *funded.as_ref().unwrap_or(&0);
        *self.history.get_mut(id).ok_or_else(missing)? = order;
        let event = self.event(ExecKind::New, &order, Reason::Triggered);
        self.out.push(event);
        if funded.is_err() || killed {
            let reason = if killed { Reason::TimeInForce } else { Reason::NoFunds };
            return Ok(self.expire(id, Status::Expired, reason)?);
        }
        let stop = self.take(&mut taker)?;
        self.finish(id, stop)?;
        Ok(self.trim_all()?)
    }

    /// Ends those whose order has ended, and those that would close a position that is gone.
    fn sweep(&mut self) {
        if self.conditionals.is_idle() || self.accounts.market == Market::Spot {
            return;
        }
        let live = self.conditionals.live.values();
        let ends: Vec<(u64, Step)> = live
            .filter_map(|one| match one.step {
                Step::Triggered if !self.history.get(one.order).is_some_and(|order| order.status.is_open()) => {
                    Some((one.id, Step::Finished))
                }
                Step::New if one.close_position && self.closable(one.account, one.leg, one.side) == 0 => {
                    Some((one.id, Step::Expired))
                }
                _ => None,
            })
            .collect();
        ends.into_iter().for_each(|(id, step)| self.retire(id, step));
    }

    /// Ends everything that an account has waiting, because it is being liquidated.
    pub(super) fn disarm_all(&mut self, account: u32) {
        let ids: Vec<u64> = self.conditionals.waiting_of(account).map(|one| one.id).collect();
        ids.into_iter().for_each(|id| self.retire(id, Step::Expired));
    }

    fn retire(&mut self, id: u64, step: Step) {
        if let Some(one) = self.conditionals.retire(id, step, self.ts) {
            self.tell(&one);
        }
    }

    /// An event of where a linear market's conditional order stands; spot's tell as the orders that they are.
    fn tell(&mut self, one: &Conditional) {
        if self.accounts.market != Market::Spot {
            let event = self.event(ExecKind::Conditional, &one.as_order(), Reason::None);
            self.out.push(Exec { step: one.step, ..event });
        }
    }
}

/// The order that one places when it fires.
fn order_of(one: &Conditional, qty: Lots) -> NewOrder {
    NewOrder {
        account: one.account,
        client_id: one.client_id,
        side: one.side,
        leg: one.leg,
        kind: one.kind,
        tif: one.tif,
        price: (one.kind == OrderType::Limit).then_some(one.price),
        qty: Some(qty),
        quote_qty: None,
        reduce_only: one.reduce_only,
        stp: one.stp,
    }
}
