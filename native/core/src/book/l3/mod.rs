//! Books of single orders: every resting order of many symbols, its place in its queue, and the best prices after each
//! message.
//!
//! catalogue: M2. Prices are ticks, sizes lots. All memory is reserved when the books are made, and no message allocates: a
//! message that finds no room, or that contradicts the books, is a `Fault`, counted by kind, and changes nothing.
//! `orders` holds the records, `queues` the price levels, `far` those without a step, `window` moves them with the best price, `apply` is what a message does to both, `batch` applies many messages with their lines fetched ahead,
//! `checksum` is Kraken's over the best levels' orders, `watch` knows where orders stand in their queues, `ghosts` removes orders whose end was never told, `record` is the layout
//! in which changes come from recordings and from Python.

mod apply;
mod batch;
mod checksum;
mod far;
mod fault;
mod ghosts;
mod orders;
mod pages;
mod queues;
mod record;
mod slots;
mod step;
#[cfg(test)]
mod tests;
mod watch;
mod window;

use crate::error::{CoreError, Result};
use crate::event::Level;
use crate::units::{Lots, Side, Ticks};
pub use checksum::{Digits, Written};
pub use fault::{Fault, Faults};
pub use ghosts::Ghosts;
pub use orders::{Dense, Hashed, Ids};
use orders::{Order, Records};
use queues::Queues;
pub use record::{OrderRecord, RecordKind, flags as record_flags};
use step::{TICKS_PER_STEP_MAX, keyed};
use watch::Watches;
pub use watch::{Standing, WATCHES_MAX};

/// The most books: a queue's owner is a number of 31 bits.
pub const BOOKS_MAX: usize = 1 << 20;
/// The most orders and price levels: places are numbers of 32 bits.
pub const ORDERS_MAX: usize = 1 << 31;
/// Prices are within plus and minus this many ticks.
pub const PRICE_MAX: Ticks = 1 << 60;

/// How much room the books have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bounds {
    /// Ticks from one usual price to the next, for each book: 100 where a tick is 0.0001 and prices are whole cents; 1 to
    /// 1,000. Any price is possible, those between steps only cost more.
    pub ticks_per_step: Vec<u32>,
    /// `Dense`: how many ids from the first one on; `Hashed`: how many orders alive at once.
    pub orders_max: usize,
    /// How many prices have orders at once, over both sides of all books.
    pub levels_max: usize,
}

/// What a message does to a book. `book` is its number, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are named after what they hold, and each variant says what happens")]
pub enum Change {
    /// A new order joins the back of its queue.
    Add { book: u32, id: u64, side: Side, price: Ticks, qty: Lots },
    /// An order loses `qty`, by an execution or a partial cancel, and keeps its place; at nothing left it ends.
    Reduce { book: u32, id: u64, qty: Lots },
    /// An order ends.
    Delete { book: u32, id: u64 },
    /// An order ends and another one of its side joins the back of a queue (ITCH `U`).
    Replace { book: u32, id: u64, new_id: u64, price: Ticks, qty: Lots },
    /// An order has a new price or size. It keeps its place where the price is the same and the size not larger, and
    /// otherwise joins the back of its queue; at size 0 it ends.
    Amend { book: u32, id: u64, price: Ticks, qty: Lots },
}

impl Change {
    /// The book it is about.
    #[inline]
    #[must_use]
    pub const fn book(&self) -> u32 {
        match *self {
            Self::Add { book, .. }
            | Self::Reduce { book, .. }
            | Self::Delete { book, .. }
            | Self::Replace { book, .. }
            | Self::Amend { book, .. } => book,
        }
    }

    /// The order it is about.
    #[inline]
    #[must_use]
    pub const fn id(&self) -> u64 {
        match *self {
            Self::Add { id, .. }
            | Self::Reduce { id, .. }
            | Self::Delete { id, .. }
            | Self::Replace { id, .. }
            | Self::Amend { id, .. } => id,
        }
    }
}

/// The best price of both sides, with all that stands there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Top {
    sides: [Level; 2],
}

/// What stands on an empty side.
const NOTHING: Level = Level { price: 0, qty: 0 };

impl Default for Top {
    /// Both sides empty.
    fn default() -> Self {
        Self::EMPTY
    }
}

impl Top {
    /// Both sides empty.
    pub const EMPTY: Self = Self { sides: [NOTHING; 2] };

    /// Both sides, bids first; a side that is empty has size 0.
    #[inline]
    #[must_use]
    pub const fn sides(&self) -> &[Level; 2] {
        &self.sides
    }

    /// The best level of a side, None where it is empty.
    #[inline]
    #[must_use]
    pub fn best(&self, side: Side) -> Option<Level> {
        let level = self.sides[side as usize];
        (level.qty > 0).then_some(level)
    }

    /// Whether the bid is at the ask or above it.
    #[inline]
    #[must_use]
    pub fn crossed(&self) -> bool {
        let [bid, ask] = self.sides;
        bid.qty > 0 && ask.qty > 0 && bid.price >= ask.price
    }
}

/// A resting order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resting {
    /// The venue's id.
    pub id: u64,
    /// Its book.
    pub book: u32,
    /// Its side.
    pub side: Side,
    /// Its price.
    pub price: Ticks,
    /// What is left of it.
    pub qty: Lots,
}

/// The books of many symbols, with one space of order ids.
#[derive(Debug)]
pub struct L3Books<I> {
    ids: I,
    orders: Records,
    queues: Queues,
    watches: Watches,
    arrivals: u32,
    faults: Faults,
}

impl Bounds {
    /// `Field` for a bound that is 0 or too large, or a step outside 1 to 1,000.
    fn check(&self) -> Result<()> {
        let within = |field, was: usize, most: usize| match was {
            1.. if was <= most => Ok(()),
            _ => Err(CoreError::Field { field, was: was.to_string(), why: "must be at least 1 and within the bound" }),
        };
        within("books", self.ticks_per_step.len(), BOOKS_MAX)?;
        within("orders_max", self.orders_max, ORDERS_MAX)?;
        within("levels_max", self.levels_max, ORDERS_MAX)?;
        let each = |ticks: &u32| within("ticks_per_step", *ticks as usize, TICKS_PER_STEP_MAX as usize);
        self.ticks_per_step.iter().try_for_each(each)
    }
}

impl L3Books<Dense> {
    /// Empty books for ids from `first` up, `bounds.orders_max` of them. `Field` for impossible bounds.
    pub fn dense(bounds: &Bounds, first: u64) -> Result<Self> {
        bounds.check()?;
        let ids = Dense::new(first, bounds.orders_max as u64);
        Ok(Self::with(bounds, ids, Records::new(bounds.orders_max)))
    }
}

impl L3Books<Hashed> {
    /// Empty books for ids of any kind, `bounds.orders_max` of them at a time. `Field` for impossible bounds.
    pub fn hashed(bounds: &Bounds) -> Result<Self> {
        bounds.check()?;
        let mut orders = Records::new(bounds.orders_max);
        Ok(Self::with(bounds, Hashed::new(&mut orders), orders))
    }
}

impl<I> L3Books<I> {
    fn with(bounds: &Bounds, ids: I, orders: Records) -> Self {
        let queues = Queues::new(&bounds.ticks_per_step, bounds.levels_max);
        Self { ids, orders, queues, watches: Watches::new(), arrivals: 0, faults: Faults::default() }
    }

    /// The best prices of a book; empty for a number that no book has.
    #[inline]
    #[must_use]
    pub fn top(&self, book: u32) -> Top {
        if (book as usize) < self.queues.books() { *self.queues.top(book) } else { Top::EMPTY }
    }

    /// How many messages were refused, by kind.
    #[must_use]
    pub const fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Price levels of one side, best first. It sorts, so it is for snapshots and checks.
    #[must_use]
    pub fn levels(&self, book: u32, side: Side) -> Vec<Level> {
        self.queues_of(book, side).map(|queue| self.level(queue)).collect()
    }

    /// Writes the best levels of a side into `out`, best first; returns how many there are.
    pub fn best_levels(&self, book: u32, side: Side, out: &mut [Level]) -> usize {
        if book as usize >= self.queues.books() {
            return 0;
        }
        let mut count = 0;
        self.queues.best_first(book << 1 | side as u32, out.len(), |queue| {
            if let Some(slot) = out.get_mut(count) {
                *slot = self.level(queue);
                count += 1;
            }
        });
        count
    }

    /// The orders of one side, best price first, at a price the first to be filled first.
    pub fn resting(&self, book: u32, side: Side) -> impl Iterator<Item = Resting> + '_ {
        self.queues_of(book, side).flat_map(|queue| self.orders_in(queue)).map(|place| self.resting_at(place))
    }

    /// The places of a queue's orders, the first to be filled first.
    fn orders_in(&self, queue: u32) -> impl Iterator<Item = u32> + '_ {
        let head = Some(self.queues.at(queue).head).filter(|place| *place != 0);
        std::iter::successors(head, |place| Some(self.orders.at(*place).next).filter(|next| *next != 0))
    }

    fn queues_of(&self, book: u32, side: Side) -> std::vec::IntoIter<u32> {
        let known = (book as usize) < self.queues.books();
        if known { self.queues.in_order(book << 1 | side as u32).into_iter() } else { Vec::new().into_iter() }
    }

    fn level(&self, queue: u32) -> Level {
        let queue = self.queues.at(queue);
        Level { price: keyed((queue.owner & 1) as usize, queue.key), qty: queue.qty }
    }

    fn resting_at(&self, place: u32) -> Resting {
        let Order { id, qty, queue, .. } = *self.orders.at(place);
        let owner = self.queues.owner(queue);
        let side = if owner & 1 == 0 { Side::Buy } else { Side::Sell };
        Resting { id, book: owner >> 1, side, price: self.level(queue).price, qty }
    }
}
