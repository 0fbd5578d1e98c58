//! One mapping from the core's error to the Python exception tree.

use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use pyo3::{PyErr, create_exception};
use tickwright_core::error::CoreError;

create_exception!(native._core, TickwrightError, PyException, "The root of every error that Tickwright raises.");
create_exception!(native._core, InputError, TickwrightError, "Bad input: the message names the field and the value.");
create_exception!(native._core, DecodeError, InputError, "Bytes from a venue that cannot be decoded.");
create_exception!(native._core, UnknownError, InputError, "A name or id that nothing has defined.");
create_exception!(native._core, FullError, TickwrightError, "A bounded structure is full; nothing was stored.");
create_exception!(native._core, DamagedError, TickwrightError, "A journal or snapshot is damaged; the place is named.");
create_exception!(native._core, StorageError, TickwrightError, "The operating system refused an operation on a file.");
create_exception!(native._core, BrokenError, TickwrightError, "An invariant does not hold: cancel all and stop.");
create_exception!(
    native._core,
    RevertError,
    TickwrightError,
    "A contract refuses a call. The arguments are its reason as text, and the return data."
);

/// The Python exception for a core error; the message is the core's own.
pub fn raise(error: CoreError) -> PyErr {
    let text = error.to_string();
    match error {
        CoreError::Field { .. } => InputError::new_err(text),
        CoreError::Decode { .. } => DecodeError::new_err(text),
        CoreError::Unknown { .. } => UnknownError::new_err(text),
        CoreError::Full { .. } => FullError::new_err(text),
        CoreError::Damaged { .. } => DamagedError::new_err(text),
        CoreError::Io { .. } => StorageError::new_err(text),
        CoreError::Broken { .. } => BrokenError::new_err(text),
    }
}

/// Adds the exception tree to the module.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = m.py();
    m.add("TickwrightError", py.get_type::<TickwrightError>())?;
    m.add("InputError", py.get_type::<InputError>())?;
    m.add("DecodeError", py.get_type::<DecodeError>())?;
    m.add("UnknownError", py.get_type::<UnknownError>())?;
    m.add("FullError", py.get_type::<FullError>())?;
    m.add("DamagedError", py.get_type::<DamagedError>())?;
    m.add("StorageError", py.get_type::<StorageError>())?;
    m.add("BrokenError", py.get_type::<BrokenError>())?;
    m.add("RevertError", py.get_type::<RevertError>())
}
