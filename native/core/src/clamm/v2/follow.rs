//! Following a pair on a chain: each call is done again from its logs, and the first event that comes out otherwise is told.
//!
//! catalogue: S4, M6. A pair logs a call piece by piece: first the shares that it makes or burns, then `Sync`, and last
//! what it was (`Mint`, `Burn` or `Swap`). So shares and reserves are taken as they are told, and when the last event says
//! what the call was, they are put back and the call itself is made: it must log the same. A `Sync` that nothing follows
//! was `sync`. What the pair owns beyond its reserves (sent to it, not yet counted) no log of the pair tells; it is taken
//! to be what the call shows.
//!
//! Nor does a log tell whether the protocol takes a fee: it shows by its shares. Shares for it that were not expected are
//! held to the product after the last mint or burn, and from then on it takes one; where expected ones are missing, it has
//! been switched off.

use super::{EventV2, NOBODY, Pair, Saved, add};
use crate::clamm::follow::{Asked, Desync, Follow};
use crate::clamm::journal::Undo;
use crate::clamm::log::Word;
use crate::clamm::position::Address;
use crate::clamm::revert::Revert;
use crate::clamm::u256::U256;
use crate::error;

/// More logs than a call writes before its last: beyond it a token must be playing with the shares.
const LOGS_MAX: usize = 256;

/// What is known of the chain beside the pair's state.
#[derive(Debug, Clone, Default)]
pub(super) struct Followed {
    /// The product of the reserves after the last mint or burn, whether the protocol took a fee or not.
    pub(super) k_seen: U256,
    open: Option<Open>,
}

/// A call of which not all has been told: where it began, and its logs so far.
#[derive(Debug, Clone)]
struct Open {
    saved: Saved,
    mark: u64,
    block: u64,
    logs: Vec<EventV2>,
    synced: bool,
}

impl Followed {
    /// What is known of a pair whose state is given.
    pub(super) fn after(head: &super::PairHead) -> Self {
        Self::with(head.k_last)
    }

    pub(super) const fn with(k_seen: U256) -> Self {
        Self { k_seen, open: None }
    }
}

impl Follow for Pair {
    type Event = EventV2;

    /// What may be spent of others' shares is not followed: spending it is not logged.
    fn event(&self, topics: &[Word], data: &[u8]) -> error::Result<Option<EventV2>> {
        Ok(EventV2::of_log(topics, data)?.filter(|event| !matches!(event, EventV2::Approval { .. })))
    }

    fn follow(&mut self, event: &EventV2, now: u32, whole: bool) -> Result<Option<Asked>, Desync> {
        let kept = self.journal.hold();
        let done = self.step(event, now, whole);
        self.journal.release(kept);
        if self.followed.open.is_none() {
            self.journal.settle();
        }
        done.map(|()| None)
    }
}

impl Pair {
    fn step(&mut self, event: &EventV2, now: u32, whole: bool) -> Result<(), Desync> {
        self.leave_earlier_blocks(event)?;
        match *event {
            EventV2::Transfer { from, to, .. } => {
                self.end_of_sync();
                self.open_if(self.makes_or_burns(&from, &to));
                self.take(event, now, whole)
            }
            EventV2::Sync { .. } => {
                self.end_of_sync();
                self.open_if(true);
                self.take(event, now, whole)
            }
            EventV2::Approval { .. } => Ok(()),
            _ => self.finish(event, now, whole),
        }
    }

    /// A call does not go on in the next block.
    fn leave_earlier_blocks(&mut self, event: &EventV2) -> Result<(), Desync> {
        let Some(open) = self.followed.open.as_ref().filter(|open| open.block != self.block()) else { return Ok(()) };
        if !open.synced {
            return Err(Desync::new("event", &"Sync", &event.name()));
        }
        self.followed.open = None;
        Ok(())
    }

    /// A `Sync` that something else follows than what a call ends with was `sync`.
    fn end_of_sync(&mut self) {
        if self.followed.open.as_ref().is_some_and(|open| open.synced) {
            self.followed.open = None;
        }
    }

    fn open_if(&mut self, begins: bool) {
        if begins && self.followed.open.is_none() {
            let (saved, mark, block) = (self.saved(), self.journal.mark(), self.block());
            self.followed.open = Some(Open { saved, mark, block, logs: Vec::new(), synced: false });
        }
    }

    /// Whether a transfer of shares is a call's own.
    fn makes_or_burns(&self, from: &Address, to: &Address) -> bool {
        *from == NOBODY || (*from == self.address && *to == NOBODY)
    }

    /// Takes shares or reserves as they are told.
    fn take(&mut self, event: &EventV2, now: u32, whole: bool) -> Result<(), Desync> {
        if self.followed.open.as_ref().is_some_and(|open| open.logs.len() == LOGS_MAX) {
            return Err(Desync::new("event", &"Sync", &event.name()));
        }
        let taken = match *event {
            EventV2::Sync { reserves } => self.atomic(|pair| {
                pair.head.balances = reserves.map(U256::from);
                pair.update(now)
            }),
            EventV2::Transfer { from, to, value } => self.take_shares(from, to, value, whole),
            _ => Ok(()),
        };
        taken.map_err(|revert| Desync::reverted(event.name(), revert))?;
        if let Some(open) = &mut self.followed.open {
            open.logs.push(*event);
            open.synced = matches!(event, EventV2::Sync { .. });
        }
        Ok(())
    }

    fn take_shares(&mut self, from: Address, to: Address, value: U256, whole: bool) -> Result<(), Revert> {
        self.atomic(|pair| {
            if from == NOBODY {
                return pair.give(to, value);
            }
            pair.know_shares(from, value, whole);
            if pair.makes_or_burns(&from, &to) { pair.destroy(from, value) } else { pair.move_shares(from, to, value) }
        })
    }

    /// Gives a holder the shares that it must have had, where not all holders are known.
    fn know_shares(&mut self, holder: Address, least: U256, whole: bool) {
        if !whole && self.shares(&holder) < least {
            self.hold(holder, least);
        }
    }

    /// The last event of a call: what was taken as told is put back, and the call is made.
    fn finish(&mut self, event: &EventV2, now: u32, whole: bool) -> Result<(), Desync> {
        let Some(open) = self.followed.open.take_if(|open| open.synced) else {
            return Err(Desync::new("event", &"Sync", &event.name()));
        };
        self.put_back_to(&open);
        let done = self.redo(&open, event, now, whole);
        if done.is_err() {
            self.put_back_to(&open);
            for log in &open.logs {
                // They went well before, from the same state.
                let _ = self.step(log, now, whole);
            }
        }
        done
    }

    fn put_back_to(&mut self, open: &Open) {
        self.roll_back(open.mark);
        self.restore(open.saved);
    }

    /// Makes the call with what the protocol took last, then with what the logs say that it takes, then with nothing.
    fn redo(&mut self, open: &Open, event: &EventV2, now: u32, whole: bool) -> Result<(), Desync> {
        let (own, others): (Vec<EventV2>, Vec<EventV2>) = open.logs.iter().partition(|log| match log {
            EventV2::Transfer { from, to, .. } => self.makes_or_burns(from, to),
            _ => true,
        });
        let logged: Vec<EventV2> = own.into_iter().chain([*event]).collect();
        // New shares are the provider's, and before them the protocol's; before the first ones comes what is locked away.
        let mut made = logged.iter().filter_map(|log| match log {
            EventV2::Transfer { from: NOBODY, to, .. } => Some(*to),
            _ => None,
        });
        let (one, another) = (made.next(), made.next());
        let shown = if matches!(event, EventV2::Mint { .. }) { another.and(one) } else { one };
        let known = (self.fee_to, self.head.k_last);
        let mut first = None;
        for (fee_to, k_last) in [known, (shown, self.followed.k_seen), (None, U256::ZERO)] {
            (self.fee_to, self.head.k_last) = (fee_to, k_last);
            match self.try_call(&logged, event, now, whole) {
                Ok(()) => {
                    for other in &others {
                        self.take(other, now, whole)?;
                    }
                    return Ok(());
                }
                Err(desync) => _ = first.get_or_insert(desync),
            }
            self.put_back_to(open);
        }
        first.map_or(Ok(()), Err)
    }

    /// Makes the call and compares what it logs.
    fn try_call(&mut self, logged: &[EventV2], event: &EventV2, now: u32, whole: bool) -> Result<(), Desync> {
        self.make(logged, event, now, whole).map_err(|revert| Desync::reverted(event.name(), revert))?;
        if let Some(desync) = self.told.iter().zip(logged).find_map(|(mine, logged)| mine.difference(logged)) {
            return Err(desync);
        }
        if self.told.len() != logged.len() {
            return Err(Desync::new("logs", &self.told.len(), &logged.len()));
        }
        if !matches!(event, EventV2::Swap { .. }) {
            let [reserve0, reserve1] = self.head.reserves.map(U256::from);
            self.followed.k_seen = reserve0.wrapping_mul(reserve1);
        }
        Ok(())
    }

    fn make(&mut self, logged: &[EventV2], event: &EventV2, now: u32, whole: bool) -> Result<(), Revert> {
        let reserves = logged.iter().find_map(|log| match log {
            EventV2::Sync { reserves } => Some(reserves.map(U256::from)),
            _ => None,
        });
        let reserves = reserves.unwrap_or_default();
        // What was paid out is no longer among the reserves, unless the pair paid it to itself.
        let before = |to: &Address, paid: [U256; 2]| {
            if *to == self.address {
                Ok(reserves)
            } else {
                Ok([add(reserves[0], paid[0])?, add(reserves[1], paid[1])?])
            }
        };
        match *event {
            EventV2::Mint { sender, .. } => {
                let shares = logged.iter().rev().find_map(|log| match log {
                    EventV2::Transfer { to, .. } => Some(*to),
                    _ => None,
                });
                self.head.balances = reserves;
                self.mint(sender, shares.unwrap_or_default(), now).map(drop)
            }
            EventV2::Burn { sender, amounts, to } => {
                self.head.balances = before(&to, amounts)?;
                if let Some(EventV2::Transfer { from, value, .. }) = logged.iter().find(|log| is_burnt(log)) {
                    self.know_shares(*from, *value, whole);
                }
                self.burn(sender, to, now).map(drop)
            }
            EventV2::Swap { sender, out, to, .. } => {
                self.head.balances = before(&to, out)?;
                self.swap(sender, to, out, [U256::ZERO; 2], now).map(drop)
            }
            _ => Ok(()),
        }
    }
}

/// Whether a call's own transfer burns shares.
fn is_burnt(log: &EventV2) -> bool {
    matches!(log, EventV2::Transfer { from, to: NOBODY, .. } if *from != NOBODY)
}
