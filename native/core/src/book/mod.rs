//! Order books and each venue's synchronisation rule.
//!
//! catalogue: M4. `ladder` is one side of a book, `l2` both; `l3` keeps single orders; `sync` keeps an L2 book in step with a venue's snapshot and deltas by
//! the venue's `rule`; `sent` keeps levels as their texts for the venue's checksum, and `check` compares rebuilt books
//! with what the venue says of its own: best prices and checksums; `live` keeps the books of a connection while it lives.

pub mod check;
mod far;
pub mod l2;
pub mod l3;
mod ladder;
pub mod live;
mod outcome;
pub mod rule;
pub mod sent;
pub mod sync;

pub use far::LEVELS_MAX;
pub use l2::L2Book;
pub use outcome::SyncOutcome;
pub use sync::SyncedBook;
