//! The limits themselves: for whom they hold, what their numbers mean, and the bounded table that keeps them.
//!
//! catalogue: R1. A limit is set by an event (`event::LimitSet`), so the risk configuration is part of the stream
//! and replays with it. Every scope that has a limit is checked; a mandatory limit that no scope has refuses.

use super::bucket::Bucket;
use super::whose::{Seat, Whose};
use crate::canon::Canon;
use crate::error::{CoreError, Result};
use crate::event::{LimitSet, Proposal};
use crate::instrument::Instrument;
use crate::units::Amount;
use crate::{canon_enum, state};

/// For whom a limit or a halt holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Scope {
    /// Everything this engine does.
    All = 0,
    /// One account.
    Account = 1,
    /// One strategy.
    Strategy = 2,
    /// One instrument.
    Symbol = 3,
    /// One venue.
    Venue = 4,
}
canon_enum!(Scope { All, Account, Strategy, Symbol, Venue });

/// How many scopes there are.
pub const SCOPES: usize = 5;
/// How many subjects each scope can have, by `Scope as usize`; a larger number is refused when it is set.
pub const SUBJECTS_MAX: [usize; SCOPES] = [1, 64, 256, 4096, 8];

impl Scope {
    /// All scopes, in the order in which they are checked.
    pub const ALL: [Self; SCOPES] = [Self::All, Self::Account, Self::Strategy, Self::Symbol, Self::Venue];

    /// The name in configurations and texts.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Account => "account",
            Self::Strategy => "strategy",
            Self::Symbol => "symbol",
            Self::Venue => "venue",
        }
    }

    /// The scope of a name, or an error that gives the value.
    pub fn from_name(name: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|scope| scope.name() == name);
        found.ok_or_else(|| CoreError::Unknown { what: "scope", was: name.to_owned() })
    }
}

/// Some of the scopes. Walking it is a loop and no five copies of its body: the hot path must fit the processor's
/// instruction cache, and what it saves there is worth more than the loop costs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Scopes(u8);

impl Scopes {
    /// The scopes for which `wanted` says so, in the order of `Scope::ALL`.
    #[inline]
    pub fn of(wanted: [bool; SCOPES]) -> Self {
        Self(wanted.into_iter().rev().fold(0, |bits, one| bits << 1 | u8::from(one)))
    }

    /// These, and `scope` where it is `wanted`.
    #[must_use]
    #[inline]
    pub const fn with(self, scope: Scope, wanted: bool) -> Self {
        Self(self.0 | (wanted as u8) << scope as u8)
    }

    /// Whether a scope is among them.
    #[must_use]
    #[inline]
    pub const fn has(self, scope: Scope) -> bool {
        self.0 >> scope as u8 & 1 == 1
    }

    /// Those that are in both.
    #[must_use]
    #[inline]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

impl Iterator for Scopes {
    type Item = Scope;
    #[inline]
    fn next(&mut self) -> Option<Scope> {
        let scope = Scope::ALL.get(self.0.trailing_zeros() as usize)?;
        self.0 &= self.0 - 1;
        Some(*scope)
    }
}

macro_rules! limit_kinds {
    ($($(#[$meta:meta])* $variant:ident = $value:literal, $name:literal;)*) => {
        /// What is limited, and the unit of `LimitSet::value`. `LimitSet::extra` is 0 unless said otherwise.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum LimitKind { $($(#[$meta])* $variant = $value),* }
        canon_enum!(LimitKind { $($variant),* });

        impl LimitKind {
            /// Every kind, in the order of its number.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The name in configurations.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }
        }
    };
}

limit_kinds! {
    /// `value` is an instrument's number that the account or the strategy may trade. Both must allow it.
    AllowSymbol = 1, "allow_symbol";
    /// `value` is an instrument's number that it may trade no longer.
    ForbidSymbol = 2, "forbid_symbol";
    /// Size of one order in lots. Mandatory.
    MaxOrderQty = 3, "max_order_qty";
    /// Value of one order in the settlement asset's smallest unit. Mandatory.
    MaxOrderNotional = 4, "max_order_notional";
    /// Position in lots if every open order of the same side and the new one fill. Mandatory.
    MaxPosition = 5, "max_position";
    /// Gross value of positions and open orders with the new one, settlement asset's smallest unit.
    MaxTotalNotional = 6, "max_total_notional";
    /// Count of open orders with the new one. Mandatory.
    MaxOpenOrders = 7, "max_open_orders";
    /// Gross value with the new order over equity, in hundredths (300 is three times).
    MaxLeverage = 8, "max_leverage";
    /// Distance of the price from the reference, to either side, in basis points. Mandatory.
    PriceCollar = 9, "price_collar";
    /// Orders at once (`value`, the burst) and per second (`extra`, the refill). Mandatory.
    OrderRate = 10, "order_rate";
    /// Loss of the last closing trade, settlement asset's smallest unit.
    MaxLossPerTrade = 11, "max_loss_per_trade";
    /// Loss since the day began, realised and unrealised, settlement asset's smallest unit. Mandatory.
    MaxDailyLoss = 12, "max_daily_loss";
    /// Equity below its peak, in basis points of the peak.
    MaxDrawdown = 13, "max_drawdown";
    /// How a self-trade is prevented: 0 refuses the new order, 1 also asks for the resting one's cancel.
    SelfTrade = 14, "self_trade";
}

/// One more than the largest kind's number: the length of a row of limits.
pub const KINDS: usize = LimitKind::ALL.len() + 1;

/// The kinds that at least one scope must set before any order passes, as bits.
pub const MANDATORY: u32 = LimitKind::MaxOrderQty.bit()
    | LimitKind::MaxOrderNotional.bit()
    | LimitKind::MaxPosition.bit()
    | LimitKind::MaxOpenOrders.bit()
    | LimitKind::PriceCollar.bit()
    | LimitKind::OrderRate.bit()
    | LimitKind::MaxDailyLoss.bit();

/// The kinds that compare a scope's `Exposure`; a scope without any of them needs none.
pub(super) const MEASURED: u32 = LimitKind::MaxPosition.bit()
    | LimitKind::MaxTotalNotional.bit()
    | LimitKind::MaxOpenOrders.bit()
    | LimitKind::MaxLeverage.bit()
    | LimitKind::MaxLossPerTrade.bit()
    | LimitKind::MaxDailyLoss.bit()
    | LimitKind::MaxDrawdown.bit();

/// The largest value of a limit: far above any real one, and small enough that no check's arithmetic overflows.
pub const VALUE_MAX: Amount = 1 << 96;
/// The largest burst and refill of an order rate.
pub const RATE_MAX: Amount = 1_000_000;

impl LimitKind {
    /// The kind's bit in a row's set.
    #[must_use]
    pub const fn bit(self) -> u32 {
        1 << self as u8
    }

    /// The kind of a name, or an error that gives the value.
    pub fn from_name(name: &str) -> Result<Self> {
        let found = Self::ALL.iter().copied().find(|kind| kind.name() == name);
        found.ok_or_else(|| CoreError::Unknown { what: "limit", was: name.to_owned() })
    }

    /// The smallest and largest value that makes sense.
    const fn range(self) -> (Amount, Amount) {
        match self {
            Self::AllowSymbol | Self::ForbidSymbol => (0, SUBJECTS_MAX[Scope::Symbol as usize] as Amount - 1),
            Self::MaxLeverage => (1, 100_000),
            Self::PriceCollar | Self::MaxDrawdown => (1, 10_000),
            Self::OrderRate => (1, RATE_MAX),
            Self::SelfTrade => (0, 1),
            _ => (0, VALUE_MAX),
        }
    }
}

/// What is stopped for a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Halt {
    /// Nothing.
    Off = 0,
    /// Every order.
    All = 1,
    /// Every order but one that only brings the account's position closer to zero.
    AllButReducing = 2,
}
canon_enum!(Halt { Off, All, AllButReducing });

state! {
    /// The limits and the halt of one subject of one scope.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Row {
        /// Which kinds are set, as bits.
        pub set: u32,
        /// Their values by `LimitKind as usize`; 0 where not set.
        pub values: [i128; KINDS],
        /// The order rate's bucket.
        pub bucket: Bucket,
        /// Instruments this subject may trade, one bit each.
        pub symbols: Vec<u64>,
        /// Whether it is halted, and how far.
        pub halted: Halt,
        /// The command's cause.
        pub cause: u32,
    }
}

impl Row {
    /// A row in which nothing is set.
    pub const EMPTY: Self =
        Self { set: 0, values: [0; KINDS], bucket: Bucket::EMPTY, symbols: Vec::new(), halted: Halt::Off, cause: 0 };

    /// The limit of a kind, where this row has it.
    #[must_use]
    #[inline]
    pub fn limit(&self, kind: LimitKind) -> Option<Amount> {
        if self.set & kind.bit() == 0 { None } else { self.values.get(kind as usize).copied() }
    }

    /// Whether the subject may trade an instrument.
    #[must_use]
    #[inline]
    pub fn allows(&self, instrument: u32) -> bool {
        self.symbols.get(instrument as usize / 64).is_some_and(|word| word >> (instrument % 64) & 1 == 1)
    }

    fn allow(&mut self, instrument: usize, allowed: bool) {
        let (word, bit) = (instrument / 64, 1u64 << (instrument % 64));
        if self.symbols.len() <= word {
            self.symbols.resize(word + 1, 0);
        }
        if allowed {
            self.symbols[word] |= bit;
        } else {
            self.symbols[word] &= !bit;
        }
    }
}

/// Every row, by scope and subject. Bounded by `SUBJECTS_MAX`; it grows only while limits are being set.
#[derive(Debug, Clone, Default)]
pub struct Limits {
    rows: [Vec<Row>; SCOPES],
    /// Derived from `rows`: whether one is halted. Every message asks, and there may be thousands of rows.
    halted: bool,
    /// Derived from `rows`: the scopes that have any.
    present: Scopes,
    /// Derived from `rows`: the seat of the last proposal and whose limits hold for it; no seat where that is not known.
    asked: (Seat, Whose),
}

impl PartialEq for Limits {
    fn eq(&self, other: &Self) -> bool {
        self.rows == other.rows
    }
}

impl Eq for Limits {}

/// The canonical form is the rows; what is derived follows from them.
impl Canon for Limits {
    fn put(&self, out: &mut Vec<u8>) {
        self.rows.put(out);
    }
    fn take(input: &mut &[u8]) -> Result<Self> {
        let mut this = Self { rows: Canon::take(input)?, ..Self::default() };
        this.derive();
        Ok(this)
    }
    fn leaves(&self) -> usize {
        self.rows.leaves()
    }
    fn nudge(&mut self, index: usize) {
        self.rows.nudge(index);
        self.derive();
    }
}

/// What a subject without a row has.
pub(super) static NOTHING: &Row = &Row::EMPTY;

impl Limits {
    /// The row of a subject; one in which nothing is set where there is none.
    #[must_use]
    #[inline]
    pub fn row(&self, scope: Scope, subject: u32) -> &Row {
        self.rows[scope as usize].get(subject as usize).unwrap_or(NOTHING)
    }

    /// Whether anything is halted.
    #[must_use]
    #[inline]
    pub const fn halted(&self) -> bool {
        self.halted
    }

    /// Halts a subject or lets it go on, with the command's cause.
    pub fn halt(&mut self, scope: Scope, subject: u32, halted: Halt, cause: u32) -> Result<()> {
        let row = self.row_mut(scope, subject)?;
        (row.halted, row.cause) = (halted, cause);
        self.derive();
        Ok(())
    }

    /// What follows from the rows.
    fn derive(&mut self) {
        self.halted = self.rows.iter().flatten().any(|row| row.halted != Halt::Off);
        self.present = Scopes::of([0, 1, 2, 3, 4].map(|at: usize| !self.rows[at].is_empty()));
        self.asked = Default::default();
    }

    /// Whose limits hold for a proposal.
    #[inline]
    pub(super) fn whose(&mut self, proposal: &Proposal, instrument: &Instrument) -> Whose {
        let seat = Seat::of(proposal, instrument);
        if self.asked.0 != seat {
            self.asked = (seat, Whose::of(self, proposal, instrument));
        }
        self.asked.1
    }

    /// The row of a subject, made where there is none.
    fn row_mut(&mut self, scope: Scope, subject: u32) -> Result<&mut Row> {
        let capacity = SUBJECTS_MAX[scope as usize];
        let at = subject as usize;
        if at >= capacity {
            return Err(CoreError::Full { what: "limits of the scope", capacity });
        }
        self.present = self.present.with(scope, true);
        self.asked = Default::default();
        let rows = &mut self.rows[scope as usize];
        if rows.len() <= at {
            rows.resize(at + 1, Row::EMPTY);
        }
        Ok(&mut rows[at])
    }

    /// The row of a subject that is already there.
    #[inline]
    pub fn existing(&mut self, scope: Scope, subject: u32) -> Option<&mut Row> {
        self.rows[scope as usize].get_mut(subject as usize)
    }

    /// The scopes that have any row.
    #[inline]
    pub(super) const fn present(&self) -> Scopes {
        self.present
    }

    /// Sets one limit. Nothing changes where the event names an impossible field or value.
    pub fn set(&mut self, limit: &LimitSet) -> Result<()> {
        let scope = Scope::from_byte(limit.scope)?;
        let kind = LimitKind::from_byte(limit.limit)?;
        let value = Amount::from(limit.value);
        validate(scope, kind, value, limit.extra)?;
        let row = self.row_mut(scope, subject_of(scope, limit.subject, limit.header.instrument))?;
        match kind {
            LimitKind::AllowSymbol | LimitKind::ForbidSymbol => {
                row.allow(value as usize, kind == LimitKind::AllowSymbol);
                return Ok(());
            }
            LimitKind::OrderRate => row.bucket = Bucket::full(value as u64, limit.extra as u64),
            _ => {}
        }
        row.set |= kind.bit();
        row.values[kind as usize] = value;
        Ok(())
    }
}

/// The row that an event's fields mean: the instrument for a symbol, 0 for everything.
#[must_use]
pub fn subject_of(scope: Scope, subject: u16, instrument: u32) -> u32 {
    match scope {
        Scope::All => 0,
        Scope::Symbol => instrument,
        Scope::Account | Scope::Strategy | Scope::Venue => u32::from(subject),
    }
}

fn validate(scope: Scope, kind: LimitKind, value: Amount, extra: i64) -> Result<()> {
    let bad = |field, was: String, why| Err(CoreError::Field { field, was, why });
    let (least, most) = kind.range();
    if value < least || value > most {
        return bad("limit.value", format!("{} {value}", kind.name()), "is outside the range of its kind");
    }
    if matches!(kind, LimitKind::AllowSymbol | LimitKind::ForbidSymbol)
        && !matches!(scope, Scope::Account | Scope::Strategy)
    {
        return bad("limit.scope", scope.name().to_owned(), "must be account or strategy where a symbol is allowed");
    }
    if kind == LimitKind::OrderRate {
        if !(1..=RATE_MAX).contains(&Amount::from(extra)) {
            return bad("limit.extra", extra.to_string(), "must be a refill of 1 to 1,000,000 orders per second");
        }
    } else if extra != 0 {
        return bad("limit.extra", extra.to_string(), "must be 0 except for an order rate");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::samples::limit;
    use super::*;

    #[test]
    fn a_limit_is_kept_where_it_was_set_and_nowhere_else() {
        let mut limits = Limits::default();
        limits.set(&limit(Scope::Account, 3, LimitKind::MaxOrderQty, 50, 0)).unwrap();
        assert_eq!(limits.row(Scope::Account, 3).limit(LimitKind::MaxOrderQty), Some(50));
        assert_eq!(limits.row(Scope::Account, 2).limit(LimitKind::MaxOrderQty), None);
        assert_eq!(limits.row(Scope::Account, 4).limit(LimitKind::MaxOrderQty), None);
        assert_eq!(limits.row(Scope::Account, 3).limit(LimitKind::MaxPosition), None);
        limits.set(&limit(Scope::Symbol, 9, LimitKind::MaxPosition, 7, 0)).unwrap();
        assert_eq!(limits.row(Scope::Symbol, 9).limit(LimitKind::MaxPosition), Some(7));
    }

    #[test]
    fn a_symbol_is_allowed_only_where_it_was_set() {
        let mut limits = Limits::default();
        limits.set(&limit(Scope::Account, 1, LimitKind::AllowSymbol, 70, 0)).unwrap();
        let allowed: Vec<u32> = (0..200).filter(|id| limits.row(Scope::Account, 1).allows(*id)).collect();
        assert_eq!(allowed, [70]);
        limits.set(&limit(Scope::Account, 1, LimitKind::ForbidSymbol, 70, 0)).unwrap();
        assert!(!limits.row(Scope::Account, 1).allows(70));
    }

    #[test]
    fn impossible_limits_are_refused_and_change_nothing() {
        let mut limits = Limits::default();
        for (scope, subject, kind, value, extra, text) in [
            (Scope::Account, 1, LimitKind::MaxOrderQty, -1, 0, "max_order_qty -1"),
            (Scope::Account, 64, LimitKind::MaxOrderQty, 1, 0, "bound of 64"),
            (Scope::All, 0, LimitKind::OrderRate, 10, 0, "was 0"),
            (Scope::All, 0, LimitKind::OrderRate, 0, 5, "order_rate 0"),
            (Scope::All, 0, LimitKind::MaxPosition, 5, 5, "was 5"),
            (Scope::Venue, 1, LimitKind::AllowSymbol, 5, 0, "was venue"),
            (Scope::All, 0, LimitKind::MaxLeverage, 0, 0, "max_leverage 0"),
            (Scope::All, 0, LimitKind::SelfTrade, 2, 0, "self_trade 2"),
        ] {
            let error = limits.set(&limit(scope, subject, kind, value, extra)).unwrap_err().to_string();
            assert!(error.contains(text), "{error}");
        }
        assert_eq!(limits, Limits::default());
        let mut unknown = limit(Scope::All, 0, LimitKind::MaxPosition, 5, 0);
        unknown.limit = 99;
        assert_eq!(limits.set(&unknown).unwrap_err().to_string(), "LimitKind is not a known value, was 99");
    }

    #[test]
    fn names_lead_back_to_their_kinds() {
        for kind in LimitKind::ALL {
            assert_eq!(LimitKind::from_name(kind.name()), Ok(*kind));
        }
        for scope in Scope::ALL {
            assert_eq!(Scope::from_name(scope.name()), Ok(scope));
        }
        assert!(LimitKind::from_name("max_luck").unwrap_err().to_string().ends_with("was max_luck"));
    }
}
