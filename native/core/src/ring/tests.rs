//! The ring under test: its bounds, its refusals, its shared-memory form, and a stress run with forbidden outcomes.

use super::*;
use std::thread;

fn pop_all(consumer: &mut Consumer) -> Vec<(u64, Vec<u8>)> {
    std::iter::from_fn(|| consumer.pop(|tag, bytes| (tag, bytes.to_vec())).unwrap()).collect()
}

#[test]
fn hands_over_in_order_and_across_the_end() {
    let (mut producer, mut consumer) = pair(4096).unwrap();
    for round in 0..200_u64 {
        let payload = vec![round as u8; (round as usize % 100) * 8];
        producer.push(round, &payload).unwrap();
        producer.push(round + 1000, &[1; 8]).unwrap();
        assert_eq!(pop_all(&mut consumer), [(round, payload), (round + 1000, vec![1; 8])]);
    }
    assert!(producer.is_drained());
}

#[test]
fn a_full_ring_refuses_and_keeps_what_it_has() {
    let (mut producer, mut consumer) = pair(4096).unwrap();
    let accepted = (0..).take_while(|tag| producer.push(*tag, &[7; 48]).is_ok()).count();
    assert_eq!(accepted, 4096 / 64);
    assert_eq!(producer.push(99, &[7; 48]), Err(CoreError::Full { what: "ring", capacity: 4096 }));
    assert_eq!(consumer.pop(|tag, _| tag), Ok(Some(0)));
    producer.push(99, &[7; 48]).unwrap();
    let tags: Vec<u64> = pop_all(&mut consumer).into_iter().map(|(tag, _)| tag).collect();
    assert_eq!(tags, (1..64).chain([99]).collect::<Vec<_>>());
}

#[test]
fn refuses_what_can_never_fit() {
    let (mut producer, _consumer) = pair(4096).unwrap();
    for length in [1, 7, 12, 1016, 4096] {
        assert!(
            matches!(producer.push(0, &vec![0; length]), Err(CoreError::Field { field: "message", .. })),
            "{length}"
        );
    }
    producer.push(0, &[0; 1008]).unwrap();
    for capacity in [0, 1, 1000, 2048, 5000] {
        assert!(pair(capacity).is_err(), "{capacity}");
    }
}

#[test]
fn each_end_is_taken_once() {
    let region = Region::plain(4096).unwrap();
    let _producer = Producer::claim(region.clone()).unwrap();
    let _consumer = Consumer::claim(region.clone()).unwrap();
    assert_eq!(Producer::claim(region.clone()).unwrap_err().to_string(), "ring.end is already taken, was producer");
    assert!(Consumer::claim(region).is_err());
}

/// 128-aligned bytes that stand for a shared mapping.
#[repr(C, align(128))]
struct Mapping([u8; 384 + 4096 + 100]);

#[test]
fn works_over_memory_that_someone_else_mapped() {
    let mut mapping = Box::new(Mapping([0; 4580]));
    let start = mapping.0.as_mut_ptr();
    // SAFETY: the box outlives both ends and nothing else touches it.
    let (first, second) = unsafe { (Region::create(start, 4580).unwrap(), Region::attach(start, 4580).unwrap()) };
    let (mut producer, mut consumer) = (Producer::claim(first).unwrap(), Consumer::claim(second).unwrap());
    producer.push(5, &[9; 16]).unwrap();
    assert_eq!(pop_all(&mut consumer), [(5, vec![9; 16])]);
}

#[test]
fn refuses_shared_memory_that_is_no_ring() {
    let mut mapping = Box::new(Mapping([0; 4580]));
    let start = mapping.0.as_mut_ptr();
    // SAFETY: the box outlives everything made here.
    unsafe {
        assert!(Region::attach(start, 4580).is_err(), "no magic");
        assert!(Region::attach(start, 100).is_err(), "too short");
        assert!(Region::create(start.add(8), 4500).is_err(), "unaligned");
        assert!(Region::create(std::ptr::null_mut(), 4580).is_err(), "null");
        Region::create(start, 4580).unwrap();
        assert!(Region::attach(start, 4000).is_err(), "shorter than its capacity");
    }
}

#[test]
fn a_length_damaged_by_another_process_is_refused() {
    for bad in [9_u64, 4096, 1 << 40, u64::MAX] {
        let region = Region::plain(4096).unwrap();
        let (mut producer, mut consumer) =
            (Producer::claim(region.clone()).unwrap(), Consumer::claim(region.clone()).unwrap());
        producer.push(1, &[0; 8]).unwrap();
        // SAFETY: both ends are in this thread and idle.
        unsafe { region.put_word(0, bad) };
        assert!(consumer.pop(|_, _| ()).is_err(), "{bad}");
    }
}

/// Forbidden: a lost, repeated or reordered tag, or a payload that is not its tag's.
#[test]
fn stress_has_no_forbidden_outcome() {
    const MESSAGES: u64 = 200_000;
    let (mut producer, mut consumer) = pair(4096).unwrap();
    let writer = thread::spawn(move || {
        for tag in 0..MESSAGES {
            let payload = [tag.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_ne_bytes(); 16];
            let length = 8 * (tag as usize % 17);
            while producer.push(tag, &payload.as_flattened()[..length]).is_err() {
                thread::yield_now();
            }
        }
    });
    let mut expected = 0;
    while expected < MESSAGES {
        let seen = consumer.pop(|tag, bytes| {
            assert_eq!(tag, expected, "lost, repeated or reordered");
            assert_eq!(bytes.len(), 8 * (tag as usize % 17));
            let word = tag.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_ne_bytes();
            assert!(bytes.chunks_exact(8).all(|chunk| chunk == word), "torn payload of {tag}");
        });
        match seen.unwrap() {
            Some(()) => expected += 1,
            None => thread::yield_now(),
        }
    }
    writer.join().unwrap();
    assert!(consumer.is_empty());
}
