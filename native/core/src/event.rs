//! The event schema: every record that can change state, as fixed-layout `repr(C)` structs behind one header.
//!
//! catalogue: K2. A record is a 48-byte header and a payload, a multiple of 8 bytes long, little-endian, without
//! padding (checked at compile time). The global sequence number is not in the record: the sequencer assigns it
//! and the journal's frame carries it, so the same bytes are valid before and after sequencing.
//! All prices are ticks, all sizes lots, all times nanoseconds since the epoch; sentinels are in `units`.
//! Length: the records are one table, and whoever changes a layout has to see the others.

use crate::canon_enum;
use crate::error::{CoreError, Result};
use crate::units::{Amount, Lots, NO_PRICE, NO_TIME, Nanos, Ticks};

/// The version of this schema; it changes with any layout below.
pub const SCHEMA: u8 = 1;

/// What a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Kind {
    /// An asset is defined.
    Asset = 1,
    /// An instrument is defined.
    Instrument = 2,
    /// An account or a strategy gets its number.
    Name = 3,
    /// A limit is set (the risk configuration, as events).
    Limit = 4,
    /// A stream went up or down.
    Link = 5,
    /// A book snapshot or delta.
    Depth = 16,
    /// The venue's own best bid and offer.
    Bbo = 17,
    /// A public trade.
    Trade = 18,
    /// Mark price, index price, funding rate.
    Mark = 19,
    /// Time passes.
    Timer = 32,
    /// A strategy's intent, before the gate.
    Proposal = 48,
    /// The bytes of an approved request left.
    Sent = 49,
    /// A request got an answer, or none.
    Answer = 50,
    /// The venue reports on an order.
    Report = 51,
    /// The venue reports a wallet balance, or a transfer moved one.
    Balance = 52,
    /// A funding payment.
    Funding = 53,
    /// The venue reports a position.
    VenuePosition = 54,
    /// An operator's or supervisor's command.
    Command = 64,
    /// The state hash at this point, so that replay finds the first divergence.
    Checkpoint = 80,
}
canon_enum!(Kind {
    Asset,
    Instrument,
    Name,
    Limit,
    Link,
    Depth,
    Bbo,
    Trade,
    Mark,
    Timer,
    Proposal,
    Sent,
    Answer,
    Report,
    Balance,
    Funding,
    VenuePosition,
    Command,
    Checkpoint,
});

impl Kind {
    /// Intents, reports and commands are durable before their effect leaves; market data and timers follow in groups.
    #[must_use]
    pub const fn durable(self) -> bool {
        !matches!(
            self,
            Self::Depth | Self::Bbo | Self::Trade | Self::Mark | Self::Timer | Self::Sent | Self::Checkpoint
        )
    }
}

/// An i128 as two 8-byte halves, so that a record with money in it is still 8-byte aligned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub struct Wide {
    low: u64,
    high: i64,
}

impl From<Amount> for Wide {
    fn from(value: Amount) -> Self {
        Self { low: value as u64, high: (value >> 64) as i64 }
    }
}

impl From<Wide> for Amount {
    fn from(wide: Wide) -> Self {
        (Self::from(wide.high) << 64) | Self::from(wide.low)
    }
}

/// Flag bits of a header. Their meaning depends on the kind.
pub mod flags {
    /// `Depth`: replaces the whole book.
    pub const SNAPSHOT: u32 = 1;
    /// `Trade`: the taker sold. `Report`: we were the maker.
    pub const SELL: u32 = 2;
    /// `Report`: our order was the maker.
    pub const MAKER: u32 = 4;
    /// `Report`/`Answer`: the order id is not one of ours.
    pub const FOREIGN: u32 = 8;
    /// `Trade`: not a market trade (insurance fund, ADL): no volume.
    pub const OFF_BOOK: u32 = 16;
    /// `Proposal`: reduce-only.
    pub const REDUCE_ONLY: u32 = 32;
    /// `Answer`/`Report`: came from a query, not from the stream.
    pub const QUERIED: u32 = 64;
    /// `VenuePosition`: an operator takes it over as the position from here on; without it, it is only kept.
    pub const ADOPTED: u32 = 128;
    /// The last record of one input: strategies run after it, so a replay of a strategy knows where it ran.
    pub const BATCH_END: u32 = 1 << 31;
}

/// The 48 bytes before every payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub struct Header {
    /// Bytes of the whole record, header included; a multiple of 8.
    pub length: u32,
    /// A `Kind` as a byte.
    pub kind: u8,
    /// `SCHEMA` when it was written.
    pub schema: u8,
    /// The stream it came on (a socket's channel, a strategy, the timer, the operator).
    pub stream: u16,
    /// The instrument, or 0.
    pub instrument: u32,
    /// `flags`.
    pub flags: u32,
    /// The stream's own number: update id, trade id, or a count.
    pub stream_seq: u64,
    /// The venue's time, or `NO_TIME`.
    pub ts_venue: Nanos,
    /// UTC at receipt.
    pub ts_receive: Nanos,
    /// The monotonic clock at receipt.
    pub ts_mono: Nanos,
}

impl Header {
    /// A header for a record of type `R` with its length and kind filled in.
    #[must_use]
    pub const fn of<R: Record>(instrument: u32, stream: u16, ts_receive: Nanos, ts_mono: Nanos) -> Self {
        Self {
            length: size_of::<R>() as u32,
            kind: R::KIND as u8,
            schema: SCHEMA,
            stream,
            instrument,
            flags: 0,
            stream_seq: 0,
            ts_venue: NO_TIME,
            ts_receive,
            ts_mono,
        }
    }

    /// Whether a flag is set.
    #[must_use]
    pub const fn has(&self, flag: u32) -> bool {
        self.flags & flag != 0
    }

    /// The kind, or an error that names the byte.
    pub fn kind(&self) -> Result<Kind> {
        Kind::from_byte(self.kind)
    }
}

/// A `repr(C)` struct that begins with a `Header`, has no padding, and is valid for every bit pattern.
///
/// # Safety
/// Implementors hold exactly that; the `records!` macro checks size and padding at compile time.
pub unsafe trait Record: Copy {
    /// The kind in its header.
    const KIND: Kind;
    /// The header.
    fn header(&self) -> &Header;
    /// The header, to be changed.
    fn header_mut(&mut self) -> &mut Header;
}

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

const _: () = assert!(size_of::<Header>() == 48 && align_of::<Header>() == 8);

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
    /// Time passes; `stream_seq` counts the timer's ticks.
    Timer = Timer, 56 {
        /// The interval.
        every: i64,
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

macro_rules! byte_enum {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $value:literal),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum $name { $($(#[$vmeta])* $variant = $value),* }
        canon_enum!($name { $($variant),* });
    };
}

byte_enum! {
    /// What a proposal wants.
    Action {
        /// A new order.
        Place = 1,
        /// Cancel `target`.
        Cancel = 2,
        /// Cancel `target` and place `order` in its stead, as one request.
        Replace = 3,
    }
}
byte_enum! {
    /// The order types the core knows.
    OrderType {
        /// Rests at its price or better.
        Limit = 1,
        /// Takes what is there.
        Market = 2,
    }
}
byte_enum! {
    /// How long an order lives.
    TimeInForce {
        /// Until cancelled.
        Gtc = 1,
        /// Post-only: refused if it would take (spot LIMIT_MAKER, USD-M GTX).
        PostOnly = 2,
        /// What fills at once; the rest is cancelled.
        Ioc = 3,
        /// All at once or nothing.
        Fok = 4,
    }
}
byte_enum! {
    /// The request behind a `Sent` or an `Answer`.
    Request {
        /// A new order.
        Place = 1,
        /// A cancel.
        Cancel = 2,
        /// A cancel-replace or amend.
        Replace = 3,
        /// A look-up by our id.
        Query = 4,
    }
}
byte_enum! {
    /// What became of a request.
    Outcome {
        /// The venue took it.
        Accepted = 1,
        /// The venue refused it and says so.
        Rejected = 2,
        /// Timeout, 5xx, -1006, -1007, broken connection: nobody knows.
        Unknown = 3,
        /// A query found no such order (one clean not-found).
        NotFound = 4,
        /// A cancel came too late: the order is already terminal at the venue.
        TooLate = 5,
    }
}
byte_enum! {
    /// Why the venue reports.
    Exec {
        /// Accepted.
        New = 1,
        /// A fill.
        Trade = 2,
        /// Cancelled.
        Canceled = 3,
        /// Rejected.
        Rejected = 4,
        /// Expired (IOC rest, STP, liquidation).
        Expired = 5,
        /// Amended.
        Amended = 6,
        /// A statement of the order's status, from a query.
        Status = 7,
    }
}
byte_enum! {
    /// The venue's order status.
    VenueStatus {
        /// Resting.
        New = 1,
        /// Partly filled.
        PartiallyFilled = 2,
        /// Filled.
        Filled = 3,
        /// Cancelled.
        Canceled = 4,
        /// Rejected.
        Rejected = 5,
        /// Expired.
        Expired = 6,
        /// A cancel is on its way.
        PendingCancel = 7,
    }
}
byte_enum! {
    /// What a command does.
    Verb {
        /// Stop the scope: cancels pass, nothing else does.
        Halt = 1,
        /// Let the scope trade again.
        Resume = 2,
        /// Cancel every open order of the scope.
        CancelAll = 3,
        /// The kill switch: halt and cancel all, until an operator resumes.
        Kill = 4,
        /// The trading day rolls: daily figures start again.
        RollDay = 5,
        /// The engine starts (value: session number).
        Start = 6,
        /// The engine stops.
        Stop = 7,
        /// A parameter of a strategy changes (author: its number, value: its bits).
        Parameter = 8,
    }
}

/// One price level, as it follows a `DepthHead`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub struct Level {
    /// Price.
    pub price: Ticks,
    /// Size now at it; 0 deletes the level.
    pub qty: Lots,
}
const _: () = assert!(size_of::<Level>() == 16 && align_of::<Level>() == 8);

/// A depth message in place: its head and the two runs of levels.
#[derive(Debug, Clone, Copy)]
pub struct DepthView<'a> {
    /// The head.
    pub head: &'a DepthHead,
    /// Bid levels in the venue's order.
    pub bids: &'a [Level],
    /// Ask levels in the venue's order.
    pub asks: &'a [Level],
}

/// A borrowed record of any kind: 8-byte aligned bytes whose header has been checked against their length.
#[derive(Debug, Clone, Copy)]
pub struct RecordRef<'a> {
    bytes: &'a [u8],
    kind: Kind,
}

/// The size of each kind's fixed part by its byte, so that checking a record costs one look-up.
const SIZES: [usize; 256] = {
    let (mut sizes, mut at) = ([0; 256], 0);
    while at < LAYOUT.len() {
        sizes[LAYOUT[at].1 as usize] = LAYOUT[at].2;
        at += 1;
    }
    sizes
};

/// The error of a record whose frame is wrong, out of the way of the code that reads good ones.
#[cold]
fn malformed(field: &'static str, was: usize, why: &'static str) -> CoreError {
    CoreError::Field { field, was: was.to_string(), why }
}

impl<'a> RecordRef<'a> {
    /// Checks length, schema, kind and alignment of `bytes`, which must hold exactly one record.
    #[inline]
    pub fn new(bytes: &'a [u8]) -> Result<Self> {
        if bytes.len() < size_of::<Header>() || !bytes.as_ptr().cast::<Header>().is_aligned() {
            return Err(malformed("record", bytes.len(), "is shorter than a header or unaligned"));
        }
        // SAFETY: long enough and aligned; every bit pattern is a valid Header.
        let header = unsafe { &*bytes.as_ptr().cast::<Header>() };
        if header.length as usize != bytes.len() || !bytes.len().is_multiple_of(8) {
            return Err(malformed("record.length", header.length as usize, "does not match its frame"));
        }
        if header.schema != SCHEMA {
            return Err(malformed("record.schema", header.schema.into(), "is not a schema this version reads"));
        }
        let kind = header.kind()?;
        let least = SIZES[kind as u8 as usize];
        let fits = match kind {
            Kind::Depth => {
                bytes.len() >= least && {
                    // SAFETY: long enough for a DepthHead, aligned, and any bit pattern is a valid one.
                    let head = unsafe { &*bytes.as_ptr().cast::<DepthHead>() };
                    let levels = u64::from(head.bids) + u64::from(head.asks);
                    bytes.len() as u64 == least as u64 + levels * size_of::<Level>() as u64
                }
            }
            _ => bytes.len() == least,
        };
        if !fits {
            return Err(malformed("record.length", bytes.len(), "is not the length of its kind"));
        }
        Ok(Self { bytes, kind })
    }

    /// A record of this program's own making, whose header is its kind's (`Header::of`).
    #[must_use]
    #[inline]
    pub fn of<R: Record>(record: &'a R) -> Self {
        debug_assert!(record.header().kind == R::KIND as u8 && record.header().length as usize == size_of::<R>());
        Self { bytes: as_bytes(record), kind: R::KIND }
    }

    /// What it is.
    #[must_use]
    #[inline]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// The header.
    #[must_use]
    pub fn header(&self) -> &'a Header {
        // SAFETY: `new` checked length and alignment; every bit pattern is a valid Header.
        unsafe { &*self.bytes.as_ptr().cast::<Header>() }
    }

    /// The record as `R`, where its kind says so.
    #[must_use]
    #[inline]
    pub fn view<R: Record>(&self) -> Option<&'a R> {
        const { assert!(align_of::<R>() <= align_of::<Header>()) };
        if self.kind as u8 != R::KIND as u8 || self.bytes.len() < size_of::<R>() {
            return None;
        }
        // SAFETY: the length is checked, `new` checked the alignment, and R is valid for every bit pattern.
        Some(unsafe { &*self.bytes.as_ptr().cast::<R>() })
    }

    /// A copy of the record as `R`, where its kind says so.
    #[must_use]
    pub fn get<R: Record>(&self) -> Option<R> {
        self.view().copied()
    }

    /// The depth message, where this is one.
    #[must_use]
    #[inline]
    pub fn depth(&self) -> Option<DepthView<'a>> {
        if self.kind as u8 != Kind::Depth as u8 {
            return None;
        }
        // SAFETY: `new` checked that the levels named in the head fill the record exactly; Level is 8-aligned.
        unsafe {
            let head = &*self.bytes.as_ptr().cast::<DepthHead>();
            let levels = self.bytes.as_ptr().add(size_of::<DepthHead>()).cast::<Level>();
            let bids = std::slice::from_raw_parts(levels, head.bids as usize);
            let asks = std::slice::from_raw_parts(levels.add(head.bids as usize), head.asks as usize);
            Some(DepthView { head, bids, asks })
        }
    }

    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }
}

/// A bounded, 8-byte aligned buffer of records back to back: what decoders write and the sequencer reads.
#[derive(Debug, Clone)]
pub struct RecordBuf {
    words: Vec<u64>,
    capacity: usize,
}

impl RecordBuf {
    /// A buffer that holds `capacity` bytes and never grows.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self { words: Vec::with_capacity(capacity / 8), capacity: capacity / 8 * 8 }
    }

    /// Forgets all records, keeps the memory.
    pub fn clear(&mut self) {
        self.words.clear();
    }

    /// Whether no record is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// All bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: u64s are 8 initialised bytes each.
        unsafe { std::slice::from_raw_parts(self.words.as_ptr().cast(), self.words.len() * 8) }
    }

    /// Appends one record.
    pub fn push<R: Record>(&mut self, record: &R) -> Result<()> {
        let bytes = as_bytes(record);
        self.reserve(bytes.len())?;
        for word in bytes.chunks_exact(8) {
            self.words
                .push(u64::from_ne_bytes([word[0], word[1], word[2], word[3], word[4], word[5], word[6], word[7]]));
        }
        Ok(())
    }

    /// Appends a record that is already bytes.
    pub fn push_ref(&mut self, record: RecordRef<'_>) -> Result<()> {
        self.reserve(record.bytes.len())?;
        for word in record.bytes.chunks_exact(8) {
            self.words
                .push(u64::from_ne_bytes([word[0], word[1], word[2], word[3], word[4], word[5], word[6], word[7]]));
        }
        Ok(())
    }

    /// Begins a depth message; `level` adds to it, bids first, and `end_depth` fills in its counts.
    pub fn begin_depth(&mut self) -> Result<usize> {
        let at = self.words.len();
        self.reserve(size_of::<DepthHead>())?;
        self.words.resize(at + size_of::<DepthHead>() / 8, 0);
        Ok(at)
    }

    /// Appends one level to the depth message that was begun.
    #[inline]
    pub fn level(&mut self, level: Level) -> Result<()> {
        if self.words.len() * 8 + 16 > self.capacity {
            return Err(CoreError::Full { what: "record buffer", capacity: self.capacity });
        }
        self.words.extend_from_slice(&[level.price as u64, level.qty as u64]);
        Ok(())
    }

    /// Ends the depth message begun at `at`: `head` with its length set.
    pub fn end_depth(&mut self, at: usize, mut head: DepthHead) {
        head.header.length = ((self.words.len() - at) * 8) as u32;
        for (slot, word) in self.words[at..].iter_mut().zip(as_bytes(&head).chunks_exact(8)) {
            *slot = u64::from_ne_bytes([word[0], word[1], word[2], word[3], word[4], word[5], word[6], word[7]]);
        }
    }

    /// Drops everything from word `at` on: a message that failed half-way leaves nothing.
    pub fn rollback(&mut self, at: usize) {
        self.words.truncate(at);
    }

    /// Sets `BATCH_END` on the last record; an empty buffer stays empty.
    pub fn mark_batch_end(&mut self) {
        let mut at = 0;
        loop {
            let Some(word) = self.words.get(at) else { return };
            let next = at + (*word as u32 as usize) / 8;
            if next == at || next >= self.words.len() {
                break;
            }
            at = next;
        }
        // The flags are the upper half of the header's second word (offset 12).
        if let Some(word) = self.words.get_mut(at + 1) {
            *word |= u64::from(flags::BATCH_END) << 32;
        }
    }

    /// The position to give to `rollback`.
    #[must_use]
    pub fn mark(&self) -> usize {
        self.words.len()
    }

    /// The records in order.
    pub fn iter(&self) -> RecordIter<'_> {
        RecordIter { rest: self.bytes() }
    }

    fn reserve(&self, bytes: usize) -> Result<()> {
        if self.words.len() * 8 + bytes > self.capacity {
            return Err(CoreError::Full { what: "record buffer", capacity: self.capacity });
        }
        Ok(())
    }
}

impl<'a> IntoIterator for &'a RecordBuf {
    type Item = Result<RecordRef<'a>>;
    type IntoIter = RecordIter<'a>;
    fn into_iter(self) -> RecordIter<'a> {
        self.iter()
    }
}

/// Walks records back to back; a damaged length ends the walk with an error.
#[derive(Debug, Clone)]
pub struct RecordIter<'a> {
    rest: &'a [u8],
}

impl<'a> RecordIter<'a> {
    /// Walks `bytes`, which must be 8-byte aligned.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }
}

impl<'a> Iterator for RecordIter<'a> {
    type Item = Result<RecordRef<'a>>;
    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let length = self.rest.first_chunk::<4>().map_or(0, |b| u32::from_ne_bytes(*b)) as usize;
        if length < size_of::<Header>() || length > self.rest.len() {
            let was = format!("{length} of {} bytes", self.rest.len());
            self.rest = &[];
            return Some(Err(CoreError::Field { field: "record.length", was, why: "does not fit its buffer" }));
        }
        let (head, tail) = self.rest.split_at(length);
        self.rest = tail;
        Some(RecordRef::new(head))
    }
}

/// A record's bytes.
#[must_use]
pub fn as_bytes<R: Record>(record: &R) -> &[u8] {
    // SAFETY: a Record has no padding, so all of its bytes are initialised.
    unsafe { std::slice::from_raw_parts(std::ptr::from_ref(record).cast(), size_of::<R>()) }
}

/// A name as a NUL-padded array; refused where it is too long or not printable ASCII.
pub fn padded<const N: usize>(name: &str, field: &'static str) -> Result<[u8; N]> {
    let mut out = [0; N];
    if name.is_empty() || name.len() > N || !name.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(CoreError::Field {
            field,
            was: name.to_owned(),
            why: "must be short printable ASCII without spaces",
        });
    }
    out[..name.len()].copy_from_slice(name.as_bytes());
    Ok(out)
}

/// The name in a NUL-padded array.
pub fn unpadded(raw: &[u8]) -> &str {
    let end = raw.iter().position(|b| *b == 0).unwrap_or(raw.len());
    std::str::from_utf8(&raw[..end]).unwrap_or("?")
}

/// A price that is present, as an option.
#[must_use]
pub fn price_of(raw: Ticks) -> Option<Ticks> {
    (raw != NO_PRICE).then_some(raw)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_survive_a_buffer() {
        let mut buf = RecordBuf::with_capacity(4096);
        let trade = Trade { header: Header::of::<Trade>(7, 1, 10, 20), price: 5, qty: 6 };
        buf.push(&trade).unwrap();
        let at = buf.begin_depth().unwrap();
        buf.level(Level { price: 1, qty: 2 }).unwrap();
        buf.level(Level { price: 3, qty: 4 }).unwrap();
        let head = DepthHead { header: Header::of::<DepthHead>(7, 1, 10, 20), first: 1, previous: 0, bids: 1, asks: 1 };
        buf.end_depth(at, head);
        let all: Vec<_> = buf.iter().map(|r| r.unwrap()).collect();
        assert_eq!(all.len(), 2);
        assert_eq!(all[0].get::<Trade>(), Some(trade));
        let depth = all[1].depth().unwrap();
        assert_eq!((depth.bids[0].qty, depth.asks[0].price), (2, 3));
    }

    #[test]
    fn the_last_record_of_an_input_is_marked() {
        let mut buf = RecordBuf::with_capacity(4096);
        buf.mark_batch_end();
        for id in 1..=3 {
            buf.push(&Trade { header: Header::of::<Trade>(id, 1, 10, 20), price: 5, qty: 6 }).unwrap();
        }
        buf.mark_batch_end();
        let marked: Vec<bool> = buf.iter().map(|r| r.unwrap().header().has(flags::BATCH_END)).collect();
        assert_eq!(marked, [false, false, true]);
    }

    #[test]
    fn a_damaged_record_is_refused_not_read() {
        let mut buf = RecordBuf::with_capacity(256);
        buf.push(&Trade { header: Header::of::<Trade>(7, 1, 10, 20), price: 5, qty: 6 }).unwrap();
        let good = buf.words.clone();
        for bad in [0x40_0000_0000_u64, 63, 72] {
            buf.words = good.clone();
            buf.words[0] = bad;
            assert!(buf.iter().any(|r| r.is_err()), "{bad:x}");
        }
    }

    #[test]
    fn wide_amounts_keep_every_bit() {
        for value in [0, 1, -1, i128::MAX, i128::MIN, 1 << 64, -(1 << 64) + 5] {
            assert_eq!(Amount::from(Wide::from(value)), value);
        }
    }

    #[test]
    fn a_full_buffer_says_so() {
        let mut buf = RecordBuf::with_capacity(64);
        let trade = Trade { header: Header::of::<Trade>(7, 1, 10, 20), price: 5, qty: 6 };
        buf.push(&trade).unwrap();
        assert_eq!(buf.push(&trade), Err(CoreError::Full { what: "record buffer", capacity: 64 }));
    }
}
