//! What a segment between two neighbouring initialised ticks came to when a swap crossed it whole, and for what that holds.
//!
//! catalogue: S4. `ticks` keeps one for each tick and direction; `pool/whole` writes and reads them.

use super::u256::U256;

/// What one segment comes to in one direction, and for what that holds.
#[derive(Debug, Clone, Copy, Default)]
pub struct Whole {
    /// The initialised tick where it begins; `None` before the first.
    pub from: Option<i32>,
    /// The protocol's shares as the pool packs them.
    pub fee_protocol: u32,
    /// The liquidity in range.
    pub liquidity: u128,
    /// What is paid in, with fees.
    pub paid: u128,
    /// What is paid out.
    pub got: u128,
    /// How much the fees per unit of liquidity grow.
    pub growth: U256,
    /// The protocol's part of the fees.
    pub protocol: u128,
}
