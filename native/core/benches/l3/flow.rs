//! A seeded day of ITCH-like messages: many symbols, of which few make most of the traffic, as bytes of the specification.
//!
//! Orders are added near the middle of their symbol's price, cancelled, executed, reduced and replaced; the
//! numbers of orders count up over all symbols. Each message has its length before it, as in Nasdaq's files.

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
}

#[derive(Clone, Copy)]
struct Live {
    id: u64,
    locate: u16,
    buy: bool,
    shares: u32,
}

/// The generator's state: what is alive, so that nearly every message is about an order that is.
struct Flow {
    random: Random,
    symbols: usize,
    mids: Vec<u32>,
    live: Vec<Live>,
    next_id: u64,
    time: u64,
    out: Vec<u8>,
}

/// The messages, and the number of ids that they use.
pub fn generate(wanted: &Wanted) -> (Vec<u8>, usize) {
    let mut random = Random(wanted.seed);
    let mids = (0..wanted.symbols).map(|_| 1_000 + random.below(20_000) as u32).collect();
    let live = Vec::with_capacity(wanted.alive * 2);
    let out = Vec::with_capacity(wanted.messages * 36);
    let mut flow = Flow { random, symbols: wanted.symbols, mids, live, next_id: 0, time: 34_200_000_000_000, out };
    for _ in 0..wanted.messages {
        flow.time += 1 + flow.random.below(5_000) as u64;
        // Below the wanted number of live orders, adding wins; above it, ending does.
        let adds = if flow.live.len() < wanted.alive { 58 } else { 42 };
        match flow.random.below(100) {
            dice if dice < adds || flow.live.is_empty() => flow.add(),
            dice if dice < adds + 8 => flow.execute(),
            dice if dice < adds + 11 => flow.cancel(),
            dice if dice < adds + 18 => flow.replace(),
            _ => flow.delete(),
        }
    }
    (flow.out, flow.next_id as usize)
}

impl Flow {
    /// A symbol; the square of an even draw makes the first ones busy.
    fn symbol(&mut self) -> u16 {
        let draw = self.random.below(1 << 20) as u64;
        ((((draw * draw) >> 20) * self.symbols as u64) >> 20) as u16
    }

    /// A price in cents, nearer to the middle more often, whose middle walks now and then.
    fn price(&mut self, locate: u16, buy: bool) -> u32 {
        let draw = self.random.below(64) as u32;
        let away = 1 + draw * draw / 64 + u32::from(draw == 63) * self.random.below(400) as u32;
        let step = self.random.below(256);
        let mid = &mut self.mids[usize::from(locate)];
        *mid = match step {
            0 => *mid + 1,
            1 => (*mid - 1).max(600),
            _ => *mid,
        };
        if buy { (*mid - away) * 100 } else { (*mid + away) * 100 }
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
        let id = self.next_id;
        self.next_id += 1;
        self.head(b'A', 36, locate);
        self.out.extend(id.to_be_bytes());
        self.out.push(if buy { b'B' } else { b'S' });
        self.out.extend(shares.to_be_bytes());
        self.out.extend(b"SYMBOL  ");
        self.out.extend(price.to_be_bytes());
        self.live.push(Live { id, locate, buy, shares });
    }

    /// A live order: three times of four a recent one, because orders are cancelled young.
    fn pick(&mut self) -> usize {
        let len = self.live.len();
        let recent = len.min(1 << 12);
        if self.random.next() & 3 != 0 { len - 1 - self.random.below(recent) } else { self.random.below(len) }
    }

    fn execute(&mut self) {
        let at = self.pick();
        let order = self.live[at];
        let whole = self.random.next() & 1 == 0;
        let shares = if whole { order.shares } else { order.shares / 2 };
        self.head(b'E', 31, order.locate);
        self.out.extend(order.id.to_be_bytes());
        self.out.extend(shares.to_be_bytes());
        self.out.extend(self.time.to_be_bytes());
        self.left(at, shares);
    }

    fn cancel(&mut self) {
        let at = self.pick();
        let order = self.live[at];
        let shares = order.shares.div_ceil(2);
        self.head(b'X', 23, order.locate);
        self.out.extend(order.id.to_be_bytes());
        self.out.extend(shares.to_be_bytes());
        self.left(at, shares);
    }

    fn left(&mut self, at: usize, shares: u32) {
        self.live[at].shares -= shares;
        if self.live[at].shares == 0 {
            self.live.swap_remove(at);
        }
    }

    fn delete(&mut self) {
        let at = self.pick();
        let order = self.live.swap_remove(at);
        self.head(b'D', 19, order.locate);
        self.out.extend(order.id.to_be_bytes());
    }

    fn replace(&mut self) {
        let at = self.pick();
        let order = self.live.swap_remove(at);
        let (id, shares) = (self.next_id, 100 * (1 + self.random.below(10) as u32));
        let price = self.price(order.locate, order.buy);
        self.next_id += 1;
        self.head(b'U', 35, order.locate);
        self.out.extend(order.id.to_be_bytes());
        self.out.extend(id.to_be_bytes());
        self.out.extend(shares.to_be_bytes());
        self.out.extend(price.to_be_bytes());
        self.live.push(Live { id, shares, ..order });
    }
}
