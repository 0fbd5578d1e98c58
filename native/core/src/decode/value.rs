//! One value of a JSON text: its shape and its bytes, borrowed, and the ways to read it as what it should be.
//!
//! catalogue: M1.

use super::number;
use super::scan::{Scan, quoted};
use crate::error::{CoreError, Result};

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// A string; `raw` is without its quotes.
    Text,
    /// A number.
    Number,
    /// `true`, `false` or `null`.
    Literal,
    /// An array, brackets included.
    Array,
    /// An object, braces included.
    Object,
}

/// One value of a message.
#[derive(Debug, Clone, Copy)]
pub(super) struct Value<'a> {
    /// Its shape.
    pub shape: Shape,
    /// Its bytes.
    pub raw: &'a [u8],
    /// Where `raw` begins in the message: 32 bits keep a value, of which decoders hold a dozen at once, at 24 bytes.
    pub(super) at: u32,
}

const _: () = assert!(size_of::<Option<Value<'_>>>() == 24);

impl<'a> Value<'a> {
    /// Where `raw` begins in the message.
    pub const fn at(&self) -> usize {
        self.at as usize
    }

    /// The error that names this value.
    #[cold]
    pub fn refuse(&self, field: &'static str) -> CoreError {
        CoreError::Decode { at: self.at(), field, was: quoted(self.raw) }
    }

    /// The string, or an error where it is anything else.
    #[inline(always)]
    pub fn text(&self, field: &'static str) -> Result<&'a [u8]> {
        if self.shape == Shape::Text { Ok(self.raw) } else { Err(self.refuse(field)) }
    }

    /// The unsigned whole number, or an error where it is anything else.
    #[inline(always)]
    pub fn whole(&self, field: &'static str) -> Result<u64> {
        match number::all_of(self.raw) {
            Some(value) if self.shape == Shape::Number => Ok(value),
            _ => Err(self.refuse(field)),
        }
    }

    /// The digits of a number, written as one or as a string, or an error where it is anything else.
    #[inline(always)]
    pub fn figure(&self, field: &'static str) -> Result<&'a [u8]> {
        if matches!(self.shape, Shape::Text | Shape::Number) { Ok(self.raw) } else { Err(self.refuse(field)) }
    }

    /// The unsigned whole number that a string holds, or an error where it is anything else.
    #[inline(always)]
    pub fn digits(&self, field: &'static str) -> Result<u64> {
        match number::all_of(self.text(field)?) {
            Some(value) => Ok(value),
            None => Err(self.refuse(field)),
        }
    }

    /// The signed whole number, or an error where it is anything else.
    pub fn signed(&self, field: &'static str) -> Result<i64> {
        let text = std::str::from_utf8(self.raw).ok().filter(|_| self.shape == Shape::Number);
        text.and_then(|t| t.parse().ok()).ok_or_else(|| self.refuse(field))
    }

    /// True or false, or an error where it is anything else.
    #[inline(always)]
    pub fn flag(&self, field: &'static str) -> Result<bool> {
        match (self.shape, self.raw) {
            (Shape::Literal, b"true") => Ok(true),
            (Shape::Literal, b"false") => Ok(false),
            _ => Err(self.refuse(field)),
        }
    }

    /// Whether the string is the first of two words and not the second, or an error where it is neither.
    #[inline(always)]
    pub fn either(&self, field: &'static str, yes: &[u8], no: &[u8]) -> Result<bool> {
        match self.text(field)? {
            word if word == yes => Ok(true),
            word if word == no => Ok(false),
            _ => Err(self.refuse(field)),
        }
    }

    /// Whether it is `null`.
    #[inline(always)]
    pub fn is_null(&self) -> bool {
        self.shape == Shape::Literal && self.raw == b"null"
    }

    /// Calls `each` with every member of the object, or fails where it is none.
    pub fn members(&self, field: &'static str, each: impl FnMut(&'a [u8], Value<'a>) -> Result<()>) -> Result<()> {
        if self.shape != Shape::Object {
            return Err(self.refuse(field));
        }
        let mut inside = self.inside();
        inside.members(field, each)?;
        inside.end()
    }

    /// Calls `each` with every item of the array, or fails where it is none.
    pub fn items(&self, field: &'static str, each: impl FnMut(Value<'a>) -> Result<()>) -> Result<()> {
        if self.shape != Shape::Array {
            return Err(self.refuse(field));
        }
        let mut inside = self.inside();
        inside.items(field, each)?;
        inside.end()
    }

    /// Calls `each` with every item of the array: as `usual` reads it where it stands, or else as `general` reads the value.
    #[inline(always)]
    pub fn run<T>(
        &self,
        field: &'static str,
        usual: impl Fn(&mut Scan<'a>) -> Option<T>,
        general: impl Fn(Self, &'static str) -> Result<T>,
        mut each: impl FnMut(T) -> Result<()>,
    ) -> Result<()> {
        if self.shape != Shape::Array {
            return Err(self.refuse(field));
        }
        let mut scan = self.inside();
        scan.expect(b'[', field)?;
        if scan.take(b']') {
            return scan.end();
        }
        loop {
            let at = scan.at();
            let item = match usual(&mut scan) {
                Some(item) => item,
                None => {
                    scan.move_to(at);
                    general(scan.value(field)?, field)?
                }
            };
            each(item)?;
            if scan.literal(b",") {
                continue;
            }
            if scan.take(b']') {
                return scan.end();
            }
            scan.expect(b',', field)?;
        }
    }

    /// A scanner over this value's own bytes.
    pub fn inside(&self) -> Scan<'a> {
        Scan::within(self.raw, self.at())
    }
}
