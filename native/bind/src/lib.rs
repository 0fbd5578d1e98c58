//! The thin PyO3 face of the core: classes, buffers and errors, no logic of its own.

use pyo3::prelude::*;

mod array;
mod bars;
mod book;
mod clamm;
mod column;
mod columns;
mod engine;
mod error;
mod evm;
mod feed;
mod figure_columns;
mod gate;
mod journal;
mod journal_columns;
mod level_view;
mod line;
mod line_books;
mod live;
mod market;
mod notes;
mod order_records;
mod orders;
mod outbound;
mod quote;
mod replay;
mod table;
mod venue;
mod view;
mod views;

/// The compiled core. Import the public names from `tickwright` instead.
#[pymodule]
fn _core(m: &Bound<'_, PyModule>) -> PyResult<()> {
    error::register(m)?;
    evm::register(m)?;
    bars::register(m)?;
    book::register(m)?;
    clamm::register(m)?;
    columns::register(m)?;
    feed::register(m)?;
    level_view::register(m)?;
    order_records::register(m)?;
    orders::register(m)?;
    journal::register(m)?;
    journal_columns::register(m)?;
    line::register(m)?;
    line_books::register(m)?;
    live::register(m)?;
    quote::register(m)?;
    gate::register(m)?;
    venue::register(m)?;
    view::register(m)?;
    outbound::register(m)?;
    engine::register(m)?;
    replay::register(m)?;
    table::register(m)?;
    m.add("__version__", env!("CARGO_PKG_VERSION"))?;
    m.add("BUILD_PROFILE", if cfg!(debug_assertions) { "debug" } else { "release" })
}
