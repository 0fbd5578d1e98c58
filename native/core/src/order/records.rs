//! What the records of the stream do to the order table: sent, answered, reported, link, time, restart.
//!
//! catalogue: O1 (faults 1-14, 18, 20-23). Every function copies the order out, lets it change, and stores it back,
//! so an error on the way leaves the table as it was.

use super::effects::{Alarm, Change, Doubt, Effects, Fill};
use super::index::Place;
use super::life::Order;
use super::state::{Input, Pending, State};
use super::table::OrderTable;
use super::trades::{Verdict, fill_qty};
use super::unknown::{DueQueries, Proof};
use crate::error::{CoreError, Result};
use crate::event::{Answer, Exec, Link, Outcome, Report, Request, Sent, VenueStatus, flags};
use crate::units::{Amount, NO_PRICE, NO_TIME, Nanos, Side};

/// The role byte of a `Link` that carries user data.
const ROLE_USER: u8 = 2;
/// The role byte of a `Link` that carries orders.
const ROLE_ORDERS: u8 = 3;
/// The codes with which Binance refuses a request for reasons of its own (error codes, "10xx: general server or network
/// issues"): they say nothing of the order.
const REFUSED_UNREAD: std::ops::RangeInclusive<i32> = -1099..=-1000;

impl OrderTable {
    /// The bytes of a request left.
    pub fn sent(&mut self, sent: &Sent) -> Result<Effects> {
        let request = Request::from_byte(sent.request)?;
        let Some((place, mut order, mut effects)) = self.begin(sent.order) else { return Ok(stranger()) };
        let now = sent.header.ts_receive;
        match request {
            Request::Replace if order.amend.qty != 0 => order.amend.expires = sent.expires,
            Request::Place | Request::Replace => {
                order.sent_at = now;
                order.expires = order.expires.max(sent.expires);
                order.step(Input::Sent, &mut effects);
            }
            Request::Cancel => {}
            Request::Query => order.asked_at(now),
        }
        order.updated = now;
        self.store(place, order);
        Ok(effects)
    }

    /// A request got an answer, or none.
    pub fn answer(&mut self, answer: &Answer) -> Result<Effects> {
        let (request, outcome) = (Request::from_byte(answer.request)?, Outcome::from_byte(answer.outcome)?);
        let Some((place, mut order, mut effects)) = self.begin(answer.order) else { return Ok(stranger()) };
        let now = answer.header.ts_receive;
        if order.venue_order == 0 && request != Request::Cancel {
            order.venue_order = answer.venue_order;
        }
        match request {
            Request::Place => self.placed(&mut order, outcome, now, &mut effects),
            Request::Replace if order.replaces != 0 => {
                self.placed(&mut order, outcome, now, &mut effects);
                self.replaced_target(order.replaces, outcome, now, &mut effects);
            }
            Request::Replace => amended(&mut order, answer, outcome, &self.kept.proof, &mut effects),
            Request::Cancel => canceled(&mut order, answer, outcome, &self.kept.proof, &mut effects),
            Request::Query => match outcome {
                Outcome::Accepted => order.found(),
                Outcome::NotFound => order.not_found(answer.ts_query, &self.kept.proof, &mut effects),
                // An error is not a not-found: nothing is concluded and the question stays open.
                Outcome::Rejected | Outcome::Unknown | Outcome::TooLate => {}
            },
        }
        order.updated = now;
        self.restore_order(place, order);
        Ok(effects)
    }

    fn placed(&self, order: &mut Order, outcome: Outcome, now: Nanos, effects: &mut Effects) {
        match outcome {
            Outcome::Accepted => order.step(Input::Accept, effects),
            Outcome::Rejected => order.step(Input::Refuse, effects),
            // A place cannot be "not found" or "too late": such an answer says nothing about it.
            Outcome::Unknown | Outcome::NotFound | Outcome::TooLate => order.lose(now, &self.kept.proof, effects),
        }
        if effects.alarms.has(Alarm::LateAnswer) {
            order.doubt(Doubt::Status, now);
        }
    }

    /// The target's half of a spot cancelReplace that was answered in one piece.
    fn replaced_target(&mut self, target: u64, outcome: Outcome, now: Nanos, effects: &mut Effects) {
        let Some((place, mut order, mut own)) = self.begin(target) else { return };
        match outcome {
            Outcome::Accepted => order.step(Input::Cancel, &mut own),
            // Refused as a whole still leaves open whether the cancel half went through (-2021).
            Outcome::Rejected if !order.state.terminal() => order.question(now),
            Outcome::Rejected => {}
            Outcome::Unknown | Outcome::NotFound | Outcome::TooLate => {
                order.request_lost(now, &self.kept.proof, &mut own)
            }
        }
        effects.target = own.change;
        own.alarms.iter().for_each(|alarm| effects.alarms.raise(alarm));
        order.updated = now;
        self.store(place, order);
    }

    /// The venue reports on an order. A fill that is new comes back in the effects, whoever's order it was.
    pub fn report(&mut self, report: &Report) -> Result<Effects> {
        Exec::from_byte(report.exec)?;
        VenueStatus::from_byte(report.status)?;
        if fill_qty(report) > 0 {
            bookable(report)?;
            self.kept.trades.ensure(report.account, report.header.instrument)?;
        }
        let own = self
            .begin(report.order)
            .filter(|(_, order, _)| order.account == report.account && order.instrument == report.header.instrument);
        let Some((place, mut order, mut effects)) = own else { return Ok(self.strange(report, None)) };
        if order.venue_order != 0 && report.venue_order != 0 && order.venue_order != report.venue_order {
            return Ok(self.strange(report, Some(&order)));
        }
        effects.fill = self.new_fill(report, Some(&order), &mut effects);
        let fill = effects.fill;
        order.report(report, fill.as_ref(), &self.kept.proof, &mut effects)?;
        order.updated = report.header.ts_receive;
        if fill.is_some() {
            self.kept.trades.remember(report);
        }
        self.store(place, order);
        Ok(effects)
    }

    /// A report on an order that the table does not keep, or on a second venue order under an id of ours: its fill is
    /// money all the same, so it is booked, and the alarm says why no order moved.
    fn strange(&mut self, report: &Report, namesake: Option<&Order>) -> Effects {
        let mut effects = Effects::none();
        let foreign = report.order == 0 || report.header.has(flags::FOREIGN);
        effects.alarms.raise(match namesake {
            Some(_) => Alarm::DuplicateId,
            None if foreign => Alarm::Foreign,
            None => Alarm::UnknownOrder,
        });
        effects.fill = self.new_fill(report, None, &mut effects);
        if let (Some(fill), Some(order)) = (&mut effects.fill, namesake) {
            fill.strategy = order.strategy;
        }
        if effects.fill.is_some() {
            self.kept.trades.remember(report);
        }
        effects
    }

    fn new_fill(&self, report: &Report, order: Option<&Order>, effects: &mut Effects) -> Option<Fill> {
        let qty = fill_qty(report);
        if qty == 0 {
            return None;
        }
        match self.kept.trades.judge(report, order) {
            Verdict::New => Some(fill_of(report, order, qty)),
            Verdict::Duplicate => None,
            Verdict::Refused(alarm) => {
                effects.alarms.raise(alarm);
                None
            }
        }
    }

    /// A connection went up or down. Orders down: what was on the wire is lost. User data up: what rests is asked
    /// about, because reports may have been missed. Returns the orders concerned.
    pub fn link(&mut self, link: &Link) -> Vec<Change> {
        let (now, account) = (link.header.ts_receive, link.account);
        match (link.role, link.up != 0) {
            (ROLE_ORDERS, false) => self.each_open(account, |order, proof, effects| {
                if order.state == State::Sent {
                    order.lose(now, proof, effects);
                } else if matches!(order.pending, Pending::Cancel | Pending::Replace) {
                    order.request_lost(now, proof, effects);
                }
            }),
            (ROLE_USER, true) => self.each_open(account, |order, _, _| {
                if !matches!(order.state, State::Intent | State::Sent) {
                    order.doubt(Doubt::Status, now);
                }
            }),
            _ => Vec::new(),
        }
    }

    /// The engine starts again: INTENT and SENT become UNKNOWN, whatever rests is asked about.
    /// Returns the orders concerned.
    pub fn after_restart(&mut self, now: Nanos) -> Vec<Change> {
        self.each_open(0, |order, proof, effects| order.restart(now, proof, effects))
    }

    /// Asks for an order's status at the next call of `due_queries`; false where the table does not know the order.
    pub fn ask(&mut self, order: u64, now: Nanos) -> bool {
        let Some((place, mut order, _)) = self.begin(order) else { return false };
        order.doubt(Doubt::Status, now);
        order.asked.after = order.asked.after.min(now);
        self.store(place, order);
        true
    }

    /// What has to be asked at `now` (on a timer event), marked as asked; further ones come with the next call.
    /// Orders in SENT whose expiry has passed become UNKNOWN.
    pub fn due_queries(&mut self, now: Nanos) -> DueQueries {
        let mut due = DueQueries::none();
        if now < self.kept.wake {
            return due;
        }
        let mut wake = Nanos::MAX;
        for at in 0..self.kept.open.len() {
            let Some(mut order) = self.kept.open.get(at).copied() else { break };
            if due.is_full() {
                wake = now;
                break;
            }
            let before = order;
            if let Some(query) = order.due(now, &self.kept.proof) {
                due.push(query);
            }
            wake = wake.min(order.wake(&self.kept.proof));
            if order != before {
                self.store(Place::Open(at as u32), order);
            }
        }
        self.kept.wake = wake;
        due
    }

    /// Lets `act` change every open order of an account (0: all) and returns those it changed, whether or not their state
    /// did. It allocates where there are any: connections are not lost on the hot path.
    fn each_open(&mut self, account: u16, act: impl Fn(&mut Order, &Proof, &mut Effects)) -> Vec<Change> {
        let (mut changes, proof) = (Vec::new(), self.kept.proof);
        for at in 0..self.kept.open.len() {
            let Some(mut order) = self.kept.open.get(at).copied() else { break };
            if account != 0 && order.account != account {
                continue;
            }
            let (before, mut effects) = (order, Effects::on(order.id, order.state));
            act(&mut order, &proof, &mut effects);
            if order != before {
                changes.extend(effects.change);
                self.store(Place::Open(at as u32), order);
            }
        }
        changes
    }

    fn begin(&self, id: u64) -> Option<(Place, Order, Effects)> {
        self.locate(id).map(|(place, order)| (place, order, Effects::on(order.id, order.state)))
    }

    /// Stores an order whose place may have moved while another order was stored.
    fn restore_order(&mut self, place: Place, order: Order) {
        let place = self.locate(order.id).map_or(place, |(place, _)| place);
        self.store(place, order);
    }
}

/// An amend in place was answered.
fn amended(order: &mut Order, answer: &Answer, outcome: Outcome, proof: &Proof, effects: &mut Effects) {
    let (code, now) = (answer.code, answer.header.ts_receive);
    match outcome {
        Outcome::Accepted => order.apply_amend(),
        Outcome::Rejected => {
            order.end_amend();
            refused(order, code, now, effects);
        }
        Outcome::TooLate | Outcome::NotFound => too_late(order, now, effects),
        Outcome::Unknown => order.request_lost(now, proof, effects),
    }
}

/// A cancel was answered.
fn canceled(order: &mut Order, answer: &Answer, outcome: Outcome, proof: &Proof, effects: &mut Effects) {
    let (code, now) = (answer.code, answer.header.ts_receive);
    match outcome {
        Outcome::Accepted => order.step(Input::Cancel, effects),
        Outcome::Rejected => {
            if !order.state.terminal() {
                order.pending = Pending::None;
                refused(order, code, now, effects);
            }
        }
        Outcome::TooLate | Outcome::NotFound => too_late(order, now, effects),
        Outcome::Unknown => order.request_lost(now, proof, effects),
    }
}

/// The venue says that the order is over; how it ended comes by report, or else by the query that is now due.
fn too_late(order: &mut Order, now: Nanos, effects: &mut Effects) {
    if !order.state.terminal() {
        order.end_amend();
        effects.alarms.raise(Alarm::TooLate);
        order.question(now);
    }
}

/// A cancel or an amend of a live order was refused.
fn refused(order: &mut Order, code: i32, now: Nanos, effects: &mut Effects) {
    effects.alarms.raise(Alarm::RequestRefused);
    if REFUSED_UNREAD.contains(&code) && !order.state.terminal() {
        order.question(now);
    }
}

/// A fill that position and ledger would refuse is refused here, before any order moves.
fn bookable(report: &Report) -> Result<()> {
    let price = report.last_price;
    if price <= 0 || price == NO_PRICE {
        return Err(CoreError::Field { field: "report.last_price", was: price.to_string(), why: "must be above zero" });
    }
    if report.fee_asset == 0 && Amount::from(report.fee) != 0 {
        let was = Amount::from(report.fee).to_string();
        return Err(CoreError::Field { field: "report.fee", was, why: "has no asset" });
    }
    Ok(())
}

fn stranger() -> Effects {
    let mut effects = Effects::none();
    effects.alarms.raise(Alarm::UnknownOrder);
    effects
}

fn fill_of(report: &Report, order: Option<&Order>, qty: i64) -> Fill {
    let header = &report.header;
    let stated = if header.has(flags::SELL) { Side::Sell } else { Side::Buy };
    Fill {
        account: report.account,
        strategy: order.map_or(report.strategy, |order| order.strategy),
        instrument: header.instrument,
        order: report.order,
        venue_order: report.venue_order,
        trade: report.trade,
        side: order.map_or(stated, |order| order.side),
        maker: header.has(flags::MAKER),
        price: report.last_price,
        qty,
        fee_asset: report.fee_asset,
        fee: report.fee.into(),
        realised: report.realised.into(),
        ts: if header.ts_venue == NO_TIME { header.ts_receive } else { header.ts_venue },
    }
}
