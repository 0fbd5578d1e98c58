//! A table under test, driven by words, so that a fault is a table that a person can read.
//!
//! A line is `at (s) | input | state | filled/stated | open lots | pending | what else came out`. `check` applies the
//! inputs of a golden table, writes the table again from what happened and compares the two.

use crate::event::*;
use crate::gate::samples::approve;
use crate::instrument::samples::btcusdt_perp;
use crate::order::*;
use crate::units::{Amount, NO_PRICE, NO_QTY, NO_TIME, Nanos};

/// One second in nanoseconds.
pub(super) const S: i64 = 1_000_000_000;

/// A table and the time; order 1 is the one that lines speak of, unless they begin with `#n`.
pub(super) struct Rig {
    pub(super) table: OrderTable,
    pub(super) now: Nanos,
    order: u64,
    seq: u64,
}

/// The proposal that the rig makes: a buy of `qty` at `price` by account 1, strategy 1, in instrument 2.
pub(super) fn proposal(action: Action, order: u64, target: u64, price: i64, qty: i64) -> Proposal {
    Proposal {
        header: Header::of::<Proposal>(2, 0, 0, 0),
        account: 1,
        strategy: 1,
        action: action as u8,
        side: 0,
        order_type: OrderType::Limit as u8,
        tif: TimeInForce::Gtc as u8,
        order,
        target,
        price,
        qty,
        tag: 9,
    }
}

/// A report on `order`; a fill where `last_qty` is above zero.
pub(super) fn report(order: u64, exec: Exec, status: VenueStatus, cum_qty: i64, now: Nanos) -> Report {
    Report {
        header: Header { ts_venue: NO_TIME, ..Header::of::<Report>(2, 0, now, 0) },
        account: 1,
        strategy: 0,
        exec: exec as u8,
        status: status as u8,
        fee_asset: 0,
        order,
        venue_order: 1000 + order,
        trade: 0,
        price: 100,
        qty: 10,
        last_price: NO_PRICE,
        last_qty: 0,
        cum_qty,
        fee: Amount::into(0),
        realised: Amount::into(0),
    }
}

/// An answer about `order`.
pub(super) fn answer(order: u64, request: Request, outcome: Outcome, ts_query: Nanos, now: Nanos) -> Answer {
    Answer {
        header: Header::of::<Answer>(2, 0, now, 0),
        order,
        venue_order: 0,
        code: 0,
        request: request as u8,
        outcome: outcome as u8,
        account: 1,
        ts_query,
    }
}

/// The bytes of a request left and hold for five seconds.
pub(super) fn sent(order: u64, request: Request, now: Nanos) -> Sent {
    Sent { header: Header::of::<Sent>(2, 0, now, 0), order, expires: now + 5 * S, request: request as u8, pad: [0; 7] }
}

impl Rig {
    pub(super) fn new() -> Self {
        Self::keeping(4)
    }

    /// A rig that remembers `recent_max` settled orders.
    pub(super) fn keeping(recent_max: u32) -> Self {
        let bounds = Bounds { open_max: 8, recent_max, groups_max: 4, pairs_max: 2 };
        Self { table: OrderTable::new(bounds, Proof::default()), now: 0, order: 1, seq: 0 }
    }

    /// Inserts what a gate with wide limits approves.
    pub(super) fn insert(&mut self, proposal: &Proposal) -> crate::error::Result<Effects> {
        self.seq += 1;
        self.table.insert(&approve(proposal, &btcusdt_perp()), self.seq, self.now)
    }

    fn apply(&mut self, words: &[&str]) -> String {
        let number = |at: usize| words.get(at).and_then(|w| w.parse::<i64>().ok());
        let (order, now) = (self.order, self.now);
        let one = |r: crate::error::Result<Effects>| r.map_or_else(|e| format!("error: {e}"), |e| notes(&e));
        match words {
            ["place", ..] => {
                let made = proposal(Action::Place, order, 0, 100, number(1).unwrap_or(10));
                one(self.insert(&made))
            }
            ["cancel"] => one(self.insert(&proposal(Action::Cancel, 0, order, 100, 10))),
            ["amend", ..] => {
                one(self.insert(&proposal(Action::Replace, order, order, number(1).unwrap(), number(2).unwrap())))
            }
            ["replaces", ..] => one(self.insert(&proposal(Action::Replace, order, number(1).unwrap() as u64, 101, 10))),
            ["sent", what] => one(self.table.sent(&sent(order, request(what), now))),
            ["answer", what, outcome, ..] => {
                let at = number(3).map_or(NO_TIME, |s| s * S);
                let code = if *outcome == "unread" { -1021 } else { 0 };
                let answer = Answer { code, ..answer(order, request(what), outcome_of(outcome), at, now) };
                one(self.table.answer(&answer))
            }
            ["timer"] => self.table.due_queries(now).iter().map(asks).collect::<Vec<_>>().join(" "),
            ["restart"] => format!("{} concerned", self.table.after_restart(now).len()),
            ["link", role, up] => {
                let role = if *role == "orders" { 3 } else { 2 };
                let header = Header::of::<Link>(0, 0, now, 0);
                let up = u8::from(*up == "up");
                format!("{} concerned", self.table.link(&Link { header, up, role, account: 0, pad: 0 }).len())
            }
            _ => one(self.table.report(&reported(order, words, now))),
        }
    }

    fn line(&mut self, at: &str, input: &str) -> String {
        let mut words: Vec<&str> = input.split_whitespace().collect();
        self.order = 1;
        if let Some(id) = words[0].strip_prefix('#') {
            self.order = id.parse().unwrap();
            words.remove(0);
        }
        self.now = (at.parse::<f64>().unwrap() * S as f64) as i64;
        let notes = self.apply(&words);
        let what = self.table.get(self.order).map_or(format!("{:<9}{:<7}{:<5}{:<9}", "-", "-", "-", "-"), |order| {
            let filled = format!("{}/{}", order.filled, order.venue_cum);
            let pending = if order.pending == Pending::None { "-".into() } else { format!("{:?}", order.pending) };
            format!("{:<9}{filled:<7}{:<5}{pending:<9}", order.state.text(), order.open_lots())
        });
        format!("{at:<6}{input:<32}{what}{notes}").trim_end().to_owned()
    }
}

/// Applies the inputs of `golden` to a fresh rig and compares the tables.
pub(super) fn check(golden: &str) -> Rig {
    let mut rig = Rig::new();
    let mut written = String::new();
    for line in golden.trim_matches('\n').lines() {
        let (at, rest) = line.trim_start().split_once(char::is_whitespace).unwrap();
        let input = rest.trim_start().split("  ").next().unwrap().trim();
        written += &rig.line(at, input);
        written += "\n";
    }
    assert_eq!(written.trim_end(), golden.trim(), "\n{written}");
    rig
}

fn reported(order: u64, words: &[&str], now: Nanos) -> Report {
    let number = |at: usize| words.get(at).and_then(|w| w.parse::<i64>().ok()).unwrap_or(0);
    let plain = |exec, status| report(order, exec, status, number(1), now);
    match words[0] {
        "new" => plain(Exec::New, VenueStatus::New),
        "canceled" => plain(Exec::Canceled, VenueStatus::Canceled),
        "expired" => plain(Exec::Expired, VenueStatus::Expired),
        "refused" => plain(Exec::Rejected, VenueStatus::Rejected),
        "amended" => {
            let mut made = report(order, Exec::Amended, VenueStatus::New, 0, now);
            (made.price, made.qty) = (number(1), number(2));
            // A fourth word is the second in which the venue made the amendment.
            made.header.ts_venue = words.get(3).map_or(NO_TIME, |_| number(3) * S);
            made
        }
        "status" => {
            let status = status_of(words[1]);
            let mut made = report(order, Exec::Status, status, number(2), now);
            made.header.flags |= flags::QUERIED;
            if words.len() > 4 {
                (made.price, made.qty) = (number(3), number(4));
            }
            made
        }
        "trade" | "foreign" | "namesake" => {
            let status = words.get(4).map_or(VenueStatus::PartiallyFilled, |word| status_of(word));
            let cum = if words.get(3) == Some(&"-") { NO_QTY } else { number(3) };
            let mut made = report(order, Exec::Trade, status, cum, now);
            (made.trade, made.last_qty, made.last_price) = (number(1) as u64, number(2), 100);
            match words[0] {
                "foreign" => (made.order, made.header.flags) = (0, flags::FOREIGN),
                "namesake" => made.venue_order = 5000,
                _ => {}
            }
            made
        }
        other => panic!("no input is called {other}"),
    }
}

fn request(word: &str) -> Request {
    match word {
        "place" => Request::Place,
        "cancel" => Request::Cancel,
        "replace" => Request::Replace,
        _ => Request::Query,
    }
}

fn outcome_of(word: &str) -> Outcome {
    match word {
        "accepted" => Outcome::Accepted,
        "rejected" | "unread" => Outcome::Rejected,
        "not-found" => Outcome::NotFound,
        "too-late" => Outcome::TooLate,
        _ => Outcome::Unknown,
    }
}

fn status_of(word: &str) -> VenueStatus {
    match word {
        "filled" => VenueStatus::Filled,
        "canceled" => VenueStatus::Canceled,
        "expired" => VenueStatus::Expired,
        "partial" => VenueStatus::PartiallyFilled,
        "canceling" => VenueStatus::PendingCancel,
        _ => VenueStatus::New,
    }
}

fn asks(query: &Query) -> String {
    format!("ask {:?} of {}{}", query.what, query.order, if query.lost { " (lost)" } else { "" })
}

fn notes(effects: &Effects) -> String {
    let fill = effects.fill.map(|fill| format!("+{}", fill.qty));
    let target = effects.target.map(|t| format!("#{} {}>{}", t.order, t.before.text(), t.after.text()));
    let alarms = effects.alarms.iter().map(|alarm| format!("{alarm:?}!"));
    fill.into_iter().chain(target).chain(alarms).collect::<Vec<_>>().join(" ")
}
