//! The pre-trade gate for tests and the risk room.

use pyo3::prelude::*;

/// Adds this file's classes to the module.
pub fn register(_m: &Bound<'_, PyModule>) -> PyResult<()> {
    Ok(())
}
