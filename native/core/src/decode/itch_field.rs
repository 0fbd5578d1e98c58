//! The fields of an ITCH message, big-endian at fixed offsets, and why bytes may be none.
//!
//! catalogue: M1. Source: "Nasdaq TotalView-ITCH 5.0", section 2 (data types) and section 4 (the head of each message).

use crate::units::Side;

/// Why bytes are no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ItchError {
    /// There is not one byte.
    Empty,
    /// No message of version 5.0 has this type.
    UnknownType(u8),
    /// A message of this type has another length.
    Length {
        /// The type.
        kind: u8,
        /// The length that the specification gives, bytes.
        expected: usize,
        /// The length that was given.
        was: usize,
    },
    /// A side that is neither `B` nor `S`.
    Side(u8),
}

impl std::fmt::Display for ItchError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Empty => write!(f, "ITCH message is empty"),
            Self::UnknownType(kind) => write!(f, "ITCH message type is unknown, was {:?}", char::from(*kind)),
            Self::Length { kind, expected, was } => {
                write!(f, "ITCH message {:?} must have {expected} bytes, was {was}", char::from(*kind))
            }
            Self::Side(side) => write!(f, "ITCH side must be B or S, was {:?}", char::from(*side)),
        }
    }
}

impl std::error::Error for ItchError {}

/// A name, padded with spaces.
pub type Name<const N: usize> = [u8; N];

/// What every message begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The symbol's number of the day; 0 where a message is about no symbol.
    pub locate: u16,
    /// Nasdaq's own number.
    pub tracking: u16,
    /// Nanoseconds since midnight in New York.
    pub ts_midnight_ns: u64,
}

/// The bytes of a type whose length was checked, read by their offsets in the specification.
pub(super) struct Fields<'a>(pub &'a [u8]);

/// A field of `N` bytes; zeros beyond the end, which a checked length rules out.
impl Fields<'_> {
    #[inline]
    pub fn bytes<const N: usize>(&self, at: usize) -> [u8; N] {
        self.0.get(at..).and_then(|rest| rest.first_chunk()).copied().unwrap_or([0; N])
    }
    #[inline]
    pub fn u8(&self, at: usize) -> u8 {
        self.bytes::<1>(at)[0]
    }
    #[inline]
    pub fn u16(&self, at: usize) -> u16 {
        u16::from_be_bytes(self.bytes(at))
    }
    #[inline]
    pub fn u32(&self, at: usize) -> u32 {
        u32::from_be_bytes(self.bytes(at))
    }
    #[inline]
    pub fn u64(&self, at: usize) -> u64 {
        u64::from_be_bytes(self.bytes(at))
    }
    #[inline]
    pub fn head(&self) -> Head {
        let time = u64::from(self.u16(5)) << 32 | u64::from(self.u32(7));
        Head { locate: self.u16(1), tracking: self.u16(3), ts_midnight_ns: time }
    }
    #[inline]
    pub fn side(&self, at: usize) -> Result<Side, ItchError> {
        match self.u8(at) {
            b'B' => Ok(Side::Buy),
            b'S' => Ok(Side::Sell),
            other => Err(ItchError::Side(other)),
        }
    }
}
