//! Whose limits hold for one proposal: the subject of each scope, and what their rows have.
//!
//! catalogue: R1. Found once a proposal: what is gathered for it, its checks and its tokens all ask for the same rows.

use super::limits::{LimitKind, Limits, MANDATORY, MEASURED, Row, SCOPES, Scope, Scopes};
use crate::event::Proposal;
use crate::instrument::Instrument;

/// The subjects of one proposal, and the scopes whose rows say something.
#[derive(Debug, Clone, Copy)]
pub struct Whose {
    /// The row numbers by `Scope as usize`.
    subjects: [u32; SCOPES],
    /// Scopes whose rows have a limit, an allowed symbol or a halt.
    pub(super) speaking: Scopes,
    /// Scopes whose rows have a limit.
    pub(super) limited: Scopes,
    /// Scopes whose rows have an order rate.
    pub(super) rated: Scopes,
    measured: Scopes,
    /// Kinds that at least one of the rows has, as bits.
    set: u32,
}

impl Whose {
    /// Looks at the row of each scope once.
    #[inline]
    pub(super) fn of(limits: &Limits, proposal: &Proposal, instrument: &Instrument) -> Self {
        let (account, strategy) = (u32::from(proposal.account), u32::from(proposal.strategy));
        let subjects = [0, account, strategy, instrument.id, instrument.venue as u32];
        let none = Scopes::of([false; SCOPES]);
        let mut this = Self { subjects, speaking: none, limited: none, rated: none, measured: none, set: 0 };
        for scope in limits.present() {
            let row = limits.row(scope, this.subject(scope));
            this.speaking = this.speaking.with(scope, row.speaks());
            this.limited = this.limited.with(scope, row.set != 0);
            this.rated = this.rated.with(scope, row.set & LimitKind::OrderRate.bit() != 0);
            this.measured = this.measured.with(scope, row.set & MEASURED != 0);
            this.set |= row.set;
        }
        // The account's exposure tells whether an order flattens, whatever its limits.
        this.measured = this.measured.with(Scope::Account, true);
        this
    }

    /// The scopes whose exposure a check of the proposal will compare; the account's is always among them.
    #[must_use]
    #[inline]
    pub const fn measured(&self) -> Scopes {
        self.measured
    }

    /// The subject of a scope.
    #[inline]
    pub(super) const fn subject(&self, scope: Scope) -> u32 {
        self.subjects[scope as usize]
    }

    /// The row of a scope.
    #[inline]
    pub(super) fn row<'a>(&self, limits: &'a Limits, scope: Scope) -> &'a Row {
        limits.row(scope, self.subject(scope))
    }

    /// The kinds that must be limited somewhere and are not, as bits.
    #[inline]
    pub(super) const fn unset(&self) -> u32 {
        MANDATORY & !self.set
    }
}
