//! The price-time book of real orders: every order in a slab, queues as intrusive FIFO links, levels sorted by price.
//!
//! catalogue: S1. The book knows nothing of money or accounts' rights: it holds who rests where with how much, and
//! keeps price-time order. Levels stand in a vector with the best one last, so that work near the touch moves
//! little memory. Node indices stay valid until their order leaves.

use crate::error::{CoreError, Result};
use crate::state;
use crate::units::{Lots, NO_PRICE, Side, Ticks};

/// The end of a link.
pub const NIL: u32 = u32::MAX;
/// The account number of everybody we do not know: the market around our orders.
pub const BACKGROUND: u32 = 0;

state! {
    /// A resting order as the queue sees it.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Node {
        /// The order's id; 0 in a free node.
        pub id: u64,
        /// Price.
        pub price: Ticks,
        /// What is still open.
        pub qty: Lots,
        /// Whose it is.
        pub account: u32,
        /// The next order in the queue, or `NIL`.
        pub next: u32,
        /// The order before it, or `NIL`.
        pub prev: u32,
        /// Its side.
        pub side: Side,
    }
}

state! {
    /// One price with its queue.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct PriceLevel {
        /// Price.
        pub price: Ticks,
        /// Everything open at it.
        pub qty: Lots,
        /// How much of that belongs to the background.
        pub background: Lots,
        /// First in the queue.
        pub head: u32,
        /// Last in the queue.
        pub tail: u32,
    }
}

state! {
    /// A book of one symbol. Bounded: `add` refuses when `capacity` orders rest.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Book {
        nodes: Vec<Node>,
        free: Vec<u32>,
        bids: Vec<PriceLevel>,
        asks: Vec<PriceLevel>,
        capacity: u32,
    }
}

impl Book {
    /// An empty book for at most `capacity` resting orders.
    #[must_use]
    pub fn new(capacity: u32) -> Self {
        Self {
            nodes: Vec::with_capacity(1024),
            free: Vec::with_capacity(1024),
            bids: Vec::with_capacity(1024),
            asks: Vec::with_capacity(1024),
            capacity,
        }
    }

    /// The levels of one side, best last.
    #[must_use]
    pub fn levels(&self, side: Side) -> &[PriceLevel] {
        match side {
            Side::Buy => &self.bids,
            Side::Sell => &self.asks,
        }
    }

    fn side_mut(&mut self, side: Side) -> &mut Vec<PriceLevel> {
        match side {
            Side::Buy => &mut self.bids,
            Side::Sell => &mut self.asks,
        }
    }

    /// The best level of a side.
    #[must_use]
    pub fn best(&self, side: Side) -> Option<&PriceLevel> {
        self.levels(side).last()
    }

    /// The best price of a side, or `NO_PRICE`.
    #[must_use]
    pub fn best_price(&self, side: Side) -> Ticks {
        self.best(side).map_or(NO_PRICE, |level| level.price)
    }

    /// The node at `index`, or `None` where nothing rests.
    #[must_use]
    pub fn node(&self, index: u32) -> Option<&Node> {
        self.nodes.get(index as usize).filter(|node| node.id != 0)
    }

    /// How many orders rest.
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes.len() - self.free.len()
    }

    /// Whether nothing rests.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether one more order fits.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.len() < self.capacity as usize
    }

    /// Whether an order of `side` limited to `limit` (`NO_PRICE`: not limited) would trade at `price`.
    #[must_use]
    pub const fn crosses(side: Side, limit: Ticks, price: Ticks) -> bool {
        limit == NO_PRICE
            || match side {
                Side::Buy => price <= limit,
                Side::Sell => price >= limit,
            }
    }

    /// Where `price` stands in its side, or where it would have to be inserted.
    fn locate(&self, side: Side, price: Ticks) -> std::result::Result<usize, usize> {
        match side {
            Side::Buy => self.bids.binary_search_by(|level| level.price.cmp(&price)),
            Side::Sell => self.asks.binary_search_by(|level| price.cmp(&level.price)),
        }
    }

    /// The level at `price`, if anything rests there.
    #[must_use]
    pub fn level(&self, side: Side, price: Ticks) -> Option<&PriceLevel> {
        self.locate(side, price).ok().and_then(|at| self.levels(side).get(at))
    }

    /// Puts an order at the end of its price's queue and returns its node. Refused when the book is full.
    pub fn add(&mut self, id: u64, account: u32, side: Side, price: Ticks, qty: Lots) -> Result<u32> {
        if !self.has_room() {
            return Err(CoreError::Full { what: "book", capacity: self.capacity as usize });
        }
        let at = match self.locate(side, price) {
            Ok(at) => at,
            Err(at) => {
                self.side_mut(side).insert(at, PriceLevel { price, qty: 0, background: 0, head: NIL, tail: NIL });
                at
            }
        };
        let tail = self.levels(side)[at].tail;
        let index = self.store(Node { id, price, qty, account, next: NIL, prev: tail, side });
        if tail != NIL {
            self.nodes[tail as usize].next = index;
        }
        let level = &mut self.side_mut(side)[at];
        level.tail = index;
        if level.head == NIL {
            level.head = index;
        }
        level.qty += qty;
        level.background += if account == BACKGROUND { qty } else { 0 };
        Ok(index)
    }

    fn store(&mut self, node: Node) -> u32 {
        if let Some(index) = self.free.pop() {
            self.nodes[index as usize] = node;
            return index;
        }
        self.nodes.push(node);
        (self.nodes.len() - 1) as u32
    }

    /// Takes `qty` off an order, which keeps its place; an order without rest leaves. Returns what is left of it.
    /// The caller keeps `0 < qty <= open`; a node that is gone changes nothing.
    pub fn reduce(&mut self, index: u32, qty: Lots) -> Lots {
        let Some(node) = self.nodes.get_mut(index as usize).filter(|node| node.id != 0) else { return 0 };
        debug_assert!(qty > 0 && qty <= node.qty, "reduce {qty} of {node:?}");
        node.qty -= qty;
        let node = *node;
        let Ok(at) = self.locate(node.side, node.price) else { return node.qty };
        let level = &mut self.side_mut(node.side)[at];
        level.qty -= qty;
        level.background -= if node.account == BACKGROUND { qty } else { 0 };
        if node.qty == 0 {
            self.unlink(index, node, at);
        }
        node.qty
    }

    /// Takes an order out and returns what was open.
    pub fn remove(&mut self, index: u32) -> Lots {
        let open = self.node(index).map_or(0, |node| node.qty);
        if open > 0 {
            self.reduce(index, open);
        }
        open
    }

    /// Adds to an order in place. Only for the background, whose chunks stand for many orders.
    pub fn grow(&mut self, index: u32, qty: Lots) {
        let Some(node) = self.nodes.get_mut(index as usize).filter(|node| node.id != 0) else { return };
        node.qty += qty;
        let node = *node;
        if let Ok(at) = self.locate(node.side, node.price) {
            let level = &mut self.side_mut(node.side)[at];
            level.qty += qty;
            level.background += if node.account == BACKGROUND { qty } else { 0 };
        }
    }

    fn unlink(&mut self, index: u32, node: Node, at: usize) {
        if node.prev != NIL {
            self.nodes[node.prev as usize].next = node.next;
        }
        if node.next != NIL {
            self.nodes[node.next as usize].prev = node.prev;
        }
        let levels = self.side_mut(node.side);
        let level = &mut levels[at];
        if level.head == index {
            level.head = node.next;
        }
        if level.tail == index {
            level.tail = node.prev;
        }
        if level.head == NIL {
            levels.remove(at);
        }
        self.nodes[index as usize].id = 0;
        self.free.push(index);
    }

    /// How much stands before an order in its queue, or `None` where nothing rests.
    #[must_use]
    pub fn ahead(&self, index: u32) -> Option<Lots> {
        let mut at = self.node(index)?.prev;
        let mut sum = 0;
        while let Some(node) = self.node(at) {
            sum += node.qty;
            at = node.prev;
        }
        Some(sum)
    }

    /// Proves the book's structure: links, sums, order of levels, never crossed. For tests and `check()`.
    pub fn verify(&self) -> Result<()> {
        let broken = |invariant, was: String| CoreError::Broken { invariant, was };
        let mut seen = 0;
        for side in [Side::Buy, Side::Sell] {
            let levels = self.levels(side);
            for pair in levels.windows(2) {
                if Self::crosses(side, pair[0].price, pair[1].price) {
                    return Err(broken("levels are sorted, best last", format!("{pair:?}")));
                }
            }
            for level in levels {
                let (mut sum, mut background, mut at, mut before) = (0, 0, level.head, NIL);
                while let Some(node) = self.node(at) {
                    if node.prev != before || node.price != level.price || node.side != side || node.qty <= 0 {
                        return Err(broken("a queue links its own orders", format!("{node:?}")));
                    }
                    sum += node.qty;
                    background += if node.account == BACKGROUND { node.qty } else { 0 };
                    seen += 1;
                    (before, at) = (at, node.next);
                }
                if sum != level.qty || background != level.background || before != level.tail || sum == 0 {
                    return Err(broken("a level is the sum of its queue", format!("{level:?}")));
                }
            }
        }
        if seen != self.len() {
            return Err(broken("every order rests on one level", format!("{seen} of {}", self.len())));
        }
        match (self.best(Side::Buy), self.best(Side::Sell)) {
            (Some(bid), Some(ask)) if bid.price >= ask.price => {
                Err(broken("a book is never crossed", format!("{} >= {}", bid.price, ask.price)))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_price_time_order_and_sums() {
        let mut book = Book::new(8);
        let a = book.add(1, 7, Side::Buy, 100, 5).unwrap();
        let b = book.add(2, BACKGROUND, Side::Buy, 100, 3).unwrap();
        let c = book.add(3, 7, Side::Buy, 101, 2).unwrap();
        assert_eq!(book.best_price(Side::Buy), 101);
        assert_eq!((book.ahead(a), book.ahead(b), book.ahead(c)), (Some(0), Some(5), Some(0)));
        assert_eq!(book.level(Side::Buy, 100).map(|l| (l.qty, l.background)), Some((8, 3)));
        // One cancel ahead moves us by that order, not to the front (conformance item 5).
        assert_eq!(book.reduce(a, 2), 3);
        assert_eq!(book.ahead(b), Some(3));
        assert_eq!(book.remove(c), 2);
        assert_eq!(book.best_price(Side::Buy), 100);
        book.verify().unwrap();
        assert_eq!(book.remove(a), 3);
        assert_eq!(book.ahead(b), Some(0));
        assert_eq!(book.remove(b), 3);
        assert_eq!(book.remove(b), 0);
        assert!(book.is_empty() && book.levels(Side::Buy).is_empty());
    }

    #[test]
    fn is_bounded_and_reuses_nodes() {
        let mut book = Book::new(1);
        let a = book.add(1, 1, Side::Sell, 10, 1).unwrap();
        assert_eq!(book.add(2, 1, Side::Sell, 10, 1).unwrap_err().to_string(), "book is full at its bound of 1");
        book.remove(a);
        assert_eq!(book.add(3, 1, Side::Sell, 11, 1).unwrap(), a);
        book.verify().unwrap();
    }
}
