//! Strategies at the engine: the view each one gets, and its wishes as proposals with order ids.
//!
//! catalogue: P1. A kernel runs inside the engine; a Python strategy asks for the same view and hands in the same
//! wishes, so both go through `view` and `proposal` below.

use crate::engine::Now;
use crate::error::{CoreError, Result};
use crate::event::{Action, Header, Proposal};
use crate::instrument::Market;
use crate::kernel::{Kernel, OWN_ORDERS_MAX, OwnOrder, View, WISHES_MAX, Wish};
use crate::order::{Pending, State as OrderState};
use crate::state::State;
use crate::units::NO_PRICE;

/// The most kernels of one engine.
pub const KERNELS_MAX: usize = 64;

/// Who trades what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seat {
    /// The account.
    pub account: u16,
    /// The strategy.
    pub strategy: u16,
    /// The instrument.
    pub instrument: u32,
}

#[derive(Debug)]
struct Attached {
    seat: Seat,
    kernel: Kernel,
    wishes: Box<[Wish; WISHES_MAX]>,
}

/// The kernels and the memory of their views.
#[derive(Debug)]
pub struct Quoting {
    kernels: Vec<Attached>,
    own: Vec<OwnOrder>,
}

impl Default for Quoting {
    fn default() -> Self {
        Self::new()
    }
}

impl Quoting {
    /// No kernels, all memory taken.
    #[must_use]
    pub fn new() -> Self {
        Self { kernels: Vec::with_capacity(KERNELS_MAX), own: Vec::with_capacity(OWN_ORDERS_MAX) }
    }

    /// Whether no kernel is attached.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.kernels.is_empty()
    }

    /// How many kernels are attached.
    #[must_use]
    pub fn len(&self) -> usize {
        self.kernels.len()
    }

    /// Attaches a kernel to a seat.
    pub fn attach(&mut self, seat: Seat, kernel: Kernel) -> Result<()> {
        if self.kernels.len() >= KERNELS_MAX {
            return Err(CoreError::Full { what: "kernels", capacity: KERNELS_MAX });
        }
        self.kernels.push(Attached { seat, kernel, wishes: Box::new([Wish::EMPTY; WISHES_MAX]) });
        Ok(())
    }

    /// Detaches every kernel of a strategy.
    pub fn detach(&mut self, strategy: u16) {
        self.kernels.retain(|k| k.seat.strategy != strategy);
    }

    /// Asks kernel `index`, if its instrument was touched; returns how many wishes it wrote.
    pub fn ask(&mut self, index: usize, seq: u64, state: &State, happened: &[(u32, u32)]) -> Result<usize> {
        let attached = &mut self.kernels[index];
        let bits = happened.iter().find(|(id, _)| *id == attached.seat.instrument).map_or(0, |(_, bits)| *bits);
        if bits == 0 {
            return Ok(0);
        }
        let view = view(state, attached.seat, seq, bits, &mut self.own);
        attached.kernel.call(&view, &mut attached.wishes).map_err(|code| CoreError::Broken {
            invariant: "a kernel returns the number of its wishes",
            was: format!("{code} from strategy {}", attached.seat.strategy),
        })
    }

    /// Wish number `wish` of kernel `index` as a proposal.
    pub fn proposal(&self, index: usize, wish: usize, state: &State, now: Now) -> Result<Proposal> {
        let attached = &self.kernels[index];
        proposal(state, attached.seat, &attached.wishes[wish], now)
    }

    /// The view of a seat, its own orders written into this object's memory.
    pub fn view(&mut self, state: &State, seat: Seat, seq: u64, happened: &[(u32, u32)]) -> (View, &[OwnOrder]) {
        let bits = happened.iter().find(|(id, _)| *id == seat.instrument).map_or(0, |(_, bits)| *bits);
        let view = view(state, seat, seq, bits, &mut self.own);
        (view, &self.own)
    }
}

fn view(state: &State, seat: Seat, seq: u64, happened: u32, own: &mut Vec<OwnOrder>) -> View {
    own.clear();
    let mine = state
        .orders
        .open()
        .iter()
        .filter(|o| o.instrument == seat.instrument && o.account == seat.account && o.strategy == seat.strategy);
    for order in mine.take(OWN_ORDERS_MAX) {
        own.push(OwnOrder {
            id: order.id,
            tag: order.tag,
            price: order.price,
            qty: (order.qty - order.filled).max(0),
            side: order.side as u8,
            state: match order.state {
                OrderState::Intent | OrderState::Sent => 0,
                OrderState::Unknown => 2,
                _ => 1,
            },
            pending: u8::from(order.pending != Pending::None),
            pad: [0; 5],
        });
    }
    own.sort_unstable_by_key(|o| o.id);
    let top = state.top(seat.instrument);
    let quotes = state.market.get((seat.instrument as usize).wrapping_sub(1));
    let venue = crate::instrument::Venue::Binance as u8;
    View {
        now: state.session.now,
        seq,
        happened,
        instrument: seat.instrument,
        bid: top.bid,
        bid_qty: top.bid_qty,
        ask: top.ask,
        ask_qty: top.ask_qty,
        last_price: quotes.map_or(NO_PRICE, |q| q.last_price),
        last_qty: quotes.map_or(crate::units::NO_QTY, |q| q.last_qty),
        position: state.positions.get(seat.account, seat.strategy, seat.instrument).map_or(0, |p| p.qty),
        mark_e8: quotes.map_or(0, |q| q.mark_e8),
        orders: own.as_ptr(),
        order_count: own.len() as u32,
        halted: u32::from(state.gate.halted_for(seat.account, seat.strategy, seat.instrument, venue)),
    }
}

/// A wish with an order id: on spot a replace makes a new order, on futures it amends the target in place.
pub fn proposal(state: &State, seat: Seat, wish: &Wish, now: Now) -> Result<Proposal> {
    let action = Action::from_byte(wish.action)?;
    let market = state.definitions.instrument(seat.instrument)?.market;
    let order = match action {
        Action::Cancel => 0,
        Action::Replace if market != Market::Spot => wish.target,
        Action::Place | Action::Replace => state.session.next_order,
    };
    let mut header = Header::of::<Proposal>(seat.instrument, 0, now.ts, now.mono);
    header.flags = wish.flags & crate::event::flags::REDUCE_ONLY;
    Ok(Proposal {
        header,
        account: seat.account,
        strategy: seat.strategy,
        action: wish.action,
        side: wish.side,
        order_type: wish.order_type,
        tif: wish.tif,
        order,
        target: if action == Action::Place { 0 } else { wish.target },
        price: wish.price,
        qty: wish.qty,
        tag: wish.tag,
    })
}
