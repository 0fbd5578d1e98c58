//! Why a pool refuses: every revert of the pools and their libraries, with the bytes that the bytecode returns.
//!
//! catalogue: S4. Uniswap v3, Pancake v3 and v2 give a short text (`Error(string)`) or nothing at all, v4 a custom error
//! with its arguments. A revert is a value of the machine, not an error of the program: the state is as it was before.

use std::fmt;

/// A `uint160` as its twenty big-endian bytes: an address or a square-root price, as errors carry them.
pub type Word160 = [u8; 20];

/// Declares the texts, so that a variant and the text that the chain shows for it cannot drift apart.
macro_rules! reverts {
    ($($(#[$meta:meta])* $name:ident = $text:literal),* $(,)?) => {
        /// What a call that fails returns. The texts and the custom errors are those of the deployed bytecode.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Revert {
            /// `require` without a reason, a failed cast, or checked arithmetic of Solidity 0.7: no return data at all.
            Empty,
            /// An invalid opcode (division by zero in Solidity 0.7): all gas is gone, and there is no return data.
            Invalid,
            /// The call does not end within any block's gas.
            OutOfGas,
            /// `Panic(uint256)` of Solidity 0.8: 0x11 is arithmetic out of range, 0x12 division by zero.
            Panic(u8),
            /// A custom error of v4.
            Custom(Custom),
            $($(#[$meta])* $name,)*
        }

        impl Revert {
            /// The text that the bytecode gives as its reason, where it gives one.
            #[must_use]
            pub const fn text(self) -> Option<&'static str> {
                match self { $(Self::$name => Some($text),)* _ => None }
            }

            /// The revert that has this text.
            #[must_use]
            pub fn from_text(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$name),)* _ => None }
            }
        }
    };
}

reverts! {
    /// The pool is locked: not initialised yet, or in the middle of another call.
    Lok = "LOK",
    /// Already initialised.
    Ai = "AI",
    /// The lower tick is not below the upper.
    Tlu = "TLU",
    /// The lower tick is below the lowest.
    Tlm = "TLM",
    /// The upper tick is above the highest.
    Tum = "TUM",
    /// More liquidity on a tick than its share.
    Lo = "LO",
    /// Liquidity goes below zero.
    Ls = "LS",
    /// Liquidity goes above `uint128`.
    La = "LA",
    /// A poke of a position without liquidity.
    Np = "NP",
    /// A swap of amount zero.
    As = "AS",
    /// The price limit is on the wrong side of the price, or beyond the range.
    Spl = "SPL",
    /// The swap's caller did not pay.
    Iia = "IIA",
    /// The mint's caller did not pay token 0.
    M0 = "M0",
    /// The mint's caller did not pay token 1.
    M1 = "M1",
    /// The flash's caller did not give token 0 back with its fee.
    F0 = "F0",
    /// The flash's caller did not give token 1 back with its fee.
    F1 = "F1",
    /// A flash of a pool without liquidity in range.
    L = "L",
    /// A token's transfer failed.
    Tf = "TF",
    /// A tick outside the range.
    T = "T",
    /// A square-root price outside the range.
    R = "R",
    /// The oracle has no observation yet.
    I = "I",
    /// The oracle's first observation is later than what was asked for.
    Old = "OLD",
    /// v2: the caller is not the factory.
    V2Forbidden = "UniswapV2: FORBIDDEN",
    /// v2: in the middle of another call.
    V2Locked = "UniswapV2: LOCKED",
    /// v2: a token's transfer failed.
    V2TransferFailed = "UniswapV2: TRANSFER_FAILED",
    /// v2: a balance above `uint112`.
    V2Overflow = "UniswapV2: OVERFLOW",
    /// v2: a mint that would give no share.
    V2LiquidityMinted = "UniswapV2: INSUFFICIENT_LIQUIDITY_MINTED",
    /// v2: a burn that would pay nothing.
    V2LiquidityBurned = "UniswapV2: INSUFFICIENT_LIQUIDITY_BURNED",
    /// v2: a swap that asks for nothing.
    V2OutputAmount = "UniswapV2: INSUFFICIENT_OUTPUT_AMOUNT",
    /// v2: a swap that asks for a whole reserve.
    V2Liquidity = "UniswapV2: INSUFFICIENT_LIQUIDITY",
    /// v2: the recipient is one of the tokens.
    V2InvalidTo = "UniswapV2: INVALID_TO",
    /// v2: nothing was paid in.
    V2InputAmount = "UniswapV2: INSUFFICIENT_INPUT_AMOUNT",
    /// v2: too little was paid in.
    V2K = "UniswapV2: K",
    /// v2: an addition above `uint256`.
    DsAdd = "ds-math-add-overflow",
    /// v2: a subtraction below zero.
    DsSub = "ds-math-sub-underflow",
    /// v2: a product above `uint256`.
    DsMul = "ds-math-mul-overflow",
}

/// A custom error of v4, with its arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "the fields are the arguments in the order of the contracts, and their types say the rest"
)]
pub enum Custom {
    /// The pool has a price already.
    PoolAlreadyInitialized,
    /// The pool has no price yet.
    PoolNotInitialized,
    /// The lower tick is not below the upper.
    TicksMisordered(i32, i32),
    /// The lower tick is below the lowest.
    TickLowerOutOfBounds(i32),
    /// The upper tick is above the highest.
    TickUpperOutOfBounds(i32),
    /// More liquidity on a tick than its share.
    TickLiquidityOverflow(i32),
    /// A tick that is no multiple of the spacing.
    TickMisaligned(i32, i32),
    /// The price limit is on the wrong side of the price.
    PriceLimitAlreadyExceeded { price: Word160, limit: Word160 },
    /// The price limit is beyond the range.
    PriceLimitOutOfBounds(Word160),
    /// A donation to a pool without liquidity in range.
    NoLiquidityToReceiveFees,
    /// An exact output with a fee of the whole input.
    InvalidFeeForExactOut,
    /// A poke of a position without liquidity.
    CannotUpdateEmptyPosition,
    /// A tick outside the range.
    InvalidTick(i32),
    /// A square-root price outside the range.
    InvalidSqrtPrice(Word160),
    /// A next price from no price or no liquidity.
    InvalidPriceOrLiquidity,
    /// An amount from no price.
    InvalidPrice,
    /// More is asked for than the range holds.
    NotEnoughLiquidity,
    /// A next price out of range.
    PriceOverflow,
    /// A number that does not fit its type.
    SafeCastOverflow,
    /// `unlock` within `unlock`.
    AlreadyUnlocked,
    /// A call outside `unlock`.
    ManagerLocked,
    /// `unlock` ended with an open balance.
    CurrencyNotSettled,
    /// A tick spacing above 32,767.
    TickSpacingTooLarge(i32),
    /// A tick spacing below 1.
    TickSpacingTooSmall(i32),
    /// The two currencies are equal or exchanged.
    CurrenciesOutOfOrderOrEqual(Word160, Word160),
    /// A swap of amount zero.
    SwapAmountCannotBeZero,
    /// What is cleared is not the balance.
    MustClearExactPositiveDelta,
    /// A fee of liquidity providers above the whole.
    LpFeeTooLarge(u32),
    /// A protocol fee above a thousandth.
    ProtocolFeeTooLarge(u32),
    /// Hooks that a pool with this fee cannot have.
    HookAddressNotValid(Word160),
    /// The caller is not who may do this.
    InvalidCaller,
}

impl Custom {
    /// The name, selector and arguments (as 32-byte words) of the error.
    #[must_use]
    pub fn parts(self) -> (&'static str, u32, Vec<[u8; 32]>) {
        match self {
            Self::PoolAlreadyInitialized => ("PoolAlreadyInitialized", 0x7983_c051, vec![]),
            Self::PoolNotInitialized => ("PoolNotInitialized", 0x486a_a307, vec![]),
            Self::TicksMisordered(a, b) => ("TicksMisordered", 0xc443_3ed5, vec![signed(a), signed(b)]),
            Self::TickLowerOutOfBounds(a) => ("TickLowerOutOfBounds", 0xd5e2_f7ab, vec![signed(a)]),
            Self::TickUpperOutOfBounds(a) => ("TickUpperOutOfBounds", 0x1ad7_77f8, vec![signed(a)]),
            Self::TickLiquidityOverflow(a) => ("TickLiquidityOverflow", 0xb8e3_c385, vec![signed(a)]),
            Self::TickMisaligned(a, b) => ("TickMisaligned", 0xd4d8_f3e6, vec![signed(a), signed(b)]),
            Self::PriceLimitAlreadyExceeded { price, limit } => {
                ("PriceLimitAlreadyExceeded", 0x7c9c_6e8f, vec![wide(price), wide(limit)])
            }
            Self::PriceLimitOutOfBounds(a) => ("PriceLimitOutOfBounds", 0x9e4d_7cc7, vec![wide(a)]),
            Self::NoLiquidityToReceiveFees => ("NoLiquidityToReceiveFees", 0xa74f_97ab, vec![]),
            Self::InvalidFeeForExactOut => ("InvalidFeeForExactOut", 0x9620_6246, vec![]),
            Self::CannotUpdateEmptyPosition => ("CannotUpdateEmptyPosition", 0xaefe_b924, vec![]),
            Self::InvalidTick(a) => ("InvalidTick", 0x8b86_327a, vec![signed(a)]),
            Self::InvalidSqrtPrice(a) => ("InvalidSqrtPrice", 0x6148_7524, vec![wide(a)]),
            Self::InvalidPriceOrLiquidity => ("InvalidPriceOrLiquidity", 0x4f24_61b8, vec![]),
            Self::InvalidPrice => ("InvalidPrice", 0x00bf_c921, vec![]),
            Self::NotEnoughLiquidity => ("NotEnoughLiquidity", 0x4323_a555, vec![]),
            Self::PriceOverflow => ("PriceOverflow", 0xf5c7_87f1, vec![]),
            Self::SafeCastOverflow => ("SafeCastOverflow", 0x93da_fdf1, vec![]),
            Self::AlreadyUnlocked => ("AlreadyUnlocked", 0x5090_d6c6, vec![]),
            Self::ManagerLocked => ("ManagerLocked", 0x54e3_ca0d, vec![]),
            Self::CurrencyNotSettled => ("CurrencyNotSettled", 0x5212_cba1, vec![]),
            Self::TickSpacingTooLarge(a) => ("TickSpacingTooLarge", 0xb700_24f8, vec![signed(a)]),
            Self::TickSpacingTooSmall(a) => ("TickSpacingTooSmall", 0xe9e9_0588, vec![signed(a)]),
            Self::CurrenciesOutOfOrderOrEqual(a, b) => {
                ("CurrenciesOutOfOrderOrEqual", 0x6e6c_9830, vec![wide(a), wide(b)])
            }
            Self::SwapAmountCannotBeZero => ("SwapAmountCannotBeZero", 0xbe8b_8507, vec![]),
            Self::MustClearExactPositiveDelta => ("MustClearExactPositiveDelta", 0xbda7_3abf, vec![]),
            Self::LpFeeTooLarge(a) => ("LPFeeTooLarge", 0x1400_2113, vec![signed(a as i32)]),
            Self::ProtocolFeeTooLarge(a) => ("ProtocolFeeTooLarge", 0xa7ab_e2f7, vec![signed(a as i32)]),
            Self::HookAddressNotValid(a) => ("HookAddressNotValid", 0xe65a_f6a0, vec![wide(a)]),
            Self::InvalidCaller => ("InvalidCaller", 0x48f5_c3ed, vec![]),
        }
    }
}

impl Revert {
    /// The return data of the call, as the EVM hands them to the caller.
    #[must_use]
    pub fn data(self) -> Vec<u8> {
        let mut out = Vec::new();
        match self {
            Self::Empty | Self::Invalid | Self::OutOfGas => {}
            Self::Panic(code) => {
                out.extend_from_slice(&0x4e48_7b71_u32.to_be_bytes());
                out.extend_from_slice(&signed(i32::from(code)));
            }
            Self::Custom(error) => {
                let (_, selector, words) = error.parts();
                out.extend_from_slice(&selector.to_be_bytes());
                words.iter().for_each(|word| out.extend_from_slice(word));
            }
            _ => put_text(&mut out, self.text().unwrap_or_default()),
        }
        out
    }
}

/// The return data of a text that is no pool's: what a contract round the pool says.
#[must_use]
pub fn data_of_text(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    put_text(&mut out, text);
    out
}

/// `Error(string)`: the selector, the offset of the text, its length, and the text filled up to whole words.
fn put_text(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(&0x08c3_79a0_u32.to_be_bytes());
    out.extend_from_slice(&signed(32));
    out.extend_from_slice(&signed(text.len() as i32));
    out.extend_from_slice(text.as_bytes());
    out.resize(4 + 64 + text.len().div_ceil(32) * 32, 0);
}

/// A number as a 32-byte word in two's complement.
fn signed(value: i32) -> [u8; 32] {
    let mut word = [if value < 0 { 0xff } else { 0 }; 32];
    word[28..].copy_from_slice(&value.to_be_bytes());
    word
}

/// Twenty bytes as a 32-byte word.
fn wide(value: Word160) -> [u8; 32] {
    let mut word = [0; 32];
    word[12..].copy_from_slice(&value);
    word
}

impl fmt::Display for Revert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("revert without a reason"),
            Self::Invalid => f.write_str("invalid opcode"),
            Self::OutOfGas => f.write_str("out of gas"),
            Self::Panic(code) => write!(f, "Panic(0x{code:02x})"),
            Self::Custom(error) => write!(f, "{error:?}"),
            _ => f.write_str(self.text().unwrap_or_default()),
        }
    }
}

impl std::error::Error for Revert {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_coded_as_the_bytecode_codes_it() {
        let data = Revert::Lok.data();
        assert_eq!(data.len(), 4 + 96);
        assert_eq!(&data[..4], &[0x08, 0xc3, 0x79, 0xa0]);
        assert_eq!((data[35], data[67], &data[68..72]), (32, 3, b"LOK\0".as_slice()));
        assert_eq!(Revert::from_text("LOK"), Some(Revert::Lok));
        assert_eq!(Revert::from_text("no such"), None);
    }

    #[test]
    fn a_custom_error_has_its_selector_and_its_words() {
        let data = Revert::Custom(Custom::TicksMisordered(-60, 60)).data();
        assert_eq!(data.len(), 4 + 64);
        assert_eq!((&data[..5], data[35], data[67]), (&[0xc4, 0x43, 0x3e, 0xd5, 0xff][..], 0xc4, 60));
        assert!(Revert::Empty.data().is_empty());
        assert_eq!(Revert::Panic(0x11).data()[35], 0x11);
    }
}
