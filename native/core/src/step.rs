//! The engine's step: one event changes the state, phase by phase. The only file that sees every room of the core.
//!
//! catalogue: K3 K5. `apply` is a pure function of (state, event): live, replay, recovery and backtest call it with
//! the same events and get the same state and the same effects. The phases, in the order of the data path:
//! define → book → gate → order → position → ledger → command. Quoting happens between steps: a strategy's wishes
//! come back as `Proposal` events.

use crate::book::SyncOutcome;
use crate::effects::{Effects, Note, OrderNote, Outgoing};
use crate::encode::binance::Wire;
use crate::error::{CoreError, Result};
use crate::event::{
    Answer, AssetDef, Balance, Bbo, Checkpoint, Command, DepthView, Funding, Header, InstrumentDef, Kind, LimitSet,
    LineDef, Link, Mark, NameDef, RecordRef, Report, Request, Sent, Trade, VenuePosition, Verb, flags,
};
use crate::gate::limits::Scope;
use crate::instrument::Market;
use crate::kernel::happened;
use crate::order::{Alarm, Change, Doubt, Effects as OrderEffects, Order, Pending, Query, State as OrderState};
use crate::state::{Quotes, State};
use crate::units::{Amount, NO_PRICE, NO_QTY};

/// The event being applied: its number and its header, which stays where it is, because it has just been written and a
/// copy would wait for it.
#[derive(Debug, Clone, Copy)]
struct At<'a> {
    seq: u64,
    header: &'a Header,
}

impl State {
    /// Applies one event. An error means that the event is not of this engine's stream or an invariant broke; the
    /// supervisor stops on it. `seq` is the sequencer's number.
    pub fn apply(&mut self, seq: u64, record: RecordRef<'_>, out: &mut Effects) -> Result<()> {
        let header = record.header();
        let at = At { seq, header };
        // Receive times of several sockets interleave; the state's clock never runs backwards.
        self.session.now = self.session.now.max(header.ts_receive);
        match record.kind() {
            Kind::Depth => self.on_depth(at, record.depth().ok_or_else(|| unreadable(Kind::Depth))?, out),
            Kind::Proposal => self.on_proposal(at, read(record)?, out),
            _ => self.apply_rarer(at, record, out),
        }
    }

    /// Everything but books and proposals, in a function of its own: the way from a book to an order is short then, and
    /// stands together in the processor's cache.
    #[inline(never)]
    fn apply_rarer(&mut self, at: At<'_>, record: RecordRef<'_>, out: &mut Effects) -> Result<()> {
        match record.kind() {
            Kind::Bbo => self.on_bbo(at, read(record)?, out),
            Kind::Trade => self.on_trade(at, read(record)?, out),
            Kind::Mark => self.on_mark(at, read(record)?, out),
            Kind::Timer => self.on_timer(at, out),
            Kind::Sent => self.on_sent(at, read(record)?, out),
            Kind::Answer => self.on_answer(at, read(record)?, out),
            Kind::Report => self.on_report(at, read(record)?, out),
            Kind::Balance => self.on_balance(at, read(record)?),
            Kind::Funding => self.on_funding(at, read(record)?, out),
            Kind::Command => self.on_command(at, read(record)?, out),
            Kind::Link => self.on_link(at, read(record)?, out),
            Kind::LineDef => self.lines.define(read::<LineDef>(record)?),
            Kind::LineEvent => self.on_line_event(at, read(record)?, out),
            Kind::Checkpoint => self.on_checkpoint(at, read(record)?, out),
            Kind::Asset => self.definitions.on_asset(read::<AssetDef>(record)?),
            Kind::Instrument => self.on_instrument(read(record)?),
            Kind::Name => self.on_name(read(record)?),
            Kind::Limit => self.gate.set(read::<LimitSet>(record)?),
            Kind::VenuePosition => self.on_venue_position(at, read(record)?),
            Kind::Depth | Kind::Proposal => Err(unreadable(record.kind())),
            Kind::Ticker
            | Kind::Kline
            | Kind::FundingRate
            | Kind::OpenInterest
            | Kind::Reference
            | Kind::Liquidation => {
                self.hear(at, out);
                self.slot(at.header.instrument).map(|_| ())
            }
        }
    }

    // --- define ---------------------------------------------------------------------------------------------------

    fn on_instrument(&mut self, def: &InstrumentDef) -> Result<()> {
        let market = self.definitions.on_instrument(def)?.market;
        self.books.push(crate::book::SyncedBook::new(market));
        self.market.push(Quotes::unheard());
        self.lines.add_market();
        Ok(())
    }

    fn on_name(&mut self, def: &NameDef) -> Result<()> {
        self.definitions.on_name(def)?;
        self.session.last_close_by_account.resize(self.definitions.accounts.len(), 0);
        self.session.last_close_by_strategy.resize(self.definitions.strategies.len(), 0);
        Ok(())
    }

    // --- book -----------------------------------------------------------------------------------------------------

    fn on_depth(&mut self, at: At<'_>, view: DepthView<'_>, out: &mut Effects) -> Result<()> {
        let id = at.header.instrument;
        let slot = self.slot(id)?;
        self.market[slot].stream = at.header.stream;
        if self.hear(at, out).is_some() {
            return self.on_line_depth(at, slot, view, out);
        }
        match self.books[slot].on_depth(view) {
            // What nearly every message is, seen by its tag alone.
            Ok(SyncOutcome::Applied) => {
                out.touch(id, happened::BOOK);
                out.note(at.seq, id, at.header.ts_receive, Note::Book);
            }
            Ok(outcome) => tell_book(at, outcome, out),
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn on_bbo(&mut self, at: At<'_>, bbo: &Bbo, out: &mut Effects) -> Result<()> {
        let id = at.header.instrument;
        let slot = self.slot(id)?;
        let heard = self.hear(at, out);
        let quotes = &mut self.market[slot];
        // The second copy of a line says nothing new.
        let old = at.header.stream_seq == quotes.top_update && heard.is_some();
        if old || at.header.stream_seq < quotes.top_update {
            return Ok(());
        }
        quotes.top_update = at.header.stream_seq;
        (quotes.bid, quotes.bid_qty, quotes.ask, quotes.ask_qty) = (bbo.bid, bbo.bid_qty, bbo.ask, bbo.ask_qty);
        if !self.books[slot].needs_snapshot() {
            out.touch(id, happened::BOOK);
            out.note(at.seq, id, at.header.ts_receive, Note::Book);
        }
        Ok(())
    }

    fn on_trade(&mut self, at: At<'_>, trade: &Trade, out: &mut Effects) -> Result<()> {
        let id = at.header.instrument;
        let slot = self.slot(id)?;
        let second = self.hear(at, out).is_some() && !self.lines.admits_trade(slot, at.header.stream_seq);
        if second || at.header.has(flags::OFF_BOOK) {
            return Ok(());
        }
        let quotes = &mut self.market[slot];
        quotes.last_price = trade.price;
        quotes.last_qty = trade.qty;
        quotes.last_trade = at.header.stream_seq;
        out.touch(id, happened::TRADE);
        let sell = at.header.has(flags::SELL);
        let note = Note::Trade { price: trade.price, qty: trade.qty, sell, id: at.header.stream_seq };
        out.note(at.seq, id, at.header.ts_receive, note);
        Ok(())
    }

    fn on_mark(&mut self, at: At<'_>, mark: &Mark, out: &mut Effects) -> Result<()> {
        let id = at.header.instrument;
        let slot = self.slot(id)?;
        // Marks have no number: they are the primary line's.
        if self.hear(at, out).is_some() && !self.lines.leads(at.header.stream) {
            return Ok(());
        }
        let quotes = &mut self.market[slot];
        quotes.mark_e8 = mark.mark_e8;
        quotes.index_e8 = mark.index_e8;
        quotes.rate_e8 = mark.rate_e8;
        quotes.next_funding = mark.next_funding;
        out.note(at.seq, id, at.header.ts_receive, Note::Mark { mark_e8: mark.mark_e8, rate_e8: mark.rate_e8 });
        Ok(())
    }

    // --- gate and order -------------------------------------------------------------------------------------------

    fn on_sent(&mut self, at: At<'_>, sent: &Sent, out: &mut Effects) -> Result<()> {
        let effects = self.orders.sent(sent)?;
        self.follow(at, &effects, out)
    }

    fn on_answer(&mut self, at: At<'_>, answer: &Answer, out: &mut Effects) -> Result<()> {
        let effects = self.orders.answer(answer)?;
        let note =
            Note::Answer { order: answer.order, request: answer.request, outcome: answer.outcome, code: answer.code };
        let id = effects.change.and_then(|c| self.orders.get(c.order)).map_or(at.header.instrument, |o| o.instrument);
        out.note(at.seq, id, at.header.ts_receive, note);
        self.follow(at, &effects, out)
    }

    fn on_report(&mut self, at: At<'_>, report: &Report, out: &mut Effects) -> Result<()> {
        let slot = self.slot(at.header.instrument)?;
        let instrument = &self.definitions.instruments[slot];
        let strategy = self.orders.get(report.order).map_or(report.strategy, |o| o.strategy);
        self.positions.ensure(report.account, strategy, instrument.id)?;
        let fee_asset = if report.fee_asset == 0 { instrument.settle } else { report.fee_asset };
        self.ledger.ensure_fill(report.account, instrument, fee_asset)?;
        let effects = self.orders.report(report)?;
        self.follow(at, &effects, out)
    }

    fn on_timer(&mut self, at: At<'_>, out: &mut Effects) -> Result<()> {
        self.lines.judge(self.session.now, |event| out.line(event));
        self.settle_lines(at, out)?;
        let due = self.orders.due_queries(self.session.now);
        for query in due.iter() {
            self.tell_due(at, query, out);
            out.send(Outgoing {
                seq: at.seq,
                request: Request::Query,
                order: query.order,
                approved: None,
                account: query.account,
                instrument: query.instrument,
                wire: Wire { target: query.order, filled: 0 },
                ts: at.header.ts_receive,
                mono: at.header.ts_mono,
            })?;
        }
        for account in 1..=self.definitions.accounts.len() as u16 {
            self.revalue(account)?;
        }
        for id in 1..=self.definitions.instruments.len() as u32 {
            out.touch(id, happened::TIMER);
        }
        out.note(at.seq, 0, at.header.ts_receive, Note::Timer);
        self.find_differences(at, out);
        Ok(())
    }

    // --- position and ledger --------------------------------------------------------------------------------------

    /// Books what an order's change brought: notes, alarms, and the fill through position and ledger.
    fn follow(&mut self, at: At<'_>, effects: &OrderEffects, out: &mut Effects) -> Result<()> {
        if let Some(change) = effects.change {
            self.tell(at, change, effects.fill.is_some(), out);
        }
        if let Some(change) = effects.target {
            self.tell(at, change, effects.fill.is_some(), out);
        }
        if !effects.alarms.is_empty() {
            self.alarm(at, effects, out);
        }
        let Some(fill) = &effects.fill else { return Ok(()) };
        let slot = self.slot(fill.instrument)?;
        let instrument = &self.definitions.instruments[slot];
        let booked = self.positions.fill(fill, instrument)?;
        self.ledger.fill(at.seq, fill, instrument, booked.net_realised)?;
        if booked.closed != 0 {
            let place = |list: &mut Vec<Amount>, of: u16, value: Amount| {
                if let Some(slot) = list.get_mut((of as usize).wrapping_sub(1)) {
                    *slot = value;
                }
            };
            place(&mut self.session.last_close_by_account, fill.account, booked.net_realised);
            place(&mut self.session.last_close_by_strategy, fill.strategy, booked.realised);
        }
        let tag = self.orders.get(fill.order).map_or(0, |o| o.tag);
        out.touch(fill.instrument, happened::FILL);
        out.note(at.seq, fill.instrument, at.header.ts_receive, Note::Fill { fill: *fill, tag });
        self.revalue(fill.account)
    }

    /// Tells every alarm; one that doubts an invariant halts everything.
    #[cold]
    fn alarm(&mut self, at: At<'_>, effects: &OrderEffects, out: &mut Effects) {
        let order = effects.change.map_or(0, |change| change.order);
        for alarm in effects.alarms.iter() {
            let note = Note::Alarm { order, alarm, severe: effects.alarms.severe() };
            out.note(at.seq, at.header.instrument, at.header.ts_receive, note);
        }
        if effects.alarms.severe() {
            self.halt_everything();
        }
    }

    /// Notes an order's change for its strategy, and any record that freed it for the next wish.
    fn tell(&self, at: At<'_>, change: Change, filled: bool, out: &mut Effects) {
        let Some(order) = self.orders.get(change.order) else { return };
        out.touch(order.instrument, happened::ORDER);
        if change.before != change.after || filled {
            out.note(at.seq, order.instrument, at.header.ts_receive, Note::Order(OrderNote::of(order)));
        }
    }

    /// What a due question tells: an order in SENT whose expiry has passed is UNKNOWN now; fills that never reached us
    /// are not in an order's status, so whoever can read the venue's trade list hears of them with every question.
    fn tell_due(&self, at: At<'_>, query: &Query, out: &mut Effects) {
        if query.lost {
            self.tell(
                at,
                Change { order: query.order, before: OrderState::Sent, after: OrderState::Unknown },
                false,
                out,
            );
        }
        if query.what == Doubt::Trades {
            let note = Note::Alarm { order: query.order, alarm: Alarm::FillsMissing, severe: false };
            out.note(at.seq, query.instrument, at.header.ts_receive, note);
        }
    }

    /// Tells of the orders that a connection or a restart has changed.
    fn tell_all(&self, at: At<'_>, changes: &[Change], out: &mut Effects) {
        for change in changes {
            self.tell(at, *change, false, out);
        }
    }

    /// A wallet's statement. One event may be split over two messages, so a difference is normal for a moment: the timer
    /// tells what stays.
    fn on_balance(&mut self, at: At<'_>, balance: &Balance) -> Result<()> {
        let statement = self.ledger.balance(at.seq, balance)?;
        self.equity.transfer(balance.account, balance.asset, statement.moved);
        if statement.moved != 0 && balance.market == Market::Spot as u8 {
            self.move_holding(balance.account, balance.asset, statement.moved)?;
        }
        self.revalue(balance.account)
    }

    /// A statement changes nothing; one that the operator adopts is the position from here on. What it is worth beyond
    /// what we had is no profit of ours: equity, its peak and the day's start move by it.
    fn on_venue_position(&mut self, at: At<'_>, stated: &VenuePosition) -> Result<()> {
        if !at.header.has(flags::ADOPTED) {
            return Ok(());
        }
        let slot = self.slot(at.header.instrument)?;
        let settle = self.definitions.instruments[slot].settle;
        let before = self.equity_of(stated.account, settle)?;
        let instrument = &self.definitions.instruments[slot];
        self.positions.adopt(stated.account, instrument, stated.qty, stated.entry_e8, self.session.now)?;
        if let (Some(before), Some(after)) = (before, self.equity_of(stated.account, settle)?) {
            self.equity.transfer(stated.account, settle, after.saturating_sub(before));
        }
        self.revalue(stated.account)
    }

    fn on_funding(&mut self, at: At<'_>, funding: &Funding, out: &mut Effects) -> Result<()> {
        let id = at.header.instrument;
        let amount = Amount::from(funding.amount);
        let named = self.slot(id).ok().map(|slot| self.definitions.instruments[slot].market);
        self.ledger.funding(at.seq, funding, named.unwrap_or_else(|| self.market_of_wallet(funding.asset)))?;
        if named.is_some() {
            self.positions.ensure(funding.account, 0, id)?;
            self.positions.funding(funding)?;
        }
        let note = Note::Funding { account: funding.account, asset: funding.asset, amount };
        out.note(at.seq, id, at.header.ts_receive, note);
        self.revalue(funding.account)
    }

    /// The market whose wallet holds a settlement asset: venues do not always name the contract they pay funding for.
    fn market_of_wallet(&self, asset: u16) -> Market {
        let contracts = self.definitions.instruments.iter().filter(|i| i.market != Market::Spot);
        contracts.filter(|i| i.settle == asset).map(|i| i.market).next().unwrap_or(Market::Linear)
    }

    fn find_differences(&mut self, at: At<'_>, out: &mut Effects) {
        let open = self.ledger.unexplained(self.session.now, UNEXPLAINED_GRACE_NS);
        out.differences(at.seq, at.header.ts_receive, open);
    }

    // --- command --------------------------------------------------------------------------------------------------

    fn on_command(&mut self, at: At<'_>, command: &Command, out: &mut Effects) -> Result<()> {
        let verb = Verb::from_byte(command.verb)?;
        self.gate.command(command)?;
        match verb {
            Verb::CancelAll | Verb::Kill => self.cancel_scope(at, command, out)?,
            Verb::RollDay => {
                self.session.days += 1;
                self.positions.roll_day();
                self.equity.roll_day();
            }
            Verb::Start => {
                self.session.starts += 1;
                self.session.next_order = (self.session.starts << 32) + 1;
                let changes = self.orders.after_restart(self.session.now);
                self.tell_all(at, &changes, out);
                for book in &mut self.books {
                    book.reset();
                }
                self.lines.restart();
            }
            Verb::Halt | Verb::Resume | Verb::Stop | Verb::Parameter => {}
        }
        let note =
            Note::Command { verb: command.verb, scope: command.scope, subject: command.subject, cause: command.cause };
        out.note(at.seq, at.header.instrument, at.header.ts_receive, note);
        Ok(())
    }

    /// Cancels every open order of a command's scope, each through the gate.
    fn cancel_scope(&mut self, at: At<'_>, command: &Command, out: &mut Effects) -> Result<()> {
        let scope = Scope::from_byte(command.scope)?;
        let wanted = |o: &Order| match scope {
            Scope::All | Scope::Venue => true,
            Scope::Account => o.account == command.subject,
            Scope::Strategy => o.strategy == command.subject,
            Scope::Symbol => o.instrument == at.header.instrument,
        };
        // Positions in the open list shift when an order closes, never when a cancel is asked for: walk by index.
        for index in 0..self.orders.open().len() {
            let Some(order) = self.orders.open().get(index).copied() else { break };
            if !wanted(&order) || order.state.terminal() || order.pending == Pending::Cancel {
                continue;
            }
            let cancel = order.cancel(at.header);
            self.pass_gate(At { seq: at.seq, header: &cancel.header }, &cancel, out)?;
        }
        Ok(())
    }

    fn on_link(&mut self, at: At<'_>, link: &Link, out: &mut Effects) -> Result<()> {
        let stream = at.header.stream as usize;
        if stream >= self.session.links.len() {
            self.session.links.resize(stream + 1, 0);
        }
        self.session.links[stream] = link.up;
        let mut alone = true;
        if let Some(place) = self.lines.place(at.header.stream) {
            alone = !self.lines.link(place, link.up != 0, self.session.now);
            self.settle_lines(at, out)?;
            self.lines.judge(self.session.now, |event| out.line(event));
        }
        if link.role == 1 && link.up == 0 && alone {
            for (slot, (book, quotes)) in self.books.iter_mut().zip(&mut self.market).enumerate() {
                if self.lines.together(quotes.stream, at.header.stream) {
                    self.lines.markets[slot].book.reset();
                    book.reset();
                    quotes.top_update = 0;
                    (quotes.bid, quotes.ask) = (NO_PRICE, NO_PRICE);
                    (quotes.bid_qty, quotes.ask_qty) = (NO_QTY, NO_QTY);
                }
            }
        }
        let changes = self.orders.link(link);
        self.tell_all(at, &changes, out);
        let note = Note::Link { stream: at.header.stream, role: link.role, up: link.up != 0 };
        out.note(at.seq, 0, at.header.ts_receive, note);
        Ok(())
    }

    /// A checkpoint changes nothing; a replay that has diverged is told at the first one. The hash it carries is of
    /// the state before it, so the clock that `apply` moved must not count: checkpoints carry the last event's time.
    fn on_checkpoint(&mut self, at: At<'_>, checkpoint: &Checkpoint, out: &mut Effects) -> Result<()> {
        if self.hash(&mut Vec::new()) != checkpoint.hash {
            out.note(at.seq, 0, at.header.ts_receive, Note::Diverged { at: checkpoint.at });
            return Err(CoreError::Broken {
                invariant: "the state hash equals the journalled one",
                was: format!("a different hash after sequence {}", checkpoint.at),
            });
        }
        Ok(())
    }

    fn halt_everything(&mut self) {
        let halt = Command {
            header: Header::of::<Command>(0, 0, self.session.now, 0),
            verb: Verb::Halt as u8,
            scope: Scope::All as u8,
            subject: 0,
            cause: 0,
            value: 0,
            author: 0,
        };
        // A halt of everything is always well formed.
        let _ = self.gate.command(&halt);
    }

    /// The index of an instrument's book.
    fn slot(&self, instrument: u32) -> Result<usize> {
        let slot = (instrument as usize).wrapping_sub(1);
        if slot < self.books.len() {
            return Ok(slot);
        }
        Err(CoreError::Unknown { what: "instrument", was: instrument.to_string() })
    }
}

/// Tells what became of a depth message of a book.
fn tell_book(at: At<'_>, outcome: SyncOutcome, out: &mut Effects) {
    let note = match outcome {
        SyncOutcome::Applied => Note::Book,
        SyncOutcome::Gap { expected, was } => Note::Gap { expected, was },
        SyncOutcome::Crossed { bid, ask } => Note::Crossed { bid, ask },
        SyncOutcome::Dropped | SyncOutcome::Buffered => return,
    };
    out.touch(at.header.instrument, happened::BOOK);
    out.note(at.seq, at.header.instrument, at.header.ts_receive, note);
}

/// How long a venue's statement of a balance may differ from the ledger before it is an alarm: reports and statements
/// travel on the same stream, but one event may be split over two messages.
const UNEXPLAINED_GRACE_NS: i64 = 2_000_000_000;

#[inline]
fn read<R: crate::event::Record>(record: RecordRef<'_>) -> Result<&R> {
    record.view().ok_or_else(|| unreadable(record.kind()))
}

/// The error of a record that is not what its kind says; `RecordRef` has checked that, so this is never made.
#[cold]
fn unreadable(kind: Kind) -> CoreError {
    CoreError::Field { field: "record.kind", was: (kind as u8).to_string(), why: "does not match its length" }
}

#[path = "step_lines.rs"]
mod lines;
#[path = "step_orders.rs"]
mod orders;
