//! Whose limits hold for one proposal: the subject of each scope, and what their rows have.
//!
//! catalogue: R1. Found once a proposal: what is gathered for it, its checks and its tokens all ask for the same rows. It
//! is kept for the next proposal, which is mostly of the same seat, until a limit or a halt is set.

use super::limits::{LimitKind, Limits, MANDATORY, MEASURED, Row, SCOPES, Scope, Scopes};
use crate::event::Proposal;
use crate::instrument::Instrument;

/// Who trades what: the subjects of a proposal, packed to be compared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Seat(u64, u8);

impl Seat {
    #[inline]
    pub(super) fn of(proposal: &Proposal, instrument: &Instrument) -> Self {
        let whose = u64::from(proposal.account) << 16 | u64::from(proposal.strategy);
        Self(whose << 32 | u64::from(instrument.id), instrument.venue as u8)
    }
}

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
    /// Looks at the row of each scope once.
    #[inline(never)]
    pub(super) fn of(limits: &Limits, proposal: &Proposal, instrument: &Instrument) -> Self {
        let (account, strategy) = (u32::from(proposal.account), u32::from(proposal.strategy));
        let subjects = [0, account, strategy, instrument.id, instrument.venue as u32];
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
