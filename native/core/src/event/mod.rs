//! The event schema: every record that can change state, as fixed-layout `repr(C)` structs behind one header.
//!
//! catalogue: K2. A record is a 48-byte header and a payload, a multiple of 8 bytes long, little-endian, without
//! padding (checked at compile time). The global sequence number is not in the record: the sequencer assigns it
//! and the journal's frame carries it, so the same bytes are valid before and after sequencing.
//! All prices are ticks, all sizes lots, all times nanoseconds since the epoch; sentinels are in `units`.

mod buffer;
mod codes;
mod header;
mod read;
mod records;
mod text;

pub use buffer::RecordBuf;
pub use codes::{Action, Exec, OrderType, Outcome, Request, TimeInForce, VenueStatus, Verb};
pub use header::{Header, Kind, Record, Wide, flags};
pub use read::{DepthView, Level, RecordIter, RecordRef, as_bytes};
pub use records::*;
pub use text::{padded, unpadded};

/// The version of this schema; it changes with the layout of any record.
pub const SCHEMA: u8 = 1;
