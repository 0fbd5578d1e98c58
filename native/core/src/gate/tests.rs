//! The gate as a whole: one table of breaches, the exemptions, halts, tokens and self-trades.

use super::limits::{LimitKind, Scope};
use super::samples::{around, limit, place, wide};
use super::*;
use crate::canon::Canon;
use crate::event::{Header, OrderType, TimeInForce, Verb, flags};
use crate::instrument::samples::{btcusdt_perp, btcusdt_spot};
use crate::units::{NO_PRICE, Side};

/// One unit of USDT.
const USDT: i128 = 100_000_000;
const REFERENCE: i64 = 600_000;

fn text(gate: &mut Gate, proposal: &Proposal, ctx: &Context) -> String {
    match gate.check(proposal, &btcusdt_perp(), ctx) {
        Ok(_) => PASSED.to_owned(),
        Err(refusal) => refusal.to_string(),
    }
}

fn command(verb: Verb, scope: u8, subject: u16, instrument: u32) -> Command {
    let header = Header::of::<Command>(instrument, 0, 0, 0);
    Command { header, verb: verb as u8, scope, subject, cause: 7, value: 0, author: 0 }
}

#[test]
fn each_limit_refuses_one_unit_beyond_and_passes_at_it() {
    // 0.5 BTC at 60,000: 30,000 USDT.
    let proposal = place(&btcusdt_perp(), REFERENCE, 500);
    let mut ctx = around(REFERENCE);
    for exposure in &mut ctx.exposure {
        exposure.position = 100;
        exposure.open_lots = 50;
        exposure.open_orders = 4;
        exposure.gross_notional = 20_000 * USDT;
        exposure.equity = 10_000 * USDT;
        exposure.equity_peak = 12_500 * USDT;
        exposure.pnl_today = -300 * USDT;
        exposure.last_trade_pnl = -40 * USDT;
    }
    let mut high = proposal;
    high.price = 606_000; // 100 bps above
    #[rustfmt::skip]
    let table: &[(LimitKind, i128, &Proposal, &str)] = &[
        (LimitKind::MaxOrderQty,      500,           &proposal, "order size: limit 0.499, was 0.5"),
        (LimitKind::MaxOrderNotional, 30_000 * USDT, &proposal, "order notional: limit 29999.99999999, was 30000"),
        (LimitKind::MaxPosition,      650,           &proposal, "position: limit 0.649, was 0.65"),
        (LimitKind::MaxTotalNotional, 50_000 * USDT, &proposal, "total notional: limit 49999.99999999, was 50000"),
        (LimitKind::MaxOpenOrders,    5,             &proposal, "open orders: limit 4, was 5"),
        (LimitKind::MaxLeverage,      500,           &proposal, "leverage: limit 4.99, was 5"),
        (LimitKind::PriceCollar,      100,           &high,     "price collar: limit 99, was 100"),
        (LimitKind::MaxLossPerTrade,  40 * USDT,     &proposal, "loss per trade: limit 39.99999999, was 40"),
        (LimitKind::MaxDailyLoss,     300 * USDT,    &proposal, "daily loss limit: limit 299.99999999, was 300"),
        (LimitKind::MaxDrawdown,      2_000,         &proposal, "drawdown: limit 1999, was 2000"),
    ];
    for (kind, at, proposal, refused) in table {
        for scope in Scope::ALL {
            let subject = if matches!(scope, Scope::All) { 0 } else { 1 };
            let subject = if matches!(scope, Scope::Symbol) { 2 } else { subject };
            let mut gate = wide();
            gate.set(&limit(scope, subject, *kind, *at, 0)).unwrap();
            assert_eq!(text(&mut gate, proposal, &ctx), PASSED, "{kind:?} {scope:?}");
            gate.set(&limit(scope, subject, *kind, at - 1, 0)).unwrap();
            let whose = if subject == 0 { "(all)".to_owned() } else { format!("({} {subject})", scope.name()) };
            assert_eq!(text(&mut gate, proposal, &ctx), format!("{refused} {whose}"), "{kind:?}");
        }
        let mut other = wide();
        other.set(&limit(Scope::Account, 3, *kind, 1, 0)).unwrap();
        assert_eq!(text(&mut other, proposal, &ctx), PASSED, "another account's {kind:?}");
    }
}

#[test]
fn a_gate_without_limits_is_closed_and_says_which_are_missing() {
    let proposal = place(&btcusdt_perp(), REFERENCE, 1);
    assert_eq!(
        text(&mut Gate::new(), &proposal, &around(REFERENCE)),
        "allowed symbols: limit not set (account 1); order size: limit not set; order notional: limit not set; \
         position: limit not set; open orders: limit not set; price collar: limit not set; \
         order rate: limit not set; daily loss limit: limit not set"
    );
    let mut gate = wide();
    gate.set(&limit(Scope::Strategy, 1, LimitKind::ForbidSymbol, 2, 0)).unwrap();
    assert_eq!(text(&mut gate, &proposal, &around(REFERENCE)), "allowed symbols: limit not set (strategy 1)");
}

#[test]
fn a_daily_loss_of_10000_refuses_the_next_order_by_name() {
    let mut gate = wide();
    gate.set(&limit(Scope::Account, 1, LimitKind::MaxDailyLoss, 5_000 * USDT, 0)).unwrap();
    let mut ctx = around(REFERENCE);
    ctx.exposure[Scope::Account as usize].pnl_today = -10_000 * USDT;
    let refused = text(&mut gate, &place(&btcusdt_perp(), REFERENCE, 1), &ctx);
    assert_eq!(refused, "daily loss limit: limit 5000, was 10000 (account 1)");
}

#[test]
fn a_drawdown_is_exact_to_the_smallest_unit() {
    let mut gate = wide();
    gate.set(&limit(Scope::Account, 1, LimitKind::MaxDrawdown, 2_000, 0)).unwrap();
    let mut ctx = around(REFERENCE);
    let exposure = &mut ctx.exposure[Scope::Account as usize];
    (exposure.equity_peak, exposure.equity) = (12_500 * USDT, 10_000 * USDT);
    assert_eq!(text(&mut gate, &place(&btcusdt_perp(), REFERENCE, 1), &ctx), PASSED);
    ctx.exposure[Scope::Account as usize].equity -= 1;
    let refused = text(&mut gate, &place(&btcusdt_perp(), REFERENCE, 1), &ctx);
    assert_eq!(refused, "drawdown: limit 2000, was 2001 (account 1)");
}

#[test]
fn a_target_larger_than_what_is_open_exempts_nothing() {
    let mut gate = wide();
    gate.set(&limit(Scope::Account, 1, LimitKind::MaxDailyLoss, 0, 0)).unwrap();
    let mut ctx = Context { target_lots: 500, ..around(REFERENCE) };
    ctx.exposure[Scope::Account as usize].pnl_today = -1;
    let mut replace = place(&btcusdt_perp(), REFERENCE, 100);
    (replace.action, replace.target) = (Action::Replace as u8, 9);
    assert!(text(&mut gate, &replace, &ctx).starts_with("daily loss limit"));
}

#[test]
fn an_order_that_only_shrinks_the_position_passes_the_money_limits() {
    let mut gate = wide();
    for (kind, value) in [
        (LimitKind::MaxPosition, 10),
        (LimitKind::MaxTotalNotional, 1),
        (LimitKind::MaxLeverage, 1),
        (LimitKind::MaxLossPerTrade, 0),
        (LimitKind::MaxDailyLoss, 0),
        (LimitKind::MaxDrawdown, 1),
    ] {
        gate.set(&limit(Scope::Account, 1, kind, value, 0)).unwrap();
    }
    let mut ctx = around(REFERENCE);
    for exposure in &mut ctx.exposure {
        exposure.position = -100;
        exposure.open_lots = 40;
        exposure.gross_notional = 90_000 * USDT;
        exposure.equity = 1_000 * USDT;
        exposure.pnl_today = -300 * USDT;
        exposure.last_trade_pnl = -1;
    }
    assert_eq!(text(&mut gate, &place(&btcusdt_perp(), REFERENCE, 60), &ctx), PASSED);
    let refusal = gate.check(&place(&btcusdt_perp(), REFERENCE, 61), &btcusdt_perp(), &ctx).unwrap_err();
    for check in [Check::TotalNotional, Check::Leverage, Check::LossPerTrade, Check::DailyLoss, Check::Drawdown] {
        assert!(refusal.has(check), "{check:?} in {refusal}");
    }
}

#[test]
fn a_replace_is_a_place_net_of_its_target() {
    let mut gate = wide();
    for (kind, value) in
        [(LimitKind::MaxPosition, 150), (LimitKind::MaxTotalNotional, 9_000 * USDT), (LimitKind::MaxOpenOrders, 4)]
    {
        gate.set(&limit(Scope::Account, 1, kind, value, 0)).unwrap();
    }
    let mut ctx = around(REFERENCE);
    let exposure = &mut ctx.exposure[Scope::Account as usize];
    (exposure.open_lots, exposure.open_orders, exposure.gross_notional) = (150, 4, 9_000 * USDT);
    (ctx.target_lots, ctx.target_notional) = (100, 6_000 * USDT);
    let mut replace = place(&btcusdt_perp(), REFERENCE, 100);
    (replace.action, replace.target) = (Action::Replace as u8, 9);
    assert_eq!(text(&mut gate, &replace, &ctx), PASSED);
    replace.qty = 101;
    assert_eq!(
        text(&mut gate, &replace, &ctx),
        "position: limit 0.15, was 0.151 (account 1); total notional: limit 9000, was 9060 (account 1)"
    );
}

#[test]
fn cancels_pass_when_halted_without_limits_and_without_tokens() {
    let mut gate = Gate::new();
    gate.command(&command(Verb::Kill, Scope::All as u8, 0, 0)).unwrap();
    let mut cancel = place(&btcusdt_perp(), 0, 0);
    (cancel.action, cancel.order, cancel.target) = (Action::Cancel as u8, 0, 5);
    for _ in 0..1_000 {
        assert_eq!(text(&mut gate, &cancel, &Context::default()), PASSED);
    }
    cancel.target = 0;
    let refused = text(&mut gate, &cancel, &Context::default());
    assert_eq!(refused, "proposal: target must be the order to cancel, was 0");
}

#[test]
fn a_halt_holds_for_its_scope_until_it_is_resumed() {
    let instrument = btcusdt_perp();
    for (scope, subject, symbol, other) in [
        (Scope::All, 0, 0, None),
        (Scope::Account, 1, 0, Some((2, 1))),
        (Scope::Strategy, 1, 0, Some((1, 2))),
        (Scope::Symbol, 0, 2, None),
        (Scope::Venue, 1, 0, None),
    ] {
        let mut gate = wide();
        gate.command(&command(Verb::Halt, scope as u8, subject, symbol)).unwrap();
        assert!(gate.halted() && gate.halted_for(1, 1, 2, 1));
        let mut kept = Vec::new();
        gate.put(&mut kept);
        assert_eq!(Gate::take(&mut kept.as_slice()).as_ref(), Ok(&gate), "a snapshot's gate is as halted");
        let proposal = place(&instrument, REFERENCE, 1);
        let refused = text(&mut gate, &proposal, &around(REFERENCE));
        assert!(refused.starts_with("trading halted: cause 7"), "{refused}");
        if let Some((account, strategy)) = other {
            let proposal = Proposal { account, strategy, ..proposal };
            assert_eq!(text(&mut gate, &proposal, &around(REFERENCE)), PASSED, "{scope:?}");
        }
        gate.command(&command(Verb::Resume, scope as u8, subject, symbol)).unwrap();
        assert_eq!(text(&mut gate, &proposal, &around(REFERENCE)), PASSED);
        assert!(!gate.halted());
    }
}

#[test]
fn a_kill_that_flattens_passes_what_reduces_and_nothing_that_could_increase() {
    let instrument = btcusdt_perp();
    let kill = Command { value: halt::FLATTEN, ..command(Verb::Kill, Scope::All as u8, 0, 0) };
    for (position, side, reduce_only, qty, open, passes) in [
        (100, Side::Sell, true, 100, 0, true),
        (100, Side::Sell, true, 60, 40, true),
        (-100, Side::Buy, true, 1, 0, true),
        (100, Side::Sell, true, 101, 0, false),  // through zero
        (100, Side::Sell, true, 61, 40, false),  // through zero with what is open
        (100, Side::Buy, true, 1, 0, false),     // the wrong way
        (0, Side::Sell, true, 1, 0, false),      // nothing to reduce
        (100, Side::Sell, false, 100, 0, false), // the venue would let it open
    ] {
        let mut gate = wide();
        gate.command(&kill).unwrap();
        assert!(gate.halted() && gate.halted_for(1, 1, instrument.id, 1));
        let mut ctx = around(REFERENCE);
        for exposure in &mut ctx.exposure {
            (exposure.position, exposure.open_lots) = (position, open);
        }
        let mut proposal = place(&instrument, NO_PRICE, qty);
        (proposal.order_type, proposal.tif) = (OrderType::Market as u8, TimeInForce::Gtc as u8);
        proposal.side = side as u8;
        proposal.header.flags = if reduce_only { flags::REDUCE_ONLY } else { 0 };
        let found = text(&mut gate, &proposal, &ctx);
        assert_eq!(found == PASSED, passes, "{position} {side:?} {qty}: {found}");
        assert_eq!(found.starts_with("trading halted"), !passes, "{found}");
        gate.command(&command(Verb::Halt, Scope::All as u8, 0, 0)).unwrap();
        assert!(text(&mut gate, &proposal, &ctx).starts_with("trading halted"), "a halt after it stops that too");
    }
}

#[test]
fn a_halt_that_cannot_be_placed_halts_everything() {
    for bad in [command(Verb::Halt, Scope::Account as u8, 999, 0), command(Verb::Kill, 77, 0, 0)] {
        let mut gate = wide();
        gate.command(&bad).unwrap();
        assert!(gate.halted_for(3, 3, 3, 1));
        let resume = Command { verb: Verb::Resume as u8, ..bad };
        assert!(gate.command(&resume).is_err());
        assert!(gate.halted());
    }
}

#[test]
fn tokens_are_taken_only_by_what_passes() {
    let mut gate = wide();
    gate.set(&limit(Scope::Strategy, 1, LimitKind::OrderRate, 2, 1)).unwrap();
    let (good, ctx) = (place(&btcusdt_perp(), REFERENCE, 1), around(REFERENCE));
    let far = Proposal { price: 3 * REFERENCE, ..good };
    for _ in 0..10 {
        assert!(text(&mut gate, &far, &ctx).starts_with("price collar"));
    }
    assert_eq!(text(&mut gate, &good, &ctx), PASSED);
    assert_eq!(text(&mut gate, &good, &ctx), PASSED);
    assert_eq!(text(&mut gate, &good, &ctx), "order rate: limit 2, was 3 (strategy 1)");
    let later = Context { now: 1_000_000_000, ..ctx };
    assert_eq!(text(&mut gate, &good, &later), PASSED);
    assert_eq!(gate.approvals(), 3);
    let counts: Vec<_> = gate.refusals().filter(|(_, count)| *count > 0).collect();
    assert_eq!(counts, [("price collar", 10), ("order rate", 1)]);
}

#[test]
fn no_order_meets_our_own() {
    let instrument = btcusdt_perp();
    let mut gate = wide();
    let resting = Context { opposite: 600_005, opposite_order: 42, ..around(REFERENCE) };
    assert_eq!(text(&mut gate, &place(&instrument, 600_004, 1), &resting), PASSED);
    let refusal = gate.check(&place(&instrument, 600_005, 1), &instrument, &resting).unwrap_err();
    assert_eq!((refusal.failed, refusal.displaced), (Check::SelfTrade.bit(), 0));
    let sell = Proposal { side: Side::Sell as u8, ..place(&instrument, 600_005, 1) };
    assert!(gate.check(&sell, &instrument, &resting).is_err());
    assert!(gate.check(&Proposal { price: 600_006, ..sell }, &instrument, &resting).is_ok());
    let market = Proposal {
        order_type: OrderType::Market as u8,
        tif: TimeInForce::Ioc as u8,
        price: NO_PRICE,
        ..place(&instrument, 1, 1)
    };
    assert!(gate.check(&market, &instrument, &around(REFERENCE)).is_ok());
    assert_eq!(gate.check(&market, &instrument, &resting).unwrap_err().failed, Check::SelfTrade.bit());
    gate.set(&limit(Scope::Account, 1, LimitKind::SelfTrade, stp::CANCEL_OLDEST, 0)).unwrap();
    assert_eq!(gate.check(&market, &instrument, &resting).unwrap_err().displaced, 42);
}

#[test]
fn a_proposal_that_makes_no_sense_is_named() {
    let good = place(&btcusdt_perp(), REFERENCE, 1);
    for (bad, text_wanted) in [
        (Proposal { action: 9, ..good }, "action must be 1 to 3, was 9"),
        (Proposal { side: 2, ..good }, "side must be 0 or 1, was 2"),
        (Proposal { order_type: 0, ..good }, "order type must be 1 or 2, was 0"),
        (Proposal { tif: 5, ..good }, "time in force must be 1 to 4, was 5"),
        (Proposal { qty: 0, ..good }, "quantity must be 1 to 2^50 lots, was 0"),
        (Proposal { qty: i64::MAX, ..good }, "quantity must be 1 to 2^50 lots, was 9223372036854775807"),
        (Proposal { price: -1, ..good }, "price must be 1 to 2^50 ticks, was -1"),
        (Proposal { price: NO_PRICE, ..good }, "price must be 1 to 2^50 ticks, was 9223372036854775807"),
        (Proposal { order_type: 2, ..good }, "price must be absent from a market order, was 600000"),
        (Proposal { order: 0, ..good }, "order must be an id above 0, was 0"),
        (Proposal { target: 3, ..good }, "target must be given by a replace and only by it, was 3"),
        (Proposal { action: Action::Replace as u8, ..good }, "target must be given by a replace and only by it, was 0"),
    ] {
        assert_eq!(text(&mut wide(), &bad, &around(REFERENCE)), format!("proposal: {text_wanted}"));
    }
}

#[test]
fn reduce_only_is_refused_where_the_venue_does_not_know_it() {
    let mut proposal = place(&btcusdt_spot(), REFERENCE, 1);
    proposal.header.flags = flags::REDUCE_ONLY;
    let refusal = wide().check(&proposal, &btcusdt_spot(), &around(REFERENCE)).unwrap_err();
    assert_eq!(refusal.to_string(), "proposal: flags cannot be reduce-only on spot, was 32");
    proposal.header.instrument = btcusdt_perp().id;
    assert!(wide().check(&proposal, &btcusdt_perp(), &around(REFERENCE)).is_ok());
}

#[test]
fn without_prices_or_equity_nothing_that_needs_them_passes() {
    let mut gate = wide();
    gate.set(&limit(Scope::All, 0, LimitKind::MaxLeverage, 500, 0)).unwrap();
    gate.set(&limit(Scope::All, 0, LimitKind::MaxDrawdown, 500, 0)).unwrap();
    let refused = text(&mut gate, &place(&btcusdt_perp(), REFERENCE, 1), &Context::default());
    assert_eq!(
        refused,
        "leverage: nothing to compare with; price collar: nothing to compare with; drawdown: nothing to compare with"
    );
}

#[test]
fn every_leaf_of_the_state_changes_its_bytes_and_the_bytes_give_it_back() {
    let mut gate = wide();
    gate.command(&command(Verb::Halt, Scope::Strategy as u8, 2, 0)).unwrap();
    let bytes = |gate: &Gate| {
        let mut out = Vec::new();
        gate.put(&mut out);
        out
    };
    let before = bytes(&gate);
    assert_eq!(Gate::take(&mut before.as_slice()).unwrap(), gate);
    for leaf in 0..gate.leaves() {
        let mut changed = gate.clone();
        changed.nudge(leaf);
        assert_ne!(bytes(&changed), before, "leaf {leaf}");
    }
}
