//! MoldUDP64 over two lines: each message once and in order, what is missing asked for, and the session's end.
//!
//! catalogue: M1, M3, M7. Datagrams may be lost, doubled and out of order on either line. A message that comes too early
//! waits; what is missing is asked from the re-request server after `REQUEST_AFTER_NS` (the other line usually brings it
//! sooner), again every `REQUEST_EVERY_NS`, and given up after `requests_max` of them: the gap is then told, and the book
//! has to come from elsewhere. Heartbeats and the end name the next number, so that a loss at the end is seen too.

use super::LINES_MAX;
use super::source::Line as Health;
use crate::decode::mold::{self, Line, Place, REQUEST_LEN, Session};
use crate::error::{CoreError, Result};
use crate::units::Nanos;
use std::collections::BTreeMap;

/// The most messages that wait behind a hole; what comes beyond them is dropped and asked for again.
pub const WAITING_MAX: usize = 65_536;
/// The most bytes that they have together.
pub const WAITING_BYTES_MAX: usize = 16 << 20;
/// How long a hole waits for the other line before it is asked for, ns.
pub const REQUEST_AFTER_NS: i64 = 2_000_000;
/// Between two requests for the same hole, ns.
pub const REQUEST_EVERY_NS: i64 = 50_000_000;
/// A number further ahead than this is no number of the session: the datagram is refused.
const AHEAD_MAX: u64 = 1 << 40;
/// The most messages asked for at once: an answer is one datagram, and the rest is asked for when it has come.
const ASKED_MAX: u64 = 1_000;
/// How many passed messages are remembered with their time, to measure the lag of the second copy: a power of two.
const RECENT: u64 = 1_024;

/// What the receiver tells beside messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// Another session: numbers begin again, and books with them.
    Session(Session),
    /// Messages from the first number up to the second, which is the next one, will not come.
    Gap(u64, u64),
    /// The session has ended and every message of it has passed.
    Ended,
}

/// What a receiver hands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told<'a> {
    /// The message with this number.
    Message(u64, &'a [u8]),
    /// What happened to the stream.
    Event(Event),
}

/// Both lines and the answers of the re-request server as one stream of messages.
#[derive(Debug, Clone)]
pub struct Receiver {
    session: Option<Session>,
    line: Line,
    /// The highest next number that anything has named.
    known: u64,
    ending: bool,
    ended: bool,
    waiting: BTreeMap<u64, Vec<u8>>,
    waiting_bytes: usize,
    hole_since: Option<Nanos>,
    asked: Option<Nanos>,
    requests: u32,
    requests_max: u32,
    nexts: [u64; LINES_MAX],
    recent: Vec<Nanos>,
    /// What each line brought.
    pub health: [Health; LINES_MAX],
    /// Requests that were made.
    pub requested: u64,
    /// Messages that only an answer to a request brought.
    pub recovered: u64,
    /// Messages that were given up.
    pub lost: u64,
    /// Messages that found no room behind a hole.
    pub overflowed: u64,
}

impl Receiver {
    /// A receiver of `session` (None: whichever comes first) from message `next` on, which asks `requests_max` times for
    /// a hole (0: there is no server to ask).
    #[must_use]
    pub fn new(session: Option<Session>, next: u64, requests_max: u32) -> Self {
        Self {
            session,
            line: Line::from(next.max(1)),
            known: next.max(1),
            ending: false,
            ended: false,
            waiting: BTreeMap::new(),
            waiting_bytes: 0,
            hole_since: None,
            asked: None,
            requests: 0,
            requests_max,
            nexts: [0; LINES_MAX],
            recent: vec![0; RECENT as usize],
            health: [Health::default(), Health::default()],
            requested: 0,
            recovered: 0,
            lost: 0,
            overflowed: 0,
        }
    }

    /// The session; None before the first datagram.
    #[must_use]
    pub const fn session(&self) -> Option<Session> {
        self.session
    }

    /// The number of the next message.
    #[must_use]
    pub const fn next(&self) -> u64 {
        self.line.next()
    }

    /// Whether the session has ended and everything of it has passed.
    #[must_use]
    pub const fn ended(&self) -> bool {
        self.ended
    }

    /// Takes a datagram of a line, or (None) an answer to a request.
    ///
    /// Errors: `Decode` for one that is not MoldUDP64 and `Field` for a number that cannot be; nothing of it was taken then.
    /// Those of `tell`.
    pub fn take(
        &mut self,
        line: Option<usize>,
        datagram: &[u8],
        now: Nanos,
        tell: &mut dyn FnMut(Told<'_>) -> Result<()>,
    ) -> Result<()> {
        let packet = mold::packet(datagram)?;
        let ahead_of = if self.session == Some(packet.session) { self.line.next() } else { 0 };
        if packet.next_seq() > ahead_of.saturating_add(AHEAD_MAX) {
            let why = "is too far ahead of the session";
            return Err(CoreError::Field { field: "MoldUDP64 sequence number", was: packet.seq.to_string(), why });
        }
        let line = line.filter(|line| *line < LINES_MAX);
        if let Some(line) = line {
            self.health[line].hear(now);
            self.health[line].up = true;
        }
        if self.session != Some(packet.session) {
            // An answer about another session is of no use; the lines say which one it is.
            if line.is_none() {
                return Ok(());
            }
            let first = self.session.replace(packet.session).is_none();
            if !first {
                self.restart();
                tell(Told::Event(Event::Session(packet.session)))?;
            }
        }
        if let Some(line) = line {
            self.measure(line, &packet, now);
        }
        for (seq, message) in packet.messages() {
            self.message(line, seq, message, now, tell)?;
        }
        self.known = self.known.max(packet.next_seq());
        self.ending |= packet.ended;
        self.watch(now);
        self.end(tell)
    }

    /// The request to send now, if one is due.
    pub fn request(&mut self, now: Nanos) -> Option<[u8; REQUEST_LEN]> {
        let (session, since) = (self.session?, self.hole_since?);
        let due = match self.asked {
            None => since.saturating_add(REQUEST_AFTER_NS),
            Some(asked) => asked.saturating_add(REQUEST_EVERY_NS),
        };
        if now < due || self.requests >= self.requests_max {
            return None;
        }
        self.asked = Some(now);
        self.requests += 1;
        self.requested += 1;
        let missing = self.hole_end() - self.line.next();
        Some(mold::request(session, self.line.next(), missing.min(ASKED_MAX) as u16))
    }

    /// Gives a hole up that was asked for often enough, or that nobody can be asked for; what waits behind it passes.
    ///
    /// Errors: those of `tell`.
    pub fn settle(&mut self, now: Nanos, tell: &mut dyn FnMut(Told<'_>) -> Result<()>) -> Result<()> {
        let last = self.asked.or(self.hole_since);
        let over = last.is_some_and(|last| now.saturating_sub(last) >= REQUEST_EVERY_NS);
        if !over || self.requests < self.requests_max {
            return Ok(());
        }
        let (from, to) = (self.line.next(), self.hole_end());
        self.lost += to - from;
        self.line = Line::from(to);
        tell(Told::Event(Event::Gap(from, to)))?;
        self.moved();
        self.release(now, tell)?;
        self.watch(now);
        self.end(tell)
    }

    /// Where the first hole ends: the first message that waits, or what was named as next.
    fn hole_end(&self) -> u64 {
        self.waiting.keys().next().copied().unwrap_or(self.known).max(self.line.next())
    }

    fn restart(&mut self) {
        (self.line, self.known, self.ending, self.ended) = (Line::from(1), 1, false, false);
        self.waiting.clear();
        self.waiting_bytes = 0;
        self.nexts = [0; LINES_MAX];
        self.hole_since = None;
        self.moved();
    }

    /// Counts what a line's numbers say about the line.
    fn measure(&mut self, line: usize, packet: &mold::Packet<'_>, now: Nanos) {
        let (health, next) = (&mut self.health[line], &mut self.nexts[line]);
        let count = u64::from(packet.count);
        health.received += count;
        if *next != 0 && packet.seq > *next {
            health.lost += packet.seq - *next;
        }
        if *next != 0 && packet.seq < *next {
            health.late += count;
            health.lost = health.lost.saturating_sub(count);
        }
        *next = packet.next_seq().max(*next);
        for seq in packet.seq..packet.next_seq() {
            if seq < self.line.next() && seq + RECENT >= self.line.next() {
                health.lags(now.saturating_sub(self.recent[(seq % RECENT) as usize]));
            }
        }
    }

    fn message(
        &mut self,
        line: Option<usize>,
        seq: u64,
        message: &[u8],
        now: Nanos,
        tell: &mut dyn FnMut(Told<'_>) -> Result<()>,
    ) -> Result<()> {
        let first = match self.line.take(seq) {
            Place::Next => {
                self.recent[(seq % RECENT) as usize] = now;
                tell(Told::Message(seq, message))?;
                self.moved();
                self.release(now, tell)?;
                true
            }
            Place::Again => false,
            Place::Gap(_) => self.wait(seq, message),
        };
        match line {
            Some(line) if first => self.health[line].first += 1,
            Some(line) => self.health[line].duplicate += 1,
            None => self.recovered += u64::from(first),
        }
        Ok(())
    }

    /// Keeps an early message; whether it is new and there was room.
    fn wait(&mut self, seq: u64, message: &[u8]) -> bool {
        if self.waiting.contains_key(&seq) {
            return false;
        }
        if self.waiting.len() >= WAITING_MAX || self.waiting_bytes + message.len() > WAITING_BYTES_MAX {
            self.overflowed += 1;
            return false;
        }
        self.waiting_bytes += message.len();
        self.waiting.insert(seq, message.to_vec());
        true
    }

    fn release(&mut self, now: Nanos, tell: &mut dyn FnMut(Told<'_>) -> Result<()>) -> Result<()> {
        while let Some(entry) = self.waiting.first_entry() {
            let seq = *entry.key();
            match self.line.take(seq) {
                Place::Gap(_) => return Ok(()),
                Place::Again => self.waiting_bytes -= entry.remove().len(),
                Place::Next => {
                    let message = entry.remove();
                    self.waiting_bytes -= message.len();
                    self.recent[(seq % RECENT) as usize] = now;
                    tell(Told::Message(seq, &message))?;
                }
            }
        }
        Ok(())
    }

    /// The line went on: a hole that is left is another one.
    fn moved(&mut self) {
        (self.hole_since, self.asked, self.requests) = (None, None, 0);
    }

    /// Notices the beginning of a hole.
    fn watch(&mut self, now: Nanos) {
        if self.known > self.line.next() || !self.waiting.is_empty() {
            self.hole_since.get_or_insert(now);
        } else {
            self.moved();
        }
    }

    fn end(&mut self, tell: &mut dyn FnMut(Told<'_>) -> Result<()>) -> Result<()> {
        if self.ending && !self.ended && self.line.next() >= self.known {
            self.ended = true;
            return tell(Told::Event(Event::Ended));
        }
        Ok(())
    }
}
