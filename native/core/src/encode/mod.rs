//! Approved orders to signed request bytes, one file a venue.
//!
//! catalogue: O2. `template` is text with holes, made once; `text` fills the holes with digits; `sign` signs; `request`
//! joins the three; `binance` knows the venue's words. Nothing here allocates once the templates are made.

pub mod binance;
mod request;
pub mod sign;
mod template;
mod text;
