//! The states of an order and the one table that moves it between them.
//!
//! catalogue: O1. `next(state, input)` is a pure look-up in `TABLE`; everything that carries numbers (fills, ids,
//! times) is in `life`. Conflicting reports follow the precedence of FIX appendix D (safety.md, Orders 6):
//! PendingCancel > PendingReplace > DoneForDay > Filled > Stopped > Canceled > PartiallyFilled > New. The first two
//! are the overlay `Pending`, because they say what is under way and not what the order is.

use super::effects::Alarm;
use crate::canon_enum;

/// What an order is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum State {
    /// Approved and journalled; nothing is known to have left.
    Intent = 1,
    /// The request left, with an expiry that the venue enforces.
    Sent = 2,
    /// Nobody knows: found or proven absent, nothing else ends it. Keeps its full reservation.
    Unknown = 3,
    /// The venue has it.
    Acked = 4,
    /// Partly filled.
    Partial = 5,
    /// Filled.
    Filled = 6,
    /// Cancelled.
    Canceled = 7,
    /// Expired at the venue.
    Expired = 8,
    /// Refused by the venue, or proven absent.
    Rejected = 9,
}
canon_enum!(State { Intent, Sent, Unknown, Acked, Partial, Filled, Canceled, Expired, Rejected });

/// All states, in the order of the table's columns.
pub const STATES: [State; 9] = [
    State::Intent,
    State::Sent,
    State::Unknown,
    State::Acked,
    State::Partial,
    State::Filled,
    State::Canceled,
    State::Expired,
    State::Rejected,
];

impl State {
    /// Whether the order is over at the venue. A terminal order still accepts late fills.
    #[must_use]
    pub const fn terminal(self) -> bool {
        matches!(self, Self::Filled | Self::Canceled | Self::Expired | Self::Rejected)
    }

    /// The four names of requirements O1, onto which our richer states map.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Intent => "New",
            Self::Sent | Self::Unknown | Self::Acked | Self::Partial => "Submitted",
            Self::Filled => "Filled",
            Self::Canceled | Self::Expired | Self::Rejected => "Cancelled",
        }
    }

    /// Our own name, as journals and views print it.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Intent => "INTENT",
            Self::Sent => "SENT",
            Self::Unknown => "UNKNOWN",
            Self::Acked => "ACKED",
            Self::Partial => "PARTIAL",
            Self::Filled => "FILLED",
            Self::Canceled => "CANCELED",
            Self::Expired => "EXPIRED",
            Self::Rejected => "REJECTED",
        }
    }

    /// Precedence among conflicting reports (FIX appendix D; higher wins, equal ranks let the newer one win).
    #[must_use]
    pub const fn rank(self) -> u8 {
        match self {
            Self::Filled => 7,
            Self::Canceled | Self::Expired => 4,
            Self::Partial => 3,
            Self::Intent | Self::Sent | Self::Unknown | Self::Acked | Self::Rejected => 2,
        }
    }
}

/// What is under way for an order on top of its state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Pending {
    /// Nothing.
    None = 0,
    /// A cancel.
    Cancel = 1,
    /// A replace (spot: its successor is on the way; USD-M: an amend).
    Replace = 2,
    /// A question, because the venue refused a cancel or replace for a reason that may hold for the next one too.
    /// Strategies wait for its answer; who has to may cancel all the same.
    Question = 3,
}
canon_enum!(Pending { None, Cancel, Replace, Question });

/// What can move an order. Records are turned into these by `life`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Input {
    /// The request left.
    Sent = 0,
    /// The answer says: taken.
    Accept = 1,
    /// The answer says: refused.
    Refuse = 2,
    /// No answer: timeout, 5xx, -1006, -1007, broken connection, restart.
    Lose = 3,
    /// Two clean not-founds after the expiry: it is not there (see `unknown`).
    Absent = 4,
    /// The venue says: resting, nothing filled.
    New = 5,
    /// The venue says: partly filled (no fill booked by this report).
    Part = 6,
    /// The venue says: filled (no fill booked by this report).
    Full = 7,
    /// A fill was booked that leaves a rest.
    FillPart = 8,
    /// A fill was booked that completes the order.
    FillFull = 9,
    /// The venue says: cancelled.
    Cancel = 10,
    /// The venue says: expired.
    Expire = 11,
    /// The venue's report (not its answer) says: rejected.
    Reject = 12,
}

/// All inputs, in the order of the table's rows.
pub const INPUTS: [Input; 13] = [
    Input::Sent,
    Input::Accept,
    Input::Refuse,
    Input::Lose,
    Input::Absent,
    Input::New,
    Input::Part,
    Input::Full,
    Input::FillPart,
    Input::FillFull,
    Input::Cancel,
    Input::Expire,
    Input::Reject,
];

/// Where an input leads, and what is wrong with it.
pub type Cell = (State, Option<Alarm>);

/// The cell for `input` in `state`.
#[must_use]
pub fn next(state: State, input: Input) -> Cell {
    let column = state as usize - State::Intent as usize;
    TABLE.get(input as usize).and_then(|row| row.get(column)).copied().unwrap_or((state, None))
}

const fn to(state: State) -> Cell {
    (state, None)
}
const fn alarmed(state: State, alarm: Alarm) -> Cell {
    (state, Some(alarm))
}

const INTENT: Cell = to(State::Intent);
const SENT: Cell = to(State::Sent);
const UNKNOWN: Cell = to(State::Unknown);
const ACKED: Cell = to(State::Acked);
const PARTIAL: Cell = to(State::Partial);
const FILLED: Cell = to(State::Filled);
const CANCEL: Cell = to(State::Canceled);
const EXPIRED: Cell = to(State::Expired);
const REJECT: Cell = to(State::Rejected);

/// A refusal of a request that is known to have been taken, or whose fate is open: it does not steer.
const fn stale(state: State) -> Cell {
    alarmed(state, Alarm::StaleReject)
}
/// A fill after the end is booked, with an alarm.
const fn late(state: State) -> Cell {
    alarmed(state, Alarm::LateFill)
}
/// A sign of life from an order that was refused or proven absent.
const fn alive(state: State) -> Cell {
    alarmed(state, Alarm::Resurrected)
}
/// Not found, though the venue has confirmed it before.
const fn known(state: State) -> Cell {
    alarmed(state, Alarm::NotFoundKnown)
}

use State::{Acked as A, Canceled as C, Expired as E, Filled as F, Partial as P, Rejected as R, Unknown as U};

/// Rows are inputs, columns are states; the golden table in the tests prints it.
#[rustfmt::skip]
const TABLE: [[Cell; 9]; 13] = [
    // INTENT  SENT     UNKNOWN   ACKED      PARTIAL                          FILLED    CANCELED  EXPIRED   REJECTED
    [SENT,     SENT,    UNKNOWN,  ACKED,     PARTIAL,                         FILLED,   CANCEL,   EXPIRED,  REJECT],   // Sent
    [ACKED,    ACKED,   ACKED,    ACKED,     PARTIAL,                         FILLED,   CANCEL,   EXPIRED,  alarmed(R, Alarm::LateAnswer)], // Accept
    [REJECT,   REJECT,  stale(U), stale(A),  stale(P),                        stale(F), stale(C), stale(E), REJECT],   // Refuse
    [UNKNOWN,  UNKNOWN, UNKNOWN,  ACKED,     PARTIAL,                         FILLED,   CANCEL,   EXPIRED,  REJECT],   // Lose
    [INTENT,   SENT,    REJECT,   known(A),  known(P),                        FILLED,   CANCEL,   EXPIRED,  REJECT],   // Absent
    [ACKED,    ACKED,   ACKED,    ACKED,     PARTIAL,                         FILLED,   CANCEL,   EXPIRED,  alive(A)], // New
    [PARTIAL,  PARTIAL, PARTIAL,  PARTIAL,   PARTIAL,                         FILLED,   CANCEL,   EXPIRED,  alive(P)], // Part
    [FILLED,   FILLED,  FILLED,   FILLED,    FILLED,                          FILLED,   FILLED,   FILLED,   alive(F)], // Full
    [PARTIAL,  PARTIAL, PARTIAL,  PARTIAL,   PARTIAL,                         late(F),  late(C),  late(E),  alive(P)], // FillPart
    [FILLED,   FILLED,  FILLED,   FILLED,    FILLED,                          late(F),  late(F),  late(F),  alive(F)], // FillFull
    [CANCEL,   CANCEL,  CANCEL,   CANCEL,    CANCEL,                          FILLED,   CANCEL,   EXPIRED,  alive(C)], // Cancel
    [EXPIRED,  EXPIRED, EXPIRED,  EXPIRED,   EXPIRED,                         FILLED,   CANCEL,   EXPIRED,  EXPIRED],  // Expire
    [REJECT,   REJECT,  REJECT,   REJECT,    alarmed(P, Alarm::FillConflict), FILLED,   CANCEL,   EXPIRED,  REJECT],   // Reject
];

#[cfg(test)]
mod tests {
    use super::*;

    /// The table as a person reads it: `.` stays, a name is the next state, `!` and a letter is an alarm
    /// (r stale reject, l late fill, a alive after rejection, n not found though known, t late answer, c conflict).
    const GOLDEN: &str = "
           INTENT   SENT     UNKNOWN  ACKED    PARTIAL  FILLED   CANCELED EXPIRED  REJECTED
Sent       SENT     .        .        .        .        .        .        .        .
Accept     ACKED    ACKED    ACKED    .        .        .        .        .        .!t
Refuse     REJECTED REJECTED .!r      .!r      .!r      .!r      .!r      .!r      .
Lose       UNKNOWN  UNKNOWN  .        .        .        .        .        .        .
Absent     .        .        REJECTED .!n      .!n      .        .        .        .
New        ACKED    ACKED    ACKED    .        .        .        .        .        ACKED!a
Part       PARTIAL  PARTIAL  PARTIAL  PARTIAL  .        .        .        .        PARTIAL!a
Full       FILLED   FILLED   FILLED   FILLED   FILLED   .        FILLED   FILLED   FILLED!a
FillPart   PARTIAL  PARTIAL  PARTIAL  PARTIAL  .        .!l      .!l      .!l      PARTIAL!a
FillFull   FILLED   FILLED   FILLED   FILLED   FILLED   .!l      FILLED!l FILLED!l FILLED!a
Cancel     CANCELED CANCELED CANCELED CANCELED CANCELED .        .        .        CANCELED!a
Expire     EXPIRED  EXPIRED  EXPIRED  EXPIRED  EXPIRED  .        .        .        EXPIRED
Reject     REJECTED REJECTED REJECTED REJECTED .!c      .        .        .        .
";

    fn letter(alarm: Alarm) -> &'static str {
        match alarm {
            Alarm::StaleReject => "!r",
            Alarm::LateFill => "!l",
            Alarm::Resurrected => "!a",
            Alarm::NotFoundKnown => "!n",
            Alarm::LateAnswer => "!t",
            Alarm::FillConflict => "!c",
            _ => "!?",
        }
    }

    fn render() -> String {
        let mut lines = vec![String::new(), format!("{:<11}", "")];
        for state in STATES {
            lines[1] += &format!("{:<9}", state.text());
        }
        for input in INPUTS {
            let mut line = format!("{:<11}", format!("{input:?}"));
            for state in STATES {
                let (after, alarm) = next(state, input);
                let name = if after == state { "." } else { after.text() };
                line += &format!("{:<9}", format!("{name}{}", alarm.map_or("", letter)));
            }
            lines.push(line);
        }
        lines.iter().map(|line| line.trim_end()).collect::<Vec<_>>().join("\n") + "\n"
    }

    #[test]
    fn the_table_is_the_golden_one() {
        assert_eq!(render(), GOLDEN, "{}", render());
    }

    /// The page that draws the states.
    const DOCS: &str = include_str!("../../../../docs/orders.md");

    #[test]
    fn every_arrow_that_is_drawn_is_in_the_table() {
        let named = |name: &str| STATES.into_iter().find(|state| state.text() == name);
        let mut drawn = 0;
        for line in DOCS.lines().filter(|line| line.contains(" --> ")) {
            let (from, to) = line.split_once(" --> ").unwrap();
            let to = named(to.split(':').next().unwrap().trim()).unwrap();
            let Some(from) = named(from.trim()) else { continue };
            assert!(INPUTS.into_iter().any(|input| next(from, input).0 == to), "{line}");
            drawn += 1;
        }
        assert!(drawn >= 15, "only {drawn} arrows were found");
    }

    #[test]
    fn no_report_lowers_the_precedence_of_fix_appendix_d() {
        for input in &INPUTS[Input::New as usize..] {
            for state in STATES {
                let (after, _) = next(state, *input);
                assert!(after.rank() >= state.rank(), "{state:?} + {input:?} gives {after:?}");
            }
        }
    }

    #[test]
    fn unknown_ends_by_being_found_or_by_proof_and_nothing_else() {
        for input in [Input::Sent, Input::Refuse, Input::Lose] {
            assert_eq!(next(State::Unknown, input).0, State::Unknown, "{input:?}");
        }
        assert_eq!(next(State::Unknown, Input::Absent).0, State::Rejected);
    }

    #[test]
    fn answers_do_not_steer_what_is_over() {
        for state in STATES.into_iter().filter(|s| s.terminal()) {
            for input in [Input::Sent, Input::Accept, Input::Refuse, Input::Lose] {
                assert_eq!(next(state, input).0, state, "{state:?} + {input:?}");
            }
        }
    }

    #[test]
    fn every_state_has_one_of_the_four_names() {
        let names: Vec<_> = STATES.iter().map(|s| s.name()).collect();
        let expected = "New Submitted Submitted Submitted Submitted Filled Cancelled Cancelled Cancelled";
        assert_eq!(names.join(" "), expected);
    }
}
