//! The plain book of single orders that ours is measured against: what one writes first, out of the standard library.
//!
//! A `HashMap` with its default hasher from id to the order's place in a list, a `BTreeMap` of levels for each side of each
//! book, and orders of a level linked by their places, 40 bytes each. The best prices are the trees' ends; a message looks
//! at the end of the one tree that it changed.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap};
use tickwright_core::book::l3::Change;

struct Order {
    id: u64,
    price: i64,
    qty: i64,
    book: u32,
    prev: u32,
    next: u32,
    side: u8,
}

struct Level {
    qty: i64,
    head: u32,
    tail: u32,
}

/// The link of the first order of a level, and of the last.
const NOBODY: u32 = u32::MAX;

/// The best bid and ask, price and size.
pub type Best = [Option<(i64, i64)>; 2];

/// One book: its levels, and the best of them as of the last message.
#[derive(Default)]
struct Book {
    levels: [BTreeMap<i64, Level>; 2],
    best: Best,
}

/// All books.
pub struct Plain {
    places: HashMap<u64, u32>,
    orders: Vec<Order>,
    vacant: Vec<u32>,
    books: Vec<Book>,
}

impl Book {
    fn level(&self, side: u8) -> Option<(&i64, &Level)> {
        let [bids, asks] = &self.levels;
        if side == 0 { bids.last_key_value() } else { asks.first_key_value() }
    }

    /// Notes the best price of a side, whose levels have changed.
    fn note(&mut self, side: u8) {
        self.best[usize::from(side)] = self.level(side).map(|(price, level)| (*price, level.qty));
    }
}

impl Plain {
    /// Empty books, with room for some more than `alive` orders, as ours have theirs before the clock starts.
    pub fn new(books: usize, alive: usize) -> Self {
        let (places, orders) = (HashMap::with_capacity(alive + alive / 16), Vec::with_capacity(alive + alive / 16));
        Self { places, orders, vacant: Vec::new(), books: (0..books).map(|_| Book::default()).collect() }
    }

    /// Applies one message; the best prices after it. Messages about unknown orders do nothing.
    pub fn apply(&mut self, change: &Change) -> Best {
        match *change {
            Change::Add { book, id, side, price, qty } => self.add(book, id, side as u8, price, qty),
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
        self.books[book as usize].best
    }

    /// The order that stands first at the best price of a side.
    pub fn first(&self, book: u32, side: u8) -> Option<u64> {
        self.books[book as usize].level(side).map(|(_, level)| self.orders[level.head as usize].id)
    }

    fn add(&mut self, book: u32, id: u64, side: u8, price: i64, qty: i64) {
        let place = self.vacant.pop().unwrap_or(self.orders.len() as u32);
        let at = &mut self.books[book as usize];
        let new = Level { qty: 0, head: place, tail: NOBODY };
        let level = at.levels[usize::from(side)].entry(price).or_insert(new);
        level.qty += qty;
        let prev = std::mem::replace(&mut level.tail, place);
        at.note(side);
        if let Some(prev) = self.orders.get_mut(prev as usize) {
            prev.next = place;
        }
        let order = Order { id, price, qty, book, prev, next: NOBODY, side };
        match self.orders.get_mut(place as usize) {
            Some(vacancy) => *vacancy = order,
            None => self.orders.push(order),
        }
        self.places.insert(id, place);
    }

    fn reduce(&mut self, id: u64, qty: i64) {
        let Some(order) = self.places.get(&id).map(|place| &mut self.orders[*place as usize]) else { return };
        if order.qty <= qty {
            self.end(id);
            return;
        }
        order.qty -= qty;
        let at = &mut self.books[order.book as usize];
        if let Some(level) = at.levels[usize::from(order.side)].get_mut(&order.price) {
            level.qty -= qty;
        }
        at.note(order.side);
    }

    /// Ends an order; its book and side.
    fn end(&mut self, id: u64) -> Option<(u32, u8)> {
        let place = self.places.remove(&id)?;
        self.vacant.push(place);
        let Order { book, side, price, qty, prev, next, .. } = self.orders[place as usize];
        if let Some(prev) = self.orders.get_mut(prev as usize) {
            prev.next = next;
        }
        if let Some(next) = self.orders.get_mut(next as usize) {
            next.prev = prev;
        }
        let at = &mut self.books[book as usize];
        let Entry::Occupied(mut entry) = at.levels[usize::from(side)].entry(price) else { return None };
        let level = entry.get_mut();
        level.qty -= qty;
        if level.qty == 0 {
            entry.remove();
        } else {
            level.head = if prev == NOBODY { next } else { level.head };
            level.tail = if next == NOBODY { prev } else { level.tail };
        }
        at.note(side);
        Some((book, side))
    }
}
