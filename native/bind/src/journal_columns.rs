//! The market data of a journal as rows of numbers, from any sequence number on: what a store is filled from.
//!
//! catalogue: M7. It reads a journal that an engine is writing, too. Rows are those of `columns`, prices in ticks and
//! sizes in lots of the instruments that the journal itself defines.

use crate::columns::{Rows, Tables};
use crate::error::raise;
use crate::journal::check_journal;
use crate::market::market_name;
use pyo3::prelude::*;
use std::collections::BTreeMap;
use std::path::PathBuf;
use tickwright_core::error::{CoreError, Result};
use tickwright_core::event::{InstrumentDef, RecordRef, unpadded};
use tickwright_core::instrument::Market;

/// What a row needs to be told of its instrument: market, symbol, tick and lot, and the decimals of both.
type Told = (&'static str, String, i64, i64, u8, u8);

/// Reads one journal, forwards.
#[pyclass(module = "native._core")]
struct JournalColumns {
    dir: PathBuf,
    next: u64,
    instruments: BTreeMap<u32, Told>,
}

impl JournalColumns {
    fn learn(&mut self, record: RecordRef<'_>) -> Result<()> {
        if let Some(told) = record.get::<InstrumentDef>() {
            let market = Market::from_byte(told.market)?;
            let scales = (told.price_scale, told.qty_scale);
            let symbol = unpadded(&told.symbol).to_owned();
            let of = (market_name(market), symbol, told.tick, told.lot, scales.0, scales.1);
            self.instruments.insert(told.header.instrument, of);
        }
        Ok(())
    }

    /// The definitions before `first`, wherever they stand.
    fn define(&mut self, first: u64) -> Result<()> {
        let mut reader = check_journal(&self.dir)?;
        self.next = first.max(reader.first_seq()?);
        while let Some((seq, record)) = reader.read_next()? {
            if seq >= self.next {
                break;
            }
            self.learn(record)?;
        }
        Ok(())
    }

    fn collect(&mut self, numbers_max: usize) -> Result<Rows> {
        let mut reader = check_journal(&self.dir)?;
        reader.start_at(self.next)?;
        let mut rows = Rows::default();
        while rows.len() < numbers_max {
            let Some((seq, record)) = reader.read_next()? else { break };
            if seq < self.next {
                continue;
            }
            self.learn(record)?;
            let number = i64::try_from(seq).map_err(|_| CoreError::Field {
                field: "sequence",
                was: seq.to_string(),
                why: "must fit an i64",
            })?;
            rows.take(record, number);
            self.next = seq + 1;
        }
        Ok(rows)
    }
}

#[pymethods]
impl JournalColumns {
    /// Begins at the sequence number `first`, or at the first one that the journal still holds.
    #[new]
    fn new(py: Python<'_>, dir: PathBuf, first: u64) -> PyResult<Self> {
        let mut this = Self { dir, next: first, instruments: BTreeMap::new() };
        py.detach(|| this.define(first)).map_err(raise)?;
        Ok(this)
    }

    /// The sequence number that the next call begins at.
    #[getter]
    const fn next(&self) -> u64 {
        self.next
    }

    /// By number: market, symbol, tick and lot as mantissas, and the decimals of both.
    #[getter]
    fn instruments(&self) -> BTreeMap<u32, Told> {
        self.instruments.clone()
    }

    /// The rows of the next records: trades (8 numbers each), levels (11) and tops (9); it stops behind the record
    /// that brings them to `numbers_max` numbers, and at the journal's end. The GIL is free meanwhile.
    fn read<'py>(&mut self, py: Python<'py>, numbers_max: usize) -> PyResult<Tables<'py>> {
        let rows = py.detach(|| self.collect(numbers_max)).map_err(raise)?;
        Ok(rows.packed(py))
    }
}

/// Adds this file's class to the module.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<JournalColumns>()
}
