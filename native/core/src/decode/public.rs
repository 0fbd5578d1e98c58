//! Public market data of the venues beside Binance: which connection is read by which venue's file.
//!
//! catalogue: M1. A venue's file takes its JSON apart into the `Message`s of `message`. Three readers share them:
//! `PublicDecoder` makes records, the survey learns ticks and lots, and `book::sent` keeps the texts for a checksum. How a
//! connection's market enters (Bybit has the same topics on each) is part of `Public`.

use super::memory::Memory;
use super::message::Take;
use super::scan::{Scan, Value};
use super::{
    bitfinex, bitget, bitget_v2, bitmex, bitstamp, bybit, coinbase, deribit, dydx, gate, gate_futures, htx,
    hyperliquid, kraken, kraken_futures, kraken_v2, kucoin, kucoin_futures, lighter, okx,
};
use crate::book::rule::{
    AnyRule, Bitfinex, Bitget, Bitmex, Bitstamp, Bybit, Coinbase, Deribit, Dydx, Gate, Htx, Hyperliquid, Kraken,
    KrakenFutures, Kucoin, Lighter, Okx,
};
use crate::error::{CoreError, Result};
use crate::instrument::{Market, Venue};

/// One kind of connection to a venue's public market data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Public {
    /// OKX v5, all instrument types.
    Okx,
    /// Bybit v5 under `/v5/public/spot`.
    BybitSpot,
    /// Bybit v5 under `/v5/public/linear`.
    BybitLinear,
    /// Bybit v5 under `/v5/public/inverse`.
    BybitInverse,
    /// Kraken spot, WebSocket v1.
    KrakenSpot,
    /// Bitget v1 under `/spot/v1/stream`.
    BitgetSpot,
    /// Bitget v1 under `/mix/v1/stream`: all futures.
    BitgetMix,
    /// Bitget v2, the spot instruments of its address.
    BitgetSpotV2,
    /// Bitget v2, the futures of its address.
    BitgetMixV2,
    /// Coinbase Advanced Trade.
    Coinbase,
    /// Deribit v2, all instrument types.
    Deribit,
    /// Kraken Futures, WebSocket v1.
    KrakenFutures,
    /// KuCoin spot; its whole books come over REST.
    KucoinSpot,
    /// Bitstamp, `diff_order_book`; its whole books come over REST.
    Bitstamp,
    /// Hyperliquid, perpetuals and spot.
    Hyperliquid,
    /// Gate spot, WebSocket v4.
    GateSpot,
    /// HTX under `/linear-swap-ws`.
    HtxLinear,
    /// HTX under `/swap-ws`, coin-margined.
    HtxInverse,
    /// Kraken spot, WebSocket v2.
    KrakenSpotV2,
    /// Gate futures that settle in USDT.
    GateLinear,
    /// Gate futures that settle in bitcoin.
    GateInverse,
    /// Bitfinex, WebSocket v2: spot and derivatives.
    Bitfinex,
    /// BitMEX, all instruments.
    Bitmex,
    /// dYdX's indexer, v4.
    Dydx,
    /// KuCoin futures; their whole books come over REST.
    KucoinFutures,
    /// Lighter, perpetuals and spot by the market's number.
    Lighter,
}

/// Every connection by name.
const NAMES: [(&str, Public); 26] = [
    ("okx", Public::Okx),
    ("bybit-spot", Public::BybitSpot),
    ("bybit-linear", Public::BybitLinear),
    ("bybit-inverse", Public::BybitInverse),
    ("kraken-spot", Public::KrakenSpot),
    ("bitget-spot", Public::BitgetSpot),
    ("bitget-mix", Public::BitgetMix),
    ("bitget-spot-v2", Public::BitgetSpotV2),
    ("bitget-mix-v2", Public::BitgetMixV2),
    ("coinbase", Public::Coinbase),
    ("deribit", Public::Deribit),
    ("kraken-futures", Public::KrakenFutures),
    ("kucoin-spot", Public::KucoinSpot),
    ("bitstamp", Public::Bitstamp),
    ("hyperliquid", Public::Hyperliquid),
    ("gate-spot", Public::GateSpot),
    ("htx-linear", Public::HtxLinear),
    ("htx-inverse", Public::HtxInverse),
    ("kraken-spot-v2", Public::KrakenSpotV2),
    ("gate-linear", Public::GateLinear),
    ("gate-inverse", Public::GateInverse),
    ("bitfinex", Public::Bitfinex),
    ("bitmex", Public::Bitmex),
    ("dydx", Public::Dydx),
    ("kucoin-futures", Public::KucoinFutures),
    ("lighter", Public::Lighter),
];

impl Public {
    /// Every connection with its name.
    pub fn all() -> impl Iterator<Item = (&'static str, Self)> {
        NAMES.into_iter()
    }

    /// The connection called `name`.
    pub fn parse(name: &str) -> Result<Self> {
        let found = NAMES.iter().find(|(known, _)| *known == name).map(|(_, public)| *public);
        let why = "must be okx, bybit-spot, bybit-linear, bybit-inverse, kraken-spot, bitget-spot, bitget-mix, bitget-spot-v2, bitget-mix-v2, coinbase, deribit, kraken-futures, kucoin-spot, bitstamp, hyperliquid, gate-spot, htx-linear, htx-inverse, kraken-spot-v2, gate-linear, gate-inverse, bitfinex, bitmex, dydx, kucoin-futures or lighter";
        found.ok_or_else(|| CoreError::Field { field: "feed", was: name.to_owned(), why })
    }

    /// Takes one payload apart; what is no market data of ours says nothing. Returns the payload's place among all of
    /// its connection, where the venue counts them (Coinbase): one that is missing puts every book in doubt.
    /// `memory` is what the connection has said before, empty at its beginning.
    ///
    /// Errors: `Decode` or `Field` for what cannot be read, and whatever `take` fails with.
    pub fn read<'a>(self, memory: &'a mut Memory, payload: &'a [u8], take: Take<'_, 'a>) -> Result<Option<u64>> {
        // The answer to a ping is a bare word at OKX and Bitget, which is no JSON.
        if payload == b"pong" {
            return Ok(None);
        }
        let message = Scan::new(payload).whole_text("message")?;
        match self.usual(message, take) {
            Some(Ok(())) => Ok(None),
            Some(Err(error)) => Err(error),
            None => self.general(memory, message, take),
        }
    }

    /// Takes a message apart in the order in which its venue writes it today; None where it is another one, or none of the
    /// kinds that make up most of a stream. Nothing was taken then.
    pub(super) fn usual<'a>(self, message: Value<'a>, take: Take<'_, 'a>) -> Option<Result<()>> {
        match self {
            Self::KrakenFutures => kraken_futures::usual(message, take),
            Self::KucoinSpot => kucoin::usual(message, take),
            Self::Bitstamp => bitstamp::usual(message, take),
            Self::Deribit => deribit::usual(message, take),
            Self::Hyperliquid => hyperliquid::usual(message, take),
            Self::HtxLinear | Self::HtxInverse => htx::usual(message, take),
            Self::Lighter => lighter::usual(message, take),
            Self::Okx => okx::usual(message, take),
            Self::BybitSpot | Self::BybitLinear | Self::BybitInverse => bybit::usual(message, take),
            Self::KrakenSpot => kraken::usual(message, take),
            Self::BitgetSpot | Self::BitgetMix => bitget::usual(message, take),
            Self::BitgetSpotV2 | Self::BitgetMixV2 => bitget_v2::usual(self == Self::BitgetSpotV2, message, take),
            _ => None,
        }
    }

    /// Takes any message apart, whatever the order of its members.
    pub(super) fn general<'a>(
        self,
        memory: &'a mut Memory,
        message: Value<'a>,
        take: Take<'_, 'a>,
    ) -> Result<Option<u64>> {
        match self {
            Self::Coinbase => return coinbase::read(message, take),
            Self::Dydx => dydx::read(message, take),
            Self::KucoinFutures => kucoin_futures::read(message, take),
            Self::Bitfinex => bitfinex::read(memory, message, take),
            Self::Bitmex => bitmex::read(memory, message, take),
            Self::KrakenSpotV2 => kraken_v2::read(memory, message, take),
            Self::GateLinear | Self::GateInverse => gate_futures::read(message, take),
            Self::Deribit => deribit::read(message, take),
            Self::KrakenFutures => kraken_futures::read(message, take),
            Self::KucoinSpot => kucoin::read(message, take),
            Self::Bitstamp => bitstamp::read(message, take),
            Self::Hyperliquid => hyperliquid::read(message, take),
            Self::GateSpot => gate::read(message, take),
            Self::HtxLinear | Self::HtxInverse => htx::read(message, take),
            Self::Lighter => lighter::read(message, take),
            Self::Okx => okx::read(message, take),
            Self::BybitSpot | Self::BybitLinear | Self::BybitInverse => bybit::read(message, take),
            Self::KrakenSpot => kraken::read(message, take),
            Self::BitgetSpot | Self::BitgetMix => bitget::read(message, take),
            Self::BitgetSpotV2 | Self::BitgetMixV2 => bitget_v2::read(self == Self::BitgetSpotV2, message, take),
        }?;
        Ok(None)
    }

    /// Takes the body of a REST answer about `symbol` apart, where the venue's stream does not send it: a whole book; of
    /// Bitstamp a ticker or bars too; of Kraken Futures candles; of HTX open interest.
    ///
    /// Errors: as `read`, and `Field` for a connection whose venue sends its books in the stream.
    pub fn read_whole<'a>(self, symbol: &'a [u8], body: &'a [u8], take: Take<'_, 'a>) -> Result<()> {
        let found = Scan::new(body).whole_text("body")?;
        match self {
            Self::KucoinSpot => kucoin::whole(symbol, found, take),
            Self::Bitstamp => bitstamp::whole(symbol, found, take),
            Self::GateSpot => gate::whole(symbol, found, take),
            Self::GateLinear | Self::GateInverse => gate_futures::whole(symbol, found, take),
            Self::KrakenFutures => kraken_futures::whole(symbol, found, take),
            Self::KucoinFutures => kucoin_futures::whole(symbol, found, take),
            Self::HtxLinear | Self::HtxInverse => htx::whole(found, take),
            _ => {
                let was = format!("{self:?}");
                Err(CoreError::Field {
                    field: "feed",
                    was,
                    why: "must be bitstamp, kraken-futures or one of gate, htx or kucoin for a REST answer",
                })
            }
        }
    }

    /// The venue.
    #[must_use]
    pub const fn venue(self) -> Venue {
        match self {
            Self::Okx => Venue::Okx,
            Self::BybitSpot | Self::BybitLinear | Self::BybitInverse => Venue::Bybit,
            Self::KrakenSpot | Self::KrakenSpotV2 => Venue::Kraken,
            Self::BitgetSpot | Self::BitgetMix | Self::BitgetSpotV2 | Self::BitgetMixV2 => Venue::Bitget,
            Self::Coinbase => Venue::Coinbase,
            Self::Deribit => Venue::Deribit,
            Self::KrakenFutures => Venue::KrakenFutures,
            Self::KucoinSpot | Self::KucoinFutures => Venue::Kucoin,
            Self::Bitstamp => Venue::Bitstamp,
            Self::Hyperliquid => Venue::Hyperliquid,
            Self::GateSpot | Self::GateLinear | Self::GateInverse => Venue::Gate,
            Self::Bitfinex => Venue::Bitfinex,
            Self::Bitmex => Venue::Bitmex,
            Self::Dydx => Venue::Dydx,
            Self::HtxLinear | Self::HtxInverse => Venue::Htx,
            Self::Lighter => Venue::Lighter,
        }
    }

    /// How an instrument of this connection settles.
    #[must_use]
    pub fn market_of(self, symbol: &[u8]) -> Market {
        match self {
            Self::Okx => okx::market_of(symbol),
            Self::BybitSpot
            | Self::KrakenSpot
            | Self::KrakenSpotV2
            | Self::BitgetSpot
            | Self::BitgetSpotV2
            | Self::Coinbase
            | Self::KucoinSpot
            | Self::Bitstamp
            | Self::GateSpot => Market::Spot,
            Self::Hyperliquid => hyperliquid::market_of(symbol),
            Self::Deribit => deribit::market_of(symbol),
            Self::KrakenFutures => kraken_futures::market_of(symbol),
            Self::BitgetMix => bitget::mix_market(symbol),
            Self::BitgetMixV2 => bitget_v2::mix_market(symbol),
            Self::Bitfinex => bitfinex::market_of(symbol),
            Self::Bitmex => bitmex::market_of(symbol),
            Self::KucoinFutures => kucoin_futures::market_of(symbol),
            Self::BybitLinear | Self::HtxLinear | Self::GateLinear | Self::Dydx | Self::Lighter => Market::Linear,
            Self::BybitInverse | Self::HtxInverse | Self::GateInverse => Market::Inverse,
        }
    }

    /// The rule by which its books stay in step. `depth` is the subscribed one, where a message has said it.
    #[must_use]
    pub fn rule(self, depth: Option<usize>) -> AnyRule {
        match self.venue() {
            Venue::Binance => AnyRule::Binance(Market::Spot),
            Venue::Okx => AnyRule::Okx(Okx),
            Venue::Bybit => AnyRule::Bybit(Bybit),
            Venue::Bitget => AnyRule::Bitget(Bitget),
            Venue::Coinbase => AnyRule::Coinbase(Coinbase),
            Venue::Deribit => AnyRule::Deribit(Deribit),
            Venue::KrakenFutures => AnyRule::KrakenFutures(KrakenFutures),
            Venue::Kucoin => AnyRule::Kucoin(Kucoin),
            Venue::Bitstamp => AnyRule::Bitstamp(Bitstamp),
            Venue::Hyperliquid => AnyRule::Hyperliquid(Hyperliquid),
            Venue::Gate => AnyRule::Gate(Gate),
            Venue::Htx => AnyRule::Htx(Htx),
            Venue::Bitfinex => AnyRule::Bitfinex(Bitfinex),
            Venue::Bitmex => AnyRule::Bitmex(Bitmex),
            Venue::Dydx => AnyRule::Dydx(Dydx),
            Venue::Lighter => AnyRule::Lighter(Lighter),
            Venue::Kraken => AnyRule::Kraken(Kraken { depth: depth.unwrap_or(crate::book::LEVELS_MAX) }),
        }
    }
}

#[cfg(test)]
#[path = "public_tests.rs"]
mod tests;
