//! Raw depth bytes to an applied book, against a bare parse of the same bytes into simd-json's tape.
//!
//! catalogue: M1, M4. Every depth message of each 2024 capture of `../shared/data/ws/binance` goes through the decoder
//! into its synchronised book; simd-json copies each message (it parses in place) and fills a reused tape, once through
//! `fill_tape` (which copies it again into its own padded buffer) and once through `fill_tape_padded` (which does not).
//! CPU time of the thread, median of five alternating rounds, each over the whole capture. Run with
//! `cargo bench --bench decode [-- DIRECTORY]`; it prints, and judges nothing.

use simd_json::{Buffers, INPUT_PADDING, Tape};
use std::io::Read;
use std::path::{Path, PathBuf};
use tickwright_core::book::{SyncOutcome, SyncedBook};
use tickwright_core::decode::{Decoder, Stamp};
use tickwright_core::event::RecordBuf;
use tickwright_core::instrument::{Instrument, Market, Venue};

const ROUNDS: usize = 5;
const STAMP: Stamp = Stamp { stream: 1, ts_receive: 0, ts_mono: 0 };
/// Upper bounds of the size classes in bytes.
const CLASSES: [(&str, usize); 3] = [("<512 B", 512), ("<2 kB", 2048), (">=2 kB", usize::MAX)];

/// One recorded stream: its files in order, and what the venue lists.
struct Capture {
    name: &'static str,
    market: Market,
    symbol: &'static str,
    scales: (u8, u8),
    days: [&'static str; 2],
}

const CAPTURES: [Capture; 5] = [
    capture("spot_btcusdt", Market::Spot, "BTCUSDT", (2, 5), ["20240808", "20240809"]),
    capture("spot_ethusdt", Market::Spot, "ETHUSDT", (2, 4), ["20240808", "20240809"]),
    capture("usdm_btcusdt", Market::Linear, "BTCUSDT", (1, 3), ["20240718", "20240719"]),
    capture("usdm_ethusdt", Market::Linear, "ETHUSDT", (2, 3), ["20240718", "20240719"]),
    capture("coinm_btcusd_perp", Market::Inverse, "BTCUSD_PERP", (1, 0), ["20240808", "20240809"]),
];

const fn capture(
    name: &'static str,
    market: Market,
    symbol: &'static str,
    scales: (u8, u8),
    days: [&'static str; 2],
) -> Capture {
    Capture { name, market, symbol, scales, days }
}

impl Capture {
    fn decoder(&self) -> Decoder {
        let mut decoder = Decoder::new();
        let instrument = Instrument {
            id: 1,
            venue: Venue::Binance,
            market: self.market,
            symbol: self.symbol.into(),
            base: 1,
            quote: 2,
            settle: 2,
            tick: 1,
            price_scale: self.scales.0,
            lot: 1,
            qty_scale: self.scales.1,
            multiplier: 1,
            settle_scale: 8,
            base_scale: 8,
        };
        decoder.define(&instrument).expect("the bench's own instrument is valid");
        decoder
    }
}

/// The payloads of one file that change a book: the snapshot and the deltas.
fn payloads(path: &Path) -> std::io::Result<Vec<Vec<u8>>> {
    let mut text = Vec::new();
    flate2::read::MultiGzDecoder::new(std::fs::File::open(path)?).read_to_end(&mut text)?;
    let lines = text
        .split(|byte| *byte == b'\n')
        .filter_map(|line| line.iter().position(|b| *b == b' ').map(|at| &line[at + 1..]));
    let of_book = |line: &&[u8]| {
        let head = &line[..line.len().min(80)];
        let has = |needle: &[u8]| head.windows(needle.len()).any(|window| window == needle);
        has(b"depthUpdate") || has(b"lastUpdateId")
    };
    Ok(lines.filter(of_book).map(<[u8]>::to_vec).collect())
}

/// CPU time of this thread in nanoseconds.
fn cpu_ns() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is to a timespec of ours; the clock exists on every Linux.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
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
        Self { decoder: capture.decoder(), market: capture.market, book, out: RecordBuf::with_capacity(1 << 20) }
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

    #[inline]
    fn take(&mut self, message: &[u8]) -> SyncOutcome {
        self.decode(message);
        let record = self.out.iter().next().expect("one record").expect("a valid record");
        self.book.on_depth(record.depth().expect("a depth record")).expect("the book has room")
    }
}

/// The rival: a copy of the message, then its tape.
struct Rival {
    copy: Vec<u8>,
    buffers: Buffers,
    tape: Tape<'static>,
    padded: bool,
}

impl Rival {
    fn new(padded: bool) -> Self {
        Self { copy: Vec::with_capacity(1 << 20), buffers: Buffers::new(1 << 20), tape: Tape::null(), padded }
    }

    #[inline]
    fn take(&mut self, message: &[u8]) -> usize {
        self.copy.clear();
        self.copy.extend_from_slice(message);
        let mut tape = std::mem::replace(&mut self.tape, Tape(Vec::new())).reset();
        if self.padded {
            self.copy.extend_from_slice(&[0; INPUT_PADDING]);
            simd_json::fill_tape_padded(&mut self.copy, message.len(), &mut self.buffers, &mut tape)
        } else {
            simd_json::fill_tape(&mut self.copy, &mut self.buffers, &mut tape)
        }
        .expect("a recorded message parses");
        let nodes = std::hint::black_box(&tape).0.len();
        self.tape = tape.reset();
        nodes
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
        for _ in 0..ROUNDS {
            let mut ours = Ours::new(capture);
            ours.book = seed.book.clone();
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
        let [ours, tape, tape_padded] = rounds.map(median);
        let each = |total: u64| total as f64 / messages.len() as f64;
        let ratios = [ours as f64 / tape as f64, ours as f64 / tape_padded as f64];
        sums.iter_mut().zip(ratios).for_each(|(sum, ratio)| sum.push(ratio));
        println!(
            "{:<18} {day} {:>9} B {:>6} messages  ours {:>7.1} ns (decode alone {:>7.1})  tape {:>7.1} ns  ratio {:.3}  (padded tape {:>7.1} ns  ratio {:.3})",
            capture.name,
            bytes,
            messages.len(),
            each(ours),
            each(alone),
            each(tape),
            ratios[0],
            each(tape_padded),
            ratios[1],
        );
        let mut timed = Ours::new(capture);
        timed.book = seed.book.clone();
        let ours = singles(&messages, |message| {
            std::hint::black_box(timed.take(message));
        });
        let tape = singles(&messages, |message| {
            std::hint::black_box(plain.take(message));
        });
        for (at, (class, _)) in CLASSES.iter().enumerate() {
            let row = |of: &[u64]| format!("p50 {:>6} p99 {:>6}", percentile(of, 50), percentile(of, 99));
            println!("    {class:<7} {:>6} messages  ours {}  tape {}", ours[at].len(), row(&ours[at]), row(&tape[at]));
        }
        for message in &messages {
            seed.take(message);
        }
    }
    Ok(())
}

fn main() -> std::io::Result<()> {
    if cfg!(debug_assertions) {
        eprintln!("a debug build says nothing about speed: use `cargo bench`");
        std::process::exit(2);
    }
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/ws/binance");
    let directory = std::env::args().skip(1).find(|word| !word.starts_with("--")).map_or(default, PathBuf::from);
    if !directory.is_dir() {
        eprintln!("no recordings at {}: pass their directory", directory.display());
        std::process::exit(2);
    }
    let mut sums = [Vec::new(), Vec::new()];
    for capture in &CAPTURES {
        run(&directory, capture, &mut sums)?;
    }
    let worst = |ratios: &Vec<f64>| ratios.iter().copied().fold(0.0, f64::max);
    println!("worst ratio to the tape {:.3}, to the padded tape {:.3}", worst(&sums[0]), worst(&sums[1]));
    Ok(())
}
