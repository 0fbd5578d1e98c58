//! What a fill and an end do: orders move on, money changes hands, events tell it.
//!
//! catalogue: S1. Both parties of a fill are booked by one function; what an order has set aside shrinks with it, so
//! that at every moment the locked money is what the open orders need.

use super::accounts::{Accounts, Deal, Party, Settled};
use super::conditional::Step;
use super::execute::{Desk, Taker};
use super::legs::Leg;
use super::matching::{BACKGROUND, NIL, Node};
use super::order::{Exec, ExecKind, Fill, Order, Reason, Status};
use super::updates::PublicTrade;
use crate::error::{CoreError, Result};
use crate::event::OrderType;
use crate::instrument::Market;
use crate::units::{Amount, Lots, NO_PRICE, Side, Ticks};

impl Desk<'_> {
    /// One fill between a taker and the node at `index`.
    pub(super) fn fill(&mut self, taker: &mut Taker, index: u32, node: &Node, qty: Lots) -> Result<()> {
        let quote = self.contract().value(node.price, qty);
        *self.trades += 1;
        let deal = Deal { symbol: self.symbol, qty, quote };
        self.book.reduce(index, qty);
        self.updates.touch(node.side, node.price);
        taker.open -= qty;
        taker.money = taker.money.map(|money| money - quote);
        let (buyer, seller) = match taker.side {
            Side::Buy => (taker.order, node.id),
            Side::Sell => (node.id, taker.order),
        };
        let (id, price, ts) = (*self.trades, node.price, self.ts);
        let taker_sell = taker.side == Side::Sell;
        self.updates.trade(PublicTrade { id, price, qty, taker_sell, ts, buyer, seller });
        self.print(price);
        self.book_party(taker.order, taker.account, taker.side, false, &deal, price)?;
        self.book_party(node.id, node.account, node.side, true, &deal, price)
    }

    /// Books one party of a fill: its order, its money, its event.
    pub(super) fn book_party(
        &mut self,
        id: u64,
        who: u32,
        side: Side,
        maker: bool,
        deal: &Deal,
        price: Ticks,
    ) -> Result<()> {
        if who == BACKGROUND {
            self.accounts.settle(deal, &Party { account: who, side, leg: Leg::Both, maker, released: 0 });
            return Ok(());
        }
        let order = self.history.get_mut(id).ok_or_else(|| lost(id))?;
        order.cum_qty += deal.qty;
        order.cum_quote += deal.quote;
        order.updated_ts = self.ts;
        order.status = if order.open() > 0 { Status::PartiallyFilled } else { Status::Filled };
        let before = order.reserved;
        order.reserved = keeps(self.accounts, self.symbol, order, deal);
        let released = before - order.reserved;
        let order = *order;
        let settled = self.accounts.settle(deal, &Party { account: who, side, leg: order.leg, maker, released });
        if order.open() == 0 {
            self.closed(&order);
        }
        if self.accounts.market != Market::Spot {
            self.moved.push((who, order.leg));
        }
        self.history.fill(Fill {
            trade_id: *self.trades,
            order_id: id,
            account: who,
            client_id: order.client_id,
            price,
            qty: deal.qty,
            quote: deal.quote,
            fee: settled.fee,
            fee_asset: settled.fee_asset,
            maker,
            side,
            leg: order.leg,
            realised: settled.realised,
            ts: self.ts,
        });
        self.trade_event(&order, deal, price, maker, settled);
        Ok(())
    }

    fn trade_event(&mut self, order: &Order, deal: &Deal, price: Ticks, maker: bool, settled: Settled) {
        let plain = self.event(ExecKind::Trade, order, Reason::None);
        self.out.push(Exec {
            last_price: price,
            last_qty: deal.qty,
            last_quote: deal.quote,
            fee: settled.fee,
            fee_asset: settled.fee_asset,
            maker,
            trade_id: *self.trades,
            realised: settled.realised,
            ..plain
        });
    }

    /// An event without a fill.
    #[must_use]
    pub fn event(&self, kind: ExecKind, order: &Order, reason: Reason) -> Exec {
        Exec {
            kind,
            symbol: self.symbol,
            order: *order,
            ts: self.ts,
            last_price: NO_PRICE,
            last_qty: 0,
            last_quote: 0,
            fee: 0,
            fee_asset: 0,
            maker: false,
            trade_id: 0,
            realised: 0,
            reason,
            step: Step::New,
        }
    }

    /// Notes a trade's price, for the margin and for whoever waits for it.
    pub(super) fn print(&mut self, price: Ticks) {
        self.accounts.contracts[self.symbol as usize].last_price = price;
        if !self.conditionals.is_idle() {
            self.prints.push(price);
        }
    }

    /// Gives back what an order has set aside; its `reserved` is the caller's to clear.
    pub fn release(&mut self, order: &Order) {
        if self.accounts.market == Market::Spot {
            let asset = self.accounts.lock_asset(self.symbol, order.side);
            self.accounts.unlock(order.account, asset, order.reserved);
        } else {
            let position = self.accounts.position_mut(order.account, self.symbol, order.leg);
            *position.open_mut(order.side) -= order.reserved;
        }
    }

    /// Book-keeping of an order that just became closed.
    fn closed(&mut self, order: &Order) {
        self.history.close(order.account, order.id);
        // On spot a conditional order is an order: it stops waiting when that ends.
        self.conditionals.retire(order.id, Step::Canceled, self.ts);
        if let Some(kept) = self.history.get_mut(order.id) {
            kept.node = NIL;
        }
        if order.reduce_only && order.node != NIL {
            self.accounts.position_mut(order.account, self.symbol, order.leg).reduce_orders -= 1;
        }
    }

    /// Ends an open order: out of the book, money back, one event.
    pub fn end(&mut self, id: u64, status: Status, kind: ExecKind, reason: Reason) -> Result<()> {
        let order = *self.history.get(id).ok_or_else(|| lost(id))?;
        if order.node != NIL {
            self.book.remove(order.node);
            self.updates.touch(order.side, order.price);
        }
        self.release(&order);
        self.closed(&order);
        let ts = self.ts;
        let kept = self.history.get_mut(id).ok_or_else(|| lost(id))?;
        (kept.reserved, kept.status, kept.updated_ts) = (0, status, ts);
        let order = *kept;
        let event = self.event(kind, &order, reason);
        self.out.push(event);
        Ok(())
    }

    /// `end` by the venue's rules.
    pub fn expire(&mut self, id: u64, status: Status, reason: Reason) -> Result<()> {
        self.end(id, status, ExecKind::Expired, reason)
    }
}

/// What an order must have set aside for `open` lots: spot locks money, linear counts value for the margin.
#[must_use]
pub fn reserve(accounts: &Accounts, symbol: u32, order: &Order) -> Amount {
    let contract = &accounts.contracts[symbol as usize];
    match (accounts.market, order.side) {
        _ if order.kind == OrderType::Market => 0,
        (Market::Spot, Side::Sell) => contract.instrument.base_amount(order.open()),
        (Market::Spot, Side::Buy) => contract.value(order.price, order.open()),
        _ if order.reduce_only => 0,
        _ => contract.value(order.price, order.open()),
    }
}

/// What stays set aside after a fill. A market order on spot spends its lock as it goes; a linear order that has not
/// come to rest has set nothing aside yet.
fn keeps(accounts: &Accounts, symbol: u32, order: &Order, deal: &Deal) -> Amount {
    match (accounts.market, order.kind) {
        (Market::Spot, OrderType::Market) => match order.side {
            Side::Buy => order.reserved - deal.quote,
            Side::Sell => order.reserved - accounts.contracts[symbol as usize].instrument.base_amount(deal.qty),
        },
        (Market::Linear | Market::Inverse, _) if order.node == NIL => 0,
        _ => reserve(accounts, symbol, order),
    }
}

fn lost(id: u64) -> CoreError {
    CoreError::Broken { invariant: "a resting order is in the history", was: id.to_string() }
}
