//! The next segment, made before it is needed, and old segments, removed when they are not: the slow file work.
//!
//! catalogue: K4. Zeroing 64 MiB takes a while, so a thread of its own does it and rotation only takes the file
//! over. At most one request and one spare are under way. Tests do the same work in line, so that it is
//! deterministic.

use super::file::{Context, Disk, Store};
use super::segment::file_name;
use crate::error::{CoreError, Result};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

/// A prepared, zeroed file.
pub(super) struct Spare {
    pub(super) file: Box<dyn Store>,
    pub(super) index: u64,
    pub(super) bytes: u64,
}

/// One piece of work.
pub(super) struct Request {
    index: u64,
    bytes: u64,
    /// Segments to remove, oldest first.
    retire: Vec<u64>,
}

/// Prepares spares, in line or on a thread.
pub(super) enum Spares {
    /// The caller waits: for the power-cut tests, which must be deterministic.
    #[cfg(test)]
    InLine(Arc<dyn Disk>),
    /// A thread works ahead.
    Thread { orders: Option<SyncSender<Request>>, made: Receiver<Result<Spare>>, thread: Option<JoinHandle<()>> },
}

impl Spares {
    /// Starts the thread.
    pub(super) fn start(disk: Arc<dyn Disk>) -> Result<Self> {
        let (orders, inbox) = sync_channel::<Request>(1);
        let (outbox, made) = sync_channel(1);
        let work = move || {
            for request in inbox {
                if outbox.send(serve(disk.as_ref(), &request)).is_err() {
                    break;
                }
            }
        };
        let thread = std::thread::Builder::new().name("journal-spare".into()).spawn(work);
        let thread = thread.on("start thread", "journal-spare")?;
        Ok(Self::Thread { orders: Some(orders), made, thread: Some(thread) })
    }

    /// Asks for the segment `index` of `bytes` and for the removal of `retire`. Does not wait on a thread.
    pub(super) fn order(&mut self, index: u64, bytes: u64, retire: Vec<u64>) -> Result<Option<Spare>> {
        let request = Request { index, bytes, retire };
        match self {
            #[cfg(test)]
            Self::InLine(disk) => serve(disk.as_ref(), &request).map(Some),
            Self::Thread { orders, .. } => {
                let sent = orders.as_ref().is_some_and(|orders| orders.try_send(request).is_ok());
                if sent { Ok(None) } else { Err(gone()) }
            }
        }
    }

    /// The spare that was ordered; waits for it where it is not ready. An error is the disk's.
    pub(super) fn take(&mut self) -> Result<Spare> {
        match self {
            #[cfg(test)]
            Self::InLine(_) => Err(gone()),
            Self::Thread { made, .. } => made.recv().unwrap_or_else(|_| Err(gone())),
        }
    }

    /// Ends the thread, so that nothing touches the directory any more.
    pub(super) fn stop(&mut self) {
        match self {
            #[cfg(test)]
            Self::InLine(_) => {}
            Self::Thread { orders, thread, .. } => {
                orders.take();
                // A panic of the thread has nothing to tell that the missing spare does not.
                let _ = thread.take().map(JoinHandle::join);
            }
        }
    }
}

impl Drop for Spares {
    fn drop(&mut self) {
        self.stop();
    }
}

fn gone() -> CoreError {
    CoreError::Broken { invariant: "one spare segment is under way", was: "none".into() }
}

fn serve(disk: &dyn Disk, request: &Request) -> Result<Spare> {
    for index in &request.retire {
        let name = file_name(*index);
        disk.remove(&name).on("remove", &name)?;
        // After each one, so that a power cut cannot leave a hole between the segments that remain.
        disk.sync_dir().on("sync", &disk.place())?;
    }
    prepare(disk, request.index, request.bytes)
}

/// Makes the zeroed file of one segment, durable with its name.
pub(super) fn prepare(disk: &dyn Disk, index: u64, bytes: u64) -> Result<Spare> {
    let name = file_name(index);
    let file = disk.create(&name, bytes).on("create", &name)?;
    disk.sync_dir().on("sync", &disk.place())?;
    Ok(Spare { file, index, bytes })
}
