//! The events of a v2 pair: from a log's topics and data, and back to the bytes that the bytecode writes.
//!
//! catalogue: S4, M6. Topics are the Keccak-256 of the signatures in the interfaces of pair and token.

use crate::clamm::follow::Desync;
use crate::clamm::log::{Word, Words, account, number, wide, word};
use crate::clamm::position::Address;
use crate::clamm::u256::U256;
use crate::error::Result;

/// What a v2 pair tells. Amounts are smallest units of token 0 and token 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are the contract's parameters, and each variant says when it is emitted")]
pub enum EventV2 {
    /// Shares have moved; from nobody they are new, from the pair to nobody they are burnt.
    Transfer { from: Address, to: Address, value: U256 },
    /// Somebody may spend an account's shares.
    Approval { owner: Address, spender: Address, value: U256 },
    /// Both tokens were paid in for shares.
    Mint { sender: Address, amounts: [U256; 2] },
    /// Both tokens were paid out for shares.
    Burn { sender: Address, amounts: [U256; 2], to: Address },
    /// A swap: what came in and what went out.
    Swap { sender: Address, came: [U256; 2], out: [U256; 2], to: Address },
    /// What the pair counts as its own from now on.
    Sync { reserves: [u128; 2] },
}

/// The first topics.
mod topic {
    use super::{Word, word};

    pub const TRANSFER: Word = word(b"ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef");
    pub const APPROVAL: Word = word(b"8c5be1e5ebec7d5bd14f71427d1e84f3dd0314c0f7b2291e5b200ac8c7c3b925");
    pub const MINT: Word = word(b"4c209b5fc8ad50758f13e2e1088ba56a560dff690a1c6fef26394f4c03821c4f");
    pub const BURN: Word = word(b"dccd412f0b1252819cb1fd330b93224ca42612892bb3f4f789976e6d81936496");
    pub const SWAP: Word = word(b"d78ad95fa46c994b6551d0da85fc275fe613ce37657fb8d5e3d130840159d822");
    pub const SYNC: Word = word(b"1c411e9a96e071241c2f21f7726b17ae89e3cab4c78be50e062b03a9fffbbad1");
}

impl EventV2 {
    /// The event of a log; nothing when it is none of a v2 pair's.
    pub fn of_log(topics: &[Word], data: &[u8]) -> Result<Option<Self>> {
        let Some(first) = topics.first() else { return Ok(None) };
        let read = |event, counts| Words::new(topics, data, event, counts);
        let event = match *first {
            topic::SWAP => {
                let words = read("Swap", (2, 4))?;
                let (came, out) = ([words.u256(0), words.u256(1)], [words.u256(2), words.u256(3)]);
                Self::Swap { sender: words.topic_address(0)?, came, out, to: words.topic_address(1)? }
            }
            topic::SYNC => {
                let words = read("Sync", (0, 2))?;
                Self::Sync { reserves: [words.u112(0)?, words.u112(1)?] }
            }
            topic::MINT => {
                let words = read("Mint", (1, 2))?;
                Self::Mint { sender: words.topic_address(0)?, amounts: [words.u256(0), words.u256(1)] }
            }
            topic::BURN => {
                let words = read("Burn", (2, 2))?;
                let amounts = [words.u256(0), words.u256(1)];
                Self::Burn { sender: words.topic_address(0)?, amounts, to: words.topic_address(1)? }
            }
            topic::TRANSFER => {
                let words = read("Transfer", (2, 1))?;
                Self::Transfer { from: words.topic_address(0)?, to: words.topic_address(1)?, value: words.u256(0) }
            }
            topic::APPROVAL => {
                let words = read("Approval", (2, 1))?;
                let (owner, spender) = (words.topic_address(0)?, words.topic_address(1)?);
                Self::Approval { owner, spender, value: words.u256(0) }
            }
            _ => return Ok(None),
        };
        Ok(Some(event))
    }

    /// The log as the bytecode writes it: its topics and its data.
    #[must_use]
    pub fn to_log(&self) -> (Vec<Word>, Vec<u8>) {
        let (topics, words) = match *self {
            Self::Transfer { from, to, value } => {
                (vec![topic::TRANSFER, account(from), account(to)], vec![wide(value)])
            }
            Self::Approval { owner, spender, value } => {
                (vec![topic::APPROVAL, account(owner), account(spender)], vec![wide(value)])
            }
            Self::Mint { sender, amounts } => (vec![topic::MINT, account(sender)], amounts.map(wide).to_vec()),
            Self::Burn { sender, amounts, to } => {
                (vec![topic::BURN, account(sender), account(to)], amounts.map(wide).to_vec())
            }
            Self::Swap { sender, came, out, to } => {
                (vec![topic::SWAP, account(sender), account(to)], [came, out].concat().into_iter().map(wide).collect())
            }
            Self::Sync { reserves } => (vec![topic::SYNC], reserves.map(number).to_vec()),
        };
        (topics, words.concat())
    }

    /// The event's name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Transfer { .. } => "Transfer",
            Self::Approval { .. } => "Approval",
            Self::Mint { .. } => "Mint",
            Self::Burn { .. } => "Burn",
            Self::Swap { .. } => "Swap",
            Self::Sync { .. } => "Sync",
        }
    }

    /// The first field in which an event of the chain is not this one.
    pub(super) fn difference(&self, logged: &Self) -> Option<Desync> {
        if self.name() != logged.name() {
            return Some(Desync::new("event", &self.name(), &logged.name()));
        }
        let (mine, theirs) = (self.fields(), logged.fields());
        let found = mine.into_iter().zip(theirs).find(|(mine, theirs)| mine != theirs);
        found.map(|((field, expected), (_, found))| Desync { field, expected, found })
    }

    /// The fields by name, in the order of the contract.
    fn fields(&self) -> Vec<(&'static str, String)> {
        let hex = |address: &Address| address.iter().fold("0x".to_owned(), |text, byte| text + &format!("{byte:02x}"));
        let two = |names: [&'static str; 2], amounts: &[U256; 2]| {
            names.into_iter().zip(amounts.iter().map(ToString::to_string)).collect::<Vec<_>>()
        };
        match self {
            Self::Transfer { from, to, value } => {
                vec![("from", hex(from)), ("to", hex(to)), ("value", value.to_string())]
            }
            Self::Approval { owner, spender, value } => {
                vec![("owner", hex(owner)), ("spender", hex(spender)), ("value", value.to_string())]
            }
            Self::Mint { sender, amounts } => {
                [vec![("sender", hex(sender))], two(["amount0", "amount1"], amounts)].concat()
            }
            Self::Burn { sender, amounts, to } => {
                [vec![("sender", hex(sender))], two(["amount0", "amount1"], amounts), vec![("to", hex(to))]].concat()
            }
            Self::Swap { sender, came, out, to } => [
                vec![("sender", hex(sender))],
                two(["amount0_in", "amount1_in"], came),
                two(["amount0_out", "amount1_out"], out),
                vec![("to", hex(to))],
            ]
            .concat(),
            Self::Sync { reserves } => two(["reserve0", "reserve1"], &reserves.map(U256::from)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_what_its_log_says() {
        let (sender, to, two) = ([1; 20], [2; 20], [U256::ONE, U256::MAX]);
        for event in [
            EventV2::Transfer { from: sender, to, value: U256::MAX },
            EventV2::Approval { owner: sender, spender: to, value: U256::ONE },
            EventV2::Mint { sender, amounts: two },
            EventV2::Burn { sender, amounts: two, to },
            EventV2::Swap { sender, came: two, out: [U256::ZERO; 2], to },
            EventV2::Sync { reserves: [7, (1 << 112) - 1] },
        ] {
            let (topics, data) = event.to_log();
            assert_eq!(EventV2::of_log(&topics, &data), Ok(Some(event)));
            assert!(EventV2::of_log(&topics, &data[..data.len() - 1]).is_err(), "{event:?} cut");
            assert_eq!(event.difference(&event), None);
        }
        let (topics, mut data) = EventV2::Sync { reserves: [7, 8] }.to_log();
        data[17] = 1;
        assert!(EventV2::of_log(&topics, &data).is_err(), "a reserve of more than 112 bits");
        assert_eq!(EventV2::of_log(&[[7; 32]], &[]), Ok(None), "another contract's log");
    }
}
