//! The journal as an engine uses it, on the host's disk.

mod crash;
mod damage;
mod faults;
mod power;

use super::*;
use crate::event::{Header, Kind, RecordBuf, Trade, Verb, as_bytes};
use std::path::PathBuf;
use std::sync::atomic::AtomicU32;

/// A directory of its own for one test, removed at its end.
pub(super) struct TestDir(pub(super) PathBuf);

impl TestDir {
    pub(super) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("tickwright-journal-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for TestDir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Event number `seq` of the tests' stream: mostly trades, every seventh a durable command.
pub(super) fn record(seq: u64) -> RecordBuf {
    let mut buf = RecordBuf::with_capacity(256);
    if seq.is_multiple_of(7) {
        let header = Header::of::<crate::event::Command>(1, 2, seq as i64, seq as i64);
        let verb = Verb::Parameter as u8;
        buf.push(&crate::event::Command { header, verb, scope: 1, subject: 2, cause: 3, value: seq as i64, author: 4 })
    } else {
        let header = Header::of::<Trade>(1, 2, seq as i64, seq as i64);
        buf.push(&Trade { header, price: seq as i64 * 3, qty: 5 })
    }
    .unwrap();
    buf
}

pub(super) fn options() -> Options {
    Options { segment_bytes: 16 << 10, ring_bytes: 1 << 14, ..Options::new("test", [7; 32], 42) }
}

fn fill(journal: &mut Journal, seqs: std::ops::RangeInclusive<u64>) {
    for seq in seqs {
        journal.append(seq, &RecordRef::new(record(seq).bytes()).unwrap()).unwrap();
    }
}

pub(super) fn check_prefix(reader: &mut Reader, first: u64) -> u64 {
    let mut expected = first;
    while let Some((seq, found)) = reader.read_next().unwrap() {
        assert_eq!(seq, expected);
        assert_eq!(found.bytes(), record(seq).bytes());
        expected += 1;
    }
    expected - 1
}

#[test]
fn sessions_continue_one_another() {
    let dir = TestDir::new();
    for session in 0..4_u64 {
        let (mut journal, found) = Journal::open(&dir.0, options()).unwrap();
        let last = session * 1000;
        assert_eq!((found.last_seq, found.first_seq, found.sealed), (last, u64::from(last > 0), true));
        fill(&mut journal, last + 1..=last + 1000);
        assert!(journal.wait_durable(last + 1000, Duration::from_secs(20)).unwrap());
        assert!(journal.stats().rotations > 2, "{:?}", journal.stats());
        journal.close().unwrap();
    }
    assert_eq!(check_prefix(&mut Reader::open(&dir.0).unwrap(), 1), 4000);
    let summary = verify(&dir.0).unwrap();
    assert_eq!((summary.first_seq, summary.last_seq, summary.records, summary.sealed), (1, 4000, 4000, true));
    for first in [1, 2, 999, 1000, 1001, 3999, 4000] {
        let mut reader = Reader::open(&dir.0).unwrap();
        reader.start_at(first).unwrap();
        assert_eq!(check_prefix(&mut reader, first), 4000);
    }
}

#[test]
fn a_dropped_journal_is_recovered_and_a_running_one_read() {
    let dir = TestDir::new();
    let (mut journal, _) = Journal::open(&dir.0, options()).unwrap();
    fill(&mut journal, 1..=500);
    assert!(journal.wait_durable(500, Duration::from_secs(20)).unwrap());
    assert_eq!(check_prefix(&mut Reader::open(&dir.0).unwrap(), 1), 500);
    assert!(Journal::open(&dir.0, options()).is_err_and(|error| error.to_string().starts_with("lock")));
    drop(journal);
    assert!(!verify(&dir.0).unwrap().sealed);
    let (journal, found) = Journal::open(&dir.0, options()).unwrap();
    assert_eq!((found.last_seq, found.sealed, found.cut_bytes), (500, false, 0));
    journal.close().unwrap();
    assert!(verify(&dir.0).unwrap().sealed);
}

#[test]
fn refuses_a_gap_and_bad_options() {
    let dir = TestDir::new();
    let (mut journal, _) = Journal::open(&dir.0, options()).unwrap();
    fill(&mut journal, 1..=2);
    let buf = record(4);
    let gap = journal.append(4, &RecordRef::new(buf.bytes()).unwrap());
    assert_eq!(gap.unwrap_err().to_string(), "invariant broken: the journal has no gap, was 4 after 2");
    journal.close().unwrap();
    for bad in [
        Options { segment_bytes: 1000, ..options() },
        Options { segment_bytes: (64 << 10) + 1, ..options() },
        Options { ring_bytes: 5000, ..options() },
        Options { build: "a\nb".into(), ..options() },
    ] {
        assert!(Journal::open(&dir.0, bad).is_err());
    }
    assert_eq!(verify(&dir.0).unwrap().last_seq, 2, "a refused option harms nothing");
}

#[test]
fn durable_records_ring_the_descriptor_without_being_waited_for() {
    let dir = TestDir::new();
    let (mut journal, _) = Journal::open(&dir.0, options()).unwrap();
    fill(&mut journal, 1..=7);
    assert!(Kind::Command.durable() && record(7).bytes()[4] == Kind::Command as u8);
    journal.commit();
    let mut poll = libc::pollfd { fd: journal.durable_fd(), events: libc::POLLIN, revents: 0 };
    // SAFETY: one pollfd, for the duration of the call.
    assert_eq!(unsafe { libc::poll(&raw mut poll, 1, 20_000) }, 1);
    assert_eq!(journal.durable_seq(), 7);
    journal.clear_durable_fd();
    // SAFETY: as above.
    assert_eq!(unsafe { libc::poll(&raw mut poll, 1, 0) }, 0, "quiet until the next commit");
    journal.close().unwrap();
    let trade = as_bytes(&Trade { header: Header::of::<Trade>(1, 2, 1, 1), price: 3, qty: 5 }).len();
    assert_eq!(trade, 64);
}
