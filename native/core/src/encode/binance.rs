//! Binance: approved orders as signed WebSocket-API frames and as signed REST queries.
//!
//! catalogue: O2. Spot knows LIMIT_MAKER and order.cancelReplace; USD-M and COIN-M know timeInForce=GTX, reduceOnly
//! and order.modify. A frame's parameters are signed sorted by name and joined with `&`; a REST query is signed as it
//! is sent, so its constant part comes first and is hashed once (Binance API documentation, "SIGNED request security",
//! seen on the wire as ../shared/spec/binance.md sections 4 and 7 tell). Every request carries recvWindow, which the
//! venue checks: the expiry that makes proof of absence possible.

pub use super::request::FRAME_BYTES_MAX;
use super::request::{Bare, Forms, Param, Signed, Value, hole, text};
use super::sign::Signer;
use super::template::{Slot, Slots};
use crate::decode::client_id;
use crate::error::{CoreError, Result};
use crate::event::{Action, OrderType, Proposal, Request, TimeInForce, flags};
use crate::gate::Approved;
use crate::instrument::{Instrument, Market};
use crate::units::{Lots, Side};

/// Instruments that one session can prepare.
pub const INSTRUMENTS_MAX: usize = 4096;
/// The longest receive window that the venue takes, in milliseconds.
pub const RECV_WINDOW_MS_MAX: u32 = 60_000;

/// What the wire knows and a proposal does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wire {
    /// The order id behind the client id under which the venue knows the target of a cancel or replace.
    pub target: u64,
    /// Lots of it that are filled: an amend on USD-M names the whole quantity, filled part included.
    pub filled: Lots,
}

impl Wire {
    /// The target as the proposal names it, with nothing filled.
    #[must_use]
    pub const fn of(proposal: &Proposal) -> Self {
        Self { target: proposal.target, filled: 0 }
    }
}

/// A REST request: `method path?query`, the query being the first `len` bytes of the caller's buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rest {
    /// The HTTP method.
    pub method: &'static str,
    /// The path.
    pub path: &'static str,
    /// Bytes of the query, signature included.
    pub len: usize,
}

/// Everything an instrument's orders need, made once.
struct Prepared {
    tick: i64,
    price_scale: u8,
    lot: i64,
    qty_scale: u8,
    /// By `variant`.
    place: Vec<Forms>,
    /// By `variant` on spot; by side where an order is modified in place.
    replace: Vec<Forms>,
    cancel: Forms,
    status: Forms,
}

/// Order type and time in force, as one number from 0 to `VARIANTS - 1`.
const VARIANTS: [(OrderType, TimeInForce); 7] = [
    (OrderType::Limit, TimeInForce::Gtc),
    (OrderType::Limit, TimeInForce::PostOnly),
    (OrderType::Limit, TimeInForce::Ioc),
    (OrderType::Limit, TimeInForce::Fok),
    (OrderType::Market, TimeInForce::Gtc),
    (OrderType::Market, TimeInForce::Ioc),
    (OrderType::Market, TimeInForce::Fok),
];
const SIDES: [Side; 2] = [Side::Buy, Side::Sell];

/// The place of a proposal's template.
#[inline]
fn variant(proposal: &Proposal) -> Option<usize> {
    let tif = usize::from(proposal.tif).checked_sub(1).filter(|tif| *tif < 4)?;
    let kind = match (proposal.order_type, tif) {
        (1, tif) => tif,
        (2, 0) => 4,
        (2, 2 | 3) => tif + 3,
        _ => return None,
    };
    let reduce = usize::from(proposal.header.flags & flags::REDUCE_ONLY != 0);
    Some((kind * 2 + usize::from(proposal.side & 1)) * 2 + reduce)
}

/// The words that `variant` counts, in its order.
fn variants() -> impl Iterator<Item = (OrderType, TimeInForce, Side, bool)> {
    VARIANTS.into_iter().flat_map(|(kind, tif)| {
        SIDES.into_iter().flat_map(move |side| [false, true].map(|reduce| (kind, tif, side, reduce)))
    })
}

/// The requests of one account on one market: its key, and a template for every request an instrument can need.
/// Nothing is allocated once the instruments are prepared.
pub struct Session {
    market: Market,
    api_key: String,
    signer: Signer,
    recv_window_ms: u32,
    logged_on: bool,
    instruments: Vec<Option<Box<Prepared>>>,
}

impl Session {
    /// A session; the key must be what a venue gives (printable, without quotes), the window 1 to 60,000 ms.
    pub fn new(market: Market, api_key: &str, signer: Signer, recv_window_ms: u32) -> Result<Self> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if api_key.is_empty() || api_key.len() > 128 || !api_key.bytes().all(plain) {
            return Err(CoreError::Field {
                field: "api_key",
                was: format!("{} characters", api_key.len()),
                why: "must be 1 to 128 letters and digits",
            });
        }
        if !(1..=RECV_WINDOW_MS_MAX).contains(&recv_window_ms) {
            return Err(CoreError::Field {
                field: "recv_window_ms",
                was: recv_window_ms.to_string(),
                why: "must be 1 to 60,000",
            });
        }
        Ok(Self {
            market,
            api_key: api_key.to_owned(),
            signer,
            recv_window_ms,
            logged_on: false,
            instruments: Vec::new(),
        })
    }

    /// The receive window: a request expires this many milliseconds after its timestamp.
    #[must_use]
    pub const fn recv_window_ms(&self) -> u32 {
        self.recv_window_ms
    }

    /// Makes the templates of an instrument of this session's market. Doing it again renews them.
    pub fn prepare(&mut self, instrument: &Instrument) -> Result<()> {
        let bad = |field, was: String, why| Err(CoreError::Field { field, was, why });
        let at = instrument.id as usize;
        if at >= INSTRUMENTS_MAX {
            return Err(CoreError::Full { what: "session's instruments", capacity: INSTRUMENTS_MAX });
        }
        if instrument.market != self.market {
            return bad("instrument.market", format!("{:?}", instrument.market), "must be the session's market");
        }
        let letters = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        if instrument.symbol.is_empty() || instrument.symbol.len() > 40 || !instrument.symbol.bytes().all(letters) {
            return bad("instrument.symbol", instrument.symbol.clone(), "must be letters, digits and underscores");
        }
        if instrument.price_scale > 18 || instrument.qty_scale > 18 {
            let was = format!("{} and {}", instrument.price_scale, instrument.qty_scale);
            return bad("instrument's scales", was, "must be at most 18 decimals");
        }
        let prepared = self.templates(instrument);
        if self.instruments.len() <= at {
            self.instruments.resize_with(at + 1, || None);
        }
        self.instruments[at] = Some(Box::new(prepared));
        Ok(())
    }

    fn templates(&self, instrument: &Instrument) -> Prepared {
        let symbol = instrument.symbol.as_str();
        let spot = self.market == Market::Spot;
        let place = |order: (OrderType, TimeInForce, Side, bool)| {
            self.forms((Request::Place, Slot::Order), "order.place", self.order(symbol, order))
        };
        let cancel_replace = |order: (OrderType, TimeInForce, Side, bool)| {
            let mut params = self.order(symbol, order);
            params.push(text("cancelReplaceMode", "STOP_ON_FAILURE"));
            params.push(hole("cancelOrigClientOrderId", Slot::Target));
            self.forms((Request::Replace, Slot::Order), "order.cancelReplace", params)
        };
        let modify = |side: Side| {
            let mut params = vec![text("symbol", symbol), text("side", word(side)), hole("price", Slot::Price)];
            params.extend([hole("quantity", Slot::Qty), hole("origClientOrderId", Slot::Target)]);
            self.forms((Request::Replace, Slot::Order), "order.modify", params)
        };
        let single = |request, method, slot| {
            self.forms((request, slot), method, vec![text("symbol", symbol), hole("origClientOrderId", slot)])
        };
        Prepared {
            tick: instrument.tick,
            price_scale: instrument.price_scale,
            lot: instrument.lot,
            qty_scale: instrument.qty_scale,
            place: variants().map(place).collect(),
            replace: if spot { variants().map(cancel_replace).collect() } else { SIDES.map(modify).into() },
            cancel: single(Request::Cancel, "order.cancel", Slot::Target),
            status: single(Request::Query, "order.status", Slot::Order),
        }
    }

    /// The parameters of a new order in the venue's words.
    fn order(&self, symbol: &str, (kind, tif, side, reduce): (OrderType, TimeInForce, Side, bool)) -> Vec<Param> {
        let spot = self.market == Market::Spot;
        let limit = kind == OrderType::Limit;
        let mut params = vec![text("symbol", symbol), text("side", word(side))];
        params.push(text(
            "type",
            match (limit, spot, tif) {
                (false, ..) => "MARKET",
                (true, true, TimeInForce::PostOnly) => "LIMIT_MAKER",
                (true, ..) => "LIMIT",
            },
        ));
        let tif_word = match tif {
            TimeInForce::Gtc => "GTC",
            TimeInForce::PostOnly => "GTX",
            TimeInForce::Ioc => "IOC",
            TimeInForce::Fok => "FOK",
        };
        if limit && !(spot && tif == TimeInForce::PostOnly) {
            params.push(text("timeInForce", tif_word));
        }
        if spot {
            // An answer that also lists fills would tell them twice: the user stream reports each one.
            params.push(text("newOrderRespType", "ACK"));
        } else if reduce {
            params.push(text("reduceOnly", "true"));
        }
        params.extend([hole("newClientOrderId", Slot::Order), hole("quantity", Slot::Qty)]);
        if limit {
            params.push(hole("price", Slot::Price));
        }
        params
    }

    fn forms(&self, id: (Request, Slot), method: &str, mut params: Vec<Param>) -> Forms {
        params.push(Param { name: "recvWindow", value: Value::Number(self.recv_window_ms) });
        params.push(hole("timestamp", Slot::Time));
        let query = Signed::query(&self.signer, params.clone());
        let bare = Bare::frame(id, method, params.clone());
        params.push(text("apiKey", &self.api_key));
        Forms { frame: Signed::frame(&self.signer, id, method, params), bare, query }
    }

    /// Whether the connection has logged on (`session.logon`, which Binance grants to Ed25519 keys): its frames then
    /// carry neither key nor signature, until the connection ends.
    pub fn log_on(&mut self, on: bool) {
        self.logged_on = on;
    }

    /// The WebSocket-API frame of an approved place, cancel or replace, in the first bytes of `out`; its length.
    /// `out` must have `FRAME_BYTES_MAX` bytes; those behind the frame are overwritten too.
    #[inline]
    pub fn frame(&self, approved: &Approved<'_>, wire: Wire, timestamp_ms: i64, out: &mut [u8]) -> Result<usize> {
        let mut slots = Slots::EMPTY;
        let forms = self.fill(approved, wire, timestamp_ms, &mut slots)?;
        self.write(forms, &slots, out)
    }

    #[inline]
    fn write(&self, forms: &Forms, slots: &Slots, out: &mut [u8]) -> Result<usize> {
        if self.logged_on { forms.bare.write(slots, out) } else { forms.frame.write(&self.signer, slots, out) }
    }

    /// The REST request of an approved place, cancel or replace; its query in the first bytes of `out`.
    pub fn rest(&self, approved: &Approved<'_>, wire: Wire, timestamp_ms: i64, out: &mut [u8]) -> Result<Rest> {
        let mut slots = Slots::EMPTY;
        let forms = self.fill(approved, wire, timestamp_ms, &mut slots)?;
        let len = forms.query.write(&self.signer, &slots, out)?;
        let order = ["/api/v3/order", "/fapi/v1/order", "/dapi/v1/order"][self.market as usize - 1];
        let (method, path) = match (approved.action(), self.market) {
            (Action::Place, _) => ("POST", order),
            (Action::Cancel, _) => ("DELETE", order),
            (Action::Replace, Market::Spot) => ("POST", "/api/v3/order/cancelReplace"),
            (Action::Replace, _) => ("PUT", order),
        };
        Ok(Rest { method, path, len })
    }

    /// The frame that asks for an order by its client id.
    pub fn status(&self, instrument: u32, order: u64, timestamp_ms: i64, out: &mut [u8]) -> Result<usize> {
        let mut slots = Slots::EMPTY;
        about(&mut slots, order, timestamp_ms)?;
        self.write(&self.prepared(instrument)?.status, &slots, out)
    }

    /// The REST request that asks for an order by its client id.
    pub fn rest_status(&self, instrument: u32, order: u64, timestamp_ms: i64, out: &mut [u8]) -> Result<Rest> {
        let mut slots = Slots::EMPTY;
        about(&mut slots, order, timestamp_ms)?;
        let len = self.prepared(instrument)?.status.query.write(&self.signer, &slots, out)?;
        let path = ["/api/v3/order", "/fapi/v1/order", "/dapi/v1/order"][self.market as usize - 1];
        Ok(Rest { method: "GET", path, len })
    }

    #[inline]
    fn prepared(&self, instrument: u32) -> Result<&Prepared> {
        match self.instruments.get(instrument as usize) {
            Some(Some(prepared)) => Ok(prepared),
            _ => Err(unprepared(instrument)),
        }
    }

    /// The template of an approved request; the texts for its holes go into `slots`.
    #[inline]
    fn fill(&self, approved: &Approved<'_>, wire: Wire, timestamp_ms: i64, slots: &mut Slots) -> Result<&Forms> {
        let proposal = approved.proposal();
        let prepared = self.prepared(proposal.header.instrument)?;
        about(slots, proposal.order, timestamp_ms)?;
        if approved.action() != Action::Place {
            slots.at(Slot::Target).set(client_id::word(wire.target), client_id::LEN);
        }
        if approved.action() == Action::Cancel {
            return Ok(&prepared.cancel);
        }
        let amend = approved.action() == Action::Replace && self.market != Market::Spot;
        let lots = if amend { proposal.qty.saturating_add(wire.filled) } else { proposal.qty };
        slots.at(Slot::Qty).decimal(mantissa("quantity", lots, prepared.lot)?, prepared.qty_scale);
        let limit = proposal.order_type == OrderType::Limit as u8;
        if limit {
            slots.at(Slot::Price).decimal(mantissa("price", proposal.price, prepared.tick)?, prepared.price_scale);
        }
        let forms = match (approved.action(), amend) {
            (_, true) if limit => prepared.replace.get(usize::from(proposal.side & 1)),
            (_, true) => None,
            (Action::Replace, false) => variant(proposal).and_then(|at| prepared.replace.get(at)),
            (_, false) => variant(proposal).and_then(|at| prepared.place.get(at)),
        };
        forms.ok_or_else(|| unknown_kind(proposal))
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let prepared = self.instruments.iter().flatten().count();
        write!(f, "Session({:?}, {:?}, {prepared} instruments)", self.market, self.signer)
    }
}

const fn word(side: Side) -> &'static str {
    match side {
        Side::Buy => "BUY",
        Side::Sell => "SELL",
    }
}

/// Fills in what a request about one order has.
#[inline]
fn about(slots: &mut Slots, order: u64, timestamp_ms: i64) -> Result<()> {
    slots.at(Slot::Order).set(client_id::word(order), client_id::LEN);
    slots.at(Slot::Time).decimal(mantissa("timestamp", timestamp_ms, 1)?, 0);
    Ok(())
}

/// A count of units as a count of the smallest decimal.
#[inline]
fn mantissa(field: &'static str, count: i64, unit: i64) -> Result<u64> {
    match count.checked_mul(unit) {
        Some(product) if product > 0 => Ok(product as u64),
        _ => Err(CoreError::Field { field, was: count.to_string(), why: "must be above zero and fit 63 bits" }),
    }
}

#[cold]
fn unprepared(instrument: u32) -> CoreError {
    CoreError::Unknown { what: "instrument of the session", was: instrument.to_string() }
}

#[cold]
fn unknown_kind(proposal: &Proposal) -> CoreError {
    let was = format!("action {}, type {}, tif {}", proposal.action, proposal.order_type, proposal.tif);
    CoreError::Field { field: "order", was, why: "is not a kind of order that this venue takes" }
}

#[cfg(test)]
#[path = "binance_tests.rs"]
mod tests;
