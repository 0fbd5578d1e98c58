//! Signed requests on their way out, as Python takes them from the outbox.

use pyo3::prelude::*;
use tickwright_core::outbox::Outbox;

use crate::market::market_name;

/// One signed request, ready to be written once the journal is durable up to `seq`.
#[pyclass(frozen, get_all, module = "native._core")]
#[derive(Debug, Clone)]
pub struct Outbound {
    /// The event that caused it.
    seq: u64,
    /// The order it is about.
    order: u64,
    /// 1 place, 2 cancel, 3 replace, 4 query.
    request: u8,
    /// The account.
    account: u16,
    /// The instrument.
    instrument: u32,
    /// `spot`, `linear` or `inverse`.
    market: &'static str,
    /// The WebSocket-API text frame.
    payload: Vec<u8>,
    /// Venue time (ns) after which the venue refuses it.
    expires: i64,
    /// Monotonic ns of its cause.
    mono: i64,
}

/// Takes every request out of the outbox, in order.
pub fn take(outbox: &mut Outbox) -> Vec<Outbound> {
    let mut out = Vec::new();
    while let Some(frame) = outbox.front() {
        out.push(Outbound {
            seq: frame.seq,
            order: frame.order,
            request: frame.request as u8,
            account: frame.account,
            instrument: frame.instrument,
            market: market_name(frame.market),
            payload: frame.payload().to_vec(),
            expires: frame.expires,
            mono: frame.mono,
        });
        outbox.pop();
    }
    out
}

/// Adds the class to the module.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<Outbound>()
}
