//! The pair under random calls, its reverts in the order of the checks, and its logs followed through undone blocks.

use super::*;
use crate::clamm::follow::Follow;
use proptest::prelude::*;

const ME: Address = [1; 20];
const YOU: Address = [2; 20];

fn two(a: u128, b: u128) -> [U256; 2] {
    [U256::from(a), U256::from(b)]
}

fn pair() -> Pair {
    let mut pair = Pair::default();
    pair.initialize(true, [[0xa0; 20], [0xa1; 20]]).unwrap();
    pair.deposit(two(1_000_000, 4_000_000)).unwrap();
    assert_eq!(pair.mint(ME, ME, 10), Ok(U256::from(2_000_000_u64 - MINIMUM_LIQUIDITY)));
    pair
}

#[test]
fn a_swap_is_the_formula_of_the_whitepaper() {
    // floor(997 * 1000 * 4e6 / (1000 * 1e6 + 997 * 1000)) for 1000 of token 0.
    let mut pair = pair();
    let before = pair.clone();
    assert_eq!(pair.swap(ME, ME, two(0, 3985), two(1000, 0), 20), Err(Revert::V2K));
    assert!(pair == before);
    assert_eq!(pair.swap(ME, ME, two(0, 3984), two(1000, 0), 20), Ok(two(1000, 0)));
    assert_eq!(pair.head().reserves, [1_001_000, 3_996_016]);
    // Ten seconds at a price of 4, and of a quarter.
    assert_eq!(pair.head().price_cumulative_last, [U256::from(40_u64) << 112, U256::from(10_u64) << 110]);
}

#[test]
fn reverts_come_in_the_order_of_the_checks() {
    let mut pair = pair();
    let (zero, token) = (two(0, 0), [0xa1; 20]);
    assert_eq!(pair.initialize(false, [ME; 2]), Err(Revert::V2Forbidden));
    assert_eq!(pair.swap(ME, token, zero, zero, 1), Err(Revert::V2OutputAmount));
    assert_eq!(pair.swap(ME, token, two(1_000_000, 0), zero, 1), Err(Revert::V2Liquidity));
    assert_eq!(pair.swap(ME, token, two(1, 0), zero, 1), Err(Revert::V2InvalidTo));
    assert_eq!(pair.swap(ME, ME, two(1, 0), zero, 1), Err(Revert::V2InputAmount));
    assert_eq!(pair.mint(ME, ME, 1), Err(Revert::V2LiquidityMinted));
    assert_eq!(pair.burn(ME, ME, 1), Err(Revert::V2LiquidityBurned));
    assert_eq!(Pair::default().burn(ME, ME, 1), Err(Revert::Invalid), "a division by no shares");
    assert_eq!(Pair::default().mint(ME, ME, 1), Err(Revert::DsSub), "fewer than the shares that are locked away");
    pair.deposit(two(1 << 112, 0)).unwrap();
    assert_eq!(pair.sync(1), Err(Revert::V2Overflow));
    assert_eq!(pair.transfer([7; 20], ME, U256::ONE), Err(Revert::DsSub));
    assert_eq!(pair.transfer_from(YOU, ME, YOU, U256::ONE), Err(Revert::DsSub));
    pair.set_balances(zero);
    assert_eq!(pair.skim(ME), Err(Revert::DsSub));
    assert_eq!(pair.swap(ME, ME, two(1, 0), zero, 1), Err(Revert::V2TransferFailed));
    pair.set_locked(true);
    assert_eq!(pair.skim(ME), Err(Revert::V2Locked));
}

/// One call of a life: its kind, and two numbers.
type Drawn = (u8, u128, u128);

/// Makes a call; whether it went well.
fn call(pair: &mut Pair, (kind, a, b): Drawn, now: u32) -> bool {
    let (small, before) = (U256::from(a), pair.clone());
    let done = match kind {
        0 => pair.swap(ME, YOU, two(0, a), two(b, 0), now).is_ok(),
        1 => pair.swap(ME, PAIR, two(a, 0), two(0, b), now).is_ok(),
        2 => pair.deposit(two(a, b)).and_then(|()| pair.mint(ME, YOU, now)).is_ok(),
        3 => pair.transfer(ME, PAIR, small).is_ok(),
        4 => pair.burn(YOU, if a % 2 == 0 { ME } else { PAIR }, now).is_ok(),
        5 => pair.deposit(two(a, b)).and_then(|()| pair.sync(now)).is_ok(),
        _ => pair.transfer(YOU, ME, small).is_ok(),
    };
    if !done {
        *pair = before;
    }
    done
}

fn drawn() -> impl Strategy<Value = Drawn> {
    (0_u8..7, 1_u128..1 << 22, 1_u128..1 << 22)
}

proptest! {
    #[test]
    fn a_root_is_the_largest_that_fits(limbs: [u64; 4], shift in 0_u32..256) {
        let x = U256(limbs) >> shift;
        let root = sqrt(x);
        prop_assert!(root.wrapping_mul(root) <= x);
        let next = root.wrapping_add(U256::ONE);
        prop_assert!(next.checked_mul(next).is_none_or(|square| square > x));
    }

    /// Whatever is swapped, the product of the reserves never falls, and the shares are worth no more than is there.
    #[test]
    fn the_product_never_falls(calls in prop::collection::vec(drawn(), 1..40), fee: bool) {
        let mut pair = pair();
        pair.set_fee_to(fee.then_some([5; 20]));
        let product = |pair: &Pair| U256::from(pair.head.reserves[0]).wrapping_mul(U256::from(pair.head.reserves[1]));
        for (at, drawn) in calls.into_iter().enumerate() {
            let before = product(&pair);
            call(&mut pair, drawn, at as u32);
            prop_assert!(drawn.0 == 4 || product(&pair) >= before);
            let held = pair.holders().values().fold(U256::ZERO, |sum, one| sum.wrapping_add(*one));
            prop_assert_eq!(held, pair.head().total_supply);
        }
    }

    /// Who only reads the logs has the same reserves, shares, sums and, but for tokens that were sent and not counted, the
    /// same of everything; a wrong log is flagged and changes nothing; a block that is undone is as if it never was.
    #[test]
    fn who_reads_the_logs_has_the_same_pair(
        calls in prop::collection::vec((drawn(), any::<bool>()), 1..40),
        fees in prop::collection::vec(any::<bool>(), 40),
        whole: bool,
    ) {
        let mut pair = pair();
        let mut reader = pair.clone();
        reader.keep_blocks(0, 8);
        let mut ends = vec![reader.clone()];
        for (at, (drawn, wrong)) in calls.into_iter().enumerate() {
            let now = at as u32;
            let shown = (pair.fee_to, pair.head.k_last);
            pair.set_fee_to(fees[at].then_some([5; 20]));
            let done = call(&mut pair, drawn, now);
            reader.begin_block(at as u64 + 1).unwrap();
            if done {
                for event in pair.told().to_vec() {
                    let before = reader.clone();
                    if let (true, EventV2::Swap { sender, came, out, to }) = (wrong, event) {
                        let more = came.map(|amount| amount.wrapping_add(U256::ONE));
                        let desync = reader.follow(&EventV2::Swap { sender, came: more, out, to }, now, whole).unwrap_err();
                        prop_assert_eq!(desync.field, "amount0_in");
                        prop_assert!(reader == before);
                    }
                    prop_assert_eq!(reader.follow(&event, now, whole), Ok(None), "{:?} of {:?}", event, pair.told());
                }
            }
            let _ = shown;
            prop_assert_eq!(reader.head.reserves, pair.head.reserves);
            prop_assert_eq!(reader.head.price_cumulative_last, pair.head.price_cumulative_last);
            prop_assert_eq!(reader.head.total_supply, pair.head.total_supply);
            prop_assert_eq!(&reader.shares, &pair.shares);
            ends.push(reader.clone());
        }
        let last = ends.len() - 1;
        let back = last.saturating_sub(5);
        reader.undo_to(back as u64).unwrap();
        prop_assert!(reader == ends[back]);
    }
}

#[test]
fn logs_out_of_their_order_are_flagged() {
    let mut pair = pair();
    let swap = EventV2::Swap { sender: ME, came: two(1000, 0), out: two(0, 3984), to: YOU };
    let told = |pair: &mut Pair, event: &EventV2| pair.follow(event, 20, true).unwrap_err();
    assert_eq!(told(&mut pair, &swap).expected, "Sync");
    let sync = EventV2::Sync { reserves: [1_001_000, 3_996_015] };
    assert_eq!(pair.follow(&sync, 20, true), Ok(None));
    let wrong = told(&mut pair, &swap);
    assert_eq!((wrong.field, wrong.expected.as_str()), ("Swap", "revert UniswapV2: K"));
    assert_eq!(pair.head().reserves, [1_001_000, 3_996_015], "as it was before the event");
    let shares = EventV2::Transfer { from: YOU, to: ME, value: U256::ONE };
    assert_eq!(told(&mut pair, &shares).field, "Transfer");
    assert_eq!(pair.follow(&shares, 20, false), Ok(None));
}
