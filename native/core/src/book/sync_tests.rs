//! Golden tables of both venue rules, interleavings of snapshot and deltas, and the canonical form.

use super::*;
use crate::event::{DepthHead, Header, RecordBuf};
use proptest::prelude::*;
use std::collections::BTreeMap;

type Pairs<'a> = &'a [(i64, i64)];

fn feed(book: &mut SyncedBook, snapshot: bool, ids: (u64, u64, u64), bids: Pairs, asks: Pairs) -> Result<SyncOutcome> {
    let mut buf = RecordBuf::with_capacity(1 << 22);
    let at = buf.begin_depth()?;
    for (price, qty) in bids.iter().chain(asks) {
        buf.level(Level { price: *price, qty: *qty })?;
    }
    let mut header = Header::of::<DepthHead>(1, 1, 0, 0);
    header.stream_seq = ids.1;
    header.flags = if snapshot { flags::SNAPSHOT } else { 0 };
    let (bids, asks) = (bids.len() as u32, asks.len() as u32);
    buf.end_depth(at, DepthHead { header, first: ids.0, previous: ids.2, bids, asks });
    let record = buf.iter().next().unwrap()?;
    book.on_depth(record.depth().unwrap())
}

/// Runs a table of lines `snapshot ID`, `crossing ID`, `crosses U u pu`, `reset` or `U u pu`, each with its outcome
/// and what the book is then.
fn golden(market: Market, table: &str) {
    let mut book = SyncedBook::new(market);
    for line in table.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (message, want) = line.split_once("->").unwrap();
        let mut words = message.split_whitespace().peekable();
        let verb = words.next_if(|word| word.parse::<u64>().is_err()).unwrap_or("delta");
        let numbers: Vec<u64> = words.map(|word| word.parse().unwrap()).collect();
        let outcome = match (verb, numbers.as_slice()) {
            ("snapshot", &[id]) => feed(&mut book, true, (id, id, 0), &[(99, 1)], &[(101, 1)]),
            ("crossing", &[id]) => feed(&mut book, true, (id, id, 0), &[(102, 1)], &[(101, 1)]),
            ("crosses", &[first, last, previous]) => feed(&mut book, false, (first, last, previous), &[(101, 2)], &[]),
            ("delta", &[first, last, previous]) => feed(&mut book, false, (first, last, previous), &[(98, 2)], &[]),
            ("reset", &[]) => {
                book.reset();
                Ok(SyncOutcome::Dropped)
            }
            other => panic!("{other:?}"),
        };
        let state = if book.needs_snapshot() { "waits" } else { "synced" };
        let got =
            format!("{:?}, {state} at {}, {} bids", outcome.unwrap(), book.last_update(), book.book().depth(Side::Buy));
        assert_eq!(got, want.trim(), "{line}");
    }
}

#[test]
fn spot_rule() {
    golden(
        Market::Spot,
        "11 12 0      -> Buffered, waits at 0, 0 bids
         13 15 0      -> Buffered, waits at 0, 0 bids
         snapshot 9   -> Gap { expected: 10, was: 11 }, waits at 0, 0 bids
         snapshot 12  -> Applied, synced at 15, 2 bids
         13 15 0      -> Dropped, synced at 15, 2 bids
         14 16 0      -> Applied, synced at 16, 2 bids
         17 17 0      -> Applied, synced at 17, 2 bids
         19 20 0      -> Gap { expected: 18, was: 19 }, waits at 0, 0 bids
         21 22 0      -> Buffered, waits at 0, 0 bids
         snapshot 21  -> Applied, synced at 22, 2 bids
         snapshot 21  -> Dropped, synced at 22, 2 bids
         snapshot 30  -> Applied, synced at 30, 1 bids
         crosses 31 31 0 -> Crossed { bid: 101, ask: 101 }, waits at 0, 0 bids
         crossing 32  -> Crossed { bid: 102, ask: 101 }, waits at 0, 0 bids
         snapshot 33  -> Applied, synced at 33, 1 bids
         reset        -> Dropped, waits at 0, 0 bids
         34 35 0      -> Buffered, waits at 0, 0 bids",
    );
}

#[test]
fn futures_rule() {
    golden(
        Market::Linear,
        "110 115 105  -> Buffered, waits at 0, 0 bids
         118 125 115  -> Buffered, waits at 0, 0 bids
         snapshot 100 -> Gap { expected: 100, was: 110 }, waits at 0, 0 bids
         snapshot 120 -> Applied, synced at 125, 2 bids
         130 135 125  -> Applied, synced at 135, 2 bids
         118 125 115  -> Dropped, synced at 135, 2 bids
         140 145 136  -> Gap { expected: 135, was: 136 }, waits at 0, 0 bids
         150 155 145  -> Buffered, waits at 0, 0 bids
         snapshot 155 -> Applied, synced at 155, 2 bids
         160 165 155  -> Applied, synced at 165, 2 bids
         reset        -> Dropped, waits at 0, 0 bids
         snapshot 170 -> Applied, synced at 170, 1 bids
         160 169 155  -> Dropped, synced at 170, 1 bids
         180 185 171  -> Gap { expected: 170, was: 180 }, waits at 0, 0 bids
         snapshot 185 -> Applied, synced at 185, 2 bids
         reset        -> Dropped, waits at 0, 0 bids
         snapshot 190 -> Applied, synced at 190, 1 bids
         195 199 190  -> Applied, synced at 199, 2 bids",
    );
}

#[test]
fn the_buffer_is_bounded_and_keeps_the_newest() {
    let mut book = SyncedBook::new(Market::Spot);
    for id in 1..=(WAITING_MAX as u64 + 10) {
        assert_eq!(feed(&mut book, false, (id, id, 0), &[(1, 1)], &[]), Ok(SyncOutcome::Buffered));
    }
    assert_eq!((book.waiting.len(), book.waiting[0].first, book.levels.len()), (WAITING_MAX, 11, WAITING_MAX));
    let last = WAITING_MAX as u64 + 10;
    assert_eq!(feed(&mut book, true, (10, 10, 0), &[(2, 1)], &[(5, 1)]), Ok(SyncOutcome::Applied));
    assert_eq!((book.last_update(), book.levels.len(), book.levels.capacity()), (last, 0, WAITING_LEVELS_MAX));
}

#[test]
fn a_delta_larger_than_the_buffer_is_refused() {
    let mut book = SyncedBook::new(Market::Spot);
    let many = vec![(1, 1); WAITING_LEVELS_MAX + 1];
    assert!(matches!(feed(&mut book, false, (1, 1, 0), &many, &[]), Err(CoreError::Full { .. })));
    assert!(book.needs_snapshot() && book.levels.is_empty());
}

#[test]
fn every_leaf_is_in_the_canonical_bytes() {
    let mut book = SyncedBook::new(Market::Linear);
    feed(&mut book, true, (5, 5, 0), &[(9, 1)], &[(11, 1)]).unwrap();
    let mut gapped = book.clone();
    feed(&mut gapped, false, (8, 9, 7), &[(9, 1)], &[(12, 0)]).unwrap();
    for book in [book, gapped] {
        let mut before = Vec::new();
        book.put(&mut before);
        let mut input = before.as_slice();
        assert_eq!(SyncedBook::take(&mut input).unwrap(), book);
        assert!(input.is_empty());
        for cut in 0..before.len() {
            assert!(SyncedBook::<Market>::take(&mut &before[..cut]).is_err(), "cut at {cut}");
        }
        for leaf in 0..book.leaves() {
            let (mut changed, mut after) = (book.clone(), Vec::new());
            changed.nudge(leaf);
            changed.put(&mut after);
            assert_ne!(before, after, "leaf {leaf}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// However the snapshot and the deltas interleave, the book ends as the model that saw everything.
    #[test]
    fn any_interleaving_ends_in_the_same_book(
        changes in proptest::collection::vec(proptest::collection::vec((1i64..30, 0i64..4, any::<bool>()), 0..6), 1..30),
        taken_at in 0usize..30, arrives in 0usize..30, futures in any::<bool>(), repeat in any::<bool>(),
    ) {
        let market = if futures { Market::Linear } else { Market::Spot };
        let taken_at = taken_at.min(changes.len());
        let arrives = arrives.clamp(taken_at.saturating_sub(1), changes.len());
        let mut model: [BTreeMap<i64, i64>; 2] = Default::default();
        let mut image = model.clone();
        let mut book = SyncedBook::new(market);
        let mut late = Vec::new();
        for (at, change) in changes.iter().enumerate() {
            if at == taken_at { image = model.clone(); }
            // Bids below 100, asks above: the model never crosses. Each message covers ten update ids.
            let split = |bid: bool| change.iter().filter(move |c| c.2 == bid).map(move |c| (if bid { c.0 } else { 100 + c.0 }, c.1));
            for (side, bid) in [(0, true), (1, false)] {
                for (price, qty) in split(bid) {
                    if qty == 0 { model[side].remove(&price); } else { model[side].insert(price, qty); }
                }
            }
            let first = at as u64 * 10 + 1;
            let (bids, asks): (Vec<_>, Vec<_>) = (split(true).collect(), split(false).collect());
            late.push(((first, first + 9, first - 1), bids, asks));
        }
        if taken_at == changes.len() { image = model.clone(); }
        let bids: Vec<_> = image[0].iter().map(|(p, q)| (*p, *q)).collect();
        let asks: Vec<_> = image[1].iter().map(|(p, q)| (*p, *q)).collect();
        let id = taken_at as u64 * 10;
        for (at, (ids, b, a)) in late.iter().enumerate() {
            if at == arrives { feed(&mut book, true, (id, id, 0), &bids, &asks).unwrap(); }
            feed(&mut book, false, *ids, b, a).unwrap();
            if repeat { feed(&mut book, false, *ids, b, a).unwrap(); }
        }
        if arrives == late.len() { feed(&mut book, true, (id, id, 0), &bids, &asks).unwrap(); }
        prop_assert!(!book.needs_snapshot());
        for (side, map) in [(Side::Buy, &model[0]), (Side::Sell, &model[1])] {
            let mut got: Vec<_> = book.book().levels(side).map(|l| (l.price, l.qty)).collect();
            got.sort_unstable();
            prop_assert_eq!(got, map.iter().map(|(p, q)| (*p, *q)).collect::<Vec<_>>());
        }
    }
}
