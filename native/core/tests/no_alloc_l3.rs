//! Books of single orders allocate nothing after they are made, whatever they are sent.

mod counting;

use counting::{Counting, allocations};
use tickwright_core::book::l3::{Bounds, Change, Ids, L3Books};
use tickwright_core::units::Side;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// A walk through the prices that opens, fills and closes queues on and off the ladder, and overruns every bound.
fn changes() -> Vec<Change> {
    let one = |n: u64| {
        let mixed = n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
        let id = mixed % 600;
        let (book, price) = ((id % 2) as u32, (mixed * 31 % 5_000) as i64 - 2_500);
        let side = if n.is_multiple_of(3) { Side::Buy } else { Side::Sell };
        match n % 5 {
            0..=2 => Change::Add { book, id, side, price, qty: 3 },
            3 => Change::Replace { book, id, new_id: (id + 2) % 600, price: price / 50, qty: 2 },
            _ => Change::Delete { book, id },
        }
    };
    (0..50_000).map(one).collect()
}

fn drive<I: Ids>(mut books: L3Books<I>) {
    let changes = changes();
    let mut taken = 0;
    let before = allocations();
    for half in changes.chunks(changes.len() / 2) {
        books.apply_all(half, |_, result| taken += u64::from(result.is_ok()));
        let _ = books.watch(half[0].id());
    }
    assert_eq!(allocations() - before, 0);
    assert!(taken > 5_000 && books.faults().total() > 1_000, "{taken} taken, {:?}", books.faults());
}

#[test]
fn no_message_allocates() {
    let bounds = Bounds { ticks_per_step: vec![1, 10], orders_max: 500, levels_max: 300 };
    drive(L3Books::dense(&bounds, 0).unwrap());
    drive(L3Books::hashed(&bounds).unwrap());
}
