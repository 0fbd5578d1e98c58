//! Books and decoders for research and for `tickwright book`.
//!
//! catalogue: M4, M12. A batch of messages crosses into the core at once and without the GIL; an error names the
//! message of the batch that it came from.

use crate::array::copied;
use crate::error::raise;
use crate::level_view::{LevelView, VIEWS_MAX};
use crate::market::market_of;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use tickwright_core::book;
use tickwright_core::book::check::{Checker, TOLD};
use tickwright_core::book::l2::LevelDelta;
use tickwright_core::decode::public::Public;
use tickwright_core::decode::survey::Survey;
use tickwright_core::decode::{self, Stamp};
use tickwright_core::error::{CoreError, Result};
use tickwright_core::event::{Bbo, DepthView, Level, Mark, RecordBuf, RecordRef, Trade, flags};
use tickwright_core::instrument::{Instrument, Market, Venue};
use tickwright_core::journal::show;
use tickwright_core::units::{Decimal, NO_PRICE, NO_TIME, Side};

/// Room for the records of one message.
pub(crate) const MESSAGE_BYTES_MAX: usize = 4 << 20;

/// An instrument from its market, symbol, tick and lot; what only money needs is filled with placeholders.
pub(crate) fn instrument(id: u32, market: Market, symbol: &str, tick: &str, lot: &str) -> Result<Instrument> {
    let unit = |text: &str, field| {
        let decimal = Decimal::parse(text.as_bytes(), field)?;
        let mantissa = i64::try_from(decimal.mantissa).ok().filter(|mantissa| *mantissa > 0);
        let mantissa =
            mantissa.ok_or_else(|| CoreError::Field { field, was: text.into(), why: "must be above zero" })?;
        Ok((mantissa, decimal.scale))
    };
    let ((tick, price_scale), (lot, qty_scale)) = (unit(tick, "tick")?, unit(lot, "lot")?);
    Ok(Instrument {
        id,
        venue: Venue::Binance,
        market,
        symbol: symbol.to_owned(),
        base: 1,
        quote: 2,
        settle: 2,
        tick,
        price_scale,
        lot,
        qty_scale,
        multiplier: 1,
        settle_scale: decode::ASSET_SCALE,
        base_scale: decode::ASSET_SCALE,
    })
}

fn side_of(text: &str) -> PyResult<Side> {
    match text {
        "buy" => Ok(Side::Buy),
        "sell" => Ok(Side::Sell),
        _ => Err(raise(CoreError::Field { field: "side", was: text.into(), why: "must be buy or sell" })),
    }
}

/// Hands each payload to `take` without the GIL; an error says which message of the batch it was, after `origin`.
pub(crate) fn batch<T: Send>(
    py: Python<'_>,
    state: &mut T,
    payloads: &[Bound<'_, PyBytes>],
    origin: (&str, u64),
    mut take: impl FnMut(&mut T, &[u8]) -> Result<()> + Send,
) -> PyResult<()> {
    let slices: Vec<&[u8]> = payloads.iter().map(|payload| payload.as_bytes()).collect();
    let failed = py.detach(|| {
        slices.iter().enumerate().find_map(|(at, payload)| take(state, payload).err().map(|error| (at, error)))
    });
    let Some((at, error)) = failed else { return Ok(()) };
    let raised = raise(error);
    let text = format!("{} record {}: {}", origin.0, origin.1 + at as u64, raised.value(py));
    Err(PyErr::from_type(raised.get_type(py), text))
}

/// A book of price levels: prices in ticks, sizes in lots, sides "buy" and "sell".
#[pyclass(module = "native._core")]
struct L2Book {
    inner: book::L2Book,
    views: Vec<Py<LevelView>>,
}

#[pymethods]
impl L2Book {
    #[new]
    fn new() -> Self {
        Self { inner: book::L2Book::new(), views: Vec::new() }
    }

    /// Sets the size at a price; 0 deletes the level.
    fn apply(&mut self, py: Python<'_>, side: &str, price: i64, qty: i64) -> PyResult<()> {
        self.inner.apply(side_of(side)?, price, qty).map_err(raise)?;
        self.refresh(py);
        Ok(())
    }

    /// Applies a batch of changes in order: an array of `feeds.deltas.LEVEL_DELTA`, or any buffer of that layout.
    ///
    /// The batch is copied, because another thread may write to it, and applied without the GIL. An error names the change
    /// by its place in the batch; those before it stay applied.
    fn apply_deltas(&mut self, py: Python<'_>, deltas: &Bound<'_, PyAny>) -> PyResult<()> {
        let deltas: Vec<LevelDelta> = copied(deltas, "deltas", "must be contiguous items of 24 bytes")?;
        let inner = &mut self.inner;
        let applied = py.detach(|| inner.apply_deltas(&deltas));
        self.refresh(py);
        applied.map_err(|(nth, error)| {
            let raised = raise(error);
            PyErr::from_type(raised.get_type(py), format!("change {nth} of the batch: {}", raised.value(py)))
        })
    }

    /// Forgets every level.
    fn clear(&mut self, py: Python<'_>) {
        self.inner.clear();
        self.refresh(py);
    }

    /// A view of the best `depth` levels, which every later call that changes the book keeps up to date.
    fn view(&mut self, py: Python<'_>, depth: usize) -> PyResult<Py<LevelView>> {
        if self.views.len() >= VIEWS_MAX {
            return Err(raise(CoreError::Full { what: "views of a book", capacity: VIEWS_MAX }));
        }
        let view = Py::new(py, LevelView::new(depth)?)?;
        self.views.push(view.clone_ref(py));
        self.refresh(py);
        Ok(view)
    }

    /// (price, size) of the best level, or None.
    fn best(&self, side: &str) -> PyResult<Option<(i64, i64)>> {
        Ok(self.inner.best(side_of(side)?).map(|level| (level.price, level.qty)))
    }

    /// (price, size) of the best `count` levels, best first.
    #[pyo3(signature = (side, count = book::LEVELS_MAX))]
    fn levels(&self, side: &str, count: usize) -> PyResult<Vec<(i64, i64)>> {
        Ok(self.inner.levels(side_of(side)?).take(count).map(|level| (level.price, level.qty)).collect())
    }

    /// The size at a price, 0 where there is no level.
    fn qty_at(&self, side: &str, price: i64) -> PyResult<i64> {
        Ok(self.inner.qty_at(side_of(side)?, price))
    }

    /// The size at a price and all better ones.
    fn cumulative(&self, side: &str, price: i64) -> PyResult<i64> {
        Ok(self.inner.cumulative(side_of(side)?, price))
    }

    /// (bid, ask) where the best bid is not below the best ask, or None.
    fn crossed(&self) -> Option<(i64, i64)> {
        self.inner.crossed()
    }
}

impl L2Book {
    fn refresh(&self, py: Python<'_>) {
        self.views.iter().for_each(|view| view.get().fill(py, |side, out| self.inner.top(side, out)));
    }
}

/// Reads Binance's market data into dicts: what the engine sees, for notebooks and tests.
#[pyclass(module = "native._core")]
struct Decoder {
    inner: decode::Decoder,
    defined: u32,
    records: RecordBuf,
}

#[pymethods]
impl Decoder {
    #[new]
    fn new() -> Self {
        let records = RecordBuf::with_capacity(MESSAGE_BYTES_MAX);
        Self { inner: decode::Decoder::new(), defined: 0, records }
    }

    /// Makes an instrument known; tick and lot are decimal texts. Returns its number.
    fn define(&mut self, market: &str, symbol: &str, tick: &str, lot: &str) -> PyResult<u32> {
        let found = instrument(self.defined + 1, market_of(market)?, symbol, tick, lot).map_err(raise)?;
        self.inner.define(&found).map_err(raise)?;
        self.defined += 1;
        Ok(self.defined)
    }

    /// The records of one socket message, combined or raw.
    fn market<'py>(&mut self, py: Python<'py>, market: &str, payload: &[u8]) -> PyResult<Vec<Bound<'py, PyDict>>> {
        let (market, stamp) = (market_of(market)?, Stamp { stream: 0, ts_receive: 0, ts_mono: 0 });
        self.records.clear();
        self.inner.market(market, payload, stamp, &mut self.records).map_err(raise)?;
        self.dicts(py)
    }

    /// The record of a REST answer about the open interest of an instrument.
    fn open_interest<'py>(
        &mut self,
        py: Python<'py>,
        market: &str,
        payload: &[u8],
    ) -> PyResult<Vec<Bound<'py, PyDict>>> {
        let (market, stamp) = (market_of(market)?, Stamp { stream: 0, ts_receive: 0, ts_mono: 0 });
        self.records.clear();
        self.inner.open_interest(market, payload, stamp, &mut self.records).map_err(raise)?;
        self.dicts(py)
    }

    /// The record of a REST depth body of an instrument.
    fn snapshot<'py>(&mut self, py: Python<'py>, instrument: u32, payload: &[u8]) -> PyResult<Vec<Bound<'py, PyDict>>> {
        let stamp = Stamp { stream: 0, ts_receive: 0, ts_mono: 0 };
        self.records.clear();
        self.inner.snapshot(instrument, payload, stamp, &mut self.records).map_err(raise)?;
        self.dicts(py)
    }
}

impl Decoder {
    fn dicts<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyDict>>> {
        self.records.iter().map(|record| dict(py, record.map_err(raise)?)).collect()
    }
}

/// A market-data record as a dict.
pub(crate) fn dict<'py>(py: Python<'py>, record: RecordRef<'_>) -> PyResult<Bound<'py, PyDict>> {
    let header = record.header();
    let kind = header.kind().map_err(raise)?;
    let dict = PyDict::new(py);
    dict.set_item("kind", format!("{kind:?}").to_lowercase())?;
    dict.set_item("instrument", header.instrument)?;
    dict.set_item("stream_seq", header.stream_seq)?;
    dict.set_item("ts_venue", (header.ts_venue != NO_TIME).then_some(header.ts_venue))?;
    let price = |ticks: i64| (ticks != NO_PRICE).then_some(ticks);
    if let Some(view) = record.depth() {
        depth(&dict, view)?;
    } else if let Some(top) = record.get::<Bbo>() {
        for (name, value) in [("bid", price(top.bid)), ("ask", price(top.ask))] {
            dict.set_item(name, value)?;
        }
        dict.set_item("bid_qty", top.bid_qty)?;
        dict.set_item("ask_qty", top.ask_qty)?;
    } else if let Some(trade) = record.get::<Trade>() {
        dict.set_item("price", price(trade.price))?;
        dict.set_item("qty", trade.qty)?;
        dict.set_item("taker_sell", header.has(flags::SELL))?;
        dict.set_item("off_book", header.has(flags::OFF_BOOK))?;
    } else if let Some(mark) = record.get::<Mark>() {
        let figures = [("mark_e8", mark.mark_e8), ("index_e8", mark.index_e8), ("rate_e8", mark.rate_e8)];
        figures.iter().try_for_each(|(name, value)| dict.set_item(name, value))?;
        dict.set_item("next_funding", mark.next_funding)?;
    } else if kind.is_told() {
        told(&dict, record)?;
    }
    debug_assert!(kind.is_market());
    Ok(dict)
}

/// Numbers by the names that `journal show` gives them, None where the venue did not say.
fn told(dict: &Bound<'_, PyDict>, record: RecordRef<'_>) -> PyResult<()> {
    dict.set_item("closed", record.header().has(flags::CLOSED))?;
    show::own_fields(&record).iter().try_for_each(|(name, text)| dict.set_item(name, text.parse::<i64>().ok()))
}

fn depth(dict: &Bound<'_, PyDict>, view: DepthView<'_>) -> PyResult<()> {
    let pairs = |levels: &[Level]| levels.iter().map(|level| (level.price, level.qty)).collect::<Vec<_>>();
    dict.set_item("snapshot", view.head.header.has(flags::SNAPSHOT))?;
    dict.set_item("first", view.head.first)?;
    dict.set_item("previous", view.head.previous)?;
    dict.set_item("bids", pairs(view.bids))?;
    dict.set_item("asks", pairs(view.asks))
}

/// What a recording tells about its market and instruments, from its own numbers.
#[pyclass(module = "native._core")]
#[derive(Default)]
struct BookSurvey {
    inner: Survey,
}

#[pymethods]
impl BookSurvey {
    /// Of Binance, or of another venue's connection by its name (`okx`, `bybit-linear`, ..).
    #[new]
    #[pyo3(signature = (feed = None))]
    fn new(feed: Option<&str>) -> PyResult<Self> {
        let Some(feed) = feed else { return Ok(Self::default()) };
        Ok(Self { inner: Survey::of_public(Public::parse(feed).map_err(raise)?) })
    }

    /// Reads a batch; `symbol` is whose REST snapshots these are. An error names `origin` and the record, from `first`.
    #[pyo3(signature = (payloads, symbol = None, *, origin = "", first = 0))]
    fn feed(
        &mut self,
        py: Python<'_>,
        payloads: Vec<Bound<'_, PyBytes>>,
        symbol: Option<&str>,
        origin: &str,
        first: u64,
    ) -> PyResult<()> {
        batch(py, &mut self.inner, &payloads, (origin, first), |survey, payload| {
            survey.take(payload, symbol.map(str::as_bytes))
        })
    }

    /// Adds what another survey of the same market saw.
    fn absorb(&mut self, other: &Self) {
        self.inner.absorb(&other.inner);
    }

    /// How many messages of market data there were.
    #[getter]
    fn messages(&self) -> u64 {
        self.inner.messages()
    }

    /// On Binance: "spot", "linear", "inverse", or None where nothing told.
    #[getter]
    fn market(&self) -> Option<&'static str> {
        self.inner.market().map(|market| match market {
            Market::Spot => "spot",
            Market::Linear => "linear",
            Market::Inverse => "inverse",
        })
    }

    /// (symbol, tick, lot) of each instrument; tick and lot as decimal texts.
    fn instruments(&self) -> Vec<(String, String, String)> {
        let text = |(mantissa, scale)| Decimal { mantissa, scale }.to_string();
        self.inner.symbols().iter().map(|s| (s.symbol.clone(), text(s.tick()), text(s.lot()))).collect()
    }
}

/// Rebuilds the books of one market from recorded messages and compares each top with the venue's own.
#[pyclass(module = "native._core")]
struct BookCheck {
    inner: Checker,
    market: Market,
}

#[pymethods]
impl BookCheck {
    /// Of a market of Binance, or of another venue's connection by its name (`okx`, `bybit-linear`, ..).
    #[new]
    fn new(feed: &str) -> PyResult<Self> {
        if let Ok(market) = market_of(feed) {
            return Ok(Self { inner: Checker::new(market), market });
        }
        let public = Public::parse(feed).map_err(raise)?;
        Ok(Self { inner: Checker::of_public(public), market: Market::Spot })
    }

    /// Adds an instrument; tick and lot are decimal texts.
    fn define(&mut self, symbol: &str, tick: &str, lot: &str) -> PyResult<()> {
        instrument(0, self.market, symbol, tick, lot).and_then(|found| self.inner.define(found)).map_err(raise)
    }

    /// A new file begins; where it does not continue the one before, it is a recording of its own.
    fn begin_file(&mut self) {
        self.inner.begin_file();
    }

    /// Takes a batch in order; `symbol` is whose REST snapshots these are. An error names `origin` and the record.
    #[pyo3(signature = (payloads, symbol = None, *, origin = "", first = 0))]
    fn feed(
        &mut self,
        py: Python<'_>,
        payloads: Vec<Bound<'_, PyBytes>>,
        symbol: Option<&str>,
        origin: &str,
        first: u64,
    ) -> PyResult<()> {
        batch(py, &mut self.inner, &payloads, (origin, first), |checker, payload| checker.take(payload, symbol))
    }

    /// The recording ends: compares the tops that still wait.
    fn finish(&mut self) {
        self.inner.finish();
    }

    /// What file number `file` (from 0) says: a dict for each instrument that it has messages of.
    fn rows<'py>(&self, py: Python<'py>, file: usize) -> PyResult<Vec<Bound<'py, PyDict>>> {
        let rows = self.inner.rows(file).map(|(symbol, tally)| {
            let dict = PyDict::new(py);
            dict.set_item("instrument", symbol)?;
            for (name, value) in [
                ("messages", tally.messages),
                ("deltas", tally.deltas),
                ("tops_compared", tally.tops_compared),
                ("tops_equal", tally.tops_equal),
                ("tops_between", tally.tops_between),
                ("checksums", tally.checksums),
                ("checksums_equal", tally.checksums_equal),
                ("gaps", tally.gaps),
                ("crossed", tally.crossed),
                ("discarded", tally.discarded),
            ] {
                dict.set_item(name, value)?;
            }
            let counts = PyDict::new(py);
            for (name, count) in TOLD.iter().zip(tally.told).filter(|(_, count)| *count > 0) {
                counts.set_item(name, count)?;
            }
            dict.set_item("counts", counts)?;
            Ok(dict)
        });
        rows.collect()
    }
}

/// Adds this file's classes to the module.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<L2Book>()?;
    m.add_class::<Decoder>()?;
    m.add_class::<BookSurvey>()?;
    m.add_class::<BookCheck>()
}
