//! Changes of single orders as records of a fixed layout: what recordings become, and what Python hands over in batches.
//!
//! catalogue: M2, M12. One record is 48 bytes, little-endian, without padding, so that a numpy structured array is a batch.
//! `feeds/l3/records.py` writes the same layout as a dtype, and a test holds the two together.

use super::orders::Ids;
use super::{Change, Digits, Fault, L3Books, Top, Written};
use crate::units::{Lots, Nanos, Side, Ticks};
use std::num::NonZeroU64;
use std::result::Result;

/// Changes that are handed to the books at once.
const BATCH: usize = 1_024;

macro_rules! kinds {
    ($($(#[doc = $doc:literal])* $name:ident = $raw:literal,)*) => {
        /// What a record does.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(u8)]
        pub enum RecordKind {
            $($(#[doc = $doc])* $name = $raw,)*
        }

        impl RecordKind {
            /// The kinds by name, in lower case, and number.
            pub const NAMES: &[(&'static str, u8)] = &[$((stringify!($name), $raw)),*];

            const fn from_raw(raw: u8) -> Option<Self> {
                match raw {
                    $($raw => Some(Self::$name),)*
                    _ => None,
                }
            }
        }
    };
}

kinds! {
    /// Nothing: a message that changes no book (a market order, a heartbeat).
    Nothing = 0,
    /// `Change::Add`.
    Add = 1,
    /// `Change::Reduce`.
    Reduce = 2,
    /// `Change::Delete`.
    Delete = 3,
    /// `Change::Replace`; `new_id` is the order that begins.
    Replace = 4,
    /// `Change::Amend`.
    Amend = 5,
    /// The order is now so, whether it was there or not: an `Amend` of a live order, an `Add` of any other.
    Put = 6,
    /// Every order of the book ends: a whole book follows.
    Clear = 7,
    /// A trade, which changes no book by itself; `id` is the resting order's, 0 where the venue does not say.
    Trade = 8,
    /// An `Amend` to another size at the order's own price.
    Resize = 9,
    /// Orders beyond the best `id` price levels of a side end: the venue tells no more of them.
    Cut = 10,
    /// The book has Kraken's checksum `id`; `price` and `qty` are a unit of the last written decimal, in ticks and lots.
    Sum = 11,
}

/// One change of a single order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[repr(C)]
pub struct OrderRecord {
    /// The venue's id of the order; of a `Cut` the levels that stay, of a `Sum` the checksum.
    pub id: u64,
    /// The id of the order that a `Replace` begins; 0 elsewhere.
    pub new_id: u64,
    /// The price, ticks.
    pub price: Ticks,
    /// The size, lots.
    pub qty: Lots,
    /// The time of the event, ns since the epoch (or any other origin, of one recording the same).
    pub ts_ns: Nanos,
    /// The number of its book.
    pub book: u32,
    /// A `RecordKind`.
    pub kind: u8,
    /// 0 a bid, 1 an ask.
    pub side: u8,
    /// Bits of `flags`.
    pub flags: u16,
}

const _: () = assert!(size_of::<OrderRecord>() == 48);

/// What the bits of `OrderRecord::flags` say.
pub mod flags {
    /// The event is complete: the book may be judged.
    pub const LAST: u16 = 1;
    /// Part of a whole book.
    pub const SNAPSHOT: u16 = 2;
    /// Messages are missing before this one.
    pub const GAP: u16 = 4;
    /// The first record of a message.
    pub const MESSAGE: u16 = 8;
    /// Not newer than the whole book, which may have it already: an order that it ends may be unknown by right.
    pub const OLD: u16 = 16;
    /// All of them, by name.
    pub const NAMES: &[(&str, u16)] =
        &[("LAST", LAST), ("SNAPSHOT", SNAPSHOT), ("GAP", GAP), ("MESSAGE", MESSAGE), ("OLD", OLD)];
}

/// What a record means to books in a certain state.
enum Meaning {
    Change(Change),
    Clear(u32),
    Put(Change, Change),
    Resize { book: u32, id: u64, qty: Lots },
    Cut { book: u32, levels: usize },
    Sum { book: u32, told: u64, digits: Digits },
    Nothing,
}

impl OrderRecord {
    /// `Fault::Record` for a kind or a side that does not exist, and for a unit below one.
    fn meaning(&self) -> Result<Meaning, Fault> {
        let Self { id, new_id, price, qty, book, .. } = *self;
        let side = match self.side {
            0 => Side::Buy,
            1 => Side::Sell,
            _ => return Err(Fault::Record),
        };
        let change = match RecordKind::from_raw(self.kind).ok_or(Fault::Record)? {
            RecordKind::Nothing | RecordKind::Trade => return Ok(Meaning::Nothing),
            RecordKind::Resize => return Ok(Meaning::Resize { book, id, qty }),
            RecordKind::Clear => return Ok(Meaning::Clear(book)),
            RecordKind::Cut => {
                return Ok(Meaning::Cut { book, levels: usize::try_from(id).unwrap_or(usize::MAX) });
            }
            RecordKind::Sum => {
                return Ok(Meaning::Sum { book, told: id, digits: Digits { tick: unit(price)?, lot: unit(qty)? } });
            }
            RecordKind::Put => {
                let (add, amend) = (Change::Add { book, id, side, price, qty }, Change::Amend { book, id, price, qty });
                return Ok(Meaning::Put(add, amend));
            }
            RecordKind::Add => Change::Add { book, id, side, price, qty },
            RecordKind::Reduce => Change::Reduce { book, id, qty },
            RecordKind::Delete => Change::Delete { book, id },
            RecordKind::Replace => Change::Replace { book, id, new_id, price, qty },
            RecordKind::Amend => Change::Amend { book, id, price, qty },
        };
        Ok(Meaning::Change(change))
    }
}

impl<I: Ids> L3Books<I> {
    /// Applies one record; the best prices of its book after it.
    ///
    /// Errors: what `Fault` lists; it is counted, and nothing has changed.
    #[inline]
    pub fn apply_record(&mut self, record: &OrderRecord) -> Result<&Top, Fault> {
        match record.meaning() {
            Ok(Meaning::Change(change)) => return self.apply(&change),
            Ok(Meaning::Put(add, amend)) => {
                let known = self.order(record.id).is_some();
                return self.apply(if known { &amend } else { &add });
            }
            Ok(Meaning::Resize { book, id, qty }) => {
                let price = self.order(id).map_or(0, |order| order.price);
                return self.apply(&Change::Amend { book, id, price, qty });
            }
            Ok(Meaning::Clear(book)) => self.clear(book),
            Ok(Meaning::Cut { book, levels }) => self.cut(book, levels),
            Ok(Meaning::Sum { book, told, digits }) if u64::from(self.kraken_checksum(book, digits)) != told => {
                return Err(self.refused(Fault::Sum));
            }
            Ok(Meaning::Nothing | Meaning::Sum { .. }) => {}
            Err(fault) => return Err(self.refused(fault)),
        }
        if (record.book as usize) < self.queues.books() { Ok(self.queues.top(record.book)) } else { Ok(&Top::EMPTY) }
    }

    /// Applies records in order, plain changes as one batch (see `apply_all`), and calls `each` after each one with its
    /// number and what `apply_record` would have returned.
    pub fn apply_records(&mut self, records: &[OrderRecord], mut each: impl FnMut(usize, Result<&Top, Fault>)) {
        let mut changes = Vec::with_capacity(BATCH.min(records.len()));
        let mut at = 0;
        while let Some(record) = records.get(at) {
            changes.clear();
            let plain = records[at..].iter().take(BATCH).map_while(|record| match record.meaning() {
                Ok(Meaning::Change(change)) => Some(change),
                _ => None,
            });
            changes.extend(plain);
            if changes.is_empty() {
                each(at, self.apply_record(record));
                at += 1;
            } else {
                self.apply_all(&changes, |nth, result| each(at + nth, result));
                at += changes.len();
            }
        }
    }

    const fn refused(&mut self, fault: Fault) -> Fault {
        self.faults.count(fault);
        fault
    }

    /// Ends every order of a book.
    pub fn clear(&mut self, book: u32) {
        self.cut(book, 0);
    }

    /// Ends the orders of a book that are beyond the best `levels` prices of their side.
    pub fn cut(&mut self, book: u32, levels: usize) {
        if book as usize >= self.queues.books() {
            return;
        }
        for owner in [book << 1, book << 1 | 1] {
            if self.queues.count(owner) <= levels {
                continue;
            }
            let beyond = self.queues.in_order(owner).into_iter().skip(levels);
            let ids: Vec<u64> =
                beyond.flat_map(|queue| self.orders_in(queue)).map(|place| self.orders.at(place).id).collect();
            for id in ids {
                // invariant: the order was found in this book, so deleting it cannot be refused.
                let _ = self.apply(&Change::Delete { book, id });
            }
        }
    }
}

/// So many ticks or lots are one unit of the last decimal that is written. `Fault::Record` below one.
fn unit(of: i64) -> Result<Written, Fault> {
    let over = u64::try_from(of).ok().and_then(NonZeroU64::new).ok_or(Fault::Record)?;
    Ok(Written { times: 1, over })
}
