//! Rebuilds the books of a recording and compares them with what the venue says: best bid and offer, and checksums.
//!
//! catalogue: M4, M12. After each delta that a book takes, its top is compared with the venue's `bookTicker` at the same
//! update id: the last one whose `u` is not above the delta's. A ticker may arrive after the delta that it belongs to,
//! so a top waits until a ticker with a higher id has come, or the recording ends. Venues beside Binance send no best price
//! with the book's update ids but KuCoin: theirs is `check_public`.

use super::rule::{AnyRule, Rule};
use super::sent::SentBook;
use super::{SyncOutcome, SyncedBook};
use crate::decode::public::Public;
use crate::decode::{Decoder, Stamp};
use crate::error::{CoreError, Result};
use crate::event::{Bbo, Kind, RecordBuf, RecordRef, flags};
use crate::instrument::{Instrument, Market};
use crate::units::{Lots, NO_PRICE, Side, Ticks};
use check_public::Source;
use std::collections::VecDeque;

/// Room for the records of one message: a snapshot of 5,000 levels a side and a margin.
const MESSAGE_BYTES_MAX: usize = 4 << 20;
/// The most tickers that wait for a delta; the oldest go first, and tops that would need them are not compared.
const TICKERS_MAX: usize = 1 << 20;
/// A recording has no clock that matters here: nothing compares times.
const STAMP: Stamp = Stamp { stream: 1, ts_receive: 0, ts_mono: 0 };

/// What one file says about one instrument.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Messages of the instrument, of every kind that is decoded.
    pub messages: u64,
    /// Changes of the book that were received.
    pub deltas: u64,
    /// Tops that were compared.
    pub tops_compared: u64,
    /// Of these, equal in price and size on both sides.
    pub tops_equal: u64,
    /// Of those that differ: the venue sent no ticker of the delta's own update id, so that the top may have changed
    /// after the last one (spot gathers its depth for 100 ms and does not send a ticker for every change in between).
    pub tops_between: u64,
    /// Checksums that the venue sent.
    pub checksums: u64,
    /// Of these, equal to the book's.
    pub checksums_equal: u64,
    /// Missing messages.
    pub gaps: u64,
    /// Snapshots and deltas after which the book was crossed.
    pub crossed: u64,
    /// Deltas that were older than the snapshot, or that no snapshot ever joined.
    pub discarded: u64,
    /// Messages of each kind of `TOLD`, those of several things of one kind once.
    pub told: [u64; TOLD.len()],
}

/// What messages tell beside changes of a book, by name.
pub const TOLD: [&str; 5] = ["whole_books", "best_prices", "trades", "figures", "klines"];
const WHOLE: usize = 0;
const BEST: usize = 1;
const TRADE: usize = 2;
const FIGURES: usize = 3;
const KLINE: usize = 4;

/// The place of a record in `TOLD`; None for a change of a book.
fn told(record: RecordRef<'_>) -> Option<usize> {
    match record.kind() {
        Kind::Depth => record.header().has(flags::SNAPSHOT).then_some(WHOLE),
        Kind::Bbo => Some(BEST),
        Kind::Trade => Some(TRADE),
        Kind::Kline => Some(KLINE),
        _ => Some(FIGURES),
    }
}

/// Best bid and offer: prices and sizes, `NO_PRICE` and 0 where a side is empty.
type Top = (Ticks, Lots, Ticks, Lots);

/// A top that waits for the ticker it is to be compared with.
struct Pending {
    file: usize,
    update: u64,
    top: Top,
}

/// One instrument of the recording.
struct Entry {
    instrument: Instrument,
    rule: AnyRule,
    book: SyncedBook<AnyRule>,
    /// The same levels as sent, where the venue has checksums.
    sent: SentBook,
    /// Deltas that wait for a snapshot, as records.
    held: Vec<RecordBuf>,
    /// No delta of the present file has come yet.
    fresh: bool,
    tallies: Vec<Tally>,
    pending: VecDeque<Pending>,
    /// Tickers by update id, from the one that the next top is compared with on.
    tickers: VecDeque<(u64, Top)>,
}

/// The books of one market, fed message by message, file by file.
pub struct Checker {
    market: Market,
    decoder: Decoder,
    /// The venue, where it is not Binance.
    source: Option<Source>,
    entries: Vec<Entry>,
    files: usize,
    records: RecordBuf,
}

impl Checker {
    /// A checker for one market of Binance that knows no instrument yet.
    #[must_use]
    pub fn new(market: Market) -> Self {
        let records = RecordBuf::with_capacity(MESSAGE_BYTES_MAX);
        Self { market, decoder: Decoder::new(), source: None, entries: Vec::new(), files: 0, records }
    }

    /// A checker for another venue's connection that knows no instrument yet.
    #[must_use]
    pub fn of_public(public: Public) -> Self {
        Self { source: Some(Source::new(public)), ..Self::new(Market::Spot) }
    }

    /// Adds an instrument; its venue, market and number are set here.
    pub fn define(&mut self, instrument: Instrument) -> Result<()> {
        let mut instrument = Instrument { id: self.entries.len() as u32 + 1, market: self.market, ..instrument };
        let rule = match &mut self.source {
            Some(Source { public, decoder, .. }) => {
                instrument.venue = public.venue();
                instrument.market = public.market_of(instrument.symbol.as_bytes());
                decoder.define(&instrument)?;
                public.rule(None)
            }
            None => {
                self.decoder.define(&instrument)?;
                AnyRule::Binance(self.market)
            }
        };
        self.entries.push(Entry {
            instrument,
            rule,
            book: SyncedBook::new(rule),
            sent: SentBook::new(),
            held: Vec::new(),
            fresh: true,
            tallies: vec![Tally::default(); self.files],
            pending: VecDeque::new(),
            tickers: VecDeque::new(),
        });
        Ok(())
    }

    /// A new file begins. It continues the one before; where its first delta does not, it is a recording of its own.
    pub fn begin_file(&mut self) {
        self.files += 1;
        if let Some(source) = &mut self.source {
            source.fresh = true;
        }
        for entry in &mut self.entries {
            entry.tallies.push(Tally::default());
            entry.fresh = true;
        }
    }

    /// Takes one recorded message. `symbol` is whose REST snapshot it is, where the recording says so.
    pub fn take(&mut self, payload: &[u8], symbol: Option<&str>) -> Result<()> {
        if let Some(mut source) = self.source.take() {
            let taken = self.take_public(&mut source, payload, symbol);
            self.source = Some(source);
            return taken;
        }
        self.records.clear();
        match self.snapshot_of(payload, symbol)? {
            Some(id) => self.decoder.snapshot(id, payload, STAMP, &mut self.records)?,
            None => self.decoder.market(self.market, payload, STAMP, &mut self.records)?,
        };
        for record in self.records.iter() {
            let record = record?;
            let at = (record.header().instrument as usize).wrapping_sub(1);
            if let Some(entry) = self.entries.get_mut(at) {
                entry.tally(|tally| {
                    tally.messages += 1;
                    told(record).into_iter().for_each(|kind| tally.told[kind] += 1);
                });
                entry.take(record)?;
            }
        }
        Ok(())
    }

    /// The instrument whose REST snapshot a message without an envelope is.
    fn snapshot_of(&self, payload: &[u8], symbol: Option<&str>) -> Result<Option<u32>> {
        let id = |entry: &Entry| entry.instrument.id;
        match (symbol, self.entries.as_slice()) {
            (Some(symbol), entries) => {
                let found = entries.iter().find(|entry| entry.instrument.symbol == symbol).map(id);
                found.map(Some).ok_or_else(|| CoreError::Unknown { what: "symbol", was: symbol.to_owned() })
            }
            (None, [only]) if payload.starts_with(b"{\"lastUpdateId\"") => Ok(Some(id(only))),
            _ => Ok(None),
        }
    }

    /// The recording ends: compares what still waits.
    pub fn finish(&mut self) {
        for entry in &mut self.entries {
            entry.compare_below(u64::MAX);
            let held = entry.held.len() as u64;
            if let Some(tally) = entry.tallies.last_mut() {
                tally.discarded += held;
            }
            entry.held.clear();
        }
    }

    /// Symbol and tally of each instrument that file number `file` (from 0) has messages of.
    pub fn rows(&self, file: usize) -> impl Iterator<Item = (&str, Tally)> + '_ {
        let row = move |entry: &Entry| entry.tallies.get(file).copied().filter(|tally| tally.messages > 0);
        self.entries.iter().filter_map(move |entry| Some((entry.instrument.symbol.as_str(), row(entry)?)))
    }
}

impl Entry {
    fn tally(&mut self, change: impl FnOnce(&mut Tally)) {
        if let Some(tally) = self.tallies.last_mut() {
            change(tally);
        }
    }

    fn take(&mut self, record: RecordRef<'_>) -> Result<()> {
        match record.kind() {
            Kind::Depth if record.header().has(flags::SNAPSHOT) => self.snapshot(record),
            Kind::Depth => {
                self.tally(|tally| tally.deltas += 1);
                self.delta(record)
            }
            Kind::Bbo => {
                if let Some(ticker) = record.get::<Bbo>() {
                    self.ticker(&ticker);
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn snapshot(&mut self, record: RecordRef<'_>) -> Result<()> {
        self.apply(record)?;
        if self.book.needs_snapshot() {
            return Ok(());
        }
        let held = std::mem::take(&mut self.held);
        for buf in &held {
            for record in buf {
                self.delta(record?)?;
            }
        }
        Ok(())
    }

    fn delta(&mut self, record: RecordRef<'_>) -> Result<()> {
        if self.book.needs_snapshot() {
            return self.hold(record);
        }
        let outcome = self.apply(record)?;
        self.fresh = false;
        match outcome {
            SyncOutcome::Applied => {
                let pending = Pending { file: self.tallies.len(), update: self.book.last_update(), top: self.top() };
                self.pending.push_back(pending);
                self.compare_below(self.tickers.back().map_or(0, |(last, _)| *last));
            }
            SyncOutcome::Dropped => self.tally(|tally| tally.discarded += 1),
            SyncOutcome::Gap { .. } => self.hold(record)?,
            SyncOutcome::Buffered | SyncOutcome::Crossed { .. } => {}
        }
        Ok(())
    }

    /// Gives a depth record to the book and counts what went wrong.
    fn apply(&mut self, record: RecordRef<'_>) -> Result<SyncOutcome> {
        let Some(view) = record.depth() else { return Ok(SyncOutcome::Dropped) };
        let outcome = self.book.on_depth(view)?;
        match outcome {
            // The first delta of a file that does not chain says that this is another recording, not a lost message.
            SyncOutcome::Gap { .. } if !self.fresh => self.tally(|tally| tally.gaps += 1),
            SyncOutcome::Crossed { .. } => self.tally(|tally| tally.crossed += 1),
            _ => {}
        }
        if matches!(outcome, SyncOutcome::Gap { .. }) {
            self.book.reset();
        }
        Ok(outcome)
    }

    /// Keeps a delta for the snapshot to come, where one is asked for; else the venue sends a newer book.
    fn hold(&mut self, record: RecordRef<'_>) -> Result<()> {
        if self.rule.snapshot_in_stream() {
            self.tally(|tally| tally.discarded += 1);
            return Ok(());
        }
        let mut buf = RecordBuf::with_capacity(record.bytes().len());
        buf.push_ref(record)?;
        self.held.push(buf);
        Ok(())
    }

    fn top(&self) -> Top {
        let side = |side| self.book.book().best(side).map_or((NO_PRICE, 0), |level| (level.price, level.qty));
        let ((bid, bid_qty), (ask, ask_qty)) = (side(Side::Buy), side(Side::Sell));
        (bid, bid_qty, ask, ask_qty)
    }

    fn ticker(&mut self, ticker: &Bbo) {
        let update = ticker.header.stream_seq;
        // A best price without an update id belongs to no state of the book.
        if update == 0 || self.tickers.back().is_some_and(|(last, _)| update <= *last) {
            return;
        }
        if self.tickers.len() == TICKERS_MAX {
            self.tickers.pop_front();
        }
        self.tickers.push_back((update, (ticker.bid, ticker.bid_qty, ticker.ask, ticker.ask_qty)));
        self.compare_below(update);
    }

    /// Compares every waiting top whose ticker is settled, because one with the id `update` has come.
    fn compare_below(&mut self, update: u64) {
        while self.pending.front().is_some_and(|pending| pending.update < update) {
            let Some(pending) = self.pending.pop_front() else { return };
            while self.tickers.get(1).is_some_and(|(at, _)| *at <= pending.update) {
                self.tickers.pop_front();
            }
            let exact = !matches!(self.rule, AnyRule::Binance(_));
            let belongs = |at: u64| if exact { at == pending.update } else { at <= pending.update };
            let Some((at, top)) = self.tickers.front().filter(|(at, _)| belongs(*at)) else { continue };
            let Some(tally) = self.tallies.get_mut(pending.file.wrapping_sub(1)) else { continue };
            tally.tops_compared += 1;
            tally.tops_equal += u64::from(*top == pending.top);
            tally.tops_between += u64::from(*top != pending.top && *at != pending.update);
        }
    }
}

#[path = "check_public.rs"]
mod check_public;

#[cfg(test)]
#[path = "check_tests.rs"]
mod tests;
