//! What each venue's rule makes of its own sequences; Binance's golden tables are those of `sync`.

use super::*;
use crate::units::Side;

const fn ids(first: u64, last: u64, previous: u64) -> Ids {
    Ids { first, last, previous }
}

const fn at(last: u64) -> Position {
    Position { last, joined: true }
}

#[test]
fn okx_chains_by_the_previous_number() {
    assert_eq!(Okx.judge(ids(0, 15, 10), at(10)), SyncOutcome::Applied);
    assert_eq!(Okx.judge(ids(0, 10, 10), at(10)), SyncOutcome::Applied, "keep-alive");
    assert_eq!(Okx.judge(ids(0, 3, 10), at(10)), SyncOutcome::Applied, "reset at maintenance");
    assert_eq!(Okx.judge(ids(0, 15, 11), at(10)), SyncOutcome::Gap { expected: 10, was: 11 });
    assert_eq!(Okx.judge(ids(0, 0, 0), at(0)), SyncOutcome::Applied, "a recording without numbers");
    assert_eq!(Okx.judge(ids(0, 0, 0), at(10)), SyncOutcome::Gap { expected: 10, was: 0 });
}

#[test]
fn bitget_names_the_push_before_or_goes_forward() {
    let rule = AnyRule::Bitget(Bitget);
    assert_eq!(rule.judge(ids(11, 15, 10), at(10)), SyncOutcome::Applied);
    assert_eq!(rule.judge(ids(12, 15, 11), at(10)), SyncOutcome::Gap { expected: 10, was: 11 });
    assert_eq!(rule.judge(ids(6, 10, 5), at(10)), SyncOutcome::Dropped, "told twice");
    assert_eq!(rule.judge(ids(11, 3, 10), at(10)), SyncOutcome::Applied, "maintenance");
    assert_eq!(rule.judge(ids(1, 3, 0), at(10)), SyncOutcome::Gap { expected: 10, was: 0 }, "a new stream");
    assert_eq!(rule.judge(ids(0, 15, 0), at(10)), SyncOutcome::Applied, "a number alone");
    assert_eq!(rule.judge(ids(0, 10, 0), at(10)), SyncOutcome::Dropped);
    assert_eq!(rule.judge(ids(0, 0, 0), at(0)), SyncOutcome::Applied, "v1");
    assert!(rule.snapshot_in_stream() && !rule.numbered());
}

#[test]
fn bybit_counts_by_one() {
    assert_eq!(Bybit.judge(ids(8, 8, 0), at(7)), SyncOutcome::Applied);
    assert_eq!(Bybit.judge(ids(7, 7, 0), at(7)), SyncOutcome::Dropped);
    assert_eq!(Bybit.judge(ids(9, 9, 0), at(7)), SyncOutcome::Gap { expected: 8, was: 9 });
}

#[test]
fn deribit_chains_and_coinbase_goes_forward() {
    assert_eq!(Deribit.judge(ids(15, 15, 10), at(10)), SyncOutcome::Applied);
    assert_eq!(Deribit.judge(ids(15, 15, 9), at(10)), SyncOutcome::Gap { expected: 10, was: 9 });
    assert_eq!(Coinbase.judge(ids(15, 15, 0), at(10)), SyncOutcome::Applied);
    assert_eq!(Coinbase.judge(ids(10, 10, 0), at(10)), SyncOutcome::Dropped);
}

#[test]
fn kraken_futures_count_by_one() {
    assert_eq!(KrakenFutures.judge(ids(8, 8, 0), at(7)), SyncOutcome::Applied);
    assert_eq!(KrakenFutures.judge(ids(7, 7, 0), at(7)), SyncOutcome::Dropped);
    assert_eq!(KrakenFutures.judge(ids(9, 9, 0), at(7)), SyncOutcome::Gap { expected: 8, was: 9 });
}

#[test]
fn kucoin_goes_on_without_a_hole() {
    assert_eq!(Kucoin.judge(ids(8, 9, 0), at(7)), SyncOutcome::Applied);
    assert_eq!(Kucoin.judge(ids(5, 9, 0), at(7)), SyncOutcome::Applied, "the snapshot falls inside it");
    assert_eq!(Kucoin.judge(ids(5, 7, 0), at(7)), SyncOutcome::Dropped);
    assert_eq!(Kucoin.judge(ids(9, 9, 0), at(7)), SyncOutcome::Gap { expected: 8, was: 9 });
}

#[test]
fn gate_joins_like_kucoin() {
    let rule = AnyRule::Gate(Gate);
    assert_eq!(rule.judge(ids(5, 9, 0), at(7)), SyncOutcome::Applied);
    assert_eq!(rule.judge(ids(9, 9, 0), at(7)), SyncOutcome::Gap { expected: 8, was: 9 });
    assert!(!rule.snapshot_in_stream());
}

#[test]
fn bitstamp_goes_by_time_and_hyperliquid_sends_whole_books() {
    assert_eq!(Bitstamp.judge(ids(9, 9, 0), at(7)), SyncOutcome::Applied);
    assert_eq!(Bitstamp.judge(ids(7, 7, 0), at(7)), SyncOutcome::Dropped);
    assert!(!AnyRule::Bitstamp(Bitstamp).snapshot_in_stream() && !AnyRule::Kucoin(Kucoin).snapshot_in_stream());
    assert!(AnyRule::Hyperliquid(Hyperliquid).snapshot_in_stream() && AnyRule::Htx(Htx).snapshot_in_stream());
    assert_eq!(AnyRule::Htx(Htx).judge(ids(9, 9, 0), at(7)), SyncOutcome::Dropped);
}

#[test]
fn lighter_counts_up_or_names_the_nonce_before() {
    let rule = AnyRule::Lighter(Lighter);
    assert_eq!(rule.judge(ids(8, 8, 0), at(7)), SyncOutcome::Applied);
    assert_eq!(rule.judge(ids(9, 9, 0), at(7)), SyncOutcome::Gap { expected: 8, was: 9 });
    assert_eq!(rule.judge(ids(7, 7, 0), at(7)), SyncOutcome::Dropped);
    assert_eq!(rule.judge(ids(20, 20, 7), at(7)), SyncOutcome::Applied);
    assert_eq!(rule.judge(ids(20, 20, 9), at(7)), SyncOutcome::Gap { expected: 8, was: 20 });
    assert!(rule.snapshot_in_stream());
}

#[test]
fn kraken_keeps_the_subscribed_depth() {
    let mut book = L2Book::new();
    for price in [97, 99, 98] {
        book.apply(Side::Buy, price, 1).unwrap();
        book.apply(Side::Sell, price + 10, 1).unwrap();
    }
    let rule = AnyRule::Kraken(Kraken { depth: 2 });
    rule.trim(&mut book).unwrap();
    let prices = |side| book.levels(side).map(|level| level.price).collect::<Vec<_>>();
    assert_eq!((prices(Side::Buy), prices(Side::Sell)), (vec![99, 98], vec![107, 108]));
    assert_eq!(rule.judge(ids(0, 0, 0), at(0)), SyncOutcome::Applied);
    assert!(rule.snapshot_in_stream() && !AnyRule::Binance(Market::Linear).snapshot_in_stream());
}
