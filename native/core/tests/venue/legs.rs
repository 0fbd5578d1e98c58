//! Hedge mode: the two positions of an account are what two accounts in one-way mode would have, and its own rules.
//!
//! The property plays the same requests twice: once with an account in hedge mode, once with one account for its long
//! and one for its short position, whose closing orders are reduce-only. Every event, every figure must be the same.

use crate::{bytes, exchange};
use proptest::prelude::*;
use tickwright_core::event::{OrderType, TimeInForce};
use tickwright_core::units::{Amount, Side};
use tickwright_core::venue::Exchange;
use tickwright_core::venue::conditional::{Condition, NewConditional};
use tickwright_core::venue::legs::Leg;
use tickwright_core::venue::order::{ClientId, Exec, Fault, Outcome, Reason, Refusal, Stp};
use tickwright_core::venue::place::NewOrder;

const HEDGER: u32 = 2;
/// In the second world the account of the short position.
const SHORT: u32 = 3;
const OTHER: u32 = 4;
const LEGS: [Leg; 2] = [Leg::Long, Leg::Short];
const USDT: u16 = 1;

#[derive(Debug, Clone, Copy)]
enum Op {
    /// By the account of this leg, or the other one's.
    Place {
        leg: Option<Leg>,
        buy: bool,
        price: Option<i64>,
        qty: i64,
        tif: TimeInForce,
    },
    Arm {
        leg: Leg,
        buy: bool,
        condition: Condition,
        trigger: i64,
        qty: i64,
        mark: bool,
        close: bool,
    },
    Cancel {
        leg: Leg,
        at: prop::sample::Index,
    },
    Amend {
        leg: Leg,
        at: prop::sample::Index,
        price: i64,
        qty: i64,
    },
    Mark(i64),
    Fund(i64),
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let leg = || prop_oneof![Just(Leg::Long), Just(Leg::Short)];
    let tif = prop_oneof![
        5 => Just(TimeInForce::Gtc), 1 => Just(TimeInForce::Ioc), 1 => Just(TimeInForce::Fok),
        1 => Just(TimeInForce::PostOnly)
    ];
    let condition = prop_oneof![Just(Condition::Stop), Just(Condition::TakeProfit), Just(Condition::Trailing)];
    let place = (prop::option::weighted(0.7, leg()), any::<bool>(), 0..6u8, 95..106i64, 1..15i64, tif);
    let arm = (leg(), any::<[bool; 3]>(), condition, 95..106i64, 1..15i64);
    let index = any::<prop::sample::Index>;
    let one = prop_oneof![
        12 => place.prop_map(|(leg, buy, kind, price, qty, tif)| {
            Op::Place { leg, buy, price: (kind > 0).then_some(price), qty, tif }
        }),
        3 => arm.prop_map(|(leg, [buy, mark, close], condition, trigger, qty)| {
            Op::Arm { leg, buy, condition, trigger, qty, mark, close: close && condition != Condition::Trailing }
        }),
        2 => (leg(), index()).prop_map(|(leg, at)| Op::Cancel { leg, at }),
        3 => (leg(), index(), 95..106i64, 1..15i64).prop_map(|(leg, at, price, qty)| Op::Amend { leg, at, price, qty }),
        1 => (95..106i64).prop_map(Op::Mark),
        1 => (-100_000..100_000i64).prop_map(Op::Fund),
    ];
    prop::collection::vec(one, 1..120)
}

fn order(account: u32, leg: Leg, serial: usize, buy: bool, price: Option<i64>, qty: i64) -> NewOrder {
    NewOrder {
        account,
        client_id: ClientId::new(&format!("c{serial}")).unwrap(),
        side: if buy { Side::Buy } else { Side::Sell },
        leg,
        kind: if price.is_some() { OrderType::Limit } else { OrderType::Market },
        tif: TimeInForce::Gtc,
        price,
        qty: Some(qty),
        quote_qty: None,
        reduce_only: false,
        stp: Stp::None,
    }
}

struct World {
    exchange: Exchange,
    hedge: bool,
}

impl World {
    fn new(hedge: bool, isolated: bool) -> Self {
        let mut exchange = exchange(true);
        for account in [HEDGER, SHORT] {
            // At one times nothing that these prices and rates do brings an isolated position down.
            exchange.leverage(account, 0, 1).unwrap();
            exchange.isolate(account, 0, isolated).unwrap();
        }
        if hedge {
            exchange.position_mode(HEDGER, true).unwrap();
        }
        Self { exchange, hedge }
    }

    /// Whose position it is in this world, and what it is called there.
    fn place_of(&self, leg: Leg) -> (u32, Leg) {
        match (self.hedge, leg) {
            (true, _) => (HEDGER, leg),
            (false, Leg::Short) => (SHORT, Leg::Both),
            (false, _) => (HEDGER, Leg::Both),
        }
    }

    fn order(&self, leg: Option<Leg>, serial: usize, buy: bool, price: Option<i64>, qty: i64) -> NewOrder {
        let (account, name) = leg.map_or((OTHER, Leg::Both), |leg| self.place_of(leg));
        let plain = order(account, name, serial, buy, price, qty);
        let closes = leg.is_some_and(|leg| leg.is_closed_by(plain.side));
        NewOrder { reduce_only: closes && !self.hedge, ..plain }
    }

    /// Orders and waiting conditional orders of one leg.
    fn open(&self, leg: Leg) -> (Vec<u64>, Vec<u64>) {
        let (account, name) = self.place_of(leg);
        let symbol = &self.exchange.symbols[0];
        let open = symbol.history.open_of(account).filter(|order| order.leg == name).map(|order| order.id);
        let waiting = symbol.conditionals.waiting_of(account).filter(|one| one.leg == name).map(|one| one.id);
        (open.collect(), waiting.collect())
    }

    fn apply(&mut self, serial: usize, op: Op, out: &mut Vec<Exec>) -> Outcome<()> {
        match op {
            Op::Place { leg, buy, price, qty, tif } => {
                let new = NewOrder { tif, ..self.order(leg, serial, buy, price, qty) };
                self.exchange.place(0, &new, 1, out).map(|_| ())
            }
            Op::Arm { leg, buy, condition, trigger, qty, mark, close } => {
                let order = self.order(Some(leg), serial, buy, None, qty);
                let new = NewConditional {
                    order: NewOrder { qty: (!close).then_some(qty), ..order },
                    condition,
                    trigger: Some(trigger),
                    rate_e8: 2_000_000,
                    by_mark: mark,
                    close_position: close,
                };
                self.exchange.arm(0, &new, 1, out).map(|_| ())
            }
            Op::Cancel { leg, at } => {
                let (account, (open, waiting)) = (self.place_of(leg).0, self.open(leg));
                match [open.as_slice(), waiting.as_slice()].concat().as_slice() {
                    [] => Ok(()),
                    all if open.contains(at.get(all)) => self.exchange.cancel(account, 0, *at.get(all), 1, out),
                    all => self.exchange.disarm(account, 0, *at.get(all), 1, out),
                }
            }
            Op::Amend { leg, at, price, qty } => {
                let (account, (open, _)) = (self.place_of(leg).0, self.open(leg));
                match open.as_slice() {
                    [] => Ok(()),
                    all => self.exchange.amend(account, 0, *at.get(all), (Some(price), qty), 1, out),
                }
            }
            Op::Mark(price) => self.exchange.mark(0, price * 1_000_000, 1, out),
            Op::Fund(rate_e8) => self.exchange.funding(0, rate_e8, 100_000_000, 1, out),
        }
    }

    /// An event as the account in hedge mode gets it.
    fn told(&self, mut exec: Exec) -> Exec {
        if !self.hedge && exec.order.account != OTHER {
            exec.order.leg = LEGS[usize::from(exec.order.account == SHORT)];
            exec.order.account = HEDGER;
        }
        exec
    }

    /// Everything that is counted for one leg.
    fn figures(&self, leg: Leg) -> [Amount; 8] {
        let (accounts, (who, name)) = (&self.exchange.accounts, self.place_of(leg));
        let position = accounts.position(who, 0, name);
        [
            position.qty.into(),
            position.cost,
            position.wallet,
            accounts.unrealised(who, 0, name),
            accounts.initial_margin(who, 0, name),
            accounts.position_margin(who, 0, name),
            accounts.maintenance_margin(who, 0, name),
            accounts.entry_e8(who, 0, name).into(),
        ]
    }

    /// Wallet, equity, margins: of the account in hedge mode, or of both; a world has three deposits.
    fn totals(&self) -> [Amount; 4] {
        let accounts = &self.exchange.accounts;
        [HEDGER, SHORT]
            .map(|who| {
                [
                    accounts.list[who as usize].purses[usize::from(USDT)].free,
                    accounts.equity(who, USDT),
                    accounts.margin_used(who, USDT),
                    accounts.maintenance_total(who, USDT),
                ]
            })
            .into_iter()
            .fold([0; 4], |sum, one| std::array::from_fn(|at| sum[at] + one[at]))
    }
}

fn play(isolated: bool, ops: &[Op]) {
    let mut worlds = [World::new(true, isolated), World::new(false, isolated)];
    for (serial, op) in ops.iter().enumerate() {
        let [one, two] = worlds.each_mut().map(|world| {
            let (before, mut out) = (bytes(&world.exchange), Vec::new());
            let done = world.apply(serial, *op, &mut out);
            assert!(done.is_ok() || before == bytes(&world.exchange), "{op:?} left a trace");
            world.exchange.check().unwrap();
            let told: Vec<Exec> = out.into_iter().map(|exec| world.told(exec)).collect();
            (done, told, LEGS.map(|leg| world.figures(leg)), world.totals())
        });
        assert_eq!(one, two, "{op:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn a_hedged_account_is_two_accounts(isolated in any::<bool>(), ops in ops()) {
        play(isolated, &ops);
    }
}

/// An account in hedge mode that is long `long` and short `short` lots at 100.
fn held(long: i64, short: i64) -> Exchange {
    let mut exchange = exchange(true);
    exchange.position_mode(HEDGER, true).unwrap();
    for (serial, (leg, buy, qty)) in [(Leg::Long, true, long), (Leg::Short, false, short)].into_iter().enumerate() {
        if qty > 0 {
            exchange.place(0, &order(OTHER, Leg::Both, serial, !buy, Some(100), qty), 1, &mut Vec::new()).unwrap();
            exchange.place(0, &order(HEDGER, leg, serial, buy, Some(100), qty), 1, &mut Vec::new()).unwrap();
        }
    }
    exchange
}

fn sizes(exchange: &Exchange) -> [i64; 2] {
    LEGS.map(|leg| exchange.accounts.position(HEDGER, 0, leg).qty)
}

#[test]
fn the_mode_stays_while_an_order_or_a_position_is_open() {
    let refused = |exchange: &mut Exchange, hedge| exchange.position_mode(HEDGER, hedge).unwrap_err();
    let mut one_way = exchange(true);
    assert_eq!(refused(&mut one_way, false), Fault::Refused(Refusal::ModeUnchanged));
    let far = order(HEDGER, Leg::Both, 0, true, Some(50), 1);
    let id = one_way.place(0, &far, 1, &mut Vec::new()).unwrap();
    assert_eq!(refused(&mut one_way, true), Fault::Refused(Refusal::ModeOrders));
    one_way.cancel(HEDGER, 0, id, 1, &mut Vec::new()).unwrap();
    let (condition, trigger) = (Condition::Stop, Some(200));
    let waits = NewConditional { order: far, condition, trigger, rate_e8: 0, by_mark: false, close_position: false };
    let id = one_way.arm(0, &waits, 1, &mut Vec::new()).unwrap();
    assert_eq!(refused(&mut one_way, true), Fault::Refused(Refusal::ModeOrders));
    one_way.disarm(HEDGER, 0, id, 1, &mut Vec::new()).unwrap();
    one_way.position_mode(HEDGER, true).unwrap();
    assert_eq!(refused(&mut held(0, 1), false), Fault::Refused(Refusal::ModePosition));
    assert!(matches!(exchange(false).position_mode(HEDGER, true), Err(Fault::Core(_))), "spot has no positions");
}

#[test]
fn an_order_names_a_position_of_its_mode_and_never_turns_it() {
    let mut exchange = held(5, 3);
    let mut place = |leg, buy, qty, serial| {
        let id =
            exchange.place(0, &order(HEDGER, leg, serial, buy, Some(if buy { 90 } else { 110 }), qty), 1, &mut vec![]);
        id.map(|id| exchange.symbols[0].history.get(id).map(|order| (order.qty, order.reduce_only)).unwrap())
    };
    assert_eq!(place(Leg::Both, true, 1, 10), Err(Fault::Refused(Refusal::Leg)));
    assert_eq!(place(Leg::Long, false, 3, 11), Ok((3, true)));
    assert_eq!(place(Leg::Long, false, 9, 12), Ok((2, true)), "what is left to close beside the other");
    assert_eq!(place(Leg::Long, false, 1, 13), Err(Fault::Refused(Refusal::ReduceOnly)));
    assert_eq!(place(Leg::Short, true, 9, 14), Ok((3, true)));
    assert_eq!(place(Leg::Long, true, 9, 15), Ok((9, false)));
    let plain = order(OTHER, Leg::Long, 16, true, Some(90), 1);
    assert_eq!(exchange.place(0, &plain, 1, &mut Vec::new()), Err(Fault::Refused(Refusal::Leg)));
    // The long position goes by a market order, and with it what waited to close it; the short one's order stays.
    exchange.place(0, &order(OTHER, Leg::Both, 17, true, Some(100), 5), 1, &mut Vec::new()).unwrap();
    exchange.cancel(HEDGER, 0, 5, 1, &mut Vec::new()).unwrap();
    exchange.place(0, &order(HEDGER, Leg::Long, 18, false, None, 2), 1, &mut Vec::new()).unwrap();
    assert_eq!(sizes(&exchange), [3, -3]);
    let open: Vec<i64> = exchange.symbols[0].history.open_of(HEDGER).map(|order| order.qty).collect();
    assert_eq!(open, [2, 3, 9]);
    exchange.check().unwrap();
}

/// Account 2 with as much money as makes it poor at 100: the mark then breaks it.
fn poor(long: i64, short: i64, money: Amount, isolated: bool) -> Exchange {
    let mut exchange = exchange(true);
    let usdt = exchange.accounts.asset_id("USDT").unwrap();
    exchange.accounts.contracts[0].maintenance_e8 = 400_000;
    let poor = exchange.accounts.account("poor");
    exchange.accounts.deposit(poor, usdt, money).unwrap();
    exchange.position_mode(poor, true).unwrap();
    exchange.isolate(poor, 0, isolated).unwrap();
    for (serial, (leg, buy, qty)) in [(Leg::Long, true, long), (Leg::Short, false, short)].into_iter().enumerate() {
        exchange.place(0, &order(OTHER, Leg::Both, serial, !buy, Some(100), qty), 1, &mut Vec::new()).unwrap();
        exchange.place(0, &order(poor, leg, serial, buy, Some(100), qty), 1, &mut Vec::new()).unwrap();
    }
    exchange
}

const POOR: u32 = 5;

#[test]
fn long_and_short_in_cross_margin_fall_together_at_their_one_price() {
    // 100 long and 40 short lots at 100 are worth 140 * 100,000; margin at 20 times and fees leave a little.
    let mut exchange = poor(100, 40, 800_000, false);
    let price = exchange.accounts.liquidation_e8(POOR, 0, Leg::Long);
    assert_eq!(price, exchange.accounts.liquidation_e8(POOR, 0, Leg::Short));
    let mut out = Vec::new();
    exchange.mark(0, price + 10_000, 1, &mut out).unwrap();
    assert!(out.is_empty(), "a ten-thousandth above it nothing happens");
    exchange.mark(0, price - 10_000, 1, &mut out).unwrap();
    let closed: Vec<(Leg, Side)> = out
        .iter()
        .filter(|exec| exec.reason == Reason::Liquidation)
        .map(|exec| (exec.order.leg, exec.order.side))
        .collect();
    assert_eq!(closed, [(Leg::Long, Side::Sell), (Leg::Short, Side::Buy)]);
    assert!(LEGS.iter().all(|leg| exchange.accounts.position(POOR, 0, *leg).qty == 0));
    exchange.check().unwrap();
}

#[test]
fn an_isolated_leg_falls_alone() {
    let mut exchange = poor(100, 40, 2_000_000, true);
    let accounts = &exchange.accounts;
    let [long, short] = LEGS.map(|leg| accounts.liquidation_e8(POOR, 0, leg));
    assert!(long < 100_000_000 && short > 100_000_000, "{long} below and {short} above the entry");
    exchange.mark(0, short + 10_000, 1, &mut Vec::new()).unwrap();
    assert_eq!(LEGS.map(|leg| exchange.accounts.position(POOR, 0, leg).qty), [100, 0]);
    assert_eq!(exchange.accounts.position(POOR, 0, Leg::Short).wallet, 0);
    exchange.check().unwrap();
}

#[test]
fn margin_and_leverage_are_for_both_legs_and_margin_is_moved_for_one() {
    let mut exchange = poor(100, 40, 2_000_000, true);
    let wallets = |exchange: &Exchange| LEGS.map(|leg| exchange.accounts.position(POOR, 0, leg).wallet);
    assert_eq!(wallets(&exchange), [500_000, 200_000]);
    assert_eq!(exchange.add_margin(POOR, 0, Leg::Both, 1), Err(Fault::Refused(Refusal::Leg)));
    exchange.add_margin(POOR, 0, Leg::Short, 1_000).unwrap();
    assert_eq!(wallets(&exchange), [500_000, 201_000]);
    assert_eq!(exchange.leverage(POOR, 0, 10), Err(Fault::Refused(Refusal::InsufficientMargin)));
    exchange.leverage(POOR, 0, 40).unwrap();
    assert_eq!(LEGS.map(|leg| exchange.accounts.position(POOR, 0, leg).leverage), [40, 40]);
    assert_eq!(LEGS.map(|leg| exchange.accounts.position_margin(POOR, 0, leg)), [250_000, 100_000]);
    exchange.check().unwrap();
}
