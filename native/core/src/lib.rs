//! The compiled core of Tickwright: pure state machines over one stream of events.
//!
//! The modules stand in the order in which a message passes them, so reading them in this order is reading the
//! system: bytes, decode, sequence, book, quote, gate, order, venue, report, position, ledger. `step` is the only
//! file that sees them all. Nothing here reads a clock, a random source or a socket; time is an input.

pub mod canon;
pub mod error;
pub mod units;
pub mod sorted;
pub mod instrument;
pub mod definitions;
pub mod event;
pub mod decode;
pub mod sequence;
pub mod ring;
pub mod journal;
pub mod state_hash;
pub mod book;
pub mod line;
pub mod bars;
pub mod quote;
pub mod kernel;
pub mod gate;
pub mod order;
pub mod encode;
pub mod position;
pub mod ledger;
pub mod state;
pub mod context;
pub mod effects;
mod revalue;
pub mod step;
pub mod quoting;
pub mod outbox;
pub mod engine;
pub mod replay;
#[cfg(any(test, feature = "fuzz"))]
pub mod fuzz;
pub mod venue;
pub mod clamm;
