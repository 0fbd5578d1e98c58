//! What QuoterV2 answers: a swap that is taken back, and the count of ticks as that contract makes it.
//!
//! catalogue: S4. The periphery's quoter swaps for real and reverts from the callback. Its count of crossed ticks comes
//! from the bitmap between the two prices, with the contract's two known errors: a start inside the compressed slot of an
//! initialised tick counts that tick though it is not crossed, and slots of negative ticks are cut towards zero.

use super::Pool;
use crate::clamm::dialect::in_v3;
use crate::clamm::i256::I256;
use crate::clamm::journal::Undo;
use crate::clamm::revert::{Revert, data_of_text};
use crate::clamm::tick_math::{MAX_SQRT_PRICE, MIN_SQRT_PRICE};
use crate::clamm::u256::U256;

/// An answer of QuoterV2, without its estimate of gas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quote {
    /// What is received for an exact input, what is paid for an exact output, in smallest units.
    pub amount: U256,
    /// The price after the swap.
    pub sqrt_price_after: U256,
    /// The count of initialised ticks that were crossed, with the contract's errors.
    pub initialized_ticks_crossed: u32,
}

/// Why there is no quote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoQuote {
    /// The pool's own reason, handed on.
    Pool(Revert),
    /// The quoter's text for everything without a reason: "Unexpected error".
    Unexpected,
}

impl NoQuote {
    /// What the quoter says of a call that failed without a reason.
    pub const UNEXPECTED: &'static str = "Unexpected error";

    /// The return data of the quoter.
    #[must_use]
    pub fn data(self) -> Vec<u8> {
        match self {
            Self::Pool(revert) => revert.data(),
            Self::Unexpected => data_of_text(Self::UNEXPECTED),
        }
    }
}

impl Pool {
    /// `quoteExactInputSingle`: a limit of 0 is none.
    pub fn quote_exact_input(&mut self, zero_for_one: bool, amount: U256, limit: U256) -> Result<Quote, NoQuote> {
        let specified = I256::from_u256(amount).ok_or(NoQuote::Pool(Revert::Empty))?;
        self.quote(zero_for_one, specified, limit)
    }

    /// `quoteExactOutputSingle`: a limit of 0 is none, and then the whole output has to be had.
    pub fn quote_exact_output(&mut self, zero_for_one: bool, amount: U256, limit: U256) -> Result<Quote, NoQuote> {
        let specified = I256::from_u256(amount).ok_or(NoQuote::Pool(Revert::Empty))?;
        self.quote(zero_for_one, specified.wrapping_neg(), limit)
    }

    /// Swaps, reads the answer and takes everything back.
    fn quote(&mut self, zero_for_one: bool, amount: I256, limit: U256) -> Result<Quote, NoQuote> {
        let (head, mark, tick_before) = (self.head, self.journal.mark(), self.head.tick);
        let bound = match (limit.is_zero(), zero_for_one) {
            (false, _) => limit,
            (true, true) => MIN_SQRT_PRICE.wrapping_add(U256::ONE),
            (true, false) => MAX_SQRT_PRICE.wrapping_sub(U256::ONE),
        };
        let answer = self.quoted_swap(zero_for_one, amount, bound, limit.is_zero());
        self.roll_back(mark);
        self.head = head;
        let (amount, sqrt_price_after, tick_after) = answer.map_err(|revert| match revert {
            Revert::Empty | Revert::Invalid | Revert::OutOfGas => NoQuote::Unexpected,
            other => NoQuote::Pool(other),
        })?;
        let initialized_ticks_crossed = self.count_ticks_crossed(tick_before, tick_after);
        Ok(Quote { amount, sqrt_price_after, initialized_ticks_crossed })
    }

    /// The swap up to its callback: what the quoter reads there.
    fn quoted_swap(
        &mut self,
        zero_for_one: bool,
        amount: I256,
        limit: U256,
        whole: bool,
    ) -> Result<(U256, U256, i32), Revert> {
        let swap = self.swap_until_callback(zero_for_one, amount, limit).map_err(in_v3)?;
        let (paid, received) = if zero_for_one { (swap.amount0, swap.amount1) } else { (swap.amount1, swap.amount0) };
        let positive = |amount: I256| !amount.is_negative() && !amount.is_zero();
        if !positive(paid) && !positive(received) {
            return Err(Revert::Empty);
        }
        let received = received.wrapping_neg().0;
        if !amount.is_negative() {
            return Ok((received, swap.sqrt_price, swap.tick));
        }
        if whole && received != amount.unsigned_abs() {
            return Err(Revert::Empty);
        }
        Ok((paid.0, swap.sqrt_price, swap.tick))
    }

    /// The initialised ticks between two, as `PoolTicksCounter` counts the bits of the words.
    fn count_ticks_crossed(&self, before: i32, after: i32) -> u32 {
        let spacing = self.terms.tick_spacing;
        // Solidity's division cuts towards zero, and so does Rust's.
        let (from, to) = (before / spacing, after / spacing);
        let (low, high) = (from.min(to), from.max(to));
        let initialised = |compressed: i32| self.ticks.get(compressed * spacing).is_some();
        let mut count = self.ticks.count(low * spacing, high * spacing) as u32;
        if before > after && after % spacing == 0 && initialised(to) {
            count = count.wrapping_sub(1);
        }
        if before < after && before % spacing == 0 && initialised(from) {
            count = count.wrapping_sub(1);
        }
        count
    }
}
