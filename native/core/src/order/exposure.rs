//! The sums of what is open, for each account, strategy and instrument: kept by difference with every change.
//!
//! catalogue: O1. Pessimistic: an order counts from its approval until its end is known, an UNKNOWN one in full, an
//! amended one with the larger size at the better price, an ended one with the fills that have not reached us.

use super::life::Order;
use crate::canon::{Canon, impossible};
use crate::error::{CoreError, Result};
use crate::state;
use crate::units::{Amount, Lots, NO_PRICE, Side, Ticks};

state! {
    /// What one account and strategy has open in one instrument; arrays are indexed by `Side`.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Exposure {
        /// The account.
        pub account: u16,
        /// The strategy.
        pub strategy: u16,
        /// The instrument.
        pub instrument: u32,
        /// Lots that may still fill.
        pub lots: [i64; 2],
        /// Their notional in the settlement asset's smallest unit, each order rounded up.
        pub notional: [i128; 2],
        /// Orders that are not over.
        pub count: [u32; 2],
        /// The best limit price among them; `NO_PRICE` where there is none.
        pub best: [i64; 2],
        /// The order at that price (the lowest id among equals), or 0.
        pub best_order: [u64; 2],
    }
}

impl Exposure {
    /// Nothing open.
    #[must_use]
    pub const fn empty(account: u16, strategy: u16, instrument: u32) -> Self {
        let (best, best_order) = ([NO_PRICE; 2], [0; 2]);
        Self { account, strategy, instrument, lots: [0; 2], notional: [0; 2], count: [0; 2], best, best_order }
    }

    /// Whether nothing is open: the sums of whoever has traded once are kept.
    #[must_use]
    #[inline]
    pub fn is_nothing(&self) -> bool {
        self.count == [0; 2] && self.lots == [0; 2] && self.notional == [0; 2]
    }

    /// Adds the sums of `other`; the better best price wins.
    pub fn add(&mut self, other: &Self) {
        for side in [Side::Buy, Side::Sell] {
            let at = side as usize;
            self.lots[at] = self.lots[at].saturating_add(other.lots[at]);
            self.notional[at] = self.notional[at].saturating_add(other.notional[at]);
            self.count[at] += other.count[at];
            if other.best_order[at] != 0 {
                self.offer(side, other.best[at], other.best_order[at]);
            }
        }
    }

    fn offer(&mut self, side: Side, price: Ticks, order: u64) {
        let at = side as usize;
        let (best, holder) = (self.best[at], self.best_order[at]);
        if price != NO_PRICE && preferred(side, (price, order), (best, holder)) {
            (self.best[at], self.best_order[at]) = (price, order);
        }
    }
}

/// Whether one order is before another on their side: at the better price, or the older one at the same; any is before
/// none (id 0).
#[must_use]
#[inline]
pub const fn preferred(side: Side, (price, order): (Ticks, u64), (than, holder): (Ticks, u64)) -> bool {
    holder == 0 || better(side, price, than) || (price == than && order < holder)
}

/// Whether `price` is more aggressive than `than`.
#[must_use]
pub const fn better(side: Side, price: Ticks, than: Ticks) -> bool {
    match side {
        Side::Buy => price > than,
        Side::Sell => price < than,
    }
}

/// What one order adds to the sums.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Share {
    lots: Lots,
    notional: Amount,
    count: u32,
    price: Ticks,
}

impl Share {
    #[inline]
    pub(super) fn of(order: &Order) -> Self {
        let live = !order.state.terminal();
        Self {
            lots: order.open_lots(),
            notional: order.open_notional(),
            count: u32::from(live),
            price: if live { order.best_price() } else { NO_PRICE },
        }
    }

    /// What a new order adds, before anything has happened to it.
    #[inline]
    pub(super) fn fresh(price: Ticks, qty: Lots, notional: Amount) -> Self {
        Self { lots: qty, notional: notional.max(0), count: 1, price }
    }

    pub(super) const NOTHING: Self = Self { lots: 0, notional: 0, count: 0, price: NO_PRICE };
}

const END: u32 = u32::MAX;
/// No bound in a snapshot is larger than this: a damaged one must not ask for all memory.
pub(super) const BOUND_MAX: u32 = 1 << 22;

/// The sums, and per group and side a chain through its open orders so that a new best price is found among them only.
#[derive(Debug, Clone)]
pub(super) struct Exposures {
    groups: Vec<Exposure>,
    bound: u32,
    /// Derived from `groups`: their keys in order, with their places.
    by_key: Vec<(u64, u32)>,
    /// Derived from the open orders: first order of each group and side, and the links by place.
    heads: Vec<[u32; 2]>,
    links: Vec<Link>,
}

#[derive(Debug, Clone, Copy)]
struct Link {
    before: u32,
    after: u32,
    group: u32,
    side: Side,
}

const FREE: Link = Link { before: END, after: END, group: END, side: Side::Buy };

/// The canonical form is the bound and the sums; what is derived is rebuilt (`relink`).
impl Canon for Exposures {
    fn put(&self, out: &mut Vec<u8>) {
        self.bound.put(out);
        self.groups.put(out);
    }
    fn take(input: &mut &[u8]) -> Result<Self> {
        let (bound, groups) = (u32::take(input)?, Vec::<Exposure>::take(input)?);
        if groups.len() > bound as usize || bound > BOUND_MAX {
            return Err(impossible("exposure groups", format!("{} of {bound}", groups.len())));
        }
        let mut this = Self::new(bound, 0);
        for group in groups {
            let at = this.ensure(group.account, group.strategy, group.instrument)?;
            this.groups[at as usize] = group;
        }
        Ok(this)
    }
    fn leaves(&self) -> usize {
        1 + self.groups.leaves()
    }
    fn nudge(&mut self, index: usize) {
        if index == 0 { self.bound.nudge(0) } else { self.groups.nudge(index - 1) }
    }
}

impl Exposures {
    pub(super) fn new(groups: u32, open: u32) -> Self {
        Self {
            groups: Vec::with_capacity(groups as usize),
            bound: groups,
            by_key: Vec::with_capacity(groups as usize),
            heads: Vec::with_capacity(groups as usize),
            links: vec![FREE; open as usize],
        }
    }

    /// Rebuilds the chains after a snapshot gave the sums and the open orders.
    pub(super) fn relink(&mut self, open_max: u32, open: &[Order]) -> Result<()> {
        self.links.resize(open_max as usize, FREE);
        for (place, order) in open.iter().enumerate() {
            let group = self.ensure(order.account, order.strategy, order.instrument)?;
            self.link(place as u32, group, order.side);
        }
        Ok(())
    }

    pub(super) fn groups(&self) -> &[Exposure] {
        &self.groups
    }

    /// The place of a group's sums, made where there are none; `Full` at the bound.
    #[inline]
    pub(super) fn ensure(&mut self, account: u16, strategy: u16, instrument: u32) -> Result<u32> {
        let key = key(account, instrument, strategy);
        match self.by_key.binary_search_by_key(&key, |entry| entry.0) {
            Ok(at) => Ok(self.by_key[at].1),
            Err(at) => self.make(at, (account, strategy, instrument)),
        }
    }

    /// Makes the sums of a group whose key belongs at `at`.
    #[cold]
    fn make(&mut self, at: usize, (account, strategy, instrument): (u16, u16, u32)) -> Result<u32> {
        if self.groups.len() >= self.bound as usize {
            return Err(CoreError::Full { what: "exposure groups", capacity: self.bound as usize });
        }
        let place = self.groups.len() as u32;
        self.groups.push(Exposure::empty(account, strategy, instrument));
        self.heads.push([END; 2]);
        self.by_key.insert(at, (key(account, instrument, strategy), place));
        Ok(place)
    }

    /// The sums of one strategy, or empty ones.
    pub(super) fn get(&self, account: u16, strategy: u16, instrument: u32) -> Exposure {
        let key = key(account, instrument, strategy);
        let found = self.by_key.binary_search_by_key(&key, |entry| entry.0).ok();
        found.map_or(Exposure::empty(account, strategy, instrument), |at| self.groups[self.by_key[at].1 as usize])
    }

    /// The groups of one account and instrument, over its strategies.
    pub(super) fn of_pair(&self, account: u16, instrument: u32) -> impl Iterator<Item = (u32, &Exposure)> {
        let (from, to) = (key(account, instrument, 0), key(account, instrument, u16::MAX));
        let start = self.by_key.partition_point(|entry| entry.0 < from);
        let pair = self.by_key[start..].iter().take_while(move |entry| entry.0 <= to);
        pair.map(|entry| (entry.1, &self.groups[entry.1 as usize]))
    }

    /// The order that is now kept at `place` joins its group: its sums and its chain.
    #[inline]
    pub(super) fn join(&mut self, place: u32, group: u32, order: &Order, share: Share) {
        debug_assert_eq!(share, Share::of(order));
        self.link(place, group, order.side);
        let at = order.side as usize;
        let sums = &mut self.groups[group as usize];
        sums.lots[at] = sums.lots[at].saturating_add(share.lots);
        sums.notional[at] = sums.notional[at].saturating_add(share.notional);
        sums.count[at] += share.count;
        sums.offer(order.side, share.price, order.id);
    }

    /// The order at `place` joins its group's chain.
    fn link(&mut self, place: u32, group: u32, side: Side) {
        let first = self.heads[group as usize][side as usize];
        self.links[place as usize] = Link { before: END, after: first, group, side };
        if first != END {
            self.links[first as usize].before = place;
        }
        self.heads[group as usize][side as usize] = place;
    }

    /// The order at `place` leaves its chain.
    pub(super) fn leave(&mut self, place: u32) {
        let link = self.links[place as usize];
        self.point(link, link.after, link.before);
    }

    /// The order at `from` is now kept at `to`, which is free.
    pub(super) fn moved(&mut self, from: u32, to: u32) {
        let link = self.links[from as usize];
        self.links[to as usize] = link;
        self.point(link, to, to);
    }

    /// Lets the neighbours of `link` point at `next` (from before) and `previous` (from after).
    fn point(&mut self, link: Link, next: u32, previous: u32) {
        if link.before == END {
            self.heads[link.group as usize][link.side as usize] = next;
        } else {
            self.links[link.before as usize].after = next;
        }
        if link.after != END {
            self.links[link.after as usize].before = previous;
        }
    }

    /// The orders of a group's side, as places in the open orders.
    pub(super) fn chain(&self, group: u32, side: Side) -> impl Iterator<Item = u32> {
        let mut at = self.heads[group as usize][side as usize];
        std::iter::from_fn(move || {
            let here = at;
            (here != END).then(|| {
                at = self.links[here as usize].after;
                here
            })
        })
    }

    /// Replaces the share of the order at `place` by another; `open` already holds the order as it is now.
    pub(super) fn change(&mut self, place: u32, was: Share, is: Share, open: &[Order]) {
        let Link { group, side, .. } = self.links[place as usize];
        let order = open[place as usize].id;
        let at = side as usize;
        let sums = &mut self.groups[group as usize];
        sums.lots[at] = sums.lots[at].saturating_add(is.lots - was.lots);
        sums.notional[at] = sums.notional[at].saturating_add(is.notional - was.notional);
        sums.count[at] = (sums.count[at] + is.count) - was.count;
        if sums.best_order[at] == order && is.price != was.price {
            self.find_best(group, side, open);
        } else {
            sums.offer(side, is.price, order);
        }
    }

    fn find_best(&mut self, group: u32, side: Side, open: &[Order]) {
        let mut best = Exposure::empty(0, 0, 0);
        for place in self.chain(group, side) {
            let order = &open[place as usize];
            if order.rests() {
                best.offer(side, order.best_price(), order.id);
            }
        }
        let at = side as usize;
        let sums = &mut self.groups[group as usize];
        (sums.best[at], sums.best_order[at]) = (best.best[at], best.best_order[at]);
    }
}

fn key(account: u16, instrument: u32, strategy: u16) -> u64 {
    (u64::from(account) << 48) | (u64::from(instrument) << 16) | u64::from(strategy)
}
