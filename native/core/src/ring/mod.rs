//! A bounded single-producer single-consumer ring of variable-length records, over plain or shared memory.
//!
//! catalogue: K4, K7. A message is two words, its length and the caller's tag (the journal's sequence number), and
//! its bytes, a multiple of 8. A message never wraps around the end: where it would, a marker word fills the rest
//! and it starts at the front, so the consumer sees each one as a single aligned slice. Positions count bytes for
//! ever and are reduced by a mask. A full ring refuses the message and stores nothing; waiting is the caller's
//! policy. Each side keeps a copy of the other's position and reads the shared one only when the copy does not
//! suffice, so that in steady state the two cores do not pull one cache line back and forth for every message.

use crate::error::{CoreError, Result};

#[cfg(not(all(test, loom)))]
mod memory;
#[cfg(all(test, loom))]
#[path = "model.rs"]
mod memory;
#[cfg(all(test, not(loom)))]
mod tests;

pub use memory::Region;
use memory::{CONSUMER, PRODUCER};
use std::sync::atomic::Ordering;

/// Bytes of a message before its payload.
const MESSAGE_HEAD: usize = 16;
/// The length word that says: the rest up to the end is empty, the next message is at the front.
const WRAP: u64 = u64::MAX;

/// The writing end. There is one of it for a ring, and it is not `Clone`.
#[derive(Debug)]
pub struct Producer {
    region: Region,
    /// Our position, of which the shared `tail` is the published copy.
    tail: u64,
    /// The consumer's position when we last looked; the true one is never behind it.
    head_seen: u64,
}

/// The reading end. There is one of it for a ring, and it is not `Clone`.
#[derive(Debug)]
pub struct Consumer {
    region: Region,
    /// Our position, of which the shared `head` is the published copy.
    head: u64,
    /// The producer's position when we last looked; the true one is never behind it.
    tail_seen: u64,
}

/// Both ends of a new ring of `capacity` bytes (a power of two, at least 4096) in plain memory.
pub fn pair(capacity: usize) -> Result<(Producer, Consumer)> {
    let region = Region::plain(capacity)?;
    Ok((Producer::claim(region.clone())?, Consumer::claim(region)?))
}

impl Producer {
    /// Takes the writing end of `region`; it can be taken once.
    pub fn claim(region: Region) -> Result<Self> {
        region.claim(PRODUCER)?;
        // Relaxed: our own position has no other writer. Acquire is what the first push does on `head`.
        let tail = region.tail().load(Ordering::Relaxed);
        let head_seen = region.head().load(Ordering::Acquire);
        Ok(Self { region, tail, head_seen })
    }

    /// Adds one message, or says that the ring is full (nothing is stored), or that the payload can never fit.
    /// `payload` is a multiple of 8 bytes long and at most a quarter of the capacity.
    #[inline]
    pub fn push(&mut self, tag: u64, payload: &[u8]) -> Result<()> {
        let capacity = self.region.capacity();
        let need = MESSAGE_HEAD + payload.len();
        if need > capacity / 4 || !payload.len().is_multiple_of(8) {
            return Err(Self::misfit(payload.len()));
        }
        let at = self.tail as usize & (capacity - 1);
        let to_end = capacity - at;
        let skip = if need > to_end { to_end } else { 0 };
        if !self.has_room(skip + need) {
            return Err(CoreError::Full { what: "ring", capacity });
        }
        let start = if skip == 0 { at } else { 0 };
        // SAFETY: `has_room` proved that the consumer is past these bytes, both runs lie inside the region and
        // nobody else writes: this is the only producer.
        unsafe {
            if skip != 0 {
                self.region.put_word(at, WRAP);
            }
            self.region.put_word(start, payload.len() as u64);
            self.region.put_word(start + 8, tag);
            self.region.put(start + MESSAGE_HEAD, payload);
        }
        self.tail += (skip + need) as u64;
        // SYNC POINT: this Release pairs with the consumer's Acquire of `tail`: who sees the new position sees the
        // bytes written above.
        self.region.tail().store(self.tail, Ordering::Release);
        Ok(())
    }

    #[inline]
    fn has_room(&mut self, need: usize) -> bool {
        let capacity = self.region.capacity() as u64;
        if self.tail - self.head_seen + need as u64 <= capacity {
            return true;
        }
        // SYNC POINT: this Acquire pairs with the consumer's Release of `head`: who sees the new position may
        // overwrite the bytes before it, because the consumer has done reading them.
        self.head_seen = self.region.head().load(Ordering::Acquire);
        self.tail.wrapping_sub(self.head_seen) + need as u64 <= capacity
    }

    #[cold]
    fn misfit(length: usize) -> CoreError {
        CoreError::Field {
            field: "message",
            was: format!("{length} bytes"),
            why: "must be a multiple of 8 bytes and at most a quarter of the ring",
        }
    }

    /// Whether the consumer had taken everything when this was called.
    #[must_use]
    pub fn is_drained(&self) -> bool {
        // SYNC POINT: the same pairing as in `has_room`.
        self.region.head().load(Ordering::Acquire) == self.tail
    }
}

impl Consumer {
    /// Takes the reading end of `region`; it can be taken once.
    pub fn claim(region: Region) -> Result<Self> {
        region.claim(CONSUMER)?;
        // Relaxed: our own position has no other writer.
        let head = region.head().load(Ordering::Relaxed);
        Ok(Self { region, head, tail_seen: head })
    }

    /// Gives the oldest message to `take` as (tag, bytes) and frees its room; `Ok(None)` where there is none.
    /// A length that no producer writes (another process damaged a shared region) is an error, not a read.
    #[inline]
    pub fn pop<R>(&mut self, take: impl FnOnce(u64, &[u8]) -> R) -> Result<Option<R>> {
        if !self.has_message() {
            return Ok(None);
        }
        let capacity = self.region.capacity();
        let mut at = self.head as usize & (capacity - 1);
        let mut left = (self.tail_seen - self.head) as usize;
        // SAFETY: everything between `head` and `tail_seen` was published by the producer and is not written
        // again before `head` moves; `checked` holds the message inside it.
        unsafe {
            let mut length = self.region.word(at);
            if length == WRAP {
                left = left.saturating_sub(capacity - at);
                self.head += (capacity - at) as u64;
                at = 0;
                length = self.region.word(0);
            }
            let length = Self::checked(length, left, capacity - at)?;
            let tag = self.region.word(at + 8);
            let result = self.region.with(at + MESSAGE_HEAD, length, |bytes| take(tag, bytes));
            self.head += (MESSAGE_HEAD + length) as u64;
            // SYNC POINT: this Release pairs with the producer's Acquire of `head`: the bytes are read before the
            // producer may write over them.
            self.region.head().store(self.head, Ordering::Release);
            Ok(Some(result))
        }
    }

    #[inline]
    fn has_message(&mut self) -> bool {
        if self.head != self.tail_seen {
            return true;
        }
        // SYNC POINT: this Acquire pairs with the producer's Release of `tail`.
        self.tail_seen = self.region.tail().load(Ordering::Acquire);
        self.head != self.tail_seen
    }

    #[inline]
    fn checked(length: u64, published: usize, to_end: usize) -> Result<usize> {
        let bound = published.min(to_end).saturating_sub(MESSAGE_HEAD) as u64;
        if length > bound || !length.is_multiple_of(8) {
            return Err(CoreError::Broken {
                invariant: "a ring message lies inside the ring",
                was: length.to_string(),
            });
        }
        Ok(length as usize)
    }

    /// Whether a message waits.
    #[inline]
    pub fn is_empty(&mut self) -> bool {
        !self.has_message()
    }
}
