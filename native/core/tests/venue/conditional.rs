//! Conditional orders, isolated margin and hedge mode among others: whatever comes, money stays, refusals leave no
//! trace, and nobody fires twice.

use crate::{bytes, exchange};
use proptest::prelude::*;
use std::collections::BTreeMap;
use tickwright_core::event::{OrderType, TimeInForce};
use tickwright_core::units::Side;
use tickwright_core::venue::Exchange;
use tickwright_core::venue::conditional::{Condition, NewConditional, Step};
use tickwright_core::venue::legs::Leg;
use tickwright_core::venue::order::{ClientId, Exec, ExecKind, Fault, Outcome, Reason, Stp};
use tickwright_core::venue::place::NewOrder;

#[derive(Debug, Clone, Copy)]
enum Op {
    Arm { who: u32, buy: bool, limit: bool, condition: Condition, trigger: i64, qty: i64, mark: bool, close: bool },
    Place { who: u32, buy: bool, price: i64, qty: i64 },
    Cancel { who: u32, at: prop::sample::Index },
    Mark(i64),
}

fn ops(linear: bool) -> impl Strategy<Value = Vec<Op>> {
    let condition = prop_oneof![Just(Condition::Stop), Just(Condition::TakeProfit), Just(Condition::Trailing)];
    let arm = (0..3u32, any::<[bool; 4]>(), condition, 95..106i64, 1..15i64).prop_map(
        move |(who, [buy, limit, mark, close], condition, trigger, qty)| {
            let condition = if linear || condition != Condition::Trailing { condition } else { Condition::Stop };
            Op::Arm { who, buy, limit, condition, trigger, qty, mark: mark && linear, close: close && linear }
        },
    );
    let one = prop_oneof![
        4 => arm,
        6 => (0..3u32, any::<bool>(), 95..106i64, 1..15i64)
            .prop_map(|(who, buy, price, qty)| Op::Place { who, buy, price, qty }),
        2 => (0..3u32, any::<prop::sample::Index>()).prop_map(|(who, at)| Op::Cancel { who, at }),
        1 => (95..106i64).prop_map(Op::Mark),
    ];
    prop::collection::vec(one, 1..100)
}

fn order(serial: usize, who: u32, buy: bool, price: Option<i64>, qty: i64) -> NewOrder {
    NewOrder {
        account: who + 2,
        client_id: ClientId::new(&format!("c{serial}")).unwrap(),
        side: if buy { Side::Buy } else { Side::Sell },
        kind: if price.is_some() { OrderType::Limit } else { OrderType::Market },
        tif: TimeInForce::Gtc,
        price,
        qty: Some(qty),
        quote_qty: None,
        leg: Leg::Both,
        reduce_only: false,
        stp: Stp::None,
    }
}

/// In hedge mode an order is for the long or the short position, here by its size.
fn on_a_leg(exchange: &Exchange, order: NewOrder) -> NewOrder {
    let legs = exchange.accounts.legs(order.account);
    NewOrder { leg: legs[order.qty.unwrap() as usize % legs.len()], ..order }
}

fn apply(exchange: &mut Exchange, serial: usize, op: Op, out: &mut Vec<Exec>) -> Outcome<()> {
    match op {
        Op::Arm { who, buy, limit, condition, trigger, qty, mark, close } => {
            let close = close && condition != Condition::Trailing;
            let mut order = on_a_leg(exchange, order(serial, who, buy, (limit && !close).then_some(trigger), qty));
            order.qty = (!close).then_some(qty);
            let new = NewConditional {
                order,
                condition,
                trigger: Some(trigger),
                rate_e8: 2_000_000,
                by_mark: mark,
                close_position: close,
            };
            exchange.arm(0, &new, 1, out).map(|_| ())
        }
        Op::Place { who, buy, price, qty } => {
            let order = on_a_leg(exchange, order(serial, who, buy, Some(price), qty));
            exchange.place(0, &order, 1, out).map(|_| ())
        }
        Op::Cancel { who, at } => {
            let symbol = &exchange.symbols[0];
            let orders: Vec<u64> = symbol.history.open_of(who + 2).map(|order| order.id).collect();
            let waiting: Vec<u64> = symbol.conditionals.waiting_of(who + 2).map(|one| one.id).collect();
            if orders.is_empty() && waiting.is_empty() {
                return Ok(());
            }
            let id = *at.get(&[orders.as_slice(), waiting.as_slice()].concat());
            if orders.contains(&id) {
                exchange.cancel(who + 2, 0, id, 1, out)
            } else {
                exchange.disarm(who + 2, 0, id, 1, out)
            }
        }
        Op::Mark(price) => exchange.mark(0, price * 1_000_000, 1, out),
    }
}

/// Plays and returns every event; each step keeps the books, and what is refused leaves no trace.
fn play(linear: bool, ops: &[Op]) -> (Vec<Exec>, Vec<u8>) {
    let mut exchange = exchange(linear);
    if linear {
        // Two of the three have isolated positions, which marks may liquidate; one of them is in hedge mode.
        exchange.isolate(3, 0, true).unwrap();
        exchange.isolate(4, 0, true).unwrap();
        exchange.position_mode(3, true).unwrap();
    }
    let mut told = Vec::new();
    for (serial, op) in ops.iter().enumerate() {
        if !linear && matches!(op, Op::Mark(_)) {
            continue;
        }
        let (before, mut out) = (bytes(&exchange), Vec::new());
        match apply(&mut exchange, serial, *op, &mut out) {
            Ok(()) => {}
            Err(Fault::Refused(_)) => {
                assert!(out.is_empty() && before == bytes(&exchange), "{op:?} left a trace");
            }
            Err(Fault::Core(error)) => panic!("{op:?}: {error}"),
        }
        exchange.check().unwrap();
        told.extend(out);
    }
    (told, bytes(&exchange))
}

/// Every conditional order's steps follow one another, and its order comes once.
fn follow(told: &[Exec]) {
    let mut at: BTreeMap<u64, Step> = BTreeMap::new();
    for exec in told.iter().filter(|exec| exec.kind == ExecKind::Conditional) {
        let before = at.insert(exec.order.id, exec.step);
        let follows = match exec.step {
            Step::New => before.is_none(),
            Step::Triggering | Step::Canceled => before == Some(Step::New),
            Step::Triggered | Step::Rejected => before == Some(Step::Triggering),
            Step::Finished => before == Some(Step::Triggered),
            Step::Expired => matches!(before, Some(Step::New | Step::Triggering)),
        };
        assert!(follows, "{:?} after {before:?}", exec.step);
    }
    let mut entered: Vec<u64> =
        told.iter().filter(|exec| exec.reason == Reason::Triggered).map(|exec| exec.order.id).collect();
    let count = entered.len();
    entered.dedup();
    assert_eq!(entered.len(), count, "an order of spot goes to the book once");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn spot_keeps_its_money(ops in ops(false)) {
        let (told, end) = play(false, &ops);
        follow(&told);
        prop_assert!(end == play(false, &ops).1);
    }

    #[test]
    fn linear_keeps_its_money(ops in ops(true)) {
        let (told, end) = play(true, &ops);
        follow(&told);
        prop_assert!(end == play(true, &ops).1);
    }
}
