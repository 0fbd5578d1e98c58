//! Hedge mode: the two positions of an account are what two accounts in one-way mode would have.
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
use tickwright_core::venue::order::{ClientId, Exec, Outcome, Stp};
use tickwright_core::venue::place::NewOrder;

pub const HEDGER: u32 = 2;
/// In the second world the account of the short position.
const SHORT: u32 = 3;
pub const OTHER: u32 = 4;
pub const LEGS: [Leg; 2] = [Leg::Long, Leg::Short];
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

pub fn order(account: u32, leg: Leg, serial: usize, buy: bool, price: Option<i64>, qty: i64) -> NewOrder {
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
