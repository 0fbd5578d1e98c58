//! The writer's thread: takes records from the ring, groups commits, publishes what is durable.
//!
//! catalogue: K4. Two lanes. The producer asks for a commit once a step, and the writer then syncs at once, with
//! everything that is queued by then (group commit); it does not begin at the step's first durable record, because
//! the rest of the step would then wait for a second sync. A durable record (`Kind::durable`) that nobody asked for
//! is synced when the writer next wakes up. Market data is written behind and synced with the next commit, or after
//! `sync_bytes`, or after `sync_ticks` sleeps. The writer reads no clock: it sleeps for `TICK` when there is nothing
//! to do, and counts its sleeps. On any error it stops for good and leaves the error for the producer.

use super::segments::Segments;
use crate::error::{CoreError, Result};
use crate::event::Kind;
use crate::ring::{Consumer, Producer};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// How long the thread sleeps when it has nothing to do and nobody wakes it.
pub(super) const TICK: Duration = Duration::from_millis(2);
/// Records taken in one turn: bounds how long a sync can be put off by a producer that never stops.
const TURN_RECORDS: usize = 4096;
/// The lowest priority of SCHED_FIFO already goes before every normal thread.
const FIFO_PRIORITY: i32 = 10;

/// What the writer is asked to do at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Stop {
    /// Keep running.
    No = 0,
    /// Drain, sync, seal.
    Close = 1,
    /// Drain and sync, but leave the journal unsealed, as a crash would.
    Leave = 2,
}

/// What the writer and the producer's side share.
#[derive(Debug)]
pub(super) struct Shared {
    durable: AtomicU64,
    wanted: AtomicU64,
    failed: AtomicBool,
    error: Mutex<Option<CoreError>>,
    stop: AtomicU8,
    waiters: AtomicU32,
    gate: Mutex<()>,
    wake: Condvar,
    event: OwnedFd,
    pub(super) realtime: AtomicBool,
    pub(super) commits: AtomicU64,
    pub(super) rotations: AtomicU64,
    pub(super) segment: AtomicU64,
}

impl Shared {
    pub(super) fn new(durable: u64) -> Result<Self> {
        // SAFETY: eventfd has no memory effects; a valid descriptor is owned from here on.
        let event = match unsafe { libc::eventfd(0, libc::EFD_NONBLOCK | libc::EFD_CLOEXEC) } {
            -1 => return Err(super::file::failed("eventfd", "journal", &std::io::Error::last_os_error())),
            // SAFETY: just opened and owned by nobody else.
            descriptor => unsafe { OwnedFd::from_raw_fd(descriptor) },
        };
        Ok(Self {
            durable: AtomicU64::new(durable),
            wanted: AtomicU64::new(durable),
            failed: AtomicBool::new(false),
            error: Mutex::new(None),
            stop: AtomicU8::new(Stop::No as u8),
            waiters: AtomicU32::new(0),
            gate: Mutex::new(()),
            wake: Condvar::new(),
            event,
            realtime: AtomicBool::new(false),
            commits: AtomicU64::new(0),
            rotations: AtomicU64::new(0),
            segment: AtomicU64::new(0),
        })
    }

    /// The last durable sequence number.
    #[inline]
    pub(super) fn durable(&self) -> u64 {
        // SYNC POINT: this Acquire pairs with the SeqCst store in `publish`: what was synced before it is on disk.
        self.durable.load(Ordering::Acquire)
    }

    /// Asks that everything up to `seq` be made durable now.
    #[inline]
    pub(super) fn want(&self, seq: u64) {
        // SYNC POINT: this Release pairs with the Acquire in `serve`: a writer that sees the wish also sees the
        // records in the ring.
        self.wanted.store(seq, Ordering::Release);
    }

    /// The error that stopped the writer.
    pub(super) fn error(&self) -> Option<CoreError> {
        if !self.has_failed() {
            return None;
        }
        self.error.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    #[inline]
    pub(super) fn has_failed(&self) -> bool {
        // SYNC POINT: this Acquire pairs with the Release in `fail`: who sees the flag finds the error.
        self.failed.load(Ordering::Acquire)
    }

    pub(super) fn event(&self) -> RawFd {
        self.event.as_raw_fd()
    }

    pub(super) fn ask_to_stop(&self, how: Stop) {
        // SYNC POINT: this Release pairs with the Acquire in `stop`: the writer sees all that was pushed before.
        self.stop.store(how as u8, Ordering::Release);
    }

    fn stop(&self) -> Stop {
        match self.stop.load(Ordering::Acquire) {
            1 => Stop::Close,
            2 => Stop::Leave,
            _ => Stop::No,
        }
    }

    /// Says that everything up to `seq` is durable.
    fn publish(&self, seq: u64) {
        // SYNC POINT: SeqCst here and on `waiters` in `wait`: either the waiter sees the new number, or we see the
        // waiter.
        self.durable.store(seq, Ordering::SeqCst);
        self.ring();
    }

    pub(super) fn fail(&self, error: CoreError) {
        *self.error.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        self.failed.store(true, Ordering::Release);
        // A waiter looks at `failed` under the gate, so it cannot miss this.
        self.ring();
    }

    fn ring(&self) {
        let one = 1_u64.to_ne_bytes();
        // SAFETY: eight readable bytes and an open descriptor. A full counter (EAGAIN) is readable, which is all
        // that is wanted.
        unsafe { libc::write(self.event.as_raw_fd(), one.as_ptr().cast(), one.len()) };
        if self.waiters.load(Ordering::SeqCst) > 0 || self.failed.load(Ordering::SeqCst) {
            // Taking the gate orders us behind a waiter that has looked but does not sleep yet.
            drop(self.gate.lock().unwrap_or_else(PoisonError::into_inner));
            self.wake.notify_all();
        }
    }

    /// Makes the event descriptor quiet until the next publication.
    pub(super) fn clear_event(&self) {
        let mut count = [0_u8; 8];
        // SAFETY: eight writable bytes and an open descriptor; EAGAIN means that it was quiet already.
        unsafe { libc::read(self.event.as_raw_fd(), count.as_mut_ptr().cast(), count.len()) };
    }

    /// Sleeps until `seq` is durable, the writer has failed, or `timeout` is over; returns whether it is durable.
    pub(super) fn wait(&self, seq: u64, timeout: Duration, spin: u32) -> bool {
        for _ in 0..spin {
            if self.durable() >= seq || self.has_failed() {
                return self.durable() >= seq;
            }
            std::hint::spin_loop();
        }
        self.waiters.fetch_add(1, Ordering::SeqCst);
        let gate = self.gate.lock().unwrap_or_else(PoisonError::into_inner);
        let pending = |(): &mut ()| self.durable.load(Ordering::SeqCst) < seq && !self.has_failed();
        drop(self.wake.wait_timeout_while(gate, timeout, pending).unwrap_or_else(PoisonError::into_inner));
        self.waiters.fetch_sub(1, Ordering::SeqCst);
        self.durable() >= seq
    }
}

/// When the writer syncs what nobody waits for, and how long it spins.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    pub(super) sync_bytes: u64,
    pub(super) sync_ticks: u32,
    pub(super) spin: u32,
    pub(super) realtime: bool,
}

/// The loop on the thread; ends when asked to or at the first error.
pub(super) fn run(segments: Segments, mut ring: Consumer, shared: &Shared, pace: Pace) {
    let realtime = pace.realtime && become_realtime();
    shared.realtime.store(realtime, Ordering::Relaxed);
    // A normal thread that spins uses up the share of processor time that would let it run as soon as it wakes.
    let pace = Pace { spin: if realtime { pace.spin } else { 0 }, ..pace };
    if let Err(error) = serve(segments, &mut ring, shared, pace) {
        shared.fail(error);
    }
}

fn serve(mut segments: Segments, ring: &mut Consumer, shared: &Shared, pace: Pace) -> Result<()> {
    let (mut ticks, mut synced, mut lazy, mut idle) = (0, shared.durable(), false, true);
    shared.segment.store(segments.index(), Ordering::Relaxed);
    loop {
        let (stop, wanted) = (shared.stop(), shared.wanted.load(Ordering::Acquire));
        let taken = take_turn(&mut segments, ring, &mut lazy)?;
        let urgent = wanted > synced && segments.last_seq() >= wanted;
        let late = ticks >= pace.sync_ticks || (lazy && ticks > 0);
        let unsynced = segments.unsynced_bytes();
        if unsynced > 0 && (urgent || late || unsynced >= pace.sync_bytes) {
            synced = commit(&mut segments, shared)?;
            (ticks, lazy, idle) = (0, false, false);
        } else if taken == 0 && stop != Stop::No {
            return finish(segments, shared, stop);
        } else if taken < TURN_RECORDS && !spin(ring, shared, synced, if idle { 0 } else { pace.spin }) {
            segments.flush()?;
            thread::park_timeout(TICK);
            (ticks, idle) = (ticks + 1, true);
        }
    }
}

/// Moves what is queued into the segment; says how much there was and notes whether a durable record was among it.
fn take_turn(segments: &mut Segments, ring: &mut Consumer, lazy: &mut bool) -> Result<usize> {
    for taken in 0..TURN_RECORDS {
        let added = ring.pop(|seq, record| {
            *lazy |= record.get(4).is_some_and(|kind| Kind::from_byte(*kind).is_ok_and(Kind::durable));
            segments.add(seq, record)
        })?;
        match added {
            None => return Ok(taken),
            Some(result) => result?,
        }
    }
    Ok(TURN_RECORDS)
}

fn commit(segments: &mut Segments, shared: &Shared) -> Result<u64> {
    let seq = segments.sync()?;
    shared.commits.fetch_add(1, Ordering::Relaxed);
    shared.rotations.store(segments.rotations(), Ordering::Relaxed);
    shared.segment.store(segments.index(), Ordering::Relaxed);
    shared.publish(seq);
    Ok(seq)
}

fn finish(mut segments: Segments, shared: &Shared, stop: Stop) -> Result<()> {
    if segments.unsynced_bytes() > 0 {
        commit(&mut segments, shared)?;
    }
    if stop == Stop::Close {
        let seq = segments.close()?;
        shared.publish(seq);
    }
    Ok(())
}

/// Looks for work for a bounded while before the thread goes to sleep: a message, or a wish that is not yet met.
/// The writer does so after a commit, when the next is likely, and only looks once after each sleep.
fn spin(ring: &mut Consumer, shared: &Shared, synced: u64, turns: u32) -> bool {
    (0..=turns).any(|_| {
        std::hint::spin_loop();
        !ring.is_empty() || shared.wanted.load(Ordering::Acquire) > synced
    })
}

/// Asks the host for SCHED_FIFO for this thread; false where it refuses.
fn become_realtime() -> bool {
    let wanted = libc::sched_param { sched_priority: FIFO_PRIORITY };
    // SAFETY: pid 0 is this thread, and the parameter outlives the call.
    unsafe { libc::sched_setscheduler(0, libc::SCHED_FIFO, &raw const wanted) == 0 }
}

/// Pushes with bounded back-pressure: a full ring wakes the writer and the caller waits, at most `turns` times.
/// Returns how often it waited.
pub(super) fn push_patiently(
    ring: &mut Producer,
    writer: &thread::Thread,
    shared: &Shared,
    seq: u64,
    record: &[u8],
    turns: u32,
) -> Result<u32> {
    let mut waited = 0;
    loop {
        match ring.push(seq, record) {
            Err(CoreError::Full { .. }) if waited < turns && !shared.has_failed() => {
                writer.unpark();
                thread::sleep(FULL_PAUSE);
                waited += 1;
            }
            Ok(()) => return Ok(waited),
            Err(error) => return Err(shared.error().unwrap_or(error)),
        }
    }
}

/// How long a producer sleeps between two tries on a full ring.
pub(super) const FULL_PAUSE: Duration = Duration::from_micros(100);
