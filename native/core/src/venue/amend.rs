//! Orders change or go: cancel, cancel all, amend.
//!
//! catalogue: S1. An amendment keeps its place in the queue only where the size goes down at the same price
//! (Binance: order amend keep priority); anything else leaves the queue and comes in again, with all its checks.

use super::booking::reserve;
use super::execute::{Desk, Taker};
use super::order::{ExecKind, Order, Outcome, Reason, Refusal, Status};
use super::place::{valid_price, valid_qty};
use crate::error::{CoreError, Result};
use crate::event::TimeInForce;
use crate::units::{Lots, Ticks};

impl Desk<'_> {
    fn open_order(&self, account: u32, id: u64) -> std::result::Result<Order, Refusal> {
        match self.history.get(id) {
            Some(order) if order.account == account && order.status.is_open() => Ok(*order),
            _ => Err(Refusal::UnknownOrder),
        }
    }

    /// Cancels an open order of `account`.
    pub fn cancel(&mut self, account: u32, id: u64) -> Outcome<()> {
        self.open_order(account, id)?;
        Ok(self.end(id, Status::Canceled, ExecKind::Canceled, Reason::None)?)
    }

    /// Cancels every open order of `account`, oldest first.
    pub fn cancel_all(&mut self, account: u32, reason: Reason) -> Outcome<()> {
        let ids: Vec<u64> = self.history.open_of(account).map(|order| order.id).collect();
        for id in ids {
            self.end(id, Status::Canceled, ExecKind::Canceled, reason)?;
        }
        Ok(())
    }

    /// Gives an open order a new total size and, where `price` is given, a new price. A size that is already filled
    /// cancels the rest (Binance USD-M). An order that waits for its price cannot be changed. Refused with nothing changed.
    pub fn amend(&mut self, account: u32, id: u64, price: Option<Ticks>, qty: Lots) -> Outcome<()> {
        let old = self.open_order(account, id)?;
        if self.conditionals.waits(id) {
            return Err(Refusal::UnknownOrder.into());
        }
        let price = price.map_or(Ok(old.price), valid_price)?;
        if valid_qty(qty)? <= old.cum_qty {
            return Ok(self.end(id, Status::Canceled, ExecKind::Canceled, Reason::None)?);
        }
        if price == old.price && qty == old.qty {
            let event = self.event(ExecKind::Amendment, &old, Reason::None);
            self.out.push(event);
            return Ok(());
        }
        if price == old.price && qty < old.qty {
            return Ok(self.shrink(id, old.qty - qty, Reason::None)?);
        }
        self.requeue(&old, price, qty)
    }

    /// Takes `by` lots off an open order, which keeps its place.
    pub(super) fn shrink(&mut self, id: u64, by: Lots, reason: Reason) -> Result<()> {
        let missing = || CoreError::Broken { invariant: "a resting order is in the history", was: id.to_string() };
        let mut order = *self.history.get(id).ok_or_else(missing)?;
        self.book.reduce(order.node, by);
        self.updates.touch(order.side, order.price);
        let before = order.reserved;
        order.qty -= by;
        order.reserved = reserve(self.accounts, self.symbol, &order);
        self.release(&Order { reserved: before - order.reserved, ..order });
        order.updated_ts = self.ts;
        *self.history.get_mut(id).ok_or_else(missing)? = order;
        let event = self.event(ExecKind::Amendment, &order, reason);
        self.out.push(event);
        Ok(())
    }

    /// Out of the queue and in again under the same id, at the end.
    fn requeue(&mut self, old: &Order, price: Ticks, qty: Lots) -> Outcome<()> {
        if old.tif == TimeInForce::PostOnly && self.takes(old.side, price) {
            return Err(Refusal::WouldTake.into());
        }
        if old.reduce_only && qty > old.qty {
            return Err(Refusal::ReduceOnly.into());
        }
        let mut new = Order { price, qty, reserved: 0, node: super::matching::NIL, updated_ts: self.ts, ..*old };
        let mut taker = Taker {
            order: old.id,
            account: old.account,
            side: old.side,
            leg: old.leg,
            limit: price,
            open: new.open(),
            money: None,
            stp: old.stp,
            reduce_only: old.reduce_only,
        };
        let reach = self.reach(&taker);
        self.release(old);
        match self.fund_entry(&new, &reach) {
            Ok(reserved) => new.reserved = reserved,
            Err(refusal) => {
                self.restore(old);
                return Err(refusal.into());
            }
        }
        self.book.remove(old.node);
        self.updates.touch(old.side, old.price);
        if old.reduce_only {
            self.accounts.position_mut(old.account, self.symbol, old.leg).reduce_orders -= 1;
        }
        if let Some(kept) = self.history.get_mut(old.id) {
            *kept = new;
        }
        let event = self.event(ExecKind::Amendment, &new, Reason::None);
        self.out.push(event);
        let stop = self.take(&mut taker)?;
        self.finish(old.id, stop)?;
        Ok(self.trim_all()?)
    }

    /// Sets aside again what `release` gave back a moment ago.
    fn restore(&mut self, old: &Order) {
        self.release(&Order { reserved: -old.reserved, ..*old });
    }
}
