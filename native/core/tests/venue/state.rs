//! The exchange is one canonical state: written, read back and carried on it is the same, and every leaf is in its hash.

use tickwright_core::canon::Canon;
use tickwright_core::event::{OrderType, TimeInForce};
use tickwright_core::instrument::Market;
use tickwright_core::units::Side;
use tickwright_core::venue::Exchange;
use tickwright_core::venue::conditional::{Condition, NewConditional};
use tickwright_core::venue::flow::FlowSpec;
use tickwright_core::venue::legs::Leg;
use tickwright_core::venue::order::{ClientId, Exec, Stp};
use tickwright_core::venue::place::NewOrder;

const SECOND: i64 = 1_000_000_000;

fn world(seed: u64) -> Exchange {
    let mut exchange = Exchange::new(Market::Linear, -1_000, 40_000, seed).unwrap();
    exchange.accounts.asset("BTC", 8).unwrap();
    let usdt = exchange.accounts.asset("USDT", 8).unwrap();
    for name in ["BTCUSDT", "ETHUSDT"] {
        exchange.symbol(name, "BTC", "USDT", "0.1", "0.001", 400_000).unwrap();
    }
    let account = exchange.accounts.account("us");
    exchange.accounts.deposit(account, usdt, 1 << 60).unwrap();
    let spec = FlowSpec { orders: 50, ..FlowSpec::around(600_000, 20) };
    exchange.flow(0, spec, 0, &mut Vec::new()).unwrap();
    exchange.replay_open(1).unwrap();
    exchange.replay_depth(1, true, (&[(99, 5), (98, 7)], &[(101, 5)]), 0, &mut Vec::new()).unwrap();
    exchange
}

fn quote(exchange: &mut Exchange, second: i64) -> Vec<Exec> {
    let mut out = Vec::new();
    exchange.advance(second * SECOND, &mut out).unwrap();
    exchange.cancel_all(2, 0, second * SECOND, &mut out).unwrap();
    for side in [Side::Buy, Side::Sell] {
        let new = NewOrder {
            account: 2,
            client_id: ClientId::new(&format!("{second}{side:?}")).unwrap(),
            side,
            kind: OrderType::Limit,
            tif: TimeInForce::Gtc,
            price: Some(exchange.symbols[0].book.best_price(side)),
            qty: Some(3),
            quote_qty: None,
            leg: Leg::Both,
            reduce_only: false,
            stp: Stp::ExpireTaker,
        };
        exchange.place(0, &new, second * SECOND, &mut out).unwrap();
        let far = 600_000 + side.sign() * 100_000;
        let order = NewOrder { client_id: ClientId::new(&format!("w{second}{side:?}")).unwrap(), ..new };
        let waits = NewConditional {
            order,
            condition: Condition::Stop,
            trigger: Some(far),
            rate_e8: 0,
            by_mark: false,
            close_position: false,
        };
        let id = exchange.arm(0, &waits, second * SECOND, &mut out).unwrap();
        if second % 2 == 0 {
            exchange.disarm(2, 0, id, second * SECOND, &mut out).unwrap();
        }
    }
    exchange.check().unwrap();
    out
}

#[test]
fn a_snapshot_carries_on_as_if_nothing_had_happened() {
    let mut straight = world(3);
    (1..20).for_each(|second| drop(quote(&mut straight, second)));
    let mut bytes = Vec::new();
    straight.put(&mut bytes);
    let mut input = bytes.as_slice();
    let mut restored = Exchange::take(&mut input).unwrap();
    assert!(input.is_empty());
    assert_eq!(restored.state_hash(), straight.state_hash());
    for second in 20..40 {
        assert_eq!(quote(&mut restored, second), quote(&mut straight, second));
    }
    assert_eq!(restored.state_hash(), straight.state_hash());
}

#[test]
fn time_may_pass_in_any_steps() {
    let (mut once, mut often) = (world(9), world(9));
    once.advance(10 * SECOND, &mut Vec::new()).unwrap();
    for step in 1..=1000 {
        often.advance(step * SECOND / 100, &mut Vec::new()).unwrap();
    }
    assert_eq!(once.state_hash(), often.state_hash());
    assert_ne!(once.state_hash(), world(10).state_hash());
}

#[test]
fn every_leaf_is_in_the_canonical_bytes() {
    let mut exchange = world(5);
    (1..4).for_each(|second| drop(quote(&mut exchange, second)));
    let before = crate::bytes(&exchange);
    let leaves = exchange.leaves();
    let mut still = 0;
    for leaf in 0..leaves {
        let mut changed = exchange.clone();
        changed.nudge(leaf);
        still += usize::from(crate::bytes(&changed) == before);
    }
    // Absent values have nothing to become: a recording on the first symbol, a generator on the second.
    assert_eq!(still, 2, "of {leaves} leaves");
}
