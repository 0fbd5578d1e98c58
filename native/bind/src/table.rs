//! The versioned C function table that Cython kernels call.

use pyo3::prelude::*;

/// Adds this file's classes to the module.
pub fn register(_m: &Bound<'_, PyModule>) -> PyResult<()> {
    Ok(())
}
