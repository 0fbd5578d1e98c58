//! The EVM simulator for Python: a state, calls on it, and what came of them.
//!
//! catalogue: S10. Integers cross as Python's own, addresses as `0x` texts in lower case, code and data as bytes.

use crate::error::{FullError, InputError, TickwrightError, raise};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList};
use tickwright_core::error::CoreError;
use tickwright_evm::{Account, AccountChange, Address, Call, Ended, Evm, EvmError, Outcome, Reasons};
use tickwright_evm::{SpecId, StateError, World};

mod pool;
mod source;
pub(crate) mod word;

const FORKS: [(&str, SpecId); 8] = [
    ("istanbul", SpecId::ISTANBUL),
    ("berlin", SpecId::BERLIN),
    ("london", SpecId::LONDON),
    ("merge", SpecId::MERGE),
    ("shanghai", SpecId::SHANGHAI),
    ("cancun", SpecId::CANCUN),
    ("prague", SpecId::PRAGUE),
    ("osaka", SpecId::OSAKA),
];

fn refuse(error: EvmError) -> PyErr {
    let text = error.to_string();
    match error {
        EvmError::Invalid(_) | EvmError::State(StateError::UnknownMark(_)) => InputError::new_err(text),
        EvmError::State(StateError::Full { .. }) => FullError::new_err(text),
        EvmError::State(StateError::Source(_)) => TickwrightError::new_err(text),
    }
}

/// The block that a call is in: number, time in seconds since 1970, base fee in wei, coinbase, prevrandao.
#[pyclass(frozen, module = "native._core", eq)]
#[derive(Clone, Default, PartialEq)]
struct EvmBlock {
    inner: tickwright_evm::Block,
}

#[pymethods]
impl EvmBlock {
    #[new]
    #[pyo3(signature = (*, number = 0, timestamp = 0, base_fee = 0, coinbase = None, prevrandao = None))]
    fn new(
        number: u64,
        timestamp: u64,
        base_fee: u64,
        coinbase: Option<&Bound<'_, PyAny>>,
        prevrandao: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let coinbase = coinbase.map(|given| word::address("coinbase", given)).transpose()?.unwrap_or_default();
        let prevrandao = prevrandao.map(|given| word::hash("prevrandao", given)).transpose()?.unwrap_or_default();
        Ok(Self { inner: tickwright_evm::Block { number, timestamp, base_fee, coinbase, prevrandao } })
    }

    /// Its number.
    #[getter]
    fn number(&self) -> u64 {
        self.inner.number
    }

    /// Its time, seconds since 1970.
    #[getter]
    fn timestamp(&self) -> u64 {
        self.inner.timestamp
    }
}

/// What came of a call.
///
/// `status` is success, revert or halt; `reason` is the text of a revert (`LOK`, `Panic(0x11)`, a signature or selector,
/// empty where the contract gave none) or of a halt. `logs` are (address, topics, data). `changes` are what differs, by
/// address: {"balance": (before, after), "nonce": (before, after), "code": bytes or None, "destroyed": bool,
/// "storage": {slot: (before, after)}}.
#[pyclass(frozen, get_all, module = "native._core")]
struct EvmOutcome {
    status: &'static str,
    reason: String,
    output: Py<PyBytes>,
    created: Option<String>,
    gas_used: u64,
    logs: Py<PyList>,
    changes: Py<PyDict>,
}

#[pymethods]
impl EvmOutcome {
    fn __repr__(&self) -> String {
        format!("EvmOutcome(status={:?}, reason={:?}, gas_used={})", self.status, self.reason, self.gas_used)
    }
}

fn told(py: Python<'_>, outcome: Outcome) -> PyResult<EvmOutcome> {
    let (status, reason) = match outcome.ended {
        Ended::Success => ("success", String::new()),
        Ended::Revert(reason) => ("revert", reason.to_string()),
        Ended::Halt(why) => ("halt", why),
    };
    let logs = PyList::empty(py);
    for log in &outcome.logs {
        let topics: Vec<_> = log.data.topics().iter().map(|topic| PyBytes::new(py, topic.as_slice())).collect();
        logs.append((word::address_text(log.address), topics, PyBytes::new(py, &log.data.data)))?;
    }
    let changes = PyDict::new(py);
    for change in &outcome.changes {
        changes.set_item(word::address_text(change.address), changed(py, change)?)?;
    }
    Ok(EvmOutcome {
        status,
        reason,
        output: PyBytes::new(py, &outcome.output).unbind(),
        created: outcome.created.map(word::address_text),
        gas_used: outcome.gas_used,
        logs: logs.unbind(),
        changes: changes.unbind(),
    })
}

fn changed<'py>(py: Python<'py>, change: &AccountChange) -> PyResult<Bound<'py, PyDict>> {
    let storage = PyDict::new(py);
    for slot in &change.slots {
        storage.set_item(word::int(py, slot.key)?, (word::int(py, slot.before)?, word::int(py, slot.after)?))?;
    }
    let dict = PyDict::new(py);
    dict.set_item("balance", (word::int(py, change.balance.0)?, word::int(py, change.balance.1)?))?;
    dict.set_item("nonce", change.nonce)?;
    dict.set_item("code", change.deployed.as_ref().map(|code| PyBytes::new(py, code)))?;
    dict.set_item("destroyed", change.destroyed)?;
    dict.set_item("storage", storage)?;
    Ok(dict)
}

/// A chain's state and rules: accounts, code and storage, and any call on them.
///
/// `source` is asked once for what is not here (see `feeds.chain_state`); without one, all else is empty. `errors` are
/// signatures of contracts' own errors, so that reverts are named. `fork` is one of istanbul, berlin, london, merge,
/// shanghai, cancun, prague, osaka. More than `entries_max` accounts, slots and kept changes are a `FullError`.
#[pyclass(module = "native._core")]
pub struct EvmState {
    /// The rules over the state.
    pub(crate) inner: Evm,
    raised: source::Raised,
}

impl EvmState {
    /// The source's own exception where it raised one, else ours.
    fn refuse(&self, error: impl Into<EvmError>) -> PyErr {
        self.raised.take().unwrap_or_else(|| refuse(error.into()))
    }
}

/// An account as Python sees it: balance, nonce, code.
type Parts<'py> = (Bound<'py, PyAny>, u64, Bound<'py, PyBytes>);

#[pymethods]
impl EvmState {
    #[new]
    #[pyo3(signature = (*, source = None, fork = "osaka", chain_id = 1, errors = vec![], entries_max = 1_000_000))]
    fn new(
        source: Option<Py<PyAny>>,
        fork: &str,
        chain_id: u64,
        errors: Vec<String>,
        entries_max: usize,
    ) -> PyResult<Self> {
        let known = FORKS.iter().find(|(name, _)| *name == fork).map(|(_, known)| *known);
        let rules = known.ok_or_else(|| {
            raise(CoreError::Field { field: "fork", was: fork.to_owned(), why: "is not a known fork" })
        })?;
        let raised = source::Raised::default();
        let source = source.map(|object| -> Box<dyn tickwright_evm::Source> {
            Box::new(source::PythonSource { object, raised: raised.clone() })
        });
        let inner = Evm::new(World::new(entries_max, source), rules, chain_id, Reasons::new(errors));
        Ok(Self { inner, raised })
    }

    /// Runs one call in a block and, with `commit`, keeps what it changed; `to` None deploys `data` as a contract.
    ///
    /// It is a transaction without a signature: `sender` may be a contract, its nonce is the next one, a gas price of
    /// zero is allowed. Raises `InputError` for what no block could hold, and what the source raised.
    #[pyo3(signature = (to, data = None, *, sender = None, value = None, gas = 30_000_000, gas_price = 0, block = None, commit = false))]
    #[expect(clippy::too_many_arguments, reason = "a transaction has these fields, and Python names them")]
    fn call(
        &mut self,
        py: Python<'_>,
        to: Option<&Bound<'_, PyAny>>,
        data: Option<&Bound<'_, PyAny>>,
        sender: Option<&Bound<'_, PyAny>>,
        value: Option<&Bound<'_, PyAny>>,
        gas: u64,
        gas_price: u128,
        block: Option<&EvmBlock>,
        commit: bool,
    ) -> PyResult<EvmOutcome> {
        let call = Call {
            from: sender.map(|given| word::address("sender", given)).transpose()?.unwrap_or_default(),
            to: to.map(|given| word::address("to", given)).transpose()?,
            data: data.map(|given| word::bytes("data", given)).transpose()?.unwrap_or_default(),
            value: value.map(|given| word::word("value", given)).transpose()?.unwrap_or_default(),
            gas,
            gas_price,
        };
        let block = block.map(|given| given.inner.clone()).unwrap_or_default();
        let outcome = py.detach(|| self.inner.call(&call, &block, commit)).map_err(|error| self.refuse(error))?;
        told(py, outcome)
    }

    /// (balance, nonce, code) of an account; None where there is none.
    fn account<'py>(&mut self, py: Python<'py>, address: &Bound<'py, PyAny>) -> PyResult<Option<Parts<'py>>> {
        let address = word::address("address", address)?;
        let found = self.inner.world.account(address).map_err(|error| self.refuse(error))?;
        found
            .map(|account| Ok((word::int(py, account.balance)?, account.nonce, PyBytes::new(py, &account.code))))
            .transpose()
    }

    /// Puts an account in place of what was there; its storage stays.
    #[pyo3(signature = (address, *, balance = None, nonce = 0, code = None))]
    fn set_account(
        &mut self,
        address: &Bound<'_, PyAny>,
        balance: Option<&Bound<'_, PyAny>>,
        nonce: u64,
        code: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let account = Account {
            balance: balance.map(|given| word::word("balance", given)).transpose()?.unwrap_or_default(),
            nonce,
            code: code.map(|given| word::bytes("code", given)).transpose()?.unwrap_or_default(),
        };
        self.inner.world.set_account(word::address("address", address)?, account).map_err(|error| self.refuse(error))
    }

    /// The value of one storage slot.
    fn slot<'py>(
        &mut self,
        py: Python<'py>,
        address: &Bound<'py, PyAny>,
        key: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (address, key) = (word::address("address", address)?, word::word("key", key)?);
        word::int(py, self.inner.world.slot(address, key).map_err(|error| self.refuse(error))?)
    }

    /// Sets one storage slot.
    fn set_slot(
        &mut self,
        address: &Bound<'_, PyAny>,
        key: &Bound<'_, PyAny>,
        value: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let (address, key) = (word::address("address", address)?, word::word("key", key)?);
        let value = word::word("value", value)?;
        self.inner.world.set_slot(address, key, value).map_err(|error| self.refuse(error))
    }

    /// Puts the accounts of a snapshot into the state: {address: {"balance", "nonce", "code", "storage": {slot: value}}}.
    ///
    /// Every part may be missing; numbers are integers or texts. Raises `InputError` and then has taken nothing over.
    fn load(&mut self, accounts: &Bound<'_, PyDict>) -> PyResult<()> {
        let mark = self.inner.world.mark();
        let done = accounts.iter().try_for_each(|(address, parts)| self.load_one(&address, &parts));
        let settled = if done.is_ok() { self.inner.world.keep(mark) } else { self.inner.world.undo(mark) };
        settled.map_err(|error| self.refuse(error))?;
        done
    }

    /// What `load` takes: every account and slot that is held, as texts, so that it can be written as JSON.
    fn dump<'py>(&mut self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let all = PyDict::new(py);
        let addresses: Vec<Address> = self.inner.world.addresses().collect();
        for address in addresses {
            let Some(account) = self.inner.world.account(address).map_err(|error| self.refuse(error))? else {
                continue;
            };
            let storage = PyDict::new(py);
            for (key, value) in self.inner.world.slots_of(address) {
                storage.set_item(format!("0x{key:x}"), format!("0x{value:x}"))?;
            }
            let parts = PyDict::new(py);
            parts.set_item("balance", account.balance.to_string())?;
            parts.set_item("nonce", account.nonce)?;
            parts.set_item("code", format!("0x{}", word::hex(&account.code)))?;
            parts.set_item("storage", storage)?;
            all.set_item(word::address_text(address), parts)?;
        }
        Ok(all)
    }

    /// A mark of now, for `rollback`.
    fn snapshot(&mut self) -> usize {
        self.inner.world.mark()
    }

    /// Undoes every change since the mark, which is used up with every later one. Raises `InputError` for an unknown one.
    fn rollback(&mut self, mark: usize) -> PyResult<()> {
        self.inner.world.undo(mark).map_err(|error| self.refuse(error))
    }

    /// Keeps every change since the mark, which is used up with every later one. Raises `InputError` for an unknown one.
    fn release(&mut self, mark: usize) -> PyResult<()> {
        self.inner.world.keep(mark).map_err(|error| self.refuse(error))
    }

    /// How many accounts, slots and kept changes are held, of at most `entries_max`.
    #[getter]
    fn entries(&self) -> usize {
        self.inner.world.entries()
    }
}

impl EvmState {
    fn load_one(&mut self, address: &Bound<'_, PyAny>, parts: &Bound<'_, PyAny>) -> PyResult<()> {
        let address = word::address("address", address)?;
        let parts = parts.cast::<PyDict>()?;
        let mut account = Account::default();
        if let Some(balance) = parts.get_item("balance")? {
            account.balance = word::word("balance", &balance)?;
        }
        if let Some(nonce) = parts.get_item("nonce")? {
            let read = u64::try_from(word::word("nonce", &nonce)?).ok();
            account.nonce = read.ok_or_else(|| InputError::new_err("nonce must be below 2^64"))?;
        }
        if let Some(code) = parts.get_item("code")? {
            account.code = word::bytes("code", &code)?;
        }
        self.inner.world.set_account(address, account).map_err(|error| self.refuse(error))?;
        let Some(storage) = parts.get_item("storage")? else { return Ok(()) };
        for (key, value) in storage.cast::<PyDict>()?.iter() {
            let (key, value) = (word::word("storage", &key)?, word::word("storage", &value)?);
            self.inner.world.set_slot(address, key, value).map_err(|error| self.refuse(error))?;
        }
        Ok(())
    }
}

/// Ethereum's hash of some bytes.
#[pyfunction]
fn keccak256<'py>(py: Python<'py>, data: &[u8]) -> Bound<'py, PyBytes> {
    PyBytes::new(py, tickwright_evm::keccak256(data).as_slice())
}

/// Adds this file's classes and functions to the module.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<EvmBlock>()?;
    m.add_class::<EvmOutcome>()?;
    m.add_class::<EvmState>()?;
    m.add_function(wrap_pyfunction!(keccak256, m)?)
}
