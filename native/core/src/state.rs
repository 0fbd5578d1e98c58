//! The whole state of an engine, component by component: what the hash covers and a snapshot keeps.
//!
//! catalogue: K4. Everything here is a pure function of the event stream. The components and what each covers:
//! `definitions` assets, instruments, names; `session` counters, clock, links; `books` every synchronised book;
//! `market` last trade, venue top, mark; `lines` sources and their lines, places in each book's changes; `gate` limits, buckets, halts, counts; `orders` open and recent orders;
//! `positions` rows and equity; `ledger` balances and the chained hash of all entries.

use crate::book::SyncedBook;
use crate::canon::Canon;
use crate::definitions::Definitions;
use crate::error::Result;
use crate::gate::Gate;
use crate::instrument::Instrument;
use crate::ledger::Ledger;
use crate::line::Lines;
use crate::order::{Bounds, OrderTable, Proof};
use crate::position::{EquityBook, PositionBook};
use crate::state;
use crate::state_hash::{combine, component_hash};
use crate::units::{Amount, Lots, NO_PRICE, NO_QTY, Nanos, Side, Ticks, pow10};

/// The bounds of the state's tables.
pub const POSITION_ROWS_MAX: u32 = 4096;
/// Ledger accounts.
pub const LEDGER_ACCOUNTS_MAX: u32 = 4096;
/// Recent ledger entries kept for views.
pub const LEDGER_RECENT_MAX: u32 = 256;
/// Rows of equity: one for each account and asset, and one for each strategy in them, of which there are never more than
/// positions.
pub const EQUITY_ROWS_MAX: u32 = 256 + POSITION_ROWS_MAX;

state! {
    /// What the market last said about one instrument.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Quotes {
        /// The stream its book comes on.
        pub stream: u16,
        /// Update id of the venue's own top.
        pub top_update: u64,
        /// The venue's best bid.
        pub bid: Ticks,
        /// Size at it.
        pub bid_qty: Lots,
        /// The venue's best ask.
        pub ask: Ticks,
        /// Size at it.
        pub ask_qty: Lots,
        /// Price of the last trade.
        pub last_price: Ticks,
        /// Size of the last trade.
        pub last_qty: Lots,
        /// Id of the last trade.
        pub last_trade: u64,
        /// Mark price, 1e-8, or 0.
        pub mark_e8: i64,
        /// Index price, 1e-8, or 0.
        pub index_e8: i64,
        /// Funding rate, 1e-8.
        pub rate_e8: i64,
        /// Next funding.
        pub next_funding: Nanos,
    }
}

impl Quotes {
    /// Nothing heard yet.
    #[must_use]
    pub const fn unheard() -> Self {
        Self {
            stream: 0,
            top_update: 0,
            bid: NO_PRICE,
            bid_qty: NO_QTY,
            ask: NO_PRICE,
            ask_qty: NO_QTY,
            last_price: NO_PRICE,
            last_qty: NO_QTY,
            last_trade: 0,
            mark_e8: 0,
            index_e8: 0,
            rate_e8: 0,
            next_funding: 0,
        }
    }
}

/// The best bid and offer that the engine acts on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Top {
    /// Best bid or `NO_PRICE`.
    pub bid: Ticks,
    /// Size at it.
    pub bid_qty: Lots,
    /// Best ask or `NO_PRICE`.
    pub ask: Ticks,
    /// Size at it.
    pub ask_qty: Lots,
}

impl Top {
    /// Twice the mid price in ticks, where both sides are there.
    #[must_use]
    pub const fn mid_twice(&self) -> Option<i64> {
        if self.bid == NO_PRICE || self.ask == NO_PRICE { None } else { Some(self.bid + self.ask) }
    }
}

state! {
    /// Counters, the clock that events gave, and per-strategy figures of the gate.
    #[derive(Debug, Clone, PartialEq, Eq, Default)]
    pub struct Session {
        /// How often an engine has started on this journal.
        pub starts: u64,
        /// UTC of the last event.
        pub now: Nanos,
        /// The next order id of this session.
        pub next_order: u64,
        /// Trading days rolled.
        pub days: u64,
        /// Proposals seen.
        pub proposals: u64,
        /// Result of the last closing fill by account number.
        pub last_close_by_account: Vec<Amount>,
        /// Result of the last closing fill by strategy number.
        pub last_close_by_strategy: Vec<Amount>,
        /// Streams that are up, by number: 1 up, 0 down.
        pub links: Vec<u8>,
    }
}

/// The state. `apply` in `step` is the only way to change it.
#[derive(Debug, Clone)]
pub struct State {
    /// Assets, instruments, names.
    pub definitions: Definitions,
    /// Counters and clock.
    pub session: Session,
    /// Books by instrument number - 1.
    pub books: Vec<SyncedBook>,
    /// Last words of the market by instrument number - 1.
    pub market: Vec<Quotes>,
    /// Sources, their lines, and what they have brought of each instrument.
    pub lines: Lines,
    /// The gate.
    pub gate: Gate,
    /// Orders.
    pub orders: OrderTable,
    /// Positions.
    pub positions: PositionBook,
    /// Equity by account and asset.
    pub equity: EquityBook,
    /// The ledger.
    pub ledger: Ledger,
}

/// The names of the components, in the order of the combined hash and of a snapshot. When what a component covers, or the
/// rule that fills it, changes, its name gets the next version (`equity/3`), so that an older journal's difference has a
/// name.
pub const COMPONENTS: [&str; 10] =
    ["definitions", "session", "books", "market", "lines", "gate", "orders/3", "positions", "equity/3", "ledger"];

impl Default for State {
    fn default() -> Self {
        Self::new()
    }
}

macro_rules! each_component {
    ($self:expr, $call:ident) => {{
        let s = $self;
        $call!(s.definitions, 0);
        $call!(s.session, 1);
        $call!(s.books, 2);
        $call!(s.market, 3);
        $call!(s.lines, 4);
        $call!(s.gate, 5);
        $call!(s.orders, 6);
        $call!(s.positions, 7);
        $call!(s.equity, 8);
        $call!(s.ledger, 9);
    }};
}

impl State {
    /// The state before the first event.
    #[must_use]
    pub fn new() -> Self {
        Self {
            definitions: Definitions::default(),
            session: Session::default(),
            books: Vec::new(),
            market: Vec::new(),
            lines: Lines::default(),
            gate: Gate::new(),
            orders: OrderTable::new(Bounds::default(), Proof::default()),
            positions: PositionBook::new(POSITION_ROWS_MAX),
            equity: EquityBook::new(EQUITY_ROWS_MAX),
            ledger: Ledger::new(LEDGER_ACCOUNTS_MAX, LEDGER_RECENT_MAX),
        }
    }

    /// The hash of each component, in the order of `COMPONENTS`. `scratch` keeps its memory between calls.
    #[must_use]
    pub fn component_hashes(&self, scratch: &mut Vec<u8>) -> [(&'static str, [u8; 32]); 10] {
        let mut out = [("", [0; 32]); 10];
        macro_rules! hash {
            ($field:expr, $at:literal) => {
                scratch.clear();
                $field.put(scratch);
                out[$at] = (COMPONENTS[$at], component_hash(scratch));
            };
        }
        each_component!(self, hash);
        out
    }

    /// The state hash: one number for everything above.
    #[must_use]
    pub fn hash(&self, scratch: &mut Vec<u8>) -> [u8; 32] {
        combine(&self.component_hashes(scratch))
    }

    /// The canonical bytes, for a snapshot.
    pub fn put(&self, out: &mut Vec<u8>) {
        macro_rules! put {
            ($field:expr, $at:literal) => {
                $field.put(out);
            };
        }
        each_component!(self, put);
    }

    /// The state of a snapshot's bytes.
    pub fn take(mut input: &[u8]) -> Result<Self> {
        let input = &mut input;
        let state = Self {
            definitions: Canon::take(input)?,
            session: Canon::take(input)?,
            books: Canon::take(input)?,
            market: Canon::take(input)?,
            lines: Canon::take(input)?,
            gate: Canon::take(input)?,
            orders: Canon::take(input)?,
            positions: Canon::take(input)?,
            equity: Canon::take(input)?,
            ledger: Canon::take(input)?,
        };
        if !input.is_empty() {
            return Err(crate::canon::impossible("snapshot", format!("{} bytes too long", input.len())));
        }
        Ok(state)
    }

    /// How many single values the state holds.
    #[must_use]
    pub fn leaves(&self) -> usize {
        let mut sum = 0;
        macro_rules! count {
            ($field:expr, $at:literal) => {
                sum += $field.leaves();
            };
        }
        each_component!(self, count);
        sum
    }

    /// Changes one single value by one unit: the generated test of the hash walks all of them.
    pub fn nudge(&mut self, mut index: usize) {
        macro_rules! nudge {
            ($field:expr, $at:literal) => {
                let count = $field.leaves();
                if index < count {
                    return $field.nudge(index);
                }
                index -= count;
            };
        }
        each_component!(self, nudge);
        debug_assert!(index < 1, "the caller keeps index below leaves()");
    }

    /// The best bid and offer: the venue's own top where it is newer than the book, else the book's. Inlined, because its
    /// four numbers are used at once and would otherwise have to come back from memory.
    #[must_use]
    #[inline(always)]
    pub fn top(&self, instrument: u32) -> Top {
        let at = (instrument as usize).wrapping_sub(1);
        let (Some(quotes), Some(synced)) = (self.market.get(at), self.books.get(at)) else {
            return Top { bid: NO_PRICE, bid_qty: NO_QTY, ask: NO_PRICE, ask_qty: NO_QTY };
        };
        if synced.needs_snapshot() || self.lines.stale(quotes.stream) {
            return Top { bid: NO_PRICE, bid_qty: NO_QTY, ask: NO_PRICE, ask_qty: NO_QTY };
        }
        if quotes.top_update > synced.last_update() {
            return Top { bid: quotes.bid, bid_qty: quotes.bid_qty, ask: quotes.ask, ask_qty: quotes.ask_qty };
        }
        let side = |side| synced.book().best(side).map_or((NO_PRICE, NO_QTY), |level| (level.price, level.qty));
        let ((bid, bid_qty), (ask, ask_qty)) = (side(Side::Buy), side(Side::Sell));
        Top { bid, bid_qty, ask, ask_qty }
    }

    /// Whether nothing comes any more of an instrument's book, on any line of its source: nobody may quote it then.
    #[must_use]
    pub fn stale(&self, instrument: u32) -> bool {
        let quotes = self.market.get((instrument as usize).wrapping_sub(1));
        quotes.is_some_and(|quotes| self.lines.stale(quotes.stream))
    }

    /// The price that values a position, in 1e-8 of the quote asset: mark, else mid, else 0.
    #[must_use]
    pub fn reference_e8(&self, instrument: u32) -> i64 {
        let at = (instrument as usize).wrapping_sub(1);
        let (Some(quotes), Some(def)) = (self.market.get(at), self.definitions.instruments.get(at)) else { return 0 };
        if quotes.mark_e8 != 0 {
            return quotes.mark_e8;
        }
        let Some(twice) = self.top(instrument).mid_twice() else { return 0 };
        let exact = i128::from(twice) * i128::from(def.tick) * pow10(8);
        i64::try_from(exact / (2 * pow10(def.price_scale))).unwrap_or(0)
    }

    /// The price that a holding counts at in equity, in 1e-8 of the quote asset: `reference_e8`, and while nobody
    /// quotes (a restart, a lost stream) the last trade's; 0 where nothing was ever heard.
    #[must_use]
    pub fn valued_e8(&self, instrument: u32) -> i64 {
        let reference = self.reference_e8(instrument);
        let at = (instrument as usize).wrapping_sub(1);
        let (Some(quotes), Some(def)) = (self.market.get(at), self.definitions.instruments.get(at)) else { return 0 };
        if reference != 0 || quotes.last_price == NO_PRICE {
            return reference;
        }
        let exact = i128::from(quotes.last_price) * i128::from(def.tick) * pow10(8);
        i64::try_from(exact / pow10(def.price_scale)).unwrap_or(0)
    }

    /// The price that centres the collar, in ticks, towards zero: mark, else mid, else `NO_PRICE`.
    #[must_use]
    pub fn reference_ticks(&self, instrument: &Instrument) -> Ticks {
        self.reference_at(instrument, &self.top(instrument.id))
    }

    /// The same for a caller who has the instrument's top already.
    #[must_use]
    #[inline]
    pub fn reference_at(&self, instrument: &Instrument, top: &Top) -> Ticks {
        let mark = self.market.get((instrument.id as usize).wrapping_sub(1)).map_or(0, |quotes| quotes.mark_e8);
        if mark == 0 {
            return top.mid_twice().map_or(NO_PRICE, |twice| twice / 2);
        }
        // Venues list ticks of at most 8 decimals, where one 64-bit division does; finer ones take the long way.
        match 10_i64.checked_pow(8_u32.saturating_sub(u32::from(instrument.price_scale))) {
            Some(unit) if instrument.price_scale <= 8 => mark / instrument.tick.saturating_mul(unit).max(1),
            _ => {
                let ticks = i128::from(mark) * pow10(instrument.price_scale - 8) / i128::from(instrument.tick);
                i64::try_from(ticks).unwrap_or(NO_PRICE)
            }
        }
    }
}
