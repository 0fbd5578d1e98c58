//! One request made ready: constant text with holes, what of it is signed, and how the signature is written.
//!
//! catalogue: O2. Three forms: a WebSocket frame whose parameters are signed apart, sorted by name; the frame of a
//! connection that has logged on, which needs neither key nor signature; a REST query that is signed as it stands.

use super::sign::{HmacKey, Midstate, Signer};
use super::template::{Slot, Slots, Template, full, put};
use super::text::{base64, hex};
use crate::decode::client_id::{self, LEN};
use crate::error::Result;
use crate::event::Request;

/// Bytes that a caller's buffer must have: the request and, behind it, the text that is signed.
pub const FRAME_BYTES_MAX: usize = 2048;
/// Where the signed text of a frame is put together.
const PAYLOAD_AT: usize = 1280;

/// One request, made ready: its text, what of it is signed, and the state that its constant beginning gives.
pub(super) struct Signed {
    text: Template,
    /// What is signed instead of the text, without the beginning that `midstate` covers.
    payload: Option<Template>,
    midstate: Midstate,
    tail: &'static [u8; 3],
    tail_len: usize,
    percent: bool,
}

/// A signature that has been begun.
enum Begun<'a> {
    /// The key and the inner digest.
    Hmac(&'a HmacKey, [u8; 32]),
    /// The signature's text.
    Ed25519([u8; 88]),
}

impl Signed {
    /// A WebSocket frame: JSON text, the sorted parameters signed apart.
    pub fn frame(signer: &Signer, id: (Request, Slot), method: &str, mut params: Vec<Param>) -> Self {
        params.sort_by_key(|param| param.name);
        let mut text = opened(id, method, &params);
        text.text(",");
        text.text("\"signature\":\"");
        let payload = joined(&params);
        let midstate = signer.midstate(&payload.prefix());
        let payload = Some(payload.without(midstate.covered));
        Self { text: text.finish(), payload, midstate, tail: b"\"}}", tail_len: 3, percent: false }
    }

    /// A REST query: the parameters in the order given, constants first, signed as they stand.
    pub fn query(signer: &Signer, mut params: Vec<Param>) -> Self {
        params.sort_by_key(|param| matches!(param.value, Value::Slot(_)));
        let text = joined(&params);
        let midstate = signer.midstate(&text.prefix());
        Self { text, payload: None, midstate, tail: b"   ", tail_len: 0, percent: true }
    }

    /// Writes the request into `out`; gives its length.
    #[inline]
    pub fn write(&self, signer: &Signer, slots: &Slots, out: &mut [u8]) -> Result<usize> {
        if out.len() < FRAME_BYTES_MAX {
            return Err(full(out.len()));
        }
        if let Some(payload) = &self.payload {
            let (text, room) = out.split_at_mut(PAYLOAD_AT);
            let len = payload.fill(slots, room)?;
            let begun = self.begin(signer, room, len)?;
            // A hash is one long chain of instructions: the text is filled in beside it, not before it.
            let at = self.text.fill(slots, text)?;
            let at = self.sign(&begun, text, at)?;
            put(text, at, self.tail)?;
            return Ok(at + self.tail_len);
        }
        let end = self.text.fill(slots, out)?;
        let (signed, len) = (out.get_mut(self.midstate.covered..), end.saturating_sub(self.midstate.covered));
        let begun = self.begin(signer, signed.unwrap_or_default(), len)?;
        put(out, end, b"&signature=")?;
        self.sign(&begun, out, end + 11)
    }

    /// Begins to sign the first `len` bytes of `room`; what is behind them is written over.
    #[inline]
    fn begin<'a>(&self, signer: &'a Signer, room: &mut [u8], len: usize) -> Result<Begun<'a>> {
        match signer {
            Signer::Hmac(key) => match HmacKey::inner(&self.midstate, room, len) {
                Some(inner) => Ok(Begun::Hmac(key, inner)),
                None => Err(full(room.len())),
            },
            Signer::Ed25519(key) => Ok(Begun::Ed25519(base64(&key.sign(room.get(..len).unwrap_or_default())))),
        }
    }

    /// Ends the signature and writes it to `out` from `at` on; gives the place after it.
    #[inline]
    fn sign(&self, begun: &Begun<'_>, out: &mut [u8], at: usize) -> Result<usize> {
        match begun {
            Begun::Hmac(key, inner) => {
                put(out, at, &hex(&key.close(*inner)))?;
                Ok(at + 64)
            }
            Begun::Ed25519(text) if self.percent => escaped(text, out, at),
            Begun::Ed25519(text) => put(out, at, text).map(|()| at + text.len()),
        }
    }
}

/// Writes base 64 as it must stand in a query.
fn escaped(text: &[u8; 88], out: &mut [u8], mut at: usize) -> Result<usize> {
    for byte in text {
        match byte {
            b'+' => put(out, at, b"%2B")?,
            b'/' => put(out, at, b"%2F")?,
            b'=' => put(out, at, b"%3D")?,
            _ => put(out, at, &[*byte])?,
        }
        at += if matches!(byte, b'+' | b'/' | b'=') { 3 } else { 1 };
    }
    Ok(at)
}

/// The frame of a request on a connection that has logged on.
pub(super) struct Bare(Template);

impl Bare {
    /// The JSON text; the parameters are sorted as those of a signed frame are.
    pub fn frame(id: (Request, Slot), method: &str, mut params: Vec<Param>) -> Self {
        params.sort_by_key(|param| param.name);
        let mut text = opened(id, method, &params);
        text.text("}}");
        Self(text.finish())
    }

    /// Writes the request into `out`; gives its length.
    #[inline]
    pub fn write(&self, slots: &Slots, out: &mut [u8]) -> Result<usize> {
        self.0.fill(slots, out)
    }
}

/// A frame up to its last parameter. Its id tells the order and the request, so that an answer finds them by it alone.
fn opened((request, slot): (Request, Slot), method: &str, params: &[Param]) -> Template {
    let mut text = Template::default();
    let sample = client_id::request_id(request, 1);
    text.text(&format!("{{\"id\":\"{}", String::from_utf8_lossy(&sample[..sample.len() - LEN])));
    text.slot(slot);
    text.text(&format!("\",\"method\":\"{method}\",\"params\":{{"));
    for (at, param) in params.iter().enumerate() {
        text.text(&format!("{}\"{}\":", if at == 0 { "" } else { "," }, param.name));
        param.value.write(&mut text, true);
    }
    text
}

/// A parameter's value: text, a number that JSON writes bare, or a hole.
#[derive(Clone)]
pub(super) enum Value {
    Text(String),
    Number(u32),
    Slot(Slot),
}

impl Value {
    fn write(&self, out: &mut Template, json: bool) {
        let quote = if json && !matches!(self, Self::Number(_) | Self::Slot(Slot::Time)) { "\"" } else { "" };
        out.text(quote);
        match self {
            Self::Text(text) => out.text(text),
            Self::Number(number) => out.text(&number.to_string()),
            Self::Slot(slot) => out.slot(*slot),
        }
        out.text(quote);
    }
}

/// One parameter of a request.
#[derive(Clone)]
pub(super) struct Param {
    pub name: &'static str,
    pub value: Value,
}

/// A parameter that never changes.
pub(super) fn text(name: &'static str, value: &str) -> Param {
    Param { name, value: Value::Text(value.to_owned()) }
}

/// A parameter that an order fills in.
pub(super) fn hole(name: &'static str, slot: Slot) -> Param {
    Param { name, value: Value::Slot(slot) }
}

/// `name=value&name=value`.
fn joined(params: &[Param]) -> Template {
    let mut out = Template::default();
    for (at, param) in params.iter().enumerate() {
        out.text(&format!("{}{}=", if at == 0 { "" } else { "&" }, param.name));
        param.value.write(&mut out, false);
    }
    out.finish()
}

/// A request in its three forms.
pub(super) struct Forms {
    pub frame: Signed,
    pub bare: Bare,
    pub query: Signed,
}
