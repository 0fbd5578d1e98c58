//! What is traded: an instrument's ticks, lots and contract multiplier, and the exact money a fill moves.
//!
//! catalogue: K1. Linear contracts (spot, USD-M) pay in the quote asset: price x quantity x multiplier.
//! Inverse contracts (COIN-M) pay in the base asset: multiplier x quantity / price
//! (Binance COIN-M contract specification: one BTCUSD contract is 100 USD).

use crate::error::{CoreError, Result};
use crate::units::{Amount, Decimal, Lots, Ticks, pow10};
use crate::{canon_enum, state};

/// Where an instrument trades.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Venue {
    /// Binance, all markets. The box on loopback speaks its protocol.
    Binance = 1,
    /// OKX; market data only.
    Okx = 2,
    /// Bybit; market data only.
    Bybit = 3,
    /// Kraken spot; market data only.
    Kraken = 4,
    /// Bitget; recorded market data only.
    Bitget = 5,
    /// Coinbase Advanced Trade; market data only.
    Coinbase = 6,
    /// Deribit; market data only.
    Deribit = 7,
    /// Kraken Futures; market data only.
    KrakenFutures = 8,
    /// KuCoin spot; market data only.
    Kucoin = 9,
    /// Bitstamp; market data only.
    Bitstamp = 10,
    /// Hyperliquid; market data only.
    Hyperliquid = 11,
    /// Gate; experimental, recorded market data only.
    Gate = 12,
    /// HTX swaps; market data only.
    Htx = 13,
    /// Bitfinex; market data only.
    Bitfinex = 14,
    /// BitMEX; market data only.
    Bitmex = 15,
    /// dYdX v4; market data only.
    Dydx = 16,
    /// Lighter; recorded market data only.
    Lighter = 17,
}
canon_enum!(Venue {
    Binance,
    Okx,
    Bybit,
    Kraken,
    Bitget,
    Coinbase,
    Deribit,
    KrakenFutures,
    Kucoin,
    Bitstamp,
    Hyperliquid,
    Gate,
    Htx,
    Bitfinex,
    Bitmex,
    Dydx,
    Lighter
});

/// How an instrument settles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Market {
    /// Both assets change hands.
    Spot = 1,
    /// A perpetual or future that pays in the quote asset (USD-M).
    Linear = 2,
    /// A perpetual or future that pays in the base asset (COIN-M).
    Inverse = 3,
}
canon_enum!(Market { Spot, Linear, Inverse });

state! {
    /// One tradable thing. A changed tick size is a new instrument; spot and perpetual of one symbol are two.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Instrument {
        /// The number that every event carries.
        pub id: u32,
        /// The venue.
        pub venue: Venue,
        /// The kind of settlement.
        pub market: Market,
        /// The venue's symbol, upper case (`BTCUSDT`).
        pub symbol: String,
        /// The base asset's id.
        pub base: u16,
        /// The quote asset's id.
        pub quote: u16,
        /// The asset that profit, fees and margin are counted in: quote for linear, base for inverse.
        pub settle: u16,
        /// Tick size = `tick * 10^-price_scale`.
        pub tick: i64,
        /// Decimals of the tick size.
        pub price_scale: u8,
        /// Lot size = `lot * 10^-qty_scale` (units of base, or contracts where inverse).
        pub lot: i64,
        /// Decimals of the lot size.
        pub qty_scale: u8,
        /// Contract multiplier in whole units of quote value per contract; 1 except for inverse contracts.
        pub multiplier: i64,
        /// Decimals of the settlement asset's smallest unit.
        pub settle_scale: u8,
        /// Decimals of the base asset's smallest unit.
        pub base_scale: u8,
    }
}

impl Instrument {
    /// A price text in ticks. Refused where it is not a positive whole count of ticks.
    pub fn ticks(&self, price: &[u8]) -> Result<Ticks> {
        count_of(price, "price", self.tick, self.price_scale)
            .and_then(|t| if t > 0 { Ok(t) } else { Err(field("price", price, "must be above zero")) })
    }

    /// A quantity text in lots; zero is allowed, because a level of zero is a deletion.
    pub fn lots(&self, qty: &[u8]) -> Result<Lots> {
        count_of(qty, "quantity", self.lot, self.qty_scale)
            .and_then(|l| if l >= 0 { Ok(l) } else { Err(field("quantity", qty, "must not be negative")) })
    }

    /// A price in ticks as the decimal that the venue expects.
    #[must_use]
    pub fn price_decimal(&self, ticks: Ticks) -> Decimal {
        Decimal { mantissa: i128::from(ticks) * i128::from(self.tick), scale: self.price_scale }
    }

    /// A size in lots as the decimal that the venue expects.
    #[must_use]
    pub fn qty_decimal(&self, lots: Lots) -> Decimal {
        Decimal { mantissa: i128::from(lots) * i128::from(self.lot), scale: self.qty_scale }
    }

    /// The value of `lots` at `ticks` in the settlement asset's smallest unit, towards zero where it does not divide.
    #[must_use]
    #[inline]
    pub fn notional(&self, ticks: Ticks, lots: Lots) -> Amount {
        match self.market {
            Market::Spot | Market::Linear => {
                let raw = i128::from(ticks) * i128::from(self.tick) * i128::from(lots) * i128::from(self.lot);
                rescale(raw * i128::from(self.multiplier), self.price_scale + self.qty_scale, self.settle_scale)
            }
            Market::Inverse => {
                let value = i128::from(lots) * i128::from(self.lot) * i128::from(self.multiplier);
                let price = i128::from(ticks) * i128::from(self.tick);
                if price == 0 {
                    return 0;
                }
                quotient(value * pow10(self.price_scale + self.settle_scale - self.qty_scale), price)
            }
        }
    }

    /// `lots` of a spot instrument in the base asset's smallest unit.
    #[must_use]
    pub fn base_amount(&self, lots: Lots) -> Amount {
        rescale(i128::from(lots) * i128::from(self.lot), self.qty_scale, self.base_scale)
    }
}

/// Moves `value * 10^-from` to `10^-to`, towards zero.
#[inline]
fn rescale(value: i128, from: u8, to: u8) -> Amount {
    if to >= from { value * pow10(to - from) } else { quotient(value, pow10(from - to)) }
}

/// `value / by` towards zero. The processor divides 64 bits; 128 are divided by a routine that takes ten times as long.
#[inline]
fn quotient(value: i128, by: i128) -> i128 {
    match (u64::try_from(value), u64::try_from(by)) {
        (Ok(value), Ok(by)) => i128::from(value / by),
        _ => value / by,
    }
}

fn count_of(text: &[u8], name: &'static str, unit: i64, scale: u8) -> Result<i64> {
    let raw = Decimal::parse(text, name)?.to_scale(scale, name)?;
    if raw % i128::from(unit) != 0 {
        return Err(field(
            name,
            text,
            if name == "price" { "is not a multiple of the tick size" } else { "is not a multiple of the lot size" },
        ));
    }
    i64::try_from(raw / i128::from(unit)).map_err(|_| field(name, text, "is too large"))
}

fn field(name: &'static str, text: &[u8], why: &'static str) -> CoreError {
    CoreError::Field { field: name, was: String::from_utf8_lossy(text).into_owned(), why }
}

#[cfg(any(test, feature = "fuzz"))]
pub(crate) mod samples {
    use super::*;

    /// BTCUSDT perpetual as Binance USD-M lists it: tick 0.10, lot 0.001.
    pub(crate) fn btcusdt_perp() -> Instrument {
        Instrument {
            id: 2,
            venue: Venue::Binance,
            market: Market::Linear,
            symbol: "BTCUSDT".into(),
            base: 1,
            quote: 2,
            settle: 2,
            tick: 1,
            price_scale: 1,
            lot: 1,
            qty_scale: 3,
            multiplier: 1,
            settle_scale: 8,
            base_scale: 8,
        }
    }

    /// BTCUSDT spot: tick 0.01, lot 0.00001.
    pub(crate) fn btcusdt_spot() -> Instrument {
        Instrument { id: 1, market: Market::Spot, price_scale: 2, qty_scale: 5, ..btcusdt_perp() }
    }

    /// BTCUSD_PERP: tick 0.1, one contract is 100 USD, pays in BTC.
    pub(crate) fn btcusd_inverse() -> Instrument {
        Instrument {
            id: 3,
            market: Market::Inverse,
            symbol: "BTCUSD_PERP".into(),
            settle: 1,
            qty_scale: 0,
            multiplier: 100,
            ..btcusdt_perp()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::samples::*;

    #[test]
    fn money_is_exact_on_each_market() {
        // 0.5 BTC at 60,000.00: 30,000 USDT in 1e-8.
        assert_eq!(btcusdt_spot().notional(6_000_000, 50_000), 3_000_000_000_000);
        assert_eq!(btcusdt_spot().base_amount(50_000), 50_000_000);
        assert_eq!(btcusdt_perp().notional(600_000, 500), 3_000_000_000_000);
        // 10 contracts of 100 USD at 50,000.0: 0.02 BTC.
        assert_eq!(btcusd_inverse().notional(500_000, 10), 2_000_000);
    }

    #[test]
    fn texts_become_ticks_or_a_named_refusal() {
        let spot = btcusdt_spot();
        assert_eq!(spot.ticks(b"61837.64000000"), Ok(6_183_764));
        assert_eq!(spot.ticks(b"-1").unwrap_err().to_string(), "price must be above zero, was -1");
        assert!(spot.ticks(b"NaN").unwrap_err().to_string().ends_with("was NaN"));
        assert_eq!(spot.lots(b"0.00000000"), Ok(0));
        assert!(spot.lots(b"0.000001").unwrap_err().to_string().contains("too many decimals"));
    }
}
