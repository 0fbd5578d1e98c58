//! Bytes and batches of records between Python and the core: read where they lie or copied in, handed out as bytes.
//!
//! catalogue: M2, M4. A batch is copied, because another thread may write to it while the GIL is released.

use crate::error::raise;
use pyo3::buffer::{PyBuffer, PyUntypedBuffer};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use tickwright_core::bars::Bar;
use tickwright_core::book::l2::LevelDelta;
use tickwright_core::book::l3::OrderRecord;
use tickwright_core::clamm::quotes::batch::Row;
use tickwright_core::clamm::u256::U256;
use tickwright_core::error::CoreError;
use tickwright_core::event::Level;

/// A record of integers without padding: every bit pattern is one, and every byte of one is initialised.
///
/// # Safety
/// The type is `repr(C)`, its fields are integers (or arrays of such types), and its size is the sum of theirs.
pub unsafe trait Plain: Copy {}

// SAFETY: all three are `repr(C)` integers without padding; the core asserts their sizes.
unsafe impl Plain for OrderRecord {}
// SAFETY: as above.
unsafe impl Plain for LevelDelta {}
// SAFETY: as above, and an array of two has nothing between them.
unsafe impl Plain for [Level; 2] {}
// SAFETY: as above.
unsafe impl Plain for Level {}
// SAFETY: as above; its padding is a field.
unsafe impl Plain for Bar {}
// SAFETY: an integer.
unsafe impl Plain for i64 {}
// SAFETY: an integer.
unsafe impl Plain for u64 {}
// SAFETY: an integer.
unsafe impl Plain for u32 {}
// SAFETY: `repr(C)`, three arrays of limbs and two integers; the core asserts that nothing lies between them.
unsafe impl Plain for Row {}
// SAFETY: an integer.
unsafe impl Plain for i32 {}
// SAFETY: four limbs side by side; the type is transparent.
unsafe impl Plain for U256 {}

/// The records of a contiguous buffer of whole ones, or of bytes; else an `InputError` about `field` that says `why`.
pub fn copied<T: Plain>(buffer: &Bound<'_, PyAny>, field: &'static str, why: &'static str) -> PyResult<Vec<T>> {
    let buffer = PyUntypedBuffer::get(buffer)?;
    let (bytes, item, size) = (buffer.len_bytes(), buffer.item_size(), size_of::<T>());
    if !buffer.is_c_contiguous() || !bytes.is_multiple_of(size) || item != size && item != 1 {
        let was = format!("{bytes} bytes of items of {item}");
        return Err(raise(CoreError::Field { field, was, why }));
    }
    let mut records: Vec<T> = Vec::with_capacity(bytes / size);
    if bytes > 0 {
        // SAFETY: the buffer is contiguous and `bytes` long, the vector has room for as much, every bit pattern is a record,
        // and bytes are copied, so the buffer needs no alignment.
        unsafe {
            std::ptr::copy_nonoverlapping(buffer.buf_ptr().cast::<u8>(), records.as_mut_ptr().cast::<u8>(), bytes);
            records.set_len(bytes / size);
        }
    }
    Ok(records)
}

/// The bytes of a contiguous buffer, where they lie; else an `InputError` about the payload.
pub fn payload_of(buffer: &PyBuffer<u8>) -> PyResult<&[u8]> {
    if !buffer.is_c_contiguous() {
        return Err(raise(CoreError::Field { field: "payload", was: "strided".into(), why: "must be contiguous" }));
    }
    // SAFETY: the buffer is contiguous bytes, held by `buffer` as long; the lock is held, so nobody writes meanwhile.
    Ok(unsafe { std::slice::from_raw_parts(buffer.buf_ptr().cast(), buffer.len_bytes()) })
}

/// Records as bytes, for `numpy.frombuffer`.
pub fn bytes_of<'py, T: Plain>(py: Python<'py>, records: &[T]) -> Bound<'py, PyBytes> {
    PyBytes::new(py, raw(records))
}

/// The bytes of records, where they lie.
pub const fn raw<T: Plain>(records: &[T]) -> &[u8] {
    // SAFETY: every byte of a `Plain` record is initialised, and a u8 has no alignment.
    unsafe { std::slice::from_raw_parts(records.as_ptr().cast::<u8>(), size_of_val(records)) }
}
