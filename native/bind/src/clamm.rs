//! Concentrated-liquidity pools for Python: the libraries' functions, the pools themselves, and quotes.
//!
//! catalogue: S4. Amounts cross as Python integers, batches as uint64[n, 4] (the lowest limb first).

use pyo3::prelude::*;

pub mod word;
mod library;
mod follow;
mod v4;
mod v4_pool;
mod pair;
pub mod pool;
mod pool_state;
mod pool_view;
mod quotes;
mod read;
mod row;
mod swap;

/// Adds the classes to the module.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    library::register(m)?;
    pool::register(m)?;
    v4::register(m)?;
    v4_pool::register(m)?;
    pair::register(m)?;
    pool_view::register(m)?;
    quotes::register(m)
}
