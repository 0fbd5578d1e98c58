//! The engine for Python: every input is one crossing, every answer says what is left to be done.
//!
//! Inputs hold the interpreter's lock: one message takes about a microsecond, less than handing the lock over would
//! cost. What can take longer (recovery, waiting for the disk, snapshots) releases it.

use std::path::PathBuf;
use std::time::Duration;

use pyo3::buffer::PyBuffer;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use tickwright_core::decode::Stamp;
use tickwright_core::definitions::{InstrumentText, SPACE_ACCOUNT, SPACE_STRATEGY};
use tickwright_core::encode::binance::Session;
use tickwright_core::encode::sign::{Ed25519Key, HmacKey, Signer};
use tickwright_core::engine::{Engine as Core, Now};
use tickwright_core::error::CoreError;
use tickwright_core::event::{
    Answer, Balance, Command, Header, LimitSet, LineDef, Link, Outcome, Request, Sent, VenuePosition, Verb, flags,
};
use tickwright_core::gate::limits::{LimitKind, Scope};
use tickwright_core::journal::Options;
use tickwright_core::kernel::{KERNEL_ABI, Kernel, KernelFn};
use tickwright_core::quoting::{Seat, proposal};
use tickwright_core::units::NO_TIME;

use crate::array::payload_of;
use crate::error::raise;
use crate::market::market_of;
use crate::notes;
use crate::outbound::{self, Outbound};
use crate::view::{View, Wish};

/// What a kernel object's capsule holds (`tw_kernel` in `native/table.pxd`).
#[repr(C)]
struct KernelCapsule {
    version: u32,
    pad: u32,
    entry: KernelFn,
    state: *mut std::ffi::c_void,
}

/// One sequencer, one journal, one state.
///
/// Times are ns: `ts` UTC, `mono` monotonic. Input calls return bits: 1 requests in the outbox, 2 events waiting,
/// 4 a book needs a snapshot, 8 halted. Raises `InputError` and below for bad input (nothing changed), `StorageError`
/// when the journal has failed and `BrokenError` when an invariant broke: then stop.
#[pyclass(module = "native._core")]
pub struct Engine {
    pub(crate) core: Core,
    streams: Vec<String>,
    kernels: Vec<Py<PyAny>>,
    build: String,
    recovered_at: i64,
}

fn stamp(stream: u16, ts: i64, mono: i64) -> Stamp {
    Stamp { stream, ts_receive: ts, ts_mono: mono }
}

#[pymethods]
impl Engine {
    #[new]
    #[pyo3(signature = (journal_dir, *, build, config_digest, salt=0, segment_bytes=64 << 20, realtime=false, now=0))]
    #[expect(clippy::too_many_arguments, reason = "keyword-only settings of one journal")]
    fn new(
        py: Python<'_>,
        journal_dir: Option<PathBuf>,
        build: &str,
        config_digest: [u8; 32],
        salt: u64,
        segment_bytes: u64,
        realtime: bool,
        now: i64,
    ) -> PyResult<Self> {
        let core = match journal_dir {
            None => Core::in_memory(true),
            Some(dir) => {
                let mut options = Options::new(build, config_digest, salt);
                options.segment_bytes = segment_bytes;
                options.realtime = realtime;
                py.detach(|| Core::open(&dir, options, true)).map_err(raise)?
            }
        };
        let recovered_at = core.state().session.now;
        let mut this = Self { core, streams: Vec::new(), kernels: Vec::new(), build: build.to_owned(), recovered_at };
        this.core.start(Now { ts: now, mono: 0 }).map_err(raise)?;
        Ok(this)
    }

    /// Events replayed when the journal was opened.
    #[getter]
    fn recovered(&self) -> u64 {
        self.core.recovered()
    }

    /// UTC of the last event before this start, ns; 0 on a new journal.
    #[getter]
    fn recovered_at(&self) -> i64 {
        self.recovered_at
    }

    /// The number of the last event.
    #[getter]
    fn last_seq(&self) -> u64 {
        self.core.last_seq()
    }

    /// How often an engine has started on this journal.
    #[getter]
    fn session(&self) -> u64 {
        self.core.state().session.starts
    }

    /// The build that was given at start.
    #[getter]
    fn build(&self) -> &str {
        &self.build
    }

    /// Whether the journal's writer runs with real-time priority.
    #[getter]
    fn realtime(&self) -> bool {
        self.core.journal().is_some_and(|j| j.realtime())
    }

    // --- definitions ----------------------------------------------------------------------------------------------

    /// The number of an asset; defined now where it is new.
    #[pyo3(signature = (name, scale=8, ts=0, mono=0))]
    fn asset(&mut self, name: &str, scale: u8, ts: i64, mono: i64) -> PyResult<u16> {
        self.core.asset(name, scale, Now { ts, mono }).map_err(raise)
    }

    /// The number of an account; defined now where it is new.
    #[pyo3(signature = (name, ts=0, mono=0))]
    fn account(&mut self, name: &str, ts: i64, mono: i64) -> PyResult<u16> {
        self.core.name(SPACE_ACCOUNT, name, Now { ts, mono }).map_err(raise)
    }

    /// The number of a strategy; defined now where it is new.
    #[pyo3(signature = (name, ts=0, mono=0))]
    fn strategy(&mut self, name: &str, ts: i64, mono: i64) -> PyResult<u16> {
        self.core.name(SPACE_STRATEGY, name, Now { ts, mono }).map_err(raise)
    }

    /// The number of an instrument; a changed tick or lot is a new instrument. `venue` is `binance`.
    #[pyo3(signature = (venue, market, symbol, base, quote, settle, tick, lot, multiplier=1, ts=0, mono=0))]
    #[expect(clippy::too_many_arguments, reason = "an instrument has that many facts")]
    fn instrument(
        &mut self,
        venue: &str,
        market: &str,
        symbol: &str,
        base: &str,
        quote: &str,
        settle: &str,
        tick: &str,
        lot: &str,
        multiplier: i64,
        ts: i64,
        mono: i64,
    ) -> PyResult<u32> {
        if venue != "binance" {
            return Err(raise(CoreError::Unknown { what: "venue", was: venue.to_owned() }));
        }
        let market = market_of(market)?;
        let text = InstrumentText { market, symbol, base, quote, settle, tick, lot, multiplier };
        self.core.instrument(&text, Now { ts, mono }).map_err(raise)
    }

    /// Sets one limit of the gate; units are those of the limit's kind (docs of `risk`).
    #[pyo3(signature = (scope, subject, kind, value, extra=0, ts=0, mono=0))]
    #[expect(clippy::too_many_arguments, reason = "one argument a field of the record")]
    fn limit(
        &mut self,
        scope: &str,
        subject: u32,
        kind: &str,
        value: i128,
        extra: i64,
        ts: i64,
        mono: i64,
    ) -> PyResult<u32> {
        let scope = Scope::from_name(scope).map_err(raise)?;
        let limit = LimitKind::from_name(kind).map_err(raise)?;
        let instrument = if scope == Scope::Symbol { subject } else { 0 };
        let record = LimitSet {
            header: Header::of::<LimitSet>(instrument, 0, ts, mono),
            scope: scope as u8,
            limit: limit as u8,
            subject: if scope == Scope::Symbol { 0 } else { narrow(subject, "limit.subject")? },
            pad: 0,
            value: value.into(),
            extra,
        };
        self.core.record(&record).map_err(raise)
    }

    /// A number for a named stream; numbers start at 1 and last as long as the process.
    fn stream(&mut self, name: &str) -> u16 {
        let at = self.streams.iter().position(|s| s == name).unwrap_or_else(|| {
            self.streams.push(name.to_owned());
            self.streams.len() - 1
        });
        at as u16 + 1
    }

    /// Gives the keys of one account on one market; they are never journalled or printed.
    #[pyo3(signature = (account, market, api_key, secret=None, ed25519_pem=None, recv_window_ms=5000))]
    fn credentials(
        &mut self,
        account: u16,
        market: &str,
        api_key: &str,
        secret: Option<&str>,
        ed25519_pem: Option<&str>,
        recv_window_ms: u32,
    ) -> PyResult<()> {
        let signer = match (secret, ed25519_pem) {
            (Some(secret), None) => Signer::Hmac(HmacKey::new(secret.as_bytes())),
            (None, Some(pem)) => Signer::Ed25519(Ed25519Key::from_pem(pem).map_err(raise)?),
            _ => {
                return Err(raise(CoreError::Field {
                    field: "credentials",
                    was: if secret.is_some() { "both" } else { "neither" }.into(),
                    why: "must hold a secret or an Ed25519 key",
                }));
            }
        };
        let market = market_of(market)?;
        let session = Session::new(market, api_key, signer, recv_window_ms).map_err(raise)?;
        self.core.credentials(account, market, session).map_err(raise)
    }

    /// How far a venue's clock is ahead of ours, in ns.
    fn venue_clock(&mut self, market: &str, offset_ns: i64) -> PyResult<()> {
        self.core.venue_clock(market_of(market)?, offset_ns);
        Ok(())
    }

    /// Whether the order connection of an account on a market has logged on (`session.logon`): its frames then carry
    /// neither key nor signature.
    fn log_on(&mut self, account: u16, market: &str, on: bool) -> PyResult<()> {
        self.core.log_on(account, market_of(market)?, on);
        Ok(())
    }

    // --- inputs ---------------------------------------------------------------------------------------------------

    /// One market-data message as it came from the socket.
    fn market(&mut self, stream: u16, venue_market: &str, payload: PyBuffer<u8>, ts: i64, mono: i64) -> PyResult<u32> {
        let market = market_of(venue_market)?;
        self.core.market(market, payload_of(&payload)?, stamp(stream, ts, mono)).map_err(raise)
    }

    /// A REST depth snapshot.
    fn snapshot(&mut self, stream: u16, instrument: u32, payload: PyBuffer<u8>, ts: i64, mono: i64) -> PyResult<u32> {
        self.core.snapshot(instrument, payload_of(&payload)?, stamp(stream, ts, mono)).map_err(raise)
    }

    /// One user-data event, wrapped or raw.
    fn user(
        &mut self,
        stream: u16,
        account: u16,
        venue_market: &str,
        payload: PyBuffer<u8>,
        ts: i64,
        mono: i64,
    ) -> PyResult<u32> {
        let market = market_of(venue_market)?;
        self.core.user(market, account, payload_of(&payload)?, stamp(stream, ts, mono)).map_err(raise)
    }

    /// One answer of the WebSocket API.
    fn answer(&mut self, account: u16, venue_market: &str, payload: PyBuffer<u8>, ts: i64, mono: i64) -> PyResult<u32> {
        let market = market_of(venue_market)?;
        self.core.answer(market, account, payload_of(&payload)?, stamp(0, ts, mono)).map_err(raise)
    }

    /// No answer came within the deadline, or the connection broke: the order's fate is unknown.
    fn lost(&mut self, order: u64, request: u8, ts: i64, mono: i64) -> PyResult<u32> {
        let request = Request::from_byte(request).map_err(raise)?;
        let known = self.core.state().orders.get(order);
        let (account, instrument) = known.map_or((0, 0), |o| (o.account, o.instrument));
        let record = Answer {
            header: Header::of::<Answer>(instrument, 0, ts, mono),
            order,
            venue_order: 0,
            code: 0,
            request: request as u8,
            outcome: Outcome::Unknown as u8,
            account,
            ts_query: NO_TIME,
        };
        self.core.record(&record).map_err(raise)
    }

    /// Time passes.
    fn timer(&mut self, ts: i64, mono: i64) -> PyResult<u32> {
        self.core.timer(Now { ts, mono }).map_err(raise)
    }

    /// A stream went up or down; `role` is market, user or orders.
    fn link(&mut self, stream: u16, role: &str, up: bool, account: u16, ts: i64, mono: i64) -> PyResult<u32> {
        let role = match role {
            "market" => 1,
            "user" => 2,
            "orders" => 3,
            _ => return Err(raise(CoreError::Unknown { what: "stream role", was: role.to_owned() })),
        };
        let record = Link { header: Header::of::<Link>(0, stream, ts, mono), up: u8::from(up), role, account, pad: 0 };
        self.core.link(record, stream).map_err(raise)
    }

    /// Makes a stream a line of a source, from 1: the same data comes on each of its lines. `silent_ns` 0 is learned.
    #[pyo3(signature = (stream, source, line, *, silent_ns=0, hold_ns=250_000_000, ordered=true, ts=0, mono=0))]
    #[expect(clippy::too_many_arguments, reason = "one argument a field of the record")]
    fn line(
        &mut self,
        stream: u16,
        source: u16,
        line: u8,
        silent_ns: i64,
        hold_ns: i64,
        ordered: bool,
        ts: i64,
        mono: i64,
    ) -> PyResult<u32> {
        let header = Header::of::<LineDef>(0, stream, ts, mono);
        let ordered = u8::from(ordered);
        let record = LineDef { header, source, line, ordered, pad: 0, silent_ns, hold_ns };
        self.core.record(&record).map_err(raise)
    }

    /// Every source with its lines as measured; times and lags in ns.
    fn lines<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyDict>>> {
        self.core.state().lines.sources.iter().map(|source| crate::line::source(py, source)).collect()
    }

    /// The request's bytes left; the venue refuses it after `expires`.
    fn sent(&mut self, order: u64, request: u8, expires: i64, ts: i64, mono: i64) -> PyResult<u32> {
        let request = Request::from_byte(request).map_err(raise)? as u8;
        let instrument = self.core.state().orders.get(order).map_or(0, |o| o.instrument);
        let record = Sent { header: Header::of::<Sent>(instrument, 0, ts, mono), order, expires, request, pad: [0; 7] };
        self.core.record(&record).map_err(raise)
    }

    /// Asks the venue about one order, whatever its state.
    fn query(&mut self, order: u64, ts: i64, mono: i64) -> PyResult<u32> {
        self.core.query(order, Now { ts, mono }).map_err(raise)
    }

    /// A command: halt, resume, cancel_all, kill, roll_day, stop or parameter.
    #[pyo3(signature = (verb, ts, mono, *, scope="all", subject=0, instrument=0, cause=0, value=0, author=0))]
    #[expect(clippy::too_many_arguments, reason = "one argument a field of the record")]
    fn command(
        &mut self,
        verb: &str,
        ts: i64,
        mono: i64,
        scope: &str,
        subject: u16,
        instrument: u32,
        cause: u32,
        value: i64,
        author: u64,
    ) -> PyResult<u32> {
        let all = [Verb::Halt, Verb::Resume, Verb::CancelAll, Verb::Kill, Verb::RollDay, Verb::Stop, Verb::Parameter];
        let found = all.into_iter().find(|v| notes::verb_name(*v) == verb);
        let verb = found.ok_or_else(|| raise(CoreError::Unknown { what: "command", was: verb.to_owned() }))?;
        let record = Command {
            header: Header::of::<Command>(instrument, 0, ts, mono),
            verb: verb as u8,
            scope: Scope::from_name(scope).map_err(raise)? as u8,
            subject,
            cause,
            value,
            author,
        };
        self.core.record(&record).map_err(raise)
    }

    /// A wallet: `reason` 0 is the venue's statement, 1 a transfer of `amount`.
    #[expect(clippy::too_many_arguments, reason = "one argument a field of the record")]
    fn balance(
        &mut self,
        account: u16,
        market: &str,
        asset: u16,
        amount: i128,
        reason: u8,
        reference: u64,
        ts: i64,
        mono: i64,
    ) -> PyResult<u32> {
        if reason > 1 {
            let was = reason.to_string();
            return Err(raise(CoreError::Field { field: "balance.reason", was, why: "must be 0 or 1" }));
        }
        let record = Balance {
            header: Header::of::<Balance>(0, 0, ts, mono),
            account,
            asset,
            reason,
            market: market_of(market)? as u8,
            pad: 0,
            reference,
            amount: amount.into(),
        };
        self.core.record(&record).map_err(raise)
    }

    /// A position as the venue states it; with `adopt` it is the position from here on.
    #[pyo3(signature = (account, instrument, qty, entry_e8, unrealised_e8, ts, mono, *, adopt=false))]
    #[expect(clippy::too_many_arguments, reason = "one argument a field of the record")]
    fn venue_position(
        &mut self,
        account: u16,
        instrument: u32,
        qty: i64,
        entry_e8: i64,
        unrealised_e8: i64,
        ts: i64,
        mono: i64,
        adopt: bool,
    ) -> PyResult<u32> {
        let mut header = Header::of::<VenuePosition>(instrument, 0, ts, mono);
        header.flags = if adopt { flags::ADOPTED } else { 0 };
        let record = VenuePosition { header, account, pad: [0; 6], qty, entry_e8, unrealised_e8 };
        self.core.record(&record).map_err(raise)
    }

    // --- strategies -----------------------------------------------------------------------------------------------

    /// The view of one strategy on one instrument.
    fn view(&mut self, account: u16, strategy: u16, instrument: u32) -> View {
        let seat = Seat { account, strategy, instrument };
        let (view, own) = self.core.view(seat);
        View::of(&view, own)
    }

    /// Proposes wishes; for each the order id (0 for a cancel or a refusal) and the failed checks (empty: approved).
    fn propose(
        &mut self,
        account: u16,
        strategy: u16,
        instrument: u32,
        wishes: Vec<Wish>,
        ts: i64,
        mono: i64,
    ) -> PyResult<Vec<(u64, Vec<String>)>> {
        let seat = Seat { account, strategy, instrument };
        let now = Now { ts, mono };
        let mut out = Vec::with_capacity(wishes.len());
        self.core.begin_proposals();
        for wish in &wishes {
            let record = proposal(self.core.state(), seat, &wish.wire(), now).map_err(raise)?;
            let before = self.core.effects().notes.len();
            self.core.propose(&record).map_err(raise)?;
            let refused = notes::refusals(&self.core.effects().notes[before..]);
            out.push((if refused.is_empty() { record.order } else { 0 }, refused));
        }
        self.core.finish_proposals().map_err(raise)?;
        Ok(out)
    }

    /// Attaches a compiled kernel (an object with a `capsule`), which then runs inside every input.
    fn attach_kernel(
        &mut self,
        py: Python<'_>,
        account: u16,
        strategy: u16,
        instrument: u32,
        kernel: Py<PyAny>,
    ) -> PyResult<()> {
        let capsule = kernel.getattr(py, "capsule")?;
        let capsule = capsule.bind(py).cast::<pyo3::types::PyCapsule>()?;
        let pointer = capsule.pointer_checked(Some(c"native.kernel"))?;
        // SAFETY: the name says that the capsule holds a tw_kernel; its owner is kept alive in `self.kernels`.
        let found = unsafe { pointer.cast::<KernelCapsule>().as_ref() };
        if found.version != KERNEL_ABI {
            let was = found.version.to_string();
            return Err(raise(CoreError::Field { field: "kernel.version", was, why: "is not this build's" }));
        }
        // SAFETY: entry and state come from a kernel of this ABI, alive as long as this engine.
        let made = unsafe { Kernel::new(found.entry, found.state) };
        self.core.quoting().attach(Seat { account, strategy, instrument }, made).map_err(raise)?;
        self.kernels.push(kernel);
        Ok(())
    }

    /// Detaches every kernel of a strategy.
    fn detach_kernels(&mut self, strategy: u16) {
        self.core.quoting().detach(strategy);
    }

    // --- outputs --------------------------------------------------------------------------------------------------

    /// Takes the requests out of the outbox, in order.
    fn outbox(&mut self) -> Vec<Outbound> {
        outbound::take(self.core.outbox())
    }

    /// The notes of the last input as tuples `(seq, kind, instrument, ...)`.
    fn events(&mut self, py: Python<'_>) -> PyResult<Vec<Py<PyAny>>> {
        self.core.take_notes().map(|row| notes::tuple(py, &row)).collect()
    }

    /// The number up to which the journal is durable.
    fn durable(&self) -> u64 {
        self.core.journal().map_or_else(|| self.core.last_seq(), |j| j.durable_seq())
    }

    /// A descriptor that is readable when `durable()` advances (-1 without a journal).
    fn durable_fd(&self) -> i32 {
        self.core.journal().map_or(-1, |j| j.durable_fd())
    }

    /// Makes `durable_fd` unreadable until the next advance.
    fn clear_durable_fd(&self) {
        if let Some(journal) = self.core.journal() {
            journal.clear_durable_fd();
        }
    }

    /// Waits until the journal is durable up to `seq`; False on timeout.
    fn wait_durable(&self, py: Python<'_>, seq: u64, timeout_s: f64) -> PyResult<bool> {
        let Some(journal) = self.core.journal() else { return Ok(true) };
        let timeout = Duration::try_from_secs_f64(timeout_s).map_err(|_| {
            raise(CoreError::Field { field: "timeout_s", was: timeout_s.to_string(), why: "must be a duration" })
        })?;
        py.detach(|| journal.wait_durable(seq, timeout)).map_err(raise)
    }

    /// The state hash, as 64 hexadecimal digits.
    fn state_hash(&mut self) -> String {
        tickwright_core::state_hash::hex(&self.core.state_hash())
    }

    /// Writes a snapshot of the state; it is durable when this returns.
    fn snapshot_state(&mut self) -> PyResult<()> {
        self.core.snapshot_state().map_err(raise)
    }

    /// Journals the state hash, drains and seals the journal.
    fn close(&mut self, py: Python<'_>) -> PyResult<()> {
        py.detach(|| self.core.close()).map_err(raise)
    }
}

impl crate::views::HasState for Engine {
    fn state(&self) -> &tickwright_core::state::State {
        self.core.state()
    }
}

crate::views::state_views!(Engine);

fn narrow(value: u32, field: &'static str) -> PyResult<u16> {
    u16::try_from(value)
        .map_err(|_| raise(CoreError::Field { field, was: value.to_string(), why: "must be at most 65535" }))
}

/// Adds this file's classes to the module.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<Engine>()
}
