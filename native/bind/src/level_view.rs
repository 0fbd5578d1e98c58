//! The best levels of a book as memory that numpy reads in place, without copies.
//!
//! catalogue: M2, M4. `numpy.asarray(view)` is a read-only array of shape (2, depth): bids, then asks, best first, each a
//! (price, qty) in ticks and lots; a level that is not there has size 0. The book writes it anew after every call that
//! changes it, with the GIL held, so Python sees the book before a call or after it and nothing between.

use crate::error::raise;
use pyo3::exceptions::PyBufferError;
use pyo3::ffi;
use pyo3::prelude::*;
use std::ffi::{CStr, c_int, c_void};
use tickwright_core::error::CoreError;
use tickwright_core::event::Level;
use tickwright_core::units::Side;

/// The most levels a side of a view.
pub const DEPTH_MAX: usize = 5_000;
/// The most views of one book or set of books: each is written after every call that changes it.
pub const VIEWS_MAX: usize = 64;
/// A level in the notation of PEP 3118.
const FORMAT: &CStr = c"T{=q:price:=q:qty:}";
/// Bytes of a level: two numbers of eight.
const LEVEL_BYTES: isize = size_of::<Level>() as isize;

/// The best levels of both sides of one book.
#[pyclass(module = "native._core", frozen)]
pub struct LevelView {
    /// Bids, then asks. It never moves: numpy holds its address.
    levels: *mut Level,
    depth: usize,
    shape: [isize; 2],
    strides: [isize; 2],
}

// SAFETY: the memory belongs to this object alone, and is written only by `fill` with the GIL held.
unsafe impl Send for LevelView {}
// SAFETY: as for `Send`; readers are Python, with the GIL held.
unsafe impl Sync for LevelView {}

impl LevelView {
    /// A view of `depth` empty levels a side. `Field` for a depth outside 1 to `DEPTH_MAX`.
    pub fn new(depth: usize) -> PyResult<Self> {
        if !(1..=DEPTH_MAX).contains(&depth) {
            let why = "must be 1 to 5000 levels";
            return Err(raise(CoreError::Field { field: "depth", was: depth.to_string(), why }));
        }
        let levels = Box::into_raw(vec![Level { price: 0, qty: 0 }; 2 * depth].into_boxed_slice()).cast();
        let across = depth as isize;
        Ok(Self { levels, depth, shape: [2, across], strides: [across * LEVEL_BYTES, LEVEL_BYTES] })
    }

    /// Writes both sides anew. `best` fills the levels of a side, best first, and says how many there are.
    pub fn fill(&self, _py: Python<'_>, best: impl Fn(Side, &mut [Level]) -> usize) {
        for side in [Side::Buy, Side::Sell] {
            // SAFETY: the side's half of the memory made in `new`; with the GIL held nobody else reads or writes it.
            let out =
                unsafe { std::slice::from_raw_parts_mut(self.levels.add(side as usize * self.depth), self.depth) };
            let count = best(side, out);
            out.iter_mut().skip(count).for_each(|level| *level = Level { price: 0, qty: 0 });
        }
    }
}

impl Drop for LevelView {
    fn drop(&mut self) {
        // SAFETY: the pointer and the length are those of the box that `new` gave up.
        drop(unsafe { Box::from_raw(std::ptr::slice_from_raw_parts_mut(self.levels, 2 * self.depth)) });
    }
}

#[pymethods]
impl LevelView {
    /// Levels a side.
    #[getter]
    fn depth(&self) -> usize {
        self.depth
    }

    /// Lends the memory, read-only, for as long as the borrower lives.
    ///
    /// # Safety
    /// `view` is a valid buffer structure that the interpreter wants filled.
    unsafe fn __getbuffer__(slf: Bound<'_, Self>, view: *mut ffi::Py_buffer, flags: c_int) -> PyResult<()> {
        if view.is_null() {
            return Err(PyBufferError::new_err("the buffer to be filled is null"));
        }
        if flags & ffi::PyBUF_WRITABLE == ffi::PyBUF_WRITABLE {
            return Err(PyBufferError::new_err("a view of a book is read-only"));
        }
        let this = slf.get();
        // SAFETY: `view` is valid; shape, strides and format live as long as this object, which `obj` keeps alive.
        unsafe {
            (*view).buf = this.levels.cast::<c_void>();
            (*view).len = this.depth as isize * 2 * LEVEL_BYTES;
            (*view).readonly = 1;
            (*view).itemsize = LEVEL_BYTES;
            (*view).format = FORMAT.as_ptr().cast_mut();
            (*view).ndim = 2;
            (*view).shape = this.shape.as_ptr().cast_mut();
            (*view).strides = this.strides.as_ptr().cast_mut();
            (*view).suboffsets = std::ptr::null_mut();
            (*view).internal = std::ptr::null_mut();
            (*view).obj = slf.into_any().into_ptr();
        }
        Ok(())
    }
}

/// Adds this file's class to the module.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<LevelView>()
}
