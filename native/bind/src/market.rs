//! The names of markets, as every class of this crate takes and gives them.

use pyo3::prelude::*;
use tickwright_core::error::CoreError;
use tickwright_core::instrument::Market;

use crate::error::raise;

/// The market behind its name.
pub fn market_of(name: &str) -> PyResult<Market> {
    match name {
        "spot" => Ok(Market::Spot),
        "linear" => Ok(Market::Linear),
        "inverse" => Ok(Market::Inverse),
        _ => Err(raise(CoreError::Field {
            field: "market",
            was: name.to_owned(),
            why: "must be spot, linear or inverse",
        })),
    }
}

/// The name of a market.
pub const fn market_name(market: Market) -> &'static str {
    match market {
        Market::Spot => "spot",
        Market::Linear => "linear",
        Market::Inverse => "inverse",
    }
}
