//! The price levels of all books: a queue of orders each, lying where its price says.
//!
//! catalogue: M2, M4. Each side of a book has a ladder of 256 queues (see `step`), so that finding the queue of a price is
//! one line of memory, and it opens and closes by a bit. Prices off the ladder, or between its steps, stand behind the
//! ladders (see `far`); `window` moves the ladder after the best price. Keys (`step`) grow towards the best price.

use super::Top;
use super::orders::Records;
use super::pages::filled;
use super::slots::Slots;
use super::step::{Book, LOW, STEPS, keyed};
use crate::event::Level;
use crate::units::Lots;
use std::hint::select_unpredictable;

/// Set in a queue's owner where one of its orders is watched.
pub(super) const WATCHED: u32 = 1 << 31;

/// One price level: its orders in order of arrival, linked through their records. On a ladder it is always there; with no
/// order in it, only its owner means anything.
#[derive(Debug, Clone, Copy, Default)]
#[repr(C, align(32))]
pub(super) struct Queue {
    pub key: i64,
    pub qty: Lots,
    pub head: u32,
    pub tail: u32,
    /// Orders in it; 0 in a vacancy of the arena, whose `head` is then the next one.
    pub count: u32,
    /// Twice the book's number, plus the side; `WATCHED` may be set.
    pub owner: u32,
}

impl Queue {
    /// Puts an order at the back, after which the queue holds `held`; the order before it. Place 0 is nobody: what is
    /// written to that record is never read.
    #[inline(always)]
    pub fn push(&mut self, place: u32, held: Lots) -> u32 {
        let prev = std::mem::replace(&mut self.tail, place);
        self.head = select_unpredictable(prev == 0, place, self.head);
        self.qty = held;
        self.count += 1;
        prev
    }

    /// Takes an order of `qty` between two others out. Whether it was the first or the last is a matter of chance: nothing branches on it.
    #[inline(always)]
    pub fn drop_out(&mut self, qty: Lots, prev: u32, next: u32) {
        self.qty -= qty;
        self.count -= 1;
        self.head = select_unpredictable(prev == 0, next, self.head);
        self.tail = select_unpredictable(next == 0, prev, self.tail);
    }
}

/// The queues of all books.
#[derive(Debug)]
pub(super) struct Queues {
    /// The ladders, 256 queues for each side of each book, and behind them the arena.
    pub all: Box<[Queue]>,
    pub books: Box<[Book]>,
    /// Where the arena begins.
    pub ladders: u32,
    /// How many more prices may have orders.
    pub room: u32,
    /// The first vacancy of the arena. It has as many queues as there may be prices, so there is one while there is room.
    pub vacant: u32,
    /// The queues of the arena, by owner and key.
    pub far_index: Slots,
    /// The first of each side's queues in the arena, 0 for none.
    pub far_heads: Box<[u32]>,
    /// Their neighbours in the list of their side: before, after.
    pub far_links: Box<[[u32; 2]]>,
}

impl Queues {
    /// Empty books, one for each entry of `ticks` (its step), with room for `queues_max` prices over all of them.
    pub fn new(ticks: &[u32], queues_max: usize) -> Self {
        let (sides, ladders) = (ticks.len() * 2, ticks.len() * 2 * STEPS);
        let mut all = filled(ladders + queues_max, Queue::default());
        for (owner, ladder) in all[..ladders].chunks_exact_mut(STEPS).enumerate() {
            ladder.iter_mut().for_each(|queue| queue.owner = owner as u32);
        }
        for (at, queue) in all.iter_mut().enumerate().skip(ladders) {
            queue.head = at as u32 + 1;
        }
        let mut books = filled(ticks.len(), Book::new(1));
        books.iter_mut().zip(ticks).for_each(|(book, ticks)| *book = Book::new(*ticks));
        Self {
            all,
            books,
            ladders: ladders as u32,
            room: queues_max as u32,
            vacant: ladders as u32,
            far_index: Slots::new(queues_max),
            far_heads: filled(sides, 0),
            far_links: filled(queues_max, [0; 2]),
        }
    }

    /// How many books there are.
    #[inline(always)]
    pub const fn books(&self) -> usize {
        self.books.len()
    }

    /// Whether no further price can get a queue.
    #[inline(always)]
    pub const fn is_full(&self) -> bool {
        self.room == 0
    }

    /// The best prices of a book.
    #[inline(always)]
    pub fn top(&self, book: u32) -> &Top {
        &self.books[book as usize].top
    }

    #[inline(always)]
    pub fn at(&self, queue: u32) -> &Queue {
        &self.all[queue as usize]
    }

    /// Whether a queue is one of a ladder.
    #[inline(always)]
    pub const fn on_ladder(&self, queue: u32) -> bool {
        queue < self.ladders
    }

    /// Whose queue it is; that of a ladder's is in its number.
    #[inline(always)]
    pub fn owner(&self, queue: u32) -> u32 {
        if self.on_ladder(queue) { queue / STEPS as u32 } else { self.at(queue).owner & !WATCHED }
    }

    /// The ladder's queue of a key, open or not; None for a key without a step.
    #[inline(always)]
    pub fn of_ladder(&self, owner: u32, key: i64) -> Option<u32> {
        let slot = self.books[(owner >> 1) as usize].slot((owner & 1) as usize, key)?;
        Some(owner * STEPS as u32 + slot as u32)
    }

    /// The open queue of a key.
    pub fn find(&self, owner: u32, key: i64) -> Option<u32> {
        match self.of_ladder(owner, key) {
            Some(queue) => Some(queue).filter(|queue| self.at(*queue).count > 0),
            None => self.find_far(owner, key).ok().map(|(_, queue)| queue),
        }
    }

    /// The open queue of the best price.
    pub fn best(&self, owner: u32) -> Option<u32> {
        let (side, top) = ((owner & 1) as usize, self.top(owner >> 1));
        self.find(owner, keyed(side, top.sides[side].price))
    }

    /// Finds the best price of a side anew: on the ladder, or among the queues without a step where that may be.
    #[inline(always)]
    pub fn next_best(&mut self, owner: u32, orders: &mut Records) {
        let (side, book) = ((owner & 1) as usize, &mut self.books[(owner >> 1) as usize]);
        match book.best(side) {
            Some((step, slot)) if step >= LOW && book.between[side] == 0 => {
                let Queue { key, qty, .. } = self.all[owner as usize * STEPS + slot];
                book.top.sides[side] = Level { price: keyed(side, key), qty };
            }
            found => self.next_best_far(owner, found.map(|(_, slot)| owner * STEPS as u32 + slot as u32), orders),
        }
    }

    /// The step of a price's key, for the test of its arithmetic.
    #[cfg(test)]
    pub fn step_of(&self, owner: u32, key: i64) -> Option<usize> {
        self.books[(owner >> 1) as usize].step((owner & 1) as usize, key)
    }

    /// The lines of a book, for a prefetch.
    #[inline(always)]
    pub fn book_lines(&self, book: u32) -> [*const u8; 2] {
        let line = self.books.as_ptr().wrapping_add(book as usize).cast::<u8>();
        [line, line.wrapping_add(size_of::<Book>() / 2)]
    }

    /// The queue that a key probably has, for a prefetch: any queue where nothing is known.
    #[inline(always)]
    pub fn hint(&self, owner: u32, key: i64) -> u32 {
        let Some(book) = self.books.get((owner >> 1) as usize) else { return 0 };
        owner * STEPS as u32 + book.slot((owner & 1) as usize, key).unwrap_or(0) as u32
    }

    /// The places of a side's `count` best queues, best first. Where all of them are on the ladder its bits lead the way;
    /// only a side with queues between the steps, or too few on them, is sorted.
    pub fn best_first(&self, owner: u32, count: usize, mut each: impl FnMut(u32)) {
        let (book, side) = (&self.books[(owner >> 1) as usize], (owner & 1) as usize);
        let only_ladder = self.far_heads[owner as usize] == 0 || book.count(side) >= count;
        if book.between[side] == 0 && only_ladder {
            let slots = book.best_first(side).take(count);
            slots.for_each(|slot| each(owner * STEPS as u32 + slot as u32));
        } else {
            self.sorted(owner, count).into_iter().for_each(each);
        }
    }

    /// The places of a side's queues, best first.
    pub fn in_order(&self, owner: u32) -> Vec<u32> {
        self.sorted(owner, usize::MAX)
    }

    /// How many price levels a side has.
    pub fn count(&self, owner: u32) -> usize {
        self.books[(owner >> 1) as usize].count((owner & 1) as usize) + self.far(owner).count()
    }

    /// The places of a side's `count` best queues, best first, wherever they lie; the others are not put in order.
    fn sorted(&self, owner: u32, count: usize) -> Vec<u32> {
        let (book, side) = (&self.books[(owner >> 1) as usize], (owner & 1) as usize);
        let on_ladder = book.best_first(side).map(|slot| owner * STEPS as u32 + slot as u32);
        let mut all: Vec<u32> = on_ladder.chain(self.far(owner)).collect();
        let rank = |queue: &u32| std::cmp::Reverse(self.at(*queue).key);
        if count < all.len() {
            all.select_nth_unstable_by_key(count, rank);
            all.truncate(count);
        }
        all.sort_unstable_by_key(rank);
        all
    }
}
