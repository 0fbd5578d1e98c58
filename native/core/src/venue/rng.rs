//! The one source of randomness: xoshiro256**, seeded through SplitMix64, written out so that a seed means the same
//! stream for ever.
//!
//! catalogue: S1. Source of the algorithms: Blackman and Vigna, "Scrambled linear pseudorandom number generators",
//! ACM TOMS 47 (2021), and Steele et al. 2014 (SplitMix64). Logarithm, exponential and square root come from `libm`,
//! which is the same arithmetic on every machine.

use crate::state;

state! {
    /// The generator's 256 bits.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Rng {
        s: [u64; 4],
    }
}

impl Rng {
    /// The stream of a seed; `lane` separates streams of one seed.
    #[must_use]
    pub fn new(seed: u64, lane: u64) -> Self {
        let mut state = seed ^ lane.wrapping_mul(0xD1B5_4A32_D192_ED03);
        let mut next = || {
            state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut z = state;
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            z ^ (z >> 31)
        };
        Self { s: [next(), next(), next(), next()] }
    }

    /// The next 64 bits.
    pub const fn bits(&mut self) -> u64 {
        let s = &mut self.s;
        let result = s[1].wrapping_mul(5).rotate_left(7).wrapping_mul(9);
        let t = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = s[3].rotate_left(45);
        result
    }

    /// Uniform in (0, 1], 53 bits, never 0 so that its logarithm exists.
    pub fn unit(&mut self) -> f64 {
        ((self.bits() >> 11) + 1) as f64 / (1u64 << 53) as f64
    }

    /// Uniform in 0..n by multiplication (bias below n / 2^64); 0 for n = 0.
    pub fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.bits()) * u128::from(n)) >> 64) as u64
    }

    /// Whether an event of probability `p` happens.
    pub fn chance(&mut self, p: f64) -> bool {
        self.unit() <= p
    }

    /// Exponential with mean 1.
    pub fn exponential(&mut self) -> f64 {
        -libm::log(self.unit())
    }

    /// Standard normal by Marsaglia's polar method; the pair's second half is dropped, which keeps the state small.
    pub fn normal(&mut self) -> f64 {
        loop {
            let (u, v) = (2.0 * self.unit() - 1.0, 2.0 * self.unit() - 1.0);
            let s = u * u + v * v;
            if s > 0.0 && s < 1.0 {
                return u * libm::sqrt(-2.0 * libm::log(s) / s);
            }
        }
    }

    /// Pareto with scale 1: P(X > x) = x^-alpha, cut at `most`.
    pub fn pareto(&mut self, alpha: f64, most: f64) -> f64 {
        libm::exp(self.exponential() / alpha).min(most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splitmix_and_xoshiro_give_the_published_numbers() {
        // xoshiro256** from state 1,2,3,4 (reference implementation): first three outputs.
        let mut rng = Rng { s: [1, 2, 3, 4] };
        assert_eq!([rng.bits(), rng.bits(), rng.bits()], [11520, 0, 1_509_978_240]);
        // SplitMix64 of seed 1234567 (Rosetta code): 6457827717110365317, 3203168211198807973.
        let seeded = Rng::new(1_234_567, 0);
        assert_eq!(seeded.s[..2], [6_457_827_717_110_365_317, 3_203_168_211_198_807_973]);
    }

    #[test]
    fn moments_are_what_they_should_be() {
        let (mut rng, n) = (Rng::new(7, 1), 200_000);
        let (mut sum, mut square, mut exp, mut tail) = (0.0, 0.0, 0.0, 0);
        for _ in 0..n {
            let z = rng.normal();
            sum += z;
            square += z * z;
            exp += rng.exponential();
            tail += u32::from(rng.pareto(2.0, 1e9) > 10.0);
        }
        let n = f64::from(n);
        assert!((sum / n).abs() < 0.01 && (square / n - 1.0).abs() < 0.02 && (exp / n - 1.0).abs() < 0.02);
        assert!((f64::from(tail) / n - 0.01).abs() < 0.002, "{tail}");
    }
}
