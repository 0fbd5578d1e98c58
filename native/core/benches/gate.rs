//! Nanoseconds for a quote of three levels a side, and for a proposal to pass or fail the gate.
//!
//! `cargo bench -p tickwright-core --bench gate`. Each figure is the median of 31 rounds. The gate has every kind of
//! limit set for the account, the strategy and the symbol.

#[path = "measure/perp.rs"]
mod perp;

use perp::perp;
use std::hint::black_box;
use std::time::Instant;
use tickwright_core::event::{Action, Header, LimitSet, OrderType, Proposal, TimeInForce};
use tickwright_core::gate::limits::{LimitKind, Scope};
use tickwright_core::gate::{Context, Exposure, Gate};
use tickwright_core::quote::fair::weighted_mid;
use tickwright_core::quote::glft::{Model, Parameters};
use tickwright_core::quote::levels::{Ladder, Quotes, Shape, View};

fn full_gate() -> Gate {
    let mut gate = Gate::new();
    for (scope, subject, symbol) in [(Scope::Account, 1, 0), (Scope::Strategy, 1, 0), (Scope::Symbol, 0, 2)] {
        for kind in LimitKind::ALL {
            let (value, extra): (i128, i64) = match kind {
                LimitKind::AllowSymbol if scope == Scope::Symbol => continue,
                LimitKind::AllowSymbol => (2, 0),
                LimitKind::ForbidSymbol => continue,
                LimitKind::OrderRate => (1_000_000, 1_000_000),
                LimitKind::SelfTrade => (0, 0),
                LimitKind::MaxLeverage => (1_000, 0),
                LimitKind::PriceCollar | LimitKind::MaxDrawdown => (1_000, 0),
                _ => (1 << 60, 0),
            };
            let header = Header::of::<LimitSet>(symbol, 0, 0, 0);
            let (scope, limit, value) = (scope as u8, *kind as u8, value.into());
            gate.set(&LimitSet { header, scope, limit, subject, pad: 0, value, extra }).expect("a valid limit");
        }
    }
    gate
}

fn proposal(nth: i64) -> Proposal {
    Proposal {
        header: Header::of::<Proposal>(2, 0, 0, 0),
        account: 1,
        strategy: 1,
        action: Action::Place as u8,
        side: (nth & 1) as u8,
        order_type: OrderType::Limit as u8,
        tif: TimeInForce::PostOnly as u8,
        order: nth as u64 + 1,
        target: 0,
        price: 600_000 + nth % 1_000,
        qty: 1 + nth % 500,
        tag: 0,
    }
}

fn context() -> Context {
    let money = 100_000_000_000_000;
    let exposure = Exposure { equity: money, equity_peak: money, open_orders: 4, open_lots: 20, ..Exposure::default() };
    Context { bid: 599_999, ask: 600_001, reference: 600_000, exposure: [exposure; 5], ..Context::default() }
}

/// Median nanoseconds of one call over 31 rounds of 4,096 calls.
fn median_ns(mut call: impl FnMut(i64)) -> f64 {
    let mut rounds: Vec<f64> = (0..31)
        .map(|_| {
            let start = Instant::now();
            (0..4_096).for_each(&mut call);
            start.elapsed().as_nanos() as f64 / 4_096.0
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    rounds[rounds.len() / 2]
}

fn quote_ns() -> f64 {
    let parameters = Parameters { a: 2.98, k: 0.042, gamma: 0.05, xi: 0.05, sigma: 10.69, size: 1.0 };
    let model = Model::new(&parameters).expect("valid parameters");
    let shape = Shape { count: 3, step: 2, size: 10, spread_min: 1, post_only: true, position_max: 1_000 };
    let ladder = Ladder::new(shape).expect("a valid shape");
    let mut out = Quotes::default();
    median_ns(|nth| {
        let (bid, ask) = (600_000 + nth, 600_001 + nth);
        let fair = weighted_mid(bid, 5 + nth % 7, ask, 9).unwrap_or(0.0);
        let (half_spread, skew) = (model.half_spread(), model.skew());
        let view = View { fair, half_spread, skew, inventory: nth % 50, bid, ask };
        assert!(ladder.quote(black_box(&view), &mut out).is_ok());
        black_box(&out);
    })
}

fn main() {
    if cfg!(debug_assertions) {
        eprintln!("a debug build says nothing about time: use cargo bench");
        std::process::exit(2);
    }
    println!("quote, weighted mid + GLFT + 3 levels a side: {:.0} ns", quote_ns());
    let (instrument, mut gate) = (perp(), full_gate());
    let mut ctx = context();
    let passed = median_ns(|nth| {
        ctx.now += 1_000_000;
        let proposal = proposal(nth);
        let result = gate.check(black_box(&proposal), &instrument, black_box(&ctx));
        assert!(black_box(&result).is_ok());
    });
    println!("gate, all limits set for 3 scopes, passes: {passed:.0} ns");
    ctx.reference = 300_000;
    let refused = median_ns(|nth| {
        let proposal = proposal(nth);
        let result = gate.check(black_box(&proposal), &instrument, black_box(&ctx));
        assert!(black_box(&result).is_err());
    });
    println!("gate, refused by the price collar: {refused:.0} ns");
}
