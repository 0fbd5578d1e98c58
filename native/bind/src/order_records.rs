//! Recordings of single orders as batches of records: a venue's JSON, and a file of ITCH.
//!
//! catalogue: M2, M12. The layout of a record is `orders.rs`'s; a batch crosses at once and without the GIL.

use crate::array::bytes_of;
use crate::book::{batch, instrument};
use crate::error::raise;
use pyo3::buffer::PyBuffer;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use tickwright_core::book::l3::OrderRecord;
use tickwright_core::decode::itch::LENGTHS;
use tickwright_core::decode::itch_file;
use tickwright_core::decode::orders::{OrderDecoder as Decoder, OrderFeed};
use tickwright_core::instrument::Market;
use tickwright_core::units::Decimal;

/// Reads a venue's messages about single orders (`bitstamp-orders`, `bitfinex-orders`, `independent-reserve`).
#[pyclass(module = "native._core")]
struct OrderDecoder {
    inner: Decoder,
    defined: u32,
}

#[pymethods]
impl OrderDecoder {
    /// A decoder that knows no book yet.
    #[new]
    fn new(feed: &str) -> PyResult<Self> {
        Ok(Self { inner: Decoder::new(OrderFeed::parse(feed).map_err(raise)?), defined: 0 })
    }

    /// Learns from a batch which books there are; `symbol` is whose REST books these are. An error names `origin` and the
    /// record, counted from `first`.
    #[pyo3(signature = (payloads, symbol = None, *, origin = "", first = 0))]
    fn learn(
        &mut self,
        py: Python<'_>,
        payloads: Vec<Bound<'_, PyBytes>>,
        symbol: Option<&str>,
        origin: &str,
        first: u64,
    ) -> PyResult<()> {
        batch(py, &mut self.inner, &payloads, (origin, first), |decoder, payload| {
            decoder.learn(payload, symbol.map(str::as_bytes))
        })
    }

    /// (symbol, tick, lot) of each book that was learnt; tick and lot as decimal texts.
    fn learnt(&self) -> Vec<(String, String, String)> {
        let text = |(mantissa, scale)| Decimal { mantissa, scale }.to_string();
        self.inner.learnt().iter().map(|book| (book.symbol.clone(), text(book.tick()), text(book.lot()))).collect()
    }

    /// Makes a book known; tick and lot are decimal texts. Returns its number, from 0.
    fn define(&mut self, symbol: &str, tick: &str, lot: &str) -> PyResult<u32> {
        let found = instrument(self.defined + 1, Market::Spot, symbol, tick, lot);
        found.and_then(|found| self.inner.define(&found)).map_err(raise)?;
        self.defined += 1;
        Ok(self.defined - 1)
    }

    /// The records of a batch that was received at `ts_ns`, one time for each payload; those of unknown books are left out.
    #[pyo3(signature = (payloads, ts_ns, symbol = None, *, origin = "", first = 0))]
    fn records<'py>(
        &mut self,
        py: Python<'py>,
        payloads: Vec<Bound<'py, PyBytes>>,
        ts_ns: Vec<i64>,
        symbol: Option<&str>,
        origin: &str,
        first: u64,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let mut records: Vec<OrderRecord> = Vec::new();
        let mut times = ts_ns.into_iter();
        batch(py, &mut self.inner, &payloads, (origin, first), |decoder, payload| {
            let ts = times.next().unwrap_or_default();
            decoder.read(payload, symbol.map(str::as_bytes), ts, &mut records)
        })?;
        Ok(bytes_of(py, &records))
    }

    /// How often a book's messages said each of the venue's words.
    fn told<'py>(&self, py: Python<'py>, book: u32) -> PyResult<Bound<'py, PyDict>> {
        let dict = PyDict::new(py);
        self.inner.told(book).try_for_each(|(word, count)| dict.set_item(word, count))?;
        Ok(dict)
    }
}

/// Reads a file of ITCH 5.0 messages, each behind its length, chunk by chunk.
#[pyclass(module = "native._core")]
struct ItchFile {
    inner: itch_file::ItchFile,
}

#[pymethods]
impl ItchFile {
    /// At the beginning of a file.
    #[new]
    fn new() -> Self {
        Self { inner: itch_file::ItchFile::new() }
    }

    /// The records of the next bytes; a book's number is its locate code, times are nanoseconds since midnight.
    fn feed<'py>(&mut self, py: Python<'py>, data: PyBuffer<u8>) -> PyResult<Bound<'py, PyBytes>> {
        let bytes = data.to_vec(py)?;
        let mut records = Vec::new();
        let inner = &mut self.inner;
        py.detach(|| inner.feed(&bytes, &mut records)).map_err(raise)?;
        Ok(bytes_of(py, &records))
    }

    /// The symbols by locate code; an empty text where the directory has none.
    fn symbols(&self) -> Vec<String> {
        let text = |name: &[u8; 8]| String::from_utf8_lossy(name.trim_ascii_end()).into_owned();
        self.inner.symbols().iter().map(text).collect()
    }

    /// How many messages of each type there were, by the type's letter.
    fn told<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let dict = PyDict::new(py);
        for kind in 0..=u8::MAX {
            if self.inner.count(kind) > 0 {
                dict.set_item(char::from(kind).to_string(), self.inner.count(kind))?;
            }
        }
        Ok(dict)
    }

    /// How many bytes of a torn message are left.
    #[getter]
    fn torn(&self) -> usize {
        self.inner.torn()
    }
}

/// Adds this file's classes to the module.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add("ITCH_LENGTHS", LENGTHS.iter().map(|(kind, len)| (char::from(*kind), *len)).collect::<Vec<_>>())?;
    m.add_class::<OrderDecoder>()?;
    m.add_class::<ItchFile>()
}
