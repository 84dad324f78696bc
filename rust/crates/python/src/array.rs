//! From NumPy arrays to a checked call, and from its failure to a number or an exception.
#![allow(unsafe_code)]

use numpy::npyffi::NPY_ARRAY_WRITEABLE;
use numpy::{PyArrayDescrMethods, PyUntypedArray, PyUntypedArrayMethods};
use pyo3::exceptions::{PyRuntimeError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use spikemirror_kernels::array::{DType, Parameter};
use spikemirror_kernels::check::span;
use spikemirror_kernels::checked::Run;
use spikemirror_kernels::raw::{self, Fault, Raw, slice_mut};
use spikemirror_kernels::rejection::Failure;

/// An argument and its name.
pub type Named<'a, 'py> = (&'static str, &'a Bound<'py, PyAny>);

/// Calls a checked kernel with the interpreter lock released: once or, given `nanoseconds`, as often as that array is
/// long, with the duration of each call written there.
///
/// Returns 0, or the number of a rejection. The arrays must not be changed by other threads meanwhile.
pub fn call<'py, const I: usize, const P: usize, const O: usize>(
    py: Python<'py>,
    run: Run,
    inputs: [Named<'_, 'py>; I],
    parameters: [Parameter; P],
    outputs: [Named<'_, 'py>; O],
    nanoseconds: Option<&Bound<'py, PyAny>>,
) -> PyResult<i32> {
    let mut viewed_inputs = [const { View::NONE }; I];
    for (view, argument) in viewed_inputs.iter_mut().zip(inputs) {
        *view = View::new(argument)?;
    }
    let mut viewed_outputs = [const { View::NONE }; O];
    for (view, argument) in viewed_outputs.iter_mut().zip(outputs) {
        *view = View::writable(argument)?;
    }
    let times = nanoseconds
        .map(|array| View::times(("nanoseconds", array)))
        .transpose()?;
    for (i, output) in viewed_outputs.iter().chain(&times).enumerate() {
        for other in viewed_inputs.iter().chain(&viewed_outputs[..i.min(O)]) {
            if output.raw.overlaps(&other.raw) {
                return Err(PyValueError::new_err(format!(
                    "{} and {} share memory",
                    output.name, other.name
                )));
            }
        }
    }
    // SAFETY: every array is alive during this call, C-contiguous and aligned; outputs are writable and, as was just
    // checked, overlap no other array.
    let (inputs, mut outputs, times) = unsafe {
        (
            viewed_inputs.map(|view| view.raw.input()),
            viewed_outputs.map(|view| view.raw.output()),
            times.map(|view| slice_mut::<i64>(view.raw.address, span(view.raw.shape))),
        )
    };
    match py.detach(|| raw::call(run, &inputs, &parameters, &mut outputs, times)) {
        Ok(()) => Ok(0),
        Err(Fault::Failed(Failure::Rejected(rejection))) => Ok(rejection.number()),
        Err(Fault::Failed(Failure::WrongOutput(place))) => Err(PyValueError::new_err(format!(
            "{} has the wrong dtype or number of elements",
            viewed_outputs.get(place).map_or("an output", |view| view.name)
        ))),
        Err(Fault::Failed(failure @ Failure::WrongSignature)) => Err(PyRuntimeError::new_err(failure.to_string())),
        Err(Fault::Panicked(message)) => Err(PyRuntimeError::new_err(format!("a kernel panicked: {message}"))),
    }
}

/// What is needed of a NumPy array that outlives the call.
#[derive(Clone, Copy)]
struct View<'a> {
    name: &'static str,
    raw: Raw<'a>,
    /// NumPy's letter for the kind of the elements, or 0 if their bytes are swapped.
    kind: u8,
}

impl<'a> View<'a> {
    const NONE: Self = Self {
        name: "",
        raw: Raw {
            dtype: DType::Other,
            size: 0,
            address: 0,
            shape: &[],
        },
        kind: 0,
    };

    fn new((name, array): Named<'a, '_>) -> PyResult<Self> {
        let array = array.cast::<PyUntypedArray>();
        let array = array.map_err(|_| PyTypeError::new_err(format!("{name} must be a NumPy array")))?;
        if !array.is_c_contiguous() || !array.is_aligned() {
            return Err(PyValueError::new_err(format!(
                "{name} must be C-contiguous and aligned"
            )));
        }
        // SAFETY: the pointer is that of a living array.
        let data = unsafe { (*array.as_array_ptr()).fields.data };
        let descriptor = array.dtype();
        let kind = if descriptor.is_native_byteorder() == Some(false) {
            0
        } else {
            descriptor.kind()
        };
        let size = descriptor.itemsize();
        let dtype = match (kind, size) {
            (b'f', 4) => DType::F32,
            (b'f', 8) => DType::F64,
            (b'u', 1) => DType::U8,
            (b'i', 4) => DType::I32,
            (b'u', 4) => DType::U32,
            _ => DType::Other,
        };
        let raw = Raw {
            dtype,
            size,
            address: data as usize,
            shape: array.shape(),
        };
        Ok(Self { name, raw, kind })
    }

    fn writable((name, array): Named<'a, '_>) -> PyResult<Self> {
        let view = Self::new((name, array))?;
        // SAFETY: an array, or `new` would have failed.
        let flags = unsafe { (*array.cast_unchecked::<PyUntypedArray>().as_array_ptr()).fields.flags };
        if flags & NPY_ARRAY_WRITEABLE == 0 {
            return Err(PyValueError::new_err(format!("{name} is read-only")));
        }
        Ok(view)
    }

    /// An array of signed 64-bit integers.
    fn times(argument: Named<'a, '_>) -> PyResult<Self> {
        let view = Self::writable(argument)?;
        if (view.kind, view.raw.size) != (b'i', 8) {
            return Err(PyTypeError::new_err(format!("{} must be int64", view.name)));
        }
        Ok(view)
    }
}
