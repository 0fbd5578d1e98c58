//! Following a pool on its chain, whatever kind it is: logs in, and the first one that comes out otherwise is told.
//!
//! catalogue: S4, M6. The kinds do their events again each in its own way (`pool/follow`, `v2/follow`, `v4/follow`); what a
//! follower of a chain needs of them is the same.

use super::journal::Undo;
use super::log::Word;
use super::revert::Revert;
use super::u256::U256;
use crate::error::Result;
use std::fmt::Display;

/// What a swap on the chain must have asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// An exact input, without a limit that mattered.
    Input,
    /// An exact output, without a limit that mattered.
    Output,
    /// More than the price limit allowed.
    Limit,
}

/// Where the pool and the chain part: the state is as it was before the event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Desync {
    /// Which field of the event.
    pub field: &'static str,
    /// What the pool says.
    pub expected: String,
    /// What the event says.
    pub found: String,
}

impl Desync {
    pub(super) fn new(field: &'static str, expected: &impl Display, found: &impl Display) -> Self {
        Self { field, expected: expected.to_string(), found: found.to_string() }
    }

    /// The event is of a call that would have failed.
    pub(super) fn reverted(event: &'static str, revert: Revert) -> Self {
        Self::new(event, &format!("revert {revert}"), &"an event")
    }
}

/// A pool that can be kept in step with its chain by the logs of its contract.
pub trait Follow: Undo {
    /// What its contract tells.
    type Event;

    /// The event of a log; nothing when the log says nothing about this pool. Refuses a log that is torn.
    fn event(&self, topics: &[Word], data: &[u8]) -> Result<Option<Self::Event>>;

    /// Does what an event says happened at `now`; says what a swap asked for. When anything comes out otherwise, nothing
    /// is changed and the difference is returned.
    ///
    /// `whole` says that all holders and positions are known; else one that the pool does not know is taken for one that
    /// it should have known.
    fn follow(&mut self, event: &Self::Event, now: u32, whole: bool) -> std::result::Result<Option<Asked>, Desync>;
}

pub(super) fn same<T: PartialEq + Display>(field: &'static str, mine: T, logged: T) -> std::result::Result<(), Desync> {
    if mine == logged { Ok(()) } else { Err(Desync::new(field, &mine, &logged)) }
}

/// Compares what the event tells of two amounts.
pub(super) fn same_amounts(
    event: &'static str,
    mine: std::result::Result<[U256; 2], Revert>,
    logged: [Option<U256>; 2],
) -> std::result::Result<(), Desync> {
    let mine = mine.map_err(|revert| Desync::reverted(event, revert))?;
    for (token, field) in ["amount0", "amount1"].into_iter().enumerate() {
        if let Some(logged) = logged[token] {
            same(field, mine[token], logged)?;
        }
    }
    Ok(())
}
