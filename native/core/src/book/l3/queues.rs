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
use crate::units::Lots;

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
    // All ones for an ask: negation without a branch.
    let mask = (side as i64).wrapping_neg();
    (price ^ mask).wrapping_sub(mask)
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
            Book {
                top: Top::default(),
                base: [0; 2],
                best: [0; 2],
                ticks: *ticks,
                inverse,
                roots: [0; 2],
                far: [0; 2],
                between: [0; 2],
            }
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
    #[inline(never)]
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
        let (side, book) = ((owner & 1) as usize, &mut self.books[(owner >> 1) as usize]);
        match book.step(side, key) {
            Some(step) => {
                self.ladder[owner as usize * STEPS + step] = queue;
                self.marks[owner as usize].set(&mut book.roots[side], step);
            }
            None => {
                book.between[side] += u32::from(book.is_between(side, key));
                self.place_far(owner, queue, key);
            }
        }
    }

    #[cold]
    fn place_far(&mut self, owner: u32, queue: u32, key: i64) {
        if let Err(slot) = self.find_far(owner, key) {
            self.far.set(slot, queue);
        }
        let far = &mut self.books[(owner >> 1) as usize].far[(owner & 1) as usize];
        let after = std::mem::replace(far, queue);
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
            0 => self.books[(owner >> 1) as usize].far[(owner & 1) as usize] = after,
            before => self.far_links[before as usize][1] = after,
        }
        if after != 0 {
            self.far_links[after as usize][0] = before;
        }
    }

    /// Moves a side's ladder so that `best` stands at its home, on a step.
    #[cold]
    fn move_to(&mut self, owner: u32, best: i64) {
        let (number, side) = ((owner >> 1) as usize, (owner & 1) as usize);
        while let Some(step) = self.marks[owner as usize].best(self.books[number].roots[side]) {
            self.marks[owner as usize].unset(&mut self.books[number].roots[side], step);
            let queue = std::mem::take(&mut self.ladder[owner as usize * STEPS + step]);
            self.place_far(owner, queue, self.at(queue).key);
        }
        let book = &mut self.books[number];
        book.base[side] = best - HOME * i64::from(book.ticks);
        book.between[side] = 0;
        let mut queue = book.far[side];
        while queue != 0 {
            let (after, key) = (self.far_links[queue as usize][1], self.at(queue).key);
            if self.books[number].step(side, key).is_some() {
                self.unplace_far(owner, queue, key);
                self.place(owner, queue, key);
            } else {
                let book = &mut self.books[number];
                book.between[side] += u32::from(book.is_between(side, key));
            }
            queue = after;
        }
    }

    /// Notes that orders joined a queue, which now holds `qty`: it may be the best one.
    ///
    /// Which of them is it is even odds in a busy book, so this selects values and branches nowhere.
    #[inline(always)]
    pub fn grew(&mut self, owner: u32, queue: u32, key: i64, qty: Lots) {
        let (side, book) = ((owner & 1) as usize, &mut self.books[(owner >> 1) as usize]);
        let (best, top) = (&mut book.best[side], &mut book.top.sides[side]);
        // A key that equals the best one is the best queue's own.
        let better = (*best == 0) | (key >= keyed(side, top.price));
        *best = if better { queue } else { *best };
        top.price = if better { keyed(side, key) } else { top.price };
        top.qty = if better { qty } else { top.qty };
    }

    /// Notes that a queue lost some of what it held and still has `qty`.
    #[inline(always)]
    pub fn shrank(&mut self, owner: u32, queue: u32, qty: Lots) {
        let (side, book) = ((owner & 1) as usize, &mut self.books[(owner >> 1) as usize]);
        let top = &mut book.top.sides[side];
        top.qty = if book.best[side] == queue { qty } else { top.qty };
    }

    /// Takes an empty queue out, and finds the next best price where it was the best.
    #[inline(never)]
    pub fn close(&mut self, owner: u32, queue: u32, key: i64) {
        let (side, book) = ((owner & 1) as usize, &mut self.books[(owner >> 1) as usize]);
        match book.step(side, key) {
            Some(step) => {
                self.ladder[owner as usize * STEPS + step] = 0;
                self.marks[owner as usize].unset(&mut book.roots[side], step);
            }
            None => {
                book.between[side] -= u32::from(book.is_between(side, key));
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
        let (side, book) = ((owner & 1) as usize, &self.books[(owner >> 1) as usize]);
        let step = self.marks[owner as usize].best(book.roots[side]);
        let on_ladder = step.map_or(0, |step| self.ladder[owner as usize * STEPS + step]);
        if book.far[side] == 0 || book.between[side] == 0 && step.is_some_and(|step| step >= LOW) {
            return on_ladder;
        }
        self.next_best_far(owner, on_ladder)
    }

    /// As `next_best`, with queues off the ladder; a ladder whose best price is low moves to it.
    #[cold]
    fn next_best_far(&mut self, owner: u32, on_ladder: u32) -> u32 {
        let (side, book) = ((owner & 1) as usize, &self.books[(owner >> 1) as usize]);
        let (mut best, mut queue) = (on_ladder, book.far[side]);
        while queue != 0 {
            if best == 0 || self.at(queue).key > self.at(best).key {
                best = queue;
            }
            queue = self.far_links[queue as usize][1];
        }
        let key = self.at(best).key;
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

    /// The two lines of a book, for a prefetch.
    #[inline]
    pub fn book_lines(&self, book: u32) -> [*const u8; 2] {
        let line: *const u8 = self.books.get(book as usize).map_or(std::ptr::null(), |book| (&raw const *book).cast());
        [line, line.wrapping_add(size_of::<Book>() / 2)]
    }

    /// The places of a side's `count` best queues, best first. Where all of them are on the ladder its bits lead the way;
    /// only a side with queues between the steps, or too few on them, is sorted.
    pub fn best_first(&self, owner: u32, count: usize, mut each: impl FnMut(u32)) {
        let (book, side) = (&self.books[(owner >> 1) as usize], (owner & 1) as usize);
        let marks = &self.marks[owner as usize];
        if book.between[side] == 0 && (book.far[side] == 0 || marks.count() >= count) {
            let steps = &self.ladder[owner as usize * STEPS..][..STEPS];
            marks.best_first().take(count).for_each(|step| each(steps[step]));
        } else {
            self.in_order(owner).into_iter().take(count).for_each(each);
        }
    }

    /// The places of a side's queues, best first.
    pub fn in_order(&self, owner: u32) -> Vec<u32> {
        let mut all: Vec<u32> =
            self.ladder[owner as usize * STEPS..][..STEPS].iter().copied().filter(|q| *q != 0).collect();
        let mut queue = self.books[(owner >> 1) as usize].far[(owner & 1) as usize];
        while queue != 0 {
            all.push(queue);
            queue = self.far_links[queue as usize][1];
        }
        all.sort_unstable_by_key(|queue| std::cmp::Reverse(self.at(*queue).key));
        all
    }
}
