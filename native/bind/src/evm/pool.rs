//! A pool of the core and the storage of its contract: one written from the other, or both compared.

use super::{EvmState, word};
use crate::clamm::pool::ClammPool;
use pyo3::prelude::*;
use tickwright_evm::{compare_pool, write_pool};

/// The name of a variable, the core's word, the contract's word.
type Difference<'py> = (String, Bound<'py, PyAny>, Bound<'py, PyAny>);

#[pymethods]
impl EvmState {
    /// Puts the pool's state in place of what the contract at `address` has in its storage; its code stays.
    fn write_pool(&mut self, address: &Bound<'_, PyAny>, pool: PyRef<'_, ClammPool>) -> PyResult<()> {
        let address = word::address("address", address)?;
        write_pool(&mut self.inner.world, address, &pool.inner).map_err(|error| self.refuse(error))
    }

    /// (variable, the core's word, the contract's word) wherever the storage at `address` is not the pool's state.
    fn compare_pool<'py>(
        &mut self,
        py: Python<'py>,
        address: &Bound<'py, PyAny>,
        pool: PyRef<'py, ClammPool>,
    ) -> PyResult<Vec<Difference<'py>>> {
        let address = word::address("address", address)?;
        let found = compare_pool(&mut self.inner.world, address, &pool.inner).map_err(|error| self.refuse(error))?;
        found.into_iter().map(|one| Ok((one.name, word::int(py, one.core)?, word::int(py, one.contract)?))).collect()
    }
}
