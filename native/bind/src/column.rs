//! A column of numbers from Python, copied out in parts: another thread may write to it while the GIL is released.
//!
//! catalogue: M8, S4.

use pyo3::buffer::{Element, PyBuffer};
use pyo3::prelude::*;
use std::marker::PhantomData;
use std::ptr::NonNull;

/// One column; copied where its items do not lie side by side.
pub enum Column<'b, T: Element> {
    /// Where they lie, as long as the buffer is held.
    Whole(NonNull<[T]>, PhantomData<&'b PyBuffer<T>>),
    /// A copy.
    Copied(Vec<T>),
}

impl<'b, T: Element> Column<'b, T> {
    /// The numbers of a buffer, row after row.
    pub fn new(py: Python<'_>, buffer: &'b PyBuffer<T>) -> PyResult<Self> {
        match buffer.as_slice_ptr() {
            Some(items) => Ok(Self::Whole(items, PhantomData)),
            None => Ok(Self::Copied(buffer.to_vec(py)?)),
        }
    }

    /// Copies the items from `from` up to `to` (at most as many as there are). `_py` says that nobody writes to them meanwhile.
    pub fn some(&self, _py: Python<'_>, from: usize, to: usize, out: &mut Vec<T>) {
        out.clear();
        match self {
            Self::Whole(items, _) => {
                let to = to.min(items.len());
                out.reserve(to - from);
                // SAFETY: the buffer is alive for 'b and has `to` items, the vector has room for those from `from` on, and
                // the GIL is held while they are copied.
                unsafe {
                    items
                        .cast::<T>()
                        .add(from)
                        .copy_to_nonoverlapping(NonNull::new_unchecked(out.as_mut_ptr()), to - from);
                    out.set_len(to - from);
                }
            }
            Self::Copied(items) => out.extend_from_slice(&items[from..to]),
        }
    }
}
