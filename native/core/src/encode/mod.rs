//! Approved orders to signed request bytes, one file a venue.
