//! Recorded messages as rows of numbers: what an archive is written from, a batch of messages at once.
//!
//! catalogue: M7. Every number is an i64, little-endian, row after row; `feeds/lake_schema.py` names the columns. It
//! decides nothing: rows are the records of the decoders, flattened.

use crate::array::bytes_of;
use crate::book::{MESSAGE_BYTES_MAX, instrument};
use crate::error::raise;
use crate::figure_columns::{self, Figures};
use crate::market::market_of;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use tickwright_core::decode::public::Public;
use tickwright_core::decode::{Decoder, PublicDecoder, Stamp};
use tickwright_core::error::{CoreError, Result};
use tickwright_core::event::{Bbo, DepthView, Header, RecordBuf, RecordRef, Trade, flags};
use tickwright_core::instrument::Market;
use tickwright_core::units::NO_PRICE;

/// Trades, levels and tops, as bytes.
pub type Tables<'py> = (Bound<'py, PyBytes>, Bound<'py, PyBytes>, Bound<'py, PyBytes>);

enum Reader {
    Binance(Box<Decoder>, Market),
    Public(Box<PublicDecoder>),
}

/// Rows of each channel.
#[derive(Default)]
pub struct Rows {
    trades: Vec<i64>,
    levels: Vec<i64>,
    tops: Vec<i64>,
}

impl Rows {
    /// How many numbers there are.
    pub const fn len(&self) -> usize {
        self.trades.len() + self.levels.len() + self.tops.len()
    }

    /// The rows as bytes.
    pub fn packed<'py>(&self, py: Python<'py>) -> Tables<'py> {
        (bytes_of(py, &self.trades), bytes_of(py, &self.levels), bytes_of(py, &self.tops))
    }

    /// Adds the rows of a record, which has this number; a record of another kind has none.
    pub fn take(&mut self, record: RecordRef<'_>, number: i64) {
        let header = record.header();
        let head = [i64::from(header.instrument), number, header.ts_receive, header.ts_venue, header.stream_seq as i64];
        if let Some(trade) = record.get::<Trade>() {
            self.trades.extend(head);
            self.trades.extend([trade.price, trade.qty, i64::from(header.flags & (flags::SELL | flags::OFF_BOOK))]);
        } else if let Some(top) = record.get::<Bbo>() {
            self.tops.extend(head);
            self.tops.extend([top.bid, top.bid_qty, top.ask, top.ask_qty]);
        } else if let Some(view) = record.depth() {
            self.depth(head, header, view);
        }
    }

    /// A level a row; a message without levels is one row without a price, because its ids count in the chain.
    fn depth(&mut self, head: [i64; 5], header: &Header, view: DepthView<'_>) {
        let ids = [view.head.first as i64, view.head.previous as i64, i64::from(header.has(flags::SNAPSHOT))];
        let mut row = |side: i64, price: i64, qty: i64| {
            self.levels.extend(head);
            self.levels.extend(ids);
            self.levels.extend([side, price, qty]);
        };
        view.bids.iter().for_each(|level| row(0, level.price, level.qty));
        view.asks.iter().for_each(|level| row(1, level.price, level.qty));
        if view.bids.is_empty() && view.asks.is_empty() {
            row(0, NO_PRICE, 0);
        }
    }
}

/// Reads one feed's recorded messages into rows of trades, levels and tops, and of figures beside them.
#[pyclass(module = "native._core")]
struct MarketColumns {
    reader: Reader,
    symbols: Vec<String>,
    records: RecordBuf,
    figures: Figures,
}

#[pymethods]
impl MarketColumns {
    /// Of a market of Binance, or of another venue's connection by its name (`okx`, `bybit-linear`, ..).
    #[new]
    fn new(feed: &str) -> PyResult<Self> {
        let reader = match market_of(feed) {
            Ok(market) => Reader::Binance(Box::new(Decoder::new()), market),
            Err(_) => Reader::Public(Box::new(PublicDecoder::new(Public::parse(feed).map_err(raise)?))),
        };
        Ok(Self {
            reader,
            symbols: Vec::new(),
            records: RecordBuf::with_capacity(MESSAGE_BYTES_MAX),
            figures: Figures::default(),
        })
    }

    /// Makes an instrument known; tick and lot are decimal texts. Returns its number.
    fn define(&mut self, symbol: &str, tick: &str, lot: &str) -> PyResult<u32> {
        let number = 1 + self.symbols.len() as u32;
        match &mut self.reader {
            Reader::Binance(decoder, market) => {
                instrument(number, *market, symbol, tick, lot).and_then(|found| decoder.define(&found))
            }
            Reader::Public(decoder) => {
                let market = decoder.market_of(symbol.as_bytes());
                instrument(number, market, symbol, tick, lot).and_then(|found| decoder.define(&found))
            }
        }
        .map_err(raise)?;
        self.symbols.push(symbol.to_owned());
        Ok(number)
    }

    /// The rows of a batch: trades (8 numbers), levels (11), tops (9). `instrument`: these are its REST snapshots.
    /// An error names `origin` and the record, counted from `first`.
    #[pyo3(signature = (payloads, ts_ns, instrument = None, *, origin = "", first = 0))]
    fn feed<'py>(
        &mut self,
        py: Python<'py>,
        payloads: Vec<Bound<'py, PyBytes>>,
        ts_ns: Vec<i64>,
        instrument: Option<u32>,
        origin: &str,
        first: i64,
    ) -> PyResult<Tables<'py>> {
        let slices: Vec<&[u8]> = payloads.iter().map(|payload| payload.as_bytes()).collect();
        let (reader, records, mut rows) = (&mut self.reader, &mut self.records, Rows::default());
        let mut figures = Figures::default();
        let whole = instrument.map(|number| (number, self.symbols.get((number as usize).wrapping_sub(1))));
        let failed = py.detach(|| {
            (first..).zip(slices.iter().zip(&ts_ns)).find_map(|(number, (payload, ts))| {
                let read = read(reader, payload, *ts, whole, records, |record| {
                    rows.take(record, number);
                    figures.take(record, number);
                });
                read.err().map(|error| (number, error))
            })
        });
        if let Some((number, error)) = failed {
            let raised = raise(error);
            let text = format!("{origin} record {number}: {}", raised.value(py));
            return Err(PyErr::from_type(raised.get_type(py), text));
        }
        self.figures = figures;
        Ok(rows.packed(py))
    }

    /// What the batch that was read last tells beside books and trades: rows of tickers (19 numbers), closed bars (14),
    /// funding rates (9), open interest (9) and marks (8).
    fn figures<'py>(&self, py: Python<'py>) -> figure_columns::Packed<'py> {
        self.figures.packed(py)
    }
}

/// The records of one message, or of the REST book of an instrument (number and symbol).
fn read(
    reader: &mut Reader,
    payload: &[u8],
    ts: i64,
    whole: Option<(u32, Option<&String>)>,
    records: &mut RecordBuf,
    mut each: impl FnMut(RecordRef<'_>),
) -> Result<()> {
    let stamp = Stamp { stream: 0, ts_receive: ts, ts_mono: 0 };
    records.clear();
    match (reader, whole) {
        (Reader::Binance(decoder, _), Some((number, _))) => decoder.snapshot(number, payload, stamp, records),
        (Reader::Binance(decoder, market), None) => decoder.market(*market, payload, stamp, records),
        (Reader::Public(decoder), Some((number, symbol))) => {
            let why = "must be the number of a defined instrument";
            let unknown = || CoreError::Field { field: "instrument", was: number.to_string(), why };
            decoder.snapshot(symbol.ok_or_else(unknown)?.as_bytes(), payload, stamp, records)
        }
        (Reader::Public(decoder), None) => decoder.market(payload, stamp, records),
    }?;
    records.iter().try_for_each(|record| record.map(&mut each))
}

/// Adds this file's class to the module.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<MarketColumns>()
}
