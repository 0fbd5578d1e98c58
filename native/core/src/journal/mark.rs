//! The durable mark: a tiny file that says how far the segment in use was durable, for the last commit's sake.
//!
//! catalogue: K4. A fence in a later frame proves that earlier frames were durable; for the frames of the very last
//! commit there is no later frame. The writer therefore notes the position in this file after each sync. The note
//! itself is never synced: after a power cut it may be old or unreadable and then vouches for less, or nothing,
//! but it is written after the sync it speaks of, so it never claims too much. After a kill -9 it is exact, and
//! damage to acknowledged data is told from a torn tail to the last frame. A clean close removes the file.

use super::file::{Context, Disk, Store};
use super::segment::{u32_at, u64_at};
use crate::error::Result;

/// The file's name.
pub const MARK_FILE: &str = "durable";
const MARK_BYTES: usize = 40;
const MAGIC: u64 = 0x4b52_414d_4c4a_5754;

/// Up to where a segment is durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// The segment's index.
    pub index: u64,
    /// The segment's salt.
    pub salt: u64,
    /// The byte offset behind the last durable frame.
    pub end: u64,
}

impl Mark {
    fn encode(&self) -> [u8; MARK_BYTES] {
        let mut out = [0; MARK_BYTES];
        for (slot, word) in out.chunks_exact_mut(8).zip([MAGIC, self.index, self.salt, self.end]) {
            slot.copy_from_slice(&word.to_le_bytes());
        }
        let crc = crc32c::crc32c(&out[..MARK_BYTES - 8]);
        out[MARK_BYTES - 8..MARK_BYTES - 4].copy_from_slice(&crc.to_le_bytes());
        out
    }

    fn decode(bytes: &[u8; MARK_BYTES]) -> Option<Self> {
        let good =
            u64_at(bytes, 0) == MAGIC && u32_at(bytes, MARK_BYTES - 8) == crc32c::crc32c(&bytes[..MARK_BYTES - 8]);
        good.then(|| Self { index: u64_at(bytes, 8), salt: u64_at(bytes, 16), end: u64_at(bytes, 24) })
    }

    /// Notes this position; the caller has synced the segment up to it.
    pub fn write(&self, file: &mut dyn Store) -> Result<()> {
        file.write_at(0, &self.encode()).on("write", MARK_FILE)
    }

    /// The mark in a journal's directory, where there is a readable one.
    pub fn read(disk: &dyn Disk) -> Result<Option<Self>> {
        let mut bytes = [0; MARK_BYTES];
        match disk.read_head(MARK_FILE, &mut bytes) {
            Ok(_) => Ok(Self::decode(&bytes)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(super::file::failed("read", MARK_FILE, &error)),
        }
    }

    /// A new, empty mark file in place of any old one.
    pub fn create(disk: &dyn Disk) -> Result<Box<dyn Store>> {
        Self::remove(disk)?;
        disk.create(MARK_FILE, MARK_BYTES as u64).on("create", MARK_FILE)
    }

    /// Removes the mark file, where there is one.
    pub fn remove(disk: &dyn Disk) -> Result<()> {
        match disk.remove(MARK_FILE) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(super::file::failed("remove", MARK_FILE, &error))
            }
            _ => Ok(()),
        }
    }
}
