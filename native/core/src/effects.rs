//! What one step leaves behind: requests to send, notes for callbacks, books that need a snapshot.
//!
//! Effects are not state: they are cleared before each step, bounded, and rebuilt by a replay of the same events. What
//! stays is which differences were told, so that each is told once.

use crate::encode::binance::Wire;
use crate::error::{CoreError, Result};
use crate::event::{LineEvent, Request};
use crate::gate::{Context, Kept, Refusal};
use crate::ledger::entry::Key;
use crate::order::{Alarm, Fill, Order, State as OrderState};
use crate::units::{Amount, Lots, Nanos, Side, Ticks};

/// The most requests one step may produce: every open order cancelled, and queries beside.
pub const OUTGOING_MAX: usize = 2048;
/// The most notes one step may produce; a step that would exceed it drops the rest and counts them.
pub const NOTES_MAX: usize = 4096;

/// The most events about lines that one step may leave; the rest is told by the figures alone.
pub const LINE_EVENTS_MAX: usize = 256;

/// The most wallet differences that are remembered as told.
pub const DIFFERENCES_MAX: usize = 64;

/// A request that the gate approved, or a query of the order table.
#[derive(Debug)]
pub struct Outgoing {
    /// The event that caused it: its bytes leave only when the journal is durable up to here.
    pub seq: u64,
    /// What is asked.
    pub request: Request,
    /// The order that it is about: the new one for a place or replace, else the one cancelled or asked about.
    pub order: u64,
    /// The gate's approval, for everything but a query: the encoder takes nothing else.
    pub approved: Option<Kept>,
    /// The account.
    pub account: u16,
    /// The instrument.
    pub instrument: u32,
    /// What the venue calls the target.
    pub wire: Wire,
    /// UTC of the cause, for the timestamp in the request.
    pub ts: Nanos,
    /// The monotonic clock of the cause, for latencies.
    pub mono: Nanos,
}

/// A change of an own order, as callbacks see it.
#[derive(Debug, Clone, Copy)]
pub struct OrderNote {
    /// Our id.
    pub order: u64,
    /// The account.
    pub account: u16,
    /// The strategy.
    pub strategy: u16,
    /// The state now.
    pub state: OrderState,
    /// The side.
    pub side: Side,
    /// Limit price.
    pub price: Ticks,
    /// Size.
    pub qty: Lots,
    /// Filled so far.
    pub filled: Lots,
    /// The strategy's number.
    pub tag: u64,
}

impl OrderNote {
    /// The note of an order as it stands.
    #[must_use]
    pub fn of(order: &Order) -> Self {
        Self {
            order: order.id,
            account: order.account,
            strategy: order.strategy,
            state: order.state,
            side: order.side,
            price: order.price,
            qty: order.qty,
            filled: order.filled,
            tag: order.tag,
        }
    }
}

/// One thing that a strategy, the gateway or the telemetry may want to know.
#[derive(Debug, Clone)]
#[expect(clippy::large_enum_variant, reason = "notes stand in one list made at start; a box would allocate for each")]
pub enum Note {
    /// The top or the book changed and the book is in sync.
    Book,
    /// A public trade.
    Trade {
        /// Price.
        price: Ticks,
        /// Size.
        qty: Lots,
        /// The taker sold.
        sell: bool,
        /// The venue's number.
        id: u64,
    },
    /// A mark price.
    Mark {
        /// Mark price, 1e-8.
        mark_e8: i64,
        /// Funding rate, 1e-8.
        rate_e8: i64,
    },
    /// An own order changed.
    Order(OrderNote),
    /// An own order was filled.
    Fill {
        /// The fill.
        fill: Fill,
        /// The strategy's number of the order.
        tag: u64,
    },
    /// The gate refused a proposal.
    Refused {
        /// The id the order would have had, or the target of a refused cancel.
        order: u64,
        /// The strategy.
        strategy: u16,
        /// Every failed check.
        refusal: Refusal,
    },
    /// The order table would not take an approved proposal.
    Rejected {
        /// The order.
        order: u64,
        /// The strategy.
        strategy: u16,
        /// Why.
        error: CoreError,
    },
    /// A request was answered.
    Answer {
        /// The order.
        order: u64,
        /// `Request` as a byte.
        request: u8,
        /// `Outcome` as a byte.
        outcome: u8,
        /// The venue's code.
        code: i32,
    },
    /// A command was obeyed.
    Command {
        /// `Verb` as a byte.
        verb: u8,
        /// `gate::limits::Scope` as a byte.
        scope: u8,
        /// The scope's subject.
        subject: u16,
        /// Its cause.
        cause: u32,
    },
    /// A stream went up or down.
    Link {
        /// The stream.
        stream: u16,
        /// Its role.
        role: u8,
        /// Up.
        up: bool,
    },
    /// Funding was paid.
    Funding {
        /// The account.
        account: u16,
        /// The asset.
        asset: u16,
        /// The amount; negative: we paid.
        amount: Amount,
    },
    /// A gap in a book's updates: a snapshot is needed.
    Gap {
        /// The id that had to come.
        expected: u64,
        /// The id that came.
        was: u64,
    },
    /// A book crossed itself and was dropped.
    Crossed {
        /// Best bid.
        bid: Ticks,
        /// Best ask.
        ask: Ticks,
    },
    /// The order table raised alarms ().
    Alarm {
        /// The order.
        order: u64,
        /// The alarm.
        alarm: Alarm,
        /// The engine must halt.
        severe: bool,
    },
    /// The venue's balance differs from the ledger's, and no entry has explained it in time.
    Difference {
        /// The account.
        account: u16,
        /// The asset.
        asset: u16,
        /// Venue minus ledger.
        diff: Amount,
    },
    /// A checkpoint's hash differs from the state's: this replay has diverged.
    Diverged {
        /// The sequence number of the checkpoint.
        at: u64,
    },
    /// Something happened to the lines of a source: `LineEvent`, with its bytes as there.
    Line {
        /// The source.
        source: u16,
        /// `line::source::What` as a byte.
        what: u8,
        /// `line::source::Why` as a byte.
        why: u8,
        /// The line before, or the one with the hole.
        from: u8,
        /// The primary line.
        to: u8,
    },
    /// Time passed.
    Timer,
}

/// A note with its place.
#[derive(Debug, Clone)]
pub struct NoteRow {
    /// The event.
    pub seq: u64,
    /// The instrument, or 0.
    pub instrument: u32,
    /// UTC of the event.
    pub ts: Nanos,
    /// The note.
    pub note: Note,
}

/// The effects of one step.
#[derive(Debug)]
pub struct Effects {
    /// Requests, in order.
    pub outgoing: Vec<Outgoing>,
    /// Notes, in order.
    pub notes: Vec<NoteRow>,
    /// Notes that found no room.
    pub notes_dropped: u64,
    /// What happened to lines: each becomes an event of its own behind this one.
    pub lines: Vec<LineEvent>,
    /// `kernel::happened` bits for each instrument touched.
    pub happened: Vec<(u32, u32)>,
    /// Whether notes are wanted at all.
    pub collect: bool,
    /// What the gate was told of the last proposal: room that `context::fill` writes over.
    pub told_gate: Context,
    /// The differences that were open at the last timer, each already told.
    told: Vec<(Key, Amount)>,
    /// Those of this timer; it changes places with `told`.
    open: Vec<(Key, Amount)>,
}

impl Effects {
    /// Empty effects with all memory taken.
    #[must_use]
    pub fn new(collect: bool) -> Self {
        Self {
            outgoing: Vec::with_capacity(OUTGOING_MAX),
            notes: Vec::with_capacity(if collect { NOTES_MAX } else { 0 }),
            notes_dropped: 0,
            lines: Vec::with_capacity(LINE_EVENTS_MAX),
            happened: Vec::with_capacity(64),
            collect,
            told_gate: Context::NOTHING,
            told: Vec::with_capacity(DIFFERENCES_MAX),
            open: Vec::with_capacity(DIFFERENCES_MAX),
        }
    }

    /// Forgets what the last step left.
    pub fn clear(&mut self) {
        self.outgoing.clear();
        self.notes.clear();
        self.lines.clear();
        self.happened.clear();
    }

    /// Adds an event about lines, as long as there is room.
    pub fn line(&mut self, event: LineEvent) {
        if self.lines.len() < LINE_EVENTS_MAX {
            self.lines.push(event);
        }
    }

    /// Adds a request, or says that the bound is reached.
    #[inline]
    pub fn send(&mut self, outgoing: Outgoing) -> Result<()> {
        if self.outgoing.len() >= OUTGOING_MAX {
            return Err(CoreError::Full { what: "requests of one step", capacity: OUTGOING_MAX });
        }
        self.outgoing.push(outgoing);
        Ok(())
    }

    /// Adds a note where they are wanted.
    pub fn note(&mut self, seq: u64, instrument: u32, ts: Nanos, note: Note) {
        if !self.collect {
            return;
        }
        if self.notes.len() >= NOTES_MAX {
            self.notes_dropped += 1;
            return;
        }
        self.notes.push(NoteRow { seq, instrument, ts, note });
    }

    /// Notes each open difference once, and again when its amount changes; beyond `DIFFERENCES_MAX` of them the rest is
    /// told at every timer.
    pub fn differences(&mut self, seq: u64, ts: Nanos, open: impl Iterator<Item = (Key, Amount)>) {
        self.open.clear();
        for difference in open {
            if !self.told.contains(&difference) {
                let (key, diff) = difference;
                self.note(seq, 0, ts, Note::Difference { account: key.account, asset: key.asset, diff });
            }
            if self.open.len() < DIFFERENCES_MAX {
                self.open.push(difference);
            }
        }
        std::mem::swap(&mut self.told, &mut self.open);
    }

    /// Marks that something happened to an instrument.
    pub fn touch(&mut self, instrument: u32, bits: u32) {
        if let Some((_, all)) = self.happened.iter_mut().find(|(id, _)| *id == instrument) {
            *all |= bits;
        } else if self.happened.len() < self.happened.capacity() {
            self.happened.push((instrument, bits));
        }
    }
}
