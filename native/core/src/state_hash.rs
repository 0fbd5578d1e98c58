//! The state hash: one SHA-256 a component, and one over those.
