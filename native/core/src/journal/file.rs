//! The file layer: the few operations that a journal needs of a disk, and the real disk behind them.
//!
//! catalogue: K4. The tests put a simulated disk behind the same traits, one that loses, tears and reorders at a
//! power cut whatever was not synced.

use crate::error::{CoreError, Result};
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// One directory with a journal in it.
pub trait Disk: Send + Sync {
    /// The directory as text, for messages.
    fn place(&self) -> String;
    /// Keeps every other engine out as long as this value lives.
    fn lock(&self) -> io::Result<()>;
    /// The names of all files, in no particular order.
    fn list(&self) -> io::Result<Vec<String>>;
    /// Makes a new file of `bytes` zeros, written and synced, so that later writes change no metadata. The name
    /// itself is durable after `sync_dir`.
    fn create(&self, name: &str, bytes: u64) -> io::Result<Box<dyn Store>>;
    /// Opens an existing file for writing.
    fn open(&self, name: &str) -> io::Result<Box<dyn Store>>;
    /// Reads a whole file into `into`, which is only grown, and returns its length in bytes.
    fn read(&self, name: &str, into: &mut Vec<u64>) -> io::Result<usize>;
    /// Reads the first bytes of a file; returns how many there were.
    fn read_head(&self, name: &str, into: &mut [u8]) -> io::Result<usize>;
    /// Renames a file over another one or none.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    /// Removes a file.
    fn remove(&self, name: &str) -> io::Result<()>;
    /// Makes all names durable.
    fn sync_dir(&self) -> io::Result<()>;
}

/// One open file.
pub trait Store: Send {
    /// Writes all of `bytes` at offset `at`.
    fn write_at(&mut self, at: u64, bytes: &[u8]) -> io::Result<()>;
    /// Makes everything written durable (fdatasync).
    fn sync(&mut self) -> io::Result<()>;
    /// Cuts the file to `bytes`, durably.
    fn truncate(&mut self, bytes: u64) -> io::Result<()>;
}

/// The core's error for a failed operation on `file`.
pub fn failed(op: &'static str, file: &str, error: &io::Error) -> CoreError {
    CoreError::Io { op, file: file.to_owned(), why: error.to_string() }
}

/// Maps the error of a file operation with its context.
pub trait Context<T> {
    /// Names the operation and the file in the error.
    fn on(self, op: &'static str, file: &str) -> Result<T>;
}

impl<T> Context<T> for io::Result<T> {
    fn on(self, op: &'static str, file: &str) -> Result<T> {
        self.map_err(|error| failed(op, file, &error))
    }
}

/// How much is zeroed at a time. Each step is pushed out to the disk before the next, so that the disk never has
/// more than this before a commit of the segment in use.
const ZERO_STEP: usize = 128 << 10;

/// A directory of the host.
#[derive(Debug)]
pub struct HostDisk {
    dir: PathBuf,
    handle: File,
}

impl HostDisk {
    /// Opens an existing directory.
    pub fn open(dir: &Path) -> Result<Self> {
        let handle = File::open(dir).on("open", &dir.display().to_string())?;
        Ok(Self { dir: dir.to_owned(), handle })
    }

    /// Opens a directory and makes it, and those above it, where it is missing.
    pub fn create(dir: &Path) -> Result<Self> {
        fs::create_dir_all(dir).on("create", &dir.display().to_string())?;
        Self::open(dir)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }
}

impl Disk for HostDisk {
    fn place(&self) -> String {
        self.dir.display().to_string()
    }

    fn lock(&self) -> io::Result<()> {
        // SAFETY: the descriptor is open; flock has no memory effects.
        match unsafe { libc::flock(self.handle.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) } {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    }

    fn list(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.dir)? {
            if let Ok(name) = entry?.file_name().into_string() {
                names.push(name);
            }
        }
        Ok(names)
    }

    fn create(&self, name: &str, bytes: u64) -> io::Result<Box<dyn Store>> {
        let file = OpenOptions::new().read(true).write(true).create_new(true).open(self.path(name))?;
        let length = libc::off_t::try_from(bytes).map_err(io::Error::other)?;
        if length > 0 {
            // SAFETY: the descriptor is open; posix_fallocate has no memory effects. It returns its error.
            match unsafe { libc::posix_fallocate(file.as_raw_fd(), 0, length) } {
                0 => {}
                code => return Err(io::Error::from_raw_os_error(code)),
            }
        }
        let zeros = vec![0; ZERO_STEP.min(bytes as usize)];
        let mut at = 0;
        while at < bytes {
            let step = zeros.len().min((bytes - at) as usize);
            file.write_all_at(&zeros[..step], at)?;
            push_out(&file, at, step)?;
            at += step as u64;
        }
        file.sync_all()?;
        Ok(Box::new(HostFile(file)))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn Store>> {
        Ok(Box::new(HostFile(OpenOptions::new().read(true).write(true).open(self.path(name))?)))
    }

    fn read(&self, name: &str, into: &mut Vec<u64>) -> io::Result<usize> {
        let file = File::open(self.path(name))?;
        let length = usize::try_from(file.metadata()?.len()).map_err(io::Error::other)?;
        if into.len() < length.div_ceil(8) {
            into.resize(length.div_ceil(8), 0);
        }
        // SAFETY: u64s are plain bytes, and the vector holds at least `length` of them.
        let bytes = unsafe { std::slice::from_raw_parts_mut(into.as_mut_ptr().cast::<u8>(), length) };
        read_up_to(&file, bytes)
    }

    fn read_head(&self, name: &str, into: &mut [u8]) -> io::Result<usize> {
        read_up_to(&File::open(self.path(name))?, into)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path(from), self.path(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.path(name))
    }

    fn sync_dir(&self) -> io::Result<()> {
        self.handle.sync_all()
    }
}

/// Writes a range of a file to the disk and waits for it. Unlike fdatasync this forces no commit of the file
/// system's own journal, for which the commits of another file would have to wait; it makes nothing durable.
fn push_out(file: &File, at: u64, length: usize) -> io::Result<()> {
    let all = libc::SYNC_FILE_RANGE_WAIT_BEFORE | libc::SYNC_FILE_RANGE_WRITE | libc::SYNC_FILE_RANGE_WAIT_AFTER;
    let (at, length) = (at as libc::off64_t, length as libc::off64_t);
    // SAFETY: the descriptor is open; the call has no memory effects.
    match unsafe { libc::sync_file_range(file.as_raw_fd(), at, length, all) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Reads until `into` is full or the file ends (another process may have cut it in between).
fn read_up_to(file: &File, into: &mut [u8]) -> io::Result<usize> {
    let mut done = 0;
    while done < into.len() {
        match file.read_at(&mut into[done..], done as u64) {
            Ok(0) => break,
            Ok(count) => done += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}

struct HostFile(File);

impl Store for HostFile {
    fn write_at(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all_at(bytes, at)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn truncate(&mut self, bytes: u64) -> io::Result<()> {
        self.0.set_len(bytes)?;
        self.0.sync_all()
    }
}
