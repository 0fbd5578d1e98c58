//! Streaming estimates that calibrate the quoting models: volatility from mids, and how fills thin out with distance.
//!
//! catalogue: P2, P4. Both are exponentially weighted in the events' time, are plain state (they replay and hash),
//! and ignore a clock that stands still or goes back.

use super::math::{exp, ln, sqrt};
use super::{finite, positive};
use crate::error::{CoreError, Result};
use crate::state;
use crate::units::Nanos;

const SECOND: f64 = 1e9;

/// A duration that must be above zero, in seconds.
fn seconds(field: &'static str, nanos: i64) -> Result<f64> {
    if nanos > 0 {
        Ok(nanos as f64 / SECOND)
    } else {
        Err(CoreError::Field { field, was: nanos.to_string(), why: "must be above zero nanoseconds" })
    }
}

state! {
    /// Volatility of a price in ticks per square root of a second, from changes at least `sample` apart: shorter
    /// ones mostly see the bounce between bid and ask.
    #[derive(Debug, Clone, Copy, PartialEq)]
    pub struct Volatility {
        memory_s: f64,
        sample: i64,
        latest: i64,
        price: f64,
        variance: f64,
        samples: u64,
    }
}

impl Volatility {
    /// An estimate that forgets by a factor e in `memory` ns and looks at most every `sample` ns.
    pub fn new(memory: Nanos, sample: Nanos) -> Result<Self> {
        seconds("sample", sample)?;
        let memory_s = seconds("memory", memory)?;
        Ok(Self { memory_s, sample, latest: Nanos::MIN, price: 0.0, variance: 0.0, samples: 0 })
    }

    /// The price is `price` ticks at `now`.
    #[inline]
    pub fn observe(&mut self, now: Nanos, price: f64) -> Result<()> {
        let price = finite("price", price)?;
        if self.latest == Nanos::MIN {
            (self.latest, self.price) = (now, price);
            return Ok(());
        }
        let elapsed = now.saturating_sub(self.latest);
        if elapsed < self.sample {
            return Ok(());
        }
        let elapsed_s = elapsed as f64 / SECOND;
        let change = price - self.price;
        // The first sample is the estimate; later ones weigh as much as the time that they cover.
        let weight = if self.samples == 0 { 1.0 } else { 1.0 - exp(-elapsed_s / self.memory_s) };
        self.variance += weight * (change * change / elapsed_s - self.variance);
        (self.latest, self.price) = (now, price);
        self.samples += 1;
        Ok(())
    }

    /// Ticks per square root of a second; None before the second price.
    #[must_use]
    pub fn sigma(&self) -> Option<f64> {
        (self.samples > 0).then(|| sqrt(self.variance))
    }

    /// How many changes it has seen.
    #[must_use]
    pub const fn samples(&self) -> u64 {
        self.samples
    }
}

/// Distances that are told apart.
pub const BINS: usize = 32;

state! {
    /// How often trades reach a quote at a distance from the mid: A exp(-k distance), for each side.
    #[derive(Debug, Clone, Copy, PartialEq)]
    pub struct Intensity {
        memory_s: f64,
        width: f64,
        latest: i64,
        /// Weighted trades by the bin of their distance.
        trades: [f64; BINS],
        /// Weighted seconds of observation.
        observed_s: f64,
    }
}

/// The fitted curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Curve {
    /// Fills per second of a quote at the mid, one side.
    pub a: f64,
    /// Decay per tick.
    pub k: f64,
}

impl Intensity {
    /// An estimate that forgets by a factor e in `memory` ns and tells distances apart by `width` ticks.
    pub fn new(memory: Nanos, width: f64) -> Result<Self> {
        let memory_s = seconds("memory", memory)?;
        let width = positive("width", width)?;
        Ok(Self { memory_s, width, latest: Nanos::MIN, trades: [0.0; BINS], observed_s: 0.0 })
    }

    /// A trade at `now`, `distance` ticks from the mid before it (a trade between mid and touch has 0).
    pub fn trade(&mut self, now: Nanos, distance: f64) -> Result<()> {
        let distance = finite("distance", distance)?.max(0.0);
        self.pass(now);
        let bin = ((distance / self.width) as usize).min(BINS - 1);
        if let Some(count) = self.trades.get_mut(bin) {
            *count += 1.0;
        }
        Ok(())
    }

    /// Time passes without a trade; call it before asking for the curve.
    pub fn pass(&mut self, now: Nanos) {
        let elapsed = now.saturating_sub(self.latest);
        if self.latest != Nanos::MIN && elapsed > 0 {
            let kept = exp(-(elapsed as f64 / SECOND) / self.memory_s);
            self.trades.iter_mut().for_each(|count| *count *= kept);
            self.observed_s = self.observed_s * kept + self.memory_s * (1.0 - kept);
        }
        self.latest = self.latest.max(now);
    }

    /// The curve through the logarithms of the rates, each weighted by its trades (the variance of a logarithm of a
    /// count is one over the count). None while fewer than two distances have `trades_min` trades, or where more
    /// distant quotes would fill more often.
    #[must_use]
    pub fn curve(&self, trades_min: f64) -> Option<Curve> {
        if self.observed_s <= 0.0 {
            return None;
        }
        let (mut reached, mut points, mut sums) = (0.0, 0, [0.0; 5]);
        for bin in (0..BINS).rev() {
            // A quote at the bin's near edge is reached by every trade at least that far away.
            reached += self.trades[bin];
            if reached < trades_min || reached <= 0.0 {
                continue;
            }
            let (x, y) = (bin as f64 * self.width, ln(reached / (2.0 * self.observed_s)));
            points += 1;
            for (sum, term) in sums.iter_mut().zip([1.0, x, y, x * x, x * y]) {
                *sum += reached * term;
            }
        }
        let [w, x, y, xx, xy] = sums;
        let spread = w * xx - x * x;
        if points < 2 || spread <= 0.0 {
            return None;
        }
        let k = -(w * xy - x * y) / spread;
        let a = exp((y + k * x) / w);
        (k > 0.0 && k.is_finite() && a.is_finite()).then_some(Curve { a, k })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canon::Canon;

    const S: i64 = 1_000_000_000;

    #[test]
    fn volatility_finds_what_made_the_prices() {
        // Steps of +-3 ticks every 0.25 s: 9 / 0.25 = 36 ticks^2 a second.
        let mut volatility = Volatility::new(60 * S, S / 10).unwrap();
        assert_eq!(volatility.sigma(), None);
        let mut price = 1000.0;
        for step in 0..1_000_i64 {
            price += if step * step % 7 < 3 { 3.0 } else { -3.0 };
            volatility.observe(step * S / 4, price).unwrap();
        }
        assert!((volatility.sigma().unwrap() - 6.0).abs() < 1e-9);
    }

    #[test]
    fn volatility_forgets_with_its_memory() {
        let mut volatility = Volatility::new(10 * S, 1).unwrap();
        volatility.observe(0, 0.0).unwrap();
        volatility.observe(S, 4.0).unwrap();
        assert_eq!(volatility.sigma(), Some(4.0));
        for second in 2..=11 {
            volatility.observe(second * S, 4.0).unwrap();
        }
        assert!((volatility.sigma().unwrap() - 4.0 * sqrt(exp(-1.0))).abs() < 1e-12);
    }

    #[test]
    fn samples_too_close_and_clocks_that_go_back_are_passed_over() {
        let mut volatility = Volatility::new(10 * S, S).unwrap();
        for (now, price) in [(10 * S, 1.0), (10 * S + 5, 500.0), (3 * S, 90.0), (i64::MIN, 1e9), (10 * S, -4.0)] {
            volatility.observe(now, price).unwrap();
        }
        assert_eq!((volatility.sigma(), volatility.samples()), (None, 0));
        assert!(volatility.observe(20 * S, f64::NAN).unwrap_err().to_string().ends_with("was NaN"));
    }

    #[test]
    fn intensity_finds_the_curve_that_made_the_trades() {
        // 200 trades a second, of which exp(-0.2 d) reach distance d: quantiles of that law, in a fixed shuffle.
        let (mut intensity, mut now) = (Intensity::new(600 * S, 1.0).unwrap(), 0);
        for nth in 0..200_000_u64 {
            let quantile = (nth.wrapping_mul(7_919) % 200_000) as f64 / 200_000.0;
            now += S / 200;
            intensity.trade(now, -ln(1.0 - quantile) / 0.2).unwrap();
        }
        let curve = intensity.curve(10.0).unwrap();
        assert!((curve.k - 0.2).abs() < 0.002, "{curve:?}");
        assert!((curve.a - 100.0).abs() < 2.0, "each side sees half of the trades: {curve:?}");
    }

    #[test]
    fn without_trades_at_two_distances_there_is_no_curve() {
        let mut intensity = Intensity::new(600 * S, 1.0).unwrap();
        assert_eq!(intensity.curve(1.0), None);
        for second in 0..10 {
            intensity.trade(second * S, 0.5).unwrap();
        }
        assert_eq!(intensity.curve(1.0), None);
        intensity.trade(10 * S, 3.5).unwrap();
        assert!(intensity.curve(1.0).is_some());
        assert_eq!(intensity.curve(5.0), None, "one trade is too few for its distance");
        assert!(intensity.trade(11 * S, f64::NAN).unwrap_err().to_string().starts_with("distance must be"));
    }

    #[test]
    fn what_is_no_parameter_is_named() {
        assert!(Volatility::new(0, 1).unwrap_err().to_string().starts_with("memory must be"));
        assert!(Volatility::new(1, -5).unwrap_err().to_string().ends_with("was -5"));
        assert!(Intensity::new(1, 0.0).unwrap_err().to_string().starts_with("width must be"));
    }

    #[test]
    fn every_leaf_of_the_state_is_hashed() {
        fn check<T: Canon + Clone>(state: &T) {
            let bytes = |state: &T| {
                let mut out = Vec::new();
                state.put(&mut out);
                out
            };
            for leaf in 0..state.leaves() {
                let mut changed = state.clone();
                changed.nudge(leaf);
                assert_ne!(bytes(&changed), bytes(state), "leaf {leaf}");
            }
        }
        check(&Volatility::new(S, S).unwrap());
        check(&Intensity::new(S, 1.0).unwrap());
    }
}
