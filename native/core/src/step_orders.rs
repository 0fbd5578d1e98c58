//! The step's part about proposals: the gate, the order table, and the request that leaves.
//!
//! catalogue: K3 R1 O1. It is short and stands by itself, because every order of the hot path runs through it.

use super::At;
use crate::context;
use crate::effects::{Effects, Note, Outgoing};
use crate::encode::binance::Wire;
use crate::error::{CoreError, Result};
use crate::event::{Action, Proposal, Request};
use crate::gate::Whose;
use crate::instrument::{Instrument, Market};
use crate::kernel::happened;
use crate::state::State;

impl State {
    pub(super) fn on_proposal(&mut self, at: At<'_>, proposal: &Proposal, out: &mut Effects) -> Result<()> {
        self.session.proposals += 1;
        self.session.next_order = self.session.next_order.max(proposal.order + 1);
        self.pass_gate(at, proposal, out)
    }

    /// Gate, order table, outbox: the only way an order comes to be.
    pub(super) fn pass_gate(&mut self, at: At<'_>, proposal: &Proposal, out: &mut Effects) -> Result<()> {
        let slot = self.slot(at.header.instrument)?;
        let id = at.header.instrument;
        let instrument = &self.definitions.instruments[slot];
        let whose = self.gate.whose(proposal, instrument);
        if proposal.action != Action::Cancel as u8 {
            context::fill(self, proposal, instrument, whose.measured(), &mut out.told_gate);
        }
        let Some(approved) = self.gate.approve(&whose, proposal, instrument, &out.told_gate) else {
            self.refused(at, &whose, (proposal, slot), out);
            return Ok(());
        };
        // The rows a fill will need are made with a strategy's first order, so that no fill ever meets a full book.
        if self.positions.get(proposal.account, proposal.strategy, id).is_none() {
            self.make_rows(proposal, slot)?;
        }
        let instrument = &self.definitions.instruments[slot];
        let wire = self.wire(proposal, instrument);
        match self.orders.insert(&approved, at.seq, self.session.now) {
            Ok(ref effects) => {
                // What the table nearly always says: the order is there, and its strategy will see it.
                if effects.is_quiet() {
                    out.touch(id, happened::ORDER);
                } else {
                    self.follow(at, effects, out)?;
                }
                let request = request_of(proposal.action)?;
                let order = if request == Request::Cancel { proposal.target } else { proposal.order };
                out.send(Outgoing {
                    seq: at.seq,
                    request,
                    order,
                    approved: Some(approved.keep()),
                    account: proposal.account,
                    instrument: id,
                    wire,
                    ts: at.header.ts_receive,
                    mono: at.header.ts_mono,
                })
            }
            Err(error) => {
                rejected(at, proposal, error, out);
                Ok(())
            }
        }
    }

    /// The gate gave no approval: its strategy is told why.
    #[cold]
    fn refused(&mut self, at: At<'_>, whose: &Whose, (proposal, slot): (&Proposal, usize), out: &mut Effects) {
        let refusal = self.gate.refuse(whose, proposal, &self.definitions.instruments[slot], &out.told_gate);
        out.touch(at.header.instrument, happened::ORDER);
        let note = Note::Refused { order: named(proposal), strategy: proposal.strategy, refusal };
        out.note(at.seq, at.header.instrument, at.header.ts_receive, note);
    }

    #[cold]
    fn make_rows(&mut self, proposal: &Proposal, slot: usize) -> Result<()> {
        let instrument = &self.definitions.instruments[slot];
        self.positions.ensure(proposal.account, proposal.strategy, instrument.id)?;
        self.ledger.ensure_fill(proposal.account, instrument, instrument.settle)
    }

    /// What the venue calls the target: an amended USD-M order keeps its id, and its quantity counts what is filled.
    fn wire(&self, proposal: &Proposal, instrument: &Instrument) -> Wire {
        let mut wire = Wire::of(proposal);
        if proposal.action == Action::Replace as u8 && instrument.market != Market::Spot {
            wire.filled = self.orders.get(proposal.target).map_or(0, |o| o.filled);
        }
        wire
    }
}

/// The order table would not take an order: its strategy is told.
#[cold]
fn rejected(at: At<'_>, proposal: &Proposal, error: CoreError, out: &mut Effects) {
    out.touch(at.header.instrument, happened::ORDER);
    let note = Note::Rejected { order: named(proposal), strategy: proposal.strategy, error };
    out.note(at.seq, at.header.instrument, at.header.ts_receive, note);
}

/// The order that a strategy is told of: the new one, or the target of a cancel.
fn named(proposal: &Proposal) -> u64 {
    if proposal.order != 0 { proposal.order } else { proposal.target }
}

fn request_of(action: u8) -> Result<Request> {
    Ok(match Action::from_byte(action)? {
        Action::Place => Request::Place,
        Action::Cancel => Request::Cancel,
        Action::Replace => Request::Replace,
    })
}
