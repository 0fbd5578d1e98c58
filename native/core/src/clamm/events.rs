//! The events of v3 pools: from a log's topics and data, and back to the bytes that the bytecode writes.
//!
//! catalogue: S4, M6. Topics are the Keccak-256 of the signatures in the pools' event interfaces; the rest are words of 32
//! bytes. A log that is torn, or whose words are wider than their types, is refused with the name of the field.

use super::i256::I256;
use super::log::{Word, Words, account, known, number, signed, wide, word};
use super::position::Address;
use super::u256::U256;
use crate::error::Result;

/// What a v3 pool tells. Amounts are smallest units of token 0 and token 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are the contract's parameters, and each variant says when it is emitted")]
pub enum Event {
    /// The first price.
    Initialize { sqrt_price: U256, tick: i32 },
    /// Liquidity was added. An amount that the source does not tell, or tells wrongly, is nothing.
    Mint { sender: Address, owner: Address, lower: i32, upper: i32, liquidity: u128, amounts: [Option<U256>; 2] },
    /// Liquidity was taken out, or fees were booked (0). Amounts as in `Mint`.
    Burn { owner: Address, lower: i32, upper: i32, liquidity: u128, amounts: [Option<U256>; 2] },
    /// A position was paid.
    Collect { owner: Address, recipient: Address, lower: i32, upper: i32, amounts: [u128; 2] },
    /// A swap. `protocol` is Pancake's: the protocol's part of the fee in both tokens.
    Swap {
        sender: Address,
        recipient: Address,
        amounts: [I256; 2],
        sqrt_price: U256,
        liquidity: u128,
        tick: i32,
        protocol: Option<[u128; 2]>,
    },
    /// A flash loan came back.
    Flash { sender: Address, recipient: Address, amounts: [U256; 2], paid: [U256; 2] },
    /// There is room for more observations.
    IncreaseObservationCardinalityNext { before: u16, after: u16 },
    /// The protocol's shares have changed. `wide` is Pancake's form.
    SetFeeProtocol { before: [u32; 2], after: [u32; 2], wide: bool },
    /// The protocol was paid.
    CollectProtocol { sender: Address, recipient: Address, amounts: [u128; 2] },
}

/// The first topics.
mod topic {
    use super::{Word, word};

    pub const INITIALIZE: Word = word(b"98636036cb66a9c19a37435efc1e90142190214e8abeb821bdba3f2990dd4c95");
    pub const MINT: Word = word(b"7a53080ba414158be7ec69b987b5fb7d07dee101fe85488f0853ae16239d0bde");
    pub const COLLECT: Word = word(b"70935338e69775456a85ddef226c395fb668b63fa0115f5f20610b388e6ca9c0");
    pub const BURN: Word = word(b"0c396cd989a39f4459b5fa1aed6a9a8dcdbc45908acfd67e028cd568da98982c");
    pub const SWAP: Word = word(b"c42079f94a6350d7e6235f29174924f928cc2ac818eb64fed8004e115fbcca67");
    pub const SWAP_PANCAKE: Word = word(b"19b47279256b2a23a1665c810c8d55a1758940ee09377d4f8d26497a3577dc83");
    pub const FLASH: Word = word(b"bdbdb71d7860376ba52b25a5028beea23581364a40522f6bcfb86bb1f2dca633");
    pub const GROW: Word = word(b"ac49e518f90a358f652e4400164f05a5d8f7e35e7747279bc3a93dbf584e125a");
    pub const SET_FEE: Word = word(b"973d8d92bb299f4af6ce49b52a8adb85ae46b9f214c4c4fc06ac77401237b133");
    pub const SET_FEE_PANCAKE: Word = word(b"b3159fed3ddfba67bae294599eafe2d0ec98c08bb38e0e5fb87d33154b6e05aa");
    pub const COLLECT_PROTOCOL: Word = word(b"596b573906218d3411850b26a6b437d6c4522fdb43d2d2386263f86d50b8b151");
}

impl Event {
    /// The event of a log; nothing when it is none of a v3 pool's.
    pub fn of_log(topics: &[Word], data: &[u8]) -> Result<Option<Self>> {
        let Some(first) = topics.first() else { return Ok(None) };
        let event = match *first {
            topic::SWAP => Self::swap(&Words::new(topics, data, "Swap", (2, 5))?, false)?,
            topic::SWAP_PANCAKE => Self::swap(&Words::new(topics, data, "Swap", (2, 7))?, true)?,
            topic::MINT => Self::mint(&Words::new(topics, data, "Mint", (3, 4))?)?,
            topic::BURN => Self::burn(&Words::new(topics, data, "Burn", (3, 3))?)?,
            topic::COLLECT => Self::collect(&Words::new(topics, data, "Collect", (3, 3))?)?,
            _ => return Self::of_rare_log(first, topics, data),
        };
        Ok(Some(event))
    }

    fn of_rare_log(first: &Word, topics: &[Word], data: &[u8]) -> Result<Option<Self>> {
        let event = match *first {
            topic::INITIALIZE => {
                let words = Words::new(topics, data, "Initialize", (0, 2))?;
                Self::Initialize { sqrt_price: words.u160(0)?, tick: words.i24(&words.data[1])? }
            }
            topic::FLASH => {
                let words = Words::new(topics, data, "Flash", (2, 4))?;
                Self::Flash {
                    sender: words.address(&words.indexed[0])?,
                    recipient: words.address(&words.indexed[1])?,
                    amounts: [words.u256(0), words.u256(1)],
                    paid: [words.u256(2), words.u256(3)],
                }
            }
            topic::GROW => {
                let words = Words::new(topics, data, "IncreaseObservationCardinalityNext", (0, 2))?;
                Self::IncreaseObservationCardinalityNext { before: words.u16(0)?, after: words.u16(1)? }
            }
            topic::SET_FEE | topic::SET_FEE_PANCAKE => {
                let words = Words::new(topics, data, "SetFeeProtocol", (0, 4))?;
                let (before, after) = ([words.u32(0)?, words.u32(1)?], [words.u32(2)?, words.u32(3)?]);
                Self::SetFeeProtocol { before, after, wide: *first == topic::SET_FEE_PANCAKE }
            }
            topic::COLLECT_PROTOCOL => {
                let words = Words::new(topics, data, "CollectProtocol", (2, 2))?;
                Self::CollectProtocol {
                    sender: words.address(&words.indexed[0])?,
                    recipient: words.address(&words.indexed[1])?,
                    amounts: [words.u128(0)?, words.u128(1)?],
                }
            }
            _ => return Ok(None),
        };
        Ok(Some(event))
    }

    fn swap(words: &Words<'_>, pancake: bool) -> Result<Self> {
        Ok(Self::Swap {
            sender: words.address(&words.indexed[0])?,
            recipient: words.address(&words.indexed[1])?,
            amounts: [words.i256(0), words.i256(1)],
            sqrt_price: words.u160(2)?,
            liquidity: words.u128(3)?,
            tick: words.i24(&words.data[4])?,
            protocol: if pancake { Some([words.u128(5)?, words.u128(6)?]) } else { None },
        })
    }

    fn mint(words: &Words<'_>) -> Result<Self> {
        Ok(Self::Mint {
            sender: words.address(&words.data[0])?,
            owner: words.address(&words.indexed[0])?,
            lower: words.i24(&words.indexed[1])?,
            upper: words.i24(&words.indexed[2])?,
            liquidity: words.u128(1)?,
            amounts: [Some(words.u256(2)), Some(words.u256(3))],
        })
    }

    fn burn(words: &Words<'_>) -> Result<Self> {
        Ok(Self::Burn {
            owner: words.address(&words.indexed[0])?,
            lower: words.i24(&words.indexed[1])?,
            upper: words.i24(&words.indexed[2])?,
            liquidity: words.u128(0)?,
            amounts: [Some(words.u256(1)), Some(words.u256(2))],
        })
    }

    fn collect(words: &Words<'_>) -> Result<Self> {
        Ok(Self::Collect {
            owner: words.address(&words.indexed[0])?,
            recipient: words.address(&words.data[0])?,
            lower: words.i24(&words.indexed[1])?,
            upper: words.i24(&words.indexed[2])?,
            amounts: [words.u128(1)?, words.u128(2)?],
        })
    }

    /// The log as the bytecode writes it: its topics and its data. An amount that is not known is written as 0.
    #[must_use]
    pub fn to_log(&self) -> (Vec<Word>, Vec<u8>) {
        let (topics, words) = match *self {
            Self::Initialize { sqrt_price, tick } => (vec![topic::INITIALIZE], vec![wide(sqrt_price), signed(tick)]),
            Self::Mint { sender, owner, lower, upper, liquidity, amounts } => (
                vec![topic::MINT, account(owner), signed(lower), signed(upper)],
                [vec![account(sender), number(liquidity)], known(amounts)].concat(),
            ),
            Self::Burn { owner, lower, upper, liquidity, amounts } => (
                vec![topic::BURN, account(owner), signed(lower), signed(upper)],
                [vec![number(liquidity)], known(amounts)].concat(),
            ),
            Self::Collect { owner, recipient, lower, upper, amounts } => (
                vec![topic::COLLECT, account(owner), signed(lower), signed(upper)],
                [vec![account(recipient)], amounts.map(number).to_vec()].concat(),
            ),
            Self::Swap { sender, recipient, amounts, sqrt_price, liquidity, tick, protocol } => {
                let first = if protocol.is_some() { topic::SWAP_PANCAKE } else { topic::SWAP };
                let mut words = amounts.map(|amount| amount.to_be_bytes()).to_vec();
                words.extend([wide(sqrt_price), number(liquidity), signed(tick)]);
                words.extend(protocol.into_iter().flatten().map(number));
                (vec![first, account(sender), account(recipient)], words)
            }
            Self::Flash { sender, recipient, amounts, paid } => {
                (vec![topic::FLASH, account(sender), account(recipient)], [amounts.map(wide), paid.map(wide)].concat())
            }
            Self::IncreaseObservationCardinalityNext { before, after } => {
                (vec![topic::GROW], vec![number(before.into()), number(after.into())])
            }
            Self::SetFeeProtocol { before, after, wide } => (
                vec![if wide { topic::SET_FEE_PANCAKE } else { topic::SET_FEE }],
                [before, after].concat().into_iter().map(|share| number(share.into())).collect(),
            ),
            Self::CollectProtocol { sender, recipient, amounts } => {
                (vec![topic::COLLECT_PROTOCOL, account(sender), account(recipient)], amounts.map(number).to_vec())
            }
        };
        (topics, words.concat())
    }
}

#[cfg(test)]
mod tests {
    use super::super::sqrt_price::MAX_U160;
    use super::*;

    fn all() -> Vec<Event> {
        let (sender, recipient, owner) = ([1; 20], [2; 20], [3; 20]);
        let (one, two) = (U256::from(1_u64), U256::MAX);
        let amounts = [Some(one), Some(two)];
        vec![
            Event::Initialize { sqrt_price: MAX_U160, tick: -5 },
            Event::Mint { sender, owner, lower: -60, upper: 60, liquidity: u128::MAX, amounts },
            Event::Burn { owner, lower: -60, upper: 60, liquidity: 0, amounts },
            Event::Collect { owner, recipient, lower: -60, upper: 60, amounts: [5, u128::MAX] },
            swap(None),
            swap(Some([7, 8])),
            Event::Flash { sender, recipient, amounts: [one, two], paid: [two, one] },
            Event::IncreaseObservationCardinalityNext { before: 1, after: u16::MAX },
            Event::SetFeeProtocol { before: [0, 4], after: [10, 0], wide: false },
            Event::SetFeeProtocol { before: [3300, 3300], after: [4000, 0], wide: true },
            Event::CollectProtocol { sender, recipient, amounts: [1, 2] },
        ]
    }

    fn swap(protocol: Option<[u128; 2]>) -> Event {
        let amounts = [I256::from(-5), I256::MAX];
        let (sender, recipient, sqrt_price) = ([1; 20], [2; 20], U256::from(9_u64));
        Event::Swap { sender, recipient, amounts, sqrt_price, liquidity: 11, tick: -887_272, protocol }
    }

    #[test]
    fn an_event_is_what_its_log_says() {
        for event in all() {
            let (topics, data) = event.to_log();
            assert_eq!(Event::of_log(&topics, &data), Ok(Some(event)));
            assert!(Event::of_log(&topics, &data[..data.len() - 1]).is_err(), "{event:?} cut");
            assert!(Event::of_log(&topics, &[data.as_slice(), &[0; 32]].concat()).is_err(), "{event:?} too long");
        }
        assert_eq!(Event::of_log(&[[7; 32]], &[]), Ok(None), "another contract's log");
        assert_eq!(Event::of_log(&[], &[]), Ok(None));
    }

    #[test]
    fn a_word_wider_than_its_type_is_refused() {
        let (topics, mut data) = swap(None).to_log();
        data[32 * 4 + 10] = 0;
        assert!(Event::of_log(&topics, &data).is_err(), "a tick of more than 24 bits");
        let (mut topics, data) = swap(None).to_log();
        topics[1][0] = 1;
        assert!(Event::of_log(&topics, &data).is_err(), "an address of more than 20 bytes");
    }
}
