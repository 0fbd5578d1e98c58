//! What a message does: an order joins a queue, leaves it or shrinks in it, or the message is refused whole.
//!
//! catalogue: M2. Everything that could refuse a message is asked before anything changes.

use super::orders::{Ids, Order};
use super::queues::{Queue, WATCHED, keyed};
use super::{Change, Fault, L3Books, PRICE_MAX, Resting, Top};
use crate::units::{Lots, Ticks};
use std::result::Result;

impl<I: Ids> L3Books<I> {
    /// A live order by its id.
    #[must_use]
    pub fn order(&self, id: u64) -> Option<Resting> {
        Some(self.ids.find(id, &self.orders)).filter(|place| *place != 0).map(|place| self.resting_at(place))
    }

    /// Applies one message; the best prices of its book after it.
    ///
    /// Errors: what `Fault` lists; it is counted, and nothing has changed.
    #[inline(always)]
    pub fn apply(&mut self, change: &Change) -> Result<&Top, Fault> {
        if let Err(fault) = self.change(change) {
            self.faults.count(fault);
            return Err(fault);
        }
        Ok(self.queues.top(change.book()))
    }

    #[inline(always)]
    fn change(&mut self, change: &Change) -> Result<(), Fault> {
        match *change {
            Change::Add { book, id, side, price, qty } => {
                if book as usize >= self.queues.books() {
                    return Err(Fault::UnknownBook);
                }
                self.add(book << 1 | side as u32, id, price, qty)
            }
            Change::Reduce { book, id, qty } => {
                let place = self.live(book, id)?;
                let left = self.orders.at(place).qty;
                if qty <= 0 || qty > left {
                    return Err(Fault::Size);
                }
                if qty == left {
                    self.end(book, place);
                } else {
                    self.shrink(book, place, qty);
                }
                Ok(())
            }
            Change::Delete { book, id } => {
                let place = self.live(book, id)?;
                self.end(book, place);
                Ok(())
            }
            Change::Replace { book, id, new_id, price, qty } => self.replace(book, id, new_id, price, qty),
            Change::Amend { book, id, price, qty } => self.amend(book, id, price, qty),
        }
    }

    /// The place of a live order of this book.
    #[inline(always)]
    fn live(&self, book: u32, id: u64) -> Result<u32, Fault> {
        let place = self.ids.find(id, &self.orders);
        if place == 0 {
            return Err(Fault::UnknownOrder);
        }
        let owner = self.queues.at(self.orders.at(place).queue).owner & !WATCHED;
        if owner >> 1 == book { Ok(place) } else { Err(Fault::OtherBook) }
    }

    #[inline(always)]
    fn add(&mut self, owner: u32, id: u64, price: Ticks, qty: Lots) -> Result<(), Fault> {
        if qty <= 0 {
            return Err(Fault::Size);
        }
        if price.unsigned_abs() > PRICE_MAX as u64 {
            return Err(Fault::Price);
        }
        let place = self.ids.vacancy(id, &self.orders)?;
        let queue = self.room(owner, price, qty)?;
        self.ids.occupy(id, place, &self.orders);
        self.join(place, owner, queue, id, qty);
        Ok(())
    }

    /// The queue of a price, opened where there is none, in which `qty` has room.
    #[inline(always)]
    fn room(&mut self, owner: u32, price: Ticks, qty: Lots) -> Result<u32, Fault> {
        let key = keyed((owner & 1) as usize, price);
        match self.queues.find(owner, key) {
            0 => self.queues.open(owner, key),
            queue if self.queues.at(queue).qty.checked_add(qty).is_none() => Err(Fault::Size),
            queue => Ok(queue),
        }
    }

    /// Puts an order at the back of a queue. Place 0 is nobody: what is written there is never read.
    #[inline(always)]
    fn join(&mut self, place: u32, owner: u32, queue: u32, id: u64, qty: Lots) {
        self.arrivals = self.arrivals.wrapping_add(1);
        let (orders, arrival) = (&mut *self.orders.0, self.arrivals);
        let at = &mut self.queues.arena[queue as usize];
        let prev = std::mem::replace(&mut at.tail, place);
        at.head = if prev == 0 { place } else { at.head };
        at.qty += qty;
        at.count += 1;
        let (key, held) = (at.key, at.qty);
        orders[prev as usize].next = place;
        orders[place as usize] = Order { id, qty, queue, prev, next: 0, arrival };
        self.queues.grew(owner, queue, key, held);
    }

    /// Takes an order of a book out of its queue; its record is no longer alive, its id not yet forgotten.
    #[inline(always)]
    fn leave(&mut self, book: u32, place: u32) -> Order {
        let orders = &mut *self.orders.0;
        let order = orders[place as usize];
        orders[place as usize].queue = 0;
        orders[order.prev as usize].next = order.next;
        orders[order.next as usize].prev = order.prev;
        let queue = &mut self.queues.arena[order.queue as usize];
        queue.qty -= order.qty;
        queue.count -= 1;
        queue.head = if order.prev == 0 { order.next } else { queue.head };
        queue.tail = if order.next == 0 { order.prev } else { queue.tail };
        let Queue { key, qty, count, owner, .. } = *queue;
        if owner & WATCHED != 0 {
            self.left(&order, order.qty, 1);
        }
        let owner = book << 1 | owner & 1;
        if count == 0 {
            self.queues.close(owner, order.queue, key);
        } else {
            self.queues.shrank(owner, order.queue, qty);
        }
        order
    }

    #[inline(always)]
    fn end(&mut self, book: u32, place: u32) {
        let order = self.leave(book, place);
        self.ids.release(order.id, place, &mut self.orders);
    }

    #[inline(always)]
    fn shrink(&mut self, book: u32, place: u32, qty: Lots) {
        let order = self.orders.at_mut(place);
        order.qty -= qty;
        let order = *order;
        let queue = &mut self.queues.arena[order.queue as usize];
        queue.qty -= qty;
        let Queue { qty: held, owner, .. } = *queue;
        if owner & WATCHED != 0 {
            self.left(&order, qty, 0);
        }
        self.queues.shrank(book << 1 | owner & 1, order.queue, held);
    }

    /// The old order ends first, so that the new one has its room; what could refuse the new one is asked before.
    fn replace(&mut self, book: u32, id: u64, new_id: u64, price: Ticks, qty: Lots) -> Result<(), Fault> {
        let place = self.live(book, id)?;
        let queue = self.orders.at(place).queue;
        let owner = self.queues.at(queue).owner & !WATCHED;
        if new_id != id {
            self.ids.vacancy(new_id, &self.orders).or_else(|fault| match fault {
                Fault::OrdersFull => Ok(place),
                fault => Err(fault),
            })?;
        }
        self.may_move(owner, place, price, qty)?;
        self.end(book, place);
        self.add(owner, new_id, price, qty)
    }

    /// Whether an order could join the queue of a price after it has left its own.
    fn may_move(&self, owner: u32, place: u32, price: Ticks, qty: Lots) -> Result<(), Fault> {
        let own = self.queues.at(self.orders.at(place).queue);
        if qty <= 0 {
            return Err(Fault::Size);
        }
        if price.unsigned_abs() > PRICE_MAX as u64 {
            return Err(Fault::Price);
        }
        let key = keyed((owner & 1) as usize, price);
        match self.queues.find(owner, key) {
            0 if own.count > 1 && self.queues.is_full() => Err(Fault::LevelsFull),
            0 => Ok(()),
            queue => {
                let leaving = if own.key == key { self.orders.at(place).qty } else { 0 };
                let fits = (self.queues.at(queue).qty - leaving).checked_add(qty).is_some();
                if fits { Ok(()) } else { Err(Fault::Size) }
            }
        }
    }

    #[inline(never)]
    fn amend(&mut self, book: u32, id: u64, price: Ticks, qty: Lots) -> Result<(), Fault> {
        let place = self.live(book, id)?;
        let Order { queue, qty: left, .. } = *self.orders.at(place);
        let owner = self.queues.at(queue).owner & !WATCHED;
        if qty == 0 {
            self.end(book, place);
            return Ok(());
        }
        if self.level(queue).price == price && (1..=left).contains(&qty) {
            if qty < left {
                self.shrink(book, place, left - qty);
            }
            return Ok(());
        }
        self.may_move(owner, place, price, qty)?;
        self.end(book, place);
        self.add(owner, id, price, qty)
    }
}
