//! Figures of the simulated exchange, one thread: a place or a cancel in ns by book size, generated flow in events/s.
//!
//! `cargo bench -p tickwright-core --bench venue`. Each figure is the median of several runs, in CPU time of the
//! thread, so that a busy machine disturbs it little.

use tickwright_core::event::{OrderType, TimeInForce};
use tickwright_core::instrument::Market;
use tickwright_core::units::Side;
use tickwright_core::venue::Exchange;
use tickwright_core::venue::flow::FlowSpec;
use tickwright_core::venue::legs::Leg;
use tickwright_core::venue::order::{ClientId, Stp};
use tickwright_core::venue::place::NewOrder;

const RUNS: usize = 7;
const OPERATIONS: u64 = 100_000;

fn exchange(market: Market) -> Exchange {
    let mut exchange = Exchange::new(market, 10_000, 40_000, 7).expect("fees");
    let btc = exchange.accounts.asset("BTC", 8).expect("asset");
    let usdt = exchange.accounts.asset("USDT", 8).expect("asset");
    exchange.symbol("BTCUSDT", "BTC", "USDT", "0.1", "0.001", 400_000).expect("symbol");
    let account = exchange.accounts.account("us");
    for asset in [btc, usdt] {
        exchange.accounts.deposit(account, asset, 1 << 80).expect("deposit");
    }
    exchange
}

fn order(n: u64, price: i64) -> NewOrder {
    NewOrder {
        account: 2,
        client_id: ClientId::new(&format!("bench-{n}")).expect("id"),
        side: if n.is_multiple_of(2) { Side::Buy } else { Side::Sell },
        kind: OrderType::Limit,
        tif: TimeInForce::Gtc,
        price: Some(price),
        qty: Some(5),
        quote_qty: None,
        leg: Leg::Both,
        reduce_only: false,
        stp: Stp::None,
    }
}

/// CPU time of this thread in ns.
fn cpu_ns() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is to a live timespec of ours, and the clock exists on Linux.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// ns a place and ns a cancel with `resting` orders in the book, spread over 1,000 prices a side.
fn round_trips(market: Market, resting: u64) -> (f64, f64) {
    let (mut places, mut cancels) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let (mut exchange, mut out) = (exchange(market), Vec::with_capacity(16));
        let price = |n: u64| 600_000 + (if n.is_multiple_of(2) { -1 } else { 1 }) * (1 + (n * 7919 % 1000) as i64);
        for n in 0..resting {
            exchange.place(0, &order(n, price(n)), 1, &mut out).expect("rests");
        }
        let orders: Vec<NewOrder> = (0..OPERATIONS).map(|n| order(resting + n, price(n))).collect();
        let (mut placing, mut cancelling) = (0, 0);
        for batch in orders.chunks(100) {
            let mut ids = [0; 100];
            let start = cpu_ns();
            for (new, id) in batch.iter().zip(&mut ids) {
                out.clear();
                *id = exchange.place(0, new, 2, &mut out).expect("placed");
            }
            placing += cpu_ns() - start;
            let start = cpu_ns();
            for id in ids {
                out.clear();
                exchange.cancel(2, 0, id, 3, &mut out).expect("cancelled");
            }
            cancelling += cpu_ns() - start;
        }
        places.push(placing as f64 / OPERATIONS as f64);
        cancels.push(cancelling as f64 / OPERATIONS as f64);
    }
    (median(places), median(cancels))
}

/// Generator's acts and book changes a second of CPU time.
fn flow() -> (f64, f64) {
    let (mut acts_s, mut changes_s) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let (mut exchange, mut out) = (exchange(Market::Linear), Vec::new());
        exchange.flow(0, FlowSpec::around(600_000, 20), 0, &mut out).expect("flow");
        let start = cpu_ns();
        let acts = exchange.advance(3_600_000_000_000, &mut out).expect("an hour");
        let seconds = (cpu_ns() - start) as f64 / 1e9;
        acts_s.push(acts as f64 / seconds);
        changes_s.push(exchange.symbols[0].updates.last as f64 / seconds);
    }
    (median(acts_s), median(changes_s))
}

fn main() {
    if cfg!(debug_assertions) {
        println!("refused: a debug build says nothing about speed");
        return;
    }
    for market in [Market::Spot, Market::Linear] {
        for resting in [0, 100, 10_000, 100_000] {
            let (place, cancel) = round_trips(market, resting);
            println!("{market:?}, {resting:>6} resting: place {place:>5.0} ns, cancel {cancel:>5.0} ns");
        }
    }
    let (acts, changes) = flow();
    println!("generated flow: {acts:.0} acts/s, {changes:.0} book changes/s");
}
