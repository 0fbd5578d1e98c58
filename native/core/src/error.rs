//! The one error of the core: every failure a caller can meet, each with the field and the value that caused it.
//!
//! The PyO3 crate maps each variant once to the Python exception tree (`tickwright.TickwrightError` and below).

use std::fmt;

/// What went wrong, with the context a person needs to mend it. `was` holds the offending value as text.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are named after what they hold, and each variant says when it occurs")]
pub enum CoreError {
    /// An input field is missing, malformed or outside its range.
    Field { field: &'static str, was: String, why: &'static str },
    /// Bytes from a venue could not be decoded; `at` is the byte offset.
    Decode { at: usize, field: &'static str, was: String },
    /// A name or id that no definition event has introduced.
    Unknown { what: &'static str, was: String },
    /// A bounded structure is full; nothing was stored.
    Full { what: &'static str, capacity: usize },
    /// A journal or snapshot is damaged; the place is named.
    Damaged { file: String, offset: u64, seq: u64, why: &'static str },
    /// The operating system refused an operation on a file.
    Io { op: &'static str, file: String, why: String },
    /// An invariant that must always hold does not: the engine cancels all and stops.
    Broken { invariant: &'static str, was: String },
}

impl fmt::Display for CoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field { field, was, why } => write!(f, "{field} {why}, was {was}"),
            Self::Decode { at, field, was } => write!(f, "cannot decode {field} at byte {at}, was {was}"),
            Self::Unknown { what, was } => write!(f, "unknown {what}, was {was}"),
            Self::Full { what, capacity } => write!(f, "{what} is full at its bound of {capacity}"),
            Self::Damaged { file, offset, seq, why } => {
                write!(f, "{file} is damaged at offset {offset}, sequence {seq}: {why}")
            }
            Self::Io { op, file, why } => write!(f, "{op} on {file} failed: {why}"),
            Self::Broken { invariant, was } => write!(f, "invariant broken: {invariant}, was {was}"),
        }
    }
}

impl std::error::Error for CoreError {}

/// The result of every fallible operation in the core.
pub type Result<T> = std::result::Result<T, CoreError>;
