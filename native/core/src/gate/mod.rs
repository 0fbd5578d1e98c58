//! The pre-trade gate: small checks run in order; the result is `Approved` or a refusal naming every failed check.
//!
//! catalogue: R1, R2. The gate is a pure function of its state and of the context that the step gives it. It fails
//! closed: a symbol that nobody allowed, a mandatory limit that nobody set and a price that nobody knows all refuse.
//! Cancels always pass, halted or not. An `Approved` can be made here only, and the order table takes nothing else,
//! so an unchecked order cannot be written down.

mod bucket;
mod case;
mod collar;
mod exposure;
mod halt;
pub mod limits;
mod loss;
mod rate;
mod refusal;
pub mod stp;
mod whose;

pub use bucket::Bucket;
pub use case::{Context, Exposure, FIELD_MAX};
pub use refusal::{CHECKS, Check, Finding, PASSED, Refusal, Why};
pub use whose::Whose;

use crate::error::Result;
use crate::event::{Action, Command, LimitSet, Proposal};
use crate::instrument::Instrument;
use crate::state;
use crate::units::Amount;
use case::{Case, Failed};
use limits::{Halt, LimitKind, Limits, Row, Scope};

/// A proposal that passed every check. Only `Gate::check` makes one, and whoever takes it uses it up.
#[derive(Debug)]
pub struct Approved<'a> {
    proposal: &'a Proposal,
    action: Action,
    notional: Amount,
}

impl Approved<'_> {
    /// What was approved.
    #[must_use]
    pub const fn proposal(&self) -> &Proposal {
        self.proposal
    }

    /// What it does.
    #[must_use]
    pub const fn action(&self) -> Action {
        self.action
    }

    /// The order's value in the settlement asset's smallest unit; 0 for a cancel.
    #[must_use]
    pub const fn notional(&self) -> Amount {
        self.notional
    }

    /// The approval with a copy of its proposal.
    #[must_use]
    #[inline]
    pub const fn keep(self) -> Kept {
        Kept { proposal: *self.proposal, action: self.action, notional: self.notional }
    }
}

/// An approval that outlives its event: its request is encoded when the whole step has been applied.
#[derive(Debug)]
pub struct Kept {
    proposal: Proposal,
    action: Action,
    notional: Amount,
}

impl Kept {
    /// The approval, for the encoder.
    #[must_use]
    #[inline]
    pub const fn approved(&self) -> Approved<'_> {
        Approved { proposal: &self.proposal, action: self.action, notional: self.notional }
    }
}

state! {
    /// Limits, buckets, halts, and how often each check refused.
    #[derive(Debug, Clone, Default, PartialEq, Eq)]
    pub struct Gate {
        limits: Limits,
        refused: [u64; CHECKS],
        approved: u64,
    }
}

impl Gate {
    /// A gate without limits: it refuses every order and passes every cancel.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a limit; nothing changes where the event names an impossible field or value.
    pub fn set(&mut self, limit: &LimitSet) -> Result<()> {
        self.limits.set(limit)
    }

    /// Applies a halt, a kill or a resume; other verbs change nothing here.
    pub fn command(&mut self, command: &Command) -> Result<()> {
        halt::command(&mut self.limits, command)
    }

    /// Whether anything is halted.
    #[must_use]
    pub const fn halted(&self) -> bool {
        self.limits.halted()
    }

    /// Whether orders of this account and strategy in this instrument are halted.
    #[must_use]
    pub fn halted_for(&self, account: u16, strategy: u16, instrument: u32, venue: u8) -> bool {
        let subjects = [0, account.into(), strategy.into(), instrument, venue.into()];
        let halted = |(scope, subject)| self.limits.row(scope, subject).halted != Halt::Off;
        self.limits.halted() && Scope::ALL.into_iter().zip(subjects).any(halted)
    }

    /// Whose limits hold for a proposal now: which scopes have to be measured for it, and what `check_for` takes.
    #[must_use]
    #[inline]
    pub fn whose(&mut self, proposal: &Proposal, instrument: &Instrument) -> Whose {
        self.limits.whose(proposal, instrument)
    }

    /// How often each check has refused, by its name.
    pub fn refusals(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        Check::ALL.into_iter().map(Check::name).zip(self.refused)
    }

    /// How many proposals have passed.
    #[must_use]
    pub const fn approvals(&self) -> u64 {
        self.approved
    }

    /// Checks a proposal. The buckets are debited only where everything passes.
    #[expect(clippy::result_large_err, reason = "a refusal is a value of fixed size so that refusing never allocates")]
    pub fn check<'a>(
        &mut self,
        proposal: &'a Proposal,
        instrument: &Instrument,
        ctx: &Context,
    ) -> std::result::Result<Approved<'a>, Refusal> {
        let whose = self.whose(proposal, instrument);
        match self.approve(&whose, proposal, instrument, ctx) {
            Some(approved) => Ok(approved),
            None => Err(self.refuse(&whose, proposal, instrument, ctx)),
        }
    }

    /// The same for a caller who has asked `whose` for this proposal, with no limit set and nothing halted since. Where it
    /// gives no approval, `refuse` must follow at once: a refusal is large, and an order that passes need not make room
    /// for one.
    #[inline(never)]
    pub fn approve<'a>(
        &mut self,
        whose: &Whose,
        proposal: &'a Proposal,
        instrument: &Instrument,
        ctx: &Context,
    ) -> Option<Approved<'a>> {
        if proposal.action == Action::Cancel as u8 {
            return self.cancel(proposal);
        }
        let words = case::read(proposal, instrument).ok()?;
        let case = Case::new((&self.limits, whose), (proposal, words), instrument, ctx);
        if !passes(&case) {
            return None;
        }
        let approved = Approved { proposal, action: case.action, notional: case.notional.unwrap_or(0) };
        rate::debit(&mut self.limits, whose, ctx.now);
        self.approved += 1;
        Some(approved)
    }

    #[inline(never)]
    fn cancel<'a>(&mut self, proposal: &'a Proposal) -> Option<Approved<'a>> {
        if proposal.target == 0 {
            return None;
        }
        self.approved += 1;
        Some(Approved { proposal, action: Action::Cancel, notional: 0 })
    }

    /// Why `approve` gave no approval for this proposal; the refusal is counted.
    #[cold]
    pub fn refuse(&mut self, whose: &Whose, proposal: &Proposal, instrument: &Instrument, ctx: &Context) -> Refusal {
        let refusal = if proposal.action == Action::Cancel as u8 {
            malformed(case::bad("target", "must be the order to cancel", 0), instrument)
        } else {
            match case::read(proposal, instrument) {
                Ok(words) => explain(&Case::new((&self.limits, whose), (proposal, words), instrument, ctx), instrument),
                Err(finding) => malformed(finding, instrument),
            }
        };
        self.count(refusal.failed);
        refusal
    }

    /// Counts the failed checks of one proposal.
    fn count(&mut self, failed: u32) {
        for check in Check::ALL {
            self.refused[check as usize] += u64::from(failed & check.bit() != 0);
        }
    }
}

/// The refusal of a proposal that makes no sense.
#[cold]
fn malformed(finding: Finding, instrument: &Instrument) -> Refusal {
    let mut refusal = Refusal::new(instrument);
    refusal.push(finding);
    refusal
}

/// Whether everything holds. Each scope is asked for the limits that it has and for no others.
#[inline]
fn passes(case: &Case<'_>) -> bool {
    case.unset() == 0
        && halt::check(case).is_none()
        && exposure::symbols(case).is_none()
        && stp::check(case).is_none()
        && case.limited().all(|(scope, row)| keeps_all(case, scope, row))
}

/// Whether every limit that a row has holds. They are written out, because a comparison whose kind the compiler knows is
/// a few instructions, and one that it has to look up makes a finding that nobody reads.
#[inline(always)]
fn keeps_all(case: &Case<'_>, scope: Scope, row: &Row) -> bool {
    keeps(case, LimitKind::MaxOrderQty, scope, row)
        && keeps(case, LimitKind::MaxOrderNotional, scope, row)
        && keeps(case, LimitKind::MaxPosition, scope, row)
        && keeps(case, LimitKind::MaxTotalNotional, scope, row)
        && keeps(case, LimitKind::MaxOpenOrders, scope, row)
        && keeps(case, LimitKind::MaxLeverage, scope, row)
        && keeps(case, LimitKind::PriceCollar, scope, row)
        && keeps(case, LimitKind::OrderRate, scope, row)
        && keeps(case, LimitKind::MaxLossPerTrade, scope, row)
        && keeps(case, LimitKind::MaxDailyLoss, scope, row)
        && keeps(case, LimitKind::MaxDrawdown, scope, row)
}

#[inline(always)]
fn keeps(case: &Case<'_>, kind: LimitKind, scope: Scope, row: &Row) -> bool {
    row.set & kind.bit() == 0 || hold(case, kind, scope, row).is_none()
}

/// Holds a limit that a scope has against the case. The symbols and the self-trade rule are no figures.
#[inline(always)]
fn hold(case: &Case<'_>, kind: LimitKind, scope: Scope, row: &Row) -> Failed {
    let (limit, measured) = (row.limit(kind)?, &case.ctx.exposure[scope as usize]);
    match kind {
        LimitKind::MaxOrderQty => exposure::qty(case, limit),
        LimitKind::MaxOrderNotional => exposure::notional(case, limit),
        LimitKind::MaxPosition => exposure::position(case, limit, measured),
        LimitKind::MaxTotalNotional => exposure::total(case, limit, measured),
        LimitKind::MaxOpenOrders => exposure::open_orders(case, limit, measured),
        LimitKind::MaxLeverage => exposure::leverage(case, limit, measured),
        LimitKind::PriceCollar => collar::check(case, limit),
        LimitKind::OrderRate => rate::check(case, row),
        LimitKind::MaxLossPerTrade => loss::trade(case, limit, measured),
        LimitKind::MaxDailyLoss => loss::day(case, limit, measured),
        LimitKind::MaxDrawdown => loss::drawdown(case, limit, measured),
        LimitKind::AllowSymbol | LimitKind::ForbidSymbol | LimitKind::SelfTrade => None,
    }
}

/// The finding of one check; of a limit the first scope that it fails in.
#[cold]
fn find(case: &Case<'_>, check: Check) -> Option<Finding> {
    let kind = match check {
        Check::Proposal => return None,
        Check::Halt => return halt::check(case),
        Check::AllowedSymbols => return exposure::symbols(case),
        Check::SelfTrade => return stp::check(case),
        Check::OrderQty => LimitKind::MaxOrderQty,
        Check::OrderNotional => LimitKind::MaxOrderNotional,
        Check::Position => LimitKind::MaxPosition,
        Check::TotalNotional => LimitKind::MaxTotalNotional,
        Check::OpenOrders => LimitKind::MaxOpenOrders,
        Check::Leverage => LimitKind::MaxLeverage,
        Check::PriceCollar => LimitKind::PriceCollar,
        Check::OrderRate => LimitKind::OrderRate,
        Check::LossPerTrade => LimitKind::MaxLossPerTrade,
        Check::DailyLoss => LimitKind::MaxDailyLoss,
        Check::Drawdown => LimitKind::MaxDrawdown,
    };
    if case.unset() & kind.bit() != 0 {
        return Some(case.finding(check, Scope::All, Why::NotSet, 0, 0));
    }
    case.scopes().find_map(|(scope, row)| {
        let (why, was) = hold(case, kind, scope, row)?;
        Some(case.finding(check, scope, why, row.limit(kind).unwrap_or(0), was))
    })
}

/// The refusal of a case that failed: every check in order, for their figures.
#[cold]
fn explain(case: &Case<'_>, instrument: &Instrument) -> Refusal {
    let mut refusal = Refusal::new(instrument);
    for check in Check::ALL {
        if let Some(finding) = find(case, check) {
            refusal.push(finding);
        }
    }
    if refusal.has(Check::SelfTrade) && stp::displaces(case) {
        refusal.displaced = case.ctx.opposite_order;
    }
    refusal
}

#[cfg(test)]
mod naive;
#[cfg(test)]
pub(crate) mod samples;
#[cfg(test)]
mod tests;
