//! A file of ITCH 5.0 messages as NASDAQ distributes a day, as the records that books of single orders take.
//!
//! catalogue: M1, M2, M12. Source: Nasdaq's "BinaryFILE" (each message behind its length in two bytes, big-endian; a length of
//! 0 ends the file). A message's book is its symbol's locate code. Types that this version does not know are
//! counted and left out, because the lengths lead past them; a known one of another length is an error.

use super::itch::{self, ItchError, Message, Name};
use crate::book::l3::{Change, OrderRecord, RecordKind, record_flags as flags};
use crate::error::{CoreError, Result};

/// Reads the bytes of a file, chunk by chunk.
#[derive(Debug)]
pub struct ItchFile {
    /// The bytes of a message that is not whole yet.
    rest: Vec<u8>,
    /// Bytes of whole messages so far.
    at: u64,
    ended: bool,
    symbols: Vec<Name<8>>,
    counts: [u64; 256],
}

impl Default for ItchFile {
    fn default() -> Self {
        Self::new()
    }
}

impl ItchFile {
    /// At the beginning of a file.
    #[must_use]
    pub const fn new() -> Self {
        Self { rest: Vec::new(), at: 0, ended: false, symbols: Vec::new(), counts: [0; 256] }
    }

    /// Reads the next bytes and adds the records of every whole message that changes a book to `out`.
    ///
    /// Errors: `Decode` with the place in the file; records before it stay in `out`.
    pub fn feed(&mut self, bytes: &[u8], out: &mut Vec<OrderRecord>) -> Result<()> {
        let mut bytes = bytes;
        while !self.rest.is_empty() && !bytes.is_empty() {
            // A message across two chunks: its length first, then as much as is missing.
            let want = self.rest.first_chunk().map_or(2, |len| 2 + usize::from(u16::from_be_bytes(*len)));
            let (now, later) = bytes.split_at(bytes.len().min(want.saturating_sub(self.rest.len())));
            self.rest.extend_from_slice(now);
            bytes = later;
            let held = std::mem::take(&mut self.rest);
            let left = self.whole(&held, out)?;
            self.rest = held.get(held.len() - left..).unwrap_or_default().to_vec();
        }
        if self.rest.is_empty() {
            let left = self.whole(bytes, out)?;
            self.rest.extend_from_slice(bytes.get(bytes.len() - left..).unwrap_or_default());
        }
        Ok(())
    }

    /// Reads whole messages; how many bytes are left of one that is not.
    fn whole(&mut self, bytes: &[u8], out: &mut Vec<OrderRecord>) -> Result<usize> {
        let mut rest = bytes;
        while let Some((len, behind)) = rest.split_first_chunk() {
            let len = usize::from(u16::from_be_bytes(*len));
            if self.ended {
                return Err(self.refuse("ITCH file", "bytes behind its end".to_owned()));
            }
            let Some((message, behind)) = behind.split_at_checked(len) else { break };
            self.ended = message.is_empty();
            if !self.ended {
                self.message(message, out)?;
            }
            self.at += 2 + len as u64;
            rest = behind;
        }
        Ok(rest.len())
    }

    fn refuse(&self, field: &'static str, was: String) -> CoreError {
        CoreError::Decode { at: self.at as usize, field, was }
    }

    fn message(&mut self, bytes: &[u8], out: &mut Vec<OrderRecord>) -> Result<()> {
        let (head, message) = match itch::message(bytes) {
            Ok(read) => read,
            Err(ItchError::UnknownType(kind)) => {
                self.counts[usize::from(kind)] += 1;
                return Ok(());
            }
            Err(error) => return Err(self.refuse("ITCH message", error.to_string())),
        };
        self.counts[usize::from(bytes[0])] += 1;
        if let Message::Directory { stock, .. } = message {
            let at = usize::from(head.locate);
            if self.symbols.len() <= at {
                self.symbols.resize(at + 1, [b' '; 8]);
            }
            self.symbols[at] = stock;
        }
        if let Some(change) = itch::change(&head, &message) {
            out.push(record(change, head.ts_midnight_ns));
        }
        Ok(())
    }

    /// The symbols by locate code, padded with spaces; blank where the directory has none.
    #[must_use]
    pub fn symbols(&self) -> &[Name<8>] {
        &self.symbols
    }

    /// How many messages of a type there were.
    #[must_use]
    pub const fn count(&self, kind: u8) -> u64 {
        self.counts[kind as usize]
    }

    /// How many bytes of a torn message are left at the end.
    #[must_use]
    pub const fn torn(&self) -> usize {
        self.rest.len()
    }
}

/// A change as the record that says the same.
fn record(change: Change, ts_midnight_ns: u64) -> OrderRecord {
    let (book, id) = (change.book(), change.id());
    let ts_ns = ts_midnight_ns.cast_signed();
    let base = OrderRecord { id, book, ts_ns, flags: flags::LAST | flags::MESSAGE, ..OrderRecord::default() };
    let of = |kind: RecordKind, new_id, price, qty| OrderRecord { kind: kind as u8, new_id, price, qty, ..base };
    match change {
        Change::Add { side, price, qty, .. } => OrderRecord { side: side as u8, ..of(RecordKind::Add, 0, price, qty) },
        Change::Reduce { qty, .. } => of(RecordKind::Reduce, 0, 0, qty),
        Change::Delete { .. } => of(RecordKind::Delete, 0, 0, 0),
        Change::Replace { new_id, price, qty, .. } => of(RecordKind::Replace, new_id, price, qty),
        Change::Amend { price, qty, .. } => of(RecordKind::Amend, 0, price, qty),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A directory entry, an add, an unknown type and a deletion of it, each behind its length.
    fn file() -> Vec<u8> {
        let head = |kind: u8| [&[kind, 0, 3, 0, 0][..], &34_200_000_000_001_u64.to_be_bytes()[2..]].concat();
        let directory = [head(b'R'), b"AAPL    ".to_vec(), vec![b' '; 20]].concat();
        let add = [head(b'A'), 9_u64.to_be_bytes().to_vec(), b"S\0\0\0\x64AAPL    \0\x0f\x42\x40".to_vec()].concat();
        let delete = [head(b'D'), 9_u64.to_be_bytes().to_vec()].concat();
        let frame = |message: Vec<u8>| [(message.len() as u16).to_be_bytes().to_vec(), message].concat();
        [directory, add, vec![b'?', 1, 2], delete, Vec::new()].into_iter().flat_map(frame).collect()
    }

    #[test]
    fn every_cut_of_the_file_gives_the_same_records() {
        let bytes = file();
        let mut want = Vec::new();
        ItchFile::new().feed(&bytes, &mut want).unwrap();
        assert_eq!((want.len(), want[0].kind, want[0].side, want[0].price, want[0].qty), (2, 1, 1, 1_000_000, 100));
        assert_eq!((want[1].kind, want[1].id, want[1].book, want[1].ts_ns), (3, 9, 3, 34_200_000_000_001));
        for step in 1..bytes.len() {
            let (mut file, mut found) = (ItchFile::new(), Vec::new());
            bytes.chunks(step).for_each(|chunk| file.feed(chunk, &mut found).unwrap());
            assert_eq!((&found, file.torn(), file.symbols()[3]), (&want, 0, *b"AAPL    "), "chunks of {step}");
            assert_eq!((file.count(b'?'), file.count(b'A')), (1, 1));
        }
    }

    #[test]
    fn damage_names_its_place_and_a_torn_end_is_none() {
        let bytes = file();
        let mut file = ItchFile::new();
        file.feed(&bytes[..bytes.len() - 5], &mut Vec::new()).unwrap();
        assert_eq!(file.torn(), 18);
        let long = [&bytes[..41], &[0, 20], &bytes[43..63]].concat();
        let error = ItchFile::new().feed(&long, &mut Vec::new()).unwrap_err().to_string();
        assert!(error.contains("41") && error.contains("36"), "{error}");
        let behind = ItchFile::new().feed(&[&bytes[..], &[0, 1, b'D']].concat(), &mut Vec::new());
        assert!(behind.unwrap_err().to_string().contains("behind its end"));
    }
}
