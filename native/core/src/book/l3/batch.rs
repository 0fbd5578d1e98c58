//! Many messages at once: while one is applied, the lines that the ones behind it will read are on their way.
//!
//! catalogue: M2. A message reads a chain of lines, each named by the one before: its book and its order; the order's queue
//! and neighbours, or the queue of a new order's price; and the order at the back of that queue. Each link is fetched a
//! stage ahead of the next. What a stage reads may be stale by the time its message is applied; it is only a hint then.

use super::orders::Ids;
use super::pages::fetch;
use super::step::keyed;
use super::{Change, Fault, L3Books, Top};

/// Messages that are read before the first of them is applied. Each stage looks at all of them before the next one
/// begins, which takes as long as a line needs from memory.
const BLOCK: usize = 32;
/// So many books need no fetching ahead: what their messages read is in the cache. Tests have few and want the stages.
const FEW: usize = if cfg!(test) { 1 } else { 64 };

/// What stands in a place that holds no message yet.
const NONE: Change = Change::Delete { book: 0, id: 0 };

impl<I: Ids> L3Books<I> {
    /// Applies messages in order, and calls `each` after each one with its number and what `apply` would have returned.
    #[inline]
    pub fn apply_all(&mut self, changes: &[Change], each: impl FnMut(usize, Result<&Top, Fault>)) {
        self.apply_each(changes.iter().copied(), each);
    }

    /// As `apply_all`, for messages that are read while they are applied: a few dozen are read ahead.
    #[inline(always)]
    pub fn apply_each(
        &mut self,
        mut changes: impl Iterator<Item = Change>,
        mut each: impl FnMut(usize, Result<&Top, Fault>),
    ) {
        // What the messages of a few books read is in the cache already.
        if self.queues.books() <= FEW {
            changes.enumerate().for_each(|(nth, change)| each(nth, self.apply(&change)));
            return;
        }
        let (mut block, mut joined, mut applied) = ([NONE; BLOCK], [0; BLOCK], 0);
        loop {
            let mut count = 0;
            while count < BLOCK
                && let Some(change) = changes.next()
            {
                self.ahead_of_order(&change);
                block[count] = change;
                count += 1;
            }
            let block = &block[..count];
            block.iter().for_each(|change| self.ahead_of_record(change));
            block.iter().zip(&mut joined).for_each(|(change, joined)| *joined = self.ahead_of_queue(change));
            joined[..count].iter().for_each(|queue| fetch(self.orders.at(self.queues.at(*queue).tail)));
            for change in block {
                each(applied, self.apply(change));
                applied += 1;
            }
            if count < BLOCK {
                return;
            }
        }
    }

    /// Stage 1: the book, and the order's record or the slot of the index that names it.
    #[inline(always)]
    fn ahead_of_order(&self, change: &Change) {
        self.queues.book_lines(change.book()).into_iter().for_each(fetch);
        for id in [Some(change.id()), change.new_id()].into_iter().flatten() {
            let line = self.ids.line(id);
            if line.is_null() { fetch(self.orders.at(self.ids.guess(id))) } else { fetch(line) }
        }
    }

    /// Stage 2: the record, where the index had to be read first.
    #[inline(always)]
    fn ahead_of_record(&self, change: &Change) {
        if !self.ids.line(change.id()).is_null() {
            fetch(self.orders.at(self.ids.guess(change.id())));
        }
    }

    /// Stage 3: the queues that the order leaves and joins, and its neighbours; the one that it joins.
    #[inline(always)]
    fn ahead_of_queue(&self, change: &Change) -> u32 {
        let order = self.orders.at(self.ids.guess(change.id()));
        fetch(self.queues.at(order.queue));
        fetch(self.orders.at(order.prev));
        fetch(self.orders.at(order.next));
        let (owner, price) = match *change {
            Change::Add { book, side, price, .. } => (book << 1 | side as u32, price),
            Change::Replace { price, .. } => (self.queues.owner(order.queue), price),
            _ => return order.queue,
        };
        let queue = self.queues.hint(owner, keyed((owner & 1) as usize, price));
        fetch(self.queues.at(queue));
        queue
    }
}

impl Change {
    /// The id of the order that a replacement begins.
    #[inline(always)]
    const fn new_id(&self) -> Option<u64> {
        match *self {
            Self::Replace { new_id, .. } => Some(new_id),
            _ => None,
        }
    }
}
