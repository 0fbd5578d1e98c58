//! How soon an order that never reached the venue is proven absent: the engine may not quote before.

use super::rig::{Rig, S, answer, proposal};
use crate::event::{Action, Outcome, Request};
use crate::units::NO_TIME;

/// Window 5 s, twice the skew of 2 s, lag 1 s: not-founds count from the tenth second, and a second later it is proven.
/// Before, the pauses doubled past it: with one question at 15 s and the next at 31 s no restart could wait for both.
#[test]
fn the_second_not_found_comes_a_second_after_the_first_that_counts() {
    let mut rig = Rig::new();
    rig.insert(&proposal(Action::Place, 1, 0, 100, 10)).unwrap();
    rig.table.after_restart(0);
    let mut asked = 0;
    while rig.table.get(1).is_some_and(|order| !order.state.terminal()) && rig.now < 60 * S {
        rig.now += S / 10;
        for _ in rig.table.due_queries(rig.now).iter() {
            asked += 1;
            let absent = answer(1, Request::Query, Outcome::NotFound, NO_TIME, rig.now);
            rig.table.answer(&absent).unwrap();
        }
    }
    assert_eq!((rig.now / (S / 10), asked), (111, 6), "tenths of a second, questions");
}
