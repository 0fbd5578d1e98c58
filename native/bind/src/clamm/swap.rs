//! The tuple of what a swap gives, its members by name.
//!
//! catalogue: S4.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::IntoPyDict;

static SWAP: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

/// The class of what a swap gives: a tuple whose members have names.
pub fn swap_class(py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
    let made = SWAP.get_or_try_init(py, || {
        let options = [("module", "native._core")].into_py_dict(py)?;
        let members = ("ClammSwap", "amount0 amount1 sqrt_price liquidity tick");
        py.import("collections")?.call_method("namedtuple", members, Some(&options)).map(Bound::unbind)
    })?;
    Ok(made.bind(py))
}
