//! A message in the order in which its venue writes it today: a list of expected pieces with values between them.
//!
//! catalogue: M1. A venue writes the members of a message always in one order, so that most of a message is known before it
//! comes. A venue's file lists the pieces and where each value goes (see `usual!`); at the first byte that differs the
//! reader gives up, and the general one, which takes members in any order, reads the message or says what is wrong with
//! it. Both fill the same `members!`, so that what a message means stands in one place.

use super::number;
use super::scan::{Shape, Value};
use super::skip;

/// How deep a value may nest that is not looked into here.
const DEPTH_MAX: u32 = 32;

/// Reads a message by its pieces: `usual!(form, b"{\"s\":" book.symbol => text, b",\"u\":" book.update => number; b"}")`.
///
/// Each piece must stand where it is listed; the value behind it goes to the place behind it, read as one of the methods of
/// `Form`. A last piece without a value ends the message; without one, more of it is read in another way. It leaves the
/// function with None where anything differs.
macro_rules! usual {
    ($form:ident, $($piece:literal $place:expr => $kind:ident),*; $last:literal) => {
        usual!($form, $($piece $place => $kind),*);
        $form.piece($last)?;
        $form.end()?;
    };
    ($form:ident, $($piece:literal $place:expr => $kind:ident),* $(,)?) => {
        $(
            $form.piece($piece)?;
            $place = Some($form.$kind()?);
        )*
    };
}
pub(super) use usual;

/// A place in a message that is read by its pieces.
pub(super) struct Form<'a> {
    bytes: &'a [u8],
    at: usize,
    base: usize,
}

impl<'a> Form<'a> {
    /// At the beginning of a message.
    pub const fn new(message: Value<'a>) -> Self {
        Self { bytes: message.raw, at: 0, base: message.at() }
    }

    /// Takes `piece` where it is next.
    #[inline(always)]
    pub fn piece(&mut self, piece: &[u8]) -> Option<()> {
        if !self.bytes.get(self.at..)?.starts_with(piece) {
            return None;
        }
        self.at += piece.len();
        Some(())
    }

    /// The place of the next byte, for `since`.
    pub const fn place(&self) -> usize {
        self.at
    }

    /// The object that was taken piece by piece from `place` on.
    pub fn since(&self, place: usize) -> Option<Value<'a>> {
        let raw = self.bytes.get(place..self.at)?;
        Some(Value { shape: Shape::Object, raw, at: (self.base + place) as u32 })
    }

    /// Nothing may follow.
    #[inline(always)]
    pub fn end(&self) -> Option<()> {
        (self.at == self.bytes.len()).then_some(())
    }

    /// A text.
    #[inline(always)]
    pub fn text(&mut self) -> Option<Value<'a>> {
        self.piece(b"\"")?;
        self.rest()
    }

    /// The rest of a text of which the piece before had the beginning.
    #[inline(always)]
    pub fn rest(&mut self) -> Option<Value<'a>> {
        let end = skip::text(self.bytes, self.at)?;
        self.value(Shape::Text, end, end + 1)
    }

    /// A number without an exponent.
    #[inline(always)]
    pub fn number(&mut self) -> Option<Value<'a>> {
        let sign = usize::from(self.bytes.get(self.at) == Some(&b'-'));
        let first = self.at + sign;
        let end = number::end(self.bytes, first)?;
        self.bytes.get(first).filter(|byte| byte.is_ascii_digit())?;
        self.value(Shape::Number, end, end)
    }

    /// A list of levels or of other items that are arrays or objects themselves; whoever reads them looks at what is in it.
    #[inline(always)]
    pub fn list(&mut self) -> Option<Value<'a>> {
        let end = skip::list(self.bytes, self.at)?;
        self.value(Shape::Array, end, end)
    }

    /// An object or a list, of which only the brackets are looked at.
    #[inline(always)]
    pub fn nested(&mut self) -> Option<Value<'a>> {
        let shape = match self.bytes.get(self.at)? {
            b'{' => Shape::Object,
            b'[' => Shape::Array,
            _ => return None,
        };
        let end = skip::container(self.bytes, self.at, DEPTH_MAX)?;
        self.value(shape, end, end)
    }

    /// The value from here to `end`, behind which the next piece is at `behind`.
    #[inline(always)]
    fn value(&mut self, shape: Shape, end: usize, behind: usize) -> Option<Value<'a>> {
        let raw = self.bytes.get(self.at..end)?;
        let at = (self.base + self.at) as u32;
        self.at = behind;
        Some(Value { shape, raw, at })
    }
}

#[cfg(test)]
#[path = "usual_tests.rs"]
mod tests;
