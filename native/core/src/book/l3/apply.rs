//! What a message does: an order joins a queue, leaves it or shrinks in it, or the message is refused whole.
//!
//! catalogue: M2. Everything that could refuse a message is asked before anything changes.

use super::orders::{Ids, Order};
use super::queues::{Queue, WATCHED};
use super::step::{STEPS, keyed};
use super::{Change, Fault, L3Books, PRICE_MAX, Resting, Top};
use crate::units::{Lots, Ticks};
use std::result::Result;

impl<I: Ids> L3Books<I> {
    /// A live order by its id.
    #[must_use]
    pub fn order(&self, id: u64) -> Option<Resting> {
        self.place(id).map(|place| self.resting_at(place))
    }

    /// The place of a live order.
    #[inline(always)]
    pub(super) fn place(&self, id: u64) -> Option<u32> {
        Some(self.ids.find(id, &self.orders)).filter(|place| self.orders.at(*place).qty != 0)
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
            Change::Add { book, id, side, price, qty } => self.add(book, side as usize, id, price, qty),
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
        let place = self.place(id).ok_or(Fault::UnknownOrder)?;
        let owner = self.queues.owner(self.orders.at(place).queue);
        if owner >> 1 == book { Ok(place) } else { Err(Fault::OtherBook) }
    }

    #[inline(always)]
    fn add(&mut self, book: u32, side: usize, id: u64, price: Ticks, qty: Lots) -> Result<(), Fault> {
        let Some(at) = self.queues.books.get(book as usize) else { return Err(Fault::UnknownBook) };
        possible(price, qty)?;
        let place = self.ids.vacancy(id, &self.orders)?;
        let (owner, key) = (book << 1 | side as u32, keyed(side, price));
        let number = match at.slot(side, key) {
            Some(slot) => owner * STEPS as u32 + slot as u32,
            None => self.queues.off_ladder(owner, key, &mut self.orders)?,
        };
        self.join(book, side, price, place, Order { id, qty, queue: number, ..Order::default() })
    }

    /// Puts an order at the back of the queue that it names, which its price opens where it is empty.
    #[inline(always)]
    fn join(&mut self, book: u32, side: usize, price: Ticks, place: u32, order: Order) -> Result<(), Fault> {
        let queue = &mut self.queues.all[order.queue as usize];
        if queue.count == 0 && self.queues.room == 0 {
            return Err(Fault::LevelsFull);
        }
        let Some(held) = queue.qty.checked_add(order.qty) else { return Err(Fault::Size) };
        self.ids.occupy(order.id, place, &self.orders);
        self.arrivals = self.arrivals.wrapping_add(1);
        self.queues.room -= u32::from(queue.count == 0);
        queue.key = keyed(side, price);
        let prev = queue.push(place, held);
        self.orders.at_mut(prev).next = place;
        *self.orders.at_mut(place) = Order { prev, arrival: self.arrivals, ..order };
        let at = &mut self.queues.books[book as usize];
        if order.queue < self.queues.ladders {
            at.mark(side, order.queue as usize % STEPS);
        }
        at.grew(side, price, held);
        Ok(())
    }

    /// Takes an order of a book out of its queue and forgets its id.
    #[inline(always)]
    fn end(&mut self, book: u32, place: u32) {
        let Order { id, qty: rest, queue: number, prev, next, .. } = *self.orders.at(place);
        self.orders.at_mut(place).qty = 0;
        self.orders.at_mut(prev).next = next;
        self.orders.at_mut(next).prev = prev;
        let queue = &mut self.queues.all[number as usize];
        queue.drop_out(rest, prev, next);
        let Queue { key, qty, count, owner, .. } = *queue;
        if owner & WATCHED != 0 {
            self.left(place, rest, true);
        }
        let (side, empty) = ((owner & 1) as usize, count == 0);
        let at = &mut self.queues.books[book as usize];
        let was_best = at.shrank(side, key, qty);
        self.queues.room += u32::from(empty);
        if number < self.queues.ladders {
            at.unmark(side, number as usize % STEPS, empty);
        } else if empty {
            self.queues.close_far(number);
        }
        if was_best & empty {
            self.queues.next_best(book << 1 | owner & 1, &mut self.orders);
        }
        self.ids.release(id, place, &mut self.orders);
    }

    #[inline(always)]
    fn shrink(&mut self, book: u32, place: u32, qty: Lots) {
        let order = self.orders.at_mut(place);
        order.qty -= qty;
        let queue = &mut self.queues.all[order.queue as usize];
        queue.qty -= qty;
        let Queue { key, qty: held, owner, .. } = *queue;
        if owner & WATCHED != 0 {
            self.left(place, qty, false);
        }
        self.queues.books[book as usize].shrank((owner & 1) as usize, key, held);
    }

    /// The old order ends first, so that the new one has its room; what could refuse the new one is asked before.
    #[inline(never)]
    fn replace(&mut self, book: u32, id: u64, new_id: u64, price: Ticks, qty: Lots) -> Result<(), Fault> {
        let place = self.live(book, id)?;
        if new_id != id {
            self.ids.vacancy(new_id, &self.orders).or_else(|fault| match fault {
                Fault::OrdersFull => Ok(place),
                fault => Err(fault),
            })?;
        }
        let side = self.may_move(place, price, qty)?;
        self.end(book, place);
        self.add(book, side, new_id, price, qty)
    }

    /// Whether an order could join the queue of a price after it has left its own; its side.
    #[inline(always)]
    fn may_move(&self, place: u32, price: Ticks, qty: Lots) -> Result<usize, Fault> {
        possible(price, qty)?;
        let order = self.orders.at(place);
        let owner = self.queues.owner(order.queue);
        let side = (owner & 1) as usize;
        let queue = self.queues.find(owner, keyed(side, price));
        let held = queue.map_or(0, |queue| self.queues.at(queue).qty);
        let leaving = if queue == Some(order.queue) { order.qty } else { 0 };
        if self.queues.is_full() && held == 0 && self.queues.at(order.queue).count > 1 {
            return Err(Fault::LevelsFull);
        }
        if (held - leaving).checked_add(qty).is_some() { Ok(side) } else { Err(Fault::Size) }
    }

    #[inline(never)]
    fn amend(&mut self, book: u32, id: u64, price: Ticks, qty: Lots) -> Result<(), Fault> {
        let place = self.live(book, id)?;
        let Order { queue, qty: left, .. } = *self.orders.at(place);
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
        let side = self.may_move(place, price, qty)?;
        self.end(book, place);
        self.add(book, side, id, price, qty)
    }
}

/// Whether there can be an order of this price and size: `Size` or `Price` where not.
#[inline(always)]
const fn possible(price: Ticks, qty: Lots) -> Result<(), Fault> {
    match (qty > 0, price.unsigned_abs() <= PRICE_MAX as u64) {
        (true, true) => Ok(()),
        (false, _) => Err(Fault::Size),
        (true, false) => Err(Fault::Price),
    }
}
