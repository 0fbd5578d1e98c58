//! A disk that refuses: EIO and ENOSPC at every operation of a threaded journal; retention and snapshots.

use super::super::spare::Spares;
use super::super::{Journal, Options, Recovery, recover, verify_on};
use super::power::{Dice, Faults, PowerDisk};
use super::{TestDir, check_prefix, fill, options, record};
use crate::error::{CoreError, Result};
use crate::event::RecordRef;
use crate::journal::Reader;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(20);

fn open(disk: &PowerDisk, options: &Options) -> Result<(Journal, Recovery)> {
    Journal::open_on(disk.shared(), options, Spares::start(disk.shared())?)
}

/// Appends until the writer fails; returns the last durable number and the error.
fn append_until_refused(journal: &mut Journal) -> (u64, CoreError) {
    for seq in 1.. {
        let buf = record(seq);
        let appended = journal.append(seq, &RecordRef::new(buf.bytes()).unwrap());
        let waited = appended.and_then(|()| if seq % 7 == 0 { journal.wait_durable(seq, PATIENCE) } else { Ok(true) });
        match waited {
            Ok(done) => assert!(done, "neither durable nor failed"),
            Err(error) => return (journal.durable_seq(), error),
        }
    }
    unreachable!("the loop has no end")
}

/// EIO or ENOSPC from operation number n on: the writer stops for good without another try, the producer learns
/// of it, nothing acknowledged is lost, and the journal can be opened again once the disk works.
#[test]
fn stops_at_the_first_error_and_never_retries() {
    for code in [libc::EIO, libc::ENOSPC] {
        for at in (1..120).step_by(3) {
            let disk = PowerDisk::default();
            disk.set(Faults { error_from: (at, code), ..Faults::default() });
            let Ok((mut journal, _)) = open(&disk, &options()) else { continue };
            let (acknowledged, error) = append_until_refused(&mut journal);
            assert!(matches!(error, CoreError::Io { .. }), "{error}");
            let buf = record(1);
            let again = journal.append(journal.last + 1, &RecordRef::new(buf.bytes()).unwrap());
            assert_eq!(again, Err(error.clone()), "the error stays");
            assert_eq!(journal.wait_durable(acknowledged + 1, PATIENCE), Err(error.clone()));
            assert_eq!(journal.close(), Err(error));
            assert!(disk.refused() <= 2, "one for the writer, one for the spare: {}", disk.refused());
            disk.cut(&mut Dice(at));
            let (found, _) = recover::recover(&disk.shared()).unwrap();
            assert!(found.last_seq >= acknowledged, "{acknowledged} {found:?}");
            assert_eq!(check_prefix(&mut Reader::over(disk.shared()).unwrap(), 1), found.last_seq);
        }
    }
}

/// What a full disk says is what the person reads.
#[test]
fn a_full_disk_is_named() {
    let disk = PowerDisk::default();
    disk.set(Faults { error_from: (40, libc::ENOSPC), ..Faults::default() });
    let (mut journal, _) = open(&disk, &options()).unwrap();
    let text = append_until_refused(&mut journal).1.to_string();
    assert!(text.contains("No space left on device"), "{text}");
}

#[test]
fn retention_keeps_what_the_older_snapshot_needs() {
    let dir = TestDir::new();
    let keep = Options { keep_segments: 3, ..options() };
    let (mut journal, _) = Journal::open(&dir.0, keep.clone()).unwrap();
    let mut last = 0;
    for round in 1..=6_u64 {
        fill(&mut journal, last + 1..=last + 1000);
        last += 1000;
        if round == 2 {
            assert_eq!(Reader::open(&dir.0).unwrap().first_seq(), Ok(1), "nothing goes before there are two snapshots");
        }
        journal.snapshot(last, &last.to_le_bytes(), &[round as u8; 32]).unwrap();
    }
    fill(&mut journal, last + 1..=last + 1000);
    journal.close().unwrap();
    let summary = super::super::verify(&dir.0).unwrap();
    assert!(summary.first_seq > 1 && summary.first_seq <= 5001, "{}", summary.first_seq);
    let (_journal, found) = Journal::open(&dir.0, keep).unwrap();
    let snapshot = found.snapshot.unwrap();
    assert_eq!((snapshot.seq, snapshot.state), (6000, 6000_u64.to_le_bytes().to_vec()));
    assert_eq!((found.first_seq, found.last_seq), (summary.first_seq, 7000));
    let mut reader = Reader::open(&dir.0).unwrap();
    reader.start_at(5001).unwrap();
    assert_eq!(check_prefix(&mut reader, 5001), 7000, "the older snapshot's rest is whole");
}

#[test]
fn a_damaged_snapshot_is_skipped_for_the_older_one() {
    let dir = TestDir::new();
    let (mut journal, _) = Journal::open(&dir.0, options()).unwrap();
    fill(&mut journal, 1..=100);
    for seq in [20, 60, 100] {
        journal.snapshot(seq, &[seq as u8; 100], &[1; 32]).unwrap();
    }
    assert!(journal.snapshot(101, &[], &[1; 32]).is_err(), "beyond the journal");
    journal.close().unwrap();
    let newest = dir.0.join("00000000000000000100.snap");
    let mut bytes = std::fs::read(&newest).unwrap();
    bytes[150] ^= 4;
    std::fs::write(&newest, bytes).unwrap();
    let (_journal, found) = Journal::open(&dir.0, options()).unwrap();
    assert_eq!(found.snapshot.map(|one| (one.seq, one.state)), Some((60, vec![60; 100])));
    assert_eq!(found.skipped_snapshots, ["00000000000000000100.snap"]);
}

#[test]
fn a_full_ring_waits_for_the_writer_and_counts_it() {
    let disk = PowerDisk::default();
    let (mut journal, _) = open(&disk, &options()).unwrap();
    fill(&mut journal, 1..=5000);
    journal.close().unwrap();
    assert_eq!(verify_on(&disk.shared()).unwrap().last_seq, 5000);
}
