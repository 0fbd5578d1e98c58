//! Replay for Python: the whole journal at once, or event by event for time travel and strategy comparison.

use std::path::PathBuf;

use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use tickwright_core::effects::Effects;
use tickwright_core::event::Proposal;
use tickwright_core::quoting::{Quoting, Seat};
use tickwright_core::replay::Replay as Core;
use tickwright_core::state_hash::hex;

use crate::error::raise;
use crate::notes;
use crate::view::View;
use crate::views;

/// A replay of a journal directory. `Replay(dir)` starts before the first event; `from_snapshot=True` starts at the
/// newest snapshot. Raises `DamagedError` naming segment, offset and sequence where the journal is damaged.
#[pyclass(module = "native._core")]
pub struct Replay {
    core: Core,
    own: Quoting,
}

#[pymethods]
impl Replay {
    #[new]
    #[pyo3(signature = (journal_dir, *, from_snapshot=false, until=None, collect=false))]
    fn new(journal_dir: PathBuf, from_snapshot: bool, until: Option<u64>, collect: bool) -> PyResult<Self> {
        let until = until.unwrap_or(u64::MAX);
        let core = if from_snapshot {
            Core::from_snapshot(&journal_dir, until, collect)
        } else {
            Core::open(&journal_dir, collect)
        };
        Ok(Self { core: core.map_err(raise)?, own: Quoting::new() })
    }

    /// Applies everything, or everything up to and with `until`; returns events, last_seq and state_hash.
    #[pyo3(signature = (until=None))]
    fn run<'py>(&mut self, py: Python<'py>, until: Option<u64>) -> PyResult<Bound<'py, PyDict>> {
        py.detach(|| self.core.run(until)).map_err(raise)?;
        let out = PyDict::new(py);
        out.set_item("events", self.core.events())?;
        out.set_item("last_seq", self.core.last_seq())?;
        out.set_item("state_hash", self.state_hash())?;
        Ok(out)
    }

    /// Applies one event: `(seq, kind, instrument, ends_batch, ts_receive)`, or None at the end.
    fn step(&mut self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        let Some(stepped) = self.core.step().map_err(raise)? else { return Ok(None) };
        let kind = format!("{:?}", stepped.header.kind().map_err(raise)?).to_lowercase();
        let row = (stepped.seq, kind, stepped.header.instrument, stepped.ends_batch(), stepped.header.ts_receive);
        match stepped.proposal {
            Some(p) => Ok(Some(proposal_tuple(py, stepped.seq, &p)?)),
            None => Ok(Some(row.into_py_any(py)?)),
        }
    }

    /// The notes of the last step (with `collect=True`), as `Engine.events()` gives them.
    fn events(&mut self, py: Python<'_>) -> PyResult<Vec<Py<PyAny>>> {
        let effects: &mut Effects = self.core.effects();
        effects.notes.iter().map(|row| notes::tuple(py, row)).collect()
    }

    /// The view that a strategy had after the last step.
    fn view(&mut self, account: u16, strategy: u16, instrument: u32) -> View {
        let happened = self.core.effects().happened.clone();
        let seq = self.core.last_seq();
        let seat = Seat { account, strategy, instrument };
        let (view, own) = self.own.view(self.core.state(), seat, seq, &happened);
        View::of(&view, own)
    }

    /// The number of the last event applied.
    #[getter]
    fn last_seq(&self) -> u64 {
        self.core.last_seq()
    }

    /// How many events were applied.
    #[getter]
    fn applied(&self) -> u64 {
        self.core.events()
    }

    /// The state hash so far, as 64 hexadecimal digits.
    fn state_hash(&self) -> String {
        hex(&self.core.state_hash())
    }
}

impl views::HasState for Replay {
    fn state(&self) -> &tickwright_core::state::State {
        self.core.state()
    }
}

views::state_views!(Replay);

/// `(seq, "proposal", instrument, account, strategy, action, side, order_type, tif, order, target, price, qty, flags, tag)`.
fn proposal_tuple(py: Python<'_>, seq: u64, p: &Proposal) -> PyResult<Py<PyAny>> {
    let parts = [
        seq.into_py_any(py)?,
        "proposal".into_py_any(py)?,
        p.header.instrument.into_py_any(py)?,
        p.account.into_py_any(py)?,
        p.strategy.into_py_any(py)?,
        p.action.into_py_any(py)?,
        p.side.into_py_any(py)?,
        p.order_type.into_py_any(py)?,
        p.tif.into_py_any(py)?,
        p.order.into_py_any(py)?,
        p.target.into_py_any(py)?,
        p.price.into_py_any(py)?,
        p.qty.into_py_any(py)?,
        p.header.flags.into_py_any(py)?,
        p.tag.into_py_any(py)?,
    ];
    PyTuple::new(py, parts)?.into_py_any(py)
}

/// Adds this file's classes to the module.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<Replay>()
}
