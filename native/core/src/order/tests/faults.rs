//! The fault catalogue of safety.md, 1-14 and 18, 20-23, as tables: what came in, and what the order was after it.

use super::rig::check;

#[test]
fn f0_nothing_goes_wrong() {
    check(
        "
0     place                           INTENT   0/0    10   -
0     sent place                      SENT     0/0    10   -
0.1   answer place accepted           ACKED    0/0    10   -
0.1   new                             ACKED    0/0    10   -
1     trade 7 4 4                     PARTIAL  4/4    6    -        +4
2     cancel                          PARTIAL  4/4    6    Cancel
2     sent cancel                     PARTIAL  4/4    6    Cancel
2.1   answer cancel accepted          CANCELED 4/4    0    -
2.1   canceled 4                      CANCELED 4/4    0    -
",
    );
}

#[test]
fn f1_a_lost_request_is_unknown_until_two_late_clean_not_founds() {
    check(
        "
0     place                           INTENT   0/0    10   -
0     sent place                      SENT     0/0    10   -
2     answer place unknown            UNKNOWN  0/0    10   -
2     timer                           UNKNOWN  0/0    10   -        ask Status of 1
2.1   answer query not-found          UNKNOWN  0/0    10   -
3     timer                           UNKNOWN  0/0    10   -        ask Status of 1
3.1   answer query not-found          UNKNOWN  0/0    10   -
9     timer                           UNKNOWN  0/0    10   -        ask Status of 1
9.1   answer query not-found          UNKNOWN  0/0    10   -
14    timer                           UNKNOWN  0/0    10   -        ask Status of 1
14.1  answer query not-found          UNKNOWN  0/0    10   -
23    timer                           UNKNOWN  0/0    10   -        ask Status of 1
23.1  answer query not-found          REJECTED 0/0    0    -
",
    );
}

#[test]
fn f2_a_request_delayed_past_the_timeout_that_executes_is_found() {
    check(
        "
0     place                           INTENT   0/0    10   -
0     sent place                      SENT     0/0    10   -
2     answer place unknown            UNKNOWN  0/0    10   -
2     timer                           UNKNOWN  0/0    10   -        ask Status of 1
2.1   answer query not-found          UNKNOWN  0/0    10   -
4     trade 7 10 10 filled            FILLED   10/10  0    -        +10
",
    );
}

#[test]
fn f3_a_lost_response_is_found_by_query() {
    check(
        "
0     place                           INTENT   0/0    10   -
0     sent place                      SENT     0/0    10   -
8     timer                           UNKNOWN  0/0    10   -        ask Status of 1 (lost)
8.1   answer query accepted           UNKNOWN  0/0    10   -
8.1   status new 0                    ACKED    0/0    10   -
9     timer                           ACKED    0/0    10   -
",
    );
}

#[test]
fn f4_a_5xx_then_a_fill() {
    check(
        "
0     place                           INTENT   0/0    10   -
0     sent place                      SENT     0/0    10   -
0.2   answer place unknown            UNKNOWN  0/0    10   -
0.3   trade 7 3 3                     PARTIAL  3/3    7    -        +3
0.4   answer place unknown            PARTIAL  3/3    7    -
",
    );
}

#[test]
fn f5_a_second_venue_order_under_our_id_moves_no_order_but_its_fill_is_booked() {
    check(
        "
0     place                           INTENT   0/0    10   -
0     trade 7 10 10 filled            FILLED   10/10  0    -        +10
1     namesake 9 10 10 filled         FILLED   10/10  0    -        +10 DuplicateId!
",
    );
}

#[test]
fn f6_a_stale_reject_does_not_steer() {
    check(
        "
0     place                           INTENT   0/0    10   -
0     sent place                      SENT     0/0    10   -
1     answer place unknown            UNKNOWN  0/0    10   -
1.5   answer place rejected           UNKNOWN  0/0    10   -        StaleReject!
2     new                             ACKED    0/0    10   -
3     answer place rejected           ACKED    0/0    10   -        StaleReject!
4     trade 7 10 10 filled            FILLED   10/10  0    -        +10
5     answer place rejected           FILLED   10/10  0    -        StaleReject!
",
    );
}

#[test]
fn f7_a_not_found_that_is_too_early_by_the_venues_clock_does_not_count() {
    check(
        "
0     place                           INTENT   0/0    10   -
0     sent place                      SENT     0/0    10   -
1     answer place unknown            UNKNOWN  0/0    10   -
11    answer query not-found 10       UNKNOWN  0/0    10   -
12    answer query not-found 10       UNKNOWN  0/0    10   -
13    answer query not-found 11       UNKNOWN  0/0    10   -
14    answer query not-found 11       REJECTED 0/0    0    -
",
    );
}

#[test]
fn f8_errors_are_not_not_founds() {
    check(
        "
0     place                           INTENT   0/0    10   -
0     sent place                      SENT     0/0    10   -
1     answer place unknown            UNKNOWN  0/0    10   -
20    timer                           UNKNOWN  0/0    10   -        ask Status of 1
20.1  answer query unknown            UNKNOWN  0/0    10   -
22    timer                           UNKNOWN  0/0    10   -        ask Status of 1
22.1  answer query rejected           UNKNOWN  0/0    10   -
30    timer                           UNKNOWN  0/0    10   -        ask Status of 1
30.1  answer query not-found          UNKNOWN  0/0    10   -
40    timer                           UNKNOWN  0/0    10   -        ask Status of 1
40.1  answer query not-found          REJECTED 0/0    0    -
",
    );
}

#[test]
fn f8_an_answer_is_taken_to_be_that_of_the_oldest_open_question() {
    check(
        "
0     place                           INTENT   0/0    10   -
0     sent place                      SENT     0/0    10   -
1     answer place unknown            UNKNOWN  0/0    10   -
5     timer                           UNKNOWN  0/0    10   -        ask Status of 1
6     answer query unknown            UNKNOWN  0/0    10   -
12    timer                           UNKNOWN  0/0    10   -        ask Status of 1
12.1  answer query not-found          UNKNOWN  0/0    10   -
20    timer                           UNKNOWN  0/0    10   -        ask Status of 1
20.1  answer query not-found          UNKNOWN  0/0    10   -
30    timer                           UNKNOWN  0/0    10   -        ask Status of 1
30.1  answer query not-found          REJECTED 0/0    0    -
",
    );
}

#[test]
fn f9_a_fill_before_the_ack() {
    check(
        "
0     place                           INTENT   0/0    10   -
0     trade 7 4 4                     PARTIAL  4/4    6    -        +4
0     sent place                      PARTIAL  4/4    6    -
0.1   answer place accepted           PARTIAL  4/4    6    -
0.1   new                             PARTIAL  4/4    6    -
",
    );
}

#[test]
fn f10_a_fill_after_the_cancel_was_acknowledged() {
    check(
        "
0     place                           INTENT   0/0    10   -
0     new                             ACKED    0/0    10   -
1     cancel                          ACKED    0/0    10   Cancel
1.1   answer cancel accepted          CANCELED 0/0    0    -
1.2   trade 7 4 4                     CANCELED 4/4    0    -        +4 LateFill!
1.3   trade 8 6 10 filled             FILLED   10/10  0    -        +6 LateFill!
",
    );
}

#[test]
fn f11_a_cancel_refused_because_filled() {
    check(
        "
0     place                           INTENT   0/0    10   -
0     new                             ACKED    0/0    10   -
1     cancel                          ACKED    0/0    10   Cancel
1.1   answer cancel too-late          ACKED    0/0    10   Question TooLate!
1.2   timer                           ACKED    0/0    10   Question ask Status of 1
1.3   trade 7 10 10 filled            FILLED   10/10  0    -        +10
1.4   answer query accepted           FILLED   10/10  0    -
1.4   status filled 10                FILLED   10/10  0    -
",
    );
}

/// A venue whose clock is off refuses every request: one question at a time, not one cancel with every message.
#[test]
fn f18_a_request_refused_unread_is_followed_by_a_question() {
    check(
        "
0     place                           INTENT   0/0    10   -
0     new                             ACKED    0/0    10   -
1     cancel                          ACKED    0/0    10   Cancel
1.1   answer cancel unread            ACKED    0/0    10   Question RequestRefused!
1.2   timer                           ACKED    0/0    10   Question ask Status of 1
1.2   sent query                      ACKED    0/0    10   Question
1.3   answer query unread             ACKED    0/0    10   Question
1.3   timer                           ACKED    0/0    10   Question
4     timer                           ACKED    0/0    10   Question ask Status of 1
4.1   answer query accepted           ACKED    0/0    10   Question
4.1   status new 0                    ACKED    0/0    10   -
5     amend 101 12                    ACKED    0/0    12   Replace
5.1   answer replace unread           ACKED    0/0    10   Question RequestRefused!
5.2   cancel                          ACKED    0/0    10   Cancel
5.3   answer cancel accepted          CANCELED 0/0    0    -
",
    );
}

#[test]
fn f12_a_partial_fill_during_an_amend_in_place() {
    check(
        "
0     place                           INTENT   0/0    10   -
0     new                             ACKED    0/0    10   -
1     amend 101 12                    ACKED    0/0    12   Replace
1     sent replace                    ACKED    0/0    12   Replace
1     trade 7 4 4                     PARTIAL  4/4    8    Replace  +4
1.1   answer replace accepted         PARTIAL  4/4    8    -
1.1   amended 101 12                  PARTIAL  4/4    8    -
2     trade 8 8 12 filled             FILLED   12/12  0    -        +8
",
    );
}

#[test]
fn f12_the_amendment_before_does_not_end_the_amend_on_its_way() {
    check(
        "
0     place                           INTENT   0/0    10   -
0     new                             ACKED    0/0    10   -
1     amend 101 12                    ACKED    0/0    12   Replace
1.1   answer replace accepted         ACKED    0/0    12   -
1.1   amend 102 15                    ACKED    0/0    15   Replace
1.1   amended 101 12                  ACKED    0/0    15   Replace
1.2   amended 102 15                  ACKED    0/0    15   -
2     amend 103 2                     ACKED    0/0    15   Replace
2.1   answer replace rejected         ACKED    0/0    15   -        RequestRefused!
",
    );
}

/// Seen in a soak: the older size came back, and what the newer one filled looked like too much.
#[test]
fn f12_an_amendment_that_is_told_late_does_not_take_back_the_next() {
    check(
        "
0     place                           INTENT   0/0    10   -
0     new                             ACKED    0/0    10   -
1     amend 101 12                    ACKED    0/0    12   Replace
1.1   answer replace accepted         ACKED    0/0    12   -
2     amend 102 15                    ACKED    0/0    15   Replace
2.1   amended 102 15 2                ACKED    0/0    15   -
2.5   amended 101 12 1                ACKED    0/0    15   -
3     trade 7 15 15 filled            FILLED   15/15  0    -        +15
",
    );
}

#[test]
fn f12_a_partial_fill_during_a_spot_replace() {
    check(
        "
0     place                           INTENT   0/0    10   -
0     new                             ACKED    0/0    10   -
1     #2 replaces 1                   INTENT   0/0    10   -        #1 ACKED>ACKED
1     trade 7 4 4                     PARTIAL  4/4    6    Replace  +4
1.1   #2 answer replace accepted      ACKED    0/0    10   -        #1 PARTIAL>CANCELED
1.1   canceled 4                      CANCELED 4/4    0    -
1.2   #2 trade 8 10 10 filled         FILLED   10/10  0    -        +10
",
    );
}

#[test]
fn f12_a_refused_replace_leaves_open_whether_its_cancel_went_through() {
    check(
        "
0     place                           INTENT   0/0    10   -
0     new                             ACKED    0/0    10   -
1     #2 replaces 1                   INTENT   0/0    10   -        #1 ACKED>ACKED
1.1   #2 answer replace rejected      REJECTED 0/0    0    -        #1 ACKED>ACKED
1.2   timer                           ACKED    0/0    10   Question ask Status of 1
1.3   answer query accepted           ACKED    0/0    10   Question
1.3   status canceled 0               CANCELED 0/0    0    -
",
    );
}

#[test]
fn f12_a_lost_replace_leaves_both_orders_in_doubt() {
    check(
        "
0     place                           INTENT   0/0    10   -
0     new                             ACKED    0/0    10   -
1     #2 replaces 1                   INTENT   0/0    10   -        #1 ACKED>ACKED
1     #2 sent replace                 SENT     0/0    10   -
2     #2 answer replace unknown       UNKNOWN  0/0    10   -        #1 ACKED>ACKED RequestLost!
2     timer                           ACKED    0/0    10   -        ask Status of 1 ask Status of 2
2.1   answer query accepted           ACKED    0/0    10   -
2.1   status canceled 0               CANCELED 0/0    0    -
2.1   #2 answer query accepted        UNKNOWN  0/0    10   -
2.1   #2 status new 0                 ACKED    0/0    10   -
",
    );
}

#[test]
fn f12_a_lost_amend_keeps_the_larger_reservation_until_it_can_no_longer_come() {
    check(
        "
0     place                           INTENT   0/0    10   -
0     new                             ACKED    0/0    10   -
1     amend 101 15                    ACKED    0/0    15   Replace
1     sent replace                    ACKED    0/0    15   Replace
2     answer replace unknown          ACKED    0/0    15   -        RequestLost!
2     timer                           ACKED    0/0    15   -        ask Status of 1
2.1   answer query accepted           ACKED    0/0    15   -
2.1   status new 0                    ACKED    0/0    15   -
12    timer                           ACKED    0/0    15   -        ask Status of 1
12.1  answer query accepted           ACKED    0/0    15   -
12.1  status new 0                    ACKED    0/0    10   -
20    timer                           ACKED    0/0    10   -
",
    );
}

#[test]
fn f13_the_same_trade_from_two_channels() {
    check(
        "
0     place                           INTENT   0/0    10   -
0     answer place accepted           ACKED    0/0    10   -
0     trade 7 4 4                     PARTIAL  4/4    6    -        +4
0     trade 7 4 4                     PARTIAL  4/4    6    -
0     trade 7 4 -                     PARTIAL  4/4    6    -
0     trade 0 4 4                     PARTIAL  4/4    6    -
",
    );
}

#[test]
fn f14_fills_out_of_order() {
    check(
        "
0     place                           INTENT   0/0    10   -
0     new                             ACKED    0/0    10   -
1     trade 9 3 10 filled             FILLED   3/10   7    -        +3 FillsMissing!
1     trade 7 4 4                     FILLED   7/10   3    -        +4 LateFill!
1     trade 7 4 4                     FILLED   7/10   3    -
1     trade 8 3 7                     FILLED   10/10  0    -        +3 LateFill!
1     trade 9 3 10 filled             FILLED   10/10  0    -
",
    );
}

#[test]
fn f14_fills_that_never_come_are_asked_for() {
    check(
        "
0     place                           INTENT   0/0    10   -
0     canceled 6                      CANCELED 0/6    6    -        FillsMissing!
0.5   timer                           CANCELED 0/6    6    -
1     timer                           CANCELED 0/6    6    -        ask Trades of 1
1.1   trade 7 6 -                     CANCELED 6/6    0    -        +6 LateFill!
",
    );
}

#[test]
fn f14_a_late_fill_without_a_count_does_not_hide_the_earlier_one() {
    check(
        "
0     place                           INTENT   0/0    10   -
0     trade 8 2 -                     PARTIAL  2/2    8    -        +2
0     trade 7 1 1                     PARTIAL  3/3    7    -        +1
0     trade 8 2 3                     PARTIAL  3/3    7    -
",
    );
}

#[test]
fn f18_a_skewed_clock_is_covered_by_the_margin() {
    // Our clock is 2 s ahead: the venue refuses the request only 2 s after `expires` by our clock.
    check(
        "
0     place                           INTENT   0/0    10   -
0     sent place                      SENT     0/0    10   -
1     answer place unknown            UNKNOWN  0/0    10   -
5.5   timer                           UNKNOWN  0/0    10   -        ask Status of 1
5.6   answer query not-found          UNKNOWN  0/0    10   -
6.9   timer                           UNKNOWN  0/0    10   -        ask Status of 1
7.0   answer query not-found          UNKNOWN  0/0    10   -
7.0   new                             ACKED    0/0    10   -
",
    );
}

#[test]
fn f20_a_restart_of_the_venue_loses_what_was_on_the_wire() {
    check(
        "
0     place                           INTENT   0/0    10   -
0     sent place                      SENT     0/0    10   -
0     #2 place                        INTENT   0/0    10   -
0     #2 new                          ACKED    0/0    10   -
1     #2 cancel                       ACKED    0/0    10   Cancel
1     link orders down                UNKNOWN  0/0    10   -        2 concerned
1     #2 timer                        ACKED    0/0    10   -        ask Status of 1 ask Status of 2
3     link user up                    UNKNOWN  0/0    10   -        0 concerned
",
    );
}

#[test]
fn f21_f22_a_manual_order_or_a_liquidation_is_booked_once_and_moves_no_order() {
    check(
        "
0     foreign 7 4 4                   -        -      -    -        +4 Foreign!
0     foreign 7 4 4                   -        -      -    -        Foreign!
0     foreign 8 4 8                   -        -      -    -        +4 Foreign!
0     foreign 0 4 8                   -        -      -    -        StaleFill! Foreign!
0     trade 9 4 4                     -        -      -    -        +4 UnknownOrder!
",
    );
}

#[test]
fn a_restart_makes_intents_unknown_and_asks_about_the_rest() {
    check(
        "
0     place                           INTENT   0/0    10   -
0     #2 place                        INTENT   0/0    10   -
0     #2 trade 7 4 4                  PARTIAL  4/4    6    -        +4
9     restart                         UNKNOWN  0/0    10   -        2 concerned
9     #2 timer                        PARTIAL  4/4    6    -        ask Status of 1 ask Status of 2
18    answer query not-found          UNKNOWN  0/0    10   -
20    timer                           UNKNOWN  0/0    10   -        ask Status of 1 ask Status of 2
21    answer query not-found          UNKNOWN  0/0    10   -
24    timer                           UNKNOWN  0/0    10   -        ask Status of 1 ask Status of 2
25    answer query not-found          REJECTED 0/0    0    -
",
    );
}

#[test]
fn life_after_a_proof_of_absence_is_a_severe_alarm_and_reopens_the_order() {
    let rig = check(
        "
0     place                           INTENT   0/0    10   -
0     sent place                      SENT     0/0    10   -
1     answer place unknown            UNKNOWN  0/0    10   -
20    answer query not-found 20       UNKNOWN  0/0    10   -
21    answer query not-found 21       REJECTED 0/0    0    -
30    answer place accepted           REJECTED 0/0    0    -        LateAnswer!
31    timer                           REJECTED 0/0    0    -        ask Status of 1
32    trade 7 4 4                     PARTIAL  4/4    6    -        +4 Resurrected!
",
    );
    assert_eq!((rig.table.open().len(), rig.table.open_count(1)), (1, 1));
}

#[test]
fn more_than_the_quantity_is_never_booked() {
    let rig = check(
        "
0     place                           INTENT   0/0    10   -
0     trade 7 8 8                     PARTIAL  8/8    2    -        +8
0     trade 8 8 16                    PARTIAL  8/8    2    -        Overfill!
0     trade 9 2 8                     PARTIAL  8/8    2    -
0     status filled 99                FILLED   8/8    0    -        Overfill!
",
    );
    assert!(rig.table.get(1).is_some());
}

#[test]
fn a_count_that_contradicts_the_fill_is_the_truth() {
    check(
        "
0     place                           INTENT   0/0    10   -
0     trade 9 3 10                    FILLED   3/10   7    -        +3 FillsMissing!
0     trade 7 9 9                     FILLED   3/10   7    -        Overfill!
0     trade 6 7 -                     FILLED   10/10  0    -        +7 LateFill!
",
    );
}

#[test]
fn requests_that_make_no_sense_change_nothing() {
    check(
        "
0     cancel                          -        -      -    -        error: proposal.target is not an open order of this account, was 1
0     place                           INTENT   0/0    10   -
0     place                           INTENT   0/0    10   -        error: proposal.order is an order id that is in use, was 1
0     cancel                          INTENT   0/0    10   Cancel
0     cancel                          INTENT   0/0    10   Cancel   error: proposal.target has a cancel on its way, was 1
0     amend 101 5                     INTENT   0/0    10   Cancel   error: proposal.target has a cancel or replace on its way, was 1
0     answer cancel rejected          INTENT   0/0    10   -        RequestRefused!
1     answer place unknown            UNKNOWN  0/0    10   -
1     amend 101 5                     UNKNOWN  0/0    10   -        error: proposal.target is UNKNOWN and cannot be replaced, was 1
2     canceled 0                      CANCELED 0/0    0    -
2     #2 replaces 1                   -        -      -    -        error: proposal.target is not an open order of this account, was 1
",
    );
}
