//! Signatures of requests: HMAC-SHA256 from precomputed states, and Ed25519.
//!
//! catalogue: O2. HMAC (RFC 2104) hashes a 64-byte block made of the key before the message and another before the
//! inner digest; both states are computed once, and so is the state after a message's constant beginning. What is
//! left for an order is its changing bytes. Keys and states are overwritten with zeros when they are dropped, and
//! nothing here prints one.

use super::text::from_base64;
use crate::error::{CoreError, Result};
use ed25519_dalek::{Signer as _, SigningKey};
use sha2::block_api::compress256;
use std::fmt;
use zeroize::{Zeroize, Zeroizing};

/// Bytes of a SHA-256 block.
pub const BLOCK: usize = 64;
/// Bytes behind a message that `HmacKey::inner` writes over: what SHA-256 puts there takes a block and nine at most.
pub const PADDING: usize = BLOCK + 8;

/// The initial state of SHA-256 (FIPS 180-4 section 5.3.3).
const INITIAL: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// An HMAC-SHA256 key as the two states that it makes.
pub struct HmacKey {
    inner: [u32; 8],
    outer: [u32; 8],
}

/// The state after the key and some whole blocks of a message.
pub struct Midstate {
    state: [u32; 8],
    /// Bytes of the message that are in it, a multiple of `BLOCK`.
    pub covered: usize,
}

impl HmacKey {
    /// The key of a secret of any length.
    #[must_use]
    pub fn new(secret: &[u8]) -> Self {
        let mut block = Zeroizing::new([0u8; BLOCK]);
        if secret.len() > BLOCK {
            block[..32].copy_from_slice(&finish(INITIAL, 0, secret));
        } else {
            block[..secret.len()].copy_from_slice(secret);
        }
        let state_of = |pad: u8| {
            let padded = Zeroizing::new(block.map(|byte| byte ^ pad));
            let mut state = INITIAL;
            compress256(&mut state, std::slice::from_ref(&*padded));
            state
        };
        Self { inner: state_of(0x36), outer: state_of(0x5c) }
    }

    /// The state after as many whole blocks of `prefix` as there are.
    #[must_use]
    pub fn midstate(&self, prefix: &[u8]) -> Midstate {
        let (blocks, _) = prefix.as_chunks::<BLOCK>();
        let mut state = self.inner;
        compress256(&mut state, blocks);
        Midstate { state, covered: blocks.len() * BLOCK }
    }

    /// The code of a message.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; 32] {
        self.close(finish(self.inner, BLOCK, message))
    }

    /// The inner digest of a message whose first `from.covered` bytes are in `from`, for `close`; the first `len` bytes of
    /// `room` are what comes after them. Nothing is copied: the padding is written behind the message, over `PADDING`
    /// bytes, and where `room` has fewer there is no digest.
    #[must_use]
    #[inline]
    pub fn inner(from: &Midstate, room: &mut [u8], len: usize) -> Option<[u8; 32]> {
        let mut padding = [0; PADDING];
        padding[0] = 0x80;
        *room.get_mut(len..)?.first_chunk_mut()? = padding;
        // The length in bits stands at the end of the first block that has room for it behind the byte 0x80.
        let end = (len + 9).next_multiple_of(BLOCK);
        let bits = (BLOCK + from.covered + len) as u64 * 8;
        *room.get_mut(..end)?.last_chunk_mut()? = bits.to_be_bytes();
        let mut state = from.state;
        compress256(&mut state, room.get(..end)?.as_chunks().0);
        Some(bytes_of(state))
    }

    /// The code of a message whose inner digest this is.
    #[must_use]
    #[inline]
    pub fn close(&self, digest: [u8; 32]) -> [u8; 32] {
        let mut block = [0u8; BLOCK];
        block[..32].copy_from_slice(&digest);
        block[32] = 0x80;
        block[56..].copy_from_slice(&((BLOCK as u64 + 32) * 8).to_be_bytes());
        let mut state = self.outer;
        compress256(&mut state, &[block]);
        bytes_of(state)
    }
}

/// SHA-256 of everything after `done` bytes that are already in `state`.
#[inline]
fn finish(mut state: [u32; 8], done: usize, rest: &[u8]) -> [u8; 32] {
    let (blocks, tail) = rest.as_chunks::<BLOCK>();
    if !blocks.is_empty() {
        compress256(&mut state, blocks);
    }
    // The tail, one byte 0x80, zeros, and the length in bits in the last eight bytes: one block or two.
    let mut last = [[0u8; BLOCK]; 2];
    last.as_flattened_mut()[..tail.len()].copy_from_slice(tail);
    last.as_flattened_mut()[tail.len()] = 0x80;
    let count = if tail.len() < BLOCK - 8 { 1 } else { 2 };
    last[count - 1][BLOCK - 8..].copy_from_slice(&((done + rest.len()) as u64 * 8).to_be_bytes());
    compress256(&mut state, &last[..count]);
    bytes_of(state)
}

#[inline]
fn bytes_of(state: [u32; 8]) -> [u8; 32] {
    let mut out = [0; 32];
    for (slot, word) in out.as_chunks_mut::<4>().0.iter_mut().zip(state) {
        *slot = word.to_be_bytes();
    }
    out
}

impl Drop for HmacKey {
    fn drop(&mut self) {
        self.inner.zeroize();
        self.outer.zeroize();
    }
}

impl Drop for Midstate {
    fn drop(&mut self) {
        self.state.zeroize();
    }
}

/// An Ed25519 key; the crate behind it overwrites it when it is dropped.
pub struct Ed25519Key(SigningKey);

/// What stands before the 32 bytes of the seed in PKCS#8 (RFC 8410 section 7), after the outer length and version.
const DER_MIDDLE: [u8; 11] = [0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

impl Ed25519Key {
    /// The key of a 32-byte seed (RFC 8032's private key).
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// The key in a PKCS#8 text (`-----BEGIN PRIVATE KEY-----`), version 1 or 2, not encrypted.
    /// Errors tell what is wrong and how long the text was, never the text.
    pub fn from_pem(pem: &str) -> Result<Self> {
        let bad = |why| CoreError::Field { field: "ed25519 key", was: format!("{} characters", pem.len()), why };
        let body = pem
            .split_once("-----BEGIN PRIVATE KEY-----")
            .and_then(|(_, rest)| rest.split_once("-----END PRIVATE KEY-----"))
            .ok_or_else(|| bad("must be an unencrypted PKCS#8 PEM"))?;
        let der = Zeroizing::new(from_base64(body.0, "ed25519 key")?);
        let (head, rest) = der.split_at_checked(5).ok_or_else(|| bad("is cut short"))?;
        let &[0x30, length, 0x02, 0x01, 0 | 1] = head else {
            return Err(bad("must be a PKCS#8 structure of version 1 or 2"));
        };
        if usize::from(length) + 2 != der.len() {
            return Err(bad("must be as long as it says"));
        }
        let seed = rest.strip_prefix(&DER_MIDDLE).ok_or_else(|| bad("must hold an Ed25519 key"))?;
        let seed = seed.first_chunk::<32>().ok_or_else(|| bad("is cut short"))?;
        Ok(Self::from_seed(seed))
    }

    /// The public key, as it is registered with the venue.
    #[must_use]
    pub fn public(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }

    /// The signature of a message.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

/// The key of one account.
#[derive(Debug)]
pub enum Signer {
    /// HMAC-SHA256.
    Hmac(HmacKey),
    /// Ed25519.
    Ed25519(Ed25519Key),
}

impl Signer {
    /// The state after a message's constant beginning; Ed25519 signs a message whole, so that it covers nothing.
    pub(super) fn midstate(&self, prefix: &[u8]) -> Midstate {
        match self {
            Self::Hmac(key) => key.midstate(prefix),
            Self::Ed25519(_) => Midstate { state: INITIAL, covered: 0 },
        }
    }
}

macro_rules! secret {
    ($($name:ident),*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(secret)"))
            }
        }
    )*};
}
secret!(HmacKey, Midstate, Ed25519Key);

#[cfg(test)]
mod tests {
    use super::super::text::hex;
    use super::*;
    use proptest::prelude::*;
    use sha2::{Digest, Sha256};

    fn bytes(text: &str) -> Vec<u8> {
        (0..text.len() / 2).map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap()).collect()
    }

    #[test]
    fn hmac_gives_the_vectors_of_rfc_4231() {
        let long = b"This is a test using a larger than block-size key and a larger than block-size data. \
                     The key needs to be hashed before being used by the HMAC algorithm.";
        #[rustfmt::skip]
        let table: [(Vec<u8>, Vec<u8>, &str); 6] = [
            (vec![0x0b; 20], b"Hi There".to_vec(), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
            (b"Jefe".to_vec(), b"what do ya want for nothing?".to_vec(), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
            (vec![0xaa; 20], vec![0xdd; 50], "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
            ((1..=25).collect(), vec![0xcd; 50], "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"),
            (vec![0xaa; 131], b"Test Using Larger Than Block-Size Key - Hash Key First".to_vec(), "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"),
            (vec![0xaa; 131], long.to_vec(), "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"),
        ];
        for (secret, message, wanted) in table {
            assert_eq!(String::from_utf8_lossy(&hex(&HmacKey::new(&secret).sign(&message))), wanted);
        }
    }

    #[test]
    fn ed25519_gives_the_vectors_of_rfc_8032() {
        #[rustfmt::skip]
        let table = [
            ("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
             "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"),
            ("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb", "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
             "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"),
            ("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7", "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
             "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"),
        ];
        for (seed, public, message, wanted) in table {
            let key = Ed25519Key::from_seed(&bytes(seed).try_into().unwrap());
            assert_eq!(key.public().to_vec(), bytes(public));
            assert_eq!(key.sign(&bytes(message)).to_vec(), bytes(wanted));
        }
    }

    /// The example key of RFC 8410 section 10.3, in both versions of the structure.
    #[test]
    fn a_pem_gives_its_key() {
        let v1 = "-----BEGIN PRIVATE KEY-----\n\
                  MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
                  -----END PRIVATE KEY-----\n";
        let key = Ed25519Key::from_pem(v1).unwrap();
        let wanted = "19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1";
        assert_eq!(key.public().to_vec(), bytes(wanted));
        for (from, to, why) in [
            ("PRIVATE", "PUBLIC", "must be an unencrypted PKCS#8 PEM"),
            ("K2Vw", "K2Vu", "must hold an Ed25519 key"),
            ("MC4C", "MC5C", "must be a PKCS#8 structure"),
            ("dVhC", "", "must be as long as it says"),
            ("MC4C", "*C4C", "is not base 64"),
        ] {
            let text = Ed25519Key::from_pem(&v1.replace(from, to)).unwrap_err().to_string();
            assert!(text.contains(why) && !text.contains("INTuctv5"), "{text}");
        }
    }

    #[test]
    fn nothing_prints_a_key() {
        let signer = Signer::Hmac(HmacKey::new(b"secret"));
        assert_eq!(format!("{signer:?}"), "Hmac(HmacKey(secret))");
    }

    /// RFC 2104 written out over the library's whole hash.
    fn naive(secret: &[u8], message: &[u8]) -> [u8; 32] {
        let mut block = [0u8; BLOCK];
        if secret.len() > BLOCK {
            block[..32].copy_from_slice(&Sha256::digest(secret));
        } else {
            block[..secret.len()].copy_from_slice(secret);
        }
        let inner = Sha256::digest([&block.map(|byte| byte ^ 0x36)[..], message].concat());
        Sha256::digest([&block.map(|byte| byte ^ 0x5c)[..], &inner[..]].concat()).into()
    }

    /// Every length around the block's edges, where the padding needs one block or two.
    #[test]
    fn every_length_is_padded_as_the_standard_says() {
        let message = [0xa5; 300];
        for len in 0..message.len() {
            let key = HmacKey::new(&message[..len / 2]);
            assert_eq!(key.sign(&message[..len]), naive(&message[..len / 2], &message[..len]), "{len}");
        }
    }

    proptest! {
        /// Signing from any midstate is signing the whole.
        #[test]
        fn a_midstate_changes_nothing(
            secret in prop::collection::vec(any::<u8>(), 0..200), message in prop::collection::vec(any::<u8>(), 0..500),
            cut in 0usize..500,
        ) {
            let key = HmacKey::new(&secret);
            let middle = key.midstate(&message[..cut.min(message.len())]);
            let mut room = message[middle.covered..].to_vec();
            let len = room.len();
            room.resize(len + PADDING - 1, 7);
            prop_assert_eq!(HmacKey::inner(&middle, &mut room, len), None, "a byte of room is missing");
            room.push(7);
            let inner = HmacKey::inner(&middle, &mut room, len);
            prop_assert_eq!(&room[..len], &message[middle.covered..]);
            prop_assert_eq!(inner.map(|digest| key.close(digest)), Some(key.sign(&message)));
        }
    }
}
