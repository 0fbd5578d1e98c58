//! A ring's memory as loom sees it: every word a tracked cell, every position a modelled atomic.
//!
//! catalogue: K4. Built only for `make model`. loom runs every interleaving and every reordering that the orderings in
//! `mod.rs` allow, and fails where a word is written while it is read.

use crate::error::Result;
use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::sync::atomic::AtomicU64;

/// The bit of the claims word that the producer takes.
pub(super) const PRODUCER: u64 = 1;
/// The bit of the claims word that the consumer takes.
pub(super) const CONSUMER: u64 = 2;

#[derive(Debug)]
struct Inner {
    head: AtomicU64,
    tail: AtomicU64,
    words: Vec<UnsafeCell<u64>>,
}

/// The modelled region; clones name the same memory.
#[derive(Debug, Clone)]
pub struct Region {
    inner: Arc<Inner>,
    capacity: usize,
}

// SAFETY: as for the real region; loom checks it.
unsafe impl Send for Region {}

impl Region {
    /// A region of `capacity` bytes; any power of two, so that a model can be small enough to be explored. Its
    /// positions begin 40 bytes before the end, so that the second message has to wrap.
    pub fn plain(capacity: usize) -> Result<Self> {
        let begin = capacity as u64 - 40;
        let words = (0..capacity / 8).map(|_| UnsafeCell::new(0)).collect();
        let inner = Arc::new(Inner { head: AtomicU64::new(begin), tail: AtomicU64::new(begin), words });
        Ok(Self { inner, capacity })
    }

    pub(super) fn claim(&self, _end: u64) -> Result<()> {
        Ok(())
    }

    pub(super) fn head(&self) -> &AtomicU64 {
        &self.inner.head
    }

    pub(super) fn tail(&self) -> &AtomicU64 {
        &self.inner.tail
    }

    pub(super) const fn capacity(&self) -> usize {
        self.capacity
    }

    pub(super) unsafe fn put_word(&self, at: usize, word: u64) {
        // SAFETY: loom's cell fails the model where this write races with a read.
        self.inner.words[at / 8].with_mut(|cell| unsafe { *cell = word });
    }

    pub(super) unsafe fn put(&self, at: usize, bytes: &[u8]) {
        for (index, word) in bytes.chunks_exact(8).enumerate() {
            let word = u64::from_ne_bytes(word.try_into().unwrap());
            // SAFETY: as above.
            unsafe { self.put_word(at + index * 8, word) };
        }
    }

    pub(super) unsafe fn word(&self, at: usize) -> u64 {
        // SAFETY: loom's cell fails the model where this read races with a write.
        self.inner.words[at / 8].with(|cell| unsafe { *cell })
    }

    pub(super) unsafe fn with<R>(&self, at: usize, length: usize, look: impl FnOnce(&[u8]) -> R) -> R {
        let bytes: Vec<u8> = (0..length / 8)
            // SAFETY: as above.
            .flat_map(|index| unsafe { self.word(at + index * 8) }.to_ne_bytes())
            .collect();
        look(&bytes)
    }
}

mod explored {
    use super::super::pair;
    use loom::thread;

    const MESSAGES: u64 = 4;

    /// Four messages through a ring that three of them fill: order and content hold in every interleaving with at
    /// most three preemptions, across the wrap and where the producer finds the ring full.
    #[test]
    fn every_interleaving_keeps_order_and_content() {
        let mut model = loom::model::Builder::new();
        model.preemption_bound = Some(3);
        model.check(|| {
            let (mut producer, mut consumer) = pair(128).unwrap();
            let writer = thread::spawn(move || {
                let mut sent = 0_u64;
                while sent < MESSAGES {
                    let payload = [sent.to_ne_bytes(), sent.to_ne_bytes()];
                    match producer.push(sent, payload.as_flattened()) {
                        Ok(()) => sent += 1,
                        Err(_) => thread::yield_now(),
                    }
                }
            });
            let mut seen = 0_u64;
            while seen < MESSAGES {
                let got = consumer.pop(|tag, bytes| (tag, u64::from_ne_bytes(bytes[8..].try_into().unwrap()))).unwrap();
                match got {
                    Some(message) => {
                        assert_eq!(message, (seen, seen));
                        seen += 1;
                    }
                    None => thread::yield_now(),
                }
            }
            writer.join().unwrap();
        });
    }
}
