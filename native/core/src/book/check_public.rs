//! The checker's way through a venue beside Binance: message by message, with its checksum where it sends one.
//!
//! catalogue: M4, M9. A checksum is equal where the CRC of the texts as sent is the venue's, and the book's own best levels
//! are those texts' ticks and lots.

use super::{BEST, Checker, Entry, FIGURES, KLINE, STAMP, TRADE, WHOLE};
use crate::decode::PublicDecoder;
use crate::decode::memory::Memory;
use crate::decode::message::{BookMessage, Message};
use crate::decode::public::Public;
use crate::error::Result;

/// The place of a message in `TOLD`; None for a change of a book.
const fn told(message: &Message<'_>) -> Option<usize> {
    match message {
        Message::Book(book) if !book.snapshot => None,
        Message::Book(_) => Some(WHOLE),
        Message::Top(_) => Some(BEST),
        Message::Trade(_) => Some(TRADE),
        Message::Figures(_) | Message::Found(_) => Some(FIGURES),
        Message::Kline(_) => Some(KLINE),
    }
}

/// What the checker has of a venue beside Binance.
pub(super) struct Source {
    pub public: Public,
    pub decoder: PublicDecoder,
    /// What the connection has said before.
    memory: Memory,
    /// The place of the last message among all of its connection.
    sequence: Option<u64>,
    /// No message of the present file has come yet.
    pub fresh: bool,
}

impl Source {
    pub fn new(public: Public) -> Self {
        Self { public, decoder: PublicDecoder::new(public), memory: Memory::default(), sequence: None, fresh: true }
    }

    /// Whether messages are missing before the one at `place`, where the venue counts them.
    fn misses(&mut self, place: Option<u64>) -> bool {
        let Some(place) = place else { return false };
        let before = self.sequence.replace(place);
        before.is_some_and(|before| place != before + 1)
    }
}

impl Checker {
    /// Takes one recorded message of `source`, or the body of a REST book of `symbol`.
    pub(super) fn take_public(&mut self, source: &mut Source, payload: &[u8], symbol: Option<&str>) -> Result<()> {
        let Self { records, entries, .. } = self;
        let mut counted = None;
        let public = source.public;
        let mut memory = std::mem::take(&mut source.memory);
        let mut take = |message: &Message<'_>| {
            let kind = told(message);
            if matches!(kind, Some(FIGURES | KLINE)) {
                let told_of = entries.iter_mut().find(|entry| entry.instrument.symbol.as_bytes() == message.symbol());
                told_of
                    .into_iter()
                    .for_each(|entry| entry.tally(|tally| kind.map_or((), |kind| tally.told[kind] += 1)));
                return Ok(());
            }
            records.clear();
            let (id, _) = source.decoder.write(message, payload, STAMP, records)?;
            let Some(entry) = entries.get_mut((id as usize).wrapping_sub(1)) else { return Ok(()) };
            // A message may hold several trades of one instrument.
            if counted.replace(id) != Some(id) {
                entry.tally(|tally| {
                    tally.messages += 1;
                    kind.into_iter().for_each(|kind| tally.told[kind] += 1);
                });
            }
            if let Message::Book(book) = message {
                entry.book.follow(source.public.rule(book.depth));
            }
            for record in records.iter() {
                entry.take(record?)?;
            }
            match message {
                Message::Book(book) => entry.sum(source, id, book),
                _ => Ok(()),
            }
        };
        let place = match symbol {
            Some(symbol) => public.read_whole(symbol.as_bytes(), payload, &mut take).map(|()| None),
            None => public.read(&mut memory, payload, &mut take),
        };
        source.memory = memory;
        let place = place?;
        if source.misses(place) {
            entries.iter_mut().for_each(|entry| entry.doubt(place, source.fresh));
        }
        source.fresh = false;
        Ok(())
    }
}

impl Entry {
    /// A message of the connection is missing, of whatever book: this one waits for the next whole one.
    ///
    /// Place 0 is a new connection and a fresh file another recording: neither lost a message.
    fn doubt(&mut self, place: Option<u64>, fresh: bool) {
        if place != Some(0) && !fresh {
            self.tally(|tally| tally.gaps += 1);
        }
        self.book.reset();
    }

    /// Brings the texts as sent up to date and compares the venue's checksum.
    fn sum(&mut self, source: &Source, id: u32, book: &BookMessage<'_>) -> Result<()> {
        let level = |price: &[u8], qty: &[u8]| source.decoder.level(id, price, qty);
        let found = self.sent.follow(source.public.venue(), book, self.book.book(), level)?;
        if let Some((equal, _)) = found {
            self.tally(|tally| {
                tally.checksums += 1;
                tally.checksums_equal += u64::from(equal);
            });
        }
        Ok(())
    }
}
