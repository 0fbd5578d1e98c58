//! The gate against a naive model over random limits, figures and orders, and against proposals of any bytes.

use super::limits::{LimitKind, SCOPES, Scope};
use super::samples::{limit, place, wide};
use super::*;
use crate::instrument::samples::btcusdt_perp;
use crate::units::NO_PRICE;
use proptest::prelude::*;

/// One unit of USDT.
const USDT: i128 = 100_000_000;

prop_compose! {
    fn any_exposure()(
        position in -300i64..300, open_lots in 0i64..300, open_orders in 0u32..12, gross in 0i128..400,
        equity in -50i128..400, peak in 0i128..400, pnl_today in -200i128..200, last_trade_pnl in -200i128..200,
    ) -> Exposure {
        let usdt = |n: i128| n * USDT * 100;
        Exposure {
            position, open_lots, open_orders, gross_notional: usdt(gross), equity: usdt(equity),
            equity_peak: usdt(peak), pnl_today: usdt(pnl_today), last_trade_pnl: usdt(last_trade_pnl),
        }
    }
}

prop_compose! {
    fn any_context()(
        exposure in prop::array::uniform5(any_exposure()),
        reference in prop_oneof![Just(NO_PRICE), 590_000i64..610_000],
        opposite in prop_oneof![Just(NO_PRICE), 599_000i64..601_000],
        target_lots in 0i64..100,
    ) -> Context {
        Context { reference, exposure, opposite, opposite_order: 5, target_lots, ..Context::default() }
    }
}

/// What a reader of the rules would compute, one kind at a time, without any of the gate's code.
fn naive(kind: LimitKind, value: i128, proposal: &Proposal, ctx: &Context, scope: Scope) -> bool {
    let exposure = ctx.exposure[scope as usize];
    let sign = if proposal.side == 0 { 1 } else { -1 };
    let open = i128::from(exposure.open_lots - ctx.target_lots + proposal.qty);
    let shrinks = |position: i64, open: i128| i128::from(position) * sign < 0 && open <= i128::from(position.abs());
    let account = ctx.exposure[Scope::Account as usize];
    let exempt = shrinks(account.position, i128::from(account.open_lots - ctx.target_lots + proposal.qty));
    // One tick is 0.1 USDT, one lot 0.001 BTC: a tick of a lot is 10^-4 USDT, 10^4 of its smallest unit.
    let notional = i128::from(proposal.price) * i128::from(proposal.qty) * 10_000;
    let gross = exposure.gross_notional + notional;
    let (reference, equity, peak) = (i128::from(ctx.reference), exposure.equity, exposure.equity_peak);
    let passes = match kind {
        LimitKind::MaxOrderQty => i128::from(proposal.qty) <= value,
        LimitKind::MaxOrderNotional => notional <= value,
        LimitKind::MaxPosition => {
            (i128::from(exposure.position) + sign * open).abs() <= value || shrinks(exposure.position, open)
        }
        LimitKind::MaxTotalNotional => exempt || gross <= value,
        LimitKind::MaxOpenOrders => i128::from(exposure.open_orders) < value,
        LimitKind::MaxLeverage => exempt || (equity > 0 && gross as f64 / equity as f64 * 100.0 <= value as f64),
        LimitKind::PriceCollar => {
            ctx.reference != NO_PRICE && (i128::from(proposal.price) - reference).abs() * 10_000 <= value * reference
        }
        LimitKind::MaxLossPerTrade => exempt || -exposure.last_trade_pnl <= value,
        LimitKind::MaxDailyLoss => exempt || -exposure.pnl_today <= value,
        LimitKind::MaxDrawdown => exempt || (peak > 0 && (peak - equity) * 10_000 <= value * peak),
        _ => true,
    };
    !passes
}

proptest! {
    /// Random limits, figures and orders: the failed checks are exactly the naive model's.
    #[test]
    fn the_refusal_lists_what_a_naive_model_says(
        ctx in any_context(), sell in any::<bool>(), price in 595_000i64..605_000, qty in 1i64..600,
        limits in prop::collection::vec((3u8..=13, 0usize..SCOPES, 1i128..400), 0..12),
    ) {
        let instrument = btcusdt_perp();
        let proposal = Proposal { side: u8::from(sell), ..place(&instrument, price, qty) };
        let mut gate = wide();
        let mut table = std::collections::BTreeMap::new();
        table.insert((LimitKind::PriceCollar as u8, 0), 10_000);
        for (kind, scope, value) in limits {
            let kind = LimitKind::from_byte(kind).unwrap();
            let value = match kind {
                LimitKind::OrderRate => continue,
                LimitKind::MaxOrderQty | LimitKind::MaxPosition | LimitKind::MaxLeverage | LimitKind::PriceCollar => value,
                LimitKind::MaxOpenOrders => value % 12,
                LimitKind::MaxDrawdown => value * 20,
                _ => value * USDT * 100,
            };
            let subject = [0, 1, 1, 2, 1][scope];
            gate.set(&limit(Scope::ALL[scope], subject, kind, value, 0)).unwrap();
            table.insert((kind as u8, scope), value);
        }
        let mut wanted = std::collections::BTreeSet::new();
        for ((kind, scope), value) in table {
            let kind = LimitKind::from_byte(kind).unwrap();
            if naive(kind, value, &proposal, &ctx, Scope::ALL[scope]) {
                wanted.insert(kind.name());
            }
        }
        let crosses = ctx.opposite != NO_PRICE && if sell { price <= ctx.opposite } else { price >= ctx.opposite };
        if crosses {
            wanted.insert("self_trade");
        }
        // What the gate does not measure is not looked at: any figures may stand there.
        let (mut told, measures) = (ctx, gate.whose(&proposal, &instrument).measured());
        for (exposure, measured) in told.exposure.iter_mut().zip(Scope::ALL.map(|scope| measures.has(scope))) {
            if !measured {
                *exposure = Exposure { position: 1 << 40, gross_notional: 1 << 90, ..Exposure::default() };
            }
        }
        let found = match gate.check(&proposal, &instrument, &told) {
            Ok(_) => std::collections::BTreeSet::new(),
            Err(refusal) => refusal.iter().map(|finding| match finding.check {
                Check::OrderQty => "max_order_qty",
                Check::OrderNotional => "max_order_notional",
                Check::Position => "max_position",
                Check::TotalNotional => "max_total_notional",
                Check::OpenOrders => "max_open_orders",
                Check::Leverage => "max_leverage",
                Check::PriceCollar => "price_collar",
                Check::LossPerTrade => "max_loss_per_trade",
                Check::DailyLoss => "max_daily_loss",
                Check::Drawdown => "max_drawdown",
                Check::SelfTrade => "self_trade",
                other => other.name(),
            }).collect(),
        };
        prop_assert_eq!(found, wanted);
    }

    /// Whatever a strategy sends, the gate answers.
    #[test]
    fn no_proposal_breaks_the_gate(
        action in 0u8..5, side in 0u8..3, order_type in 0u8..4, tif in 0u8..6, order in any::<u64>(),
        target in any::<u64>(), price in any::<i64>(), qty in any::<i64>(), account in any::<u16>(),
        strategy in any::<u16>(), position in any::<i64>(), open in any::<i64>(), money in any::<i128>(),
    ) {
        let instrument = btcusdt_perp();
        let proposal = Proposal {
            action, side, order_type, tif, order, target, price, qty, account, strategy, ..place(&instrument, 1, 1)
        };
        let exposure = Exposure {
            position, open_lots: open, open_orders: u32::MAX, gross_notional: money, equity: money,
            equity_peak: money, pnl_today: money, last_trade_pnl: money,
        };
        let ctx = Context {
            exposure: [exposure; SCOPES], reference: price, target_lots: open, target_notional: money,
            ..Context::default()
        };
        let mut gate = wide();
        for kind in [LimitKind::MaxTotalNotional, LimitKind::MaxLeverage, LimitKind::MaxDrawdown] {
            gate.set(&limit(Scope::All, 0, kind, 5, 0)).unwrap();
        }
        if let Err(refusal) = gate.check(&proposal, &instrument, &ctx) {
            prop_assert!(refusal.failed != 0 && !refusal.to_string().is_empty());
        }
    }
}
