//! Recovery: verifies what a session left behind, cuts off what nobody was promised, and seals it.
//!
//! catalogue: K4. The steps can be interrupted by a power cut anywhere and done again: a segment is cut to its
//! final length only after its seals are durable, so that a file which ends in a seal is complete.

use super::file::{Context, Disk, failed};
use super::mark::Mark;
use super::reader::{Reader, SegmentInfo};
use super::segment::{SEAL_BYTES, Seal, file_name};
use super::snapshot::Snapshot;
use crate::error::{CoreError, Result};
use std::sync::Arc;

/// What a recovery found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovery {
    /// The first sequence number that the journal holds, 0 where it is empty. Where it is above 1, retention has
    /// removed what was before, and the state can only be rebuilt from a snapshot.
    pub first_seq: u64,
    /// The last sequence number, 0 where the journal is empty.
    pub last_seq: u64,
    /// How many segments there were.
    pub segments: usize,
    /// Bytes of a torn tail that were cut off; none of them had been acknowledged.
    pub cut_bytes: u64,
    /// Whether the session before had closed the journal (true for a new one).
    pub sealed: bool,
    /// The newest snapshot that holds.
    pub snapshot: Option<Snapshot>,
    /// Damaged snapshots that were skipped.
    pub skipped_snapshots: Vec<String>,
}

/// Where the next segment continues.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tip {
    pub(super) next_index: u64,
    pub(super) last_seq: u64,
    pub(super) chain: u32,
    /// (index, first sequence, file length) of every segment that is kept.
    pub(super) segments: Vec<(u64, u64, u64)>,
}

/// Verifies the whole journal on `disk`, repairs the end of its last segment and removes leftovers.
pub(super) fn recover(disk: &Arc<dyn Disk>) -> Result<(Recovery, Tip)> {
    let mut reader = Reader::over(disk.clone())?;
    while reader.read_next()?.is_some() {}
    let segments = reader.segments().to_vec();
    remove_leftovers(disk.as_ref(), reader.spares())?;
    let last = segments.last();
    let (mut cut_bytes, mut sealed) = (0, true);
    if let Some(last) = last {
        sealed = last.sealed;
        cut_bytes = if last.torn { torn_bytes(disk.as_ref(), last)? } else { 0 };
        seal(disk.as_ref(), last)?;
    }
    Mark::remove(disk.as_ref())?;
    let last_seq = last.map_or(0, |last| last.last_seq);
    let (snapshot, skipped_snapshots) = Snapshot::latest(disk.as_ref())?;
    check_not_ahead(snapshot.as_ref(), last_seq)?;
    let recovery = Recovery {
        first_seq: segments.first().filter(|_| last_seq > 0).map_or(0, |first| first.header.first_seq),
        last_seq,
        segments: segments.len(),
        cut_bytes,
        sealed,
        snapshot,
        skipped_snapshots,
    };
    let tip = Tip {
        next_index: last.map_or(1, |last| last.header.index + 1),
        last_seq,
        chain: last.map_or(0, |last| last.chain),
        segments: segments.iter().map(|one| (one.header.index, one.header.first_seq, one.file_bytes)).collect(),
    };
    Ok((recovery, tip))
}

/// A snapshot is written after its events are durable, so one that is ahead of the journal proves that the
/// journal has lost what was acknowledged.
pub(super) fn check_not_ahead(snapshot: Option<&Snapshot>, last_seq: u64) -> Result<()> {
    match snapshot {
        Some(ahead) if ahead.seq > last_seq => Err(CoreError::Damaged {
            file: ahead.file.clone(),
            offset: 0,
            seq: ahead.seq,
            why: "the snapshot is ahead of the journal, which has lost acknowledged events",
        }),
        _ => Ok(()),
    }
}

fn remove_leftovers(disk: &dyn Disk, spares: &[u64]) -> Result<()> {
    let temporary = disk.list().on("list", &disk.place())?.into_iter().filter(|name| name.ends_with(".tmp"));
    for name in temporary.chain(spares.iter().map(|index| file_name(*index))) {
        disk.remove(&name).on("remove", &name)?;
    }
    disk.sync_dir().on("sync", &disk.place())
}

fn torn_bytes(disk: &dyn Disk, last: &SegmentInfo) -> Result<u64> {
    let mut words = Vec::new();
    let length = disk.read(&last.file, &mut words).on("read", &last.file)?;
    let bytes = super::bytes_of(&words, length);
    let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |at| at as u64 + 1);
    Ok(end.saturating_sub(last.used_bytes))
}

/// Seals a segment where its last frame ends and cuts the file there.
fn seal(disk: &dyn Disk, last: &SegmentInfo) -> Result<()> {
    let end = last.used_bytes + 2 * SEAL_BYTES as u64;
    if last.sealed && last.file_bytes == end {
        return Ok(());
    }
    let mut file = disk.open(&last.file).on("open", &last.file)?;
    if last.file_bytes <= end {
        // The file must be longer than its seals until both are durable: see `walk::sealed_at_end`.
        file.truncate(end + 8).on("extend", &last.file)?;
    }
    let header = &last.header;
    let seal = Seal {
        last_seq: last.last_seq,
        salt: header.salt,
        index: header.index,
        count: last.records,
        end: last.used_bytes,
        chain: last.chain,
    };
    let both = [seal.encode(), seal.encode()];
    file.write_at(last.used_bytes, both.as_flattened()).map_err(|error| failed("write", &last.file, &error))?;
    file.sync().on("fdatasync", &last.file)?;
    file.truncate(end).on("truncate", &last.file)
}
