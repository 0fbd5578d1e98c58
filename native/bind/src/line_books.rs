//! The books of two lines for Python: a message of a line at a time, and the book that both are together.
//!
//! catalogue: M1, M3, M4.

use crate::book::{MESSAGE_BYTES_MAX, dict, instrument};
use crate::error::raise;
use crate::live::{Levels, PyNote, books_of, noted, state_of};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use tickwright_core::decode::Stamp;
use tickwright_core::error::CoreError;
use tickwright_core::event::RecordBuf;
use tickwright_core::line::books;
use tickwright_core::units::Side;

/// The books of lines A (0) and B (1) of one venue's connection.
#[pyclass(module = "native._core")]
struct LineBooks {
    inner: books::LineBooks,
    records: RecordBuf,
}

#[pymethods]
impl LineBooks {
    /// Of a market of Binance (`spot`, `linear`, `inverse`), or of another venue's connection by its name.
    #[new]
    fn new(feed: &str) -> PyResult<Self> {
        let inner = books::LineBooks::new([books_of(feed)?, books_of(feed)?]);
        Ok(Self { inner, records: RecordBuf::with_capacity(MESSAGE_BYTES_MAX) })
    }

    /// Adds an instrument on both lines, or gives one another tick and lot: its books are then empty. Its number.
    fn define(&mut self, symbol: &str, tick: &str, lot: &str) -> PyResult<u32> {
        let market = self.inner.line(0).map_err(raise)?.market_of(symbol);
        let found = instrument(0, market, symbol, tick, lot);
        found.and_then(|found| self.inner.define(&found)).map_err(raise)
    }

    /// Takes one message of a line, or the REST book of instrument `whole` that the line asked for; as `LiveBooks.take`,
    /// about the books of the line.
    #[pyo3(signature = (line, payload, whole = None, ts_ns = 0))]
    fn take<'py>(
        &mut self,
        py: Python<'py>,
        line: usize,
        payload: &[u8],
        whole: Option<u32>,
        ts_ns: i64,
    ) -> PyResult<(Vec<Bound<'py, PyDict>>, usize, Vec<PyNote>)> {
        let stamp = Stamp { stream: 0, ts_receive: ts_ns, ts_mono: 0 };
        let mut events = Vec::new();
        let Self { inner, records } = self;
        let told = inner.take(line, payload, whole, stamp, records, &mut |record| events.push(dict(py, record)));
        let told = told.map_err(raise)?;
        let notes = self.inner.line(line).map_err(raise)?.notes().iter().map(noted).collect();
        Ok((events.into_iter().collect::<PyResult<_>>()?, told, notes))
    }

    /// A line's connection is gone: its books are empty until their whole ones come.
    #[pyo3(signature = (line, ts_ns = 0))]
    fn reset(&mut self, line: usize, ts_ns: i64) -> PyResult<()> {
        self.inner.reset(line, ts_ns).map_err(raise)
    }

    /// Empties one book of a line that is in doubt for a reason of the caller's.
    fn distrust(&mut self, line: usize, instrument: u32) -> PyResult<()> {
        self.inner.distrust(line, instrument).map_err(raise)
    }

    /// (price, size) of the best `count` bids and asks of the book that is shown; empty while none is whole.
    fn levels(&self, instrument: u32, count: usize) -> (Levels, Levels) {
        let Some(book) = self.inner.shown(instrument).map(|shown| shown.book()) else { return (vec![], vec![]) };
        let side = |side| book.levels(side).take(count).map(|level| (level.price, level.qty)).collect();
        (side(Side::Buy), side(Side::Sell))
    }

    /// What happened to a book of one line, as `LiveBooks.state`.
    fn line_state<'py>(&self, py: Python<'py>, line: usize, instrument: u32) -> PyResult<Bound<'py, PyDict>> {
        state_of(py, self.inner.line(line).map_err(raise)?, instrument)
    }

    /// What both lines are together: `symbol, synced, gaps, crossed, checksums, checksums_wrong, filled, shown, switches`,
    /// checksums those of both lines.
    fn state<'py>(&self, py: Python<'py>, instrument: u32) -> PyResult<Bound<'py, PyDict>> {
        let unknown = || raise(CoreError::Unknown { what: "instrument", was: instrument.to_string() });
        let merged = self.inner.merged(instrument).ok_or_else(unknown)?;
        let mut sums = [0, 0];
        let dict = PyDict::new(py);
        for line in 0..2 {
            let book = self.inner.line(line).map_err(raise)?.book(instrument).ok_or_else(unknown)?;
            dict.set_item("symbol", book.symbol())?;
            sums[0] += book.counts().checksums;
            sums[1] += book.counts().checksums_wrong;
        }
        dict.set_item("synced", self.inner.shown(instrument).is_some())?;
        for (name, value) in [
            ("gaps", merged.gaps()),
            ("crossed", merged.crossed()),
            ("checksums", sums[0]),
            ("checksums_wrong", sums[1]),
            ("filled", merged.filled()),
            ("shown", merged.choice().shown as u64),
            ("switches", merged.choice().switches),
        ] {
            dict.set_item(name, value)?;
        }
        Ok(dict)
    }
}

/// Adds this file's class to the module.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<LineBooks>()
}
