//! Raw depth bytes to an applied book, against a bare parse of the same bytes into simd-json's tape.
//!
//! catalogue: M1, M4. Every depth message of each 2024 capture of `../shared/data/ws/binance` goes through the decoder
//! into its synchronised book; simd-json copies each message (it parses in place) and fills a reused tape, once through
//! `fill_tape` (which copies it again into its own padded buffer) and once through `fill_tape_padded` (which does not).
//! CPU time of the thread, median of five alternating rounds, each over the whole capture. Run with
//! `cargo bench --bench decode [-- DIRECTORY]`; it prints, and judges nothing.

#[path = "measure/captures.rs"]
mod captures;
mod measure;
#[path = "measure/perp.rs"]
mod perp;
#[path = "measure/tape.rs"]
mod tape;

use captures::{CAPTURES, Capture, directory, payloads};
use measure::{cpu_ns, refuse_debug};
use perp::perp;
use std::path::Path;
use tape::Rival;
use tickwright_core::book::{SyncOutcome, SyncedBook};
use tickwright_core::decode::{Decoder, Stamp};
use tickwright_core::event::{DepthHead, Header, RecordBuf, flags};
use tickwright_core::instrument::{Instrument, Market};
use tickwright_core::units::Side;

const ROUNDS: usize = 5;
const STAMP: Stamp = Stamp { stream: 1, ts_receive: 0, ts_mono: 0 };
/// Upper bounds of the size classes in bytes.
const CLASSES: [(&str, usize); 3] = [("<512 B", 512), ("<2 kB", 2048), (">=2 kB", usize::MAX)];

/// A decoder that knows the capture's contract.
fn decoder(capture: &Capture) -> Decoder {
    let mut decoder = Decoder::new();
    let (market, symbol, (price_scale, qty_scale)) = (capture.market, capture.symbol.into(), capture.scales);
    let instrument = Instrument { id: 1, market, symbol, price_scale, qty_scale, ..perp() };
    decoder.define(&instrument).expect("the bench's own instrument is valid");
    decoder
}

/// Our side: bytes to records to book.
struct Ours {
    decoder: Decoder,
    market: Market,
    book: SyncedBook,
    out: RecordBuf,
}

impl Ours {
    fn new(capture: &Capture) -> Self {
        let book = SyncedBook::new(capture.market);
        Self { decoder: decoder(capture), market: capture.market, book, out: RecordBuf::with_capacity(1 << 20) }
    }

    /// Bytes to one depth record in the buffer.
    #[inline]
    fn decode(&mut self, message: &[u8]) -> usize {
        self.out.clear();
        // A recorded REST body has no stream's envelope: it begins with its update id.
        let read = if message.starts_with(b"{\"last") {
            self.decoder.snapshot(1, message, STAMP, &mut self.out)
        } else {
            self.decoder.market(self.market, message, STAMP, &mut self.out)
        };
        read.expect("a recorded message decodes")
    }

    /// Brings the book to the state of another one, by a snapshot of it.
    fn start_from(&mut self, other: &SyncedBook) {
        self.book.reset();
        if other.needs_snapshot() {
            return;
        }
        self.out.clear();
        let at = self.out.begin_depth().expect("room for a snapshot");
        for side in [Side::Buy, Side::Sell] {
            other.book().levels(side).for_each(|level| self.out.level(level).expect("room for a snapshot"));
        }
        let mut header = Header::of::<DepthHead>(1, 1, 0, 0);
        (header.stream_seq, header.flags) = (other.last_update(), flags::SNAPSHOT);
        let [bids, asks] = [Side::Buy, Side::Sell].map(|side| other.book().depth(side) as u32);
        self.out.end_depth(at, DepthHead { header, first: other.last_update(), previous: 0, bids, asks });
        let record = self.out.iter().next().expect("one record").expect("a valid record");
        self.book.on_depth(record.depth().expect("a depth record")).expect("the book has room");
    }

    #[inline]
    fn take(&mut self, message: &[u8]) -> SyncOutcome {
        self.decode(message);
        let record = self.out.iter().next().expect("one record").expect("a valid record");
        self.book.on_depth(record.depth().expect("a depth record")).expect("the book has room")
    }
}

/// CPU nanoseconds of one pass over all messages.
fn pass(messages: &[Vec<u8>], mut take: impl FnMut(&[u8])) -> u64 {
    let from = cpu_ns();
    for message in messages {
        take(message);
    }
    cpu_ns() - from
}

fn median(mut values: Vec<u64>) -> u64 {
    values.sort_unstable();
    values[values.len() / 2]
}

/// Wall nanoseconds of each message, in a size class; the clock's own cost is in every figure.
fn singles(messages: &[Vec<u8>], mut take: impl FnMut(&[u8])) -> [Vec<u64>; 3] {
    let mut classes = [const { Vec::new() }; 3];
    for message in messages {
        let from = std::time::Instant::now();
        take(message);
        let spent = from.elapsed().as_nanos() as u64;
        let class = CLASSES.iter().position(|(_, below)| message.len() < *below).unwrap_or(2);
        classes[class].push(spent);
    }
    classes.iter_mut().for_each(|class| class.sort_unstable());
    classes
}

fn percentile(sorted: &[u64], percent: usize) -> u64 {
    sorted.get((sorted.len() * percent / 100).min(sorted.len().saturating_sub(1))).copied().unwrap_or(0)
}

fn run(directory: &Path, capture: &Capture, sums: &mut [Vec<f64>; 2]) -> std::io::Result<()> {
    let mut seed = Ours::new(capture);
    for day in capture.days {
        let messages = payloads(&directory.join(format!("{}_{day}.gz", capture.name)))?;
        let bytes: usize = messages.iter().map(Vec::len).sum();
        let mut rounds = [const { Vec::new() }; 3];
        let (mut plain, mut padded) = (Rival::new(false), Rival::new(true));
        // One book for all rounds, as in an engine that has been up for a while: its memory has been touched before.
        let mut ours = Ours::new(capture);
        for _ in 0..ROUNDS {
            ours.start_from(&seed.book);
            rounds[0].push(pass(&messages, |message| {
                std::hint::black_box(ours.take(message));
            }));
            rounds[1].push(pass(&messages, |message| {
                std::hint::black_box(plain.take(message));
            }));
            rounds[2].push(pass(&messages, |message| {
                std::hint::black_box(padded.take(message));
            }));
        }
        let mut decode_only = Ours::new(capture);
        let alone: Vec<u64> = (0..ROUNDS)
            .map(|_| {
                pass(&messages, |message| {
                    std::hint::black_box(decode_only.decode(message));
                })
            })
            .collect();
        let alone = median(alone);
        let [ours_ns, tape, tape_padded] = rounds.map(median);
        let each = |total: u64| total as f64 / messages.len() as f64;
        let ratios = [ours_ns as f64 / tape as f64, ours_ns as f64 / tape_padded as f64];
        sums.iter_mut().zip(ratios).for_each(|(sum, ratio)| sum.push(ratio));
        println!(
            "{:<18} {day} {:>9} B {:>6} messages  ours {:>7.1} ns (decode alone {:>7.1})  tape {:>7.1} ns  ratio {:.3}  (padded tape {:>7.1} ns  ratio {:.3})",
            capture.name,
            bytes,
            messages.len(),
            each(ours_ns),
            each(alone),
            each(tape),
            ratios[0],
            each(tape_padded),
            ratios[1],
        );
        ours.start_from(&seed.book);
        let singly = singles(&messages, |message| {
            std::hint::black_box(ours.take(message));
        });
        let tape = singles(&messages, |message| {
            std::hint::black_box(plain.take(message));
        });
        for (at, (class, _)) in CLASSES.iter().enumerate() {
            let row = |of: &[u64]| format!("p50 {:>6} p99 {:>6}", percentile(of, 50), percentile(of, 99));
            println!(
                "    {class:<7} {:>6} messages  ours {}  tape {}",
                singly[at].len(),
                row(&singly[at]),
                row(&tape[at])
            );
        }
        for message in &messages {
            seed.take(message);
        }
    }
    Ok(())
}

fn main() -> std::io::Result<()> {
    refuse_debug();
    let directory = directory();
    let mut sums = [Vec::new(), Vec::new()];
    for capture in &CAPTURES {
        run(&directory, capture, &mut sums)?;
    }
    let worst = |ratios: &Vec<f64>| ratios.iter().copied().fold(0.0, f64::max);
    println!("worst ratio to the tape {:.3}, to the padded tape {:.3}", worst(&sums[0]), worst(&sums[1]));
    Ok(())
}
