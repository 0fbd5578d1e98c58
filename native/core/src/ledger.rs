//! The double-entry ledger: every fill, fee, funding and transfer is one entry whose debits equal its credits.
//!
//! catalogue: O7. Kept are the balances and totals of the accounts, counts, a chained SHA-256 over all entries and
//! the last few entries for views; the entries themselves follow from the journal's events. An entry is checked as a
//! whole before anything is written: unbalanced is `Broken`, no room is `Full`, and then nothing has changed.
//!
//! A venue's statement of a wallet is compared and never adjusted to. The first one of a wallet books what was there
//! before us as an `Opening` entry. A later difference stands until an entry explains it, because USD-M states the
//! wallet before it reports the fill; one that outlives its grace is the alarm (`unexplained`).
//!
//! On contracts the wallet moves by the realised profit that the venue states, the profit account by ours, and a
//! difference of the two stays in `Suspense`.

pub mod entry;

use crate::error::{CoreError, Result};
use crate::event;
use crate::instrument::{Instrument, Market};
use crate::order::Fill;
use crate::position::value::{flow, money};
use crate::sorted::Sorted;
use crate::state;
use crate::units::{Amount, Nanos, Side};
use entry::{Class, Entry, EntryKind, Key, POSTINGS_MAX, Posting};
use sha2::{Digest, Sha256};

/// A realised profit that the venue did not state.
pub const UNSTATED: Amount = Amount::MIN;

state! {
    /// One account's figures.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub struct Account {
        /// Debits less credits.
        pub balance: Amount,
        /// All debits.
        pub debit: Amount,
        /// All credits, as a positive number.
        pub credit: Amount,
        /// Postings.
        pub postings: u64,
    }
}

state! {
    /// What the venue last stated about a wallet.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub struct Stated {
        /// The balance it stated.
        pub amount: Amount,
        /// Stated less ours, as of the statement; 0 once an entry has explained it.
        pub diff: Amount,
        /// When the difference appeared.
        pub since: Nanos,
        /// Statements so far.
        pub count: u64,
    }
}

/// What comparing a statement gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Statement {
    /// Stated less ours; not 0 is the alarm once its grace is over.
    pub diff: Amount,
    /// Whether it was the wallet's first and its balance was booked as the opening.
    pub opening: bool,
    /// What came from outside by it (opening or transfer): no profit, so equity's peak and day move by it too.
    pub moved: Amount,
}

state! {
    /// The ledger.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Ledger {
        accounts: Sorted<Key, Account>,
        stated: Sorted<Key, Stated>,
        entries: u64,
        chain: [u8; 32],
        recent_max: u32,
        recent_next: u32,
        recent: Vec<Entry>,
    }
}

impl Ledger {
    /// An empty ledger for at most `accounts_max` accounts, which keeps the last `recent_max` entries for views.
    #[must_use]
    pub fn new(accounts_max: u32, recent_max: u32) -> Self {
        Self {
            accounts: Sorted::new(accounts_max),
            stated: Sorted::new(accounts_max),
            entries: 0,
            chain: [0; 32],
            recent_max,
            recent_next: 0,
            recent: vec![Entry::new(0, 0, EntryKind::Fill, 0, 0); recent_max as usize],
        }
    }

    /// Makes every account that a fill of this instrument can touch, so that no fill meets a full ledger.
    /// `Full`: none was made.
    pub fn ensure_fill(&mut self, account: u16, instrument: &Instrument, fee_asset: u16) -> Result<()> {
        let key = |class, asset| Key { account, market: instrument.market, asset, class };
        let (settle, quote, base) = (instrument.settle, instrument.quote, instrument.base);
        let fee = if fee_asset == 0 { settle } else { fee_asset };
        let needed = match instrument.market {
            Market::Spot => [
                key(Class::Wallet, base),
                key(Class::Wallet, quote),
                key(Class::Trading, base),
                key(Class::Trading, quote),
                key(Class::Wallet, fee),
                key(Class::Fees, fee),
            ],
            Market::Linear | Market::Inverse => [
                key(Class::Wallet, settle),
                key(Class::Pnl, settle),
                key(Class::Suspense, settle),
                key(Class::Funding, settle),
                key(Class::Wallet, fee),
                key(Class::Fees, fee),
            ],
        };
        self.ensure(&needed)
    }

    fn ensure(&mut self, keys: &[Key]) -> Result<()> {
        let missing = keys.iter().enumerate().filter(|(at, key)| {
            self.accounts.get(**key).is_none() && !keys.iter().take(*at).any(|earlier| earlier == *key)
        });
        if !self.accounts.has_room(missing.count()) {
            return Err(CoreError::Full { what: "ledger accounts", capacity: self.accounts.len() });
        }
        keys.iter().try_for_each(|key| self.accounts.entry(*key, "ledger accounts", Account::default).map(|_| ()))
    }

    /// Books a fill and its fee. `net_realised` is what the netted position realised (0 on spot).
    pub fn fill(&mut self, seq: u64, fill: &Fill, instrument: &Instrument, net_realised: Amount) -> Result<()> {
        let mut entry = Entry::new(seq, fill.ts, EntryKind::Fill, fill.instrument, fill.trade);
        let key = |class, asset| Key { account: fill.account, market: instrument.market, asset, class };
        match instrument.market {
            Market::Spot => self::spot(&mut entry, fill, instrument, key)?,
            Market::Linear | Market::Inverse => {
                let stated = if fill.realised == UNSTATED { net_realised } else { fill.realised };
                let asset = instrument.settle;
                entry.post(key(Class::Wallet, asset), stated)?;
                entry.post(key(Class::Pnl, asset), -net_realised)?;
                let differs = net_realised.checked_sub(stated).ok_or_else(|| too_large("realised", stated))?;
                entry.post(key(Class::Suspense, asset), differs)?;
            }
        }
        if fill.fee != 0 && fill.fee_asset == 0 {
            return Err(CoreError::Field {
                field: "fill.fee_asset",
                was: "0".into(),
                why: "must name the fee's asset",
            });
        }
        entry.transfer(key(Class::Wallet, fill.fee_asset), key(Class::Fees, fill.fee_asset), fill.fee)?;
        self.post(&entry)
    }

    /// Books a funding payment of a wallet in `market`.
    pub fn funding(&mut self, seq: u64, record: &event::Funding, market: Market) -> Result<()> {
        let (header, reference) = (&record.header, record.header.stream_seq);
        let mut entry = Entry::new(seq, header.ts_receive, EntryKind::Funding, header.instrument, reference);
        let key = |class| Key { account: record.account, market, asset: record.asset, class };
        entry.transfer(key(Class::Funding), key(Class::Wallet), record.amount.into())?;
        self.post(&entry)
    }

    /// Compares a venue's statement (`reason` 0), or books a transfer (`reason` 1).
    pub fn balance(&mut self, seq: u64, record: &event::Balance) -> Result<Statement> {
        let market = Market::from_byte(record.market)?;
        let wallet = Key { account: record.account, market, asset: record.asset, class: Class::Wallet };
        match record.reason {
            0 => self.state(seq, record, wallet),
            1 => {
                let moved = record.amount.into();
                self.external(seq, record, wallet, EntryKind::Transfer, moved)?;
                Ok(Statement { diff: self.stated(wallet).diff, opening: false, moved })
            }
            other => Err(CoreError::Field { field: "balance.reason", was: other.to_string(), why: "must be 0 or 1" }),
        }
    }

    fn external(
        &mut self,
        seq: u64,
        record: &event::Balance,
        wallet: Key,
        kind: EntryKind,
        amount: Amount,
    ) -> Result<()> {
        let mut entry = Entry::new(seq, record.header.ts_receive, kind, 0, record.reference);
        entry.transfer(Key { class: Class::External, ..wallet }, wallet, amount)?;
        self.post(&entry)
    }

    fn state(&mut self, seq: u64, record: &event::Balance, wallet: Key) -> Result<Statement> {
        let (amount, now) = (Amount::from(record.amount), record.header.ts_receive);
        if self.stated.get(wallet).is_none() && !self.stated.has_room(1) {
            return Err(CoreError::Full { what: "wallet statements", capacity: self.stated.len() });
        }
        let was = self.stated(wallet);
        let ours = self.balance_of(wallet);
        let diff = amount.checked_sub(ours).ok_or_else(|| too_large("balance.amount", amount))?;
        let opening = was.count == 0;
        if opening && diff != 0 {
            self.external(seq, record, wallet, EntryKind::Opening, diff)?;
        }
        let (diff, moved) = if opening { (0, diff) } else { (diff, 0) };
        let since = if was.diff != 0 && diff != 0 { was.since } else { now };
        let stated = self.stated.entry(wallet, "wallet statements", Stated::default)?;
        *stated = Stated { amount, diff, since, count: was.count + 1 };
        Ok(Statement { diff, opening, moved })
    }

    /// Writes an entry, all of it or nothing: unbalanced is `Broken`, no room is `Full`.
    /// The sequence number of an entry is above 0.
    pub fn post(&mut self, entry: &Entry) -> Result<()> {
        entry.check()?;
        self.fits(entry)?;
        let mut keys = [UNUSED_KEY; POSTINGS_MAX];
        for (slot, posting) in keys.iter_mut().zip(entry.postings()) {
            *slot = posting.key;
        }
        self.ensure(keys.get(..entry.postings().len()).unwrap_or(&keys))?;
        for posting in entry.postings() {
            self.add(posting);
        }
        self.entries += 1;
        self.chain = link(&self.chain, entry);
        self.keep(entry);
        Ok(())
    }

    /// Whether no figure overflows, before any is written. An account that occurs twice is checked with its sum.
    fn fits(&self, entry: &Entry) -> Result<()> {
        for posting in entry.postings() {
            let account = self.accounts.get(posting.key).copied().unwrap_or_default();
            let all = entry.postings().iter().filter(|other| other.key == posting.key);
            let sum = all.clone().try_fold(account.balance, |sum, other| sum.checked_add(other.amount));
            let gross = account.debit.max(account.credit);
            let turned = all.clone().try_fold(gross, |sum, other| sum.checked_add(other.amount.checked_abs()?));
            if sum.is_none() || turned.is_none() {
                return Err(too_large("posting.amount", posting.amount));
            }
        }
        Ok(())
    }

    fn add(&mut self, posting: &Posting) {
        if let Some(account) = self.accounts.get_mut(posting.key) {
            account.balance += posting.amount;
            if posting.amount > 0 {
                account.debit += posting.amount;
            } else {
                account.credit -= posting.amount;
            }
            account.postings += 1;
        }
        if posting.key.class == Class::Wallet {
            let balance = self.balance_of(posting.key);
            if let Some(stated) = self.stated.get_mut(posting.key)
                && stated.amount == balance
            {
                stated.diff = 0;
            }
        }
    }

    fn keep(&mut self, entry: &Entry) {
        if let Some(oldest) = self.recent.get_mut(self.recent_next as usize) {
            *oldest = *entry;
            self.recent_next = (self.recent_next + 1) % self.recent_max.max(1);
        }
    }

    /// Debits less credits of one account; 0 where nothing was posted.
    #[must_use]
    pub fn balance_of(&self, key: Key) -> Amount {
        self.accounts.get(key).map_or(0, |account| account.balance)
    }

    /// The wallet of an account in a market and asset: what we hold there.
    #[must_use]
    pub fn wallet(&self, account: u16, market: Market, asset: u16) -> Amount {
        self.balance_of(Key { account, market, asset, class: Class::Wallet })
    }

    /// What the venue last stated about a wallet.
    #[must_use]
    pub fn stated(&self, wallet: Key) -> Stated {
        self.stated.get(wallet).copied().unwrap_or_default()
    }

    /// Statements whose difference no entry has explained for longer than `grace_ns`: each is an alarm.
    pub fn unexplained(&self, now: Nanos, grace_ns: i64) -> impl Iterator<Item = (Key, Amount)> {
        let open = self
            .stated
            .iter()
            .filter(move |(_, stated)| stated.diff != 0 && now.saturating_sub(stated.since) > grace_ns);
        open.map(|(key, stated)| (key, stated.diff))
    }

    /// All accounts with their figures, by account, market, asset and class.
    pub fn iter(&self) -> impl Iterator<Item = (Key, &Account)> {
        self.accounts.iter()
    }

    /// The trial balance: the sum of all balances of an asset, which is always 0.
    #[must_use]
    pub fn trial(&self, asset: u16) -> Amount {
        self.accounts.iter().filter(|(key, _)| key.asset == asset).map(|(_, account)| account.balance).sum()
    }

    /// The last entries, oldest first.
    pub fn recent(&self) -> impl Iterator<Item = &Entry> {
        let (newer, older) = self.recent.split_at((self.recent_next as usize).min(self.recent.len()));
        older.iter().chain(newer).filter(|entry| entry.seq != 0)
    }

    /// How many entries there have been.
    #[must_use]
    pub const fn entries(&self) -> u64 {
        self.entries
    }

    /// The chained hash of all entries.
    #[must_use]
    pub const fn chain(&self) -> [u8; 32] {
        self.chain
    }
}

const UNUSED_KEY: Key = Key { account: 0, market: Market::Spot, asset: 0, class: Class::Wallet };

/// The postings of a spot fill: base against base, quote against quote, with the market as counterparty.
fn spot(entry: &mut Entry, fill: &Fill, instrument: &Instrument, key: impl Fn(Class, u16) -> Key) -> Result<()> {
    let value = money(instrument, flow(instrument, Side::Sell, fill.price, fill.qty)?)?;
    let (size, sign) = (instrument.base_amount(fill.qty), Amount::from(fill.side.sign()));
    let base = (key(Class::Trading, instrument.base), key(Class::Wallet, instrument.base));
    let quote = (key(Class::Trading, instrument.quote), key(Class::Wallet, instrument.quote));
    entry.transfer(base.0, base.1, sign * size)?;
    entry.transfer(quote.0, quote.1, -sign * value)
}

/// SHA-256 over the chain so far and the entry's fields, each little-endian, in the order of `Entry`.
fn link(chain: &[u8; 32], entry: &Entry) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(chain);
    hash.update(entry.seq.to_le_bytes());
    hash.update(entry.ts.to_le_bytes());
    hash.update([entry.kind as u8, entry.len]);
    hash.update(entry.instrument.to_le_bytes());
    hash.update(entry.reference.to_le_bytes());
    for posting in entry.postings() {
        let key = posting.key;
        hash.update(key.account.to_le_bytes());
        hash.update([key.market as u8, key.class as u8]);
        hash.update(key.asset.to_le_bytes());
        hash.update(posting.amount.to_le_bytes());
    }
    hash.finalize().into()
}

fn too_large(field: &'static str, was: impl ToString) -> CoreError {
    CoreError::Field { field, was: was.to_string(), why: "is too large" }
}

#[cfg(test)]
mod tests;
