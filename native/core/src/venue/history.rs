//! The orders and fills that the venue can be asked for, by id and by client id, bounded.
//!
//! catalogue: S1. Open orders are never forgotten; of closed orders and of fills the newest `KEPT_MAX` a symbol stay.
//! Orders live in a slab behind two hashed indices, so that a look-up costs the same however many have closed.

use super::order::{ClientId, Fill, Order};
use crate::canon::Canon;
use crate::error::Result;
use crate::state;
use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::hash::{BuildHasherDefault, Hash};

/// How many closed orders, and how many fills, a symbol remembers. The oldest go first.
pub const KEPT_MAX: usize = 200_000;

/// A hashed map without a random key, whose order nobody sees: its canonical form is sorted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index<K: Hash + Eq, V>(HashMap<K, V, BuildHasherDefault<DefaultHasher>>);

impl<K: Hash + Eq, V> Default for Index<K, V> {
    fn default() -> Self {
        Self(HashMap::default())
    }
}

impl<K: Hash + Ord + Copy, V: Copy> Index<K, V> {
    fn sorted(&self) -> BTreeMap<K, V> {
        self.0.iter().map(|(key, value)| (*key, *value)).collect()
    }
}

impl<K: Canon + Hash + Ord + Copy, V: Canon + Copy> Canon for Index<K, V> {
    fn put(&self, out: &mut Vec<u8>) {
        self.sorted().put(out);
    }
    fn take(input: &mut &[u8]) -> Result<Self> {
        Ok(Self(BTreeMap::take(input)?.into_iter().collect()))
    }
    fn leaves(&self) -> usize {
        self.sorted().leaves()
    }
    fn nudge(&mut self, index: usize) {
        let mut sorted = self.sorted();
        sorted.nudge(index);
        self.0 = sorted.into_iter().collect();
    }
}

state! {
    /// An account's order id, sorted by account first.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    pub struct OpenKey {
        /// Whose.
        pub account: u32,
        /// The order.
        pub id: u64,
    }
}

state! {
    /// An account's client id.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub struct ClientKey {
        /// Whose.
        pub account: u32,
        /// The owner's id.
        pub client_id: ClientId,
    }
}

state! {
    /// One symbol's orders of known accounts.
    #[derive(Debug, Clone, PartialEq, Eq, Default)]
    pub struct History {
        slab: Vec<Order>,
        free: Vec<u32>,
        slots: Index<u64, u32>,
        open: BTreeMap<OpenKey, u32>,
        clients: Index<ClientKey, u64>,
        closed: VecDeque<u64>,
        fills: VecDeque<Fill>,
    }
}

impl History {
    /// Takes a new open order in; it is the newest of its client id.
    pub fn insert(&mut self, order: Order) {
        let slot = if let Some(slot) = self.free.pop() {
            self.slab[slot as usize] = order;
            slot
        } else {
            self.slab.push(order);
            (self.slab.len() - 1) as u32
        };
        self.slots.0.insert(order.id, slot);
        self.open.insert(OpenKey { account: order.account, id: order.id }, slot);
        self.clients.0.insert(ClientKey { account: order.account, client_id: order.client_id }, order.id);
    }

    fn at(&self, slot: u32) -> Option<&Order> {
        self.slab.get(slot as usize)
    }

    /// An order by id.
    #[must_use]
    pub fn get(&self, id: u64) -> Option<&Order> {
        self.slots.0.get(&id).and_then(|slot| self.at(*slot))
    }

    /// An order by id, for writing.
    pub fn get_mut(&mut self, id: u64) -> Option<&mut Order> {
        self.slots.0.get(&id).and_then(|slot| self.slab.get_mut(*slot as usize))
    }

    /// The newest order with a client id.
    #[must_use]
    pub fn by_client(&self, account: u32, client_id: ClientId) -> Option<&Order> {
        self.clients.0.get(&ClientKey { account, client_id }).and_then(|id| self.get(*id))
    }

    /// An account's open orders, oldest first.
    pub fn open_of(&self, account: u32) -> impl DoubleEndedIterator<Item = &Order> {
        let (from, to) = (OpenKey { account, id: 0 }, OpenKey { account, id: u64::MAX });
        self.open.range(from..=to).filter_map(|(_, slot)| self.at(*slot))
    }

    /// All open orders of known accounts.
    pub fn open_all(&self) -> impl Iterator<Item = &Order> {
        self.open.values().filter_map(|slot| self.at(*slot))
    }

    /// An account's orders, open and closed, oldest first.
    #[must_use]
    pub fn all_of(&self, account: u32) -> Vec<&Order> {
        let mut orders: Vec<&Order> = self.slots.0.values().filter_map(|slot| self.at(*slot)).collect();
        orders.retain(|order| order.account == account);
        orders.sort_by_key(|order| order.id);
        orders
    }

    /// Notes that an order closed; the oldest closed one is forgotten when there are too many.
    pub fn close(&mut self, account: u32, id: u64) {
        self.open.remove(&OpenKey { account, id });
        self.closed.push_back(id);
        if self.closed.len() <= KEPT_MAX {
            return;
        }
        let Some(slot) = self.closed.pop_front().and_then(|old| self.slots.0.remove(&old)) else { return };
        self.free.push(slot);
        let Some(order) = self.at(slot).copied() else { return };
        let key = ClientKey { account: order.account, client_id: order.client_id };
        if self.clients.0.get(&key) == Some(&order.id) {
            self.clients.0.remove(&key);
        }
    }

    /// Keeps a fill.
    pub fn fill(&mut self, fill: Fill) {
        if self.fills.len() >= KEPT_MAX {
            self.fills.pop_front();
        }
        self.fills.push_back(fill);
    }

    /// An account's fills, oldest first.
    pub fn fills_of(&self, account: u32) -> impl Iterator<Item = &Fill> {
        self.fills.iter().filter(move |fill| fill.account == account)
    }
}
