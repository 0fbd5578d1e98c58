//! Gates, limits and proposals that tests of several files share.

use super::limits::{LimitKind, Scope};
use super::{Approved, Context, Exposure, Gate};
use crate::event::{Action, Header, LimitSet, OrderType, Proposal, TimeInForce};
use crate::instrument::Instrument;
use crate::units::{Amount, NO_PRICE, Side};

/// An event that sets a limit; `subject` is the instrument where the scope is a symbol.
pub(crate) fn limit(scope: Scope, subject: u16, kind: LimitKind, value: Amount, extra: i64) -> LimitSet {
    let instrument = if scope == Scope::Symbol { u32::from(subject) } else { 0 };
    let subject = if scope == Scope::Symbol { 0 } else { subject };
    LimitSet {
        header: Header::of::<LimitSet>(instrument, 0, 0, 0),
        scope: scope as u8,
        limit: kind as u8,
        subject,
        pad: 0,
        value: value.into(),
        extra,
    }
}

/// A post-only buy of account 1 and strategy 1, order id 1.
pub(crate) fn place(instrument: &Instrument, price: i64, qty: i64) -> Proposal {
    Proposal {
        header: Header::of::<Proposal>(instrument.id, 0, 0, 0),
        account: 1,
        strategy: 1,
        action: Action::Place as u8,
        side: Side::Buy as u8,
        order_type: OrderType::Limit as u8,
        tif: TimeInForce::PostOnly as u8,
        order: 1,
        target: 0,
        price,
        qty,
        tag: 0,
    }
}

/// Lets account 1 to 3 and strategy 1 to 3 trade instruments 1 to 3 under mandatory limits that nothing reaches.
pub(crate) fn wide() -> Gate {
    let mut gate = Gate::new();
    let mut set = |scope, subject, kind, value, extra| gate.set(&limit(scope, subject, kind, value, extra)).unwrap();
    for subject in 1..=3 {
        for instrument in 1..=3 {
            set(Scope::Account, subject, LimitKind::AllowSymbol, instrument, 0);
            set(Scope::Strategy, subject, LimitKind::AllowSymbol, instrument, 0);
        }
    }
    for kind in [LimitKind::MaxOrderQty, LimitKind::MaxOrderNotional, LimitKind::MaxPosition, LimitKind::MaxDailyLoss] {
        set(Scope::All, 0, kind, 1 << 90, 0);
    }
    set(Scope::All, 0, LimitKind::MaxOpenOrders, 1_000_000, 0);
    set(Scope::All, 0, LimitKind::PriceCollar, 10_000, 0);
    set(Scope::All, 0, LimitKind::OrderRate, 1_000_000, 1_000_000);
    gate
}

/// A flat engine around a reference price, with 1,000,000 units of equity everywhere.
pub(crate) fn around(reference: i64) -> Context {
    let money = 100_000_000_000_000;
    let exposure = Exposure { equity: money, equity_peak: money, ..Exposure::default() };
    Context { bid: reference - 1, ask: reference + 1, reference, exposure: [exposure; 5], ..Context::default() }
}

/// Approves a proposal through a real gate with wide limits; the proposal must be one that makes sense.
pub(crate) fn approve<'a>(proposal: &'a Proposal, instrument: &Instrument) -> Approved<'a> {
    let price = if proposal.price == NO_PRICE { 600_000 } else { proposal.price };
    wide().check(proposal, instrument, &around(price)).unwrap_or_else(|refusal| panic!("{refusal}"))
}
