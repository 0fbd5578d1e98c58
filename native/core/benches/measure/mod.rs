//! What every bench of the core shares: this thread's CPU clock, and the median.

#![allow(dead_code, reason = "each bench is a program of its own and uses a part of this file")]

/// CPU time of this thread in nanoseconds.
pub fn cpu_ns() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is to a timespec of ours; the clock exists on every Linux.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// The median of a few figures.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Refuses a build whose figures would mean nothing.
pub fn refuse_debug() {
    if cfg!(debug_assertions) {
        panic!("a debug build says nothing about speed: run cargo bench");
    }
}
