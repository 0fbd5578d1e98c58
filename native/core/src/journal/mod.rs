//! The journal: the one order, kept. Segment format, writer thread, reader, snapshots.
//!
//! catalogue: K4. The engine appends every sequenced record; the call is one push into a ring. A thread of its own
//! writes and syncs (`writer`), in checksummed segments (`segment`, `segments`), which a `Reader` walks (`walk`).
//! `Journal::open` recovers what a session left (`recover`) and begins a new segment.

pub mod file;
mod mark;
mod reader;
mod recover;
pub mod segment;
mod segments;
pub mod show;
mod snapshot;
mod spare;
pub(crate) mod walk;
mod writer;

#[cfg(test)]
mod tests;

pub use reader::{Reader, SegmentInfo};
pub use recover::Recovery;
pub use snapshot::Snapshot;

use crate::error::{CoreError, Result};
use crate::event::RecordRef;
use crate::ring;
use file::{Context, Disk, HostDisk};
use segment::{FRAME_BYTES, HEADER_BYTES, SEAL_BYTES, check_build};
use segments::{Plan, Segments};
use spare::Spares;
use std::os::fd::RawFd;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::Duration;
use writer::{FULL_PAUSE, Pace, Shared, Stop, TICK};

/// How a journal is written.
#[derive(Debug, Clone)]
pub struct Options {
    /// Which build writes it, at most 64 printable ASCII characters; stands in every segment.
    pub build: String,
    /// The digest of the configuration; stands in every segment.
    pub config_digest: [u8; 32],
    /// A random number, new for every open: the core has no random source of its own.
    pub salt: u64,
    /// The size at which a segment is left for the next. The first ones of a session are smaller.
    pub segment_bytes: u64,
    /// The ring between engine and writer, a power of two of at least 4096; a record may take a quarter of it.
    pub ring_bytes: usize,
    /// How long market data may be written but not synced, when nothing durable comes.
    pub sync_interval: Duration,
    /// How many bytes may be written but not synced.
    pub sync_bytes: u64,
    /// How long `append` waits at most when the ring is full, before it says so.
    pub full_wait: Duration,
    /// Ask the host for SCHED_FIFO for the writer; `Journal::realtime` tells whether it agreed.
    pub realtime: bool,
    /// How many segments to keep; 0 keeps all. Nothing that the older snapshot needs is removed.
    pub keep_segments: usize,
    /// How many bytes of segments to keep; 0 keeps all.
    pub keep_bytes: u64,
    /// Turns of a busy loop (some 20 ns each) before the writer goes to sleep after a commit, and before
    /// `wait_durable` does: longer than a quick disk's sync, because waking up costs as much again. Only where the
    /// writer got real-time priority: on a shared processor a spinning thread loses its turn.
    pub spin: u32,
}

impl Options {
    /// The defaults: segments of 64 MiB, a ring of 4 MiB, market data synced after 50 ms or 1 MiB, all kept.
    #[must_use]
    pub fn new(build: &str, config_digest: [u8; 32], salt: u64) -> Self {
        Self {
            build: build.to_owned(),
            config_digest,
            salt,
            segment_bytes: 64 << 20,
            ring_bytes: 4 << 20,
            sync_interval: Duration::from_millis(50),
            sync_bytes: 1 << 20,
            full_wait: Duration::from_secs(5),
            realtime: false,
            keep_segments: 0,
            keep_bytes: 0,
            spin: 10_000,
        }
    }

    /// The least size of a segment that holds the largest message of the ring.
    const fn least_bytes(&self) -> u64 {
        (HEADER_BYTES + self.ring_bytes / 4 + FRAME_BYTES + 2 * SEAL_BYTES + 8) as u64
    }

    fn check(&self) -> Result<()> {
        check_build(&self.build)?;
        let (least, most) = (self.least_bytes(), 1 << 40);
        if self.segment_bytes < least || self.segment_bytes > most || !self.segment_bytes.is_multiple_of(8) {
            return Err(CoreError::Field {
                field: "segment_bytes",
                was: self.segment_bytes.to_string(),
                why: "must be a multiple of 8, hold a quarter of the ring and be at most a terabyte",
            });
        }
        Ok(())
    }

    fn plan(&self) -> Plan {
        Plan {
            build: self.build.clone(),
            config_digest: self.config_digest,
            salt: self.salt,
            segment_bytes: self.segment_bytes,
            least_bytes: self.least_bytes(),
            keep_segments: self.keep_segments,
            keep_bytes: self.keep_bytes,
        }
    }

    fn pace(&self) -> Pace {
        let ticks = self.sync_interval.as_nanos() / TICK.as_nanos();
        Pace {
            sync_bytes: self.sync_bytes,
            sync_ticks: u32::try_from(ticks).unwrap_or(u32::MAX),
            spin: self.spin,
            realtime: self.realtime,
        }
    }
}

/// Counts since the journal was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stats {
    /// Syncs of records.
    pub commits: u64,
    /// Full segments left for the next.
    pub rotations: u64,
    /// How often `append` found the ring full and had to wait.
    pub stalls: u64,
}

/// A journal that is open for appending. Dropped without `close`, it is left unsealed, as by a crash.
pub struct Journal {
    disk: Arc<dyn Disk>,
    ring: ring::Producer,
    shared: Arc<Shared>,
    writer: Option<JoinHandle<()>>,
    thread: std::thread::Thread,
    last: u64,
    stalls: u64,
    full_turns: u32,
    spin: u32,
}

impl Journal {
    /// Opens or makes the journal in `dir`: takes its lock, verifies everything, cuts a torn tail, seals what a
    /// crash left open, and begins a new segment. A damaged journal is refused and left as it is.
    pub fn open(dir: &Path, options: Options) -> Result<(Self, Recovery)> {
        options.check()?;
        let disk: Arc<dyn Disk> = Arc::new(HostDisk::create(dir)?);
        let spares = Spares::start(disk.clone())?;
        Self::open_on(disk, &options, spares)
    }

    fn open_on(disk: Arc<dyn Disk>, options: &Options, spares: Spares) -> Result<(Self, Recovery)> {
        let (producer, consumer) = ring::pair(options.ring_bytes)?;
        disk.lock().on("lock", &disk.place())?;
        let (recovery, tip) = recover::recover(&disk)?;
        let last = tip.last_seq;
        let segments = Segments::begin(disk.clone(), options.plan(), tip, spares)?;
        let shared = Arc::new(Shared::new(last)?);
        let (theirs, pace) = (shared.clone(), options.pace());
        let run = move || writer::run(segments, consumer, &theirs, pace);
        let writer = std::thread::Builder::new().name("journal".into()).spawn(run).on("start thread", "journal")?;
        let full_turns = u32::try_from(options.full_wait.as_nanos() / FULL_PAUSE.as_nanos()).unwrap_or(u32::MAX);
        let thread = writer.thread().clone();
        let this = Self {
            disk,
            ring: producer,
            shared,
            writer: Some(writer),
            thread,
            last,
            stalls: 0,
            full_turns,
            spin: options.spin,
        };
        Ok((this, recovery))
    }

    /// Hands one record to the writer: a push into the ring, no allocation, no system call. `seq` continues the
    /// last one by 1. Errors: the one that stopped the writer; `Full` where the ring stayed full for `full_wait`
    /// (then, and only then, the call waits). After an error the engine cancels all and stops.
    #[inline]
    pub fn append(&mut self, seq: u64, record: &RecordRef<'_>) -> Result<()> {
        if seq != self.last + 1 || self.shared.has_failed() {
            return Err(self.refusal(seq));
        }
        if self.ring.push(seq, record.bytes()).is_err() {
            self.push_slowly(seq, record.bytes())?;
        }
        self.last = seq;
        Ok(())
    }

    #[cold]
    fn push_slowly(&mut self, seq: u64, record: &[u8]) -> Result<()> {
        let turns = self.full_turns;
        let waited = writer::push_patiently(&mut self.ring, &self.thread, &self.shared, seq, record, turns)?;
        self.stalls += u64::from(waited > 0);
        Ok(())
    }

    #[cold]
    fn refusal(&self, seq: u64) -> CoreError {
        let was = format!("{seq} after {}", self.last);
        self.shared.error().unwrap_or(CoreError::Broken { invariant: "the journal has no gap", was })
    }

    /// Asks for a sync of everything appended so far. Called once at the end of a step that appended a durable
    /// record, so that the whole step is one commit; it makes a system call only where the writer sleeps. A durable
    /// record that is never asked for is synced when the writer next looks, within about 2 ms.
    #[inline]
    pub fn commit(&self) {
        self.shared.want(self.last);
        self.thread.unpark();
    }

    /// The last sequence number that is on disk: an effect of any event up to it may leave.
    #[inline]
    #[must_use]
    pub fn durable_seq(&self) -> u64 {
        self.shared.durable()
    }

    /// A descriptor that becomes readable when `durable_seq` advances or the writer fails (an eventfd).
    #[must_use]
    pub fn durable_fd(&self) -> RawFd {
        self.shared.event()
    }

    /// Makes the descriptor quiet until `durable_seq` advances again.
    pub fn clear_durable_fd(&self) {
        self.shared.clear_event();
    }

    /// Waits until `seq` is durable; `Ok(false)` where that took longer than `timeout`.
    pub fn wait_durable(&self, seq: u64, timeout: Duration) -> Result<bool> {
        self.commit();
        let spin = if self.realtime() { self.spin } else { 0 };
        if self.shared.wait(seq, timeout, spin) {
            return Ok(true);
        }
        self.shared.error().map_or(Ok(false), Err)
    }

    /// Writes a snapshot of the state after event `seq`: waits until the journal is durable up to it, then writes
    /// the file atomically and keeps the newest two. Not for the hot path.
    pub fn snapshot(&self, seq: u64, state: &[u8], hash: &[u8; 32]) -> Result<()> {
        if seq > self.last {
            let was = format!("{seq}, the last is {}", self.last);
            return Err(CoreError::Field { field: "snapshot.seq", was, why: "is beyond the journal" });
        }
        if !self.wait_durable(seq, SNAPSHOT_WAIT)? {
            let why = format!("event {seq} was not durable within {} s", SNAPSHOT_WAIT.as_secs());
            return Err(CoreError::Io { op: "snapshot", file: self.disk.place(), why });
        }
        let segment = self.shared.segment.load(Ordering::Relaxed);
        Snapshot::write(self.disk.as_ref(), seq, segment, hash, state).map(|_| ())
    }

    /// The error that stopped the writer, where one did.
    #[must_use]
    pub fn error(&self) -> Option<CoreError> {
        self.shared.error()
    }

    /// Whether the host runs the writer with real-time priority.
    #[must_use]
    pub fn realtime(&self) -> bool {
        self.shared.realtime.load(Ordering::Relaxed)
    }

    /// Counts since the journal was opened.
    #[must_use]
    pub fn stats(&self) -> Stats {
        Stats {
            commits: self.shared.commits.load(Ordering::Relaxed),
            rotations: self.shared.rotations.load(Ordering::Relaxed),
            stalls: self.stalls,
        }
    }

    /// Drains, syncs and seals; returns when all of it is on disk.
    pub fn close(mut self) -> Result<()> {
        self.stop(Stop::Close);
        self.shared.error().map_or(Ok(()), Err)
    }

    fn stop(&mut self, how: Stop) {
        let Some(writer) = self.writer.take() else { return };
        self.shared.ask_to_stop(how);
        writer.thread().unpark();
        if writer.join().is_err() {
            self.shared
                .fail(CoreError::Broken { invariant: "the journal's writer does not panic", was: "panic".into() });
        }
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.stop(Stop::Leave);
    }
}

/// How long a snapshot waits for the journal to become durable up to it.
const SNAPSHOT_WAIT: Duration = Duration::from_secs(10);

/// What `verify` found; a damaged journal is an error instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The first sequence number held, 0 where there is none.
    pub first_seq: u64,
    /// The last sequence number, 0 where there is none.
    pub last_seq: u64,
    /// How many records.
    pub records: u64,
    /// The segments in order.
    pub segments: Vec<SegmentInfo>,
    /// Whether the last segment was sealed: nobody writes to it, and its every bit was checked.
    pub sealed: bool,
    /// The newest snapshot that holds, as (file, sequence number).
    pub snapshot: Option<(String, u64)>,
    /// Damaged snapshots.
    pub damaged_snapshots: Vec<String>,
}

/// Checks every bit of the journal in `dir` and changes nothing. Damage is an error that names file, offset and
/// sequence number.
pub fn verify(dir: &Path) -> Result<Summary> {
    let disk: Arc<dyn Disk> = Arc::new(HostDisk::open(dir)?);
    verify_on(&disk)
}

fn verify_on(disk: &Arc<dyn Disk>) -> Result<Summary> {
    let mut reader = Reader::over(disk.clone())?;
    while reader.read_next()?.is_some() {}
    let segments = reader.segments().to_vec();
    let last_seq = segments.last().map_or(0, |last| last.last_seq);
    let (snapshot, damaged_snapshots) = Snapshot::latest(disk.as_ref())?;
    recover::check_not_ahead(snapshot.as_ref(), last_seq)?;
    Ok(Summary {
        first_seq: segments.first().filter(|_| last_seq > 0).map_or(0, |first| first.header.first_seq),
        last_seq,
        records: segments.iter().map(|one| one.records).sum(),
        sealed: segments.last().is_none_or(|last| last.sealed),
        segments,
        snapshot: snapshot.map(|found| (found.file, found.seq)),
        damaged_snapshots,
    })
}

/// Words as bytes, cut to `length`.
pub(crate) fn bytes_of(words: &[u64], length: usize) -> &[u8] {
    let length = length.min(words.len() * 8);
    // SAFETY: u64s are initialised bytes, and the slice covers no more than them.
    unsafe { std::slice::from_raw_parts(words.as_ptr().cast(), length) }
}
