//! The price levels of all books: a queue of orders each, found by a ladder of ticks round the best price.
//!
//! catalogue: M2, M4. Queues live in one arena; only prices that have orders take room there. Each side of a book has 1,024
//! ladder steps, each four bytes: the queue's place. Two layers of bits find the best one. Prices off the ladder, or
//! between its steps, stand in a hash index and in a list of their side; when the best price leaves the ladder, the ladder
//! moves. Keys grow towards the best price: the price of a bid, the negated price of an ask.

use super::pages::filled;
use super::slots::Slots;
use super::step::{Book, HOME, LOW, Marks, STEPS};
use super::{Fault, NOTHING, Top};
use crate::event::Level;
use crate::units::{Lots, Side};

/// Set in a queue's owner where one of its orders is watched.
pub(super) const WATCHED: u32 = 1 << 31;

/// One price level: its orders in order of arrival, linked through their records.
#[derive(Debug, Clone, Copy, Default)]
#[repr(C, align(32))]
pub(super) struct Queue {
    pub key: i64,
    pub qty: Lots,
    pub head: u32,
    pub tail: u32,
    /// Orders in it; 0 in a vacancy, whose `head` is then the next one.
    pub count: u32,
    /// Twice the book's number, plus the side; `WATCHED` may be set.
    pub owner: u32,
}

/// The queues of all books.
#[derive(Debug)]
pub(super) struct Queues {
    pub arena: Box<[Queue]>,
    /// The first vacancy of the arena, 0 where it is full.
    vacant: u32,
    books: Box<[Book]>,
    marks: Box<[Marks]>,
    /// 1,024 places for each side of each book.
    ladder: Box<[u32]>,
    /// The queues without a step, by owner and key.
    far: Slots,
    /// Their neighbours in the list of their side: before, after.
    far_links: Box<[[u32; 2]]>,
}

/// One number of an owner and a key, for the hash index.
#[inline]
const fn mixed(owner: u32, key: i64) -> u64 {
    (key as u64).wrapping_add((owner as u64).wrapping_mul(0xd6e8_feb8_6659_fd93))
}

/// A price as a key of its side, and back: the operation is its own inverse.
#[inline]
pub(super) const fn keyed(side: usize, price: i64) -> i64 {
    if side == Side::Buy as usize { price } else { price.wrapping_neg() }
}

impl Queues {
    /// Empty books, one for each entry of `ticks` (its step), with room for `queues_max` prices over all of them.
    pub fn new(ticks: &[u32], queues_max: usize) -> Self {
        let mut arena = filled(queues_max + 1, Queue::default());
        for place in 1..queues_max {
            arena[place].head = place as u32 + 1;
        }
        let book = |ticks: &u32| {
            let inverse = (1_u32 << 31).div_ceil(*ticks);
            Book { top: Top::default(), base: [0; 2], best: [0; 2], ticks: *ticks, inverse }
        };
        Self {
            arena,
            vacant: u32::from(queues_max > 0),
            books: ticks.iter().map(book).collect(),
            marks: vec![Marks::default(); ticks.len() * 2].into_boxed_slice(),
            ladder: filled(ticks.len() * 2 * STEPS, 0),
            far: Slots::new(queues_max),
            far_links: filled(queues_max + 1, [0; 2]),
        }
    }

    /// How many books there are.
    pub const fn books(&self) -> usize {
        self.books.len()
    }

    /// Whether no further price can get a queue.
    pub const fn is_full(&self) -> bool {
        self.vacant == 0
    }

    /// The best prices of a book.
    #[inline]
    pub fn top(&self, book: u32) -> &Top {
        &self.books[book as usize].top
    }

    /// The queue of the best price, 0 for none.
    #[inline]
    pub fn best(&self, owner: u32) -> u32 {
        self.books[(owner >> 1) as usize].best[(owner & 1) as usize]
    }

    #[inline]
    pub fn at(&self, queue: u32) -> &Queue {
        &self.arena[queue as usize]
    }

    /// The queue of a key, 0 for none.
    #[inline]
    pub fn find(&self, owner: u32, key: i64) -> u32 {
        match self.books[(owner >> 1) as usize].step((owner & 1) as usize, key) {
            Some(step) => self.ladder[owner as usize * STEPS + step],
            None => self.find_far(owner, key).map_or(0, |(_, queue)| queue),
        }
    }

    fn find_far(&self, owner: u32, key: i64) -> Result<(usize, u32), usize> {
        self.far.find(self.far.home(mixed(owner, key)), |queue| {
            let queue = self.at(queue);
            queue.key == key && queue.owner & !WATCHED == owner
        })
    }

    /// Takes a vacancy for a new key, which `find` did not find, and places it. The caller fills it at once.
    pub fn open(&mut self, owner: u32, key: i64) -> Result<u32, Fault> {
        let queue = self.vacant;
        if queue == 0 {
            return Err(Fault::LevelsFull);
        }
        let record = &mut self.arena[queue as usize];
        self.vacant = record.head;
        *record = Queue { key, owner, ..Queue::default() };
        let (side, best) = ((owner & 1) as usize, self.best(owner));
        let book = &self.books[(owner >> 1) as usize];
        let beyond = key.wrapping_sub(book.base[side]) >= STEPS as i64 * i64::from(book.ticks);
        if best == 0 || beyond && key > self.at(best).key {
            self.move_to(owner, key);
        }
        self.place(owner, queue, key);
        Ok(queue)
    }

    /// Puts a queue on its step, or among those without one.
    #[inline]
    fn place(&mut self, owner: u32, queue: u32, key: i64) {
        match self.books[(owner >> 1) as usize].step((owner & 1) as usize, key) {
            Some(step) => {
                self.ladder[owner as usize * STEPS + step] = queue;
                self.marks[owner as usize].set(step);
            }
            None => {
                self.marks[owner as usize].between += u32::from(self.is_between(owner, key));
                self.place_far(owner, queue, key);
            }
        }
    }

    /// Whether a key without a step lies between steps. (None lies above: the ladder would have moved.)
    fn is_between(&self, owner: u32, key: i64) -> bool {
        key >= self.books[(owner >> 1) as usize].base[(owner & 1) as usize]
    }

    #[cold]
    fn place_far(&mut self, owner: u32, queue: u32, key: i64) {
        if let Err(slot) = self.find_far(owner, key) {
            self.far.set(slot, queue);
        }
        let after = std::mem::replace(&mut self.marks[owner as usize].far, queue);
        self.far_links[queue as usize] = [0, after];
        if after != 0 {
            self.far_links[after as usize][0] = queue;
        }
    }

    #[cold]
    fn unplace_far(&mut self, owner: u32, queue: u32, key: i64) {
        if let Ok((slot, _)) = self.find_far(owner, key) {
            let arena = &self.arena;
            self.far.remove(slot, |queue| {
                let queue = &arena[queue as usize];
                mixed(queue.owner & !WATCHED, queue.key)
            });
        }
        let [before, after] = self.far_links[queue as usize];
        match before {
            0 => self.marks[owner as usize].far = after,
            before => self.far_links[before as usize][1] = after,
        }
        if after != 0 {
            self.far_links[after as usize][0] = before;
        }
    }

    /// Moves a side's ladder so that `best` stands at its home, on a step.
    #[cold]
    fn move_to(&mut self, owner: u32, best: i64) {
        while let Some(step) = self.marks[owner as usize].best() {
            self.marks[owner as usize].unset(step);
            let queue = std::mem::take(&mut self.ladder[owner as usize * STEPS + step]);
            self.place_far(owner, queue, self.at(queue).key);
        }
        let book = &mut self.books[(owner >> 1) as usize];
        let side = (owner & 1) as usize;
        book.base[side] = best - HOME * i64::from(book.ticks);
        let mut queue = self.marks[owner as usize].far;
        self.marks[owner as usize].between = 0;
        while queue != 0 {
            let (after, key) = (self.far_links[queue as usize][1], self.at(queue).key);
            if self.books[(owner >> 1) as usize].step(side, key).is_some() {
                self.unplace_far(owner, queue, key);
                self.place(owner, queue, key);
            } else {
                self.marks[owner as usize].between += u32::from(self.is_between(owner, key));
            }
            queue = after;
        }
    }

    /// Notes what a queue holds after orders joined or left it; a queue without orders is closed.
    #[inline]
    pub fn settle(&mut self, queue: u32) {
        let Queue { key, qty, count, owner, .. } = *self.at(queue);
        let (owner, side) = (owner & !WATCHED, (owner & 1) as usize);
        if count == 0 {
            return self.close(owner, queue, key);
        }
        let at_best = self.books[(owner >> 1) as usize].best[side];
        if queue == at_best || at_best == 0 || key > self.at(at_best).key {
            let book = &mut self.books[(owner >> 1) as usize];
            book.best[side] = queue;
            book.top.sides[side] = Level { price: keyed(side, key), qty };
        }
    }

    /// Takes an empty queue out, and finds the next best price where it was the best.
    fn close(&mut self, owner: u32, queue: u32, key: i64) {
        let side = (owner & 1) as usize;
        match self.books[(owner >> 1) as usize].step(side, key) {
            Some(step) => {
                self.ladder[owner as usize * STEPS + step] = 0;
                self.marks[owner as usize].unset(step);
            }
            None => {
                self.marks[owner as usize].between -= u32::from(self.is_between(owner, key));
                self.unplace_far(owner, queue, key);
            }
        }
        self.arena[queue as usize].head = self.vacant;
        self.vacant = queue;
        if self.best(owner) == queue {
            let best = self.next_best(owner);
            let Queue { key, qty, .. } = *self.at(best);
            let level = if best == 0 { NOTHING } else { Level { price: keyed(side, key), qty } };
            let book = &mut self.books[(owner >> 1) as usize];
            book.best[side] = best;
            book.top.sides[side] = level;
        }
    }

    /// The best queue of a side: on the ladder, or among those without a step where that may be.
    #[inline]
    fn next_best(&mut self, owner: u32) -> u32 {
        let marks = &self.marks[owner as usize];
        let step = marks.best();
        let on_ladder = step.map_or(0, |step| self.ladder[owner as usize * STEPS + step]);
        if marks.far == 0 || marks.between == 0 && step.is_some_and(|step| step >= LOW) {
            return on_ladder;
        }
        self.next_best_far(owner, on_ladder)
    }

    /// As `next_best`, with queues off the ladder; a ladder whose best price is low moves to it.
    #[cold]
    fn next_best_far(&mut self, owner: u32, on_ladder: u32) -> u32 {
        let (mut best, mut queue) = (on_ladder, self.marks[owner as usize].far);
        while queue != 0 {
            if best == 0 || self.at(queue).key > self.at(best).key {
                best = queue;
            }
            queue = self.far_links[queue as usize][1];
        }
        let (side, key) = ((owner & 1) as usize, self.at(best).key);
        let book = &self.books[(owner >> 1) as usize];
        if key - book.base[side] < LOW as i64 * i64::from(book.ticks) {
            self.move_to(owner, key);
        }
        best
    }

    /// The step of a price's key, for the test of its arithmetic.
    #[cfg(test)]
    pub fn step_of(&self, owner: u32, key: i64) -> Option<usize> {
        self.books[(owner >> 1) as usize].step((owner & 1) as usize, key)
    }

    /// Lines that a message about a price of this side will read, as far as they are known.
    #[inline]
    pub fn step_line(&self, owner: u32, key: i64) -> Option<&u32> {
        let book = self.books.get((owner >> 1) as usize)?;
        let step = book.step((owner & 1) as usize, key)?;
        self.ladder.get(owner as usize * STEPS + step)
    }

    /// The line of a book, for a prefetch.
    #[inline]
    pub fn book_line(&self, book: u32) -> Option<*const u8> {
        self.books.get(book as usize).map(|book| (&raw const *book).cast())
    }

    /// The places of a side's queues, best first.
    pub fn in_order(&self, owner: u32) -> Vec<u32> {
        let mut all: Vec<u32> =
            self.ladder[owner as usize * STEPS..][..STEPS].iter().copied().filter(|q| *q != 0).collect();
        let mut queue = self.marks[owner as usize].far;
        while queue != 0 {
            all.push(queue);
            queue = self.far_links[queue as usize][1];
        }
        all.sort_unstable_by_key(|queue| std::cmp::Reverse(self.at(*queue).key));
        all
    }
}
