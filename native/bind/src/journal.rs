//! Reading and verifying journals from Python: a directory in, dicts out; the GIL is free while files are read.

use crate::error::raise;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use std::path::{Path, PathBuf};
use tickwright_core::error::{CoreError, Result};
use tickwright_core::journal::{Reader, SegmentInfo, Summary, show, verify};
use tickwright_core::state_hash::hex;

/// At most this many records in one call of `journal_show`, so that a mistyped range cannot fill the memory.
const SHOWN_MAX: u64 = 100_000;

/// A directory without a segment is not a journal, and saying "0 events, all well" of it would mislead.
pub fn check_journal(dir: &Path) -> Result<Reader> {
    let not = |why| CoreError::Field { field: "journal", was: dir.display().to_string(), why };
    if !dir.is_dir() {
        return Err(not("is not a directory"));
    }
    let reader = Reader::open(dir)?;
    if reader.is_empty() { Err(not("holds no segment")) } else { Ok(reader) }
}

/// What damaged a journal, as (file, offset, sequence, why); every other error passes.
type Place = (String, u64, u64, &'static str);

fn damage<T>(result: Result<T>) -> Result<std::result::Result<T, Place>> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(CoreError::Damaged { file, offset, seq, why }) => Ok(Err((file, offset, seq, why))),
        Err(other) => Err(other),
    }
}

fn place_dict<'py>(py: Python<'py>, place: &Place) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item("segment", &place.0)?;
    dict.set_item("offset", place.1)?;
    dict.set_item("sequence", place.2)?;
    dict.set_item("why", place.3)?;
    Ok(dict)
}

fn segment_dict<'py>(py: Python<'py>, one: &SegmentInfo) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item("segment", &one.file)?;
    dict.set_item("index", one.header.index)?;
    dict.set_item("first_seq", one.header.first_seq)?;
    dict.set_item("last_seq", one.last_seq)?;
    dict.set_item("records", one.records)?;
    dict.set_item("bytes", one.file_bytes)?;
    dict.set_item("used_bytes", one.used_bytes)?;
    dict.set_item("sealed", one.sealed)?;
    dict.set_item("torn", one.torn)?;
    dict.set_item("schema", one.header.schema)?;
    dict.set_item("build", &one.header.build)?;
    dict.set_item("config_digest", hex(&one.header.config_digest))?;
    Ok(dict)
}

fn fill_summary(dict: &Bound<'_, PyDict>, summary: &Summary) -> PyResult<()> {
    dict.set_item("first_seq", summary.first_seq)?;
    dict.set_item("last_seq", summary.last_seq)?;
    dict.set_item("records", summary.records)?;
    dict.set_item("segments", summary.segments.len())?;
    dict.set_item("sealed", summary.sealed)?;
    dict.set_item("torn", summary.segments.last().is_some_and(|last| last.torn))?;
    dict.set_item("snapshot", summary.snapshot.as_ref().map(|(file, _)| file))?;
    dict.set_item("snapshot_seq", summary.snapshot.as_ref().map(|(_, seq)| *seq))?;
    dict.set_item("damaged_snapshots", &summary.damaged_snapshots)
}

/// Checks every bit of the journal in a directory. `damage` is None, or names segment, offset, sequence and why.
#[pyfunction]
#[pyo3(signature = (dir, /))]
fn journal_verify(py: Python<'_>, dir: PathBuf) -> PyResult<Bound<'_, PyDict>> {
    let found = py.detach(|| check_journal(&dir).and_then(|_| damage(verify(&dir))));
    let dict = PyDict::new(py);
    match found.map_err(raise)? {
        Ok(summary) => {
            fill_summary(&dict, &summary)?;
            dict.set_item("damage", py.None())?;
        }
        Err(place) => dict.set_item("damage", place_dict(py, &place)?)?,
    }
    Ok(dict)
}

/// The segments of the journal in a directory, one dict each. Where one is damaged the list ends before it.
#[pyfunction]
#[pyo3(signature = (dir, /))]
fn journal_ls(py: Python<'_>, dir: PathBuf) -> PyResult<Bound<'_, PyList>> {
    let walk = || -> Result<Vec<SegmentInfo>> {
        let mut reader = check_journal(&dir)?;
        while let Ok(Some(_)) = damage(reader.read_next())?.map_err(|_| ()) {}
        Ok(reader.segments().to_vec())
    };
    let segments = py.detach(walk).map_err(raise)?;
    let list = PyList::empty(py);
    for one in &segments {
        list.append(segment_dict(py, one)?)?;
    }
    Ok(list)
}

/// The records `first` to `last` with every field as text, `sequence` as int. Damage raises DamagedError.
#[pyfunction]
#[pyo3(signature = (dir, first, last, /))]
fn journal_show(py: Python<'_>, dir: PathBuf, first: u64, last: u64) -> PyResult<Bound<'_, PyList>> {
    let records = py.detach(|| collect(&dir, first, last)).map_err(raise)?;
    let list = PyList::empty(py);
    for (seq, fields) in records {
        let dict = PyDict::new(py);
        dict.set_item("sequence", seq)?;
        for (name, text) in fields {
            dict.set_item(name, text)?;
        }
        list.append(dict)?;
    }
    Ok(list)
}

fn collect(dir: &Path, first: u64, last: u64) -> Result<Vec<(u64, Vec<show::Field>)>> {
    let mut reader = check_journal(dir)?;
    if first == 0 || last < first || last - first >= SHOWN_MAX {
        let was = format!("{first} to {last}");
        return Err(CoreError::Field {
            field: "range",
            was,
            why: "must run upwards from 1, over at most 100000 records",
        });
    }
    reader.start_at(first)?;
    let mut out = Vec::new();
    while let Some((seq, record)) = reader.read_next()? {
        if seq > last {
            break;
        }
        out.push((seq, show::fields(&record)));
        if seq == last {
            break;
        }
    }
    Ok(out)
}

/// Adds this file's functions to the module.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(journal_verify, m)?)?;
    m.add_function(wrap_pyfunction!(journal_ls, m)?)?;
    m.add_function(wrap_pyfunction!(journal_show, m)?)
}
