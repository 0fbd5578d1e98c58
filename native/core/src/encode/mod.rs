//! Approved orders to signed request bytes, one file a venue.
//!
//! catalogue: O2. `template` is a request with holes, made once; `text` fills the holes with digits; `sign` signs;
//! `binance` knows the venue's words. Nothing here allocates once the templates are made.

pub mod binance;
pub mod sign;
mod template;
mod text;
