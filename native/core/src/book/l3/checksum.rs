//! Kraken's checksum of a book of single orders.
//!
//! catalogue: M2, M9. Source: <https://docs.kraken.com/exchange/guides/websockets/l3-checksum-v2> (channel `level3`):
//! CRC32 over the orders of the ten best asks from the lowest price up, then those of the ten best bids from the highest
//! down, at a price in the order of the queue; of each order the digits of its price and of its size without point and
//! leading zeros. The texts are sent with the decimals of the pair, so whole numbers of them have the same digits.

use super::L3Books;
use crate::units::Side;
use crc32fast::Hasher;
use std::io::Write;
use std::num::NonZeroU64;

/// Price levels a side.
const LEVELS: usize = 10;

/// What a tick or a lot is in units of the last decimal that the venue writes: `times / over` of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// 5 where prices are written with one decimal and the tick is 0.5.
    pub times: u32,
    /// A million where prices are written with two decimals and the tick is 0.00000001, as in every live book.
    pub over: NonZeroU64,
}

impl Written {
    /// The digits of a count of ticks or lots.
    fn digits(self, count: i64) -> i128 {
        i128::from(count) * i128::from(self.times) / i128::from(self.over.get())
    }
}

/// How the venue writes the numbers of a book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digits {
    /// A price of one tick.
    pub tick: Written,
    /// A size of one lot.
    pub lot: Written,
}

impl<I> L3Books<I> {
    /// The checksum of a book; that of no bytes, 0, where the book is empty or its number unknown.
    #[must_use]
    pub fn kraken_checksum(&self, book: u32, digits: Digits) -> u32 {
        let mut sum = Text(Hasher::new());
        if book as usize >= self.queues.books() {
            return sum.0.finalize();
        }
        for side in [Side::Sell, Side::Buy] {
            self.queues.best_first(book << 1 | side as u32, LEVELS, |queue| {
                let price = digits.tick.digits(self.level(queue).price);
                for place in self.orders_in(queue) {
                    let qty = digits.lot.digits(self.orders.at(place).qty);
                    // invariant: writing to a hasher cannot fail.
                    let _ = write!(sum, "{price}{qty}");
                }
            });
        }
        sum.0.finalize()
    }
}

/// A hasher that numbers can be written to.
struct Text(Hasher);

impl Write for Text {
    fn write(&mut self, text: &[u8]) -> std::io::Result<usize> {
        self.0.update(text);
        Ok(text.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
