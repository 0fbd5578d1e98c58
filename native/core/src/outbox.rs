//! Approved requests as signed bytes, waiting for the journal: a bounded ring of preallocated frames.
//!
//! catalogue: O2. Signing happens here and not in the state, so keys are in no journal, snapshot or hash, and a
//! replay signs nothing.

use crate::definitions::{ACCOUNTS_MAX, Definitions};
use crate::effects::Outgoing;
use crate::encode::binance::{FRAME_BYTES_MAX, Session};
use crate::error::{CoreError, Result};
use crate::event::Request;
use crate::instrument::{Instrument, Market};
use crate::units::Nanos;

/// The most requests that may wait for the journal and the socket.
pub const OUTBOX_MAX: usize = 4096;

/// One request, ready to be written to the socket.
#[derive(Debug, Clone)]
pub struct Frame {
    /// Leaves only when the journal is durable up to here.
    pub seq: u64,
    /// The order it is about.
    pub order: u64,
    /// What is asked.
    pub request: Request,
    /// The account.
    pub account: u16,
    /// The instrument.
    pub instrument: u32,
    /// The market whose socket it goes to.
    pub market: Market,
    /// The monotonic clock of its cause.
    pub mono: Nanos,
    /// Venue time after which the venue refuses it.
    pub expires: Nanos,
    length: usize,
    bytes: Box<[u8]>,
}

impl Frame {
    /// The signed text frame; empty where the account has no keys (a backtest).
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or(&[])
    }
}

/// The ring of frames and the keys that sign them.
#[derive(Debug)]
pub struct Outbox {
    frames: Vec<Frame>,
    head: usize,
    count: usize,
    sessions: Vec<[Option<Session>; 3]>,
    clock_ns: [i64; 3],
}

impl Default for Outbox {
    fn default() -> Self {
        Self::new()
    }
}

const fn of_market(market: Market) -> usize {
    market as usize - 1
}

impl Outbox {
    /// An empty outbox with all memory taken.
    #[must_use]
    pub fn new() -> Self {
        let empty = Frame {
            seq: 0,
            order: 0,
            request: Request::Place,
            account: 0,
            instrument: 0,
            market: Market::Spot,
            mono: 0,
            expires: 0,
            length: 0,
            bytes: Box::default(),
        };
        let mut frames = vec![empty; OUTBOX_MAX];
        for frame in &mut frames {
            frame.bytes = vec![0; FRAME_BYTES_MAX].into_boxed_slice();
        }
        let mut sessions = Vec::new();
        sessions.resize_with(ACCOUNTS_MAX + 1, || [None, None, None]);
        Self { frames, head: 0, count: 0, sessions, clock_ns: [0; 3] }
    }

    /// Whether nothing waits.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Gives the keys of one account on one market.
    pub fn credentials(
        &mut self,
        account: u16,
        market: Market,
        mut session: Session,
        definitions: &Definitions,
    ) -> Result<()> {
        for instrument in definitions.instruments.iter().filter(|i| i.market == market) {
            session.prepare(instrument)?;
        }
        let slot = self.sessions.get_mut(account as usize);
        let slot = slot.ok_or_else(|| CoreError::Unknown { what: "account", was: account.to_string() })?;
        slot[of_market(market)] = Some(session);
        Ok(())
    }

    /// Prepares the templates of a new instrument in every session of its market.
    pub fn prepare(&mut self, instrument: &Instrument) -> Result<()> {
        for sessions in &mut self.sessions {
            if let Some(session) = &mut sessions[of_market(instrument.market)] {
                session.prepare(instrument)?;
            }
        }
        Ok(())
    }

    /// How far a venue's clock is ahead of ours.
    pub fn venue_clock(&mut self, market: Market, offset_ns: i64) {
        self.clock_ns[of_market(market)] = offset_ns;
    }

    /// Whether the connection of an account on a market has logged on; without keys there is nothing to say.
    pub fn log_on(&mut self, account: u16, market: Market, on: bool) {
        if let Some(Some(session)) = self.sessions.get_mut(account as usize).map(|all| &mut all[of_market(market)]) {
            session.log_on(on);
        }
    }

    /// The venue's time in ms at our time `ts`.
    fn venue_ms(&self, market: Market, ts: Nanos) -> i64 {
        (ts + self.clock_ns[of_market(market)]).div_euclid(1_000_000)
    }

    /// Signs and queues the requests of one step.
    pub fn encode(&mut self, outgoing: &[Outgoing], definitions: &Definitions) -> Result<()> {
        for request in outgoing {
            let market = definitions.instrument(request.instrument)?.market;
            if self.count >= OUTBOX_MAX {
                return Err(CoreError::Full { what: "outbox", capacity: OUTBOX_MAX });
            }
            let at = (self.head + self.count) % OUTBOX_MAX;
            let timestamp_ms = self.venue_ms(market, request.ts);
            let session = self.sessions.get(request.account as usize).and_then(|s| s[of_market(market)].as_ref());
            let frame = &mut self.frames[at];
            frame.length = match (session, &request.approved) {
                (None, _) => 0,
                (Some(session), Some(approved)) => {
                    session.frame(&approved.approved(), request.wire, timestamp_ms, &mut frame.bytes)?
                }
                (Some(session), None) => {
                    session.status(request.instrument, request.order, timestamp_ms, &mut frame.bytes)?
                }
            };
            let window_ms = session.map_or(0, Session::recv_window_ms);
            frame.expires = (timestamp_ms + i64::from(window_ms)) * 1_000_000;
            (frame.seq, frame.order, frame.request) = (request.seq, request.order, request.request);
            (frame.account, frame.instrument, frame.market) = (request.account, request.instrument, market);
            frame.mono = request.mono;
            self.count += 1;
        }
        Ok(())
    }

    /// The oldest frame, which stays until `pop`.
    #[must_use]
    pub fn front(&self) -> Option<&Frame> {
        (self.count > 0).then(|| &self.frames[self.head])
    }

    /// Drops the oldest frame.
    pub fn pop(&mut self) {
        if self.count > 0 {
            self.count -= 1;
            // An emptied outbox starts again at its first frame, whose memory is still in the processor's cache.
            self.head = if self.count == 0 { 0 } else { (self.head + 1) % OUTBOX_MAX };
        }
    }
}
