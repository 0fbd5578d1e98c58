//! The whole hot path: raw depth bytes → book → GLFT quote → gate → signed order bytes, one message at a time.
//!
//! catalogue: K5, O2, P4, R1. Every depth message of each 2024 capture goes through `Engine::market` with a kernel
//! attached that quotes on every message and places one post-only order; the order's request is encoded and signed
//! (HMAC-SHA256 with a precomputed key state), or only encoded, as it leaves a connection that has logged on. Beside it, alternating, simd-json parses the same bytes into its tape,
//! input copy included. A message's figure is its median over five rounds, timed by the cycle counter around it (the
//! venue's refusal that clears the order afterwards is not timed, for it is another message); a capture's figure is
//! their sum (Ed25519: one round). Run with `cargo bench --bench hotpath [-- DIRECTORY]`; under a profiler with
//! `--only=CAPTURE --rounds=N --messages=N` behind it, which leaves Ed25519 out.

#[path = "measure/captures.rs"]
mod captures;
mod measure;
#[path = "measure/tape.rs"]
mod tape;

use captures::{CAPTURES, Capture, directory, payloads};
use measure::refuse_debug;
use std::arch::x86_64::_rdtsc;
use std::ffi::c_void;
use std::path::Path;
use tape::Rival;
use tickwright_core::decode::Stamp;
use tickwright_core::definitions::InstrumentText;
use tickwright_core::encode::binance::Session;
use tickwright_core::encode::sign::{Ed25519Key, HmacKey, Signer};
use tickwright_core::engine::{Engine, Now};
use tickwright_core::event::{Answer, Balance, Header, LimitSet, Outcome, Request};
use tickwright_core::gate::limits::{LimitKind, Scope};
use tickwright_core::instrument::Market;
use tickwright_core::kernel::{Kernel, View, Wish, happened};
use tickwright_core::quote::{glft, levels};
use tickwright_core::quoting::Seat;
use tickwright_core::units::{NO_PRICE, NO_TIME, Side};

const ROUNDS: usize = 5;
const NOW: Now = Now { ts: 1_721_347_200_000_000_000, mono: 1 };
/// Upper bounds of the size classes in bytes.
const CLASSES: [(&str, usize); 3] = [("<512 B", 512), ("<2 kB", 2048), (">=2 kB", usize::MAX)];

/// How requests are signed in a pass.
#[derive(Clone, Copy, PartialEq)]
enum Signing {
    Hmac,
    Ed25519,
    /// Not at all, for the connection has logged on.
    LoggedOn,
}

/// The maker of the bench: one order a message, sides alternating.
struct Maker {
    model: glft::Model,
    ladder: levels::Ladder,
    quotes: levels::Quotes,
    turn: u64,
}

unsafe extern "C" fn quote(state: *mut c_void, view: *const View, out: *mut Wish, _capacity: u32) -> i32 {
    // SAFETY: the bench attaches this function with a Maker and the engine gives a view and room for wishes.
    let (maker, view) = unsafe { (&mut *state.cast::<Maker>(), &*view) };
    // The refusal that clears the order is an event of its own; only a book makes this maker quote.
    if view.bid == NO_PRICE || view.ask == NO_PRICE || view.happened & happened::BOOK == 0 {
        return 0;
    }
    let around = levels::View {
        fair: (view.bid + view.ask) as f64 / 2.0,
        half_spread: maker.model.half_spread(),
        skew: maker.model.skew(),
        inventory: view.position,
        bid: view.bid,
        ask: view.ask,
    };
    let quotes = &mut maker.quotes;
    if maker.ladder.quote(&around, quotes).is_err() {
        return -1;
    }
    maker.turn += 1;
    let (side, level) = if maker.turn % 2 == 0 { (Side::Buy, quotes.bids()) } else { (Side::Sell, quotes.asks()) };
    let Some(level) = level.first() else { return 0 };
    // SAFETY: the engine gives room for at least one wish.
    unsafe { *out = Wish::place(side, level.price, level.qty, maker.turn) };
    1
}

fn decimal(scale: u8) -> String {
    if scale == 0 { "1".into() } else { format!("0.{:0>width$}", 1, width = scale as usize) }
}

fn engine(capture: &Capture, signing: Signing, maker: &mut Maker) -> Engine {
    let mut engine = Engine::in_memory(false);
    engine.start(NOW).expect("a start");
    for asset in ["BTC", "USDT"] {
        engine.asset(asset, 8, NOW).expect("a new asset");
    }
    let account = engine.account("main", NOW).expect("a new account");
    let strategy = engine.name(2, "maker", NOW).expect("a new strategy");
    let (tick, lot) = (decimal(capture.scales.0), decimal(capture.scales.1));
    let inverse = capture.market == Market::Inverse;
    let text = InstrumentText {
        market: capture.market,
        symbol: capture.symbol,
        base: "BTC",
        quote: "USDT",
        settle: if inverse { "BTC" } else { "USDT" },
        tick: &tick,
        lot: &lot,
        multiplier: if inverse { 100 } else { 1 },
    };
    let id = engine.instrument(&text, NOW).expect("a new instrument");
    let wide = 1_i128 << 90;
    for (scope, limit, value, extra) in [
        (Scope::Account, LimitKind::AllowSymbol, i128::from(id), 0),
        (Scope::Strategy, LimitKind::AllowSymbol, i128::from(id), 0),
        (Scope::Account, LimitKind::MaxOrderQty, 1 << 40, 0),
        (Scope::Account, LimitKind::MaxOrderNotional, wide, 0),
        (Scope::Account, LimitKind::MaxTotalNotional, wide, 0),
        (Scope::Account, LimitKind::MaxPosition, 1 << 40, 0),
        (Scope::Account, LimitKind::MaxOpenOrders, 100, 0),
        (Scope::Account, LimitKind::MaxLeverage, 100_000, 0),
        (Scope::Account, LimitKind::PriceCollar, 1_000, 0),
        (Scope::Account, LimitKind::OrderRate, 1_000_000, 1_000_000),
        (Scope::Account, LimitKind::MaxDailyLoss, wide, 0),
        (Scope::Account, LimitKind::MaxDrawdown, 9_000, 0),
    ] {
        let header = Header::of::<LimitSet>(0, 0, NOW.ts, NOW.mono);
        let set =
            LimitSet { header, scope: scope as u8, limit: limit as u8, subject: 1, pad: 0, value: value.into(), extra };
        engine.record(&set).expect("a limit");
    }
    let header = Header::of::<Balance>(0, 0, NOW.ts, NOW.mono);
    let amount = (1_000_000 * 10_i128.pow(8)).into();
    let (asset, market) = (if inverse { 1 } else { 2 }, capture.market as u8);
    engine
        .record(&Balance { header, account, asset, reason: 0, market, pad: 0, reference: 0, amount })
        .expect("a wallet");
    let signer = match signing {
        Signing::Hmac => {
            Signer::Hmac(HmacKey::new(b"NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"))
        }
        Signing::Ed25519 | Signing::LoggedOn => Signer::Ed25519(Ed25519Key::from_seed(&[7; 32])),
    };
    let key = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A";
    let session = Session::new(capture.market, key, signer, 5000).expect("a session");
    engine.credentials(account, capture.market, session).expect("credentials");
    engine.log_on(account, capture.market, signing == Signing::LoggedOn);
    // SAFETY: the maker outlives the engine, which lives for one pass.
    let kernel = unsafe { Kernel::new(quote, std::ptr::from_mut(maker).cast()) };
    engine.quoting().attach(Seat { account, strategy, instrument: id }, kernel).expect("a seat");
    engine
}

/// The venue's refusal of an order.
fn refusal(order: u64, now: i64) -> Answer {
    Answer {
        header: Header::of::<Answer>(1, 0, now, now),
        order,
        venue_order: 0,
        code: -2010,
        request: Request::Place as u8,
        outcome: Outcome::Rejected as u8,
        account: 1,
        ts_query: NO_TIME,
    }
}

/// Cycles of one message through the engine; a function of its own, so that a profiler can be told to look at nothing else.
#[inline(never)]
fn timed(engine: &mut Engine, market: Market, message: &[u8], stamp: Stamp) -> u64 {
    // SAFETY: reading the cycle counter has no precondition on x86-64.
    let from = unsafe { _rdtsc() };
    let pending = engine.market(market, message, stamp).expect("a recorded message");
    // SAFETY: as above.
    let cycles = unsafe { _rdtsc() } - from;
    std::hint::black_box(pending);
    cycles
}

/// Cycles of each message of one pass, and how many orders were encoded.
fn pass(capture: &Capture, messages: &[Vec<u8>], signing: Signing) -> (Vec<u64>, usize) {
    let model = glft::Parameters { a: 3.0, k: 0.05, gamma: 0.05, xi: 0.05, sigma: 10.0, size: 1.0 };
    let shape = levels::Shape { count: 1, step: 1, size: 1, spread_min: 1, post_only: true, position_max: 1 << 30 };
    let mut maker = Maker {
        model: glft::Model::new(&model).expect("the model"),
        ladder: levels::Ladder::new(shape).expect("the ladder"),
        quotes: levels::Quotes::default(),
        turn: 0,
    };
    let mut engine = engine(capture, signing, &mut maker);
    let (mut cycles, mut orders) = (Vec::with_capacity(messages.len()), 0);
    for (n, message) in messages.iter().enumerate() {
        let now = NOW.ts + n as i64 * 1_000_000;
        let stamp = Stamp { stream: 1, ts_receive: now, ts_mono: now };
        // A recorded REST body has no stream's envelope: it begins with its update id.
        if message.starts_with(b"{\"last") {
            engine.snapshot(1, message, stamp).expect("a recorded snapshot");
            continue;
        }
        cycles.push(timed(&mut engine, capture.market, message, stamp));
        while let Some(frame) = engine.outbox().front() {
            let order = frame.order;
            assert!(frame.payload().ends_with(b"\"}}"), "a whole frame");
            orders += 1;
            engine.outbox().pop();
            engine.record(&refusal(order, now)).expect("a refusal");
        }
    }
    (cycles, orders)
}

/// Cycles of the tape of each message that `pass` times.
fn parse(messages: &[Vec<u8>], rival: &mut Rival) -> Vec<u64> {
    let mut cycles = Vec::with_capacity(messages.len());
    for message in messages.iter().filter(|message| !message.starts_with(b"{\"last")) {
        // SAFETY: reading the cycle counter has no precondition on x86-64.
        let from = unsafe { _rdtsc() };
        std::hint::black_box(rival.take(message));
        // SAFETY: as above.
        cycles.push(unsafe { _rdtsc() } - from);
    }
    cycles
}

/// The median over rounds of each message.
fn medians(rounds: &[Vec<u64>]) -> Vec<u64> {
    let of = |n: usize| {
        let mut values: Vec<u64> = rounds.iter().map(|round| round[n]).collect();
        values.sort_unstable();
        values[values.len() / 2]
    };
    (0..rounds.first().map_or(0, Vec::len)).map(of).collect()
}

fn percentile(values: &[u64], percent: usize) -> u64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    sorted.get((sorted.len() * percent / 100).min(sorted.len().saturating_sub(1))).copied().unwrap_or(0)
}

/// Cycles a nanosecond, measured against the monotonic clock.
fn cycles_per_ns() -> f64 {
    // SAFETY: reading the cycle counter has no precondition on x86-64.
    let (from, start) = (unsafe { _rdtsc() }, std::time::Instant::now());
    while start.elapsed().as_millis() < 50 {}
    // SAFETY: as above.
    (unsafe { _rdtsc() } - from) as f64 / start.elapsed().as_nanos() as f64
}

fn run(directory: &Path, capture: &Capture, per_ns: f64, worst: &mut [f64; 2]) -> std::io::Result<()> {
    // The second day continues the first, whose snapshot it needs: a capture is both days.
    let mut messages = Vec::new();
    for day in capture.days {
        messages.extend(payloads(&directory.join(format!("{}_{day}.gz", capture.name)))?);
    }
    let mut rival = Rival::new(false);
    let (mut signed, mut bare, mut curve, mut tape) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut orders = 0;
    if option("--only=").is_none() {
        curve.push(pass(capture, &messages, Signing::Ed25519).0);
    } else if let Some(first) = option("--messages=") {
        messages.truncate(first.parse().expect("a count of messages"));
    }
    for _ in 0..option("--rounds=").map_or(ROUNDS, |rounds| rounds.parse().expect("a count of rounds")) {
        let (cycles, count) = pass(capture, &messages, Signing::Hmac);
        signed.push(cycles);
        orders = count;
        tape.push(parse(&messages, &mut rival));
        bare.push(pass(capture, &messages, Signing::LoggedOn).0);
    }
    let (signed, bare, curve, tape) = (medians(&signed), medians(&bare), medians(&curve), medians(&tape));
    let sum = |values: &[u64]| values.iter().sum::<u64>() as f64;
    let each = |values: &[u64]| sum(values) / values.len() as f64 / per_ns;
    let ratios = [sum(&signed) / sum(&tape), sum(&bare) / sum(&tape)];
    println!(
        "{:<18} {:>6} messages, {:>6} orders  signed {:>7.1} ns  unsigned {:>7.1} ns  ed25519 {:>8.1} ns  tape {:>7.1} ns  ratio signed {:.3} (goal 1.0)  unsigned {:.3} (goal 0.7)",
        capture.name,
        signed.len(),
        orders,
        each(&signed),
        each(&bare),
        each(&curve),
        each(&tape),
        ratios[0],
        ratios[1],
    );
    let lengths: Vec<usize> = messages.iter().filter(|m| !m.starts_with(b"{\"last")).map(Vec::len).collect();
    for (at, (class, _)) in CLASSES.iter().enumerate() {
        let in_class = |n: usize| CLASSES.iter().position(|(_, below)| lengths[n] < *below) == Some(at);
        let pick = |values: &[u64]| (0..values.len()).filter(|n| in_class(*n)).map(|n| values[n]).collect::<Vec<u64>>();
        let (ours, theirs) = (pick(&signed), pick(&tape));
        let row = |values: &[u64], p| percentile(values, p) as f64 / per_ns;
        println!(
            "    {class:<7} {:>6} messages  signed p50 {:>7.0} p99 {:>7.0} ns  tape p50 {:>7.0} p99 {:>7.0} ns  ratio p50 {:.2} p99 {:.2}",
            ours.len(),
            row(&ours, 50),
            row(&ours, 99),
            row(&theirs, 50),
            row(&theirs, 99),
            row(&ours, 50) / row(&theirs, 50),
            row(&ours, 99) / row(&theirs, 99),
        );
    }
    worst.iter_mut().zip(ratios).for_each(|(worst, ratio)| *worst = worst.max(ratio));
    Ok(())
}

/// What follows an option's name on the command line.
fn option(name: &str) -> Option<String> {
    std::env::args().find_map(|word| word.strip_prefix(name).map(str::to_owned))
}

fn main() -> std::io::Result<()> {
    refuse_debug();
    let (directory, per_ns) = (directory(), cycles_per_ns());
    let (mut worst, only) = ([0.0; 2], option("--only="));
    for capture in CAPTURES.iter().filter(|capture| only.as_ref().is_none_or(|name| name == capture.name)) {
        run(&directory, capture, per_ns, &mut worst)?;
    }
    println!("worst ratio to the tape: signed {:.3} (goal <= 1.0), unsigned {:.3} (goal <= 0.7)", worst[0], worst[1]);
    Ok(())
}
