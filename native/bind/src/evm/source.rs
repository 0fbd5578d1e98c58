//! A state that Python looks up: an object with `account`, `slot` and `block_hash`, asked once for each thing.

use super::word;
use pyo3::prelude::*;
use std::sync::{Arc, Mutex, PoisonError};
use tickwright_evm::{Account, Address, B256, Source, U256};

/// The exception that a source raised last, kept so that the caller of the simulation meets it unchanged.
#[derive(Clone, Default)]
pub struct Raised(Arc<Mutex<Option<PyErr>>>);

impl Raised {
    fn keep(&self, error: PyErr) -> String {
        let text = error.to_string();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        text
    }

    /// Takes it out.
    pub fn take(&self) -> Option<PyErr> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// The object, and where its exceptions go.
pub struct PythonSource {
    /// What Python gave.
    pub object: Py<PyAny>,
    /// The exception of a failed question.
    pub raised: Raised,
}

impl PythonSource {
    fn ask<T>(&self, question: impl FnOnce(&Bound<'_, PyAny>) -> PyResult<T>) -> Result<T, String> {
        Python::attach(|py| question(self.object.bind(py))).map_err(|error| self.raised.keep(error))
    }
}

impl Source for PythonSource {
    fn account(&mut self, address: Address) -> Result<Option<Account>, String> {
        self.ask(|object| {
            let told = object.call_method1("account", (word::address_text(address),))?;
            if told.is_none() {
                return Ok(None);
            }
            let (balance, nonce, code): (Bound<'_, PyAny>, u64, Bound<'_, PyAny>) = told.extract()?;
            let (balance, code) = (word::word("balance", &balance)?, word::bytes("code", &code)?);
            Ok(Some(Account { balance, nonce, code }))
        })
    }

    fn slot(&mut self, address: Address, key: U256) -> Result<U256, String> {
        self.ask(|object| {
            let key = word::int(object.py(), key)?;
            word::word("slot", &object.call_method1("slot", (word::address_text(address), key))?)
        })
    }

    fn block_hash(&mut self, number: u64) -> Result<B256, String> {
        self.ask(|object| word::hash("block_hash", &object.call_method1("block_hash", (number,))?))
    }
}
