//! A seeded day of ITCH-like messages: many symbols, of which few make most of the traffic, as bytes of the specification.
//!
//! The mix is that of Nasdaq's days, where of a hundred messages about a book 45 add an order, 43 delete one, 8 replace,
//! 3 execute and 1 cancels a part. The books fill first, as before an opening. A new order's price lies below the best
//! ask or above the best bid, the nearer the likelier; an execution takes from the order that stands first at the best
//! price; whatever ends otherwise is young more often than old, its age log-uniform. Busy symbols go as the cube of an
//! even draw: one of eighty makes a quarter of the traffic; and traffic comes in bursts: every other new order is for the
//! symbol of the one before. The numbers of orders count up over all symbols. Each
//! message has its length before it, as in Nasdaq's files.

use crate::plain::Plain;
use tickwright_core::book::l3::Change;
use tickwright_core::units::Side;

/// What to make.
pub struct Wanted {
    /// How many symbols.
    pub symbols: usize,
    /// How many messages.
    pub messages: usize,
    /// How many orders to have alive, about.
    pub alive: usize,
    /// The seed.
    pub seed: u64,
}

/// Of a thousand messages, how many add (while the books are full) and how many of the others do what.
const ADDS: usize = 450;
const REPLACES: usize = 80;
const EXECUTES: usize = 30;
const CANCELS: usize = 10;
/// How far the number of live orders may be from the wanted one before fewer or more orders are added: one in so many.
const SLACK: usize = 100;

/// SplitMix64: every number of its sequence from a counter.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.next()) * bound as u128) >> 64) as usize
    }

    /// From 0 to 1, 1 not included.
    fn even(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[derive(Clone, Copy)]
struct Live {
    id: u64,
    locate: u16,
    buy: bool,
    shares: u32,
}

/// The generator's state: what is alive and where the books are, so that every message is about an order that is alive.
struct Flow {
    random: Random,
    /// Cents: where a book without orders begins.
    opening: Vec<u32>,
    live: Vec<Live>,
    /// Where in `live` an order is, by its number.
    places: Vec<u32>,
    books: Plain,
    time: u64,
    /// The symbol of the last new order.
    last: u16,
    out: Vec<u8>,
}

/// The messages, and the number of ids that they use.
pub fn generate(wanted: &Wanted) -> (Vec<u8>, usize) {
    let mut random = Random(wanted.seed);
    let mut flow = Flow {
        opening: (0..wanted.symbols).map(|_| 1_000 + random.below(20_000) as u32).collect(),
        random,
        live: Vec::with_capacity(wanted.alive * 2),
        places: Vec::with_capacity(wanted.messages),
        books: Plain::new(wanted.symbols, wanted.alive),
        time: 34_200_000_000_000,
        last: 0,
        out: Vec::with_capacity(wanted.messages * 36),
    };
    for _ in 0..wanted.messages {
        flow.time += 1 + flow.random.below(5_000) as u64;
        let adds = match flow.live.len() {
            few if few < wanted.alive - wanted.alive / SLACK => 1_000,
            many if many > wanted.alive => ADDS - 10,
            _ => ADDS + 10,
        };
        match flow.random.below(1_000) {
            dice if dice < adds => flow.add(),
            dice if dice < adds + REPLACES => flow.replace(),
            dice if dice < adds + REPLACES + EXECUTES => flow.execute(),
            dice if dice < adds + REPLACES + EXECUTES + CANCELS => flow.cancel(),
            _ => flow.delete(),
        }
    }
    (flow.out, flow.places.len())
}

impl Flow {
    fn symbol(&mut self) -> u16 {
        if self.random.next() & 1 == 0 {
            let draw = self.random.even();
            self.last = (draw * draw * draw * self.opening.len() as f64) as u16;
        }
        self.last
    }

    /// A price in cents on the near side of the other side's best price.
    fn price(&mut self, locate: u16, buy: bool) -> u32 {
        let draw = self.random.below(64) as u32;
        let away = 1 + draw * draw / 64 + u32::from(draw == 63) * self.random.below(400) as u32;
        let best = self.books.best(u32::from(locate)).map(|best| best.map(|(price, _)| price as u32 / 100));
        let opening = self.opening[usize::from(locate)];
        let [bid, ask] = best;
        if buy {
            let ask = ask.or(bid.map(|bid| bid + 2)).unwrap_or(opening);
            ask.saturating_sub(away).max(1).min(ask - 1) * 100
        } else {
            (bid.or(ask.map(|ask| ask.saturating_sub(2).max(1))).unwrap_or(opening) + away) * 100
        }
    }

    fn head(&mut self, kind: u8, len: u16, locate: u16) {
        self.out.extend(len.to_be_bytes());
        self.out.push(kind);
        self.out.extend(locate.to_be_bytes());
        self.out.extend([0, 0]);
        self.out.extend(&self.time.to_be_bytes()[2..]);
    }

    fn add(&mut self) {
        let locate = self.symbol();
        let buy = self.random.next() & 1 == 0;
        let (shares, price) = (100 * (1 + self.random.below(10) as u32), self.price(locate, buy));
        let id = self.places.len() as u64;
        self.head(b'A', 36, locate);
        self.out.extend(id.to_be_bytes());
        self.out.push(if buy { b'B' } else { b'S' });
        self.out.extend(shares.to_be_bytes());
        self.out.extend(b"SYMBOL  ");
        self.out.extend(price.to_be_bytes());
        self.begins(Live { id, locate, buy, shares }, price);
    }

    fn begins(&mut self, order: Live, price: u32) {
        let Live { id, locate, buy, shares } = order;
        let side = if buy { Side::Buy } else { Side::Sell };
        let (price, qty) = (i64::from(price), i64::from(shares));
        self.books.apply(&Change::Add { book: u32::from(locate), id, side, price, qty });
        self.places.push(self.live.len() as u32);
        self.live.push(order);
    }

    /// Takes `shares` off an order; with all of them it ends.
    fn loses(&mut self, at: usize, shares: u32) {
        let order = &mut self.live[at];
        let change = Change::Reduce { book: u32::from(order.locate), id: order.id, qty: i64::from(shares) };
        order.shares -= shares;
        self.books.apply(&change);
        if self.live[at].shares == 0 {
            self.live.swap_remove(at);
            if let Some(moved) = self.live.get(at) {
                self.places[moved.id as usize] = at as u32;
            }
        }
    }

    /// A live order, by its age in orders: log-uniform.
    fn pick(&mut self) -> usize {
        let len = self.live.len();
        let age = (len as f64).powf(self.random.even()) as usize;
        len - age.clamp(1, len)
    }

    /// The first order at the best price of a side of some busy book, or else any order.
    fn execute(&mut self) {
        let at = self.pick();
        let Live { locate, buy, .. } = self.live[at];
        let first = self.books.first(u32::from(locate), u8::from(!buy));
        let at = first.map_or(at, |id| self.places[id as usize] as usize);
        let order = self.live[at];
        let whole = self.random.next() & 3 != 0;
        let shares = if whole { order.shares } else { order.shares.div_ceil(2) };
        self.head(b'E', 31, order.locate);
        self.out.extend(order.id.to_be_bytes());
        self.out.extend(shares.to_be_bytes());
        self.out.extend(self.time.to_be_bytes());
        self.loses(at, shares);
    }

    fn cancel(&mut self) {
        let at = self.pick();
        let order = self.live[at];
        let shares = order.shares.div_ceil(2);
        self.head(b'X', 23, order.locate);
        self.out.extend(order.id.to_be_bytes());
        self.out.extend(shares.to_be_bytes());
        self.loses(at, shares);
    }

    fn delete(&mut self) {
        let at = self.pick();
        let order = self.live[at];
        self.head(b'D', 19, order.locate);
        self.out.extend(order.id.to_be_bytes());
        self.loses(at, order.shares);
    }

    fn replace(&mut self) {
        let at = self.pick();
        let order = self.live[at];
        self.loses(at, order.shares);
        let (id, shares) = (self.places.len() as u64, 100 * (1 + self.random.below(10) as u32));
        let price = self.price(order.locate, order.buy);
        self.head(b'U', 35, order.locate);
        self.out.extend(order.id.to_be_bytes());
        self.out.extend(id.to_be_bytes());
        self.out.extend(shares.to_be_bytes());
        self.out.extend(price.to_be_bytes());
        self.begins(Live { id, shares, ..order }, price);
    }
}
