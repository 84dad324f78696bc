//! What crosses the C interface, and from there to a checked call.

use std::ffi::c_void;

use spikemirror_kernels::array::{DType, Parameter};
use spikemirror_kernels::checked::{Kernel, Kind};
use spikemirror_kernels::raw::{self, Fault, Raw, slice, slice_mut};
use spikemirror_kernels::rejection::Failure;

const MAX_RANK: usize = 8;
const WRONG_OUTPUT: i32 = -1;
const ERROR: i32 = -3;

/// C `spikemirror_array`; a length is never below 0, and has the size of a pointer.
#[repr(C)]
pub struct Array {
    data: *mut c_void,
    dtype: i32,
    rank: i32,
    shape: [usize; MAX_RANK],
}

const _: () = assert!(size_of::<usize>() == size_of::<i64>());

impl Array {
    /// An array of more axes than there are lengths passes for an empty one of too many: refused before it is read.
    fn raw(&self) -> Raw<'_> {
        let (dtype, size) = match self.dtype {
            1 => (DType::F32, 4),
            2 => (DType::F64, 8),
            3 => (DType::U8, 1),
            4 => (DType::I32, 4),
            5 => (DType::U32, 4),
            _ => (DType::Other, 0),
        };
        let rank = usize::try_from(self.rank).unwrap_or(0);
        Raw {
            dtype,
            size,
            address: self.data as usize,
            shape: self.shape.get(..rank).unwrap_or(&[0; MAX_RANK + 1]),
        }
    }
}

/// C `spikemirror_parameter`.
#[repr(C)]
pub struct Value {
    bits: u64,
    present: i64,
}

impl Value {
    fn parameter(&self, kind: Kind) -> Parameter {
        if self.present == 0 {
            return Parameter::Absent;
        }
        match kind {
            Kind::Real => Parameter::Real(f64::from_bits(self.bits)),
            Kind::Integer => Parameter::Integer(self.bits.cast_signed()),
            Kind::Word => Parameter::Word(self.bits),
            Kind::Flag => Parameter::Flag(self.bits != 0),
            Kind::Choice(_) => Parameter::Choice(self.bits.cast_signed()),
        }
    }
}

/// Calls a kernel as the header says.
///
/// # Safety
///
/// The caller keeps the header's promises: as many arrays and parameters as the kernel has, the arrays contiguous,
/// aligned, alive and without overlap, the outputs writable, and room for as many durations as there are repetitions.
pub unsafe fn call(
    kernel: &Kernel,
    inputs: *const Array,
    parameters: *const Value,
    outputs: *const Array,
    nanoseconds: *mut i64,
    repeats: i64,
) -> i32 {
    let repeats = usize::try_from(repeats).ok().filter(|count| *count > 0);
    // SAFETY: the caller's.
    let (inputs, values, mut outputs, times) = unsafe {
        let inputs: &[Array] = slice(inputs as usize, kernel.inputs.len());
        let outputs: &[Array] = slice(outputs as usize, kernel.outputs.len());
        let values: &[Value] = slice(parameters as usize, kernel.parameters.len());
        (
            inputs.iter().map(|array| array.raw().input()).collect::<Vec<_>>(),
            values,
            outputs.iter().map(|array| array.raw().output()).collect::<Vec<_>>(),
            repeats.map(|count| slice_mut(nanoseconds as usize, count)),
        )
    };
    let parameters = values
        .iter()
        .zip(kernel.parameters)
        .map(|(value, (_, kind))| value.parameter(*kind));
    let parameters: Vec<_> = parameters.collect();
    match raw::call(kernel.run, &inputs, &parameters, &mut outputs, times) {
        Ok(()) => 0,
        Err(Fault::Failed(Failure::Rejected(rejection))) => rejection.number(),
        Err(Fault::Failed(Failure::WrongOutput(_))) => WRONG_OUTPUT,
        Err(Fault::Failed(Failure::WrongSignature) | Fault::Panicked(_)) => ERROR,
    }
}
