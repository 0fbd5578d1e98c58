//! What changed since somebody last asked: levels with update ids, public trades, whether the top moved.
//!
//! catalogue: S1. Every change of a level takes the next update id, so `U` of a batch is the previous `u` + 1
//! (Binance's depth chain). Bounded: beyond `CHANGES_MAX` levels or `TRADES_MAX` trades the oldest are dropped and
//! counted in `lost`; whoever asks so rarely has to take a snapshot.

use super::matching::Book;
use crate::state;
use crate::units::{Lots, NO_PRICE, Nanos, Side, Ticks};
use std::collections::VecDeque;

/// How many level changes wait at most.
pub const CHANGES_MAX: usize = 1 << 16;
/// How many public trades wait at most.
pub const TRADES_MAX: usize = 1 << 16;

state! {
    /// One public trade.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct PublicTrade {
        /// The symbol's trade number.
        pub id: u64,
        /// Price.
        pub price: Ticks,
        /// Size.
        pub qty: Lots,
        /// Whether the taker sold.
        pub taker_sell: bool,
        /// When.
        pub ts: Nanos,
        /// The buyer's order.
        pub buyer: u64,
        /// The seller's order.
        pub seller: u64,
    }
}

state! {
    /// The best prices and sizes; `NO_PRICE` and 0 for an empty side.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Top {
        /// Best bid.
        pub bid: Ticks,
        /// Size at it.
        pub bid_qty: Lots,
        /// Best ask.
        pub ask: Ticks,
        /// Size at it.
        pub ask_qty: Lots,
    }
}

impl Top {
    /// The top of a book.
    #[must_use]
    pub fn of(book: &Book) -> Self {
        let best = |side| book.best(side).map_or((NO_PRICE, 0), |level| (level.price, level.qty));
        let ((bid, bid_qty), (ask, ask_qty)) = (best(Side::Buy), best(Side::Sell));
        Self { bid, bid_qty, ask, ask_qty }
    }
}

state! {
    /// One symbol's changes since the last take.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Updates {
        /// The id of the last change.
        pub last: u64,
        taken: u64,
        bids: Vec<Ticks>,
        asks: Vec<Ticks>,
        trades: VecDeque<PublicTrade>,
        lost: u64,
        top: Top,
    }
}

/// What `take` hands out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// First update id.
    pub first: u64,
    /// Last update id; below `first` when nothing changed.
    pub last: u64,
    /// Changed bids, best first: price, size (0: gone).
    pub bids: Vec<(Ticks, Lots)>,
    /// Changed asks, best first.
    pub asks: Vec<(Ticks, Lots)>,
    /// Trades, oldest first.
    pub trades: Vec<PublicTrade>,
    /// Whether price or size at the top differ from the last take.
    pub bbo_changed: bool,
    /// How many changes and trades were dropped because nobody asked.
    pub lost: u64,
}

impl Default for Updates {
    fn default() -> Self {
        let top = Top { bid: NO_PRICE, bid_qty: 0, ask: NO_PRICE, ask_qty: 0 };
        Self { last: 0, taken: 0, bids: Vec::new(), asks: Vec::new(), trades: VecDeque::new(), lost: 0, top }
    }
}

impl Updates {
    /// A level changed: the next update id is its.
    pub fn touch(&mut self, side: Side, price: Ticks) {
        self.last += 1;
        let list = match side {
            Side::Buy => &mut self.bids,
            Side::Sell => &mut self.asks,
        };
        if list.last() == Some(&price) {
            return;
        }
        if list.len() >= CHANGES_MAX {
            list.sort_unstable();
            list.dedup();
            // Only where that many different prices changed does anything get lost, and then from one end.
            let keep = list.len().min(CHANGES_MAX / 2);
            self.lost += (list.len() - keep) as u64;
            list.truncate(keep);
        }
        list.push(price);
    }

    /// A trade for the tape.
    pub fn trade(&mut self, trade: PublicTrade) {
        if self.trades.len() >= TRADES_MAX {
            self.trades.pop_front();
            self.lost += 1;
        }
        self.trades.push_back(trade);
    }

    /// Hands out what changed and starts anew.
    pub fn take(&mut self, book: &Book) -> Batch {
        let top = Top::of(book);
        let batch = Batch {
            first: self.taken + 1,
            last: self.last,
            bids: changed(&mut self.bids, book, Side::Buy),
            asks: changed(&mut self.asks, book, Side::Sell),
            trades: self.trades.drain(..).collect(),
            bbo_changed: top != self.top,
            lost: std::mem::take(&mut self.lost),
        };
        (self.taken, self.top) = (self.last, top);
        batch
    }
}

fn changed(prices: &mut Vec<Ticks>, book: &Book, side: Side) -> Vec<(Ticks, Lots)> {
    prices.sort_unstable();
    prices.dedup();
    if side == Side::Buy {
        prices.reverse();
    }
    prices.drain(..).map(|price| (price, book.level(side, price).map_or(0, |level| level.qty))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_chain_and_levels_appear_once() {
        let (mut book, mut updates) = (Book::new(8), Updates::default());
        book.add(1, 2, Side::Buy, 99, 4).unwrap();
        updates.touch(Side::Buy, 99);
        book.add(2, 2, Side::Buy, 100, 5).unwrap();
        updates.touch(Side::Buy, 100);
        updates.touch(Side::Buy, 99);
        let first = updates.take(&book);
        assert_eq!((first.first, first.last, first.bbo_changed), (1, 3, true));
        assert_eq!(first.bids, [(100, 5), (99, 4)]);
        let none = updates.take(&book);
        assert_eq!((none.first, none.last, none.bbo_changed), (4, 3, false));
        assert!(none.bids.is_empty());
    }

    #[test]
    fn says_what_it_dropped() {
        let mut updates = Updates::default();
        for price in 0..=CHANGES_MAX as i64 {
            updates.touch(Side::Sell, price * 2);
        }
        assert_eq!(updates.take(&Book::new(1)).lost, CHANGES_MAX as u64 / 2);
    }
}
