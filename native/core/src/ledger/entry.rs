//! What an entry is: accounts by class, postings that balance in every asset, at most eight of them.
//!
//! catalogue: O7. A posting's amount is signed: a debit is positive, a credit negative. So debits = credits is the
//! same as: in each asset the amounts sum to zero.

use crate::canon_enum;
use crate::error::{CoreError, Result};
use crate::instrument::Market;
use crate::state;
use crate::units::{Amount, Nanos};

/// Postings of one entry at most.
pub const POSTINGS_MAX: usize = 8;

/// What an account of the ledger stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Class {
    /// Ours at the venue: the wallet. An asset account, so money in is a debit.
    Wallet = 1,
    /// The counterparty of spot trades.
    Trading = 2,
    /// Fees paid: an expense, so a fee is a debit and a rebate a credit.
    Fees = 3,
    /// Funding: what we received is a credit.
    Funding = 4,
    /// Realised profit of contracts: a profit is a credit.
    Pnl = 5,
    /// The world outside: deposits, withdrawals, opening balances.
    External = 6,
    /// What the venue counts differently from us, kept in sight until a person explains it.
    Suspense = 7,
}
canon_enum!(Class { Wallet, Trading, Fees, Funding, Pnl, External, Suspense });

impl Class {
    /// The name in views.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Wallet => "wallet",
            Self::Trading => "trading",
            Self::Fees => "fees",
            Self::Funding => "funding",
            Self::Pnl => "pnl",
            Self::External => "external",
            Self::Suspense => "suspense",
        }
    }
}

/// What an entry records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum EntryKind {
    /// A fill and its fee.
    Fill = 1,
    /// A funding payment.
    Funding = 2,
    /// A deposit, withdrawal or transfer between wallets.
    Transfer = 3,
    /// The first statement of a wallet: what was there before us.
    Opening = 4,
}
canon_enum!(EntryKind { Fill, Funding, Transfer, Opening });

state! {
    /// One account of the ledger: a class of one account of ours, in one market's wallet, in one asset.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub struct Key {
        /// Our account.
        pub account: u16,
        /// The market whose wallet it is; spot and futures wallets of one account are two.
        pub market: Market,
        /// The asset.
        pub asset: u16,
        /// What it stands for.
        pub class: Class,
    }
}

state! {
    /// One side of an entry.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Posting {
        /// The account.
        pub key: Key,
        /// Debit positive, credit negative, in the asset's smallest unit.
        pub amount: Amount,
    }
}

state! {
    /// One entry: what happened, and its balanced postings.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Entry {
        /// The sequence number of the event behind it.
        pub seq: u64,
        /// When, by that event.
        pub ts: Nanos,
        /// What.
        pub kind: EntryKind,
        /// The instrument, or 0.
        pub instrument: u32,
        /// The trade id or the venue's reference, or 0.
        pub reference: u64,
        /// How many of `postings` are in use.
        pub len: u8,
        /// The postings.
        pub postings: [Posting; 8],
    }
}

const UNUSED: Posting =
    Posting { key: Key { account: 0, market: Market::Spot, asset: 0, class: Class::Wallet }, amount: 0 };

impl Entry {
    /// An entry without postings.
    #[must_use]
    pub const fn new(seq: u64, ts: Nanos, kind: EntryKind, instrument: u32, reference: u64) -> Self {
        Self { seq, ts, kind, instrument, reference, len: 0, postings: [UNUSED; POSTINGS_MAX] }
    }

    /// Adds a posting; one of zero is left out.
    pub fn post(&mut self, key: Key, amount: Amount) -> Result<()> {
        if amount == 0 {
            return Ok(());
        }
        let full = CoreError::Full { what: "ledger entry", capacity: POSTINGS_MAX };
        *self.postings.get_mut(self.len as usize).ok_or(full)? = Posting { key, amount };
        self.len += 1;
        Ok(())
    }

    /// Moves `amount` from `from` to `to`: a debit there, a credit here.
    pub fn transfer(&mut self, from: Key, to: Key, amount: Amount) -> Result<()> {
        let credit = amount.checked_neg().ok_or_else(|| CoreError::Field {
            field: "posting.amount",
            was: amount.to_string(),
            why: "is too large",
        })?;
        self.post(to, amount)?;
        self.post(from, credit)
    }

    /// The postings in use.
    #[must_use]
    pub fn postings(&self) -> &[Posting] {
        self.postings.get(..self.len as usize).unwrap_or(&self.postings)
    }

    /// Debits = credits in every asset, or an error that names the asset.
    pub fn check(&self) -> Result<()> {
        for posting in self.postings() {
            let asset = posting.key.asset;
            let mut same = self.postings().iter().filter(|other| other.key.asset == asset);
            let sum = same.try_fold(0_i128, |sum, other| sum.checked_add(other.amount));
            if sum != Some(0) {
                let was = format!("{sum:?} in asset {asset}, entry {} of kind {:?}", self.seq, self.kind);
                return Err(CoreError::Broken { invariant: "debits = credits", was });
            }
        }
        Ok(())
    }
}
