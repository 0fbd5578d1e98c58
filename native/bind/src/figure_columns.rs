//! What venues tell beside trades and books, as rows of numbers: tickers, closed bars, funding rates, open interest, marks,
//! liquidations.
//!
//! catalogue: M7. Every number is an i64, little-endian, row after row; `feeds/lake_rows.py` names the columns. What a
//! venue does not say stays the record's own sentinel.

use pyo3::prelude::*;
use pyo3::types::PyBytes;
use tickwright_core::event::{
    FundingRate, Kline, Liquidation, Mark, OpenInterest, RecordRef, Reference, Ticker, flags,
};

use crate::array::bytes_of;

/// Tickers (19 numbers a row), bars (14), rates (9), open interest (9), marks (8) and liquidations (12), as bytes.
pub type Packed<'py> = (
    Bound<'py, PyBytes>,
    Bound<'py, PyBytes>,
    Bound<'py, PyBytes>,
    Bound<'py, PyBytes>,
    Bound<'py, PyBytes>,
    Bound<'py, PyBytes>,
);

/// Decimals of a `Mark`, and from its rate's to those of `FundingRate`.
const MARK_SCALE: i64 = 8;
const RATE_SCALE: i64 = 18;
const E8_TO_E18: i64 = 10_000_000_000;

/// Rows of each channel.
#[derive(Default)]
pub struct Figures {
    tickers: Vec<i64>,
    klines: Vec<i64>,
    rates: Vec<i64>,
    interest: Vec<i64>,
    marks: Vec<i64>,
    liquidations: Vec<i64>,
}

impl Figures {
    /// The rows as bytes.
    pub fn packed<'py>(&self, py: Python<'py>) -> Packed<'py> {
        let rows = [&self.tickers, &self.klines, &self.rates, &self.interest, &self.marks, &self.liquidations];
        rows.map(|rows| bytes_of(py, rows)).into()
    }

    /// Adds the rows of a record, which has this number; a record of another kind has none, nor has a bar that grows.
    pub fn take(&mut self, record: RecordRef<'_>, number: i64) {
        let header = record.header();
        let head = [i64::from(header.instrument), number, header.ts_receive, header.ts_venue, 0];
        if let Some(mark) = record.get::<Mark>() {
            self.marks.extend(head);
            self.marks.extend([mark.mark_e8, mark.index_e8, MARK_SCALE]);
            if let Some(rate) = mark.rate_e8.checked_mul(E8_TO_E18) {
                self.rates.extend(head);
                self.rates.extend([rate, mark.next_funding, 0, RATE_SCALE]);
            }
        } else if let Some(told) = record.get::<Reference>() {
            self.marks.extend(head);
            self.marks.extend([told.mark, told.index, i64::from(told.price_scale)]);
        } else if let Some(told) = record.get::<FundingRate>() {
            self.rates.extend(head);
            self.rates.extend([told.rate_e18, told.next, told.interval, RATE_SCALE]);
        } else if let Some(told) = record.get::<OpenInterest>() {
            self.interest.extend(head);
            self.interest.extend([told.qty, told.value, i64::from(told.qty_scale), i64::from(told.value_scale)]);
        } else if let Some(told) = record.get::<Liquidation>() {
            self.liquidations.extend(head);
            self.liquidations.extend([i64::from(header.has(flags::SELL)), told.price, told.average]);
            self.liquidations.extend([told.qty, told.filled, i64::from(told.price_scale), i64::from(told.qty_scale)]);
        } else if let Some(told) = record.get::<Ticker>() {
            self.tickers.extend(head);
            self.ticker(&told);
        } else if let Some(bar) = record.get::<Kline>()
            && header.has(flags::CLOSED)
        {
            self.klines.extend(head);
            self.klines.extend([bar.begin, bar.interval, bar.open, bar.high, bar.low, bar.close, bar.volume]);
            self.klines.extend([bar.price_scale, bar.qty_scale].map(i64::from));
        }
    }

    fn ticker(&mut self, told: &Ticker) {
        self.tickers.extend([told.bid, told.ask, told.last, told.open, told.high, told.low]);
        self.tickers.extend([told.bid_qty, told.ask_qty, told.last_qty, told.volume, told.turnover]);
        self.tickers.extend([told.price_scale, told.qty_scale, told.turnover_scale].map(i64::from));
    }
}
