//! The rules of hedge mode one by one: when the mode may change, what an order may do, what margin calls take.

use crate::exchange;
use crate::legs::{HEDGER, LEGS, OTHER, order};
use tickwright_core::units::{Amount, Side};
use tickwright_core::venue::Exchange;
use tickwright_core::venue::conditional::{Condition, NewConditional};
use tickwright_core::venue::legs::Leg;
use tickwright_core::venue::order::{Fault, Reason, Refusal};

/// An account in hedge mode that is long `long` and short `short` lots at 100.
fn held(long: i64, short: i64) -> Exchange {
    let mut exchange = exchange(true);
    exchange.position_mode(HEDGER, true).unwrap();
    for (serial, (leg, buy, qty)) in [(Leg::Long, true, long), (Leg::Short, false, short)].into_iter().enumerate() {
        if qty > 0 {
            exchange.place(0, &order(OTHER, Leg::Both, serial, !buy, Some(100), qty), 1, &mut Vec::new()).unwrap();
            exchange.place(0, &order(HEDGER, leg, serial, buy, Some(100), qty), 1, &mut Vec::new()).unwrap();
        }
    }
    exchange
}

fn sizes(exchange: &Exchange) -> [i64; 2] {
    LEGS.map(|leg| exchange.accounts.position(HEDGER, 0, leg).qty)
}

#[test]
fn the_mode_stays_while_an_order_or_a_position_is_open() {
    let refused = |exchange: &mut Exchange, hedge| exchange.position_mode(HEDGER, hedge).unwrap_err();
    let mut one_way = exchange(true);
    assert_eq!(refused(&mut one_way, false), Fault::Refused(Refusal::ModeUnchanged));
    let far = order(HEDGER, Leg::Both, 0, true, Some(50), 1);
    let id = one_way.place(0, &far, 1, &mut Vec::new()).unwrap();
    assert_eq!(refused(&mut one_way, true), Fault::Refused(Refusal::ModeOrders));
    one_way.cancel(HEDGER, 0, id, 1, &mut Vec::new()).unwrap();
    let (condition, trigger) = (Condition::Stop, Some(200));
    let waits = NewConditional { order: far, condition, trigger, rate_e8: 0, by_mark: false, close_position: false };
    let id = one_way.arm(0, &waits, 1, &mut Vec::new()).unwrap();
    assert_eq!(refused(&mut one_way, true), Fault::Refused(Refusal::ModeOrders));
    one_way.disarm(HEDGER, 0, id, 1, &mut Vec::new()).unwrap();
    one_way.position_mode(HEDGER, true).unwrap();
    assert_eq!(refused(&mut held(0, 1), false), Fault::Refused(Refusal::ModePosition));
    assert!(matches!(exchange(false).position_mode(HEDGER, true), Err(Fault::Core(_))), "spot has no positions");
}

#[test]
fn an_order_names_a_position_of_its_mode_and_never_turns_it() {
    let mut exchange = held(5, 3);
    let mut place = |leg, buy, qty, serial| {
        let id =
            exchange.place(0, &order(HEDGER, leg, serial, buy, Some(if buy { 90 } else { 110 }), qty), 1, &mut vec![]);
        id.map(|id| exchange.symbols[0].history.get(id).map(|order| (order.qty, order.reduce_only)).unwrap())
    };
    assert_eq!(place(Leg::Both, true, 1, 10), Err(Fault::Refused(Refusal::Leg)));
    assert_eq!(place(Leg::Long, false, 3, 11), Ok((3, true)));
    assert_eq!(place(Leg::Long, false, 9, 12), Ok((2, true)), "what is left to close beside the other");
    assert_eq!(place(Leg::Long, false, 1, 13), Err(Fault::Refused(Refusal::ReduceOnly)));
    assert_eq!(place(Leg::Short, true, 9, 14), Ok((3, true)));
    assert_eq!(place(Leg::Long, true, 9, 15), Ok((9, false)));
    let plain = order(OTHER, Leg::Long, 16, true, Some(90), 1);
    assert_eq!(exchange.place(0, &plain, 1, &mut Vec::new()), Err(Fault::Refused(Refusal::Leg)));
    // The long position goes by a market order, and with it what waited to close it; the short one's order stays.
    exchange.place(0, &order(OTHER, Leg::Both, 17, true, Some(100), 5), 1, &mut Vec::new()).unwrap();
    exchange.cancel(HEDGER, 0, 5, 1, &mut Vec::new()).unwrap();
    exchange.place(0, &order(HEDGER, Leg::Long, 18, false, None, 2), 1, &mut Vec::new()).unwrap();
    assert_eq!(sizes(&exchange), [3, -3]);
    let open: Vec<i64> = exchange.symbols[0].history.open_of(HEDGER).map(|order| order.qty).collect();
    assert_eq!(open, [2, 3, 9]);
    exchange.check().unwrap();
}

/// Account 2 with as much money as makes it poor at 100: the mark then breaks it.
fn poor(long: i64, short: i64, money: Amount, isolated: bool) -> Exchange {
    let mut exchange = exchange(true);
    let usdt = exchange.accounts.asset_id("USDT").unwrap();
    exchange.accounts.contracts[0].maintenance_e8 = 400_000;
    let poor = exchange.accounts.account("poor");
    exchange.accounts.deposit(poor, usdt, money).unwrap();
    exchange.position_mode(poor, true).unwrap();
    exchange.isolate(poor, 0, isolated).unwrap();
    for (serial, (leg, buy, qty)) in [(Leg::Long, true, long), (Leg::Short, false, short)].into_iter().enumerate() {
        exchange.place(0, &order(OTHER, Leg::Both, serial, !buy, Some(100), qty), 1, &mut Vec::new()).unwrap();
        exchange.place(0, &order(poor, leg, serial, buy, Some(100), qty), 1, &mut Vec::new()).unwrap();
    }
    exchange
}

const POOR: u32 = 5;

#[test]
fn long_and_short_in_cross_margin_fall_together_at_their_one_price() {
    // 100 long and 40 short lots at 100 are worth 140 * 100,000; margin at 20 times and fees leave a little.
    let mut exchange = poor(100, 40, 800_000, false);
    let price = exchange.accounts.liquidation_e8(POOR, 0, Leg::Long);
    assert_eq!(price, exchange.accounts.liquidation_e8(POOR, 0, Leg::Short));
    let mut out = Vec::new();
    exchange.mark(0, price + 10_000, 1, &mut out).unwrap();
    assert!(out.is_empty(), "a ten-thousandth above it nothing happens");
    exchange.mark(0, price - 10_000, 1, &mut out).unwrap();
    let closed: Vec<(Leg, Side)> = out
        .iter()
        .filter(|exec| exec.reason == Reason::Liquidation)
        .map(|exec| (exec.order.leg, exec.order.side))
        .collect();
    assert_eq!(closed, [(Leg::Long, Side::Sell), (Leg::Short, Side::Buy)]);
    assert!(LEGS.iter().all(|leg| exchange.accounts.position(POOR, 0, *leg).qty == 0));
    exchange.check().unwrap();
}

#[test]
fn an_isolated_leg_falls_alone() {
    let mut exchange = poor(100, 40, 2_000_000, true);
    let accounts = &exchange.accounts;
    let [long, short] = LEGS.map(|leg| accounts.liquidation_e8(POOR, 0, leg));
    assert!(long < 100_000_000 && short > 100_000_000, "{long} below and {short} above the entry");
    exchange.mark(0, short + 10_000, 1, &mut Vec::new()).unwrap();
    assert_eq!(LEGS.map(|leg| exchange.accounts.position(POOR, 0, leg).qty), [100, 0]);
    assert_eq!(exchange.accounts.position(POOR, 0, Leg::Short).wallet, 0);
    exchange.check().unwrap();
}

#[test]
fn margin_and_leverage_are_for_both_legs_and_margin_is_moved_for_one() {
    let mut exchange = poor(100, 40, 2_000_000, true);
    let wallets = |exchange: &Exchange| LEGS.map(|leg| exchange.accounts.position(POOR, 0, leg).wallet);
    assert_eq!(wallets(&exchange), [500_000, 200_000]);
    assert_eq!(exchange.add_margin(POOR, 0, Leg::Both, 1), Err(Fault::Refused(Refusal::Leg)));
    exchange.add_margin(POOR, 0, Leg::Short, 1_000).unwrap();
    assert_eq!(wallets(&exchange), [500_000, 201_000]);
    assert_eq!(exchange.leverage(POOR, 0, 10), Err(Fault::Refused(Refusal::InsufficientMargin)));
    exchange.leverage(POOR, 0, 40).unwrap();
    assert_eq!(LEGS.map(|leg| exchange.accounts.position(POOR, 0, leg).leverage), [40, 40]);
    assert_eq!(LEGS.map(|leg| exchange.accounts.position_margin(POOR, 0, leg)), [250_000, 100_000]);
    exchange.check().unwrap();
}
