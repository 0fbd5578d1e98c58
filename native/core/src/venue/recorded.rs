//! A recorded market drives the book: its levels are the background, our orders queue in it, its trades fill us.
//!
//! catalogue: S1. The risk-averse queue model: a level's background is chunks in the same queue as our orders. What
//! the recording adds goes to the end; what it takes away without a trade goes from the end, so what is ahead of us
//! shrinks only when the level falls below it. A recorded trade at our price eats what is ahead and then us; its
//! volume is used once. How much a level shows is said by the recorded depth alone: a trade moves what it ate to the
//! end of the queue, and the depth message that follows takes it from there, in whichever order the two arrive.
//! What our takers take stays gone until the recording next changes that level.

use super::Exchange;
use super::execute::{Desk, Taker};
use super::legs::Leg;
use super::matching::{BACKGROUND, Book, NIL, Node};
use super::order::{Exec, Outcome, Stp};
use super::place::{valid_price, valid_qty};
use super::updates::PublicTrade;
use crate::error::{CoreError, Result};
use crate::state;
use crate::units::{Lots, Nanos, Side, Ticks};

state! {
    /// Marks a symbol as driven by a recording, with what was seen.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub struct Recorded {
        /// Depth messages applied.
        pub depths: u64,
        /// Trades applied.
        pub trades: u64,
        /// Background levels dropped because a newer message crossed them.
        pub stale: u64,
    }
}

/// One recorded level: price, and the size now at it.
pub type Set = (Ticks, Lots);

impl Exchange {
    /// Hands a symbol's background over to a recording. A generator that runs there stops.
    pub fn replay_open(&mut self, symbol: u32) -> Result<()> {
        self.known(symbol)?;
        let at = &mut self.symbols[symbol as usize];
        at.flow = None;
        at.recorded = Some(Recorded::default());
        self.desk(symbol, 0, &mut Vec::new())?.clear_background();
        Ok(())
    }

    fn driven(&mut self, symbol: u32) -> Result<&mut Recorded> {
        self.known(symbol)?;
        self.symbols[symbol as usize].recorded.as_mut().ok_or_else(|| CoreError::Field {
            field: "symbol",
            was: symbol.to_string(),
            why: "is not driven by a recording",
        })
    }

    /// Applies a recorded depth message; a snapshot replaces the whole background. Refused before anything changes
    /// where a value is impossible or a snapshot is crossed.
    pub fn replay_depth(
        &mut self,
        symbol: u32,
        snapshot: bool,
        (bids, asks): (&[Set], &[Set]),
        ts: Nanos,
        out: &mut Vec<Exec>,
    ) -> Outcome<()> {
        self.driven(symbol)?;
        validate(bids, "bids")?;
        validate(asks, "asks")?;
        let shown = |sets: &[Set]| sets.iter().filter(|set| set.1 > 0).map(|set| set.0).collect::<Vec<_>>();
        if let (true, Some(bid), Some(ask)) = (snapshot, shown(bids).iter().max(), shown(asks).iter().min())
            && bid >= ask
        {
            let was = format!("bid {bid} ask {ask}");
            return Err(CoreError::Field { field: "snapshot", was, why: "is crossed" }.into());
        }
        let mut desk = self.desk(symbol, ts, out)?;
        if desk.book.len() + 2 * (bids.len() + asks.len()) > super::BOOK_ORDERS_MAX as usize {
            return Err(CoreError::Full { what: "book", capacity: super::BOOK_ORDERS_MAX as usize }.into());
        }
        let stale = desk.set_levels(snapshot, bids, asks)?;
        desk.spring()?;
        let recorded = self.driven(symbol)?;
        recorded.depths += 1;
        recorded.stale += stale;
        Ok(())
    }

    /// Applies a recorded trade: it fills our orders at better prices first, then by the queue at its own price, with
    /// at most its size in all.
    pub fn replay_trade(
        &mut self,
        symbol: u32,
        (price, qty): Set,
        taker_sell: bool,
        ts: Nanos,
        out: &mut Vec<Exec>,
    ) -> Outcome<()> {
        self.driven(symbol)?;
        let (price, qty) = (valid_price(price)?, valid_qty(qty)?);
        self.driven(symbol)?.trades += 1;
        let mut desk = self.desk(symbol, ts, out)?;
        desk.recorded_trade(price, qty, taker_sell)?;
        desk.spring()
    }
}

fn validate(sets: &[Set], field: &'static str) -> Result<()> {
    for (price, qty) in sets {
        valid_price(*price)?;
        if *qty != 0 && valid_qty(*qty).is_err() {
            return Err(CoreError::Field { field, was: qty.to_string(), why: "must hold sizes of 0 to 2^42 lots" });
        }
    }
    Ok(())
}

impl Desk<'_> {
    /// Removals first, so that a book that moved as a whole never crosses itself on the way.
    fn set_levels(&mut self, snapshot: bool, bids: &[Set], asks: &[Set]) -> Result<u64> {
        let sides = [(Side::Buy, bids), (Side::Sell, asks)];
        if snapshot {
            for (side, sets) in sides {
                let mut kept: Vec<Ticks> = sets.iter().map(|set| set.0).collect();
                kept.sort_unstable();
                let levels = self.book.levels(side).iter().map(|level| level.price);
                let gone: Vec<Ticks> = levels.filter(|price| kept.binary_search(price).is_err()).collect();
                gone.into_iter().for_each(|price| self.recede(side, price, 0));
            }
        }
        for (side, sets) in sides {
            sets.iter().for_each(|&(price, qty)| self.recede(side, price, qty));
        }
        let mut stale = 0;
        for (side, sets) in sides {
            for &(price, qty) in sets {
                stale += self.advance_level(side, price, qty)?;
            }
        }
        self.trim_all()?;
        Ok(stale)
    }

    /// Takes background from the end of a level's queue until at most `qty` of it is left.
    fn recede(&mut self, side: Side, price: Ticks, qty: Lots) {
        let Some(level) = self.book.level(side, price).copied() else { return };
        let mut excess = level.background - qty;
        if excess > 0 {
            self.updates.touch(side, price);
        }
        let mut at = level.tail;
        while let Some(node) = self.book.node(at).copied().filter(|_| excess > 0) {
            if node.account == BACKGROUND {
                let cut = excess.min(node.qty);
                self.book.reduce(at, cut);
                excess -= cut;
            }
            at = node.prev;
        }
    }

    /// Adds background to the end of a level's queue until `qty` of it is there. Orders of ours that it crosses are
    /// filled at their price, background that it crosses is stale and goes. Returns how much was stale.
    fn advance_level(&mut self, side: Side, price: Ticks, qty: Lots) -> Result<u64> {
        let missing = qty - self.book.level(side, price).map_or(0, |level| level.background);
        if missing <= 0 {
            return Ok(0);
        }
        let mut taker = self.recorded_taker(side, price, missing);
        let mut stale = 0;
        while let Some(level) = self.book.best(side.flip()).copied() {
            if taker.open == 0 || !Book::crosses(side, price, level.price) {
                break;
            }
            if level.background > 0 {
                self.recede(side.flip(), level.price, 0);
                stale += 1;
                continue;
            }
            let Some(node) = self.book.node(level.head).copied() else { break };
            self.meet(&mut taker, level.head, &node)?;
        }
        if taker.open > 0 {
            self.push_background(taker.order, side, price, taker.open)?;
            self.updates.touch(side, price);
        }
        Ok(stale)
    }

    /// Takes every background order out of the book.
    pub(super) fn clear_background(&mut self) {
        for side in [Side::Buy, Side::Sell] {
            let prices: Vec<Ticks> = self.book.levels(side).iter().map(|level| level.price).collect();
            prices.into_iter().for_each(|price| self.recede(side, price, 0));
        }
    }

    fn recorded_taker(&mut self, side: Side, limit: Ticks, open: Lots) -> Taker {
        *self.ids += 1;
        let order = *self.ids;
        Taker {
            order,
            account: BACKGROUND,
            side,
            leg: Leg::Both,
            limit,
            open,
            money: None,
            stp: Stp::None,
            reduce_only: false,
        }
    }

    /// Background at the end of a queue: the last chunk grows, or a new one follows our order.
    fn push_background(&mut self, id: u64, side: Side, price: Ticks, qty: Lots) -> Result<()> {
        let tail = self.book.level(side, price).map_or(NIL, |level| level.tail);
        if self.book.node(tail).is_some_and(|node| node.account == BACKGROUND) {
            self.book.grow(tail, qty);
            return Ok(());
        }
        self.book.add(id, BACKGROUND, side, price, qty).map(|_| ())
    }

    fn recorded_trade(&mut self, price: Ticks, qty: Lots, taker_sell: bool) -> Result<()> {
        let side = if taker_sell { Side::Sell } else { Side::Buy };
        let mut taker = self.recorded_taker(side, price, qty);
        let levels = self.book.levels(side.flip()).iter().rev();
        let ours: Vec<Ticks> = levels
            .take_while(|level| Book::crosses(side, price, level.price))
            .filter(|level| level.qty > level.background)
            .map(|level| level.price)
            .collect();
        let mut filled = 0;
        for at in ours {
            let before = taker.open;
            let eaten = self.eat(&mut taker, at, price)?;
            filled += before - taker.open - eaten;
        }
        if qty > filled {
            *self.trades += 1;
            let (id, ts, rest) = (*self.trades, self.ts, qty - filled);
            *self.ids += 1;
            let (buyer, seller) = if taker_sell { (*self.ids, taker.order) } else { (taker.order, *self.ids) };
            self.updates.trade(PublicTrade { id, price, qty: rest, taker_sell, ts, buyer, seller });
        }
        self.print(price);
        self.trim_all()
    }

    /// Runs a recorded trade through the queue at `at` until it or our orders there are used up. Background at the
    /// trade's own price is eaten (moved to the end); at a better price it was not there and is passed over. Returns
    /// how much background was eaten.
    fn eat(&mut self, taker: &mut Taker, at: Ticks, price: Ticks) -> Result<Lots> {
        let maker = taker.side.flip();
        let mut eaten = 0;
        let mut next = self.book.level(maker, at).map_or(NIL, |level| level.head);
        while let Some(node) = self.book.node(next).copied() {
            let index = std::mem::replace(&mut next, node.next);
            let ours = self.book.level(maker, at).is_some_and(|level| level.qty > level.background);
            if taker.open == 0 || !ours {
                break;
            }
            if node.account != BACKGROUND {
                self.meet(taker, index, &node)?;
            } else if at == price {
                let cut = node.qty.min(taker.open);
                taker.open -= cut;
                eaten += cut;
                self.move_to_end(index, &node, cut)?;
            }
        }
        Ok(eaten)
    }

    /// Moves `cut` lots of a background chunk behind everybody at its price.
    fn move_to_end(&mut self, index: u32, node: &Node, cut: Lots) -> Result<()> {
        if node.next == NIL {
            return Ok(());
        }
        self.book.reduce(index, cut);
        *self.ids += 1;
        let id = *self.ids;
        self.push_background(id, node.side, node.price, cut)
    }
}
