//! SoupBinTCP: messages in a byte stream, with a login, heartbeats and an end.
//!
//! catalogue: M1, M7. Source: Nasdaq's "SoupBinTCP 3.00". A packet is a big-endian length of 16 bits, a type, and the payload
//! that the length counts with the type. Only sequenced messages have numbers, and those are counted by the reader from
//! the number that the login was accepted with.

use crate::error::{CoreError, Result};

/// One packet of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packet<'a> {
    /// `A`: the login is good; the session's name and the number of the next sequenced message.
    Accepted {
        /// The session, padded with spaces on the left.
        session: [u8; 10],
        /// The number of the next sequenced message.
        next: u64,
    },
    /// `J`: the login is refused, `A` not authorised, `S` no such session.
    Rejected(u8),
    /// `S`: the next message.
    Sequenced(&'a [u8]),
    /// `U`: a message without a number.
    Unsequenced(&'a [u8]),
    /// `H`: the server lives; one comes every second in which nothing else does.
    Heartbeat,
    /// `Z`: the session has ended, and the server hangs up.
    Ended,
    /// `+`: text for people, to be ignored.
    Debug(&'a [u8]),
}

/// Reads the first packet of a stream's bytes; None where it is not complete yet. Also how many bytes it took.
///
/// Errors: `Decode` for an unknown type, or a length that does not fit it. The stream cannot be read on then.
pub fn packet(bytes: &[u8]) -> Result<Option<(Packet<'_>, usize)>> {
    let Some((len, rest)) = bytes.split_first_chunk() else { return Ok(None) };
    let len = usize::from(u16::from_be_bytes(*len));
    if len == 0 {
        return Err(CoreError::Decode { at: 0, field: "SoupBinTCP length", was: "0".to_owned() });
    }
    let Some((kind, payload)) = rest.get(..len).and_then(<[u8]>::split_first) else { return Ok(None) };
    Ok(Some((typed(*kind, payload)?, len + 2)))
}

fn typed(kind: u8, payload: &[u8]) -> Result<Packet<'_>> {
    Ok(match (kind, payload) {
        (b'S', message) => Packet::Sequenced(message),
        (b'U', message) => Packet::Unsequenced(message),
        (b'+', text) => Packet::Debug(text),
        (b'H', []) => Packet::Heartbeat,
        (b'Z', []) => Packet::Ended,
        (b'J', [reason]) => Packet::Rejected(*reason),
        (b'A', accepted) if accepted.len() == 30 => accepted_login(accepted)?,
        (b'A' | b'J' | b'H' | b'Z', other) => {
            return Err(CoreError::Decode { at: 0, field: "SoupBinTCP length", was: (other.len() + 1).to_string() });
        }
        (other, _) => {
            return Err(CoreError::Decode { at: 2, field: "SoupBinTCP type", was: format!("{:?}", char::from(other)) });
        }
    })
}

fn accepted_login(payload: &[u8]) -> Result<Packet<'_>> {
    let (session, number) = payload.split_first_chunk().unwrap_or((&[0; 10], &[]));
    let text = number.trim_ascii();
    let next = std::str::from_utf8(text).ok().and_then(|text| text.parse().ok()).ok_or_else(|| {
        let was = String::from_utf8_lossy(text).into_owned();
        CoreError::Decode { at: 13, field: "SoupBinTCP sequence number", was }
    })?;
    Ok(Packet::Accepted { session: *session, next })
}

/// The client's heartbeat, due when it has sent nothing else for a second.
pub const HEARTBEAT: [u8; 3] = [0, 1, b'R'];
/// The client's farewell.
pub const LOGOUT: [u8; 3] = [0, 1, b'O'];

/// A login for messages from number `next` on (0 for only new ones) of a session (blank for the current one).
///
/// Errors: `Field` for a name, password or session that is too long or not ASCII; a password is not repeated.
pub fn login(user: &str, password: &str, session: &str, next: u64) -> Result<[u8; 49]> {
    let mut bytes = [b' '; 49];
    bytes[..3].copy_from_slice(&[0, 47, b'L']);
    let mut put = |at: usize, len: usize, text: &str, field: &'static str, shown: &str| {
        if text.len() > len || !text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
            let why = "must be short printable ASCII";
            return Err(CoreError::Field { field, was: shown.to_owned(), why });
        }
        bytes[at..at + text.len()].copy_from_slice(text.as_bytes());
        Ok(())
    };
    put(3, 6, user, "user", user)?;
    put(9, 10, password, "password", "(hidden)")?;
    put(19, 10, session, "session", session)?;
    let next = format!("{next:>20}");
    put(29, 20, &next, "next", &next)?;
    Ok(bytes)
}
