//! The engine's step as named phases: the only file that sees every room of the core.
