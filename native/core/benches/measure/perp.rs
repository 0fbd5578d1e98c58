//! The contract of benches and tests that need just one: Binance's USD-M perpetual BTCUSDT, made and as text.

#![allow(dead_code, reason = "each bench and test is a program of its own and uses one of the two")]

use tickwright_core::definitions::InstrumentText;
use tickwright_core::instrument::{Instrument, Market, Venue};

/// The perpetual as an engine's second instrument: tick 0.1, lot 0.001, both assets with 8 decimals.
pub fn perp() -> Instrument {
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

/// The perpetual as a configuration names it.
pub const PERP: InstrumentText<'static> = InstrumentText {
    market: Market::Linear,
    symbol: "BTCUSDT",
    base: "BTC",
    quote: "USDT",
    settle: "USDT",
    tick: "0.1",
    lot: "0.001",
    multiplier: 1,
};
