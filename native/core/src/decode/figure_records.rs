//! Figures and klines as records: texts to integers that share a count of decimals, exact up to eighteen digits.
//!
//! catalogue: M1, K2. A text of more digits (HTX writes a turnover with thirty) is cut where an i64 ends.

use super::Stamp;
use super::figures::{Figure, FiguresMessage, Found, KlineMessage};
use super::number;
use super::scan::Value;
use crate::error::{CoreError, Result};
use crate::event::{FundingRate, Header, Kline, OpenInterest, Record, RecordBuf, Reference, Ticker, flags};
use crate::units::{Decimal, NO_PRICE, NO_TIME, Nanos, pow10};

/// Decimals of a funding rate, and the most that any figure keeps.
const DECIMALS_MAX: u8 = 18;

/// Writes what a message tells: at most a ticker, a funding rate, an open interest and a reference. Returns how many.
pub(super) fn write(told: &FiguresMessage<'_>, instrument: u32, stamp: Stamp, out: &mut RecordBuf) -> Result<usize> {
    let found = Found::of(told.item, told.place)?;
    write_found((&found, b""), told.ts_venue, instrument, stamp, out)
}

/// The same of figures that are found already in `payload`.
pub(super) fn write_found(
    from: From<'_>,
    ts_venue: Nanos,
    instrument: u32,
    stamp: Stamp,
    out: &mut RecordBuf,
) -> Result<usize> {
    let (at, before) = ((instrument, ts_venue, stamp), out.mark());
    let mut written = 0;
    for record in [ticker, funding, interest, reference] {
        written += usize::from(record(from, at, out)?);
    }
    debug_assert!(written > 0 || out.mark() == before);
    Ok(written)
}

/// What was found, and the message in which it stands: empty where a figure's place in it does not matter.
type From<'f> = (&'f Found<'f>, &'f [u8]);

/// The instrument, the venue's time and our own.
pub(super) type At = (u32, Nanos, Stamp);

pub(super) fn header<R: Record>((instrument, ts_venue, stamp): At) -> Header {
    Header { ts_venue, ..stamp.header::<R>(instrument) }
}

fn ticker((found, payload): From<'_>, at: At, out: &mut RecordBuf) -> Result<bool> {
    use Figure::{Ask, AskQty, Bid, BidQty, High, Last, LastQty, Low, Open, Turnover, Volume};
    let prices = [Bid, Ask, Last, Open, High, Low].map(|figure| found.get(figure));
    let sizes = [BidQty, AskQty, LastQty, Volume].map(|figure| found.get(figure));
    let turnover = found.get(Turnover);
    if prices.iter().chain(&sizes).chain([&turnover]).all(Option::is_none) {
        return Ok(false);
    }
    let ([bid, ask, last, open, high, low], price_scale) = aligned(prices, payload, "price")?;
    let ([bid_qty, ask_qty, last_qty, volume], qty_scale) = aligned(sizes, payload, "quantity")?;
    let ([turnover], turnover_scale) = aligned([turnover], payload, "turnover")?;
    let header = header::<Ticker>(at);
    out.push(&Ticker {
        header,
        bid,
        ask,
        last,
        open,
        high,
        low,
        bid_qty,
        ask_qty,
        last_qty,
        volume,
        turnover,
        price_scale,
        qty_scale,
        turnover_scale,
        pad: [0; 5],
    })?;
    Ok(true)
}

fn funding((found, _): From<'_>, at: At, out: &mut RecordBuf) -> Result<bool> {
    let rate = found.get(Figure::Rate);
    if rate.is_none() && found.next == NO_TIME {
        return Ok(false);
    }
    let rate_e18 = match rate {
        Some(rate) => rate_e18(rate.raw)?,
        None => NO_PRICE,
    };
    out.push(&FundingRate { header: header::<FundingRate>(at), rate_e18, next: found.next, interval: found.every })?;
    Ok(true)
}

/// A rate in 1e-18.
fn rate_e18(text: &[u8]) -> Result<i64> {
    if let Some((mantissa, decimals)) = number::mantissa_and_decimals(text)
        && let Some(power) = DECIMALS_MAX.checked_sub(decimals).and_then(|places| POWERS.get(usize::from(places)))
        && let Some(rate) = mantissa.checked_mul(*power)
        && rate != NO_PRICE
    {
        return Ok(rate);
    }
    let decimal = decimal(text, "funding rate")?;
    scaled(decimal, DECIMALS_MAX).ok_or_else(|| too_large(decimal, "funding rate"))
}

fn interest((found, payload): From<'_>, at: At, out: &mut RecordBuf) -> Result<bool> {
    let (qty, value) = (found.get(Figure::OpenInterest), found.get(Figure::OpenValue));
    if qty.is_none() && value.is_none() {
        return Ok(false);
    }
    let ([qty], qty_scale) = aligned([qty], payload, "open interest")?;
    let ([value], value_scale) = aligned([value], payload, "open interest")?;
    let header = header::<OpenInterest>(at);
    out.push(&OpenInterest { header, qty, value, qty_scale, value_scale, pad: [0; 6] })?;
    Ok(true)
}

fn reference((found, payload): From<'_>, at: At, out: &mut RecordBuf) -> Result<bool> {
    let prices = [found.get(Figure::Mark), found.get(Figure::Index)];
    if prices.iter().all(Option::is_none) {
        return Ok(false);
    }
    let ([mark, index], price_scale) = aligned(prices, payload, "price")?;
    out.push(&Reference { header: header::<Reference>(at), mark, index, price_scale, pad: [0; 7] })?;
    Ok(true)
}

/// Writes a kline. It needs its four prices and its begin or its end.
pub(super) fn write_kline(told: &KlineMessage<'_>, instrument: u32, stamp: Stamp, out: &mut RecordBuf) -> Result<()> {
    use Figure::{High, Last, Low, Open, Trades, Turnover, Volume};
    let found = Found::of(told.item, told.place)?;
    let prices = [Open, High, Low, Last].map(|figure| found.get(figure));
    let begin = match (found.begin, found.end) {
        (NO_TIME, NO_TIME) => NO_TIME,
        // Kraken's end is the time of the last trade's second where it is not over yet: the interval's own end counts.
        (NO_TIME, end) => (end - end.checked_rem(told.interval).unwrap_or(0)).saturating_sub(told.interval),
        (begin, _) => begin,
    };
    if prices.iter().any(Option::is_none) || begin == NO_TIME {
        return Err(told.item.refuse("kline"));
    }
    let ([open, high, low, close], price_scale) = aligned(prices, b"", "price")?;
    let ([volume], qty_scale) = aligned([found.get(Volume)], b"", "volume")?;
    let ([turnover], turnover_scale) = aligned([found.get(Turnover)], b"", "turnover")?;
    let ([trades], whole) = aligned([found.get(Trades)], b"", "trades")?;
    if whole != 0 {
        return Err(told.item.refuse("trades"));
    }
    let mut header = header::<Kline>((instrument, told.ts_venue, stamp));
    header.flags = if found.closed { flags::CLOSED } else { 0 };
    let (interval, pad) = (told.interval, [0; 5]);
    out.push(&Kline {
        header,
        begin,
        interval,
        open,
        high,
        low,
        close,
        volume,
        turnover,
        trades,
        price_scale,
        qty_scale,
        turnover_scale,
        pad,
    })
}

/// Texts as integers of one count of decimals, the least that holds them all exactly; `NO_PRICE` where there is none. Where
/// an i64 does not hold one of them, all are cut to fewer decimals.
pub(super) fn aligned<const N: usize>(
    figures: [Option<&Value<'_>>; N],
    payload: &[u8],
    field: &'static str,
) -> Result<([i64; N], u8)> {
    if let Some(found) = aligned_short(&figures, payload) {
        return Ok(found);
    }
    let mut decimals = [None; N];
    for (slot, figure) in decimals.iter_mut().zip(figures) {
        *slot = figure.map(|figure| decimal(figure.raw, field)).transpose()?;
    }
    let finest = decimals.iter().flatten().map(|decimal| decimal.scale).max().unwrap_or(0);
    for scale in (0..=finest.min(DECIMALS_MAX)).rev() {
        let numbers = decimals.map(|decimal| decimal.map_or(Some(NO_PRICE), |decimal| scaled(decimal, scale)));
        if numbers.iter().all(Option::is_some) {
            return Ok((numbers.map(|number| number.unwrap_or(NO_PRICE)), scale));
        }
    }
    let largest = decimals.iter().flatten().max_by_key(|decimal| decimal.mantissa / pow10(decimal.scale));
    Err(too_large(largest.copied().unwrap_or(Decimal { mantissa: 0, scale: 0 }), field))
}

/// The same of texts with at most eighteen digits, which fit at their finest scale: nearly all do.
#[inline(always)]
fn aligned_short<const N: usize>(figures: &[Option<&Value<'_>>; N], payload: &[u8]) -> Option<([i64; N], u8)> {
    let (mut numbers, mut decimals, mut finest) = ([NO_PRICE; N], [0; N], 0);
    for ((number, decimals), figure) in numbers.iter_mut().zip(&mut decimals).zip(figures) {
        if let Some(figure) = figure {
            (*number, *decimals) = short(figure, payload)?;
            finest = finest.max(*decimals);
        }
    }
    if finest > DECIMALS_MAX {
        return None;
    }
    for ((number, decimals), figure) in numbers.iter_mut().zip(decimals).zip(figures) {
        if figure.is_some() && decimals < finest {
            *number = number.checked_mul(*POWERS.get(usize::from(finest - decimals))?)?;
        }
    }
    Some((numbers, finest))
}

/// A figure's mantissa and decimals, by its place in the message where that is possible.
#[inline]
fn short(figure: &Value<'_>, payload: &[u8]) -> Option<(i64, u8)> {
    #[cfg(target_arch = "x86_64")]
    if let Some(found) = super::figure_wide::mantissa_and_decimals(payload, figure.at(), figure.raw.len()) {
        return Some(found);
    }
    number::mantissa_and_decimals(figure.raw)
}

/// 10^0 to 10^18.
const POWERS: [i64; DECIMALS_MAX as usize + 1] = {
    let mut powers = [1; DECIMALS_MAX as usize + 1];
    let mut at = 1;
    while at < powers.len() {
        powers[at] = powers[at - 1] * 10;
        at += 1;
    }
    powers
};

/// The number as a count of `10^-scale`, cut towards zero; None where an i64 does not hold it.
fn scaled(decimal: Decimal, scale: u8) -> Option<i64> {
    let wide = match decimal.scale.checked_sub(scale) {
        Some(finer) => decimal.mantissa / pow10(finer),
        None => decimal.mantissa.checked_mul(pow10(scale - decimal.scale))?,
    };
    i64::try_from(wide).ok().filter(|number| *number != NO_PRICE)
}

/// A decimal text; decimals of plain notation beyond the eighteenth are left out before they could be too many to read.
fn decimal(text: &[u8], field: &'static str) -> Result<Decimal> {
    let point = text.iter().position(|byte| *byte == b'.');
    let end = match point {
        Some(at) if !text.contains(&b'e') && !text.contains(&b'E') => at + 1 + usize::from(DECIMALS_MAX),
        _ => text.len(),
    };
    Decimal::parse(text.get(..end).unwrap_or(text), field)
}

#[cold]
fn too_large(decimal: Decimal, field: &'static str) -> CoreError {
    CoreError::Field { field, was: decimal.to_string(), why: "is too large" }
}

#[cfg(test)]
#[path = "figure_tests.rs"]
mod tests;
