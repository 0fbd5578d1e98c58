//! What we own and what it earned: positions at average cost, per strategy and netted per account.
//!
//! catalogue: O6. A position keeps the exact cost of what is open, never a rounded average. Closing a part releases
//! `cost x closed / held`, cut towards zero; what the cut leaves stays with the open part, so nothing is lost, and a
//! position that goes flat releases all. Hence, in exact integers and at any time:
//! `realised - cost = sum of all cash flows`, which is checked after every fill, and
//! `realised + unrealised = cash flows + value`. A fill through zero closes the one side and opens the other.
//!
//! The venue knows one position for each account and instrument, so its realised profit follows the netted row; the
//! strategies' rows say who earned it.

pub mod equity;
pub mod value;

pub use equity::{Equity, EquityBook};

use crate::error::{CoreError, Result};
use crate::event;
use crate::instrument::Instrument;
use crate::order::Fill;
use crate::sorted::Sorted;
use crate::state;
use crate::units::{Amount, Lots, NO_PRICE, Nanos, Side};
use value::{average_e8, base_at, close_at, cost_e8, flow, money, share, too_large};

state! {
    /// One position. Raw values are those of `position::value`; money is in the settlement asset's smallest unit.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub struct Position {
        /// The account.
        pub account: u16,
        /// The strategy; 0 in a netted row.
        pub strategy: u16,
        /// The instrument.
        pub instrument: u32,
        /// Signed size.
        pub qty: Lots,
        /// Exact cost of what is open, raw: minus the cash flows that opened it.
        pub cost: i128,
        /// Realised profit before fees and funding, raw, since ever.
        pub realised: i128,
        /// Sum of all cash flows, raw.
        pub flows: i128,
        /// `realised` when the day began.
        pub realised_before: i128,
        /// Fees paid in the settlement asset, since ever.
        pub fees: Amount,
        /// Fees paid in the settlement asset, today.
        pub fees_day: Amount,
        /// Fees paid in the base asset (spot buys), in its smallest unit, since ever.
        pub fees_base: Amount,
        /// Fills whose fee was paid in any other asset; the ledger has the amounts.
        pub fees_elsewhere: u64,
        /// Funding received, since ever.
        pub funding: Amount,
        /// Funding received, today.
        pub funding_day: Amount,
        /// Realised profit of the last closing fill, money.
        pub last_realised: Amount,
        /// Fills booked.
        pub fills: u64,
        /// Lots bought.
        pub bought: u64,
        /// Lots sold.
        pub sold: u64,
        /// How often it was opened from flat, flips included.
        pub opened: u64,
        /// How often it became flat, flips included.
        pub closed: u64,
        /// How often a fill went through zero.
        pub flips: u64,
        /// The largest absolute size ever.
        pub max_abs: Lots,
        /// When the open side was opened; 0 before the first.
        pub opened_at: Nanos,
        /// When it last changed; 0 before the first.
        pub changed_at: Nanos,
    }
}

impl Position {
    /// Books a fill and returns the lots it closed. The caller discards `self` where this fails.
    fn fill(&mut self, fill: &Fill, instrument: &Instrument) -> Result<Lots> {
        let signed = fill.side.sign().saturating_mul(fill.qty);
        let total = flow(instrument, fill.side, fill.price, fill.qty)?;
        let after = self.qty.checked_add(signed).ok_or_else(|| too_large("position", fill.qty))?;
        let held = self.qty.checked_abs().ok_or_else(|| too_large("position", self.qty))?;
        let closed = if self.qty.signum() * signed.signum() < 0 { held.min(fill.qty) } else { 0 };
        let mut opening = total;
        if closed > 0 {
            let part = if closed == fill.qty { total } else { flow(instrument, fill.side, fill.price, closed)? };
            opening -= part;
            let released = share(self.cost, closed, held);
            let before = money(instrument, self.realised)?;
            self.cost -= released;
            self.realised = add(self.realised, part - released)?;
            self.last_realised = money(instrument, self.realised)? - before;
        }
        self.cost = add(self.cost, -opening)?;
        self.flows = add(self.flows, total)?;
        self.count(fill, after, closed);
        if self.realised - self.cost != self.flows {
            let was = format!("{} - {} and {}", self.realised, self.cost, self.flows);
            return Err(CoreError::Broken { invariant: "realised - cost = cash flows", was });
        }
        self.fee(fill, instrument)?;
        Ok(closed)
    }

    fn count(&mut self, fill: &Fill, after: Lots, closed: Lots) {
        let before = self.qty;
        self.qty = after;
        self.fills += 1;
        match fill.side {
            Side::Buy => self.bought = self.bought.saturating_add(fill.qty.unsigned_abs()),
            Side::Sell => self.sold = self.sold.saturating_add(fill.qty.unsigned_abs()),
        }
        let opens = after != 0 && before.signum() != after.signum();
        self.flips += u64::from(opens && before != 0);
        self.opened += u64::from(opens);
        self.closed += u64::from(closed > 0 && before.signum() != after.signum());
        self.max_abs = self.max_abs.max(after.saturating_abs());
        if opens {
            self.opened_at = fill.ts;
        }
        self.changed_at = fill.ts;
    }

    fn fee(&mut self, fill: &Fill, instrument: &Instrument) -> Result<()> {
        if fill.fee == 0 {
            return Ok(());
        }
        if fill.fee_asset == instrument.settle {
            self.fees = add(self.fees, fill.fee)?;
            self.fees_day = add(self.fees_day, fill.fee)?;
        } else if fill.fee_asset == instrument.base {
            self.fees_base = add(self.fees_base, fill.fee)?;
        } else {
            self.fees_elsewhere += 1;
        }
        Ok(())
    }

    fn fund(&mut self, amount: Amount) -> Result<()> {
        let (all, day) = (add(self.funding, amount)?, add(self.funding_day, amount)?);
        (self.funding, self.funding_day) = (all, day);
        Ok(())
    }

    /// Realised profit since ever, before fees and funding, towards zero.
    pub fn realised(&self, instrument: &Instrument) -> Result<Amount> {
        money(instrument, self.realised)
    }

    /// Realised profit of the day, before fees and funding.
    pub fn realised_day(&self, instrument: &Instrument) -> Result<Amount> {
        Ok(money(instrument, self.realised)? - money(instrument, self.realised_before)?)
    }

    /// Profit of the open part at `price_e8` (1e-8 of the quote asset).
    pub fn unrealised(&self, instrument: &Instrument, price_e8: i64) -> Result<Amount> {
        if self.qty == 0 {
            return Ok(0);
        }
        Ok(close_at(instrument, self.qty, price_e8)? - money(instrument, self.cost)?)
    }

    /// What it earned in all at `price_e8` (1e-8 of the quote asset): realised, open, fees and funding.
    pub fn result(&self, instrument: &Instrument, price_e8: i64) -> Result<Amount> {
        let earned = add(self.realised(instrument)?, self.unrealised(instrument, price_e8)?)?;
        let paid = add(self.fees, self.fees_base_value(instrument, price_e8)?)?;
        add(earned, add(self.funding, -paid)?)
    }

    /// What the fees paid in the base asset are worth at `price_e8` (1e-8 of the quote asset).
    pub fn fees_base_value(&self, instrument: &Instrument, price_e8: i64) -> Result<Amount> {
        base_at(instrument, self.fees_base, price_e8)
    }

    /// Average entry price in 1e-8 of the quote asset, for views; None where flat.
    #[must_use]
    pub fn average_e8(&self, instrument: &Instrument) -> Option<i64> {
        if self.qty == 0 { None } else { average_e8(instrument, self.cost, self.qty) }
    }

    /// The open part is now this; `realised - cost = flows` holds because the flows follow.
    fn take_over(&mut self, qty: Lots, cost: i128, now: Nanos) {
        if qty.signum() != self.qty.signum() {
            self.opened += u64::from(qty != 0);
            self.closed += u64::from(self.qty != 0);
            self.flips += u64::from(qty != 0 && self.qty != 0);
            self.opened_at = if qty == 0 { self.opened_at } else { now };
        }
        self.flows += self.cost - cost;
        (self.qty, self.cost, self.changed_at) = (qty, cost, now);
        self.max_abs = self.max_abs.max(qty.saturating_abs());
    }

    fn roll_day(&mut self) {
        self.realised_before = self.realised;
        (self.fees_day, self.funding_day) = (0, 0);
    }
}

/// What booking a fill did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Booked {
    /// Lots that closed the strategy's position.
    pub closed: Lots,
    /// The strategy's position after it.
    pub qty: Lots,
    /// Realised by the strategy's row, money.
    pub realised: Amount,
    /// Realised by the netted row, money: what the venue's wallet moves by.
    pub net_realised: Amount,
}

state! {
    /// All positions: one row for each account, strategy and instrument, and one netted row for each account and
    /// instrument.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct PositionBook {
        rows: Sorted<u64, Position>,
        net: Sorted<u64, Position>,
    }
}

const ROWS: &str = "position table";

impl PositionBook {
    /// A book for at most `rows_max` rows of strategies and as many netted ones.
    #[must_use]
    pub fn new(rows_max: u32) -> Self {
        Self { rows: Sorted::new(rows_max), net: Sorted::new(rows_max) }
    }

    /// Makes the rows of a strategy, so that no fill of it ever meets a full book. Full: nothing was made.
    pub fn ensure(&mut self, account: u16, strategy: u16, instrument: u32) -> Result<()> {
        let (row, net) = (key(account, instrument, strategy), key(account, instrument, 0));
        if self.net.get(net).is_none() && !self.net.has_room(1) {
            return Err(CoreError::Full { what: ROWS, capacity: self.net.len() });
        }
        self.rows.entry(row, ROWS, || Position { account, strategy, instrument, ..Position::default() })?;
        self.net.entry(net, ROWS, || Position { account, instrument, ..Position::default() })?;
        Ok(())
    }

    /// Books a fill in its strategy's row and in the netted one. On an error neither has changed.
    pub fn fill(&mut self, fill: &Fill, instrument: &Instrument) -> Result<Booked> {
        if fill.qty <= 0 || fill.price == NO_PRICE {
            let was = format!("{} at {}", fill.qty, fill.price);
            return Err(CoreError::Field { field: "fill", was, why: "must have a size and a price" });
        }
        self.ensure(fill.account, fill.strategy, fill.instrument)?;
        let missing = || CoreError::Unknown { what: "position", was: fill.instrument.to_string() };
        let own = self.rows.get_mut(key(fill.account, fill.instrument, fill.strategy)).ok_or_else(missing)?;
        let net = self.net.get_mut(key(fill.account, fill.instrument, 0)).ok_or_else(missing)?;
        let (mut own_after, mut net_after) = (*own, *net);
        let closed = own_after.fill(fill, instrument)?;
        let net_closed = net_after.fill(fill, instrument)?;
        let realised = if closed > 0 { own_after.last_realised } else { 0 };
        let net_realised = if net_closed > 0 { net_after.last_realised } else { 0 };
        (*own, *net) = (own_after, net_after);
        Ok(Booked { closed, qty: own_after.qty, realised, net_realised })
    }

    /// Takes a position over as the venue states it: `qty` at an average of `entry_e8` (1e-8 of the quote asset) is the
    /// netted row from here on. What that changes goes to the row of no strategy (0); nothing is realised by it.
    /// On an error nothing has changed.
    pub fn adopt(&mut self, account: u16, instrument: &Instrument, qty: Lots, entry_e8: i64, now: Nanos) -> Result<()> {
        let cost = cost_e8(instrument, qty, entry_e8)?;
        self.ensure(account, 0, instrument.id)?;
        let missing = || CoreError::Unknown { what: "position", was: instrument.id.to_string() };
        let own = self.rows.get_mut(key(account, instrument.id, 0)).ok_or_else(missing)?;
        let net = self.net.get_mut(key(account, instrument.id, 0)).ok_or_else(missing)?;
        let rest = own.qty.checked_add(qty).and_then(|sum| sum.checked_sub(net.qty));
        let rest = rest.ok_or_else(|| too_large("position", qty))?;
        let rest_cost = add(add(own.cost, cost)?, -net.cost)?;
        own.take_over(rest, rest_cost, now);
        net.take_over(qty, cost, now);
        Ok(())
    }

    /// Books a funding payment: in full in the netted row, and among the strategies by their share of the position
    /// (towards zero; what the cuts leave goes to the first that holds any). Without a position the netted row
    /// alone has it.
    pub fn funding(&mut self, record: &event::Funding) -> Result<()> {
        let (account, instrument, amount) = (record.account, record.header.instrument, Amount::from(record.amount));
        let Some(net) = self.net.get_mut(key(account, instrument, 0)) else { return Ok(()) };
        net.fund(amount)?;
        let held = Amount::from(net.qty);
        if held == 0 {
            return Ok(());
        }
        let part = |qty: Lots| amount.checked_mul(Amount::from(qty)).map_or(0, |raw| raw / held);
        let (from, to) = (key(account, instrument, 0), key(account, instrument, u16::MAX));
        let shared: Amount = self.rows.range(from, to).map(|(_, row)| part(row.qty)).sum();
        let mut rest = amount - shared;
        for row in self.rows.range_mut(from, to).filter(|row| row.qty != 0) {
            row.fund(part(row.qty).saturating_add(rest))?;
            rest = 0;
        }
        Ok(())
    }

    /// The position of a strategy.
    #[must_use]
    pub fn get(&self, account: u16, strategy: u16, instrument: u32) -> Option<&Position> {
        self.rows.get(key(account, instrument, strategy))
    }

    /// The netted position of an account, as its venue sees it.
    #[must_use]
    pub fn net(&self, account: u16, instrument: u32) -> Option<&Position> {
        self.net.get(key(account, instrument, 0))
    }

    /// All strategies' positions, by account, instrument, strategy.
    pub fn iter(&self) -> impl Iterator<Item = &Position> {
        self.rows.iter().map(|(_, row)| row)
    }

    /// All netted positions, by account and instrument.
    pub fn iter_net(&self) -> impl Iterator<Item = &Position> {
        self.net.iter().map(|(_, row)| row)
    }

    /// The trading day rolls: daily figures start again.
    pub fn roll_day(&mut self) {
        self.rows.values_mut().for_each(Position::roll_day);
        self.net.values_mut().for_each(Position::roll_day);
    }
}

fn key(account: u16, instrument: u32, strategy: u16) -> u64 {
    (u64::from(account) << 48) | (u64::from(instrument) << 16) | u64::from(strategy)
}

fn add(a: i128, b: i128) -> Result<i128> {
    a.checked_add(b).ok_or_else(|| too_large("position value", b))
}

#[cfg(test)]
mod tests;
