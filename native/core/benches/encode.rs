//! Nanoseconds for an approved order to become signed bytes: HMAC-SHA256 and Ed25519 apart, and the parts of it.
//!
//! `cargo bench -p tickwright-core --bench encode`. Each figure is the median of 31 rounds; prices, sizes, ids and
//! timestamps change from one order to the next.

#[path = "measure/perp.rs"]
mod perp;

use perp::perp;
use std::hint::black_box;
use std::time::Instant;
use tickwright_core::encode::binance::{FRAME_BYTES_MAX, Session, Wire};
use tickwright_core::encode::sign::{Ed25519Key, HmacKey, Signer};
use tickwright_core::event::{Action, Header, LimitSet, OrderType, Proposal, TimeInForce};
use tickwright_core::gate::limits::{LimitKind, Scope};
use tickwright_core::gate::{Context, Gate, Kept};
use tickwright_core::instrument::{Instrument, Market};

const KEY: &str = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A";

fn open_gate() -> Gate {
    let mut gate = Gate::new();
    let mut set = |scope: Scope, subject, kind: LimitKind, value: i128, extra| {
        let header = Header::of::<LimitSet>(0, 0, 0, 0);
        let (scope, limit, value) = (scope as u8, kind as u8, value.into());
        gate.set(&LimitSet { header, scope, limit, subject, pad: 0, value, extra }).expect("a valid limit");
    };
    set(Scope::Account, 1, LimitKind::AllowSymbol, 2, 0);
    set(Scope::Strategy, 1, LimitKind::AllowSymbol, 2, 0);
    for kind in [LimitKind::MaxOrderQty, LimitKind::MaxOrderNotional, LimitKind::MaxPosition, LimitKind::MaxDailyLoss] {
        set(Scope::Account, 1, kind, 1 << 90, 0);
    }
    set(Scope::Account, 1, LimitKind::MaxOpenOrders, 1 << 20, 0);
    set(Scope::All, 0, LimitKind::PriceCollar, 10_000, 0);
    set(Scope::Account, 1, LimitKind::OrderRate, 1_000_000, 1_000_000);
    gate
}

fn approve(gate: &mut Gate, instrument: &Instrument, nth: u64, action: Action) -> Kept {
    let price = 600_000 + (nth % 1_000) as i64;
    let proposal = Proposal {
        header: Header::of::<Proposal>(2, 0, 0, 0),
        account: 1,
        strategy: 1,
        action: action as u8,
        side: (nth % 2) as u8,
        order_type: OrderType::Limit as u8,
        tif: TimeInForce::PostOnly as u8,
        order: nth + 1,
        target: if action == Action::Place { 0 } else { nth + 7 },
        price,
        qty: 1 + (nth % 500) as i64,
        tag: 0,
    };
    let ctx = Context { now: nth as i64 * 1_000_000, reference: 600_000, ..Context::default() };
    gate.check(&proposal, instrument, &ctx).unwrap_or_else(|refusal| panic!("{refusal}")).keep()
}

/// Median nanoseconds of one call over 31 rounds of `count` calls.
fn median_ns(count: u64, mut call: impl FnMut(u64)) -> f64 {
    let mut rounds: Vec<f64> = (0..31)
        .map(|_| {
            let start = Instant::now();
            (0..count).for_each(&mut call);
            start.elapsed().as_nanos() as f64 / count as f64
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    rounds[rounds.len() / 2]
}

fn main() {
    if cfg!(debug_assertions) {
        eprintln!("a debug build says nothing about time: use cargo bench");
        std::process::exit(2);
    }
    let instrument = perp();
    let mut gate = open_gate();
    let orders: Vec<Kept> = (0..1_024).map(|nth| approve(&mut gate, &instrument, nth, Action::Place)).collect();
    let cancels: Vec<Kept> = (0..1_024).map(|nth| approve(&mut gate, &instrument, nth, Action::Cancel)).collect();
    let mut out = vec![0; FRAME_BYTES_MAX];
    let hmac = || Signer::Hmac(HmacKey::new(b"NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"));
    let signers = [("hmac-sha256", hmac(), 1_024), ("ed25519", Signer::Ed25519(Ed25519Key::from_seed(&[7; 32])), 64)];
    for (name, signer, count) in signers {
        let mut session = Session::new(Market::Linear, KEY, signer, 5_000).expect("a valid session");
        session.prepare(&instrument).expect("a valid instrument");
        let at = |nth: u64| 1_700_000_000_000 + nth as i64;
        let place = median_ns(count, |nth| {
            let order = orders[nth as usize].approved();
            let len = session.frame(black_box(&order), Wire::of(order.proposal()), at(nth), &mut out);
            assert!(black_box(len).is_ok());
        });
        let cancel = median_ns(count, |nth| {
            let order = cancels[nth as usize].approved();
            let len = session.frame(black_box(&order), Wire::of(order.proposal()), at(nth), &mut out);
            assert!(black_box(len).is_ok());
        });
        let rest = median_ns(count, |nth| {
            let order = orders[nth as usize].approved();
            let rest = session.rest(black_box(&order), Wire::of(order.proposal()), at(nth), &mut out);
            assert!(black_box(rest).is_ok());
        });
        println!("encode {name:<12} order.place {place:8.0} ns   order.cancel {cancel:8.0} ns   REST {rest:8.0} ns");
    }
    let key = HmacKey::new(b"secret");
    for blocks in [1, 3, 4, 5] {
        let message = vec![b'a'; blocks * 64 - 20];
        let ns = median_ns(1_024, |_| {
            black_box(key.sign(black_box(&message)));
        });
        println!("hmac-sha256 of {:>3} bytes, key state precomputed: {ns:.0} ns", message.len());
    }
}
