//! Bars from trades: time, tick, volume and dollar bars, one trade after another, integers throughout.
//!
//! catalogue: M8. A bar is a function of the order of the trades and of nothing else, so a live stream and an archive
//! give the same bytes, whatever the batching. The rules where a market is untidy:
//!
//! - An interval without a trade has no bar: a price that nobody paid is not made up.
//! - A trade with a number that was seen among the last `WINDOW` trades is a duplicate and left out; 0 is no number.
//! - A trade older than the open time bar is late: its bar is closed, it is counted in `late` and left out. Within the
//!   open bar, open and close follow the order of arrival. Tick, volume and dollar bars know no late trade.
//! - A trade that is no market trade (insurance fund, ADL) is left out, as venues do in their own klines.
//! - A trade is never split: a volume or dollar bar ends with the trade that reaches its size.

use crate::error::{CoreError, Result};
use crate::units::{Amount, Lots, Nanos, Ticks};

/// How many numbers of past trades are remembered, to know a trade that comes twice.
pub const WINDOW: usize = 1024;

/// What ends a bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// The next multiple of this many ns since the epoch (UTC).
    Time(Nanos),
    /// This many trades.
    Tick(i64),
    /// This many lots.
    Volume(Lots),
    /// This notional, in ticks times lots.
    Dollar(Amount),
}

impl Rule {
    /// A rule by its name and size; `Field` for an unknown name or a size below 1.
    pub fn new(name: &str, size: Amount) -> Result<Self> {
        let bad = |field, was, why| CoreError::Field { field, was, why };
        let narrow = || {
            let fits = i64::try_from(size).ok().filter(|size| *size > 0);
            fits.ok_or_else(|| bad("size", size.to_string(), "must be from 1 to 2^63 - 1"))
        };
        match name {
            "time" => Ok(Self::Time(narrow()?)),
            "tick" => Ok(Self::Tick(narrow()?)),
            "volume" => Ok(Self::Volume(narrow()?)),
            "dollar" if size > 0 => Ok(Self::Dollar(size)),
            "dollar" => Err(bad("size", size.to_string(), "must be at least 1")),
            _ => Err(bad("rule", name.to_owned(), "must be time, tick, volume or dollar")),
        }
    }
}

/// One public trade.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BarTrade {
    /// When it was, by the clock that the bars follow.
    pub ts: Nanos,
    /// The venue's number, or 0.
    pub id: u64,
    /// Price.
    pub price: Ticks,
    /// Size, at least 1.
    pub qty: Lots,
    /// Whether the taker sold.
    pub sell: bool,
    /// Whether it is no market trade.
    pub off_book: bool,
}

/// One bar. Its 96 bytes are what Python reads; sums stop at the end of their type, which no market reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub struct Bar {
    /// The notional, ticks times lots: first, because it asks for the widest alignment.
    pub notional: Amount,
    /// Begin of the interval of a time bar; of any other, the earliest trade's time.
    pub begin: Nanos,
    /// End of the interval (not in it) of a time bar; of any other, the latest trade's time.
    pub end: Nanos,
    /// Price of the first trade.
    pub open: Ticks,
    /// The highest price.
    pub high: Ticks,
    /// The lowest price.
    pub low: Ticks,
    /// Price of the last trade.
    pub close: Ticks,
    /// Lots traded.
    pub volume: Lots,
    /// Lots that takers bought.
    pub buy_volume: Lots,
    /// How many trades.
    pub trades: i64,
    /// Zero: the type's alignment made visible.
    pub pad: i64,
}
const _: () = assert!(size_of::<Bar>() == 96);

impl Bar {
    fn first(rule: Rule, trade: &BarTrade) -> Self {
        let (begin, end) = match rule {
            Rule::Time(every) => {
                let begin = trade.ts.saturating_sub(trade.ts.rem_euclid(every));
                (begin, begin.saturating_add(every))
            }
            _ => (trade.ts, trade.ts),
        };
        let price = trade.price;
        let (open, high, low, close) = (price, price, price, price);
        Self { notional: 0, begin, end, open, high, low, close, volume: 0, buy_volume: 0, trades: 0, pad: 0 }
    }

    #[inline(always)]
    fn add(&mut self, rule: Rule, trade: &BarTrade) {
        if !matches!(rule, Rule::Time(_)) {
            self.begin = self.begin.min(trade.ts);
            self.end = self.end.max(trade.ts);
        }
        self.high = self.high.max(trade.price);
        self.low = self.low.min(trade.price);
        self.close = trade.price;
        self.volume = self.volume.saturating_add(trade.qty);
        self.buy_volume = self.buy_volume.saturating_add(if trade.sell { 0 } else { trade.qty });
        self.notional = self.notional.saturating_add(Amount::from(trade.price) * Amount::from(trade.qty));
        self.trades += 1;
    }

    fn complete(&self, rule: Rule) -> bool {
        match rule {
            Rule::Time(_) => false,
            Rule::Tick(count) => self.trades >= count,
            Rule::Volume(lots) => self.volume >= lots,
            Rule::Dollar(notional) => self.notional.saturating_abs() >= notional,
        }
    }
}

/// Builds the bars of one instrument.
#[derive(Debug, Clone)]
pub struct BarBuilder {
    rule: Rule,
    open: Option<Bar>,
    closed_until: Nanos,
    seen: Box<[u64; WINDOW]>,
    next: usize,
    id_max: u64,
    late: u64,
    duplicates: u64,
}

impl BarBuilder {
    /// A builder that has seen no trade.
    #[must_use]
    pub fn new(rule: Rule) -> Self {
        let seen = Box::new([0; WINDOW]);
        Self { rule, open: None, closed_until: Nanos::MIN, seen, next: 0, id_max: 0, late: 0, duplicates: 0 }
    }

    /// Takes one trade, and hands the bar that it completes to `done`: a time bar that ended before it, or the bar
    /// that it fills. `Field` for a size below 1; nothing has changed then.
    #[inline]
    pub fn take(&mut self, trade: &BarTrade, mut done: impl FnMut(Bar)) -> Result<()> {
        if trade.qty < 1 {
            return Err(CoreError::Field { field: "qty", was: trade.qty.to_string(), why: "must be at least 1 lot" });
        }
        if trade.off_book || self.duplicate(trade.id) {
            return Ok(());
        }
        if matches!(self.rule, Rule::Time(_)) {
            let nothing_open = (self.closed_until, Nanos::MAX);
            let (begin, end) = self.open.as_ref().map_or(nothing_open, |bar| (bar.begin, bar.end));
            if trade.ts < begin {
                self.late += 1;
                return Ok(());
            }
            if trade.ts >= end {
                self.close_until(trade.ts, &mut done);
            }
        }
        let bar = self.open.get_or_insert_with(|| Bar::first(self.rule, trade));
        bar.add(self.rule, trade);
        if bar.complete(self.rule)
            && let Some(bar) = self.open.take()
        {
            done(bar);
        }
        Ok(())
    }

    /// Time has come to `ts`: a time bar that ended by then is done. Trades of before it are late from here on, so this
    /// is part of the stream like a trade.
    #[inline]
    pub fn close_until(&mut self, ts: Nanos, mut done: impl FnMut(Bar)) {
        if matches!(self.rule, Rule::Time(_))
            && let Some(bar) = self.open.take_if(|bar| bar.end <= ts)
        {
            self.closed_until = bar.end;
            done(bar);
        }
    }

    /// The bar that is not complete yet.
    #[must_use]
    pub fn open(&self) -> Option<&Bar> {
        self.open.as_ref()
    }

    /// How many trades came after their time bar was closed.
    #[must_use]
    pub fn late(&self) -> u64 {
        self.late
    }

    /// How many trades came again.
    #[must_use]
    pub fn duplicates(&self) -> u64 {
        self.duplicates
    }

    /// Whether this number was seen; remembers it where not. A number above all others needs no search.
    #[inline]
    fn duplicate(&mut self, id: u64) -> bool {
        if id == 0 {
            return false;
        }
        if id <= self.id_max && self.seen.contains(&id) {
            self.duplicates += 1;
            return true;
        }
        self.id_max = self.id_max.max(id);
        self.seen[self.next % WINDOW] = id;
        self.next = (self.next + 1) % WINDOW;
        false
    }
}

#[cfg(test)]
mod tests {
    use super::{Bar, BarBuilder, BarTrade, Rule};
    use proptest::prelude::*;

    fn built(rule: Rule, trades: &[BarTrade]) -> (Vec<Bar>, BarBuilder) {
        let (mut bars, mut builder) = (Vec::new(), BarBuilder::new(rule));
        for trade in trades {
            builder.take(trade, |bar| bars.push(bar)).unwrap();
        }
        (bars, builder)
    }

    fn trade(ts: i64, id: u64, price: i64, qty: i64) -> BarTrade {
        BarTrade { ts, id, price, qty, sell: id % 2 == 1, off_book: false }
    }

    #[test]
    fn a_time_bar_holds_its_interval_and_empty_ones_have_none() {
        let trades = [trade(10, 1, 5, 2), trade(19, 2, 9, 3), trade(12, 3, 1, 1), trade(45, 4, 7, 1)];
        let (bars, builder) = built(Rule::Time(10), &trades);
        let wanted = Bar {
            notional: 38,
            begin: 10,
            end: 20,
            open: 5,
            high: 9,
            low: 1,
            close: 1,
            volume: 6,
            buy_volume: 3,
            trades: 3,
            pad: 0,
        };
        assert_eq!(bars, [wanted]);
        assert_eq!(builder.open().map(|bar| (bar.begin, bar.close)), Some((40, 7)));
    }

    #[test]
    fn late_and_repeated_trades_are_counted_and_left_out() {
        let mut trades = vec![trade(10, 1, 5, 2), trade(20, 2, 6, 1), trade(19, 3, 99, 1), trade(21, 2, 99, 1)];
        trades.push(BarTrade { off_book: true, ..trade(22, 4, 99, 1) });
        let (bars, mut builder) = built(Rule::Time(10), &trades);
        assert_eq!((bars.len(), builder.late(), builder.duplicates()), (1, 1, 1));
        assert_eq!(builder.open().map(|bar| (bar.high, bar.trades)), Some((6, 1)));
        let mut done = Vec::new();
        builder.close_until(29, |bar| done.push(bar));
        assert!(done.is_empty());
        builder.close_until(30, |bar| done.push(bar));
        assert_eq!(done.len(), 1);
        builder.take(&trade(29, 9, 1, 1), |bar| done.push(bar)).unwrap();
        assert_eq!((done.len(), builder.late()), (1, 2));
        assert!(builder.take(&trade(31, 10, 1, 0), |_| ()).is_err());
    }

    #[test]
    fn a_volume_or_dollar_bar_ends_with_the_trade_that_fills_it() {
        let trades: Vec<_> = (1..=10).map(|id| trade(id, id.unsigned_abs(), 100, id)).collect();
        let volumes: Vec<_> = built(Rule::Volume(10), &trades).0.iter().map(|bar| bar.volume).collect();
        assert_eq!(volumes, [10, 11, 15, 19]);
        let dollars: Vec<_> = built(Rule::Dollar(1_000), &trades).0.iter().map(|bar| bar.volume).collect();
        assert_eq!(dollars, volumes);
        assert_eq!(built(Rule::Tick(3), &trades).0.iter().map(|bar| bar.trades).collect::<Vec<_>>(), [3, 3, 3]);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_between_the_bars(
            steps in prop::collection::vec((-3_i64..9, 1_i64..500, 1_i64..50), 1..200),
            rule in prop_oneof![
                (1_i64..40).prop_map(Rule::Time), (1_i64..20).prop_map(Rule::Tick), (1_i64..200).prop_map(Rule::Volume),
                (1_i128..20_000).prop_map(Rule::Dollar),
            ],
        ) {
            let mut ts = 1_000;
            let trades: Vec<_> = (1_u64..).zip(&steps).map(|(id, (step, price, qty))| {
                ts += step;
                trade(ts, id, *price, *qty)
            }).collect();
            let (mut bars, builder) = built(rule, &trades);
            bars.extend(builder.open().copied());
            let counted: i64 = bars.iter().map(|bar| bar.trades).sum();
            prop_assert_eq!(counted.unsigned_abs() + builder.late(), trades.len() as u64);
            if builder.late() == 0 {
                let notional: i128 = trades.iter().map(|t| i128::from(t.price) * i128::from(t.qty)).sum();
                prop_assert_eq!(bars.iter().map(|bar| bar.notional).sum::<i128>(), notional);
            }
            for pair in bars.windows(2) {
                prop_assert!(!matches!(rule, Rule::Time(_)) || pair[0].end <= pair[1].begin);
            }
            for bar in &bars {
                prop_assert!(bar.low <= bar.open.min(bar.close) && bar.high >= bar.open.max(bar.close));
            }
        }
    }
}
