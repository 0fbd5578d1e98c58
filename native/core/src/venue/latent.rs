//! The price behind the generated market: an efficient price with changing volatility and jumps, known a little ahead.
//!
//! catalogue: S1. Log-volatility is an Ornstein-Uhlenbeck process, jumps arrive at random, steps are `STEP_NS` apart.
//! The path is drawn `LEAD` steps ahead: makers see its present, informed takers its end. Floats are at home here and
//! in `flow` only: they are signals, and turn into ticks and lots at one place (`flow::whole`).

use super::rng::Rng;
use crate::state;
use crate::units::Nanos;
use std::collections::VecDeque;

/// Nanoseconds between two steps of the price.
pub const STEP_NS: Nanos = 50_000_000;
/// How many steps ahead the informed see: two seconds.
pub const LEAD: usize = 40;

state! {
    /// The efficient price, in ticks, now and a little ahead.
    #[derive(Debug, Clone, PartialEq)]
    pub struct Latent {
        /// Volatility of one step, relative.
        sigma: f64,
        /// Logarithm of the volatility's present multiple.
        log_vol: f64,
        /// Chance of a jump at a step.
        jump: f64,
        path: VecDeque<f64>,
    }
}

impl Latent {
    /// Starts at `mid` ticks; `volatility` is relative per square root of a year, `jumps` a day.
    pub fn new(mid: f64, volatility: f64, jumps_per_day: f64, rng: &mut Rng) -> Self {
        let step_s = STEP_NS as f64 / 1e9;
        let mut latent = Self {
            sigma: volatility * libm::sqrt(step_s / (365.0 * 86_400.0)),
            log_vol: 0.0,
            jump: jumps_per_day * step_s / 86_400.0,
            path: VecDeque::with_capacity(LEAD + 1),
        };
        latent.path.push_back(mid);
        while latent.path.len() <= LEAD {
            latent.extend(rng);
        }
        latent
    }

    fn extend(&mut self, rng: &mut Rng) {
        let last = self.ahead();
        // Half-life of about 30 s, stationary deviation of about 0.5: calm and busy minutes alternate.
        self.log_vol += -0.00115 * self.log_vol + 0.024 * rng.normal();
        let mut change = self.now_sigma() * rng.normal();
        if rng.chance(self.jump) {
            change += 20.0 * self.sigma * rng.normal();
        }
        self.path.push_back(last * libm::exp(change.clamp(-0.05, 0.05)));
    }

    /// The volatility of a step now; its mean square is `sigma` squared.
    fn now_sigma(&self) -> f64 {
        self.sigma * libm::exp(self.log_vol - 0.25)
    }

    /// One step on.
    pub fn step(&mut self, rng: &mut Rng) {
        self.extend(rng);
        self.path.pop_front();
    }

    /// The efficient price now, in ticks.
    #[must_use]
    pub fn now(&self) -> f64 {
        self.path.front().copied().unwrap_or(0.0)
    }

    /// The efficient price that the informed know, in ticks.
    #[must_use]
    pub fn ahead(&self) -> f64 {
        self.path.back().copied().unwrap_or(0.0)
    }

    /// How far the price moves in a second now, in ticks.
    #[must_use]
    pub fn second(&self) -> f64 {
        self.now() * self.now_sigma() * libm::sqrt(1e9 / STEP_NS as f64)
    }
}
