//! After start, a report moves order, position and ledger without one allocation; and what it costs is printed.
//!
//! The allocator counts what the measured thread allocates between two marks. The times are printed and never
//! asserted: run `cargo test --release --test no_alloc_orders -- --nocapture` to read them.

mod counting;
#[path = "../benches/measure/perp.rs"]
mod perp;

use counting::{Counting, allocations};
use perp::perp;
use std::time::Instant;
use tickwright_core::event::*;
use tickwright_core::gate::limits::{LimitKind, Scope};
use tickwright_core::gate::{Context, Exposure, Gate};
use tickwright_core::instrument::Instrument;
use tickwright_core::ledger::Ledger;
use tickwright_core::order::{Bounds, Effects, OrderTable, Proof, State};
use tickwright_core::position::PositionBook;
use tickwright_core::units::{Amount, NO_PRICE, NO_TIME};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// A gate whose limits nothing reaches.
fn wide() -> Gate {
    let mut gate = Gate::new();
    let mut set = |scope, subject, limit, value: Amount, extra| {
        let header = Header::of::<LimitSet>(0, 0, 0, 0);
        let made =
            LimitSet { header, scope: scope as u8, limit: limit as u8, subject, pad: 0, value: value.into(), extra };
        gate.set(&made).unwrap();
    };
    set(Scope::Account, 1, LimitKind::AllowSymbol, 2, 0);
    set(Scope::Strategy, 1, LimitKind::AllowSymbol, 2, 0);
    for kind in [LimitKind::MaxOrderQty, LimitKind::MaxOrderNotional, LimitKind::MaxPosition, LimitKind::MaxDailyLoss] {
        set(Scope::All, 0, kind, 1 << 90, 0);
    }
    set(Scope::All, 0, LimitKind::MaxOpenOrders, 1_000_000, 0);
    set(Scope::All, 0, LimitKind::PriceCollar, 10_000, 0);
    set(Scope::All, 0, LimitKind::OrderRate, 1_000_000, 1_000_000);
    gate
}

fn around(reference: i64) -> Context {
    let exposure = Exposure { equity: 1 << 60, equity_peak: 1 << 60, ..Exposure::default() };
    Context { bid: reference - 1, ask: reference + 1, reference, exposure: [exposure; 5], ..Context::default() }
}

fn place(order: u64) -> Proposal {
    Proposal {
        header: Header::of::<Proposal>(2, 0, 0, 0),
        account: 1,
        strategy: 1,
        action: Action::Place as u8,
        side: (order % 2) as u8,
        order_type: OrderType::Limit as u8,
        tif: TimeInForce::PostOnly as u8,
        order,
        target: 0,
        price: 600_000 + (order % 7) as i64,
        qty: 10,
        tag: 0,
    }
}

fn report(order: u64, exec: Exec, status: VenueStatus, last_qty: i64, cum_qty: i64) -> Report {
    let mut header = Header { ts_venue: NO_TIME, ..Header::of::<Report>(2, 0, order as i64, 0) };
    if order % 2 == 1 {
        header.flags |= flags::SELL;
    }
    Report {
        header,
        account: 1,
        strategy: 0,
        exec: exec as u8,
        status: status as u8,
        fee_asset: 2,
        order,
        venue_order: order,
        trade: if last_qty > 0 { order * 4 + cum_qty as u64 } else { 0 },
        price: NO_PRICE,
        qty: 10,
        last_price: 600_000,
        last_qty,
        cum_qty,
        fee: 12_i128.into(),
        realised: tickwright_core::ledger::UNSTATED.into(),
    }
}

/// The three machines that a report passes.
struct Machines {
    orders: OrderTable,
    positions: PositionBook,
    ledger: Ledger,
    perp: Instrument,
    seq: u64,
}

impl Machines {
    fn apply(&mut self, report: &Report) -> Effects {
        self.seq += 1;
        let effects = self.orders.report(report).unwrap();
        if let Some(fill) = effects.fill {
            let booked = self.positions.fill(&fill, &self.perp).unwrap();
            self.ledger.fill(self.seq, &fill, &self.perp, booked.net_realised).unwrap();
        }
        effects
    }

    /// One order's life: approved, sent, acknowledged, filled in two parts.
    fn live(&mut self, gate: &mut Gate, order: u64) {
        let proposal = place(order);
        let approved = gate.check(&proposal, &self.perp, &around(600_000)).unwrap();
        self.orders.insert(&approved, order, order as i64).unwrap();
        let header = Header::of::<Sent>(2, 0, order as i64, 0);
        self.orders
            .sent(&Sent { header, order, expires: 1 << 40, request: Request::Place as u8, pad: [0; 7] })
            .unwrap();
        self.apply(&report(order, Exec::New, VenueStatus::New, 0, 0));
        self.apply(&report(order, Exec::Trade, VenueStatus::PartiallyFilled, 4, 4));
        let last = self.apply(&report(order, Exec::Trade, VenueStatus::Filled, 6, 10));
        assert_eq!(last.change.map(|change| change.after), Some(State::Filled));
        self.orders.due_queries(order as i64);
    }
}

fn machines() -> Machines {
    let perp = perp();
    let (mut positions, mut ledger) = (PositionBook::new(16), Ledger::new(64, 64));
    positions.ensure(1, 1, 2).unwrap();
    ledger.ensure_fill(1, &perp, 2).unwrap();
    let orders = OrderTable::new(Bounds::default(), Proof::default());
    Machines { orders, positions, ledger, perp, seq: 0 }
}

#[test]
fn reports_allocate_nothing_after_start() {
    let (mut machines, mut gate) = (machines(), wide());
    for order in 1..=10 {
        machines.live(&mut gate, order);
    }
    let before = allocations();
    for order in 11..=6_000 {
        machines.live(&mut gate, order);
    }
    assert_eq!(allocations() - before, 0, "allocations over 5,990 orders");
    assert_eq!(machines.ledger.trial(2), 0);
    assert_eq!(machines.positions.net(1, 2).map(|net| net.fills), Some(12_000));
}

#[test]
fn closed_orders_leave_no_work_behind() {
    let (mut machines, mut gate) = (machines(), wide());
    let mut order = 0;
    for _ in 0..4 {
        let mut took = Vec::with_capacity(5_000);
        for _ in 0..5_000 {
            order += 1;
            let proposal = place(order);
            let approved = gate.check(&proposal, &machines.perp, &around(600_000)).unwrap();
            machines.orders.insert(&approved, order, 1).unwrap();
            let fill = report(order, Exec::Trade, VenueStatus::Filled, 10, 10);
            let start = Instant::now();
            machines.apply(&fill);
            took.push(start.elapsed().as_nanos());
        }
        took.sort_unstable();
        println!(
            "{order} closed: a fill through order, position and ledger p50 {} p99 {} ns",
            took[2_500], took[4_950]
        );
    }
    // Nothing about time is asserted; that a closed order leaves no work behind is.
    assert!(machines.orders.open().is_empty() && machines.orders.due_queries(i64::MAX).is_empty());
}
