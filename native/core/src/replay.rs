//! Replay: the journal's events through the same step, to any sequence number.
//!
//! catalogue: S9 K4. Time travel is a replay that stops at N; a post-mortem reads the notes of each step; the hash at
//! the end equals the engine's, and every checkpoint on the way is compared.

use std::path::Path;

use crate::effects::Effects;
use crate::error::{CoreError, Result};
use crate::event::{Header, Kind, Proposal, flags};
use crate::journal::file::HostDisk;
use crate::journal::{Reader, Snapshot};
use crate::state::State;

/// What one step of a replay was.
#[derive(Debug, Clone, Copy)]
pub struct Stepped {
    /// The event's number.
    pub seq: u64,
    /// Its header.
    pub header: Header,
    /// The proposal, where it was one.
    pub proposal: Option<Proposal>,
}

impl Stepped {
    /// Whether the live engine let its strategies run after this event.
    #[must_use]
    pub const fn ends_batch(&self) -> bool {
        self.header.has(flags::BATCH_END)
    }
}

/// A replay in progress.
pub struct Replay {
    reader: Reader,
    state: State,
    effects: Effects,
    last_seq: u64,
    events: u64,
}

impl Replay {
    /// A replay from the first event. `collect`: whether notes are wanted.
    pub fn open(dir: &Path, collect: bool) -> Result<Self> {
        let mut reader = Reader::open(dir)?;
        reader.start_at(1)?;
        Ok(Self { reader, state: State::new(), effects: Effects::new(collect), last_seq: 0, events: 0 })
    }

    /// A replay from the newest snapshot at or before `until`.
    pub fn from_snapshot(dir: &Path, until: u64, collect: bool) -> Result<Self> {
        let mut this = Self::open(dir, collect)?;
        let (snapshot, _) = Snapshot::latest(&HostDisk::open(dir)?)?;
        if let Some(snapshot) = snapshot.filter(|s| s.seq <= until) {
            this.state = State::take(&snapshot.state)?;
            this.last_seq = snapshot.seq;
            this.reader.start_at(snapshot.seq + 1)?;
        }
        Ok(this)
    }

    /// Applies one event; None at the end. The effects of it stay readable until the next step.
    pub fn step(&mut self) -> Result<Option<Stepped>> {
        let Some((seq, record)) = self.reader.read_next()? else { return Ok(None) };
        if seq != self.last_seq + 1 {
            return Err(CoreError::Damaged {
                file: "journal".into(),
                offset: 0,
                seq,
                why: "a sequence number is missing before this one",
            });
        }
        self.effects.clear();
        self.state.apply(seq, record, &mut self.effects)?;
        self.last_seq = seq;
        self.events += 1;
        let proposal = if record.header().kind == Kind::Proposal as u8 { record.get() } else { None };
        Ok(Some(Stepped { seq, header: *record.header(), proposal }))
    }

    /// Applies events up to and with `until`, or all.
    pub fn run(&mut self, until: Option<u64>) -> Result<()> {
        while until.is_none_or(|until| self.last_seq < until) && self.step()?.is_some() {}
        Ok(())
    }

    /// The state so far.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The effects of the last step.
    pub fn effects(&mut self) -> &mut Effects {
        &mut self.effects
    }

    /// The number of the last event applied.
    #[must_use]
    pub fn last_seq(&self) -> u64 {
        self.last_seq
    }

    /// How many events were applied.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.events
    }

    /// The state hash so far.
    #[must_use]
    pub fn state_hash(&self) -> [u8; 32] {
        self.state.hash(&mut Vec::new())
    }
}
