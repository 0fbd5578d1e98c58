//! What has been defined: assets, instruments, accounts and strategies, each bound to a number by an event.
//!
//! catalogue: K1. Numbers are dense from 1, so that every other room can index by them. A definition never changes:
//! a new tick size is a new instrument.

use crate::error::{CoreError, Result};
use crate::event::{AssetDef, Header, InstrumentDef, NameDef, padded, unpadded};
use crate::instrument::{Instrument, Market, Venue};
use crate::state;
use crate::units::{Decimal, Nanos};

/// The most instruments an engine may define.
pub const INSTRUMENTS_MAX: usize = 4096;
/// The most accounts an engine may define.
pub const ACCOUNTS_MAX: usize = 63;
/// The most strategies an engine may define.
pub const STRATEGIES_MAX: usize = 255;
/// The most assets an engine may define.
pub const ASSETS_MAX: usize = 4096;

state! {
    /// One asset.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Asset {
        /// Its number, from 1.
        pub id: u16,
        /// Its name (`BTC`).
        pub name: String,
        /// Decimals of its smallest unit.
        pub scale: u8,
    }
}

state! {
    /// All definitions, in the order of their numbers.
    #[derive(Debug, Clone, Default, PartialEq, Eq)]
    pub struct Definitions {
        /// Assets.
        pub assets: Vec<Asset>,
        /// Instruments; a later one of the same symbol and market replaces the earlier for new orders.
        pub instruments: Vec<Instrument>,
        /// Account names.
        pub accounts: Vec<String>,
        /// Strategy names.
        pub strategies: Vec<String>,
    }
}

/// The space of a `NameDef` that binds an account.
pub const SPACE_ACCOUNT: u8 = 1;
/// The space of a `NameDef` that binds a strategy.
pub const SPACE_STRATEGY: u8 = 2;

/// An instrument as a person states it: names and decimal texts.
#[derive(Debug, Clone, Copy)]
pub struct InstrumentText<'a> {
    /// Where it settles.
    pub market: Market,
    /// The venue's symbol.
    pub symbol: &'a str,
    /// Base asset's name.
    pub base: &'a str,
    /// Quote asset's name.
    pub quote: &'a str,
    /// Settlement asset's name.
    pub settle: &'a str,
    /// Tick size, a decimal above zero.
    pub tick: &'a str,
    /// Lot size, a decimal above zero.
    pub lot: &'a str,
    /// Contract multiplier, at least 1.
    pub multiplier: i64,
}

impl Definitions {
    /// The instrument with a number.
    pub fn instrument(&self, id: u32) -> Result<&Instrument> {
        let at = (id as usize).wrapping_sub(1);
        self.instruments.get(at).ok_or_else(|| CoreError::Unknown { what: "instrument", was: id.to_string() })
    }

    /// The number of an asset by name.
    #[must_use]
    pub fn asset_named(&self, name: &str) -> Option<&Asset> {
        self.assets.iter().find(|a| a.name == name)
    }

    /// The number of an account or strategy by name.
    #[must_use]
    pub fn named(&self, space: u8, name: &str) -> Option<u16> {
        let list = if space == SPACE_ACCOUNT { &self.accounts } else { &self.strategies };
        list.iter().position(|n| n == name).map(|at| at as u16 + 1)
    }

    /// The definition record for a new asset.
    pub fn new_asset(&self, header: Header, name: &str, scale: u8) -> Result<AssetDef> {
        if scale > 18 {
            return Err(CoreError::Field { field: "asset.scale", was: scale.to_string(), why: "must be at most 18" });
        }
        bound("assets", self.assets.len(), ASSETS_MAX)?;
        let id = self.assets.len() as u16 + 1;
        Ok(AssetDef { header, id, scale, pad: [0; 5], name: padded(name, "asset.name")? })
    }

    /// The definition record for a new account or strategy.
    pub fn new_name(&self, header: Header, space: u8, name: &str) -> Result<NameDef> {
        let (count, most, field) = match space {
            SPACE_ACCOUNT => (self.accounts.len(), ACCOUNTS_MAX, "account"),
            _ => (self.strategies.len(), STRATEGIES_MAX, "strategy"),
        };
        bound(field, count, most)?;
        Ok(NameDef { header, id: count as u16 + 1, space, pad: [0; 5], name: padded(name, field)? })
    }

    /// The definition record for an instrument, or the number of the same definition that already holds.
    pub fn new_instrument(
        &self,
        mut header: Header,
        text: &InstrumentText<'_>,
    ) -> Result<(InstrumentDef, Option<u32>)> {
        bound("instruments", self.instruments.len(), INSTRUMENTS_MAX)?;
        let asset = |field, name: &str| {
            self.asset_named(name).map(|a| a.id).ok_or_else(|| CoreError::Unknown { what: field, was: name.to_owned() })
        };
        let (tick, price_scale) = step(text.tick, "tick")?;
        let (lot, qty_scale) = step(text.lot, "lot")?;
        if text.multiplier < 1 {
            let was = text.multiplier.to_string();
            return Err(CoreError::Field { field: "multiplier", was, why: "must be at least 1" });
        }
        header.instrument = self.instruments.len() as u32 + 1;
        let def = InstrumentDef {
            header,
            venue: Venue::Binance as u8,
            market: text.market as u8,
            price_scale,
            qty_scale,
            base: asset("base asset", text.base)?,
            quote: asset("quote asset", text.quote)?,
            settle: asset("settlement asset", text.settle)?,
            pad: [0; 6],
            tick,
            lot,
            multiplier: text.multiplier,
            valid_from: header.ts_receive,
            symbol: padded(text.symbol, "symbol")?,
        };
        let made = self.build(&def)?;
        let same = self.instruments.iter().rev().find(|i| i.market == made.market && i.symbol == made.symbol);
        let same = same.filter(|i| Instrument { id: i.id, ..made.clone() } == **i).map(|i| i.id);
        Ok((def, same))
    }

    /// Applies an asset's definition.
    pub fn on_asset(&mut self, def: &AssetDef) -> Result<()> {
        in_order("asset.id", u64::from(def.id), self.assets.len())?;
        self.assets.push(Asset { id: def.id, name: unpadded(&def.name).to_owned(), scale: def.scale });
        Ok(())
    }

    /// Applies an account's or strategy's name.
    pub fn on_name(&mut self, def: &NameDef) -> Result<()> {
        let list = if def.space == SPACE_ACCOUNT { &mut self.accounts } else { &mut self.strategies };
        in_order("name.id", u64::from(def.id), list.len())?;
        list.push(unpadded(&def.name).to_owned());
        Ok(())
    }

    /// Applies an instrument's definition and returns it.
    pub fn on_instrument(&mut self, def: &InstrumentDef) -> Result<&Instrument> {
        in_order("instrument", u64::from(def.header.instrument), self.instruments.len())?;
        let made = self.build(def)?;
        self.instruments.push(made);
        self.instrument(def.header.instrument)
    }

    fn build(&self, def: &InstrumentDef) -> Result<Instrument> {
        let scale = |id: u16| {
            let asset = self.assets.get((id as usize).wrapping_sub(1));
            asset.map(|a| a.scale).ok_or_else(|| CoreError::Unknown { what: "asset", was: id.to_string() })
        };
        Ok(Instrument {
            id: def.header.instrument,
            venue: Venue::from_byte(def.venue)?,
            market: Market::from_byte(def.market)?,
            symbol: unpadded(&def.symbol).to_owned(),
            base: def.base,
            quote: def.quote,
            settle: def.settle,
            tick: def.tick,
            price_scale: def.price_scale,
            lot: def.lot,
            qty_scale: def.qty_scale,
            multiplier: def.multiplier,
            settle_scale: scale(def.settle)?,
            base_scale: scale(def.base)?,
        })
    }
}

/// The time a definition holds from, for a header of the engine's own making.
#[must_use]
pub const fn own_header<R: crate::event::Record>(ts: Nanos, mono: Nanos) -> Header {
    Header::of::<R>(0, 0, ts, mono)
}

fn bound(what: &'static str, count: usize, most: usize) -> Result<()> {
    if count >= most { Err(CoreError::Full { what, capacity: most }) } else { Ok(()) }
}

fn in_order(field: &'static str, id: u64, count: usize) -> Result<()> {
    if id == count as u64 + 1 {
        return Ok(());
    }
    Err(CoreError::Field { field, was: id.to_string(), why: "must be the next free number" })
}

fn step(text: &str, field: &'static str) -> Result<(i64, u8)> {
    let value = Decimal::parse(text.as_bytes(), field)?;
    let bad = |why| CoreError::Field { field, was: text.to_owned(), why };
    if value.mantissa <= 0 {
        return Err(bad("must be above zero"));
    }
    if value.scale > 12 {
        return Err(bad("has more than 12 decimals"));
    }
    Ok((i64::try_from(value.mantissa).map_err(|_| bad("is too large"))?, value.scale))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text() -> InstrumentText<'static> {
        InstrumentText {
            market: Market::Linear,
            symbol: "BTCUSDT",
            base: "BTC",
            quote: "USDT",
            settle: "USDT",
            tick: "0.10",
            lot: "0.001",
            multiplier: 1,
        }
    }

    fn defined() -> Definitions {
        let mut defs = Definitions::default();
        for name in ["BTC", "USDT"] {
            let def = defs.new_asset(own_header::<AssetDef>(0, 0), name, 8).unwrap();
            defs.on_asset(&def).unwrap();
        }
        let (def, same) = defs.new_instrument(own_header::<InstrumentDef>(0, 0), &text()).unwrap();
        assert_eq!(same, None);
        defs.on_instrument(&def).unwrap();
        defs
    }

    #[test]
    fn the_same_definition_keeps_its_number_and_a_changed_tick_is_a_new_one() {
        let defs = defined();
        let header = own_header::<InstrumentDef>(0, 0);
        assert_eq!(defs.new_instrument(header, &text()).unwrap().1, Some(1));
        let (def, same) = defs.new_instrument(header, &InstrumentText { tick: "0.01", ..text() }).unwrap();
        assert_eq!((same, def.header.instrument, def.tick, def.price_scale), (None, 2, 1, 2));
    }

    #[test]
    fn bad_definitions_name_field_and_value() {
        let defs = defined();
        let header = own_header::<InstrumentDef>(0, 0);
        for (bad, message) in [
            (InstrumentText { tick: "0", ..text() }, "tick must be above zero, was 0"),
            (InstrumentText { lot: "NaN", ..text() }, "lot must be a decimal number, was NaN"),
            (InstrumentText { base: "DOGE", ..text() }, "unknown base asset, was DOGE"),
            (InstrumentText { multiplier: 0, ..text() }, "multiplier must be at least 1, was 0"),
        ] {
            assert_eq!(defs.new_instrument(header, &bad).unwrap_err().to_string(), message);
        }
    }
}
