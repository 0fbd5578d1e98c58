//! From real-valued quotes to levels in ticks and lots: the one named place where floats become ticks.
//!
//! catalogue: P2. Bids round down and asks round up, so rounding never narrows the spread; a post-only quote stays
//! behind the touch that it would take; no level would carry the position beyond its bound.

use super::{finite, not_negative};
use crate::error::{CoreError, Result};
use crate::event::Level;
use crate::state;
use crate::units::{Lots, NO_PRICE, Ticks};

/// The most levels of a side.
pub const LEVELS_MAX: usize = 16;
/// Prices beyond this many ticks are not shown: f64 holds every whole number below it.
const TICKS_MAX: f64 = (1u64 << 50) as f64;

/// The real-valued price as the tick at or below it.
#[inline]
fn ticks_down(price: f64) -> Ticks {
    let price = price.clamp(-TICKS_MAX, TICKS_MAX);
    // A cast cuts towards zero; `floor` would be a call of the C library on a processor that is only known to be x86-64.
    let cut = price as Ticks;
    cut - Ticks::from(cut as f64 > price)
}

/// The real-valued price as the tick at or above it.
#[inline]
fn ticks_up(price: f64) -> Ticks {
    let price = price.clamp(-TICKS_MAX, TICKS_MAX);
    let cut = price as Ticks;
    cut + Ticks::from((cut as f64) < price)
}

state! {
    /// What a ladder of quotes looks like.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Shape {
        /// Levels of each side, 1 to `LEVELS_MAX`.
        pub count: u32,
        /// Ticks between two levels of a side, above zero.
        pub step: i64,
        /// Lots of each level, above zero.
        pub size: i64,
        /// Ticks that must lie between the best bid and ask shown, above zero.
        pub spread_min: i64,
        /// Whether a quote must not take: it is moved behind the other side's touch.
        pub post_only: bool,
        /// The position, long or short, that no fill may exceed; above zero.
        pub position_max: i64,
    }
}

/// What a quote is made around; prices in ticks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct View {
    /// The fair price.
    pub fair: f64,
    /// Distance of both quotes from it.
    pub half_spread: f64,
    /// How far both move down for each lot of inventory.
    pub skew: f64,
    /// Our position in lots.
    pub inventory: Lots,
    /// Best bid of the market, `NO_PRICE` where there is none.
    pub bid: Ticks,
    /// Best ask of the market, `NO_PRICE` where there is none.
    pub ask: Ticks,
}

/// The levels to show, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quotes {
    bids: [Level; LEVELS_MAX],
    asks: [Level; LEVELS_MAX],
    bid_count: usize,
    ask_count: usize,
}

impl Default for Quotes {
    fn default() -> Self {
        let none = [Level { price: NO_PRICE, qty: 0 }; LEVELS_MAX];
        Self { bids: none, asks: none, bid_count: 0, ask_count: 0 }
    }
}

impl Quotes {
    /// Bids, highest first.
    #[must_use]
    pub fn bids(&self) -> &[Level] {
        self.bids.get(..self.bid_count).unwrap_or_default()
    }

    /// Asks, lowest first.
    #[must_use]
    pub fn asks(&self) -> &[Level] {
        self.asks.get(..self.ask_count).unwrap_or_default()
    }
}

state! {
    /// A checked shape.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Ladder {
        shape: Shape,
    }
}

impl Ladder {
    /// Checks the shape; the error names the field and its value.
    pub fn new(shape: Shape) -> Result<Self> {
        let bad = |field, was: i64, why| Err(CoreError::Field { field, was: was.to_string(), why });
        if shape.count == 0 || shape.count as usize > LEVELS_MAX {
            return bad("count", shape.count.into(), "must be 1 to 16 levels");
        }
        let most = 1 << 40;
        for (field, value) in [
            ("step", shape.step),
            ("size", shape.size),
            ("spread_min", shape.spread_min),
            ("position_max", shape.position_max),
        ] {
            if !(1..=most).contains(&value) {
                return bad(field, value, "must be 1 to 2^40");
            }
        }
        Ok(Self { shape })
    }

    /// Writes the levels for this view into `out`; where an input is no number, `out` holds none and the error
    /// names it.
    #[inline]
    pub fn quote(&self, view: &View, out: &mut Quotes) -> Result<()> {
        (out.bid_count, out.ask_count) = (0, 0);
        let half = not_negative("half_spread", view.half_spread)?;
        let centre = finite("fair", view.fair)? - finite("skew", view.skew)? * view.inventory as f64;
        let (mut bid, mut ask) = (ticks_down(centre - half), ticks_up(centre + half));
        let lacking = self.shape.spread_min - (ask - bid);
        if lacking > 0 {
            bid -= lacking / 2;
            ask += lacking - lacking / 2;
        }
        if self.shape.post_only {
            bid = if view.ask == NO_PRICE { bid } else { bid.min(view.ask.saturating_sub(1)) };
            ask = if view.bid == NO_PRICE { ask } else { ask.max(view.bid.saturating_add(1)) };
        }
        let most = self.shape.position_max;
        let (to_buy, to_sell) = (most.saturating_sub(view.inventory), most.saturating_add(view.inventory));
        out.bid_count = self.side(bid, -self.shape.step, to_buy, &mut out.bids);
        out.ask_count = self.side(ask, self.shape.step, to_sell, &mut out.asks);
        Ok(())
    }

    /// One side from its best price on, until its levels, the room for the position or the positive prices end.
    #[inline]
    fn side(&self, best: Ticks, step: Ticks, room: Lots, out: &mut [Level; LEVELS_MAX]) -> usize {
        let (mut price, mut room, mut count) = (best, room, 0);
        for slot in out.iter_mut().take(self.shape.count as usize) {
            let qty = self.shape.size.min(room);
            if qty <= 0 || price <= 0 {
                break;
            }
            *slot = Level { price, qty };
            count += 1;
            room -= qty;
            price += step;
        }
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SHAPE: Shape = Shape { count: 3, step: 2, size: 10, spread_min: 1, post_only: true, position_max: 100 };
    const VIEW: View = View { fair: 1000.5, half_spread: 2.2, skew: 0.1, inventory: 0, bid: 1000, ask: 1001 };

    type Pairs = Vec<(i64, i64)>;

    fn levels(shape: Shape, view: View) -> (Pairs, Pairs) {
        let mut out = Quotes::default();
        Ladder::new(shape).unwrap().quote(&view, &mut out).unwrap();
        let pairs = |levels: &[Level]| levels.iter().map(|level| (level.price, level.qty)).collect();
        (pairs(out.bids()), pairs(out.asks()))
    }

    #[test]
    fn bids_round_down_and_asks_round_up() {
        let (bids, asks) = levels(SHAPE, VIEW);
        assert_eq!(bids, [(998, 10), (996, 10), (994, 10)]);
        assert_eq!(asks, [(1003, 10), (1005, 10), (1007, 10)]);
    }

    #[test]
    fn inventory_moves_both_sides_and_takes_the_room() {
        let (bids, asks) = levels(SHAPE, View { inventory: 85, ..VIEW });
        assert_eq!(bids, [(989, 10), (987, 5)]);
        assert_eq!(asks, [(1001, 10), (1003, 10), (1005, 10)], "the ask would be 995 and take: it joins the touch");
        let (bids, asks) = levels(SHAPE, View { inventory: -100, ..VIEW });
        assert!(asks.is_empty() && bids[0] == (1000, 10), "{bids:?}");
    }

    #[test]
    fn a_taker_may_cross_where_it_is_not_post_only() {
        let shape = Shape { post_only: false, count: 1, ..SHAPE };
        assert_eq!(levels(shape, View { inventory: 85, ..VIEW }), (vec![(989, 10)], vec![(995, 10)]));
    }

    #[test]
    fn the_spread_has_its_minimum() {
        let shape = Shape { spread_min: 7, count: 1, ..SHAPE };
        let view = View { half_spread: 0.0, fair: 1000.0, bid: NO_PRICE, ask: NO_PRICE, ..VIEW };
        assert_eq!(levels(shape, view), (vec![(997, 10)], vec![(1004, 10)]));
    }

    #[test]
    fn what_is_no_shape_or_no_price_is_named() {
        for (bad, text) in [
            (Shape { count: 0, ..SHAPE }, "count must be 1 to 16 levels, was 0"),
            (Shape { count: 17, ..SHAPE }, "count must be 1 to 16 levels, was 17"),
            (Shape { step: 0, ..SHAPE }, "step must be 1 to 2^40, was 0"),
            (Shape { size: -1, ..SHAPE }, "size must be 1 to 2^40, was -1"),
            (Shape { position_max: 0, ..SHAPE }, "position_max must be 1 to 2^40, was 0"),
        ] {
            assert_eq!(Ladder::new(bad).unwrap_err().to_string(), text);
        }
        let (ladder, mut out) = (Ladder::new(SHAPE).unwrap(), Quotes::default());
        ladder.quote(&VIEW, &mut out).unwrap();
        let error = ladder.quote(&View { fair: f64::NAN, ..VIEW }, &mut out).unwrap_err().to_string();
        assert_eq!(error, "fair must be a finite number, was NaN");
        assert!(out.bids().is_empty() && out.asks().is_empty(), "an old quote must not be shown again");
        let error = ladder.quote(&View { half_spread: -1.0, ..VIEW }, &mut out).unwrap_err().to_string();
        assert_eq!(error, "half_spread must be a number of zero or more, was -1");
    }

    proptest! {
        /// Whatever the model says, the quotes keep their rules.
        #[test]
        fn the_rules_hold_for_any_view(
            fair in -1e6f64..1e18, half in 0f64..1e6, skew in -1e3f64..1e3, inventory in any::<i64>(),
            bid in 1i64..1_000_000, gap in 1i64..100, spread_min in 1i64..50, count in 1u32..=16,
        ) {
            let shape = Shape { count, spread_min, ..SHAPE };
            let view = View { fair, half_spread: half, skew, inventory, bid, ask: bid + gap };
            let (bids, asks) = levels(shape, view);
            let total = |levels: &[(i64, i64)]| levels.iter().map(|(_, qty)| i128::from(*qty)).sum::<i128>();
            prop_assert!(bids.iter().all(|(price, qty)| *price < bid + gap && *price > 0 && *qty > 0));
            prop_assert!(asks.iter().all(|(price, qty)| *price > bid && *qty > 0));
            prop_assert!(bids.is_empty() || i128::from(inventory) + total(&bids) <= 100);
            prop_assert!(asks.is_empty() || i128::from(inventory) - total(&asks) >= -100);
            if let (Some(best_bid), Some(best_ask)) = (bids.first(), asks.first()) {
                prop_assert!(best_ask.0 - best_bid.0 >= spread_min);
            }
            let centre = fair - skew * inventory as f64;
            if centre.abs() < 1e15 {
                prop_assert!(bids.first().is_none_or(|best| best.0 as f64 <= centre - half));
                prop_assert!(asks.first().is_none_or(|best| best.0 as f64 >= centre + half));
            }
        }
    }
}
