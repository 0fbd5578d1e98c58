//! Concentrated-liquidity pools: the arithmetic and the states of the deployed contracts, bit for bit.
//!
//! catalogue: S4. One file a library, in the order in which the contracts build on each other: integers of 256 bits,
//! the products that need 512, ticks and prices, amounts between prices, one step of a swap. Algorithms are those of
//! v4-core's MIT libraries and of the whitepapers; where Uniswap v3 answers otherwise, the function says so.

pub mod limbs;
pub mod u256;
pub mod division;
pub mod i256;
pub mod decimal;
pub mod revert;
pub mod dialect;
pub mod full_math;
pub mod bit_math;
pub mod tick_math;
pub mod narrow;
pub mod sqrt_price;
pub mod swap_math;
pub mod liquidity_math;
pub mod tick_bitmap;
pub mod quotes;
pub mod tick;
pub mod segment;
pub mod ticks;
pub mod position;
pub mod oracle;
pub mod log;
pub mod events;
pub mod journal;
pub mod follow;
pub mod pool;
pub mod v2;
pub mod v4;

pub use revert::Revert;

#[cfg(test)]
mod kernel_tests;
#[cfg(test)]
mod library_tests;
#[cfg(test)]
mod swap_tests;
