//! The stage of the engine's tests: one perpetual, one account with wide limits and keys, one strategy.

#[path = "../../benches/measure/perp.rs"]
mod perp;

pub use perp::PERP;
use tickwright_core::decode::Stamp;
use tickwright_core::encode::binance::Session;
use tickwright_core::encode::sign::{HmacKey, Signer};
use tickwright_core::engine::{Engine, Now};
use tickwright_core::event::{Balance, Header, LimitSet};
use tickwright_core::gate::limits::{LimitKind, Scope};
use tickwright_core::instrument::Market;
use tickwright_core::quoting::Seat;

/// When every session starts.
pub const NOW: Now = Now { ts: 1_000_000_000, mono: 5 };
/// Who trades in it.
pub const SEAT: Seat = Seat { account: 1, strategy: 1, instrument: 1 };

/// `n` milliseconds later.
pub fn at(n: i64) -> Now {
    Now { ts: NOW.ts + n * 1_000_000, mono: NOW.mono + n * 1_000_000 }
}

/// A market-data stamp.
pub fn stamp(now: Now) -> Stamp {
    Stamp { stream: 1, ts_receive: now.ts, ts_mono: now.mono }
}

/// Defines one perpetual with wide limits, a funded wallet and keys.
pub fn set_up(engine: &mut Engine) {
    engine.start(NOW).unwrap();
    for asset in ["BTC", "USDT"] {
        engine.asset(asset, 8, NOW).unwrap();
    }
    let account = engine.account("main", NOW).unwrap();
    engine.name(2, "maker", NOW).unwrap();
    let id = engine.instrument(&PERP, NOW).unwrap();
    for (scope, kind, value, extra) in [
        (Scope::Account, LimitKind::AllowSymbol, i128::from(id), 0),
        (Scope::Strategy, LimitKind::AllowSymbol, i128::from(id), 0),
        (Scope::Account, LimitKind::MaxOrderQty, 100, 0),
        (Scope::Account, LimitKind::MaxOrderNotional, 10_i128.pow(13), 0),
        (Scope::Account, LimitKind::MaxPosition, 1000, 0),
        (Scope::Account, LimitKind::MaxOpenOrders, 20, 0),
        (Scope::Account, LimitKind::PriceCollar, 500, 0),
        (Scope::Account, LimitKind::OrderRate, 1000, 1000),
        (Scope::Account, LimitKind::MaxDailyLoss, 10_i128.pow(13), 0),
    ] {
        let header = Header::of::<LimitSet>(0, 0, NOW.ts, NOW.mono);
        let limit =
            LimitSet { header, scope: scope as u8, limit: kind as u8, subject: 1, pad: 0, value: value.into(), extra };
        engine.record(&limit).unwrap();
    }
    let header = Header::of::<Balance>(0, 0, NOW.ts, NOW.mono);
    let amount = (100_000 * 10_i128.pow(8)).into();
    let wallet =
        Balance { header, account, asset: 2, reason: 0, market: Market::Linear as u8, pad: 0, reference: 0, amount };
    engine.record(&wallet).unwrap();
    let session = Session::new(Market::Linear, "key", Signer::Hmac(HmacKey::new(b"secret")), 5000).unwrap();
    engine.credentials(account, Market::Linear, session).unwrap();
}
