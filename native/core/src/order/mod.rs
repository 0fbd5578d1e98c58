//! The life of an order, from intent to proof of absence.
