//! Power cuts at thousands of seeded points, in writing, rotating, closing, snapshots, retention and recovery.
//!
//! Held each time: nothing acknowledged is lost, what is recovered is a prefix of what was appended, a snapshot is
//! the state of a prefix, and the next session continues. The same test must fail where fdatasync is taken out.

use super::super::segments::{Plan, Segments};
use super::super::snapshot::Snapshot;
use super::super::spare::Spares;
use super::super::{Reader, Recovery, recover};
use super::power::{Dice, Faults, PowerDisk};
use crate::error::{CoreError, Result};
use crate::event::{Header, RecordBuf, RecordRef, Trade};
use crate::state_hash::component_hash;

/// What the world outside knows: every record appended, and how much of it was acknowledged.
#[derive(Default)]
struct World {
    records: Vec<Vec<u8>>,
    acknowledged: u64,
}

impl World {
    fn state_at(&self, seq: u64) -> Vec<u8> {
        component_hash(&self.records[..seq as usize].concat()).to_vec()
    }

    fn append(&mut self, dice: &mut Dice) -> (u64, Vec<u8>) {
        let mut buf = RecordBuf::with_capacity(64);
        let header = Header::of::<Trade>(1, 2, dice.roll() as i64, 0);
        buf.push(&Trade { header, price: dice.roll() as i64, qty: 5 }).unwrap();
        self.records.push(buf.bytes().to_vec());
        (self.records.len() as u64, buf.bytes().to_vec())
    }
}

fn plan(dice: &mut Dice) -> Plan {
    Plan {
        build: "crash".into(),
        config_digest: [1; 32],
        salt: dice.roll(),
        segment_bytes: 1024 + 8 * dice.below(200),
        least_bytes: 512,
        keep_segments: if dice.chance(50) { 2 } else { 0 },
        keep_bytes: 0,
    }
}

/// Starts, appends, acknowledges, takes snapshots and perhaps closes, until the power fails.
fn session(disk: &PowerDisk, world: &mut World, dice: &mut Dice) -> Result<()> {
    let (found, tip) = recover::recover(&disk.shared())?;
    check(&found, disk, world).unwrap_or_else(|broken| panic!("{broken}"));
    world.records.truncate(found.last_seq as usize);
    let spares = Spares::InLine(disk.shared());
    let mut segments = Segments::begin(disk.shared(), plan(dice), tip, spares)?;
    for _ in 0..dice.below(60) {
        for _ in 0..dice.below(6) {
            let (seq, record) = world.append(dice);
            let buf = aligned(&record);
            segments.add(seq, buf.bytes())?;
        }
        match dice.below(10) {
            0..6 => world.acknowledged = segments.sync()?,
            6 | 7 => segments.flush()?,
            8 if world.acknowledged > 0 => {
                let (seq, state) = (world.acknowledged, world.state_at(world.acknowledged));
                Snapshot::write(disk, seq, segments.index(), &component_hash(&state), &state)?;
            }
            _ => {}
        }
    }
    if dice.chance(50) {
        world.acknowledged = segments.close()?;
    }
    Ok(())
}

fn aligned(record: &[u8]) -> RecordBuf {
    let mut words = vec![0_u64; record.len() / 8];
    for (slot, chunk) in words.iter_mut().zip(record.chunks_exact(8)) {
        *slot = u64::from_ne_bytes(chunk.try_into().unwrap());
    }
    let mut buf = RecordBuf::with_capacity(record.len());
    // SAFETY: u64s are initialised bytes.
    let bytes = unsafe { std::slice::from_raw_parts(words.as_ptr().cast::<u8>(), record.len()) };
    buf.push_ref(RecordRef::new(bytes).unwrap()).unwrap();
    buf
}

/// Compares what a recovery found with what the world knows.
fn check(found: &Recovery, disk: &PowerDisk, world: &World) -> std::result::Result<(), String> {
    if found.last_seq < world.acknowledged {
        return Err(format!("lost: {} acknowledged, {} recovered", world.acknowledged, found.last_seq));
    }
    if found.last_seq > world.records.len() as u64 {
        return Err(format!("invented: {} appended, {} recovered", world.records.len(), found.last_seq));
    }
    let mut reader = Reader::over(disk.shared()).map_err(|error| error.to_string())?;
    let mut expected = found.first_seq.max(1);
    while let Some((seq, record)) = reader.read_next().map_err(|error| error.to_string())? {
        if seq != expected || record.bytes() != world.records[seq as usize - 1] {
            return Err(format!("record {seq} is not what was appended as {expected}"));
        }
        expected += 1;
    }
    if found.last_seq > 0 && expected != found.last_seq + 1 {
        return Err(format!("read up to {expected}, recovered up to {}", found.last_seq));
    }
    check_snapshot(found, world)
}

fn check_snapshot(found: &Recovery, world: &World) -> std::result::Result<(), String> {
    let Some(snapshot) = &found.snapshot else {
        let whole = found.first_seq <= 1;
        return if whole { Ok(()) } else { Err(format!("no snapshot, and the journal begins at {}", found.first_seq)) };
    };
    if snapshot.state != world.state_at(snapshot.seq) || snapshot.hash != component_hash(&snapshot.state) {
        return Err(format!("the snapshot at {} is not the state of a prefix", snapshot.seq));
    }
    if snapshot.seq + 1 < found.first_seq {
        return Err(format!("a hole between snapshot {} and record {}", snapshot.seq, found.first_seq));
    }
    Ok(())
}

/// One world with several power cuts; an `Err` is a broken promise.
fn run(seed: u64, honest: bool) -> std::result::Result<(), String> {
    let mut dice = Dice(seed);
    let (disk, mut world) = (PowerDisk::default(), World::default());
    for _ in 0..1 + dice.below(4) {
        let power_off_at = disk.operations() + 1 + dice.below(150);
        let (lost_percent, torn_percent) = (dice.below(101), dice.below(101));
        disk.set(Faults { power_off_at, honest, lost_percent, torn_percent, ..Faults::default() });
        match session(&disk, &mut world, &mut dice) {
            Ok(()) | Err(CoreError::Io { .. }) => disk.cut(&mut dice),
            Err(error) => return Err(error.to_string()),
        }
        let (found, _) = recover::recover(&disk.shared()).map_err(|error| format!("refused: {error}"))?;
        check(&found, &disk, &world)?;
        world.records.truncate(found.last_seq as usize);
    }
    Ok(())
}

#[test]
fn nothing_acknowledged_is_lost_at_any_power_cut() {
    for seed in 0..2000 {
        if let Err(broken) = run(seed, true) {
            panic!("{broken}; again with: run({seed}, true)");
        }
    }
}

/// The canary: without fdatasync the same worlds break their promises, so the test above can fail.
#[test]
fn without_fdatasync_acknowledged_events_are_lost() {
    let broken = (0..200).filter(|seed| std::panic::catch_unwind(|| run(*seed, false)).is_ok_and(|r| r.is_err()));
    assert!(broken.count() > 50, "the simulated disk forgives a missing fdatasync");
}
