//! ITCH 5.0 and its two transports: golden bytes from the specifications' tables, and mutated and arbitrary ones.

use super::itch::{self, Head, ItchError, LENGTHS, Message};
use super::{mold, soup};
use crate::book::l3::Change;
use crate::error::CoreError;
use crate::units::Side;
use proptest::prelude::*;

/// The bytes of a line such as `41 0007 0000 ...`: hex, grouped as the specification's fields are.
fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}

/// Locate 7, tracking number 2, one nanosecond after 09:30.
const HEAD: Head = Head { locate: 7, tracking: 2, ts_midnight_ns: 34_200_000_000_001 };

fn golden(kind: u8, body: &str) -> Vec<u8> {
    let time = HEAD.ts_midnight_ns.to_be_bytes();
    [&[kind, 0, 7, 0, 2], &time[2..], &bytes(body)].concat()
}

/// `AAPL` and four spaces.
const AAPL: [u8; 8] = *b"AAPL    ";

#[test]
fn golden_messages_that_change_a_book() {
    let order = "0000000000000539";
    let cases: [(Vec<u8>, Message, Change); 7] = [
        (
            golden(b'A', &format!("{order} 42 00000064 4141504c20202020 000f4240")),
            Message::Add { order: 1337, side: Side::Buy, shares: 100, stock: AAPL, price: 1_000_000 },
            Change::Add { book: 7, id: 1337, side: Side::Buy, price: 1_000_000, qty: 100 },
        ),
        (
            golden(b'F', &format!("{order} 53 00000001 4141504c20202020 00000001 4e534451")),
            Message::AddAttributed {
                order: 1337,
                side: Side::Sell,
                shares: 1,
                stock: AAPL,
                price: 1,
                attribution: *b"NSDQ",
            },
            Change::Add { book: 7, id: 1337, side: Side::Sell, price: 1, qty: 1 },
        ),
        (
            golden(b'E', &format!("{order} 0000000a 00000000000000ff")),
            Message::Executed { order: 1337, shares: 10, match_number: 255 },
            Change::Reduce { book: 7, id: 1337, qty: 10 },
        ),
        (
            golden(b'C', &format!("{order} 0000000a 00000000000000ff 59 000f4241")),
            Message::ExecutedAt { order: 1337, shares: 10, match_number: 255, printable: b'Y', price: 1_000_001 },
            Change::Reduce { book: 7, id: 1337, qty: 10 },
        ),
        (
            golden(b'X', &format!("{order} 00000005")),
            Message::Cancel { order: 1337, shares: 5 },
            Change::Reduce { book: 7, id: 1337, qty: 5 },
        ),
        (golden(b'D', order), Message::Delete { order: 1337 }, Change::Delete { book: 7, id: 1337 }),
        (
            golden(b'U', &format!("{order} 000000000000053a 00000032 000f423f")),
            Message::Replace { order: 1337, new_order: 1338, shares: 50, price: 999_999 },
            Change::Replace { book: 7, id: 1337, new_id: 1338, price: 999_999, qty: 50 },
        ),
    ];
    for (bytes, message, change) in cases {
        assert_eq!(itch::message(&bytes), Ok((HEAD, message)));
        assert_eq!(itch::change(&HEAD, &message), Some(change));
    }
}

#[test]
fn golden_messages_that_change_none() {
    let cases = [
        (
            golden(b'P', "0000000000000000 42 00000064 4141504c20202020 000f4240 0000000000000009"),
            Message::Trade { order: 0, side: Side::Buy, shares: 100, stock: AAPL, price: 1_000_000, match_number: 9 },
        ),
        (
            golden(b'Q', "0000000000000064 4141504c20202020 000f4240 0000000000000009 4f"),
            Message::CrossTrade { shares: 100, stock: AAPL, price: 1_000_000, match_number: 9, cross_type: b'O' },
        ),
        (golden(b'B', "0000000000000009"), Message::Broken { match_number: 9 }),
        (golden(b'S', "51"), Message::System { event: b'Q' }),
        (
            golden(b'H', "4141504c20202020 54 20 4d574330"),
            Message::TradingAction { stock: AAPL, state: b'T', reason: *b"MWC0" },
        ),
        (
            golden(b'I', "0000000000000001 0000000000000002 42 4141504c20202020 00000003 00000004 00000005 4f 4c"),
            Message::Imbalance {
                paired: 1,
                imbalance: 2,
                direction: b'B',
                stock: AAPL,
                far_price: 3,
                near_price: 4,
                reference_price: 5,
                cross_type: b'O',
                variation: b'L',
            },
        ),
        (
            golden(b'O', "4141504c20202020 59 00000001 00000002 00000003 0000000000000004 00000005 00000006"),
            Message::DirectListing {
                stock: AAPL,
                eligible: b'Y',
                price_min: 1,
                price_max: 2,
                near_price: 3,
                near_ts_midnight_ns: 4,
                lower: 5,
                upper: 6,
            },
        ),
    ];
    for (bytes, message) in cases {
        assert_eq!(itch::message(&bytes), Ok((HEAD, message)));
        assert_eq!(itch::change(&HEAD, &message), None);
    }
}

#[test]
fn every_type_has_one_length_and_every_other_is_an_error() {
    assert_eq!(LENGTHS.len(), 23);
    for &(kind, expected) in LENGTHS {
        for was in 1..64 {
            let mut bytes = vec![b'B'; was];
            bytes[0] = kind;
            let refused = Err(ItchError::Length { kind, expected, was });
            assert!(if was == expected { itch::message(&bytes).is_ok() } else { itch::message(&bytes) == refused });
        }
    }
    assert_eq!(itch::message(&[]), Err(ItchError::Empty));
    assert_eq!(itch::message(b"Z"), Err(ItchError::UnknownType(b'Z')));
    let wrong_side = golden(b'A', "0000000000000539 43 00000064 4141504c20202020 000f4240");
    assert_eq!(itch::message(&wrong_side), Err(ItchError::Side(b'C')));
    assert_eq!(ItchError::Side(b'C').to_string(), "ITCH side must be B or S, was 'C'");
}

/// `SESSION001`, number 5, two messages: `D` and the day's phase `Q`.
fn datagram() -> Vec<u8> {
    let messages = [golden(b'D', "0000000000000539"), golden(b'S', "51")];
    let mut bytes = bytes("53455353494f4e303031 0000000000000005 0002");
    for message in &messages {
        bytes.extend((message.len() as u16).to_be_bytes());
        bytes.extend(message);
    }
    bytes
}

#[test]
fn a_datagram_gives_its_messages_with_their_numbers() {
    let bytes = datagram();
    let packet = mold::packet(&bytes).unwrap();
    assert_eq!((&packet.session, packet.ended, packet.next_seq()), (b"SESSION001", false, 7));
    let numbers: Vec<(u64, usize)> = packet.messages().map(|(seq, message)| (seq, message.len())).collect();
    assert_eq!(numbers, [(5, 19), (6, 12)]);
    for cut in 0..bytes.len() {
        assert!(matches!(mold::packet(&bytes[..cut]), Err(CoreError::Decode { .. })), "{cut}");
    }
    assert!(mold::packet(&[&bytes[..], &[0]].concat()).is_err());
}

#[test]
fn heartbeats_ends_and_requests() {
    let mut bytes = datagram()[..mold::HEADER_LEN].to_vec();
    bytes[18..].fill(0);
    assert_eq!(mold::packet(&bytes).unwrap().messages().count(), 0);
    assert_eq!(mold::packet(&bytes).unwrap().next_seq(), 5);
    bytes[18..].fill(0xFF);
    assert!(mold::packet(&bytes).unwrap().ended);
    assert_eq!(mold::request(*b"SESSION001", 5, 2)[..], datagram()[..20]);
}

#[test]
fn two_copies_of_a_line_are_one() {
    let mut line = mold::Line::from(5);
    assert_eq!([5, 5, 6, 8, 7, 8].map(|seq| line.take(seq)), {
        use mold::Place::{Again, Gap, Next};
        [Next, Again, Next, Gap(7), Next, Next]
    });
    assert_eq!(line.next(), 9);
}

#[test]
fn a_stream_gives_its_packets_as_they_become_whole() {
    let accepted = [&[0, 31, b'A'][..], b" SESSION01", format!("{:>20}", 42).as_bytes()].concat();
    let stream = [&accepted[..], &[0, 1, b'H', 0, 3, b'S', 1, 2, 0, 2, b'U', 9, 0, 2, b'J', b'A', 0, 1, b'Z']].concat();
    for cut in 0..accepted.len() {
        assert_eq!(soup::packet(&stream[..cut]), Ok(None));
    }
    let (mut at, mut all) = (0, Vec::new());
    while let Some((packet, len)) = soup::packet(&stream[at..]).unwrap() {
        all.push(packet);
        at += len;
    }
    use soup::Packet::{Accepted, Ended, Heartbeat, Rejected, Sequenced, Unsequenced};
    let first = Accepted { session: *b" SESSION01", next: 42 };
    assert_eq!(all, [first, Heartbeat, Sequenced(&[1, 2]), Unsequenced(&[9]), Rejected(b'A'), Ended]);
    for wrong in [&[0, 0][..], &[0, 1, b'?'], &[0, 2, b'H', 1], &[0, 1, b'J'], &[0, 1, b'A']] {
        assert!(matches!(soup::packet(wrong), Err(CoreError::Decode { .. })), "{wrong:?}");
    }
    let mut unnumbered = accepted;
    unnumbered[32] = b'x';
    assert!(soup::packet(&unnumbered).unwrap_err().to_string().contains("was 4x"));
}

#[test]
fn a_login_is_padded_and_never_repeats_a_password() {
    let login = soup::login("ME", "SECRET", "", 1).unwrap();
    assert_eq!(&login[..], [&[0, 47][..], b"LME    SECRET              ", format!("{:>20}", 1).as_bytes()].concat());
    let refused = soup::login("ME", "MUCH TOO LONG", "", 1).unwrap_err().to_string();
    assert_eq!(refused, "password must be short printable ASCII, was (hidden)");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5_000))]

    /// No bytes make a reader panic, and what it takes has the length that it says.
    #[test]
    fn arbitrary_bytes(bytes in prop::collection::vec(any::<u8>(), 0..120), kind in 0..LENGTHS.len()) {
        let (kind, len) = LENGTHS[kind];
        let mut typed = bytes.clone();
        typed.resize(len, 0);
        typed[0] = kind;
        for bytes in [&bytes, &typed] {
            if let Ok((head, message)) = itch::message(bytes) {
                let _ = itch::change(&head, &message);
            }
        }
        if let Ok(packet) = mold::packet(&bytes) {
            prop_assert_eq!(packet.messages().count(), usize::from(packet.count));
        }
        if let Ok(Some((_, len))) = soup::packet(&bytes) {
            prop_assert!(len <= bytes.len());
        }
    }

    /// A good datagram with one byte changed is read whole or refused.
    #[test]
    fn a_flipped_byte_of_a_datagram(at in 0..55_usize, byte in any::<u8>()) {
        let mut bytes = datagram();
        let at = at % bytes.len();
        bytes[at] = byte;
        if let Ok(packet) = mold::packet(&bytes) {
            prop_assert_eq!(packet.messages().count(), usize::from(packet.count));
            for (_, message) in packet.messages() {
                let _ = itch::message(message);
            }
        }
    }
}
