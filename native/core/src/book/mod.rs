//! Order books and each venue's synchronisation rule.
//!
//! catalogue: M4. `ladder` is one side of a book, `l2` both; `sync` keeps one in step with a venue's snapshot and deltas,
//! and `check` compares rebuilt books with the venue's own best prices.

pub mod check;
mod far;
pub mod l2;
mod ladder;
pub mod sync;

pub use l2::L2Book;
pub use ladder::LEVELS_MAX;
pub use sync::{SyncOutcome, SyncedBook};
