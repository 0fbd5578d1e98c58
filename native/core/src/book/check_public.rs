//! The checker's way through a venue beside Binance: message by message, with its checksum where it sends one.
//!
//! catalogue: M4, M9. A checksum is equal where the CRC of the texts as sent is the venue's, and the book's own best levels
//! are those texts' ticks and lots.

use super::{Checker, Entry, STAMP};
use crate::book::sent::SentBook;
use crate::decode::PublicDecoder;
use crate::decode::public::{BookMessage, Message, Public};
use crate::error::Result;
use crate::units::Side;

/// What the checker has of a venue beside Binance.
pub(super) struct Source {
    pub public: Public,
    pub decoder: PublicDecoder,
}

impl Source {
    pub fn new(public: Public) -> Self {
        Self { public, decoder: PublicDecoder::new(public) }
    }
}

impl Checker {
    /// Takes one recorded message of `source`.
    pub(super) fn take_public(&mut self, source: &Source, payload: &[u8]) -> Result<()> {
        let Self { records, entries, .. } = self;
        let mut counted = None;
        source.public.read(payload, &mut |message| {
            records.clear();
            let id = source.decoder.write(&message, STAMP, records)?;
            let Some(entry) = entries.get_mut((id as usize).wrapping_sub(1)) else { return Ok(()) };
            // A message may hold several trades of one instrument.
            if counted.replace(id) != Some(id) {
                entry.tally(|tally| tally.messages += 1);
            }
            if let Message::Book(book) = &message {
                entry.book.follow(source.public.rule(book.depth));
            }
            for record in records.iter() {
                entry.take(record?)?;
            }
            match &message {
                Message::Book(book) => entry.sum(source, id, book),
                _ => Ok(()),
            }
        })
    }
}

impl Entry {
    /// Brings the texts as sent up to date and compares the venue's checksum.
    fn sum(&mut self, source: &Source, id: u32, book: &BookMessage<'_>) -> Result<()> {
        let venue = source.public.venue();
        if SentBook::new().checksum(venue).is_none() {
            return Ok(());
        }
        if book.snapshot {
            self.sent.clear();
        }
        for side in [Side::Buy, Side::Sell] {
            book.levels(side, |price, qty| {
                let level = source.decoder.level(id, price, qty)?;
                self.sent.apply(side, level, price, qty)
            })?;
        }
        if let Some(depth) = book.depth {
            self.sent.keep(depth);
        }
        if let Some(want) = book.checksum {
            let equal = self.sent.checksum(venue) == Some(want) && self.sent.is_top_of(self.book.book());
            self.tally(|tally| {
                tally.checksums += 1;
                tally.checksums_equal += u64::from(equal);
            });
        }
        Ok(())
    }
}
