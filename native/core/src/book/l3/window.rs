//! Moving a ladder: which prices have a step follows the best price, by whole words of the ring.
//!
//! catalogue: M2, M4. A queue that leaves the window moves to the arena and one that enters comes from there; each order of it
//! is told, for records name their queue. Queues whose slots stay in the window are not touched.

use super::orders::Records;
use super::queues::{Queue, Queues};
use super::step::{HOME, STEPS, WORD, WORDS};

impl Queues {
    /// Moves a side's ladder so that the best key of the side stands in its home word, on a step.
    #[cold]
    pub fn move_to(&mut self, owner: u32, best: i64, orders: &mut Records) {
        let (number, side) = ((owner >> 1) as usize, (owner & 1) as usize);
        let book = &self.books[number];
        let (ticks, first, offset) = (i64::from(book.ticks), usize::from(book.first[side]), best - book.base[side]);
        let word = WORD as i64 * ticks;
        // A best key between steps gets a step by a ladder that begins anew.
        let words = (offset % ticks == 0).then(|| offset.div_euclid(word) - HOME);
        for at in 0..WORDS {
            if words.is_none_or(|words| !(0..WORDS as i64).contains(&(at as i64 - words))) {
                self.leave_ladder(owner, (first + at) % WORDS, orders);
            }
        }
        let book = &mut self.books[number];
        book.base[side] = words.map_or(best - HOME * word, |words| book.base[side] + words * word);
        book.first[side] = (first as i64 + words.unwrap_or(0)).rem_euclid(WORDS as i64) as u8;
        book.between[side] = 0;
        self.join_ladder(owner, orders);
    }

    /// Moves the queues of one word to the arena.
    fn leave_ladder(&mut self, owner: u32, word: usize, orders: &mut Records) {
        let (number, side) = ((owner >> 1) as usize, (owner & 1) as usize);
        let mut left = std::mem::take(&mut self.books[number].marks[side][word]);
        while let Some(bit) = left.checked_ilog2() {
            left ^= 1 << bit;
            let from = owner * STEPS as u32 + (word * WORD) as u32 + bit;
            let to = self.occupy(owner, self.at(from).key);
            self.carry(from, to, orders);
            self.all[from as usize] = Queue { owner, ..Queue::default() };
        }
    }

    /// Moves those queues of the arena that have a step now to the ladder, and counts those between steps.
    fn join_ladder(&mut self, owner: u32, orders: &mut Records) {
        let (number, side) = ((owner >> 1) as usize, (owner & 1) as usize);
        let mut queue = self.far_heads[owner as usize];
        while queue != 0 {
            let (from, key) = (queue, self.at(queue).key);
            queue = self.far_after(from);
            let book = &mut self.books[number];
            if let Some(slot) = book.slot(side, key) {
                book.mark(side, slot);
                self.carry(from, owner * STEPS as u32 + slot as u32, orders);
                self.vacate(from);
            } else {
                book.between[side] += u32::from(book.is_between(side, key));
            }
        }
    }

    /// Makes a queue that of another one's orders.
    fn carry(&mut self, from: u32, to: u32, orders: &mut Records) {
        let queue = *self.at(from);
        self.all[to as usize] = queue;
        let mut place = queue.head;
        while place != 0 {
            let order = orders.at_mut(place);
            (order.queue, place) = (to, order.next);
        }
    }
}
