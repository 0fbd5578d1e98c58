//! Fuzz targets: every reader of foreign bytes as a function over bytes, which may refuse them and may not panic.
//!
//! catalogue: K1, M1, M2, K4. The registry is shared by the smoke in `decode/fuzz` (seconds, in `cargo test`) and by
//! `make fuzz` (libFuzzer, as long as one likes). A connection of `public` is a target by being listed there. A target
//! checks more than the absence of panics: a failed message leaves nothing behind, what was counted was written, and the
//! books that are made of it hold together.

mod pool_logs;

use crate::book::check::Checker;
use crate::book::l3::{Bounds, Change, L3Books, OrderRecord};
use crate::decode::itch_file::ItchFile;
use crate::decode::orders::{OrderDecoder, OrderFeed};
use crate::decode::public::Public;
use crate::decode::survey::Survey;
use crate::decode::{Decoder, PublicDecoder, Stamp, conversation_samples, itch, mold, samples, soup, told_samples};
use crate::error::{CoreError, Result};
use crate::event::{RecordBuf, RecordRef};
use crate::instrument::samples::btcusdt_spot;
use crate::instrument::{Instrument, Market};
use crate::journal::walk::{Walk, never_begun, sealed_at_end};
use crate::journal::{bytes_of, segment, show};
use crate::line::numbered::{Event, REQUEST_EVERY_NS, Receiver, Told};
use crate::line::stream::{Stream, Told as StreamTold};
use crate::units::Side;

const STAMP: Stamp = Stamp { stream: 1, ts_receive: 1, ts_mono: 1 };
const MARKETS: [Market; 3] = [Market::Spot, Market::Linear, Market::Inverse];
/// Books, orders and levels of the ITCH target: few, so that every bound is met.
const BOOKS: u32 = 4;
const ORDERS_MAX: usize = 24;
const LEVELS_MAX: usize = 12;

/// One reader of foreign bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// Binance: market data, REST books, user data and answers, of its three markets.
    Binance,
    /// Another venue's connection: its messages one by one, its REST books, and lines of messages as a book.
    Public(Public),
    /// A venue's messages about single orders, line by line, into their books.
    Orders(OrderFeed),
    /// ITCH messages, each behind its length, into books of single orders.
    Itch,
    /// The same bytes as a file, in chunks.
    ItchFile,
    /// A MoldUDP64 datagram, and several of them, each behind its length, on two lines.
    Mold,
    /// A SoupBinTCP stream.
    Soup,
    /// One record, read in place and shown.
    Record,
    /// A segment of a journal.
    Journal,
    /// Logs of pools, each behind its length.
    PoolLogs,
}

impl Target {
    /// Every target.
    pub fn all() -> impl Iterator<Item = Self> {
        let lines = [Self::Itch, Self::ItchFile, Self::Mold, Self::Soup];
        let others = [Self::Binance, Self::Record, Self::Journal, Self::PoolLogs];
        let orders = OrderFeed::NAMES.into_iter().map(|(_, feed)| Self::Orders(feed));
        others.into_iter().chain(lines).chain(orders).chain(Public::all().map(|(_, public)| Self::Public(public)))
    }

    /// Its name on the command line and in the corpus.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Binance => "binance",
            Self::Public(public) => name_of(public),
            Self::Orders(feed) => OrderFeed::NAMES.iter().find(|(_, one)| *one == feed).map_or("", |(name, _)| name),
            Self::Itch => "itch",
            Self::ItchFile => "itch-file",
            Self::Mold => "mold",
            Self::Soup => "soup",
            Self::Record => "record",
            Self::Journal => "journal",
            Self::PoolLogs => "pool-logs",
        }
    }

    /// The target called `name`. Errors: `Unknown`.
    pub fn parse(name: &str) -> Result<Self> {
        let unknown = || CoreError::Unknown { what: "fuzz target", was: name.to_owned() };
        Self::all().find(|target| target.name() == name).ok_or_else(unknown)
    }

    /// Inputs that it reads well, for a fuzzer to begin with.
    #[must_use]
    pub fn seeds(self) -> Vec<Vec<u8>> {
        match self {
            Self::Binance => binance_seeds(),
            Self::Public(public) => public_seeds(public),
            Self::Orders(feed) => samples::ORDERS
                .iter()
                .filter(|(one, _)| *one == feed)
                .map(|(_, text)| text.as_bytes().to_vec())
                .collect(),
            Self::Itch | Self::ItchFile => vec![itch_seed()],
            Self::Mold => {
                let one = [&[0, 31][..], &mold::request(*b"SESSION001", 1, 1), &[0, 9], b"a message"].concat();
                vec![mold::request(*b"SESSION001", 5, 0).to_vec(), datagram(&itch_seed()), one.repeat(3)]
            }
            Self::Soup => vec![soup_seed()],
            Self::Record => records().iter().flatten().map(|record| record.bytes().to_vec()).collect(),
            Self::Journal => vec![segment_of(&records())],
            Self::PoolLogs => pool_logs::seeds(),
        }
    }
}

/// A target ready to run.
#[derive(Debug)]
pub struct Driver {
    target: Target,
    binance: Decoder,
    public: Option<(Public, PublicDecoder, Vec<Instrument>)>,
    out: RecordBuf,
}

impl Driver {
    /// A driver of `target`, which knows the instruments of the samples.
    #[must_use]
    pub fn new(target: Target) -> Self {
        let public = match target {
            Target::Public(public) => Some(listed(public)),
            _ => None,
        };
        Self { target, binance: samples::decoder(), public, out: RecordBuf::with_capacity(1 << 16) }
    }

    /// Reads `bytes` in every way that the target has. It keeps nothing from one call to the next.
    pub fn drive(&mut self, bytes: &[u8]) {
        match self.target {
            Target::Binance => self.binance(bytes),
            Target::Public(_) => self.public(bytes),
            Target::Orders(feed) => orders(feed, bytes),
            Target::Itch => itch_books(bytes),
            Target::ItchFile => itch_file(bytes),
            Target::Mold => mold_datagram(bytes),
            Target::Soup => soup_stream(bytes),
            Target::Record => record(bytes),
            Target::Journal => journal_segment(bytes),
            Target::PoolLogs => pool_logs::drive(bytes),
        }
    }

    fn binance(&mut self, bytes: &[u8]) {
        let (decoder, out) = (&mut self.binance, &mut self.out);
        for market in MARKETS {
            // Read twice: what the first reading has the decoder remember must not change what the second one says.
            decoder.forget();
            whole(out, |out| decoder.market(market, bytes, STAMP, out));
            let first = out.clone();
            whole(out, |out| decoder.market(market, bytes, STAMP, out));
            assert!(out.bytes() == first.bytes(), "read again, a message says something else");
            whole(out, |out| decoder.snapshot(1, bytes, STAMP, out));
            whole(out, |out| decoder.user(market, 1, bytes, STAMP, out));
            whole(out, |out| decoder.answer(market, 1, bytes, STAMP, out));
        }
        let _ = Survey::default().take(bytes, None);
    }

    fn public(&mut self, bytes: &[u8]) {
        let Some((public, decoder, instruments)) = &self.public else { return };
        if bytes.contains(&b'\n') {
            return lines(*public, instruments, bytes);
        }
        // What a message has the connection remember is gone before the next.
        let (mut decoder, mut survey) = (decoder.clone(), Survey::of_public(*public));
        whole(&mut self.out, |out| decoder.market(bytes, STAMP, out));
        let _ = survey.take(bytes, None);
        for instrument in instruments {
            let symbol = instrument.symbol.as_bytes();
            whole(&mut self.out, |out| decoder.snapshot(symbol, bytes, STAMP, out));
            let _ = survey.take(bytes, Some(symbol));
        }
    }
}

/// What was counted was written, and what failed left nothing.
fn whole(out: &mut RecordBuf, read: impl FnOnce(&mut RecordBuf) -> Result<usize>) {
    out.clear();
    match read(out) {
        Ok(count) => assert_eq!(out.iter().filter(|record| record.is_ok()).count(), count),
        Err(_) => assert!(out.is_empty()),
    }
}

/// A connection's decoder and the instruments that the samples speak of.
fn listed(public: Public) -> (Public, PublicDecoder, Vec<Instrument>) {
    let mut survey = Survey::of_public(public);
    for sample in samples::PUBLIC.iter().copied().chain(conversation_samples::of(name_of(public))) {
        let _ = survey.take(sample.as_bytes(), None);
    }
    let mut symbols: Vec<String> = survey.symbols().iter().map(|surveyed| surveyed.symbol.clone()).collect();
    symbols.extend(told(public).map(|(symbol, _)| symbol.to_owned()));
    symbols.sort_unstable();
    symbols.dedup();
    let mut decoder = PublicDecoder::new(public);
    let instruments = symbols.into_iter().map(|symbol| {
        let market = public.market_of(symbol.as_bytes());
        Instrument { market, symbol, price_scale: 6, qty_scale: 8, ..btcusdt_spot() }
    });
    let instruments: Vec<Instrument> = instruments.filter(|instrument| decoder.define(instrument).is_ok()).collect();
    // A connection whose channels have names has heard them.
    let mut out = RecordBuf::with_capacity(1 << 16);
    for sample in conversation_samples::of(name_of(public)) {
        let _ = decoder.market(sample.as_bytes(), STAMP, &mut out);
        out.clear();
    }
    (public, decoder, instruments)
}

fn name_of(public: Public) -> &'static str {
    Public::all().find(|(_, one)| *one == public).map_or("", |(name, _)| name)
}

/// Symbol and text of a connection's samples beside books and trades.
fn told(public: Public) -> impl Iterator<Item = (&'static str, &'static str)> {
    let all = told_samples::TOLD.iter().chain(told_samples::TOLD_REST);
    let own = all.filter(move |(name, ..)| Public::parse(name).is_ok_and(|one| one == public));
    own.map(|(_, symbol, text, _)| (*symbol, *text))
}

/// Lines of messages as a recording: each a message of the stream, or else a REST book of the first instrument.
fn lines(public: Public, instruments: &[Instrument], bytes: &[u8]) {
    let mut checker = Checker::of_public(public);
    let known = instruments.iter().take(2);
    let symbol = known.filter(|instrument| checker.define((*instrument).clone()).is_ok()).map(|it| &it.symbol).last();
    checker.begin_file();
    for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let _ = checker.take(line, None);
        let _ = checker.take(line, symbol.map(String::as_str));
    }
    checker.finish();
    for (_, tally) in checker.rows(0) {
        assert!(tally.tops_equal <= tally.tops_compared && tally.checksums_equal <= tally.checksums);
    }
}

/// The messages of a file: each behind its length of 16 bits.
fn blocks(mut bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (len, rest) = bytes.split_first_chunk()?;
        let (message, behind) = rest.split_at_checked(usize::from(u16::from_be_bytes(*len)))?;
        bytes = behind;
        Some(message)
    })
}

fn itch_books(bytes: &[u8]) {
    let bounds = Bounds { ticks_per_step: vec![100; BOOKS as usize], orders_max: ORDERS_MAX, levels_max: LEVELS_MAX };
    let (Ok(mut one), Ok(mut many)) = (L3Books::hashed(&bounds), L3Books::hashed(&bounds)) else { return };
    let changes: Vec<Change> = blocks(bytes)
        .filter_map(|message| itch::message(message).ok())
        .filter_map(|(head, message)| itch::change(&head, &message))
        .collect();
    let tops: Vec<_> = changes.iter().map(|change| one.apply(change).copied()).collect();
    let mut at = 0;
    many.apply_all(&changes, |index, top| {
        assert_eq!((index, top.copied()), (at, tops[at]));
        at += 1;
    });
    assert_eq!(at, tops.len());
    for book in 0..BOOKS {
        for side in [Side::Buy, Side::Sell] {
            let levels = one.levels(book, side);
            assert_eq!(levels.first().copied(), one.top(book).best(side));
            let (standing, resting) = (levels.iter().map(|level| level.qty).sum::<i64>(), one.resting(book, side));
            assert_eq!(standing, resting.map(|order| order.qty).sum::<i64>());
        }
    }
}

/// A file is the same records however it is cut.
fn itch_file(bytes: &[u8]) {
    let read = |size: usize| {
        let (mut file, mut records) = (ItchFile::new(), Vec::new());
        let whole = bytes.chunks(size).try_for_each(|chunk| file.feed(chunk, &mut records)).is_ok();
        (records, whole)
    };
    assert_eq!(read(7), read(bytes.len().max(1)));
}

/// Lines of messages: learnt, then read into books that take what they are given or refuse it.
fn orders(feed: OrderFeed, bytes: &[u8]) {
    let symbol = |line: &[u8]| line.starts_with(b"{\"BuyOrders").then_some(b"eth-aud".as_slice());
    let mut learner = OrderDecoder::new(feed);
    let learnt = bytes.split(|byte| *byte == b'\n').filter(|line| learner.learn(line, symbol(line)).is_ok()).count();
    let mut decoder = OrderDecoder::new(feed);
    for (at, book) in learner.learnt().iter().enumerate().take(BOOKS as usize) {
        let (id, symbol) = (at as u32 + 1, book.symbol.clone());
        let _ = decoder.define(&Instrument { id, symbol, price_scale: 6, qty_scale: 8, ..btcusdt_spot() });
    }
    let bounds = Bounds { ticks_per_step: vec![1; BOOKS as usize], orders_max: ORDERS_MAX, levels_max: LEVELS_MAX };
    let Ok(mut books) = L3Books::hashed(&bounds) else { return };
    let mut records: Vec<OrderRecord> = Vec::new();
    for line in bytes.split(|byte| *byte == b'\n').take(learnt) {
        let _ = decoder.read(line, symbol(line), 1, &mut records);
    }
    let mut count = 0;
    books.apply_records(&records, |_, _| count += 1);
    assert_eq!(count, records.len());
}

fn mold_datagram(bytes: &[u8]) {
    let mut receiver = Receiver::new(None, 1, 2);
    let mut next = 1;
    for (at, datagram) in blocks(bytes).enumerate() {
        let mut tell = |told: Told<'_>| {
            match told {
                Told::Message(seq, _) => {
                    assert_eq!(seq, next);
                    next += 1;
                }
                Told::Event(Event::Gap(from, to)) => {
                    assert!(from == next && to > from);
                    next = to;
                }
                Told::Event(Event::Session(_)) => next = 1,
                Told::Event(Event::Ended) => {}
            }
            Ok(())
        };
        let now = at as i64 * (REQUEST_EVERY_NS / 2);
        let _ = receiver.take([Some(0), Some(1), None][at % 3], datagram, now, &mut tell);
        let _ = receiver.request(now);
        let _ = receiver.settle(now, &mut tell);
    }
    let Ok(packet) = mold::packet(bytes) else { return };
    assert_eq!(packet.messages().count(), usize::from(packet.count));
    for (_, message) in packet.messages() {
        let _ = itch::message(message);
    }
}

fn soup_stream(bytes: &[u8]) {
    let mut rest = bytes;
    while let Ok(Some((packet, len))) = soup::packet(rest) {
        assert!((3..=rest.len()).contains(&len));
        if let soup::Packet::Sequenced(message) = packet {
            let _ = itch::message(message);
        }
        rest = rest.get(len..).unwrap_or_default();
    }
    // However the bytes are cut, the session says the same.
    let [whole, cut] = [bytes.len().max(1), 7].map(|size| {
        let (mut stream, mut told) = (Stream::new("", 1), Vec::new());
        let good = bytes.chunks(size).all(|chunk| {
            let mut tell = |one: StreamTold<'_>| {
                told.push(format!("{one:?}"));
                Ok(())
            };
            stream.feed(chunk, &mut tell).is_ok()
        });
        (good, told)
    });
    assert_eq!(whole, cut);
}

/// One record where it lies; the bytes are copied to where they are aligned.
fn record(bytes: &[u8]) {
    let aligned = aligned(bytes);
    if let Ok(record) = RecordRef::new(bytes_of(&aligned, bytes.len())) {
        shown(&record);
    }
}

fn shown(record: &RecordRef<'_>) {
    assert!(!show::fields(record).is_empty());
    let _ = (record.depth(), show::kind_name(record.header()));
}

/// A segment's frames to the first that does not verify, and what is judged to stand there.
fn journal_segment(bytes: &[u8]) {
    let aligned = aligned(bytes);
    let bytes = bytes_of(&aligned, bytes.len());
    let _ = (never_begun(bytes), sealed_at_end(bytes));
    let Ok(Some(mut walk)) = Walk::begin(bytes) else { return };
    while let Some((_, start, len)) = walk.step(bytes) {
        if let Ok(record) = RecordRef::new(&bytes[start..start + len]) {
            shown(&record);
        }
    }
    let _ = (walk.judge_strict(bytes), walk.judge_open(bytes, bytes.len() as u64 / 2), walk.judge_open(bytes, 0));
}

/// The bytes in words, filled up with zeros.
fn aligned(bytes: &[u8]) -> Vec<u64> {
    let word = |chunk: &[u8]| chunk.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte));
    bytes.chunks(8).map(word).collect()
}

fn binance_seeds() -> Vec<Vec<u8>> {
    let others = [samples::COINM_DEPTH, samples::COINM_TOP, samples::COINM_FORCED, samples::SPOT_SNAPSHOT];
    let all = [samples::SPOT, samples::USDM, samples::USER, samples::ANSWERS, &others].concat();
    all.into_iter().map(|text| text.as_bytes().to_vec()).collect()
}

/// The samples of one connection, and all of them as lines.
fn public_seeds(public: Public) -> Vec<Vec<u8>> {
    let (_, mut decoder, instruments) = listed(public);
    let mut out = RecordBuf::with_capacity(1 << 16);
    let mut reads = |text: &&str| {
        let mut read = |out: &mut RecordBuf| decoder.market(text.as_bytes(), STAMP, out).is_ok_and(|count| count > 0);
        out.clear();
        read(&mut out)
            || instruments.iter().any(|instrument| {
                decoder.snapshot(instrument.symbol.as_bytes(), text.as_bytes(), STAMP, &mut out).is_ok()
            })
    };
    let own = samples::PUBLIC.iter().copied().filter(&mut reads).chain(told(public).map(|(_, text)| text));
    let own = own.chain(conversation_samples::of(name_of(public)));
    let mut seeds: Vec<Vec<u8>> = own.map(|text| text.as_bytes().to_vec()).collect();
    seeds.push(seeds.join(&b'\n'));
    seeds
}

/// Every type of message, the ones that make books first, each behind its length.
fn itch_seed() -> Vec<u8> {
    let mut out = Vec::new();
    for &(kind, len) in itch::LENGTHS {
        let mut message = vec![0; len];
        message[0] = kind;
        message[len.min(19) - 1] = 1;
        if matches!(kind, b'A' | b'F' | b'P') {
            message[19] = b'B';
            message[23] = 9;
        }
        out.extend((len as u16).to_be_bytes());
        out.extend(message);
    }
    out
}

fn datagram(blocks: &[u8]) -> Vec<u8> {
    [&mold::request(*b"SESSION001", 5, itch::LENGTHS.len() as u16)[..], blocks].concat()
}

fn soup_seed() -> Vec<u8> {
    let accepted = [&[0, 31, b'A'][..], b" SESSION01", format!("{:>20}", 42).as_bytes()].concat();
    [
        &accepted[..],
        &[0, 1, b'H', 0, 13, b'S'],
        b"S\0\0\0\0\0\0\0\0\0\0Q",
        &[0, 2, b'U', 9, 0, 2, b'J', b'A', 0, 1, b'Z'],
    ]
    .concat()
}

/// The records of Binance's samples.
fn records() -> RecordBuf {
    let (mut decoder, mut out) = (samples::decoder(), RecordBuf::with_capacity(1 << 16));
    for seed in binance_seeds() {
        for market in MARKETS {
            let _ = decoder.market(market, &seed, STAMP, &mut out);
            let _ = decoder.user(market, 1, &seed, STAMP, &mut out);
            let _ = decoder.answer(market, 1, &seed, STAMP, &mut out);
        }
    }
    out
}

fn segment_of(records: &RecordBuf) -> Vec<u8> {
    let header = segment::SegmentHeader {
        schema: u32::from(crate::event::SCHEMA),
        index: 1,
        first_seq: 1,
        salt: 42,
        previous_crc: 0,
        build: "fuzz".to_owned(),
        config_digest: [0; 32],
    };
    let encoded = header.encode();
    let (mut out, mut crc) = (encoded.to_vec(), segment::SegmentHeader::seed(&encoded));
    for (seq, record) in (1..).zip(records.iter().flatten()) {
        crc = segment::put_frame(&mut out, crc, 42, false, seq, record.bytes());
    }
    out
}
