//! Kraken's checksum of a book of single orders.
//!
//! catalogue: M2, M9. Source: <https://docs.kraken.com/exchange/guides/websockets/l3-checksum-v2> (channel `level3`):
//! CRC32 over the orders of the ten best asks from the lowest price up, then those of the ten best bids from the highest
//! down, at a price in the order of the queue; of each order the digits of its price and of its size without point and
//! leading zeros. The texts are sent with the decimals of the pair, so whole numbers of them have the same digits.

use super::{L3Books, Resting};
use crate::units::Side;
use crc32fast::Hasher;
use std::io::Write;

/// Price levels a side.
const LEVELS: usize = 10;

/// What one tick and one lot are, in units of the last decimal that the venue writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digits {
    /// Of a tick: 5 where prices are written with one decimal and the tick is 0.5.
    pub tick: u32,
    /// Of a lot.
    pub lot: u32,
}

impl<I> L3Books<I> {
    /// The checksum of a book; that of no bytes, 0, where the book is empty or its number unknown.
    #[must_use]
    pub fn kraken_checksum(&self, book: u32, digits: Digits) -> u32 {
        let mut sum = Text(Hasher::new());
        for side in [Side::Sell, Side::Buy] {
            let (mut levels, mut last) = (0, None);
            for Resting { price, qty, .. } in self.resting(book, side) {
                if last.replace(price) != Some(price) {
                    levels += 1;
                }
                if levels > LEVELS {
                    break;
                }
                let (price, qty) =
                    (i128::from(price) * i128::from(digits.tick), i128::from(qty) * i128::from(digits.lot));
                // invariant: writing to a hasher cannot fail.
                let _ = write!(sum, "{price}{qty}");
            }
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
