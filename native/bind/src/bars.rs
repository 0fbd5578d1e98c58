//! The bar builder for Python: one trade at a time, or whole columns at once without the GIL.
//!
//! catalogue: M8.

use crate::array::bytes_of;
use crate::column::Column;
use crate::error::raise;
use pyo3::buffer::{Element, PyBuffer};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use tickwright_core::bars::{self, Bar, BarTrade, Rule};
use tickwright_core::error::{CoreError, Result};
use tickwright_core::event::flags;

/// Builds the bars of one instrument; live and from an archive by the same code.
#[pyclass(module = "native._core")]
struct BarBuilder {
    inner: bars::BarBuilder,
}

#[pymethods]
impl BarBuilder {
    /// `rule` is time (ns), tick (trades), volume (lots) or dollar (ticks times lots); `size` at least 1.
    #[new]
    fn new(rule: &str, size: i128) -> PyResult<Self> {
        Ok(Self { inner: bars::BarBuilder::new(Rule::new(rule, size).map_err(raise)?) })
    }

    /// Takes one trade (`flags` as in records); returns the bar that it completes, or nothing.
    #[pyo3(signature = (ts_ns, id, price, qty, flags = 0))]
    fn take<'py>(
        &mut self,
        py: Python<'py>,
        ts_ns: i64,
        id: u64,
        price: i64,
        qty: i64,
        flags: u32,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let mut done = Vec::new();
        let trade = trade(ts_ns, id, price, qty, flags);
        self.inner.take(&trade, |bar| done.push(bar)).map_err(raise)?;
        Ok(bytes_of(py, &done))
    }

    /// Takes columns of equal length (i64, ids u64, flags u32 as in records); returns the bars that they complete.
    /// A size below 1 is refused before anything is taken.
    fn batch<'py>(
        &mut self,
        py: Python<'py>,
        ts_ns: PyBuffer<i64>,
        id: PyBuffer<u64>,
        price: PyBuffer<i64>,
        qty: PyBuffer<i64>,
        flags: PyBuffer<u32>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let rows = ts_ns.item_count();
        let times = column(py, &ts_ns, rows, "ts_ns")?;
        let ids = column(py, &id, rows, "id")?;
        let prices = column(py, &price, rows, "price")?;
        let sizes = column(py, &qty, rows, "qty")?;
        let marks = column(py, &flags, rows, "flags")?;
        let (mut done, mut chunk) = (Vec::new(), Chunk::default());
        for from in (0..rows).step_by(CHUNK) {
            sizes.some(py, from, rows.min(from + CHUNK), &mut chunk.3);
            if let Some(qty) = chunk.3.iter().find(|qty| **qty < 1) {
                let why = "must be at least 1 lot";
                return Err(raise(CoreError::Field { field: "qty", was: qty.to_string(), why }));
            }
        }
        for from in (0..rows).step_by(CHUNK) {
            let to = rows.min(from + CHUNK);
            times.some(py, from, to, &mut chunk.0);
            ids.some(py, from, to, &mut chunk.1);
            prices.some(py, from, to, &mut chunk.2);
            sizes.some(py, from, to, &mut chunk.3);
            marks.some(py, from, to, &mut chunk.4);
            py.detach(|| take_all(&mut self.inner, &chunk, &mut done)).map_err(raise)?;
        }
        Ok(bytes_of(py, &done))
    }

    /// Time has come to `ts_ns`: returns the time bar that ended by then, or nothing.
    fn close_until<'py>(&mut self, py: Python<'py>, ts_ns: i64) -> Bound<'py, PyBytes> {
        let mut done = Vec::new();
        self.inner.close_until(ts_ns, |bar| done.push(bar));
        bytes_of(py, &done)
    }

    /// The bar that is not complete yet, or nothing.
    fn open<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        bytes_of(py, self.inner.open().map(std::slice::from_ref).unwrap_or_default())
    }

    /// How many trades came after their time bar was closed.
    #[getter]
    fn late(&self) -> u64 {
        self.inner.late()
    }

    /// How many trades came again.
    #[getter]
    fn duplicates(&self) -> u64 {
        self.inner.duplicates()
    }
}

/// A trade from its columns; `flags` as in records.
const fn trade(ts: i64, id: u64, price: i64, qty: i64, bits: u32) -> BarTrade {
    let (sell, off_book) = (bits & flags::SELL != 0, bits & flags::OFF_BOOK != 0);
    BarTrade { ts, id, price, qty, sell, off_book }
}

/// Trades that are copied out of the columns at a time: another thread may write to them while the GIL is released.
const CHUNK: usize = 4_096;

/// A column as long as the first one; else an `InputError` about `field`.
fn column<'b, T: Element>(
    py: Python<'_>,
    buffer: &'b PyBuffer<T>,
    rows: usize,
    field: &'static str,
) -> PyResult<Column<'b, T>> {
    if buffer.item_count() != rows || buffer.dimensions() != 1 {
        let was = format!("{} in {} dimensions", buffer.item_count(), buffer.dimensions());
        return Err(raise(CoreError::Field { field, was, why: "must be one column as long as ts_ns" }));
    }
    Column::new(py, buffer)
}

/// Times, numbers, prices, sizes and flags of some trades.
type Chunk = (Vec<i64>, Vec<u64>, Vec<i64>, Vec<i64>, Vec<u32>);

fn take_all(builder: &mut bars::BarBuilder, chunk: &Chunk, done: &mut Vec<Bar>) -> Result<()> {
    let (times, ids, prices, sizes, marks) = chunk;
    for ((((ts, id), price), qty), bits) in times.iter().zip(ids).zip(prices).zip(sizes).zip(marks) {
        builder.take(&trade(*ts, *id, *price, *qty, *bits), |bar| done.push(bar))?;
    }
    Ok(())
}

/// Adds this file's class to the module.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<BarBuilder>()
}
