//! The order table: bounded, preallocated, and open to nothing but what the gate has approved.
//!
//! catalogue: O1. Open orders stand in one dense run; an order leaves it when it is over and nothing about it is
//! open, into a ring of recent ones where late fills still find it. Look-ups go by our id through a fixed index, so
//! closed orders cost nothing. Full means an error and no change: the open orders, the exposure groups and the trade
//! memories each have their bound; the ring forgets its oldest, and a fill for a forgotten order is booked with the
//! alarm `UnknownOrder`.

use super::effects::{Alarm, Change, Doubt, Effects, Fill};
use super::exposure::{Exposure, Exposures, Share, better};
use super::index::{Index, Place};
use super::life::{Amend, Order};
use super::state::{Input, Pending, State};
use super::trades::{Trades, Verdict, fill_qty};
use super::unknown::{DueQueries, Proof};
use crate::error::{CoreError, Result};
use crate::event::{Action, Answer, Link, Outcome, Proposal, Report, Request, Sent, flags};
use crate::gate::Approved;
use crate::state;
use crate::units::{Amount, NO_PRICE, NO_TIME, Nanos, Side, Ticks};

state! {
    /// How much the table holds. Memory is taken once: about 400 bytes an order, 1.1 kB a pair.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Bounds {
        /// Orders that are not settled.
        pub open_max: u32,
        /// Settled orders that are remembered.
        pub recent_max: u32,
        /// Triples of account, strategy and instrument.
        pub groups_max: u32,
        /// Pairs of account and instrument with a trade memory.
        pub pairs_max: u32,
    }
}

impl Default for Bounds {
    fn default() -> Self {
        Self { open_max: 1024, recent_max: 4096, groups_max: 512, pairs_max: 256 }
    }
}

/// All orders of the engine.
#[derive(Debug, Clone)]
pub struct OrderTable {
    pub(super) bounds: Bounds,
    pub(super) proof: Proof,
    pub(super) open: Vec<Order>,
    /// The ring of settled orders; id 0 where one was taken out again.
    pub(super) recent: Vec<Order>,
    pub(super) recent_next: u32,
    pub(super) wake: Nanos,
    pub(super) exposures: Exposures,
    pub(super) trades: Trades,
    pub(super) index: Index,
}
