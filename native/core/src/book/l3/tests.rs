//! The books against a naive model of tree maps and queues, over every change, with bounds that are met.

use super::*;
use proptest::prelude::*;
use std::collections::{BTreeMap, VecDeque};

const BOOKS: u32 = 3;
const ORDERS_MAX: usize = 24;
const LEVELS_MAX: usize = 16;

/// Orders of one side by key, first to be filled first.
type Levels = BTreeMap<i64, VecDeque<(u64, Lots)>>;

#[derive(Default)]
struct Model {
    sides: [[Levels; 2]; BOOKS as usize],
    ids: BTreeMap<u64, (u32, usize, i64)>,
    dense: bool,
}

impl Model {
    fn apply(&mut self, change: &Change) -> std::result::Result<(), Fault> {
        if let Change::Add { book, id, side, price, qty } = *change {
            if book >= BOOKS {
                return Err(Fault::UnknownBook);
            }
            return self.add(book, id, side as usize, keyed(side as usize, price), qty, 0);
        }
        let &(book, side, key) = self.ids.get(&change.id()).ok_or(Fault::UnknownOrder)?;
        if book != change.book() {
            return Err(Fault::OtherBook);
        }
        let level = self.sides[book as usize][side].get_mut(&key).unwrap();
        let at = level.iter().position(|(id, _)| *id == change.id()).unwrap();
        let left = level[at].1;
        match *change {
            Change::Reduce { qty, .. } if qty < 1 || qty > left => Err(Fault::Size),
            Change::Reduce { qty, .. } if qty < left => {
                level[at].1 -= qty;
                Ok(())
            }
            Change::Amend { price, qty, .. } if keyed(side, price) == key && (1..=left).contains(&qty) => {
                level[at].1 = qty;
                Ok(())
            }
            Change::Amend { price, qty, id, .. } if qty != 0 => self.replace(id, id, keyed(side, price), qty),
            Change::Replace { id, new_id, price, qty, .. } => self.replace(id, new_id, keyed(side, price), qty),
            _ => {
                self.remove(change.id());
                Ok(())
            }
        }
    }

    fn replace(&mut self, id: u64, new_id: u64, key: i64, qty: Lots) -> std::result::Result<(), Fault> {
        let (book, side, was) = self.ids[&id];
        if new_id != id {
            self.vacancy(new_id, 1)?;
        }
        let frees = usize::from(self.sides[book as usize][side][&was].len() == 1);
        if qty < 1 {
            return Err(Fault::Size);
        }
        if !self.sides[book as usize][side].contains_key(&key) && self.levels() - frees >= LEVELS_MAX {
            return Err(Fault::LevelsFull);
        }
        self.remove(id);
        self.add(book, new_id, side, key, qty, 0)
    }

    fn vacancy(&self, id: u64, leaving: usize) -> std::result::Result<(), Fault> {
        match () {
            () if self.dense && id >= ORDERS_MAX as u64 => Err(Fault::IdRange),
            () if self.ids.contains_key(&id) => Err(Fault::Duplicate),
            () if !self.dense && self.ids.len() - leaving >= ORDERS_MAX => Err(Fault::OrdersFull),
            () => Ok(()),
        }
    }

    fn add(
        &mut self,
        book: u32,
        id: u64,
        side: usize,
        key: i64,
        qty: Lots,
        leaving: usize,
    ) -> std::result::Result<(), Fault> {
        if qty < 1 {
            return Err(Fault::Size);
        }
        self.vacancy(id, leaving)?;
        if !self.sides[book as usize][side].contains_key(&key) && self.levels() >= LEVELS_MAX {
            return Err(Fault::LevelsFull);
        }
        self.sides[book as usize][side].entry(key).or_default().push_back((id, qty));
        self.ids.insert(id, (book, side, key));
        Ok(())
    }

    fn remove(&mut self, id: u64) {
        let (book, side, key) = self.ids.remove(&id).unwrap();
        let levels = &mut self.sides[book as usize][side];
        let level = levels.get_mut(&key).unwrap();
        level.retain(|(other, _)| *other != id);
        if level.is_empty() {
            levels.remove(&key);
        }
    }

    fn levels(&self) -> usize {
        self.sides.iter().flatten().map(BTreeMap::len).sum()
    }

    fn standing(&self, id: u64) -> Standing {
        let (book, side, key) = self.ids[&id];
        let ahead = self.sides[book as usize][side][&key].iter().take_while(|(other, _)| *other != id);
        ahead.fold(Standing { lots_ahead: 0, orders_ahead: 0 }, |sum, (_, qty)| Standing {
            lots_ahead: sum.lots_ahead + qty,
            orders_ahead: sum.orders_ahead + 1,
        })
    }
}

/// Compares everything that can be asked.
fn same<I: Ids>(books: &L3Books<I>, model: &Model) {
    for book in 0..BOOKS {
        for side in [Side::Buy, Side::Sell] {
            let levels = &model.sides[book as usize][side as usize];
            let level = |(key, orders): (&i64, &VecDeque<(u64, Lots)>)| Level {
                price: keyed(side as usize, *key),
                qty: orders.iter().map(|(_, qty)| qty).sum(),
            };
            let expected: Vec<Level> = levels.iter().rev().map(level).collect();
            assert_eq!(books.levels(book, side), expected);
            assert_eq!(books.top(book).best(side), expected.first().copied());
            let orders = levels.iter().rev().flat_map(|(key, orders)| {
                orders.iter().map(|(id, qty)| Resting {
                    id: *id,
                    book,
                    side,
                    price: keyed(side as usize, *key),
                    qty: *qty,
                })
            });
            assert!(books.resting(book, side).eq(orders));
        }
    }
    for id in 0..40 {
        let standing = model.ids.contains_key(&id).then(|| model.standing(id));
        assert_eq!(books.standing(id), standing, "order {id}");
        assert_eq!(books.order(id).map(|order| order.id), standing.map(|_| id));
    }
}

fn change() -> impl Strategy<Value = Change> {
    // Near prices on and between steps of 3 ticks, some that move the ladder by a few words, and far ones that move all.
    let price = prop_oneof![8 => 100..130_i64, 2 => 0..700_i64, 1 => -5_000..5_000_i64, 1 => prop::sample::select(vec![PRICE_MAX, -PRICE_MAX, 0])];
    let (id, qty, book) = (0..28_u64, 0..6_i64, 0..BOOKS);
    let side = prop_oneof![Just(Side::Buy), Just(Side::Sell)];
    let add = (0..=BOOKS, id.clone(), side, price.clone(), qty.clone());
    prop_oneof![
        6 => add.prop_map(|(book, id, side, price, qty)| Change::Add { book, id, side, price, qty }),
        2 => (book.clone(), id.clone(), qty.clone()).prop_map(|(book, id, qty)| Change::Reduce { book, id, qty }),
        1 => (book.clone(), id.clone()).prop_map(|(book, id)| Change::Delete { book, id }),
        2 => (book.clone(), id.clone(), id.clone(), price.clone(), qty.clone())
            .prop_map(|(book, id, new_id, price, qty)| Change::Replace { book, id, new_id, price, qty }),
        2 => (book, id, price, qty).prop_map(|(book, id, price, qty)| Change::Amend { book, id, price, qty }),
    ]
}

fn bounds() -> Bounds {
    Bounds { ticks_per_step: vec![1, 3, 1_000], orders_max: ORDERS_MAX, levels_max: LEVELS_MAX }
}

fn against_the_model<I: Ids>(mut books: L3Books<I>, mut batched: L3Books<I>, dense: bool, changes: &[Change]) {
    let mut model = Model { dense, ..Model::default() };
    let mut faults = 0;
    let mut results = Vec::new();
    for (nth, change) in changes.iter().enumerate() {
        let expected = model.apply(change);
        let result = books.apply(change).copied();
        results.push(result);
        assert_eq!(result.map(drop), expected, "message {nth}, {change:?}");
        faults += u64::from(expected.is_err());
        if nth % 3 == 0 {
            let _ = books.watch(change.id());
        }
        if nth % 7 == 0 {
            books.unwatch(change.id() / 2);
        }
        same(&books, &model);
    }
    assert_eq!(books.faults().total(), faults);
    let mut of_batch = Vec::new();
    batched.apply_all(changes, |_, result| of_batch.push(result.copied()));
    assert_eq!(of_batch, results);
    same(&batched, &model);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn dense_books_equal_the_model(changes in prop::collection::vec(change(), 0..120)) {
        let books = || L3Books::dense(&bounds(), 0).unwrap();
        against_the_model(books(), books(), true, &changes);
    }

    #[test]
    fn hashed_books_equal_the_model(changes in prop::collection::vec(change(), 0..120)) {
        let books = || L3Books::hashed(&bounds()).unwrap();
        against_the_model(books(), books(), false, &changes);
    }
}

fn add(id: u64, side: Side, price: Ticks, qty: Lots) -> Change {
    Change::Add { book: 0, id, side, price, qty }
}

#[test]
fn impossible_bounds_name_their_field() {
    let named = |change: fn(&mut Bounds)| {
        let mut wrong = bounds();
        change(&mut wrong);
        L3Books::hashed(&wrong).unwrap_err().to_string()
    };
    assert!(named(|b| b.ticks_per_step.clear()).starts_with("books"));
    assert!(named(|b| b.ticks_per_step[1] = 1_001).starts_with("ticks_per_step"));
    assert!(named(|b| b.orders_max = 0).ends_with("was 0"));
    assert!(named(|b| b.levels_max = usize::MAX).starts_with("levels_max"));
}

#[test]
fn a_step_is_exact_for_every_price_of_every_width() {
    for ticks in [1, 2, 3, 7, 10, 100, 125, 999, 1_000_u32] {
        let one = Bounds { ticks_per_step: vec![ticks], orders_max: 2, levels_max: 2 };
        let mut books = L3Books::hashed(&one).unwrap();
        // Below the ladder of an empty book, which therefore moves.
        books.apply(&add(1, Side::Buy, -5 * i64::from(ticks), 1)).unwrap();
        for price in -1_100_000..300_000_i64 {
            let step = books.queues.step_of(0, price);
            let offset = price + 192 * i64::from(ticks);
            let on = offset >= 0 && offset % i64::from(ticks) == 0 && offset / i64::from(ticks) < 256;
            assert_eq!(step, on.then(|| (offset / i64::from(ticks)) as usize));
        }
    }
}

#[test]
fn sizes_of_a_level_never_overflow() {
    let mut books = L3Books::hashed(&bounds()).unwrap();
    books.apply(&add(1, Side::Buy, 5, i64::MAX)).unwrap();
    assert_eq!(books.apply(&add(2, Side::Buy, 5, 1)), Err(Fault::Size));
    assert_eq!(books.apply(&add(2, Side::Buy, PRICE_MAX + 1, 1)), Err(Fault::Price));
    assert_eq!(books.faults().of(Fault::Size), 1);
    assert_eq!(books.faults().total(), 2);
    assert_eq!(Fault::Size.error(2).to_string(), "order message has an impossible size, was 2");
}

#[test]
fn a_ghost_goes_when_its_crossing_lasts() {
    let mut books = L3Books::hashed(&bounds()).unwrap();
    let mut ghosts = Ghosts::new(1, 100).unwrap();
    books.apply(&add(1, Side::Sell, 101, 5)).unwrap();
    books.apply(&add(2, Side::Sell, 103, 5)).unwrap();
    books.apply(&add(3, Side::Sell, 102, 5)).unwrap();
    books.apply(&add(4, Side::Buy, 102, 5)).unwrap();
    assert_eq!(ghosts.look(&mut books, 0, 10), 0);
    assert_eq!(ghosts.look(&mut books, 0, 110), 0);
    assert_eq!(ghosts.look(&mut books, 0, 111), 2);
    assert_eq!((books.order(1), books.order(3), ghosts.removed()), (None, None, 2));
    assert_eq!(books.top(0).best(Side::Sell).unwrap().price, 103);
    // A taker published before its trade crosses for a moment, and patience begins anew with the next crossing.
    books.apply(&add(5, Side::Buy, 103, 1)).unwrap();
    assert_eq!(ghosts.look(&mut books, 0, 500), 0);
    books.apply(&Change::Delete { book: 0, id: 5 }).unwrap();
    assert_eq!(ghosts.look(&mut books, 0, 550), 0);
    books.apply(&add(6, Side::Buy, 103, 1)).unwrap();
    assert_eq!(ghosts.look(&mut books, 0, 601), 0);
    assert!(Ghosts::new(1, -1).is_err());
}

#[test]
fn who_crosses_by_chance_while_a_ghost_goes_is_none() {
    let mut books = L3Books::hashed(&bounds()).unwrap();
    let mut ghosts = Ghosts::new(1, 100).unwrap();
    books.apply(&add(1, Side::Sell, 101, 5)).unwrap();
    books.apply(&add(2, Side::Sell, 103, 5)).unwrap();
    books.apply(&add(3, Side::Buy, 102, 5)).unwrap();
    assert_eq!(ghosts.look(&mut books, 0, 10), 0);
    books.apply(&add(4, Side::Buy, 103, 1)).unwrap();
    assert_eq!(ghosts.look(&mut books, 0, 120), 1, "a taker of this moment meets the true order 2");
    assert!(books.order(1).is_none() && books.order(2).is_some());
    assert_eq!((ghosts.look(&mut books, 0, 220), ghosts.look(&mut books, 0, 221)), (0, 1), "its own time is over");
}

#[test]
fn watches_are_bounded_and_end_with_their_order() {
    let room = Bounds { ticks_per_step: vec![1], orders_max: 300, levels_max: 4 };
    let mut books = L3Books::dense(&room, 1_000).unwrap();
    for id in 1_000..1_300 {
        books.apply(&add(id, Side::Buy, 5, 2)).unwrap();
    }
    for id in 1_000..1_000 + WATCHES_MAX as u64 {
        assert_eq!(books.watch(id).unwrap().orders_ahead, id as u32 - 1_000);
    }
    assert_eq!(books.watch(1_299), Err(Fault::OrdersFull));
    books.apply(&Change::Delete { book: 0, id: 1_000 }).unwrap();
    books.apply(&Change::Reduce { book: 0, id: 1_001, qty: 1 }).unwrap();
    assert_eq!(books.watch(1_299).unwrap(), Standing { lots_ahead: 298 * 2 - 1, orders_ahead: 298 });
    assert_eq!(books.watch(7), Err(Fault::UnknownOrder));
    assert_eq!(books.apply(&add(999, Side::Buy, 5, 2)), Err(Fault::IdRange));
}
