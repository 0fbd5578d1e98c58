//! Bytes to records, sans-I/O: one file a venue's family of messages, driven alike by sockets, the recorder, tests
//! and fuzzers.
//!
//! catalogue: K1, M1. A `Decoder` knows the instruments and assets by name. Its methods read one message, append the
//! records that it means to a `RecordBuf` and say how many; where a message cannot be read, the buffer is left as it
//! was and the error names the field and its value. No bytes make it panic or allocate, errors and a connection's
//! bounded `memory` apart. What is remembered of how messages begin (`heads`) changes no record.

mod binance;
mod binance_answer;
mod binance_depth;
mod binance_figures;
mod binance_user;
mod bitfinex;
mod bitfinex_orders;
mod bitget;
mod bitget_v2;
mod bitmex;
mod bitstamp;
mod bitstamp_orders;
mod bybit;
pub mod client_id;
mod coinbase;
mod coinbase_orders;
mod deribit;
mod dydx;
mod figure_records;
#[cfg(target_arch = "x86_64")]
mod figure_wide;
mod figures;
mod gate;
mod gate_futures;
mod heads;
mod htx;
mod hyperliquid;
mod independent_reserve;
pub mod itch;
mod itch_field;
pub mod itch_file;
#[cfg(test)]
mod itch_tests;
mod kraken;
mod kraken_futures;
mod kraken_orders;
mod kraken_v2;
mod kucoin;
mod kucoin_futures;
mod level;
#[cfg(target_arch = "x86_64")]
mod level_avx2;
mod level_form;
#[cfg(target_arch = "x86_64")]
mod level_wide;
mod levels;
mod lighter;
pub mod memory;
pub mod message;
pub mod mold;
mod number;
#[cfg(target_arch = "x86_64")]
mod number_avx2;
mod okx;
mod order_message;
pub mod orders;
pub mod public;
mod public_decoder;
mod rows;
mod scan;
mod skip;
pub mod soup;
pub mod survey;
mod symbols;
mod usual;
mod utc_text;
mod value;

#[cfg(any(test, feature = "fuzz"))]
pub(crate) mod conversation_samples;
#[cfg(test)]
mod conversation_tests;
#[cfg(test)]
mod fuzz;
#[cfg(any(test, feature = "fuzz"))]
pub(crate) mod samples;
#[cfg(any(test, feature = "fuzz"))]
pub(crate) mod told_samples;

use crate::error::{CoreError, Result};
use crate::event::{Header, Record, RecordBuf};
use crate::instrument::{Instrument, Market};
use crate::units::{NO_TIME, Nanos};
use heads::Heads;
pub use public_decoder::PublicDecoder;
use symbols::Symbols;

/// Decimals of every spot asset on Binance (`baseAssetPrecision` and `quoteAssetPrecision` of `exchangeInfo`).
pub const ASSET_SCALE: u8 = 8;

/// Where and when a message was received; it goes into the header of every record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// The stream it came on.
    pub stream: u16,
    /// UTC at receipt, ns since the epoch.
    pub ts_receive: Nanos,
    /// The monotonic clock at receipt, ns.
    pub ts_mono: Nanos,
}

impl Stamp {
    /// A header for a record of type `R` received here.
    const fn header<R: Record>(self, instrument: u32) -> Header {
        Header::of::<R>(instrument, self.stream, self.ts_receive, self.ts_mono)
    }
}

/// Reads Binance's messages into records. It holds no state but the definitions, and remembers how messages begin.
#[derive(Debug, Clone, Default)]
pub struct Decoder {
    symbols: Symbols,
    heads: Heads,
}

impl Decoder {
    /// A decoder that knows nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes an instrument known, or replaces the definition of the same symbol and market.
    pub fn define(&mut self, instrument: &Instrument) -> Result<()> {
        // How its numbers are written was seen with the old definition.
        self.heads.forget();
        self.symbols.define(instrument)
    }

    /// Forgets how messages began; what they say is the same with and without it.
    #[cfg(any(test, feature = "fuzz"))]
    pub(crate) fn forget(&mut self) {
        self.heads.forget();
    }

    /// Makes an asset known by its number (not 0), name and decimals, or replaces the one of that name.
    pub fn define_asset(&mut self, id: u16, name: &str, scale: u8) -> Result<()> {
        self.symbols.define_asset(id, name, scale)
    }

    /// Reads one market-data message of a socket, combined (`{"stream":..,"data":..}`) or raw.
    ///
    /// Returns how many records were written: 0 for what is no market data of ours (answers to subscriptions,
    /// unknown events). Errors: `Decode` or `Field` for what cannot be read, `Unknown` for a symbol that is not
    /// defined on `market`, `Full` where `out` has no room.
    pub fn market(&mut self, market: Market, payload: &[u8], stamp: Stamp, out: &mut RecordBuf) -> Result<usize> {
        whole_message(out, |out| {
            if let Some(written) = binance_depth::usual(&self.symbols, &mut self.heads, market, payload, stamp, out) {
                return written;
            }
            binance::market(&self.symbols, market, payload, stamp, out)
        })
    }

    /// Reads the body of a REST depth answer as a snapshot of `instrument`.
    pub fn snapshot(&self, instrument: u32, payload: &[u8], stamp: Stamp, out: &mut RecordBuf) -> Result<usize> {
        whole_message(out, |out| binance::snapshot(self.symbols.by_id(instrument)?, payload, stamp, out))
    }

    /// Reads the body of a REST answer about the open interest of an instrument of `market`.
    pub fn open_interest(&self, market: Market, payload: &[u8], stamp: Stamp, out: &mut RecordBuf) -> Result<usize> {
        whole_message(out, |out| binance_figures::open_interest(&self.symbols, market, payload, stamp, out))
    }

    /// Reads one user-data event of `account`, raw or wrapped as `{"subscriptionId":..,"event":..}` or
    /// `{"stream":..,"data":..}`.
    ///
    /// An asset or symbol that is not defined is an `Unknown` error with its name: define it and decode again.
    pub fn user(
        &self,
        market: Market,
        account: u16,
        payload: &[u8],
        stamp: Stamp,
        out: &mut RecordBuf,
    ) -> Result<usize> {
        whole_message(out, |out| binance_user::user(&self.symbols, market, account, payload, stamp, out))
    }

    /// Reads one answer of the WebSocket API (`{"id":..,"status":..,"result"|"error":..}`).
    ///
    /// An answer to one of our requests (see `client_id::request_id`) gives an `Answer`, then the `Report`s that its
    /// result carries, flagged `QUERIED`; an account query gives `Balance` and `VenuePosition` records.
    pub fn answer(
        &self,
        market: Market,
        account: u16,
        payload: &[u8],
        stamp: Stamp,
        out: &mut RecordBuf,
    ) -> Result<usize> {
        whole_message(out, |out| binance_answer::answer(&self.symbols, market, account, payload, stamp, out))
    }
}

/// Runs `read`, and takes back what it wrote where it fails.
fn whole_message(out: &mut RecordBuf, read: impl FnOnce(&mut RecordBuf) -> Result<usize>) -> Result<usize> {
    let mark = out.mark();
    match read(out) {
        Ok(written) => Ok(written),
        Err(error) => {
            out.rollback(mark);
            Err(error)
        }
    }
}

/// A venue's time in milliseconds, or in microseconds where it is too large for them, as ns since the epoch.
/// (`timeUnit=MICROSECOND` is an option of Binance's sockets; 10^14 ms would be the year 5138.)
#[inline]
fn venue_time(raw: u64) -> Result<Nanos> {
    match nanos(raw) {
        Some(ns) => Ok(ns),
        None => {
            Err(CoreError::Field { field: "time", was: raw.to_string(), why: "is outside the range of nanoseconds" })
        }
    }
}

/// The same; None where it does not fit.
#[inline(always)]
fn nanos(raw: u64) -> Option<Nanos> {
    let unit: i64 = if raw < 100_000_000_000_000 { 1_000_000 } else { 1_000 };
    i64::try_from(raw).ok()?.checked_mul(unit).filter(|ns| *ns != NO_TIME)
}
