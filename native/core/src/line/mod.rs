//! Lines: connections that carry the same market data twice, and one market out of them.
//!
//! catalogue: M3, M7. Two lines of a source (A and B) are read at once. Where the venue numbers its messages the first
//! good copy of each passes (`arbiter` for the changes of books, `numbered` for MoldUDP64), and a hole waits for the other
//! line before it is a gap. Where it does not, each line has its own book and one of them is shown (`shadow`). `books` does
//! both for the connections of any venue. `source`
//! measures the lines, says which is primary and when all of them are silent; `state` keeps it all in the engine. Time
//! stands in the events, so that a replay decides the same.

pub mod arbiter;
pub mod books;
pub mod numbered;
pub mod once;
pub mod shadow;
pub mod source;
mod state;
pub mod stream;

#[cfg(test)]
mod tests;

pub use state::Lines;

/// The most lines of a source.
pub const LINES_MAX: usize = 2;

/// Where a copy of a message came from, and what is known of the lines then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Copy {
    /// The line, from 0.
    pub line: usize,
    /// Which lines are up.
    pub up: [bool; LINES_MAX],
    /// Whether a line keeps the order of its messages (TCP), so that one that is past a hole will never fill it.
    pub ordered: bool,
    /// How long a hole waits for another line, ns.
    pub hold_ns: i64,
    /// When it was received.
    pub now: crate::units::Nanos,
}

/// What became of a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It was the first good one, and passed.
    First,
    /// Another copy of it had passed or waits already, this many ns before where that is still known.
    Again(Option<i64>),
    /// Messages are missing before it: it waits.
    Held,
}

/// What became of a copy, and what it tells about its own line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// What became of it.
    pub verdict: Verdict,
    /// How many messages (or runs of them, where a message has a range of numbers) its line lost just before it.
    pub lost: u64,
    /// Whether its line had brought a later one before it.
    pub late: bool,
}
