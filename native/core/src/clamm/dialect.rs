//! One library, two dialects: what Uniswap v3's bytecode says where v4's says something else.
//!
//! catalogue: S4. The libraries' functions refuse the same calls in both versions. They name a refusal as v4 does, and
//! liquidity that leaves its type as v3 does, because v4 has one word for both of its ends.

use super::revert::{Custom, Revert};

/// The revert as Uniswap v3, Pancake v3 and the periphery say it: a short text, or nothing.
#[must_use]
pub const fn in_v3(revert: Revert) -> Revert {
    match revert {
        Revert::Custom(Custom::InvalidTick(_)) => Revert::T,
        Revert::Custom(Custom::InvalidSqrtPrice(_)) => Revert::R,
        // Solidity 0.7 has no panics: checked sums are a bare `require`, a division by 0 is an invalid instruction.
        Revert::Panic(0x12) => Revert::Invalid,
        Revert::Custom(_) | Revert::Panic(_) => Revert::Empty,
        other => other,
    }
}

/// The revert as Uniswap v4 says it.
#[must_use]
pub const fn in_v4(revert: Revert) -> Revert {
    match revert {
        Revert::Ls | Revert::La => Revert::Custom(Custom::SafeCastOverflow),
        other => other,
    }
}
