//! Execution: an order meets the book by price and time, under its own rules.
//!
//! catalogue: S1. One loop serves everybody (`take`), one dry run of the same rules says beforehand what it would do
//! (`reach`): fill-or-kill and market orders are checked and paid for by that answer before anything moves.
//! Reduce-only orders are clipped to what they can close at the moment they fill, on both sides.

use super::accounts::{Accounts, Contract};
use super::conditional::Conditionals;
use super::history::History;
use super::legs::Leg;
use super::matching::{BACKGROUND, Book, Node};
use super::order::{Exec, Reason, Status, Stp};
use super::updates::Updates;
use crate::error::Result;
use crate::instrument::Market;
use crate::units::{Amount, Lots, Nanos, Side, Ticks};

/// One operation's view of one symbol: its book, its orders, everybody's money, and where events go.
pub struct Desk<'a> {
    /// The symbol's id.
    pub symbol: u32,
    /// Everybody's money.
    pub accounts: &'a mut Accounts,
    /// The symbol's book.
    pub book: &'a mut Book,
    /// The symbol's orders.
    pub history: &'a mut History,
    /// Orders that wait for a price.
    pub conditionals: &'a mut Conditionals,
    /// Prices of this operation's trades, kept while somebody waits for one.
    pub prints: Vec<Ticks>,
    /// The symbol's public changes.
    pub updates: &'a mut Updates,
    /// The last trade number.
    pub trades: &'a mut u64,
    /// The last order id given.
    pub ids: &'a mut u64,
    /// Events in the order they happen.
    pub out: &'a mut Vec<Exec>,
    /// Positions of known accounts that a fill changed.
    pub moved: Vec<(u32, Leg)>,
    /// Now.
    pub ts: Nanos,
}

/// An order on its way through the book.
#[derive(Debug, Clone, Copy)]
pub struct Taker {
    /// Its id.
    pub order: u64,
    /// Whose.
    pub account: u32,
    /// Its side.
    pub side: Side,
    /// Which of the account's positions it moves.
    pub leg: Leg,
    /// Its limit, `NO_PRICE` for none.
    pub limit: Ticks,
    /// What is left of it.
    pub open: Lots,
    /// What is left of its money where it is limited by money.
    pub money: Option<Amount>,
    /// Its self-trade prevention.
    pub stp: Stp,
    /// Whether it only closes.
    pub reduce_only: bool,
}

/// Why a taker stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// Nothing is left of it.
    Filled,
    /// Nothing more at its price.
    Price,
    /// Its money does not buy one more lot.
    Money,
    /// Self-trade prevention.
    SelfTrade,
    /// It has closed what it could close.
    ReduceOnly,
}

/// What a dry run says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach {
    /// Lots that would trade.
    pub qty: Lots,
    /// Their value.
    pub quote: Amount,
    /// Why it would stop.
    pub stop: Stop,
}

impl Taker {
    fn meets_own(&self, node: &Node) -> bool {
        self.stp != Stp::None && self.account != BACKGROUND && node.account == self.account
    }

    /// How many lots of `open` at `price` it takes, given its own rest and its money.
    fn want(&self, contract: &Contract, price: Ticks, open: Lots) -> Lots {
        let want = open.min(self.open);
        self.money.map_or(want, |money| want.min(contract.affordable(price, money)))
    }
}

impl Desk<'_> {
    /// The symbol's terms.
    #[must_use]
    pub fn contract(&self) -> &Contract {
        &self.accounts.contracts[self.symbol as usize]
    }

    pub(super) fn closable(&self, account: u32, leg: Leg, side: Side) -> Lots {
        self.accounts.position(account, self.symbol, leg).closable(side)
    }

    /// The position that a resting order is for, and whether it may only close it.
    fn leg_of(&self, node: &Node) -> (Leg, bool) {
        let order = if node.account == BACKGROUND { None } else { self.history.get(node.id) };
        order.map_or((Leg::Both, false), |order| (order.leg, order.reduce_only))
    }

    /// Runs a taker through the book until it stops.
    pub fn take(&mut self, taker: &mut Taker) -> Result<Stop> {
        while taker.open > 0 {
            let Some((index, node)) = self.opposite(taker) else { return Ok(Stop::Price) };
            if let Some(stop) = self.meet(taker, index, &node)? {
                return Ok(stop);
            }
        }
        Ok(Stop::Filled)
    }

    /// A taker meets one resting order: they trade, or one of them ends by its rule. Returns why the taker stops.
    pub(super) fn meet(&mut self, taker: &mut Taker, index: u32, node: &Node) -> Result<Option<Stop>> {
        if taker.meets_own(node) {
            if taker.stp != Stp::ExpireTaker {
                self.expire(node.id, Status::ExpiredInMatch, Reason::SelfTrade)?;
            }
            return Ok((taker.stp != Stp::ExpireMaker).then_some(Stop::SelfTrade));
        }
        let mut shown = node.qty;
        if let (leg, true) = self.leg_of(node) {
            shown = shown.min(self.closable(node.account, leg, node.side));
            if shown == 0 {
                self.expire(node.id, Status::Expired, Reason::ReduceOnly)?;
                return Ok(None);
            }
        }
        let mut qty = taker.want(self.contract(), node.price, shown);
        if qty == 0 {
            return Ok(Some(Stop::Money));
        }
        if taker.reduce_only {
            qty = qty.min(self.closable(taker.account, taker.leg, taker.side));
            if qty == 0 {
                return Ok(Some(Stop::ReduceOnly));
            }
        }
        self.fill(taker, index, node, qty)?;
        Ok(None)
    }

    fn opposite(&self, taker: &Taker) -> Option<(u32, Node)> {
        let level = self.book.best(taker.side.flip())?;
        if !Book::crosses(taker.side, taker.limit, level.price) {
            return None;
        }
        self.book.node(level.head).map(|node| (level.head, *node))
    }

    /// What `take` would do, without doing it.
    #[must_use]
    pub fn reach(&self, taker: &Taker) -> Reach {
        let (side, limit) = (taker.side, taker.limit);
        let mut taker = *taker;
        let mut walk = Walk { moved: Vec::new(), qty: 0, quote: 0 };
        let levels = self.book.levels(side.flip()).iter().rev();
        for level in levels.take_while(|level| Book::crosses(side, limit, level.price)) {
            let mut at = level.head;
            while let Some(node) = self.book.node(at) {
                if taker.open == 0 {
                    return walk.end(Stop::Filled);
                }
                if let Some(stop) = self.reach_node(&mut taker, node, &mut walk) {
                    return walk.end(stop);
                }
                at = node.next;
            }
        }
        walk.end(if taker.open == 0 { Stop::Filled } else { Stop::Price })
    }

    fn reach_node(&self, taker: &mut Taker, node: &Node, walk: &mut Walk) -> Option<Stop> {
        if taker.meets_own(node) {
            return (taker.stp != Stp::ExpireMaker).then_some(Stop::SelfTrade);
        }
        let mut shown = node.qty;
        let (leg, reduces) = self.leg_of(node);
        if reduces {
            shown = shown.min(walk.closable(self, node.account, leg, node.side));
            if shown == 0 {
                return None;
            }
        }
        let mut qty = taker.want(self.contract(), node.price, shown);
        if qty == 0 {
            return Some(Stop::Money);
        }
        if taker.reduce_only {
            qty = qty.min(walk.closable(self, taker.account, taker.leg, taker.side));
            if qty == 0 {
                return Some(Stop::ReduceOnly);
            }
        }
        let quote = self.contract().value(node.price, qty);
        walk.qty += qty;
        walk.quote += quote;
        taker.open -= qty;
        taker.money = taker.money.map(|money| money - quote);
        if self.accounts.market != Market::Spot {
            walk.shift(taker.account, taker.leg, taker.side, qty);
            walk.shift(node.account, leg, node.side, qty);
        }
        // Part of a node is left only where the taker has no more to give; where money ran out, say so.
        (qty < shown && taker.open > 0 && taker.money.is_some()).then_some(Stop::Money)
    }
}

/// The positions a dry run has moved so far, and what it has traded.
struct Walk {
    moved: Vec<(u32, Leg, Lots)>,
    qty: Lots,
    quote: Amount,
}

impl Walk {
    fn shift(&mut self, account: u32, leg: Leg, side: Side, qty: Lots) {
        if account == BACKGROUND {
            return;
        }
        match self.moved.iter_mut().find(|(who, of, _)| (*who, *of) == (account, leg)) {
            Some((.., by)) => *by += side.sign() * qty,
            None => self.moved.push((account, leg, side.sign() * qty)),
        }
    }

    fn closable(&self, desk: &Desk<'_>, account: u32, leg: Leg, side: Side) -> Lots {
        let mut position = *desk.accounts.position(account, desk.symbol, leg);
        let moved = self.moved.iter().find(|(who, of, _)| (*who, *of) == (account, leg));
        position.qty += moved.map_or(0, |(.., by)| *by);
        position.closable(side)
    }

    const fn end(&self, stop: Stop) -> Reach {
        Reach { qty: self.qty, quote: self.quote, stop }
    }
}
