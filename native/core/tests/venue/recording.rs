//! A recorded market and our orders in it, against a plain statement of the risk-averse queue.
//!
//! One price, one side, orders of ours in the queue. The plain statement keeps for each of them how much background is
//! ahead: a shrinking level cuts it to the level's size, a trade takes its volume off what is ahead, then fills.

use proptest::prelude::*;
use tickwright_core::event::{OrderType, TimeInForce};
use tickwright_core::instrument::Market;
use tickwright_core::units::Side;
use tickwright_core::venue::Exchange;
use tickwright_core::venue::legs::Leg;
use tickwright_core::venue::order::{ClientId, Stp};
use tickwright_core::venue::place::NewOrder;

#[derive(Debug, Clone, Copy)]
enum Step {
    Level(i64),
    Trade(i64),
    Join(i64),
    Leave(prop::sample::Index),
}

/// Order id, what is open of it, background ahead of it.
type Ours = (u64, i64, i64);

fn exchange() -> Exchange {
    let mut exchange = Exchange::new(Market::Linear, 0, 0, 1).unwrap();
    exchange.accounts.asset("BTC", 8).unwrap();
    let usdt = exchange.accounts.asset("USDT", 8).unwrap();
    exchange.symbol("BTCUSDT", "BTC", "USDT", "0.1", "0.001", 0).unwrap();
    let account = exchange.accounts.account("us");
    exchange.accounts.deposit(account, usdt, 1 << 80).unwrap();
    exchange.replay_open(0).unwrap();
    exchange
}

fn join(exchange: &mut Exchange, n: usize, qty: i64) -> u64 {
    let new = NewOrder {
        account: 2,
        client_id: ClientId::new(&format!("c{n}")).unwrap(),
        side: Side::Buy,
        kind: OrderType::Limit,
        tif: TimeInForce::Gtc,
        price: Some(100),
        qty: Some(qty),
        quote_qty: None,
        leg: Leg::Both,
        reduce_only: false,
        stp: Stp::None,
    };
    exchange.place(0, &new, 0, &mut Vec::new()).unwrap()
}

fn ahead(exchange: &Exchange, id: u64, ours: &[Ours]) -> i64 {
    let before: i64 = ours.iter().take_while(|o| o.0 != id).map(|o| o.1).sum();
    exchange.queue_ahead(0, id).unwrap().unwrap() - before
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn the_queue_is_risk_averse_and_volume_is_used_once(
        steps in prop::collection::vec(prop_oneof![
            4 => (0..60i64).prop_map(Step::Level),
            3 => (1..40i64).prop_map(Step::Trade),
            2 => (1..9i64).prop_map(Step::Join),
            1 => any::<prop::sample::Index>().prop_map(Step::Leave),
        ], 1..60)
    ) {
        let (mut real, mut out) = (exchange(), Vec::new());
        let (mut ours, mut level): (Vec<Ours>, i64) = (Vec::new(), 0);
        for (n, step) in steps.into_iter().enumerate() {
            out.clear();
            match step {
                Step::Level(qty) => {
                    real.replay_depth(0, false, (&[(100, qty)], &[]), 0, &mut out).unwrap();
                    level = qty;
                    ours.iter_mut().for_each(|o| o.2 = o.2.min(level));
                }
                Step::Trade(qty) => {
                    real.replay_trade(0, (100, qty), true, 0, &mut out).unwrap();
                    let (mut left, mut eaten) = (qty, 0);
                    for o in &mut ours {
                        let cut = (o.2 - eaten).clamp(0, left);
                        (left, eaten) = (left - cut, eaten + cut);
                        let fill = o.1.min(left);
                        (o.1, left) = (o.1 - fill, left - fill);
                    }
                    ours.iter_mut().for_each(|o| o.2 -= o.2.min(eaten));
                    let filled: i64 = out.iter().map(|exec| exec.last_qty).sum();
                    prop_assert!(filled <= qty);
                    ours.retain(|o| o.1 > 0);
                }
                Step::Join(qty) => ours.push((join(&mut real, n, qty), qty, level)),
                Step::Leave(_) if ours.is_empty() => {}
                Step::Leave(at) => {
                    let gone = ours.remove(at.index(ours.len()));
                    real.cancel(2, 0, gone.0, 0, &mut out).unwrap();
                }
            }
            real.check().unwrap();
            let symbol = &real.symbols[0];
            let shown = symbol.book.level(Side::Buy, 100).map_or((0, 0), |l| (l.background, l.qty - l.background));
            prop_assert_eq!(shown, (level, ours.iter().map(|o| o.1).sum::<i64>()), "what the level shows");
            for o in &ours {
                let open = symbol.history.get(o.0).map(|order| order.open());
                prop_assert_eq!((open, ahead(&real, o.0, &ours)), (Some(o.1), o.2), "{:?} of {:?}", o, ours);
            }
        }
    }
}
