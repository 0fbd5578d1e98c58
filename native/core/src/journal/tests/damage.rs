//! Damage by hand: every flipped bit, every torn tail, stale bytes of another life, missing and foreign segments.

use super::super::segment::{FRAME_BYTES, HEADER_BYTES, SEAL_BYTES, SegmentHeader};
use super::super::segments::{Plan, Segments};
use super::super::snapshot::Snapshot;
use super::super::spare::Spares;
use super::super::{recover, verify_on};
use super::power::PowerDisk;
use super::{check_prefix, record};
use crate::error::CoreError;
use crate::journal::Reader;

type Files = Vec<(String, Vec<u8>)>;

fn plan(salt: u64) -> Plan {
    let (segment_bytes, least_bytes) = (1024, 512);
    Plan {
        build: "t".into(),
        config_digest: [1; 32],
        salt,
        segment_bytes,
        least_bytes,
        keep_segments: 0,
        keep_bytes: 0,
    }
}

/// A journal of 20 events in three segments: synced after each event, or only at the end; closed, or left open.
fn journal(salt: u64, each: bool, close: bool) -> Files {
    let disk = PowerDisk::default();
    let (_, tip) = recover::recover(&disk.shared()).unwrap();
    let mut segments = Segments::begin(disk.shared(), plan(salt), tip, Spares::InLine(disk.shared())).unwrap();
    for seq in 1..=20 {
        segments.add(seq, record(seq).bytes()).unwrap();
        if each || seq == 20 {
            segments.sync().unwrap();
        }
        if seq == 10 {
            segments.sync().unwrap();
            Snapshot::write(&disk, 10, segments.index(), &[5; 32], &[6; 40]).unwrap();
        }
    }
    if close {
        segments.close().unwrap();
    }
    disk.files()
}

fn named<'a>(files: &'a Files, name: &str) -> &'a [u8] {
    &files.iter().find(|(file, _)| file == name).unwrap().1
}

/// The end of the last frame of a segment, by reading it.
fn used(files: &Files, name: &str) -> usize {
    let disk = PowerDisk::with(files).shared();
    let summary = verify_on(&disk).unwrap();
    summary.segments.iter().find(|one| one.file == name).unwrap().used_bytes as usize
}

fn flipped(files: &Files, which: usize, bit: usize) -> Files {
    let mut bad = files.clone();
    bad[which].1[bit / 8] ^= 1 << (bit % 8);
    bad
}

/// The file that verification names, or what else it says.
fn verdict(files: &Files) -> std::result::Result<String, String> {
    match verify_on(&PowerDisk::with(files).shared()) {
        Err(CoreError::Damaged { file, offset, seq, .. }) => {
            assert!(offset as usize <= named(files, &file).len() && seq <= 21, "{file} {offset} {seq}");
            Err(file)
        }
        Err(CoreError::Field { field, .. }) => Err(field.to_owned()),
        Err(other) => panic!("{other}"),
        Ok(summary) => Ok(format!("{:?}", summary.damaged_snapshots)),
    }
}

#[test]
fn a_closed_journal_refuses_every_flipped_bit_of_every_file() {
    let files = journal(9, false, true);
    assert_eq!(files.iter().filter(|(name, _)| name.ends_with(".seg")).count(), 3, "{files:?}");
    for (which, (name, bytes)) in files.iter().enumerate() {
        for bit in 0..bytes.len() * 8 {
            let found = verdict(&flipped(&files, which, bit));
            if name.ends_with(".snap") {
                assert_eq!(found, Ok(format!("[{name:?}]")), "bit {bit} of a snapshot skips it and says so");
            } else {
                assert_eq!(found, Err(name.clone()), "bit {bit}");
            }
        }
    }
}

/// After a kill -9 the last segment has no seal; what was acknowledged is still checked to the last bit.
#[test]
fn an_unclosed_journal_refuses_every_flipped_bit_that_was_acknowledged() {
    for each in [true, false] {
        let files = journal(9, each, false);
        for (which, (name, bytes)) in files.iter().enumerate().filter(|(_, (name, _))| name.ends_with(".seg")) {
            let last = name == "00000003.seg";
            let spare = bytes.iter().all(|byte| *byte == 0);
            let checked = if spare {
                0
            } else if last {
                used(&files, name)
            } else {
                bytes.len()
            };
            for bit in 0..checked * 8 {
                assert_eq!(verdict(&flipped(&files, which, bit)), Err(name.clone()), "bit {bit}, each {each}");
            }
        }
    }
}

/// Without the mark (a power cut may have taken it) the fences still protect all commits but the last.
#[test]
fn fences_alone_protect_all_but_the_last_commit() {
    let mut files = journal(9, true, false);
    files.retain(|(name, _)| name != "durable");
    let name = "00000003.seg";
    let which = files.iter().position(|(file, _)| file == name).unwrap();
    let last_frame = used(&files, name) - FRAME_BYTES - record(20).bytes().len();
    for bit in HEADER_BYTES * 8..last_frame * 8 {
        assert_eq!(verdict(&flipped(&files, which, bit)), Err(name.to_owned()), "bit {bit}");
    }
    assert!(verdict(&flipped(&files, which, last_frame * 8 + 300)).is_ok(), "this one looks like a torn tail");
}

#[test]
fn a_flipped_bit_of_the_mark_harms_nothing() {
    let files = journal(9, true, false);
    let which = files.iter().position(|(file, _)| file == "durable").unwrap();
    for bit in 0..files[which].1.len() * 8 {
        assert!(verdict(&flipped(&files, which, bit)).is_ok(), "bit {bit}");
    }
}

/// Cut at every byte, by shortening and by zeros: the whole frames before the cut are the journal.
#[test]
fn a_tail_torn_at_any_byte_ends_the_journal_before_it() {
    let mut files = journal(9, false, false);
    files.retain(|(name, _)| name != "durable");
    let name = "00000003.seg";
    let which = files.iter().position(|(file, _)| file == name).unwrap();
    let (whole, first) = (files[which].1.clone(), SegmentHeader::decode(&files[which].1).unwrap().unwrap().first_seq);
    let mut ends = vec![HEADER_BYTES];
    for seq in first..=20 {
        ends.push(ends.last().unwrap() + FRAME_BYTES + record(seq).bytes().len());
    }
    for cut in HEADER_BYTES..=used(&files, name) {
        for zeros in [0, whole.len() - cut] {
            files[which].1 = [&whole[..cut], &vec![0; zeros]].concat();
            let disk = PowerDisk::with(&files);
            let (found, _) = recover::recover(&disk.shared()).unwrap();
            // A cut inside trailing zero bytes of a record leaves the record whole where zeros follow.
            let kept = first - 1 + ends.iter().filter(|end| **end <= cut).count() as u64 - 1;
            assert!(found.last_seq == kept || (zeros > 0 && found.last_seq == kept + 1), "cut {cut} {found:?}");
            assert_eq!(check_prefix(&mut Reader::over(disk.shared()).unwrap(), 1), found.last_seq);
            assert!(verify_on(&disk.shared()).unwrap().sealed, "recovery seals");
        }
    }
}

/// A file that was used before: behind the new frames stand the old ones, aligned as the next would be.
#[test]
fn stale_frames_of_a_recycled_file_are_never_accepted() {
    let (old, new) = (journal(1, true, false), journal(2, true, false));
    let name = "00000001.seg";
    for seqs in 1..5_u64 {
        let end = HEADER_BYTES + (1..=seqs).map(|seq| FRAME_BYTES + record(seq).bytes().len()).sum::<usize>();
        let recycled =
            |fresh: &Files| vec![(name.to_owned(), [&named(fresh, name)[..end], &named(&old, name)[end..]].concat())];
        let (found, _) = recover::recover(&PowerDisk::with(&recycled(&new)).shared()).unwrap();
        assert_eq!(found.last_seq, seqs, "the salt tells them apart");
        // The canary: with the salt of the old life the same bytes are accepted, so this test can fail.
        let same = recover::recover(&PowerDisk::with(&recycled(&old)).shared()).unwrap().0;
        assert!(same.last_seq > seqs);
    }
}

#[test]
fn names_what_is_missing_foreign_or_out_of_order() {
    let (files, other) = (journal(9, false, true), journal(8, false, true));
    let without = |name: &str| files.iter().filter(|(file, _)| file != name).cloned().collect::<Files>();
    let with = |name: &str, bytes: &[u8]| {
        let mut changed = files.clone();
        let which = changed.iter().position(|(file, _)| file == name).unwrap();
        changed[which].1 = bytes.to_vec();
        changed
    };
    let missing = format!(
        "00000002.seg is damaged at offset 0, sequence {}: the segment is missing although a later one exists",
        missing_seq(&files)
    );
    assert_eq!(verdict_text(&without("00000002.seg")), missing);
    let foreign = with("00000002.seg", named(&other, "00000002.seg"));
    assert!(verdict_text(&foreign).contains("does not continue the one before"));
    let renamed = with("00000002.seg", named(&files, "00000001.seg"));
    assert!(verdict_text(&renamed).contains("another index"));
    let mut lost_tail = without("00000003.seg");
    lost_tail.retain(|(name, _)| name != "00000002.seg");
    assert!(verdict_text(&lost_tail).contains("ahead of the journal"));
}

fn missing_seq(files: &Files) -> String {
    let third = SegmentHeader::decode(named(files, "00000003.seg")).unwrap().unwrap();
    (third.first_seq - 1).to_string()
}

fn verdict_text(files: &Files) -> String {
    verify_on(&PowerDisk::with(files).shared()).unwrap_err().to_string()
}

#[test]
fn refuses_a_sealed_segment_with_bytes_cut_off_or_added() {
    let files = journal(9, false, true);
    let which = files.iter().position(|(file, _)| file == "00000001.seg").unwrap();
    for cut in 1..2 * SEAL_BYTES {
        let mut bad = files.clone();
        let end = used(&files, "00000001.seg") + 2 * SEAL_BYTES;
        bad[which].1.truncate(end - cut);
        assert_eq!(verdict(&bad), Err("00000001.seg".into()), "cut {cut}");
    }
    let mut longer = files.clone();
    longer[which].1.push(1);
    assert_eq!(verdict(&longer), Err("00000001.seg".into()));
}
