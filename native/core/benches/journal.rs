//! Durable commits beside the raw fdatasync loop, and the speed of a verifying scan. One JSON object a line.
//!
//! catalogue: K4. The floor writes the same record bytes into a file that was zeroed the same way, on the same file
//! system, from a thread of the same priority, and calls fdatasync. A round is floor, journal, floor; one whose floors
//! differ by more than 1.3x is dropped; the figure is the median of five kept rounds. Run by bench/journal.py, or
//! `cargo bench --bench journal [-- DIRECTORY [scan] [normal-1] [normal-64] [fifo-1] [fifo-64]]`.

mod measure;

use measure::{cpu_ns, median, refuse_debug};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tickwright_core::event::{Command, Header, Record, RecordBuf, RecordRef, Trade, as_bytes};
use tickwright_core::journal::file::{Disk, HostDisk};
use tickwright_core::journal::{Journal, Options, Reader};

const ROUNDS: usize = 5;
const ROUNDS_MAX: usize = 25;
const FLOORS_APART_MAX: f64 = 1.3;
/// A round lasts about this long, whatever the disk.
const ROUND: Duration = Duration::from_millis(1500);
const SCANNED: u64 = 4_000_000;

/// Commits a second, and the sorted microseconds of each.
struct Run {
    rate: f64,
    us: Vec<f64>,
}

impl Run {
    fn timed(mut commit: impl FnMut()) -> Self {
        let (from, mut us) = (Instant::now(), Vec::with_capacity(1 << 16));
        while from.elapsed() < ROUND {
            let sent = Instant::now();
            commit();
            us.push(sent.elapsed().as_nanos() as f64 / 1e3);
        }
        let rate = us.len() as f64 / from.elapsed().as_secs_f64();
        us.sort_by(f64::total_cmp);
        Self { rate, us }
    }

    fn at(&self, percent: usize) -> f64 {
        self.us[(self.us.len() * percent / 100).min(self.us.len() - 1)]
    }
}

fn command(seq: u64) -> RecordBuf {
    let header = Header::of::<Command>(1, 1, seq as i64, seq as i64);
    let mut buf = RecordBuf::with_capacity(256);
    buf.push(&Command { header, verb: 8, scope: 1, subject: 1, cause: 0, value: 0, author: 0 }).expect("room");
    buf
}

fn append<R: Record>(journal: &mut Journal, seq: u64, buf: &mut RecordBuf, record: &R) {
    buf.clear();
    buf.push(record).expect("room");
    journal.append(seq, &RecordRef::new(buf.bytes()).expect("a record")).expect("a running journal");
}

/// The raw loop: `batch` records in one write, then fdatasync.
fn floor(dir: &Path, batch: usize) -> Run {
    let path = dir.join("floor");
    let _ = std::fs::remove_file(&path);
    drop(HostDisk::open(dir).map(|disk| disk.create("floor", 64 << 20).expect("a zeroed file")));
    let file = std::fs::OpenOptions::new().write(true).open(&path).expect("the zeroed file");
    let bytes = command(1).bytes().repeat(batch);
    let mut at = 0;
    Run::timed(|| {
        file.write_all_at(&bytes, at).expect("a write");
        file.sync_data().expect("fdatasync");
        at = (at + bytes.len() as u64) % ((64 << 20) - bytes.len() as u64);
    })
}

/// The journal: `batch` durable records appended, then waited for.
fn ours(dir: &Path, batch: usize, realtime: bool) -> Run {
    let dir = dir.join("journal");
    let _ = std::fs::remove_dir_all(&dir);
    // The colocated profile: a processor for the writer, so it and the waiting thread spin over a whole sync.
    let options = Options { realtime, spin: 20_000, ..Options::new("bench", [0; 32], 1) };
    let (mut journal, _) = Journal::open(&dir, options).expect("a new journal");
    let record = command(1);
    let record = RecordRef::new(record.bytes()).expect("a record");
    let mut seq = 0;
    let run = Run::timed(|| {
        for _ in 0..batch {
            seq += 1;
            journal.append(seq, &record).expect("a running journal");
        }
        assert!(journal.wait_durable(seq, Duration::from_secs(60)).expect("a running journal"));
    });
    journal.close().expect("a clean end");
    run
}

/// This thread's scheduling: SCHED_FIFO or the normal one; false where the host refuses.
fn schedule(realtime: bool) -> bool {
    let (policy, sched_priority) = if realtime { (libc::SCHED_FIFO, 10) } else { (libc::SCHED_OTHER, 0) };
    let wanted = libc::sched_param { sched_priority };
    // SAFETY: pid 0 is this thread, and the parameter outlives the call.
    unsafe { libc::sched_setscheduler(0, policy, &raw const wanted) == 0 }
}

fn compare(dir: &Path, batch: usize, realtime: bool) {
    if !schedule(realtime) {
        println!(
            "{{\"name\":\"commit\",\"batch\":{batch},\"fifo\":true,\"skipped\":\"the host gives no SCHED_FIFO\"}}"
        );
        return;
    }
    let (mut kept, mut dropped) = (Vec::new(), 0);
    while kept.len() < ROUNDS && kept.len() + dropped < ROUNDS_MAX {
        let (before, run, after) = (floor(dir, batch), ours(dir, batch, realtime), floor(dir, batch));
        let apart = (before.rate / after.rate).max(after.rate / before.rate);
        if apart > FLOORS_APART_MAX { dropped += 1 } else { kept.push((before, run, after)) }
    }
    schedule(false);
    if kept.len() < ROUNDS {
        let why = format!("the host was too busy: the floors of {dropped} rounds differed too much");
        println!("{{\"name\":\"commit\",\"batch\":{batch},\"fifo\":{realtime},\"skipped\":\"{why}\"}}");
        return;
    }
    let over =
        |figure: &dyn Fn(&Run, &Run, &Run) -> f64| median(kept.iter().map(|(b, r, a)| figure(b, r, a)).collect());
    println!(
        "{{\"name\":\"commit\",\"batch\":{batch},\"fifo\":{realtime},\"kept\":{},\"dropped\":{dropped},\
         \"floor_per_s\":{:.0},\"per_s\":{:.0},\"ratio\":{:.3},\"floor_p50_us\":{:.1},\"p50_us\":{:.1},\
         \"floor_p99_us\":{:.1},\"p99_us\":{:.1},\"p99_ratio\":{:.3}}}",
        kept.len(),
        over(&|b, _, a| f64::midpoint(b.rate, a.rate)),
        over(&|_, r, _| r.rate),
        over(&|b, r, a| r.rate / f64::midpoint(b.rate, a.rate)),
        over(&|b, _, a| f64::midpoint(b.at(50), a.at(50))),
        over(&|_, r, _| r.at(50)),
        over(&|b, _, a| f64::midpoint(b.at(99), a.at(99))),
        over(&|_, r, _| r.at(99)),
        over(&|b, r, a| r.at(99) / f64::midpoint(b.at(99), a.at(99))),
    );
}

/// Events a microsecond of CPU time: written through the ring, then read back and verified.
fn scan(dir: &Path) {
    let dir = dir.join("scan");
    let options = Options { full_wait: Duration::from_secs(60), ..Options::new("bench", [0; 32], 1) };
    let _ = std::fs::remove_dir_all(&dir);
    let (mut journal, _) = Journal::open(&dir, options).expect("a new journal");
    let mut buf = RecordBuf::with_capacity(256);
    let (from, from_cpu) = (Instant::now(), cpu_ns());
    for seq in 1..=SCANNED {
        let header = Header::of::<Trade>(1, 1, seq as i64, seq as i64);
        append(&mut journal, seq, &mut buf, &Trade { header, price: seq as i64, qty: 1 });
    }
    let append_cpu = SCANNED as f64 * 1e3 / (cpu_ns() - from_cpu) as f64;
    let stalls = journal.stats().stalls;
    journal.close().expect("a clean end");
    let written = SCANNED as f64 / 1e6 / from.elapsed().as_secs_f64();
    let rates = (0..ROUNDS).map(|_| {
        let (from, mut seen) = (cpu_ns(), 0_u64);
        let mut reader = Reader::open(&dir).expect("the journal");
        while let Some((_, record)) = reader.read_next().expect("an intact journal") {
            std::hint::black_box(record.header().ts_receive);
            seen += 1;
        }
        assert_eq!(seen, SCANNED);
        seen as f64 * 1e3 / (cpu_ns() - from) as f64
    });
    let rate = median(rates.collect());
    let bytes = as_bytes(&Trade { header: Header::of::<Trade>(1, 1, 0, 0), price: 0, qty: 0 }).len();
    println!(
        "{{\"name\":\"scan\",\"events\":{SCANNED},\"record_bytes\":{bytes},\"m_per_s\":{rate:.2},\
         \"append_m_per_cpu_s\":{append_cpu:.2},\"written_m_per_s\":{written:.2},\"stalls\":{stalls}}}"
    );
}

fn main() {
    refuse_debug();
    let mut words = std::env::args().skip(1).filter(|word| !word.starts_with("--"));
    let dir = words.next().map_or_else(|| PathBuf::from("target/bench/journal"), PathBuf::from);
    std::fs::create_dir_all(&dir).expect("the bench's own directory");
    let wanted: Vec<String> = words.collect();
    let runs = |name: &str| wanted.is_empty() || wanted.iter().any(|word| word == name);
    if runs("scan") {
        scan(&dir);
    }
    for (name, realtime, batch) in
        [("normal-1", false, 1), ("normal-64", false, 64), ("fifo-1", true, 1), ("fifo-64", true, 64)]
    {
        if runs(name) {
            compare(&dir, batch, realtime);
        }
    }
    for name in ["floor", "journal", "scan"] {
        let path = dir.join(name);
        let _ = std::fs::remove_dir_all(&path).or_else(|_| std::fs::remove_file(&path));
    }
}
