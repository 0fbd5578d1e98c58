//! The bytes of a segment: its header, its frames and its seal, and the checksum that chains them.
//!
//! catalogue: K4. The rule is safety.md, "Journal". A segment file is
//!
//! ```text
//! header 256 B | frame | frame | ... | seal 64 B | the same seal again 64 B | zeros to the end of the file
//! ```
//!
//! A frame is `{length u32, crc u32, seq u64}` and the record's bytes. Bit 0 of the length word is the *fence*:
//! everything before this frame was durable before this frame was written (lengths are multiples of 8, so the bit
//! is free). The CRC32C runs over length, sequence and record, starts from the previous frame's crc (the header's
//! crc for the first) and is mixed with the segment's salt, so bytes of another life of the same file never verify.
//! The seal is written when a segment is full or the journal is closed. It carries its own crc and stands there
//! twice, so that no single damaged bit can make a sealed segment look like one that a crash left open.
//! All numbers are little-endian.

use crate::error::{CoreError, Result};

/// "TWJRNL" and two zeros.
const MAGIC: [u8; 8] = *b"TWJRNL\0\0";
/// The version of this layout.
pub const FORMAT: u32 = 1;
/// Bytes of the segment header.
pub const HEADER_BYTES: usize = 256;
/// Bytes of a frame before its record.
pub const FRAME_BYTES: usize = 16;
/// Bytes of one seal; there are two.
pub const SEAL_BYTES: usize = 64;
/// The bit of a frame's length word that says that everything before it was durable when it was written.
pub const FENCE: u32 = 1;
/// The largest record that a frame may hold; a depth snapshot of 5,000 levels a side has 160 kB.
pub const RECORD_BYTES_MAX: usize = 1 << 20;

const SEAL_MAGIC: u64 = 0xa5a5_4c41_4553_5754;
const SEAL_LENGTH_WORD: u32 = 0xffff_ffff;
const BUILD_BYTES: usize = 64;

/// What a segment says about itself before its first frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentHeader {
    /// The schema of its records (`event::SCHEMA`).
    pub schema: u32,
    /// Its place in the journal, from 1; also its file name.
    pub index: u64,
    /// The sequence number of its first frame.
    pub first_seq: u64,
    /// A random number that no other segment has.
    pub salt: u64,
    /// The crc of the last frame of the segment before it, 0 for the first.
    pub previous_crc: u32,
    /// Which build wrote it, at most 64 bytes of ASCII.
    pub build: String,
    /// The digest of the configuration it ran under.
    pub config_digest: [u8; 32],
}

/// The end of a segment that was finished on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seal {
    /// The last sequence number in the segment, `first_seq - 1` where it has none.
    pub last_seq: u64,
    /// The segment's salt.
    pub salt: u64,
    /// The segment's index.
    pub index: u64,
    /// How many frames it has.
    pub count: u64,
    /// The byte offset at which the seal stands.
    pub end: u64,
    /// The crc of the last frame.
    pub chain: u32,
}

/// The file name of a segment.
#[must_use]
pub fn file_name(index: u64) -> String {
    format!("{index:08}.seg")
}

/// The index in a segment's file name, where it is one.
#[must_use]
pub fn file_index(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(".seg")?;
    let index = digits.parse().ok()?;
    (file_name(index) == name).then_some(index)
}

fn put(out: &mut [u8], at: usize, bytes: &[u8]) {
    out[at..at + bytes.len()].copy_from_slice(bytes);
}

/// The `N` bytes at `at`, or zeros where the slice is shorter.
pub(super) fn bytes_at<const N: usize>(from: &[u8], at: usize) -> [u8; N] {
    from.get(at..).and_then(|rest| rest.first_chunk::<N>()).copied().unwrap_or([0; N])
}

/// The u32 at `at`.
pub(super) fn u32_at(from: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes_at(from, at))
}

/// The u64 at `at`.
pub(super) fn u64_at(from: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes_at(from, at))
}

impl SegmentHeader {
    /// The header's bytes, its crc in the last four.
    #[must_use]
    pub fn encode(&self) -> [u8; HEADER_BYTES] {
        let mut out = [0; HEADER_BYTES];
        put(&mut out, 0, &MAGIC);
        put(&mut out, 8, &FORMAT.to_le_bytes());
        put(&mut out, 12, &self.schema.to_le_bytes());
        put(&mut out, 16, &self.index.to_le_bytes());
        put(&mut out, 24, &self.first_seq.to_le_bytes());
        put(&mut out, 32, &self.salt.to_le_bytes());
        put(&mut out, 40, &self.previous_crc.to_le_bytes());
        put(&mut out, 48, &self.build.as_bytes()[..self.build.len().min(BUILD_BYTES)]);
        put(&mut out, 112, &self.config_digest);
        let crc = crc32c::crc32c(&out[..HEADER_BYTES - 4]);
        put(&mut out, HEADER_BYTES - 4, &crc.to_le_bytes());
        out
    }

    /// Reads a header back; `None` where magic or crc do not hold. A header that holds but is of another format
    /// or schema is an error that names it.
    pub fn decode(bytes: &[u8]) -> Result<Option<Self>> {
        let Some(bytes) = bytes.first_chunk::<HEADER_BYTES>() else { return Ok(None) };
        let crc = u32_at(bytes, HEADER_BYTES - 4);
        if bytes[..8] != MAGIC || crc32c::crc32c(&bytes[..HEADER_BYTES - 4]) != crc {
            return Ok(None);
        }
        let format = u32_at(bytes, 8);
        if format != FORMAT {
            let was = format.to_string();
            return Err(CoreError::Field { field: "segment.format", was, why: "is not a format this version reads" });
        }
        Ok(Some(Self {
            schema: u32_at(bytes, 12),
            index: u64_at(bytes, 16),
            first_seq: u64_at(bytes, 24),
            salt: u64_at(bytes, 32),
            previous_crc: u32_at(bytes, 40),
            build: crate::event::unpadded(&bytes[48..48 + BUILD_BYTES]).to_owned(),
            config_digest: bytes_at(bytes, 112),
        }))
    }

    /// The value that the first frame's crc is chained to.
    #[must_use]
    pub fn seed(encoded: &[u8; HEADER_BYTES]) -> u32 {
        u32_at(encoded, HEADER_BYTES - 4)
    }
}

/// Refuses a build text that a header could not hold.
pub fn check_build(build: &str) -> Result<()> {
    if build.len() <= BUILD_BYTES && build.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ') {
        return Ok(());
    }
    Err(CoreError::Field {
        field: "build",
        was: build.to_owned(),
        why: "must be at most 64 printable ASCII characters",
    })
}

impl Seal {
    /// The seal's bytes.
    #[must_use]
    pub fn encode(&self) -> [u8; SEAL_BYTES] {
        let mut out = [0; SEAL_BYTES];
        put(&mut out, 0, &SEAL_LENGTH_WORD.to_le_bytes());
        put(&mut out, 8, &self.last_seq.to_le_bytes());
        put(&mut out, 16, &SEAL_MAGIC.to_le_bytes());
        put(&mut out, 24, &self.salt.to_le_bytes());
        put(&mut out, 32, &self.index.to_le_bytes());
        put(&mut out, 40, &self.count.to_le_bytes());
        put(&mut out, 48, &self.end.to_le_bytes());
        put(&mut out, 56, &self.chain.to_le_bytes());
        put(&mut out, 60, &SEAL_LENGTH_WORD.to_le_bytes());
        let crc = Self::crc(&out);
        put(&mut out, 4, &crc.to_le_bytes());
        out
    }

    /// Reads the seal at the front of `bytes`; `None` where there is none or one of its bits is wrong.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let bytes = bytes.first_chunk::<SEAL_BYTES>()?;
        let words = (u32_at(bytes, 0), u64_at(bytes, 16), u32_at(bytes, 60));
        let marked = words == (SEAL_LENGTH_WORD, SEAL_MAGIC, SEAL_LENGTH_WORD);
        (marked && u32_at(bytes, 4) == Self::crc(bytes)).then(|| Self {
            last_seq: u64_at(bytes, 8),
            salt: u64_at(bytes, 24),
            index: u64_at(bytes, 32),
            count: u64_at(bytes, 40),
            end: u64_at(bytes, 48),
            chain: u32_at(bytes, 56),
        })
    }

    fn crc(bytes: &[u8; SEAL_BYTES]) -> u32 {
        crc32c::crc32c_append(crc32c::crc32c(&bytes[..4]), &bytes[8..])
    }
}

/// The crc of one frame: over its length word, sequence and record, from the crc before it, mixed with the salt.
#[inline]
#[must_use]
pub fn frame_crc(previous: u32, salt: u64, length_word: u32, seq: u64, record: &[u8]) -> u32 {
    let from = previous ^ salt as u32;
    #[cfg(target_arch = "x86_64")]
    if record.len() <= SHORT_BYTES && is_x86_feature_detected!("sse4.2") {
        // SAFETY: the processor has the instruction.
        return unsafe { short_crc(from, length_word, seq, record) };
    }
    long_crc(from, length_word, seq, record)
}

/// Records up to this length are summed by one chain of instructions; longer ones gain more from the library's
/// three chains side by side than its call costs.
#[cfg(target_arch = "x86_64")]
const SHORT_BYTES: usize = 512;

/// `long_crc` for short records: a word an instruction, without calls.
///
/// # Safety
/// The processor has SSE 4.2.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "sse4.2")]
unsafe fn short_crc(from: u32, length_word: u32, seq: u64, record: &[u8]) -> u32 {
    use std::arch::x86_64::{_mm_crc32_u8, _mm_crc32_u32, _mm_crc32_u64};
    let mut crc = _mm_crc32_u64(u64::from(_mm_crc32_u32(!from, length_word)), seq);
    let (words, rest) = record.as_chunks::<8>();
    for word in words {
        crc = _mm_crc32_u64(crc, u64::from_le_bytes(*word));
    }
    !rest.iter().fold(crc as u32, |crc, byte| _mm_crc32_u8(crc, *byte))
}

fn long_crc(from: u32, length_word: u32, seq: u64, record: &[u8]) -> u32 {
    let mut head = [0; 12];
    head[..4].copy_from_slice(&length_word.to_le_bytes());
    head[4..].copy_from_slice(&seq.to_le_bytes());
    crc32c::crc32c_append(crc32c::crc32c_append(from, &head), record)
}

/// Appends one frame to `out` and returns its crc.
pub fn put_frame(out: &mut Vec<u8>, previous: u32, salt: u64, fence: bool, seq: u64, record: &[u8]) -> u32 {
    let length_word = record.len() as u32 | if fence { FENCE } else { 0 };
    let crc = frame_crc(previous, salt, length_word, seq, record);
    out.extend_from_slice(&length_word.to_le_bytes());
    out.extend_from_slice(&crc.to_le_bytes());
    out.extend_from_slice(&seq.to_le_bytes());
    out.extend_from_slice(record);
    crc
}

/// The salt of one segment from the salt of its session (the finaliser of SplitMix64), so that every segment has
/// its own.
#[must_use]
pub const fn segment_salt(session: u64, index: u64) -> u64 {
    let mut z = session.wrapping_add(index.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> SegmentHeader {
        SegmentHeader {
            schema: 1,
            index: 3,
            first_seq: 100,
            salt: 77,
            previous_crc: 5,
            build: "v1 abc".into(),
            config_digest: [9; 32],
        }
    }

    #[test]
    fn headers_and_seals_read_back_and_refuse_every_flipped_bit() {
        let seal = Seal { last_seq: 9, salt: 77, index: 3, count: 4, end: 1000, chain: 12 };
        let (head_bytes, seal_bytes) = (header().encode(), seal.encode());
        assert_eq!(SegmentHeader::decode(&head_bytes), Ok(Some(header())));
        assert_eq!(Seal::decode(&seal_bytes), Some(seal));
        for bit in 0..HEADER_BYTES * 8 {
            let mut bad = head_bytes;
            bad[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(SegmentHeader::decode(&bad), Ok(None), "bit {bit}");
        }
        for bit in 0..SEAL_BYTES * 8 {
            let mut bad = seal_bytes;
            bad[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Seal::decode(&bad), None, "bit {bit}");
        }
    }

    #[test]
    fn names_and_indices_agree() {
        assert_eq!(file_name(12), "00000012.seg");
        assert_eq!(file_index("00000012.seg"), Some(12));
        for bad in ["12.seg", "0000001x.seg", "00000012.tmp", "seg", "+0000012.seg"] {
            assert_eq!(file_index(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_frame_depends_on_what_came_before_and_on_the_salt() {
        let base = frame_crc(1, 2, 64, 3, &[0; 64]);
        let others =
            [frame_crc(0, 2, 64, 3, &[0; 64]), frame_crc(1, 3, 64, 3, &[0; 64]), frame_crc(1, 2, 64, 4, &[0; 64])];
        assert!(others.iter().all(|other| *other != base));
    }

    /// The short way and the library agree at every length on either side of their border.
    #[test]
    fn both_ways_to_the_crc_agree() {
        let record: Vec<u8> = (0..600_u32).map(|at| (at * 7 + at / 9) as u8).collect();
        for length in 0..record.len() {
            let (seq, salt, word) = (length as u64 * 0x1_0001_0001, 0xdead_beef_u64, length as u32);
            let wanted = long_crc(9 ^ salt as u32, word, seq, &record[..length]);
            assert_eq!(frame_crc(9, salt, word, seq, &record[..length]), wanted, "{length}");
        }
    }

    #[test]
    fn refuses_a_build_it_could_not_keep() {
        assert!(check_build(&"x".repeat(64)).is_ok());
        assert!(check_build(&"x".repeat(65)).is_err());
        assert!(check_build("line\nbreak").is_err());
    }
}
