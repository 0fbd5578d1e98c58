//! Avellaneda-Stoikov: reservation price and spread of a market maker with a horizon.
//!
//! catalogue: P4. Avellaneda and Stoikov, "High-frequency trading in a limit order book", Quantitative Finance 8
//! (2008): reservation = fair - q gamma sigma^2 (T - t); spread = gamma sigma^2 (T - t) + 2/gamma ln(1 + gamma/k).
//! Prices in any one unit (ticks here), sigma per square root of the unit of time, k per unit of price.

use super::math::ln;
use super::{finite, not_negative, positive};
use crate::error::Result;
use crate::state;

state! {
    /// The parameters, and what of the formula does not change from one quote to the next.
    #[derive(Debug, Clone, Copy, PartialEq)]
    pub struct Model {
        variance_cost: f64,
        base_half: f64,
    }
}

/// Where to quote: `reservation - half_spread` and `reservation + half_spread`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quote {
    /// The price at which one more unit is as good as one less.
    pub reservation: f64,
    /// Half of the spread.
    pub half_spread: f64,
}

impl Model {
    /// `gamma` is the aversion to risk, `sigma` the volatility, `k` the decay of fills with distance; all above zero.
    pub fn new(gamma: f64, sigma: f64, k: f64) -> Result<Self> {
        let (gamma, sigma, k) = (positive("gamma", gamma)?, positive("sigma", sigma)?, positive("k", k)?);
        let variance_cost = finite("gamma * sigma^2", gamma * sigma * sigma)?;
        Ok(Self { variance_cost, base_half: finite("spread", ln(1.0 + gamma / k) / gamma)? })
    }

    /// The quote around `fair` with `inventory` units and `time_left` until the horizon.
    #[inline]
    pub fn quote(&self, fair: f64, inventory: f64, time_left: f64) -> Result<Quote> {
        let risk = self.variance_cost * not_negative("time_left", time_left)?;
        let reservation = finite("fair", fair)? - finite("inventory", inventory)? * risk;
        Ok(Quote { reservation, half_spread: 0.5 * risk + self.base_half })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The values of the paper's parameters, to every digit that the specification gives.
    #[test]
    fn the_check_values_hold() {
        let model = Model::new(0.1, 2.0, 1.5).unwrap();
        let flat = model.quote(100.0, 0.0, 0.0).unwrap();
        assert!((2.0 * flat.half_spread - 1.290_770_423).abs() < 5e-10);
        let long = model.quote(100.0, 3.0, 1.0).unwrap();
        assert!((long.reservation - 98.8).abs() < 1e-12);
        assert!((long.reservation - long.half_spread - 97.954_615).abs() < 5e-7);
        assert!((long.reservation + long.half_spread - 99.645_385).abs() < 5e-7);
    }

    #[test]
    fn what_is_no_parameter_is_named() {
        for (gamma, sigma, k, text) in [
            (0.0, 2.0, 1.5, "gamma must be a number above zero, was 0"),
            (0.1, -2.0, 1.5, "sigma must be a number above zero, was -2"),
            (0.1, 2.0, f64::NAN, "k must be a number above zero, was NaN"),
            (f64::INFINITY, 2.0, 1.5, "gamma must be a number above zero, was inf"),
            (1e300, 1e300, 1.5, "gamma * sigma^2 must be a finite number, was inf"),
        ] {
            assert_eq!(Model::new(gamma, sigma, k).unwrap_err().to_string(), text);
        }
        let model = Model::new(0.1, 2.0, 1.5).unwrap();
        assert!(model.quote(f64::NAN, 0.0, 1.0).is_err() && model.quote(100.0, 0.0, -1.0).is_err());
    }
}
