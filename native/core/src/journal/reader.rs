//! Reading a journal: every segment in order, every frame verified, damage refused with its place.
//!
//! catalogue: K4, S9. The reader changes no file, so it also reads a journal that an engine is writing. It holds
//! one segment in memory at a time and allocates nothing per record.

use super::bytes_of;
use super::file::{Context, Disk, HostDisk};
use super::mark::Mark;
use super::segment::{HEADER_BYTES, SegmentHeader, file_index, file_name};
use super::walk::{Damage, End, Walk, never_begun, sealed_at_end};
use crate::error::{CoreError, Result};
use crate::event::RecordRef;
use std::path::Path;
use std::sync::Arc;

/// What is known of a segment once it has been read to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentInfo {
    /// Its header.
    pub header: SegmentHeader,
    /// Its file name.
    pub file: String,
    /// The last sequence number in it, `first_seq - 1` where it has none.
    pub last_seq: u64,
    /// How many records it has.
    pub records: u64,
    /// The file's length in bytes.
    pub file_bytes: u64,
    /// The bytes up to the end of its last frame.
    pub used_bytes: u64,
    /// Whether it was finished on purpose.
    pub sealed: bool,
    /// Whether bytes that nobody was promised follow its last frame (a torn tail).
    pub torn: bool,
    /// The crc of its last frame.
    pub chain: u32,
}

/// Walks a journal's records in order.
pub struct Reader {
    disk: Arc<dyn Disk>,
    /// The segments that have begun, by index.
    files: Vec<u64>,
    /// Files behind them that were prepared but never begun.
    spares: Vec<u64>,
    /// Which of `files` is read now.
    current: usize,
    words: Vec<u64>,
    length: usize,
    walk: Option<Walk>,
    reread: bool,
    mark: Option<Mark>,
    /// Last sequence number and crc of the segment before, where that one was read.
    before: Option<(u64, u32)>,
    from: u64,
    finished: Vec<SegmentInfo>,
}

impl Reader {
    /// Opens the journal in `dir`, which must exist.
    pub fn open(dir: &Path) -> Result<Self> {
        Self::over(Arc::new(HostDisk::open(dir)?))
    }

    /// Opens the journal on `disk`.
    pub fn over(disk: Arc<dyn Disk>) -> Result<Self> {
        // The mark is read before the segments: one that is newer than the bytes read would claim too much.
        let mark = Mark::read(disk.as_ref())?;
        let mut files: Vec<u64> =
            disk.list().on("list", &disk.place())?.iter().filter_map(|name| file_index(name)).collect();
        files.sort_unstable();
        let (mut words, mut spares) = (Vec::new(), Vec::new());
        while let Some(last) = files.last().copied() {
            let name = file_name(last);
            let length = disk.read(&name, &mut words).on("read", &name)?;
            let bytes = bytes_of(&words, length);
            if SegmentHeader::decode(bytes)?.is_some() || !never_begun(bytes) || sealed_at_end(bytes) {
                break;
            }
            spares.extend(files.pop());
        }
        let this = Self {
            disk,
            files,
            spares,
            current: 0,
            words,
            length: 0,
            walk: None,
            reread: false,
            mark,
            before: None,
            from: 0,
            finished: Vec::new(),
        };
        this.check_none_missing()?;
        Ok(this)
    }

    fn check_none_missing(&self) -> Result<()> {
        match self.files.windows(2).find(|pair| pair[1] != pair[0] + 1) {
            None => Ok(()),
            Some(pair) => Err(CoreError::Damaged {
                file: file_name(pair[0] + 1),
                offset: 0,
                seq: self.header_of(pair[1])?.map_or(0, |next| next.first_seq.saturating_sub(1)),
                why: "the segment is missing although a later one exists",
            }),
        }
    }

    fn header_of(&self, index: u64) -> Result<Option<SegmentHeader>> {
        let (mut head, name) = ([0; HEADER_BYTES], file_name(index));
        self.disk.read_head(&name, &mut head).on("read", &name)?;
        SegmentHeader::decode(&head)
    }

    /// The first sequence number that the journal still holds, 0 where it has no segment.
    pub fn first_seq(&self) -> Result<u64> {
        let Some(first) = self.files.first() else { return Ok(0) };
        self.header_of(*first)?.map(|header| header.first_seq).ok_or_else(|| {
            let why = "the segment's header does not verify";
            CoreError::Damaged { file: file_name(*first), offset: 0, seq: 0, why }
        })
    }

    /// Makes `read_next` begin at `first`: whole segments before it are skipped unread. Call it before reading.
    pub fn start_at(&mut self, first: u64) -> Result<()> {
        let mut at = 0;
        while let Some(next) = self.files.get(at + 1) {
            match self.header_of(*next)? {
                Some(header) if header.first_seq <= first => at += 1,
                _ => break,
            }
        }
        (self.current, self.walk, self.before, self.from) = (at, None, None, first);
        Ok(())
    }

    /// The next record with its sequence number, or `None` at the journal's end. Damage is an error that names
    /// file, offset and sequence; the reader then stays where it is and gives the same error again.
    pub fn read_next(&mut self) -> Result<Option<(u64, RecordRef<'_>)>> {
        let Some((seq, start, length)) = self.advance()? else { return Ok(None) };
        let bytes = &bytes_of(&self.words, self.length)[start..start + length];
        match RecordRef::new(bytes) {
            Ok(record) => Ok(Some((seq, record))),
            Err(_) => Err(self.unreadable(seq, start)),
        }
    }

    fn unreadable(&self, seq: u64, start: usize) -> CoreError {
        let file = file_name(self.files.get(self.current).copied().unwrap_or(0));
        CoreError::Damaged { file, offset: start as u64, seq, why: "a record is not of a kind this version reads" }
    }

    #[inline]
    fn advance(&mut self) -> Result<Option<(u64, usize, usize)>> {
        loop {
            if self.walk.is_none() && !self.load()? {
                return Ok(None);
            }
            if let Some(walk) = &mut self.walk {
                let bytes = bytes_of(&self.words, self.length);
                while let Some(found) = walk.step(bytes) {
                    if found.0 >= self.from {
                        return Ok(Some(found));
                    }
                }
            }
            self.finish_segment()?;
        }
    }

    /// Reads the current segment into memory and checks that it continues the one before.
    fn load(&mut self) -> Result<bool> {
        let Some(index) = self.files.get(self.current).copied() else { return Ok(false) };
        let name = file_name(index);
        self.length = self.disk.read(&name, &mut self.words).on("read", &name)?;
        let seq = self.before.map_or(0, |(last, _)| last + 1);
        let refuse = |why| CoreError::Damaged { file: name.clone(), offset: 0, seq, why };
        let walk = Walk::begin(bytes_of(&self.words, self.length))?;
        let walk = walk.ok_or_else(|| refuse("the segment's header does not verify"))?;
        if walk.header.index != index {
            return Err(refuse("the segment's header bears another index than its name"));
        }
        let first = if index == 1 { Some((0, 0)) } else { self.before };
        if first.is_some_and(|(last, crc)| walk.header.first_seq != last + 1 || walk.header.previous_crc != crc) {
            return Err(refuse("the segment does not continue the one before"));
        }
        (self.walk, self.reread) = (Some(walk), false);
        Ok(true)
    }

    /// Judges the end of the current segment's frames and moves on to the next segment.
    fn finish_segment(&mut self) -> Result<()> {
        let Some(walk) = &self.walk else { return Ok(()) };
        let bytes = bytes_of(&self.words, self.length);
        let strict = self.current + 1 < self.files.len() || sealed_at_end(bytes);
        let mark = self.mark.filter(|mark| mark.index == walk.header.index && mark.salt == walk.header.salt);
        let judged =
            if strict { walk.judge_strict(bytes) } else { walk.judge_open(bytes, mark.map_or(0, |mark| mark.end)) };
        let name = file_name(walk.header.index);
        match judged {
            Ok(end) => {
                self.before = Some((walk.next_seq - 1, walk.chain));
                self.finished.push(info(walk, name, self.length, end));
                self.walk = None;
                self.current += 1;
                Ok(())
            }
            // An engine may have written while we read the file, so what looks like a hole may be filled by now.
            Err(_) if !strict && !self.reread => {
                self.length = self.disk.read(&name, &mut self.words).on("read", &name)?;
                self.reread = true;
                Ok(())
            }
            Err(Damage { offset, seq, why }) => Err(CoreError::Damaged { file: name, offset: offset as u64, seq, why }),
        }
    }

    /// The segments that have been read to their end so far.
    #[must_use]
    pub fn segments(&self) -> &[SegmentInfo] {
        &self.finished
    }

    /// Whether the directory holds no segment, not even a prepared one.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty() && self.spares.is_empty()
    }

    /// Indices of files behind the last segment that were prepared but never begun.
    #[must_use]
    pub fn spares(&self) -> &[u64] {
        &self.spares
    }
}

fn info(walk: &Walk, file: String, length: usize, end: End) -> SegmentInfo {
    SegmentInfo {
        header: walk.header.clone(),
        file,
        last_seq: walk.next_seq - 1,
        records: walk.count,
        file_bytes: length as u64,
        used_bytes: walk.at as u64,
        sealed: end == End::Sealed,
        torn: end == End::Torn,
        chain: walk.chain,
    }
}
