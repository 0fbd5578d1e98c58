//! Beginnings of messages, remembered: two messages of a stream differ before their levels in digits alone.
//!
//! catalogue: M1. What stands before the levels of a depth message is as long as the levels of a short one, and reading it
//! piece by piece is more code than anything behind it. But a stream's next message begins as its last one did, down to how
//! many digits each number has. So the last beginning is kept as two texts: what must stand at each byte, and how far above
//! it a byte may be, 9 for a digit and 0 for the rest. Checking a message against them takes a few instructions, and each
//! number stands where it stood. What differs is read by its reader in `binance_depth`, whose result this repeats.
//!
//! How its levels' numbers are written is kept beside it. It is a memory and no state: with or without it the same messages
//! give the same records.

use super::Stamp;
use super::level::Layouts;
use crate::instrument::Market;

/// Bytes of the longest beginning that is remembered, in steps of `STEP`.
const ROOM: usize = 256;
/// Bytes that are checked together: the width of a register, so that the compiler makes few instructions of it.
const STEP: usize = 32;
/// Streams whose beginnings are remembered, each in the slot that its name gives. A desk follows fewer; of two in one slot,
/// one is read the usual way.
const SLOTS: usize = 256;
/// A beginning gives way when it has differed so often in turn from what its slot was asked for.
const MISSES_MAX: u8 = 4;
/// The digits of the longest number that is remembered.
const DIGITS_MAX: usize = 16;

/// Where a number stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Span {
    /// Its first digit.
    pub from: u16,
    /// Its digits; 0 where there is none.
    pub digits: u16,
}

impl Span {
    /// The number from `from` to `end`; None where that is farther in a message than any beginning reaches.
    pub fn between(from: usize, end: usize) -> Option<Self> {
        Some(Self { from: u16::try_from(from).ok()?, digits: u16::try_from(end.checked_sub(from)?).ok()? })
    }

    /// The place behind it.
    pub const fn end(self) -> usize {
        self.from as usize + self.digits as usize
    }
}

/// What a beginning says that is the same in each message of its stream, and where it says the rest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Said {
    /// The place of its instrument among all that are listed.
    pub listed: usize,
    /// Whether the message replaces the book.
    pub snapshot: bool,
    /// Whether the message is wrapped with its stream's name.
    pub combined: bool,
    /// The event time that counts, and the first, last and previous update id.
    pub numbers: [Span; 4],
    /// How many of them there are: spot names no previous one.
    pub count: u8,
    /// A number that is read and not used.
    pub unused: Span,
    /// The place of the first level.
    pub end: usize,
}

impl Said {
    /// The numbers that there are.
    #[inline(always)]
    pub fn there(&self) -> &[Span] {
        self.numbers.get(..usize::from(self.count)).unwrap_or_default()
    }
}

#[derive(Debug, Clone)]
struct Head {
    /// The market that it was read on; None where nothing is remembered.
    market: Option<Market>,
    missed: u8,
    said: Said,
    layouts: Layouts,
    /// What stands at each byte, 0 for a digit's.
    text: [u8; ROOM],
    /// How much more than that a byte may be.
    above: [u8; ROOM],
}

/// The beginnings of the streams that were read last.
#[derive(Debug, Clone)]
pub(super) struct Heads {
    slots: Box<[Head]>,
}

impl Default for Heads {
    fn default() -> Self {
        let (said, layouts) = (Said::default(), Layouts::default());
        let none = Head { market: None, missed: 0, said, layouts, text: [0; ROOM], above: [0; ROOM] };
        Self { slots: vec![none; SLOTS].into_boxed_slice() }
    }
}

impl Heads {
    /// Forgets all.
    pub fn forget(&mut self) {
        self.slots.iter_mut().for_each(|head| (head.market, head.missed) = (None, 0));
    }

    /// What the beginning of `payload` says, where it is the one that is remembered of its stream, and what is known of its
    /// levels.
    #[inline(always)]
    pub fn find(&mut self, market: Market, stamp: Stamp, payload: &[u8]) -> Option<(&Said, &mut Layouts)> {
        let head = self.slots.get_mut(slot(stamp, payload)?)?;
        let steps = payload.as_chunks::<STEP>().0;
        let needed = head.said.end.div_ceil(STEP);
        if head.market != Some(market) || steps.len() < needed {
            return None;
        }
        let (texts, aboves) = (head.text.as_chunks::<STEP>().0, head.above.as_chunks::<STEP>().0);
        let mut strange = [0_u8; STEP];
        for ((bytes, text), above) in steps.iter().zip(texts).zip(aboves).take(needed) {
            for at in 0..STEP {
                strange[at] |= (bytes[at] ^ text[at]).saturating_sub(above[at]);
            }
        }
        if strange != [0; STEP] {
            return None;
        }
        head.missed = 0;
        Some((&head.said, &mut head.layouts))
    }

    /// Remembers the beginning of `payload`, which was read as `said`, unless its slot serves another stream well.
    #[cold]
    pub fn learn(&mut self, market: Market, stamp: Stamp, payload: &[u8], said: Said) {
        let Some(head) = slot(stamp, payload).and_then(|at| self.slots.get_mut(at)) else { return };
        head.missed = head.missed.saturating_add(1);
        let numbers = || said.there().iter().chain([&said.unused]);
        let fits = said.end <= ROOM && numbers().all(|number| usize::from(number.digits) <= DIGITS_MAX);
        if !fits || head.market.is_some() && head.missed < MISSES_MAX {
            return;
        }
        let layouts = Layouts::default();
        *head = Head { market: Some(market), missed: 0, said, layouts, text: [0; ROOM], above: [u8::MAX; ROOM] };
        let texts = head.text.iter_mut().zip(&mut head.above).zip(payload).take(said.end);
        texts.for_each(|((text, above), byte)| (*text, *above) = (*byte, 0));
        for number in numbers() {
            head.text[usize::from(number.from)..number.end()].fill(b'0');
            head.above[usize::from(number.from)..number.end()].fill(9);
        }
    }
}

/// The slot of a message: eight characters of its stream's name, and the connection that it came on.
#[inline(always)]
fn slot(stamp: Stamp, payload: &[u8]) -> Option<usize> {
    const NAME: usize = br#"{"stream":""#.len();
    let name = u64::from_le_bytes(*payload.get(NAME..)?.first_chunk()?);
    let hash = (name ^ u64::from(stamp.stream)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    Some((hash >> 32) as usize % SLOTS)
}

#[cfg(test)]
mod tests {
    use crate::decode::Stamp;
    use crate::decode::samples::{COINM_DEPTH, SPOT_DEPTH, USDM_DEPTH, decoder};
    use crate::event::RecordBuf;
    use crate::instrument::Market;
    use proptest::prelude::*;

    const MESSAGES: [(Market, &str); 3] =
        [(Market::Spot, SPOT_DEPTH), (Market::Linear, USDM_DEPTH), (Market::Inverse, COINM_DEPTH)];

    /// The message of a market with other digits before its levels, and with some of its bytes changed.
    fn another(text: &str, wrapped: bool, digits: &[u8], changes: &[(usize, u8)]) -> Vec<u8> {
        let inner = text.find("\"data\":").unwrap() + 7;
        let text = if wrapped { text } else { &text[inner..text.len() - 1] };
        let levels = text.find("\"b\":[").unwrap();
        let mut bytes = text.as_bytes().to_vec();
        let numbers = bytes[..levels].iter_mut().skip(40).filter(|byte| byte.is_ascii_digit());
        numbers.zip(digits).for_each(|(byte, digit)| *byte = *digit);
        for (at, byte) in changes {
            let at = at % bytes.len();
            bytes[at] = *byte;
        }
        bytes
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn what_is_remembered_changes_nothing(
            messages in proptest::collection::vec(
                (
                    proptest::sample::select(MESSAGES.to_vec()), any::<bool>(), 0u16..3,
                    proptest::collection::vec(b'0'..=b'9', 0..60),
                    proptest::collection::vec(
                        (any::<usize>(), prop_oneof![b'0'..=b':', proptest::sample::select(b"\"\\{}[],/ ".to_vec()), any::<u8>()]),
                        0..2,
                    ),
                ),
                1..12,
            ),
        ) {
            let (mut remembers, mut fresh) = (decoder(), decoder());
            let (mut found, mut wanted) = (RecordBuf::with_capacity(1 << 12), RecordBuf::with_capacity(1 << 12));
            for ((market, text), wrapped, stream, digits, changes) in &messages {
                let bytes = another(text, *wrapped, digits, changes);
                let stamp = Stamp { stream: *stream, ts_receive: 1, ts_mono: 2 };
                fresh.forget();
                found.clear();
                wanted.clear();
                let told = remembers.market(*market, &bytes, stamp, &mut found);
                prop_assert_eq!(told, fresh.market(*market, &bytes, stamp, &mut wanted));
                prop_assert_eq!(found.bytes(), wanted.bytes());
            }
        }
    }

    #[test]
    fn a_beginning_is_remembered_of_each_stream() {
        let mut decoder = decoder();
        let mut out = RecordBuf::with_capacity(1 << 12);
        for (market, text) in MESSAGES {
            let stamp = Stamp { stream: market as u16, ts_receive: 1, ts_mono: 2 };
            assert!(decoder.heads.find(market, stamp, text.as_bytes()).is_none());
            decoder.market(market, text.as_bytes(), stamp, &mut out).unwrap();
            let next = another(text, true, b"9876543210987654321098765432109876543210", &[]);
            assert!(decoder.heads.find(market, stamp, &next).is_some(), "{text}");
            assert!(decoder.heads.find(Market::Linear, stamp, &next).is_some() == (market == Market::Linear));
        }
    }
}
