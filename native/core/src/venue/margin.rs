//! Linear positions: average cost, realised profit, initial and maintenance margin, what is available.
//!
//! catalogue: S1. Margin is cross over all symbols that settle in one asset, but for those in `isolated` margin. A position keeps its exact signed cost,
//! so wallet minus cost is conserved to the smallest unit. Rule of the initial margin (Binance USD-M, one-way mode):
//! the larger of |position + open buys| and |position - open sells|, in value, divided by the leverage, rounded up.
//! In hedge mode each of the two positions is counted by itself by the same rules, and the sums are the account's.

use super::accounts::{Accounts, Deal, E8, Party, Settled, VENUE, rate_of};
use super::legs::Leg;
use super::matching::BACKGROUND;
use super::order::{Order, Refusal};
use crate::instrument::Market;
use crate::state;
use crate::units::{Amount, Lots, NO_PRICE, Side, pow10};

/// The leverage a position starts with.
pub const LEVERAGE_DEFAULT: i64 = 20;
/// The largest leverage (Binance: 125).
pub const LEVERAGE_MAX: i64 = 125;

state! {
    /// One account's position in one symbol, with the value of its open orders.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Position {
        /// Signed size in lots.
        pub qty: Lots,
        /// What it cost: paid for a long (positive), received for a short (negative).
        pub cost: Amount,
        /// Value of open buy orders that are not reduce-only.
        pub buy_open: Amount,
        /// Value of open sell orders that are not reduce-only.
        pub sell_open: Amount,
        /// How many open orders are reduce-only.
        pub reduce_orders: u32,
        /// Divides the notional into the initial margin.
        pub leverage: i64,
        /// Whether the position has its own wallet.
        pub isolated: bool,
        /// That wallet; 0 in cross margin.
        pub wallet: Amount,
    }
}

impl Position {
    /// Nothing held.
    #[must_use]
    pub const fn flat() -> Self {
        Self {
            qty: 0,
            cost: 0,
            buy_open: 0,
            sell_open: 0,
            reduce_orders: 0,
            leverage: LEVERAGE_DEFAULT,
            isolated: false,
            wallet: 0,
        }
    }

    /// How much of the position an order of `side` can close.
    #[must_use]
    pub const fn closable(&self, side: Side) -> Lots {
        let opposed = -self.qty * side.sign();
        if opposed > 0 { opposed } else { 0 }
    }

    /// The value of open orders of a side, for writing.
    pub(super) const fn open_mut(&mut self, side: Side) -> &mut Amount {
        match side {
            Side::Buy => &mut self.buy_open,
            Side::Sell => &mut self.sell_open,
        }
    }

    /// Moves the position by a fill and returns the realised profit: what was closed at average cost, rounded
    /// towards zero; the last lot closed takes the exact rest.
    pub fn apply(&mut self, side: Side, qty: Lots, quote: Amount) -> Amount {
        let closed = qty.min(self.closable(side));
        let paid = quote * Amount::from(side.sign());
        let closed_paid = if closed == qty { paid } else { paid * Amount::from(closed) / Amount::from(qty) };
        let removed = match self.qty.abs() {
            0 => 0,
            held if held == closed => self.cost,
            held => self.cost * Amount::from(closed) / Amount::from(held),
        };
        // Closing a long removes its cost and receives -closed_paid; a short the other way round.
        let realised = if closed == 0 { 0 } else { -closed_paid - removed };
        self.cost += paid + realised;
        self.qty += side.sign() * qty;
        realised
    }
}

/// Rounds a non-negative amount divided by a positive count up.
pub(super) const fn div_up(amount: Amount, by: i64) -> Amount {
    (amount + by as i128 - 1) / by as i128
}

impl Accounts {
    /// The mark price times 10^8: the one set, else the last trade's, else 0.
    #[must_use]
    pub fn mark_e8(&self, symbol: u32) -> i64 {
        let contract = &self.contracts[symbol as usize];
        if contract.mark_e8 != 0 || contract.last_price == NO_PRICE {
            return contract.mark_e8;
        }
        let price = contract.instrument.price_decimal(contract.last_price);
        let e8 = if price.scale <= 8 {
            price.mantissa * pow10(8 - price.scale)
        } else {
            price.mantissa / pow10(price.scale - 8)
        };
        i64::try_from(e8).unwrap_or(i64::MAX)
    }

    /// The value of a signed count of lots at a price times 10^8, in the settle asset, towards zero.
    #[must_use]
    pub fn value_e8(&self, symbol: u32, lots: Lots, price_e8: i64) -> Amount {
        let i = &self.contracts[symbol as usize].instrument;
        let raw = i128::from(price_e8) * i128::from(lots) * i128::from(i.lot);
        let scale = 8 + i.qty_scale;
        if scale >= i.settle_scale {
            raw / pow10(scale - i.settle_scale)
        } else {
            raw.saturating_mul(pow10(i.settle_scale - scale))
        }
    }

    /// Unrealised profit at mark; 0 while no price is known.
    #[must_use]
    pub fn unrealised(&self, account: u32, symbol: u32, leg: Leg) -> Amount {
        let position = self.position(account, symbol, leg);
        match self.mark_e8(symbol) {
            0 => 0,
            _ if position.qty == 0 => 0,
            mark => self.value_e8(symbol, position.qty, mark) - position.cost,
        }
    }

    /// The position's value at mark, signed; at cost while no price is known.
    #[must_use]
    pub fn notional(&self, account: u32, symbol: u32, leg: Leg) -> Amount {
        let position = self.position(account, symbol, leg);
        match self.mark_e8(symbol) {
            0 => position.cost,
            mark => self.value_e8(symbol, position.qty, mark),
        }
    }

    /// Initial margin of one position and its open orders, with `extra` more open on a side.
    fn initial_with(&self, account: u32, symbol: u32, leg: Leg, side: Side, extra: Amount) -> Amount {
        let position = self.position(account, symbol, leg);
        let (buys, sells) = match side {
            Side::Buy => (position.buy_open + extra, position.sell_open),
            Side::Sell => (position.buy_open, position.sell_open + extra),
        };
        if position.qty == 0 && buys == 0 && sells == 0 {
            return 0;
        }
        let value = self.notional(account, symbol, leg);
        div_up((value + buys).abs().max((value - sells).abs()), position.leverage)
    }

    /// Initial margin of one position and its open orders.
    #[must_use]
    pub fn initial_margin(&self, account: u32, symbol: u32, leg: Leg) -> Amount {
        self.initial_with(account, symbol, leg, Side::Buy, 0)
    }

    /// Margin of one position alone.
    #[must_use]
    pub fn position_margin(&self, account: u32, symbol: u32, leg: Leg) -> Amount {
        let leverage = self.position(account, symbol, leg).leverage;
        div_up(self.notional(account, symbol, leg).abs(), leverage)
    }

    /// Maintenance margin of one position.
    #[must_use]
    pub fn maintenance_margin(&self, account: u32, symbol: u32, leg: Leg) -> Amount {
        rate_of(self.notional(account, symbol, leg).abs(), self.contracts[symbol as usize].maintenance_e8)
    }

    /// The symbols that settle in `asset`.
    pub(super) fn settling_in(&self, asset: u16) -> impl Iterator<Item = u32> + '_ {
        let all = self.contracts.iter().enumerate();
        all.filter(move |(_, contract)| contract.instrument.settle == asset).map(|(symbol, _)| symbol as u32)
    }

    /// The symbols that settle in `asset` and whose positions the account's cross wallet carries.
    fn crossed(&self, account: u32, asset: u16) -> impl Iterator<Item = u32> + '_ {
        self.settling_in(asset).filter(move |symbol| !self.is_isolated(account, *symbol))
    }

    /// Cross wallet plus the unrealised profit that it carries, in `asset`.
    #[must_use]
    pub fn equity(&self, account: u32, asset: u16) -> Amount {
        let wallet = self.list[account as usize].purses[usize::from(asset)].free - self.isolated_total(account, asset);
        let of = |symbol| self.over_legs(account, |leg| self.unrealised(account, symbol, leg));
        wallet + self.crossed(account, asset).map(of).sum::<Amount>()
    }

    /// Initial margin that the cross wallet bears over all symbols that settle in `asset`: of an isolated symbol that
    /// of its open orders.
    #[must_use]
    pub fn margin_used(&self, account: u32, asset: u16) -> Amount {
        let used = |symbol: u32, leg: Leg| {
            let initial = self.initial_margin(account, symbol, leg);
            match self.is_isolated(account, symbol) {
                true => (initial - self.position_margin(account, symbol, leg)).max(0),
                false => initial,
            }
        };
        self.settling_in(asset).map(|symbol| self.over_legs(account, |leg| used(symbol, leg))).sum()
    }

    /// Maintenance margin that the cross wallet bears over all symbols that settle in `asset`.
    #[must_use]
    pub fn maintenance_total(&self, account: u32, asset: u16) -> Amount {
        let of = |symbol| self.over_legs(account, |leg| self.maintenance_margin(account, symbol, leg));
        self.crossed(account, asset).map(of).sum()
    }

    /// Whether `extra` more value of an order is covered. What does not raise the margin always is.
    pub fn cover(&self, symbol: u32, order: &Order, extra: Amount) -> std::result::Result<(), Refusal> {
        let (account, leg) = (order.account, order.leg);
        let asset = self.contracts[symbol as usize].instrument.settle;
        let more =
            self.initial_with(account, symbol, leg, order.side, extra) - self.initial_margin(account, symbol, leg);
        if more <= 0 || more <= self.equity(account, asset) - self.margin_used(account, asset) {
            return Ok(());
        }
        Err(Refusal::InsufficientMargin)
    }

    /// `settle_linear` without a fee.
    pub(super) fn settle_free(&mut self, deal: &Deal, party: &Party) {
        let settle = self.contracts[deal.symbol as usize].instrument.settle;
        let position = self.position_mut(party.account, deal.symbol, party.leg);
        position.earmark(party.side, deal.qty, deal.quote);
        let realised = position.apply(party.side, deal.qty, deal.quote);
        self.purse(party.account, settle).free += realised;
    }

    pub(super) fn settle_linear(&mut self, deal: &Deal, party: &Party) -> Settled {
        debug_assert!(self.market != Market::Spot);
        let settle = self.contracts[deal.symbol as usize].instrument.settle;
        let fee = rate_of(deal.quote, self.fee_e8(party.account, party.maker));
        let position = self.position_mut(party.account, deal.symbol, party.leg);
        *position.open_mut(party.side) -= party.released;
        position.earmark(party.side, deal.qty, deal.quote);
        let realised = position.apply(party.side, deal.qty, deal.quote);
        self.purse(party.account, settle).free += realised - fee;
        self.purse(VENUE, settle).free += fee;
        Settled { fee, fee_asset: settle, realised }
    }

    /// The average entry price times 10^8, 0 for a flat position.
    #[must_use]
    pub fn entry_e8(&self, account: u32, symbol: u32, leg: Leg) -> i64 {
        let position = self.position(account, symbol, leg);
        let i = &self.contracts[symbol as usize].instrument;
        let size = i128::from(position.qty) * i128::from(i.lot);
        let scale = 8 + i.qty_scale;
        let scaled = if scale >= i.settle_scale {
            position.cost.saturating_mul(pow10(scale - i.settle_scale))
        } else {
            position.cost / pow10(i.settle_scale - scale)
        };
        i64::try_from(scaled.checked_div(size).unwrap_or(0)).unwrap_or(i64::MAX)
    }

    /// The mark price times 10^8 at which what carries the position (the cross wallet's equity, or its own wallet)
    /// falls to the maintenance margin if only this symbol moves; 0 where no positive price does that. The cross
    /// wallet carries long and short together, so they have one such price.
    #[must_use]
    pub fn liquidation_e8(&self, account: u32, symbol: u32, leg: Leg) -> i64 {
        let contract = &self.contracts[symbol as usize];
        let position = self.position(account, symbol, leg);
        let asset = contract.instrument.settle;
        if position.qty == 0 {
            return 0;
        }
        // equity' + qty p - cost = rate |qty| p + maintenance', solved for p; primes are without what is carried.
        let carried = if position.isolated { std::slice::from_ref(&leg) } else { self.legs(account) };
        let sum = |of: &dyn Fn(Leg) -> Amount| carried.iter().map(|leg| of(*leg)).sum::<Amount>();
        let others = if position.isolated {
            position.wallet
        } else {
            self.equity(account, asset)
                - sum(&|leg| self.unrealised(account, symbol, leg))
                - (self.maintenance_total(account, asset) - sum(&|leg| self.maintenance_margin(account, symbol, leg)))
        };
        let missing = sum(&|leg| self.position(account, symbol, leg).cost) - others;
        let slope = sum(&|leg| {
            let one = self.value_e8(symbol, self.position(account, symbol, leg).qty, E8 as i64);
            one - rate_of(one.abs(), contract.maintenance_e8)
        });
        let price = missing.saturating_mul(E8).checked_div(slope).unwrap_or(0);
        i64::try_from(price.max(0)).unwrap_or(i64::MAX)
    }

    /// Pays funding on every position: `rate * value`, a positive rate from longs to shorts; each amount is rounded
    /// towards zero and the venue keeps the rest of the rounding. Returns who got how much for which position.
    pub fn fund(&mut self, symbol: u32, rate_e8: i64, mark_e8: i64) -> Vec<(u32, Leg, Amount)> {
        let settle = self.contracts[symbol as usize].instrument.settle;
        let (mut paid, mut total) = (Vec::new(), 0);
        let everybody = 0..self.list.len() as u32;
        let all: Vec<(u32, Leg)> =
            everybody.flat_map(|who| self.legs(who).iter().map(move |leg| (who, *leg))).collect();
        for (account, leg) in all {
            let qty = self.position(account, symbol, leg).qty;
            if qty == 0 {
                continue;
            }
            let amount = -rate_of(self.value_e8(symbol, qty, mark_e8), rate_e8);
            self.purse(account, settle).free += amount;
            let position = self.position_mut(account, symbol, leg);
            position.wallet += if position.isolated { amount } else { 0 };
            total += amount;
            if account != BACKGROUND && account != VENUE {
                paid.push((account, leg, amount));
            }
        }
        self.purse(VENUE, settle).free -= total;
        paid
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// side, lots, money, then: realised, position, cost.
    const FILLS: [(Side, Lots, Amount, Amount, Lots, Amount); 8] = [
        (Side::Buy, 3, 100, 0, 3, 100),
        // 100 / 3 of cost is 33 towards zero; sold for 40.
        (Side::Sell, 1, 40, 7, 2, 67),
        (Side::Buy, 1, 30, 0, 3, 97),
        // Turns: 3 of 5 close at 120 of 200 against 97; the other 2 open a short for 80.
        (Side::Sell, 5, 200, 23, -2, -80),
        (Side::Sell, 1, 45, 0, -3, -125),
        // 125 x 2 / 3 is 83 towards zero; bought back for 90.
        (Side::Buy, 2, 90, -7, -1, -42),
        // The last lot takes the exact rest.
        (Side::Buy, 1, 41, 1, 0, 0),
        (Side::Sell, 2, 7, 0, -2, -7),
    ];

    #[test]
    fn cost_and_profit_follow_the_table() {
        let mut position = Position::flat();
        for (side, qty, quote, realised, held, cost) in FILLS {
            let got = position.apply(side, qty, quote);
            assert_eq!((got, position.qty, position.cost), (realised, held, cost), "{side:?} {qty} for {quote}");
        }
    }

    #[test]
    fn what_can_be_closed_is_the_other_side_only() {
        let long = Position { qty: 5, ..Position::flat() };
        assert_eq!((long.closable(Side::Sell), long.closable(Side::Buy)), (5, 0));
        assert_eq!(div_up(10, 4), 3);
    }
}
