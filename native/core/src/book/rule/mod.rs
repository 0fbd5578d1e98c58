//! What a venue's update ids say about a delta: one rule a file, given to a `SyncedBook` as its type.
//!
//! catalogue: M4, M3. The engine's books carry Binance's rule (a `Market`) and are compiled for it alone; `AnyRule` is
//! for who meets several venues in one run, as `tickwright book` does.

mod binance;
mod bitfinex;
mod bitget;
mod bitmex;
mod bitstamp;
mod bybit;
mod coinbase;
mod deribit;
mod dydx;
mod gate;
mod htx;
mod hyperliquid;
mod kraken;
mod kraken_futures;
mod kucoin;
mod lighter;
mod okx;

pub use bitfinex::Bitfinex;
pub use bitget::Bitget;
pub use bitmex::Bitmex;
pub use bitstamp::Bitstamp;
pub use bybit::Bybit;
pub use coinbase::Coinbase;
pub use deribit::Deribit;
pub use dydx::Dydx;
pub use gate::Gate;
pub use htx::Htx;
pub use hyperliquid::Hyperliquid;
pub use kraken::Kraken;
pub use kraken_futures::KrakenFutures;
pub use kucoin::Kucoin;
pub use lighter::Lighter;
pub use okx::Okx;

use super::l2::L2Book;
use super::outcome::SyncOutcome;
use crate::error::Result;
use crate::instrument::Market;

/// The update ids of one delta, as the venue's decoder fills them in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ids {
    /// The first update in it.
    pub first: u64,
    /// The last update in it.
    pub last: u64,
    /// The last update of the message before it, or 0 where the venue does not say.
    pub previous: u64,
}

/// How far a book is when a delta comes to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The update id of the book.
    pub last: u64,
    /// Whether a delta has already joined the snapshot.
    pub joined: bool,
}

/// One venue's rule.
pub trait Rule: Copy {
    /// What becomes of a delta: `Applied`, `Dropped` or a `Gap`.
    fn judge(self, ids: Ids, at: Position) -> SyncOutcome;

    /// Whether the first delta after a snapshot follows the same rule as all later ones.
    fn joins_at_once(self) -> bool {
        true
    }

    /// Whether the stream itself sends the snapshot. Then it replaces the book whatever its id, and a delta before it
    /// belongs to a book that is gone; else the snapshot is asked for apart, and deltas wait for it.
    fn snapshot_in_stream(self) -> bool {
        true
    }

    /// Whether its numbers say which message follows which, the same on every connection: two of them can then be made one
    /// message by message.
    fn numbered(self) -> bool {
        true
    }

    /// Takes from the book what the venue no longer keeps in it, after a message has been applied.
    fn trim(self, _book: &mut L2Book) -> Result<()> {
        Ok(())
    }
}

/// The rule of any venue that we read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnyRule {
    /// Binance, by market.
    Binance(Market),
    /// OKX v5.
    Okx(Okx),
    /// Bybit v5.
    Bybit(Bybit),
    /// Kraken spot.
    Kraken(Kraken),
    /// Bitget, v1 and v2.
    Bitget(Bitget),
    /// Coinbase Advanced Trade.
    Coinbase(Coinbase),
    /// Deribit v2.
    Deribit(Deribit),
    /// Kraken Futures.
    KrakenFutures(KrakenFutures),
    /// KuCoin spot.
    Kucoin(Kucoin),
    /// Bitstamp's changes.
    Bitstamp(Bitstamp),
    /// Hyperliquid's whole books.
    Hyperliquid(Hyperliquid),
    /// Gate spot.
    Gate(Gate),
    /// HTX's whole books.
    Htx(Htx),
    /// Bitfinex.
    Bitfinex(Bitfinex),
    /// BitMEX.
    Bitmex(Bitmex),
    /// dYdX v4.
    Dydx(Dydx),
    /// Lighter.
    Lighter(Lighter),
}

/// Hands a call to the rule of the venue.
macro_rules! each {
    ($this:expr, $rule:ident => $call:expr) => {
        match $this {
            AnyRule::Binance($rule) => $call,
            AnyRule::Okx($rule) => $call,
            AnyRule::Bybit($rule) => $call,
            AnyRule::Kraken($rule) => $call,
            AnyRule::Bitget($rule) => $call,
            AnyRule::Coinbase($rule) => $call,
            AnyRule::Deribit($rule) => $call,
            AnyRule::KrakenFutures($rule) => $call,
            AnyRule::Kucoin($rule) => $call,
            AnyRule::Bitstamp($rule) => $call,
            AnyRule::Hyperliquid($rule) => $call,
            AnyRule::Gate($rule) => $call,
            AnyRule::Htx($rule) => $call,
            AnyRule::Bitfinex($rule) => $call,
            AnyRule::Bitmex($rule) => $call,
            AnyRule::Dydx($rule) => $call,
            AnyRule::Lighter($rule) => $call,
        }
    };
}

impl Rule for AnyRule {
    fn judge(self, ids: Ids, at: Position) -> SyncOutcome {
        each!(self, rule => rule.judge(ids, at))
    }

    fn joins_at_once(self) -> bool {
        each!(self, rule => rule.joins_at_once())
    }

    fn numbered(self) -> bool {
        each!(self, rule => rule.numbered())
    }

    fn snapshot_in_stream(self) -> bool {
        each!(self, rule => rule.snapshot_in_stream())
    }

    fn trim(self, book: &mut L2Book) -> Result<()> {
        each!(self, rule => rule.trim(book))
    }
}

#[cfg(test)]
mod tests;
