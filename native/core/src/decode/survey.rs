//! What a recording tells about its instruments: the market, and the coarsest tick and lot that fit every number in it.
//!
//! catalogue: M12, K1. A recording does not say what the venue listed on its day. The tick is the greatest common
//! divisor of all prices of a symbol, the lot that of all sizes, so that everything recorded is a whole count of them.

use super::memory::Memory;
use super::message::Message;
use super::public::Public;
use super::scan::{Scan, Shape, Value, members};
use crate::error::{CoreError, Result};
use crate::instrument::Market;
use crate::units::{Decimal, Side, pow10};

/// Decimals in which the divisors are kept; Binance writes eight at most.
const SCALE: u8 = 12;

members! {
    /// The members of market data that carry prices, sizes, a symbol, or the mark of a market.
    Members {
        data = b"data",
        event = b"e",
        symbol = b"s",
        rest_symbol = b"symbol",
        pair = b"ps",
        rest_pair = b"pair",
        previous = b"pu",
        bids = b"b",
        asks = b"a",
        bid_qty = b"B",
        ask_qty = b"A",
        rest_bids = b"bids",
        rest_asks = b"asks",
        price = b"p",
        qty = b"q",
    }
}

/// One symbol: the divisors of its prices and sizes so far, in 10^-`SCALE`; 0 before the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Surveyed {
    /// The venue's symbol.
    pub symbol: String,
    price: i128,
    qty: i128,
}

impl Surveyed {
    /// A symbol of which no number was seen yet.
    pub(super) fn new(symbol: &str) -> Self {
        Self { symbol: symbol.to_owned(), price: 0, qty: 0 }
    }

    /// Counts a price and a size as sent; an empty text is none.
    pub(super) fn told(&mut self, price: &[u8], qty: &[u8]) -> Result<()> {
        if !price.is_empty() {
            self.price = divisor(self.price, counted_text(price, "price")?);
        }
        if !qty.is_empty() {
            self.qty = divisor(self.qty, counted_text(qty, "quantity")?);
        }
        Ok(())
    }

    /// The tick as (mantissa, decimals); (1, 0) where no price was seen.
    #[must_use]
    pub fn tick(&self) -> (i128, u8) {
        reduced(self.price)
    }

    /// The lot as (mantissa, decimals); (1, 0) where no size was seen.
    #[must_use]
    pub fn lot(&self) -> (i128, u8) {
        reduced(self.qty)
    }
}

/// What is known of a recording so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Survey {
    /// The venue, where it is not Binance.
    public: Option<Public>,
    /// What its connection has said before.
    memory: Memory,
    symbols: Vec<Surveyed>,
    futures: bool,
    coin_margined: bool,
    messages: u64,
}

impl Survey {
    /// A survey of another venue's connection.
    #[must_use]
    pub fn of_public(public: Public) -> Self {
        Self { public: Some(public), ..Self::default() }
    }

    /// How many messages of market data there were.
    #[must_use]
    pub const fn messages(&self) -> u64 {
        self.messages
    }

    /// The symbols in the order in which they were first seen.
    #[must_use]
    pub fn symbols(&self) -> &[Surveyed] {
        &self.symbols
    }

    /// Which of Binance's markets these messages are of; None before the first one that carries prices.
    ///
    /// COIN-M messages name the pair (`ps`), futures' deltas the previous update id and their `bookTicker` its event.
    #[must_use]
    pub const fn market(&self) -> Option<Market> {
        match self {
            Self { messages: 0, .. } => None,
            Self { coin_margined: true, .. } => Some(Market::Inverse),
            Self { futures: true, .. } => Some(Market::Linear),
            _ => Some(Market::Spot),
        }
    }

    /// Reads one message. `symbol` is whose REST snapshot it is, where the recording says so.
    ///
    /// A snapshot that names no symbol counts for the only one seen before it, and is left out where there are several.
    pub fn take(&mut self, payload: &[u8], symbol: Option<&[u8]>) -> Result<()> {
        if let Some(public) = self.public {
            // The reader borrows the memory while what it reads is counted here.
            let mut memory = std::mem::take(&mut self.memory);
            let read = match symbol {
                Some(symbol) => public.read_whole(symbol, payload, &mut |message| self.told(message)),
                None => public.read(&mut memory, payload, &mut |message| self.told(message)).map(|_| ()),
            };
            self.memory = memory;
            return read;
        }
        let mut scan = Scan::new(payload);
        let message = scan.value("message")?;
        scan.end()?;
        if message.shape != Shape::Object {
            return Ok(());
        }
        let outer = Members::of(message, "message")?;
        let found = match outer.data.filter(|data| data.shape == Shape::Object) {
            Some(data) => Members::of(data, "data")?,
            None => outer,
        };
        let event = match found.event {
            Some(event) => event.text("event")?,
            None => b"",
        };
        if !matches!(event, b"" | b"depthUpdate" | b"bookTicker" | b"trade" | b"aggTrade") {
            return Ok(());
        }
        let named = found.symbol.or(found.rest_symbol).map(|value| value.raw).or(symbol);
        let Some(at) = self.index(named) else { return Ok(()) };
        self.messages += 1;
        self.coin_margined |= found.pair.is_some() || found.rest_pair.is_some();
        self.futures |= found.previous.is_some() || event == b"bookTicker";
        match self.symbols.get_mut(at) {
            Some(known) => known.numbers(&found, event),
            None => Ok(()),
        }
    }

    /// Counts the numbers of one message of another venue.
    fn told(&mut self, message: &Message<'_>) -> Result<()> {
        // They need no tick and no lot: each names its decimals.
        if matches!(message, Message::Figures(_) | Message::Found(_) | Message::Kline(_)) {
            return Ok(());
        }
        self.messages += 1;
        let at = self.index(Some(message.symbol()));
        let Some(known) = at.and_then(|at| self.symbols.get_mut(at)) else { return Ok(()) };
        match message {
            Message::Book(book) => [Side::Buy, Side::Sell]
                .into_iter()
                .try_for_each(|side| book.levels(side, |price, qty| known.told(price, qty))),
            Message::Trade(trade) => known.told(trade.price, trade.qty),
            Message::Top(top) => [top.bid, top.ask]
                .into_iter()
                .filter(|(price, _)| !price.is_empty())
                .try_for_each(|(price, qty)| known.told(price, qty)),
            Message::Figures(_) | Message::Found(_) | Message::Kline(_) => Ok(()),
        }
    }

    /// Adds what another survey of the same market saw.
    pub fn absorb(&mut self, other: &Self) {
        for theirs in &other.symbols {
            if let Some(ours) = self.index(Some(theirs.symbol.as_bytes())).and_then(|at| self.symbols.get_mut(at)) {
                ours.price = divisor(ours.price, theirs.price);
                ours.qty = divisor(ours.qty, theirs.qty);
            }
        }
        self.futures |= other.futures;
        self.coin_margined |= other.coin_margined;
        self.messages += other.messages;
    }

    fn index(&mut self, symbol: Option<&[u8]>) -> Option<usize> {
        let Some(symbol) = symbol.and_then(|raw| std::str::from_utf8(raw).ok()).filter(|text| !text.is_empty()) else {
            return (self.symbols.len() == 1).then_some(0);
        };
        let known = self.symbols.iter().position(|known| known.symbol == symbol);
        Some(known.unwrap_or_else(|| {
            self.symbols.push(Surveyed::new(symbol));
            self.symbols.len() - 1
        }))
    }
}

impl Surveyed {
    fn numbers(&mut self, found: &Members<'_>, event: &[u8]) -> Result<()> {
        if matches!(event, b"trade" | b"aggTrade") {
            self.price(found.price)?;
            return self.qty(found.qty);
        }
        for side in [found.bids, found.asks, found.rest_bids, found.rest_asks].into_iter().flatten() {
            match side.shape {
                Shape::Array => self.levels(side)?,
                _ => self.price(Some(side))?,
            }
        }
        self.qty(found.bid_qty)?;
        self.qty(found.ask_qty)
    }

    fn levels(&mut self, side: Value<'_>) -> Result<()> {
        side.items("levels", |level| {
            let mut at = 0;
            level.items("level", |part| {
                at += 1;
                match at {
                    1 => self.price(Some(part)),
                    2 => self.qty(Some(part)),
                    _ => Ok(()),
                }
            })
        })
    }

    fn price(&mut self, value: Option<Value<'_>>) -> Result<()> {
        self.price = divisor(self.price, counted(value, "price")?);
        Ok(())
    }

    fn qty(&mut self, value: Option<Value<'_>>) -> Result<()> {
        self.qty = divisor(self.qty, counted(value, "quantity")?);
        Ok(())
    }
}

/// A decimal text in 10^-`SCALE`; 0 where there is none.
fn counted(value: Option<Value<'_>>, field: &'static str) -> Result<i128> {
    value.map_or(Ok(0), |value| counted_text(value.text(field)?, field))
}

fn counted_text(text: &[u8], field: &'static str) -> Result<i128> {
    let count = Decimal::parse(text, field)?.to_scale(SCALE, field)?;
    if count < 0 {
        let was = String::from_utf8_lossy(text).into_owned();
        return Err(CoreError::Field { field, was, why: "must not be negative" });
    }
    Ok(count)
}

/// The greatest common divisor, where 0 divides nothing.
fn divisor(mut one: i128, mut other: i128) -> i128 {
    while other != 0 {
        (one, other) = (other, one % other);
    }
    one
}

/// A count of 10^-`SCALE` as a mantissa without trailing decimal zeros and its decimals.
fn reduced(count: i128) -> (i128, u8) {
    if count == 0 {
        return (1, 0);
    }
    let mut decimals = SCALE;
    while decimals > 0 && count % pow10(SCALE - decimals + 1) == 0 {
        decimals -= 1;
    }
    (count / pow10(SCALE - decimals), decimals)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::samples::*;

    #[test]
    fn finds_market_tick_and_lot() {
        for (messages, market, symbol, tick, lot) in [
            (vec![SPOT_DEPTH, SPOT_TOP, SPOT_TRADE, KLINE, SPOT_SNAPSHOT], Market::Spot, "BTCUSDT", (1, 2), (2, 5)),
            (vec![USDM_DEPTH, USDM_TOP, USDM_MARK], Market::Linear, "BTCUSDT", (1, 1), (1, 3)),
            (vec![COINM_DEPTH, COINM_TOP], Market::Inverse, "BTCUSD_PERP", (1, 1), (1, 0)),
        ] {
            let mut survey = Survey::default();
            assert_eq!(survey.market(), None);
            messages.iter().for_each(|text| survey.take(text.as_bytes(), None).unwrap());
            let found = &survey.symbols()[0];
            assert_eq!((survey.market(), found.symbol.as_str()), (Some(market), symbol));
            assert_eq!((found.tick(), found.lot()), (tick, lot));
        }
    }

    #[test]
    fn huge_and_tiny_numbers_fit() {
        let mut survey = Survey::default();
        let text = r#"{"e":"depthUpdate","s":"PEPEUSDT","U":1,"u":2,"b":[["0.00000765","123456789012345.00"]],"a":[["0.00000770","5000.00"]]}"#;
        survey.take(text.as_bytes(), None).unwrap();
        assert_eq!((survey.symbols()[0].tick(), survey.symbols()[0].lot()), ((5, 8), (5, 0)));
        let mut both = Survey::default();
        both.take(text.replace("5000.00", "5001").as_bytes(), None).unwrap();
        both.absorb(&survey);
        assert_eq!(both.symbols()[0].lot(), (1, 0));
        assert!(survey.take(text.replace("\"0.00000765\"", "\"-1\"").as_bytes(), None).is_err());
        assert!(survey.take(b"{\"e\":", None).is_err());
    }
}
