//! Replay speed: decoded records of a journal through the step, with CRC and checkpointed state hashes on.
//!
//! catalogue: S9. A journal of trades (64 bytes) and venue tops (80 bytes) is written by the engine itself, then
//! replayed in this process by one thread; beside it a bare scan of the same journal (CRC and framing only). CPU time
//! of the thread, median of five alternating rounds. Run with `cargo bench --bench replay [-- EVENTS DIRECTORY]`.

mod measure;
#[path = "measure/perp.rs"]
mod perp;

use measure::{cpu_ns, median, refuse_debug};
use perp::PERP;
use std::path::{Path, PathBuf};
use tickwright_core::decode::Stamp;
use tickwright_core::engine::{Engine, Now};
use tickwright_core::event::{Bbo, Header, Trade};
use tickwright_core::journal::{Options, Reader};
use tickwright_core::replay::Replay;

const ROUNDS: usize = 5;

/// Writes a journal of `events` market-data events through an engine.
fn write(dir: &Path, events: u64) {
    let mut engine = Engine::open(dir, Options::new("bench", [0; 32], 7), false).expect("an empty directory");
    let now = Now { ts: 1, mono: 1 };
    for asset in ["BTC", "USDT"] {
        engine.asset(asset, 8, now).expect("a new asset");
    }
    let id = engine.instrument(&PERP, now).expect("a new instrument");
    let snapshot = br#"{"lastUpdateId":10,"bids":[["60000.0","1.000"]],"asks":[["60000.1","1.000"]]}"#;
    engine.snapshot(id, snapshot, Stamp { stream: 1, ts_receive: 2, ts_mono: 2 }).expect("a snapshot");
    for n in 0..events {
        let ts = 3 + n as i64 * 1000;
        let taken = if n % 4 == 0 {
            let mut header = Header::of::<Bbo>(id, 1, ts, ts);
            header.stream_seq = 11 + n;
            engine.record(&Bbo { header, bid: 600_000, bid_qty: 1 + n as i64 % 9, ask: 600_001, ask_qty: 5 })
        } else {
            let mut header = Header::of::<Trade>(id, 1, ts, ts);
            header.stream_seq = n;
            engine.record(&Trade { header, price: 600_000 + n as i64 % 2, qty: 3 })
        };
        taken.expect("the journal takes it");
    }
    engine.close().expect("the journal closes");
}

/// Events a microsecond of a bare scan.
fn scan(dir: &Path) -> f64 {
    let from = cpu_ns();
    let mut reader = Reader::open(dir).expect("a journal");
    let mut count = 0u64;
    while let Some((_, record)) = reader.read_next().expect("an intact journal") {
        std::hint::black_box(record.header().ts_receive);
        count += 1;
    }
    count as f64 * 1e3 / (cpu_ns() - from) as f64
}

/// Events a microsecond of a replay, and the hash at its end.
fn replay(dir: &Path) -> (f64, [u8; 32]) {
    let from = cpu_ns();
    let mut replay = Replay::open(dir, false).expect("a journal");
    replay.run(None).expect("an intact journal");
    let hash = replay.state_hash();
    (replay.events() as f64 * 1e3 / (cpu_ns() - from) as f64, hash)
}

fn main() {
    refuse_debug();
    let mut args = std::env::args().skip(1).filter(|a| !a.starts_with("--"));
    let events: u64 = args.next().and_then(|a| a.parse().ok()).unwrap_or(4_000_000);
    let dir = args.next().map_or_else(|| PathBuf::from("target/bench/replay"), PathBuf::from);
    if dir.exists() {
        std::fs::remove_dir_all(&dir).expect("the bench's own directory");
    }
    write(&dir, events);
    let files = std::fs::read_dir(&dir).expect("the journal").flatten();
    let bytes: u64 = files.map(|file| file.metadata().map_or(0, |meta| meta.len())).sum();
    let (mut scans, mut replays, mut hashes) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        scans.push(scan(&dir));
        let (rate, hash) = replay(&dir);
        replays.push(rate);
        hashes.push(hash);
    }
    assert!(hashes.windows(2).all(|pair| pair[0] == pair[1]), "the same journal gave two hashes");
    let (scan, replay) = (median(scans), median(replays));
    println!("replay of {events} decoded records, journal {:.1} MB", bytes as f64 / 1e6);
    println!("  scan    {scan:>6.2} M events/s (CRC and framing only)");
    println!("  replay  {replay:>6.2} M events/s (state applied, checkpoints compared), goal >= 5");
    println!("  ratio   {:>6.2} of the scan", replay / scan);
}
