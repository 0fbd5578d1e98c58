//! The plain book of single orders that ours is measured against: what one writes first, out of the standard library.
//!
//! A `HashMap` with its default hasher from id to the order's place in a list, a `BTreeMap` of levels for each side of each
//! book, and orders of a level linked by their places. The best prices are the trees' ends.

use std::collections::{BTreeMap, HashMap};
use tickwright_core::book::l3::Change;

struct Order {
    id: u64,
    book: u32,
    side: usize,
    price: i64,
    qty: i64,
    prev: Option<usize>,
    next: Option<usize>,
}

struct Level {
    qty: i64,
    head: usize,
    tail: usize,
}

/// The best bid and ask, price and size.
pub type Best = [Option<(i64, i64)>; 2];

/// All books.
pub struct Plain {
    places: HashMap<u64, usize>,
    orders: Vec<Order>,
    vacant: Vec<usize>,
    books: Vec<[BTreeMap<i64, Level>; 2]>,
}

impl Plain {
    /// Empty books.
    pub fn new(books: usize) -> Self {
        let books = (0..books).map(|_| Default::default()).collect();
        Self { places: HashMap::new(), orders: Vec::new(), vacant: Vec::new(), books }
    }

    /// Applies one message; the best prices after it. Messages about unknown orders do nothing.
    pub fn apply(&mut self, change: &Change) -> Best {
        match *change {
            Change::Add { book, id, side, price, qty } => self.add(book, id, side as usize, price, qty),
            Change::Reduce { id, qty, .. } => self.reduce(id, qty),
            Change::Delete { id, .. } => drop(self.end(id)),
            Change::Replace { id, new_id, price, qty, .. } => {
                if let Some((book, side)) = self.end(id) {
                    self.add(book, new_id, side, price, qty);
                }
            }
            Change::Amend { .. } => unreachable!("ITCH has no such message"),
        }
        self.best(change.book())
    }

    /// The best prices of a book.
    pub fn best(&self, book: u32) -> Best {
        let [bids, asks] = &self.books[book as usize];
        let best = |(price, level): (&i64, &Level)| (*price, level.qty);
        [bids.last_key_value().map(best), asks.first_key_value().map(best)]
    }

    /// The order that stands first at the best price of a side.
    pub fn first(&self, book: u32, side: usize) -> Option<u64> {
        let levels = &self.books[book as usize][side];
        let best = if side == 0 { levels.last_key_value() } else { levels.first_key_value() };
        best.map(|(_, level)| self.orders[level.head].id)
    }

    fn add(&mut self, book: u32, id: u64, side: usize, price: i64, qty: i64) {
        let place = self.vacant.pop().unwrap_or(self.orders.len());
        let level = self.books[book as usize][side].entry(price).or_insert(Level { qty: 0, head: place, tail: place });
        let prev = (level.qty > 0).then_some(level.tail);
        level.qty += qty;
        level.tail = place;
        let order = Order { id, book, side, price, qty, prev, next: None };
        if place == self.orders.len() {
            self.orders.push(order);
        } else {
            self.orders[place] = order;
        }
        if let Some(prev) = prev {
            self.orders[prev].next = Some(place);
        }
        self.places.insert(id, place);
    }

    fn reduce(&mut self, id: u64, qty: i64) {
        let Some(order) = self.places.get(&id).map(|place| &mut self.orders[*place]) else { return };
        if order.qty <= qty {
            self.end(id);
            return;
        }
        order.qty -= qty;
        if let Some(level) = self.books[order.book as usize][order.side].get_mut(&order.price) {
            level.qty -= qty;
        }
    }

    /// Ends an order; its book and side.
    fn end(&mut self, id: u64) -> Option<(u32, usize)> {
        let place = self.places.remove(&id)?;
        self.vacant.push(place);
        let Order { book, side, price, qty, prev, next, .. } = self.orders[place];
        let levels = &mut self.books[book as usize][side];
        let level = levels.get_mut(&price)?;
        level.qty -= qty;
        if let Some(next) = next {
            self.orders[next].prev = prev;
        } else {
            level.tail = prev.unwrap_or(0);
        }
        if let Some(prev) = prev {
            self.orders[prev].next = next;
        } else {
            level.head = next.unwrap_or(0);
        }
        if level.qty == 0 {
            levels.remove(&price);
        }
        Some((book, side))
    }
}
