//! Why a message was refused by the books, and how often that happened.
//!
//! catalogue: M2. A fault is one byte and costs no allocation, because a feed that starts cold sends thousands of them.

use crate::error::CoreError;

macro_rules! faults {
    ($($(#[doc = $doc:literal])* $name:ident = $text:literal,)*) => {
        /// Why a message was refused.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(u8)]
        pub enum Fault {
            $($(#[doc = $doc])* $name,)*
        }

        impl Fault {
            /// All of them, in the order of `Faults`.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// What is wrong, for people.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

faults! {
    /// No live order has this id: it began before the feed was read, or its messages were lost.
    UnknownOrder = "names an order that is not alive",
    /// A live order has this id already.
    Duplicate = "has the id of a live order",
    /// The order is alive in another book.
    OtherBook = "names an order of another book",
    /// No book has this number.
    UnknownBook = "names a book that does not exist",
    /// A size that is not positive, larger than what is left, or too large to be added to its level.
    Size = "has an impossible size",
    /// A price beyond `PRICE_MAX`.
    Price = "has a price out of range",
    /// An id that `Dense` books have no place for.
    IdRange = "has an id outside the range of these books",
    /// As many orders are alive as the books have room for.
    OrdersFull = "finds the orders full",
    /// As many prices have orders as the books have room for.
    LevelsFull = "finds the price levels full",
    /// A record whose kind or side does not exist.
    Record = "is a record of no kind, or of no side",
    /// The book has another checksum than the venue says.
    Sum = "has another checksum than its book",
}

impl Fault {
    /// The fault as an error about one order.
    #[must_use]
    pub fn error(self, id: u64) -> CoreError {
        CoreError::Field { field: "order message", was: id.to_string(), why: self.text() }
    }
}

/// How often each fault happened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Faults([u64; Fault::ALL.len()]);

impl Faults {
    #[cold]
    pub(super) const fn count(&mut self, fault: Fault) {
        self.0[fault as usize] += 1;
    }

    /// How often this one.
    #[must_use]
    pub const fn of(&self, fault: Fault) -> u64 {
        self.0[fault as usize]
    }

    /// All of them together.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }
}
