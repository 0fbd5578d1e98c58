//! A naive exchange to compare with: one flat list of orders, searched from end to end for everything.
//!
//! It shares no code with the engine: it states the rules a second time, in the slowest and plainest way.

use std::cmp::Reverse;
use tickwright_core::event::{OrderType, TimeInForce};
use tickwright_core::units::Side;
use tickwright_core::venue::order::{Refusal, Stp};

/// Quote units of one lot at one tick: tick 0.01, lot 0.001, 8 decimals.
pub const LOT_VALUE: i128 = 1000;
/// Base units of one lot.
pub const LOT_BASE: i128 = 100_000;
/// Maker and taker fee in 1e-8.
pub const FEES: [i128; 2] = [100_000, 200_000];

/// How an order of the model stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Open,
    Filled,
    Canceled,
    Expired,
    InMatch,
}

/// An order of the model.
#[derive(Debug, Clone, Copy)]
pub struct Item {
    pub id: u64,
    pub who: usize,
    pub side: Side,
    pub price: i64,
    pub tif: TimeInForce,
    pub qty: i64,
    pub done: i64,
    pub state: State,
    pub reduce: bool,
    pub stp: Stp,
    /// Its turn in the queue; `None` while it does not rest.
    pub turn: Option<u64>,
    /// Quote money left of a market buy's lock.
    pub lock: i128,
}

/// What a client asks of both.
#[derive(Debug, Clone, Copy)]
pub struct Ask {
    pub who: usize,
    pub side: Side,
    pub kind: OrderType,
    pub tif: TimeInForce,
    pub price: i64,
    pub qty: i64,
    pub reduce: bool,
    pub stp: Stp,
    pub money: Option<i128>,
}

/// taker, maker, price, size
pub type Trade = (u64, u64, i64, i64);

/// The naive exchange.
#[derive(Debug, Clone)]
pub struct Model {
    pub linear: bool,
    pub items: Vec<Item>,
    pub trades: Vec<Trade>,
    /// Spot: free base, free quote. Linear: position, wallet less cost.
    pub free: Vec<[i128; 2]>,
    turn: u64,
}

impl Model {
    pub fn new(linear: bool, accounts: usize, base: i128, quote: i128) -> Self {
        let start = if linear { [0, quote] } else { [base, quote] };
        Self { linear, items: Vec::new(), trades: Vec::new(), free: vec![start; accounts], turn: 0 }
    }

    fn resting(&self) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(|item| item.turn.is_some())
    }

    /// Resting orders that a taker meets, in the order in which it meets them.
    fn queue(&self, side: Side, price: Option<i64>) -> Vec<Item> {
        let mut queue: Vec<Item> = self.resting().filter(|item| item.side != side).copied().collect();
        match side {
            Side::Buy => queue.sort_by_key(|item| (item.price, item.turn)),
            Side::Sell => queue.sort_by_key(|item| (Reverse(item.price), item.turn)),
        }
        queue.retain(|item| {
            price.is_none_or(|limit| if side == Side::Buy { item.price <= limit } else { item.price >= limit })
        });
        queue
    }

    fn closable(&self, who: usize, side: Side) -> i64 {
        (-(self.free[who][0] as i64) * side.sign()).max(0)
    }

    /// Runs a clone of the whole world: what would trade, at which cost, and whether self-trade prevention stops it.
    fn rehearse(&self, ask: &Ask, qty: i64) -> (i64, i128) {
        let mut world = self.clone();
        world.free.iter_mut().for_each(|free| {
            if !self.linear {
                *free = [1 << 100, 1 << 100]
            }
        });
        let id = u64::MAX;
        world.items.push(Item { id, ..draft(ask, qty) });
        let before = world.trades.len();
        world.run(id, ask, ask.money);
        let mine = &world.trades[before..];
        (mine.iter().map(|t| t.3).sum(), mine.iter().map(|t| value(t.2, t.3)).sum())
    }

    pub fn place(&mut self, id: u64, ask: &Ask) -> Result<(), Refusal> {
        let limit = (ask.kind == OrderType::Limit).then_some(ask.price);
        let mut qty = if ask.money.is_some() { 1 << 42 } else { ask.qty };
        if ask.reduce {
            let others = self.resting().filter(|i| i.who == ask.who && i.side == ask.side && i.reduce);
            qty = qty.min(self.closable(ask.who, ask.side) - others.map(|i| i.qty - i.done).sum::<i64>());
            if qty <= 0 {
                return Err(Refusal::ReduceOnly);
            }
        }
        let meets = self.queue(ask.side, limit);
        if limit.is_some() && ask.tif == TimeInForce::PostOnly && !meets.is_empty() {
            return Err(Refusal::WouldTake);
        }
        if limit.is_none() && meets.is_empty() {
            return Err(Refusal::NoLiquidity);
        }
        let (reach, cost) = self.rehearse(ask, qty);
        if ask.money.is_some() {
            qty = reach;
        }
        let killed = limit.is_some() && ask.tif == TimeInForce::Fok && reach < qty;
        if killed && self.linear {
            return Err(Refusal::Killed);
        }
        let mut item = Item { id, ..draft(ask, qty) };
        if !killed && !self.linear {
            let (asset, need) = match (ask.side, limit) {
                (Side::Buy, Some(price)) => (1, value(price, qty)),
                (Side::Buy, None) => (1, cost),
                (Side::Sell, Some(_)) => (0, LOT_BASE * i128::from(qty)),
                (Side::Sell, None) => (0, LOT_BASE * i128::from(reach)),
            };
            if self.free[ask.who][asset] < need {
                return Err(Refusal::InsufficientBalance);
            }
            self.free[ask.who][asset] -= need;
            item.lock = need;
        }
        self.items.push(item);
        let stop = if killed { State::Expired } else { self.run(id, ask, ask.money) };
        self.settle_down(id, ask, stop, killed);
        self.trim();
        Ok(())
    }

    fn settle_down(&mut self, id: u64, ask: &Ask, stop: State, killed: bool) {
        let item = *self.at(id);
        if item.state != State::Open {
            return;
        }
        let ends = killed || ask.kind == OrderType::Market || matches!(ask.tif, TimeInForce::Ioc | TimeInForce::Fok);
        if stop == State::InMatch && !killed {
            self.end(id, State::InMatch);
        } else if ends || stop == State::Canceled {
            self.end(id, State::Expired);
        } else {
            self.turn += 1;
            self.at(id).turn = Some(self.turn);
        }
    }

    /// Matches. `Open`: the book has no more; `InMatch`: self-trade; `Canceled`: nothing left to reduce.
    fn run(&mut self, id: u64, ask: &Ask, mut money: Option<i128>) -> State {
        let limit = (ask.kind == OrderType::Limit).then_some(ask.price);
        loop {
            let taker = *self.at(id);
            let Some(maker) = self.queue(ask.side, limit).first().copied() else { return State::Open };
            if taker.qty == taker.done {
                return State::Open;
            }
            if maker.who == ask.who && ask.stp != Stp::None {
                if ask.stp != Stp::ExpireTaker {
                    self.end(maker.id, State::InMatch);
                }
                if ask.stp != Stp::ExpireMaker {
                    return State::InMatch;
                }
                continue;
            }
            let mut qty = (taker.qty - taker.done).min(maker.qty - maker.done);
            if maker.reduce {
                qty = qty.min(self.closable(maker.who, maker.side));
                if qty == 0 {
                    self.end(maker.id, State::Expired);
                    continue;
                }
            }
            if let Some(left) = money {
                qty = qty.min(i64::try_from(left / value(maker.price, 1)).unwrap());
                if qty == 0 {
                    return State::Open;
                }
            }
            if ask.reduce {
                qty = qty.min(self.closable(ask.who, ask.side));
                if qty == 0 {
                    return State::Canceled;
                }
            }
            money = money.map(|left| left - value(maker.price, qty));
            self.trades.push((id, maker.id, maker.price, qty));
            self.fill(id, ask.kind, maker.price, qty, 1);
            self.fill(maker.id, OrderType::Limit, maker.price, qty, 0);
        }
    }

    fn fill(&mut self, id: u64, kind: OrderType, price: i64, qty: i64, taking: usize) {
        let linear = self.linear;
        let item = self.at(id);
        item.done += qty;
        let (paid, base) = (value(price, qty), LOT_BASE * i128::from(qty));
        let spent = match (item.side, kind) {
            (Side::Buy, OrderType::Limit) => value(item.price, qty),
            (Side::Buy, OrderType::Market) => paid,
            (Side::Sell, _) => base,
        };
        item.lock -= spent;
        if item.done == item.qty {
            (item.state, item.turn) = (State::Filled, None);
        }
        let (who, side) = (item.who, item.side);
        let free = &mut self.free[who];
        if linear {
            free[0] += i128::from(side.sign() * qty);
            free[1] -= paid * i128::from(side.sign()) + paid * FEES[taking] / 100_000_000;
        } else if side == Side::Buy {
            free[0] += base - base * FEES[taking] / 100_000_000;
            free[1] += spent - paid;
        } else {
            free[1] += paid - paid * FEES[taking] / 100_000_000;
        }
    }

    fn at(&mut self, id: u64) -> &mut Item {
        self.items.iter_mut().find(|item| item.id == id).unwrap()
    }

    pub fn end(&mut self, id: u64, state: State) {
        let linear = self.linear;
        let item = self.at(id);
        (item.state, item.turn) = (state, None);
        let (who, side, back) = (item.who, item.side, std::mem::take(&mut item.lock));
        if !linear {
            self.free[who][usize::from(side == Side::Buy)] += back;
        }
    }

    /// Resting reduce-only orders never exceed what there is to close: the newest give way.
    fn trim(&mut self) {
        for who in 0..self.free.len() {
            for side in [Side::Buy, Side::Sell] {
                let mut mine: Vec<Item> =
                    self.resting().filter(|i| i.who == who && i.side == side && i.reduce).copied().collect();
                mine.sort_by_key(|item| item.id);
                let mut excess: i64 = mine.iter().map(|i| i.qty - i.done).sum::<i64>() - self.closable(who, side);
                while excess > 0 {
                    let newest = mine.pop().unwrap();
                    let open = newest.qty - newest.done;
                    if open <= excess {
                        self.end(newest.id, State::Expired);
                    } else {
                        self.at(newest.id).qty -= excess;
                    }
                    excess -= open.min(excess);
                }
            }
        }
    }

    pub fn amend(&mut self, id: u64, price: Option<i64>, qty: i64) -> Result<(), Refusal> {
        let old = *self.at(id);
        let price = price.unwrap_or(old.price);
        if qty <= old.done {
            self.end(id, State::Canceled);
            return Ok(());
        }
        let need = |price, open: i64| match old.side {
            _ if self.linear => 0,
            Side::Buy => value(price, open),
            Side::Sell => LOT_BASE * i128::from(open),
        };
        let asset = usize::from(old.side == Side::Buy);
        if price == old.price && qty <= old.qty {
            let lock = need(price, qty - old.done);
            if !self.linear {
                self.free[old.who][asset] += old.lock - lock;
            }
            (self.at(id).qty, self.at(id).lock) = (qty, lock);
            return Ok(());
        }
        if old.tif == TimeInForce::PostOnly && !self.queue(old.side, Some(price)).is_empty() {
            return Err(Refusal::WouldTake);
        }
        if old.reduce && qty > old.qty {
            return Err(Refusal::ReduceOnly);
        }
        let lock = need(price, qty - old.done);
        if !self.linear {
            if self.free[old.who][asset] + old.lock < lock {
                return Err(Refusal::InsufficientBalance);
            }
            self.free[old.who][asset] += old.lock - lock;
        }
        let item = self.at(id);
        (item.turn, item.price, item.qty, item.lock) = (None, price, qty, lock);
        let (side, tif, stp) = (old.side, old.tif, old.stp);
        let ask =
            Ask { who: old.who, side, kind: OrderType::Limit, tif, price, qty, reduce: old.reduce, stp, money: None };
        let stop = self.run(id, &ask, None);
        self.settle_down(id, &ask, stop, false);
        self.trim();
        Ok(())
    }

    /// Price and size of every level of a side, best first.
    pub fn levels(&self, side: Side) -> Vec<(i64, i64)> {
        let mut levels: Vec<(i64, i64)> = Vec::new();
        for item in self.queue(side.flip(), None) {
            match levels.last_mut() {
                Some(last) if last.0 == item.price => last.1 += item.qty - item.done,
                _ => levels.push((item.price, item.qty - item.done)),
            }
        }
        levels
    }
}

fn value(price: i64, qty: i64) -> i128 {
    i128::from(price) * i128::from(qty) * LOT_VALUE
}

fn draft(ask: &Ask, qty: i64) -> Item {
    let (who, side, price, tif, reduce, stp) = (ask.who, ask.side, ask.price, ask.tif, ask.reduce, ask.stp);
    Item { id: 0, who, side, price, tif, qty, done: 0, state: State::Open, reduce, stp, turn: None, lock: 0 }
}
