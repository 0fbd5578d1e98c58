//! Numbers and signatures as the text that a venue reads: decimals at an exact scale, hexadecimal, base 64.
//!
//! catalogue: O2. Everything is written into fixed arrays; no formatting machinery runs for an order.

use crate::error::{CoreError, Result};

/// The unit in which templates copy constant text.
pub(super) const CELL: usize = 32;

/// A number or client id of at most 32 bytes, as two words whose lowest byte is the first: a word goes from a register
/// into the request, where bytes that were put together in memory would first have to reach the cache.
#[derive(Debug, Clone, Copy)]
pub(super) struct Short {
    words: [u128; 2],
    len: usize,
}

/// 10 to the power of the index, for every power that a u64 holds.
const POWERS: [u64; 20] = {
    let mut powers = [1; 20];
    let mut at = 1;
    while at < 20 {
        powers[at] = powers[at - 1] * 10;
        at += 1;
    }
    powers
};

/// How many decimal digits a number has; 1 for zero.
fn digits(number: u64) -> usize {
    // The bits give the digits to within one (1233 / 4096 is just above log10 of 2), and the power decides.
    let guess = ((64 - (number | 1).leading_zeros() as usize) * 1233) >> 12;
    guess + usize::from(POWERS.get(guess).is_some_and(|power| number >= *power || guess == 0))
}

/// The eight digits of a number below 10^8, the first in the lowest byte. The number is halved into lanes of four, two
/// and one digit, all lanes of a word at once; each division is a multiplication whose error is too small to show.
#[inline]
const fn eight(number: u64) -> u64 {
    let fours = (number / 10_000) | ((number % 10_000) << 32);
    let hundreds = ((fours * 10_486) >> 20) & 0x7f_0000_007f;
    let twos = hundreds | ((fours - hundreds * 100) << 16);
    let tens = ((twos * 103) >> 10) & 0x000f_000f_000f_000f;
    let ones = tens | ((twos - tens * 10) << 8);
    ones | u64::from_ne_bytes([b'0'; 8])
}

/// How many zeros eight digits begin with; the last digit is not counted.
#[inline]
const fn zeros(digits: u64) -> usize {
    let other = digits ^ u64::from_ne_bytes([b'0'; 8]);
    (other | 1 << 63).trailing_zeros() as usize / 8
}

impl Short {
    /// The empty text.
    pub const EMPTY: Self = Self { words: [0; 2], len: 0 };

    /// A text of at most 16 bytes.
    #[inline]
    pub fn set(&mut self, word: u128, len: usize) {
        (self.words[0], self.len) = (word, len);
    }

    /// `mantissa * 10^-scale` with exactly `scale` decimals, at most 18: `61837.64`, `0.00001`, `5`.
    #[inline]
    pub fn decimal(&mut self, mantissa: u64, scale: u8) {
        let scale = usize::from(scale.min(18));
        // Half a word holds eight digits, which is what prices and sizes have; times have more.
        if mantissa < 100_000_000 && scale < 8 {
            self.short(mantissa, scale);
        } else if mantissa < 1_000_000_000_000_000 && scale < 15 {
            self.middle(mantissa, scale);
        } else {
            self.long(mantissa, scale, digits(mantissa).max(scale + 1));
        }
    }

    /// At most eight digits, and the point among them.
    #[inline(never)]
    fn short(&mut self, mantissa: u64, scale: usize) {
        let all = eight(mantissa);
        let count = (8 - zeros(all)).max(scale + 1);
        let text = all >> (8 * (8 - count));
        if scale == 0 {
            return self.set(text.into(), count);
        }
        let point = 8 * (count - scale);
        let whole = text & ((1 << point) - 1);
        let behind = text ^ whole;
        let low = whole | u64::from(b'.') << point | behind << 8;
        self.set(u128::from(low) | u128::from(behind >> 56) << 64, count + 1);
    }

    /// 9 to 15 digits, those before a small number included.
    #[inline(never)]
    fn middle(&mut self, mantissa: u64, scale: usize) {
        let (first, last) = (eight(mantissa / 100_000_000), eight(mantissa % 100_000_000));
        let count = (16 - zeros(first)).max(scale + 1);
        let away = 8 * (16 - count);
        let text = u128::from(first >> away | last << (64 - away)) | u128::from(last >> away) << 64;
        if scale == 0 {
            return self.set(text, count);
        }
        let point = 8 * (count - scale);
        let whole = text & ((1 << point) - 1);
        self.set(whole | u128::from(b'.') << point | (text ^ whole) << 8, count + 1);
    }

    /// A decimal of 16 digits or more, which no venue's prices and quantities have.
    #[cold]
    fn long(&mut self, mantissa: u64, scale: usize, count: usize) {
        let (mut text, mut rest, mut at) = ([0; 2 * size_of::<u128>()], mantissa, count + usize::from(scale > 0));
        self.len = at;
        for place in 0..count {
            if place == scale && scale > 0 {
                at -= 1;
                text[at] = b'.';
            }
            at -= 1;
            text[at] = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        let (words, _) = text.as_chunks::<16>();
        self.words = [u128::from_le_bytes(words[0]), u128::from_le_bytes(words[1])];
    }

    /// Bytes of the text.
    #[inline]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// The bytes of each word; what is behind the text means nothing.
    #[inline(always)]
    pub const fn words(&self) -> [[u8; 16]; 2] {
        [self.words[0].to_le_bytes(), self.words[1].to_le_bytes()]
    }
}

/// Lower-case hexadecimal, in arithmetic that the compiler turns into vector instructions.
#[inline]
pub(super) fn hex(bytes: &[u8; 32]) -> [u8; 64] {
    let letter = |nibble: u8| nibble + b'0' + if nibble > 9 { b'a' - b'0' - 10 } else { 0 };
    let mut out = [0; 64];
    for (pair, byte) in out.as_chunks_mut::<2>().0.iter_mut().zip(bytes) {
        *pair = [letter(byte >> 4), letter(byte & 15)];
    }
    out
}

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Base 64 with padding (RFC 4648 section 4) of a 64-byte signature.
pub(super) fn base64(bytes: &[u8; 64]) -> [u8; 88] {
    let mut out = [b'='; 88];
    for (four, three) in out.chunks_exact_mut(4).zip(bytes.chunks(3)) {
        let word = three.iter().enumerate().fold(0u32, |word, (at, byte)| word | u32::from(*byte) << (16 - 8 * at));
        for (at, slot) in four.iter_mut().enumerate().take(three.len() + 1) {
            *slot = BASE64[(word >> (18 - 6 * at)) as usize & 63];
        }
    }
    out
}

/// The bytes behind base 64; white space is passed over. The error does not repeat the text: it may be a key.
pub(super) fn from_base64(text: &str, field: &'static str) -> Result<Vec<u8>> {
    let bad = |why| CoreError::Field { field, was: format!("{} characters", text.len()), why };
    let (mut out, mut word, mut count, mut padding) = (Vec::with_capacity(text.len()), 0u32, 0, 0);
    for byte in text.bytes().filter(|byte| !byte.is_ascii_whitespace()) {
        let digit = if byte == b'=' {
            padding += 1;
            0
        } else {
            BASE64
                .iter()
                .position(|known| *known == byte)
                .filter(|_| padding == 0)
                .ok_or_else(|| bad("is not base 64"))?
        };
        word = word << 6 | digit as u32;
        count += 1;
        if count % 4 == 0 {
            out.extend_from_slice(&word.to_be_bytes()[1..]);
            word = 0;
        }
    }
    if count % 4 != 0 || padding > 2 {
        return Err(bad("is not base 64 of whole bytes"));
    }
    out.truncate(out.len() - padding);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decimal(mantissa: u64, scale: u8) -> String {
        let mut short = Short::EMPTY;
        short.decimal(mantissa, scale);
        String::from_utf8(short.words().as_flattened()[..short.len()].to_vec()).unwrap()
    }

    #[test]
    fn decimals_have_exactly_their_scale() {
        for (mantissa, scale, text) in [
            (6_183_764, 2, "61837.64"),
            (1, 5, "0.00001"),
            (0, 2, "0.00"),
            (5, 0, "5"),
            (100, 0, "100"),
            (1_000, 3, "1.000"),
            (u64::MAX, 18, "18.446744073709551615"),
            (u64::MAX, 0, "18446744073709551615"),
            (1, 18, "0.000000000000000001"),
            (123_456_789_012_345, 0, "123456789012345"),
            (123_456_789_012_345, 14, "1.23456789012345"),
            (1_234_567_890_123_456, 1, "123456789012345.6"),
        ] {
            assert_eq!(decimal(mantissa, scale), text);
        }
    }

    #[test]
    fn base64_is_that_of_rfc_4648() {
        let mut bytes = [0; 64];
        bytes[..6].copy_from_slice(b"foobar");
        assert!(base64(&bytes).starts_with(b"Zm9vYmFyAAAA") && base64(&bytes).ends_with(b"AA=="));
        for (text, wanted) in [("Zm9vYmFy", "foobar"), ("Zm9v\nYg==", "foob"), ("Zm8=", "fo"), ("", "")] {
            assert_eq!(from_base64(text, "key").unwrap(), wanted.as_bytes());
        }
        for bad in ["Zm9", "Zm=v", "Zm9*", "===="] {
            let error = from_base64(bad, "key").unwrap_err().to_string();
            assert!(error.starts_with("key is not base 64") && !error.contains(bad), "{error}");
        }
    }

    proptest! {
        #[test]
        fn decimals_are_the_formatter_s(mantissa in any::<u64>(), scale in 0u8..=18) {
            let wanted = crate::units::Decimal { mantissa: mantissa.into(), scale }.to_string();
            prop_assert_eq!(decimal(mantissa, scale), wanted);
        }

        #[test]
        fn base64_comes_back(bytes in prop::array::uniform32(any::<u8>())) {
            let mut both = [7; 64];
            both[..32].copy_from_slice(&bytes);
            let text = String::from_utf8(base64(&both).to_vec()).unwrap();
            prop_assert_eq!(from_base64(&text, "key").unwrap(), both);
        }

        #[test]
        fn hexadecimal_is_the_formatter_s(bytes in prop::array::uniform32(any::<u8>())) {
            let wanted: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            prop_assert_eq!(String::from_utf8_lossy(&hex(&bytes)).into_owned(), wanted);
        }
    }
}
