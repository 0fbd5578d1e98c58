//! Why a call reverted: the reason that the contract gave, read from the data that it returned.
//!
//! Solidity returns `Error(string)` for `require` with a text, `Panic(uint256)` for what the compiler checks, a selector
//! with arguments for errors of a contract's own, and nothing for a `require` without a text.

use std::collections::BTreeMap;
use std::fmt;

use revm::primitives::{U256, hex, keccak256};

/// `Error(string)`, `Panic(uint256)`.
const ERROR: [u8; 4] = [0x08, 0xc3, 0x79, 0xa0];
const PANIC: [u8; 4] = [0x4e, 0x48, 0x7b, 0x71];
const WORD: usize = 32;

/// Why a call reverted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// No data at all: `require` without a text, or a `revert()`.
    Empty,
    /// The text of a `require`: `LOK`, `SPL`, ...
    Text(String),
    /// What the compiler checks: 0x01 assert, 0x11 overflow, 0x12 division by zero, 0x32 index out of bounds, ...
    Panic(U256),
    /// An error of the contract's own; its signature where it is known.
    Custom {
        /// The first four bytes.
        selector: [u8; 4],
        /// `Name(uint256,address)`, where the table of signatures had the selector.
        signature: Option<String>,
    },
    /// Data that is none of these; it stands in the outcome.
    Other,
}

/// One text for people and for comparing: `LOK`, `Panic(0x11)`, `PoolNotInitialized()`, `0x486aa307`, or nothing.
impl fmt::Display for Reason {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => Ok(()),
            Self::Text(text) => to.write_str(text),
            Self::Panic(code) => write!(to, "Panic(0x{code:02x})"),
            Self::Custom { signature: Some(signature), .. } => to.write_str(signature),
            Self::Custom { selector, signature: None } => write!(to, "0x{}", hex::encode(selector)),
            Self::Other => to.write_str("data of no known form"),
        }
    }
}

/// The signatures of errors that contracts made themselves, by selector.
#[derive(Clone, Debug, Default)]
pub struct Reasons {
    signatures: BTreeMap<[u8; 4], String>,
}

impl Reasons {
    /// A table of signatures, each as `Name(uint256,address)`: the first of two with one selector stays.
    pub fn new(signatures: impl IntoIterator<Item = String>) -> Self {
        let mut table = BTreeMap::new();
        for signature in signatures {
            let hash = keccak256(signature.as_bytes());
            table.entry([hash[0], hash[1], hash[2], hash[3]]).or_insert(signature);
        }
        Self { signatures: table }
    }

    /// Reads what a reverted call returned.
    pub fn read(&self, data: &[u8]) -> Reason {
        let Some((selector, rest)) = data.split_first_chunk::<4>() else {
            return if data.is_empty() { Reason::Empty } else { Reason::Other };
        };
        match *selector {
            ERROR => text(rest).map_or(Reason::Other, Reason::Text),
            PANIC if rest.len() == WORD => Reason::Panic(U256::from_be_slice(rest)),
            PANIC => Reason::Other,
            selector => Reason::Custom { selector, signature: self.signatures.get(&selector).cloned() },
        }
    }
}

/// The one string of ABI-encoded arguments; None where an offset or a length leads outside of them, or it is no UTF-8.
fn text(arguments: &[u8]) -> Option<String> {
    let start = word_as_length(arguments, 0)?;
    let length = word_as_length(arguments, start)?;
    let from = start.checked_add(WORD)?;
    let bytes = arguments.get(from..from.checked_add(length)?)?;
    String::from_utf8(bytes.to_vec()).ok()
}

fn word_as_length(data: &[u8], at: usize) -> Option<usize> {
    let word = data.get(at..at.checked_add(WORD)?)?;
    usize::try_from(U256::from_be_slice(word)).ok()
}
