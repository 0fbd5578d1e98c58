//! The engine: inputs become events, events become state, state becomes requests. One sequencer, one journal.
//!
//! catalogue: K3 K5. Every input runs the same named phases: decode → sequence and apply → quote → send → post.
//! It reads no clock: `ts` (UTC ns) and `mono` (monotonic ns) come with every input. An event is journalled once it
//! has been applied without error; its requests may leave once the journal is durable up to its number.

use std::path::Path;

use crate::decode::{ASSET_SCALE, Decoder, Stamp};
use crate::definitions::{InstrumentText, SPACE_ACCOUNT, own_header};
use crate::effects::{Effects, NoteRow, Outgoing};
use crate::encode::binance::{Session, Wire};
use crate::error::{CoreError, Result};
use crate::event::{
    AssetDef, Checkpoint, Command, Header, InstrumentDef, Link, NameDef, Record, RecordBuf, RecordIter, RecordRef,
    Request, Timer, Verb,
};
use crate::instrument::Market;
use crate::journal::{Journal, Options, Reader};
use crate::kernel::{OwnOrder, View};
use crate::outbox::Outbox;
use crate::quoting::{Quoting, Seat};
use crate::sequence::Sequencer;
use crate::state::State;
use crate::units::Nanos;

/// Bytes of records that one input may decode into: a 5,000-level snapshot a side, and room beside.
pub const INPUT_BYTES_MAX: usize = 1 << 20;

/// Events between two checkpoints of the state hash.
pub const CHECKPOINT_EVERY: u64 = 65_536;

/// What an input left to be done.
pub mod pending {
    /// The outbox holds requests.
    pub const OUTBOX: u32 = 1;
    /// Notes are waiting.
    pub const EVENTS: u32 = 2;
    /// A book needs a snapshot.
    pub const RESYNC: u32 = 4;
    /// The gate is halted in some scope.
    pub const HALTED: u32 = 8;
}

/// The time of an input.
#[derive(Debug, Clone, Copy)]
pub struct Now {
    /// UTC ns.
    pub ts: Nanos,
    /// Monotonic ns.
    pub mono: Nanos,
}

/// What every event goes through, apart from where it comes from, so that it need not leave its buffer.
struct Spine {
    /// The state; public to views, changed only by `apply`.
    state: State,
    sequencer: Sequencer,
    journal: Option<Journal>,
    effects: Effects,
    since_checkpoint: u64,
}

impl Spine {
    /// One event: numbered, applied, journalled. A failed event has no number: the engine stops on it.
    fn apply(&mut self, record: RecordRef<'_>) -> Result<()> {
        let seq = self.sequencer.next()?;
        self.state.apply(seq, record, &mut self.effects)?;
        if let Some(journal) = &mut self.journal {
            journal.append(seq, &record)?;
        }
        self.since_checkpoint += 1;
        Ok(())
    }
}

/// The engine.
pub struct Engine {
    spine: Spine,
    decoder: Decoder,
    input: RecordBuf,
    /// Strategies and their wishes.
    quoting: Quoting,
    outbox: Outbox,
    recovered: u64,
    scratch: Vec<u8>,
}

impl Engine {
    /// An engine without a journal, for backtests and tests. `collect`: whether notes are wanted.
    #[must_use]
    pub fn in_memory(collect: bool) -> Self {
        let spine = Spine {
            state: State::new(),
            sequencer: Sequencer::new(),
            journal: None,
            effects: Effects::new(collect),
            since_checkpoint: 0,
        };
        Self {
            spine,
            decoder: Decoder::new(),
            input: RecordBuf::with_capacity(INPUT_BYTES_MAX),
            quoting: Quoting::new(),
            outbox: Outbox::new(),
            recovered: 0,
            scratch: Vec::with_capacity(1 << 20),
        }
    }

    /// Opens a journal, recovers the state from the newest snapshot and what follows it, and continues in a new
    /// segment.
    pub fn open(dir: &Path, options: Options, collect: bool) -> Result<Self> {
        let (journal, recovery) = Journal::open(dir, options)?;
        let mut this = Self::in_memory(collect);
        let mut from = 1;
        if let Some(snapshot) = &recovery.snapshot {
            this.spine.state = State::take(&snapshot.state)?;
            if this.spine.state.hash(&mut this.scratch) != snapshot.hash {
                let was = format!("a different hash in {}", snapshot.file);
                return Err(CoreError::Broken { invariant: "a snapshot's state has the snapshot's hash", was });
            }
            from = snapshot.seq + 1;
        } else if recovery.first_seq > 1 {
            return Err(CoreError::Damaged {
                file: dir.display().to_string(),
                offset: 0,
                seq: recovery.first_seq,
                why: "the first events are gone and no snapshot covers them",
            });
        }
        this.recovered = this.replay_tail(dir, from)?;
        this.spine.sequencer = Sequencer::resume(recovery.last_seq)?;
        this.spine.journal = Some(journal);
        this.teach_decoder()?;
        Ok(this)
    }

    fn replay_tail(&mut self, dir: &Path, from: u64) -> Result<u64> {
        let mut reader = Reader::open(dir)?;
        reader.start_at(from)?;
        let mut quiet = Effects::new(false);
        let mut count = 0;
        while let Some((seq, record)) = reader.read_next()? {
            quiet.clear();
            self.spine.state.apply(seq, record, &mut quiet)?;
            count += 1;
        }
        Ok(count)
    }

    fn teach_decoder(&mut self) -> Result<()> {
        for asset in &self.spine.state.definitions.assets {
            self.decoder.define_asset(asset.id, &asset.name, asset.scale)?;
        }
        for instrument in &self.spine.state.definitions.instruments {
            self.decoder.define(instrument)?;
        }
        Ok(())
    }

    // --- definitions ----------------------------------------------------------------------------------------------

    /// The number of an asset, defined now where it is new.
    pub fn asset(&mut self, name: &str, scale: u8, now: Now) -> Result<u16> {
        if let Some(asset) = self.spine.state.definitions.asset_named(name) {
            if asset.scale != scale {
                let was = format!("{scale}, defined before as {}", asset.scale);
                return Err(CoreError::Field { field: "asset.scale", was, why: "must not change" });
            }
            return Ok(asset.id);
        }
        let def = self.spine.state.definitions.new_asset(own_header::<AssetDef>(now.ts, now.mono), name, scale)?;
        self.record(&def)?;
        self.decoder.define_asset(def.id, name, scale)?;
        Ok(def.id)
    }

    /// The number of an account (`space` 1) or strategy (2), defined now where it is new.
    pub fn name(&mut self, space: u8, name: &str, now: Now) -> Result<u16> {
        if let Some(id) = self.spine.state.definitions.named(space, name) {
            return Ok(id);
        }
        let def = self.spine.state.definitions.new_name(own_header::<NameDef>(now.ts, now.mono), space, name)?;
        self.record(&def)?;
        Ok(def.id)
    }

    /// The number of an account.
    pub fn account(&mut self, name: &str, now: Now) -> Result<u16> {
        self.name(SPACE_ACCOUNT, name, now)
    }

    /// The number of an instrument; a definition that differs from the one that holds is a new instrument.
    pub fn instrument(&mut self, text: &InstrumentText<'_>, now: Now) -> Result<u32> {
        let header = own_header::<InstrumentDef>(now.ts, now.mono);
        let (def, same) = self.spine.state.definitions.new_instrument(header, text)?;
        if let Some(id) = same {
            return Ok(id);
        }
        self.record(&def)?;
        let instrument = self.spine.state.definitions.instrument(def.header.instrument)?;
        self.decoder.define(instrument)?;
        self.outbox.prepare(instrument)?;
        Ok(def.header.instrument)
    }

    /// Gives the keys of one account on one market. Keys are never journalled.
    pub fn credentials(&mut self, account: u16, market: Market, session: Session) -> Result<()> {
        self.outbox.credentials(account, market, session, &self.spine.state.definitions)
    }

    /// Whether the order connection of an account on a market has logged on, so that its frames need no signature.
    pub fn log_on(&mut self, account: u16, market: Market, on: bool) {
        self.outbox.log_on(account, market, on);
    }

    /// How far a venue's clock is ahead of ours, in ns; used in signed timestamps.
    pub fn venue_clock(&mut self, market: Market, offset_ns: i64) {
        self.outbox.venue_clock(market, offset_ns);
    }

    // --- inputs ---------------------------------------------------------------------------------------------------

    /// One market-data message as it came from the socket.
    pub fn market(&mut self, market: Market, payload: &[u8], stamp: Stamp) -> Result<u32> {
        self.begin();
        self.decoder.market(market, payload, stamp, &mut self.input)?;
        self.run(stamp.ts_receive, stamp.ts_mono)
    }

    /// A REST depth snapshot of one instrument.
    pub fn snapshot(&mut self, instrument: u32, payload: &[u8], stamp: Stamp) -> Result<u32> {
        self.begin();
        self.decoder.snapshot(instrument, payload, stamp, &mut self.input)?;
        self.run(stamp.ts_receive, stamp.ts_mono)
    }

    /// One user-data event.
    pub fn user(&mut self, market: Market, account: u16, payload: &[u8], stamp: Stamp) -> Result<u32> {
        self.decode_learning(stamp, |decoder, input| decoder.user(market, account, payload, stamp, input))
    }

    /// One answer of the WebSocket API.
    pub fn answer(&mut self, market: Market, account: u16, payload: &[u8], stamp: Stamp) -> Result<u32> {
        self.decode_learning(stamp, |decoder, input| decoder.answer(market, account, payload, stamp, input))
    }

    /// Decodes; an asset that the venue names for the first time (a fee coin) is defined and the bytes decoded again.
    fn decode_learning(
        &mut self,
        stamp: Stamp,
        decode: impl Fn(&Decoder, &mut RecordBuf) -> Result<usize>,
    ) -> Result<u32> {
        // A message names a handful of assets; the bound only keeps a broken decoder from looping.
        for _ in 0..64 {
            self.begin();
            match decode(&self.decoder, &mut self.input) {
                Ok(_) => return self.run(stamp.ts_receive, stamp.ts_mono),
                Err(CoreError::Unknown { what: "asset", was }) => {
                    self.asset(&was, ASSET_SCALE, Now { ts: stamp.ts_receive, mono: stamp.ts_mono })?;
                }
                Err(error) => return Err(error),
            }
        }
        Err(CoreError::Full { what: "new assets of one message", capacity: 64 })
    }

    /// Time passes.
    pub fn timer(&mut self, now: Now) -> Result<u32> {
        let pending = self.record(&Timer { header: own_header::<Timer>(now.ts, now.mono), every: 0 })?;
        // Hashing the state takes as long as many messages: it rides on the timer, never on a message.
        if self.spine.since_checkpoint >= CHECKPOINT_EVERY {
            self.checkpoint(now.mono)?;
        }
        Ok(pending)
    }

    /// A stream went up or down.
    pub fn link(&mut self, mut link: Link, stream: u16) -> Result<u32> {
        link.header.stream = stream;
        self.record(&link)
    }

    /// One record that its caller built: a limit, a command, a request's bytes that left or an answer that never came, a
    /// venue's statement of a wallet or a position.
    pub fn record<R: Record>(&mut self, record: &R) -> Result<u32> {
        self.begin();
        self.input.push(record)?;
        let header: &Header = record.header();
        self.run(header.ts_receive, header.ts_mono)
    }

    /// The engine starts on this journal: unfinished orders of the last session become unknown.
    pub fn start(&mut self, now: Now) -> Result<u32> {
        let header = own_header::<Command>(now.ts, now.mono);
        let verb = Verb::Start as u8;
        self.record(&Command { header, verb, scope: 0, subject: 0, cause: 0, value: 0, author: 0 })
    }

    // --- the phases -----------------------------------------------------------------------------------------------

    fn begin(&mut self) {
        self.input.clear();
        self.spine.effects.clear();
    }

    /// Sequence and apply what was decoded, let strategies quote, encode what was approved, and tidy up.
    fn run(&mut self, ts: Nanos, mono: Nanos) -> Result<u32> {
        self.input.mark_batch_end();
        self.apply_all()?;
        self.tell_lines()?;
        self.quote(ts, mono)?;
        self.outbox.encode(&self.spine.effects.outgoing, &self.spine.state.definitions)?;
        self.post();
        Ok(self.pending())
    }

    fn apply_all(&mut self) -> Result<()> {
        let mut rest = self.input.bytes();
        while let Some((record, behind)) = RecordRef::first(rest) {
            self.spine.apply(record)?;
            rest = behind;
        }
        // Nothing is left, or what no record is: the walk that tells errors says which.
        RecordIter::new(rest).try_for_each(|record| record.map(|_| ()))
    }

    /// What the inputs did to lines, as events of their own.
    fn tell_lines(&mut self) -> Result<()> {
        if self.spine.effects.lines.is_empty() {
            return Ok(());
        }
        let mut told = std::mem::take(&mut self.spine.effects.lines);
        for event in told.drain(..) {
            self.spine.apply(RecordRef::of(&event))?;
        }
        self.spine.effects.lines = told;
        Ok(())
    }

    /// Runs the kernels whose instrument was touched; their wishes become proposals, in order.
    fn quote(&mut self, ts: Nanos, mono: Nanos) -> Result<()> {
        if self.quoting.is_empty() || self.spine.effects.happened.is_empty() {
            return Ok(());
        }
        let seq = self.spine.sequencer.last();
        for index in 0..self.quoting.len() {
            let count = self.quoting.ask(index, seq, &self.spine.state, &self.spine.effects.happened)?;
            for wish in 0..count {
                let proposal = self.quoting.proposal(index, wish, &self.spine.state, Now { ts, mono })?;
                self.spine.apply(RecordRef::of(&proposal))?;
            }
        }
        Ok(())
    }

    /// Proposes one wish of a Python strategy as one event; the batch's effects follow with `finish_proposals`.
    pub fn propose(&mut self, proposal: &crate::event::Proposal) -> Result<()> {
        self.spine.apply(RecordRef::of(proposal))
    }

    /// Clears the effects before a batch of proposals.
    pub fn begin_proposals(&mut self) {
        self.begin();
    }

    /// Encodes what a batch of proposals had approved.
    pub fn finish_proposals(&mut self) -> Result<u32> {
        self.outbox.encode(&self.spine.effects.outgoing, &self.spine.state.definitions)?;
        self.post();
        Ok(self.pending())
    }

    /// Wakes the journal's writer.
    fn post(&self) {
        if let Some(journal) = &self.spine.journal {
            journal.commit();
        }
    }

    /// Journals the state hash.
    pub fn checkpoint(&mut self, mono: Nanos) -> Result<()> {
        let hash = self.spine.state.hash(&mut self.scratch);
        // The checkpoint carries the clock that the state already has, so that applying it changes nothing.
        let header = own_header::<Checkpoint>(self.spine.state.session.now, mono);
        let record = Checkpoint { header, at: self.spine.sequencer.last(), hash };
        self.spine.apply(RecordRef::of(&record))?;
        self.spine.since_checkpoint = 0;
        Ok(())
    }

    fn pending(&self) -> u32 {
        let mut bits = 0;
        if !self.outbox.is_empty() {
            bits |= pending::OUTBOX;
        }
        if !self.spine.effects.notes.is_empty() || !self.spine.effects.happened.is_empty() {
            bits |= pending::EVENTS;
        }
        if self.spine.state.books.iter().any(crate::book::SyncedBook::needs_snapshot) {
            bits |= pending::RESYNC;
        }
        if self.spine.state.gate.halted() {
            bits |= pending::HALTED;
        }
        bits
    }

    // --- outputs --------------------------------------------------------------------------------------------------

    /// The state, to read.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.spine.state
    }

    /// The effects of the last input.
    #[must_use]
    pub fn effects(&self) -> &Effects {
        &self.spine.effects
    }

    /// The strategies.
    pub fn quoting(&mut self) -> &mut Quoting {
        &mut self.quoting
    }

    /// Requests ready to be sent.
    pub fn outbox(&mut self) -> &mut Outbox {
        &mut self.outbox
    }
    /// The view of one seat.
    pub fn view(&mut self, seat: Seat) -> (View, &[OwnOrder]) {
        self.quoting.view(&self.spine.state, seat, self.spine.sequencer.last(), &self.spine.effects.happened)
    }

    /// Takes the notes of the last input.
    pub fn take_notes(&mut self) -> std::vec::Drain<'_, NoteRow> {
        self.spine.effects.notes.drain(..)
    }

    /// Asks the venue about one order, whatever its state: a query with the next timer's authority.
    pub fn query(&mut self, order: u64, now: Now) -> Result<u32> {
        let unknown = || CoreError::Unknown { what: "order", was: order.to_string() };
        let known = self.spine.state.orders.get(order).ok_or_else(unknown)?;
        let query = Outgoing {
            seq: self.spine.sequencer.last(),
            request: Request::Query,
            order,
            approved: None,
            account: known.account,
            instrument: known.instrument,
            wire: Wire { target: order, filled: 0 },
            ts: now.ts,
            mono: now.mono,
        };
        self.begin();
        self.outbox.encode(&[query], &self.spine.state.definitions)?;
        Ok(self.pending())
    }

    /// The journal, where there is one.
    #[must_use]
    pub fn journal(&self) -> Option<&Journal> {
        self.spine.journal.as_ref()
    }

    /// Events replayed when the journal was opened.
    #[must_use]
    pub fn recovered(&self) -> u64 {
        self.recovered
    }

    /// The number of the last event.
    #[must_use]
    pub fn last_seq(&self) -> u64 {
        self.spine.sequencer.last()
    }

    /// The state hash now.
    pub fn state_hash(&mut self) -> [u8; 32] {
        self.spine.state.hash(&mut self.scratch)
    }

    /// Writes a snapshot of the state, durable when it returns.
    pub fn snapshot_state(&mut self) -> Result<()> {
        let hash = self.spine.state.hash(&mut self.scratch);
        let mut bytes = Vec::new();
        self.spine.state.put(&mut bytes);
        let seq = self.spine.sequencer.last();
        match &self.spine.journal {
            Some(journal) => journal.snapshot(seq, &bytes, &hash),
            None => Ok(()),
        }
    }

    /// Checkpoints, drains and seals the journal.
    pub fn close(&mut self) -> Result<()> {
        if self.spine.journal.is_some() && self.spine.sequencer.last() > 0 {
            let mono = 0;
            self.spine.effects.clear();
            self.checkpoint(mono)?;
        }
        match self.spine.journal.take() {
            Some(journal) => journal.close(),
            None => Ok(()),
        }
    }
}
