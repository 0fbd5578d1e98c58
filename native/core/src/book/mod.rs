//! Order books and each venue's synchronisation rule.
//!
//! catalogue: M4. `l2` is a book of price levels; `sync` keeps one in step with a venue's snapshot and deltas.

pub mod l2;
pub mod sync;

pub use l2::{L2Book, LEVELS_MAX};
pub use sync::{SyncOutcome, SyncedBook};
