//! Properties of lines: whatever is lost, doubled, delayed and reordered on A and B, the market is the lossless one.

use super::arbiter::{Arbiter, HELD_MAX};
use super::numbered::{Event, REQUEST_AFTER_NS, REQUEST_EVERY_NS, Receiver, Told};
use super::shadow::Shadow;
use super::source::{LOST, REST_NS, Source, WINDOW, What, Why};
use super::{Copy, LINES_MAX};
use crate::book::l2::L2Book;
use crate::book::rule::{AnyRule, Bybit, Deribit, Gate, Ids, Kraken, KrakenFutures, Kucoin, Okx};
use crate::book::{SyncOutcome, SyncedBook};
use crate::canon::Canon;
use crate::decode::mold;
use crate::event::{DepthHead, DepthView, Header, Level, flags};
use crate::instrument::Market;
use crate::units::Side;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// What happens to one message on one line.
#[derive(Debug, Clone, Copy)]
struct Fate {
    lost: bool,
    twice: bool,
    delay: u64,
}

fn fate() -> impl Strategy<Value = Fate> {
    (0u8..100, 0u8..100, 0u64..60).prop_map(|(lost, twice, delay)| Fate { lost: lost < 20, twice: twice < 10, delay })
}

fn fates() -> impl Strategy<Value = Vec<[Fate; 2]>> {
    proptest::collection::vec([fate(), fate()], 1..40)
}

/// (time, line, number of the message from 1): the venue sends one every 10. Ordered lines are only late, never out of order.
fn arrivals(fates: &[[Fate; 2]], ordered: bool) -> Vec<(u64, usize, usize)> {
    let mut all = Vec::new();
    for line in 0..LINES_MAX {
        let mut floor = 0;
        for (at, fate) in fates.iter().map(|pair| pair[line]).enumerate() {
            let mut time = at as u64 * 10 + fate.delay;
            if ordered {
                time = time.max(floor);
                floor = time;
            }
            let copies = if fate.lost { 0 } else { 1 + usize::from(fate.twice) };
            (0..copies).for_each(|copy| all.push((time + copy as u64 * u64::from(!ordered) * 7, line, at + 1)));
        }
    }
    all.sort_by_key(|(time, ..)| *time);
    all
}

/// Every venue whose messages have numbers of its own.
const RULES: [AnyRule; 8] = [
    AnyRule::Binance(Market::Spot),
    AnyRule::Binance(Market::Linear),
    AnyRule::Okx(Okx),
    AnyRule::Bybit(Bybit),
    AnyRule::Deribit(Deribit),
    AnyRule::KrakenFutures(KrakenFutures),
    AnyRule::Kucoin(Kucoin),
    AnyRule::Gate(Gate),
];

/// The numbers of message `at` (0 is the first whole book), as the venue gives them.
fn ids(rule: AnyRule, at: usize) -> Ids {
    let at = at as u64;
    match rule {
        AnyRule::Bybit(_) | AnyRule::KrakenFutures(_) => Ids { first: 0, last: 100 + at, previous: 0 },
        AnyRule::Okx(_) | AnyRule::Deribit(_) => Ids { first: 0, last: 100 + 7 * at, previous: 93 + 7 * at },
        _ => Ids { first: 98 + 3 * at, last: 100 + 3 * at, previous: 97 + 3 * at },
    }
}

/// The venue's book after each message, and what each message says.
struct Venue {
    changes: Vec<[Vec<Level>; 2]>,
    books: Vec<[BTreeMap<i64, i64>; 2]>,
}

fn levels(base: i64) -> impl Strategy<Value = Vec<Level>> {
    proptest::collection::vec((base..base + 8, 0i64..5).prop_map(|(price, qty)| Level { price, qty }), 0..4)
}

fn venue() -> impl Strategy<Value = Venue> {
    proptest::collection::vec([levels(90), levels(110)], 40).prop_map(|changes| {
        let mut now = [BTreeMap::from([(89, 1)]), BTreeMap::from([(120, 1)])];
        let mut books = vec![now.clone()];
        for change in &changes {
            for (side, levels) in now.iter_mut().zip(change) {
                for level in levels {
                    if level.qty == 0 {
                        side.remove(&level.price)
                    } else {
                        side.insert(level.price, level.qty)
                    };
                }
            }
            books.push(now.clone());
        }
        Venue { changes, books }
    })
}

impl std::fmt::Debug for Venue {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.changes.fmt(out)
    }
}

impl Venue {
    fn head(&self, rule: AnyRule, at: usize, whole: bool) -> DepthHead {
        let Ids { first, last, previous } = ids(rule, at);
        let mut header = Header::of::<DepthHead>(1, 1, 0, 0);
        (header.stream_seq, header.flags) = (last, if whole { flags::SNAPSHOT } else { 0 });
        DepthHead { header, first, previous, bids: 0, asks: 0 }
    }

    /// Message `at` as the venue sends it.
    fn delta<T>(&self, rule: AnyRule, at: usize, take: impl FnOnce(DepthView<'_>) -> T) -> T {
        let [bids, asks] = &self.changes[at - 1];
        take(DepthView { head: &self.head(rule, at, false), bids, asks })
    }

    /// The whole book after message `at`.
    fn whole<T>(&self, rule: AnyRule, at: usize, take: impl FnOnce(DepthView<'_>) -> T) -> T {
        let side = |side: usize| self.books[at][side].iter().map(|(price, qty)| Level { price: *price, qty: *qty });
        let (bids, asks): (Vec<Level>, Vec<Level>) = (side(0).collect(), side(1).collect());
        take(DepthView { head: &self.head(rule, at, true), bids: &bids, asks: &asks })
    }
}

fn sides(book: &L2Book) -> [BTreeMap<i64, i64>; 2] {
    [Side::Buy, Side::Sell].map(|side| {
        let mut out = [Level { price: 0, qty: 0 }; 64];
        let count = book.top(side, &mut out);
        out[..count].iter().map(|level| (level.price, level.qty)).collect()
    })
}

/// Two lines into one book, with an arbiter between them or (the broken kind) without.
struct Rig<'a> {
    rule: AnyRule,
    venue: &'a Venue,
    arbiter: Arbiter,
    book: SyncedBook<AnyRule>,
    ordered: bool,
    arbitrated: bool,
    gaps: usize,
}

impl<'a> Rig<'a> {
    fn new(rule: AnyRule, venue: &'a Venue, ordered: bool) -> Self {
        let mut this = Self {
            rule,
            venue,
            arbiter: Arbiter::default(),
            book: SyncedBook::new(rule),
            ordered,
            arbitrated: true,
            gaps: 0,
        };
        this.recover(0, 0, 0);
        this
    }

    fn copy(&self, line: usize, now: u64) -> Copy {
        Copy { line, up: [true; 2], ordered: self.ordered, hold_ns: 100, now: now as i64 }
    }

    fn deliver(&mut self, (time, line, at): (u64, usize, usize)) {
        let (copy, rule, venue) = (self.copy(line, time), self.rule, self.venue);
        let Self { arbiter, book, gaps, arbitrated, .. } = self;
        let mut pass = |view: DepthView<'_>| {
            let outcome = book.on_depth(view)?;
            *gaps += usize::from(matches!(outcome, SyncOutcome::Gap { .. }));
            Ok(())
        };
        if *arbitrated {
            venue.delta(rule, at, |view| arbiter.delta(rule, copy, view, &mut pass)).unwrap();
            arbiter.settle(rule, copy, &mut pass).unwrap();
        } else {
            venue.delta(rule, at, pass).unwrap();
        }
    }

    /// The venue's whole book after message `at`: by REST, or as a line's new subscription.
    fn recover(&mut self, line: usize, time: u64, at: usize) {
        let (copy, rule, synced) = (self.copy(line, time), self.rule, !self.book.needs_snapshot());
        let Self { arbiter, book, venue, .. } = self;
        let mut pass = |view: DepthView<'_>| book.on_depth(view).map(|_| ());
        venue.whole(rule, at, |view| arbiter.whole(rule, copy, synced, view, &mut pass)).unwrap();
    }

    /// Delivers everything, asks for the whole book wherever it is needed, and ends with the last hole settled.
    fn run(&mut self, arrivals: &[(u64, usize, usize)]) {
        let mut newest = 0;
        for &arrival in arrivals {
            self.deliver(arrival);
            newest = newest.max(arrival.2);
            if self.book.needs_snapshot() {
                self.recover(arrival.1, arrival.0, newest);
            }
        }
        let (rule, copy) = (self.rule, self.copy(0, u64::from(u32::MAX)));
        let Self { arbiter, book, .. } = self;
        arbiter.settle(rule, copy, &mut |view| book.on_depth(view).map(|_| ())).unwrap();
        if self.book.needs_snapshot() {
            self.recover(0, u64::from(u32::MAX), newest);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Losses on both lines too: whole books are asked for, and the book ends as the venue's.
    #[test]
    fn the_book_is_the_lossless_one(fates in fates(), venue in venue(), ordered: bool) {
        let arrivals = arrivals(&fates, ordered);
        let newest = arrivals.iter().map(|arrival| arrival.2).max().unwrap_or(0);
        for rule in RULES {
            let mut rig = Rig::new(rule, &venue, ordered);
            rig.run(&arrivals);
            prop_assert!(!rig.book.needs_snapshot());
            prop_assert_eq!(rig.book.last_update(), ids(rule, newest).last);
            prop_assert_eq!(sides(rig.book.book()), venue.books[newest].clone());
            prop_assert!(!rig.arbiter.waits());
        }
    }

    /// Where each message survives on a line, nobody hears of a gap, and every hole of a line was filled by the other.
    #[test]
    fn one_surviving_copy_is_enough(mut fates in fates(), venue in venue(), ordered: bool) {
        for (at, pair) in fates.iter_mut().enumerate() {
            if pair[0].lost && pair[1].lost {
                pair[at % 2].lost = false;
            }
        }
        // What the last message misses would still be under way.
        if let Some(last) = fates.last_mut() {
            *last = [Fate { lost: false, twice: false, delay: 500 }; 2];
        }
        for rule in RULES {
            let mut rig = Rig::new(rule, &venue, ordered);
            rig.run(&arrivals(&fates, ordered));
            prop_assert_eq!(rig.gaps, 0);
            prop_assert_eq!(rig.arbiter.given_up, 0);
            prop_assert_eq!(sides(rig.book.book()), venue.books[fates.len()].clone());
        }
    }

    /// MoldUDP64: with a server to ask, every message comes once and in order, whatever both lines lose.
    #[test]
    fn every_numbered_message_comes_once_and_in_order(fates in fates()) {
        let mut told = Vec::new();
        let mut receiver = Receiver::new(None, 1, 8);
        for &(time, line, at) in &arrivals(&fates, false) {
            let now = time as i64 * REQUEST_AFTER_NS / 10;
            receive(&mut receiver, Some(line), &datagram(at as u64, 1), now, &mut told);
            answer(&mut receiver, now, &mut told);
        }
        let end = i64::from(u32::MAX) * 1_000;
        receive(&mut receiver, Some(0), &ending(fates.len() as u64 + 1), end, &mut told);
        (1..40).for_each(|round| answer(&mut receiver, end + round * REQUEST_EVERY_NS, &mut told));
        let all: Vec<Heard> = (1..=fates.len() as u64).map(Heard::Message).chain([Heard::Ended]).collect();
        prop_assert_eq!(told, all);
        prop_assert_eq!(receiver.lost, 0);
    }

    /// Without one, exactly what both lines lost is named as a gap, and the rest comes in order.
    #[test]
    fn gaps_name_what_nobody_brought(fates in fates()) {
        let mut told = Vec::new();
        let mut receiver = Receiver::new(None, 1, 0);
        for &(time, line, at) in &arrivals(&fates, false) {
            receive(&mut receiver, Some(line), &datagram(at as u64, 1), time as i64, &mut told);
        }
        let end = i64::from(u32::MAX);
        receive(&mut receiver, Some(0), &ending(fates.len() as u64 + 1), end, &mut told);
        for round in 1..=fates.len() as i64 + 1 {
            settle(&mut receiver, end + round * 2 * REQUEST_EVERY_NS, &mut told);
        }
        let mut next = 1;
        for heard in told {
            match heard {
                Heard::Message(seq) => prop_assert_eq!(seq, next),
                Heard::Gap(from, to) => {
                    prop_assert_eq!(from, next);
                    (from..to).for_each(|at| assert!(fates[at as usize - 1].iter().all(|fate| fate.lost)));
                }
                Heard::Ended => prop_assert_eq!(next, fates.len() as u64 + 1),
            }
            next = match heard { Heard::Message(seq) => seq + 1, Heard::Gap(_, to) => to, Heard::Ended => next };
        }
        prop_assert!(receiver.ended());
    }

    /// Venues without numbers: the shown book is at each moment what the venue's was after the last message of its line.
    #[test]
    fn the_shown_book_is_a_whole_one(fates in fates(), venue in venue()) {
        let rule = AnyRule::Kraken(Kraken { depth: 64 });
        let mut shadow = Shadow::new(rule);
        let mut at_line = [0; 2];
        for line in 0..2 {
            venue.whole(rule, 0, |view| shadow.on_depth(line, view)).unwrap();
        }
        // On a line in order each message comes once: TCP doubles nothing.
        let mut arrivals = arrivals(&fates, true);
        arrivals.dedup();
        for (_, line, at) in arrivals {
            if shadow.of(line).needs_snapshot() {
                // It was subscribed again, and gets a whole book as of this message.
                venue.whole(rule, at, |view| shadow.on_depth(line, view)).unwrap();
            } else {
                venue.delta(rule, at, |view| shadow.on_depth(line, view)).unwrap();
                // The checksum is made of the book, so it is wrong exactly where the book's levels are.
                if sides(shadow.of(line).book()) != venue.books[at] {
                    shadow.distrust(line);
                }
            }
            at_line[line] = at;
            if let Some((shown, book)) = shadow.shown() {
                prop_assert_eq!(sides(book), venue.books[at_line[shown]].clone());
            } else {
                prop_assert!((0..2).all(|line| shadow.of(line).needs_snapshot()));
            }
        }
    }
}

/// The canary: without arbitration the same losses are gaps, so the properties above can fail.
#[test]
fn without_arbitration_the_property_fails() {
    // Line B is so late that line A's next message comes before what line A lost.
    let lossy = |at: usize, delay: u64| Fate { lost: at % 4 == 1, twice: false, delay };
    let fates: Vec<[Fate; 2]> = (0..30).map(|at| [lossy(at, 0), lossy(at + 2, 15)]).collect();
    let change = |at: i64| [vec![Level { price: 90 + at % 7, qty: at % 5 }], vec![Level { price: 110, qty: 1 + at }]];
    let books = vec![[BTreeMap::from([(89, 1)]), BTreeMap::from([(120, 1)])]];
    let venue = Venue { changes: (0..40).map(change).collect(), books };
    for rule in RULES {
        let gaps = [true, false].map(|arbitrated| {
            let mut rig = Rig { arbitrated, ..Rig::new(rule, &venue, true) };
            arrivals(&fates, true).into_iter().for_each(|arrival| rig.deliver(arrival));
            rig.gaps
        });
        assert!(gaps[0] == 0 && gaps[1] > 0, "{rule:?}: {gaps:?}");
    }
}

#[test]
fn what_waits_is_bounded_and_the_oldest_goes() {
    let changes = (0..2_000).map(|at| [vec![Level { price: 90, qty: 1 + at }], Vec::new()]).collect();
    let venue = Venue { changes, books: vec![[BTreeMap::from([(89, 1)]), BTreeMap::from([(120, 1)])]] };
    let mut rig = Rig { ordered: false, ..Rig::new(AnyRule::Kucoin(Kucoin), &venue, false) };
    (2..=HELD_MAX + 1).for_each(|at| rig.deliver((1, 0, at)));
    assert!(rig.arbiter.waits() && rig.gaps == 0);
    let mut bytes = Vec::new();
    rig.arbiter.put(&mut bytes);
    assert_eq!(Arbiter::take(&mut bytes.as_slice()).unwrap(), rig.arbiter);
    rig.deliver((1, 0, HELD_MAX + 2));
    assert!(!rig.arbiter.waits() && rig.gaps == 1, "the hole is given up, and everything behind it passes");
}

/// What the receiver told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Heard {
    Message(u64),
    Gap(u64, u64),
    Ended,
}

fn receive(receiver: &mut Receiver, line: Option<usize>, bytes: &[u8], now: i64, told: &mut Vec<Heard>) {
    receiver.take(line, bytes, now, &mut |one| heard(one, told)).unwrap();
}

fn settle(receiver: &mut Receiver, now: i64, told: &mut Vec<Heard>) {
    receiver.settle(now, &mut |one| heard(one, told)).unwrap();
}

fn heard(one: Told<'_>, told: &mut Vec<Heard>) -> crate::error::Result<()> {
    told.push(match one {
        Told::Message(seq, message) => {
            assert_eq!(message, seq.to_be_bytes());
            Heard::Message(seq)
        }
        Told::Event(Event::Gap(from, to)) => Heard::Gap(from, to),
        Told::Event(Event::Ended) => Heard::Ended,
        Told::Event(Event::Session(_)) => return Ok(()),
    });
    Ok(())
}

/// `count` messages from `seq` on; each is its own number.
fn datagram(seq: u64, count: u16) -> Vec<u8> {
    let mut bytes = mold::request(*b"SESSION001", seq, count).to_vec();
    for number in seq..seq + u64::from(count) {
        bytes.extend([0, 8]);
        bytes.extend(number.to_be_bytes());
    }
    bytes
}

fn ending(next: u64) -> Vec<u8> {
    mold::request(*b"SESSION001", next, 0xFFFF).to_vec()
}

/// The re-request server: answers what is asked for, twice, three messages at a time.
fn answer(receiver: &mut Receiver, now: i64, told: &mut Vec<Heard>) {
    while let Some(request) = receiver.request(now) {
        let seq = u64::from_be_bytes(request[10..18].try_into().unwrap());
        let count = u16::from_be_bytes([request[18], request[19]]).min(3);
        receive(receiver, None, &datagram(seq, count), now, told);
        receive(receiver, None, &datagram(seq, count), now, told);
    }
}

#[test]
fn another_session_begins_at_one_and_answers_about_the_old_one_are_ignored() {
    let mut receiver = Receiver::new(None, 1, 3);
    let mut told = Vec::new();
    let mut tell = |one: Told<'_>| {
        told.push(format!("{one:?}"));
        Ok(())
    };
    receiver.take(Some(0), &datagram(1, 2), 1, &mut tell).unwrap();
    let mut other = datagram(1, 1);
    other[..10].copy_from_slice(b"SESSION002");
    receiver.take(Some(1), &other, 2, &mut tell).unwrap();
    receiver.take(None, &datagram(3, 1), 3, &mut tell).unwrap();
    assert_eq!(told.len(), 4);
    assert!(told[2].contains("Session("));
    assert_eq!((receiver.session(), receiver.next()), (Some(*b"SESSION002"), 2));
}

/// A source of two lines that are up and were heard at 1.
fn source(silent_ns: i64) -> Source {
    let mut source = Source { id: 1, silent_ns, hold_ns: 100, ordered: true, ..Source::default() };
    for (line, stream) in source.lines.iter_mut().zip([5, 6]) {
        (line.stream, line.up) = (stream, true);
        line.hear(1);
    }
    source
}

#[test]
fn the_primary_changes_at_once_when_it_has_to_and_slowly_when_it_need_not() {
    let mut source = source(1_000);
    assert_eq!(source.govern(10), None);
    source.lines[0].up = false;
    assert_eq!((source.govern(10), source.primary, source.since), (Some(Why::Down), 1, 10));
    source.lines[0].up = true;
    assert_eq!(source.govern(11), None, "the line that came back does not take its place again");
    source.lines[0].hear(2_000);
    assert_eq!((source.govern(2_000), source.primary), (Some(Why::Silent), 0));
    // Slower: a whole window, and not before the rest is over.
    for now in [2_001, 2_000 + REST_NS] {
        (0..WINDOW).for_each(|_| source.won_by(1));
        source.lines.iter_mut().for_each(|line| line.hear(now));
        assert_eq!(source.govern(now), (now != 2_001).then_some(Why::Slower));
    }
    let later = 2_000 + 2 * REST_NS;
    source.lines.iter_mut().for_each(|line| line.hear(later));
    source.lines[1].lost += LOST;
    (0..WINDOW).for_each(|_| source.won_by(1));
    assert_eq!((source.govern(later), source.switches), (Some(Why::Lossier), 4));
}

#[test]
fn silence_of_all_lines_is_stale_and_a_quiet_instrument_is_not() {
    let mut source = source(1_000);
    assert_eq!((source.gate(900), source.gate(1_001)), (None, None));
    assert_eq!((source.gate(1_002), source.stale), (Some(What::Stale), true));
    assert_eq!(source.gate(5_000), None, "it is told once");
    source.lines[1].hear(5_001);
    assert_eq!((source.gate(5_001), source.stale), (Some(What::Fresh), false));
}

#[test]
fn a_learned_silence_follows_the_cadence() {
    use super::source::{SILENT_NS_MAX, SILENT_NS_MIN};
    let mut line = source(0).lines[0].clone();
    assert_eq!(line.silent_after_ns(0), SILENT_NS_MAX);
    (1..2_000).for_each(|at| line.hear(at * 1_000_000));
    assert_eq!(line.silent_after_ns(0), SILENT_NS_MIN);
    (1..2_000).for_each(|at| line.hear(2_000_000_000 + at * 100_000_000));
    assert!((1_500_000_000..1_700_000_000).contains(&line.silent_after_ns(0)), "{}", line.cadence_ns);
    assert_eq!(line.silent_after_ns(7), 7);
}
