//! What the venue does to positions by itself: funding at its times, liquidation when the mark moves.
//!
//! catalogue: S1. A liquidation cancels the account's open orders, closes its positions through the book as a market
//! order would, and hands what the book does not take to the venue's account at mark; what the account then owes
//! beyond its wallet the venue pays (insurance). Everything stays conserved.

use super::Exchange;
use super::accounts::{Deal, Party, VENUE};
use super::execute::{Desk, Stop, Taker};
use super::legs::Leg;
use super::matching::NIL;
use super::order::{ClientId, Exec, ExecKind, Order, Outcome, Reason, Status, Stp};
use crate::error::{CoreError, Result};
use crate::event::{OrderType, TimeInForce};
use crate::instrument::Market;
use crate::units::{Lots, NO_PRICE, Nanos, Side};

/// The highest mark price times 10^8.
pub const MARK_E8_MAX: i64 = 1 << 50;
/// The highest funding rate times 10^8 (Binance caps it below 3 %).
pub const RATE_E8_MAX: i64 = 10_000_000;

impl Exchange {
    fn linear(&self, symbol: u32, mark_e8: i64) -> Result<()> {
        self.known(symbol)?;
        if self.accounts.market == Market::Spot {
            return Err(CoreError::Field { field: "market", was: "spot".into(), why: "has no mark and no funding" });
        }
        if (1..=MARK_E8_MAX).contains(&mark_e8) {
            return Ok(());
        }
        Err(CoreError::Field { field: "mark_e8", was: mark_e8.to_string(), why: "must be 1 to 2^50" })
    }

    /// Pays funding at `mark_e8` on the positions held now.
    pub fn funding(&mut self, symbol: u32, rate_e8: i64, mark_e8: i64, ts: Nanos, out: &mut Vec<Exec>) -> Outcome<()> {
        self.linear(symbol, mark_e8)?;
        if !(-RATE_E8_MAX..=RATE_E8_MAX).contains(&rate_e8) {
            let was = rate_e8.to_string();
            return Err(CoreError::Field { field: "rate_e8", was, why: "must be within 10 %" }.into());
        }
        let settle = self.accounts.contracts[symbol as usize].instrument.settle;
        for (account, leg, amount) in self.accounts.fund(symbol, rate_e8, mark_e8) {
            let order = Order { leg, ..venue_order(account, Side::Buy, 0, ts)? };
            let desk = self.desk(symbol, ts, out)?;
            let event = desk.event(ExecKind::Funding, &order, Reason::Funding);
            out.push(Exec { last_quote: amount, fee_asset: settle, ..event });
        }
        Ok(())
    }

    /// Sets the mark price and liquidates every account whose equity is below its maintenance margin, and every
    /// isolated position that is.
    pub fn mark(&mut self, symbol: u32, mark_e8: i64, ts: Nanos, out: &mut Vec<Exec>) -> Outcome<()> {
        self.linear(symbol, mark_e8)?;
        self.accounts.contracts[symbol as usize].mark_e8 = mark_e8;
        self.desk(symbol, ts, out)?.spring_mark(mark_e8)?;
        let asset = self.accounts.contracts[symbol as usize].instrument.settle;
        for account in VENUE + 1..self.accounts.list.len() as u32 {
            if self.mark_isolated(account, symbol, ts, out)? {
                continue;
            }
            let positions = &self.accounts.list[account as usize].positions[symbol as usize];
            let held = positions.iter().any(|position| position.qty != 0);
            if held && self.accounts.equity(account, asset) < self.accounts.maintenance_total(account, asset) {
                self.liquidate(account, asset, ts, out)?;
            }
        }
        Ok(())
    }

    fn liquidate(&mut self, account: u32, asset: u16, ts: Nanos, out: &mut Vec<Exec>) -> Outcome<()> {
        for symbol in 0..self.symbols.len() as u32 {
            if self.accounts.contracts[symbol as usize].instrument.settle == asset {
                let mut desk = self.desk(symbol, ts, out)?;
                desk.cancel_all(account, Reason::Liquidation)?;
                desk.disarm_all(account);
            }
        }
        for symbol in 0..self.symbols.len() as u32 {
            let settles = self.accounts.contracts[symbol as usize].instrument.settle == asset;
            if !settles || self.accounts.is_isolated(account, symbol) {
                continue;
            }
            for leg in self.accounts.legs(account) {
                let mut desk = self.desk(symbol, ts, out)?;
                desk.close_out(account, *leg)?;
                desk.spring()?;
            }
        }
        let free = self.accounts.list[account as usize].purses[usize::from(asset)].free;
        let wallet = free - self.accounts.isolated_total(account, asset);
        if wallet < 0 {
            self.accounts.purse(account, asset).free -= wallet;
            self.accounts.purse(VENUE, asset).free += wallet;
        }
        Ok(())
    }
}

impl Desk<'_> {
    /// Closes a position, where there is one, through the book; the venue takes the rest over at mark.
    pub(super) fn close_out(&mut self, account: u32, leg: Leg) -> Result<()> {
        let qty = self.accounts.position(account, self.symbol, leg).qty;
        if qty == 0 {
            return Ok(());
        }
        *self.ids += 1;
        let id = *self.ids;
        let side = if qty > 0 { Side::Sell } else { Side::Buy };
        let order = Order { id, leg, ..venue_order(account, side, qty.abs(), self.ts)? };
        self.history.insert(order);
        let event = self.event(ExecKind::New, &order, Reason::Liquidation);
        self.out.push(event);
        let mut taker = Taker {
            order: id,
            account,
            side,
            leg,
            limit: NO_PRICE,
            open: order.qty,
            money: None,
            stp: Stp::None,
            reduce_only: true,
        };
        if self.take(&mut taker)? != Stop::Filled {
            self.take_over(&taker)?;
        }
        self.trim_all()
    }

    /// The venue takes over at mark what the book did not; the account is told as of any fill. The fill's price is
    /// the mark's tick, its value the mark's own.
    fn take_over(&mut self, taker: &Taker) -> Result<()> {
        let mark = self.accounts.mark_e8(self.symbol);
        let (qty, side) = (taker.open, taker.side);
        let deal = Deal { symbol: self.symbol, qty, quote: self.accounts.value_e8(self.symbol, qty, mark) };
        *self.trades += 1;
        let venue = Party { account: VENUE, side: side.flip(), leg: Leg::Both, maker: true, released: 0 };
        self.accounts.settle_free(&deal, &venue);
        let price = self.mark_tick(mark);
        self.book_party(taker.order, taker.account, side, false, &deal, price)
    }
}

/// An order that the venue itself makes up for an account.
fn venue_order(account: u32, side: Side, qty: Lots, ts: Nanos) -> Result<Order> {
    Ok(Order {
        id: 0,
        account,
        client_id: ClientId::new("autoclose-liquidation")?,
        side,
        leg: Leg::Both,
        kind: OrderType::Market,
        tif: TimeInForce::Ioc,
        price: NO_PRICE,
        qty,
        cum_qty: 0,
        cum_quote: 0,
        status: Status::New,
        reduce_only: true,
        stp: Stp::None,
        reserved: 0,
        node: NIL,
        created_ts: ts,
        updated_ts: ts,
    })
}
