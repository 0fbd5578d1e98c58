//! A SoupBinTCP session: packets out of a byte stream, sequenced messages counted, and where to go on after a disconnect.
//!
//! catalogue: M1, M3. The server numbers nothing: it says with the login which number comes next, and the reader counts. A
//! new connection logs in to the same session with the number that is next, so that nothing is lost or doubled.

use crate::decode::soup::{self, Packet};
use crate::error::{CoreError, Result};

/// The most bytes of an unfinished packet: its length has 16 bits.
const PACKET_MAX: usize = 2 + u16::MAX as usize;

/// What a session hands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told<'a> {
    /// The login was taken; whether it is another session than before, whose numbers begin anew.
    Accepted {
        /// Another session.
        changed: bool,
        /// The number of the next sequenced message.
        next: u64,
    },
    /// The login was refused: `A` not authorised, `S` no such session.
    Rejected(u8),
    /// The sequenced message with this number.
    Message(u64, &'a [u8]),
    /// A message without a number.
    Unsequenced(&'a [u8]),
    /// The server lives.
    Heartbeat,
    /// The session has ended.
    Ended,
}

/// One session over any number of connections.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stream {
    session: String,
    next: u64,
    accepted: bool,
    ended: bool,
    rest: Vec<u8>,
}

impl Stream {
    /// A session that begins with message `next` (0: only new ones) of `session` (blank: the current one).
    #[must_use]
    pub fn new(session: &str, next: u64) -> Self {
        Self { session: session.trim().to_owned(), next, ..Self::default() }
    }

    /// The session's name; blank before the first login where none was given.
    #[must_use]
    pub fn session(&self) -> &str {
        &self.session
    }

    /// The number of the next sequenced message.
    #[must_use]
    pub const fn next(&self) -> u64 {
        self.next
    }

    /// Whether the session has ended.
    #[must_use]
    pub const fn ended(&self) -> bool {
        self.ended
    }

    /// The login of a new connection; what the last one left unfinished is forgotten. Errors: see `soup::login`.
    pub fn login(&mut self, user: &str, password: &str) -> Result<[u8; 49]> {
        self.rest.clear();
        self.accepted = false;
        soup::login(user, password, &self.session, self.next)
    }

    /// Takes bytes as they came and tells what is whole in them.
    ///
    /// Errors: `Decode` for what is no SoupBinTCP, `Field` for messages before the login was taken: drop the connection.
    /// Those of `tell`.
    pub fn feed(&mut self, bytes: &[u8], tell: &mut dyn FnMut(Told<'_>) -> Result<()>) -> Result<()> {
        let mut buffer = std::mem::take(&mut self.rest);
        buffer.extend_from_slice(bytes);
        let mut at = 0;
        while let Some((packet, len)) = soup::packet(&buffer[at..])? {
            at += len;
            self.packet(packet, tell)?;
        }
        buffer.drain(..at);
        debug_assert!(buffer.len() < PACKET_MAX);
        self.rest = buffer;
        Ok(())
    }

    fn packet(&mut self, packet: Packet<'_>, tell: &mut dyn FnMut(Told<'_>) -> Result<()>) -> Result<()> {
        match packet {
            Packet::Accepted { session, next } => {
                let name = String::from_utf8_lossy(&session).trim().to_owned();
                let changed = !self.session.is_empty() && self.session != name;
                (self.session, self.next, self.accepted, self.ended) = (name, next, true, false);
                tell(Told::Accepted { changed, next })
            }
            Packet::Rejected(reason) => tell(Told::Rejected(reason)),
            Packet::Sequenced(_) if !self.accepted => {
                let was = "a sequenced message".to_owned();
                Err(CoreError::Field { field: "SoupBinTCP packet", was, why: "must follow an accepted login" })
            }
            Packet::Sequenced(message) => {
                let seq = self.next;
                self.next = self.next.saturating_add(1);
                tell(Told::Message(seq, message))
            }
            Packet::Unsequenced(message) => tell(Told::Unsequenced(message)),
            Packet::Heartbeat => tell(Told::Heartbeat),
            Packet::Ended => {
                self.ended = true;
                tell(Told::Ended)
            }
            Packet::Debug(_) => Ok(()),
        }
    }
}
