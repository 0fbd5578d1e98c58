//! The events of v4's manager: from a log's topics and data, and back to the bytes that the bytecode writes.
//!
//! catalogue: S4, M6. One contract tells of all pools; the first indexed word says of which: the hash of the pool's key.

use crate::clamm::i256::I256;
use crate::clamm::log::{Word, Words, account, signed, wide, word};
use crate::clamm::position::Address;
use crate::clamm::u256::U256;
use crate::error::Result;

/// The Keccak-256 of a pool's key.
pub type PoolId = [u8; 32];

/// What the manager tells of a pool. A swap's amounts are positive where its caller is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are the contract's parameters, and each variant says when it is emitted")]
pub enum EventV4 {
    /// A pool and its first price.
    Initialize {
        id: PoolId,
        currencies: [Address; 2],
        fee: u32,
        tick_spacing: i32,
        hooks: Address,
        sqrt_price: U256,
        tick: i32,
    },
    /// Liquidity was added, taken out, or fees were paid (0).
    ModifyLiquidity { id: PoolId, sender: Address, lower: i32, upper: i32, liquidity: I256, salt: Word },
    /// A swap; `fee` is the whole fee in millionths.
    Swap { id: PoolId, sender: Address, amounts: [i128; 2], sqrt_price: U256, liquidity: u128, tick: i32, fee: u32 },
    /// Amounts were given to the liquidity in range.
    Donate { id: PoolId, sender: Address, amounts: [U256; 2] },
    /// The protocol's fees have changed: twelve bits for each direction.
    ProtocolFeeUpdated { id: PoolId, fee: u32 },
}

/// The first topics.
mod topic {
    use super::{Word, word};

    pub const INITIALIZE: Word = word(b"dd466e674ea557f56295e2d0218a125ea4b4f0f6f3307b95f85e6110838d6438");
    pub const MODIFY: Word = word(b"f208f4912782fd25c7f114ca3723a2d5dd6f3bcc3ac8db5af63baa85f711d5ec");
    pub const SWAP: Word = word(b"40e9cecb9f5f1f1c5b9c97dec2917b7ee92e57ba5563708daca94dd84ad7112f");
    pub const DONATE: Word = word(b"29ef05caaff9404b7cb6d1c0e9bbae9eaa7ab2541feba1a9c4248594c08156cb");
    pub const PROTOCOL_FEE: Word = word(b"e9c42593e71f84403b84352cd168d693e2c9fcd1fdbcc3feb21d92b43e6696f9");
}

impl EventV4 {
    /// The event of a log; nothing when it is none of a pool's.
    pub fn of_log(topics: &[Word], data: &[u8]) -> Result<Option<Self>> {
        let Some(first) = topics.first() else { return Ok(None) };
        let read = |event, counts| Words::new(topics, data, event, counts);
        let event = match *first {
            topic::SWAP => Self::swap(&read("Swap", (2, 6))?)?,
            topic::MODIFY => {
                let words = read("ModifyLiquidity", (2, 4))?;
                Self::ModifyLiquidity {
                    id: words.indexed[0],
                    sender: words.topic_address(1)?,
                    lower: words.i24(&words.data[0])?,
                    upper: words.i24(&words.data[1])?,
                    liquidity: words.i256(2),
                    salt: words.data[3],
                }
            }
            topic::INITIALIZE => Self::initialize(&read("Initialize", (3, 5))?)?,
            topic::DONATE => {
                let words = read("Donate", (2, 2))?;
                let amounts = [words.u256(0), words.u256(1)];
                Self::Donate { id: words.indexed[0], sender: words.topic_address(1)?, amounts }
            }
            topic::PROTOCOL_FEE => {
                let words = read("ProtocolFeeUpdated", (1, 1))?;
                Self::ProtocolFeeUpdated { id: words.indexed[0], fee: words.u24(0)? }
            }
            _ => return Ok(None),
        };
        Ok(Some(event))
    }

    fn swap(words: &Words<'_>) -> Result<Self> {
        Ok(Self::Swap {
            id: words.indexed[0],
            sender: words.topic_address(1)?,
            amounts: [words.i128(0)?, words.i128(1)?],
            sqrt_price: words.u160(2)?,
            liquidity: words.u128(3)?,
            tick: words.i24(&words.data[4])?,
            fee: words.u24(5)?,
        })
    }

    fn initialize(words: &Words<'_>) -> Result<Self> {
        Ok(Self::Initialize {
            id: words.indexed[0],
            currencies: [words.topic_address(1)?, words.topic_address(2)?],
            fee: words.u24(0)?,
            tick_spacing: words.i24(&words.data[1])?,
            hooks: words.address(&words.data[2])?,
            sqrt_price: words.u160(3)?,
            tick: words.i24(&words.data[4])?,
        })
    }

    /// Which pool it is about.
    #[must_use]
    pub const fn id(&self) -> &PoolId {
        match self {
            Self::Initialize { id, .. }
            | Self::ModifyLiquidity { id, .. }
            | Self::Swap { id, .. }
            | Self::Donate { id, .. }
            | Self::ProtocolFeeUpdated { id, .. } => id,
        }
    }

    /// The log as the bytecode writes it: its topics and its data.
    #[must_use]
    pub fn to_log(&self) -> (Vec<Word>, Vec<u8>) {
        let (topics, words) = match *self {
            Self::Initialize { id, currencies: [first, second], fee, tick_spacing, hooks, sqrt_price, tick } => (
                vec![topic::INITIALIZE, id, account(first), account(second)],
                vec![signed(fee), signed(tick_spacing), account(hooks), wide(sqrt_price), signed(tick)],
            ),
            Self::ModifyLiquidity { id, sender, lower, upper, liquidity, salt } => (
                vec![topic::MODIFY, id, account(sender)],
                vec![signed(lower), signed(upper), liquidity.to_be_bytes(), salt],
            ),
            Self::Swap { id, sender, amounts, sqrt_price, liquidity, tick, fee } => {
                let mut words = amounts.map(signed).to_vec();
                words.extend([wide(sqrt_price), wide(U256::from(liquidity)), signed(tick), signed(fee)]);
                (vec![topic::SWAP, id, account(sender)], words)
            }
            Self::Donate { id, sender, amounts } => {
                (vec![topic::DONATE, id, account(sender)], amounts.map(wide).to_vec())
            }
            Self::ProtocolFeeUpdated { id, fee } => (vec![topic::PROTOCOL_FEE, id], vec![signed(fee)]),
        };
        (topics, words.concat())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_what_its_log_says() {
        let (id, sender) = ([9; 32], [1; 20]);
        let price = U256::ONE << 96;
        for event in [
            EventV4::Initialize {
                id,
                currencies: [[2; 20], [3; 20]],
                fee: 3000,
                tick_spacing: 60,
                hooks: [0; 20],
                sqrt_price: price,
                tick: -1,
            },
            EventV4::ModifyLiquidity { id, sender, lower: -60, upper: 60, liquidity: I256::from(-5), salt: [4; 32] },
            EventV4::Swap {
                id,
                sender,
                amounts: [i128::MIN, 5],
                sqrt_price: price,
                liquidity: u128::MAX,
                tick: -5,
                fee: 1,
            },
            EventV4::Donate { id, sender, amounts: [U256::ZERO, U256::MAX] },
            EventV4::ProtocolFeeUpdated { id, fee: (1 << 24) - 1 },
        ] {
            let (topics, mut data) = event.to_log();
            assert_eq!(EventV4::of_log(&topics, &data), Ok(Some(event)));
            assert_eq!(event.id(), &id);
            assert!(EventV4::of_log(&topics, &data[1..]).is_err(), "{event:?} cut");
            if let EventV4::ProtocolFeeUpdated { .. } = event {
                data[28] = 1;
                assert!(EventV4::of_log(&topics, &data).is_err(), "a fee of more than 24 bits");
            }
        }
        assert_eq!(EventV4::of_log(&[[7; 32]], &[]), Ok(None), "another contract's log");
    }
}
