//! The levels of one message in the form that its venue gives them, read side by side.
//!
//! catalogue: M1. Each form has two readers: a usual one that expects the bytes as the venue writes them today and gives
//! up at the first that differ, and the general one, which then reads the level or says what is wrong with it.

use super::level_form::{self, Figures, Form, Pair, Priced, Timed, Word, Worded};
use super::message::{first, first_two};
use super::rows::{self, ById};
use super::scan::{Scan, Shape, Value, members, need};
use super::symbols::Listed;
use crate::error::Result;
use crate::event::{Level, RecordBuf};
use crate::units::{NO_TIME, Nanos, Side};

/// The most asks before which a bid that comes after them is put, level by level; where there are more, each side is read
/// in a pass of its own.
const MIXED_MAX: u32 = 256;

/// The levels of one message.
#[derive(Debug, Clone, Copy)]
pub(super) enum Levels<'a> {
    /// Two arrays of arrays that begin with price and size as texts.
    Pairs { bids: Option<Value<'a>>, asks: Option<Value<'a>> },
    /// As `Pairs`, with the time of each level, which the message itself does not have (Kraken).
    Timed { bids: Option<Value<'a>>, asks: Option<Value<'a>> },
    /// As `Pairs`, where a price of 0 says that nothing changed (KuCoin).
    Priced { bids: Value<'a>, asks: Value<'a> },
    /// Two arrays of arrays of price and size, numbers (HTX).
    Figures { bids: Value<'a>, asks: Value<'a> },
    /// Two arrays of objects of price and size, texts (Hyperliquid).
    Short { bids: Value<'a>, asks: Value<'a> },
    /// Two arrays of arrays of a word, price and size, numbers (Deribit); `delete` takes the level away.
    Worded { bids: Value<'a>, asks: Value<'a> },
    /// Two arrays of objects of price and size, numbers (a snapshot of Kraken Futures) or texts (Lighter).
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
    Rows(ById<'a>),
    /// One array of objects that name their side (Coinbase).
    Sided(Value<'a>),
}

members! {
    /// One level of Coinbase.
    Sided { side = b"side", price = b"price_level", qty = b"new_quantity" }
}

members! {
    /// One level of Kraken Futures, or of Lighter.
    Named { price = b"price", qty = b"qty", size = b"size" }
}

members! {
    /// One level of Hyperliquid.
    Short { price = b"px", qty = b"sz" }
}

/// What was written of the levels of one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Written {
    /// How many bids.
    pub bids: u32,
    /// How many asks.
    pub asks: u32,
    /// The latest time of a level, or `NO_TIME` where levels have none.
    pub latest: Nanos,
}

impl<'a> Levels<'a> {
    /// Writes the levels into the depth record that was begun, bids first. `payload` is the message that they are part of.
    pub fn write(&self, payload: &[u8], listed: &Listed, out: &mut RecordBuf) -> Result<Written> {
        if let Self::One { side, price, qty } = *self {
            out.level(listed.level(price, qty)?)?;
            let (bids, asks) = of(side, (1, 0), (0, 1));
            return Ok(Written { bids, asks, latest: NO_TIME });
        }
        let mark = out.mark();
        if let Some(written) = self.usual(payload, listed, out) {
            return Ok(written);
        }
        out.rollback(mark);
        let (bids, of_bids) = self.write_side(Side::Buy, listed, out)?;
        let (asks, of_asks) = self.write_side(Side::Sell, listed, out)?;
        Ok(Written { bids, asks, latest: of_bids.max(of_asks) })
    }

    /// Writes the levels in the venue's usual form; None where one is in another.
    fn usual(&self, payload: &[u8], listed: &Listed, out: &mut RecordBuf) -> Option<Written> {
        let to = (payload, listed, out);
        match self {
            Self::Pairs { bids, asks } => both(&mut Pair, bids.as_ref(), asks.as_ref(), to),
            Self::Timed { bids, asks } => {
                let mut timed = Timed { latest: NO_TIME };
                let written = both(&mut timed, bids.as_ref(), asks.as_ref(), to)?;
                Some(Written { latest: timed.latest, ..written })
            }
            Self::Priced { bids, asks } => both(&mut Priced, Some(bids), Some(asks), to),
            Self::Figures { bids, asks } => both(&mut Figures, Some(bids), Some(asks), to),
            Self::Short { bids, asks } => both(&mut level_form::Short, Some(bids), Some(asks), to),
            Self::Worded { bids, asks } => both(&mut Worded, Some(bids), Some(asks), to),
            Self::Named { bids, asks } => {
                let sized = [bids, asks].into_iter().any(|levels| levels.raw.starts_with(b"[{\"price\":\""));
                if sized {
                    both(&mut level_form::Sized, Some(bids), Some(asks), to)
                } else {
                    both(&mut level_form::Named, Some(bids), Some(asks), to)
                }
            }
            Self::Sided(levels) => write_sided(*levels, to),
            _ => None,
        }
    }

    /// Writes the levels of one side in the general way: how many, and the latest time.
    #[inline(never)]
    fn write_side(&self, side: Side, listed: &Listed, out: &mut RecordBuf) -> Result<(u32, Nanos)> {
        let mut count = 0;
        self.each(side, |price, qty| {
            count += 1;
            out.level(listed.level(price, qty)?)
        })?;
        let latest = match *self {
            Self::Timed { bids, asks } => of(side, bids, asks).map_or(Ok(NO_TIME), rows::latest)?,
            _ => NO_TIME,
        };
        Ok((count, latest))
    }

    /// Calls `each` with price and size text of every level of a side, as sent and in the order sent.
    #[inline]
    pub fn each(self, side: Side, mut each: impl FnMut(&'a [u8], &'a [u8]) -> Result<()>) -> Result<()> {
        let field = of(side, "bids", "asks");
        match self {
            Self::Pairs { bids, asks } | Self::Timed { bids, asks } => match of(side, bids, asks) {
                Some(levels) => levels.run(field, usual_pair, pair, |(price, qty)| each(price, qty)),
                None => Ok(()),
            },
            Self::Priced { bids, asks } => of(side, bids, asks)
                .run(field, usual_pair, pair, |(price, qty)| if price == b"0" { Ok(()) } else { each(price, qty) }),
            Self::Figures { bids, asks } => {
                of(side, bids, asks).run(field, usual_figures, figures, |(price, qty)| each(price, qty))
            }
            Self::Short { bids, asks } => {
                of(side, bids, asks).run(field, usual_short, short, |(price, qty)| each(price, qty))
            }
            Self::Worded { bids, asks } => {
                of(side, bids, asks).run(field, usual_worded, worded, |(price, qty)| each(price, qty))
            }
            Self::Named { bids, asks } => {
                of(side, bids, asks).run(field, usual_named, named, |(price, qty)| each(price, qty))
            }
            Self::One { side: only, price, qty } if only == side => each(price, qty),
            Self::One { .. } | Self::None => Ok(()),
            Self::Counted(rows) => rows.items("book", |row| match rows::counted(row)? {
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
            Self::Sided(levels) => {
                let usual = |scan: &mut Scan<'a>| usual_sided(scan, side);
                levels.run(
                    "updates",
                    usual,
                    |level, field| sided(level, field, side),
                    |level| match level {
                        Some((price, qty)) => each(price, qty),
                        None => Ok(()),
                    },
                )
            }
        }
    }
}

/// The message that levels are part of, their instrument, and the depth record that was begun.
type To<'t> = (&'t [u8], &'t Listed, &'t mut RecordBuf);

/// Writes the levels of both sides in their usual form. The arrays are read where they stand: a message has just been
/// written, and a copy of it in wider pieces than it was written in would wait for that.
#[inline]
fn both<F: Form>(
    form: &mut F,
    bids: Option<&Value<'_>>,
    asks: Option<&Value<'_>>,
    (payload, listed, out): To<'_>,
) -> Option<Written> {
    let bids = one_side(form, bids, (payload, listed, &mut *out))?;
    let asks = one_side(form, asks, (payload, listed, out))?;
    Some(Written { bids, asks, latest: NO_TIME })
}

/// Writes the levels of one side in their usual form; how many there are.
#[inline(always)]
fn one_side<F: Form>(form: &mut F, levels: Option<&Value<'_>>, (payload, listed, out): To<'_>) -> Option<u32> {
    let Some(levels) = levels.filter(|levels| levels.raw != b"[]") else { return Some(0) };
    let mut count = 0;
    let end = level_form::run(form, payload, levels.at(), listed, |word, level| {
        let level = if word == Word::Gone { Level { qty: 0, ..level } } else { level };
        count += 1;
        out.level(level).ok()
    })?;
    (end == levels.at() + levels.raw.len()).then_some(count)
}

/// Writes levels that name their side in one pass, bids before asks.
fn write_sided(levels: Value<'_>, (payload, listed, out): To<'_>) -> Option<Written> {
    let (mut bids, mut asks) = (0, 0);
    let end = level_form::run(&mut level_form::Sided, payload, levels.at(), listed, |word, level| {
        if word == Word::Ask {
            asks += 1;
            return out.level(level).ok();
        }
        // A snapshot has its bids first; a change is short enough to make room before its asks.
        bids += 1;
        if asks <= MIXED_MAX { out.level_before(asks as usize, level).ok() } else { None }
    })?;
    (end == levels.at() + levels.raw.len()).then_some(Written { bids, asks, latest: NO_TIME })
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

/// Price and size text of a level.
type Texts<'a> = (&'a [u8], &'a [u8]);

/// `["61837.6","1.5"]`, with more items behind where the venue sends them.
#[inline(always)]
fn usual_pair<'a>(scan: &mut Scan<'a>) -> Option<Texts<'a>> {
    if !scan.literal(b"[\"") {
        return None;
    }
    let price = scan.until_quote()?;
    if !scan.literal(b",\"") {
        return None;
    }
    let qty = scan.until_quote()?;
    while !scan.literal(b"]") {
        if scan.literal(b",\"") {
            scan.until_quote()?;
        } else {
            figure_after(scan, b",")?;
        }
    }
    Some((price, qty))
}

fn pair<'a>(level: Value<'a>, field: &'static str) -> Result<Texts<'a>> {
    let [price, qty] = first_two(level, field)?;
    Ok((price.text("price")?, qty.text("quantity")?))
}

/// `[61837.6,1.5]`.
#[inline(always)]
fn usual_figures<'a>(scan: &mut Scan<'a>) -> Option<Texts<'a>> {
    let price = figure_after(scan, b"[")?;
    let qty = figure_after(scan, b",")?;
    scan.literal(b"]").then_some((price, qty))
}

/// The text of a number behind `before`, of digits and points alone.
#[inline(always)]
fn figure_after<'a>(scan: &mut Scan<'a>, before: &[u8]) -> Option<&'a [u8]> {
    if !scan.literal(before) {
        return None;
    }
    let plain = |text: &&[u8]| text.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'.'));
    scan.until_delimiter().filter(plain).filter(|text| text.first().is_some_and(u8::is_ascii_digit))
}

fn figures<'a>(level: Value<'a>, field: &'static str) -> Result<Texts<'a>> {
    let [price, qty] = first_two(level, field)?;
    Ok((price.figure("price")?, qty.figure("quantity")?))
}

/// `{"px":"61837.6","sz":"1.5","n":3}`.
#[inline(always)]
fn usual_short<'a>(scan: &mut Scan<'a>) -> Option<Texts<'a>> {
    if !scan.literal(b"{\"px\":\"") {
        return None;
    }
    let price = scan.until_quote()?;
    if !scan.literal(b",\"sz\":\"") {
        return None;
    }
    let qty = scan.until_quote()?;
    figure_after(scan, b",\"n\":")?;
    scan.literal(b"}").then_some((price, qty))
}

fn short<'a>(level: Value<'a>, field: &'static str) -> Result<Texts<'a>> {
    let level = Short::of(level, field)?;
    Ok((need(level.price, "px")?.text("px")?, need(level.qty, "sz")?.text("sz")?))
}

/// `["change",61837.5,10.0]`.
#[inline(always)]
fn usual_worded<'a>(scan: &mut Scan<'a>) -> Option<Texts<'a>> {
    if !scan.literal(b"[\"") {
        return None;
    }
    let gone = scan.until_quote()? == b"delete";
    let price = figure_after(scan, b",")?;
    let qty = figure_after(scan, b",")?;
    scan.literal(b"]").then_some((price, if gone { b"0" } else { qty }))
}

fn worded<'a>(level: Value<'a>, field: &'static str) -> Result<Texts<'a>> {
    let [Some(word), Some(price), Some(qty)] = first::<3>(level, field)? else {
        return Err(level.refuse(field));
    };
    let gone = word.text("word of a level")? == b"delete";
    Ok((price.figure("price")?, if gone { b"0" } else { qty.figure("quantity")? }))
}

/// `{"price":61837.6,"qty":1.5}`.
#[inline(always)]
fn usual_named<'a>(scan: &mut Scan<'a>) -> Option<Texts<'a>> {
    let price = figure_after(scan, b"{\"price\":")?;
    let qty = figure_after(scan, b",\"qty\":")?;
    scan.literal(b"}").then_some((price, qty))
}

fn named<'a>(level: Value<'a>, field: &'static str) -> Result<Texts<'a>> {
    let level = Named::of(level, field)?;
    Ok((need(level.price, "price")?.figure("price")?, need(level.qty.or(level.size), "qty")?.figure("qty")?))
}

/// `{"side":"bid","event_time":"..","price_level":"61837.6","new_quantity":"1.5"}`; nothing for one of the other side.
#[inline(always)]
fn usual_sided<'a>(scan: &mut Scan<'a>, side: Side) -> Option<Option<Texts<'a>>> {
    if !scan.literal(b"{\"side\":\"") {
        return None;
    }
    let is_bid = match scan.until_quote()? {
        b"bid" => true,
        b"offer" => false,
        _ => return None,
    };
    if !scan.literal(b",\"event_time\":\"") {
        return None;
    }
    scan.until_quote()?;
    if !scan.literal(b",\"price_level\":\"") {
        return None;
    }
    let price = scan.until_quote()?;
    if !scan.literal(b",\"new_quantity\":\"") {
        return None;
    }
    let qty = scan.until_quote()?;
    scan.literal(b"}").then_some((is_bid == (side == Side::Buy)).then_some((price, qty)))
}

fn sided<'a>(level: Value<'a>, field: &'static str, side: Side) -> Result<Option<Texts<'a>>> {
    let level = Sided::of(level, field)?;
    let named = need(level.side, "side")?;
    let is_bid = named.either("side", b"bid", b"offer")?;
    if is_bid != (side == Side::Buy) {
        return Ok(None);
    }
    let (price, qty) = (need(level.price, "price_level")?, need(level.qty, "new_quantity")?);
    Ok(Some((price.text("price_level")?, qty.text("new_quantity")?)))
}

/// What belongs to a side.
#[inline(always)]
fn of<T>(side: Side, bids: T, asks: T) -> T {
    match side {
        Side::Buy => bids,
        Side::Sell => asks,
    }
}

#[cfg(test)]
#[path = "levels_tests.rs"]
mod tests;
