//! The sequencer: one total order over everything that can change state.
