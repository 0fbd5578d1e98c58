//! Orders by their venue's id: the record itself lies at the place of the id, so that finding one is one cache miss.
//!
//! catalogue: M2. A place is a number that fits 32 bits; 0 is nobody. `Dense` computes it from the id, for venues that
//! count orders up (ITCH reference numbers); `Hashed` looks it up, for ids from a large space. Both are bounded.

use super::Fault;
use super::pages::{fetch, filled};
use super::slots::Slots;
use crate::units::Lots;

/// One resting order, two to a cache line.
#[derive(Debug, Clone, Copy, Default)]
#[repr(C, align(32))]
pub(super) struct Order {
    /// The venue's id.
    pub id: u64,
    /// What is left of it; 0 where no order lives here.
    pub qty: Lots,
    /// The queue it stands in.
    pub queue: u32,
    /// The order before it in the queue, 0 for none.
    pub prev: u32,
    /// The order behind it, 0 for none. In `Hashed`, a dead record's next vacancy.
    pub next: u32,
    /// When it joined its queue, counted in arrivals over all books and wrapping.
    pub arrival: u32,
}

const _: () = assert!(size_of::<Order>() == 32);

/// How many records ahead of the latest order's memory is asked for, for venues that count up.
const AHEAD: usize = 16;

/// How ids become places; `Dense` and `Hashed` are the two ways.
pub trait Ids {
    /// The place of a live order; for an id without one, a place where no order lives (0 is such a place).
    #[doc(hidden)]
    fn find(&self, id: u64, orders: &Records) -> u32;
    /// Where a new order would live. Errors: `Duplicate`, `IdRange` or `OrdersFull`; nothing changes.
    #[doc(hidden)]
    fn vacancy(&self, id: u64, orders: &Records) -> Result<u32, Fault>;
    /// Notes that `id` lives at the place that `vacancy` gave. The record has its id already.
    #[doc(hidden)]
    fn occupy(&mut self, id: u64, place: u32, orders: &Records);
    /// Forgets an id whose order has ended.
    #[doc(hidden)]
    fn release(&mut self, id: u64, place: u32, orders: &mut Records);
    /// Where the order of an id probably lives, for a prefetch: 0 where nothing is known.
    #[doc(hidden)]
    fn guess(&self, id: u64) -> u32;
    /// The line that `guess` will read.
    #[doc(hidden)]
    fn line(&self, id: u64) -> *const u8;
}

/// The order records, place 0 unused.
#[derive(Debug)]
pub struct Records(pub(super) Box<[Order]>);

impl Records {
    pub(super) fn new(orders_max: usize) -> Self {
        Self(filled(orders_max + 1, Order::default()))
    }

    #[inline(always)]
    pub(super) fn at(&self, place: u32) -> &Order {
        &self.0[place as usize]
    }

    #[inline(always)]
    pub(super) fn at_mut(&mut self, place: u32) -> &mut Order {
        &mut self.0[place as usize]
    }
}

/// Ids from `first` on, one place each: for venues that count up. An id beyond the last place is `IdRange`.
#[derive(Debug)]
pub struct Dense {
    first: u64,
    places: u64,
}

impl Dense {
    pub(super) const fn new(first: u64, places: u64) -> Self {
        Self { first, places }
    }

    #[inline(always)]
    const fn place(&self, id: u64) -> u32 {
        let offset = id.wrapping_sub(self.first);
        if offset < self.places { offset as u32 + 1 } else { 0 }
    }
}

impl Ids for Dense {
    #[inline(always)]
    fn find(&self, id: u64, _: &Records) -> u32 {
        self.place(id)
    }

    #[inline(always)]
    fn vacancy(&self, id: u64, orders: &Records) -> Result<u32, Fault> {
        let place = self.place(id);
        if place == 0 {
            return Err(Fault::IdRange);
        }
        // Such a venue counts up: the records of the orders to come are next to each other.
        fetch(orders.0.as_ptr().wrapping_add(place as usize + AHEAD));
        if orders.at(place).qty == 0 { Ok(place) } else { Err(Fault::Duplicate) }
    }

    #[inline(always)]
    fn occupy(&mut self, _: u64, _: u32, _: &Records) {}

    #[inline(always)]
    fn release(&mut self, _: u64, _: u32, _: &mut Records) {}

    #[inline(always)]
    fn guess(&self, id: u64) -> u32 {
        self.place(id)
    }

    #[inline(always)]
    fn line(&self, _: u64) -> *const u8 {
        std::ptr::null()
    }
}

/// Any ids, at most `orders_max` alive at once; the places of ended orders are used again, the latest first.
#[derive(Debug)]
pub struct Hashed {
    slots: Slots,
    /// The first vacancy; the records of vacancies are linked by `next`.
    vacant: u32,
}

impl Hashed {
    pub(super) fn new(orders: &mut Records) -> Self {
        let last = orders.0.len() - 1;
        for place in 1..last {
            orders.0[place].next = place as u32 + 1;
        }
        Self { slots: Slots::new(last), vacant: u32::from(last > 0) }
    }

    #[inline(always)]
    fn slot(&self, id: u64, orders: &Records) -> Result<(usize, u32), usize> {
        self.slots.find(self.slots.home(id), |place| orders.at(place).id == id)
    }
}

impl Ids for Hashed {
    #[inline(always)]
    fn find(&self, id: u64, orders: &Records) -> u32 {
        self.slot(id, orders).map_or(0, |(_, place)| place)
    }

    #[inline(always)]
    fn vacancy(&self, id: u64, orders: &Records) -> Result<u32, Fault> {
        match (self.slot(id, orders), self.vacant) {
            (Ok(_), _) => Err(Fault::Duplicate),
            (Err(_), 0) => Err(Fault::OrdersFull),
            (Err(_), place) => Ok(place),
        }
    }

    #[inline(always)]
    fn occupy(&mut self, id: u64, place: u32, orders: &Records) {
        if let Err(slot) = self.slot(id, orders) {
            self.slots.set(slot, place);
        }
        self.vacant = orders.at(place).next;
    }

    #[inline(always)]
    fn release(&mut self, id: u64, place: u32, orders: &mut Records) {
        if let Ok((slot, _)) = self.slot(id, orders) {
            self.slots.remove(slot, |place| orders.at(place).id);
        }
        orders.at_mut(place).next = self.vacant;
        self.vacant = place;
    }

    #[inline(always)]
    fn guess(&self, id: u64) -> u32 {
        self.slots.guess(self.slots.home(id))
    }

    #[inline(always)]
    fn line(&self, id: u64) -> *const u8 {
        self.slots.line(self.slots.home(id)).cast()
    }
}
