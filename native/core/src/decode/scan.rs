//! The byte scanner: one pass over a JSON text, no allocation, every value borrowed from the message.
//!
//! catalogue: M1. It reads RFC 8259 structure: objects, arrays, strings, numbers and literals, nested at most
//! `DEPTH_MAX` deep. Of an object or array that nobody looks into only the brackets are matched (`skip`). Strings are handed out as sent; none of the fields that the decoders read ever holds an escape.

use super::number;
use super::skip;
pub(super) use super::value::{Shape, Value};
use crate::error::{CoreError, Result};

/// How deep values may nest; Binance's deepest message has six levels.
const DEPTH_MAX: u32 = 32;
/// How many bytes of a bad message an error quotes.
const QUOTED_MAX: usize = 40;

/// The value of a member that must be there.
#[inline(always)]
pub(super) fn need<'a>(value: Option<Value<'a>>, field: &'static str) -> Result<Value<'a>> {
    match value {
        Some(value) => Ok(value),
        None => Err(missing(field)),
    }
}

#[cold]
fn missing(field: &'static str) -> CoreError {
    CoreError::Field { field, was: "missing".into(), why: "must be in the message" }
}

/// The first bytes of `raw` as text.
pub(super) fn quoted(raw: &[u8]) -> String {
    match raw {
        [] => "the end of the message".into(),
        _ => String::from_utf8_lossy(&raw[..raw.len().min(QUOTED_MAX)]).into_owned(),
    }
}

/// Declares the members that a decoder reads of one object, each an optional `Value` under its JSON name.
macro_rules! members {
    ($(#[$meta:meta])* $vis:vis $name:ident { $($field:ident = $key:literal),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, Default)]
        $vis struct $name<'a> { $($vis $field: Option<crate::decode::scan::Value<'a>>),* }
        impl<'a> $name<'a> {
            /// Keeps the value where the member is one of ours; a repeated member's last value counts.
            #[inline]
            fn set(&mut self, key: &[u8], value: crate::decode::scan::Value<'a>) {
                match key {
                    $($key => self.$field = Some(value),)*
                    _ => {}
                }
            }
            /// Reads them from an object.
            $vis fn of(value: crate::decode::scan::Value<'a>, field: &'static str) -> crate::error::Result<Self> {
                let mut this = Self::default();
                value.members(field, |key, value| { this.set(key, value); Ok(()) })?;
                Ok(this)
            }
        }
    };
}
pub(super) use members;

/// A place in a message.
#[derive(Debug, Clone)]
pub(super) struct Scan<'a> {
    buf: &'a [u8],
    pos: usize,
    base: usize,
}

impl<'a> Scan<'a> {
    /// At the beginning of `buf`.
    pub fn new(buf: &'a [u8]) -> Self {
        Self { buf, pos: 0, base: 0 }
    }

    /// At the beginning of a part of a message, which begins at `base` in it.
    pub const fn within(buf: &'a [u8], base: usize) -> Self {
        Self { buf, pos: 0, base }
    }

    /// The error that names this place.
    #[cold]
    pub fn refuse(&self, field: &'static str) -> CoreError {
        CoreError::Decode { at: self.base + self.pos, field, was: quoted(self.rest()) }
    }

    fn rest(&self) -> &'a [u8] {
        self.buf.get(self.pos..).unwrap_or_default()
    }

    /// Takes `literal` where it is next.
    #[inline(always)]
    pub fn literal(&mut self, literal: &[u8]) -> bool {
        let found = self.rest().starts_with(literal);
        self.pos += if found { literal.len() } else { 0 };
        found
    }

    /// The same for a text whose length the compiler knows.
    #[inline(always)]
    pub fn exactly<const N: usize>(&mut self, literal: &[u8; N]) -> bool {
        let found = self.rest().first_chunk::<N>() == Some(literal);
        self.pos += if found { N } else { 0 };
        found
    }

    /// Takes an unsigned whole number where one is next. A message has four or five: one copy of this code serves them all.
    #[inline(never)]
    pub fn whole(&mut self) -> Option<u64> {
        let (value, end) = number::whole(self.buf, self.pos)?;
        self.pos = end;
        Some(value)
    }

    /// All bytes, for a reader of its own.
    #[inline(always)]
    pub const fn bytes(&self) -> &'a [u8] {
        self.buf
    }

    /// Where `bytes` begin in the message.
    pub const fn base(&self) -> usize {
        self.base
    }

    /// The place of the next byte in `bytes`.
    #[inline(always)]
    pub const fn at(&self) -> usize {
        self.pos
    }

    /// Goes on at `at`, behind what a reader of its own has taken.
    #[inline(always)]
    pub fn move_to(&mut self, at: usize) {
        self.pos = at;
    }

    /// Takes the rest of a string without escapes and its closing quote.
    #[inline(always)]
    pub fn until_quote(&mut self) -> Option<&'a [u8]> {
        if let Some(end) = skip::text(self.buf, self.pos) {
            let text = self.buf.get(self.pos..end);
            self.pos = end + 1;
            return text;
        }
        let rest = self.rest();
        let end = rest.iter().position(|byte| matches!(byte, b'"' | b'\\'))?;
        if rest.get(end) == Some(&b'\\') {
            return None;
        }
        self.pos += end + 1;
        rest.get(..end)
    }

    /// Takes the text of a number: up to the comma or bracket behind it, which stays. What is no number is found to be
    /// none when it is read as one.
    #[inline(always)]
    pub fn until_delimiter(&mut self) -> Option<&'a [u8]> {
        let rest = self.rest();
        let chunk = u64::from_le_bytes(*rest.first_chunk::<8>()?);
        let zero = |bytes: u64| bytes.wrapping_sub(0x0101_0101_0101_0101) & !bytes & 0x8080_8080_8080_8080;
        // `]` and `}` differ in one bit.
        let closes = (chunk & 0xdfdf_dfdf_dfdf_dfdf) ^ 0x5d5d_5d5d_5d5d_5d5d;
        let found = zero(chunk ^ 0x2c2c_2c2c_2c2c_2c2c) | zero(closes);
        let end = if found != 0 {
            found.trailing_zeros() as usize / 8
        } else {
            8 + rest.get(8..)?.iter().position(|byte| matches!(byte, b',' | b']' | b'}'))?
        };
        self.pos += end;
        rest.get(..end)
    }

    /// The next byte that is not white space, left in place.
    #[inline]
    pub fn peek(&mut self) -> Option<u8> {
        while let Some(byte) = self.buf.get(self.pos) {
            match byte {
                b' ' | b'\t' | b'\n' | b'\r' => self.pos += 1,
                other => return Some(*other),
            }
        }
        None
    }

    /// Takes `byte` where it is next.
    #[inline]
    pub fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.pos += usize::from(found);
        found
    }

    /// Takes `byte`, or fails.
    #[inline]
    pub fn expect(&mut self, byte: u8, field: &'static str) -> Result<()> {
        if self.take(byte) { Ok(()) } else { Err(self.refuse(field)) }
    }

    /// Nothing but white space may follow.
    pub fn end(&mut self) -> Result<()> {
        if self.peek().is_none() { Ok(()) } else { Err(self.refuse("end of the message")) }
    }

    /// Calls `each` with every member of the object that is next.
    pub fn members(
        &mut self,
        field: &'static str,
        mut each: impl FnMut(&'a [u8], Value<'a>) -> Result<()>,
    ) -> Result<()> {
        self.expect(b'{', field)?;
        if self.take(b'}') {
            return Ok(());
        }
        loop {
            let key = self.key(field)?;
            let value = self.value(field)?;
            each(key, value)?;
            if self.literal(b",") {
                continue;
            }
            if self.take(b'}') {
                return Ok(());
            }
            self.expect(b',', field)?;
        }
    }

    /// Takes a member's name and the colon behind it.
    #[inline(always)]
    fn key(&mut self, field: &'static str) -> Result<&'a [u8]> {
        if let Some((b'"', _)) = self.rest().split_first()
            && let Some(end) = skip::text(self.buf, self.pos + 1)
            && self.buf.get(end + 1) == Some(&b':')
        {
            let key = self.buf.get(self.pos + 1..end).unwrap_or_default();
            self.pos = end + 2;
            return Ok(key);
        }
        let key = self.string(field)?;
        self.expect(b':', field)?;
        Ok(key.raw)
    }

    /// Calls `each` with every item of the array that is next.
    pub fn items(&mut self, field: &'static str, mut each: impl FnMut(Value<'a>) -> Result<()>) -> Result<()> {
        self.expect(b'[', field)?;
        if self.take(b']') {
            return Ok(());
        }
        loop {
            let value = self.value(field)?;
            each(value)?;
            if self.literal(b",") {
                continue;
            }
            if self.take(b']') {
                return Ok(());
            }
            self.expect(b',', field)?;
        }
    }

    /// All of the text as one value. An object or an array is not looked into here: whoever reads it does, once.
    #[inline(always)]
    pub fn whole_text(mut self, field: &'static str) -> Result<Value<'a>> {
        let (at, raw) = match self.buf {
            [b'{', .., b'}'] | [b'[', .., b']'] => (0, self.buf),
            _ => (self.buf.len() - self.buf.trim_ascii_start().len(), self.buf.trim_ascii()),
        };
        let shape = match (raw.first(), raw.last()) {
            (Some(b'{'), Some(b'}')) => Shape::Object,
            (Some(b'['), Some(b']')) => Shape::Array,
            _ => {
                let value = self.value(field)?;
                self.end()?;
                return Ok(value);
            }
        };
        Ok(Value { shape, raw, at: at as u32 })
    }

    /// Takes any value: what nearly all are, here, and the rest a byte at a time.
    #[inline(always)]
    pub fn value(&mut self, field: &'static str) -> Result<Value<'a>> {
        let start = self.pos;
        let usual = match self.buf.get(start) {
            Some(b'"') => skip::text(self.buf, start + 1).map(|end| (Shape::Text, start + 1, end, end + 1)),
            Some(b'0'..=b'9' | b'-') => self.usual_number(start).map(|end| (Shape::Number, start, end, end)),
            Some(b'[') => skip::container(self.buf, start, DEPTH_MAX).map(|end| (Shape::Array, start, end, end)),
            Some(b'{') => skip::container(self.buf, start, DEPTH_MAX).map(|end| (Shape::Object, start, end, end)),
            _ => None,
        };
        match usual {
            Some((shape, from, to, behind)) => {
                self.pos = behind;
                Ok(Value { shape, raw: self.buf.get(from..to).unwrap_or_default(), at: (self.base + from) as u32 })
            }
            None => self.nested(field, DEPTH_MAX),
        }
    }

    /// The end of the number that begins at `start`, where it has no sign and no exponent.
    #[inline(always)]
    fn usual_number(&self, start: usize) -> Option<usize> {
        let chunk = u64::from_le_bytes(*self.buf.get(start..)?.first_chunk::<8>()?);
        let digits = number::digits_and_points(chunk);
        let more = |at: usize| self.buf.get(at..)?.iter().position(|byte| !matches!(byte, b'0'..=b'9' | b'.'));
        let end = if digits < 8 { start + digits } else { start + 8 + more(start + 8)? };
        (digits > 0 && !matches!(self.buf.get(end), Some(b'e' | b'E' | b'+' | b'-'))).then_some(end)
    }

    #[inline(never)]
    fn nested(&mut self, field: &'static str, depth: u32) -> Result<Value<'a>> {
        let first = self.peek().ok_or_else(|| self.refuse(field))?;
        if first == b'"' {
            return self.string(field);
        }
        let start = self.pos;
        if matches!(first, b'{' | b'[')
            && let Some(end) = skip::container(self.buf, start, DEPTH_MAX)
        {
            self.pos = end;
            let shape = if first == b'{' { Shape::Object } else { Shape::Array };
            return Ok(Value {
                shape,
                raw: self.buf.get(start..end).unwrap_or_default(),
                at: (self.base + start) as u32,
            });
        }
        let shape = match first {
            b'{' | b'[' if depth == 0 => return Err(self.refuse(field)),
            b'{' => {
                self.skip_object(field, depth - 1)?;
                Shape::Object
            }
            b'[' => {
                self.skip_array(field, depth - 1)?;
                Shape::Array
            }
            b'-' | b'0'..=b'9' => {
                self.skip_number(field)?;
                Shape::Number
            }
            _ if self.literal(b"true") || self.literal(b"false") || self.literal(b"null") => Shape::Literal,
            _ => return Err(self.refuse(field)),
        };
        Ok(Value { shape, raw: self.buf.get(start..self.pos).unwrap_or_default(), at: (self.base + start) as u32 })
    }

    #[inline]
    fn string(&mut self, field: &'static str) -> Result<Value<'a>> {
        self.expect(b'"', field)?;
        let start = self.pos;
        if let Some(end) = skip::text(self.buf, start) {
            self.pos = end + 1;
            return Ok(Value {
                shape: Shape::Text,
                raw: self.buf.get(start..end).unwrap_or_default(),
                at: (self.base + start) as u32,
            });
        }
        loop {
            let rest = self.rest();
            match rest.iter().position(|b| matches!(b, b'"' | b'\\')) {
                Some(at) if rest.get(at) == Some(&b'"') => {
                    let raw = self.buf.get(start..self.pos + at).unwrap_or_default();
                    self.pos += at + 1;
                    return Ok(Value { shape: Shape::Text, raw, at: (self.base + start) as u32 });
                }
                Some(at) if at + 1 < rest.len() => self.pos += at + 2,
                _ => {
                    self.pos = self.buf.len();
                    return Err(self.refuse(field));
                }
            }
        }
    }

    fn skip_object(&mut self, field: &'static str, depth: u32) -> Result<()> {
        self.expect(b'{', field)?;
        if self.take(b'}') {
            return Ok(());
        }
        loop {
            self.string(field)?;
            self.expect(b':', field)?;
            self.nested(field, depth)?;
            if self.take(b'}') {
                return Ok(());
            }
            self.expect(b',', field)?;
        }
    }

    fn skip_array(&mut self, field: &'static str, depth: u32) -> Result<()> {
        self.expect(b'[', field)?;
        if self.take(b']') {
            return Ok(());
        }
        loop {
            self.nested(field, depth)?;
            if self.take(b']') {
                return Ok(());
            }
            self.expect(b',', field)?;
        }
    }

    fn skip_number(&mut self, field: &'static str) -> Result<()> {
        let rest = self.rest();
        let end = rest.iter().position(|b| !matches!(b, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E'));
        let end = end.unwrap_or(rest.len());
        if !rest.get(..end).is_some_and(|text| text.iter().any(u8::is_ascii_digit)) {
            return Err(self.refuse(field));
        }
        self.pos += end;
        Ok(())
    }
}

#[cfg(test)]
#[path = "scan_tests.rs"]
mod tests;
