//! The rival of every decoding bench: simd-json's tape of the same bytes, its input copy included.

use simd_json::{Buffers, INPUT_PADDING, Tape};

/// A reused copy, reused buffers and a reused tape, so that nothing is allocated a message.
pub struct Rival {
    copy: Vec<u8>,
    buffers: Buffers,
    tape: Tape<'static>,
    padded: bool,
}

impl Rival {
    /// `padded`: parse in the padded copy itself, sparing simd-json's own second copy.
    pub fn new(padded: bool) -> Self {
        Self { copy: Vec::with_capacity(1 << 20), buffers: Buffers::new(1 << 20), tape: Tape::null(), padded }
    }

    /// Parses one message; the number of nodes.
    #[inline]
    pub fn take(&mut self, message: &[u8]) -> usize {
        self.copy.clear();
        self.copy.extend_from_slice(message);
        let mut tape = std::mem::replace(&mut self.tape, Tape(Vec::new())).reset();
        if self.padded {
            self.copy.extend_from_slice(&[0; INPUT_PADDING]);
            simd_json::fill_tape_padded(&mut self.copy, message.len(), &mut self.buffers, &mut tape)
        } else {
            simd_json::fill_tape(&mut self.copy, &mut self.buffers, &mut tape)
        }
        .expect("a recorded message parses");
        let nodes = std::hint::black_box(&tape).0.len();
        self.tape = tape.reset();
        nodes
    }
}
