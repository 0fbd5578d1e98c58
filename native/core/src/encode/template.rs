//! A request with holes: constant text that is copied, and slots that an order fills.
//!
//! catalogue: O2. Text is kept in cells of 32 bytes and copied a whole cell at a time, so a piece costs a few vector
//! moves and no call. The buffer therefore needs one cell of room after the last byte.

use super::text::{CELL, Short};
use crate::error::{CoreError, Result};

/// What an order fills in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Slot {
    /// The client id of the order that the request makes or asks for.
    Order,
    /// The client id of the order that it cancels or replaces.
    Target,
    /// The price.
    Price,
    /// The quantity.
    Qty,
    /// The timestamp in milliseconds.
    Time,
}

/// The texts for every slot of one request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slots(pub [Short; 5]);

impl Slots {
    /// All slots empty.
    pub const EMPTY: Self = Self([Short::EMPTY; 5]);

    /// A slot's text, to be written.
    #[inline]
    pub fn at(&mut self, slot: Slot) -> &mut Short {
        &mut self.0[slot as usize]
    }
}

/// Constant text, and the slot after it.
#[derive(Debug, Clone, Copy)]
struct Piece {
    first_cell: u32,
    cells: u32,
    len: u32,
    slot: Option<Slot>,
}

/// A request with holes.
#[derive(Debug, Clone, Default)]
pub(super) struct Template {
    cells: Vec<[u8; CELL]>,
    pieces: Vec<Piece>,
    open: Vec<u8>,
    /// The most bytes that the pieces and the longest texts have.
    longest: usize,
    /// The most bytes that writing them touches.
    reach: usize,
}

impl Template {
    /// Adds constant text.
    pub fn text(&mut self, text: &str) {
        self.open.extend_from_slice(text.as_bytes());
    }

    /// Adds a hole.
    pub fn slot(&mut self, slot: Slot) {
        self.close(Some(slot));
    }

    /// Ends the template: what is open becomes its last piece.
    pub fn finish(mut self) -> Self {
        self.close(None);
        self
    }

    /// The constant text before the first hole.
    pub fn prefix(&self) -> Vec<u8> {
        self.pieces.first().map_or_else(Vec::new, |piece| self.constant(piece))
    }

    /// The same template without its first `count` bytes, which must be constant.
    pub fn without(&self, count: usize) -> Self {
        let mut out = Self::default();
        for (at, piece) in self.pieces.iter().enumerate() {
            let constant = self.constant(piece);
            out.open.extend_from_slice(&constant[if at == 0 { count } else { 0 }..]);
            out.close(piece.slot);
        }
        out
    }

    fn constant(&self, piece: &Piece) -> Vec<u8> {
        let cells = &self.cells[piece.first_cell as usize..][..piece.cells as usize];
        cells.as_flattened()[..piece.len as usize].to_vec()
    }

    fn close(&mut self, slot: Option<Slot>) {
        let first_cell = self.cells.len() as u32;
        for chunk in self.open.chunks(CELL) {
            let mut cell = [0; CELL];
            cell[..chunk.len()].copy_from_slice(chunk);
            self.cells.push(cell);
        }
        let cells = self.cells.len() as u32 - first_cell;
        self.reach = self.reach.max(self.longest + cells as usize * CELL);
        self.longest += self.open.len();
        if slot.is_some() {
            self.longest += CELL;
            self.reach = self.reach.max(self.longest);
        }
        self.pieces.push(Piece { first_cell, cells, len: self.open.len() as u32, slot });
        self.open.clear();
    }

    /// Writes the request into `out`; gives its length. It stands once for every form of a request: a copy in each would
    /// have to be fetched by the processor one by one.
    #[inline(never)]
    fn written(&self, slots: &Slots, out: &mut [u8]) -> Option<usize> {
        let room = out.get_mut(..self.reach)?;
        let (room, mut end) = (room.as_mut_ptr(), 0);
        for piece in &self.pieces {
            let cells = self.cells.as_ptr().wrapping_add(piece.first_cell as usize);
            for nth in 0..piece.cells as usize {
                // SAFETY: `close` made these cells and counted them into `reach` at the largest `end` that there can be.
                unsafe { room.add(end + nth * CELL).cast::<[u8; CELL]>().write(*cells.add(nth)) };
            }
            end += piece.len as usize;
            if let Some(slot) = piece.slot {
                let short = &slots.0[slot as usize];
                // Two words, whatever the length: what is behind the text is overwritten by what follows it.
                // SAFETY: `close` counted a cell for every slot, and no text is longer than that.
                unsafe { room.add(end).cast::<[[u8; 16]; 2]>().write(short.words()) };
                end += short.len().min(CELL);
            }
        }
        Some(end)
    }

    /// Writes the request into the first bytes of `out`; gives its length.
    #[inline]
    pub fn fill(&self, slots: &Slots, out: &mut [u8]) -> Result<usize> {
        self.written(slots, out).ok_or_else(|| full(out.len()))
    }
}

/// Copies a cell to `at`.
#[inline]
pub(super) fn put<const N: usize>(out: &mut [u8], at: usize, cell: &[u8; N]) -> Result<()> {
    match out.get_mut(at..).and_then(|rest| rest.first_chunk_mut::<N>()) {
        Some(place) => {
            *place = *cell;
            Ok(())
        }
        None => Err(full(out.len())),
    }
}

/// The error of a request that its buffer has no room for.
#[cold]
pub(super) fn full(capacity: usize) -> CoreError {
    CoreError::Full { what: "request buffer", capacity }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Template {
        let mut template = Template::default();
        template.text("symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&price=");
        template.slot(Slot::Price);
        template.slot(Slot::Qty);
        template.text("&end");
        template.finish()
    }

    #[test]
    fn holes_are_filled_and_the_rest_is_copied() {
        let mut slots = Slots::EMPTY;
        slots.at(Slot::Price).decimal(12_345, 2);
        slots.at(Slot::Qty).decimal(7, 0);
        let wanted = "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&price=123.457&end";
        for cut in [0, 1, 32, 40, 57] {
            let mut out = [0; 160];
            let end = sample().without(cut).fill(&slots, &mut out).unwrap();
            assert_eq!(std::str::from_utf8(&out[..end]).unwrap(), &wanted[cut..]);
        }
        assert_eq!(sample().prefix(), &wanted.as_bytes()[..57]);
    }

    #[test]
    fn a_small_buffer_is_refused() {
        for size in [0, 10, 57, 80] {
            let result = sample().fill(&Slots::EMPTY, &mut vec![0; size]);
            assert_eq!(result, Err(CoreError::Full { what: "request buffer", capacity: size }));
        }
    }
}
