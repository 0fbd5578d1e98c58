//! The records: one table of every fixed layout, because whoever changes one has to see the others.

use super::header::{Header, Kind, Record, Wide};
use crate::units::{Lots, Nanos, Ticks};

macro_rules! records {
    ($($(#[$meta:meta])* $name:ident = $kind:ident, $size:literal { $($(#[$fmeta:meta])* $field:ident : $ty:ty),* $(,)? })*) => {
        $(
            $(#[$meta])*
            #[derive(Debug, Clone, Copy, PartialEq, Eq)]
            #[repr(C)]
            pub struct $name {
                /// The header.
                pub header: Header,
                $($(#[$fmeta])* pub $field: $ty),*
            }
            const _: () = assert!(size_of::<$name>() == $size && align_of::<$name>() == 8 && $size % 8 == 0);
            const _: () = assert!(size_of::<Header>() $(+ size_of::<$ty>())* == $size, "padding in a record");
            // SAFETY: repr(C), begins with Header, only integers and byte arrays, no padding (asserted above).
            unsafe impl Record for $name {
                const KIND: Kind = Kind::$kind;
                fn header(&self) -> &Header { &self.header }
                fn header_mut(&mut self) -> &mut Header { &mut self.header }
            }
        )*
        /// Name and size of every fixed record, for layout tests and the Python stubs.
        pub const LAYOUT: &[(&str, Kind, usize)] = &[$((stringify!($name), Kind::$kind, $size)),*];
    };
}

records! {
    /// Defines an asset (`BTC`, 8 decimals).
    AssetDef = Asset, 72 {
        /// Its number.
        id: u16,
        /// Decimals of its smallest unit.
        scale: u8,
        /// Zero.
        pad: [u8; 5],
        /// Its name, NUL-padded.
        name: [u8; 16],
    }
    /// Defines an instrument; `header.instrument` is its number.
    InstrumentDef = Instrument, 136 {
        /// `instrument::Venue`.
        venue: u8,
        /// `instrument::Market`.
        market: u8,
        /// Decimals of the tick size.
        price_scale: u8,
        /// Decimals of the lot size.
        qty_scale: u8,
        /// Base asset.
        base: u16,
        /// Quote asset.
        quote: u16,
        /// Settlement asset.
        settle: u16,
        /// Zero.
        pad: [u8; 6],
        /// Tick mantissa.
        tick: i64,
        /// Lot mantissa.
        lot: i64,
        /// Contract multiplier.
        multiplier: i64,
        /// Valid from.
        valid_from: i64,
        /// The venue's symbol, NUL-padded.
        symbol: [u8; 40],
    }
    /// Binds a number to the name of an account (`space` 1) or a strategy (`space` 2).
    NameDef = Name, 88 {
        /// The number.
        id: u16,
        /// 1 account, 2 strategy.
        space: u8,
        /// Zero.
        pad: [u8; 5],
        /// The name, NUL-padded.
        name: [u8; 32],
    }
    /// Sets one limit of the gate; numbers of limits are in `gate::limits`.
    LimitSet = Limit, 80 {
        /// `gate::limits::Scope` (account, strategy, symbol, venue).
        scope: u8,
        /// `gate::limits::LimitKind`.
        limit: u8,
        /// The account, strategy or venue it holds for; `header.instrument` where the scope is a symbol.
        subject: u16,
        /// Zero.
        pad: u32,
        /// The value, in the unit that the limit's kind names.
        value: Wide,
        /// A second value (a bucket's refill per second).
        extra: i64,
    }
    /// A stream went up (1) or down (0).
    Link = Link, 56 {
        /// 1 up, 0 down.
        up: u8,
        /// 1 market data, 2 user data, 3 orders.
        role: u8,
        /// The account whose stream it is, or 0.
        account: u16,
        /// Zero.
        pad: u32,
    }
    /// The header's stream is a line of a source (`line`): the same data comes on each of them.
    LineDef = LineDef, 72 {
        /// The source.
        source: u16,
        /// Which line of it, from 0.
        line: u8,
        /// 1 where the line keeps the order of its messages (TCP).
        ordered: u8,
        /// Zero.
        pad: u32,
        /// The silence after which it is not trusted, ns; 0 to learn it from its cadence.
        silent_ns: i64,
        /// How long a hole waits for another line, ns.
        hold_ns: i64,
    }
    /// The head of a book snapshot or delta; `bids` then `asks` levels of 16 bytes follow it.
    /// `stream_seq` is the final update id.
    DepthHead = Depth, 72 {
        /// The first update id in the message (`U`); the snapshot's id where `SNAPSHOT`.
        first: u64,
        /// The previous message's final id (`pu`), or 0 where the venue has none.
        previous: u64,
        /// Bid levels that follow.
        bids: u32,
        /// Ask levels that follow the bids.
        asks: u32,
    }
    /// The venue's own best bid and offer; `stream_seq` is its update id. `NO_PRICE` where a side is empty.
    Bbo = Bbo, 80 {
        /// Best bid.
        bid: Ticks,
        /// Size at it.
        bid_qty: Lots,
        /// Best ask.
        ask: Ticks,
        /// Size at it.
        ask_qty: Lots,
    }
    /// A public trade; `stream_seq` is its id, `SELL` set where the taker sold.
    Trade = Trade, 64 {
        /// Price.
        price: Ticks,
        /// Size.
        qty: Lots,
    }
    /// Mark price and funding, prices in 1e-8 of the quote asset because they are finer than a tick.
    Mark = Mark, 80 {
        /// Mark price, 1e-8.
        mark_e8: i64,
        /// Index price, 1e-8.
        index_e8: i64,
        /// Funding rate of the running interval, 1e-8.
        rate_e8: i64,
        /// When it is paid.
        next_funding: Nanos,
    }
    /// The venue's summary of an instrument. Prices are `x * 10^-price_scale`, sizes `x * 10^-qty_scale`, because a summary
    /// may hold prices of before a change of the tick; `NO_PRICE` and `NO_QTY` where the venue does not say.
    Ticker = Ticker, 144 {
        /// Best bid.
        bid: i64,
        /// Best ask.
        ask: i64,
        /// Price of the last trade.
        last: i64,
        /// Price 24 hours ago.
        open: i64,
        /// Highest price of 24 hours.
        high: i64,
        /// Lowest price of 24 hours.
        low: i64,
        /// Size at the best bid.
        bid_qty: i64,
        /// Size at the best ask.
        ask_qty: i64,
        /// Size of the last trade.
        last_qty: i64,
        /// Traded in 24 hours, in the unit of the instrument's sizes.
        volume: i64,
        /// Traded in 24 hours in the other asset, `x * 10^-turnover_scale`.
        turnover: i64,
        /// Decimals of the prices.
        price_scale: u8,
        /// Decimals of the sizes.
        qty_scale: u8,
        /// Decimals of the turnover.
        turnover_scale: u8,
        /// Zero.
        pad: [u8; 5],
    }
    /// The venue's own bar, growing until `CLOSED` is set; scales and what is not said as in `Ticker`.
    Kline = Kline, 128 {
        /// When the interval begins.
        begin: Nanos,
        /// How long it is; 0 for a month, or where the venue does not say.
        interval: i64,
        /// First price.
        open: i64,
        /// Highest price.
        high: i64,
        /// Lowest price.
        low: i64,
        /// Last price.
        close: i64,
        /// Traded, in the unit of the instrument's sizes.
        volume: i64,
        /// Traded in the other asset, `x * 10^-turnover_scale`.
        turnover: i64,
        /// How many trades.
        trades: i64,
        /// Decimals of the prices.
        price_scale: u8,
        /// Decimals of the volume.
        qty_scale: u8,
        /// Decimals of the turnover.
        turnover_scale: u8,
        /// Zero.
        pad: [u8; 5],
    }
    /// The funding rate of a perpetual contract, as the venue publishes it.
    FundingRate = FundingRate, 72 {
        /// The rate of one interval, 1e-18, cut where the venue writes more decimals; `NO_PRICE` where it does not say.
        rate_e18: i64,
        /// When it is paid next, or `NO_TIME`.
        next: Nanos,
        /// From one payment to the next, or 0 where the venue does not say.
        interval: i64,
    }
    /// How much of a contract is held open; `NO_QTY` where the venue does not say.
    OpenInterest = OpenInterest, 72 {
        /// In the unit of the instrument's sizes, `x * 10^-qty_scale`.
        qty: i64,
        /// What that is worth, `x * 10^-value_scale`.
        value: i64,
        /// Decimals of `qty`.
        qty_scale: u8,
        /// Decimals of `value`.
        value_scale: u8,
        /// Zero.
        pad: [u8; 6],
    }
    /// Mark and index price, `x * 10^-price_scale`: of the venues beside Binance, whose `Mark` is the engine's.
    /// `NO_PRICE` where the venue does not say.
    Reference = Reference, 72 {
        /// Mark price.
        mark: i64,
        /// Index price.
        index: i64,
        /// Decimals of both.
        price_scale: u8,
        /// Zero.
        pad: [u8; 7],
    }
    /// An order by which a venue closes somebody's position, `SELL` set where it sells (a long is closed). Prices are
    /// `x * 10^-price_scale`, sizes `x * 10^-qty_scale`, as in `Ticker`: an average is finer than a tick. Its trades come as
    /// trades, too.
    Liquidation = Liquidation, 88 {
        /// The price of the order.
        price: i64,
        /// The average price of what was filled.
        average: i64,
        /// The size of the order.
        qty: i64,
        /// How much of it was filled.
        filled: i64,
        /// Decimals of the prices.
        price_scale: u8,
        /// Decimals of the sizes.
        qty_scale: u8,
        /// Zero.
        pad: [u8; 6],
    }
    /// Time passes; `stream_seq` counts the timer's ticks.
    Timer = Timer, 56 {
        /// The interval.
        every: i64,
    }
    /// What happened to a source's lines. It tells what the events before it did, and changes nothing but a count.
    LineEvent = LineEvent, 72 {
        /// The source; 0 where the stream is no line.
        source: u16,
        /// `line::source::What`.
        what: u8,
        /// `line::source::Why`.
        why: u8,
        /// The line that was primary before, or that had the hole.
        from: u8,
        /// The primary line now.
        to: u8,
        /// Zero.
        pad: u16,
        /// The number that should have come next; 0 where it is not about a hole.
        expected: u64,
        /// The one that came.
        was: u64,
    }
    /// A strategy's intent: place, replace or cancel. `order` is our id of the order it makes (place, replace).
    Proposal = Proposal, 96 {
        /// The account.
        account: u16,
        /// The strategy.
        strategy: u16,
        /// `Action`.
        action: u8,
        /// `Side` as a byte.
        side: u8,
        /// `OrderType`.
        order_type: u8,
        /// `TimeInForce`.
        tif: u8,
        /// Our id of the new order; 0 for a cancel.
        order: u64,
        /// Our id of the order that is cancelled or replaced; 0 for a place.
        target: u64,
        /// Limit price; `NO_PRICE` for a market order.
        price: Ticks,
        /// Size.
        qty: Lots,
        /// The strategy's own number, handed back in callbacks.
        tag: u64,
    }
    /// The request for `order` left at `ts_receive`; the venue refuses it after `expires`.
    Sent = Sent, 72 {
        /// Our order id.
        order: u64,
        /// Venue time after which the venue must refuse it.
        expires: Nanos,
        /// `Request`.
        request: u8,
        /// Zero.
        pad: [u8; 7],
    }
    /// What became of a request. `Unknown` never means rejected.
    Answer = Answer, 80 {
        /// Our order id.
        order: u64,
        /// The venue's order id, or 0.
        venue_order: u64,
        /// The venue's error code, or 0.
        code: i32,
        /// `Request`.
        request: u8,
        /// `Outcome`.
        outcome: u8,
        /// The account.
        account: u16,
        /// The venue's clock in the answer, or `NO_TIME`.
        ts_query: Nanos,
    }
    /// The venue reports on an order: accepted, filled, gone. `SELL`, `MAKER`, `FOREIGN` apply.
    Report = Report, 152 {
        /// The account.
        account: u16,
        /// The strategy, or 0 where unknown.
        strategy: u16,
        /// `Exec`.
        exec: u8,
        /// `VenueStatus`.
        status: u8,
        /// The asset of the fee, or 0.
        fee_asset: u16,
        /// Our order id, or 0 where foreign.
        order: u64,
        /// The venue's order id.
        venue_order: u64,
        /// The trade's id, or 0.
        trade: u64,
        /// The order's price.
        price: Ticks,
        /// The order's size.
        qty: Lots,
        /// Price of this fill.
        last_price: Ticks,
        /// Size of this fill.
        last_qty: Lots,
        /// Filled so far.
        cum_qty: Lots,
        /// Fee of this fill in the fee asset's smallest unit; negative is a rebate.
        fee: Wide,
        /// Realised profit as the venue counts it, settlement asset's smallest unit (0 on spot).
        realised: Wide,
    }
    /// A wallet balance as the venue reports it (`reason` 0) or a transfer that changed it by `amount` (`reason` 1).
    Balance = Balance, 80 {
        /// The account.
        account: u16,
        /// The asset.
        asset: u16,
        /// 0 the venue's statement, 1 transfer.
        reason: u8,
        /// `instrument::Market` of the wallet.
        market: u8,
        /// Zero.
        pad: u16,
        /// The venue's reference or 0.
        reference: u64,
        /// The balance, or the change.
        amount: Wide,
    }
    /// A funding payment of `amount` (negative: we paid) in the settlement asset.
    Funding = Funding, 80 {
        /// The account.
        account: u16,
        /// The asset.
        asset: u16,
        /// Zero.
        pad: u32,
        /// Rate, 1e-8.
        rate_e8: i64,
        /// Amount in the asset's smallest unit.
        amount: Wide,
    }
    /// A position as the venue reports it.
    VenuePosition = VenuePosition, 80 {
        /// The account.
        account: u16,
        /// Zero.
        pad: [u8; 6],
        /// Signed size.
        qty: Lots,
        /// Entry price, 1e-8.
        entry_e8: i64,
        /// Unrealised profit by the venue, 1e-8.
        unrealised_e8: i64,
    }
    /// An operator's or the supervisor's command; `header.instrument` narrows it to a symbol.
    Command = Command, 72 {
        /// `Verb`.
        verb: u8,
        /// `gate::limits::Scope`.
        scope: u8,
        /// The account, strategy or venue of the scope.
        subject: u16,
        /// `Cause`.
        cause: u32,
        /// A value, by verb.
        value: i64,
        /// Who said it (a number of the audit).
        author: u64,
    }
    /// The state hash after the event before this one.
    Checkpoint = Checkpoint, 88 {
        /// The sequence number it holds for.
        at: u64,
        /// SHA-256 over the components' hashes.
        hash: [u8; 32],
    }
}
