//! Prices to show: pinned mathematics, Avellaneda-Stoikov, GLFT, levels with inventory skew.
//!
//! catalogue: P2, P4. Floats live in this folder only. Models work in ticks and lots as real numbers, and
//! `levels` is the one named place where they become whole ticks again.

pub mod avellaneda;
pub mod fair;
pub mod glft;
pub mod levels;
pub mod math;
pub mod volatility;

use crate::error::{CoreError, Result};

/// A parameter that must be a finite number above zero.
pub(crate) fn positive(field: &'static str, value: f64) -> Result<f64> {
    if value.is_finite() && value > 0.0 { Ok(value) } else { Err(bad(field, value, "must be a number above zero")) }
}

/// An input that must be a finite number of zero or more.
pub(crate) fn not_negative(field: &'static str, value: f64) -> Result<f64> {
    if value.is_finite() && value >= 0.0 {
        Ok(value)
    } else {
        Err(bad(field, value, "must be a number of zero or more"))
    }
}

/// An input that must be a finite number.
pub(crate) fn finite(field: &'static str, value: f64) -> Result<f64> {
    if value.is_finite() { Ok(value) } else { Err(bad(field, value, "must be a finite number")) }
}

#[cold]
fn bad(field: &'static str, value: f64, why: &'static str) -> CoreError {
    CoreError::Field { field, was: value.to_string(), why }
}
