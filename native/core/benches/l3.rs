//! Nanoseconds a message for books of single orders, bytes to best prices, beside the plain book and parsing alone.
//!
//! catalogue: M2. `cargo bench -p tickwright-core --bench l3 [-- DIVISOR]`: a divisor of 10 makes a tenth of the messages.
//! Four ways through the same bytes in five alternating rounds; every figure is a median of CPU time of this thread, and
//! the best prices after every message go into a sum that must be the same on all ways. The void rule is issue 5's: a plain
//! book that costs more than 60 times parsing (11 on one symbol) is too slow to compare with.

#[path = "l3/flow.rs"]
mod flow;
#[path = "measure/goals.rs"]
mod goals;
#[path = "measure/mod.rs"]
mod measure;
#[path = "l3/plain.rs"]
mod plain;

use flow::{Wanted, generate};
use goals::Goals;
use measure::{cpu_ns, median, refuse_debug};
use plain::Plain;
use std::hint::black_box;
use tickwright_core::book::l3::{Bounds, Change, Dense, L3Books, Top};
use tickwright_core::decode::itch;

const ROUNDS: usize = 5;

/// One scenario of the comparison.
struct Case {
    name: &'static str,
    wanted: Wanted,
    /// How often parsing the plain book may cost at most.
    void_above: f64,
    /// The goals: times faster than the plain book, one at a time and batched.
    goals: (f64, f64),
    /// How often parsing one message at a time may cost.
    to_parsing: Option<f64>,
}

/// What each message does to a book, in order, read while it is asked for.
struct Changes<'a>(&'a [u8]);

impl Iterator for Changes<'_> {
    type Item = Change;

    #[inline(always)]
    fn next(&mut self) -> Option<Change> {
        while let Some((len, rest)) = self.0.split_first_chunk() {
            let (message, rest) = rest.split_at(usize::from(u16::from_be_bytes(*len)));
            self.0 = rest;
            let (head, message) = itch::message(message).expect("the generator writes good messages");
            if let Some(change) = itch::change(&head, &message) {
                return Some(change);
            }
        }
        None
    }
}

/// Best prices as a number, so that ways can be compared and none is optimised away. An empty side is (0, 0).
#[inline(always)]
fn mixed(sum: u64, best: [(i64, i64); 2]) -> u64 {
    best.into_iter()
        .fold(sum, |sum, (price, qty)| sum.rotate_left(5).wrapping_add(price as u64).wrapping_add((qty as u64) << 32))
}

#[inline(always)]
fn of_top(top: &Top) -> [(i64, i64); 2] {
    top.sides().map(|level| (level.price, level.qty))
}

#[inline(never)]
fn parsing(bytes: &[u8]) -> (u64, u64) {
    let (start, mut sum) = (cpu_ns(), 0_u64);
    Changes(bytes).for_each(|change| sum = sum.wrapping_add(black_box(change).id()));
    (cpu_ns() - start, sum)
}

#[inline(never)]
fn plain_book(bytes: &[u8], mut books: Plain) -> (u64, u64) {
    let (start, mut sum) = (cpu_ns(), 0);
    Changes(bytes).for_each(|change| sum = mixed(sum, books.apply(&change).map(Option::unwrap_or_default)));
    (cpu_ns() - start, sum)
}

#[inline(never)]
fn one_at_a_time(bytes: &[u8], mut books: L3Books<Dense>) -> (u64, u64) {
    let (start, mut sum) = (cpu_ns(), 0);
    Changes(bytes).for_each(|change| {
        let top = books.apply(&change).expect("the generator names live orders");
        sum = mixed(sum, of_top(top));
    });
    (cpu_ns() - start, sum)
}

#[inline(never)]
fn batched(bytes: &[u8], mut books: L3Books<Dense>) -> (u64, u64) {
    let (start, mut sum) = (cpu_ns(), 0);
    books.apply_each(Changes(bytes), |_, top| {
        sum = mixed(sum, of_top(top.expect("the generator names live orders")));
    });
    (cpu_ns() - start, sum)
}

fn compare(case: &Case, table: &mut Goals) {
    let (bytes, ids) = generate(&case.wanted);
    let (symbols, count) = (case.wanted.symbols, case.wanted.messages as f64);
    let bounds = Bounds { ticks_per_step: vec![100; symbols], orders_max: ids.max(1), levels_max: 2_000_000 };
    let plain = || Plain::new(symbols, case.wanted.alive);
    let books = || L3Books::dense(&bounds, 0).expect("possible bounds");
    let mut figures = [const { Vec::new() }; 4];
    for _ in 0..ROUNDS {
        let ways =
            [parsing(&bytes), plain_book(&bytes, plain()), one_at_a_time(&bytes, books()), batched(&bytes, books())];
        assert!(ways[1].1 == ways[2].1 && ways[1].1 == ways[3].1, "the ways disagree about a best price");
        for (figures, (spent, _)) in figures.iter_mut().zip(ways) {
            figures.push(spent as f64 / count);
        }
    }
    let [parse, plain, single, batch] = figures.map(median);
    println!("{}, {count} messages, ns a message, median of {ROUNDS} alternating rounds:", case.name);
    for (way, spent) in [("parsing alone", parse), ("plain book", plain), ("one at a time", single), ("batched", batch)]
    {
        println!("  {way:<16} {spent:7.1}");
    }
    let (name, (goal_single, goal_batch)) = (case.name, case.goals);
    table.at_most(format!("{name}: plain book to parsing (above, void)"), plain / parse, case.void_above);
    table.at_least(format!("{name}: one at a time, faster than plain"), plain / single, goal_single);
    table.at_least(format!("{name}: batched, faster than plain"), plain / batch, goal_batch);
    if let Some(goal) = case.to_parsing {
        table.at_most(format!("{name}: one at a time to parsing"), single / parse, goal);
    }
}

fn main() {
    refuse_debug();
    let divisor = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(1_usize).max(1);
    let wanted = |symbols, messages: usize, alive| Wanted { symbols, messages: messages / divisor, alive, seed: 1 };
    let many = Case {
        name: "8,000 symbols",
        wanted: wanted(8_000, 10_000_000, 800_000),
        void_above: 60.0,
        goals: (4.0, 7.0),
        to_parsing: None,
    };
    // The busiest of many symbols has some ten thousand orders alive.
    let one = Case {
        name: "one symbol",
        wanted: wanted(1, 5_000_000, 10_000),
        void_above: 11.0,
        goals: (3.0, 4.5),
        to_parsing: Some(2.5),
    };
    let mut table = Goals::default();
    [many, one].iter().for_each(|case| compare(case, &mut table));
    table.print();
}
