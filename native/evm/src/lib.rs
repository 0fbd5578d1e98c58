//! The EVM simulator: any calldata on real bytecode over a state that we hold, told as result, reason, logs and changes.
//!
//! catalogue: S10. Files in the order of reading: `state` is what the chain holds (given, or asked from a [`Source`]), `call`
//! runs one transaction over it, `reason` reads why one reverted, `pool_storage`
//! puts a pool of the core where its contract keeps it. The crate does no I/O and reads no clock: blocks and
//! sources are inputs, and equal inputs give equal outcomes. It stands beside the core because its dependencies are many
//! and the core's are few (decision 21).

pub mod call;
pub mod pool_storage;
pub mod reason;
pub mod state;

pub use revm::primitives::{Address, B256, Bytes, Log, U256, hardfork::SpecId, keccak256};

pub use call::{AccountChange, Block, Call, Ended, Evm, EvmError, GAS_MAX, Outcome, SlotChange};
pub use pool_storage::{PoolDifference, PoolSlot, compare_pool, pool_slots, write_pool};
pub use reason::{Reason, Reasons};
pub use state::{Account, Mark, Source, StateError, World};

#[cfg(test)]
mod tests;
