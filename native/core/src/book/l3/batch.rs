//! Many messages at once: while one is applied, the lines that the ones behind it will read are on their way.
//!
//! catalogue: M2. A message reads a chain of lines, each named by the one before: its order, the order's queue and
//! neighbours, and for a new order the ladder's step, the queue and the order at its back. Each link is fetched a stage
//! ahead of the next. What a stage reads may be stale by the time its message is applied; it is only a hint then.

use super::orders::Ids;
use super::queues::keyed;
use super::{Change, Fault, L3Books, Top};

/// Messages from one stage to the next: the time that a line needs from memory, in messages.
const STAGE: usize = 8;
/// Messages that are read ahead.
const AHEAD: usize = 4 * STAGE;
/// What stands in a place that holds no message yet.
const NONE: Change = Change::Delete { book: 0, id: 0 };
/// So many books need no fetching ahead: what their messages read is in the cache. Tests have few and want the stages.
const FEW: usize = if cfg!(test) { 1 } else { 64 };

/// Asks for a line without waiting for it.
#[inline]
fn fetch<T>(line: *const T) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a prefetch reads nothing and faults on no address; SSE is part of every x86-64.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(line.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = line;
}

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
        let mut ahead = [NONE; AHEAD];
        // How many were read, and were looked at by the second and the third stage, and were applied.
        let mut read = 0;
        while read < AHEAD
            && let Some(change) = changes.next()
        {
            self.ahead_of_order(&change);
            ahead[read] = change;
            read += 1;
        }
        let (mut linked, mut queued, mut applied) = (0, 0, 0);
        while applied < read {
            while linked < read.min(applied + 2 * STAGE) {
                self.ahead_of_links(&ahead[linked % AHEAD]);
                linked += 1;
            }
            while queued < read.min(applied + STAGE) {
                self.ahead_of_queue(&ahead[queued % AHEAD]);
                queued += 1;
            }
            each(applied, self.apply(&ahead[applied % AHEAD]));
            if let Some(change) = changes.next() {
                self.ahead_of_order(&change);
                ahead[read % AHEAD] = change;
                read += 1;
            }
            applied += 1;
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

    /// Stage 2: the step of a new price; the record, where the index had to be read first.
    #[inline(always)]
    fn ahead_of_links(&self, change: &Change) {
        let id = change.id();
        if !self.ids.line(id).is_null() {
            fetch(self.orders.at(self.ids.guess(id)));
        }
        if let Change::Add { book, side, price, .. } = *change
            && let Some(step) = self.queues.step_line(book << 1 | side as u32, keyed(side as usize, price))
        {
            fetch(step);
        }
    }

    /// Stage 3: the queue, and an ending order's neighbours. The order at the back of a new order's queue is only written
    /// to, which waits for nothing.
    #[inline(always)]
    fn ahead_of_queue(&self, change: &Change) {
        if let Change::Add { book, side, price, .. } = *change {
            if let Some(step) = self.queues.step_line(book << 1 | side as u32, keyed(side as usize, price)) {
                fetch(self.queues.at(*step));
            }
            return;
        }
        let order = self.orders.at(self.ids.guess(change.id()));
        fetch(self.queues.at(order.queue));
        fetch(self.orders.at(order.prev));
        fetch(self.orders.at(order.next));
    }
}

impl Change {
    /// The id of the order that a replacement begins.
    #[inline]
    const fn new_id(&self) -> Option<u64> {
        match *self {
            Self::Replace { new_id, .. } => Some(new_id),
            _ => None,
        }
    }
}
