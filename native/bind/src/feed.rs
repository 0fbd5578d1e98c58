//! A public feed's decoder for research and tests: messages of one connection as dicts.
//!
//! catalogue: M1.

use crate::book::{MESSAGE_BYTES_MAX, dict, instrument};
use crate::error::raise;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use tickwright_core::decode::public::Public;
use tickwright_core::decode::{PublicDecoder, Stamp};
use tickwright_core::event::RecordBuf;

/// Decodes without a clock.
const STAMP: Stamp = Stamp { stream: 0, ts_receive: 0, ts_mono: 0 };

/// Reads one connection's market data into dicts: what the records hold, None where the venue did not say.
#[pyclass(module = "native._core")]
struct FeedDecoder {
    inner: PublicDecoder,
    defined: u32,
    records: RecordBuf,
}

#[pymethods]
impl FeedDecoder {
    /// Of the connection `feed`: `okx`, `bybit-linear`, ..
    #[new]
    fn new(feed: &str) -> PyResult<Self> {
        let inner = PublicDecoder::new(Public::parse(feed).map_err(raise)?);
        Ok(Self { inner, defined: 0, records: RecordBuf::with_capacity(MESSAGE_BYTES_MAX) })
    }

    /// Makes an instrument known; tick and lot are decimal texts. Returns its number.
    fn define(&mut self, symbol: &str, tick: &str, lot: &str) -> PyResult<u32> {
        let market = self.inner.market_of(symbol.as_bytes());
        let found = instrument(self.defined + 1, market, symbol, tick, lot).map_err(raise)?;
        self.inner.define(&found).map_err(raise)?;
        self.defined += 1;
        Ok(self.defined)
    }

    /// The records of one message of the socket.
    fn message<'py>(&mut self, py: Python<'py>, payload: &[u8]) -> PyResult<Vec<Bound<'py, PyDict>>> {
        self.records.clear();
        self.inner.market(payload, STAMP, &mut self.records).map_err(raise)?;
        self.dicts(py)
    }

    /// The records of a REST answer about `symbol`.
    fn answer<'py>(&mut self, py: Python<'py>, symbol: &str, body: &[u8]) -> PyResult<Vec<Bound<'py, PyDict>>> {
        self.records.clear();
        self.inner.snapshot(symbol.as_bytes(), body, STAMP, &mut self.records).map_err(raise)?;
        self.dicts(py)
    }
}

impl FeedDecoder {
    fn dicts<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyDict>>> {
        self.records.iter().map(|record| dict(py, record.map_err(raise)?)).collect()
    }
}

/// Adds this file's class to the module.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<FeedDecoder>()
}
