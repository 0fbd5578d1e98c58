//! The memory of the books: filled when it is made, in large pages where the system gives them, and asked for ahead.
//!
//! catalogue: M2. A message reads some lines far apart. With pages of 4 KiB each of them also misses the processor's table of
//! pages, which costs as much as the line; and a fresh page is mapped at its first write, which costs more than a message.

/// The least memory that is worth a large page, bytes.
const LARGE: usize = 1 << 21;
/// What `madvise` counts in, bytes.
const PAGE: usize = 1 << 12;

/// `count` copies of a value, their pages mapped.
pub(super) fn filled<T: Copy>(count: usize, value: T) -> Box<[T]> {
    let mut all: Vec<T> = Vec::with_capacity(count);
    advise(all.as_mut_ptr().addr(), count * size_of::<T>());
    // The value is hidden, or zeros would become memory whose pages are mapped later.
    all.resize(count, std::hint::black_box(value));
    all.into_boxed_slice()
}

/// Asks for large pages. It is a wish: whether it is granted changes no result.
fn advise(start: usize, len: usize) {
    let first = start.next_multiple_of(PAGE);
    let end = (start + len) / PAGE * PAGE;
    if len >= LARGE && first < end {
        // SAFETY: the pages lie within memory that was just allocated; this advice changes no byte of it.
        unsafe { libc::madvise(std::ptr::without_provenance_mut(first), end - first, libc::MADV_HUGEPAGE) };
    }
}

/// Asks for a line without waiting for it.
#[inline(always)]
pub(super) fn fetch<T>(line: *const T) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a prefetch reads nothing and faults on no address; SSE is part of every x86-64.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(line.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = line;
}
