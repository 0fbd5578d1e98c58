//! Positions against an exact model in fractions, and the cases that peers get wrong.

use super::*;
use crate::instrument::samples::{btcusd_inverse, btcusdt_perp, btcusdt_spot};

fn fill(side: Side, price: i64, qty: i64) -> Fill {
    Fill {
        account: 1,
        strategy: 1,
        instrument: 2,
        order: 1,
        venue_order: 1,
        trade: 1,
        side,
        maker: true,
        price,
        qty,
        fee_asset: 0,
        fee: 0,
        realised: 0,
        ts: 1,
    }
}

fn book(fills: &[(Side, i64, i64)], instrument: &Instrument) -> (PositionBook, Vec<Booked>) {
    let mut book = PositionBook::new(4);
    let booked = fills.iter().map(|f| book.fill(&fill(f.0, f.1, f.2), instrument).unwrap()).collect();
    (book, booked)
}

#[test]
fn a_fill_through_zero_closes_one_side_and_opens_the_other() {
    let perp = btcusdt_perp();
    let (book, booked) = book(&[(Side::Buy, 600_000, 500), (Side::Sell, 610_000, 800)], &perp);
    let row = book.get(1, 1, 2).unwrap();
    // 0.5 BTC earned 1,000.0 USDT each; 0.3 BTC are short at 61,000.0.
    assert_eq!((booked[1].closed, booked[1].realised, row.qty), (500, 500 * 100_000_000, -300));
    assert_eq!(row.average_e8(&perp), Some(61_000 * 100_000_000));
    assert_eq!(row.unrealised(&perp, 60_000 * 100_000_000), Ok(300 * 100_000_000));
    assert_eq!((row.opened, row.closed, row.flips, row.max_abs), (2, 1, 1, 500));
}

#[test]
fn an_adopted_position_is_the_venue_s_and_what_strategies_hold_stays_theirs() {
    let perp = btcusdt_perp();
    let (mut book, _) = book(&[(Side::Buy, 600_000, 500)], &perp);
    // The venue says 0.2 BTC at 61,000.00000005: 0.3 were sold by hand.
    book.adopt(1, &perp, 200, 6_100_000_000_005, 9).unwrap();
    let (own, none, net) = (*book.get(1, 1, 2).unwrap(), *book.get(1, 0, 2).unwrap(), *book.net(1, 2).unwrap());
    assert_eq!((own.qty, none.qty, net.qty), (500, -300, 200));
    assert_eq!((own.cost + none.cost, net.average_e8(&perp)), (net.cost, Some(61_000 * 100_000_000)));
    for row in [own, none, net] {
        assert_eq!(row.realised - row.cost, row.flows);
    }
    let booked = book.fill(&fill(Side::Sell, 620_000, 200), &perp).unwrap();
    assert_eq!((booked.net_realised, book.net(1, 2).unwrap().qty), (200 * 100_000_000, 0));
    book.adopt(1, &perp, 0, 0, 10).unwrap();
    assert_eq!(book.net(1, 2).unwrap().cost, 0);
    assert!(book.adopt(1, &perp, 5, 0, 11).is_err(), "a position has a price");
    let inverse = btcusd_inverse();
    let mut coin = PositionBook::new(4);
    coin.adopt(1, &inverse, 10, 50_000 * 100_000_000, 1).unwrap();
    let filled = self::book(&[(Side::Buy, 500_000, 10)], &inverse).0;
    assert_eq!(coin.net(1, inverse.id).unwrap().cost, filled.net(1, 2).unwrap().cost);
}

#[test]
fn an_inverse_contract_earns_its_coin() {
    let inverse = btcusd_inverse();
    let (book, booked) = book(&[(Side::Buy, 500_000, 10), (Side::Sell, 625_000, 10)], &inverse);
    // 1,000 USD x (1/50,000 - 1/62,500) = 0.004 BTC.
    assert_eq!((booked[1].realised, book.get(1, 1, 2).unwrap().cost), (400_000, 0));
}

#[test]
fn money_is_exact_at_ten_to_the_fifteen() {
    // simulation.md 9: a balance of 10^15 smallest units and a fill of one lot.
    let spot = btcusdt_spot();
    let (mut book, _) = book(&[(Side::Buy, 1_000_000_000, 1_000_000_000)], &spot);
    let before = *book.get(1, 1, 2).unwrap();
    book.fill(&fill(Side::Buy, 1, 1), &spot).unwrap();
    assert_eq!(book.get(1, 1, 2).unwrap().cost - before.cost, 1);
}

#[test]
fn two_strategies_net_to_the_venues_one_position() {
    let perp = btcusdt_perp();
    let mut book = PositionBook::new(4);
    book.fill(&fill(Side::Buy, 600_000, 500), &perp).unwrap();
    let other = Fill { strategy: 2, ..fill(Side::Sell, 610_000, 500) };
    let booked = book.fill(&other, &perp).unwrap();
    assert_eq!((booked.realised, booked.net_realised), (0, 500 * 100_000_000));
    assert_eq!((book.net(1, 2).unwrap().qty, book.get(1, 2, 2).unwrap().qty), (0, -500));
}

#[test]
fn funding_is_shared_by_position_and_loses_nothing() {
    let perp = btcusdt_perp();
    let mut book = PositionBook::new(4);
    for (strategy, qty) in [(1, 100), (2, 100), (3, 100)] {
        book.fill(&Fill { strategy, ..fill(Side::Buy, 600_000, qty) }, &perp).unwrap();
    }
    let header = event::Header::of::<event::Funding>(2, 0, 0, 0);
    let record = event::Funding { header, account: 1, asset: 2, pad: 0, rate_e8: 0, amount: Amount::into(-100) };
    book.funding(&record).unwrap();
    let shares: Vec<_> = book.iter().map(|row| row.funding).collect();
    assert_eq!((shares, book.net(1, 2).unwrap().funding), (vec![-34, -33, -33], -100));
}

#[test]
fn the_day_starts_again_and_the_total_stays() {
    let perp = btcusdt_perp();
    let (mut book, _) = book(&[(Side::Buy, 600_000, 2), (Side::Sell, 610_000, 1)], &perp);
    book.roll_day();
    let fee = Fill { fee: 7, fee_asset: 2, ..fill(Side::Sell, 600_000, 1) };
    book.fill(&fee, &perp).unwrap();
    let row = book.get(1, 1, 2).unwrap();
    assert_eq!((row.realised_day(&perp), row.fees_day, row.last_realised), (Ok(0), 7, 0));
    assert_eq!(row.realised(&perp), Ok(100_000_000));
}

#[test]
fn a_fee_in_the_base_asset_counts_at_the_price_and_never_twice() {
    let spot = btcusdt_spot();
    let mut book = PositionBook::new(4);
    let bought = Fill { fee: 12_345, fee_asset: spot.base, ..fill(Side::Buy, 6_000_000, 12_345) };
    let sold = Fill { fee: 7, fee_asset: spot.settle, ..fill(Side::Sell, 6_000_000, 1) };
    for fill in [bought, sold] {
        book.fill(&fill, &spot).unwrap();
    }
    let row = book.get(1, 1, 2).unwrap();
    // 0.00012345 BTC at 60,000.5 USDT are 7.407061725 USDT: cut towards zero.
    assert_eq!(row.fees_base_value(&spot, 60_000 * 100_000_000 + 50_000_000), Ok(740_706_172));
    assert_eq!((row.fees_base, row.fees, row.fees_base_value(&spot, 0)), (12_345, 7, Ok(0)));
}

#[test]
fn a_full_book_or_a_fill_without_price_changes_nothing() {
    let perp = btcusdt_perp();
    let mut book = PositionBook::new(1);
    book.fill(&fill(Side::Buy, 5, 5), &perp).unwrap();
    let before = book.clone();
    assert!(book.fill(&Fill { instrument: 9, ..fill(Side::Buy, 5, 5) }, &perp).is_err());
    assert!(book.fill(&fill(Side::Buy, NO_PRICE, 5), &perp).is_err());
    assert!(book.fill(&fill(Side::Buy, 0, 5), &perp).is_err());
    assert_eq!(book, before);
}

mod model {
    //! A model in exact fractions: the cost is a fraction that is never rounded.

    use super::*;
    use proptest::prelude::*;

    /// The greatest common divisor.
    fn gcd(a: i128, b: i128) -> i128 {
        if b == 0 { a.abs() } else { gcd(b, a % b) }
    }

    #[derive(Debug, Clone, Copy)]
    struct Fraction(i128, i128);

    impl Fraction {
        fn reduced(top: i128, bottom: i128) -> Self {
            let by = gcd(top, bottom).max(1) * bottom.signum();
            Self(top / by, bottom / by)
        }
        fn plus(self, other: Self) -> Self {
            let common = gcd(self.1, other.1);
            let top = self.0 * (other.1 / common) + other.0 * (self.1 / common);
            Self::reduced(top, self.1 / common * other.1)
        }
        fn times(self, top: i128, bottom: i128) -> Self {
            Self::reduced(self.0 * top, self.1 * bottom)
        }
        fn minus(self, other: Self) -> Self {
            self.plus(Self(-other.0, other.1))
        }
    }

    struct Model {
        qty: i128,
        cost: Fraction,
        realised: Fraction,
        flows: i128,
    }

    impl Model {
        fn fill(&mut self, side: Side, price: i64, qty: i64) {
            let (sign, price, qty) = (i128::from(side.sign()), i128::from(price), i128::from(qty));
            let closed = if self.qty * sign < 0 { self.qty.abs().min(qty) } else { 0 };
            if closed > 0 {
                let released = self.cost.times(closed, self.qty.abs());
                self.cost = self.cost.minus(released);
                self.realised = self.realised.plus(Fraction(-sign * price * closed, 1)).minus(released);
            }
            self.cost = self.cost.plus(Fraction(sign * price * (qty - closed), 1));
            self.qty += sign * qty;
            self.flows -= sign * price * qty;
        }
    }

    fn fills() -> impl Strategy<Value = Vec<(bool, i64, i64)>> {
        prop::collection::vec((any::<bool>(), 1_i64..2_000, 1_i64..7), 1..13)
    }

    proptest! {
        #[test]
        fn follows_exact_fractions(fills in fills(), mark in 1_i64..2_000) {
            let perp = Instrument { price_scale: 0, qty_scale: 0, settle_scale: 0, ..btcusdt_perp() };
            let mut book = PositionBook::new(2);
            let mut model = Model { qty: 0, cost: Fraction(0, 1), realised: Fraction(0, 1), flows: 0 };
            let mut posted = 0;
            for (closing, (buy, price, qty)) in (1..).zip(fills) {
                let side = if buy { Side::Buy } else { Side::Sell };
                posted += book.fill(&fill(side, price, qty), &perp).unwrap().realised;
                model.fill(side, price, qty);
                let row = book.get(1, 1, 2).unwrap();
                prop_assert_eq!(i128::from(row.qty), model.qty);
                // Each close cuts less than one raw unit, and the cut stays with the open part.
                let off = Fraction(row.cost, 1).minus(model.cost);
                prop_assert!(off.0.abs() < closing * off.1, "cost is off by {:?} after {} fills", off, closing);
                if row.qty == 0 {
                    prop_assert_eq!((row.cost, row.realised), (0, row.flows));
                }
                // Conservation: realised + unrealised = cash flows + value, to the unit.
                let unrealised = row.unrealised(&perp, mark * 100_000_000).unwrap();
                let value = i128::from(row.qty) * i128::from(mark);
                prop_assert_eq!(row.realised(&perp).unwrap() + unrealised, model.flows + value);
                prop_assert_eq!(row.realised(&perp).unwrap(), posted);
            }
        }

        #[test]
        fn inverse_conserves_too(fills in fills(), mark in 1_i64..2_000) {
            let inverse = btcusd_inverse();
            let mut book = PositionBook::new(2);
            for (buy, price, qty) in fills {
                let side = if buy { Side::Buy } else { Side::Sell };
                book.fill(&fill(side, price, qty), &inverse).unwrap();
                let row = book.get(1, 1, 2).unwrap();
                prop_assert_eq!(row.realised - row.cost, row.flows);
                let total = row.realised(&inverse).unwrap() + row.unrealised(&inverse, mark * 10_000_000).unwrap();
                let value = close_at(&inverse, row.qty, mark * 10_000_000).unwrap() + money(&inverse, row.flows).unwrap();
                prop_assert!((total - value).abs() <= 2, "{total} and {value}");
            }
        }
    }
}
