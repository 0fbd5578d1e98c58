//! What a v3 pool's journal keeps: ticks, positions and observations that were replaced.
//!
//! catalogue: S4.

use super::{Head, Pool};
use crate::clamm::journal::{self, Undo, its_journal};
use crate::clamm::oracle::Observation;
use crate::clamm::position::{Position, PositionKey};
use crate::clamm::tick::Tick;

/// A value that was replaced.
#[derive(Debug, Clone)]
pub enum Before {
    /// A tick.
    Tick(i32, Option<Tick>),
    /// A position.
    Position(PositionKey, Option<Position>),
    /// An observation at its place.
    Observation(u16, Observation),
    /// The ring had this many places.
    Grown(usize),
}

/// What a pool's calls have replaced.
pub type Journal = journal::Journal<Before, Head>;

impl Journal {
    #[inline]
    pub(super) fn tick(&mut self, tick: i32, before: Option<Tick>) {
        self.push(Before::Tick(tick, before));
    }

    pub(super) fn position(&mut self, key: PositionKey, before: Option<Position>) {
        self.push(Before::Position(key, before));
    }

    pub(super) fn observation(&mut self, index: u16, before: Observation) {
        self.push(Before::Observation(index, before));
    }

    pub(super) fn observation_grown(&mut self, before: usize) {
        self.push(Before::Grown(before));
    }
}

impl Undo for Pool {
    type Before = Before;
    type Head = Head;

    its_journal!();

    fn saved(&self) -> Head {
        self.head
    }

    fn restore(&mut self, head: Head) {
        self.head = head;
    }

    fn put_back(&mut self, before: Before) {
        match before {
            // A tick that was there before is within the range, so that this cannot be refused.
            Before::Tick(tick, before) => _ = self.ticks.set(tick, before),
            Before::Position(key, Some(before)) => _ = self.positions.insert(key, before),
            Before::Position(key, None) => _ = self.positions.remove(&key),
            Before::Observation(index, before) => self.observations[usize::from(index)] = before,
            Before::Grown(places) => self.observations.truncate(places),
        }
    }
}
