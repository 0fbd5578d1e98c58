//! Where a ring lives: a region of plain memory that both ends share, or one that two processes have mapped.
//!
//! catalogue: K7. The layout is the same in both: three control lines, then the bytes.

use crate::error::{CoreError, Result};
use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The bit of the claims word that the producer takes.
pub(super) const PRODUCER: u64 = 1;
/// The bit of the claims word that the consumer takes.
pub(super) const CONSUMER: u64 = 2;

/// Marks an initialised region ("TWRING", layout 1).
const MAGIC: u64 = 0x0001_474e_4952_5754;
/// Two cache lines, because adjacent-line prefetch of x86 pulls lines in pairs: padding by one would still let
/// the producer's and the consumer's positions disturb one another.
const LINE: usize = 128;
const CAPACITY_LEAST: usize = 4096;

#[repr(C, align(128))]
#[derive(Debug)]
struct Line<T>(T);

/// The first 384 bytes of a region. `head` and `tail` have a line each, because each is written by one side for
/// every message and must not take the other's line away with it.
#[repr(C)]
#[derive(Debug)]
struct Control {
    fixed: Line<Fixed>,
    tail: Line<AtomicU64>,
    head: Line<AtomicU64>,
}
const _: () = assert!(size_of::<Control>() == 3 * LINE);

/// What never changes after the ring is made, except for the claims, which change twice.
#[repr(C)]
#[derive(Debug)]
struct Fixed {
    magic: u64,
    capacity: u64,
    claims: AtomicU64,
}

/// Plain memory, freed when the last end is dropped.
#[derive(Debug)]
struct Owned {
    start: NonNull<u8>,
    layout: Layout,
}

impl Drop for Owned {
    fn drop(&mut self) {
        // SAFETY: allocated in `Region::plain` with this layout, and the last `Arc` is gone.
        unsafe { dealloc(self.start.as_ptr(), self.layout) };
    }
}

// SAFETY: an address and a layout that nobody reads until the last clone, on whichever thread, frees the memory once.
unsafe impl Send for Owned {}
// SAFETY: as above: nothing can be changed through it.
unsafe impl Sync for Owned {}

/// A ring's memory. Clones name the same memory.
#[derive(Debug, Clone)]
pub struct Region {
    control: NonNull<Control>,
    data: NonNull<u8>,
    capacity: usize,
    /// Holds plain memory alive; a shared mapping is held by whoever mapped it.
    _owned: Option<Arc<Owned>>,
}

// SAFETY: the control block is atomics and constants; the data bytes are handed over by the ring's SYNC POINTs.
unsafe impl Send for Region {}
// SAFETY: every access to the bytes goes through a Producer or Consumer by `&mut self`; a shared reference to a
// region reads nothing.
unsafe impl Sync for Region {}

impl Region {
    /// New plain memory for a ring of `capacity` bytes, a power of two of at least 4096.
    pub fn plain(capacity: usize) -> Result<Self> {
        Self::check_capacity(capacity)?;
        let layout = Layout::from_size_align(size_of::<Control>() + capacity, LINE)
            .map_err(|_| Self::bad_capacity(capacity, "is larger than memory can be"))?;
        // SAFETY: the layout is not empty.
        let start = NonNull::new(unsafe { alloc_zeroed(layout) })
            .ok_or_else(|| Self::bad_capacity(capacity, "is more memory than the system gives"))?;
        let owned = Arc::new(Owned { start, layout });
        // SAFETY: fresh memory of that size and alignment, owned by this region.
        let mut region = unsafe { Self::create(start.as_ptr(), layout.size())? };
        region._owned = Some(owned);
        Ok(region)
    }

    /// Lays a new ring into memory that the caller has mapped: the largest power of two that fits behind the
    /// control lines becomes its capacity.
    ///
    /// # Safety
    /// `start` points to `length` zeroed, writable bytes that stay mapped as long as any clone or end lives, and
    /// nobody else uses them before this returns.
    pub unsafe fn create(start: *mut u8, length: usize) -> Result<Self> {
        let room = length.saturating_sub(size_of::<Control>());
        let capacity = if room == 0 { 0 } else { 1 << room.ilog2() };
        Self::check_capacity(capacity)?;
        let control = Self::control_at(start)?;
        // SAFETY: aligned (checked), inside the caller's bytes, and nobody else looks yet.
        unsafe {
            control.write(Control {
                fixed: Line(Fixed { magic: MAGIC, capacity: capacity as u64, claims: AtomicU64::new(0) }),
                tail: Line(AtomicU64::new(0)),
                head: Line(AtomicU64::new(0)),
            });
            Self::attach(start, length)
        }
    }

    /// Opens a ring that another process has laid into shared memory.
    ///
    /// # Safety
    /// `start` points to `length` readable and writable bytes that stay mapped as long as any clone or end lives.
    pub unsafe fn attach(start: *mut u8, length: usize) -> Result<Self> {
        if length < size_of::<Control>() {
            return Err(Self::bad_capacity(length, "is shorter than the control lines of a ring"));
        }
        let control = Self::control_at(start)?;
        // SAFETY: aligned and inside the caller's bytes; magic and capacity are only written before sharing.
        let (magic, capacity) = unsafe {
            let fixed = &control.as_ref().fixed.0;
            (fixed.magic, fixed.capacity as usize)
        };
        if magic != MAGIC {
            return Err(CoreError::Field { field: "ring.magic", was: format!("{magic:#x}"), why: "is not a ring" });
        }
        Self::check_capacity(capacity)?;
        if capacity > length - size_of::<Control>() {
            return Err(Self::bad_capacity(capacity, "is larger than the shared memory"));
        }
        // SAFETY: the length was checked to reach beyond the control block.
        let data = unsafe { control.cast::<u8>().add(size_of::<Control>()) };
        Ok(Self { control, data, capacity, _owned: None })
    }

    fn control_at(start: *mut u8) -> Result<NonNull<Control>> {
        let control = NonNull::new(start.cast::<Control>()).filter(|pointer| pointer.is_aligned());
        control.ok_or_else(|| CoreError::Field {
            field: "ring.region",
            was: format!("{start:p}"),
            why: "must start at a multiple of 128 bytes",
        })
    }

    fn check_capacity(capacity: usize) -> Result<()> {
        if capacity.is_power_of_two() && capacity >= CAPACITY_LEAST {
            return Ok(());
        }
        Err(Self::bad_capacity(capacity, "must be a power of two of at least 4096 bytes"))
    }

    fn bad_capacity(capacity: usize, why: &'static str) -> CoreError {
        CoreError::Field { field: "ring.capacity", was: capacity.to_string(), why }
    }

    /// Takes one end; a second taker is refused.
    pub(super) fn claim(&self, end: u64) -> Result<()> {
        // AcqRel: a claim is a lock that is taken once; nothing else is published through it.
        if self.fixed().claims.fetch_or(end, Ordering::AcqRel) & end == 0 {
            return Ok(());
        }
        let was = if end == PRODUCER { "producer" } else { "consumer" };
        Err(CoreError::Field { field: "ring.end", was: was.to_owned(), why: "is already taken" })
    }

    fn fixed(&self) -> &Fixed {
        // SAFETY: the control block lives as long as the region, and only its atomics are written.
        unsafe { &self.control.as_ref().fixed.0 }
    }

    /// Where the consumer is.
    #[inline]
    pub(super) fn head(&self) -> &AtomicU64 {
        // SAFETY: as in `fixed`.
        unsafe { &self.control.as_ref().head.0 }
    }

    /// Where the producer is.
    #[inline]
    pub(super) fn tail(&self) -> &AtomicU64 {
        // SAFETY: as in `fixed`.
        unsafe { &self.control.as_ref().tail.0 }
    }

    /// Bytes of messages that fit.
    #[inline]
    pub(super) const fn capacity(&self) -> usize {
        self.capacity
    }

    /// Writes one word at offset `at`.
    ///
    /// # Safety
    /// `at + 8` lies inside the capacity, `at` is a multiple of 8, and the other end does not touch it now.
    #[inline]
    pub(super) unsafe fn put_word(&self, at: usize, word: u64) {
        // SAFETY: the caller's contract; the data start is 128-aligned.
        unsafe { self.data.add(at).cast::<u64>().write(word) };
    }

    /// Writes bytes at offset `at`.
    ///
    /// # Safety
    /// The run lies inside the capacity and the other end does not touch it now.
    #[inline]
    pub(super) unsafe fn put(&self, at: usize, bytes: &[u8]) {
        // SAFETY: the caller's contract; a caller's slice cannot overlap memory that only this ring hands out.
        unsafe { self.data.add(at).as_ptr().copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
    }

    /// Reads one word at offset `at`.
    ///
    /// # Safety
    /// As for `put_word`.
    #[inline]
    pub(super) unsafe fn word(&self, at: usize) -> u64 {
        // SAFETY: the caller's contract.
        unsafe { self.data.add(at).cast::<u64>().read() }
    }

    /// Shows `length` bytes at offset `at` to `look`.
    ///
    /// # Safety
    /// As for `put`, for as long as `look` runs.
    #[inline]
    pub(super) unsafe fn with<R>(&self, at: usize, length: usize, look: impl FnOnce(&[u8]) -> R) -> R {
        // SAFETY: the caller's contract.
        look(unsafe { std::slice::from_raw_parts(self.data.add(at).as_ptr(), length) })
    }
}
