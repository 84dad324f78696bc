//! The checked kernels as Python functions: arrays in and out without a copy, the interpreter lock released.

use pyo3::prelude::*;
use pyo3::types::PyDict;

mod array;
mod functions;

/// The versions of what this extension was built with.
#[pyfunction]
fn versions(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let versions = PyDict::new(py);
    versions.set_item("rustc", env!("SPIKEMIRROR_RUSTC"))?;
    Ok(versions)
}

/// The kernels in Rust.
#[pymodule]
fn _rust(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add_function(wrap_pyfunction!(versions, module)?)?;
    functions::add_to(module)
}
