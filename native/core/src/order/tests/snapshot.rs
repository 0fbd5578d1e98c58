//! The table as state: every leaf is in its bytes, and a table read back goes on as if nothing had happened.

use super::rig::{Rig, S, answer, proposal, report, sent};
use crate::canon::Canon;
use crate::event::*;
use crate::order::*;
use crate::units::NO_TIME;

/// Open, unknown, amended and settled orders, a trade in memory and questions asked.
fn lived_in() -> Rig {
    let mut rig = Rig::new();
    for order in 1..=6 {
        rig.insert(&proposal(Action::Place, order, 0, 100 + order as i64, 10)).unwrap();
        rig.table.sent(&sent(order, Request::Place, 0)).unwrap();
    }
    rig.table.answer(&answer(1, Request::Place, Outcome::Unknown, NO_TIME, S)).unwrap();
    for order in 2..=6 {
        rig.table.report(&report(order, Exec::New, VenueStatus::New, 0, S)).unwrap();
    }
    rig.insert(&proposal(Action::Replace, 2, 2, 101, 12)).unwrap();
    let fill = Report { trade: 7, last_qty: 3, last_price: 100, ..report(3, Exec::Trade, VenueStatus::New, 3, S) };
    rig.table.report(&fill).unwrap();
    rig.table.report(&report(5, Exec::Canceled, VenueStatus::Canceled, 0, S)).unwrap();
    rig.table.report(&report(6, Exec::Canceled, VenueStatus::Canceled, 0, S)).unwrap();
    assert_eq!(rig.table.due_queries(2 * S).len(), 1);
    rig
}

fn bytes(table: &OrderTable) -> Vec<u8> {
    let mut out = Vec::new();
    table.put(&mut out);
    out
}

#[test]
fn every_leaf_changes_the_bytes() {
    let rig = lived_in();
    let before = bytes(&rig.table);
    for leaf in 0..rig.table.leaves() {
        let mut changed = rig.table.clone();
        changed.nudge(leaf);
        assert_ne!(before, bytes(&changed), "leaf {leaf}");
    }
}

#[test]
fn a_table_read_back_goes_on_the_same() {
    let mut live = lived_in();
    let mut back = lived_in();
    back.table = OrderTable::take(&mut bytes(&live.table).as_slice()).unwrap();
    for rig in [&mut live, &mut back] {
        for order in 7..=9 {
            rig.insert(&proposal(Action::Place, order, 0, 100, 10)).unwrap();
        }
        rig.table.report(&report(2, Exec::Canceled, VenueStatus::Canceled, 0, 3 * S)).unwrap();
        rig.table.after_restart(4 * S);
        rig.table.due_queries(5 * S);
    }
    assert!(bytes(&live.table) == bytes(&back.table), "the two tables have drifted apart");
}

#[test]
fn a_damaged_snapshot_is_refused() {
    let good = bytes(&lived_in().table);
    for cut in (0..good.len()).step_by(97) {
        assert!(OrderTable::take(&mut &good[..cut]).is_err(), "cut at {cut}");
    }
    let mut huge = good.clone();
    huge[..4].copy_from_slice(&u32::MAX.to_le_bytes());
    assert!(OrderTable::take(&mut huge.as_slice()).is_err());
}

#[test]
fn full_means_an_error_and_no_change() {
    let mut rig = Rig::new();
    for order in 1..=8 {
        rig.insert(&proposal(Action::Place, order, 0, 100, 10)).unwrap();
    }
    let before = bytes(&rig.table);
    let error = rig.insert(&proposal(Action::Place, 9, 0, 100, 10)).unwrap_err();
    assert_eq!(error.to_string(), "order table is full at its bound of 8");
    assert_eq!(bytes(&rig.table), before);
}

#[test]
fn closed_orders_leave_the_oldest_behind_and_their_fills_are_still_booked() {
    let mut rig = Rig::new();
    for order in 1..=20 {
        rig.insert(&proposal(Action::Place, order, 0, 100, 10)).unwrap();
        rig.table.report(&report(order, Exec::Canceled, VenueStatus::Canceled, 0, 1)).unwrap();
    }
    assert_eq!((rig.table.open().len(), rig.table.recent().count()), (0, 4));
    let late = |order, trade| Report {
        trade,
        last_qty: 2,
        last_price: 100,
        ..report(order, Exec::Trade, VenueStatus::PartiallyFilled, 2, 2)
    };
    let known = rig.table.report(&late(20, 1)).unwrap();
    assert!(known.fill.is_some() && known.alarms.has(Alarm::LateFill));
    let forgotten = rig.table.report(&late(1, 2)).unwrap();
    assert!(forgotten.fill.is_some() && forgotten.alarms.has(Alarm::UnknownOrder));
    assert!(rig.table.report(&late(1, 2)).unwrap().fill.is_none());
}

#[test]
fn beyond_the_memory_of_trades_the_venues_count_decides() {
    let mut rig = Rig::new();
    rig.insert(&proposal(Action::Place, 1, 0, 100, 200)).unwrap();
    let fill = |trade: u64, cum| Report {
        trade,
        qty: 200,
        last_qty: 1,
        last_price: 100,
        ..report(1, Exec::Trade, VenueStatus::PartiallyFilled, cum, 1)
    };
    for trade in 1..=100 {
        assert!(rig.table.report(&fill(trade, trade as i64)).unwrap().fill.is_some());
    }
    // Trade 1 is forgotten: its count says that it is booked, and without a count nothing is missing.
    assert!(rig.table.report(&fill(1, 1)).unwrap().fill.is_none());
    let uncounted = rig.table.report(&fill(1, 0)).unwrap();
    assert!(uncounted.fill.is_none() && uncounted.alarms.has(Alarm::StaleFill));
    assert_eq!(rig.table.get(1).unwrap().filled, 100);
}

#[test]
fn a_fill_that_cannot_be_booked_moves_nothing() {
    let mut rig = lived_in();
    let before = bytes(&rig.table);
    let fill = Report { trade: 8, last_qty: 3, ..report(3, Exec::Trade, VenueStatus::New, 6, S) };
    let error = rig.table.report(&fill).unwrap_err().to_string();
    assert_eq!(error, "report.last_price must be above zero, was 9223372036854775807");
    let fee = crate::units::Amount::into(5);
    let error = rig.table.report(&Report { last_price: 100, fee, ..fill }).unwrap_err().to_string();
    assert_eq!(error, "report.fee has no asset, was 5");
    assert!(before == bytes(&rig.table), "the table has changed");
}

#[test]
fn a_rest_reserves_its_share_rounded_up() {
    let mut rig = Rig::new();
    rig.insert(&proposal(Action::Place, 1, 0, 100, 3)).unwrap();
    let mut order = *rig.table.get(1).unwrap();
    (order.notional, order.filled) = (100, 1);
    // Two of three lots of 100: 66.7.
    assert_eq!((order.open_lots(), order.open_notional()), (2, 67));
}
