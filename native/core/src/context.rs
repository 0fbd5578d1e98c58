//! What the gate is told: the exposure, equity and prices around one proposal, gathered from the state in one pass.
//!
//! Every open order, position and account is looked at once and added to each scope that it belongs to, because this
//! runs for every order on the hot path.

use crate::event::{Action, Proposal};
use crate::gate::limits::Scope;
use crate::gate::{Context, Exposure};
use crate::instrument::Instrument;
use crate::position::Position;
use crate::state::State;
use crate::units::{Amount, NO_PRICE, Side, Ticks};

/// The scopes whose positions are the netted rows; a strategy has rows of its own.
const NETTED: [Scope; 4] = [Scope::All, Scope::Account, Scope::Symbol, Scope::Venue];

/// Builds the gate's context for a place or replace; a cancel needs none.
#[must_use]
pub fn context(state: &State, proposal: &Proposal, instrument: &Instrument) -> Context {
    let top = state.top(instrument.id);
    let side = if proposal.side == Side::Sell as u8 { Side::Sell } else { Side::Buy };
    let reference = state.reference_ticks(instrument);
    let mut context = Context { now: state.session.now, bid: top.bid, ask: top.ask, reference, ..Context::default() };
    if let Some(best) = state.orders.best_own(proposal.account, instrument.id, side.flip(), proposal.target) {
        (context.opposite, context.opposite_order) = best;
    }
    target(state, proposal, instrument, side, &mut context);
    orders(state, proposal, instrument, side, &mut context.exposure);
    positions(state, proposal, instrument, &mut context.exposure);
    money(state, proposal, instrument, &mut context.exposure);
    context
}

/// Whether a scope of the proposal covers something of this account, strategy and instrument.
fn covers(scope: Scope, proposal: &Proposal, id: u32, account: u16, strategy: u16, instrument: u32) -> bool {
    match scope {
        Scope::All | Scope::Venue => true,
        Scope::Account => account == proposal.account,
        Scope::Strategy => account == proposal.account && strategy == proposal.strategy,
        Scope::Symbol => instrument == id,
    }
}

/// A replace frees what its target still has open.
fn target(state: &State, proposal: &Proposal, instrument: &Instrument, side: Side, context: &mut Context) {
    if proposal.action != Action::Replace as u8 {
        return;
    }
    if let Some(order) = state.orders.get(proposal.target).filter(|o| o.side == side && !o.state.terminal()) {
        let price = if order.price == NO_PRICE { context.reference } else { order.price };
        context.target_lots = (order.qty - order.filled).max(0);
        context.target_notional = if price == NO_PRICE { 0 } else { instrument.notional(price, context.target_lots) };
    }
}

/// Open orders, from the sums that the order table keeps. Money counts only what settles in the same asset.
fn orders(state: &State, proposal: &Proposal, instrument: &Instrument, side: Side, sums: &mut [Exposure]) {
    for open in state.orders.exposures() {
        let same_asset = open.instrument == instrument.id
            || state.definitions.instrument(open.instrument).is_ok_and(|def| def.settle == instrument.settle);
        for scope in Scope::ALL {
            if !covers(scope, proposal, instrument.id, open.account, open.strategy, open.instrument) {
                continue;
            }
            let sum = &mut sums[scope as usize];
            sum.open_orders += open.count[0] + open.count[1];
            if open.instrument == instrument.id {
                sum.open_lots += open.lots[side as usize];
            }
            if same_asset {
                sum.gross_notional += open.notional[0] + open.notional[1];
            }
        }
    }
}

/// Positions: netted rows for every scope but the strategy's own.
fn positions(state: &State, proposal: &Proposal, instrument: &Instrument, sums: &mut [Exposure]) {
    for net in state.positions.iter_net() {
        let notional = notional_of(state, instrument, net);
        for scope in NETTED {
            if covers(scope, proposal, instrument.id, net.account, 0, net.instrument) {
                add(&mut sums[scope as usize], instrument, net, notional);
            }
        }
    }
    let own = |p: &&Position| p.account == proposal.account && p.strategy == proposal.strategy;
    for row in state.positions.iter().filter(own) {
        let notional = notional_of(state, instrument, row);
        add(&mut sums[Scope::Strategy as usize], instrument, row, notional);
    }
}

fn add(sum: &mut Exposure, instrument: &Instrument, position: &Position, notional: Amount) {
    if position.instrument == instrument.id {
        sum.position += position.qty;
    }
    sum.gross_notional += notional;
}

/// A position's value where it settles in the same asset, else 0.
fn notional_of(state: &State, instrument: &Instrument, position: &Position) -> Amount {
    if position.qty == 0 {
        return 0;
    }
    let Ok(def) = state.definitions.instrument(position.instrument) else { return 0 };
    let price: Ticks = state.reference_ticks(def);
    if def.settle != instrument.settle || price == NO_PRICE { 0 } else { def.notional(price, position.qty.abs()) }
}

/// Equity is the account's (a strategy, symbol or venue has none of its own); the last trade's result is the
/// strategy's or the account's.
fn money(state: &State, proposal: &Proposal, instrument: &Instrument, sums: &mut [Exposure]) {
    let figures = state.equity.figures(proposal.account, instrument.settle);
    let last = |list: &[Amount], id: u16| list.get((id as usize).wrapping_sub(1)).copied().unwrap_or(0);
    for scope in Scope::ALL {
        let sum = &mut sums[scope as usize];
        if let Some(figures) = figures {
            (sum.equity, sum.equity_peak, sum.pnl_today) = (figures.now, figures.peak, figures.day());
        }
        sum.last_trade_pnl = match scope {
            Scope::Strategy => last(&state.session.last_close_by_strategy, proposal.strategy),
            _ => last(&state.session.last_close_by_account, proposal.account),
        };
    }
}
