//! The pinned transcendental functions: the only place of the core that computes ln, exp, sqrt or pow.
//!
//! catalogue: P2. Each is the `libm` crate's: plain Rust that rounds the same on every processor and compiler, where
//! the standard library's functions are whatever the platform links. Python and compiled kernels call these too, so
//! a quote computed off-line equals the live one to the bit.

/// Natural logarithm; NaN below zero, negative infinity at zero.
#[must_use]
#[inline]
pub fn ln(x: f64) -> f64 {
    libm::log(x)
}

/// e to the power x.
#[must_use]
#[inline]
pub fn exp(x: f64) -> f64 {
    libm::exp(x)
}

/// Square root, correctly rounded; NaN below zero.
#[must_use]
#[inline]
pub fn sqrt(x: f64) -> f64 {
    libm::sqrt(x)
}

/// `base` to the power `exponent`.
#[must_use]
#[inline]
pub fn pow(base: f64, exponent: f64) -> f64 {
    libm::pow(base, exponent)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bit patterns written down once: another implementation, compiler or processor that differs is found here.
    /// (`exp(1)` is one unit in the last place above the nearest number, which the C library here gives.)
    #[test]
    fn the_bits_are_pinned() {
        for (value, bits) in [
            (ln(2.0), 0x3fe6_2e42_fefa_39ef_u64),
            (ln(1.05), 0x3fa8_fb06_3ef2_c7f0),
            (exp(1.0), 0x4005_bf0a_8b14_576a),
            (exp(-0.3), 0x3fe7_b4c8_69c3_7c05),
            (sqrt(2.0), 0x3ff6_a09e_667f_3bcd),
            (pow(2.18, 1.847), 0x4010_df74_da54_179e),
        ] {
            assert_eq!(value.to_bits(), bits, "{value} is {:#x}", value.to_bits());
        }
    }
}
