//! From NumPy arrays to a checked call, and from its failure to a number or an exception.

use std::any::Any;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::slice::{from_raw_parts, from_raw_parts_mut};
use std::time::Instant;

use numpy::npyffi::NPY_ARRAY_WRITEABLE;
use numpy::{PyArrayDescrMethods, PyUntypedArray, PyUntypedArrayMethods};
use pyo3::exceptions::{PyRuntimeError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use spikemirror_kernels::array::{DType, Data, Input, Output, Parameter};
use spikemirror_kernels::checked::Run;
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
            if output.overlaps(other) {
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
            viewed_inputs.map(|view| view.input()),
            viewed_outputs.map(|view| view.output()),
            times.map(|view| slice_mut::<i64>(view.data, view.count)),
        )
    };
    let body = || match times {
        None => run(&inputs, &parameters, &mut outputs),
        Some(times) => times.iter_mut().try_for_each(|nanoseconds| {
            let start = Instant::now();
            let done = run(&inputs, &parameters, &mut outputs);
            *nanoseconds = i64::try_from(start.elapsed().as_nanos()).unwrap_or(i64::MAX);
            done
        }),
    };
    match py.detach(|| catch_unwind(AssertUnwindSafe(body))) {
        Ok(Ok(())) => Ok(0),
        Ok(Err(Failure::Rejected(rejection))) => Ok(rejection.number()),
        Ok(Err(Failure::WrongOutput(place))) => Err(PyValueError::new_err(format!(
            "{} has the wrong dtype or number of elements",
            viewed_outputs.get(place).map_or("an output", |view| view.name)
        ))),
        Ok(Err(failure @ Failure::WrongSignature)) => Err(PyRuntimeError::new_err(failure.to_string())),
        Err(panic) => Err(PyRuntimeError::new_err(format!(
            "a kernel panicked: {}",
            message(&*panic)
        ))),
    }
}

fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}

/// What is needed of a NumPy array that outlives the call.
#[derive(Clone, Copy)]
struct View<'a> {
    name: &'static str,
    data: usize,
    count: usize,
    /// NumPy's letter for the kind of the elements, or 0 if their bytes are swapped.
    kind: u8,
    size: usize,
    shape: &'a [usize],
}

impl<'a> View<'a> {
    const NONE: Self = Self {
        name: "",
        data: 0,
        count: 0,
        kind: 0,
        size: 0,
        shape: &[],
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
        let data = unsafe { (*array.as_array_ptr()).fields.data } as usize;
        let (shape, dtype) = (array.shape(), array.dtype());
        let kind = if dtype.is_native_byteorder() == Some(false) {
            0
        } else {
            dtype.kind()
        };
        Ok(Self {
            name,
            data,
            count: shape.iter().product(),
            kind,
            size: dtype.itemsize(),
            shape,
        })
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
        if (view.kind, view.size) != (b'i', 8) {
            return Err(PyTypeError::new_err(format!("{} must be int64", view.name)));
        }
        Ok(view)
    }

    fn dtype(&self) -> DType {
        match (self.kind, self.size) {
            (b'f', 4) => DType::F32,
            (b'f', 8) => DType::F64,
            (b'u', 1) => DType::U8,
            (b'i', 4) => DType::I32,
            (b'u', 4) => DType::U32,
            _ => DType::Other,
        }
    }

    fn addresses(&self) -> Range<usize> {
        self.data..self.data + self.count * self.size
    }

    fn overlaps(&self, other: &Self) -> bool {
        let (a, b) = (self.addresses(), other.addresses());
        !a.is_empty() && !b.is_empty() && a.start < b.end && b.start < a.end
    }

    /// # Safety
    ///
    /// The array must live, unchanged, for `'a`.
    unsafe fn input(&self) -> Input<'a> {
        let (data, count) = (self.data, self.count);
        // SAFETY: count elements of this dtype lie there, as NumPy says; the caller guarantees the rest.
        let data = unsafe {
            match self.dtype() {
                DType::F32 => Data::F32(slice(data, count)),
                DType::F64 => Data::F64(slice(data, count)),
                DType::U8 => Data::U8(slice(data, count)),
                DType::I32 => Data::I32(slice(data, count)),
                DType::U32 => Data::U32(slice(data, count)),
                DType::Other => Data::Other,
            }
        };
        Input {
            data,
            shape: self.shape,
        }
    }

    /// # Safety
    ///
    /// The array must live for `'a`, be writable, and be reached in no other way meanwhile.
    unsafe fn output(&self) -> Output<'a> {
        let (data, count) = (self.data, self.count);
        // SAFETY: count elements of this dtype lie there, as NumPy says; the caller guarantees the rest.
        unsafe {
            match self.dtype() {
                DType::F32 => Output::F32(slice_mut(data, count)),
                DType::F64 => Output::F64(slice_mut(data, count)),
                DType::U8 => Output::U8(slice_mut(data, count)),
                DType::I32 => Output::I32(slice_mut(data, count)),
                DType::U32 => Output::U32(slice_mut(data, count)),
                DType::Other => Output::Other,
            }
        }
    }
}

/// # Safety
///
/// As [`from_raw_parts`], except that an empty slice may have any address.
unsafe fn slice<'a, E>(data: usize, count: usize) -> &'a [E] {
    if count == 0 {
        return &[];
    }
    // SAFETY: the caller's.
    unsafe { from_raw_parts(data as *const E, count) }
}

/// # Safety
///
/// As [`from_raw_parts_mut`], except that an empty slice may have any address.
unsafe fn slice_mut<'a, E>(data: usize, count: usize) -> &'a mut [E] {
    if count == 0 {
        return &mut [];
    }
    // SAFETY: the caller's.
    unsafe { from_raw_parts_mut(data as *mut E, count) }
}
