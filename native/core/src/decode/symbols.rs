//! Names to numbers: instruments by symbol and market, assets by name, looked up without allocation.
//!
//! catalogue: K1. Open addressing over a power of two, at most half full; the table grows only when an instrument
//! is defined, which happens at start and never while a message is decoded.

#[cfg(target_arch = "x86_64")]
use super::level_wide::Wide;
use super::number::{self, Scale};
use crate::error::{CoreError, Result};
use crate::event::Level;
use crate::instrument::{Instrument, Market};
use crate::units::{Amount, Decimal, Lots, NO_PRICE, Ticks, pow10};

/// The longest symbol of the definition record.
const SYMBOL_MAX: usize = 40;

/// One instrument with what its fast path needs.
#[derive(Debug, Clone)]
pub(super) struct Listed {
    /// The definition.
    pub instrument: Instrument,
    /// How a price text becomes ticks.
    pub price: Scale,
    /// How a quantity text becomes lots.
    pub qty: Scale,
    /// How both are read at once, where this processor can.
    #[cfg(target_arch = "x86_64")]
    pub wide: Option<Wide>,
}

impl Listed {
    /// A price text in ticks, above zero.
    #[inline]
    pub fn ticks(&self, text: &[u8]) -> Result<Ticks> {
        match number::counted(text, self.price) {
            Some(ticks) if ticks > 0 => Ok(ticks),
            _ => self.instrument.ticks(text),
        }
    }

    /// A price text in ticks, or `NO_PRICE` where the venue says zero.
    pub fn ticks_or_none(&self, text: &[u8]) -> Result<Ticks> {
        if is_zero(text) { Ok(NO_PRICE) } else { self.ticks(text) }
    }

    /// A public quantity text in lots, rounded up where it is finer than a lot.
    ///
    /// The venue keeps orders that were placed under an older, finer step (ETHUSDT of 2024 lists 25.426189 with a step
    /// of 0.0001). Refusing them would lose the whole book; rounding down could delete a level that is there.
    #[inline]
    pub fn shown_lots(&self, text: &[u8]) -> Result<Lots> {
        number::counted(text, self.qty).map_or_else(|| self.unusual_lots(text), Ok)
    }

    /// One level of a book: a price in ticks, a size as `shown_lots` has it.
    #[inline]
    pub fn level(&self, price: &[u8], qty: &[u8]) -> Result<Level> {
        Ok(Level { price: self.ticks(price)?, qty: self.shown_lots(qty)? })
    }

    #[cold]
    fn unusual_lots(&self, text: &[u8]) -> Result<Lots> {
        let decimal = Decimal::parse(text, "quantity")?;
        if decimal.mantissa <= 0 || decimal.scale <= self.qty.decimals {
            return self.lots(text);
        }
        let per_lot =
            i128::from(self.qty.unit).checked_mul(pow10(decimal.scale - self.qty.decimals)).ok_or_else(|| {
                CoreError::Field { field: "quantity", was: decimal.to_string(), why: "has too many decimals" }
            })?;
        let lots = decimal.mantissa / per_lot + i128::from(decimal.mantissa % per_lot != 0);
        i64::try_from(lots).map_err(|_| CoreError::Field {
            field: "quantity",
            was: decimal.to_string(),
            why: "is too large",
        })
    }

    /// A quantity text in lots, zero or more; refused where it is not a whole count.
    pub fn lots(&self, text: &[u8]) -> Result<Lots> {
        self.instrument.lots(text)
    }
}

/// Whether a text is a zero with any count of decimals.
pub(super) fn is_zero(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(|b| matches!(b, b'0' | b'.')) && text.contains(&b'0')
}

/// An asset by name.
#[derive(Debug, Clone)]
pub(super) struct Asset {
    /// Its number.
    pub id: u16,
    /// Decimals of its smallest unit.
    pub scale: u8,
    name: String,
}

impl Asset {
    /// A signed decimal text in the asset's smallest unit.
    pub fn amount(&self, text: &[u8], field: &'static str) -> Result<Amount> {
        Decimal::parse(text, field)?.to_scale(self.scale, field)
    }
}

/// All instruments and assets that a decoder knows.
#[derive(Debug, Clone, Default)]
pub(super) struct Symbols {
    listed: Vec<Listed>,
    /// Indices into `listed` plus one; 0 is an empty slot.
    slots: Vec<u32>,
    assets: Vec<Asset>,
}

impl Symbols {
    /// Adds an instrument, or replaces the one of the same symbol and market.
    pub fn define(&mut self, instrument: &Instrument) -> Result<()> {
        let bad = |field, was: String, why| Err(CoreError::Field { field, was, why });
        let name = &instrument.symbol;
        if name.is_empty() || name.len() > SYMBOL_MAX || !name.bytes().all(|b| b.is_ascii_graphic()) {
            return bad("symbol", name.clone(), "must be 1 to 40 printable ASCII characters");
        }
        if instrument.tick <= 0 || instrument.lot <= 0 {
            return bad("tick", format!("{} and lot {}", instrument.tick, instrument.lot), "must be above zero");
        }
        let price = Scale { decimals: instrument.price_scale, unit: instrument.tick };
        let qty = Scale { decimals: instrument.qty_scale, unit: instrument.lot };
        let listed = Listed {
            price,
            qty,
            #[cfg(target_arch = "x86_64")]
            wide: Wide::of(price, qty),
            instrument: instrument.clone(),
        };
        let at =
            self.listed.iter().position(|l| l.instrument.symbol == *name && l.instrument.market == instrument.market);
        match at.and_then(|at| self.listed.get_mut(at)) {
            Some(known) => *known = listed,
            None => {
                self.listed.push(listed);
                self.rebuild();
            }
        }
        Ok(())
    }

    fn rebuild(&mut self) {
        self.slots = vec![0; (self.listed.len() * 2).next_power_of_two()];
        for (at, listed) in self.listed.iter().enumerate() {
            let mut slot = self.slot(hash(listed.instrument.market, listed.instrument.symbol.as_bytes()));
            while self.slots[slot] != 0 {
                slot = (slot + 1) & (self.slots.len() - 1);
            }
            self.slots[slot] = at as u32 + 1;
        }
    }

    #[inline]
    fn slot(&self, hash: u64) -> usize {
        hash as usize & (self.slots.len() - 1)
    }

    /// The instrument of `symbol` on `market`, where it is defined.
    #[inline]
    pub fn find(&self, market: Market, symbol: &[u8]) -> Option<&Listed> {
        self.nth(self.place(market, symbol)?)
    }

    /// The place of an instrument among all; it keeps it, whatever is defined behind it or anew.
    #[inline]
    pub fn place(&self, market: Market, symbol: &[u8]) -> Option<usize> {
        if self.slots.is_empty() {
            return None;
        }
        let mut slot = self.slot(hash(market, symbol));
        loop {
            let at = (*self.slots.get(slot)? as usize).checked_sub(1)?;
            let listed = self.listed.get(at)?;
            if listed.instrument.market == market && listed.instrument.symbol.as_bytes() == symbol {
                return Some(at);
            }
            slot = (slot + 1) & (self.slots.len() - 1);
        }
    }

    /// The instrument at a place.
    #[inline]
    pub fn nth(&self, place: usize) -> Option<&Listed> {
        self.listed.get(place)
    }

    /// The instrument, or an error that names it.
    pub fn need(&self, market: Market, symbol: &[u8]) -> Result<&Listed> {
        self.find(market, symbol).ok_or_else(|| unknown("symbol", symbol))
    }

    /// The instrument of a lower-case stream name such as `btcusdt@depth20`.
    pub fn of_stream(&self, market: Market, stream: &[u8]) -> Result<&Listed> {
        let name = stream.split(|b| *b == b'@').next().unwrap_or_default();
        let mut upper = [0; SYMBOL_MAX];
        let upper = upper.get_mut(..name.len()).ok_or_else(|| unknown("symbol", name))?;
        upper.copy_from_slice(name);
        upper.make_ascii_uppercase();
        self.need(market, upper)
    }

    /// The instrument with a number.
    pub fn by_id(&self, id: u32) -> Result<&Listed> {
        let found = self.listed.iter().find(|l| l.instrument.id == id);
        found.ok_or_else(|| CoreError::Unknown { what: "instrument", was: id.to_string() })
    }

    /// Adds an asset, or replaces the one of the same name.
    pub fn define_asset(&mut self, id: u16, name: &str, scale: u8) -> Result<()> {
        if id == 0 || name.is_empty() || scale > 38 {
            let was = format!("id {id}, name {name:?}, scale {scale}");
            return Err(CoreError::Field { field: "asset", was, why: "needs an id, a name and at most 38 decimals" });
        }
        let asset = Asset { id, scale, name: name.to_owned() };
        match self.assets.iter_mut().find(|known| known.name == name) {
            Some(known) => *known = asset,
            None => self.assets.push(asset),
        }
        Ok(())
    }

    /// The asset of a name, or an error that names it.
    pub fn asset(&self, name: &[u8]) -> Result<&Asset> {
        self.assets.iter().find(|asset| asset.name.as_bytes() == name).ok_or_else(|| unknown("asset", name))
    }
}

fn unknown(what: &'static str, name: &[u8]) -> CoreError {
    CoreError::Unknown { what, was: String::from_utf8_lossy(&name[..name.len().min(SYMBOL_MAX)]).into_owned() }
}

/// A hash of the market, the symbol's length, and its first and last eight bytes (which overlap in a shorter one).
#[inline]
fn hash(market: Market, symbol: &[u8]) -> u64 {
    let (first, last) = match (symbol.first_chunk::<8>(), symbol.last_chunk::<8>()) {
        (Some(first), Some(last)) => (u64::from_le_bytes(*first), u64::from_le_bytes(*last)),
        _ => short(symbol),
    };
    let mixed = (first ^ market as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ last.rotate_left(symbol.len() as u32);
    let mixed = mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ (mixed >> 32)
}

/// The same of a symbol of less than eight bytes.
#[inline]
fn short(symbol: &[u8]) -> (u64, u64) {
    match (symbol.first_chunk::<4>(), symbol.last_chunk::<4>()) {
        (Some(first), Some(last)) => (u64::from(u32::from_le_bytes(*first)), u64::from(u32::from_le_bytes(*last))),
        _ => (symbol.iter().fold(0, |hash, byte| hash << 8 | u64::from(*byte)), 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instrument::samples::*;

    #[test]
    fn finds_each_market_of_a_symbol() {
        let mut symbols = Symbols::default();
        assert!(symbols.find(Market::Spot, b"BTCUSDT").is_none());
        for instrument in [btcusdt_spot(), btcusdt_perp(), btcusd_inverse()] {
            symbols.define(&instrument).unwrap();
        }
        assert_eq!(symbols.find(Market::Spot, b"BTCUSDT").unwrap().instrument.id, 1);
        assert_eq!(symbols.find(Market::Linear, b"BTCUSDT").unwrap().instrument.id, 2);
        assert_eq!(symbols.of_stream(Market::Inverse, b"btcusd_perp@depth20").unwrap().instrument.id, 3);
        let error = symbols.need(Market::Inverse, b"BTCUSDT").unwrap_err();
        assert_eq!(error.to_string(), "unknown symbol, was BTCUSDT");
        assert_eq!(symbols.by_id(9).unwrap_err().to_string(), "unknown instrument, was 9");
    }

    #[test]
    fn a_new_definition_replaces_the_old() {
        let mut symbols = Symbols::default();
        symbols.define(&btcusdt_spot()).unwrap();
        symbols.define(&Instrument { id: 8, price_scale: 1, ..btcusdt_spot() }).unwrap();
        assert_eq!(symbols.find(Market::Spot, b"BTCUSDT").unwrap().price.decimals, 1);
        assert!(symbols.define(&Instrument { tick: 0, ..btcusdt_spot() }).is_err());
        assert!(symbols.define(&Instrument { symbol: String::new(), ..btcusdt_spot() }).is_err());
    }

    #[test]
    fn thousands_of_symbols_are_all_found() {
        let mut symbols = Symbols::default();
        for id in 1..=3000 {
            symbols.define(&Instrument { id, symbol: format!("S{id}USDT"), ..btcusdt_spot() }).unwrap();
        }
        for id in 1..=3000 {
            let found = symbols.find(Market::Spot, format!("S{id}USDT").as_bytes()).unwrap();
            assert_eq!(found.instrument.id, id);
        }
        assert!(symbols.find(Market::Spot, b"S3001USDT").is_none());
    }

    #[test]
    fn public_sizes_finer_than_a_lot_round_up() {
        let mut symbols = Symbols::default();
        symbols.define(&btcusdt_spot()).unwrap();
        let listed = symbols.find(Market::Spot, b"BTCUSDT").unwrap();
        for (text, want) in [("0.00000000", 0), ("1.00000000", 100_000), ("0.00000001", 1), ("25.426189", 2_542_619)] {
            assert_eq!(listed.shown_lots(text.as_bytes()), Ok(want), "{text}");
        }
        assert!(listed.shown_lots(b"-0.00000001").unwrap_err().to_string().starts_with("quantity"));
        assert!(listed.lots(b"25.426189").is_err());
    }

    #[test]
    fn assets_convert_exactly() {
        let mut symbols = Symbols::default();
        symbols.define_asset(7, "BNB", 8).unwrap();
        assert_eq!(symbols.asset(b"BNB").unwrap().amount(b"-0.00000123", "fee"), Ok(-123));
        assert_eq!(symbols.asset(b"XYZ").unwrap_err().to_string(), "unknown asset, was XYZ");
        assert!(symbols.define_asset(0, "BNB", 8).is_err());
        assert!(is_zero(b"0.00000000") && is_zero(b"0") && !is_zero(b"") && !is_zero(b".") && !is_zero(b"0.1"));
    }
}
