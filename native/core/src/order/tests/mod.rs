//! The order table under the fault catalogue (golden tables), against a model, and through snapshots.

mod faults;
mod model;
mod pace;
mod rig;
mod snapshot;
