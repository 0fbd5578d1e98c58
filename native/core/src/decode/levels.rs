//! The levels of one message in the form that its venue gives them, read side by side.
//!
//! catalogue: M1.

use super::bitfinex;
use super::bitmex::Rows;
use super::public::{first, first_two};
use super::scan::{Shape, Value, members, need};
use crate::error::Result;
use crate::units::Side;

/// The levels of one message.
#[derive(Debug, Clone, Copy)]
pub(super) enum Levels<'a> {
    /// Two arrays of arrays that begin with price and size as texts.
    Pairs { bids: Option<Value<'a>>, asks: Option<Value<'a>> },
    /// As `Pairs`, where a price of 0 says that nothing changed (KuCoin).
    Priced { bids: Value<'a>, asks: Value<'a> },
    /// Two arrays of arrays of price and size, numbers (HTX).
    Figures { bids: Value<'a>, asks: Value<'a> },
    /// Two arrays of objects of price and size, texts (Hyperliquid).
    Short { bids: Value<'a>, asks: Value<'a> },
    /// Two arrays of arrays of a word, price and size, numbers (Deribit); `delete` takes the level away.
    Worded { bids: Value<'a>, asks: Value<'a> },
    /// Two arrays of objects of price and size, numbers (a snapshot of Kraken Futures).
    Named { bids: Value<'a>, asks: Value<'a> },
    /// One level of one side (a change of Kraken Futures).
    One { side: Side, price: &'a [u8], qty: &'a [u8] },
    /// None: the message has only a checksum (Bitfinex).
    None,
    /// One array of arrays of price, count of orders and an amount whose sign is the side (a snapshot of Bitfinex).
    Counted(Value<'a>),
    /// Two arrays of arrays of price and size, or of objects with members of these names (dYdX, Gate's futures).
    Either { bids: Option<Value<'a>>, asks: Option<Value<'a>>, names: (&'static [u8], &'static [u8]) },
    /// Rows by id (BitMEX).
    Rows(Rows<'a>),
    /// One array of objects that name their side (Coinbase).
    Sided(Value<'a>),
}

members! {
    /// One level of Coinbase.
    Sided { side = b"side", price = b"price_level", qty = b"new_quantity" }
}

members! {
    /// One level of Kraken Futures.
    Named { price = b"price", qty = b"qty" }
}

members! {
    /// One level of Hyperliquid.
    Short { price = b"px", qty = b"sz" }
}

impl<'a> Levels<'a> {
    /// Calls `each` with price and size text of every level of a side, as sent and in the order sent.
    pub fn each(self, side: Side, mut each: impl FnMut(&'a [u8], &'a [u8]) -> Result<()>) -> Result<()> {
        let field = of(side, "bids", "asks");
        match self {
            Self::Pairs { bids, asks } => of(side, bids, asks).map_or(Ok(()), |levels| {
                levels.items(field, |level| {
                    let [price, qty] = first_two(level, field)?;
                    each(price.text("price")?, qty.text("quantity")?)
                })
            }),
            Self::Priced { bids, asks } => of(side, bids, asks).items(field, |level| {
                let [price, qty] = first_two(level, field)?;
                let price = price.text("price")?;
                if price == b"0" { Ok(()) } else { each(price, qty.text("quantity")?) }
            }),
            Self::Figures { bids, asks } => of(side, bids, asks).items(field, |level| {
                let [price, qty] = first_two(level, field)?;
                each(price.figure("price")?, qty.figure("quantity")?)
            }),
            Self::Short { bids, asks } => of(side, bids, asks).items(field, |level| {
                let level = Short::of(level, field)?;
                each(need(level.price, "px")?.text("px")?, need(level.qty, "sz")?.text("sz")?)
            }),
            Self::Worded { bids, asks } => of(side, bids, asks).items(field, |level| {
                let [Some(word), Some(price), Some(qty)] = first::<3>(level, field)? else {
                    return Err(level.refuse(field));
                };
                let gone = word.text("word of a level")? == b"delete";
                each(price.figure("price")?, if gone { b"0" } else { qty.figure("quantity")? })
            }),
            Self::Named { bids, asks } => of(side, bids, asks).items(field, |level| {
                let level = Named::of(level, field)?;
                each(need(level.price, "price")?.figure("price")?, need(level.qty, "qty")?.figure("qty")?)
            }),
            Self::One { side: only, price, qty } if only == side => each(price, qty),
            Self::One { .. } | Self::None => Ok(()),
            Self::Counted(rows) => rows.items("book", |row| match bitfinex::row(row)? {
                (of_row, price, qty) if of_row == side => each(price, qty),
                _ => Ok(()),
            }),
            Self::Either { bids, asks, names } => of(side, bids, asks).map_or(Ok(()), |levels| {
                levels.items(field, |level| {
                    let [price, qty] = match level.shape {
                        Shape::Array => first_two(level, field)?,
                        _ => by_name(level, names, field)?,
                    };
                    each(price.figure("price")?, qty.figure("quantity")?)
                })
            }),
            Self::Rows(rows) => rows.each(side, &mut each),
            Self::Sided(levels) => levels.items("updates", |level| {
                let level = Sided::of(level, "updates")?;
                let named = need(level.side, "side")?;
                let is_bid = match named.text("side")? {
                    b"bid" => true,
                    b"offer" => false,
                    _ => return Err(named.refuse("side")),
                };
                if is_bid != (side == Side::Buy) {
                    return Ok(());
                }
                let (price, qty) = (need(level.price, "price_level")?, need(level.qty, "new_quantity")?);
                each(price.text("price_level")?, qty.text("new_quantity")?)
            }),
        }
    }
}

/// The two members of a level that is an object.
fn by_name<'a>(
    level: Value<'a>,
    (price, qty): (&'static [u8], &'static [u8]),
    field: &'static str,
) -> Result<[Value<'a>; 2]> {
    let mut found = [None; 2];
    level.members(field, |key, value| {
        let [of_price, of_qty] = &mut found;
        if key == price {
            *of_price = Some(value);
        } else if key == qty {
            *of_qty = Some(value);
        }
        Ok(())
    })?;
    match found {
        [Some(price), Some(qty)] => Ok([price, qty]),
        _ => Err(level.refuse(field)),
    }
}

/// What belongs to a side.
fn of<T>(side: Side, bids: T, asks: T) -> T {
    match side {
        Side::Buy => bids,
        Side::Sell => asks,
    }
}
