//! What the venue keeps of an order and tells about it: the order, its execution events, its trades, its refusals.
//!
//! catalogue: S1. Names follow Binance's (`EXPIRED_IN_MATCH`, `GTX`), because the box speaks that protocol.

use super::conditional::Step;
use super::legs::Leg;
use crate::canon::{Canon, impossible, take_bytes};
use crate::error::{CoreError, Result};
use crate::event::{OrderType, TimeInForce};
use crate::units::{Amount, Lots, Nanos, Side, Ticks};
use crate::{canon_enum, state};

/// The longest client order id in bytes (Binance: 36).
pub const CLIENT_ID_BYTES: usize = 36;

/// A client order id, inline, so that an order is copied without an allocation.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId {
    bytes: [u8; CLIENT_ID_BYTES],
    len: u8,
}

impl ClientId {
    /// The id for a text of 1 to 36 bytes.
    pub fn new(text: &str) -> Result<Self> {
        if text.is_empty() || text.len() > CLIENT_ID_BYTES {
            return Err(CoreError::Field { field: "client_id", was: text.to_owned(), why: "must have 1 to 36 bytes" });
        }
        let mut bytes = [0; CLIENT_ID_BYTES];
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        Ok(Self { bytes, len: text.len() as u8 })
    }

    /// The id as it came.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..usize::from(self.len)]).unwrap_or("")
    }
}

impl std::fmt::Debug for ClientId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Canon for ClientId {
    fn put(&self, out: &mut Vec<u8>) {
        out.push(self.len);
        out.extend_from_slice(self.as_str().as_bytes());
    }
    fn take(input: &mut &[u8]) -> Result<Self> {
        let len = usize::from(take_bytes(input, 1)?[0]);
        let text = std::str::from_utf8(take_bytes(input, len)?).map_err(|_| impossible("client_id", "not UTF-8"))?;
        Self::new(text)
    }
    fn leaves(&self) -> usize {
        1
    }
    fn nudge(&mut self, _: usize) {
        self.bytes[0] = if self.bytes[0] == b'a' { b'b' } else { b'a' };
    }
}

/// What happens when an order meets one of the same account (Binance `selfTradePreventionMode`; the taker's counts).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Stp {
    /// They trade.
    None = 0,
    /// The rest of the taker expires.
    ExpireTaker = 1,
    /// The resting order expires and the taker goes on.
    ExpireMaker = 2,
    /// Both expire.
    ExpireBoth = 3,
}
canon_enum!(Stp { None, ExpireTaker, ExpireMaker, ExpireBoth });

/// Where an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Status {
    /// Accepted, nothing filled.
    New = 1,
    /// Partly filled and open.
    PartiallyFilled = 2,
    /// Filled.
    Filled = 3,
    /// Cancelled by its owner or by a liquidation.
    Canceled = 4,
    /// The rest expired by the order's own rule.
    Expired = 5,
    /// The rest expired by self-trade prevention.
    ExpiredInMatch = 6,
}
canon_enum!(Status { New, PartiallyFilled, Filled, Canceled, Expired, ExpiredInMatch });

impl Status {
    /// Whether the order can still trade.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::New | Self::PartiallyFilled)
    }
}

/// What an execution event reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum ExecKind {
    /// Accepted.
    New = 1,
    /// A fill.
    Trade = 2,
    /// Cancelled.
    Canceled = 3,
    /// The rest expired.
    Expired = 4,
    /// Price or size changed.
    Amendment = 5,
    /// A funding payment; it has no order.
    Funding = 6,
    /// A conditional order of a linear market moved on; the event's order shows it, `step` says where it stands.
    Conditional = 7,
}

/// Why an order ended or traded, where that needs saying.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Reason {
    /// Nothing to add.
    None = 0,
    /// Its time in force.
    TimeInForce = 1,
    /// The book had no more.
    NoLiquidity = 2,
    /// Self-trade prevention.
    SelfTrade = 3,
    /// It would have opened or turned a position although reduce-only.
    ReduceOnly = 4,
    /// The account was liquidated.
    Liquidation = 5,
    /// A funding payment.
    Funding = 6,
    /// Its price was met (spot's conditional orders).
    Triggered = 7,
    /// Its price was met and its money was gone by then.
    NoFunds = 8,
}

state! {
    /// One order of an account that we know, open or closed.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Order {
        /// The venue's id.
        pub id: u64,
        /// Whose it is.
        pub account: u32,
        /// The owner's id for it.
        pub client_id: ClientId,
        /// Its side.
        pub side: Side,
        /// The position that it is for.
        pub leg: Leg,
        /// Its type.
        pub kind: OrderType,
        /// How long it lives.
        pub tif: TimeInForce,
        /// Its limit, `NO_PRICE` for a market order.
        pub price: Ticks,
        /// Its size; for a quote-quantity order what it has bought so far.
        pub qty: Lots,
        /// What is filled.
        pub cum_qty: Lots,
        /// What that cost, in the quote asset's smallest unit.
        pub cum_quote: Amount,
        /// Where it stands.
        pub status: Status,
        /// Only ever closes a position.
        pub reduce_only: bool,
        /// Its self-trade prevention.
        pub stp: Stp,
        /// Money set aside for what is open (spot: locked; linear: notional that margin is taken on).
        pub reserved: Amount,
        /// Its node in the book, `NIL` when it does not rest.
        pub node: u32,
        /// When it came.
        pub created_ts: Nanos,
        /// When it last changed.
        pub updated_ts: Nanos,
    }
}

impl Order {
    /// What is still open.
    #[must_use]
    pub const fn open(&self) -> Lots {
        self.qty - self.cum_qty
    }
}

/// One thing that happened to an account's order, with the order as it stood right after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exec {
    /// What happened.
    pub kind: ExecKind,
    /// The symbol.
    pub symbol: u32,
    /// The order afterwards. For `Funding` only `account` and `updated_ts` mean anything.
    pub order: Order,
    /// When.
    pub ts: Nanos,
    /// Price of the fill, `NO_PRICE` without one.
    pub last_price: Ticks,
    /// Size of the fill.
    pub last_qty: Lots,
    /// Money of the fill in the quote asset; for `Funding` the amount (positive: received).
    pub last_quote: Amount,
    /// The fee (negative: a rebate).
    pub fee: Amount,
    /// The asset of the fee or of the funding payment.
    pub fee_asset: u16,
    /// Whether our order was resting.
    pub maker: bool,
    /// The symbol's trade number, 0 without a trade.
    pub trade_id: u64,
    /// Realised profit of the fill in the settle asset, before fees (linear).
    pub realised: Amount,
    /// Why, where it needs saying.
    pub reason: Reason,
    /// Where a conditional order stands; `New` in events of every other kind.
    pub step: Step,
}

state! {
    /// One fill of an account's order, kept for queries.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Fill {
        /// The symbol's trade number.
        pub trade_id: u64,
        /// The order.
        pub order_id: u64,
        /// Whose.
        pub account: u32,
        /// The owner's id for the order.
        pub client_id: ClientId,
        /// Price.
        pub price: Ticks,
        /// Size.
        pub qty: Lots,
        /// Money in the quote asset.
        pub quote: Amount,
        /// The fee (negative: a rebate).
        pub fee: Amount,
        /// The fee's asset.
        pub fee_asset: u16,
        /// Whether the order was resting.
        pub maker: bool,
        /// Its side.
        pub side: Side,
        /// The position that it moved.
        pub leg: Leg,
        /// Realised profit before fees (linear).
        pub realised: Amount,
        /// When.
        pub ts: Nanos,
    }
}

/// Why the venue takes an order or a request back to its sender. Nothing has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Spot: not enough free.
    InsufficientBalance,
    /// Linear: not enough available for the margin.
    InsufficientMargin,
    /// Post-only, and it would take.
    WouldTake,
    /// An open order has that client id.
    Duplicate,
    /// Reduce-only, and there is nothing to reduce.
    ReduceOnly,
    /// A market order, and the other side is empty.
    NoLiquidity,
    /// The book is full.
    Full,
    /// No such open order.
    UnknownOrder,
    /// A conditional order whose price is met already.
    WouldTrigger,
    /// Fill-or-kill, and the book does not fill it (linear; spot accepts such an order and lets it expire).
    Killed,
    /// The order's position side is not one of the account's position mode.
    Leg,
    /// The position mode is so already.
    ModeUnchanged,
    /// The position mode stays while an order is open.
    ModeOrders,
    /// The position mode stays while a position is.
    ModePosition,
}

impl Refusal {
    /// The name that the contract with the box uses.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::InsufficientBalance => "INSUFFICIENT_BALANCE",
            Self::InsufficientMargin => "INSUFFICIENT_MARGIN",
            Self::WouldTake => "WOULD_TAKE",
            Self::Duplicate => "DUPLICATE",
            Self::ReduceOnly => "REDUCE_ONLY",
            Self::NoLiquidity => "NO_LIQUIDITY",
            Self::Full => "FULL",
            Self::UnknownOrder => "UNKNOWN_ORDER",
            Self::WouldTrigger => "WOULD_TRIGGER",
            Self::Killed => "KILLED",
            Self::Leg => "LEG",
            Self::ModeUnchanged => "MODE_UNCHANGED",
            Self::ModeOrders => "MODE_ORDERS",
            Self::ModePosition => "MODE_POSITION",
        }
    }
}

/// What a venue operation fails with: a refusal by the venue's rules, or input that is not possible at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// By the rules.
    Refused(Refusal),
    /// Bad input or a broken invariant.
    Core(CoreError),
}

impl From<CoreError> for Fault {
    fn from(error: CoreError) -> Self {
        Self::Core(error)
    }
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Refused(refusal) => f.write_str(refusal.name()),
            Self::Core(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Fault {}

/// The result of a venue operation.
pub type Outcome<T> = std::result::Result<T, Fault>;
