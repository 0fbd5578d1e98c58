//! The orders and fills that the venue can be asked for, by id and by client id, bounded.
//!
//! catalogue: S1. Open orders are never forgotten; of closed orders and of fills the newest `KEPT_MAX` a symbol stay.

use super::order::{ClientId, Fill, Order};
use crate::state;
use std::collections::{BTreeMap, VecDeque};

/// How many closed orders, and how many fills, a symbol remembers. The oldest go first.
pub const KEPT_MAX: usize = 200_000;

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
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
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
        orders: BTreeMap<u64, Order>,
        open: BTreeMap<OpenKey, u8>,
        clients: BTreeMap<ClientKey, u64>,
        closed: VecDeque<u64>,
        fills: VecDeque<Fill>,
    }
}

impl History {
    /// Takes a new open order in; it is the newest of its client id.
    pub fn insert(&mut self, order: Order) {
        self.open.insert(OpenKey { account: order.account, id: order.id }, 0);
        self.clients.insert(ClientKey { account: order.account, client_id: order.client_id }, order.id);
        self.orders.insert(order.id, order);
    }

    /// An order by id.
    #[must_use]
    pub fn get(&self, id: u64) -> Option<&Order> {
        self.orders.get(&id)
    }

    /// An order by id, for writing.
    pub fn get_mut(&mut self, id: u64) -> Option<&mut Order> {
        self.orders.get_mut(&id)
    }

    /// The newest order with a client id.
    #[must_use]
    pub fn by_client(&self, account: u32, client_id: ClientId) -> Option<&Order> {
        self.clients.get(&ClientKey { account, client_id }).and_then(|id| self.orders.get(id))
    }

    /// An account's open orders, oldest first.
    pub fn open_of(&self, account: u32) -> impl DoubleEndedIterator<Item = &Order> {
        let (from, to) = (OpenKey { account, id: 0 }, OpenKey { account, id: u64::MAX });
        self.open.range(from..=to).filter_map(|(key, _)| self.orders.get(&key.id))
    }

    /// All open orders of known accounts.
    pub fn open_all(&self) -> impl Iterator<Item = &Order> {
        self.open.keys().filter_map(|key| self.orders.get(&key.id))
    }

    /// An account's orders, open and closed, oldest first.
    pub fn all_of(&self, account: u32) -> impl Iterator<Item = &Order> {
        self.orders.values().filter(move |order| order.account == account)
    }

    /// Notes that an order closed; the oldest closed one is forgotten when there are too many.
    pub fn close(&mut self, account: u32, id: u64) {
        self.open.remove(&OpenKey { account, id });
        self.closed.push_back(id);
        if self.closed.len() <= KEPT_MAX {
            return;
        }
        let Some(order) = self.closed.pop_front().and_then(|old| self.orders.remove(&old)) else { return };
        let key = ClientKey { account: order.account, client_id: order.client_id };
        if self.clients.get(&key) == Some(&order.id) {
            self.clients.remove(&key);
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
