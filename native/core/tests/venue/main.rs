//! The matching engine against a naive model: the same random requests, compared after every one.
//!
//! A failing case prints its requests, shrunk; proptest keeps its seed beside this file.

mod conditional;
mod legs;
mod model;
mod modes;
mod recording;
mod state;

use model::{Ask, FEES, Item, Model, State};
use proptest::prelude::*;
use std::collections::BTreeMap;
use tickwright_core::canon::Canon;
use tickwright_core::event::{OrderType, TimeInForce};
use tickwright_core::instrument::Market;
use tickwright_core::units::Side;
use tickwright_core::venue::Exchange;
use tickwright_core::venue::legs::Leg;
use tickwright_core::venue::order::{ClientId, Fault, Order, Status, Stp};
use tickwright_core::venue::place::NewOrder;

const ACCOUNTS: usize = 3;
const BASE: i128 = 40 * model::LOT_BASE;
const QUOTE: i128 = 100 * 60 * model::LOT_VALUE;

#[derive(Debug, Clone, Copy)]
enum Op {
    Place(Ask),
    Cancel(prop::sample::Index),
    CancelAll(usize),
    Amend(prop::sample::Index, Option<i64>, i64),
}

fn asks(linear: bool) -> impl Strategy<Value = Ask> {
    let tif = prop_oneof![
        5 => Just(TimeInForce::Gtc),
        1 => Just(TimeInForce::Ioc),
        1 => Just(TimeInForce::Fok),
        1 => Just(TimeInForce::PostOnly),
    ];
    let stp = prop_oneof![
        3 => Just(Stp::None), 1 => Just(Stp::ExpireTaker), 1 => Just(Stp::ExpireMaker), 1 => Just(Stp::ExpireBoth)
    ];
    (0..ACCOUNTS, any::<bool>(), 0..6u8, tif, 95..106i64, 1..15i64, stp, 0..4u8).prop_map(
        move |(who, buy, kind, tif, price, qty, stp, special)| {
            let kind = if kind == 0 { OrderType::Market } else { OrderType::Limit };
            let by_money = special == 0 && !linear && kind == OrderType::Market;
            Ask {
                who,
                side: if buy { Side::Buy } else { Side::Sell },
                kind,
                tif,
                price,
                qty,
                reduce: special == 0 && linear,
                stp,
                money: by_money.then_some(i128::from(qty * price) * model::LOT_VALUE - 17),
            }
        },
    )
}

fn ops(linear: bool) -> impl Strategy<Value = Vec<Op>> {
    let one = prop_oneof![
        12 => asks(linear).prop_map(Op::Place),
        2 => any::<prop::sample::Index>().prop_map(Op::Cancel),
        1 => (0..ACCOUNTS).prop_map(Op::CancelAll),
        3 => (any::<prop::sample::Index>(), prop::option::of(95..106i64), 1..15i64)
            .prop_map(|(at, price, qty)| Op::Amend(at, price, qty)),
    ];
    prop::collection::vec(one, 1..120)
}

fn exchange(linear: bool) -> Exchange {
    let market = if linear { Market::Linear } else { Market::Spot };
    let mut exchange = Exchange::new(market, FEES[0] as i64, FEES[1] as i64, 1).unwrap();
    let (btc, usdt) = (exchange.accounts.asset("BTC", 8).unwrap(), exchange.accounts.asset("USDT", 8).unwrap());
    exchange.symbol("BTCUSDT", "BTC", "USDT", "0.01", "0.001", 0).unwrap();
    for who in 0..ACCOUNTS {
        let id = exchange.accounts.account(&format!("a{who}"));
        exchange.accounts.deposit(id, usdt, if linear { 1 << 80 } else { QUOTE }).unwrap();
        exchange.accounts.deposit(id, btc, if linear { 0 } else { BASE }).unwrap();
    }
    exchange
}

struct Pair {
    real: Exchange,
    model: Model,
    orders: u64,
    /// What somebody who only follows the updates knows: bids, asks, the last update id.
    kept: [BTreeMap<i64, i64>; 2],
    last: u64,
}

impl Pair {
    fn new(linear: bool) -> Self {
        let quote = if linear { 1 << 80 } else { QUOTE };
        Self {
            real: exchange(linear),
            model: Model::new(linear, ACCOUNTS, BASE, quote),
            orders: 0,
            kept: Default::default(),
            last: 0,
        }
    }

    fn open(&self, at: prop::sample::Index) -> Option<Item> {
        let open: Vec<&Item> = self.model.items.iter().filter(|item| item.state == State::Open).collect();
        (!open.is_empty()).then(|| **at.get(&open))
    }

    fn step(&mut self, op: Op) {
        let (mut out, ts) = (Vec::new(), 1);
        match op {
            Op::Place(ask) => {
                let expected = self.model.place(self.orders + 1, &ask);
                let by_limit = ask.kind == OrderType::Limit;
                let new = NewOrder {
                    account: ask.who as u32 + 2,
                    client_id: ClientId::new(&format!("c{}", self.orders)).unwrap(),
                    side: ask.side,
                    kind: ask.kind,
                    tif: ask.tif,
                    price: by_limit.then_some(ask.price),
                    qty: ask.money.is_none().then_some(ask.qty),
                    quote_qty: ask.money,
                    leg: Leg::Both,
                    reduce_only: ask.reduce,
                    stp: ask.stp,
                };
                let before = bytes(&self.real);
                let got = self.real.place(0, &new, ts, &mut out);
                self.orders += u64::from(got.is_ok());
                if got.is_err() {
                    assert!(before == bytes(&self.real), "a refusal leaves no trace");
                    assert!(out.is_empty());
                }
                assert_eq!(got.map(|_| ()), expected.map_err(Fault::Refused), "{ask:?}");
            }
            Op::Cancel(at) => {
                let Some(item) = self.open(at) else { return };
                self.model.end(item.id, State::Canceled);
                self.real.cancel(item.who as u32 + 2, 0, item.id, ts, &mut out).unwrap();
            }
            Op::CancelAll(who) => {
                let open = self.model.items.iter().filter(|item| item.state == State::Open && item.who == who);
                let ids: Vec<u64> = open.map(|item| item.id).collect();
                ids.iter().for_each(|id| self.model.end(*id, State::Canceled));
                self.real.cancel_all(who as u32 + 2, 0, ts, &mut out).unwrap();
                assert_eq!(out.iter().map(|exec| exec.order.id).collect::<Vec<_>>(), ids);
            }
            Op::Amend(at, price, qty) => {
                let Some(item) = self.open(at) else { return };
                let expected = self.model.amend(item.id, price, qty);
                let got = self.real.amend(item.who as u32 + 2, 0, item.id, (price, qty), ts, &mut out);
                assert_eq!(got, expected.map_err(Fault::Refused), "{item:?} to {price:?} x {qty}");
            }
        }
    }

    fn compare(&mut self) {
        self.real.check().unwrap();
        let symbol = &mut self.real.symbols[0];
        let batch = symbol.updates.take(&symbol.book);
        assert_eq!((batch.first, batch.lost), (self.last + 1, 0), "update ids chain");
        self.last = batch.last;
        self.kept[0].extend(batch.bids);
        self.kept[1].extend(batch.asks);
        let tape = batch.trades;
        let trades: Vec<model::Trade> =
            tape.iter()
                .map(|t| {
                    if t.taker_sell { (t.seller, t.buyer, t.price, t.qty) } else { (t.buyer, t.seller, t.price, t.qty) }
                })
                .collect();
        assert_eq!(trades, std::mem::take(&mut self.model.trades), "the tape, by price and time");
        for side in [Side::Buy, Side::Sell] {
            let levels = symbol.book.levels(side).iter().rev().map(|level| (level.price, level.qty));
            let expected = self.model.levels(side);
            assert_eq!(levels.collect::<Vec<_>>(), expected, "{side:?}");
            let kept = &mut self.kept[side as usize];
            kept.retain(|_, qty| *qty != 0);
            assert_eq!(*kept, expected.into_iter().collect(), "{side:?} of who follows the updates");
        }
        for item in &self.model.items {
            let order = symbol.history.get(item.id).unwrap();
            assert_eq!((order.qty, order.cum_qty, state(order)), (item.qty, item.done, item.state), "{item:?}");
        }
        for (who, free) in self.model.free.iter().enumerate() {
            let account = &self.real.accounts.list[who + 2];
            let position = self.real.accounts.position(who as u32 + 2, 0, Leg::Both);
            let purses = &account.purses;
            if self.model.linear {
                assert_eq!([i128::from(position.qty), purses[1].free - position.cost], *free, "account {who}");
            } else {
                assert_eq!([purses[0].free, purses[1].free], *free, "account {who}");
            }
        }
    }
}

/// The canonical bytes: as telling as the hash, and much quicker where nothing is optimised.
fn bytes(exchange: &Exchange) -> Vec<u8> {
    let mut bytes = Vec::new();
    exchange.put(&mut bytes);
    bytes
}

fn state(order: &Order) -> State {
    match order.status {
        Status::New | Status::PartiallyFilled => State::Open,
        Status::Filled => State::Filled,
        Status::Canceled => State::Canceled,
        Status::Expired => State::Expired,
        Status::ExpiredInMatch => State::InMatch,
    }
}

fn play(linear: bool, ops: &[Op]) -> [u8; 32] {
    let mut pair = Pair::new(linear);
    for op in ops {
        pair.step(*op);
        pair.compare();
    }
    pair.real.state_hash()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn spot_is_the_naive_model(ops in ops(false)) {
        prop_assert_eq!(play(false, &ops), play(false, &ops));
    }

    #[test]
    fn linear_is_the_naive_model(ops in ops(true)) {
        prop_assert_eq!(play(true, &ops), play(true, &ops));
    }
}
