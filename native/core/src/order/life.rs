//! One order: what is known of it, and how each record of the stream moves it.
//!
//! catalogue: O1. Everything here is a function of the order and the record. Which fills are new is decided by
//! `trades` before; what an unanswered question means is decided by `unknown`.

use super::effects::{Alarm, Doubt, Effects, Fill};
use super::state::{Input, Pending, State, next};
use super::unknown::{Asked, Proof};
use crate::error::{CoreError, Result};
use crate::event::{Action, Exec, Header, OrderType, Proposal, Report, TimeInForce, VenueStatus, flags};
use crate::state;
use crate::units::{Amount, Lots, NO_PRICE, NO_QTY, NO_TIME, Nanos, Side, Ticks};

state! {
    /// An amend that is on its way (USD-M, COIN-M); `qty` 0 where there is none.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Amend {
        /// The price it asks for.
        pub price: Ticks,
        /// The whole quantity it asks for, what is filled included.
        pub qty: Lots,
        /// The open rest it was approved for.
        pub rest: Lots,
        /// The notional the gate approved for `rest`.
        pub notional: Amount,
        /// Venue time after which the venue must refuse it.
        pub expires: Nanos,
    }
}

/// No amend is on its way.
pub const NO_AMEND: Amend = Amend { price: 0, qty: 0, rest: 0, notional: 0, expires: NO_TIME };

state! {
    /// One order.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Order {
        /// Our id; the client id at the venue is made from it.
        pub id: u64,
        /// The account.
        pub account: u16,
        /// The strategy.
        pub strategy: u16,
        /// The instrument.
        pub instrument: u32,
        /// The side.
        pub side: Side,
        /// The type.
        pub order_type: OrderType,
        /// How long it lives.
        pub tif: TimeInForce,
        /// Whether it may only reduce the position.
        pub reduce_only: bool,
        /// Limit price, or `NO_PRICE`.
        pub price: Ticks,
        /// The whole quantity.
        pub qty: Lots,
        /// The notional the gate approved for `notional_lots`, settlement asset's smallest unit.
        pub notional: Amount,
        /// The lots that `notional` stands for.
        pub notional_lots: Lots,
        /// What has been booked.
        pub filled: Lots,
        /// What the venue says is filled; never less than `filled`.
        pub venue_cum: Lots,
        /// Up to here every lot is booked, so a fill that ends at or below it is a duplicate.
        pub prefix: Lots,
        /// Whether a fill was booked that came without the venue's count.
        pub uncounted: bool,
        /// The venue's id, or 0.
        pub venue_order: u64,
        /// The state.
        pub state: State,
        /// What is under way on top of it.
        pub pending: Pending,
        /// What has to be asked.
        pub doubt: Doubt,
        /// Rejected because it was proven absent.
        pub absent: bool,
        /// The strategy's own number.
        pub tag: u64,
        /// The sequence number of the proposal.
        pub seq: u64,
        /// When it was approved.
        pub created: Nanos,
        /// When a record last moved it.
        pub updated: Nanos,
        /// When its request left, or `NO_TIME`.
        pub sent_at: Nanos,
        /// Venue time after which the venue must refuse the request, or `NO_TIME` before it left.
        pub expires: Nanos,
        /// The order that this one replaces (spot), or 0.
        pub replaces: u64,
        /// An amend on its way.
        pub amend: Amend,
        /// Venue time of the newest word that the price and size in force are the order's, or `NO_TIME`.
        pub amended_at: Nanos,
        /// The questions asked about it.
        pub asked: Asked,
    }
}

/// A proposal's words, read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Words {
    side: Side,
    order_type: OrderType,
    tif: TimeInForce,
}

impl Order {
    /// Refuses a proposal that no order can be made of.
    #[inline]
    pub(super) fn check(proposal: &Proposal) -> Result<Words> {
        if proposal.order == 0 {
            return Err(CoreError::Field { field: "proposal.order", was: "0".into(), why: "must not be zero" });
        }
        if proposal.qty <= 0 || proposal.qty == NO_QTY {
            let was = proposal.qty.to_string();
            return Err(CoreError::Field { field: "proposal.qty", was, why: "must be above zero" });
        }
        Ok(Words {
            side: Side::from_raw(proposal.side)?,
            order_type: OrderType::from_byte(proposal.order_type)?,
            tif: TimeInForce::from_byte(proposal.tif)?,
        })
    }

    /// The order that an approved place or spot replace makes. `notional` is what the gate reserved for it. It cannot
    /// fail, so that the order is written where it will stay and not copied there.
    #[inline(always)]
    pub(super) fn new(proposal: &Proposal, words: Words, notional: Amount, seq: u64, now: Nanos) -> Self {
        Self {
            id: proposal.order,
            account: proposal.account,
            strategy: proposal.strategy,
            instrument: proposal.header.instrument,
            side: words.side,
            order_type: words.order_type,
            tif: words.tif,
            reduce_only: proposal.header.has(flags::REDUCE_ONLY),
            price: proposal.price,
            qty: proposal.qty,
            notional,
            notional_lots: proposal.qty,
            filled: 0,
            venue_cum: 0,
            prefix: 0,
            uncounted: false,
            venue_order: 0,
            state: State::Intent,
            pending: Pending::None,
            doubt: Doubt::None,
            absent: false,
            tag: proposal.tag,
            seq,
            created: now,
            updated: now,
            sent_at: NO_TIME,
            expires: NO_TIME,
            replaces: if proposal.action == Action::Replace as u8 { proposal.target } else { 0 },
            amend: NO_AMEND,
            amended_at: NO_TIME,
            asked: Asked::default(),
        }
    }

    /// The proposal that cancels it, caused by the event of this header.
    #[must_use]
    pub fn cancel(&self, cause: &Header) -> Proposal {
        Proposal {
            header: Header::of::<Proposal>(self.instrument, 0, cause.ts_receive, cause.ts_mono),
            account: self.account,
            strategy: self.strategy,
            action: Action::Cancel as u8,
            side: self.side as u8,
            order_type: OrderType::Limit as u8,
            tif: TimeInForce::Gtc as u8,
            order: 0,
            target: self.id,
            price: NO_PRICE,
            qty: NO_QTY,
            tag: self.tag,
        }
    }

    /// What may still fill, an amend's larger size included; after the end, fills that never reached us.
    #[must_use]
    pub fn open_lots(&self) -> Lots {
        let whole = if self.state.terminal() { self.venue_cum } else { self.qty.max(self.amend.qty) };
        whole.saturating_sub(self.filled).max(0)
    }

    /// The notional of `open_lots`, rounded up; the larger of the order's and its amend's.
    #[must_use]
    pub fn open_notional(&self) -> Amount {
        // Nearly every order is asked while nothing or all of it is filled; only the rest needs a division.
        let lots = match self.open_lots() {
            0 => return if self.state.terminal() { 0 } else { self.amend.notional.max(0) },
            all if all == self.notional_lots && !self.state.terminal() => {
                return self.notional.max(self.amend.notional);
            }
            some => Amount::from(some),
        };
        let per = Amount::from(self.notional_lots.max(1));
        let now = self.notional.checked_mul(lots).map_or(self.notional, |raw| -(-raw).div_euclid(per));
        if self.state.terminal() { now } else { now.max(self.amend.notional) }
    }

    /// The best price at which it may rest: the amend's where that is more aggressive; `NO_PRICE` for a market order.
    #[must_use]
    pub fn best_price(&self) -> Ticks {
        if self.amend.qty == 0 || self.price == NO_PRICE {
            return self.price;
        }
        match self.side {
            Side::Buy => self.price.max(self.amend.price),
            Side::Sell => self.price.min(self.amend.price),
        }
    }

    /// Whether it is live with a price of its own.
    #[must_use]
    pub fn rests(&self) -> bool {
        !self.state.terminal() && self.price != NO_PRICE
    }

    /// Whether it is over and nothing about it is open: only then does it leave the open orders.
    #[must_use]
    pub fn settled(&self) -> bool {
        self.state.terminal() && self.doubt == Doubt::None
    }

    /// Moves the order by the table and notes the cell's alarm.
    pub(super) fn step(&mut self, input: Input, effects: &mut Effects) {
        let (after, alarm) = next(self.state, input);
        if let Some(alarm) = alarm {
            effects.alarms.raise(alarm);
        }
        if self.state == State::Unknown && after != State::Unknown {
            self.asked = Asked::default();
            self.doubt = Doubt::None;
        }
        self.state = after;
        if after.terminal() {
            self.pending = Pending::None;
            self.amend = NO_AMEND;
        }
        if let Some(change) = &mut effects.change {
            change.after = after;
        }
    }

    /// Asks for the order's status from `at` on, unless something is asked for already.
    pub(super) fn doubt(&mut self, what: Doubt, at: Nanos) {
        if self.doubt == Doubt::None {
            self.doubt = what;
            self.asked.after = at;
        }
    }

    /// Applies the status that a report states. `booked` is the fill of this report that `trades` let through.
    /// Nothing changes where the report's bytes are not known values.
    pub(super) fn report(
        &mut self,
        report: &Report,
        booked: Option<&Fill>,
        proof: &Proof,
        effects: &mut Effects,
    ) -> Result<()> {
        let (exec, status) = (Exec::from_byte(report.exec)?, VenueStatus::from_byte(report.status)?);
        if self.venue_order == 0 {
            self.venue_order = report.venue_order;
        }
        if exec == Exec::Amended || (exec == Exec::Status && self.amend.qty != 0) {
            self.amended(report, exec, proof);
        }
        // The word may be older than what is in force, or not be about it: then it says nothing of how new that is.
        if matches!(exec, Exec::Amended | Exec::Status) && (report.price, report.qty) == (self.price, self.qty) {
            self.amended_at = self.amended_at.max(report.header.ts_venue);
        }
        self.take_cum(stated_cum(report), effects);
        if let Some(fill) = booked {
            self.book(fill, report);
            let full = self.venue_cum >= self.qty || status == VenueStatus::Filled;
            self.step(if full { Input::FillFull } else { Input::FillPart }, effects);
        }
        self.step(self.input_of(exec, status), effects);
        if status == VenueStatus::PendingCancel && !self.state.terminal() {
            self.pending = Pending::Cancel;
        }
        self.settle_doubt(exec, report, proof, effects);
        Ok(())
    }

    /// Believes the venue's count, except where it exceeds the order: that is an alarm, never a larger order.
    fn take_cum(&mut self, cum: Lots, effects: &mut Effects) {
        if cum > self.qty.max(self.amend.qty) {
            effects.alarms.raise(Alarm::Overfill);
        } else {
            self.venue_cum = self.venue_cum.max(cum);
        }
    }

    fn book(&mut self, fill: &Fill, report: &Report) {
        let cum = stated_cum(report);
        if cum == 0 {
            self.uncounted = true;
        } else if cum - fill.qty <= self.prefix {
            self.prefix = self.prefix.max(cum);
        }
        self.filled += fill.qty;
        self.venue_cum = self.venue_cum.max(self.filled);
        // Counted fills do not overlap, so where they add up to the venue's count they cover it.
        if !self.uncounted && self.filled == self.venue_cum {
            self.prefix = self.filled;
        }
    }

    fn input_of(&self, exec: Exec, status: VenueStatus) -> Input {
        match (exec, status) {
            (Exec::Canceled, _) | (_, VenueStatus::Canceled) => Input::Cancel,
            (Exec::Expired, _) | (_, VenueStatus::Expired) => Input::Expire,
            (Exec::Rejected, _) | (_, VenueStatus::Rejected) => Input::Reject,
            (_, VenueStatus::Filled) => Input::Full,
            _ if self.venue_cum > 0 => Input::Part,
            _ => Input::New,
        }
    }

    /// Takes over the venue's price and size. Only a report that shows the amend ends it: an amendment may be that of
    /// the one before, whose answer came first, and a queried status proves nothing until the amend's own expiry is
    /// past (see `unknown`). Until then the larger reservation stays.
    fn amended(&mut self, report: &Report, exec: Exec, proof: &Proof) {
        if self.amend.qty != 0 && report.qty == self.amend.qty && report.price == self.amend.price {
            self.apply_amend();
        } else if exec == Exec::Amended && report.qty > 0 && report.qty != NO_QTY {
            // One that was delayed until after the next amendment would take that one back.
            if report.header.ts_venue >= self.amended_at || report.header.ts_venue == NO_TIME {
                (self.price, self.qty) = (report.price, report.qty);
            }
        } else if self.amend_is_dead(proof) {
            self.end_amend();
        }
    }

    /// The amend is in force: its price, size and notional are the order's.
    pub(super) fn apply_amend(&mut self) {
        if self.amend.qty != 0 {
            self.take_amend_notional();
            (self.price, self.qty) = (self.amend.price, self.amend.qty);
        }
        self.end_amend();
    }

    /// The amend is over, whether in force or refused.
    pub(super) fn end_amend(&mut self) {
        self.amend = NO_AMEND;
        if self.pending == Pending::Replace {
            self.pending = Pending::None;
        }
    }

    fn take_amend_notional(&mut self) {
        (self.notional, self.notional_lots) = (self.amend.notional, self.amend.rest);
    }

    /// Nothing has to be asked any more.
    fn resolve(&mut self) {
        self.doubt = Doubt::None;
        self.asked = Asked::default();
        if self.pending == Pending::Question {
            self.pending = Pending::None;
        }
    }

    /// The venue refused a cancel or a replace. Where that says nothing of the order (its clock, its limits, its
    /// servers) or says that the order is over, the order is asked about, and until then nothing new is wished for:
    /// a strategy would only wish the same again with every message.
    pub(super) fn question(&mut self, now: Nanos) {
        self.pending = Pending::Question;
        self.doubt(Doubt::Status, now);
    }

    /// A status that answers a question ends the doubt; a count beyond what is booked begins another.
    fn settle_doubt(&mut self, exec: Exec, report: &Report, proof: &Proof, effects: &mut Effects) {
        let answered = exec == Exec::Status && report.header.has(flags::QUERIED) && self.amend.qty == 0;
        if self.doubt == Doubt::Status && (answered || self.state.terminal()) {
            self.resolve();
        }
        if self.venue_cum == self.filled {
            if self.doubt == Doubt::Trades {
                self.resolve();
            }
        } else if self.doubt != Doubt::Trades {
            self.doubt = Doubt::Trades;
            self.asked.after = report.header.ts_receive.saturating_add(proof.query_every_ns);
            effects.alarms.raise(Alarm::FillsMissing);
        }
    }
}

/// What a report says is filled, or 0 where it does not say.
#[must_use]
pub fn stated_cum(report: &Report) -> Lots {
    if report.cum_qty == NO_QTY { 0 } else { report.cum_qty.max(0) }
}
