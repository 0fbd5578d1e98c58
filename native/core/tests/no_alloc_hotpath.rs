//! After start, bytes → book → quote → gate → order → signed request costs not one allocation.

mod counting;
mod stage;

use counting::{Counting, allocations};
use stage::{SEAT, at, set_up, stamp};
use std::ffi::c_void;
use tickwright_core::engine::Engine;
use tickwright_core::event::{Answer, Header, Outcome, Request};
use tickwright_core::instrument::Market;
use tickwright_core::kernel::{Kernel, View, Wish, happened};
use tickwright_core::units::{NO_TIME, Side};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Places one order behind the best bid whenever the book moved.
unsafe extern "C" fn follow(_state: *mut c_void, view: *const View, out: *mut Wish, _capacity: u32) -> i32 {
    // SAFETY: the engine gives a view and room for wishes.
    let view = unsafe { &*view };
    if view.happened & happened::BOOK == 0 {
        return 0;
    }
    // SAFETY: as above.
    unsafe { *out = Wish::place(Side::Buy, view.bid - 1, 5, 1) };
    1
}

#[test]
fn the_hot_path_allocates_nothing() {
    let mut engine = Engine::in_memory(false);
    set_up(&mut engine);
    // SAFETY: the kernel has no state.
    let kernel = unsafe { Kernel::new(follow, std::ptr::null_mut()) };
    engine.quoting().attach(SEAT, kernel).unwrap();
    let body = br#"{"lastUpdateId":100,"bids":[["60000.0","1.5"]],"asks":[["60000.1","0.7"]]}"#;
    engine.snapshot(1, body, stamp(at(1))).unwrap();
    let messages: Vec<String> = (0..500)
        .map(|n| {
            let (u, qty) = (101 + n, 1 + n % 9);
            format!(
                r#"{{"e":"depthUpdate","E":1,"T":1,"s":"BTCUSDT","U":{u},"u":{u},"pu":{},"b":[["60000.0","{qty}.0"],["59{:03}.5","1.0"]],"a":[["60000.{}","0.5"]]}}"#,
                u - 1,
                n % 900,
                1 + n % 9,
            )
        })
        .collect();
    let (mut counted, mut orders) = (0, 0);
    for (n, message) in messages.iter().enumerate() {
        // One message every 10 ms keeps within the order rate.
        let now = at(10 * (n as i64 + 1));
        let before = allocations();
        engine.market(Market::Linear, message.as_bytes(), stamp(now)).unwrap();
        let after = allocations();
        while let Some(frame) = engine.outbox().front() {
            assert!(frame.payload().ends_with(b"\"}}"), "signed");
            let order = frame.order;
            engine.outbox().pop();
            orders += 1;
            let header = Header::of::<Answer>(1, 0, now.ts, now.mono);
            let (request, outcome) = (Request::Place as u8, Outcome::Rejected as u8);
            let refusal =
                Answer { header, order, venue_order: 0, code: -1, request, outcome, account: 1, ts_query: NO_TIME };
            engine.record(&refusal).unwrap();
        }
        // The first messages fill buffers that live as long as the engine.
        if n >= 50 {
            counted += after - before;
        }
    }
    assert!(orders > 400, "{orders} orders");
    assert_eq!(counted, 0, "allocations in {} messages", messages.len() - 50);
}
