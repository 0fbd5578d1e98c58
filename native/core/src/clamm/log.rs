//! A log's words: read from its topics and data, and written as the bytecode writes them.
//!
//! catalogue: S4, M6. Solidity's ABI: words of 32 bytes, numbers big-endian, signed ones in two's complement over the whole
//! word. A log that is torn, or whose words are wider than their types, is refused with the name of the event.

use super::i256::I256;
use super::position::Address;
use super::sqrt_price::MAX_U160;
use super::u256::U256;
use crate::error::{CoreError, Result};

/// A word of a log.
pub type Word = [u8; 32];

/// Thirty-two bytes from their 64 hexadecimal digits.
pub(super) const fn word(hex: &[u8; 64]) -> Word {
    const fn digit(byte: u8) -> u8 {
        if byte < b'a' { byte - b'0' } else { byte - b'a' + 10 }
    }
    let mut out = [0; 32];
    let mut at = 0;
    while at < 32 {
        out[at] = digit(hex[2 * at]) << 4 | digit(hex[2 * at + 1]);
        at += 1;
    }
    out
}

/// The words of a log, read one after another: first the indexed ones, then those of the data.
pub(super) struct Words<'a> {
    /// The topics behind the first.
    pub(super) indexed: &'a [Word],
    /// The words of the data.
    pub(super) data: &'a [Word],
    event: &'static str,
}

impl<'a> Words<'a> {
    pub(super) fn new(topics: &'a [Word], data: &'a [u8], event: &'static str, counts: (usize, usize)) -> Result<Self> {
        let (words, rest) = data.as_chunks::<32>();
        let indexed = topics.get(1..).unwrap_or_default();
        if !rest.is_empty() || words.len() != counts.1 || indexed.len() != counts.0 {
            let was = format!("{} topics and {} bytes", topics.len(), data.len());
            return Err(CoreError::Field { field: event, was, why: "must have as many words as its event" });
        }
        Ok(Self { indexed, data: words, event })
    }

    fn wide(&self, was: &Word) -> CoreError {
        let was = U256::from_be_bytes(*was).to_string();
        CoreError::Field { field: self.event, was, why: "must hold numbers of their types" }
    }

    pub(super) fn u256(&self, at: usize) -> U256 {
        U256::from_be_bytes(self.data[at])
    }

    pub(super) fn i256(&self, at: usize) -> I256 {
        I256::from_be_bytes(self.data[at])
    }

    pub(super) fn u160(&self, at: usize) -> Result<U256> {
        let value = self.u256(at);
        if value <= MAX_U160 { Ok(value) } else { Err(self.wide(&self.data[at])) }
    }

    pub(super) fn u128(&self, at: usize) -> Result<u128> {
        self.u256(at).to_u128().ok_or_else(|| self.wide(&self.data[at]))
    }

    pub(super) fn u112(&self, at: usize) -> Result<u128> {
        Some(self.u128(at)?).filter(|value| value >> 112 == 0).ok_or_else(|| self.wide(&self.data[at]))
    }

    pub(super) fn i128(&self, at: usize) -> Result<i128> {
        self.i256(at).to_i128().ok_or_else(|| self.wide(&self.data[at]))
    }

    pub(super) fn u24(&self, at: usize) -> Result<u32> {
        Some(self.u32(at)?).filter(|value| value >> 24 == 0).ok_or_else(|| self.wide(&self.data[at]))
    }

    pub(super) fn u32(&self, at: usize) -> Result<u32> {
        u32::try_from(self.u128(at)?).map_err(|_| self.wide(&self.data[at]))
    }

    pub(super) fn u16(&self, at: usize) -> Result<u16> {
        u16::try_from(self.u128(at)?).map_err(|_| self.wide(&self.data[at]))
    }

    pub(super) fn i24(&self, word: &Word) -> Result<i32> {
        let value = I256::from_be_bytes(*word).to_i128().filter(|value| (-(1 << 23)..1 << 23).contains(value));
        value.map(|value| value as i32).ok_or_else(|| self.wide(word))
    }

    pub(super) fn topic_address(&self, at: usize) -> Result<Address> {
        self.address(&self.indexed[at])
    }

    pub(super) fn address(&self, word: &Word) -> Result<Address> {
        match word.split_last_chunk::<20>() {
            Some((head, tail)) if head.iter().all(|byte| *byte == 0) => Ok(*tail),
            _ => Err(self.wide(word)),
        }
    }
}

pub(super) const fn wide(value: U256) -> Word {
    value.to_be_bytes()
}

pub(super) fn number(value: u128) -> Word {
    U256::from(value).to_be_bytes()
}

pub(super) fn signed(value: impl Into<i128>) -> Word {
    I256::from(value.into()).to_be_bytes()
}

pub(super) fn account(address: Address) -> Word {
    let mut word = [0; 32];
    word[12..].copy_from_slice(&address);
    word
}

pub(super) fn known(amounts: [Option<U256>; 2]) -> Vec<Word> {
    amounts.map(|amount| wide(amount.unwrap_or_default())).to_vec()
}
