//! A message in the order in which its venue writes it today: a list of expected pieces with values between them.
//!
//! catalogue: M1. A venue writes the members of a message always in one order, so that most of a message is known before it
//! comes. A venue's file lists the pieces and where each value goes (see `usual!`); at the first byte that differs the
//! reader gives up, and the general one, which takes members in any order, reads the message or says what is wrong with
//! it. Both fill the same `members!`, so that what a message means stands in one place.

use super::number;
use super::scan::{Scan, Shape, Value};
use super::skip;
use crate::error::{CoreError, Result};

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

/// Reads members that come in one order, of which any may be missing: `in_order!(form, b",\"bid\":" told.bid => number)`.
///
/// Each piece begins with the comma before its member, so that the first member of an object is read in another way. The
/// place of a member that is missing becomes None.
macro_rules! in_order {
    ($form:ident, $($piece:literal $place:expr => $kind:ident),* $(,)?) => {
        $($place = if $form.piece($piece).is_some() { Some($form.$kind()?) } else { None };)*
    };
}
pub(super) use in_order;

/// Says that a message was read, and whether what it says was taken.
///
/// A result has room for an error, and one that is handed on is copied whole, right behind the few bytes that were written of
/// it, for which the copy waits. So each of the two is made anew.
#[inline(always)]
pub(super) fn done(taken: Result<()>) -> Option<Result<()>> {
    match taken {
        Ok(()) => Some(Ok(())),
        Err(error) => failed(error),
    }
}

#[cold]
#[inline(never)]
fn failed(error: CoreError) -> Option<Result<()>> {
    Some(Err(error))
}

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

    /// At the place of a scanner that goes on behind what is taken here (see `Scan::move_to`).
    pub const fn of(scan: &Scan<'a>) -> Self {
        Self { bytes: scan.bytes(), at: scan.at(), base: scan.base() }
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

    /// The place of the next byte.
    pub const fn place(&self) -> usize {
        self.at
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

    /// A number with or without an exponent, or null.
    #[inline(always)]
    pub fn figure(&mut self) -> Option<Value<'a>> {
        let sign = usize::from(self.bytes.get(self.at) == Some(&b'-'));
        let first = self.at + sign;
        let end = number::end(self.bytes, first)?;
        if !self.bytes.get(first)?.is_ascii_digit() {
            return self.null();
        }
        match self.bytes.get(end) {
            Some(b'e' | b'E') => self.power(end + 1),
            _ => self.value(Shape::Number, end, end),
        }
    }

    /// The word null.
    fn null(&mut self) -> Option<Value<'a>> {
        let end = self.at + 4;
        if self.bytes.get(self.at..end)? == b"null" { self.value(Shape::Literal, end, end) } else { None }
    }

    /// A number whose exponent begins at `from`.
    #[cold]
    fn power(&mut self, from: usize) -> Option<Value<'a>> {
        let sign = usize::from(matches!(self.bytes.get(from), Some(b'+' | b'-')));
        let digits = self.bytes.get(from + sign..)?.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let end = from + sign + digits;
        self.value(Shape::Number, end, end)
    }

    /// True or false.
    #[inline(always)]
    pub fn flag(&mut self) -> Option<Value<'a>> {
        let rest = self.bytes.get(self.at..)?;
        let end = self.at + if rest.starts_with(b"false") { 5 } else { 4 };
        if rest.starts_with(b"false") || rest.starts_with(b"true") {
            return self.value(Shape::Literal, end, end);
        }
        None
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
