//! Writing segments: frames into the one in use, a sync when told, rotation to the next, a seal at the end.
//!
//! catalogue: K4. No thread and no queue here: `writer` owns one of these on its thread, and the power-cut tests
//! drive one step by step. After any error of the disk nothing may be called again (safety.md: stop, never retry).

use super::file::{Context, Disk, Store, failed};
use super::mark::Mark;
use super::recover::Tip;
use super::segment::{FRAME_BYTES, HEADER_BYTES, SEAL_BYTES, Seal, SegmentHeader, file_name, put_frame, segment_salt};
use super::snapshot;
use super::spare::{Spare, Spares, prepare};
use crate::error::{CoreError, Result};
use crate::event::SCHEMA;
use std::sync::Arc;

/// The first segment of a session is small, so that a short session opens quickly; each next one is larger by
/// this factor until the size that the options name. The next one is zeroed while this one fills, so the factor is
/// also how much faster than the stream the disk must be.
const GROWTH: u64 = 2;
const FIRST_SEGMENT_BYTES: u64 = 4 << 20;
/// Frames are gathered up to this many bytes before they are written.
const BATCH_BYTES: usize = 1 << 18;

/// What every segment of a session bears, and how large and how many they may be.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) build: String,
    pub(super) config_digest: [u8; 32],
    pub(super) salt: u64,
    pub(super) segment_bytes: u64,
    /// The least size at which the largest message fits.
    pub(super) least_bytes: u64,
    pub(super) keep_segments: usize,
    pub(super) keep_bytes: u64,
}

/// The segment in use and what is needed to go on behind it.
pub(super) struct Segments {
    disk: Arc<dyn Disk>,
    plan: Plan,
    spares: Spares,
    ready: Option<Spare>,
    file: Box<dyn Store>,
    mark_file: Box<dyn Store>,
    header: SegmentHeader,
    name: String,
    capacity: u64,
    /// Offset behind what has been written to the file.
    written: u64,
    batch: Vec<u8>,
    chain: u32,
    last_seq: u64,
    count: u64,
    fence: bool,
    /// Bytes added since the last sync.
    unsynced_bytes: u64,
    /// (index, first sequence, bytes) of all segments before the one in use.
    older: Vec<(u64, u64, u64)>,
    rotations: u64,
}

impl Segments {
    /// Begins a new segment behind `tip`.
    pub(super) fn begin(disk: Arc<dyn Disk>, plan: Plan, tip: Tip, mut spares: Spares) -> Result<Self> {
        let bytes = FIRST_SEGMENT_BYTES.min(plan.segment_bytes).max(plan.least_bytes);
        let first = prepare(disk.as_ref(), tip.next_index, bytes)?;
        let mark_file = Mark::create(disk.as_ref())?;
        disk.sync_dir().on("sync", &disk.place())?;
        let next_bytes = (bytes * GROWTH).min(plan.segment_bytes);
        let header = header_of(&plan, first.index, tip.last_seq + 1, tip.chain);
        let mut this = Self {
            ready: spares.order(first.index + 1, next_bytes, Vec::new())?,
            disk,
            spares,
            name: file_name(first.index),
            capacity: first.bytes,
            file: first.file,
            mark_file,
            chain: 0,
            header,
            plan,
            written: 0,
            batch: Vec::with_capacity(2 * BATCH_BYTES),
            last_seq: tip.last_seq,
            count: 0,
            fence: true,
            unsynced_bytes: 0,
            older: tip.segments,
            rotations: 0,
        };
        this.write_header()?;
        Ok(this)
    }

    /// The header is durable before the first frame is written: frames prove that there was a header.
    fn write_header(&mut self) -> Result<()> {
        let encoded = self.header.encode();
        self.file.write_at(0, &encoded).on("write", &self.name)?;
        self.file.sync().on("fdatasync", &self.name)?;
        (self.written, self.chain) = (HEADER_BYTES as u64, SegmentHeader::seed(&encoded));
        (self.count, self.fence, self.unsynced_bytes) = (0, true, 0);
        self.note_durable()
    }

    /// Adds one record's frame; it is in memory until `flush` or `sync`.
    pub(super) fn add(&mut self, seq: u64, record: &[u8]) -> Result<()> {
        if seq != self.last_seq + 1 {
            let was = format!("{seq} after {}", self.last_seq);
            return Err(CoreError::Broken { invariant: "the journal has no gap", was });
        }
        let frame = (FRAME_BYTES + record.len()) as u64;
        // Strictly less: a file is longer than its seals until they are durable, see `walk::sealed_at_end`.
        if self.written + self.batch.len() as u64 + frame + 2 * SEAL_BYTES as u64 >= self.capacity {
            self.rotate()?;
        }
        self.chain = put_frame(&mut self.batch, self.chain, self.header.salt, self.fence, seq, record);
        (self.fence, self.last_seq) = (false, seq);
        self.count += 1;
        self.unsynced_bytes += frame;
        if self.batch.len() >= BATCH_BYTES { self.flush() } else { Ok(()) }
    }

    /// Writes what was gathered, without making it durable.
    pub(super) fn flush(&mut self) -> Result<()> {
        if self.batch.is_empty() {
            return Ok(());
        }
        self.file.write_at(self.written, &self.batch).on("write", &self.name)?;
        self.written += self.batch.len() as u64;
        self.batch.clear();
        Ok(())
    }

    /// Makes everything added durable and returns the last sequence number, which may now be acknowledged.
    pub(super) fn sync(&mut self) -> Result<u64> {
        if self.unsynced_bytes > 0 {
            self.flush()?;
            self.file.sync().on("fdatasync", &self.name)?;
            (self.unsynced_bytes, self.fence) = (0, true);
            self.note_durable()?;
        }
        Ok(self.last_seq)
    }

    fn note_durable(&mut self) -> Result<()> {
        let mark = Mark { index: self.header.index, salt: self.header.salt, end: self.written };
        mark.write(self.mark_file.as_mut())
    }

    /// Bytes added that are not durable yet.
    pub(super) const fn unsynced_bytes(&self) -> u64 {
        self.unsynced_bytes
    }

    /// The last sequence number added.
    pub(super) const fn last_seq(&self) -> u64 {
        self.last_seq
    }

    /// The index of the segment in use.
    pub(super) const fn index(&self) -> u64 {
        self.header.index
    }

    /// How often a full segment was left for the next.
    pub(super) const fn rotations(&self) -> u64 {
        self.rotations
    }

    /// Writes both seals durably; returns the offset behind them.
    fn seal(&mut self) -> Result<u64> {
        self.flush()?;
        let seal = Seal {
            last_seq: self.last_seq,
            salt: self.header.salt,
            index: self.header.index,
            count: self.count,
            end: self.written,
            chain: self.chain,
        };
        let both = [seal.encode(), seal.encode()];
        self.file.write_at(self.written, both.as_flattened()).on("write", &self.name)?;
        self.file.sync().on("fdatasync", &self.name)?;
        Ok(self.written + both.as_flattened().len() as u64)
    }

    /// Seals the segment in use and goes on in the spare; orders the next spare and retires what retention allows.
    fn rotate(&mut self) -> Result<()> {
        self.seal()?;
        self.older.push((self.header.index, self.header.first_seq, self.capacity));
        let spare = match self.ready.take() {
            Some(spare) => spare,
            None => self.spares.take()?,
        };
        self.header = header_of(&self.plan, spare.index, self.last_seq + 1, self.chain);
        (self.file, self.capacity, self.name) = (spare.file, spare.bytes, file_name(spare.index));
        self.write_header()?;
        self.rotations += 1;
        let next_bytes = (self.capacity * GROWTH).min(self.plan.segment_bytes);
        let retire = self.retire(snapshot::floor(self.disk.as_ref())?);
        self.ready = self.spares.order(self.header.index + 1, next_bytes, retire)?;
        Ok(())
    }

    /// Takes from the list of older segments those that retention lets go: beyond the number or the bytes to keep,
    /// and wholly below `floor`, the older of the two snapshots that a recovery may need.
    fn retire(&mut self, floor: u64) -> Vec<u64> {
        let mut gone = Vec::new();
        loop {
            let bytes: u64 = self.capacity + self.older.iter().map(|(_, _, bytes)| bytes).sum::<u64>();
            let many = self.plan.keep_segments > 0 && self.older.len() + 1 > self.plan.keep_segments;
            let large = self.plan.keep_bytes > 0 && bytes > self.plan.keep_bytes;
            let Some((index, _, _)) = self.older.first().copied() else { return gone };
            let next_first = self.older.get(1).map_or(self.header.first_seq, |(_, first, _)| *first);
            if !(many || large) || next_first > floor + 1 {
                return gone;
            }
            self.older.remove(0);
            gone.push(index);
        }
    }

    /// Ends the session: everything durable, sealed, cut to its length, leftovers removed.
    pub(super) fn close(mut self) -> Result<u64> {
        let end = self.seal()?;
        self.file.truncate(end).on("truncate", &self.name)?;
        self.spares.stop();
        remove_if_there(self.disk.as_ref(), &file_name(self.header.index + 1))?;
        Mark::remove(self.disk.as_ref())?;
        self.disk.sync_dir().on("sync", &self.disk.place())?;
        Ok(self.last_seq)
    }
}

/// Removes the spare that was not needed; where its preparation failed it may not be there.
fn remove_if_there(disk: &dyn Disk, name: &str) -> Result<()> {
    match disk.remove(name) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(failed("remove", name, &error)),
        _ => Ok(()),
    }
}

fn header_of(plan: &Plan, index: u64, first_seq: u64, previous_crc: u32) -> SegmentHeader {
    SegmentHeader {
        schema: u32::from(SCHEMA),
        index,
        first_seq,
        salt: segment_salt(plan.salt, index),
        previous_crc,
        build: plan.build.clone(),
        config_digest: plan.config_digest,
    }
}
