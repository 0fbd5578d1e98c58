//! The ledger: the worked numbers of docs/orders.md, and that nothing is ever half-booked.

use super::*;
use crate::canon::Canon;
use crate::event::{Balance, Funding, Header};
use crate::instrument::samples::{btcusd_inverse, btcusdt_perp, btcusdt_spot};
use proptest::prelude::*;

const BTC: u16 = 1;
const USDT: u16 = 2;
const BNB: u16 = 3;
/// One whole asset in its smallest unit.
const ONE: Amount = 100_000_000;

/// The page whose worked numbers are tested here.
const DOCS: &str = include_str!("../../../../docs/orders.md");

/// The balances that the page states: its plain code block number `nth`.
fn block(nth: usize) -> String {
    DOCS.split("\n```\n").filter(|text| text.starts_with("wallet")).nth(nth).unwrap().to_owned() + "\n"
}

fn fill(side: Side, price: i64, qty: i64, fee_asset: u16, fee: Amount) -> Fill {
    Fill {
        account: 1,
        strategy: 1,
        instrument: 1,
        order: 1,
        venue_order: 1,
        trade: 77,
        side,
        maker: true,
        price,
        qty,
        fee_asset,
        fee,
        realised: 0,
        ts: 1,
    }
}

fn balance(market: Market, asset: u16, reason: u8, amount: Amount, ts: i64) -> Balance {
    let header = Header::of::<Balance>(0, 0, ts, 0);
    Balance { header, account: 1, asset, reason, market: market as u8, pad: 0, reference: 5, amount: amount.into() }
}

/// The balances of one market as lines that a person reads.
fn balances(ledger: &Ledger, market: Market) -> String {
    let names = ["", "BTC", "USDT", "BNB"];
    let lines = ledger.iter().filter(|(key, account)| key.market == market && account.postings > 0);
    lines
        .map(|(key, account)| format!("{} {} {}\n", key.class.name(), names[key.asset as usize], account.balance))
        .collect()
}

#[test]
fn the_spot_example_of_the_docs() {
    let mut ledger = Ledger::new(32, 8);
    ledger.balance(1, &balance(Market::Spot, USDT, 0, 40_000 * ONE, 1)).unwrap();
    ledger.fill(2, &fill(Side::Buy, 6_000_000, 50_000, BTC, 5_000), &btcusdt_spot(), 0).unwrap();
    ledger.fill(3, &fill(Side::Sell, 6_100_000, 20_000, BNB, 1_000_000), &btcusdt_spot(), 0).unwrap();
    assert_eq!(balances(&ledger, Market::Spot), block(0));
}

#[test]
fn the_linear_example_of_the_docs() {
    let (mut ledger, perp) = (Ledger::new(32, 8), btcusdt_perp());
    ledger.balance(1, &balance(Market::Linear, USDT, 0, 10_000 * ONE, 1)).unwrap();
    ledger.fill(2, &fill(Side::Buy, 600_000, 500, USDT, 6 * ONE), &perp, 0).unwrap();
    let closing = Fill { realised: 500 * ONE + 1, ..fill(Side::Sell, 610_000, 500, USDT, 6 * ONE + 10_000_000) };
    ledger.fill(3, &closing, &perp, 500 * ONE).unwrap();
    let header = Header::of::<Funding>(2, 0, 4, 0);
    let paid = Funding { header, account: 1, asset: USDT, pad: 0, rate_e8: 10_000, amount: Amount::into(-125_000_000) };
    ledger.funding(4, &paid, Market::Linear).unwrap();
    ledger.balance(5, &balance(Market::Linear, USDT, 1, 1_000 * ONE, 5)).unwrap();
    assert_eq!(balances(&ledger, Market::Linear), block(1));
    assert_eq!((ledger.trial(USDT), ledger.entries()), (0, 5));
}

#[test]
fn inverse_profit_is_in_the_coin() {
    let mut ledger = Ledger::new(8, 8);
    let stated = Fill { realised: UNSTATED, ..fill(Side::Sell, 625_000, 10, BTC, -100) };
    ledger.fill(1, &stated, &btcusd_inverse(), 400_000).unwrap();
    assert_eq!(ledger.wallet(1, Market::Inverse, BTC), 400_100);
    assert_eq!(balances(&ledger, Market::Inverse), "wallet BTC 400100\nfees BTC -100\npnl BTC -400000\n");
}

#[test]
fn a_statement_opens_once_and_is_never_adjusted_to_again() {
    let (mut ledger, perp) = (Ledger::new(32, 8), btcusdt_perp());
    let state = |ledger: &mut Ledger, amount, ts| {
        ledger.balance(ts as u64, &balance(Market::Linear, USDT, 0, amount, ts)).unwrap()
    };
    assert_eq!(state(&mut ledger, 100, 1), Statement { diff: 0, opening: true, moved: 100 });
    assert_eq!(state(&mut ledger, 90, 2), Statement { diff: -10, opening: false, moved: 0 });
    assert_eq!(ledger.wallet(1, Market::Linear, USDT), 100);
    assert_eq!(ledger.unexplained(5, 3).count(), 0);
    // The same difference stated again has stood since the first time.
    assert_eq!(state(&mut ledger, 90, 5), Statement { diff: -10, opening: false, moved: 0 });
    assert_eq!(ledger.unexplained(6, 3).map(|(_, diff)| diff).collect::<Vec<_>>(), [-10]);
    // The fill that explains it comes after the statement, as on USD-M.
    ledger.fill(7, &fill(Side::Buy, 600_000, 1, USDT, 10), &perp, 0).unwrap();
    assert_eq!(ledger.unexplained(99, 3).count(), 0);
    // A later fill does not open the settled difference again.
    ledger.fill(8, &fill(Side::Buy, 600_000, 1, USDT, 10), &perp, 0).unwrap();
    assert_eq!(ledger.unexplained(99, 3).count(), 0);
}

#[test]
fn an_unbalanced_entry_is_broken_and_nothing_is_written() {
    let mut ledger = Ledger::new(8, 8);
    let key = |asset, class| Key { account: 1, market: Market::Spot, asset, class };
    let mut entry = Entry::new(1, 1, EntryKind::Fill, 0, 0);
    entry.transfer(key(USDT, Class::Trading), key(USDT, Class::Wallet), 5).unwrap();
    entry.post(key(BTC, Class::Wallet), 1).unwrap();
    let before = ledger.clone();
    let error = ledger.post(&entry).unwrap_err().to_string();
    assert_eq!(error, "invariant broken: debits = credits, was Some(1) in asset 1, entry 1 of kind Fill");
    assert_eq!(ledger, before);
}

#[test]
fn full_too_large_or_nameless_changes_nothing() {
    let (mut ledger, perp) = (Ledger::new(2, 8), btcusdt_perp());
    ledger.fill(1, &fill(Side::Buy, 600_000, 1, USDT, 10), &perp, 0).unwrap();
    let before = ledger.clone();
    assert!(ledger.fill(2, &fill(Side::Buy, 600_000, 1, BNB, 10), &perp, 0).is_err());
    assert!(ledger.fill(2, &fill(Side::Buy, 600_000, 1, 0, 10), &perp, 0).is_err());
    assert!(ledger.fill(2, &fill(Side::Buy, 600_000, 1, USDT, Amount::MAX), &perp, 0).is_err());
    assert!(ledger.balance(2, &balance(Market::Spot, USDT, 7, 1, 1)).is_err());
    assert!(ledger.ensure_fill(1, &perp, USDT).is_err());
    assert_eq!(ledger, before);
}

#[test]
fn the_chain_tells_any_two_histories_apart() {
    let chain = |fee, seq| {
        let mut ledger = Ledger::new(8, 8);
        ledger.fill(seq, &fill(Side::Buy, 600_000, 1, USDT, fee), &btcusdt_perp(), 0).unwrap();
        ledger.fill(9, &fill(Side::Buy, 600_000, 1, USDT, 1), &btcusdt_perp(), 0).unwrap();
        ledger.chain()
    };
    assert_eq!(chain(10, 1), chain(10, 1));
    assert_ne!(chain(10, 1), chain(11, 1));
    assert_ne!(chain(10, 1), chain(10, 2));
}

#[test]
fn recent_entries_are_bounded_and_in_order() {
    let mut ledger = Ledger::new(8, 3);
    for seq in 1..=5 {
        ledger.fill(seq, &fill(Side::Buy, 600_000, 1, USDT, 1), &btcusdt_perp(), 0).unwrap();
    }
    assert_eq!(ledger.recent().map(|entry| entry.seq).collect::<Vec<_>>(), [3, 4, 5]);
}

#[test]
fn every_leaf_is_in_the_hash_and_the_bytes_come_back() {
    let mut ledger = Ledger::new(16, 2);
    ledger.balance(1, &balance(Market::Spot, USDT, 0, 40_000 * ONE, 1)).unwrap();
    ledger.fill(2, &fill(Side::Buy, 6_000_000, 50_000, BTC, 5_000), &btcusdt_spot(), 0).unwrap();
    let mut bytes = Vec::new();
    ledger.put(&mut bytes);
    assert_eq!(Ledger::take(&mut bytes.as_slice()), Ok(ledger.clone()));
    for leaf in 0..ledger.leaves() {
        let (mut changed, mut after) = (ledger.clone(), Vec::new());
        changed.nudge(leaf);
        changed.put(&mut after);
        assert_ne!(bytes, after, "leaf {leaf}");
    }
}

proptest! {
    #[test]
    fn debits_equal_credits_after_anything(
        fills in prop::collection::vec((any::<bool>(), 1_i64..10_000_000, 1_i64..100_000, 0_u16..4, -50_i64..50), 1..60),
    ) {
        let (mut ledger, mut spot_base) = (Ledger::new(64, 4), 0);
        for (seq, (buy, price, qty, fee_asset, fee)) in (1..).zip(fills) {
            let side = if buy { Side::Buy } else { Side::Sell };
            let fill = fill(side, price, qty, fee_asset, fee.into());
            let instrument = if seq % 2 == 0 { btcusdt_spot() } else { btcusdt_perp() };
            let before = ledger.clone();
            match ledger.fill(seq, &fill, &instrument, i128::from(qty)) {
                Ok(()) if seq % 2 == 0 => spot_base += i128::from(side.sign()) * i128::from(qty) * 1_000,
                Ok(()) => {}
                Err(_) => prop_assert_eq!(&ledger, &before),
            }
            for asset in [BTC, USDT, BNB] {
                prop_assert_eq!(ledger.trial(asset), 0);
            }
            for (_, account) in ledger.iter() {
                prop_assert_eq!(account.balance, account.debit - account.credit);
            }
        }
        let trading = Key { account: 1, market: Market::Spot, asset: BTC, class: Class::Trading };
        prop_assert_eq!(ledger.balance_of(trading), -spot_base);
    }
}
