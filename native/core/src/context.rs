//! What the gate is told: the exposure, equity and prices around one proposal, gathered from the state.

use crate::event::{Action, Proposal};
use crate::gate::limits::Scope;
use crate::gate::{Context, Exposure};
use crate::instrument::Instrument;
use crate::order::Order;
use crate::position::Position;
use crate::state::State;
use crate::units::{Amount, Lots, NO_PRICE, Side, Ticks};

/// Builds the gate's context for a place or replace; a cancel needs none.
#[must_use]
pub fn context(state: &State, proposal: &Proposal, instrument: &Instrument) -> Context {
    let top = state.top(instrument.id);
    let reference = reference_ticks(state, instrument);
    let side = if proposal.side == Side::Sell as u8 { Side::Sell } else { Side::Buy };
    let mut context = Context {
        now: state.session.now,
        bid: top.bid,
        ask: top.ask,
        reference,
        opposite: NO_PRICE,
        ..Context::default()
    };
    opposite(state, proposal, instrument, side, &mut context);
    target(state, proposal, instrument, side, reference, &mut context);
    for scope in [Scope::All, Scope::Account, Scope::Strategy, Scope::Symbol, Scope::Venue] {
        context.exposure[scope as usize] = exposure(state, proposal, instrument, side, scope);
    }
    context
}

/// The reference price in ticks, towards zero, or `NO_PRICE`.
fn reference_ticks(state: &State, instrument: &Instrument) -> Ticks {
    let e8 = i128::from(state.reference_e8(instrument.id));
    if e8 == 0 {
        return NO_PRICE;
    }
    let tick = i128::from(instrument.tick) * crate::units::pow10(8u8.saturating_sub(instrument.price_scale));
    i64::try_from(e8 / tick).unwrap_or(NO_PRICE)
}

/// The best own open order on the other side: what self-trade prevention compares with.
fn opposite(state: &State, proposal: &Proposal, instrument: &Instrument, side: Side, context: &mut Context) {
    let best = state.orders.best_own(proposal.account, instrument.id, side.flip(), proposal.target);
    if let Some((price, order)) = best {
        (context.opposite, context.opposite_order) = (price, order);
    }
}

fn target(
    state: &State,
    proposal: &Proposal,
    instrument: &Instrument,
    side: Side,
    reference: Ticks,
    context: &mut Context,
) {
    if proposal.action != Action::Replace as u8 {
        return;
    }
    if let Some(order) = state.orders.get(proposal.target).filter(|o| o.side == side && !o.state.terminal()) {
        context.target_lots = open_rest(order);
        context.target_notional = value(order, instrument, reference);
    }
}

fn open_rest(order: &Order) -> Lots {
    (order.qty - order.filled).max(0)
}

fn value(order: &Order, instrument: &Instrument, reference: Ticks) -> Amount {
    let price = if order.price == NO_PRICE { reference } else { order.price };
    if price == NO_PRICE { 0 } else { instrument.notional(price, open_rest(order)) }
}

/// One scope's figures. Money counts only what settles in the instrument's settlement asset.
fn exposure(state: &State, proposal: &Proposal, instrument: &Instrument, side: Side, scope: Scope) -> Exposure {
    let of_scope = |account: u16, strategy: u16, id: u32| match scope {
        Scope::All | Scope::Venue => true,
        Scope::Account => account == proposal.account,
        Scope::Strategy => strategy == proposal.strategy,
        Scope::Symbol => id == instrument.id,
    };
    let mut sum = Exposure::default();
    for open in state.orders.exposures().iter().filter(|o| of_scope(o.account, o.strategy, o.instrument)) {
        sum.open_orders += open.count[0] + open.count[1];
        if open.instrument == instrument.id {
            sum.open_lots += open.lots[side as usize];
        }
        if state.definitions.instrument(open.instrument).is_ok_and(|def| def.settle == instrument.settle) {
            sum.gross_notional += open.notional[0] + open.notional[1];
        }
    }
    if scope == Scope::Strategy {
        add_positions(state, instrument, state.positions.iter().filter(|p| p.strategy == proposal.strategy), &mut sum);
    } else {
        let net = state.positions.iter_net().filter(|p| of_scope(p.account, 0, p.instrument));
        add_positions(state, instrument, net, &mut sum);
    }
    money(state, proposal, instrument, scope, &mut sum);
    sum
}

/// Adds positions: lots where they are in this instrument, notional where they settle in the same asset.
fn add_positions<'a>(
    state: &State,
    instrument: &Instrument,
    positions: impl Iterator<Item = &'a Position>,
    sum: &mut Exposure,
) {
    for position in positions {
        if position.instrument == instrument.id {
            sum.position += position.qty;
        }
        let Ok(def) = state.definitions.instrument(position.instrument) else { continue };
        let price = reference_ticks(state, def);
        if def.settle == instrument.settle && price != NO_PRICE {
            sum.gross_notional += def.notional(price, position.qty.abs());
        }
    }
}

/// Equity is the account's (a strategy, symbol or venue has none of its own); results are the scope's own where known.
fn money(state: &State, proposal: &Proposal, instrument: &Instrument, scope: Scope, sum: &mut Exposure) {
    if let Some(figures) = state.equity.figures(proposal.account, instrument.settle) {
        sum.equity = figures.now;
        sum.equity_peak = figures.peak;
        sum.pnl_today = figures.day();
    }
    let last = |list: &[Amount], id: u16| list.get((id as usize).wrapping_sub(1)).copied().unwrap_or(0);
    sum.last_trade_pnl = match scope {
        Scope::Strategy => last(&state.session.last_close_by_strategy, proposal.strategy),
        _ => last(&state.session.last_close_by_account, proposal.account),
    };
}
