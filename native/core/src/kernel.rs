//! What a compiled strategy sees and what it answers: the C interface of strategy kernels.
//!
//! catalogue: P1. A kernel is a function pointer with its own state, called once after each batch of events with a
//! `View` and a bounded array to write `Wish`es into. A Python strategy gets the same view and returns the same
//! wishes, so one rule written twice can be compared order by order.

use std::ffi::c_void;

use crate::event::{Action, OrderType, TimeInForce};
use crate::units::{Lots, Nanos, Side, Ticks};

/// The version of the structs below and of the function table; it changes with any of them.
pub const KERNEL_ABI: u32 = 1;

/// The most wishes one call may return.
pub const WISHES_MAX: usize = 64;

/// The most own orders a view shows.
pub const OWN_ORDERS_MAX: usize = 256;

/// What happened in the batch before the call.
pub mod happened {
    /// The book or the venue's best bid and offer changed.
    pub const BOOK: u32 = 1;
    /// A public trade.
    pub const TRADE: u32 = 2;
    /// One of our orders was filled.
    pub const FILL: u32 = 4;
    /// One of our orders changed its state.
    pub const ORDER: u32 = 8;
    /// The timer ticked.
    pub const TIMER: u32 = 16;
}

/// One of the strategy's own open orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub struct OwnOrder {
    /// Our id: the `target` of a cancel or replace.
    pub id: u64,
    /// The strategy's own number from the wish that made it.
    pub tag: u64,
    /// Limit price.
    pub price: Ticks,
    /// What is still open of it.
    pub qty: Lots,
    /// `Side` as a byte.
    pub side: u8,
    /// 0 in flight, 1 resting, 2 unknown.
    pub state: u8,
    /// 1 while a cancel or replace of it is on its way.
    pub pending: u8,
    /// Zero.
    pub pad: [u8; 5],
}
const _: () = assert!(size_of::<OwnOrder>() == 40);

/// The strategy's world at one moment. Missing prices are `NO_PRICE`, missing sizes `NO_QTY`.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct View {
    /// The time of the last event (UTC).
    pub now: Nanos,
    /// The number of the last event.
    pub seq: u64,
    /// `happened` bits of the batch.
    pub happened: u32,
    /// The instrument.
    pub instrument: u32,
    /// Best bid.
    pub bid: Ticks,
    /// Size at the best bid.
    pub bid_qty: Lots,
    /// Best ask.
    pub ask: Ticks,
    /// Size at the best ask.
    pub ask_qty: Lots,
    /// Price of the last public trade.
    pub last_price: Ticks,
    /// Size of the last public trade.
    pub last_qty: Lots,
    /// Our position in lots, signed.
    pub position: Lots,
    /// Mark price in 1e-8 of the quote asset, or 0.
    pub mark_e8: i64,
    /// Own open orders, oldest first.
    pub orders: *const OwnOrder,
    /// How many of them.
    pub order_count: u32,
    /// 1 while the gate lets only cancels through.
    pub halted: u32,
}
const _: () = assert!(size_of::<View>() == 104);

/// One wish of a strategy: it becomes a `Proposal` event when the engine gives it a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub struct Wish {
    /// `Action` as a byte.
    pub action: u8,
    /// `Side` as a byte.
    pub side: u8,
    /// `OrderType` as a byte.
    pub order_type: u8,
    /// `TimeInForce` as a byte.
    pub tif: u8,
    /// `event::flags` (reduce-only).
    pub flags: u32,
    /// The own order to cancel or replace, else 0.
    pub target: u64,
    /// Limit price, or `NO_PRICE`.
    pub price: Ticks,
    /// Size.
    pub qty: Lots,
    /// The strategy's own number, handed back in `OwnOrder::tag`.
    pub tag: u64,
}
const _: () = assert!(size_of::<Wish>() == 40);

impl Wish {
    /// A post-only limit order.
    #[must_use]
    pub const fn place(side: Side, price: Ticks, qty: Lots, tag: u64) -> Self {
        Self {
            action: Action::Place as u8,
            side: side as u8,
            order_type: OrderType::Limit as u8,
            tif: TimeInForce::PostOnly as u8,
            flags: 0,
            target: 0,
            price,
            qty,
            tag,
        }
    }

    /// An empty slot for a kernel to write into.
    pub const EMPTY: Self = Self { action: 0, ..Self::place(Side::Buy, 0, 0, 0) };
}

/// A kernel's entry: returns how many wishes it wrote, at most `capacity`; a negative number is its own error code
/// and stops the strategy.
pub type KernelFn = unsafe extern "C" fn(state: *mut c_void, view: *const View, out: *mut Wish, capacity: u32) -> i32;

/// A kernel with its state. The owner keeps the state alive as long as the engine may call it.
#[derive(Debug, Clone, Copy)]
pub struct Kernel {
    entry: KernelFn,
    state: *mut c_void,
}

// SAFETY: the engine is driven by one thread at a time (the binding holds an exclusive borrow), and a kernel's
// state is reached only through the engine that it is attached to.
unsafe impl Send for Kernel {}
// SAFETY: as above: a shared reference gives no way to call the kernel.
unsafe impl Sync for Kernel {}

impl Kernel {
    /// Takes a kernel.
    ///
    /// # Safety
    /// `entry` follows the `KernelFn` contract and `state` stays valid for every later `call`.
    #[must_use]
    pub const unsafe fn new(entry: KernelFn, state: *mut c_void) -> Self {
        Self { entry, state }
    }

    /// Calls the kernel; the number of wishes written, or its error code.
    pub fn call(&mut self, view: &View, out: &mut [Wish; WISHES_MAX]) -> Result<usize, i32> {
        // SAFETY: `new`'s caller vouched for entry and state; view and out outlive the call.
        let count = unsafe { (self.entry)(self.state, view, out.as_mut_ptr(), WISHES_MAX as u32) };
        usize::try_from(count).ok().filter(|n| *n <= WISHES_MAX).ok_or(count)
    }
}
