//! NASDAQ TotalView-ITCH 5.0: one binary message to its fields, and what it does to a book of single orders.
//!
//! catalogue: M1, M2. Source of the layouts: "Nasdaq TotalView-ITCH 5.0", section 4. Integers are big-endian, prices have
//! four decimals (so a tick is 0.0001 dollars), times are nanoseconds since midnight in New York, names are padded with
//! spaces. Every message begins with its type, the number of its symbol (the locate code, which is the number of its book
//! here), a tracking number and its time. The reader keeps no state and allocates nothing.

use super::itch_field::Fields;
pub use super::itch_field::{Head, ItchError, Name};
use crate::book::l3::Change;
use crate::units::Side;

macro_rules! messages {
    ($($(#[doc = $doc:literal])* $name:ident = $kind:literal, $len:literal { $($(#[doc = $of_field:literal])* $field:ident: $type:ty = $read:ident $(::<$n:literal>)? ($at:literal) $([$try:tt])?;)* })*) => {
        /// One message. A field's name is the specification's; prices are ticks of 0.0001, sizes shares.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Message {
            $($(#[doc = $doc])* $name { $($(#[doc = $of_field])* $field: $type,)* },)*
        }

        /// The type byte and the length of every message.
        pub const LENGTHS: &[(u8, usize)] = &[$(($kind, $len)),*];

        /// Reads one message, without the length that a file or a transport puts before it.
        ///
        /// Errors: see `ItchError`; a length that is not exactly the specification's is refused.
        #[inline(always)]
        pub fn message(bytes: &[u8]) -> Result<(Head, Message), ItchError> {
            let Some(kind) = bytes.first() else { return Err(ItchError::Empty) };
            let fields = Fields(bytes);
            match *kind {
                $($kind => {
                    if bytes.len() != $len {
                        return Err(ItchError::Length { kind: *kind, expected: $len, was: bytes.len() });
                    }
                    Ok((fields.head(), Message::$name { $($field: fields.$read$(::<$n>)?($at)$($try)?,)* }))
                })*
                other => Err(ItchError::UnknownType(other)),
            }
        }
    };
}

messages! {
    /// A new order without attribution joins the book.
    Add = b'A', 36 {
        /// The order's reference number.
        order: u64 = u64(11);
        /// Its side.
        side: Side = side(19) [?];
        /// Its size.
        shares: u32 = u32(20);
        /// The symbol.
        stock: Name<8> = bytes::<8>(24);
        /// Its price.
        price: u32 = u32(32);
    }
    /// A new order with the participant's name.
    AddAttributed = b'F', 40 {
        /// The order's reference number.
        order: u64 = u64(11);
        /// Its side.
        side: Side = side(19) [?];
        /// Its size.
        shares: u32 = u32(20);
        /// The symbol.
        stock: Name<8> = bytes::<8>(24);
        /// Its price.
        price: u32 = u32(32);
        /// The market participant.
        attribution: Name<4> = bytes::<4>(36);
    }
    /// An order was filled at its price, wholly or in part.
    Executed = b'E', 31 {
        /// The order's reference number.
        order: u64 = u64(11);
        /// What was filled.
        shares: u32 = u32(19);
        /// The match.
        match_number: u64 = u64(23);
    }
    /// An order was filled at another price than its own.
    ExecutedAt = b'C', 36 {
        /// The order's reference number.
        order: u64 = u64(11);
        /// What was filled.
        shares: u32 = u32(19);
        /// The match.
        match_number: u64 = u64(23);
        /// `Y` where the trade counts for the tape, `N` where a later message reports it.
        printable: u8 = u8(31);
        /// The price of the trade.
        price: u32 = u32(32);
    }
    /// A part of an order was cancelled.
    Cancel = b'X', 23 {
        /// The order's reference number.
        order: u64 = u64(11);
        /// What was cancelled.
        shares: u32 = u32(19);
    }
    /// An order was cancelled wholly.
    Delete = b'D', 19 {
        /// The order's reference number.
        order: u64 = u64(11);
    }
    /// An order was replaced by one of the same side, which joins the back of the queue.
    Replace = b'U', 35 {
        /// The reference number of the order that ends.
        order: u64 = u64(11);
        /// The one that begins.
        new_order: u64 = u64(19);
        /// Its size.
        shares: u32 = u32(27);
        /// Its price.
        price: u32 = u32(31);
    }
    /// A trade with an order that was not displayed.
    Trade = b'P', 44 {
        /// The hidden order's number; 0 since 2014.
        order: u64 = u64(11);
        /// Its side; always a buy since 2014.
        side: Side = side(19) [?];
        /// The size.
        shares: u32 = u32(20);
        /// The symbol.
        stock: Name<8> = bytes::<8>(24);
        /// The price.
        price: u32 = u32(32);
        /// The match.
        match_number: u64 = u64(36);
    }
    /// The trade of a cross: opening, closing, halt or IPO.
    CrossTrade = b'Q', 40 {
        /// The size.
        shares: u64 = u64(11);
        /// The symbol.
        stock: Name<8> = bytes::<8>(19);
        /// The price.
        price: u32 = u32(27);
        /// The match.
        match_number: u64 = u64(31);
        /// `O`, `C`, `H` or `I`.
        cross_type: u8 = u8(39);
    }
    /// A trade was broken.
    Broken = b'B', 19 {
        /// The match.
        match_number: u64 = u64(11);
    }
    /// Net order imbalance before a cross.
    Imbalance = b'I', 50 {
        /// Shares that would be paired at the reference price.
        paired: u64 = u64(11);
        /// Shares that would not.
        imbalance: u64 = u64(19);
        /// `B`, `S`, `N` or `O`; `P` where it is paused.
        direction: u8 = u8(27);
        /// The symbol.
        stock: Name<8> = bytes::<8>(28);
        /// The price of a cross of cross orders only.
        far_price: u32 = u32(36);
        /// The price of a cross of all orders.
        near_price: u32 = u32(40);
        /// The reference price.
        reference_price: u32 = u32(44);
        /// `O`, `C`, `H` or `A`.
        cross_type: u8 = u8(48);
        /// How far the near price is from the reference price, as a code.
        variation: u8 = u8(49);
    }
    /// The day's phases: `O` messages begin, `S` system hours, `Q` market hours, `M`, `E`, `C` their ends.
    System = b'S', 12 {
        /// The phase.
        event: u8 = u8(11);
    }
    /// A symbol of the day.
    Directory = b'R', 39 {
        /// The symbol.
        stock: Name<8> = bytes::<8>(11);
        /// The listing market and tier.
        category: u8 = u8(19);
        /// The issuer's financial status.
        financial_status: u8 = u8(20);
        /// Shares of a round lot.
        round_lot: u32 = u32(21);
        /// `Y` where only round lots are accepted.
        round_lots_only: u8 = u8(25);
        /// The security's class.
        classification: u8 = u8(26);
        /// The security's subtype.
        subtype: Name<2> = bytes::<2>(27);
        /// `P` live, `T` test.
        authenticity: u8 = u8(29);
        /// Whether the short-sale threshold holds.
        short_sale_threshold: u8 = u8(30);
        /// Whether it is a new issue.
        ipo: u8 = u8(31);
        /// The tier of its price bands.
        luld_tier: u8 = u8(32);
        /// Whether it is an exchange-traded product.
        etp: u8 = u8(33);
        /// Its leverage.
        etp_leverage: u32 = u32(34);
        /// Whether it is inverse.
        inverse: u8 = u8(38);
    }
    /// A symbol was halted, paused, or trades (again).
    TradingAction = b'H', 25 {
        /// The symbol.
        stock: Name<8> = bytes::<8>(11);
        /// `H`, `P`, `Q` or `T`.
        state: u8 = u8(19);
        /// Why.
        reason: Name<4> = bytes::<4>(21);
    }
    /// The short-sale restriction of a symbol.
    ShortSale = b'Y', 20 {
        /// The symbol.
        stock: Name<8> = bytes::<8>(11);
        /// `0`, `1` or `2`.
        action: u8 = u8(19);
    }
    /// A market maker's position in a symbol.
    Participant = b'L', 26 {
        /// The market participant.
        mpid: Name<4> = bytes::<4>(11);
        /// The symbol.
        stock: Name<8> = bytes::<8>(15);
        /// `Y` for a primary market maker.
        primary: u8 = u8(23);
        /// The mode.
        mode: u8 = u8(24);
        /// The state.
        state: u8 = u8(25);
    }
    /// The day's levels of the market-wide circuit breaker, eight decimals.
    BreakerLevels = b'V', 35 {
        /// The first level.
        level_1: u64 = u64(11);
        /// The second.
        level_2: u64 = u64(19);
        /// The third.
        level_3: u64 = u64(27);
    }
    /// The market-wide circuit breaker was hit.
    BreakerStatus = b'W', 12 {
        /// `1`, `2` or `3`.
        level: u8 = u8(11);
    }
    /// When a new issue is released, and at what price.
    IpoQuoting = b'K', 28 {
        /// The symbol.
        stock: Name<8> = bytes::<8>(11);
        /// Seconds since midnight.
        release_s: u32 = u32(19);
        /// `A` expected, `C` cancelled.
        qualifier: u8 = u8(23);
        /// The price.
        price: u32 = u32(24);
    }
    /// The price bands of an auction after a pause.
    AuctionCollar = b'J', 35 {
        /// The symbol.
        stock: Name<8> = bytes::<8>(11);
        /// The reference price.
        reference_price: u32 = u32(19);
        /// The upper band.
        upper: u32 = u32(23);
        /// The lower band.
        lower: u32 = u32(27);
        /// How often they were widened.
        extensions: u32 = u32(31);
    }
    /// One market of a symbol halted or resumed.
    OperationalHalt = b'h', 21 {
        /// The symbol.
        stock: Name<8> = bytes::<8>(11);
        /// `Q`, `B` or `X`.
        market: u8 = u8(19);
        /// `H` or `T`.
        action: u8 = u8(20);
    }
    /// Retail interest at the midpoint or better.
    RetailInterest = b'N', 20 {
        /// The symbol.
        stock: Name<8> = bytes::<8>(11);
        /// `B`, `S`, `A` or `N`.
        interest: u8 = u8(19);
    }
    /// The price range of a direct listing with a capital raise.
    DirectListing = b'O', 48 {
        /// The symbol.
        stock: Name<8> = bytes::<8>(11);
        /// `Y` where it may be released.
        eligible: u8 = u8(19);
        /// The lowest allowed price.
        price_min: u32 = u32(20);
        /// The highest.
        price_max: u32 = u32(24);
        /// The price that it would open at.
        near_price: u32 = u32(28);
        /// When that was.
        near_ts_midnight_ns: u64 = u64(32);
        /// The lower collar.
        lower: u32 = u32(40);
        /// The upper collar.
        upper: u32 = u32(44);
    }
}

/// What a message does to its book; None for one that changes none.
#[inline(always)]
#[must_use]
pub fn change(head: &Head, message: &Message) -> Option<Change> {
    let book = u32::from(head.locate);
    Some(match *message {
        Message::Add { order: id, side, shares, price, .. }
        | Message::AddAttributed { order: id, side, shares, price, .. } => {
            Change::Add { book, id, side, price: i64::from(price), qty: i64::from(shares) }
        }
        Message::Executed { order: id, shares, .. }
        | Message::ExecutedAt { order: id, shares, .. }
        | Message::Cancel { order: id, shares } => Change::Reduce { book, id, qty: i64::from(shares) },
        Message::Delete { order: id } => Change::Delete { book, id },
        Message::Replace { order: id, new_order: new_id, shares, price } => {
            Change::Replace { book, id, new_id, price: i64::from(price), qty: i64::from(shares) }
        }
        _ => return None,
    })
}
