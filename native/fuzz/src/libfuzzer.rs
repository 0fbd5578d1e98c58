//! libFuzzer's loop over one target.
//!
//! Source: LLVM's documentation of libFuzzer, "Using libFuzzer as a library": `LLVMFuzzerRunDriver` takes the program's
//! arguments and a callback. `libfuzzer-sys` brings the library itself, and expects `rust_fuzzer_test_input`.

use std::cell::RefCell;
use std::ffi::{CString, c_char, c_int};
use tickwright_core::fuzz::Driver;

// Brings in the library that it compiles.
use libfuzzer_sys as _;

type OneInput = unsafe extern "C" fn(*const u8, usize) -> c_int;

unsafe extern "C" {
    fn LLVMFuzzerRunDriver(count: *mut c_int, words: *mut *mut *mut c_char, one: OneInput) -> c_int;
}

thread_local! {
    /// The target; libFuzzer calls back on the thread that entered it.
    static DRIVER: RefCell<Option<Driver>> = const { RefCell::new(None) };
}

/// Runs libFuzzer with these arguments, the program's name first. It ends the process where it finds something.
pub(crate) fn run(driver: Driver, arguments: impl Iterator<Item = String>) -> Result<(), String> {
    let words: Result<Vec<CString>, _> = arguments.map(CString::new).collect();
    let words = words.map_err(|error| error.to_string())?;
    let mut pointers: Vec<*mut c_char> = words.into_iter().map(CString::into_raw).collect();
    let mut count = c_int::try_from(pointers.len()).map_err(|error| error.to_string())?;
    pointers.push(std::ptr::null_mut());
    DRIVER.set(Some(driver));
    let mut pointers = pointers.as_mut_ptr();
    // SAFETY: `count` strings that end with NUL, and a null pointer behind them; all live until the process ends.
    match unsafe { LLVMFuzzerRunDriver(&mut count, &mut pointers, one_input) } {
        0 => Ok(()),
        code => Err(format!("libFuzzer ended with {code}")),
    }
}

/// libFuzzer's callback.
unsafe extern "C" fn one_input(bytes: *const u8, len: usize) -> c_int {
    // SAFETY: libFuzzer passes as many readable bytes as it says, for the time of this call; a null pointer only for 0.
    let bytes = if len == 0 { &[][..] } else { unsafe { std::slice::from_raw_parts(bytes, len) } };
    DRIVER.with_borrow_mut(|driver| driver.as_mut().map_or((), |driver| driver.drive(bytes)));
    0
}

/// The entry point that `libfuzzer-sys` refers to; the one above is used.
#[unsafe(no_mangle)]
fn rust_fuzzer_test_input(_: &[u8]) -> i32 {
    0
}
