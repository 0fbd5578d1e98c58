//! The generated market: background makers, noise takers, informed takers, on a seed.
//!
//! catalogue: S1. Three clocks run: the price steps every 50 ms and the makers at the touch follow it; makers come
//! and go in a birth-death process of limit orders; takers arrive by a Hawkes process (exact thinning, exponential
//! kernel), with Pareto sizes, in runs of one direction of Pareto length (Lillo and Farmer 2004), and a share of them
//! is informed: they trade towards where the price will be in two seconds. All trade through the same book and the
//! same rules as everybody, as the background account.

use super::execute::{Desk, Taker};
use super::latent::{Latent, STEP_NS};
use super::legs::Leg;
use super::matching::{BACKGROUND, Book};
use super::order::Stp;
use super::rng::Rng;
use crate::error::{CoreError, Result};
use crate::state;
use crate::units::{Lots, NO_PRICE, Nanos, Side, Ticks};

/// The farthest level that a maker chooses, in gaps from fair.
const FAR_GAPS: f64 = 60.0;
/// How many levels a side has at least after every price step.
const LEVELS_MIN: usize = 24;
/// Mean number of child trades that one taker's trade triggers.
const BRANCHING: f64 = 0.6;
/// Decay of that excitement, per second.
const DECAY: f64 = 3.0;

state! {
    /// What kind of market to generate. Floats are signals; nothing here is money.
    #[derive(Debug, Clone, Copy, PartialEq)]
    pub struct FlowSpec {
        /// The first price, in ticks.
        pub mid: Ticks,
        /// Volatility, relative, per square root of a year (0.6 is 60 %).
        pub volatility: f64,
        /// Jumps of the price a day.
        pub jumps_per_day: f64,
        /// Makers' events a second.
        pub maker_rate: f64,
        /// Takers' trades a second on average.
        pub trade_rate: f64,
        /// The share of takers who know where the price goes, 0 to 1.
        pub informed: f64,
        /// How many background orders rest on average.
        pub orders: u32,
        /// A typical order, in lots.
        pub size: Lots,
        /// Typical distance of two levels in ticks; 0 takes it from the volatility.
        pub gap: Ticks,
    }
}

impl FlowSpec {
    /// A busy market around `mid`: 40 maker events and 4 trades a second, a quarter of the takers informed.
    #[must_use]
    pub const fn around(mid: Ticks, size: Lots) -> Self {
        Self {
            mid,
            volatility: 0.6,
            jumps_per_day: 200.0,
            maker_rate: 40.0,
            trade_rate: 4.0,
            informed: 0.25,
            orders: 300,
            size,
            gap: 0,
        }
    }

    /// Refuses what cannot be generated, by field and value.
    pub fn validate(&self) -> Result<()> {
        let field = |field, was: String, why| Err(CoreError::Field { field, was, why });
        for (name, was, low, high) in [
            ("volatility", self.volatility, 0.0, 20.0),
            ("jumps_per_day", self.jumps_per_day, 0.0, 1e5),
            ("maker_rate", self.maker_rate, 0.1, 1e6),
            ("trade_rate", self.trade_rate, 0.01, 1e5),
            ("informed", self.informed, 0.0, 1.0),
        ] {
            if !(low..=high).contains(&was) {
                return field(name, was.to_string(), "is outside its range");
            }
        }
        if !(1000..=super::accounts::PRICE_TICKS_MAX / 4).contains(&self.mid) {
            return field("mid", self.mid.to_string(), "must be 1000 to 2^34 ticks");
        }
        if !(50..=20_000).contains(&self.orders) {
            return field("orders", self.orders.to_string(), "must be 50 to 20000");
        }
        if !(1..=1 << 32).contains(&self.size) {
            return field("size", self.size.to_string(), "must be 1 to 2^32 lots");
        }
        if !(0..=self.mid / 200).contains(&self.gap) {
            return field("gap", self.gap.to_string(), "must be 0 to mid / 200");
        }
        Ok(())
    }
}

state! {
    /// A background order that may be cancelled later; stale once the node holds another id.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Handle {
        /// The node.
        pub node: u32,
        /// The order it held.
        pub id: u64,
    }
}

state! {
    /// The generator's state for one symbol.
    #[derive(Debug, Clone, PartialEq)]
    pub struct Flow {
        /// What it generates.
        pub spec: FlowSpec,
        rng: Rng,
        latent: Latent,
        /// Where the makers think the price is, in ticks.
        fair: f64,
        gap: f64,
        handles: Vec<Handle>,
        excite: f64,
        excited_at: Nanos,
        run_side: Side,
        run_left: u32,
        next_step: Nanos,
        next_maker: Nanos,
        next_taker: Nanos,
    }
}

/// Rounds a signal to a whole count: the one place where a float becomes ticks or lots.
fn whole(signal: f64) -> i64 {
    libm::floor(signal.clamp(-1e15, 1e15)) as i64
}

impl Flow {
    /// The generator of one symbol at `ts`; the book is filled by `open`.
    pub fn new(spec: FlowSpec, seed: u64, lane: u64, ts: Nanos) -> Result<Self> {
        spec.validate()?;
        let mut rng = Rng::new(seed, lane);
        let latent = Latent::new(spec.mid as f64 + 0.5, spec.volatility, spec.jumps_per_day, &mut rng);
        let gap = if spec.gap > 0 { spec.gap as f64 } else { (latent.second() * 0.03).max(1.0) };
        Ok(Self {
            spec,
            rng,
            fair: latent.now(),
            latent,
            gap,
            handles: Vec::with_capacity(2 * spec.orders as usize),
            excite: 0.0,
            excited_at: ts,
            run_side: Side::Buy,
            run_left: 0,
            next_step: ts + STEP_NS,
            next_maker: ts + 1,
            next_taker: ts + 2,
        })
    }

    /// When the generator wants to act next.
    #[must_use]
    pub fn next_ts(&self) -> Nanos {
        self.next_step.min(self.next_maker).min(self.next_taker)
    }

    /// The efficient price now and two seconds ahead, in ticks (for tests and reports; no participant sees it).
    #[must_use]
    pub fn efficient(&self) -> (f64, f64) {
        (self.latent.now(), self.latent.ahead())
    }

    /// Fills the book before the first event.
    pub fn open(&mut self, desk: &mut Desk<'_>) -> Result<()> {
        self.follow(desk)?;
        for _ in 0..self.spec.orders {
            self.add_somewhere(desk)?;
        }
        self.deepen(desk)
    }

    /// Does what is due at `next_ts`.
    pub fn act(&mut self, desk: &mut Desk<'_>) -> Result<()> {
        let now = self.next_ts();
        desk.ts = now;
        if now == self.next_step {
            self.next_step = now + STEP_NS;
            self.latent.step(&mut self.rng);
            self.follow(desk)?;
            self.deepen(desk)
        } else if now == self.next_maker {
            self.next_maker = now + self.wait(self.spec.maker_rate);
            self.maker(desk)
        } else {
            self.taker(desk, now)
        }
    }

    /// An exponential waiting time at `rate` a second; at least 1 ns, at most an hour.
    fn wait(&mut self, rate: f64) -> Nanos {
        whole((self.rng.exponential() / rate * 1e9).clamp(1.0, 3.6e12))
    }

    /// Makers move to the present price: what is on the wrong side of fair goes, the touch is filled again.
    fn follow(&mut self, desk: &mut Desk<'_>) -> Result<()> {
        self.fair += 0.7 * (self.latent.now() - self.fair);
        if let (Some(bid), Some(ask)) = (desk.book.best(Side::Buy), desk.book.best(Side::Sell)) {
            self.fair += 0.1 * ((bid.price + ask.price) as f64 * 0.5 - self.fair);
        }
        let bid = whole(self.fair).max(1);
        for (side, touch) in [(Side::Buy, bid), (Side::Sell, bid + 1)] {
            while let Some(wrong) = self.wrong(desk.book, side, touch) {
                let price = desk.book.node(wrong).map_or(0, |node| node.price);
                desk.book.remove(wrong);
                desk.updates.touch(side, price);
            }
        }
        self.refill(desk, Side::Buy, bid)?;
        self.refill(desk, Side::Sell, bid + 1)
    }

    /// The touch is filled again, mostly at its price and now and then a little behind it; so is a hole behind it.
    fn refill(&mut self, desk: &mut Desk<'_>, side: Side, touch: Ticks) -> Result<()> {
        if desk.book.best(side).is_none_or(|level| level.price != touch) {
            let behind = if self.rng.chance(0.85) { 0 } else { whole(self.gap * self.rng.unit()) };
            let qty = self.size(6.0);
            self.add(desk, side, touch - side.sign() * behind, qty)?;
        }
        let second = desk.book.levels(side).iter().rev().nth(1).map_or(0, |level| level.price);
        if ((touch - second) * side.sign()) as f64 > 2.0 * self.gap {
            let behind = 1 + whole(self.gap * self.rng.unit());
            let qty = self.size(3.0);
            self.add(desk, side, touch - side.sign() * behind, qty)?;
        }
        Ok(())
    }

    /// The best background order of a side that is priced through `touch`.
    fn wrong(&self, book: &Book, side: Side, touch: Ticks) -> Option<u32> {
        let level = book.best(side).filter(|level| level.price != touch)?;
        if !Book::crosses(side.flip(), touch, level.price) {
            return None;
        }
        let mut at = level.head;
        while let Some(node) = book.node(at) {
            if node.account == BACKGROUND {
                return Some(at);
            }
            at = node.next;
        }
        None
    }

    /// Adds levels at the far end until each side has enough of them.
    fn deepen(&mut self, desk: &mut Desk<'_>) -> Result<()> {
        for side in [Side::Buy, Side::Sell] {
            for _ in desk.book.levels(side).len()..LEVELS_MIN {
                let fair = whole(self.fair);
                let worst = desk.book.levels(side).first().map_or(fair, |level| level.price);
                let step = 1 + whole(self.gap * self.rng.unit());
                let qty = self.size(3.0);
                self.add(desk, side, worst - side.sign() * step, qty)?;
            }
        }
        Ok(())
    }

    /// A maker comes or goes; the numbers balance at `spec.orders`.
    fn maker(&mut self, desk: &mut Desk<'_>) -> Result<()> {
        let (live, target) = (self.handles.len() as f64, f64::from(self.spec.orders));
        if self.rng.unit() * (live + target) < live {
            self.cancel_some(desk);
            return Ok(());
        }
        self.add_somewhere(desk)
    }

    fn add_somewhere(&mut self, desk: &mut Desk<'_>) -> Result<()> {
        let side = if self.rng.chance(0.5) { Side::Buy } else { Side::Sell };
        let distance = whole(self.gap * (self.rng.pareto(1.3, FAR_GAPS) - 1.0));
        let touch = whole(self.fair) + i64::from(side == Side::Sell);
        let qty = self.size(2.0);
        self.add(desk, side, touch - side.sign() * distance, qty)
    }

    /// A Pareto size of `scale` typical orders.
    fn size(&mut self, scale: f64) -> Lots {
        whole(self.spec.size as f64 * scale * 0.5 * self.rng.pareto(1.6, 50.0)).max(1)
    }

    /// A background limit order: takes what it crosses, rests with the remainder.
    fn add(&mut self, desk: &mut Desk<'_>, side: Side, price: Ticks, qty: Lots) -> Result<()> {
        if price < 1 {
            return Ok(());
        }
        let mut taker = background(desk, side, price, qty);
        desk.take(&mut taker)?;
        if taker.open > 0 && desk.book.has_room() {
            let node = desk.book.add(taker.order, BACKGROUND, side, price, taker.open)?;
            desk.updates.touch(side, price);
            self.handles.push(Handle { node, id: taker.order });
        }
        desk.trim_all()
    }

    /// Cancels one resting background order, drawn at random; handles of orders that are gone are dropped on the way.
    fn cancel_some(&mut self, desk: &mut Desk<'_>) {
        for _ in 0..64 {
            let at = self.rng.below(self.handles.len() as u64) as usize;
            if self.handles.is_empty() {
                return;
            }
            let handle = self.handles.swap_remove(at);
            let Some(node) = desk.book.node(handle.node).filter(|node| node.id == handle.id).copied() else { continue };
            desk.book.remove(handle.node);
            desk.updates.touch(node.side, node.price);
            return;
        }
    }

    /// A candidate of the takers' process: accepted or thinned out, then the next candidate is drawn.
    fn taker(&mut self, desk: &mut Desk<'_>, now: Nanos) -> Result<()> {
        let base = self.spec.trade_rate * (1.0 - BRANCHING);
        let bound = base + self.excite;
        let age_s = (now - self.excited_at) as f64 / 1e9;
        self.excite *= libm::exp(-DECAY * age_s);
        self.excited_at = now;
        let accepted = self.rng.unit() * bound <= base + self.excite;
        if accepted {
            self.excite += BRANCHING * DECAY;
            if self.rng.chance(self.spec.informed) { self.informed(desk)? } else { self.noise(desk)? }
        }
        self.next_taker = now + self.wait(base + self.excite);
        Ok(())
    }

    /// Somebody trades for reasons of their own, in pieces.
    fn noise(&mut self, desk: &mut Desk<'_>) -> Result<()> {
        if self.run_left == 0 {
            self.run_side = if self.rng.chance(0.5) { Side::Buy } else { Side::Sell };
            self.run_left = whole(4.0 * self.rng.pareto(1.2, 250.0)) as u32;
        }
        self.run_left -= 1;
        let qty = self.size(0.4);
        self.hit(desk, self.run_side, qty, 2.0 * self.gap)
    }

    /// Somebody who knows trades towards the coming price, if there is anything to win.
    fn informed(&mut self, desk: &mut Desk<'_>) -> Result<()> {
        let ahead = self.latent.ahead();
        let side = if ahead > self.fair { Side::Buy } else { Side::Sell };
        let Some(best) = desk.book.best(side.flip()).copied() else { return Ok(()) };
        let edge = (ahead - best.price as f64) * side.sign() as f64;
        if edge < 1.0 {
            return Ok(());
        }
        let qty = self.size(1.0).max(best.qty / 4);
        self.hit(desk, side, qty, edge.min(3.0 * self.gap))
    }

    /// Takes up to `qty`, at most `room` ticks beyond the touch.
    fn hit(&mut self, desk: &mut Desk<'_>, side: Side, qty: Lots, room: f64) -> Result<()> {
        let best = desk.book.best_price(side.flip());
        if best == NO_PRICE {
            return Ok(());
        }
        let mut taker = background(desk, side, best + side.sign() * whole(room), qty);
        desk.take(&mut taker)?;
        desk.trim_all()
    }
}

/// An order of the background on its way in.
fn background(desk: &mut Desk<'_>, side: Side, limit: Ticks, open: Lots) -> Taker {
    *desk.ids += 1;
    Taker {
        order: *desk.ids,
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
