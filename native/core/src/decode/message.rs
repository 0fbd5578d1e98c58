//! What a public message says, with its texts as sent: what every venue's reader makes and nobody else.
//!
//! catalogue: M1. A venue's file takes its JSON apart into `Message`s that borrow from it; who reads a connection
//! (`public`) hands them on.

pub use super::figures::{FiguresMessage, FoundMessage, KlineMessage};
use super::levels::Levels;
use super::scan::{Value, need};
use crate::error::Result;
use crate::units::{Nanos, Side};

/// One thing that a message says, borrowed from it.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::large_enum_variant, reason = "a message is made once, on the stack, and handed on by reference")]
pub enum Message<'a> {
    /// A whole book or a change of one.
    Book(BookMessage<'a>),
    /// A public trade.
    Trade(TradeMessage<'a>),
    /// The venue's best bid and offer.
    Top(TopMessage<'a>),
    /// Figures of an instrument: a ticker, a funding rate, an open interest, a mark price.
    Figures(FiguresMessage<'a>),
    /// The same, found already.
    Found(FoundMessage<'a>),
    /// The venue's own bar.
    Kline(KlineMessage<'a>),
}

/// A whole book or a change of one.
#[derive(Debug, Clone, Copy)]
pub struct BookMessage<'a> {
    /// The venue's symbol.
    pub symbol: &'a [u8],
    /// Whether it replaces the book.
    pub snapshot: bool,
    /// First, last and previous update id; 0 where the venue has none.
    pub ids: (u64, u64, u64),
    /// The venue's time, or `NO_TIME`, also where its levels have times instead (Kraken).
    pub ts_venue: Nanos,
    /// The venue's checksum of the book after this message; None where it sends none.
    pub checksum: Option<u32>,
    /// Levels a side that were subscribed; None where the message does not say.
    pub depth: Option<usize>,
    pub(super) levels: Levels<'a>,
}

impl<'a> BookMessage<'a> {
    /// Calls `each` with price and size text of every level of a side, as sent and in the order sent.
    pub fn levels(&self, side: Side, each: impl FnMut(&'a [u8], &'a [u8]) -> Result<()>) -> Result<()> {
        self.levels.each(side, each)
    }
}

/// A public trade.
#[derive(Debug, Clone, Copy)]
pub struct TradeMessage<'a> {
    /// The venue's symbol.
    pub symbol: &'a [u8],
    /// Price text.
    pub price: &'a [u8],
    /// Size text.
    pub qty: &'a [u8],
    /// Whether the taker sold.
    pub sell: bool,
    /// Whether it was agreed outside the book (a block trade).
    pub off_book: bool,
    /// The venue's number of it, or 0.
    pub id: u64,
    /// The venue's time, or `NO_TIME`.
    pub ts_venue: Nanos,
}

/// The venue's best bid and offer; an empty text where a side is empty.
#[derive(Debug, Clone, Copy)]
pub struct TopMessage<'a> {
    /// The venue's symbol.
    pub symbol: &'a [u8],
    /// Price and size text of the best bid.
    pub bid: (&'a [u8], &'a [u8]),
    /// Price and size text of the best ask.
    pub ask: (&'a [u8], &'a [u8]),
    /// The update id of the book that it belongs to, or 0.
    pub id: u64,
    /// The venue's time, or `NO_TIME`.
    pub ts_venue: Nanos,
}

impl<'a> Message<'a> {
    /// The venue's symbol.
    #[must_use]
    pub const fn symbol(&self) -> &'a [u8] {
        match self {
            Self::Book(book) => book.symbol,
            Self::Trade(trade) => trade.symbol,
            Self::Top(top) => top.symbol,
            Self::Figures(told) => told.symbol,
            Self::Found(told) => told.symbol,
            Self::Kline(kline) => kline.symbol,
        }
    }
}

/// Who takes the messages of one payload.
pub type Take<'f, 'a> = &'f mut dyn FnMut(&Message<'a>) -> Result<()>;

/// The first `N` items of an array, as far as there are so many.
pub(super) fn first<'a, const N: usize>(array: Value<'a>, field: &'static str) -> Result<[Option<Value<'a>>; N]> {
    let mut parts = [None; N];
    let mut filled = 0;
    array.items(field, |part| {
        if let Some(slot) = parts.get_mut(filled) {
            *slot = Some(part);
            filled += 1;
        }
        Ok(())
    })?;
    Ok(parts)
}

/// The first two items of a level.
pub(super) fn first_two<'a>(level: Value<'a>, field: &'static str) -> Result<[Value<'a>; 2]> {
    match first::<2>(level, field)? {
        [Some(price), Some(qty)] => Ok([price, qty]),
        _ => Err(level.refuse(field)),
    }
}

/// Price and size of a side that has one level, as texts; empty where it has none.
pub(super) fn only_level<'a>(side: Option<Value<'a>>, field: &'static str) -> Result<(&'a [u8], &'a [u8])> {
    let mut found: (&[u8], &[u8]) = (b"", b"");
    need(side, field)?.items(field, |level| {
        let [price, qty] = first_two(level, field)?;
        found = (price.text("price")?, qty.text("quantity")?);
        Ok(())
    })?;
    Ok(found)
}

/// The digits of a number that is sent as a text beside itself, or alone.
pub(super) fn figure_of<'a>(
    text: Option<Value<'a>>,
    number: Option<Value<'a>>,
    field: &'static str,
) -> Result<&'a [u8]> {
    need(text.or(number), field)?.figure(field)
}

/// A CRC32 that the venue writes as a signed number.
pub(super) fn signed_sum(value: &Value<'_>) -> Result<u32> {
    let sum = i32::try_from(value.signed("checksum")?).map_err(|_| value.refuse("checksum"))?;
    Ok(sum.cast_unsigned())
}
