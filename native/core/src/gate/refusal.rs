//! Why an order was refused: every failed check with its limit and what was found, as data and as one line of text.
//!
//! catalogue: R1. A refusal is a plain value of fixed size, so refusing allocates nothing; the text is made only
//! where somebody reads it: `order notional: limit 100, was 250 (account 1); daily loss limit: ...`.

use super::limits::Scope;
use crate::instrument::Instrument;
use crate::units::{Amount, Decimal};
use std::fmt;

/// The text of an approval.
pub const PASSED: &str = "All risk checks passed";

/// A check of the gate, in the order in which they run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Check {
    /// The proposal itself makes sense. Where it does not, nothing else can be checked.
    Proposal = 0,
    /// Nobody halted the engine, the account, the strategy, the symbol or the venue.
    Halt = 1,
    /// Account and strategy may trade the symbol.
    AllowedSymbols = 2,
    /// Size of the order, in lots.
    OrderQty = 3,
    /// Value of the order.
    OrderNotional = 4,
    /// Position if everything open on this side fills, in lots.
    Position = 5,
    /// Gross value of positions and open orders.
    TotalNotional = 6,
    /// Count of open orders.
    OpenOrders = 7,
    /// Gross value over equity.
    Leverage = 8,
    /// Distance of the price from the reference.
    PriceCollar = 9,
    /// The order would trade with one of our own.
    SelfTrade = 10,
    /// Orders per time.
    OrderRate = 11,
    /// Loss of the last closing trade.
    LossPerTrade = 12,
    /// Loss of the day.
    DailyLoss = 13,
    /// Equity below its peak.
    Drawdown = 14,
}

/// How many checks there are.
pub const CHECKS: usize = 15;

impl Check {
    /// Every check in order.
    pub const ALL: [Self; CHECKS] = [
        Self::Proposal,
        Self::Halt,
        Self::AllowedSymbols,
        Self::OrderQty,
        Self::OrderNotional,
        Self::Position,
        Self::TotalNotional,
        Self::OpenOrders,
        Self::Leverage,
        Self::PriceCollar,
        Self::SelfTrade,
        Self::OrderRate,
        Self::LossPerTrade,
        Self::DailyLoss,
        Self::Drawdown,
    ];

    /// The name in texts and counts.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Proposal => "proposal",
            Self::Halt => "trading halted",
            Self::AllowedSymbols => "allowed symbols",
            Self::OrderQty => "order size",
            Self::OrderNotional => "order notional",
            Self::Position => "position",
            Self::TotalNotional => "total notional",
            Self::OpenOrders => "open orders",
            Self::Leverage => "leverage",
            Self::PriceCollar => "price collar",
            Self::SelfTrade => "self-trade",
            Self::OrderRate => "order rate",
            Self::LossPerTrade => "loss per trade",
            Self::DailyLoss => "daily loss limit",
            Self::Drawdown => "drawdown",
        }
    }

    /// Its bit in `Refusal::failed`.
    #[must_use]
    pub const fn bit(self) -> u32 {
        1 << self as u8
    }
}

/// In which way a check failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// `was` is beyond `limit`.
    Above,
    /// A limit that must be set is not: the gate is closed until somebody sets it.
    NotSet,
    /// The figure to compare with (a reference price, equity) is unknown.
    NoReference,
    /// The scope is halted; `was` is the command's cause.
    Halted,
    /// A field of the proposal cannot be: its name, and what it must be. `was` is its value.
    Bad(&'static str, &'static str),
}

/// One failed check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Finding {
    /// Which check.
    pub check: Check,
    /// Whose limit: the first scope that failed, in the order of `Scope::ALL`.
    pub scope: Scope,
    /// The scope's subject.
    pub subject: u32,
    /// The limit, in the unit of its kind (`limits::LimitKind`); of a self-trade, our resting price in ticks.
    pub limit: Amount,
    /// What it was, in the same unit.
    pub was: Amount,
    /// In which way it failed.
    pub why: Why,
}

impl Finding {
    const NONE: Self =
        Self { check: Check::Proposal, scope: Scope::All, subject: 0, limit: 0, was: 0, why: Why::NotSet };
}

/// What turns the core's integers into the numbers a person knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Units {
    tick: i64,
    price_scale: u8,
    lot: i64,
    qty_scale: u8,
    settle_scale: u8,
}

/// Every check that an order failed.
#[derive(Debug, Clone, Copy)]
pub struct Refusal {
    /// The failed checks as bits (`Check::bit`).
    pub failed: u32,
    /// Our resting order that should be cancelled, because self-trade prevention is set to cancel the oldest; or 0.
    pub displaced: u64,
    findings: [Finding; CHECKS],
    count: usize,
    units: Units,
}

impl Refusal {
    /// An empty refusal for an order of `instrument`.
    #[must_use]
    pub(super) fn new(instrument: &Instrument) -> Self {
        let units = Units {
            tick: instrument.tick,
            price_scale: instrument.price_scale,
            lot: instrument.lot,
            qty_scale: instrument.qty_scale,
            settle_scale: instrument.settle_scale,
        };
        Self { failed: 0, displaced: 0, findings: [Finding::NONE; CHECKS], count: 0, units }
    }

    /// Adds a failed check. There is room for each check once.
    pub(super) fn push(&mut self, finding: Finding) {
        if let Some(slot) = self.findings.get_mut(self.count) {
            *slot = finding;
            self.count += 1;
            self.failed |= finding.check.bit();
        }
    }

    /// Whether a check is among the failed ones.
    #[must_use]
    pub const fn has(&self, check: Check) -> bool {
        self.failed & check.bit() != 0
    }

    /// The failed checks in the order in which they ran.
    pub fn iter(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().take(self.count)
    }

    /// One failed check as text.
    #[must_use]
    pub fn text<'a>(&'a self, finding: &'a Finding) -> impl fmt::Display + 'a {
        Text { finding, units: self.units }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, finding) in self.iter().enumerate() {
            write!(f, "{}{}", if at == 0 { "" } else { "; " }, Text { finding, units: self.units })?;
        }
        Ok(())
    }
}

struct Text<'a> {
    finding: &'a Finding,
    units: Units,
}

impl Text<'_> {
    /// A figure of this check in the unit that people use, without trailing zeros.
    fn figure(&self, raw: Amount) -> impl fmt::Display {
        let units = self.units;
        let (factor, scale) = match self.finding.check {
            Check::OrderQty | Check::Position => (units.lot, units.qty_scale),
            Check::SelfTrade => (units.tick, units.price_scale),
            Check::Leverage => (1, 2),
            Check::OrderNotional | Check::TotalNotional | Check::LossPerTrade | Check::DailyLoss => {
                (1, units.settle_scale)
            }
            _ => (1, 0),
        };
        let mut decimal = Decimal { mantissa: raw.saturating_mul(Amount::from(factor)), scale };
        while decimal.scale > 0 && decimal.mantissa % 10 == 0 {
            decimal.mantissa /= 10;
            decimal.scale -= 1;
        }
        decimal
    }
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let finding = self.finding;
        let name = finding.check.name();
        match finding.why {
            Why::Bad(field, must) => return write!(f, "{name}: {field} {must}, was {}", finding.was),
            Why::NoReference => return write!(f, "{name}: nothing to compare with"),
            Why::NotSet => write!(f, "{name}: limit not set")?,
            Why::Halted => write!(f, "{name}: cause {}", finding.was)?,
            Why::Above => write!(f, "{name}: limit {}, was {}", self.figure(finding.limit), self.figure(finding.was))?,
        }
        match (finding.scope, finding.why) {
            (Scope::All, Why::NotSet) => Ok(()),
            (Scope::All, _) => write!(f, " (all)"),
            (scope, _) => write!(f, " ({} {})", scope.name(), finding.subject),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instrument::samples::btcusdt_perp;

    #[test]
    fn the_text_names_every_failed_check_in_known_units() {
        let mut refusal = Refusal::new(&btcusdt_perp());
        let above = |check, scope, subject, limit, was| Finding { check, scope, subject, limit, was, why: Why::Above };
        refusal.push(above(Check::OrderNotional, Scope::Account, 1, 10_000_000_000, 25_050_000_000));
        refusal.push(above(Check::OrderQty, Scope::Symbol, 2, 1_500, 2_000));
        refusal.push(above(Check::Leverage, Scope::All, 0, 300, 325));
        refusal.push(above(Check::SelfTrade, Scope::All, 0, 600_001, 600_010));
        refusal.push(Finding { check: Check::Position, why: Why::NotSet, ..Finding::NONE });
        refusal.push(above(Check::DailyLoss, Scope::Strategy, 3, 0, 1));
        assert_eq!(
            refusal.to_string(),
            "order notional: limit 100, was 250.5 (account 1); order size: limit 1.5, was 2 (symbol 2); \
             leverage: limit 3, was 3.25 (all); self-trade: limit 60000.1, was 60001 (all); position: limit not set; \
             daily loss limit: limit 0, was 0.00000001 (strategy 3)"
        );
        assert!(refusal.has(Check::Leverage) && !refusal.has(Check::OrderRate));
    }

    #[test]
    fn the_checks_are_numbered_as_they_are_listed() {
        for (at, check) in Check::ALL.into_iter().enumerate() {
            assert_eq!(check as usize, at);
        }
    }
}
