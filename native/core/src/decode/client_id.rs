//! Our order ids as the text a venue carries for us, and the id of a request about an order.
//!
//! catalogue: O2. `tw` and thirteen digits of Crockford's base 32 (lower case, no i, l, o, u) hold every u64 in
//! fifteen characters; Binance takes 36 (`newClientOrderId`, `^[\.A-Z\:/a-z0-9_-]{1,36}$`).

use crate::event::Request;

/// Bytes of a client order id.
pub const LEN: usize = 15;
/// Bytes of a request id.
pub const REQUEST_LEN: usize = LEN + 2;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// The client order id of `order`.
#[must_use]
pub fn encode(order: u64) -> [u8; LEN] {
    let bytes = word(order).to_le_bytes();
    *bytes.first_chunk().unwrap_or(&[0; LEN])
}

/// The client order id of `order` in one word, its first byte the lowest.
#[must_use]
#[inline]
pub fn word(order: u64) -> u128 {
    let digit = |at: u32| ALPHABET[(order >> (5 * at) & 31) as usize];
    // The first eight bytes are `tw` and six digits, the rest are seven digits.
    let (mut high, mut low) = (u64::from(b't') | u64::from(b'w') << 8, 0);
    for at in 0..6 {
        high |= u64::from(digit(12 - at)) << (16 + 8 * at);
    }
    for at in 0..7 {
        low |= u64::from(digit(6 - at)) << (8 * at);
    }
    u128::from(high) | u128::from(low) << 64
}

/// The order behind a client order id; None where it is not one of ours.
#[must_use]
pub fn decode(text: &[u8]) -> Option<u64> {
    let digits = text.strip_prefix(b"tw").filter(|digits| digits.len() == LEN - 2)?;
    let mut order: u64 = 0;
    for byte in digits {
        let digit = digit_of(*byte)?;
        order = order.checked_mul(32)? | u64::from(digit);
    }
    (order != 0).then_some(order)
}

/// The value of one digit.
const fn digit_of(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'h' => Some(byte - b'a' + 10),
        b'j' | b'k' => Some(byte - b'j' + 18),
        b'm' | b'n' => Some(byte - b'm' + 20),
        b'p'..=b't' => Some(byte - b'p' + 22),
        b'v'..=b'z' => Some(byte - b'v' + 27),
        _ => None,
    }
}

/// The `id` of a WebSocket-API request about `order`: the request's number, a colon, the client order id
/// (`1:tw0000000000001`), so that an answer finds its order by its id alone.
/// Place: the new order. Cancel and query: the order itself. Replace: the new order.
#[must_use]
pub fn request_id(request: Request, order: u64) -> [u8; REQUEST_LEN] {
    let mut id = [b':'; REQUEST_LEN];
    id[0] = b'0' + request as u8;
    id[2..].copy_from_slice(&encode(order));
    id
}

/// The request and order behind an answer's id; None where it is not one of ours.
#[must_use]
pub fn parse_request_id(text: &[u8]) -> Option<(Request, u64)> {
    let &[digit, b':', ref client_id @ ..] = text else { return None };
    let request = Request::from_byte(digit.wrapping_sub(b'0')).ok()?;
    Some((request, decode(client_id)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_ids() {
        for (order, text) in
            [(1, "tw0000000000001"), (31, "tw000000000000z"), (32, "tw0000000000010"), (u64::MAX, "twfzzzzzzzzzzzz")]
        {
            assert_eq!(encode(order), text.as_bytes());
            assert_eq!(decode(text.as_bytes()), Some(order));
        }
    }

    #[test]
    fn other_ids_are_foreign() {
        for text in
            ["", "tw", "tw0000000000000", "tw000000000000i", "twg000000000000", "TW0000000000001", "x-HNA2TXFJabc"]
        {
            assert_eq!(decode(text.as_bytes()), None, "{text}");
        }
        for text in ["5:tw0000000000001", "1;tw0000000000001", "ptw0000000000001", "1:tw000000000000i"] {
            assert_eq!(parse_request_id(text.as_bytes()), None, "{text}");
        }
        assert_eq!(parse_request_id(b"1:tw0000000000001"), Some((Request::Place, 1)));
        assert_eq!(parse_request_id(b""), None);
    }

    proptest! {
        #[test]
        fn every_order_survives(order in 1u64..) {
            prop_assert_eq!(decode(&encode(order)), Some(order));
            for request in [Request::Place, Request::Cancel, Request::Replace, Request::Query] {
                prop_assert_eq!(parse_request_id(&request_id(request, order)), Some((request, order)));
            }
        }

        #[test]
        fn what_decodes_encodes_to_the_same_text(text in "tw[0-9a-z]{13}") {
            if let Some(order) = decode(text.as_bytes()) {
                let encoded = encode(order);
                prop_assert_eq!(encoded.as_slice(), text.as_bytes());
            }
        }
    }
}
