//! One place where a swap in one direction stops.
//!
//! catalogue: S4.

use crate::clamm::u256::U256;

/// A place where a swap stops: its price, the sums up to here, and what holds behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stop {
    /// The square-root price, Q64.96.
    pub sqrt_price: U256,
    /// What was paid in up to here, with fees.
    pub paid: U256,
    /// What was paid out up to here.
    pub got: U256,
    /// The liquidity behind this stop.
    pub liquidity: u128,
    /// The tick that the pool stores after a swap that ends here.
    pub tick: i32,
    /// How many initialised ticks were crossed up to here, this one included.
    pub crossed: u32,
}
