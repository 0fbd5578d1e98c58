//! The simulated exchange: one market of real orders, exact money, a market around them, nothing random but a seed.
//!
//! catalogue: S1. `place`, `execute`, `booking` and `amend` are what an order lives through, `conditional` and `trigger`
//! what comes before; `matching` is its book, `accounts`, `margin`, `isolated` and `legs` its money, `mark` what the venue does
//! to positions by itself; `flow` and `recorded` are the market around it; `updates` and `history` are what can be
//! asked. The whole exchange is canonical state: it has a hash.

pub mod accounts;
pub mod amend;
pub mod booking;
pub mod conditional;
pub mod execute;
pub mod flow;
pub mod history;
pub mod isolated;
pub mod latent;
pub mod legs;
pub mod margin;
pub mod mark;
pub mod matching;
pub mod order;
pub mod place;
pub mod recorded;
pub mod rng;
pub mod trigger;
pub mod updates;

use crate::canon::Canon;
use crate::error::{CoreError, Result};
use crate::instrument::{Instrument, Market, Venue};
use crate::state;
use crate::units::{Amount, Decimal, Lots, Nanos, Ticks, pow10};
use accounts::{Accounts, rate_of};
use conditional::Conditionals;
use execute::Desk;
use flow::{Flow, FlowSpec};
use history::History;
use matching::{BACKGROUND, Book, NIL};
use order::{Exec, Fault, Order, Outcome, Reason};
use place::NewOrder;
use recorded::Recorded;
use sha2::{Digest, Sha256};
use updates::Updates;

/// How many orders a symbol's book holds at most, the background's included.
pub const BOOK_ORDERS_MAX: u32 = 1 << 18;
/// The largest fee or rebate rate: 10 %.
pub const FEE_E8_MAX: i64 = 10_000_000;

state! {
    /// One symbol: its book and everything around it.
    #[derive(Debug, Clone, PartialEq)]
    pub struct Symbol {
        /// The venue's name for it.
        pub name: String,
        /// The book.
        pub book: Book,
        /// Orders and fills of known accounts.
        pub history: History,
        /// Orders that wait for a price.
        pub conditionals: Conditionals,
        /// What changed since somebody asked.
        pub updates: Updates,
        /// The last trade number.
        pub trades: u64,
        /// The generator, where one runs.
        pub flow: Option<Flow>,
        /// The recording's state, where one drives the book.
        pub recorded: Option<Recorded>,
    }
}

state! {
    /// One market with its symbols and accounts.
    #[derive(Debug, Clone, PartialEq)]
    pub struct Exchange {
        /// Everybody's money.
        pub accounts: Accounts,
        /// Symbols by id.
        pub symbols: Vec<Symbol>,
        /// The last order id given.
        pub orders: u64,
        /// Where all randomness comes from.
        pub seed: u64,
    }
}

impl Exchange {
    /// An empty exchange. Inverse markets are refused: nothing here settles in base yet.
    pub fn new(market: Market, maker_fee_e8: i64, taker_fee_e8: i64, seed: u64) -> Result<Self> {
        if market == Market::Inverse {
            return Err(CoreError::Field { field: "market", was: "inverse".into(), why: "must be spot or linear" });
        }
        fee_bounds(maker_fee_e8, taker_fee_e8)?;
        let accounts = Accounts::new(market, maker_fee_e8, taker_fee_e8);
        Ok(Self { accounts, symbols: Vec::new(), orders: 0, seed })
    }

    /// Defines a symbol by its decimals as texts; both assets must be known, the name must be new.
    pub fn symbol(
        &mut self,
        name: &str,
        base: &str,
        quote: &str,
        tick: &str,
        lot: &str,
        maintenance_e8: i64,
    ) -> Result<u32> {
        if self.symbols.iter().any(|symbol| symbol.name == name) {
            return Err(CoreError::Field { field: "symbol", was: name.into(), why: "is defined already" });
        }
        if !(0..=50_000_000).contains(&maintenance_e8) {
            let was = maintenance_e8.to_string();
            return Err(CoreError::Field { field: "maintenance_e8", was, why: "must be 0 to 0.5e8" });
        }
        let (base, quote) = (self.accounts.asset_id(base)?, self.accounts.asset_id(quote)?);
        let ((tick, price_scale), (lot, qty_scale)) = (step(tick, "tick")?, step(lot, "lot")?);
        let id = self.symbols.len() as u32;
        let instrument = Instrument {
            id,
            venue: Venue::Binance,
            market: self.accounts.market,
            symbol: name.to_owned(),
            base,
            quote,
            settle: quote,
            tick,
            price_scale,
            lot,
            qty_scale,
            multiplier: 1,
            settle_scale: self.accounts.assets[usize::from(quote)].scale,
            base_scale: self.accounts.assets[usize::from(base)].scale,
        };
        self.accounts.contract(instrument, maintenance_e8)?;
        self.symbols.push(Symbol {
            name: name.to_owned(),
            book: Book::new(BOOK_ORDERS_MAX),
            history: History::default(),
            conditionals: Conditionals::default(),
            updates: Updates::default(),
            trades: 0,
            flow: None,
            recorded: None,
        });
        Ok(id)
    }

    /// Gives an account its own fees (a tier; a negative maker fee is a rebate).
    pub fn fees(&mut self, account: u32, maker_fee_e8: i64, taker_fee_e8: i64) -> Result<()> {
        self.accounts.known(account)?;
        fee_bounds(maker_fee_e8, taker_fee_e8)?;
        let account = &mut self.accounts.list[account as usize];
        (account.maker_fee_e8, account.taker_fee_e8) = (maker_fee_e8, taker_fee_e8);
        Ok(())
    }

    /// A symbol that somebody introduced, or an error that names the number.
    pub fn known(&self, symbol: u32) -> Result<&Symbol> {
        self.symbols.get(symbol as usize).ok_or_else(|| CoreError::Unknown { what: "symbol", was: symbol.to_string() })
    }

    /// The desk of one symbol for one operation.
    pub fn desk<'a>(&'a mut self, symbol: u32, ts: Nanos, out: &'a mut Vec<Exec>) -> Result<Desk<'a>> {
        self.known(symbol)?;
        let Self { accounts, symbols, orders, .. } = self;
        let at = &mut symbols[symbol as usize];
        Ok(Desk {
            symbol,
            accounts,
            book: &mut at.book,
            history: &mut at.history,
            conditionals: &mut at.conditionals,
            prints: Vec::new(),
            updates: &mut at.updates,
            trades: &mut at.trades,
            ids: orders,
            out,
            moved: Vec::new(),
            ts,
        })
    }

    /// Takes an order in. Events go to `out`; a refusal leaves no trace.
    pub fn place(&mut self, symbol: u32, new: &NewOrder, ts: Nanos, out: &mut Vec<Exec>) -> Outcome<u64> {
        self.accounts.known(new.account)?;
        let mut desk = self.desk(symbol, ts, out)?;
        let id = desk.place(new)?;
        desk.spring()?;
        Ok(id)
    }

    /// Cancels an open order.
    pub fn cancel(&mut self, account: u32, symbol: u32, id: u64, ts: Nanos, out: &mut Vec<Exec>) -> Outcome<()> {
        self.accounts.known(account)?;
        let mut desk = self.desk(symbol, ts, out)?;
        desk.cancel(account, id)?;
        desk.spring()
    }

    /// Cancels all open orders of an account in a symbol.
    pub fn cancel_all(&mut self, account: u32, symbol: u32, ts: Nanos, out: &mut Vec<Exec>) -> Outcome<()> {
        self.accounts.known(account)?;
        let mut desk = self.desk(symbol, ts, out)?;
        desk.cancel_all(account, Reason::None)?;
        desk.spring()
    }

    /// Changes an open order's price and total size.
    pub fn amend(
        &mut self,
        account: u32,
        symbol: u32,
        id: u64,
        change: (Option<Ticks>, Lots),
        ts: Nanos,
        out: &mut Vec<Exec>,
    ) -> Outcome<()> {
        self.accounts.known(account)?;
        let mut desk = self.desk(symbol, ts, out)?;
        desk.amend(account, id, change.0, change.1)?;
        desk.spring()
    }

    /// Starts the generator for a symbol at `ts` and fills its book. A recording that drives it, or an earlier
    /// generator, is replaced; background orders that rest are taken out first.
    pub fn flow(&mut self, symbol: u32, spec: FlowSpec, ts: Nanos, out: &mut Vec<Exec>) -> Outcome<()> {
        self.known(symbol)?;
        let mut flow = Flow::new(spec, self.seed, u64::from(symbol) + 1, ts)?;
        self.symbols[symbol as usize].recorded = None;
        let mut desk = self.desk(symbol, ts, out)?;
        desk.clear_background();
        flow.open(&mut desk)?;
        desk.spring()?;
        self.symbols[symbol as usize].flow = Some(flow);
        Ok(())
    }

    /// Runs every generator up to and including `until`, in the order of time (equal times: by symbol).
    pub fn advance(&mut self, until: Nanos, out: &mut Vec<Exec>) -> Outcome<u64> {
        let mut acts = 0;
        while let Some((ts, symbol)) = self.due().filter(|(ts, _)| *ts <= until) {
            let Some(mut flow) = self.symbols[symbol as usize].flow.take() else { break };
            let mut desk = self.desk(symbol, ts, out)?;
            // The generator's next turn on another symbol is seldom near: run this one until then.
            let done = flow.act(&mut desk).map_err(Fault::from).and_then(|()| desk.spring());
            self.symbols[symbol as usize].flow = Some(flow);
            done?;
            acts += 1;
        }
        Ok(acts)
    }

    fn due(&self) -> Option<(Nanos, u32)> {
        let all = self.symbols.iter().enumerate();
        all.filter_map(|(id, symbol)| symbol.flow.as_ref().map(|flow| (flow.next_ts(), id as u32))).min()
    }

    /// The size before an open order in its queue; `None` where it does not rest.
    pub fn queue_ahead(&self, symbol: u32, id: u64) -> Result<Option<Lots>> {
        let symbol = self.known(symbol)?;
        Ok(symbol.history.get(id).and_then(|order| symbol.book.ahead(order.node)))
    }

    /// Proves every invariant: conservation per asset, books well formed and not crossed, open orders in their place
    /// and for positions that exist, and that what is set aside is what the open orders set aside.
    pub fn check(&self) -> Result<()> {
        self.accounts.check()?;
        let mut locked: Vec<Vec<Amount>> = vec![vec![0; self.accounts.assets.len()]; self.accounts.list.len()];
        for (id, symbol) in self.symbols.iter().enumerate() {
            symbol.book.verify()?;
            for order in symbol.history.open_all() {
                self.check_order(symbol, order)?;
                let asset = self.accounts.lock_asset(id as u32, order.side);
                locked[order.account as usize][usize::from(asset)] += order.reserved;
            }
        }
        if self.accounts.market != Market::Spot {
            return Ok(());
        }
        for (account, sums) in self.accounts.list.iter().zip(&locked) {
            let held: Vec<Amount> = account.purses.iter().map(|purse| purse.locked).collect();
            if held != *sums {
                let was = format!("{}: {held:?} for {sums:?}", account.name);
                return Err(CoreError::Broken { invariant: "locked money belongs to open orders", was });
            }
        }
        Ok(())
    }

    fn check_order(&self, symbol: &Symbol, order: &Order) -> Result<()> {
        let rests = symbol.book.node(order.node).is_some_and(|node| {
            node.id == order.id && node.qty == order.open() && node.price == order.price && node.side == order.side
        });
        let waits = order.node == NIL && symbol.conditionals.waits(order.id);
        let known = order.account != BACKGROUND && self.accounts.legs(order.account).contains(&order.leg);
        if (rests || waits) && known && order.status.is_open() {
            return Ok(());
        }
        Err(CoreError::Broken { invariant: "an open order rests in the book or waits", was: format!("{order:?}") })
    }

    /// SHA-256 over the canonical bytes of everything above.
    #[must_use]
    pub fn state_hash(&self) -> [u8; 32] {
        let mut bytes = Vec::new();
        self.put(&mut bytes);
        Sha256::digest(&bytes).into()
    }

    /// Sets the leverage of an account in a linear symbol, in hedge mode of both positions; refused where what is open then lacks margin, and
    /// where an isolated position would need more.
    pub fn leverage(&mut self, account: u32, symbol: u32, leverage: i64) -> Outcome<()> {
        self.accounts.known(account)?;
        self.known(symbol)?;
        if self.accounts.market == Market::Spot || !(1..=margin::LEVERAGE_MAX).contains(&leverage) {
            let was = leverage.to_string();
            return Err(CoreError::Field { field: "leverage", was, why: "must be 1 to 125 on a linear market" }.into());
        }
        let asset = self.accounts.contracts[symbol as usize].instrument.settle;
        let positions = &mut self.accounts.list[account as usize].positions[symbol as usize];
        let before = positions[0].leverage;
        positions.iter_mut().for_each(|position| position.leverage = leverage);
        let holds = positions.iter().any(|position| position.isolated && position.qty != 0);
        let short = self.accounts.equity(account, asset) < self.accounts.margin_used(account, asset);
        if leverage < before && (short || holds) {
            let positions = &mut self.accounts.list[account as usize].positions[symbol as usize];
            positions.iter_mut().for_each(|position| position.leverage = before);
            return Err(order::Refusal::InsufficientMargin.into());
        }
        Ok(())
    }

    /// A typical order: worth about 1,000 of the quote asset at `mid`, one lot at least.
    pub fn typical_size(&self, symbol: u32, mid: Ticks) -> Result<Lots> {
        self.known(symbol)?;
        let contract = &self.accounts.contracts[symbol as usize];
        let money = 1000 * pow10(contract.instrument.settle_scale);
        Ok(contract.affordable(place::valid_price(mid)?, money).max(1))
    }

    /// What a fill of `quote` would cost an account in fees.
    #[must_use]
    pub fn fee_of(&self, account: u32, quote: Amount, maker: bool) -> Amount {
        rate_of(quote, self.accounts.fee_e8(account, maker))
    }
}

fn fee_bounds(maker_fee_e8: i64, taker_fee_e8: i64) -> Result<()> {
    for (field, was) in [("maker_fee_e8", maker_fee_e8), ("taker_fee_e8", taker_fee_e8)] {
        if !(-FEE_E8_MAX..=FEE_E8_MAX).contains(&was) {
            return Err(CoreError::Field { field, was: was.to_string(), why: "must be within 10 %" });
        }
    }
    if maker_fee_e8 + taker_fee_e8 < 0 {
        let was = maker_fee_e8.to_string();
        return Err(CoreError::Field { field: "maker_fee_e8", was, why: "must not pay back more than the taker fee" });
    }
    Ok(())
}

/// A tick or lot size as mantissa and decimals.
fn step(text: &str, field: &'static str) -> Result<(i64, u8)> {
    let decimal = Decimal::parse(text.as_bytes(), field)?;
    match i64::try_from(decimal.mantissa) {
        Ok(mantissa) if mantissa > 0 && decimal.scale <= 18 => Ok((mantissa, decimal.scale)),
        _ => Err(CoreError::Field { field, was: text.to_owned(), why: "must be above zero with 18 decimals at most" }),
    }
}
