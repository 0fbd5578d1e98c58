//! The manager under random calls, and each custom error in the order of the checks.

use super::*;
use crate::clamm::tick_math::{MAX_SQRT_PRICE, MIN_SQRT_PRICE};
use proptest::prelude::*;

const CALLER: Address = [9; 20];

fn key(fee: u32) -> PoolKey {
    PoolKey { currency0: [1; 20], currency1: [2; 20], fee, tick_spacing: 60 }
}

fn change(lower: i32, upper: i32, liquidity: i128) -> Change {
    Change { lower, upper, liquidity: I256::from_i128(liquidity), salt: [7; 32] }
}

fn bound(down: bool) -> U256 {
    if down { MIN_SQRT_PRICE.wrapping_add(U256::ONE) } else { MAX_SQRT_PRICE.wrapping_sub(U256::ONE) }
}

fn manager(fee: u32) -> Manager {
    let mut manager = Manager::default();
    manager.initialize(key(fee), U256([0, 1 << 32, 0, 0])).unwrap();
    manager.unlock().unwrap();
    manager
}

proptest! {
    /// A failing call changes nothing, nets add up, and whoever takes everything out never gets more than was paid in.
    #[test]
    fn any_calls_keep_the_manager_whole(
        calls in prop::collection::vec((0_u8..4, -9_i32..9, -9_i32..9, -(1_i128 << 66)..1_i128 << 66, any::<bool>()), 1..50),
        fee in prop_oneof![Just(0_u32), Just(3000), Just(1_000_000)],
        protocol in 0_u32..1000,
    ) {
        let (mut manager, key) = (manager(fee), key(fee));
        manager.set_protocol_fee(true, &key, protocol | protocol << 12).unwrap();
        for (kind, a, b, amount, down) in calls {
            let before = manager.clone();
            let failed = match kind {
                0 | 1 => manager.modify_liquidity(CALLER, &key, &change(60 * a, 60 * b, amount)).is_err(),
                2 => manager.swap(CALLER, &key, down, I256::from_i128(amount), bound(down)).is_err(),
                _ => manager.donate(CALLER, &key, [U256::from(amount.unsigned_abs()); 2]).is_err(),
            };
            if failed {
                prop_assert!(manager == before);
            }
            let pool = manager.pool(&key).unwrap();
            prop_assert_eq!(pool.ticks.iter().map(|(_, data)| data.net).sum::<i128>(), 0);
        }
        let positions: Vec<_> = manager.pool(&key).unwrap().positions.clone().into_iter().collect();
        for (place, position) in positions.into_iter().filter(|(_, position)| position.liquidity > 0) {
            manager.modify_liquidity(CALLER, &key, &change(place.lower, place.upper, -(position.liquidity as i128))).unwrap();
        }
        prop_assert!(manager.pool(&key).unwrap().ticks.is_empty());
        for currency in [key.currency0, key.currency1] {
            let owed = manager.delta(&Account { owner: CALLER, currency });
            let earned = manager.protocol_fees(currency);
            let rest = owed.wrapping_add(I256::from_u256(earned).unwrap());
            prop_assert!(rest.is_negative() || rest.is_zero(), "the pool paid {rest} more than it got");
        }
    }
}

#[test]
fn custom_errors_come_in_the_order_of_the_checks() {
    let mut empty = Manager::default();
    let (good, price) = (key(3000), U256([0, 1 << 32, 0, 0]));
    assert_eq!(empty.initialize(PoolKey { tick_spacing: 0, ..good }, price), custom(Custom::TickSpacingTooSmall(0)));
    assert_eq!(empty.initialize(PoolKey { fee: 1_000_001, ..good }, price), custom(Custom::LpFeeTooLarge(1_000_001)));
    assert_eq!(empty.initialize(good, U256::ONE).map_err(|revert| revert.data().len()), Err(36));
    assert_eq!(empty.donate(CALLER, &good, [U256::ONE; 2]), custom(Custom::ManagerLocked));
    empty.unlock().unwrap();
    assert_eq!(empty.unlock(), custom(Custom::AlreadyUnlocked));
    assert_eq!(empty.donate(CALLER, &good, [U256::ONE; 2]), custom(Custom::PoolNotInitialized));
    let mut manager = manager(3000);
    assert_eq!(manager.initialize(good, price), custom(Custom::PoolAlreadyInitialized));
    assert_eq!(manager.donate(CALLER, &good, [U256::ONE; 2]), custom(Custom::NoLiquidityToReceiveFees));
    let mut modify = |change: Change| manager.modify_liquidity(CALLER, &good, &change).map(drop);
    assert_eq!(modify(change(60, 0, 1)), custom(Custom::TicksMisordered(60, 0)));
    assert_eq!(modify(change(1, 60, i128::MAX)), custom(Custom::TickLiquidityOverflow(1)));
    assert_eq!(modify(change(1, 60, 1)), custom(Custom::TickMisaligned(1, 60)));
    assert_eq!(modify(change(0, 60, 0)), custom(Custom::CannotUpdateEmptyPosition));
    assert_eq!(modify(change(0, 60, -1)), custom(Custom::SafeCastOverflow));
}

#[test]
fn swaps_are_refused_by_amount_then_fee_then_limit() {
    let (mut manager, all) = (manager(1_000_000), key(1_000_000));
    let mut swap = |amount: i128, limit: U256| {
        manager.swap(CALLER, &all, true, I256::from_i128(amount), limit).map_err(|revert| match revert {
            Revert::Custom(error) => error.parts().0,
            _ => "another",
        })
    };
    assert_eq!(swap(0, U256::ZERO).unwrap_err(), "SwapAmountCannotBeZero");
    assert_eq!(swap(1, U256::ZERO).unwrap_err(), "InvalidFeeForExactOut");
    assert_eq!(swap(-1, U256::MAX).unwrap_err(), "PriceLimitAlreadyExceeded");
    assert_eq!(swap(-1, U256::ZERO).unwrap_err(), "PriceLimitOutOfBounds");
}

#[test]
fn everything_is_settled_before_it_is_locked() {
    let (mut manager, key) = (manager(3000), key(3000));
    let (paid, _) = manager.modify_liquidity(CALLER, &key, &change(-60, 60, 1 << 40)).unwrap();
    assert_eq!(manager.lock(), Err(Revert::Custom(Custom::CurrencyNotSettled)));
    let owed = |amount: i128| U256::from(amount.unsigned_abs());
    manager.settle(CALLER, key.currency0, owed(paid[0]).wrapping_add(U256::ONE)).unwrap();
    manager.settle(CALLER, key.currency1, owed(paid[1])).unwrap();
    let wrong = manager.clear(CALLER, key.currency0, U256::from(2_u64));
    assert_eq!(wrong, Err(Revert::Custom(Custom::MustClearExactPositiveDelta)));
    manager.clear(CALLER, key.currency0, U256::ONE).unwrap();
    assert_eq!(manager.lock(), Ok(()));
    assert_eq!(manager.take(CALLER, key.currency0, U256::ONE), Err(Revert::Custom(Custom::ManagerLocked)));
}
