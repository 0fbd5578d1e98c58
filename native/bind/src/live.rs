//! The books of a live connection, a message at a time: what a session drives.
//!
//! catalogue: M1, M4. Python is crossed once a message: in with its bytes, out with its events and what a book needs.

use crate::book::{MESSAGE_BYTES_MAX, dict, instrument};
use crate::error::raise;
use crate::market::market_of;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use tickwright_core::book::live::{self, LiveBook, Note};
use tickwright_core::book::rule::{AnyRule, Bitstamp, Bybit, Deribit, Hyperliquid, Kucoin};
use tickwright_core::decode::Stamp;
use tickwright_core::decode::public::Public;
use tickwright_core::error::CoreError;
use tickwright_core::event::{DepthHead, DepthView, Header, Level, RecordBuf, flags};
use tickwright_core::units::Side;

/// Instrument, what happened, the number that should have come and the one that came.
pub(crate) type PyNote = (u32, &'static str, u64, u64);
/// Prices in ticks and sizes in lots.
pub(crate) type Levels = Vec<(i64, i64)>;

pub(crate) fn noted(&(id, note): &(u32, Note)) -> PyNote {
    match note {
        Note::Waiting => (id, "waiting", 0, 0),
        Note::Synced => (id, "synced", 0, 0),
        Note::Crossed => (id, "crossed", 0, 0),
        Note::Gap { expected, was } => (id, "gap", expected, was),
        Note::Checksum { expected, was } => (id, "checksum", expected, was),
    }
}

/// The rule behind the name that an adapter gives it.
fn rule_of(name: &str) -> PyResult<AnyRule> {
    match name {
        "whole" => Ok(AnyRule::Hyperliquid(Hyperliquid)),
        "counted" => Ok(AnyRule::Bybit(Bybit)),
        "chained" => Ok(AnyRule::Deribit(Deribit)),
        "ranged" => Ok(AnyRule::Kucoin(Kucoin)),
        "timed" => Ok(AnyRule::Bitstamp(Bitstamp)),
        _ => {
            let why = "must be whole, counted, chained, ranged or timed";
            Err(raise(CoreError::Field { field: "rule", was: name.to_owned(), why }))
        }
    }
}

/// The books of a market of Binance, or of another venue's connection by its name.
pub(crate) fn books_of(feed: &str) -> PyResult<live::LiveBooks> {
    Ok(match market_of(feed) {
        Ok(market) => live::LiveBooks::of_binance(market),
        Err(_) => live::LiveBooks::of_public(Public::parse(feed).map_err(raise)?),
    })
}

fn known(books: &live::LiveBooks, instrument: u32) -> PyResult<&LiveBook> {
    books.book(instrument).ok_or_else(|| raise(CoreError::Unknown { what: "instrument", was: instrument.to_string() }))
}

/// What happened to a book, by name.
pub(crate) fn state_of<'py>(py: Python<'py>, books: &live::LiveBooks, instrument: u32) -> PyResult<Bound<'py, PyDict>> {
    let book = known(books, instrument)?;
    let (dict, counts) = (PyDict::new(py), book.counts());
    dict.set_item("symbol", book.symbol())?;
    dict.set_item("synced", !book.synced().needs_snapshot())?;
    for (name, value) in [
        ("last_update", book.synced().last_update()),
        ("applied", counts.applied),
        ("gaps", counts.gaps),
        ("crossed", counts.crossed),
        ("checksums", counts.checksums),
        ("checksums_wrong", counts.checksums_wrong),
    ] {
        dict.set_item(name, value)?;
    }
    Ok(dict)
}

/// The books of one connection.
#[pyclass(module = "native._core")]
struct LiveBooks {
    inner: live::LiveBooks,
    records: RecordBuf,
}

#[pymethods]
impl LiveBooks {
    /// Of a market of Binance (`spot`, `linear`, `inverse`), or of another venue's connection by its name.
    #[new]
    fn new(feed: &str) -> PyResult<Self> {
        let inner = books_of(feed)?;
        Ok(Self { inner, records: RecordBuf::with_capacity(MESSAGE_BYTES_MAX) })
    }

    /// Books whose messages somebody else decodes, in step by a rule: whole, counted, chained, ranged or timed.
    #[staticmethod]
    fn of_rule(rule: &str) -> PyResult<Self> {
        Ok(Self { inner: live::LiveBooks::of_rule(rule_of(rule)?), records: RecordBuf::with_capacity(0) })
    }

    /// Adds an instrument, or gives one another tick and lot (decimal texts): its book is then empty. Its number.
    fn define(&mut self, symbol: &str, tick: &str, lot: &str) -> PyResult<u32> {
        let found = instrument(0, self.inner.market_of(symbol), symbol, tick, lot);
        found.and_then(|found| self.inner.define(found)).map_err(raise)
    }

    /// Follows the ids of a symbol's book without its levels. Its number.
    fn watch(&mut self, symbol: &str) -> PyResult<u32> {
        self.inner.watch(symbol).map_err(raise)
    }

    /// Takes one message, or the REST book of instrument `whole`: its events, how many things of the market it told,
    /// and a note for each book that waits, is in step, or is in doubt.
    #[pyo3(signature = (payload, whole = None, ts_ns = 0))]
    fn take<'py>(
        &mut self,
        py: Python<'py>,
        payload: &[u8],
        whole: Option<u32>,
        ts_ns: i64,
    ) -> PyResult<(Vec<Bound<'py, PyDict>>, usize, Vec<PyNote>)> {
        let stamp = Stamp { stream: 0, ts_receive: ts_ns, ts_mono: 0 };
        let mut events = Vec::new();
        let Self { inner, records } = self;
        let told = inner.take(payload, whole, stamp, records, &mut |record| events.push(dict(py, record)));
        let told = told.map_err(raise)?;
        Ok((events.into_iter().collect::<PyResult<_>>()?, told, inner.notes().iter().map(noted).collect()))
    }

    /// Takes the depth of an instrument that somebody else has decoded: a whole book or changes in ticks and lots, with
    /// the first, last and previous update id. The notes.
    fn apply(
        &mut self,
        instrument: u32,
        snapshot: bool,
        ids: (u64, u64, u64),
        bids: Levels,
        asks: Levels,
    ) -> PyResult<Vec<PyNote>> {
        let levels =
            |side: Levels| -> Vec<Level> { side.into_iter().map(|(price, qty)| Level { price, qty }).collect() };
        let (bids, asks) = (levels(bids), levels(asks));
        let mut header = Header::of::<DepthHead>(instrument, 0, 0, 0);
        header.stream_seq = ids.1;
        header.flags = if snapshot { flags::SNAPSHOT } else { 0 };
        let (first, previous) = (ids.0, ids.2);
        let head = DepthHead { header, first, previous, bids: bids.len() as u32, asks: asks.len() as u32 };
        self.inner.apply(instrument, DepthView { head: &head, bids: &bids, asks: &asks }).map_err(raise)?;
        Ok(self.inner.notes().iter().map(noted).collect())
    }

    /// The connection is gone: every book is empty until its whole book comes.
    fn reset(&mut self) {
        self.inner.reset();
    }

    /// Empties one book that is in doubt for a reason of the caller's.
    fn distrust(&mut self, instrument: u32) {
        self.inner.distrust(instrument);
    }

    /// (price, size) of the best `count` bids and asks, best first; empty while the book waits.
    fn levels(&self, instrument: u32, count: usize) -> PyResult<(Levels, Levels)> {
        let book = known(&self.inner, instrument)?.synced().book();
        let side = |side| book.levels(side).take(count).map(|level| (level.price, level.qty)).collect();
        Ok((side(Side::Buy), side(Side::Sell)))
    }

    /// What happened to a book: `symbol, synced, last_update, applied, gaps, crossed, checksums, checksums_wrong`.
    fn state<'py>(&self, py: Python<'py>, instrument: u32) -> PyResult<Bound<'py, PyDict>> {
        state_of(py, &self.inner, instrument)
    }
}

/// Adds this file's class to the module.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<LiveBooks>()
}
