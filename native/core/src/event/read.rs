//! Records read where they lie: bytes that have been checked once, as references to records and levels.

use super::SCHEMA;
use super::header::{Header, Kind, Record};
use super::records::{DepthHead, LAYOUT};
use crate::error::{CoreError, Result};
use crate::units::{Lots, Ticks};

/// One price level, as it follows a `DepthHead`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub struct Level {
    /// Price.
    pub price: Ticks,
    /// Size now at it; 0 deletes the level.
    pub qty: Lots,
}
const _: () = assert!(size_of::<Level>() == 16 && align_of::<Level>() == 8);

/// A depth message in place: its head and the two runs of levels.
#[derive(Debug, Clone, Copy)]
pub struct DepthView<'a> {
    /// The head.
    pub head: &'a DepthHead,
    /// Bid levels in the venue's order.
    pub bids: &'a [Level],
    /// Ask levels in the venue's order.
    pub asks: &'a [Level],
}

/// A borrowed record of any kind: 8-byte aligned bytes whose header has been checked against their length.
#[derive(Debug, Clone, Copy)]
pub struct RecordRef<'a> {
    bytes: &'a [u8],
    kind: Kind,
}

/// The size of each kind's fixed part by its byte, so that checking a record costs one look-up.
const SIZES: [usize; 256] = {
    let (mut sizes, mut at) = ([0; 256], 0);
    while at < LAYOUT.len() {
        sizes[LAYOUT[at].1 as usize] = LAYOUT[at].2;
        at += 1;
    }
    sizes
};

/// What is wrong with a record that is not sound, out of the way of the code that reads good ones.
#[cold]
fn fault(bytes: &[u8]) -> CoreError {
    let malformed = |field, was: usize, why| CoreError::Field { field, was: was.to_string(), why };
    if bytes.len() < size_of::<Header>() || !bytes.as_ptr().cast::<Header>().is_aligned() {
        return malformed("record", bytes.len(), "is shorter than a header or unaligned");
    }
    // SAFETY: long enough and aligned; every bit pattern is a valid Header.
    let header = unsafe { &*bytes.as_ptr().cast::<Header>() };
    if header.length as usize != bytes.len() || !bytes.len().is_multiple_of(8) {
        return malformed("record.length", header.length as usize, "does not match its frame");
    }
    if header.schema != SCHEMA {
        return malformed("record.schema", header.schema.into(), "is not a schema this version reads");
    }
    match header.kind() {
        Ok(_) => malformed("record.length", bytes.len(), "is not the length of its kind"),
        Err(error) => error,
    }
}

impl<'a> RecordRef<'a> {
    /// Checks length, schema, kind and alignment of `bytes`, which must hold exactly one record.
    #[inline]
    pub fn new(bytes: &'a [u8]) -> Result<Self> {
        match Self::sound(bytes) {
            Some(record) => Ok(record),
            None => Err(fault(bytes)),
        }
    }

    /// The first record of `bytes`, and what is behind it; None at their end, and where it is not sound (`new` says why).
    #[inline(always)]
    pub fn first(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let length = u32::from_ne_bytes(*bytes.first_chunk::<4>()?) as usize;
        let (head, behind) = bytes.split_at_checked(length)?;
        Some((Self::sound(head)?, behind))
    }

    #[inline(always)]
    fn sound(bytes: &'a [u8]) -> Option<Self> {
        if bytes.len() < size_of::<Header>() || !bytes.as_ptr().cast::<Header>().is_aligned() {
            return None;
        }
        // SAFETY: long enough and aligned; every bit pattern is a valid Header.
        let header = unsafe { &*bytes.as_ptr().cast::<Header>() };
        if header.length as usize != bytes.len() || !bytes.len().is_multiple_of(8) || header.schema != SCHEMA {
            return None;
        }
        let kind = Kind::known(header.kind)?;
        let least = SIZES[kind as u8 as usize];
        let fits = match kind {
            Kind::Depth => {
                bytes.len() >= least && {
                    // SAFETY: long enough for a DepthHead, aligned, and any bit pattern is a valid one.
                    let head = unsafe { &*bytes.as_ptr().cast::<DepthHead>() };
                    let levels = u64::from(head.bids) + u64::from(head.asks);
                    bytes.len() as u64 == least as u64 + levels * size_of::<Level>() as u64
                }
            }
            _ => bytes.len() == least,
        };
        fits.then_some(Self { bytes, kind })
    }

    /// A record of this program's own making, whose header is its kind's (`Header::of`).
    #[must_use]
    #[inline]
    pub fn of<R: Record>(record: &'a R) -> Self {
        debug_assert!(record.header().kind == R::KIND as u8 && record.header().length as usize == size_of::<R>());
        Self { bytes: as_bytes(record), kind: R::KIND }
    }

    /// What it is.
    #[must_use]
    #[inline]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// The header.
    #[must_use]
    pub fn header(&self) -> &'a Header {
        // SAFETY: `new` checked length and alignment; every bit pattern is a valid Header.
        unsafe { &*self.bytes.as_ptr().cast::<Header>() }
    }

    /// The record as `R`, where its kind says so.
    #[must_use]
    #[inline]
    pub fn view<R: Record>(&self) -> Option<&'a R> {
        const { assert!(align_of::<R>() <= align_of::<Header>()) };
        if self.kind as u8 != R::KIND as u8 || self.bytes.len() < size_of::<R>() {
            return None;
        }
        // SAFETY: the length is checked, `new` checked the alignment, and R is valid for every bit pattern.
        Some(unsafe { &*self.bytes.as_ptr().cast::<R>() })
    }

    /// A copy of the record as `R`, where its kind says so.
    #[must_use]
    pub fn get<R: Record>(&self) -> Option<R> {
        self.view().copied()
    }

    /// The depth message, where this is one.
    #[must_use]
    #[inline]
    pub fn depth(&self) -> Option<DepthView<'a>> {
        if self.kind as u8 != Kind::Depth as u8 {
            return None;
        }
        // SAFETY: `new` checked that the levels named in the head fill the record exactly; Level is 8-aligned.
        unsafe {
            let head = &*self.bytes.as_ptr().cast::<DepthHead>();
            let levels = self.bytes.as_ptr().add(size_of::<DepthHead>()).cast::<Level>();
            let bids = std::slice::from_raw_parts(levels, head.bids as usize);
            let asks = std::slice::from_raw_parts(levels.add(head.bids as usize), head.asks as usize);
            Some(DepthView { head, bids, asks })
        }
    }

    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }
}

/// Walks records back to back; a damaged length ends the walk with an error.
#[derive(Debug, Clone)]
pub struct RecordIter<'a> {
    rest: &'a [u8],
}

impl<'a> RecordIter<'a> {
    /// Walks `bytes`, which must be 8-byte aligned.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }
}

impl<'a> Iterator for RecordIter<'a> {
    type Item = Result<RecordRef<'a>>;
    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let length = self.rest.first_chunk::<4>().map_or(0, |b| u32::from_ne_bytes(*b)) as usize;
        if length < size_of::<Header>() || length > self.rest.len() {
            let was = format!("{length} of {} bytes", self.rest.len());
            self.rest = &[];
            return Some(Err(CoreError::Field { field: "record.length", was, why: "does not fit its buffer" }));
        }
        let (head, tail) = self.rest.split_at(length);
        self.rest = tail;
        Some(RecordRef::new(head))
    }
}

/// A record's bytes.
#[must_use]
pub fn as_bytes<R: Record>(record: &R) -> &[u8] {
    // SAFETY: a Record has no padding, so all of its bytes are initialised.
    unsafe { std::slice::from_raw_parts(std::ptr::from_ref(record).cast(), size_of::<R>()) }
}
