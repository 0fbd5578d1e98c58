//! MoldUDP64: numbered messages in datagrams, and the request for those that were lost.
//!
//! catalogue: M1, M7. Source: Nasdaq's "MoldUDP64 Protocol Specification 1.00". A datagram is a session of 10 bytes, the number
//! of its first message and how many there are, then each with its length; integers are big-endian. Count 0 is a
//! heartbeat that names the next number, count 0xFFFF says that the session has ended.

use crate::error::{CoreError, Result};

/// Bytes before the first message.
pub const HEADER_LEN: usize = 20;
/// Bytes of a request.
pub const REQUEST_LEN: usize = 20;
const END: u16 = 0xFFFF;

/// A session's name, padded with spaces.
pub type Session = [u8; 10];

/// One datagram, its length and blocks checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packet<'a> {
    /// The session.
    pub session: Session,
    /// The number of the first message; the next one where there is none.
    pub seq: u64,
    /// How many messages there are.
    pub count: u16,
    /// Whether the session has ended; there are no messages then.
    pub ended: bool,
    blocks: &'a [u8],
}

/// Reads one datagram. Errors: `Decode` with its place for one that ends early, or is longer than its messages.
pub fn packet(bytes: &[u8]) -> Result<Packet<'_>> {
    let Some((header, blocks)) = bytes.split_first_chunk::<HEADER_LEN>() else {
        return Err(CoreError::Decode {
            at: bytes.len(),
            field: "MoldUDP64 header",
            was: format!("{} bytes", bytes.len()),
        });
    };
    let [s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, number @ .., c0, c1] = *header;
    let count = u16::from_be_bytes([c0, c1]);
    let ended = count == END;
    let count = if ended { 0 } else { count };
    let mut rest = blocks;
    for _ in 0..count {
        rest = split(rest).ok_or_else(|| cut(bytes.len() - rest.len(), rest))?.1;
    }
    if !rest.is_empty() {
        let at = bytes.len() - rest.len();
        return Err(CoreError::Decode { at, field: "MoldUDP64 end", was: format!("{} bytes more", rest.len()) });
    }
    let session = [s0, s1, s2, s3, s4, s5, s6, s7, s8, s9];
    Ok(Packet { session, seq: u64::from_be_bytes(number), count, ended, blocks })
}

fn cut(at: usize, rest: &[u8]) -> CoreError {
    CoreError::Decode { at, field: "MoldUDP64 message", was: format!("{} bytes left", rest.len()) }
}

/// The first message of some blocks, and the blocks behind it.
fn split(blocks: &[u8]) -> Option<(&[u8], &[u8])> {
    let (len, rest) = blocks.split_first_chunk()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*len)))
}

impl<'a> Packet<'a> {
    /// Each message with its number.
    pub fn messages(&self) -> impl Iterator<Item = (u64, &'a [u8])> + use<'a> {
        let (mut rest, mut seq) = (self.blocks, self.seq);
        std::iter::from_fn(move || {
            let (message, behind) = split(rest)?;
            let number = seq;
            (rest, seq) = (behind, seq.wrapping_add(1));
            Some((number, message))
        })
    }

    /// The number that the next datagram of an unbroken line begins with.
    #[must_use]
    pub fn next_seq(&self) -> u64 {
        self.seq.saturating_add(u64::from(self.count))
    }
}

/// Asks a re-request server for `count` messages from `seq` on; it answers with what fits one datagram.
#[must_use]
pub fn request(session: Session, seq: u64, count: u16) -> [u8; REQUEST_LEN] {
    let mut bytes = [0; REQUEST_LEN];
    bytes[..10].copy_from_slice(&session);
    bytes[10..18].copy_from_slice(&seq.to_be_bytes());
    bytes[18..].copy_from_slice(&count.to_be_bytes());
    bytes
}

/// Messages by number over one or more copies of a line: the first good copy wins, and what is missing is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    next: u64,
}

/// What a message's number says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// It is the next one.
    Next,
    /// It came already, on this copy of the line or another.
    Again,
    /// Messages from this number on are missing; ask for them, and send this one again afterwards.
    Gap(u64),
}

impl Line {
    /// A line whose next message has this number (1 at the start of a session).
    #[must_use]
    pub const fn from(next: u64) -> Self {
        Self { next }
    }

    /// The number of the next message.
    #[must_use]
    pub const fn next(&self) -> u64 {
        self.next
    }

    /// Judges a message by its number; only `Next` moves the line on.
    #[inline]
    pub const fn take(&mut self, seq: u64) -> Place {
        if seq == self.next {
            self.next += 1;
            return Place::Next;
        }
        if seq < self.next { Place::Again } else { Place::Gap(self.next) }
    }
}
