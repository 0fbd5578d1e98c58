//! The ring beside its C floor: throughput of 64-byte messages, and the round trip through two rings.
//!
//! catalogue: K4. Prints one JSON object like bench/ring_floor.c; bench/ring.py runs the two in turn and prints the
//! ratios. Both threads spin, so the figures mean something only where two processors are free.

use std::hint::{black_box, spin_loop};
use std::thread;
use std::time::Instant;
use tickwright_core::ring::{Consumer, Producer, pair};

const MESSAGES: u64 = 5_000_000;
const TRIPS: usize = 200_000;
const WARM: usize = 20_000;
/// 1024 messages of 64 bytes and their two words, rounded up.
const RING_BYTES: usize = 128 << 10;

fn push(ring: &mut Producer, tag: u64, message: &[u8; 64]) {
    while ring.push(tag, message).is_err() {
        spin_loop();
    }
}

fn pop(ring: &mut Consumer, into: &mut [u8; 64]) -> u64 {
    loop {
        let taken = ring.pop(|tag, bytes| {
            into.copy_from_slice(bytes);
            tag
        });
        match taken.expect("an undamaged ring") {
            Some(tag) => return tag,
            None => spin_loop(),
        }
    }
}

/// Million messages a second from one thread to another.
fn throughput() -> f64 {
    let (mut producer, mut consumer) = pair(RING_BYTES).expect("memory");
    let writer = thread::spawn(move || {
        for tag in 0..MESSAGES {
            push(&mut producer, tag, &[0; 64]);
        }
    });
    let (from, mut sum, mut message) = (Instant::now(), 0, [0; 64]);
    for _ in 0..MESSAGES {
        sum += pop(&mut consumer, &mut message);
        black_box(&message);
    }
    let rate = MESSAGES as f64 * 1e3 / from.elapsed().as_nanos() as f64;
    writer.join().expect("the producer ends");
    assert_eq!(sum, MESSAGES * (MESSAGES - 1) / 2);
    rate
}

/// Sorted nanoseconds of the round trips.
fn round_trips() -> Vec<u64> {
    let (mut out, mut far_in) = pair(RING_BYTES).expect("memory");
    let (mut far_out, mut back) = pair(RING_BYTES).expect("memory");
    let echo = thread::spawn(move || {
        let mut message = [0; 64];
        for _ in 0..WARM + TRIPS {
            let tag = pop(&mut far_in, &mut message);
            push(&mut far_out, tag, &message);
        }
    });
    let (mut trips, mut message) = (Vec::with_capacity(TRIPS), [0; 64]);
    for n in 0..WARM + TRIPS {
        let sent = Instant::now();
        push(&mut out, n as u64, &message);
        pop(&mut back, &mut message);
        if n >= WARM {
            trips.push(sent.elapsed().as_nanos() as u64);
        }
    }
    echo.join().expect("the echo ends");
    trips.sort_unstable();
    trips
}

fn main() {
    if cfg!(debug_assertions) {
        panic!("a debug build says nothing about speed: run cargo bench");
    }
    let rate = throughput();
    let trips = round_trips();
    let (p50, p99) = (trips[TRIPS / 2], trips[TRIPS / 100 * 99]);
    println!("{{\"rate_m\":{rate:.3},\"p50_ns\":{p50},\"p99_ns\":{p99}}}");
}
