//! Walking one segment's bytes frame by frame, and judging what stands where the frames end.
//!
//! catalogue: K4, S9. The rule that tells a crash from damage (safety.md, fault 36, and the issue's "one flipped
//! bit, wherever the bit"):
//!
//! 1. A segment is *strict* when it ends in a seal (either copy, at the very end of the file) or when a later
//!    segment has begun: a seal was durable before that, so everything in it must verify to the last bit, both
//!    seals must be there and agree, and whatever follows them must be zero.
//! 2. Otherwise it is the last segment of a session that did not close. Its frames end where one does not verify:
//!    - only zeros follow: a clean end;
//!    - a later frame bears the fence, or the durable mark lies behind: acknowledged data is damaged: refused;
//!    - else a torn tail that nobody was promised: the journal ends before it.

use super::segment::{
    FENCE, FRAME_BYTES, HEADER_BYTES, RECORD_BYTES_MAX, SEAL_BYTES, Seal, SegmentHeader, frame_crc, u32_at, u64_at,
};
use crate::error::Result;
use crate::event;

/// Where a walk over a segment's frames stands. The bytes are given to each call, so that the reader may own them.
#[derive(Debug, Clone)]
pub struct Walk {
    /// The segment's header.
    pub header: SegmentHeader,
    /// The byte offset of the next frame.
    pub at: usize,
    /// The crc of the last frame, or the header's.
    pub chain: u32,
    /// The sequence number that the next frame must bear.
    pub next_seq: u64,
    /// Frames walked.
    pub count: u64,
}

/// A damage within one segment: where, and why. The reader adds the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Damage {
    /// The byte offset in the segment.
    pub offset: usize,
    /// The sequence number expected there.
    pub seq: u64,
    /// What does not hold.
    pub why: &'static str,
}

/// How a segment's frames end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Both seals are there.
    Sealed,
    /// Zeros follow the last frame.
    Open,
    /// Bytes that nobody was promised follow the last frame.
    Torn,
}

impl Walk {
    /// Begins behind the header; `None` where the header does not verify.
    pub fn begin(bytes: &[u8]) -> Result<Option<Self>> {
        Ok(SegmentHeader::decode(bytes)?.map(|header| Self {
            at: HEADER_BYTES,
            chain: u32_at(bytes, HEADER_BYTES - 4),
            next_seq: header.first_seq,
            count: 0,
            header,
        }))
    }

    /// The next frame as (sequence, start and length of its record), or `None` where none verifies.
    #[inline]
    pub fn step(&mut self, bytes: &[u8]) -> Option<(u64, usize, usize)> {
        let frame = Frame::at(bytes, self.at)?;
        if frame.seq != self.next_seq || frame.crc_from(self.chain, self.header.salt) != frame.crc {
            return None;
        }
        let start = self.at + FRAME_BYTES;
        self.at = start + frame.record.len();
        self.chain = frame.crc;
        self.next_seq += 1;
        self.count += 1;
        Some((frame.seq, start, frame.record.len()))
    }

    /// The seal that a segment ending here bears.
    #[must_use]
    pub const fn seal(&self) -> Seal {
        Seal {
            last_seq: self.next_seq - 1,
            salt: self.header.salt,
            index: self.header.index,
            count: self.count,
            end: self.at as u64,
            chain: self.chain,
        }
    }

    fn damage(&self, why: &'static str) -> Damage {
        Damage { offset: self.at, seq: self.next_seq, why }
    }

    /// Judges what stands where the frames end, for a strict segment (rule 1).
    pub fn judge_strict(&self, bytes: &[u8]) -> std::result::Result<End, Damage> {
        let rest = &bytes[self.at.min(bytes.len())..];
        let seals = [Seal::decode(rest), rest.get(SEAL_BYTES..).and_then(Seal::decode)];
        if seals != [Some(self.seal()); 2] {
            let frame = seals[0].is_none() && seals[1].is_none();
            return Err(self.damage(if frame { "a frame does not verify" } else { "the seal does not verify" }));
        }
        match rest[2 * SEAL_BYTES..].iter().position(|byte| *byte != 0) {
            None => Ok(End::Sealed),
            Some(extra) => {
                let offset = self.at + 2 * SEAL_BYTES + extra;
                Err(Damage { offset, why: "bytes after the seal are not zero", ..self.damage("") })
            }
        }
    }

    /// Judges what stands where the frames end, for the last segment of a session that did not close (rule 2).
    /// `durable` is the byte offset up to which the durable mark vouches for this segment, or 0.
    pub fn judge_open(&self, bytes: &[u8], durable: u64) -> std::result::Result<End, Damage> {
        if (self.at as u64) < durable {
            return Err(self.damage("a frame that was durable does not verify"));
        }
        if self.judge_strict(bytes).is_ok() {
            return Ok(End::Sealed);
        }
        if bytes[self.at.min(bytes.len())..].iter().all(|byte| *byte == 0) {
            return Ok(End::Open);
        }
        if self.fence_follows(bytes) {
            return Err(self.damage("a frame does not verify, but later ones do"));
        }
        Ok(End::Torn)
    }

    /// Whether a frame behind the first bad one shows by its fence that the bad one had been durable. Its crc is
    /// chained, so each candidate is tried behind the bad frame (as stored, and as its content would have it) and
    /// behind whatever frame ends where it starts.
    fn fence_follows(&self, bytes: &[u8]) -> bool {
        let salt = self.header.salt;
        let stored = u32_at(bytes, self.at + 4);
        let computed = Frame::at(bytes, self.at).map_or(stored, |bad| bad.crc_from(self.chain, salt));
        let plausible =
            |frame: &Frame<'_>| frame.seq >= self.next_seq && frame.seq - self.next_seq < bytes.len() as u64;
        (self.at..bytes.len()).step_by(8).any(|at| {
            let Some(frame) = Frame::at(bytes, at).filter(plausible) else { return false };
            if at > self.at && frame.fence {
                let behind = [stored, computed].map(|crc| frame.crc_from(crc, salt) == frame.crc);
                if behind.contains(&true) {
                    return true;
                }
            }
            let after = at + FRAME_BYTES + frame.record.len();
            let next = Frame::at(bytes, after).filter(plausible);
            next.is_some_and(|next| {
                let fenced = next.fence || (frame.fence && at > self.at);
                fenced && next.seq == frame.seq + 1 && next.crc_from(frame.crc, salt) == next.crc
            })
        })
    }
}

/// Whether a file that begins with no valid header was never begun: nothing but zeros behind the header's place.
/// A segment's header is durable before its first frame is written, so frames prove that there was one.
#[must_use]
pub fn never_begun(bytes: &[u8]) -> bool {
    bytes.get(HEADER_BYTES..).unwrap_or(&[]).iter().all(|byte| *byte == 0)
}

/// Whether either copy of a seal stands at the very end of the file and says that the file ends there: the mark of
/// a segment that was closed and then cut. A file is only cut after both copies are durable.
#[must_use]
pub fn sealed_at_end(bytes: &[u8]) -> bool {
    [SEAL_BYTES, 2 * SEAL_BYTES].iter().any(|back| {
        let at = bytes.len().checked_sub(*back);
        let seal = at.and_then(|at| Seal::decode(&bytes[at..]));
        seal.is_some_and(|seal| seal.end + 2 * SEAL_BYTES as u64 == bytes.len() as u64)
    })
}

/// The raw parts of what may be a frame.
struct Frame<'a> {
    length_word: u32,
    fence: bool,
    crc: u32,
    seq: u64,
    record: &'a [u8],
}

impl<'a> Frame<'a> {
    /// The frame at `at`, where its length is one that a record can have and lies inside `bytes`.
    #[inline]
    fn at(bytes: &'a [u8], at: usize) -> Option<Self> {
        let head = bytes.get(at..)?;
        let (head, rest) = head.split_first_chunk::<FRAME_BYTES>()?;
        let length_word = u32_at(head, 0);
        let length = (length_word & !FENCE) as usize;
        let possible = (size_of::<event::Header>()..=RECORD_BYTES_MAX).contains(&length) && length.is_multiple_of(8);
        let record = possible.then(|| rest.get(..length)).flatten()?;
        let (crc, seq) = (u32_at(head, 4), u64_at(head, 8));
        Some(Self { length_word, fence: length_word & FENCE != 0, crc, seq, record })
    }

    #[inline]
    fn crc_from(&self, previous: u32, salt: u64) -> u32 {
        frame_crc(previous, salt, self.length_word, self.seq, self.record)
    }
}
