//! Nanoseconds a message for books of single orders, bytes to best prices, beside the plain book and parsing alone.
//!
//! catalogue: M2. `cargo bench -p tickwright-core --bench l3 [-- DIVISOR]`: a divisor of 10 makes a tenth of the messages.
//! Four ways through the same bytes in five alternating rounds; every figure is a median of CPU time of this thread, and
//! the best prices after every message go into a sum that must be the same on all ways. The void rule is issue 5's: a plain
//! book that costs more than 60 times parsing (11 on one symbol) is too slow to compare with.

#[path = "l3/flow.rs"]
mod flow;
#[path = "measure/mod.rs"]
mod measure;
#[path = "l3/plain.rs"]
mod plain;

use flow::{Wanted, generate};
use measure::{cpu_ns, median, refuse_debug};
use plain::Plain;
use std::hint::black_box;
use tickwright_core::book::l3::{Bounds, Change, Dense, L3Books, Top};
use tickwright_core::decode::itch;
use tickwright_core::units::Side;

const ROUNDS: usize = 5;
const BATCH: usize = 1_024;

/// One scenario of the comparison.
struct Case {
    name: &'static str,
    wanted: Wanted,
    /// How often parsing the plain book may cost at most.
    void_above: f64,
    /// The goals: times faster than the plain book, one at a time and batched.
    goals: (f64, f64),
}

/// The messages that change a book, in order.
fn changes(mut bytes: &[u8]) -> impl Iterator<Item = Change> + '_ {
    std::iter::from_fn(move || {
        let (len, rest) = bytes.split_first_chunk()?;
        let (message, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*len)))?;
        bytes = rest;
        let (head, message) = itch::message(message).expect("the generator writes good messages");
        itch::change(&head, &message)
    })
}

/// Best prices as a number, so that ways can be compared and none is optimised away.
#[inline]
fn mixed(sum: u64, best: [Option<(i64, i64)>; 2]) -> u64 {
    best.into_iter().fold(sum, |sum, best| {
        let (price, qty) = best.unwrap_or((0, 0));
        sum.rotate_left(5).wrapping_add(price as u64).wrapping_add((qty as u64) << 32)
    })
}

#[inline]
fn of_top(top: &Top) -> [Option<(i64, i64)>; 2] {
    [Side::Buy, Side::Sell].map(|side| top.best(side).map(|level| (level.price, level.qty)))
}

fn parsing(bytes: &[u8]) -> (u64, u64) {
    let start = cpu_ns();
    let sum = changes(bytes).fold(0_u64, |sum, change| sum.wrapping_add(black_box(change).id()));
    (cpu_ns() - start, sum)
}

fn plain_book(bytes: &[u8], symbols: usize) -> (u64, u64) {
    let mut books = Plain::new(symbols);
    let start = cpu_ns();
    let sum = changes(bytes).fold(0, |sum, change| mixed(sum, books.apply(&change)));
    (cpu_ns() - start, sum)
}

fn one_at_a_time(bytes: &[u8], mut books: L3Books<Dense>) -> (u64, u64) {
    let start = cpu_ns();
    let sum = changes(bytes).fold(0, |sum, change| {
        let top = books.apply(&change).expect("the generator names live orders");
        mixed(sum, of_top(top))
    });
    (cpu_ns() - start, sum)
}

fn batched(bytes: &[u8], mut books: L3Books<Dense>) -> (u64, u64) {
    let mut batch = Vec::with_capacity(BATCH);
    let mut sum = 0;
    let start = cpu_ns();
    let mut all = changes(bytes);
    loop {
        batch.clear();
        batch.extend(all.by_ref().take(BATCH));
        if batch.is_empty() {
            return (cpu_ns() - start, sum);
        }
        books.apply_all(&batch, |_, top| sum = mixed(sum, of_top(top.expect("the generator names live orders"))));
    }
}

fn compare(case: &Case) {
    let (bytes, ids) = generate(&case.wanted);
    let (symbols, count) = (case.wanted.symbols, case.wanted.messages as f64);
    let bounds = Bounds { ticks_per_step: vec![100; symbols], orders_max: ids.max(1), levels_max: 2_000_000 };
    let books = || L3Books::dense(&bounds, 0).expect("possible bounds");
    let mut figures = [const { Vec::new() }; 4];
    for _ in 0..ROUNDS {
        let ways =
            [parsing(&bytes), plain_book(&bytes, symbols), one_at_a_time(&bytes, books()), batched(&bytes, books())];
        assert!(ways[1].1 == ways[2].1 && ways[1].1 == ways[3].1, "the ways disagree about a best price");
        for (figures, (spent, _)) in figures.iter_mut().zip(ways) {
            figures.push(spent as f64 / count);
        }
    }
    let [parse, plain, single, batch] = figures.map(median);
    let (goal_single, goal_batch) = case.goals;
    println!("{}, {count} messages, ns a message, median of {ROUNDS} alternating rounds:", case.name);
    println!("  parsing alone           {parse:7.1}");
    let void = if plain > case.void_above * parse { ", VOID: too slow to compare with" } else { "" };
    println!(
        "  plain book              {plain:7.1}  {:.1}x parsing (at most {}{void})",
        plain / parse,
        case.void_above
    );
    println!(
        "  ours, one at a time     {single:7.1}  {:.1}x faster than plain (goal {goal_single}), {:.2}x parsing",
        plain / single,
        single / parse
    );
    println!(
        "  ours, batched           {batch:7.1}  {:.1}x faster than plain (goal {goal_batch}), {:.2}x parsing",
        plain / batch,
        batch / parse
    );
}

fn main() {
    refuse_debug();
    let divisor = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(1_usize).max(1);
    let wanted = |symbols, messages: usize, alive| Wanted { symbols, messages: messages / divisor, alive, seed: 1 };
    let many = ("8,000 symbols", wanted(8_000, 10_000_000, 800_000), 60.0, (4.0, 7.0));
    let one = ("one symbol", wanted(1, 5_000_000, 4_000), 11.0, (3.0, 4.5));
    for (name, wanted, void_above, goals) in [many, one] {
        compare(&Case { name, wanted, void_above, goals });
    }
}
