//! One proposal on its way through the gate: what is known about it, and whose limits hold for it.
//!
//! catalogue: R1. Everything that more than one check needs is worked out here once, so that each check is a
//! comparison.

use super::limits::{Limits, Row, SCOPES, Scope, Scopes};
use super::refusal::{Check, Finding, Why};
use super::whose::Whose;
use crate::event::{Action, OrderType, Proposal, TimeInForce, flags};
use crate::instrument::{Instrument, Market};
use crate::units::{Amount, Lots, NO_PRICE, Nanos, Side, Ticks};

/// One scope's figures. Money is in the smallest unit of the proposal's instrument's settlement asset.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Exposure {
    /// Signed position in this instrument (All, Symbol and Venue: over all accounts).
    pub position: Lots,
    /// Open rest of our orders on the proposal's side of this instrument, whatever their state before terminal.
    pub open_lots: Lots,
    /// Open orders of the scope, both sides, all instruments (Symbol: of this one).
    pub open_orders: u32,
    /// Gross value of positions and open orders.
    pub gross_notional: Amount,
    /// Equity now.
    pub equity: Amount,
    /// The highest equity so far.
    pub equity_peak: Amount,
    /// Realised and unrealised profit less fees since the day began; negative is a loss.
    pub pnl_today: Amount,
    /// Profit of the last closing trade; negative is a loss.
    pub last_trade_pnl: Amount,
}

impl Exposure {
    /// Nothing held, nothing open.
    pub const NOTHING: Self = Self {
        position: 0,
        open_lots: 0,
        open_orders: 0,
        gross_notional: 0,
        equity: 0,
        equity_peak: 0,
        pnl_today: 0,
        last_trade_pnl: 0,
    };
}

/// What the engine knows when a proposal comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Context {
    /// The event's time.
    pub now: Nanos,
    /// Best bid, `NO_PRICE` where there is none.
    pub bid: Ticks,
    /// Best ask, `NO_PRICE` where there is none.
    pub ask: Ticks,
    /// Mark price or mid in ticks, `NO_PRICE` where unknown.
    pub reference: Ticks,
    /// The figures of every scope, by `Scope as usize`.
    pub exposure: [Exposure; SCOPES],
    /// Of a replace: the target's open rest where it is on the proposal's side, else 0.
    pub target_lots: Lots,
    /// Of a replace: the target's part of every `gross_notional`.
    pub target_notional: Amount,
    /// The best price of our own open orders on the other side of this instrument, or `NO_PRICE`.
    pub opposite: Ticks,
    /// That order's id, or 0.
    pub opposite_order: u64,
}

impl Context {
    /// Nothing is known: what a cancel is checked with.
    pub const NOTHING: Self = Self {
        now: 0,
        bid: NO_PRICE,
        ask: NO_PRICE,
        reference: NO_PRICE,
        exposure: [Exposure::NOTHING; SCOPES],
        target_lots: 0,
        target_notional: 0,
        opposite: NO_PRICE,
        opposite_order: 0,
    };
}

impl Default for Context {
    fn default() -> Self {
        Self::NOTHING
    }
}

/// The largest price in ticks and size in lots that a proposal may carry, so that money arithmetic has room.
pub const FIELD_MAX: i64 = 1 << 50;

/// How a limit failed and what its figure was; None where it holds.
pub(super) type Failed = Option<(Why, Amount)>;

/// A proposal with everything that its checks compare.
pub(super) struct Case<'a> {
    pub ctx: &'a Context,
    pub action: Action,
    pub side: Side,
    pub market: bool,
    /// Whether the venue too lets it only reduce a position; spot has no such flag and no position to exceed.
    pub reduce_only: bool,
    /// The price that the order is valued at: its own, or of a market order the touch it takes, else the reference.
    pub price: Option<Ticks>,
    pub qty: Lots,
    /// Its value, or `None` where no price is known.
    pub notional: Option<Amount>,
    pub instrument: u32,
    limits: &'a Limits,
    whose: &'a Whose,
    /// Whether the account's position can only shrink: money limits let such an order pass, so that an account which
    /// has breached one can still be flattened.
    pub flattens: bool,
}

impl<'a> Case<'a> {
    /// A proposal whose words were read.
    #[inline(always)]
    pub fn new(
        (limits, whose): (&'a Limits, &'a Whose),
        (proposal, Words { action, side, market }): (&Proposal, Words),
        instrument: &Instrument,
        ctx: &'a Context,
    ) -> Self {
        let touch = if side == Side::Buy { ctx.ask } else { ctx.bid };
        let valued = [if market { touch } else { proposal.price }, ctx.reference];
        let price = valued.into_iter().find(|price| *price != NO_PRICE && *price > 0);
        let mut case = Self {
            ctx,
            action,
            side,
            market,
            reduce_only: proposal.header.has(flags::REDUCE_ONLY) || instrument.market == Market::Spot,
            price,
            qty: proposal.qty,
            notional: price.map(|price| value(instrument, price, proposal.qty)),
            instrument: instrument.id,
            limits,
            whose,
            flattens: false,
        };
        case.flattens = case.reduces(&ctx.exposure[Scope::Account as usize]);
        case
    }

    /// The scopes that have any rows, with the proposal's.
    #[inline(always)]
    pub fn scopes(&self) -> impl Iterator<Item = (Scope, &'a Row)> + '_ {
        self.rows(self.limits.present())
    }

    /// Whether anything is halted, be it of the proposal or not.
    #[inline(always)]
    pub const fn halted(&self) -> bool {
        self.limits.halted()
    }

    /// The scopes that have a limit, with their rows.
    #[inline(always)]
    pub fn limited(&self) -> impl Iterator<Item = (Scope, &'a Row)> + '_ {
        self.rows(self.whose.limited)
    }

    #[inline(always)]
    fn rows(&self, scopes: Scopes) -> impl Iterator<Item = (Scope, &'a Row)> + '_ {
        scopes.map(|scope| (scope, self.whose.row(self.limits, scope)))
    }

    /// The first of some scopes that does not allow the instrument.
    #[inline]
    pub fn forbidding(&self, scopes: [Scope; 2]) -> Option<Scope> {
        scopes.into_iter().find(|scope| !self.whose.row(self.limits, *scope).allows(self.instrument))
    }

    /// What a failed check reports.
    #[inline]
    pub fn finding(&self, check: Check, scope: Scope, why: Why, limit: Amount, was: Amount) -> Finding {
        Finding { check, scope, subject: self.whose.subject(scope), limit, was, why }
    }

    /// The kinds that must be limited somewhere and are not, as bits.
    #[inline]
    pub fn unset(&self) -> u32 {
        self.whose.unset()
    }

    /// What would be open on this side with the new order and without a replace's target.
    #[inline]
    pub fn open_after(&self, exposure: &Exposure) -> Amount {
        Amount::from(exposure.open_lots) - Amount::from(self.ctx.target_lots) + Amount::from(self.qty)
    }

    /// Whether the order can only bring a scope's position closer to zero, even if all of its side fills.
    #[inline]
    pub fn reduces(&self, exposure: &Exposure) -> bool {
        let against = -Amount::from(exposure.position) * Amount::from(self.side.sign());
        against > 0 && self.open_after(exposure) <= against
    }
}

/// What the bytes of a proposal say.
#[derive(Debug, Clone, Copy)]
pub(super) struct Words {
    action: Action,
    side: Side,
    /// Whether it is a market order.
    market: bool,
}

/// Reads a proposal; one that makes no sense is the finding that names its field.
#[inline(always)]
pub(super) fn read(proposal: &Proposal, instrument: &Instrument) -> std::result::Result<Words, Finding> {
    let action = Action::from_byte(proposal.action).map_err(|_| bad("action", "must be 1 to 3", proposal.action))?;
    let side = Side::from_raw(proposal.side).map_err(|_| bad("side", "must be 0 or 1", proposal.side))?;
    let kind = OrderType::from_byte(proposal.order_type)
        .map_err(|_| bad("order type", "must be 1 or 2", proposal.order_type))?;
    let tif = TimeInForce::from_byte(proposal.tif).map_err(|_| bad("time in force", "must be 1 to 4", proposal.tif))?;
    let market = kind == OrderType::Market;
    numbers(proposal, market)?;
    if market && tif == TimeInForce::PostOnly {
        return Err(bad("time in force", "cannot be post-only for a market order", proposal.tif));
    }
    if proposal.header.instrument != instrument.id {
        return Err(bad("instrument", "must be the one that is checked", proposal.header.instrument));
    }
    if proposal.header.has(flags::REDUCE_ONLY) && instrument.market == Market::Spot {
        return Err(bad("flags", "cannot be reduce-only on spot", proposal.header.flags));
    }
    if proposal.order == 0 {
        return Err(bad("order", "must be an id above 0", 0));
    }
    if (action == Action::Replace) != (proposal.target != 0) {
        return Err(bad("target", "must be given by a replace and only by it", proposal.target));
    }
    Ok(Words { action, side, market })
}

/// Price and quantity inside their bounds.
#[inline]
fn numbers(proposal: &Proposal, market: bool) -> std::result::Result<(), Finding> {
    if !(1..=FIELD_MAX).contains(&proposal.qty) {
        return Err(bad("quantity", "must be 1 to 2^50 lots", proposal.qty));
    }
    if market {
        let absent = proposal.price == NO_PRICE;
        return if absent { Ok(()) } else { Err(bad("price", "must be absent from a market order", proposal.price)) };
    }
    if (1..=FIELD_MAX).contains(&proposal.price) {
        Ok(())
    } else {
        Err(bad("price", "must be 1 to 2^50 ticks", proposal.price))
    }
}

/// The finding for a field that cannot be.
#[cold]
pub(super) fn bad(field: &'static str, must: &'static str, was: impl Into<Amount>) -> Finding {
    let why = Why::Bad(field, must);
    Finding { check: Check::Proposal, scope: Scope::All, subject: 0, limit: 0, was: was.into(), why }
}

/// The order's value, or the largest amount where it would not fit.
#[inline]
fn value(instrument: &Instrument, price: Ticks, qty: Lots) -> Amount {
    // 10^n has at most 4n bits (3.33n exactly); the scales are what `notional` may multiply by.
    let scale = 4 * (u32::from(instrument.price_scale) + u32::from(instrument.settle_scale));
    let units = instrument.tick | instrument.lot | instrument.multiplier;
    // Two factors of 30 bits and three of 8, as nearly every order has, need no counting.
    let usual = (price | qty) >> 30 == 0 && units >> 8 == 0 && scale <= 126 - (2 * 30 + 3 * 8);
    if usual || factor_bits(instrument, price, qty) + scale <= 126 {
        return instrument.notional(price, qty);
    }
    Amount::MAX / 4
}

/// How many bits the product of an order's value has at most, powers of ten aside.
#[inline(never)]
fn factor_bits(instrument: &Instrument, price: Ticks, qty: Lots) -> u32 {
    let bits = |n: i64| 64 - n.unsigned_abs().leading_zeros();
    bits(price) + bits(instrument.tick) + bits(qty) + bits(instrument.lot) + bits(instrument.multiplier)
}
