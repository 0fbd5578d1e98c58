//! Proof of absence: how an order whose request got no answer is found, or shown never to have existed.
//!
//! catalogue: O1. safety.md "Orders" 2: UNKNOWN ends only by (found), or by (venue clock > sent + window + 2 x skew +
//! lag margin **and** two clean not-founds). Each not-found must itself be that late, because an earlier one says
//! nothing about a request that is still on its way. `Sent.expires` is sent + window. A query's time is the venue's
//! clock in its answer, or else our clock when it was asked; the two skews cover our clock when the request was
//! stamped and when the query was asked. An error is not a not-found.
//!
//! An answer does not say which question it answers, so times of unanswered questions are kept in order and every
//! answer takes the oldest: after a lost answer the proof needs one more, never one fewer.

use super::effects::{Alarm, Doubt, Effects, Query};
use super::life::Order;
use super::state::{Input, Pending, State};
use crate::state;
use crate::units::{NO_TIME, Nanos};

/// Not-founds that a proof needs.
pub const NOT_FOUNDS: u8 = 2;
/// Questions about one order whose times are kept; further ones do not help its proof until one is answered.
pub const ASKED_MAX: usize = 4;
/// Queries that one call gives at most.
pub const DUE_MAX: usize = 16;

state! {
    /// The margins of the proof and the pace of the questions, all in nanoseconds.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Proof {
        /// The longest validity of a request (`recvWindow`): what a request without a `Sent` may have had.
        pub window_ns: i64,
        /// How far our clock and the venue's may be apart.
        pub skew_ns: i64,
        /// How long the venue's queries may lag behind its matching.
        pub lag_ns: i64,
        /// Between two questions about one order; doubles with each.
        pub query_every_ns: i64,
        /// The most it doubles to.
        pub query_every_max_ns: i64,
    }
}

impl Default for Proof {
    /// recvWindow 5 s, skew 2 s (fault 18), lag 1 s, questions every 1 s to 30 s.
    fn default() -> Self {
        const S: i64 = 1_000_000_000;
        Self { window_ns: 5 * S, skew_ns: 2 * S, lag_ns: S, query_every_ns: S, query_every_max_ns: 30 * S }
    }
}

impl Proof {
    /// The time after which a not-found counts for a request that expires at `expires`.
    #[must_use]
    pub const fn conclusive_after(&self, expires: Nanos) -> Nanos {
        expires.saturating_add(self.skew_ns.saturating_mul(2)).saturating_add(self.lag_ns)
    }

    fn pause(&self, tries: u32) -> i64 {
        let doubled = self.query_every_ns.saturating_mul(1 << tries.min(16));
        doubled.clamp(1, self.query_every_max_ns.max(1))
    }
}

state! {
    /// The questions asked about one order.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Asked {
        /// When the next one may be asked.
        pub after: Nanos,
        /// How many have been asked.
        pub tries: u32,
        /// How many clean not-founds have come.
        pub misses: u8,
        /// When the question that was answered last had been asked, or `NO_TIME`.
        pub answered: Nanos,
        /// How many times of `times` are in use.
        pub waiting: u8,
        /// When the unanswered ones were asked, oldest first.
        pub times: [i64; 4],
    }
}

impl Default for Asked {
    fn default() -> Self {
        Self { after: 0, tries: 0, misses: 0, answered: NO_TIME, waiting: 0, times: [0; ASKED_MAX] }
    }
}

impl Asked {
    fn ask(&mut self, now: Nanos) {
        if let Some(slot) = self.times.get_mut(self.waiting as usize) {
            *slot = now;
            self.waiting += 1;
        }
        self.tries = self.tries.saturating_add(1);
    }

    /// The time of the oldest unanswered question, which is taken to be answered now.
    fn take_oldest(&mut self) -> Option<Nanos> {
        if self.waiting == 0 {
            return None;
        }
        let oldest = self.times[0];
        self.times.copy_within(1.., 0);
        self.times[ASKED_MAX - 1] = 0;
        self.waiting -= 1;
        self.answered = oldest;
        Some(oldest)
    }
}

impl Order {
    /// The request got no answer.
    pub(super) fn lose(&mut self, now: Nanos, proof: &Proof, effects: &mut Effects) {
        self.step(Input::Lose, effects);
        if self.state == State::Unknown {
            if self.expires == NO_TIME {
                self.expires = now.saturating_add(proof.window_ns);
            }
            self.doubt(Doubt::Status, now);
        }
    }

    /// A query answered that there is no such order. `ts_query` is the venue's clock in that answer, or `NO_TIME`.
    pub(super) fn not_found(&mut self, ts_query: Nanos, proof: &Proof, effects: &mut Effects) {
        let asked_at = self.asked.take_oldest();
        if self.state != State::Unknown {
            self.step(Input::Absent, effects);
            self.asked.misses = self.asked.misses.saturating_add(1);
            if self.state.terminal() && self.doubt == Doubt::Status && self.asked.misses >= NOT_FOUNDS {
                self.doubt = Doubt::None;
            }
            return;
        }
        let evidence = if ts_query == NO_TIME { asked_at } else { Some(ts_query) };
        if self.expires == NO_TIME || evidence.is_none_or(|at| at <= proof.conclusive_after(self.expires)) {
            return;
        }
        self.asked.misses += 1;
        if self.asked.misses >= NOT_FOUNDS {
            self.step(Input::Absent, effects);
            self.absent = true;
        }
    }

    /// A query answered, and the answer names the order; the status itself comes as a report.
    pub(super) fn found(&mut self) {
        self.asked.take_oldest();
    }

    /// A query left that `due` did not ask for (an operator's, a reconciliation's).
    pub(super) fn asked_at(&mut self, now: Nanos) {
        if self.asked.waiting == 0 {
            self.asked.ask(now);
        }
    }

    /// What has to be asked about this order at `now`, marked as asked. SENT past its expiry becomes UNKNOWN here.
    pub(super) fn due(&mut self, now: Nanos, proof: &Proof) -> Option<Query> {
        let mut effects = Effects::on(self.id, self.state);
        let overdue = self.expires.saturating_add(proof.skew_ns);
        let lost = self.state == State::Sent && self.expires != NO_TIME && now > overdue;
        if lost {
            self.lose(now, proof, &mut effects);
        }
        if self.doubt == Doubt::None || now < self.asked.after {
            return None;
        }
        let after = now.saturating_add(proof.pause(self.asked.tries));
        self.asked.ask(now);
        self.asked.after = match self.ripe(proof) {
            Some(ripe) if now < ripe && ripe < after => {
                self.asked.tries = 0;
                ripe
            }
            _ => after,
        };
        let (order, venue_order, account, instrument) = (self.id, self.venue_order, self.account, self.instrument);
        Some(Query { order, venue_order, account, instrument, what: self.doubt, lost })
    }

    /// From when on a not-found counts. The pauses between questions double until then and begin anew there, or the
    /// second one that a proof needs would come as long after it as everything before took.
    fn ripe(&self, proof: &Proof) -> Option<Nanos> {
        let unknown = self.state == State::Unknown && self.expires != NO_TIME;
        let lost_amend = self.pending != Pending::Replace && self.amend.expires != NO_TIME;
        let expires = if unknown { self.expires } else { self.amend.expires };
        (unknown || lost_amend).then(|| proof.conclusive_after(expires).saturating_add(1))
    }

    /// When this order next needs a look, or `Nanos::MAX`.
    #[must_use]
    pub(super) fn wake(&self, proof: &Proof) -> Nanos {
        if self.doubt != Doubt::None {
            self.asked.after
        } else if self.state == State::Sent && self.expires != NO_TIME {
            self.expires.saturating_add(proof.skew_ns).saturating_add(1)
        } else {
            Nanos::MAX
        }
    }

    /// The engine starts again at `now`: whatever was on the wire is lost, whatever rests is asked about.
    pub(super) fn restart(&mut self, now: Nanos, proof: &Proof, effects: &mut Effects) {
        self.asked = Asked { after: now, misses: self.asked.misses, ..Asked::default() };
        if matches!(self.state, State::Intent | State::Sent) {
            self.lose(now, proof, effects);
        } else if !self.state.terminal() {
            self.lose_amend(now, proof);
            self.doubt(Doubt::Status, now);
        }
    }

    /// Nothing is under way any more that an answer could end; an amend may still take effect until its expiry.
    fn lose_amend(&mut self, now: Nanos, proof: &Proof) {
        self.pending = Pending::None;
        if self.amend.qty != 0 && self.amend.expires == NO_TIME {
            self.amend.expires = now.saturating_add(proof.window_ns);
        }
    }

    /// Whether a lost amend can no longer take effect: a question asked after its expiry and the margins was answered.
    pub(super) fn amend_is_dead(&self, proof: &Proof) -> bool {
        let lost = self.pending != Pending::Replace && self.amend.expires != NO_TIME;
        lost && self.asked.answered > proof.conclusive_after(self.amend.expires)
    }

    /// A cancel or replace of this order got no answer.
    pub(super) fn request_lost(&mut self, now: Nanos, proof: &Proof, effects: &mut Effects) {
        if !self.state.terminal() {
            self.lose_amend(now, proof);
            effects.alarms.raise(Alarm::RequestLost);
            self.doubt(Doubt::Status, now);
        }
    }
}

/// The queries that one call of `OrderTable::due_queries` gives.
#[derive(Debug, Clone, Copy)]
pub struct DueQueries {
    queries: [Option<Query>; DUE_MAX],
    len: usize,
}

impl DueQueries {
    pub(super) const fn none() -> Self {
        Self { queries: [None; DUE_MAX], len: 0 }
    }

    /// Adds one; false where the list is full.
    pub(super) fn push(&mut self, query: Query) -> bool {
        match self.queries.get_mut(self.len) {
            Some(slot) => {
                *slot = Some(query);
                self.len += 1;
                true
            }
            None => false,
        }
    }

    pub(super) const fn is_full(&self) -> bool {
        self.len == DUE_MAX
    }

    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The queries, in the order of the open orders.
    pub fn iter(&self) -> impl Iterator<Item = &Query> {
        self.queries.iter().flatten()
    }
}
