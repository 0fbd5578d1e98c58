//! Price levels without a step of their ladder: in an arena behind the ladders, by a hash index and a list of each side.
//!
//! catalogue: M2, M4. A price far behind the best one stands here, or one between the usual prices of its book.

use super::orders::Records;
use super::queues::{Queue, Queues, WATCHED};
use super::step::{LOW, STEPS, keyed};
use super::{Fault, NOTHING};
use crate::event::Level;

/// One number of an owner and a key, for the hash index.
#[inline]
const fn mixed(owner: u32, key: i64) -> u64 {
    (key as u64).wrapping_add((owner as u64).wrapping_mul(0xd6e8_feb8_6659_fd93))
}

impl Queues {
    /// The slot of the index and the queue of a key without a step, or else the slot where they would go.
    pub fn find_far(&self, owner: u32, key: i64) -> Result<(usize, u32), usize> {
        self.far_index.find(self.far_index.home(mixed(owner, key)), |queue| {
            let queue = self.at(queue);
            queue.key == key && queue.owner & !WATCHED == owner
        })
    }

    /// The queue of a key that has no step, opened where there is none. The ladder moves to a key that is the best, which
    /// changes where queues lie and nothing else; the queue is one of a ladder then. `LevelsFull` where there is no room.
    #[cold]
    pub fn off_ladder(&mut self, owner: u32, key: i64, orders: &mut Records) -> Result<u32, Fault> {
        if let Ok((_, queue)) = self.find_far(owner, key) {
            return Ok(queue);
        }
        if self.is_full() {
            return Err(Fault::LevelsFull);
        }
        let (side, book) = ((owner & 1) as usize, &self.books[(owner >> 1) as usize]);
        let best = book.top.sides[side];
        let beyond = key.wrapping_sub(book.base[side]) >= STEPS as i64 * i64::from(book.ticks);
        if best.qty == 0 || beyond && key > keyed(side, best.price) {
            self.move_to(owner, key, orders);
            if let Some(queue) = self.of_ladder(owner, key) {
                return Ok(queue);
            }
        }
        let book = &mut self.books[(owner >> 1) as usize];
        book.between[side] += u32::from(book.is_between(side, key));
        Ok(self.occupy(owner, key))
    }

    /// Takes a vacancy of the arena for a key.
    pub fn occupy(&mut self, owner: u32, key: i64) -> u32 {
        let queue = self.vacant;
        let record = &mut self.all[queue as usize];
        self.vacant = record.head;
        *record = Queue { key, owner, ..Queue::default() };
        if let Err(slot) = self.find_far(owner, key) {
            self.far_index.set(slot, queue);
        }
        let after = std::mem::replace(&mut self.far_heads[owner as usize], queue);
        *self.links(queue) = [0, after];
        if after != 0 {
            self.links(after)[0] = queue;
        }
        queue
    }

    /// Gives a queue back to the arena.
    pub fn vacate(&mut self, queue: u32) {
        let Queue { key, owner, .. } = *self.at(queue);
        let owner = owner & !WATCHED;
        if let Ok((slot, _)) = self.find_far(owner, key) {
            let all = &self.all;
            self.far_index.remove(slot, |queue| {
                let queue = &all[queue as usize];
                mixed(queue.owner & !WATCHED, queue.key)
            });
        }
        let [before, after] = *self.links(queue);
        match before {
            0 => self.far_heads[owner as usize] = after,
            before => self.links(before)[1] = after,
        }
        if after != 0 {
            self.links(after)[0] = before;
        }
        self.all[queue as usize] = Queue { head: self.vacant, ..Queue::default() };
        self.vacant = queue;
    }

    fn links(&mut self, queue: u32) -> &mut [u32; 2] {
        &mut self.far_links[(queue - self.ladders) as usize]
    }

    /// The next queue of a side that has no step, 0 for none.
    pub fn far_after(&self, queue: u32) -> u32 {
        self.far_links[(queue - self.ladders) as usize][1]
    }

    /// The queues of a side that have no step.
    pub fn far(&self, owner: u32) -> impl Iterator<Item = u32> + '_ {
        let some = |queue: u32| Some(queue).filter(|queue| *queue != 0);
        std::iter::successors(some(self.far_heads[owner as usize]), move |queue| some(self.far_after(*queue)))
    }

    /// Gives the queue of a price without a step back, now that it is empty.
    #[cold]
    pub fn close_far(&mut self, queue: u32) {
        let (owner, key) = (self.owner(queue), self.at(queue).key);
        let (side, book) = ((owner & 1) as usize, &mut self.books[(owner >> 1) as usize]);
        book.between[side] -= u32::from(book.is_between(side, key));
        self.vacate(queue);
    }

    /// As `next_best`, where it may have no step; a ladder on which the best price is low moves to it.
    #[cold]
    pub fn next_best_far(&mut self, owner: u32, on_ladder: Option<u32>, orders: &mut Records) {
        let (side, number) = ((owner & 1) as usize, (owner >> 1) as usize);
        let Some(best) = self.far(owner).chain(on_ladder).max_by_key(|queue| self.at(*queue).key) else {
            self.books[number].top.sides[side] = NOTHING;
            return;
        };
        let Queue { key, qty, .. } = *self.at(best);
        let book = &mut self.books[number];
        book.top.sides[side] = Level { price: keyed(side, key), qty };
        if key - book.base[side] < LOW as i64 * i64::from(book.ticks) {
            self.move_to(owner, key, orders);
        }
    }
}
