//! The plain book of single orders that ours is measured against: what one writes first, out of the standard library.
//!
//! A `HashMap` with its default hasher from id to order, a `BTreeMap` of levels for each side of each book, and orders of a
//! level linked by their ids. The best prices are the trees' ends.

use std::collections::{BTreeMap, HashMap};
use tickwright_core::book::l3::Change;

struct Order {
    book: u32,
    side: usize,
    price: i64,
    qty: i64,
    prev: Option<u64>,
    next: Option<u64>,
}

struct Level {
    qty: i64,
    head: u64,
    tail: u64,
}

/// The best bid and ask, price and size.
pub type Best = [Option<(i64, i64)>; 2];

/// All books.
pub struct Plain {
    orders: HashMap<u64, Order>,
    books: Vec<[BTreeMap<i64, Level>; 2]>,
}

impl Plain {
    /// Empty books.
    pub fn new(books: usize) -> Self {
        Self { orders: HashMap::new(), books: (0..books).map(|_| Default::default()).collect() }
    }

    /// Applies one message; the best prices after it. Messages about unknown orders do nothing.
    pub fn apply(&mut self, change: &Change) -> Best {
        match *change {
            Change::Add { book, id, side, price, qty } => self.add(book, id, side as usize, price, qty),
            Change::Reduce { id, qty, .. } => self.reduce(id, qty),
            Change::Delete { id, .. } => drop(self.end(id)),
            Change::Replace { id, new_id, price, qty, .. } => {
                if let Some(old) = self.end(id) {
                    self.add(old.book, new_id, old.side, price, qty);
                }
            }
            Change::Amend { .. } => unreachable!("ITCH has no such message"),
        }
        let [bids, asks] = &self.books[change.book() as usize];
        let best = |(price, level): (&i64, &Level)| (*price, level.qty);
        [bids.last_key_value().map(best), asks.first_key_value().map(best)]
    }

    fn add(&mut self, book: u32, id: u64, side: usize, price: i64, qty: i64) {
        let levels = &mut self.books[book as usize][side];
        let level = levels.entry(price).or_insert(Level { qty: 0, head: id, tail: id });
        let prev = (level.qty > 0).then_some(level.tail);
        level.qty += qty;
        level.tail = id;
        self.orders.insert(id, Order { book, side, price, qty, prev, next: None });
        if let Some(prev) = prev.and_then(|prev| self.orders.get_mut(&prev)) {
            prev.next = Some(id);
        }
    }

    fn reduce(&mut self, id: u64, qty: i64) {
        let Some(order) = self.orders.get_mut(&id) else { return };
        if order.qty <= qty {
            self.end(id);
            return;
        }
        order.qty -= qty;
        if let Some(level) = self.books[order.book as usize][order.side].get_mut(&order.price) {
            level.qty -= qty;
        }
    }

    fn end(&mut self, id: u64) -> Option<Order> {
        let order = self.orders.remove(&id)?;
        let levels = &mut self.books[order.book as usize][order.side];
        let level = levels.get_mut(&order.price)?;
        level.qty -= order.qty;
        match order.prev {
            Some(prev) => self.orders.get_mut(&prev)?.next = order.next,
            None => level.head = order.next.unwrap_or(0),
        }
        match order.next {
            Some(next) => self.orders.get_mut(&next)?.prev = order.prev,
            None => level.tail = order.prev.unwrap_or(0),
        }
        if level.qty == 0 {
            levels.remove(&order.price);
        }
        Some(order)
    }
}
