//! Whose limits hold for one proposal: the subject of each scope, and what their rows have.
//!
//! catalogue: R1. Found once a proposal: what is gathered for it, its checks and its tokens all ask for the same rows. It
//! is kept for the next proposal, which is mostly of the same seat, until a limit or a halt is set.

use super::limits::{LimitKind, Limits, MANDATORY, MEASURED, Row, SCOPES, Scope, Scopes};
use crate::event::Proposal;
use crate::instrument::Instrument;

/// The subjects of one proposal, and the scopes whose rows have limits.
#[derive(Debug, Clone, Copy, Default)]
pub struct Whose {
    /// The row numbers by `Scope as usize`.
    subjects: [u32; SCOPES],
    /// Scopes whose rows have a limit.
    pub(super) limited: Scopes,
    /// Scopes whose rows have an order rate.
    pub(super) rated: Scopes,
    measured: Scopes,
    /// Kinds that at least one of the rows has, as bits.
    set: u32,
}

impl Whose {
    /// The subjects of a proposal, by `Scope as usize`.
    #[inline]
    pub(super) fn subjects(proposal: &Proposal, instrument: &Instrument) -> [u32; SCOPES] {
        [0, proposal.account.into(), proposal.strategy.into(), instrument.id, instrument.venue as u32]
    }

    /// Whether it was found for these subjects.
    #[inline]
    pub(super) fn is_of(&self, subjects: &[u32; SCOPES]) -> bool {
        self.subjects == *subjects
    }

    /// Looks at the row of each scope once.
    #[inline(never)]
    pub(super) fn of(limits: &Limits, subjects: [u32; SCOPES]) -> Self {
        // The account's exposure tells whether an order flattens, whatever its limits.
        let (none, account) = (Scopes::default(), Scopes::default().with(Scope::Account, true));
        let mut this = Self { subjects, limited: none, rated: none, measured: account, set: 0 };
        for scope in limits.present() {
            let set = limits.row(scope, this.subject(scope)).set;
            if set != 0 {
                this.limited = this.limited.with(scope, true);
                this.rated = this.rated.with(scope, set & LimitKind::OrderRate.bit() != 0);
                this.measured = this.measured.with(scope, set & MEASURED != 0);
                this.set |= set;
            }
        }
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
