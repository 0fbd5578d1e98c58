//! A disk that forgets: at a power cut it loses, tears and reorders everything that was not synced.
//!
//! Unsynced writes are cut at 512-byte sectors; each piece is lost, kept, or torn at a byte, and the pieces of a
//! file are applied in any order. Unsynced names (created, renamed, removed) are each old or new. `honest` off
//! takes fdatasync out: it answers yes and does nothing, and the power-cut test must then fail.

use super::super::file::{Disk, Store};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

const SECTOR: u64 = 512;

/// SplitMix64: a seed gives one run, which it also names.
#[derive(Debug, Clone)]
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.roll() % bound
    }

    pub(crate) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// What goes wrong, and when. Operations are counted from 1 over the disk's whole life.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Faults {
    /// The power fails during this operation.
    pub(crate) power_off_at: u64,
    /// From this operation on, every one fails with this error number, but the power stays on.
    pub(crate) error_from: (u64, i32),
    /// Whether a sync does what it says.
    pub(crate) honest: bool,
    /// Chances in percent that an unsynced piece is lost, or torn at a byte.
    pub(crate) lost_percent: u64,
    pub(crate) torn_percent: u64,
}

impl Default for Faults {
    fn default() -> Self {
        Self { power_off_at: u64::MAX, error_from: (u64::MAX, 0), honest: true, lost_percent: 40, torn_percent: 20 }
    }
}

#[derive(Debug, Clone)]
enum Change {
    Write(u64, Vec<u8>),
    Length(u64),
}

#[derive(Debug, Clone, Default)]
struct Inode {
    durable: Vec<u8>,
    now: Vec<u8>,
    unsynced: Vec<Change>,
}

#[derive(Debug, Default)]
struct State {
    inodes: Vec<Inode>,
    durable_names: BTreeMap<String, usize>,
    names: BTreeMap<String, usize>,
    faults: Faults,
    operations: u64,
    refused: u64,
}

/// The disk; clones are the same one.
#[derive(Debug, Clone, Default)]
pub(crate) struct PowerDisk(Arc<Mutex<State>>);

fn apply(bytes: &mut Vec<u8>, change: &Change) {
    match change {
        Change::Length(length) => bytes.resize(*length as usize, 0),
        Change::Write(at, data) => {
            let end = *at as usize + data.len();
            if bytes.len() < end {
                bytes.resize(end, 0);
            }
            bytes[*at as usize..end].copy_from_slice(data);
        }
    }
}

/// Cuts one change into the pieces that reach the platter one by one.
fn pieces(change: &Change) -> Vec<Change> {
    let Change::Write(at, data) = change else { return vec![change.clone()] };
    let (mut out, mut done) = (Vec::new(), 0);
    while done < data.len() {
        let from = at + done as u64;
        let step = ((SECTOR - from % SECTOR) as usize).min(data.len() - done);
        out.push(Change::Write(from, data[done..done + step].to_vec()));
        done += step;
    }
    out
}

impl State {
    /// Counts an operation; `Ok(true)` where the power fails during it.
    fn count(&mut self) -> io::Result<bool> {
        self.operations += 1;
        if self.operations >= self.faults.error_from.0 {
            self.refused += 1;
            return Err(io::Error::from_raw_os_error(self.faults.error_from.1));
        }
        if self.operations > self.faults.power_off_at {
            self.refused += 1;
            return Err(off());
        }
        Ok(self.operations == self.faults.power_off_at)
    }

    fn change(&mut self, inode: usize, change: Change) -> io::Result<()> {
        let dying = self.count()?;
        let inode = &mut self.inodes[inode];
        apply(&mut inode.now, &change);
        inode.unsynced.push(change);
        if dying { Err(off()) } else { Ok(()) }
    }

    fn sync(&mut self, inode: usize) -> io::Result<()> {
        if self.count()? {
            return Err(off());
        }
        if self.faults.honest {
            let inode = &mut self.inodes[inode];
            inode.durable.clone_from(&inode.now);
            inode.unsynced.clear();
        }
        Ok(())
    }

    fn rename_or_remove(&mut self, from: &str, to: Option<&str>) -> io::Result<()> {
        let dying = self.count()?;
        let inode = self.names.remove(from).ok_or(io::ErrorKind::NotFound)?;
        if let Some(to) = to {
            self.names.insert(to.to_owned(), inode);
        }
        if dying { Err(off()) } else { Ok(()) }
    }

    fn lose(&mut self, dice: &mut Dice) {
        for inode in &mut self.inodes {
            let mut all: Vec<Change> = inode.unsynced.iter().flat_map(pieces).collect();
            for at in (1..all.len()).rev() {
                if dice.chance(50) {
                    all.swap(at, dice.below(at as u64 + 1) as usize);
                }
            }
            for mut piece in all {
                if dice.chance(self.faults.lost_percent) {
                    continue;
                }
                if let Change::Write(_, data) = &mut piece
                    && dice.chance(self.faults.torn_percent)
                {
                    data.truncate(dice.below(data.len() as u64 + 1) as usize);
                }
                apply(&mut inode.durable, &piece);
            }
            inode.now.clone_from(&inode.durable);
            inode.unsynced.clear();
        }
        let every: BTreeSet<String> = self.names.keys().chain(self.durable_names.keys()).cloned().collect();
        for name in every {
            let side = if dice.chance(50) { &self.names } else { &self.durable_names };
            match side.get(&name).copied() {
                Some(inode) => self.durable_names.insert(name, inode),
                None => self.durable_names.remove(&name),
            };
        }
        self.names.clone_from(&self.durable_names);
    }
}

fn off() -> io::Error {
    io::Error::other("the power is off")
}

impl PowerDisk {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// This disk as the journal sees it.
    pub(crate) fn shared(&self) -> Arc<dyn Disk> {
        Arc::new(self.clone())
    }

    pub(crate) fn set(&self, faults: Faults) {
        self.state().faults = faults;
    }

    pub(crate) fn operations(&self) -> u64 {
        self.state().operations
    }

    /// Operations that failed since the faults began.
    pub(crate) fn refused(&self) -> u64 {
        self.state().refused
    }

    /// The power fails now; what comes back is what the next start finds, with the power on.
    pub(crate) fn cut(&self, dice: &mut Dice) {
        let mut state = self.state();
        state.lose(dice);
        let honest = state.faults.honest;
        state.faults = Faults { honest, ..Faults::default() };
    }

    /// The files as they are, for damage by hand.
    pub(crate) fn files(&self) -> Vec<(String, Vec<u8>)> {
        let state = self.state();
        state.names.iter().map(|(name, inode)| (name.clone(), state.inodes[*inode].now.clone())).collect()
    }

    /// A disk with these files, all durable.
    pub(crate) fn with(files: &[(String, Vec<u8>)]) -> Self {
        let this = Self::default();
        {
            let mut state = this.state();
            for (name, bytes) in files {
                let inode = state.inodes.len();
                state.inodes.push(Inode { durable: bytes.clone(), now: bytes.clone(), unsynced: Vec::new() });
                state.names.insert(name.clone(), inode);
            }
            state.durable_names = state.names.clone();
        }
        this
    }
}

impl Disk for PowerDisk {
    fn place(&self) -> String {
        "simulated disk".into()
    }

    fn lock(&self) -> io::Result<()> {
        Ok(())
    }

    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.state().names.keys().cloned().collect())
    }

    fn create(&self, name: &str, bytes: u64) -> io::Result<Box<dyn Store>> {
        let inode = {
            let mut state = self.state();
            let dying = state.count()?;
            if state.names.contains_key(name) {
                return Err(io::ErrorKind::AlreadyExists.into());
            }
            let inode = state.inodes.len();
            state.inodes.push(Inode::default());
            state.names.insert(name.to_owned(), inode);
            if dying {
                return Err(off());
            }
            state.change(inode, Change::Length(bytes))?;
            state.sync(inode)?;
            inode
        };
        Ok(Box::new(PowerFile { disk: self.clone(), inode }))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn Store>> {
        let inode = *self.state().names.get(name).ok_or(io::ErrorKind::NotFound)?;
        Ok(Box::new(PowerFile { disk: self.clone(), inode }))
    }

    fn read(&self, name: &str, into: &mut Vec<u64>) -> io::Result<usize> {
        let state = self.state();
        let bytes = &state.inodes[*state.names.get(name).ok_or(io::ErrorKind::NotFound)?].now;
        into.clear();
        into.resize(bytes.len().div_ceil(8), 0);
        for (slot, chunk) in into.iter_mut().zip(bytes.chunks(8)) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            *slot = u64::from_ne_bytes(word);
        }
        Ok(bytes.len())
    }

    fn read_head(&self, name: &str, into: &mut [u8]) -> io::Result<usize> {
        let state = self.state();
        let bytes = &state.inodes[*state.names.get(name).ok_or(io::ErrorKind::NotFound)?].now;
        let length = bytes.len().min(into.len());
        into[..length].copy_from_slice(&bytes[..length]);
        Ok(length)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.state().rename_or_remove(from, Some(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.state().rename_or_remove(name, None)
    }

    fn sync_dir(&self) -> io::Result<()> {
        let mut state = self.state();
        if state.count()? {
            return Err(off());
        }
        if state.faults.honest {
            state.durable_names = state.names.clone();
        }
        Ok(())
    }
}

struct PowerFile {
    disk: PowerDisk,
    inode: usize,
}

impl Store for PowerFile {
    fn write_at(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        self.disk.state().change(self.inode, Change::Write(at, bytes.to_vec()))
    }

    fn sync(&mut self) -> io::Result<()> {
        self.disk.state().sync(self.inode)
    }

    fn truncate(&mut self, bytes: u64) -> io::Result<()> {
        let mut state = self.disk.state();
        state.change(self.inode, Change::Length(bytes))?;
        state.sync(self.inode)
    }
}
