//! Lines without numbers: each line has its own book, and the best one that is whole is shown.
//!
//! catalogue: M3, M4. Venues such as Kraken and Bitget do not number their messages, so copies cannot be told apart; a
//! checksum says whether a line's book is whole. A book that failed its checksum, or whose line went down, waits for its
//! line's next whole book, and the other line's is shown meanwhile. The shown line changes only when it has to: two lines
//! that are both whole say the same, a moment apart.

use super::LINES_MAX;
use crate::book::l2::L2Book;
use crate::book::rule::Rule;
use crate::book::{SyncOutcome, SyncedBook};
use crate::error::Result;
use crate::event::DepthView;

/// Which line is shown: the one that is, as long as it is whole.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Choice {
    /// The line.
    pub shown: usize,
    /// How often it changed.
    pub switches: u64,
}

impl Choice {
    /// Judges anew: `whole` says of each line whether its book can be shown.
    pub const fn judge(&mut self, whole: [bool; LINES_MAX]) {
        let other = 1 - self.shown;
        if !whole[self.shown] && whole[other] {
            self.shown = other;
            self.switches += 1;
        }
    }
}

/// A book for each line, and which one is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shadow<R: Rule> {
    books: [SyncedBook<R>; LINES_MAX],
    choice: Choice,
}

impl<R: Rule> Shadow<R> {
    /// Books that wait for their first whole one; line 0 is shown.
    #[must_use]
    pub fn new(rule: R) -> Self {
        Self { books: [SyncedBook::new(rule), SyncedBook::new(rule)], choice: Choice::default() }
    }

    /// Takes a message of a line into its book. Errors: those of the book.
    pub fn on_depth(&mut self, line: usize, view: DepthView<'_>) -> Result<SyncOutcome> {
        let outcome = self.books[line].on_depth(view);
        self.choose();
        outcome
    }

    /// The checksum after a line's last message differs, or the line went down: its book is not shown any more.
    pub fn distrust(&mut self, line: usize) {
        self.books[line].reset();
        self.choose();
    }

    /// A line's book, as it is.
    #[must_use]
    pub fn of(&self, line: usize) -> &SyncedBook<R> {
        &self.books[line]
    }

    /// The line that is shown, and its book; None while no line has a whole one.
    #[must_use]
    pub fn shown(&self) -> Option<(usize, &L2Book)> {
        let book = &self.books[self.choice.shown];
        (!book.needs_snapshot()).then(|| (self.choice.shown, book.book()))
    }

    fn choose(&mut self) {
        self.choice.judge([0, 1].map(|line: usize| !self.books[line].needs_snapshot()));
    }
}
