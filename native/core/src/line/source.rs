//! A source of market data over its lines: how each of them does, which one is primary and why, and when all are silent.
//!
//! catalogue: M3, M7. A line is silent when nothing at all has come on it for its bound, which is configured, or learned
//! from its own cadence: a market where one instrument rests is quiet and not silent, because the other instruments and
//! channels of the connection still come. The primary changes at once when it goes down or silent and the other has not,
//! and for being slower or lossier only after a whole window of messages and a time of rest (the hysteresis). What has no
//! number of its own (mark prices) is taken from the primary alone.

use super::LINES_MAX;
use crate::state;
use crate::units::Nanos;

/// First copies over which lines are compared.
pub const WINDOW: u32 = 256;
/// First copies of a window that the other line must have for a switch: three in four.
const WON: u32 = 192;
/// Messages that the primary must have lost in a window, beyond the other's, for a switch.
pub const LOST: u64 = 3;
/// The least time between a switch and another one that is not forced, ns.
pub const REST_NS: i64 = 5_000_000_000;
/// How many usual pauses make a silence, where the bound is learned.
const PAUSES: i64 = 16;
/// The bounds of a learned silence, ns; until a cadence is known it is the longest.
pub const SILENT_NS_MIN: i64 = 250_000_000;
/// See `SILENT_NS_MIN`.
pub const SILENT_NS_MAX: i64 = 30_000_000_000;
/// Pauses that must have been seen before a cadence is believed.
const LEARNED: u64 = 32;

/// What happened to a source, as a byte of its `LineEvent`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum What {
    /// Another line is primary.
    Switch = 1,
    /// Messages are missing on every line.
    Gap = 2,
    /// Messages that one line lost were brought by another.
    Filled = 3,
    /// Nothing comes on any line: nobody quotes.
    Stale = 4,
    /// Something comes again.
    Fresh = 5,
}
crate::canon_enum!(What { Switch, Gap, Filled, Stale, Fresh });

/// Why a line lost its place, as a byte of a `LineEvent`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Why {
    /// For no reason of a line's own.
    None = 0,
    /// It is not connected.
    Down = 1,
    /// It is connected, and nothing comes.
    Silent = 2,
    /// The other was first for most of a window.
    Slower = 3,
    /// It lost more than the other in a window.
    Lossier = 4,
}
crate::canon_enum!(Why { None, Down, Silent, Slower, Lossier });

state! {
    /// One line, and what was measured on it.
    #[derive(Debug, Clone, Default, PartialEq, Eq)]
    pub struct Line {
        /// Its stream's number; 0 where there is no such line.
        pub stream: u16,
        /// Whether it is connected.
        pub up: bool,
        /// When anything was last heard on it.
        pub heard: Nanos,
        /// The usual pause between two messages, ns.
        pub cadence_ns: i64,
        /// Messages with numbers that came.
        pub received: u64,
        /// Of these, first good copies.
        pub first: u64,
        /// Of these, copies of what had passed.
        pub duplicate: u64,
        /// Of these, those that came after later ones of the same line.
        pub late: u64,
        /// Messages that it lost, as far as their numbers tell.
        pub lost: u64,
        /// How far its copies are behind the first ones, ns; a moving average.
        pub lag_ns: i64,
        /// The longest such lag, ns.
        pub lag_ns_max: i64,
        pauses: u64,
        lost_before: u64,
    }
}

state! {
    /// A source and its lines.
    #[derive(Debug, Clone, Default, PartialEq, Eq)]
    pub struct Source {
        /// Its number.
        pub id: u16,
        /// Its lines; the ones that are not configured have no stream.
        pub lines: [Line; LINES_MAX],
        /// The primary line.
        pub primary: u8,
        /// When it became primary.
        pub since: Nanos,
        /// Whether nothing comes on any line.
        pub stale: bool,
        /// How often the primary changed.
        pub switches: u64,
        /// Holes that no line filled.
        pub gaps: u64,
        /// Holes that another line filled.
        pub filled: u64,
        /// How often it went stale.
        pub stales: u64,
        /// The configured silence, ns; 0 to learn it.
        pub silent_ns: i64,
        /// How long a hole waits for another line, ns.
        pub hold_ns: i64,
        /// Whether its lines keep the order of their messages.
        pub ordered: bool,
        /// First copies of the running window.
        pub window: u32,
        /// Of these, by line.
        pub won: [u32; LINES_MAX],
    }
}

impl Line {
    /// Something was heard.
    pub const fn hear(&mut self, now: Nanos) {
        let pause = now.saturating_sub(self.heard);
        if self.heard != 0 && pause >= 0 {
            // The average follows longer pauses faster than shorter ones, so that a burst does not make a silence.
            let shift = if pause > self.cadence_ns { 3 } else { 7 };
            self.cadence_ns += (pause - self.cadence_ns) >> shift;
            self.pauses += 1;
        }
        if now > self.heard {
            self.heard = now;
        }
    }

    /// The silence after which this line is not trusted, ns.
    #[must_use]
    pub fn silent_after_ns(&self, configured_ns: i64) -> i64 {
        match configured_ns {
            0 if self.pauses < LEARNED => SILENT_NS_MAX,
            0 => self.cadence_ns.saturating_mul(PAUSES).clamp(SILENT_NS_MIN, SILENT_NS_MAX),
            configured => configured,
        }
    }

    /// Counts a copy: `lag_ns` is how far it was behind the first one, 0 where it was the first.
    pub const fn lags(&mut self, lag_ns: i64) {
        self.lag_ns += (lag_ns - self.lag_ns) / 16;
        if lag_ns > self.lag_ns_max {
            self.lag_ns_max = lag_ns;
        }
    }
}

impl Source {
    /// Which lines are up.
    #[must_use]
    pub fn up(&self) -> [bool; LINES_MAX] {
        [self.lines[0].up, self.lines[1].up]
    }

    /// A first good copy came on `line`.
    pub fn won_by(&mut self, line: usize) {
        self.window += 1;
        if let Some(won) = self.won.get_mut(line) {
            *won += 1;
        }
    }

    /// Whether a line may be trusted: connected, and heard within its bound.
    #[must_use]
    pub fn usable(&self, line: usize, now: Nanos) -> bool {
        let line = &self.lines[line];
        line.up && line.heard != 0 && now.saturating_sub(line.heard) <= line.silent_after_ns(self.silent_ns)
    }

    /// Says whether all lines have fallen silent, or one speaks again; None where nothing changed.
    pub fn gate(&mut self, now: Nanos) -> Option<What> {
        let begun = self.lines.iter().any(|line| line.heard != 0);
        let usable = (0..LINES_MAX).any(|line| self.usable(line, now));
        if usable == self.stale && begun {
            self.stale = !usable;
            self.stales += u64::from(self.stale);
            return Some(if usable { What::Fresh } else { What::Stale });
        }
        None
    }

    /// Changes the primary where there is reason to; the reason.
    pub fn govern(&mut self, now: Nanos) -> Option<Why> {
        let (at, other) = (usize::from(self.primary), 1 - usize::from(self.primary));
        if self.lines[other].stream == 0 {
            return None;
        }
        let why = match (self.usable(at, now), self.usable(other, now)) {
            (_, false) => None,
            (false, true) => Some(if self.lines[at].up { Why::Silent } else { Why::Down }),
            (true, true) => self.compared(now, at, other),
        };
        if self.window >= WINDOW || why.is_some() {
            (self.window, self.won) = (0, [0; LINES_MAX]);
            self.lines.iter_mut().for_each(|line| line.lost_before = line.lost);
        }
        if why.is_some() {
            (self.primary, self.since) = (other as u8, now);
            self.switches += 1;
        }
        why
    }

    /// What a whole window says, once the primary has rested.
    fn compared(&self, now: Nanos, at: usize, other: usize) -> Option<Why> {
        if self.window < WINDOW || now.saturating_sub(self.since) < REST_NS {
            return None;
        }
        let lost = |line: usize| self.lines[line].lost.saturating_sub(self.lines[line].lost_before);
        if lost(at) >= lost(other).saturating_add(LOST) {
            return Some(Why::Lossier);
        }
        (self.won[other] >= WON && lost(other) <= lost(at)).then_some(Why::Slower)
    }
}
