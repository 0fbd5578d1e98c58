//! A bounded buffer of records back to back: what decoders write and the sequencer reads.

use super::header::{Record, flags};
use super::read::{Level, RecordIter, RecordRef, as_bytes};
use super::records::DepthHead;
use crate::error::{CoreError, Result};

/// Words of one level.
const LEVEL_WORDS: usize = size_of::<Level>() / 8;

/// A bounded, 8-byte aligned buffer of records back to back: what decoders write and the sequencer reads.
#[derive(Clone)]
pub struct RecordBuf {
    words: Box<[u64]>,
    used: usize,
}

impl RecordBuf {
    /// A buffer that holds `capacity` bytes and never grows.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self { words: vec![0; capacity / 8].into_boxed_slice(), used: 0 }
    }

    /// Forgets all records, keeps the memory.
    #[inline]
    pub const fn clear(&mut self) {
        self.used = 0;
    }

    /// Whether no record is in it.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.used == 0
    }

    /// All bytes.
    #[must_use]
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        let words = self.words();
        // SAFETY: u64s are 8 initialised bytes each.
        unsafe { std::slice::from_raw_parts(words.as_ptr().cast(), words.len() * 8) }
    }

    #[inline]
    fn words(&self) -> &[u64] {
        self.words.get(..self.used).unwrap_or_default()
    }

    /// Appends one record.
    pub fn push<R: Record>(&mut self, record: &R) -> Result<()> {
        self.push_bytes(as_bytes(record))
    }

    /// Appends a record that is already bytes.
    pub fn push_ref(&mut self, record: RecordRef<'_>) -> Result<()> {
        self.push_bytes(record.bytes())
    }

    #[inline]
    fn push_bytes(&mut self, bytes: &[u8]) -> Result<()> {
        let at = self.used;
        self.reserve(bytes.len() / 8)?;
        copy_words(&mut self.words[at..at + bytes.len() / 8], bytes);
        Ok(())
    }

    /// Begins a depth message; `level` adds to it, bids first, and `end_depth` fills in its counts.
    #[inline]
    pub fn begin_depth(&mut self) -> Result<usize> {
        let at = self.used;
        self.reserve(size_of::<DepthHead>() / 8)?;
        Ok(at)
    }

    /// Appends one level to the depth message that was begun.
    #[inline]
    pub fn level(&mut self, level: Level) -> Result<()> {
        let at = self.used;
        self.reserve(LEVEL_WORDS)?;
        self.words[at..at + LEVEL_WORDS].copy_from_slice(&[level.price as u64, level.qty as u64]);
        Ok(())
    }

    /// Puts one level before the last `after` levels of the depth message that was begun.
    pub fn level_before(&mut self, after: usize, level: Level) -> Result<()> {
        self.level(level)?;
        let from = self.used.saturating_sub((after + 1) * LEVEL_WORDS);
        if let Some(last) = self.words.get_mut(from..self.used) {
            last.rotate_right(LEVEL_WORDS);
        }
        Ok(())
    }

    /// The room for further levels of the depth message that was begun, each a price and a size as words; `took` makes the
    /// first ones part of the message.
    #[inline]
    pub fn room(&mut self) -> &mut [[u64; LEVEL_WORDS]] {
        self.words.get_mut(self.used..).unwrap_or_default().as_chunks_mut().0
    }

    /// So many levels were written into `room`, which has not changed since.
    #[inline]
    pub fn took(&mut self, levels: usize) {
        self.used = (self.used + levels * LEVEL_WORDS).min(self.words.len());
    }

    /// Ends the depth message begun at `at`: `head` with its length set.
    #[inline]
    pub fn end_depth(&mut self, at: usize, mut head: DepthHead) {
        head.header.length = ((self.used - at) * 8) as u32;
        copy_words(&mut self.words[at..at + size_of::<DepthHead>() / 8], as_bytes(&head));
    }

    /// Drops everything from word `at` on: a message that failed half-way leaves nothing.
    pub fn rollback(&mut self, at: usize) {
        self.used = self.used.min(at);
    }

    /// Sets `BATCH_END` on the last record; an empty buffer stays empty.
    pub fn mark_batch_end(&mut self) {
        let mut at = 0;
        loop {
            let Some(word) = self.words().get(at) else { return };
            let next = at + (*word as u32 as usize) / 8;
            if next == at || next >= self.used {
                break;
            }
            at = next;
        }
        // The flags are the upper half of the header's second word (offset 12).
        if let Some(word) = self.words.get_mut(at + 1) {
            *word |= u64::from(flags::BATCH_END) << 32;
        }
    }

    /// The position to give to `rollback`.
    #[must_use]
    #[inline]
    pub const fn mark(&self) -> usize {
        self.used
    }

    /// The records in order.
    pub fn iter(&self) -> RecordIter<'_> {
        RecordIter::new(self.bytes())
    }

    /// Takes the next words into the message, or says that there is no room.
    #[inline]
    fn reserve(&mut self, words: usize) -> Result<()> {
        if self.words.len() - self.used < words {
            return Err(full(self.words.len() * 8));
        }
        self.used += words;
        Ok(())
    }
}

#[cold]
fn full(capacity: usize) -> CoreError {
    CoreError::Full { what: "record buffer", capacity }
}

/// Copies whole words of bytes to `to`, which is as long: a length that is known makes stores of it, where a call would wait
/// for the bytes to be written first.
#[inline]
fn copy_words(to: &mut [u64], bytes: &[u8]) {
    for (slot, word) in to.iter_mut().zip(bytes.as_chunks::<8>().0) {
        *slot = u64::from_ne_bytes(*word);
    }
}

impl std::fmt::Debug for RecordBuf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RecordBuf({} of {} bytes)", self.used * 8, self.words.len() * 8)
    }
}

impl<'a> IntoIterator for &'a RecordBuf {
    type Item = Result<RecordRef<'a>>;
    type IntoIter = RecordIter<'a>;
    fn into_iter(self) -> RecordIter<'a> {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Header, Trade};
    use super::*;

    #[test]
    fn records_survive_a_buffer() {
        let mut buf = RecordBuf::with_capacity(4096);
        let trade = Trade { header: Header::of::<Trade>(7, 1, 10, 20), price: 5, qty: 6 };
        buf.push(&trade).unwrap();
        let at = buf.begin_depth().unwrap();
        buf.level(Level { price: 1, qty: 2 }).unwrap();
        buf.level(Level { price: 3, qty: 4 }).unwrap();
        let head = DepthHead { header: Header::of::<DepthHead>(7, 1, 10, 20), first: 1, previous: 0, bids: 1, asks: 1 };
        buf.end_depth(at, head);
        let all: Vec<_> = buf.iter().map(|r| r.unwrap()).collect();
        assert_eq!(all.len(), 2);
        assert_eq!(all[0].get::<Trade>(), Some(trade));
        let depth = all[1].depth().unwrap();
        assert_eq!((depth.bids[0].qty, depth.asks[0].price), (2, 3));
    }

    #[test]
    fn the_last_record_of_an_input_is_marked() {
        let mut buf = RecordBuf::with_capacity(4096);
        buf.mark_batch_end();
        for id in 1..=3 {
            buf.push(&Trade { header: Header::of::<Trade>(id, 1, 10, 20), price: 5, qty: 6 }).unwrap();
        }
        buf.mark_batch_end();
        let marked: Vec<bool> = buf.iter().map(|r| r.unwrap().header().has(flags::BATCH_END)).collect();
        assert_eq!(marked, [false, false, true]);
    }

    #[test]
    fn a_damaged_record_is_refused_not_read() {
        let mut buf = RecordBuf::with_capacity(256);
        buf.push(&Trade { header: Header::of::<Trade>(7, 1, 10, 20), price: 5, qty: 6 }).unwrap();
        let good = buf.words.clone();
        for bad in [0x40_0000_0000_u64, 63, 72] {
            buf.words = good.clone();
            buf.words[0] = bad;
            assert!(buf.iter().any(|r| r.is_err()), "{bad:x}");
        }
    }

    #[test]
    fn a_full_buffer_says_so() {
        let mut buf = RecordBuf::with_capacity(64);
        let trade = Trade { header: Header::of::<Trade>(7, 1, 10, 20), price: 5, qty: 6 };
        buf.push(&trade).unwrap();
        assert_eq!(buf.push(&trade), Err(CoreError::Full { what: "record buffer", capacity: 64 }));
    }
}
