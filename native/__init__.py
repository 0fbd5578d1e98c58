"""The compiled core of Tickwright (`native._core`, Rust) and its Cython kernels."""
