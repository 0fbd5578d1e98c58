//! The books of a live connection: what a message changes, and which books must be asked for anew.
//!
//! catalogue: M1, M3, M4. It holds what `check` counts afterwards to the same rules while the connection lives: ids by the
//! venue's `rule`, checksums by the texts as `sent`. A book that is in doubt is emptied and noted, and whoever has the
//! connection asks for it again. A book can also be watched without tick and lot: then only its ids are followed, which
//! is what a recorder needs to know when a message is missing.

use super::rule::AnyRule;
use super::sent::SentBook;
use super::{SyncOutcome, SyncedBook};
use crate::decode::memory::Memory;
use crate::decode::message::{BookMessage, Message};
use crate::decode::public::Public;
use crate::decode::{Decoder, PublicDecoder, Stamp};
use crate::error::{CoreError, Result};
use crate::event::{DepthHead, DepthView, Header, RecordBuf, RecordRef, flags};
use crate::instrument::{Instrument, Market};

/// The most books of one connection: each has reserved its memory.
pub const BOOKS_MAX: usize = 512;

/// Something that whoever has the connection must know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Note {
    /// A change waits for the whole book.
    Waiting,
    /// The book is in step.
    Synced,
    /// A message is missing: the id that should have come, and the one that came.
    Gap {
        /// What should have come.
        expected: u64,
        /// What came.
        was: u64,
    },
    /// The best bid is not below the best ask.
    Crossed,
    /// The venue's checksum is not the book's.
    Checksum {
        /// The venue's.
        expected: u64,
        /// The book's.
        was: u64,
    },
}

/// What happened to one book since it was defined.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Messages of the book that it took.
    pub applied: u64,
    /// Missing messages.
    pub gaps: u64,
    /// Times that it was crossed.
    pub crossed: u64,
    /// Checksums that the venue sent while it was in step.
    pub checksums: u64,
    /// Of these, not equal.
    pub checksums_wrong: u64,
}

/// One book and its figures.
#[derive(Debug)]
pub struct LiveBook {
    symbol: String,
    watched: bool,
    book: SyncedBook<AnyRule>,
    sent: SentBook,
    counts: Counts,
}

/// Who decodes the messages of the connection.
enum Reader {
    Binance(Box<Decoder>, Market),
    Public(Box<PublicDecoder>, Public),
    /// Somebody else, who hands over depth as it is.
    Other(AnyRule),
}

/// The books of one connection.
pub struct LiveBooks {
    reader: Reader,
    books: Vec<LiveBook>,
    /// The place of the last message among all of the connection, where the venue counts them.
    place: Option<u64>,
    /// What the connection has said before.
    memory: Memory,
    notes: Vec<(u32, Note)>,
}

impl LiveBooks {
    /// The books of a market of Binance.
    #[must_use]
    pub fn of_binance(market: Market) -> Self {
        Self::with(Reader::Binance(Box::default(), market))
    }

    /// The books of another venue's connection.
    #[must_use]
    pub fn of_public(public: Public) -> Self {
        Self::with(Reader::Public(Box::new(PublicDecoder::new(public)), public))
    }

    /// Books whose messages somebody else decodes, and that stay in step by `rule`.
    #[must_use]
    pub fn of_rule(rule: AnyRule) -> Self {
        Self::with(Reader::Other(rule))
    }

    fn with(reader: Reader) -> Self {
        Self { reader, books: Vec::new(), place: None, memory: Memory::default(), notes: Vec::new() }
    }

    /// The market of a symbol, as its instrument must have it.
    #[must_use]
    pub fn market_of(&self, symbol: &str) -> Market {
        match &self.reader {
            Reader::Binance(_, market) => *market,
            Reader::Public(decoder, _) => decoder.market_of(symbol.as_bytes()),
            Reader::Other(_) => Market::Spot,
        }
    }

    /// Adds an instrument, or gives one that is known another tick and lot: its book is then empty. Returns its number.
    ///
    /// Errors: `Field` for a bad definition, `Full` where there are `BOOKS_MAX` books.
    pub fn define(&mut self, instrument: Instrument) -> Result<u32> {
        let id = self.place_of(&instrument.symbol)?;
        let instrument = Instrument { id, ..instrument };
        match &mut self.reader {
            Reader::Binance(decoder, _) => decoder.define(&instrument)?,
            Reader::Public(decoder, _) => decoder.define(&instrument)?,
            Reader::Other(_) => {}
        }
        self.enter(id, instrument.symbol, false);
        Ok(id)
    }

    /// Follows the ids of a symbol's book without its levels. Returns its number.
    ///
    /// Errors: `Field` for Binance, whose decoder needs a tick and a lot; `Full` where there are `BOOKS_MAX` books.
    pub fn watch(&mut self, symbol: &str) -> Result<u32> {
        if matches!(self.reader, Reader::Binance(..)) {
            let why = "must be defined with tick and lot";
            return Err(CoreError::Field { field: "symbol", was: symbol.to_owned(), why });
        }
        let id = self.place_of(symbol)?;
        self.enter(id, symbol.to_owned(), true);
        Ok(id)
    }

    fn place_of(&self, symbol: &str) -> Result<u32> {
        let at = self.books.iter().position(|book| book.symbol == symbol).unwrap_or(self.books.len());
        if at >= BOOKS_MAX {
            return Err(CoreError::Full { what: "books of one connection", capacity: BOOKS_MAX });
        }
        Ok(at as u32 + 1)
    }

    fn enter(&mut self, id: u32, symbol: String, watched: bool) {
        let rule = match &self.reader {
            Reader::Binance(_, market) => AnyRule::Binance(*market),
            Reader::Public(_, public) => public.rule(None),
            Reader::Other(rule) => *rule,
        };
        let counts = self.book(id).map_or_else(Counts::default, |known| known.counts);
        let book = LiveBook { symbol, watched, book: SyncedBook::new(rule), sent: SentBook::new(), counts };
        match self.books.get_mut(id as usize - 1) {
            Some(known) => *known = book,
            None => self.books.push(book),
        }
    }

    /// The book of an instrument.
    #[must_use]
    pub fn book(&self, id: u32) -> Option<&LiveBook> {
        self.books.get((id as usize).wrapping_sub(1))
    }

    /// What the last call found, by instrument.
    #[must_use]
    pub fn notes(&self) -> &[(u32, Note)] {
        &self.notes
    }

    /// Takes one message, or the body of the REST book of instrument `whole`; `each` gets every record of it. Returns
    /// how many things of the market it told; 0 for an answer, a heartbeat and the like.
    ///
    /// Errors: `Decode`, `Field` or `Unknown` for what cannot be read; the books are then as before, or in doubt.
    pub fn take(
        &mut self,
        payload: &[u8],
        whole: Option<u32>,
        stamp: Stamp,
        records: &mut RecordBuf,
        each: &mut dyn FnMut(RecordRef<'_>),
    ) -> Result<usize> {
        self.notes.clear();
        let Self { reader, books, place, memory, notes } = self;
        match reader {
            Reader::Binance(decoder, market) => {
                records.clear();
                match whole {
                    Some(id) => decoder.snapshot(id, payload, stamp, records)?,
                    None => decoder.market(*market, payload, stamp, records)?,
                };
                let mut told = 0;
                for record in records.iter() {
                    let record = record?;
                    told += 1;
                    let id = record.header().instrument;
                    if let (Some(view), Some(book)) = (record.depth(), books.get_mut((id as usize).wrapping_sub(1))) {
                        book.depth(id, view, notes)?;
                    }
                    each(record);
                }
                Ok(told)
            }
            Reader::Public(decoder, public) => {
                let symbol = whole.map(|id| name_of(books, id)).transpose()?;
                let mut told = 0;
                let mut take = |message: &Message<'_>| {
                    told += 1;
                    public_message((decoder, *public), (message, payload), stamp, records, books, notes, each)
                };
                let now = match &symbol {
                    Some(symbol) => public.read_whole(symbol.as_bytes(), payload, &mut take).map(|()| None),
                    None => public.read(memory, payload, &mut take),
                }?;
                if let Some((expected, was)) = missing(place, now) {
                    for (id, book) in (1..).zip(books.iter_mut()) {
                        book.doubt(id, Note::Gap { expected, was }, notes);
                    }
                }
                Ok(told)
            }
            Reader::Other(_) => {
                let why = "must have a decoder; hand its depth over instead";
                Err(CoreError::Field { field: "feed", was: "a rule alone".to_owned(), why })
            }
        }
    }

    /// Takes the depth of an instrument that somebody else has decoded.
    pub fn apply(&mut self, id: u32, view: DepthView<'_>) -> Result<()> {
        self.notes.clear();
        let known = self.books.get_mut((id as usize).wrapping_sub(1));
        let book = known.ok_or_else(|| CoreError::Unknown { what: "instrument", was: id.to_string() })?;
        book.depth(id, view, &mut self.notes)
    }

    /// The connection is gone: every book is empty until its whole book comes.
    pub fn reset(&mut self) {
        self.place = None;
        self.memory = Memory::default();
        for book in &mut self.books {
            book.forget();
        }
    }

    /// Empties one book, which is in doubt for a reason that its ids cannot tell; changes wait again where they can.
    pub fn distrust(&mut self, id: u32) {
        if let Some(book) = self.books.get_mut((id as usize).wrapping_sub(1)) {
            book.forget();
        }
    }
}

/// The symbol of an instrument.
fn name_of(books: &[LiveBook], id: u32) -> Result<String> {
    let known = books.get((id as usize).wrapping_sub(1)).map(|book| book.symbol.clone());
    known.ok_or_else(|| CoreError::Unknown { what: "instrument", was: id.to_string() })
}

/// What should have come and what came, where messages of the connection are missing before the one at `now`. A message
/// that comes twice or late is none that is missing: the gap was told when the later one came.
fn missing(place: &mut Option<u64>, now: Option<u64>) -> Option<(u64, u64)> {
    let was = now?;
    let expected = place.map(|before| before.saturating_add(1));
    *place = Some(place.map_or(was, |before| before.max(was)));
    expected.filter(|expected| was > *expected).map(|expected| (expected, was))
}

/// One message of a venue beside Binance: to its book, and as a record to `each`.
fn public_message(
    (decoder, public): (&PublicDecoder, Public),
    (message, payload): (&Message<'_>, &[u8]),
    stamp: Stamp,
    records: &mut RecordBuf,
    books: &mut [LiveBook],
    notes: &mut Vec<(u32, Note)>,
    each: &mut dyn FnMut(RecordRef<'_>),
) -> Result<()> {
    let named = |book: &LiveBook| book.watched && book.symbol.as_bytes() == message.symbol();
    if let Some(at) = books.iter().position(named) {
        let (Message::Book(told), Some(book)) = (message, books.get_mut(at)) else { return Ok(()) };
        book.book.follow(public.rule(told.depth));
        return book.depth(at as u32 + 1, DepthView { head: &head_of(told, stamp), bids: &[], asks: &[] }, notes);
    }
    records.clear();
    let (id, _) = decoder.write(message, payload, stamp, records)?;
    let known = books.get_mut((id as usize).wrapping_sub(1));
    records.iter().try_for_each(|record| record.map(&mut *each))?;
    let (Message::Book(told), Some(book)) = (message, known) else { return Ok(()) };
    book.book.follow(public.rule(told.depth));
    for record in records.iter() {
        if let Some(view) = record?.depth() {
            book.depth(id, view, notes)?;
        }
    }
    book.sum(id, decoder, public, told, notes)
}

/// The head of a book's message without its levels.
fn head_of(told: &BookMessage<'_>, stamp: Stamp) -> DepthHead {
    let mut header = Header::of::<DepthHead>(0, stamp.stream, stamp.ts_receive, stamp.ts_mono);
    let (first, last, previous) = told.ids;
    header.stream_seq = last;
    header.flags = if told.snapshot { flags::SNAPSHOT } else { 0 };
    DepthHead { header, first, previous, bids: 0, asks: 0 }
}

impl LiveBook {
    /// The book in step, empty while it waits.
    #[must_use]
    pub const fn synced(&self) -> &SyncedBook<AnyRule> {
        &self.book
    }

    /// The symbol.
    #[must_use]
    pub fn symbol(&self) -> &str {
        &self.symbol
    }

    /// Its figures.
    #[must_use]
    pub const fn counts(&self) -> Counts {
        self.counts
    }

    fn depth(&mut self, id: u32, view: DepthView<'_>, notes: &mut Vec<(u32, Note)>) -> Result<()> {
        let waited = self.book.needs_snapshot();
        match self.book.on_depth(view)? {
            SyncOutcome::Applied => {
                self.counts.applied += 1;
                if waited && !self.book.needs_snapshot() {
                    notes.push((id, Note::Synced));
                }
            }
            SyncOutcome::Buffered => notes.push((id, Note::Waiting)),
            SyncOutcome::Gap { expected, was } => {
                self.counts.gaps += 1;
                notes.push((id, Note::Gap { expected, was }));
            }
            SyncOutcome::Crossed { .. } => {
                self.counts.crossed += 1;
                notes.push((id, Note::Crossed));
            }
            SyncOutcome::Dropped => {}
        }
        Ok(())
    }

    /// Brings the texts as sent up to date and compares the venue's checksum, while the book is in step.
    fn sum(
        &mut self,
        id: u32,
        decoder: &PublicDecoder,
        public: Public,
        told: &BookMessage<'_>,
        notes: &mut Vec<(u32, Note)>,
    ) -> Result<()> {
        if self.book.needs_snapshot() {
            self.sent.clear();
            return Ok(());
        }
        let found =
            self.sent.follow(public.venue(), told, self.book.book(), |price, qty| decoder.level(id, price, qty))?;
        let Some((equal, was)) = found else { return Ok(()) };
        self.counts.checksums += 1;
        if !equal {
            self.counts.checksums_wrong += 1;
            let expected = told.checksum.map_or(0, u64::from);
            self.doubt(id, Note::Checksum { expected, was: u64::from(was) }, notes);
        }
        Ok(())
    }

    fn doubt(&mut self, id: u32, note: Note, notes: &mut Vec<(u32, Note)>) {
        self.counts.gaps += u64::from(matches!(note, Note::Gap { .. }));
        self.forget();
        notes.push((id, note));
    }

    fn forget(&mut self) {
        self.book.reset();
        self.sent.clear();
    }
}

#[cfg(test)]
#[path = "live_tests.rs"]
mod tests;
