//! Many quotes at once: pools by number, a row for each amount, an error code instead of an error.
//!
//! catalogue: S4. A row that is refused costs nobody the others.

use super::{Quote, Quotes};
use crate::clamm::revert::Revert;
use crate::clamm::u256::U256;

/// How a row ended; 0 is a whole swap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum Code {
    /// The whole amount was swapped.
    Whole = 0,
    /// The price met its limit, or the end of the range, before the amount was used up.
    Limited = 1,
    /// The amount is 0 (`AS`).
    Nothing = 2,
    /// The limit is on the wrong side of the price (`SPL`).
    WrongLimit = 3,
    /// The call reverts otherwise: an amount of 2^255 or more.
    Reverts = 4,
    /// There is no pool of this number.
    NoPool = 5,
}

/// The answer to one row.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// What is paid out for an exact input, what is paid in for an exact output; 0 when refused.
    pub amount: U256,
    /// What was swapped of the amount asked; less than it where a limit was met.
    pub swapped: U256,
    /// The price afterwards.
    pub sqrt_price: U256,
    /// How many initialised ticks are crossed.
    pub crossed: u32,
    /// A `Code`.
    pub code: u32,
}

const _: () = assert!(size_of::<Row>() == 3 * 32 + 8);

/// What all rows of a batch have in common.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// Whether token 0 is paid in.
    pub zero_for_one: bool,
    /// Whether the amounts are of the token in.
    pub exact_in: bool,
    /// The price that no swap passes, if one is named.
    pub limit: Option<U256>,
}

impl Terms {
    /// The answer for one amount.
    #[inline]
    #[must_use]
    pub fn row(&self, quotes: &Quotes, amount: U256) -> Row {
        if self.limit.is_none()
            && let Some((ended, _)) = quotes.partial(self.zero_for_one, self.exact_in, amount)
        {
            let (amount, swapped) = (U256::from(ended.other), amount);
            return Row { amount, swapped, sqrt_price: U256::from(ended.sqrt_price), crossed: ended.crossed, code: 0 };
        }
        self.row_long(quotes, amount)
    }

    /// The same where the swap ends at a stop or a limit, and in full width.
    #[inline(never)]
    fn row_long(&self, quotes: &Quotes, amount: U256) -> Row {
        match quotes.quote(self.zero_for_one, self.exact_in, amount, self.limit) {
            Ok(quote) => self.answered(&quote),
            Err(Revert::As) => refused(Code::Nothing),
            Err(Revert::Spl) => refused(Code::WrongLimit),
            Err(_) => refused(Code::Reverts),
        }
    }

    #[inline(always)]
    fn answered(&self, quote: &Quote) -> Row {
        let (asked, other) = (quote.amount_in, quote.amount_out);
        let (swapped, amount) = if self.exact_in { (asked, other) } else { (other, asked) };
        let code = if quote.whole { Code::Whole } else { Code::Limited } as u32;
        Row { amount, swapped, sqrt_price: quote.sqrt_price, crossed: quote.crossed, code }
    }

    /// One pool, many amounts: `out` is cleared, and gets a row for each.
    pub fn one(&self, quotes: &Quotes, amounts: &[[u64; 4]], out: &mut Vec<Row>) {
        out.clear();
        out.extend(amounts.iter().map(|amount| self.row(quotes, U256(*amount))));
    }

    /// Many pools, an amount each: row i is of pool `which[i]`. `out` is cleared, and gets a row for each pair.
    pub fn many(&self, pools: &[&Quotes], which: &[u32], amounts: &[[u64; 4]], out: &mut Vec<Row>) {
        out.clear();
        out.extend(which.iter().zip(amounts).map(|(pool, amount)| match pools.get(*pool as usize) {
            Some(quotes) => self.row(quotes, U256(*amount)),
            None => refused(Code::NoPool),
        }));
    }
}

const fn refused(code: Code) -> Row {
    Row { amount: U256::ZERO, swapped: U256::ZERO, sqrt_price: U256::ZERO, crossed: 0, code: code as u32 }
}
