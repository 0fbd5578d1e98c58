//! Random histories against a simple model: a venue that fills orders, and channels that lose, repeat and reorder.
//!
//! The always-on invariants of safety.md: executions per intent <= 1 (no trade is booked twice), fills <= quantity,
//! and every delivered trade is booked; and the sums of what is open equal what a walk over the orders finds.

use super::rig::{Rig, S, answer, proposal, report, sent};
use crate::canon::Canon;
use crate::event::*;
use crate::order::*;
use crate::units::{Lots, NO_PRICE, NO_QTY, NO_TIME, Side};
use proptest::prelude::*;
use std::collections::BTreeMap;

const ORDERS: u64 = 6;
const QTY: Lots = 10;

#[derive(Debug, Clone)]
enum Step {
    Place(u64),
    Cancel(u64),
    Amend(u64, i64),
    Replace(u64, u64),
    Sent(u64, Request),
    Answer(u64, Request, Outcome),
    VenueFills(u64, Lots),
    Delivers(prop::sample::Index, bool),
    Reports(u64, Exec, VenueStatus),
    Time(i64),
    Restart,
    Link(u8, u8),
    Snapshot,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let id = || 1..=ORDERS;
    let request = || prop::sample::select(vec![Request::Place, Request::Cancel, Request::Replace, Request::Query]);
    let outcomes = vec![Outcome::Accepted, Outcome::Rejected, Outcome::Unknown, Outcome::NotFound, Outcome::TooLate];
    let reports = vec![
        (Exec::New, VenueStatus::New),
        (Exec::Canceled, VenueStatus::Canceled),
        (Exec::Expired, VenueStatus::Expired),
        (Exec::Rejected, VenueStatus::Rejected),
        (Exec::Status, VenueStatus::New),
        (Exec::Status, VenueStatus::PartiallyFilled),
        (Exec::Status, VenueStatus::PendingCancel),
    ];
    let step = prop_oneof![
        4 => id().prop_map(Step::Place),
        2 => id().prop_map(Step::Cancel),
        1 => (id(), 95_i64..105).prop_map(|(id, price)| Step::Amend(id, price)),
        1 => (id(), id()).prop_map(|(id, target)| Step::Replace(id, target)),
        2 => (id(), request()).prop_map(|(id, request)| Step::Sent(id, request)),
        4 => (id(), request(), prop::sample::select(outcomes)).prop_map(|(id, r, o)| Step::Answer(id, r, o)),
        6 => (id(), 1..=QTY).prop_map(|(id, qty)| Step::VenueFills(id, qty)),
        8 => (any::<prop::sample::Index>(), any::<bool>()).prop_map(|(at, counted)| Step::Delivers(at, counted)),
        4 => (id(), prop::sample::select(reports)).prop_map(|(id, (exec, status))| Step::Reports(id, exec, status)),
        2 => (0_i64..20).prop_map(Step::Time),
        1 => Just(Step::Restart),
        1 => (2_u8..4, 0_u8..2).prop_map(|(role, up)| Step::Link(role, up)),
        1 => Just(Step::Snapshot),
    ];
    prop::collection::vec(step, 1..80)
}

/// What the venue did and what was booked of it.
struct Model {
    rig: Rig,
    trades: Vec<Trade>,
    booked: BTreeMap<u64, u32>,
}

#[derive(Clone, Copy)]
struct Trade {
    id: u64,
    order: u64,
    qty: Lots,
    cum: Lots,
}

impl Model {
    fn step(&mut self, step: &Step) {
        let now = self.rig.now;
        match *step {
            Step::Place(id) => drop(self.rig.insert(&sided(Action::Place, id, 0, 90 + id as i64))),
            Step::Cancel(id) => drop(self.rig.insert(&proposal(Action::Cancel, 0, id, 100, QTY))),
            Step::Amend(id, price) => drop(self.rig.insert(&sided(Action::Replace, id, id, price))),
            Step::Replace(id, target) if id != target => {
                drop(self.rig.insert(&sided(Action::Replace, id, target, 90 + id as i64)));
            }
            Step::Replace(..) => {}
            Step::Sent(id, request) => drop(self.rig.table.sent(&sent(id, request, now)).unwrap()),
            Step::Answer(id, request, outcome) => {
                self.rig.table.answer(&answer(id, request, outcome, NO_TIME, now)).unwrap();
            }
            Step::VenueFills(order, qty) => self.venue_fills(order, qty),
            Step::Delivers(at, counted) if !self.trades.is_empty() => self.deliver(*at.get(&self.trades), counted),
            Step::Delivers(..) => {}
            Step::Reports(id, exec, status) => {
                let mut made = report(id, exec, status, self.venue_filled(id), now);
                if exec == Exec::Status {
                    made.header.flags |= flags::QUERIED;
                }
                made.qty = NO_QTY;
                self.rig.table.report(&made).unwrap();
            }
            Step::Time(seconds) => {
                self.rig.now += seconds * S;
                self.rig.table.due_queries(self.rig.now);
            }
            Step::Restart => drop(self.rig.table.after_restart(now)),
            Step::Link(role, up) => {
                let header = Header::of::<Link>(0, 0, now, 0);
                self.rig.table.link(&Link { header, up, role, account: 1, pad: 0 });
            }
            Step::Snapshot => self.snapshot(),
        }
    }

    /// The venue fills an order that was placed, up to its quantity.
    fn venue_fills(&mut self, order: u64, qty: Lots) {
        let before = self.venue_filled(order);
        let qty = qty.min(QTY - before);
        if qty > 0 && self.rig.table.get(order).is_some() {
            let id = self.trades.len() as u64 + 1;
            self.trades.push(Trade { id, order, qty, cum: before + qty });
        }
    }

    fn venue_filled(&self, order: u64) -> Lots {
        self.trades.iter().filter(|trade| trade.order == order).map(|trade| trade.qty).sum()
    }

    /// A channel delivers a trade, for the first or the tenth time, with or without the venue's count.
    fn deliver(&mut self, trade: Trade, counted: bool) {
        let status = if trade.cum == QTY { VenueStatus::Filled } else { VenueStatus::PartiallyFilled };
        let cum = if counted { trade.cum } else { NO_QTY };
        let mut made = report(trade.order, Exec::Trade, status, cum, self.rig.now);
        (made.trade, made.last_qty, made.last_price, made.qty) = (trade.id, trade.qty, 100, NO_QTY);
        let effects = self.rig.table.report(&made).unwrap();
        assert_eq!(effects.fill.is_some(), !self.booked.contains_key(&trade.id), "trade {} is booked once", trade.id);
        if let Some(fill) = effects.fill {
            assert_eq!((fill.qty, fill.strategy), (trade.qty, 1));
            *self.booked.entry(trade.id).or_default() += 1;
        }
    }

    fn snapshot(&mut self) {
        let (mut before, mut after) = (Vec::new(), Vec::new());
        self.rig.table.put(&mut before);
        self.rig.table = OrderTable::take(&mut before.as_slice()).unwrap();
        self.rig.table.put(&mut after);
        assert_eq!(before, after);
    }

    fn invariants(&self) {
        let table = &self.rig.table;
        for id in 1..=ORDERS {
            let Some(order) = table.get(id) else { continue };
            let booked: Lots =
                self.trades.iter().filter(|t| t.order == id && self.booked.contains_key(&t.id)).map(|t| t.qty).sum();
            assert_eq!(order.filled, booked, "order {id}");
            assert!(order.filled <= order.venue_cum && order.venue_cum <= order.qty.max(order.amend.qty));
        }
        self.sums();
        let twice = table.open().iter().any(|order| table.recent().any(|recent| recent.id == order.id));
        assert!(!twice && table.open().iter().all(|order| !order.settled()));
        assert!(table.recent().all(Order::settled));
    }

    /// The sums kept by difference equal those of a walk.
    fn sums(&self) {
        let (table, kept) = (&self.rig.table, self.rig.table.exposure(1, 1, 2));
        for side in [Side::Buy, Side::Sell] {
            let at = side as usize;
            let open: Vec<&Order> = table.open().iter().filter(|order| order.side == side).collect();
            let live = || open.iter().filter(|order| order.rests());
            assert_eq!(kept.lots[at], open.iter().map(|o| o.open_lots()).sum::<i64>());
            assert_eq!(kept.notional[at], open.iter().map(|o| o.open_notional()).sum::<i128>());
            assert_eq!(kept.count[at] as usize, live().count());
            let key = |o: &&&Order| (-side.sign() * o.best_price(), o.id);
            let best = live().min_by_key(key).map(|o| (o.best_price(), o.id));
            assert_eq!(table.best_own(1, 2, side, 0), best);
            let except = best.map_or(0, |best| best.1);
            let second = live().filter(|o| o.id != except).min_by_key(key).map(|o| (o.best_price(), o.id));
            assert_eq!(table.best_own(1, 2, side, except), second);
            assert_eq!(kept.best[at], best.map_or(NO_PRICE, |best| best.0));
        }
    }
}

/// Odd orders buy, even ones sell; every order asks for the same quantity.
fn sided(action: Action, order: u64, target: u64, price: i64) -> Proposal {
    Proposal { side: u8::from(order.is_multiple_of(2)), ..proposal(action, order, target, price, QTY) }
}

proptest! {
    #[test]
    fn every_fill_is_booked_once_and_the_sums_are_right(steps in steps()) {
        let mut model = Model { rig: Rig::keeping(8), trades: Vec::new(), booked: BTreeMap::new() };
        for step in &steps {
            model.step(step);
            model.invariants();
        }
        // In the end every channel delivers everything: what the venue filled is what is booked.
        for trade in model.trades.clone() {
            model.deliver(trade, true);
        }
        model.invariants();
        for id in 1..=ORDERS {
            if let Some(order) = model.rig.table.get(id) {
                prop_assert_eq!(order.filled, model.venue_filled(id));
            }
        }
    }
}
