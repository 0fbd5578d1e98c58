//! The step's part about lines: copies on their way to a book, holes, silence, and the events that tell of them.
//!
//! catalogue: M3, M7, K3. What is decided stands in `line`; here it meets the books and the effects.

use super::{At, tell_book};
use crate::book::SyncOutcome;
use crate::effects::{Effects, Note};
use crate::error::Result;
use crate::event::{DepthView, Header, LineEvent};
use crate::kernel::happened;
use crate::line::source::What;
use crate::state::State;

impl State {
    /// A depth message that came on a line: what is first and in order goes to the book.
    pub(super) fn on_line_depth(
        &mut self,
        at: At<'_>,
        slot: usize,
        view: DepthView<'_>,
        out: &mut Effects,
    ) -> Result<()> {
        let Some(place) = self.lines.place(at.header.stream) else { return Ok(()) };
        let (book, now) = (&mut self.books[slot], self.session.now);
        let (synced, rule) = (!book.needs_snapshot(), book.rule());
        let before = self.lines.markets[slot].book.filled;
        let mut gap = None;
        self.lines.depth(place, slot, rule, now, (synced, view), &mut |view| {
            let outcome = book.on_depth(view)?;
            if let SyncOutcome::Gap { expected, was } = outcome {
                gap = Some((expected, was));
            }
            tell_book(at, outcome, out);
            Ok(())
        })?;
        if self.lines.markets[slot].book.filled != before {
            self.tell_hole(at, What::Filled, (0, 0), out);
        }
        if let Some(numbers) = gap {
            self.tell_hole(at, What::Gap, numbers, out);
        }
        Ok(())
    }

    fn tell_hole(&mut self, at: At<'_>, what: What, (expected, was): (u64, u64), out: &mut Effects) {
        if let Some(place) = self.lines.place(at.header.stream) {
            let mut event = self.lines.hole(place, what, self.session.now);
            event.header.instrument = at.header.instrument;
            (event.expected, event.was) = (expected, was);
            out.line(event);
        }
    }

    /// Something came on a line, whatever it is: its source is judged anew. None where the stream is no line.
    #[inline]
    pub(super) fn hear(&mut self, at: At<'_>, out: &mut Effects) -> Option<()> {
        let place = self.lines.place(at.header.stream)?;
        self.lines.hear(place, self.session.now);
        self.lines.judge(self.session.now, |event| out.line(event));
        Some(())
    }

    /// What happened to lines is told; where a source fell silent or speaks again, its instruments' strategies are asked.
    pub(super) fn on_line_event(&mut self, at: At<'_>, event: &LineEvent, out: &mut Effects) -> Result<()> {
        self.lines.told += 1;
        let &LineEvent { source, what, why, from, to, .. } = event;
        out.note(at.seq, at.header.instrument, at.header.ts_receive, Note::Line { source, what, why, from, to });
        if [What::Stale as u8, What::Fresh as u8].contains(&what) {
            for (slot, quotes) in self.market.iter().enumerate() {
                if self.lines.together(quotes.stream, at.header.stream) {
                    out.touch(slot as u32 + 1, happened::BOOK);
                }
            }
        }
        Ok(())
    }

    /// Holes that have waited long enough, or that no line can fill any more, are gaps: the books say so.
    pub(super) fn settle_lines(&mut self, at: At<'_>, out: &mut Effects) -> Result<()> {
        for slot in 0..self.lines.markets.len() {
            let stream = self.market[slot].stream;
            if !self.lines.markets[slot].book.waits() {
                continue;
            }
            let Some(place) = self.lines.place(stream) else { continue };
            let (copy, book) = (self.lines.copy(place, self.session.now), &mut self.books[slot]);
            let mut gap = None;
            let id = slot as u32 + 1;
            let header = Header { instrument: id, stream, ..*at.header };
            let at = At { seq: at.seq, header: &header };
            self.lines.markets[slot].book.settle(book.rule(), copy, &mut |view| {
                let outcome = book.on_depth(view)?;
                if let SyncOutcome::Gap { expected, was } = outcome {
                    gap = Some((expected, was));
                }
                tell_book(at, outcome, out);
                Ok(())
            })?;
            if let Some(numbers) = gap {
                self.tell_hole(at, What::Gap, numbers, out);
            }
        }
        Ok(())
    }
}
