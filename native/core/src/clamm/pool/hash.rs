//! A pool's state as bytes: what its hash covers, and what a snapshot keeps.
//!
//! catalogue: S4, K4. Terms, head, ticks, positions and observations in this order; what could be undone is no part of it.

use super::{Head, Pool, Terms};
use crate::canon::{Canon, impossible};
use crate::clamm::oracle::Observation;
use crate::clamm::position::{Position, PositionKey};
use crate::clamm::ticks::Ticks;
use crate::clamm::u256::U256;
use crate::error::Result;
use crate::state_hash::{Hash, combine, component_hash};
use std::collections::BTreeMap;

impl Canon for U256 {
    fn put(&self, out: &mut Vec<u8>) {
        self.0.put(out);
    }
    fn take(input: &mut &[u8]) -> Result<Self> {
        Ok(Self(<[u64; 4]>::take(input)?))
    }
    fn leaves(&self) -> usize {
        1
    }
    fn nudge(&mut self, _: usize) {
        *self = self.wrapping_add(Self::ONE);
    }
}

/// The canonical bytes of one component.
fn bytes(component: &impl Canon) -> Vec<u8> {
    let mut out = Vec::new();
    component.put(&mut out);
    out
}

/// The parts of a pool that a loader gives.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Parts {
    /// The terms of the pool.
    pub terms: Terms,
    /// Price, liquidity, totals and balances.
    pub head: Head,
    /// The initialised ticks.
    pub ticks: Ticks,
    /// The positions.
    pub positions: BTreeMap<PositionKey, Position>,
    /// The ring of observations.
    pub observations: Vec<Observation>,
}

impl Pool {
    /// One hash of the whole state, by component.
    #[must_use]
    pub fn state_hash(&self) -> Hash {
        let of = |bytes: Vec<u8>| component_hash(&bytes);
        combine(&[
            ("terms", of(bytes(&self.terms))),
            ("head", of(bytes(&self.head))),
            ("ticks", of(bytes(&self.ticks))),
            ("positions", of(bytes(&self.positions))),
            ("observations", of(bytes(&self.observations))),
        ])
    }

    /// The whole state as bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = bytes(&self.terms);
        self.head.put(&mut out);
        self.ticks.put(&mut out);
        self.positions.put(&mut out);
        self.observations.put(&mut out);
        out
    }

    /// The pool that `to_bytes` wrote; refuses bytes that no pool has.
    pub fn from_bytes(mut input: &[u8]) -> Result<Self> {
        let parts = Parts {
            terms: Terms::take(&mut input)?,
            head: Head::take(&mut input)?,
            ticks: Ticks::take(&mut input)?,
            positions: BTreeMap::take(&mut input)?,
            observations: Vec::take(&mut input)?,
        };
        if !input.is_empty() {
            return Err(impossible("snapshot", format!("{} bytes too many", input.len())));
        }
        Self::from_parts(parts)
    }

    /// A pool in any state that a chain could show: ticks are multiples of the spacing, the ring has the places that the
    /// head names. Does not ask whether the liquidity in range is the sum of the ticks: snapshots may hold a part of them.
    pub fn from_parts(parts: Parts) -> Result<Self> {
        let Parts { terms, head, ticks, positions, observations } = parts;
        Terms::new(terms.family, terms.fee, terms.tick_spacing)?;
        if let Some((tick, _)) = ticks.iter().find(|(tick, data)| tick % terms.tick_spacing != 0 || data.gross == 0) {
            return Err(impossible("tick", tick));
        }
        let (index, used) = (usize::from(head.observation_index), usize::from(head.observation_cardinality));
        let places = usize::from(head.observation_cardinality_next);
        let started = !head.sqrt_price.is_zero();
        if started && (index >= used || used > places) || observations.len() != places {
            let was = format!("{index} of {used} of {places}, with {} kept", observations.len());
            return Err(impossible("observations", was));
        }
        Ok(Self { terms, head, ticks, positions, observations, journal: super::Journal::default() })
    }
}
