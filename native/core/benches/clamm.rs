//! What concentrated-liquidity pools cost: the arithmetic, quotes, swaps by the crossing, and a day of events replayed.
//!
//! catalogue: S4. `cargo bench -p tickwright-core --bench clamm`. Every figure is a median of CPU time of this thread over
//! alternating rounds of one run. A crossing is the slope between swaps that cross 10 and 300 ticks, there and back in one
//! pool, and is set beside one mulDiv of 512 by 256 bits; what quotes and swaps answer is compared with the contract's
//! loop and with the logs before anything is measured, so a wrong answer ends the bench.

#[path = "measure/goals.rs"]
mod goals;
#[path = "measure/mod.rs"]
mod measure;
#[path = "clamm/pools.rs"]
mod pools;

use goals::Goals;
use measure::{cpu_ns, median, refuse_debug};
use pools::{Log, Random, bound, day, pool, quotes};
use std::hint::black_box;
use tickwright_core::clamm::events::Event;
use tickwright_core::clamm::follow::Follow;
use tickwright_core::clamm::full_math::mul_div;
use tickwright_core::clamm::i256::I256;
use tickwright_core::clamm::journal::Undo;
use tickwright_core::clamm::pool::{Payment, Pool};
use tickwright_core::clamm::quotes::Quotes;
use tickwright_core::clamm::quotes::batch::{Row, Terms};
use tickwright_core::clamm::quotes::steps::Steps;
use tickwright_core::clamm::tick_math::{MAX_TICK, MIN_TICK, sqrt_price_at_tick, tick_at_sqrt_price};
use tickwright_core::clamm::u256::U256;

const ROUNDS: usize = 15;
/// Operands of the arithmetic, amounts of a batch, events of a day.
const MANY: usize = 8_192;
/// Amounts of a batch that are compared with the contract's loop.
const COMPARED: usize = 200;
/// Swaps there and back at a time.
const SWAPS: usize = 40;
const EVENTS: usize = 20_000;
const CROSSINGS: [u32; 4] = [0, 1, 10, 100];
const SLOPES: [u32; 3] = [10, 100, 300];

/// Something to measure: its name, and nanoseconds of one of its units a round.
struct Line<'a> {
    name: String,
    round: Box<dyn FnMut() -> f64 + 'a>,
    spent: Vec<f64>,
}

impl<'a> Line<'a> {
    fn new(name: impl Into<String>, round: impl FnMut() -> f64 + 'a) -> Self {
        Self { name: name.into(), round: Box::new(round), spent: Vec::new() }
    }
}

/// Nanoseconds of one of `count` that `work` does.
fn each(count: usize, work: impl FnOnce()) -> f64 {
    let start = cpu_ns();
    work();
    (cpu_ns() - start) as f64 / count as f64
}

/// The arithmetic, on numbers of full width and ticks of the whole range.
fn arithmetic() -> Vec<Line<'static>> {
    let mut random = Random(1);
    // Products of 512 bits and divisors of 256, so that the quotient fits.
    let triples: Vec<[U256; 3]> = std::iter::repeat_with(|| [random.wide(), random.wide(), random.wide()])
        .filter(|[a, b, d]| d.bits() == 256 && mul_div(*a, *b, *d).is_ok())
        .take(MANY)
        .collect();
    let ticks: Vec<i32> = (0..MANY).map(|_| MIN_TICK + (random.next() % (MAX_TICK - MIN_TICK) as u64) as i32).collect();
    let boundaries: Vec<U256> = ticks.iter().map(|tick| sqrt_price_at_tick(*tick).expect("in range")).collect();
    // A tenth of the way to the next tick and more: where the logarithm alone decides.
    let prices: Vec<U256> = boundaries
        .iter()
        .map(|price| price.wrapping_add(price.wrapping_mul(U256::from(5 + random.next() % 40)) >> 20))
        .collect();
    let inverse = |prices: Vec<U256>| {
        move || each(MANY, || prices.iter().for_each(|price| _ = black_box(tick_at_sqrt_price(*price))))
    };
    vec![
        Line::new("mulDiv, 512 by 256 bits", move || {
            each(MANY, || triples.iter().for_each(|[a, b, d]| _ = black_box(mul_div(*a, *b, *d))))
        }),
        Line::new("tick to price", move || {
            each(MANY, || ticks.iter().for_each(|tick| _ = black_box(sqrt_price_at_tick(*tick))))
        }),
        Line::new("price to tick", inverse(prices)),
        Line::new("price to tick, at boundaries", inverse(boundaries)),
    ]
}

/// Amounts that cross exactly as many ticks, drawn from all that do.
fn amounts(quotes: &Quotes, terms: &Terms, crossings: u32) -> Vec<[u64; 4]> {
    let stops = quotes.side(terms.zero_for_one).stops();
    let sum = |count: u32| {
        let found = stops.iter().find(|stop| stop.crossed == count).expect("as many ticks");
        if terms.exact_in { found.paid.low_u128() } else { found.got.low_u128() }
    };
    let (from, to, mut random) = (sum(crossings), sum(crossings + 1), Random(2));
    (0..MANY).map(|_| U256::from(random.between(from + 1, to)).0).collect()
}

/// Batches of quotes in every way; exits where one differs from the contract's loop.
fn batches<'a>(quotes: &'a Quotes, steps: &Steps) -> Vec<Line<'a>> {
    let mut lines = Vec::new();
    for (zero_for_one, exact_in) in [(true, true), (false, true), (true, false), (false, false)] {
        for crossings in CROSSINGS {
            let terms = Terms { zero_for_one, exact_in, limit: None };
            let sizes = amounts(quotes, &terms, crossings);
            for size in sizes.iter().take(COMPARED) {
                let slow = steps.quote(zero_for_one, exact_in, U256(*size), None).expect("a swap");
                let row = terms.row(quotes, U256(*size));
                let amount = if exact_in { slow.amount_out } else { slow.amount_in };
                let same = (row.amount, row.sqrt_price, row.crossed) == (amount, slow.sqrt_price, slow.crossed);
                assert!(same && row.crossed == crossings, "a quote differs from the contract's loop");
            }
            let way = if zero_for_one { "0 to 1" } else { "1 to 0" };
            let kind = if exact_in { "in" } else { "out" };
            let mut rows: Vec<Row> = Vec::with_capacity(MANY);
            lines.push(Line::new(format!("quote in a batch, {way}, exact {kind}, {crossings} crossings"), move || {
                each(MANY, || terms.one(quotes, black_box(&sizes), &mut rows))
            }));
        }
    }
    lines
}

/// Swaps that cross `crossings` ticks and come back as far as they came, in one pool; nanoseconds a swap.
fn swaps<'a>(start: &Pool, quotes: &Quotes, crossings: u32) -> Line<'a> {
    let stops = quotes.side(true).stops();
    let there = stops.iter().find(|stop| stop.crossed == crossings).expect("as many ticks").paid;
    let (there, back) = (I256(there.wrapping_add(U256::ONE)), start.head().sqrt_price);
    let mut pool = start.clone();
    let mut now = 1;
    Line::new(format!("swap that crosses {crossings}, there or back"), move || {
        each(2 * SWAPS, || {
            for _ in 0..SWAPS {
                now += 12;
                black_box(pool.swap(true, there, bound(true), now, Payment::Due)).expect("a swap");
                black_box(pool.swap(false, I256::MAX, back, now, Payment::Due)).expect("a swap");
            }
        })
    })
}

/// The same in pools that nobody has swapped in before: every crossing is the first of its tick.
fn first_swaps<'a>(start: &'a Pool, quotes: &Quotes, crossings: u32) -> Line<'a> {
    let stops = quotes.side(true).stops();
    let there = stops.iter().find(|stop| stop.crossed == crossings).expect("as many ticks").paid;
    let there = I256(there.wrapping_add(U256::ONE));
    Line::new(format!("first swap of a pool, crosses {crossings}"), move || {
        let mut fresh: Vec<Pool> = (0..8).map(|_| start.clone()).collect();
        each(fresh.len(), || {
            for pool in &mut fresh {
                black_box(pool.swap(true, there, bound(true), 13, Payment::Due)).expect("a swap");
            }
        })
    })
}

/// Follows a day's logs in the pool, from their words; panics where one comes out otherwise.
fn replay(pool: &mut Pool, logs: &[Log]) {
    for log in logs {
        let event = Event::of_log(&log.topics, &log.data).expect("a good log").expect("an event");
        pool.begin_block(log.block).expect("blocks in order");
        pool.follow(&event, log.time, true).expect("the pool is the chain's");
    }
}

/// Measures all lines in alternating rounds; the medians in their order.
fn measured(lines: &mut [Line<'_>]) -> Vec<f64> {
    for _ in 0..ROUNDS {
        for line in lines.iter_mut() {
            let spent = (line.round)();
            line.spent.push(spent);
        }
    }
    lines.iter().map(|line| median(line.spent.clone())).collect()
}

fn main() {
    refuse_debug();
    let start = pool();
    let quotes = quotes(&start);
    let nets: Vec<(i32, i128)> = start.ticks().iter().map(|(tick, data)| (tick, data.net)).collect();
    let steps = Steps::new(*quotes.state(), &nets).expect("a pool's state");
    let logs = day(&start, EVENTS, 3);
    let mut lines = arithmetic();
    let first_quote = lines.len();
    lines.extend(batches(&quotes, &steps));
    let first_swap = lines.len();
    lines.extend(SLOPES.map(|crossings| swaps(&start, &quotes, crossings)));
    lines.extend(SLOPES.map(|crossings| first_swaps(&start, &quotes, crossings)));
    lines.push(Line::new("an event of a seeded day, replayed from its log", || {
        let mut pool = start.clone();
        each(EVENTS, || replay(&mut pool, &logs))
    }));
    let figures = measured(&mut lines);
    println!("nanoseconds each, median of {ROUNDS} alternating rounds:");
    for (line, figure) in lines.iter().zip(&figures) {
        println!("  {:<52} {figure:>9.1}", line.name);
    }
    let slope = |at: usize, from: usize, to: usize| {
        (figures[at + to] - figures[at + from]) / f64::from(SLOPES[to] - SLOPES[from])
    };
    for (name, at) in [("known segments", first_swap), ("first crossings", first_swap + SLOPES.len())] {
        println!("a crossing, {name}: {:.1} from 10 to 100, {:.1} from 100 to 300", slope(at, 0, 1), slope(at, 1, 2));
    }
    let slowest = |lines: &[f64]| lines.iter().copied().fold(0.0, f64::max);
    let (ins, outs) = figures[first_quote..first_swap].split_at((first_swap - first_quote) / 2);
    let mut table = Goals::default();
    table.at_most("slowest quote in a batch, exact in, to 100 ns", slowest(ins) / 100.0, 1.0);
    table.at_most("slowest quote in a batch, exact out, to 100 ns", slowest(outs) / 100.0, 1.0);
    table.at_most("a crossing of a swap to one mulDiv", slope(first_swap, 0, 2) / figures[0], 1.5);
    table.at_least("events of a day replayed, to 1 M/s", 1e3 / figures[figures.len() - 1], 1.0);
    table.print();
}
