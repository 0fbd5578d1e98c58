//! The engine as a whole: recovery, replay and time travel give the live state, the hash sees every field, and what a
//! session must hear of it is told.

mod stage;

use stage::{PERP, SEAT, at, set_up, stamp};
use std::path::{Path, PathBuf};

use tickwright_core::canon::Canon;
use tickwright_core::definitions::InstrumentText;
use tickwright_core::effects::Note;
use tickwright_core::engine::{Engine, Now};
use tickwright_core::event::{Balance, Command, Header, LimitSet, Link, Request, Sent, Verb};
use tickwright_core::gate::limits::{LimitKind, Scope};
use tickwright_core::instrument::Market;
use tickwright_core::journal::Options;
use tickwright_core::kernel::Wish;
use tickwright_core::order::{Alarm, State as OrderState};
use tickwright_core::quoting::{Seat, proposal};
use tickwright_core::replay::Replay;
use tickwright_core::state::State;
use tickwright_core::units::Side;

/// A fresh directory under the target folder; the name keeps tests apart.
fn directory(name: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&dir);
    dir
}

fn options() -> Options {
    Options::new("test", [7; 32], 42)
}

/// One market-data message.
fn market(engine: &mut Engine, now: Now, text: &str) {
    engine.market(Market::Linear, text.as_bytes(), stamp(now)).unwrap();
}

/// Proposes one wish; the order's id.
fn propose(engine: &mut Engine, wish: &Wish, now: Now) -> u64 {
    engine.begin_proposals();
    let record = proposal(engine.state(), SEAT, wish, now).unwrap();
    engine.propose(&record).unwrap();
    engine.finish_proposals().unwrap();
    record.order
}

/// Our id of an order as the venue writes it.
fn client(order: u64) -> String {
    String::from_utf8(tickwright_core::decode::client_id::encode(order).to_vec()).unwrap()
}

/// A short session with a book, trades, orders, a fill with a fee, a timer and a halt.
fn session(engine: &mut Engine) {
    set_up(engine);
    let body = br#"{"lastUpdateId":100,"bids":[["60000.0","1.5"],["59999.9","2"]],"asks":[["60000.1","0.7"]]}"#;
    engine.snapshot(1, body, stamp(at(1))).unwrap();
    let depth = r#"{"e":"depthUpdate","E":1,"T":1,"s":"BTCUSDT","U":99,"u":101,"pu":98,"b":[["59999.8","1"]],"a":[["60001.0","3"]]}"#;
    market(engine, at(2), depth);
    let trade = r#"{"e":"trade","E":3,"T":3,"s":"BTCUSDT","t":77,"p":"60000.1","q":"0.010","X":"MARKET","m":false}"#;
    market(engine, at(3), trade);
    let first = propose(engine, &Wish::place(Side::Buy, 599_990, 20, 1), at(4));
    let second = propose(engine, &Wish::place(Side::Sell, 600_020, 20, 2), at(5));
    for (order, venue, n) in [(first, 900, 6), (second, 901, 7)] {
        let id = format!("1:{}", client(order));
        let text = format!(
            r#"{{"id":"{id}","status":200,"result":{{"orderId":{venue},"symbol":"BTCUSDT","status":"NEW","clientOrderId":"{}","price":"1.0","origQty":"0.020","executedQty":"0.000","side":"BUY","updateTime":5}}}}"#,
            client(order)
        );
        engine.answer(Market::Linear, 1, text.as_bytes(), stamp(at(n))).unwrap();
    }
    let fill = format!(
        r#"{{"e":"ORDER_TRADE_UPDATE","E":8,"T":8,"o":{{"s":"BTCUSDT","c":"{}","S":"BUY","o":"LIMIT","f":"GTX","q":"0.020","p":"59999.0","ap":"0","sp":"0","x":"TRADE","X":"PARTIALLY_FILLED","i":900,"l":"0.010","z":"0.010","L":"59999.0","n":"0.1199","N":"USDT","T":8,"t":5001,"b":"0","a":"0","m":true,"R":false,"rp":"0","ps":"BOTH"}}}}"#,
        client(first)
    );
    engine.user(Market::Linear, 1, fill.as_bytes(), stamp(at(8))).unwrap();
    propose(engine, &Wish { target: second, action: 2, ..Wish::place(Side::Sell, 0, 0, 2) }, at(9));
    engine.timer(at(10)).unwrap();
    let header = Header::of::<Command>(0, 0, at(11).ts, at(11).mono);
    let halt = Command { header, verb: Verb::Halt as u8, scope: 2, subject: 1, cause: 3, value: 0, author: 9 };
    engine.record(&halt).unwrap();
}

#[test]
fn a_fill_reaches_position_and_ledger_exactly() {
    let mut engine = Engine::in_memory(true);
    session(&mut engine);
    let state = engine.state();
    let position = state.positions.get(1, 1, 1).unwrap();
    assert_eq!(position.qty, 10);
    // 100,000 USDT less the fee of 0.1199.
    assert_eq!(state.ledger.wallet(1, Market::Linear, 2), 10_000_000_000_000 - 11_990_000);
    assert_eq!(state.ledger.trial(2), 0, "debits equal credits");
    assert_eq!(state.orders.open().len(), 2);
}

#[test]
fn recovery_replay_and_snapshot_give_the_live_state() {
    let dir = directory("recovery");
    let mut engine = Engine::open(&dir, options(), true).unwrap();
    session(&mut engine);
    let (live, last) = (engine.state_hash(), engine.last_seq());
    engine.close().unwrap();

    let mut replay = Replay::open(&dir, false).unwrap();
    replay.run(None).unwrap();
    assert_eq!(replay.state_hash(), live);
    assert_eq!(replay.last_seq(), last + 1, "closing adds a checkpoint, which changes nothing");

    let mut again = Engine::open(&dir, options(), true).unwrap();
    assert_eq!(again.state_hash(), live);
    again.snapshot_state().unwrap();
    again.timer(at(20)).unwrap();
    let after = again.state_hash();
    again.close().unwrap();

    let mut from_snapshot = Replay::from_snapshot(&dir, u64::MAX, false).unwrap();
    from_snapshot.run(None).unwrap();
    let mut whole = Replay::open(&dir, false).unwrap();
    whole.run(None).unwrap();
    assert_eq!(from_snapshot.state_hash(), after);
    assert_eq!(whole.state_hash(), after);
    assert!(from_snapshot.events() < whole.events());
}

#[test]
fn time_travel_stops_at_the_event_asked_for() {
    let dir = directory("travel");
    let mut engine = Engine::open(&dir, options(), true).unwrap();
    set_up(&mut engine);
    let (then, seq) = (engine.state_hash(), engine.last_seq());
    engine.timer(at(50)).unwrap();
    engine.close().unwrap();
    let mut replay = Replay::open(&dir, false).unwrap();
    replay.run(Some(seq)).unwrap();
    assert_eq!((replay.last_seq(), replay.state_hash()), (seq, then));
}

#[test]
fn every_field_of_the_state_changes_the_hash() {
    let mut engine = Engine::in_memory(true);
    session(&mut engine);
    let mut bytes = Vec::new();
    engine.state().put(&mut bytes);
    let leaves = engine.state().leaves();
    assert!(leaves > 1000, "the session fills the state, {leaves} leaves");
    // A book takes megabytes to build anew, so everything else is walked without books, and the books on their own.
    let mut without = State::take(&bytes).unwrap();
    let books = std::mem::take(&mut without.books);
    assert_eq!(without.leaves() + books.leaves(), leaves);
    let mut bare = Vec::new();
    without.put(&mut bare);
    walk(&bare, without.leaves());
    let from = without.definitions.leaves() + without.session.leaves();
    let mut scratch = Vec::new();
    let before = engine.state().hash(&mut scratch);
    for leaf in from..from + books.leaves() {
        let mut changed = State::take(&bytes).unwrap();
        changed.nudge(leaf);
        assert_ne!(changed.hash(&mut scratch), before, "leaf {leaf} of the books");
    }
}

/// Changes every leaf of a state by one unit, one at a time, and sees the hash change.
fn walk(bytes: &[u8], leaves: usize) {
    let mut scratch = Vec::new();
    let before = State::take(bytes).unwrap().hash(&mut scratch);
    for leaf in 0..leaves {
        let mut changed = State::take(bytes).unwrap();
        changed.nudge(leaf);
        assert_ne!(changed.hash(&mut scratch), before, "leaf {leaf} of {leaves}");
    }
}

#[test]
fn a_snapshot_reads_back_and_refuses_every_cut() {
    let mut engine = Engine::in_memory(true);
    session(&mut engine);
    let mut bytes = Vec::new();
    engine.state().put(&mut bytes);
    let mut scratch = Vec::new();
    assert_eq!(State::take(&bytes).unwrap().hash(&mut scratch), engine.state().hash(&mut scratch));
    for cut in (0..bytes.len()).step_by(bytes.len() / 200 + 1) {
        assert!(State::take(&bytes[..cut]).is_err(), "cut at {cut}");
    }
    let mut longer = bytes.clone();
    longer.push(0);
    assert!(State::take(&longer).is_err());
}

/// The venue's statement of the USDT wallet.
fn wallet(amount: i128, now: Now) -> Balance {
    let header = Header::of::<Balance>(0, 0, now.ts, now.mono);
    let (market, amount) = (Market::Linear as u8, amount.into());
    Balance { header, account: 1, asset: 2, reason: 0, market, pad: 0, reference: 0, amount }
}

/// Whether the notes say that fills of the order are missing.
fn alarmed(notes: &[Note], order: u64) -> bool {
    notes.iter().any(|note| matches!(note, Note::Alarm { order: of, alarm: Alarm::FillsMissing, .. } if *of == order))
}

/// The amounts by which wallets differ, of the notes that say so.
fn differences(notes: &[Note]) -> Vec<i128> {
    notes.iter().filter_map(|note| if let Note::Difference { diff, .. } = note { Some(*diff) } else { None }).collect()
}

/// The notes of the last input.
fn told(engine: &mut Engine) -> Vec<Note> {
    engine.take_notes().map(|row| row.note).collect()
}

/// Lets the session's strategy trade again.
fn resume(engine: &mut Engine) {
    let header = Header::of::<Command>(0, 0, at(12).ts, at(12).mono);
    let resume = Command { header, verb: Verb::Resume as u8, scope: 2, subject: 1, cause: 0, value: 0, author: 9 };
    engine.record(&resume).unwrap();
}

/// A line of the venue that went up (1) or down (0): role 2 user data, 3 orders.
fn link(engine: &mut Engine, role: u8, up: u8, now: Now) {
    let header = Header::of::<Link>(0, 0, now.ts, now.mono);
    engine.link(Link { header, up, role, account: 1, pad: 0 }, 3).unwrap();
}

#[test]
fn an_order_that_a_lost_connection_made_unknown_is_told() {
    let mut engine = Engine::in_memory(true);
    session(&mut engine);
    resume(&mut engine);
    let order = propose(&mut engine, &Wish::place(Side::Buy, 599_980, 20, 3), at(13));
    let header = Header::of::<Sent>(1, 0, at(13).ts, at(13).mono);
    engine.record(&Sent { header, order, expires: at(5_000).ts, request: Request::Place as u8, pad: [0; 7] }).unwrap();
    link(&mut engine, 3, 0, at(14));
    let states: Vec<_> = told(&mut engine)
        .into_iter()
        .filter_map(|note| if let Note::Order(row) = note { Some((row.order, row.state)) } else { None })
        .collect();
    assert_eq!(states, [(order, OrderState::Unknown)]);
}

#[test]
fn lost_fills_are_told_with_every_question_and_a_difference_once() {
    let mut engine = Engine::in_memory(true);
    session(&mut engine);
    let order = engine.state().orders.open()[0].id;
    // The venue's count is ahead of the fills that it told, and its wallet of ours by one unit.
    let report = format!(
        r#"{{"e":"ORDER_TRADE_UPDATE","E":8,"T":8,"o":{{"s":"BTCUSDT","c":"{}","S":"BUY","o":"LIMIT","f":"GTX","q":"0.020","p":"59999.0","ap":"0","sp":"0","x":"NEW","X":"PARTIALLY_FILLED","i":900,"l":"0","z":"0.015","L":"0","T":8,"t":0,"b":"0","a":"0","m":false,"R":false,"rp":"0","ps":"BOTH"}}}}"#,
        client(order)
    );
    engine.user(Market::Linear, 1, report.as_bytes(), stamp(at(20))).unwrap();
    assert!(alarmed(&told(&mut engine), order));
    for (n, amount) in [(21, 1), (22, 2)] {
        engine.record(&wallet(engine.state().ledger.wallet(1, Market::Linear, 2) + amount, at(n))).unwrap();
        assert!(differences(&told(&mut engine)).is_empty(), "a moment's difference is normal");
    }
    let mut heard = Vec::new();
    for n in [500, 1_100, 2_100, 2_200, 4_000, 9_000] {
        engine.timer(at(n)).unwrap();
        let notes = told(&mut engine);
        heard.push((alarmed(&notes, order), differences(&notes)));
    }
    assert_eq!(heard.iter().map(|row| row.0).collect::<Vec<_>>(), [false, true, true, false, false, true]);
    let open: Vec<_> = heard.into_iter().map(|row| row.1).collect();
    assert_eq!(open, [vec![], vec![], vec![2], vec![], vec![], vec![]], "once, after a grace of two seconds");
    engine.record(&wallet(engine.state().ledger.wallet(1, Market::Linear, 2) + 7, at(9_100))).unwrap();
    engine.timer(at(9_200)).unwrap();
    assert_eq!(differences(&told(&mut engine)), [7], "and again when it changes");
}

/// One limit of a strategy.
fn limit(engine: &mut Engine, strategy: u16, kind: LimitKind, value: i128) {
    let header = Header::of::<LimitSet>(0, 0, at(12).ts, at(12).mono);
    let (scope, limit) = (Scope::Strategy as u8, kind as u8);
    engine
        .record(&LimitSet { header, scope, limit, subject: strategy, pad: 0, value: value.into(), extra: 0 })
        .unwrap();
}

#[test]
fn a_strategys_loss_limits_count_its_own_losses() {
    let mut engine = Engine::in_memory(true);
    session(&mut engine);
    resume(&mut engine);
    assert_eq!(engine.name(2, "other", at(12)).unwrap(), 2);
    limit(&mut engine, 2, LimitKind::AllowSymbol, 1);
    let rest = format!(
        r#"{{"e":"ORDER_TRADE_UPDATE","E":8,"T":8,"o":{{"s":"BTCUSDT","c":"{}","S":"BUY","o":"LIMIT","f":"GTX","q":"0.020","p":"59999.0","ap":"0","sp":"0","x":"TRADE","X":"FILLED","i":900,"l":"0.010","z":"0.020","L":"59999.0","n":"200","N":"USDT","T":8,"t":5002,"b":"0","a":"0","m":true,"R":false,"rp":"0","ps":"BOTH"}}}}"#,
        client(engine.state().orders.open()[0].id)
    );
    engine.user(Market::Linear, 1, rest.as_bytes(), stamp(at(13))).unwrap();
    // 0.020 BTC bought at 59,999.0 are worth 60,000.05 each: 0.0210 gained, 200.1199 paid as fees, 20 bp of the account.
    let own = engine.state().equity.strategy(1, 1, 2).unwrap();
    assert_eq!((own.now, own.peak, own.day()), (2_100_000 - 20_011_990_000, 0, -20_009_890_000));
    for (kind, value) in [(LimitKind::MaxDailyLoss, 20_000_000_000), (LimitKind::MaxDrawdown, 19)] {
        for strategy in [1, 2] {
            limit(&mut engine, strategy, kind, value);
            let wish = Wish::place(Side::Buy, 599_000, 10, 9);
            let record = proposal(engine.state(), Seat { strategy, ..SEAT }, &wish, at(14)).unwrap();
            engine.begin_proposals();
            engine.propose(&record).unwrap();
            let refused = told(&mut engine).iter().any(|note| matches!(note, Note::Refused { .. }));
            assert_eq!(refused, strategy == 1, "{kind:?} of strategy {strategy}");
        }
    }
}

#[test]
fn a_holding_whose_price_is_not_known_yet_is_neither_a_loss_nor_a_profit() {
    let mut engine = Engine::in_memory(false);
    set_up(&mut engine);
    let text = InstrumentText { market: Market::Spot, tick: "0.01", lot: "0.00001", ..PERP };
    let spot = engine.instrument(&text, at(1)).unwrap();
    let coins = |amount: i128, reason: u8, engine: &mut Engine, n: i64| {
        let stated = Balance { asset: 1, market: Market::Spot as u8, reason, ..wallet(amount, at(n)) };
        engine.record(&stated).unwrap();
    };
    let figures = |engine: &Engine| engine.state().equity.figures(1, 2).map(|row| (row.now, row.day(), row.drawdown()));
    assert_eq!(figures(&engine).unwrap().1, 0);
    coins(10_i128.pow(8), 0, &mut engine, 2);
    engine.timer(at(3)).unwrap();
    assert_eq!(figures(&engine), None, "one coin of which nobody knows the worth");
    let body = br#"{"lastUpdateId":100,"bids":[["60000.00","1"]],"asks":[["60000.02","1"]]}"#;
    engine.snapshot(spot, body, stamp(at(4))).unwrap();
    let trade = br#"{"e":"trade","E":5,"s":"BTCUSDT","t":7,"p":"60000.01","q":"0.01","T":5,"m":false}"#;
    engine.market(Market::Spot, trade, stamp(at(5))).unwrap();
    engine.timer(at(6)).unwrap();
    let usdt = 10_i128.pow(8);
    assert_eq!(figures(&engine), Some((160_000 * usdt + usdt / 100, 0, 0)), "worth is no profit");
    coins(10_i128.pow(8), 1, &mut engine, 7);
    assert_eq!(figures(&engine), Some((220_000 * usdt + usdt / 50, 0, 0)), "nor is a deposit");
    link(&mut engine, 1, 0, at(8));
    engine.timer(at(9)).unwrap();
    assert_eq!(figures(&engine), Some((220_000 * usdt + usdt / 50, 0, 0)), "a lost stream takes no worth away");
}
