//! The compiled core of Tickwright: pure state machines over one stream of events.
//!
//! The modules stand in the order in which a message passes them, so reading them in this order is reading the
//! system: bytes, decode, sequence, book, quote, gate, order, venue, report, position, ledger. `step` is the only
//! file that sees them all. Nothing here reads a clock, a random source or a socket; time is an input.

pub mod book;
pub mod canon;
pub mod decode;
pub mod encode;
pub mod error;
pub mod event;
pub mod gate;
pub mod instrument;
pub mod journal;
pub mod kernel;
pub mod ledger;
pub mod order;
pub mod position;
pub mod quote;
pub mod ring;
pub mod sequence;
pub mod sorted;
pub mod state_hash;
pub mod step;
pub mod units;
pub mod venue;
