//! Numbered lines for Python: MoldUDP64 datagrams and SoupBinTCP bytes to messages with their numbers.
//!
//! catalogue: M1, M3. Sockets and timers are Python's; what a number means is decided here.

use pyo3::buffer::PyBuffer;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use tickwright_core::decode::soup;
use tickwright_core::line::numbered::{Event, Receiver, Told};
use tickwright_core::line::stream::{Stream, Told as StreamTold};

use crate::array::payload_of;
use crate::error::raise;

/// One thing told: its kind, a number and the next one behind it, and its bytes.
type Row<'py> = (&'static str, u64, u64, Bound<'py, PyBytes>);

/// MoldUDP64 over lines A and B: each message once and in order. Times are monotonic ns.
///
/// Rows are (kind, number, next number, bytes): `message`; `gap`, whose messages up to the next number will not come;
/// `session`, another one, with its name; `ended`.
#[pyclass(module = "native._core")]
pub struct MoldReceiver {
    core: Receiver,
}

fn row<'py>(py: Python<'py>, told: Told<'_>) -> Row<'py> {
    match told {
        Told::Message(seq, message) => ("message", seq, seq.saturating_add(1), PyBytes::new(py, message)),
        Told::Event(Event::Gap(from, to)) => ("gap", from, to, PyBytes::new(py, b"")),
        Told::Event(Event::Session(session)) => ("session", 1, 1, PyBytes::new(py, &session)),
        Told::Event(Event::Ended) => ("ended", 0, 0, PyBytes::new(py, b"")),
    }
}

#[pymethods]
impl MoldReceiver {
    /// A receiver of a session of ten characters (None: whichever comes first) from message `next` on; a hole is asked for
    /// `requests_max` times, 0 where there is no server to ask.
    #[new]
    #[pyo3(signature = (session=None, next=1, requests_max=0))]
    fn new(session: Option<&str>, next: u64, requests_max: u32) -> PyResult<Self> {
        let named = session.map(|name| <[u8; 10]>::try_from(format!("{name:<10}").as_bytes()));
        let why = "must have ten characters of ASCII at most";
        let field = |_| {
            let was = session.unwrap_or_default().to_owned();
            raise(tickwright_core::error::CoreError::Field { field: "session", was, why })
        };
        Ok(Self { core: Receiver::new(named.transpose().map_err(field)?, next, requests_max) })
    }

    /// Takes a datagram of line 0 or 1, or (None) an answer to a request. `InputError` for what is no MoldUDP64.
    fn take<'py>(
        &mut self,
        py: Python<'py>,
        line: Option<usize>,
        datagram: PyBuffer<u8>,
        now: i64,
    ) -> PyResult<Vec<Row<'py>>> {
        let mut rows = Vec::new();
        let mut tell = |told: Told<'_>| {
            rows.push(row(py, told));
            Ok(())
        };
        self.core.take(line, payload_of(&datagram)?, now, &mut tell).map_err(raise)?;
        Ok(rows)
    }

    /// Gives up a hole that was asked for often enough; what waits behind it comes.
    fn settle<'py>(&mut self, py: Python<'py>, now: i64) -> PyResult<Vec<Row<'py>>> {
        let mut rows = Vec::new();
        let mut tell = |told: Told<'_>| {
            rows.push(row(py, told));
            Ok(())
        };
        self.core.settle(now, &mut tell).map_err(raise)?;
        Ok(rows)
    }

    /// The request to send to the re-request server now; None where none is due.
    fn request<'py>(&mut self, py: Python<'py>, now: i64) -> Option<Bound<'py, PyBytes>> {
        self.core.request(now).map(|request| PyBytes::new(py, &request))
    }

    /// The session's name; None before the first datagram.
    #[getter]
    fn session(&self) -> Option<String> {
        self.core.session().map(|name| String::from_utf8_lossy(&name).trim_end().to_owned())
    }

    /// The number of the next message.
    #[getter]
    fn next(&self) -> u64 {
        self.core.next()
    }

    /// Whether the session has ended and everything of it has come.
    #[getter]
    fn ended(&self) -> bool {
        self.core.ended()
    }

    /// Counts of the stream, and under `lines` those of each line; lags in ns.
    fn figures<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let all = PyDict::new(py);
        all.set_item("requested", self.core.requested)?;
        all.set_item("recovered", self.core.recovered)?;
        all.set_item("lost", self.core.lost)?;
        all.set_item("overflowed", self.core.overflowed)?;
        let lines: PyResult<Vec<_>> = self.core.health.iter().map(|line| health(py, line)).collect();
        all.set_item("lines", lines?)?;
        Ok(all)
    }
}

/// What was measured on a line, by name.
pub fn health<'py>(py: Python<'py>, line: &tickwright_core::line::source::Line) -> PyResult<Bound<'py, PyDict>> {
    let figures = PyDict::new(py);
    let counts = [line.received, line.first, line.duplicate, line.late, line.lost];
    for (name, count) in ["received", "first", "duplicate", "late", "lost"].into_iter().zip(counts) {
        figures.set_item(name, count)?;
    }
    figures.set_item("lag_ns", line.lag_ns)?;
    figures.set_item("lag_ns_max", line.lag_ns_max)?;
    figures.set_item("cadence_ns", line.cadence_ns)?;
    figures.set_item("up", line.up)?;
    Ok(figures)
}

/// A source and its lines, by name.
pub fn source<'py>(py: Python<'py>, source: &tickwright_core::line::source::Source) -> PyResult<Bound<'py, PyDict>> {
    let figures = PyDict::new(py);
    figures.set_item("source", source.id)?;
    figures.set_item("primary", source.primary)?;
    figures.set_item("since", source.since)?;
    figures.set_item("stale", source.stale)?;
    for (name, count) in
        [("switches", source.switches), ("gaps", source.gaps), ("filled", source.filled), ("stales", source.stales)]
    {
        figures.set_item(name, count)?;
    }
    let known = source.lines.iter().filter(|line| line.stream != 0);
    let lines: PyResult<Vec<_>> = known
        .map(|line| {
            let figures = health(py, line)?;
            figures.set_item("stream", line.stream)?;
            Ok(figures)
        })
        .collect();
    figures.set_item("lines", lines?)?;
    Ok(figures)
}

/// A SoupBinTCP session over any number of connections: what is next survives them.
///
/// Rows are (kind, number, bytes): `accepted` with the next number, `changed` the same for another session than before,
/// `rejected` with the reason as bytes, `message`, `unsequenced`, `heartbeat`, `ended`.
#[pyclass(module = "native._core")]
pub struct SoupStream {
    core: Stream,
}

#[pymethods]
impl SoupStream {
    /// A session (blank: the current one) from message `next` on (0: only new ones).
    #[new]
    #[pyo3(signature = (session="", next=1))]
    fn new(session: &str, next: u64) -> Self {
        Self { core: Stream::new(session, next) }
    }

    /// The login of a new connection, which goes on where the last one ended. `InputError` for what does not fit it.
    fn login<'py>(&mut self, py: Python<'py>, user: &str, password: &str) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &self.core.login(user, password).map_err(raise)?))
    }

    /// Takes bytes as they came. `InputError` for what is no SoupBinTCP: drop the connection.
    fn feed<'py>(
        &mut self,
        py: Python<'py>,
        data: PyBuffer<u8>,
    ) -> PyResult<Vec<(&'static str, u64, Bound<'py, PyBytes>)>> {
        let mut rows = Vec::new();
        let mut tell = |told: StreamTold<'_>| {
            let (kind, number, bytes): (_, u64, &[u8]) = match told {
                StreamTold::Accepted { changed, next } => (if changed { "changed" } else { "accepted" }, next, b""),
                StreamTold::Rejected(reason) => {
                    rows.push(("rejected", 0, PyBytes::new(py, &[reason])));
                    return Ok(());
                }
                StreamTold::Message(seq, message) => ("message", seq, message),
                StreamTold::Unsequenced(message) => ("unsequenced", 0, message),
                StreamTold::Heartbeat => ("heartbeat", 0, b""),
                StreamTold::Ended => ("ended", 0, b""),
            };
            rows.push((kind, number, PyBytes::new(py, bytes)));
            Ok(())
        };
        self.core.feed(payload_of(&data)?, &mut tell).map_err(raise)?;
        Ok(rows)
    }

    /// The client's heartbeat, due after a second in which it sent nothing else.
    #[staticmethod]
    fn heartbeat(py: Python<'_>) -> Bound<'_, PyBytes> {
        PyBytes::new(py, &soup::HEARTBEAT)
    }

    /// The client's farewell.
    #[staticmethod]
    fn logout(py: Python<'_>) -> Bound<'_, PyBytes> {
        PyBytes::new(py, &soup::LOGOUT)
    }

    /// The session's name; blank before the first login where none was given.
    #[getter]
    fn session(&self) -> &str {
        self.core.session()
    }

    /// The number of the next message.
    #[getter]
    fn next(&self) -> u64 {
        self.core.next()
    }

    /// Whether the session has ended.
    #[getter]
    fn ended(&self) -> bool {
        self.core.ended()
    }
}

pub(crate) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<MoldReceiver>()?;
    m.add_class::<SoupStream>()
}
