//! The pre-trade gate for tests and the risk room.
//!
//! catalogue: R1, R2. One gate and one instrument, with the figures of every scope given by the caller: what the
//! engine does in its step, so that limits can be tried out, and checked against another model, without an engine.

use crate::error::raise;
use crate::market::market_of;
use pyo3::exceptions::PyKeyError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use tickwright_core::error::CoreError;
use tickwright_core::event::{Command, Header, LimitSet, Proposal, Verb};
use tickwright_core::gate::limits::{LimitKind, Scope};
use tickwright_core::gate::{self, Context, Exposure, PASSED, Why};
use tickwright_core::instrument::{Instrument, Venue};
use tickwright_core::units::NO_PRICE;

/// What the gate says about one proposal.
#[pyclass(frozen, get_all, module = "native._core")]
struct Verdict {
    /// Whether it passed.
    approved: bool,
    /// `All risk checks passed`, or every failed check with limit and value, joined with `; `.
    text: String,
    /// (check, scope, subject, limit, was, why) of every failed check, in order; why is "above", "not set",
    /// "no reference", "halted" or "bad".
    findings: Vec<(String, String, u32, i128, i128, String)>,
    /// Our resting order that should be cancelled, or 0.
    displaced: u64,
}

/// A pre-trade gate with one instrument of tick 10^-price_scale and lot 10^-qty_scale.
#[pyclass(module = "native._core")]
struct Gate {
    inner: gate::Gate,
    instrument: Instrument,
}

#[pymethods]
impl Gate {
    #[new]
    #[pyo3(signature = (*, instrument = 1, market = "linear", price_scale = 1, qty_scale = 3, settle_scale = 8, multiplier = 1))]
    fn new(
        instrument: u32,
        market: &str,
        price_scale: u8,
        qty_scale: u8,
        settle_scale: u8,
        multiplier: i64,
    ) -> PyResult<Self> {
        let instrument = Instrument {
            id: instrument,
            venue: Venue::Binance,
            market: market_of(market)?,
            symbol: "TEST".into(),
            base: 1,
            quote: 2,
            settle: 2,
            tick: 1,
            price_scale: scale("price_scale", price_scale)?,
            lot: 1,
            qty_scale: scale("qty_scale", qty_scale)?,
            multiplier,
            settle_scale: scale("settle_scale", settle_scale)?,
            base_scale: 8,
        };
        Ok(Self { inner: gate::Gate::new(), instrument })
    }

    /// Sets a limit; scope and kind by name, the value in the kind's unit.
    #[pyo3(signature = (scope, subject, kind, value, extra = 0))]
    fn limit(&mut self, scope: &str, subject: u32, kind: &str, value: i128, extra: i64) -> PyResult<()> {
        let scope = Scope::from_name(scope).map_err(raise)?;
        let kind = LimitKind::from_name(kind).map_err(raise)?;
        let (subject, instrument) = split(scope, subject)?;
        let header = Header::of::<LimitSet>(instrument, 0, 0, 0);
        let (scope, limit, value) = (scope as u8, kind as u8, value.into());
        self.inner.set(&LimitSet { header, scope, limit, subject, pad: 0, value, extra }).map_err(raise)
    }

    /// Halts a scope: nothing but cancels passes.
    #[pyo3(signature = (scope, subject, cause = 0))]
    fn halt(&mut self, scope: &str, subject: u32, cause: u32) -> PyResult<()> {
        self.command(Verb::Halt, scope, subject, cause)
    }

    /// Lets a scope trade again.
    fn resume(&mut self, scope: &str, subject: u32) -> PyResult<()> {
        self.command(Verb::Resume, scope, subject, 0)
    }

    /// Checks a proposal: dicts of the fields of `event::Proposal` (with `flags`) and of `gate::Context`, whose
    /// `exposure` maps scope names to dicts. What is left out is zero, a price that is left out is absent.
    fn check(&mut self, proposal: &Bound<'_, PyDict>, context: &Bound<'_, PyDict>) -> PyResult<Verdict> {
        let proposal = proposal_of(proposal, self.instrument.id)?;
        let context = context_of(context)?;
        Ok(match self.inner.check(&proposal, &self.instrument, &context) {
            Ok(_) => Verdict { approved: true, text: PASSED.into(), findings: Vec::new(), displaced: 0 },
            Err(refusal) => Verdict {
                approved: false,
                text: refusal.to_string(),
                findings: refusal.iter().map(finding).collect(),
                displaced: refusal.displaced,
            },
        })
    }

    /// How often each check has refused, by its name.
    fn refusals(&self) -> Vec<(&'static str, u64)> {
        self.inner.refusals().collect()
    }
}

impl Gate {
    fn command(&mut self, verb: Verb, scope: &str, subject: u32, cause: u32) -> PyResult<()> {
        let scope = Scope::from_name(scope).map_err(raise)?;
        let (subject, instrument) = split(scope, subject)?;
        let header = Header::of::<Command>(instrument, 0, 0, 0);
        let command = Command { header, verb: verb as u8, scope: scope as u8, subject, cause, value: 0, author: 0 };
        self.inner.command(&command).map_err(raise)
    }
}

fn finding(finding: &gate::Finding) -> (String, String, u32, i128, i128, String) {
    let why = match finding.why {
        Why::Above => "above",
        Why::NotSet => "not set",
        Why::NoReference => "no reference",
        Why::Halted => "halted",
        Why::Bad(..) => "bad",
    };
    let scope = finding.scope.name().to_owned();
    (finding.check.name().to_owned(), scope, finding.subject, finding.limit, finding.was, why.to_owned())
}

/// An event's subject and instrument for a scope.
fn split(scope: Scope, subject: u32) -> PyResult<(u16, u32)> {
    if scope == Scope::Symbol {
        return Ok((0, subject));
    }
    let small = u16::try_from(subject).map_err(|_| CoreError::Field {
        field: "subject",
        was: subject.to_string(),
        why: "must be below 65,536",
    });
    Ok((small.map_err(raise)?, 0))
}

fn scale(field: &'static str, value: u8) -> PyResult<u8> {
    if value <= 18 {
        return Ok(value);
    }
    Err(raise(CoreError::Field { field, was: value.to_string(), why: "must be at most 18 decimals" }))
}

/// A dict's fields by name; every field that is there must be asked for, so that a misspelt one is an error.
struct Fields<'a, 'py> {
    dict: &'a Bound<'py, PyDict>,
    asked: usize,
}

impl<'py> Fields<'_, 'py> {
    fn get<T: for<'a> FromPyObject<'a, 'py, Error: Into<PyErr>>>(&mut self, name: &str, missing: T) -> PyResult<T> {
        match self.dict.get_item(name)? {
            Some(value) => {
                self.asked += 1;
                value.extract().map_err(Into::into)
            }
            None => Ok(missing),
        }
    }

    fn end(&self) -> PyResult<()> {
        if self.asked == self.dict.len() {
            return Ok(());
        }
        Err(PyKeyError::new_err(format!("a field that nothing reads is among {}", self.dict.keys())))
    }
}

fn proposal_of(dict: &Bound<'_, PyDict>, instrument: u32) -> PyResult<Proposal> {
    let mut fields = Fields { dict, asked: 0 };
    let mut header = Header::of::<Proposal>(instrument, 0, 0, 0);
    header.flags = fields.get("flags", 0)?;
    let proposal = Proposal {
        header,
        account: fields.get("account", 0)?,
        strategy: fields.get("strategy", 0)?,
        action: fields.get("action", 1)?,
        side: fields.get("side", 0)?,
        order_type: fields.get("order_type", 1)?,
        tif: fields.get("tif", 1)?,
        order: fields.get("order", 1)?,
        target: fields.get("target", 0)?,
        price: fields.get("price", NO_PRICE)?,
        qty: fields.get("qty", 0)?,
        tag: 0,
    };
    fields.end().map(|()| proposal)
}

fn context_of(dict: &Bound<'_, PyDict>) -> PyResult<Context> {
    let mut fields = Fields { dict, asked: 0 };
    let mut context = Context {
        now: fields.get("now", 0)?,
        bid: fields.get("bid", NO_PRICE)?,
        ask: fields.get("ask", NO_PRICE)?,
        reference: fields.get("reference", NO_PRICE)?,
        target_lots: fields.get("target_lots", 0)?,
        target_notional: fields.get("target_notional", 0)?,
        opposite: fields.get("opposite", NO_PRICE)?,
        opposite_order: fields.get("opposite_order", 0)?,
        ..Context::default()
    };
    if let Some(scopes) = fields.get::<Option<Bound<'_, PyDict>>>("exposure", None)? {
        for (scope, figures) in scopes.iter() {
            let scope = Scope::from_name(&scope.extract::<String>()?).map_err(raise)?;
            context.exposure[scope as usize] = exposure_of(figures.cast::<PyDict>()?)?;
        }
    }
    fields.end().map(|()| context)
}

fn exposure_of(dict: &Bound<'_, PyDict>) -> PyResult<Exposure> {
    let mut fields = Fields { dict, asked: 0 };
    let exposure = Exposure {
        position: fields.get("position", 0)?,
        open_lots: fields.get("open_lots", 0)?,
        open_orders: fields.get("open_orders", 0)?,
        gross_notional: fields.get("gross_notional", 0)?,
        equity: fields.get("equity", 0)?,
        equity_peak: fields.get("equity_peak", 0)?,
        pnl_today: fields.get("pnl_today", 0)?,
        last_trade_pnl: fields.get("last_trade_pnl", 0)?,
    };
    fields.end().map(|()| exposure)
}

/// Adds this file's classes to the module.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<Gate>()?;
    m.add_class::<Verdict>()
}
