//! Concentrated-liquidity pools: the arithmetic and the states of the deployed contracts, bit for bit.
//!
//! catalogue: S4.

pub mod revert;

pub use revert::Revert;
