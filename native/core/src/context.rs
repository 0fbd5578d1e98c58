//! What the gate is told: the exposure, equity and prices around one proposal, gathered from the state in one pass.
//!
//! Every open order, position and account is looked at once and added to each scope that it belongs to and that has a
//! limit on it, because this runs for every order on the hot path.

use crate::event::{Action, Proposal};
use crate::gate::limits::{SCOPES, Scope, Scopes};
use crate::gate::{Context, Exposure};
use crate::instrument::Instrument;
use crate::order::exposure as orders;
use crate::position::Position;
use crate::state::State;
use crate::units::{Amount, NO_PRICE, Side, Ticks};

/// One proposal and the scopes that are measured for it.
struct Measured<'a> {
    state: &'a State,
    proposal: &'a Proposal,
    instrument: &'a Instrument,
    scopes: Scopes,
}

/// Fills in the gate's context for a place or replace; a cancel needs none. `scopes` are those that the gate will compare:
/// what the context says of others stays what it was, because it is larger than anything else on an order's way, and
/// clearing all of it costs as much as a check.
#[inline(never)]
pub fn fill(state: &State, proposal: &Proposal, instrument: &Instrument, scopes: Scopes, context: &mut Context) {
    let top = state.top(instrument.id);
    let side = if proposal.side == Side::Sell as u8 { Side::Sell } else { Side::Buy };
    // A mark price does not stand in for a market that nobody hears: the collar refuses without a reference.
    let heard = !state.stale(instrument.id);
    let reference = if heard { state.reference_at(instrument, &top) } else { NO_PRICE };
    (context.now, context.bid, context.ask, context.reference) = (state.session.now, top.bid, top.ask, reference);
    (context.target_lots, context.target_notional) = (0, 0);
    (context.opposite, context.opposite_order) = (NO_PRICE, 0);
    if proposal.action == Action::Replace as u8 {
        target(state, proposal, instrument, side, context);
    }
    let measured = Measured { state, proposal, instrument, scopes };
    measured.money(&mut context.exposure);
    measured.orders(side, context);
    measured.positions(&mut context.exposure);
}

/// A replace frees what its target still has open.
#[inline(never)]
fn target(state: &State, proposal: &Proposal, instrument: &Instrument, side: Side, context: &mut Context) {
    if let Some(order) = state.orders.get(proposal.target).filter(|o| o.side == side && !o.state.terminal()) {
        let price = if order.price == NO_PRICE { context.reference } else { order.price };
        context.target_lots = (order.qty - order.filled).max(0);
        context.target_notional = if price == NO_PRICE { 0 } else { instrument.notional(price, context.target_lots) };
    }
}

impl Measured<'_> {
    /// The measured scopes that cover something of this account, strategy and instrument.
    #[inline]
    fn covering(&self, account: u16, strategy: u16, instrument: u32) -> Scopes {
        let own = account == self.proposal.account;
        let ours = own && strategy == self.proposal.strategy;
        self.scopes.and(Scopes::of([true, own, ours, instrument == self.instrument.id, true]))
    }

    /// Open orders, from the sums that the order table keeps.
    fn orders(&self, side: Side, context: &mut Context) {
        let mut targeted = false;
        for open in self.state.orders.exposures().iter().filter(|open| !open.is_nothing()) {
            targeted |= self.add_orders(open, side, context);
        }
        // Without the order that is replaced, another may be the best one: that takes a look at each.
        if targeted {
            let (proposal, other) = (self.proposal, side.flip());
            let found = self.state.orders.best_own(proposal.account, self.instrument.id, other, proposal.target);
            (context.opposite, context.opposite_order) = found.unwrap_or((NO_PRICE, 0));
        }
    }

    /// Adds what one account and strategy has open. Money counts only what settles in the same asset. The best of the
    /// account's own on the other side is found in passing; whether it is the order that is replaced.
    #[inline(never)]
    fn add_orders(&self, open: &orders::Exposure, side: Side, context: &mut Context) -> bool {
        let same = open.instrument == self.instrument.id;
        let settle = || self.state.definitions.instrument(open.instrument).map(|def| def.settle);
        let same_asset = same || settle().is_ok_and(|asset| asset == self.instrument.settle);
        let (count, lots) = (open.count[0] + open.count[1], if same { open.lots[side as usize] } else { 0 });
        let notional = if same_asset { open.notional[0] + open.notional[1] } else { 0 };
        for scope in self.covering(open.account, open.strategy, open.instrument) {
            let sum = &mut context.exposure[scope as usize];
            sum.open_orders += count;
            sum.open_lots += lots;
            sum.gross_notional += notional;
        }
        let other = side.flip();
        let (price, order) = (open.best[other as usize], open.best_order[other as usize]);
        if !same || open.account != self.proposal.account || order == 0 {
            return false;
        }
        if orders::preferred(other, (price, order), (context.opposite, context.opposite_order)) {
            (context.opposite, context.opposite_order) = (price, order);
        }
        order == self.proposal.target
    }

    /// Positions: netted rows for every scope but the strategy's, which has rows of its own.
    fn positions(&self, sums: &mut [Exposure; SCOPES]) {
        for net in self.state.positions.iter_net().filter(|net| net.qty != 0) {
            self.add_net(net, sums);
        }
        if self.scopes.has(Scope::Strategy) {
            self.add_own(&mut sums[Scope::Strategy as usize]);
        }
    }

    #[inline(never)]
    fn add_net(&self, net: &Position, sums: &mut [Exposure; SCOPES]) {
        let notional = self.notional_of(net);
        for scope in self.covering(net.account, 0, net.instrument).filter(|scope| *scope != Scope::Strategy) {
            self.add(&mut sums[scope as usize], net, notional);
        }
    }

    #[inline(never)]
    fn add_own(&self, sum: &mut Exposure) {
        let own = |p: &&Position| p.account == self.proposal.account && p.strategy == self.proposal.strategy;
        for row in self.state.positions.iter().filter(own).filter(|row| row.qty != 0) {
            self.add(sum, row, self.notional_of(row));
        }
    }

    fn add(&self, sum: &mut Exposure, position: &Position, notional: Amount) {
        if position.instrument == self.instrument.id {
            sum.position += position.qty;
        }
        sum.gross_notional += notional;
    }

    /// A position's value where it settles in the same asset, else 0.
    #[inline(never)]
    fn notional_of(&self, position: &Position) -> Amount {
        let Ok(def) = self.state.definitions.instrument(position.instrument) else { return 0 };
        if def.settle != self.instrument.settle {
            return 0;
        }
        let price: Ticks = self.state.reference_ticks(def);
        if price == NO_PRICE { 0 } else { def.notional(price, position.qty.abs()) }
    }

    /// Equity is the account's; a strategy has no money of its own, so its day is its own result's, and its peak is what
    /// the account would have without its fall from its best. The last trade's result is the strategy's or the account's.
    /// What a scope's sums were before is forgotten here.
    fn money(&self, sums: &mut [Exposure; SCOPES]) {
        let figures = self.state.equity.figures(self.proposal.account, self.instrument.settle);
        for scope in self.scopes {
            let sum = &mut sums[scope as usize];
            *sum = Exposure::NOTHING;
            if let Some(figures) = figures {
                (sum.equity, sum.equity_peak, sum.pnl_today) = (figures.now, figures.peak, figures.day());
            }
            if scope == Scope::Strategy {
                self.own_money(sum);
            } else {
                sum.last_trade_pnl = last_close(&self.state.session.last_close_by_account, self.proposal.account);
            }
        }
    }

    /// What is the strategy's own of it.
    #[inline(never)]
    fn own_money(&self, sum: &mut Exposure) {
        let (account, strategy) = (self.proposal.account, self.proposal.strategy);
        let own = self.state.equity.strategy(account, strategy, self.instrument.settle);
        let (day, fall) = own.map_or((0, 0), |row| (row.day(), row.drawdown()));
        (sum.equity_peak, sum.pnl_today) = (sum.equity.saturating_add(fall), day);
        sum.last_trade_pnl = last_close(&self.state.session.last_close_by_strategy, strategy);
    }
}

/// The result of the last closing trade of an account or strategy, by its number.
#[inline]
fn last_close(list: &[Amount], id: u16) -> Amount {
    list.get((id as usize).wrapping_sub(1)).copied().unwrap_or(0)
}
