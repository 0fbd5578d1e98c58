//! Cyclic arbitrage: out of one token, through a few pools and back into it, with the input that earns the most.
//!
//! catalogue: S4. A cycle can earn only if the product of its marginal yields exceeds 1 at the start; it earns the most
//! where the product, which falls with the input, has come down to 1. Candidates and that place are found in floating
//! point; what is returned are exact quotes, and a profit that they do not show is not one.

use super::route::float;
use super::{Quote, Quotes};
use crate::clamm::swap_math::FEE_ONE;
use crate::clamm::u256::U256;

/// The longest cycle that is looked for.
pub const HOPS_MAX: usize = 6;
/// 2^96 as a float.
const Q96: f64 = 79_228_162_514_264_337_593_543_950_336.0;

/// A pool between two tokens of the graph.
#[derive(Debug, Clone, Copy)]
pub struct Edge<'a> {
    /// The number of token 0.
    pub token0: u32,
    /// The number of token 1.
    pub token1: u32,
    /// The pool.
    pub quotes: &'a Quotes,
}

/// One pool of a cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hop {
    /// Its place among the edges.
    pub pool: usize,
    /// Whether token 0 is paid in.
    pub zero_for_one: bool,
}

/// A cycle that earns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cycle {
    /// The pools in the order of the swaps; each is used once.
    pub hops: Vec<Hop>,
    /// What each swap does; the output of one is the input of the next.
    pub quotes: Vec<Quote>,
    /// What comes out more than went in.
    pub profit: U256,
}

/// The cycle through token `base` of 2 to `hops_max` (at most `HOPS_MAX`) pools that earns the most of it, with the
/// input that does. `None` when none earns. Looks at every path, so its time grows with pools at a token ^ hops.
#[must_use]
pub fn best_cycle(edges: &[Edge<'_>], base: u32, hops_max: usize) -> Option<Cycle> {
    let mut search =
        Search { edges, base, hops_max: hops_max.min(HOPS_MAX), path: Vec::with_capacity(HOPS_MAX), best: None };
    search.from(base, 1.0);
    search.best
}

struct Search<'a> {
    edges: &'a [Edge<'a>],
    base: u32,
    hops_max: usize,
    path: Vec<Hop>,
    best: Option<Cycle>,
}

impl Search<'_> {
    /// Goes on from a token, after hops whose marginal yields multiply to `yielded`.
    fn from(&mut self, token: u32, yielded: f64) {
        for (pool, edge) in self.edges.iter().enumerate() {
            let zero_for_one = edge.token0 == token;
            if !zero_for_one && edge.token1 != token || self.path.iter().any(|hop| hop.pool == pool) {
                continue;
            }
            let hop = Hop { pool, zero_for_one };
            let next = if zero_for_one { edge.token1 } else { edge.token0 };
            let yielded = yielded * marginal(edge.quotes, zero_for_one, &edge.quotes.state().sqrt_price);
            self.path.push(hop);
            if next == self.base {
                if yielded > 1.0 && self.path.len() > 1 {
                    self.close();
                }
            } else if self.path.len() < self.hops_max {
                self.from(next, yielded);
            }
            self.path.pop();
        }
    }

    /// The path is a cycle that could earn: sizes it, and keeps it if it is the best.
    fn close(&mut self) {
        let size = best_input(self.edges, &self.path);
        let Some(quotes) = along(self.edges, &self.path, size).filter(|quotes| quotes.iter().all(|quote| quote.whole))
        else {
            return;
        };
        let out = quotes.last().map_or(U256::ZERO, |quote| quote.amount_out);
        let Some(profit) = out.checked_sub(size).filter(|profit| !profit.is_zero()) else { return };
        if self.best.as_ref().is_none_or(|best| profit > best.profit) {
            self.best = Some(Cycle { hops: self.path.clone(), quotes, profit });
        }
    }
}

/// What one more unit in yields at a price, after the fee.
fn marginal(quotes: &Quotes, zero_for_one: bool, sqrt_price: &U256) -> f64 {
    let price = float(sqrt_price) / Q96;
    let keep = f64::from(FEE_ONE - quotes.state().fee_millionths) / f64::from(FEE_ONE);
    keep * if zero_for_one { price * price } else { 1.0 / (price * price) }
}

/// The quotes of a path; `None` when a swap on it is refused.
fn along(edges: &[Edge<'_>], path: &[Hop], size: U256) -> Option<Vec<Quote>> {
    let mut amount = size;
    path.iter()
        .map(|hop| {
            let quote = edges[hop.pool].quotes.quote(hop.zero_for_one, true, amount, None).ok()?;
            amount = quote.amount_out;
            Some(quote)
        })
        .collect()
}

/// Whether a larger input would earn more: all of it is swapped, and the last unit yields more than itself. An input
/// so small that nothing comes out of a pool is too small.
fn wants_more(edges: &[Edge<'_>], path: &[Hop], size: U256) -> bool {
    let (mut amount, mut yielded) = (size, 1.0);
    for hop in path {
        if amount.is_zero() {
            return true;
        }
        let quotes = edges[hop.pool].quotes;
        let Ok(quote) = quotes.quote(hop.zero_for_one, true, amount, None) else { return false };
        if !quote.whole {
            return false;
        }
        yielded *= marginal(quotes, hop.zero_for_one, &quote.sqrt_price);
        amount = quote.amount_out;
    }
    yielded > 1.0
}

/// The input where the last unit yields just itself, by bisection over its bits.
fn best_input(edges: &[Edge<'_>], path: &[Hop]) -> U256 {
    let mut bit = 0;
    while bit < 254 && wants_more(edges, path, U256::ONE << bit) {
        bit += 1;
    }
    let mut size = U256::ZERO;
    for bit in (0..bit).rev() {
        let more = size.wrapping_add(U256::ONE << bit);
        if wants_more(edges, path, more) {
            size = more;
        }
    }
    size.wrapping_add(U256::ONE)
}
