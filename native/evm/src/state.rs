//! What the chain holds: accounts, code and storage, given beforehand or asked once from a source, with undo to any mark.
//!
//! A value that a [`Source`] told is a fact of its block and stays when changes are undone; what is not held and has no
//! source is empty, as on a chain. The whole is bounded: what does not fit is an error, never an eviction, because a
//! forgotten change would be a wrong answer.

use std::collections::BTreeMap;
use std::fmt;

use revm::database_interface::{DBErrorMarker, Database};
use revm::primitives::{Address, B256, Bytes, KECCAK_EMPTY, U256, keccak256};
use revm::state::{self, AccountInfo, Bytecode};

/// One account without its storage. An account that does not exist is the default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Balance in wei.
    pub balance: U256,
    /// How many transactions it sent, or contracts it made.
    pub nonce: u64,
    /// Its code as deployed; empty for an account of a person.
    pub code: Bytes,
}

/// Where a state asks for what it does not hold: a node at one block, for instance. Each thing is asked once.
///
/// An error's text reaches the caller of the simulation unchanged.
pub trait Source: Send + Sync {
    /// The account, or None where there is none.
    fn account(&mut self, address: Address) -> Result<Option<Account>, String>;
    /// The value of one storage slot.
    fn slot(&mut self, address: Address, key: U256) -> Result<U256, String>;
    /// The hash of a recent block.
    fn block_hash(&mut self, number: u64) -> Result<B256, String>;
}

/// Why a state could not answer or keep something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StateError {
    /// The source failed; its own words.
    Source(String),
    /// The bound was met: accounts, slots, and changes kept for undo, together.
    Full {
        /// The bound.
        entries_max: usize,
    },
    /// A mark that is not there (any more): a mark can be gone back to once.
    UnknownMark(usize),
}

impl fmt::Display for StateError {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Source(why) => write!(to, "the source of the state failed: {why}"),
            Self::Full { entries_max } => write!(to, "the state is full: entries_max is {entries_max}"),
            Self::UnknownMark(mark) => write!(to, "snapshot must be one that was not gone back behind, was {mark}"),
        }
    }
}

impl std::error::Error for StateError {}
impl DBErrorMarker for StateError {}

/// A point of time that [`World::undo`] can go back to.
pub type Mark = usize;

/// An account as held: its code lies beside, by hash.
#[derive(Clone, Debug)]
struct Held {
    balance: U256,
    nonce: u64,
    code_hash: B256,
    exists: bool,
    /// Whether a slot that is not held is zero; otherwise the source knows.
    whole: bool,
}

/// What stood in a place before a change; None where nothing was held.
enum Before {
    Account(Address, Option<Held>),
    Slot(Address, U256, Option<U256>),
}

/// The state of a chain as far as it is known here.
pub struct World {
    accounts: BTreeMap<Address, Held>,
    slots: BTreeMap<(Address, U256), U256>,
    codes: BTreeMap<B256, Bytecode>,
    hashes: BTreeMap<u64, B256>,
    source: Option<Box<dyn Source>>,
    undo: Vec<Before>,
    marks: Vec<usize>,
    entries_max: usize,
}

impl World {
    /// An empty state of at most `entries_max` accounts, slots and changes kept for undo; without a source, all else is empty.
    pub fn new(entries_max: usize, source: Option<Box<dyn Source>>) -> Self {
        Self {
            accounts: BTreeMap::new(),
            slots: BTreeMap::new(),
            codes: BTreeMap::new(),
            hashes: BTreeMap::new(),
            source,
            undo: Vec::new(),
            marks: Vec::new(),
            entries_max,
        }
    }

    /// How many accounts, slots and undo entries are held.
    pub fn entries(&self) -> usize {
        self.accounts.len() + self.slots.len() + self.undo.len() + self.hashes.len()
    }

    fn room_for(&self, more: usize) -> Result<(), StateError> {
        if self.entries().saturating_add(more) > self.entries_max {
            return Err(StateError::Full { entries_max: self.entries_max });
        }
        Ok(())
    }

    /// The account, asked from the source where it is not held; None where the chain has none.
    pub fn account(&mut self, address: Address) -> Result<Option<Account>, StateError> {
        let held = self.held(address)?;
        Ok(held.exists.then(|| Account {
            balance: held.balance,
            nonce: held.nonce,
            code: self.codes.get(&held.code_hash).map(Bytecode::original_bytes).unwrap_or_default(),
        }))
    }

    /// Puts an account in place of what was there; its storage stays.
    pub fn set_account(&mut self, address: Address, account: Account) -> Result<(), StateError> {
        self.room_for(2)?;
        let whole = self.accounts.get(&address).map_or(self.source.is_none(), |held| held.whole);
        let code_hash = self.keep_code(account.code);
        let held = Held { balance: account.balance, nonce: account.nonce, code_hash, exists: true, whole };
        self.put_account(address, held);
        Ok(())
    }

    /// The value of a slot, asked from the source where it is not held.
    pub fn slot(&mut self, address: Address, key: U256) -> Result<U256, StateError> {
        if let Some(value) = self.slots.get(&(address, key)) {
            return Ok(*value);
        }
        if self.accounts.get(&address).is_some_and(|held| held.whole) {
            return Ok(U256::ZERO);
        }
        let Some(source) = &mut self.source else { return Ok(U256::ZERO) };
        let value = source.slot(address, key).map_err(StateError::Source)?;
        self.room_for(1)?;
        self.slots.insert((address, key), value);
        Ok(value)
    }

    /// Sets one slot.
    pub fn set_slot(&mut self, address: Address, key: U256, value: U256) -> Result<(), StateError> {
        self.room_for(2)?;
        self.put_slot(address, key, value);
        Ok(())
    }

    /// Every held slot of an account that is not zero, by key.
    pub fn slots_of(&self, address: Address) -> impl Iterator<Item = (U256, U256)> {
        self.slots
            .range((address, U256::ZERO)..=(address, U256::MAX))
            .filter(|(_, value)| !value.is_zero())
            .map(|((_, key), value)| (*key, *value))
    }

    /// The addresses of all accounts that are held and exist, in order.
    pub fn addresses(&self) -> impl Iterator<Item = Address> {
        self.accounts.iter().filter(|(_, held)| held.exists).map(|(address, _)| *address)
    }

    /// A mark of now: `undo` goes back to it.
    pub fn mark(&mut self) -> Mark {
        self.marks.push(self.undo.len());
        self.marks.len() - 1
    }

    /// Undoes every change since the mark, which is used up with every later one.
    pub fn undo(&mut self, mark: Mark) -> Result<(), StateError> {
        let Some(&length) = self.marks.get(mark) else { return Err(StateError::UnknownMark(mark)) };
        self.marks.truncate(mark);
        for before in self.undo.drain(length..).rev() {
            match before {
                Before::Account(address, Some(held)) => drop(self.accounts.insert(address, held)),
                Before::Account(address, None) => drop(self.accounts.remove(&address)),
                Before::Slot(address, key, Some(value)) => drop(self.slots.insert((address, key), value)),
                Before::Slot(address, key, None) => drop(self.slots.remove(&(address, key))),
            }
        }
        Ok(())
    }

    /// Keeps every change since the mark for good; the mark and every later one are used up.
    pub fn keep(&mut self, mark: Mark) -> Result<(), StateError> {
        if mark >= self.marks.len() {
            return Err(StateError::UnknownMark(mark));
        }
        self.marks.truncate(mark);
        if self.marks.is_empty() {
            self.undo.clear();
        }
        Ok(())
    }

    /// Takes over what a transaction changed, all of it or nothing.
    pub(crate) fn commit(&mut self, changed: state::EvmState) -> Result<(), StateError> {
        let touched: BTreeMap<_, _> = changed.into_iter().filter(|(_, account)| account.is_touched()).collect();
        let mut more = 0;
        for (address, account) in &touched {
            let forgets = account.is_created() || account.is_selfdestructed();
            let gone = if forgets { self.slots_of(*address).count() } else { 0 };
            more += 2 + 2 * account.changed_storage_slots().count() + gone;
        }
        self.room_for(more)?;
        for (address, account) in touched {
            self.commit_account(address, account);
        }
        Ok(())
    }

    fn commit_account(&mut self, address: Address, account: state::Account) {
        let destroyed = account.is_selfdestructed();
        let created = account.is_created();
        if destroyed || created {
            let gone: Vec<U256> = self.slots_of(address).map(|(key, _)| key).collect();
            for key in gone {
                self.put_slot(address, key, U256::ZERO);
            }
        }
        let whole =
            destroyed || created || self.accounts.get(&address).map_or(self.source.is_none(), |held| held.whole);
        // EIP-161: an account that was touched and is empty is not there.
        let exists = !destroyed && !account.info.is_empty();
        let held = if exists {
            let code_hash = match account.info.code {
                Some(code) if !code.is_empty() => {
                    self.codes.insert(account.info.code_hash, code);
                    account.info.code_hash
                }
                _ => account.info.code_hash,
            };
            Held { balance: account.info.balance, nonce: account.info.nonce, code_hash, exists, whole }
        } else {
            Held { balance: U256::ZERO, nonce: 0, code_hash: KECCAK_EMPTY, exists, whole }
        };
        self.put_account(address, held);
        if !destroyed {
            for (key, slot) in account.storage.into_iter().filter(|(_, slot)| slot.is_changed()) {
                self.put_slot(address, key, slot.present_value);
            }
        }
    }

    fn held(&mut self, address: Address) -> Result<Held, StateError> {
        if let Some(held) = self.accounts.get(&address) {
            return Ok(held.clone());
        }
        let absent = Held { balance: U256::ZERO, nonce: 0, code_hash: KECCAK_EMPTY, exists: false, whole: true };
        let Some(source) = &mut self.source else { return Ok(absent) };
        let told = source.account(address).map_err(StateError::Source)?;
        self.room_for(1)?;
        let held = match told {
            Some(Account { balance, nonce, code }) => {
                let code_hash = self.keep_code(code);
                Held { balance, nonce, code_hash, exists: true, whole: false }
            }
            None => absent,
        };
        self.accounts.insert(address, held.clone());
        Ok(held)
    }

    fn keep_code(&mut self, code: Bytes) -> B256 {
        if code.is_empty() {
            return KECCAK_EMPTY;
        }
        let hash = keccak256(&code);
        self.codes.entry(hash).or_insert_with(|| Bytecode::new_raw(code));
        hash
    }

    fn put_account(&mut self, address: Address, held: Held) {
        let before = self.accounts.insert(address, held);
        if !self.marks.is_empty() {
            self.undo.push(Before::Account(address, before));
        }
    }

    /// A zero is held where the source might know another value, and otherwise is what is not held.
    fn put_slot(&mut self, address: Address, key: U256, value: U256) {
        let before = if value.is_zero() && self.source.is_none() {
            self.slots.remove(&(address, key))
        } else {
            self.slots.insert((address, key), value)
        };
        if !self.marks.is_empty() {
            self.undo.push(Before::Slot(address, key, before));
        }
    }
}

impl Database for World {
    type Error = StateError;

    fn basic(&mut self, address: Address) -> Result<Option<AccountInfo>, StateError> {
        let held = self.held(address)?;
        let code = self.codes.get(&held.code_hash).cloned().unwrap_or_default();
        Ok(held.exists.then(|| AccountInfo::new(held.balance, held.nonce, held.code_hash, code)))
    }

    fn code_by_hash(&mut self, code_hash: B256) -> Result<Bytecode, StateError> {
        Ok(self.codes.get(&code_hash).cloned().unwrap_or_default())
    }

    fn storage(&mut self, address: Address, key: U256) -> Result<U256, StateError> {
        self.slot(address, key)
    }

    fn block_hash(&mut self, number: u64) -> Result<B256, StateError> {
        if let Some(hash) = self.hashes.get(&number) {
            return Ok(*hash);
        }
        let Some(source) = &mut self.source else { return Ok(B256::ZERO) };
        let hash = source.block_hash(number).map_err(StateError::Source)?;
        self.room_for(1)?;
        self.hashes.insert(number, hash);
        Ok(hash)
    }
}
