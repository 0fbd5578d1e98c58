//! What every record begins with: its kind, its flags and the 48 bytes of its header.

use super::SCHEMA;
use crate::canon_enum;
use crate::error::Result;
use crate::units::{Amount, NO_TIME, Nanos};

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
    /// A stream is a line of a source.
    LineDef = 6,
    /// A book snapshot or delta.
    Depth = 16,
    /// The venue's own best bid and offer.
    Bbo = 17,
    /// A public trade.
    Trade = 18,
    /// Mark price, index price, funding rate.
    Mark = 19,
    /// The venue's summary of an instrument: best prices, last trade, the last 24 hours.
    Ticker = 20,
    /// The venue's own bar of an interval.
    Kline = 21,
    /// The funding rate of a perpetual contract.
    FundingRate = 22,
    /// How much of a contract is held open.
    OpenInterest = 23,
    /// Mark price and index price, exact.
    Reference = 24,
    /// An order by which a venue closes somebody's position.
    Liquidation = 25,
    /// Time passes.
    Timer = 32,
    /// A source's primary line changed, a hole was found or filled, or all lines fell silent.
    LineEvent = 33,
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
    LineDef,
    Depth,
    Bbo,
    Trade,
    Mark,
    Ticker,
    Kline,
    FundingRate,
    OpenInterest,
    Reference,
    Liquidation,
    Timer,
    LineEvent,
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
        !self.is_market() && !matches!(self, Self::Timer | Self::LineEvent | Self::Sent | Self::Checkpoint)
    }

    /// Whether it is market data: what a venue says to everybody.
    #[must_use]
    pub const fn is_market(self) -> bool {
        matches!(self, Self::Depth | Self::Bbo | Self::Trade | Self::Mark) || self.is_told()
    }

    /// Whether it is market data that changes no state: kept, replayed and shown, and no part of the state hash.
    #[must_use]
    pub const fn is_told(self) -> bool {
        matches!(
            self,
            Self::Ticker | Self::Kline | Self::FundingRate | Self::OpenInterest | Self::Reference | Self::Liquidation
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
    /// `Trade`: the taker sold. `Liquidation`: the order sells. `Report`: we were the maker.
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
    /// `Kline`: its interval is over, and the venue says so.
    pub const CLOSED: u32 = 256;
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

const _: () = assert!(size_of::<Header>() == 48 && align_of::<Header>() == 8);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_amounts_keep_every_bit() {
        for value in [0, 1, -1, i128::MAX, i128::MIN, 1 << 64, -(1 << 64) + 5] {
            assert_eq!(Amount::from(Wide::from(value)), value);
        }
    }
}
