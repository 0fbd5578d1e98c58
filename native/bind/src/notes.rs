//! Notes of the core as the tuples that `Engine.events()` hands to Python: `(seq, kind, instrument, ...)`.

use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use tickwright_core::effects::{Note, NoteRow, OrderNote};
use tickwright_core::event::Verb;
use tickwright_core::gate::limits::Scope;

/// One note as a tuple.
pub fn tuple(py: Python<'_>, row: &NoteRow) -> PyResult<Py<PyAny>> {
    let (seq, id) = (row.seq, row.instrument);
    match &row.note {
        Note::Book => (seq, "book", id).into_py_any(py),
        Note::Trade { price, qty, sell, id: trade } => (seq, "trade", id, *price, *qty, *sell, *trade).into_py_any(py),
        Note::Mark { mark_e8, rate_e8 } => (seq, "mark", id, *mark_e8, *rate_e8).into_py_any(py),
        Note::Order(order) => self::order(py, seq, id, order),
        Note::Fill { fill, tag } => {
            let parts = [
                seq.into_py_any(py)?,
                "fill".into_py_any(py)?,
                id.into_py_any(py)?,
                fill.order.into_py_any(py)?,
                fill.strategy.into_py_any(py)?,
                (fill.side as u8).into_py_any(py)?,
                fill.price.into_py_any(py)?,
                fill.qty.into_py_any(py)?,
                fill.fee.into_py_any(py)?,
                fill.fee_asset.into_py_any(py)?,
                fill.maker.into_py_any(py)?,
                fill.trade.into_py_any(py)?,
                tag.into_py_any(py)?,
            ];
            PyTuple::new(py, parts)?.into_py_any(py)
        }
        Note::Refused { order, strategy, refusal } => {
            (seq, "refusal", id, *order, *strategy, refusal.to_string()).into_py_any(py)
        }
        Note::Rejected { order, strategy, error } => {
            (seq, "refusal", id, *order, *strategy, error.to_string()).into_py_any(py)
        }
        Note::Answer { order, request, outcome, code } => {
            (seq, "answer", id, *order, *request, *outcome, *code).into_py_any(py)
        }
        Note::Command { verb, scope, subject, cause } => {
            let verb = Verb::from_byte(*verb).map_or("unknown", verb_name);
            let scope = Scope::from_byte(*scope).map_or("unknown", Scope::name);
            (seq, "command", id, verb, scope, *subject, *cause).into_py_any(py)
        }
        Note::Link { stream, role, up } => (seq, "link", id, *stream, *role, *up).into_py_any(py),
        Note::Funding { account, asset, amount } => (seq, "funding", id, *account, *asset, *amount).into_py_any(py),
        Note::Gap { expected, was } => (seq, "gap", id, *expected, *was).into_py_any(py),
        Note::Crossed { bid, ask } => (seq, "crossed", id, *bid, *ask).into_py_any(py),
        Note::Alarm { order, alarm, severe } => {
            (seq, "alarm", id, *order, format!("{alarm:?}"), *severe).into_py_any(py)
        }
        Note::Difference { account, asset, diff } => (seq, "difference", id, *account, *asset, *diff).into_py_any(py),
        Note::Diverged { at } => (seq, "diverged", id, *at).into_py_any(py),
        Note::Line { source, what, why, from, to } => {
            (seq, "line", id, *source, *what, *why, *from, *to).into_py_any(py)
        }
        Note::Timer => (seq, "timer", id, row.ts).into_py_any(py),
    }
}

fn order(py: Python<'_>, seq: u64, id: u32, note: &OrderNote) -> PyResult<Py<PyAny>> {
    let state = note.state.text();
    (seq, "order", id, note.order, note.strategy, state, note.side as u8, note.price, note.qty, note.filled, note.tag)
        .into_py_any(py)
}

/// A command's verb in lower case.
pub const fn verb_name(verb: Verb) -> &'static str {
    match verb {
        Verb::Halt => "halt",
        Verb::Resume => "resume",
        Verb::CancelAll => "cancel_all",
        Verb::Kill => "kill",
        Verb::RollDay => "roll_day",
        Verb::Start => "start",
        Verb::Stop => "stop",
        Verb::Parameter => "parameter",
    }
}

/// The failed checks of the refusals among some notes, one text a check.
pub fn refusals(rows: &[NoteRow]) -> Vec<String> {
    let mut out = Vec::new();
    for row in rows {
        match &row.note {
            Note::Refused { refusal, .. } => out.extend(refusal.to_string().split("; ").map(str::to_owned)),
            Note::Rejected { error, .. } => out.push(error.to_string()),
            _ => {}
        }
    }
    out
}
