//! The order table: bounded, preallocated, and open to nothing but what the gate has approved.
//!
//! catalogue: O1. Open orders stand in one dense run; an order leaves it when it is over and nothing about it is
//! open, into a ring of recent ones where late fills still find it. Look-ups go by our id through a fixed index, so
//! closed orders cost nothing. Full means an error and no change: the open orders, the exposure groups and the trade
//! memories each have their bound; the ring forgets its oldest, and a fill for a forgotten order is booked with the
//! alarm `UnknownOrder`. What the records of the stream do to the table is in `records`.

use super::effects::Effects;
use super::exposure::{BOUND_MAX, Exposure, Exposures, Share, preferred};
use super::index::{Index, Place};
use super::life::{Amend, Order};
use super::state::{Pending, State};
use super::trades::Trades;
use super::unknown::Proof;
use crate::canon::{Canon, impossible};
use crate::error::{CoreError, Result};
use crate::event::{Action, Proposal};
use crate::gate::Approved;
use crate::state;
use crate::units::{Amount, NO_TIME, Nanos, Side, Ticks};

state! {
    /// How much the table holds. Memory is taken once: about 500 bytes an order, 1 kB a pair.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Bounds {
        /// Orders that are not settled.
        pub open_max: u32,
        /// Settled orders that are remembered.
        pub recent_max: u32,
        /// Triples of account, strategy and instrument.
        pub groups_max: u32,
        /// Pairs of account and instrument with a trade memory.
        pub pairs_max: u32,
    }
}

impl Default for Bounds {
    fn default() -> Self {
        Self { open_max: 1024, recent_max: 4096, groups_max: 512, pairs_max: 256 }
    }
}

state! {
    /// Everything of the table that is state; the index and the chains follow from it.
    #[derive(Debug, Clone)]
    pub struct Kept {
        pub(super) bounds: Bounds,
        pub(super) proof: Proof,
        pub(super) open: Vec<Order>,
        /// The ring of settled orders; id 0 where one was taken out again.
        pub(super) recent: Vec<Order>,
        pub(super) recent_next: u32,
        pub(super) wake: Nanos,
        pub(super) exposures: Exposures,
        pub(super) trades: Trades,
    }
}

/// All orders of the engine.
#[derive(Debug, Clone)]
pub struct OrderTable {
    pub(super) kept: Kept,
    index: Index,
}

impl OrderTable {
    /// An empty table; nothing allocates after this.
    #[must_use]
    pub fn new(bounds: Bounds, proof: Proof) -> Self {
        let kept = Kept {
            bounds,
            proof,
            open: Vec::with_capacity(bounds.open_max as usize),
            recent: Vec::with_capacity(bounds.recent_max as usize),
            recent_next: 0,
            wake: Nanos::MAX,
            exposures: Exposures::new(bounds.groups_max, bounds.open_max),
            trades: Trades::new(bounds.pairs_max),
        };
        Self { kept, index: Index::new(bounds.open_max as usize + bounds.recent_max as usize) }
    }

    /// Writes down what the gate approved: a new order in INTENT, a cancel or a replace on its way.
    /// An error (full, id in use, target not open) changes nothing.
    pub fn insert(&mut self, approved: &Approved<'_>, seq: u64, now: Nanos) -> Result<Effects> {
        let notional = approved.notional();
        let proposal = approved.proposal();
        match approved.action() {
            Action::Place => self.place(proposal, notional, seq, now),
            Action::Cancel => self.mark(proposal, Pending::Cancel, now),
            Action::Replace if proposal.order == proposal.target => self.amend(proposal, notional, now),
            Action::Replace => {
                self.free_target(proposal)?;
                let mut effects = self.place(proposal, notional, seq, now)?;
                effects.target = self.mark(proposal, Pending::Replace, now)?.change;
                Ok(effects)
            }
        }
    }

    fn place(&mut self, proposal: &Proposal, notional: Amount, seq: u64, now: Nanos) -> Result<Effects> {
        let words = Order::check(proposal)?;
        let Some(slot) = self.index.vacant(proposal.order) else {
            return Err(field("proposal.order", proposal.order, "is an order id that is in use"));
        };
        if self.kept.open.len() >= self.kept.bounds.open_max as usize {
            return Err(CoreError::Full { what: "order table", capacity: self.kept.bounds.open_max as usize });
        }
        let instrument = proposal.header.instrument;
        self.kept.trades.ensure(proposal.account, instrument)?;
        let group = self.kept.exposures.ensure(proposal.account, proposal.strategy, instrument)?;
        self.kept.open.push(Order::new(proposal, words, notional, seq, now));
        self.index.fill(slot, proposal.order, Place::Open(self.kept.open.len() as u32 - 1));
        self.index.expect(proposal.order.wrapping_add(1));
        self.enter(group, Share::fresh(proposal.price, proposal.qty, notional));
        Ok(Effects::on(proposal.order, State::Intent))
    }

    /// A cancel, or the target's side of a spot replace, is on its way.
    #[inline(never)]
    fn mark(&mut self, proposal: &Proposal, pending: Pending, now: Nanos) -> Result<Effects> {
        let (place, mut order) = self.live_target(proposal)?;
        if order.pending == Pending::Cancel {
            return Err(field("proposal.target", order.id, "has a cancel on its way"));
        }
        (order.pending, order.updated) = (pending, now);
        self.store(place, order);
        Ok(Effects::on(order.id, order.state))
    }

    #[inline(never)]
    fn amend(&mut self, proposal: &Proposal, notional: Amount, now: Nanos) -> Result<Effects> {
        self.free_target(proposal)?;
        let (place, mut order) = self.live_target(proposal)?;
        if proposal.qty <= 0 {
            return Err(field("proposal.qty", proposal.qty, "must be above zero"));
        }
        let qty = order
            .filled
            .checked_add(proposal.qty)
            .ok_or_else(|| field("proposal.qty", proposal.qty, "is too large"))?;
        order.amend = Amend { price: proposal.price, qty, rest: proposal.qty, notional, expires: NO_TIME };
        (order.pending, order.updated) = (Pending::Replace, now);
        self.store(place, order);
        Ok(Effects::on(order.id, order.state))
    }

    /// A replace needs a target that is known to rest and has nothing else on its way.
    fn free_target(&self, proposal: &Proposal) -> Result<()> {
        let (_, order) = self.live_target(proposal)?;
        if order.state == State::Unknown {
            return Err(field("proposal.target", order.id, "is UNKNOWN and cannot be replaced"));
        }
        if order.pending != Pending::None {
            return Err(field("proposal.target", order.id, "has a cancel or replace on its way"));
        }
        Ok(())
    }

    fn live_target(&self, proposal: &Proposal) -> Result<(Place, Order)> {
        let found = self.locate(proposal.target).filter(|(_, order)| {
            order.account == proposal.account
                && order.instrument == proposal.header.instrument
                && !order.state.terminal()
        });
        found.ok_or_else(|| field("proposal.target", proposal.target, "is not an open order of this account"))
    }

    /// Where an order of ours is, and a copy of it.
    pub(super) fn locate(&self, id: u64) -> Option<(Place, Order)> {
        if id == 0 {
            return None;
        }
        let place = self.index.get(id)?;
        self.at(place).map(|order| (place, *order))
    }

    fn at(&self, place: Place) -> Option<&Order> {
        match place {
            Place::Open(at) => self.kept.open.get(at as usize),
            Place::Recent(at) => self.kept.recent.get(at as usize),
        }
    }

    /// Puts a changed order back, moves it where it now belongs, and keeps the sums.
    pub(super) fn store(&mut self, place: Place, order: Order) {
        self.kept.wake = self.kept.wake.min(order.wake(&self.kept.proof));
        match place {
            Place::Open(at) => {
                let Some(slot) = self.kept.open.get_mut(at as usize) else { return };
                let was = Share::of(slot);
                *slot = order;
                self.kept.exposures.change(at, was, Share::of(&order), &self.kept.open);
                if order.settled() {
                    self.retire(at);
                }
            }
            Place::Recent(at) => {
                let full = self.kept.open.len() >= self.kept.bounds.open_max as usize;
                let Some(slot) = self.kept.recent.get_mut(at as usize) else { return };
                if order.settled()
                    || full
                    || self.kept.exposures.ensure(order.account, order.strategy, order.instrument).is_err()
                {
                    *slot = order;
                } else {
                    slot.id = 0;
                    // The bound was checked and the group exists, so this cannot fail.
                    let _ = self.admit(order);
                }
            }
        }
    }

    /// Adds an order to the open ones.
    fn admit(&mut self, order: Order) -> Result<()> {
        let group = self.kept.exposures.ensure(order.account, order.strategy, order.instrument)?;
        self.kept.open.push(order);
        self.index.set(order.id, Place::Open(self.kept.open.len() as u32 - 1));
        self.enter(group, Share::of(&order));
        Ok(())
    }

    /// Enters the last of the open orders into the sums with its share.
    #[inline]
    fn enter(&mut self, group: u32, share: Share) {
        let Some(order) = self.kept.open.last() else { return };
        let at = self.kept.open.len() as u32 - 1;
        self.kept.exposures.join(at, group, order, share);
    }

    /// Moves a settled order from the open ones into the ring, which forgets its oldest.
    fn retire(&mut self, at: u32) {
        let Some(order) = self.kept.open.get(at as usize).copied() else { return };
        self.kept.exposures.change(at, Share::of(&order), Share::NOTHING, &self.kept.open);
        self.kept.exposures.leave(at);
        self.kept.open.swap_remove(at as usize);
        if let Some(moved) = self.kept.open.get(at as usize) {
            self.index.set(moved.id, Place::Open(at));
            self.kept.exposures.moved(self.kept.open.len() as u32, at);
        }
        self.remember(order);
    }

    fn remember(&mut self, order: Order) {
        let kept = &mut self.kept;
        let at = kept.recent_next;
        self.index.remove(order.id);
        if kept.bounds.recent_max == 0 {
            return;
        }
        match kept.recent.get_mut(at as usize) {
            Some(oldest) => {
                if oldest.id != 0 {
                    self.index.remove(oldest.id);
                }
                *oldest = order;
            }
            None => kept.recent.push(order),
        }
        self.index.set(order.id, Place::Recent(at));
        kept.recent_next = (at + 1) % kept.bounds.recent_max;
    }

    /// An order that is open or recent.
    #[must_use]
    pub fn get(&self, order: u64) -> Option<&Order> {
        if order == 0 { None } else { self.index.get(order).and_then(|place| self.at(place)) }
    }

    /// The orders that are not settled: not over, or over with something about them still open.
    #[must_use]
    pub fn open(&self) -> &[Order] {
        &self.kept.open
    }

    /// The settled orders that are remembered.
    pub fn recent(&self) -> impl Iterator<Item = &Order> {
        self.kept.recent.iter().filter(|order| order.id != 0)
    }

    /// What one strategy has open in one instrument.
    #[must_use]
    pub fn exposure(&self, account: u16, strategy: u16, instrument: u32) -> Exposure {
        self.kept.exposures.get(account, strategy, instrument)
    }

    /// What one account has open in one instrument, over its strategies.
    #[must_use]
    pub fn account_exposure(&self, account: u16, instrument: u32) -> Exposure {
        let mut sum = Exposure::empty(account, 0, instrument);
        self.kept.exposures.of_pair(account, instrument).for_each(|(_, group)| sum.add(group));
        sum
    }

    /// The sums of every account, strategy and instrument that ever had an order, for wider scopes to add up.
    #[must_use]
    pub fn exposures(&self) -> &[Exposure] {
        self.kept.exposures.groups()
    }

    /// The best price of an account's own open orders on one side of an instrument, and the order that has it;
    /// `except` (0 for none) is left out. For self-trade prevention.
    #[must_use]
    pub fn best_own(&self, account: u16, instrument: u32, side: Side, except: u64) -> Option<(Ticks, u64)> {
        let mut best: Option<(Ticks, u64)> = None;
        let mut offer = |price: Ticks, order: u64| {
            if best.is_none_or(|held| preferred(side, (price, order), held)) {
                best = Some((price, order));
            }
        };
        for (group, sums) in self.kept.exposures.of_pair(account, instrument) {
            let holder = sums.best_order[side as usize];
            if holder != 0 && holder != except {
                offer(sums.best[side as usize], holder);
            } else if holder != 0 {
                let rest = self.kept.exposures.chain(group, side).filter_map(|at| self.kept.open.get(at as usize));
                rest.filter(|order| order.id != except && order.rests()).for_each(|o| offer(o.best_price(), o.id));
            }
        }
        best
    }

    /// How many orders of an account are not over.
    #[must_use]
    pub fn open_count(&self, account: u16) -> u32 {
        let groups = self.exposures().iter().filter(|group| group.account == account);
        groups.map(|group| group.count[0] + group.count[1]).sum()
    }

    /// Rebuilds what is derived, after a snapshot was read.
    fn restore(mut kept: Kept) -> Result<Self> {
        let Bounds { open_max, recent_max, .. } = kept.bounds;
        let fits = open_max <= BOUND_MAX
            && recent_max <= BOUND_MAX
            && kept.open.len() <= open_max as usize
            && kept.recent.len() <= recent_max as usize
            && kept.recent_next <= recent_max;
        if !fits {
            return Err(impossible("order table", format!("{} open, {} recent", kept.open.len(), kept.recent.len())));
        }
        kept.open.reserve_exact(open_max as usize - kept.open.len());
        kept.recent.reserve_exact(recent_max as usize - kept.recent.len());
        kept.exposures.relink(open_max, &kept.open)?;
        let mut index = Index::new(open_max as usize + recent_max as usize);
        for (at, order) in kept.open.iter().enumerate() {
            index.set(order.id, Place::Open(at as u32));
        }
        for (at, order) in kept.recent.iter().enumerate().filter(|(_, order)| order.id != 0) {
            index.set(order.id, Place::Recent(at as u32));
        }
        Ok(Self { kept, index })
    }
}

impl Canon for OrderTable {
    fn put(&self, out: &mut Vec<u8>) {
        self.kept.put(out);
    }
    fn take(input: &mut &[u8]) -> Result<Self> {
        Self::restore(Kept::take(input)?)
    }
    fn leaves(&self) -> usize {
        self.kept.leaves()
    }
    fn nudge(&mut self, index: usize) {
        self.kept.nudge(index);
    }
}

fn field(field: &'static str, was: impl ToString, why: &'static str) -> CoreError {
    CoreError::Field { field, was: was.to_string(), why }
}
