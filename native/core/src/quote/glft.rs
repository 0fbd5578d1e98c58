//! GLFT: the closed-form quotes of a market maker without a horizon.
//!
//! catalogue: P4. Guéant, Lehalle and Fernandez-Tapia (2013) in the form of Guéant, "Optimal market making" (2016),
//! equations 4.6 and 4.7, with fills at A exp(-k distance), orders of `size` units and inventory q:
//!
//! c1 = ln(1 + xi size / k) / (xi size), c2 = sqrt(gamma / (2 A size k) (1 + xi size / k)^(k / (xi size) + 1)),
//! bid distance = c1 + size/2 sigma c2 + sigma c2 q, ask distance = c1 + size/2 sigma c2 - sigma c2 q.
//!
//! Distances are in the unit of `sigma` and 1/k (ticks here), time in the unit of A and sigma (seconds here).

use super::math::{ln, pow, sqrt};
use super::{finite, not_negative, positive};
use crate::error::Result;
use crate::state;

/// What the formula needs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Parameters {
    /// Fills per second of a quote at the fair price.
    pub a: f64,
    /// Decay of fills with distance, per tick.
    pub k: f64,
    /// Aversion to inventory risk.
    pub gamma: f64,
    /// Aversion to the risk of not being filled; the usual choice is `gamma`.
    pub xi: f64,
    /// Volatility in ticks per square root of a second.
    pub sigma: f64,
    /// Size of one order, in the unit of the inventory.
    pub size: f64,
}

state! {
    /// The two numbers that every quote needs.
    #[derive(Debug, Clone, Copy, PartialEq)]
    pub struct Model {
        half_spread: f64,
        skew: f64,
    }
}

impl Model {
    /// Works out half-spread and skew. All parameters are above zero, except a volatility that may be zero.
    pub fn new(p: &Parameters) -> Result<Self> {
        let (a, k, gamma) = (positive("a", p.a)?, positive("k", p.k)?, positive("gamma", p.gamma)?);
        let (xi, size) = (positive("xi", p.xi)?, positive("size", p.size)?);
        let sigma = not_negative("sigma", p.sigma)?;
        let step = xi * size;
        let odds = 1.0 + step / k;
        let c1 = ln(odds) / step;
        let c2 = sqrt(gamma / (2.0 * a * size * k) * pow(odds, k / step + 1.0));
        let skew = finite("skew", sigma * c2)?;
        Ok(Self { half_spread: finite("half_spread", c1 + size / 2.0 * skew)?, skew })
    }

    /// Distance of both quotes from the fair price at no inventory, in ticks.
    #[must_use]
    #[inline]
    pub const fn half_spread(&self) -> f64 {
        self.half_spread
    }

    /// How far both quotes move down for each unit of inventory, in ticks.
    #[must_use]
    #[inline]
    pub const fn skew(&self) -> f64 {
        self.skew
    }

    /// Bid and ask around `fair`, as real numbers.
    #[must_use]
    #[inline]
    pub fn quote(&self, fair: f64, inventory: f64) -> (f64, f64) {
        let centre = fair - self.skew * inventory;
        (centre - self.half_spread, centre + self.half_spread)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: Parameters = Parameters {
        a: 2.986_162_360_812_285,
        k: 0.042_357_411_150_840_49,
        gamma: 0.05,
        xi: 0.05,
        sigma: 10.69,
        size: 1.0,
    };

    #[test]
    fn the_check_values_hold() {
        let model = Model::new(&SAMPLE).unwrap();
        assert!((model.half_spread() - 20.472_085_338_443_71).abs() < 1e-13, "{}", model.half_spread());
        assert!((model.skew() - 9.763_268_650_292_27).abs() < 1e-13, "{}", model.skew());
        let (bid, ask) = model.quote(1_000.0, 2.0);
        assert!((ask - bid - 2.0 * model.half_spread()).abs() < 1e-12);
        assert!((1_000.0 - (bid + ask) / 2.0 - 2.0 * model.skew()).abs() < 1e-12);
    }

    #[test]
    fn without_volatility_only_the_fill_s_odds_remain() {
        let model = Model::new(&Parameters { sigma: 0.0, ..SAMPLE }).unwrap();
        assert_eq!(model.skew(), 0.0);
        assert!((model.half_spread() - ln(1.0 + SAMPLE.xi / SAMPLE.k) / SAMPLE.xi).abs() < 1e-12);
    }

    #[test]
    fn what_is_no_parameter_is_named() {
        for (bad, text) in [
            (Parameters { a: 0.0, ..SAMPLE }, "a must be a number above zero, was 0"),
            (Parameters { k: -1.0, ..SAMPLE }, "k must be a number above zero, was -1"),
            (Parameters { gamma: f64::NAN, ..SAMPLE }, "gamma must be a number above zero, was NaN"),
            (Parameters { xi: 0.0, ..SAMPLE }, "xi must be a number above zero, was 0"),
            (Parameters { sigma: -0.1, ..SAMPLE }, "sigma must be a number of zero or more, was -0.1"),
            (Parameters { size: f64::INFINITY, ..SAMPLE }, "size must be a number above zero, was inf"),
            (Parameters { a: 1e-308, k: 1e-308, ..SAMPLE }, "skew must be a finite number, was inf"),
        ] {
            assert_eq!(Model::new(&bad).unwrap_err().to_string(), text);
        }
    }
}
