//! One transaction over a state: what came of it, what it returned and logged, what it cost, and what it changed.
//!
//! A call is a transaction of the chain without a signature: the nonce is the sender's next one, a contract may be the
//! sender, and a gas price of zero is allowed under any base fee (what a node's `eth_call` allows). Everything else is
//! the chain's rule, of the fork that was chosen.

use std::fmt;

use revm::context::result::{EVMError, ExecutionResult, Output};
use revm::context::{BlockEnv, Context, TxEnv};
use revm::primitives::{Address, B256, Bytes, Log, TxKind, U256, hardfork::SpecId};
use revm::state::EvmState;
use revm::{ExecuteEvm, MainBuilder, MainContext};

use crate::reason::{Reason, Reasons};
use crate::state::{StateError, World};

/// The most gas of one call: it bounds the time and the memory (some 23 MiB) that a call can take.
pub const GAS_MAX: u64 = 1_000_000_000;

/// The block that a call is in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Block {
    /// Its number.
    pub number: u64,
    /// Its time, seconds since 1970.
    pub timestamp: u64,
    /// Base fee, wei per gas.
    pub base_fee: u64,
    /// Who is paid for it.
    pub coinbase: Address,
    /// What `block.prevrandao` gives.
    pub prevrandao: B256,
}

/// One call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Who sends it.
    pub from: Address,
    /// Whom it calls; None deploys `data` as a contract.
    pub to: Option<Address>,
    /// Selector and arguments, or creation code and arguments.
    pub data: Bytes,
    /// Wei that it carries.
    pub value: U256,
    /// Gas limit, at most [`GAS_MAX`].
    pub gas: u64,
    /// Wei per gas; zero pays nothing.
    pub gas_price: u128,
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It did what it was asked.
    Success,
    /// A contract refused, and gave this reason.
    Revert(Reason),
    /// The machine stopped it (out of gas, a wrong jump, ...), and took all the gas.
    Halt(String),
}

/// One storage slot before and after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotChange {
    /// Its key.
    pub key: U256,
    /// What stood there.
    pub before: U256,
    /// What stands there.
    pub after: U256,
}

/// What a call changed of one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountChange {
    /// Whose.
    pub address: Address,
    /// Balance before and after, wei.
    pub balance: (U256, U256),
    /// Nonce before and after.
    pub nonce: (u64, u64),
    /// The code that was deployed to it.
    pub deployed: Option<Bytes>,
    /// Whether it is gone.
    pub destroyed: bool,
    /// Every slot that differs, by key.
    pub slots: Vec<SlotChange>,
}

/// All that came of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// How it ended.
    pub ended: Ended,
    /// What it returned; a deployment the code, a revert its data, a halt nothing.
    pub output: Bytes,
    /// The address of what it deployed.
    pub created: Option<Address>,
    /// Gas that the transaction pays for, after refunds.
    pub gas_used: u64,
    /// What was logged, in order; nothing unless it succeeded.
    pub logs: Vec<Log>,
    /// What differs, by address: of a reverted call only what the sender paid.
    pub changes: Vec<AccountChange>,
}

/// Why a call was not run at all; the state is as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EvmError {
    /// No block could hold this transaction; the sentence says why.
    Invalid(String),
    /// The state could not answer.
    State(StateError),
}

impl fmt::Display for EvmError {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid(why) => to.write_str(why),
            Self::State(error) => error.fmt(to),
        }
    }
}

impl std::error::Error for EvmError {}

impl From<StateError> for EvmError {
    fn from(error: StateError) -> Self {
        Self::State(error)
    }
}

/// A chain's rules over a state.
pub struct Evm {
    /// The state; whoever sets up a scenario writes it directly.
    pub world: World,
    fork: SpecId,
    chain_id: u64,
    reasons: Reasons,
}

impl Evm {
    /// The rules of `fork` with this chain's number; `reasons` names errors of contracts.
    pub fn new(world: World, fork: SpecId, chain_id: u64, reasons: Reasons) -> Self {
        Self { world, fork, chain_id, reasons }
    }

    /// Runs one call in a block and, with `commit`, keeps what it changed.
    ///
    /// A revert and a halt are outcomes, not errors, and with `commit` cost the sender nonce and gas as on a chain.
    pub fn call(&mut self, call: &Call, block: &Block, commit: bool) -> Result<Outcome, EvmError> {
        if call.gas > GAS_MAX {
            return Err(EvmError::Invalid(format!("gas must be at most {GAS_MAX}, was {}", call.gas)));
        }
        let (fork, chain_id, free) = (self.fork, self.chain_id, call.gas_price == 0);
        let ran = Context::mainnet()
            .with_db(&mut self.world)
            .with_block(environment(block))
            .modify_cfg_chained(|rules| {
                rules.set_spec_and_mainnet_gas_params(fork);
                rules.chain_id = chain_id;
                rules.disable_nonce_check = true;
                rules.disable_eip3607 = true;
                rules.disable_base_fee = free;
                rules.tx_gas_limit_cap = Some(GAS_MAX);
            })
            .build_mainnet()
            .transact(transaction(call, chain_id))
            .map_err(|error| match error {
                EVMError::Database(error) => EvmError::State(error),
                other => EvmError::Invalid(other.to_string()),
            })?;
        let changes = changes(&ran.state);
        if commit {
            self.world.commit(ran.state)?;
        }
        Ok(self.outcome(ran.result, changes))
    }

    fn outcome(&self, result: ExecutionResult, changes: Vec<AccountChange>) -> Outcome {
        let gas_used = result.tx_gas_used();
        let (ended, output, created, logs) = match result {
            ExecutionResult::Success { output: Output::Call(output), logs, .. } => (Ended::Success, output, None, logs),
            ExecutionResult::Success { output: Output::Create(code, created), logs, .. } => {
                (Ended::Success, code, created, logs)
            }
            ExecutionResult::Revert { output, .. } => {
                (Ended::Revert(self.reasons.read(&output)), output, None, Vec::new())
            }
            ExecutionResult::Halt { reason, .. } => (Ended::Halt(reason.to_string()), Bytes::new(), None, Vec::new()),
        };
        Outcome { ended, output, created, gas_used, logs, changes }
    }
}

fn environment(block: &Block) -> BlockEnv {
    BlockEnv {
        number: U256::from(block.number),
        timestamp: U256::from(block.timestamp),
        gas_limit: GAS_MAX,
        basefee: block.base_fee,
        beneficiary: block.coinbase,
        prevrandao: Some(block.prevrandao),
        ..BlockEnv::default()
    }
}

fn transaction(call: &Call, chain_id: u64) -> TxEnv {
    TxEnv {
        caller: call.from,
        kind: call.to.map_or(TxKind::Create, TxKind::Call),
        data: call.data.clone(),
        value: call.value,
        gas_limit: call.gas,
        gas_price: call.gas_price,
        chain_id: Some(chain_id),
        ..TxEnv::default()
    }
}

/// What differs between before and after, in the order of addresses and keys.
fn changes(state: &EvmState) -> Vec<AccountChange> {
    let mut all = Vec::new();
    for (address, account) in state.iter().filter(|(_, account)| account.is_touched()) {
        let before = account.original_info();
        let mut slots: Vec<SlotChange> = account
            .changed_storage_slots()
            .map(|(key, slot)| SlotChange { key: *key, before: slot.original_value, after: slot.present_value })
            .collect();
        slots.sort_by_key(|slot| slot.key);
        let deployed = (before.code_hash != account.info.code_hash)
            .then(|| account.info.code.as_ref().map(|code| code.original_bytes()))
            .flatten();
        let change = AccountChange {
            address: *address,
            balance: (before.balance, account.info.balance),
            nonce: (before.nonce, account.info.nonce),
            deployed,
            destroyed: account.is_selfdestructed(),
            slots,
        };
        if change.differs() {
            all.push(change);
        }
    }
    all.sort_by_key(|change| change.address);
    all
}

impl AccountChange {
    fn differs(&self) -> bool {
        self.balance.0 != self.balance.1
            || self.nonce.0 != self.nonce.1
            || self.deployed.is_some()
            || self.destroyed
            || !self.slots.is_empty()
    }
}
