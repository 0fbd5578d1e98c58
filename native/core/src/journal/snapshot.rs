//! Snapshots: the state after one sequence number, so that a recovery need not read the journal from its start.
//!
//! catalogue: K4. A snapshot is written only after the journal is durable up to its number, to a temporary file
//! that is synced and then renamed; the two newest are kept. A damaged one is skipped in favour of the older one,
//! or of the whole journal, and named in the recovery's report. A snapshot is never needed: deleting all of them
//! changes no state (unless retention has removed segments, which it does only below the older snapshot).

use super::file::{Context, Disk};
use super::segment::{bytes_at, u32_at, u64_at};
use crate::error::Result;
use crate::event::SCHEMA;

const MAGIC: [u8; 8] = *b"TWSNAP\0\0";
const FORMAT: u32 = 1;
const HEAD_BYTES: usize = 96;
const TEMPORARY: &str = "snapshot.tmp";
/// How many snapshots are kept.
pub const SNAPSHOTS_KEPT: usize = 2;

/// The state after event `seq`, as bytes that the engine's components wrote and read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The last event that the state contains.
    pub seq: u64,
    /// The newest segment when it was taken: event `seq` is in it or before it.
    pub segment: u64,
    /// The state hash.
    pub hash: [u8; 32],
    /// The state's canonical bytes.
    pub state: Vec<u8>,
    /// The name of the file it was read from.
    pub file: String,
}

/// The file name of the snapshot after `seq`.
#[must_use]
pub fn file_name(seq: u64) -> String {
    format!("{seq:020}.snap")
}

/// The sequence number in a snapshot's file name, where it is one.
#[must_use]
pub fn file_seq(name: &str) -> Option<u64> {
    let seq = name.strip_suffix(".snap")?.parse().ok()?;
    (file_name(seq) == name).then_some(seq)
}

fn encode_head(seq: u64, segment: u64, hash: &[u8; 32], state: &[u8]) -> [u8; HEAD_BYTES] {
    let mut out = [0; HEAD_BYTES];
    out[..8].copy_from_slice(&MAGIC);
    out[8..12].copy_from_slice(&FORMAT.to_le_bytes());
    out[12..16].copy_from_slice(&u32::from(SCHEMA).to_le_bytes());
    out[16..24].copy_from_slice(&seq.to_le_bytes());
    out[24..32].copy_from_slice(&segment.to_le_bytes());
    out[32..40].copy_from_slice(&(state.len() as u64).to_le_bytes());
    out[40..72].copy_from_slice(hash);
    let crc = crc32c::crc32c_append(crc32c::crc32c(&out[..HEAD_BYTES - 4]), state);
    out[HEAD_BYTES - 4..].copy_from_slice(&crc.to_le_bytes());
    out
}

impl Snapshot {
    /// Reads one snapshot's bytes; `None` where any bit of it does not hold.
    fn decode(file: &str, bytes: &[u8]) -> Option<Self> {
        let (head, state) = bytes.split_first_chunk::<HEAD_BYTES>()?;
        let (seq, segment, hash) = (u64_at(head, 16), u64_at(head, 24), bytes_at(head, 40));
        let marked = head[..8] == MAGIC && u32_at(head, 8) == FORMAT && u32_at(head, 12) == u32::from(SCHEMA);
        let whole = u64_at(head, 32) == state.len() as u64 && file_seq(file) == Some(seq);
        let same = encode_head(seq, segment, &hash, state) == *head;
        (marked && whole && same).then(|| Self { seq, segment, hash, state: state.to_vec(), file: file.to_owned() })
    }

    /// The newest snapshot that holds, and the names of the damaged ones that were skipped before it.
    pub fn latest(disk: &dyn Disk) -> Result<(Option<Self>, Vec<String>)> {
        let mut skipped = Vec::new();
        let mut words = Vec::new();
        for name in names(disk)?.into_iter().rev() {
            let length = disk.read(&name, &mut words).on("read", &name)?;
            match Self::decode(&name, super::bytes_of(&words, length)) {
                Some(found) => return Ok((Some(found), skipped)),
                None => skipped.push(name),
            }
        }
        Ok((None, skipped))
    }

    /// Writes a snapshot durably and removes all but the newest two. Returns the sequence number of the older one
    /// that is kept: nothing after it may leave the journal. The caller has waited until `seq` is durable.
    pub fn write(disk: &dyn Disk, seq: u64, segment: u64, hash: &[u8; 32], state: &[u8]) -> Result<u64> {
        if disk.list().on("list", &disk.place())?.iter().any(|name| name == TEMPORARY) {
            disk.remove(TEMPORARY).on("remove", TEMPORARY)?;
        }
        let name = file_name(seq);
        let mut file = disk.create(TEMPORARY, 0).on("create", TEMPORARY)?;
        file.write_at(0, &encode_head(seq, segment, hash, state)).on("write", TEMPORARY)?;
        file.write_at(HEAD_BYTES as u64, state).on("write", TEMPORARY)?;
        file.sync().on("fdatasync", TEMPORARY)?;
        disk.rename(TEMPORARY, &name).on("rename", &name)?;
        disk.sync_dir().on("sync", &disk.place())?;
        let all = names(disk)?;
        let (old, kept) = all.split_at(all.len().saturating_sub(SNAPSHOTS_KEPT));
        for name in old {
            disk.remove(name).on("remove", name)?;
        }
        Ok(kept.iter().filter_map(|name| file_seq(name)).min().unwrap_or(0))
    }
}

/// The names of all snapshots, oldest first.
pub fn names(disk: &dyn Disk) -> Result<Vec<String>> {
    let mut names: Vec<String> = disk.list().on("list", &disk.place())?;
    names.retain(|name| file_seq(name).is_some());
    names.sort_unstable();
    Ok(names)
}

/// Up to which sequence number retention may remove: that of the oldest snapshot, where there are as many as are
/// kept; else 0, because a single one may turn out to be damaged and the whole journal is then needed.
pub fn floor(disk: &dyn Disk) -> Result<u64> {
    let names = names(disk)?;
    let enough = names.len() >= SNAPSHOTS_KEPT;
    Ok(names.first().filter(|_| enough).and_then(|name| file_seq(name)).unwrap_or(0))
}
