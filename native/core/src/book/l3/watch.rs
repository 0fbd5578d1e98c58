//! Where an order stands in its queue: how much and how many are to be filled before it.
//!
//! catalogue: M2. A watched order's standing is kept up with every message of its queue, so asking for it costs a look at a
//! short list. Of any other order it is counted from the nearer end of the queue. A queue without watched orders pays one
//! bit test a message.

use super::orders::{Ids, Order, Records};
use super::queues::WATCHED;
use super::{Fault, L3Books};
use crate::units::Lots;

/// The most orders that are watched at once: a maker's own, not the market's.
pub const WATCHES_MAX: usize = 256;

/// An order's standing in its queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Lots of the orders before it.
    pub lots_ahead: Lots,
    /// How many orders are before it.
    pub orders_ahead: u32,
}

#[derive(Debug, Clone, Copy)]
struct Watch {
    id: u64,
    place: u32,
    arrival: u32,
    standing: Standing,
}

/// The watched orders, at most `WATCHES_MAX`.
#[derive(Debug)]
pub(super) struct Watches(Vec<Watch>);

impl Watches {
    pub fn new() -> Self {
        Self(Vec::with_capacity(WATCHES_MAX))
    }

    fn find(&self, id: u64) -> Option<usize> {
        self.0.iter().position(|watch| watch.id == id)
    }

    /// Notes that `qty` of an order left its queue, with the whole order where `orders` is 1.
    fn left(&mut self, order: &Order, qty: Lots, orders: u32, records: &Records) {
        for watch in self.0.iter_mut().filter(|watch| records.at(watch.place).queue == order.queue) {
            // Arrivals wrap: of two orders of one queue, the earlier one is less than 2^31 arrivals behind.
            if watch.arrival.wrapping_sub(order.arrival).cast_signed() > 0 {
                watch.standing.lots_ahead -= qty;
                watch.standing.orders_ahead -= orders;
            }
        }
    }
}

impl<I> L3Books<I> {
    /// Notes that `qty` of the order at a place left a queue with watched orders; with `ended`, the whole order did.
    #[cold]
    pub(super) fn left(&mut self, place: u32, qty: Lots, ended: bool) {
        let order = *self.orders.at(place);
        if ended {
            self.forget(order.id);
        }
        self.watches.left(&order, qty, u32::from(ended), &self.orders);
    }

    fn forget(&mut self, id: u64) -> bool {
        let Some(at) = self.watches.find(id) else { return false };
        let queue = self.orders.at(self.watches.0.swap_remove(at).place).queue;
        if !self.watches.0.iter().any(|watch| self.orders.at(watch.place).queue == queue) {
            self.queues.all[queue as usize].owner &= !WATCHED;
        }
        true
    }

    /// Counts from both ends of the queue at once, so a standing near either end is cheap.
    fn walk(&self, place: u32) -> Standing {
        let queue = self.queues.at(self.orders.at(place).queue);
        let own = self.orders.at(place);
        let (mut before, mut behind) = (own.prev, own.next);
        let (mut lots_before, mut lots_behind, mut steps) = (0, 0, 0);
        while before != 0 && behind != 0 {
            let (one, other) = (self.orders.at(before), self.orders.at(behind));
            lots_before += one.qty;
            lots_behind += other.qty;
            steps += 1;
            (before, behind) = (one.prev, other.next);
        }
        if before == 0 {
            return Standing { lots_ahead: lots_before, orders_ahead: steps };
        }
        Standing { lots_ahead: queue.qty - own.qty - lots_behind, orders_ahead: queue.count - 1 - steps }
    }
}

impl<I: Ids> L3Books<I> {
    /// Keeps the standing of a live order from now on, until it ends or loses its place to an amendment.
    ///
    /// Errors: `UnknownOrder`; `OrdersFull` where `WATCHES_MAX` orders are watched already.
    pub fn watch(&mut self, id: u64) -> Result<Standing, Fault> {
        let place = self.place(id).ok_or(Fault::UnknownOrder)?;
        if let Some(at) = self.watches.find(id) {
            return Ok(self.watches.0[at].standing);
        }
        if self.watches.0.len() >= WATCHES_MAX {
            return Err(Fault::OrdersFull);
        }
        let (standing, Order { queue, arrival, .. }) = (self.walk(place), *self.orders.at(place));
        self.watches.0.push(Watch { id, place, arrival, standing });
        self.queues.all[queue as usize].owner |= WATCHED;
        Ok(standing)
    }

    /// Stops watching an order; whether it was watched.
    pub fn unwatch(&mut self, id: u64) -> bool {
        self.forget(id)
    }

    /// The standing of a live order, watched or not.
    #[must_use]
    pub fn standing(&self, id: u64) -> Option<Standing> {
        if let Some(at) = self.watches.find(id) {
            return Some(self.watches.0[at].standing);
        }
        self.place(id).map(|place| self.walk(place))
    }
}
