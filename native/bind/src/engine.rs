//! The engine: one sequencer, one journal, one state, driven from Python once a batch.

use pyo3::prelude::*;

/// Adds this file's classes to the module.
pub fn register(_m: &Bound<'_, PyModule>) -> PyResult<()> {
    Ok(())
}
