//! Books of single orders for Python: records in batches, views without copies, places in queues.
//!
//! catalogue: M2, M12. A batch is any contiguous buffer of 48-byte records (`feeds/l3/records.py` has the dtype). It is copied
//! once, because another thread may write to it, and applied with the GIL released.

use crate::array::{bytes_of, copied};
use crate::error::raise;
use crate::level_view::{LevelView, VIEWS_MAX};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use std::mem::offset_of;
use std::num::NonZeroU64;
use tickwright_core::book::l3::{Bounds, Dense, Digits, Fault, Ghosts, Hashed, Ids, L3Books};
use tickwright_core::book::l3::{OrderRecord, RecordKind, Resting, Standing, Written, record_flags};
use tickwright_core::error::CoreError;
use tickwright_core::event::Level;
use tickwright_core::units::Side;

/// Books with either way of finding orders; every method is the same call on both.
enum Books {
    Dense(L3Books<Dense>),
    Hashed(L3Books<Hashed>),
}

macro_rules! each {
    ($books:expr, $inner:ident => $call:expr) => {
        match $books {
            Books::Dense($inner) => $call,
            Books::Hashed($inner) => $call,
        }
    };
}

/// What became of a batch: a byte for each record and, where they are wanted, the best prices after it.
struct Outcome {
    faults: Vec<u8>,
    tops: Vec<[Level; 2]>,
}

/// Applies a batch. Where somebody looks after each record (for ghosts, at the best prices) they go one by one, else with
/// their lines fetched ahead.
fn apply<I: Ids>(
    books: &mut L3Books<I>,
    mut ghosts: Option<&mut Ghosts>,
    records: &[OrderRecord],
    with_tops: bool,
) -> Outcome {
    let code = |fault: Option<Fault>| fault.map_or(0, |fault| fault as u8 + 1);
    let mut outcome = Outcome { faults: Vec::with_capacity(records.len()), tops: Vec::new() };
    if ghosts.is_none() && !with_tops {
        books.apply_records(records, |_, result| outcome.faults.push(code(result.err())));
        return outcome;
    }
    for record in records {
        outcome.faults.push(code(books.apply_record(record).err()));
        if let Some(ghosts) = ghosts.as_mut().filter(|_| record.flags & record_flags::LAST != 0) {
            ghosts.look(books, record.book, record.ts_ns);
        }
        if with_tops {
            outcome.tops.push(*books.top(record.book).sides());
        }
    }
    outcome
}

fn written(times: u32, over: u64, field: &'static str) -> PyResult<Written> {
    let zero = || CoreError::Field { field, was: over.to_string(), why: "must be at least 1" };
    Ok(Written { times, over: NonZeroU64::new(over).ok_or_else(zero).map_err(raise)? })
}

fn side_of(raw: u8) -> PyResult<Side> {
    Side::from_raw(raw).map_err(raise)
}

/// An order as the record that would add it.
fn record_of(order: Resting) -> OrderRecord {
    let Resting { id, book, side, price, qty } = order;
    OrderRecord { id, book, side: side as u8, price, qty, kind: RecordKind::Add as u8, ..OrderRecord::default() }
}

/// Books of single orders, numbered from 0, with one space of order ids. Prices are ticks, sizes lots, sides 0 (bid), 1.
#[pyclass(module = "native._core")]
struct OrderBooks {
    inner: Books,
    ghosts: Option<Ghosts>,
    views: Vec<(u32, Py<LevelView>)>,
}

#[pymethods]
impl OrderBooks {
    /// As many books as `ticks_per_step` has entries: the usual distance of two prices of each, 1 to 1,000 ticks.
    ///
    /// Room for `orders_max` live orders and `levels_max` prices; all of it is taken now. With `first_id` ids are dense:
    /// `orders_max` ids from it on. With `ghost_patience_ns` a book that stays crossed for longer loses its older orders.
    #[new]
    #[pyo3(signature = (ticks_per_step, orders_max, levels_max, *, first_id = None, ghost_patience_ns = None))]
    fn new(
        ticks_per_step: Vec<u32>,
        orders_max: usize,
        levels_max: usize,
        first_id: Option<u64>,
        ghost_patience_ns: Option<i64>,
    ) -> PyResult<Self> {
        let books = ticks_per_step.len();
        let bounds = Bounds { ticks_per_step, orders_max, levels_max };
        let inner = match first_id {
            Some(first) => L3Books::dense(&bounds, first).map(Books::Dense),
            None => L3Books::hashed(&bounds).map(Books::Hashed),
        };
        let ghosts = ghost_patience_ns.map(|patience| Ghosts::new(books, patience)).transpose();
        Ok(Self { inner: inner.map_err(raise)?, ghosts: ghosts.map_err(raise)?, views: Vec::new() })
    }

    /// Applies a batch in order. A byte for each record: 0, or the number of its fault (`ORDER_FAULTS`); a refused record
    /// changes nothing.
    fn apply<'py>(&mut self, py: Python<'py>, records: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyBytes>> {
        let outcome = self.run(py, records, false)?;
        Ok(PyBytes::new(py, &outcome.faults))
    }

    /// As `apply`; also the best prices after each record: bid, its size, ask, its size, size 0 for an empty side.
    fn apply_with_tops<'py>(
        &mut self,
        py: Python<'py>,
        records: &Bound<'py, PyAny>,
    ) -> PyResult<(Bound<'py, PyBytes>, Bound<'py, PyBytes>)> {
        let outcome = self.run(py, records, true)?;
        Ok((PyBytes::new(py, &outcome.faults), bytes_of(py, &outcome.tops)))
    }

    /// A view of the best `depth` levels of a book, which every later call of `apply` keeps up to date.
    fn view(&mut self, py: Python<'_>, book: u32, depth: usize) -> PyResult<Py<LevelView>> {
        if self.views.len() >= VIEWS_MAX {
            return Err(raise(CoreError::Full { what: "views of order books", capacity: VIEWS_MAX }));
        }
        let view = Py::new(py, LevelView::new(depth)?)?;
        self.views.push((book, view.clone_ref(py)));
        self.refresh(py);
        Ok(view)
    }

    /// (bid, size, ask, size); size 0 where a side is empty.
    fn top(&self, book: u32) -> (i64, i64, i64, i64) {
        let top = each!(&self.inner, books => books.top(book));
        let [bid, ask] = top.sides();
        (bid.price, bid.qty, ask.price, ask.qty)
    }

    /// The best `count` levels of a side as bytes of (price, qty), best first.
    fn levels<'py>(&self, py: Python<'py>, book: u32, side: u8, count: usize) -> PyResult<Bound<'py, PyBytes>> {
        let side = side_of(side)?;
        let mut all = each!(&self.inner, books => books.levels(book, side));
        all.truncate(count);
        Ok(bytes_of(py, &all))
    }

    /// The orders of a side as records, best price first, at a price the first to be filled first.
    fn orders<'py>(&self, py: Python<'py>, book: u32, side: u8) -> PyResult<Bound<'py, PyBytes>> {
        let side = side_of(side)?;
        let all: Vec<OrderRecord> = each!(&self.inner, books => books.resting(book, side).map(record_of).collect());
        Ok(bytes_of(py, &all))
    }

    /// (book, side, price, what is left) of a live order, or None.
    fn order(&self, id: u64) -> Option<(u32, u8, i64, i64)> {
        let found = each!(&self.inner, books => books.order(id));
        found.map(|order| (order.book, order.side as u8, order.price, order.qty))
    }

    /// (lots, orders) before a live order in its queue, or None. Of a watched order it costs a look, of any other a walk.
    fn standing(&self, id: u64) -> Option<(i64, u32)> {
        let found = each!(&self.inner, books => books.standing(id));
        found.map(|Standing { lots_ahead, orders_ahead }| (lots_ahead, orders_ahead))
    }

    /// Keeps the standing of a live order from now on, and returns it. At most 256 orders are watched at a time.
    fn watch(&mut self, id: u64) -> PyResult<(i64, u32)> {
        let found = each!(&mut self.inner, books => books.watch(id));
        let Standing { lots_ahead, orders_ahead } = found.map_err(|fault| raise(fault.error(id)))?;
        Ok((lots_ahead, orders_ahead))
    }

    /// Stops watching an order; whether it was watched.
    fn unwatch(&mut self, id: u64) -> bool {
        each!(&mut self.inner, books => books.unwatch(id))
    }

    /// Kraken's checksum of a book (channel `level3`). A tick is `tick / tick_over` units of the last decimal that is
    /// written, a lot likewise: 1 over a million where two decimals are written and the tick is 0.00000001.
    #[pyo3(signature = (book, tick = 1, lot = 1, *, tick_over = 1, lot_over = 1))]
    fn kraken_checksum(&self, book: u32, tick: u32, lot: u32, tick_over: u64, lot_over: u64) -> PyResult<u32> {
        let digits = Digits { tick: written(tick, tick_over, "tick_over")?, lot: written(lot, lot_over, "lot_over")? };
        Ok(each!(&self.inner, books => books.kraken_checksum(book, digits)))
    }

    /// How often each fault happened, by its words.
    fn faults<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let counted = each!(&self.inner, books => *books.faults());
        let dict = PyDict::new(py);
        Fault::ALL.iter().try_for_each(|fault| dict.set_item(fault.text(), counted.of(*fault)))?;
        Ok(dict)
    }

    /// How many orders the rule for ghosts has removed.
    #[getter]
    fn ghosts(&self) -> u64 {
        self.ghosts.as_ref().map_or(0, Ghosts::removed)
    }
}

impl OrderBooks {
    fn run(&mut self, py: Python<'_>, records: &Bound<'_, PyAny>, with_tops: bool) -> PyResult<Outcome> {
        let records: Vec<OrderRecord> = copied(records, "records", "must be contiguous records of 48 bytes")?;
        let Self { inner, ghosts, .. } = self;
        let outcome = py.detach(|| each!(inner, books => apply(books, ghosts.as_mut(), &records, with_tops)));
        self.refresh(py);
        Ok(outcome)
    }

    fn refresh(&self, py: Python<'_>) {
        for (book, view) in &self.views {
            view.get().fill(py, |side, out| each!(&self.inner, books => books.best_levels(*book, side, out)));
        }
    }
}

/// The layout of a record as this crate has it: (field, offset, bytes).
const LAYOUT: [(&str, usize, usize); 9] = [
    ("id", offset_of!(OrderRecord, id), 8),
    ("new_id", offset_of!(OrderRecord, new_id), 8),
    ("price", offset_of!(OrderRecord, price), 8),
    ("qty", offset_of!(OrderRecord, qty), 8),
    ("ts_ns", offset_of!(OrderRecord, ts_ns), 8),
    ("book", offset_of!(OrderRecord, book), 4),
    ("kind", offset_of!(OrderRecord, kind), 1),
    ("side", offset_of!(OrderRecord, side), 1),
    ("flags", offset_of!(OrderRecord, flags), 2),
];

/// Adds this file's class to the module, and what names its numbers.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add("ORDER_RECORD_LAYOUT", LAYOUT.to_vec())?;
    m.add("ORDER_KINDS", RecordKind::NAMES.to_vec())?;
    m.add("ORDER_FLAGS", record_flags::NAMES.to_vec())?;
    m.add("ORDER_FAULTS", Fault::ALL.iter().map(|fault| fault.text()).collect::<Vec<_>>())?;
    m.add_class::<OrderBooks>()
}
