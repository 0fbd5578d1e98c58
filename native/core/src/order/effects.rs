//! What a record did to an order: a state change, at most one fill to book, alarms, a query that is due.
//!
//! catalogue: O1. All of it is `Copy` and of fixed size, so that returning it allocates nothing.

use super::state::State;
use crate::units::{Amount, Lots, Nanos, Side, Ticks};

/// What is wrong, or worth a person's look. None of these is silent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Alarm {
    /// A fill came after the order's end; it is booked.
    LateFill = 0,
    /// A fill would exceed the order's quantity; it is not booked.
    Overfill = 1,
    /// A fill or status contradicts what the venue said before; it is not booked.
    FillConflict = 2,
    /// A fill older than the memory of trade ids that nothing misses; it is not booked.
    StaleFill = 3,
    /// The venue has filled more than it has told us fills for.
    FillsMissing = 4,
    /// A refusal arrived for a request that is known to be taken, or whose fate is open.
    StaleReject = 5,
    /// An acceptance arrived for an order that was refused or proven absent.
    LateAnswer = 6,
    /// The venue shows life in an order that was refused or proven absent.
    Resurrected = 7,
    /// A report on an order that is not ours (manual order, liquidation, ADL).
    Foreign = 8,
    /// A report or answer on an order of ours that the table no longer keeps.
    UnknownOrder = 9,
    /// A cancel or replace got no answer.
    RequestLost = 10,
    /// A cancel or replace was refused.
    RequestRefused = 11,
    /// A cancel came too late: the order is over at the venue.
    TooLate = 12,
    /// A query did not find an order that the venue has confirmed.
    NotFoundKnown = 13,
    /// Two venue orders carry the same id of ours.
    DuplicateId = 14,
}

impl Alarm {
    const ALL: [Self; 15] = [
        Self::LateFill,
        Self::Overfill,
        Self::FillConflict,
        Self::StaleFill,
        Self::FillsMissing,
        Self::StaleReject,
        Self::LateAnswer,
        Self::Resurrected,
        Self::Foreign,
        Self::UnknownOrder,
        Self::RequestLost,
        Self::RequestRefused,
        Self::TooLate,
        Self::NotFoundKnown,
        Self::DuplicateId,
    ];
}

/// A set of alarms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Alarms(u32);

impl Alarms {
    /// Adds one.
    pub fn raise(&mut self, alarm: Alarm) {
        self.0 |= 1 << alarm as u8;
    }

    /// Whether it is in.
    #[must_use]
    pub const fn has(self, alarm: Alarm) -> bool {
        self.0 & (1 << alarm as u8) != 0
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether an always-on invariant is in doubt (executions per intent, fills within quantity): the engine halts.
    #[must_use]
    pub const fn severe(self) -> bool {
        self.has(Alarm::Overfill) || self.has(Alarm::Resurrected) || self.has(Alarm::DuplicateId)
    }

    /// The alarms, in the order of their numbers.
    pub fn iter(self) -> impl Iterator<Item = Alarm> {
        Alarm::ALL.into_iter().filter(move |alarm| self.has(*alarm))
    }
}

/// A fill to be booked, exactly once, in position and ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fill {
    /// The account.
    pub account: u16,
    /// The strategy, or 0 where the order is not ours.
    pub strategy: u16,
    /// The instrument.
    pub instrument: u32,
    /// Our order id, or 0.
    pub order: u64,
    /// The venue's order id.
    pub venue_order: u64,
    /// The trade's id.
    pub trade: u64,
    /// Which side we were on.
    pub side: Side,
    /// Whether we were the maker.
    pub maker: bool,
    /// Price.
    pub price: Ticks,
    /// Size, above zero.
    pub qty: Lots,
    /// The fee's asset, or 0.
    pub fee_asset: u16,
    /// The fee in its asset's smallest unit; negative is a rebate.
    pub fee: Amount,
    /// The realised profit as the venue states it, or `ledger::UNSTATED`.
    pub realised: Amount,
    /// The venue's time, or receipt where it has none.
    pub ts: Nanos,
}

/// What to ask the venue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Doubt {
    /// Nothing.
    None = 0,
    /// The order's status.
    Status = 1,
    /// The order's trades: some fills never reached us.
    Trades = 2,
}
crate::canon_enum!(Doubt { None, Status, Trades });

/// A query that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Query {
    /// Our order id.
    pub order: u64,
    /// The venue's order id, or 0 where it never told us.
    pub venue_order: u64,
    /// The account.
    pub account: u16,
    /// The instrument.
    pub instrument: u32,
    /// What to ask.
    pub what: Doubt,
    /// Whether this very call turned the order from SENT into UNKNOWN (its expiry passed without an answer).
    pub lost: bool,
}

/// A state change of one order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// Our order id.
    pub order: u64,
    /// The state before.
    pub before: State,
    /// The state after.
    pub after: State,
}

/// Everything a record did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effects {
    /// The order it was about, with `before == after` where its state stayed; None where the table does not know it.
    pub change: Option<Change>,
    /// The target of a spot replace, where the same record moved it too.
    pub target: Option<Change>,
    /// A fill to book.
    pub fill: Option<Fill>,
    /// What is wrong.
    pub alarms: Alarms,
}

impl Effects {
    /// Nothing happened, and no order of ours was concerned.
    #[must_use]
    pub fn none() -> Self {
        Self { change: None, target: None, fill: None, alarms: Alarms::default() }
    }

    /// Nothing has happened yet to `order` in `state`.
    #[must_use]
    pub fn on(order: u64, state: State) -> Self {
        Self { change: Some(Change { order, before: state, after: state }), ..Self::none() }
    }

    /// Whether an order was concerned and there is nothing to tell of it: no change, no fill, no alarm.
    #[must_use]
    #[inline]
    pub fn is_quiet(&self) -> bool {
        self.change.is_some_and(|change| change.before == change.after)
            && self.target.is_none()
            && self.fill.is_none()
            && self.alarms.is_empty()
    }

    /// Whether the order changed its state.
    #[must_use]
    pub fn changed(&self) -> bool {
        self.change.is_some_and(|change| change.before != change.after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alarms_are_a_set_in_a_fixed_order() {
        let mut alarms = Alarms::default();
        assert!(alarms.is_empty());
        alarms.raise(Alarm::DuplicateId);
        alarms.raise(Alarm::LateFill);
        alarms.raise(Alarm::LateFill);
        assert_eq!(alarms.iter().collect::<Vec<_>>(), [Alarm::LateFill, Alarm::DuplicateId]);
        assert!(alarms.severe() && !alarms.has(Alarm::Foreign));
    }
}
