//! The life of an order: what was approved, what is known of it, and what is not.
//!
//! catalogue: O1. `state` is the table of transitions, `life` applies records to one order, `unknown` proves
//! absence, `trades` books every fill once, `exposure` keeps the sums of what is open, and `table` joins them.
//! Facts and rules: safety.md "Orders".
//!
//! # Replace
//! On USD-M and COIN-M a replace amends in place: the proposal's `order` equals its `target`, the order keeps our id
//! and the venue's, and its quantity becomes `filled + qty`. Until the amend is answered the order reserves the
//! larger of both sizes at the better of both prices. On spot a replace is a cancelReplace: `order` differs from
//! `target`, both are reserved until the answer, and each then lives its own life.
//!
//! # A fill is booked once
//! See `trades`: trade ids are remembered per account and instrument up to a bound, and beyond it the venue's own
//! count of what is filled (`cum_qty`) decides. An order is never filled beyond its quantity.

pub mod effects;
pub mod exposure;
mod index;
pub mod life;
mod records;
pub mod state;
pub mod table;
pub mod trades;
pub mod unknown;

pub use effects::{Alarm, Alarms, Change, Doubt, Effects, Fill, Query};
pub use exposure::Exposure;
pub use life::Order;
pub use state::{Pending, State};
pub use table::{Bounds, OrderTable};
pub use unknown::{DueQueries, Proof};

#[cfg(test)]
mod tests;
