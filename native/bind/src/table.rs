//! The versioned C function table that Cython kernels call, exported as a capsule.
//!
//! catalogue: P1. The table holds the core's pinned mathematics and quoting models, so a kernel computes the same
//! bits as Rust and as a Python strategy. A kernel checks `version` and `size` once, then calls under `nogil`.
//! No function unwinds: errors are return codes (0 good, -1 a parameter is out of range).

use pyo3::prelude::*;
use pyo3::types::PyCapsule;
use tickwright_core::event::Level;
use tickwright_core::kernel::KERNEL_ABI;
use tickwright_core::quote::{glft, levels, math};

/// The shape of a ladder of quotes, as `levels::Shape` with C types.
#[repr(C)]
pub struct LadderShape {
    count: u32,
    post_only: u32,
    step_ticks: i64,
    size: i64,
    min_spread_ticks: i64,
    max_position: i64,
}

/// Where a ladder's levels are written: arrays of at least `levels::LEVELS_MAX`.
#[repr(C)]
pub struct LadderOut {
    bids: [Level; levels::LEVELS_MAX],
    asks: [Level; levels::LEVELS_MAX],
    bid_count: u32,
    ask_count: u32,
}

/// The table. Fields are only ever added at the end, and `version` then changes.
#[repr(C)]
pub struct Table {
    version: u32,
    size: u32,
    ln: extern "C" fn(f64) -> f64,
    exp: extern "C" fn(f64) -> f64,
    sqrt: extern "C" fn(f64) -> f64,
    glft: unsafe extern "C" fn(f64, f64, f64, f64, f64, f64, *mut f64, *mut f64) -> i32,
    ladder: unsafe extern "C" fn(*const LadderShape, f64, f64, f64, i64, i64, i64, *mut LadderOut) -> i32,
}

extern "C" fn ln(x: f64) -> f64 {
    math::ln(x)
}

extern "C" fn exp(x: f64) -> f64 {
    math::exp(x)
}

extern "C" fn sqrt(x: f64) -> f64 {
    math::sqrt(x)
}

/// # Safety
/// `half` and `skew` point to writable doubles.
unsafe extern "C" fn glft_quote(
    a: f64,
    k: f64,
    gamma: f64,
    xi: f64,
    sigma: f64,
    size: f64,
    half: *mut f64,
    skew: *mut f64,
) -> i32 {
    let Ok(model) = glft::Model::new(&glft::Parameters { a, k, gamma, xi, sigma, size }) else { return -1 };
    // SAFETY: the caller gives two writable doubles.
    unsafe {
        *half = model.half_spread();
        *skew = model.skew();
    }
    0
}

/// # Safety
/// `shape` points to a shape and `out` to a writable `LadderOut`.
unsafe extern "C" fn ladder(
    shape: *const LadderShape,
    fair: f64,
    half: f64,
    skew: f64,
    inventory: i64,
    bid: i64,
    ask: i64,
    out: *mut LadderOut,
) -> i32 {
    // SAFETY: the caller gives a shape and a writable result.
    let (shape, out) = unsafe { (&*shape, &mut *out) };
    let shape = levels::Shape {
        count: shape.count,
        step: shape.step_ticks,
        size: shape.size,
        spread_min: shape.min_spread_ticks,
        post_only: shape.post_only != 0,
        position_max: shape.max_position,
    };
    let view = levels::View { fair, half_spread: half, skew, inventory, bid, ask };
    let mut quotes = levels::Quotes::default();
    if levels::Ladder::new(shape).and_then(|model| model.quote(&view, &mut quotes)).is_err() {
        return -1;
    }
    (out.bid_count, out.ask_count) = (quotes.bids().len() as u32, quotes.asks().len() as u32);
    out.bids[..quotes.bids().len()].copy_from_slice(quotes.bids());
    out.asks[..quotes.asks().len()].copy_from_slice(quotes.asks());
    0
}

static TABLE: Table =
    Table { version: KERNEL_ABI, size: size_of::<Table>() as u32, ln, exp, sqrt, glft: glft_quote, ladder };

/// Adds the capsule `_API` to the module.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    let pointer = std::ptr::NonNull::from(&TABLE).cast();
    // SAFETY: TABLE is static, so the pointer stays valid for the life of the process.
    let capsule = unsafe { PyCapsule::new_with_pointer(m.py(), pointer, c"native._core._API")? };
    m.add("_API", capsule)?;
    m.add("KERNEL_ABI", KERNEL_ABI)
}
