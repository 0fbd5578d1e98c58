//! A bounded buffer of records back to back: what decoders write and the sequencer reads.

use super::header::{Record, flags};
use super::read::{Level, RecordIter, RecordRef, as_bytes};
use super::records::DepthHead;
use crate::error::{CoreError, Result};

/// A bounded, 8-byte aligned buffer of records back to back: what decoders write and the sequencer reads.
#[derive(Debug, Clone)]
pub struct RecordBuf {
    words: Vec<u64>,
    capacity: usize,
}

impl RecordBuf {
    /// A buffer that holds `capacity` bytes and never grows.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self { words: Vec::with_capacity(capacity / 8), capacity: capacity / 8 * 8 }
    }

    /// Forgets all records, keeps the memory.
    pub fn clear(&mut self) {
        self.words.clear();
    }

    /// Whether no record is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// All bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: u64s are 8 initialised bytes each.
        unsafe { std::slice::from_raw_parts(self.words.as_ptr().cast(), self.words.len() * 8) }
    }

    /// Appends one record.
    pub fn push<R: Record>(&mut self, record: &R) -> Result<()> {
        let bytes = as_bytes(record);
        self.reserve(bytes.len())?;
        self.words.extend(bytes.as_chunks::<8>().0.iter().map(|word| u64::from_ne_bytes(*word)));
        Ok(())
    }

    /// Appends a record that is already bytes.
    pub fn push_ref(&mut self, record: RecordRef<'_>) -> Result<()> {
        self.reserve(record.bytes().len())?;
        self.words.extend(record.bytes().as_chunks::<8>().0.iter().map(|word| u64::from_ne_bytes(*word)));
        Ok(())
    }

    /// Begins a depth message; `level` adds to it, bids first, and `end_depth` fills in its counts.
    pub fn begin_depth(&mut self) -> Result<usize> {
        let at = self.words.len();
        self.reserve(size_of::<DepthHead>())?;
        self.words.resize(at + size_of::<DepthHead>() / 8, 0);
        Ok(at)
    }

    /// Appends one level to the depth message that was begun.
    #[inline]
    pub fn level(&mut self, level: Level) -> Result<()> {
        if self.words.len() * 8 + 16 > self.capacity {
            return Err(CoreError::Full { what: "record buffer", capacity: self.capacity });
        }
        self.words.extend_from_slice(&[level.price as u64, level.qty as u64]);
        Ok(())
    }

    /// Puts one level before the last `after` levels of the depth message that was begun.
    pub fn level_before(&mut self, after: usize, level: Level) -> Result<()> {
        self.level(level)?;
        let from = self.words.len().saturating_sub((after + 1) * 2);
        if let Some(last) = self.words.get_mut(from..) {
            last.rotate_right(2);
        }
        Ok(())
    }

    /// Ends the depth message begun at `at`: `head` with its length set.
    pub fn end_depth(&mut self, at: usize, mut head: DepthHead) {
        head.header.length = ((self.words.len() - at) * 8) as u32;
        for (slot, word) in self.words[at..].iter_mut().zip(as_bytes(&head).as_chunks::<8>().0) {
            *slot = u64::from_ne_bytes(*word);
        }
    }

    /// Drops everything from word `at` on: a message that failed half-way leaves nothing.
    pub fn rollback(&mut self, at: usize) {
        self.words.truncate(at);
    }

    /// Sets `BATCH_END` on the last record; an empty buffer stays empty.
    pub fn mark_batch_end(&mut self) {
        let mut at = 0;
        loop {
            let Some(word) = self.words.get(at) else { return };
            let next = at + (*word as u32 as usize) / 8;
            if next == at || next >= self.words.len() {
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
    pub fn mark(&self) -> usize {
        self.words.len()
    }

    /// The records in order.
    pub fn iter(&self) -> RecordIter<'_> {
        RecordIter::new(self.bytes())
    }

    fn reserve(&self, bytes: usize) -> Result<()> {
        if self.words.len() * 8 + bytes > self.capacity {
            return Err(CoreError::Full { what: "record buffer", capacity: self.capacity });
        }
        Ok(())
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
