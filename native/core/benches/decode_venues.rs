//! JSON of recorded public market data to finished records, venue by venue, beside simd-json's tape of the same bytes.
//!
//! catalogue: M1. Its input is made by `bench/decode_venues.py` out of the recordings: each feed with its instruments and
//! messages. Every message of a feed goes through the feed's decoder into records; simd-json copies each message (it
//! parses in place) and fills a reused tape, the rival of `decode`. CPU time of the thread, median of five alternating
//! rounds, each of whole passes over the feed for at least `PASS_NS`. It prints a table and judges nothing.

#[path = "measure/goals.rs"]
mod goals;
mod measure;
#[path = "measure/perp.rs"]
mod perp;
#[path = "measure/tape.rs"]
mod tape;

use goals::Goals;
use measure::{cpu_ns, median, refuse_debug};
use perp::perp;
use std::hint::black_box;
use tape::Rival;
use tickwright_core::decode::public::Public;
use tickwright_core::decode::{Decoder, PublicDecoder, Stamp};
use tickwright_core::event::RecordBuf;
use tickwright_core::instrument::{Instrument, Market};
use tickwright_core::units::Decimal;

const ROUNDS: usize = 5;
/// How long one way of a round takes at least, ns.
const PASS_NS: u64 = 20_000_000;
/// Times faster than the tape.
const GOAL: f64 = 2.0;
const STAMP: Stamp = Stamp { stream: 1, ts_receive: 0, ts_mono: 0 };

/// Reads the input: whole numbers are little-endian u32, texts have their length before them.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn number(&mut self) -> usize {
        let (number, rest) = self.0.split_first_chunk().expect("a whole input");
        self.0 = rest;
        u32::from_le_bytes(*number) as usize
    }

    fn bytes(&mut self) -> &'a [u8] {
        let len = self.number();
        let (bytes, rest) = self.0.split_at(len);
        self.0 = rest;
        bytes
    }

    fn text(&mut self) -> &'a str {
        std::str::from_utf8(self.bytes()).expect("names and numbers are ASCII")
    }
}

/// A feed's decoder.
enum Ours {
    Binance(Market, Box<Decoder>),
    Public(PublicDecoder),
}

impl Ours {
    fn new(feed: &str) -> Self {
        let binance = |market| Self::Binance(market, Box::new(Decoder::new()));
        match feed {
            "spot" => binance(Market::Spot),
            "linear" => binance(Market::Linear),
            "inverse" => binance(Market::Inverse),
            _ => Self::Public(PublicDecoder::new(Public::parse(feed).expect("a feed that is known"))),
        }
    }

    fn define(&mut self, id: u32, symbol: &str, tick: &str, lot: &str) {
        let [tick, lot] = [tick, lot].map(|text| Decimal::parse(text.as_bytes(), "tick").expect("a decimal"));
        let mut instrument = Instrument {
            id,
            symbol: symbol.to_owned(),
            tick: tick.mantissa as i64,
            price_scale: tick.scale,
            lot: lot.mantissa as i64,
            qty_scale: lot.scale,
            ..perp()
        };
        match self {
            Self::Binance(market, decoder) => {
                instrument.market = *market;
                decoder.define(&instrument)
            }
            Self::Public(decoder) => {
                instrument.market = decoder.market_of(symbol.as_bytes());
                decoder.define(&instrument)
            }
        }
        .expect("the survey's instruments are valid");
    }

    /// Bytes to records; how many.
    #[inline]
    fn take(&mut self, message: &[u8], out: &mut RecordBuf) -> usize {
        out.clear();
        match self {
            Self::Binance(market, decoder) => decoder.market(*market, message, STAMP, out),
            Self::Public(decoder) => decoder.market(message, STAMP, out),
        }
        .expect("a recorded message decodes")
    }
}

/// CPU nanoseconds of one pass over all messages, out of as many as `PASS_NS` needs.
fn pass(messages: &[&[u8]], mut take: impl FnMut(&[u8])) -> f64 {
    let (from, mut passes) = (cpu_ns(), 0.0);
    loop {
        messages.iter().for_each(|message| take(message));
        passes += 1.0;
        let spent = cpu_ns() - from;
        if spent >= PASS_NS {
            return spent as f64 / passes;
        }
    }
}

fn feed(input: &mut Input<'_>, table: &mut Goals) {
    let name = input.text();
    let mut ours = Ours::new(name);
    for id in 1..=input.number() {
        let [symbol, tick, lot] = [input.text(), input.text(), input.text()];
        ours.define(id as u32, symbol, tick, lot);
    }
    let messages: Vec<&[u8]> = (0..input.number()).map(|_| input.bytes()).collect();
    let bytes: usize = messages.iter().map(|message| message.len()).sum();
    let mut out = RecordBuf::with_capacity(4 << 20);
    let mut rival = Rival::new(false);
    let records: usize = messages.iter().map(|message| ours.take(message, &mut out)).sum();
    let mut rounds = [const { Vec::new() }; 2];
    for _ in 0..ROUNDS {
        rounds[0].push(pass(&messages, |message| {
            black_box(ours.take(message, &mut out));
        }));
        rounds[1].push(pass(&messages, |message| {
            black_box(rival.take(message));
        }));
    }
    let [ours_ns, tape_ns] = rounds.map(median);
    let [ours_rate, tape_rate] = [ours_ns, tape_ns].map(|spent| bytes as f64 / spent);
    println!(
        "{name:<15} {:>6} messages {bytes:>10} B {records:>6} records  ours {ours_rate:>6.3} GB/s  tape {tape_rate:>6.3} GB/s",
        messages.len(),
    );
    table.at_least(format!("{name}: to records, faster than the tape"), ours_rate / tape_rate, GOAL);
}

fn main() -> std::io::Result<()> {
    refuse_debug();
    let Some(path) = std::env::args().skip(1).find(|word| !word.starts_with("--")) else {
        eprintln!("needs the file that bench/decode_venues.py makes: run that");
        std::process::exit(2);
    };
    let bytes = std::fs::read(path)?;
    let (mut input, mut table) = (Input(&bytes), Goals::default());
    while !input.0.is_empty() {
        feed(&mut input, &mut table);
    }
    table.print();
    Ok(())
}
