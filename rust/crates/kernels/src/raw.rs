//! Arrays by address, as other languages hand them over: the way from there to a call of a checked kernel.
#![allow(unsafe_code)]

use std::any::Any;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::slice::{from_raw_parts, from_raw_parts_mut};
use std::time::Instant;

use crate::array::{DType, Data, Input, Output, Parameter};
use crate::check::span;
use crate::checked::Run;
use crate::rejection::Failure;

/// An array that belongs to somebody else.
#[derive(Clone, Copy, Debug)]
pub struct Raw<'a> {
    /// What its elements are.
    pub dtype: DType,
    /// The size of an element in bytes.
    pub size: usize,
    /// Where its elements begin, in C order; anywhere if there are none.
    pub address: usize,
    /// The lengths of its axes.
    pub shape: &'a [usize],
}

impl<'a> Raw<'a> {
    fn addresses(&self) -> Range<usize> {
        self.address..self.address + span(self.shape) * self.size
    }

    /// Whether the two have a byte in common.
    pub fn overlaps(&self, other: &Self) -> bool {
        let (a, b) = (self.addresses(), other.addresses());
        !a.is_empty() && !b.is_empty() && a.start < b.end && b.start < a.end
    }

    /// The array, for reading.
    ///
    /// # Safety
    ///
    /// As many aligned elements of this dtype as the shape says lie there, and live unchanged for `'a`.
    pub unsafe fn input(&self) -> Input<'a> {
        let (address, count) = (self.address, span(self.shape));
        // SAFETY: the caller's.
        let data = unsafe {
            match self.dtype {
                DType::F32 => Data::F32(slice(address, count)),
                DType::F64 => Data::F64(slice(address, count)),
                DType::U8 => Data::U8(slice(address, count)),
                DType::I32 => Data::I32(slice(address, count)),
                DType::U32 => Data::U32(slice(address, count)),
                DType::Other => Data::Other,
            }
        };
        Input {
            data,
            shape: self.shape,
        }
    }

    /// The array, for writing.
    ///
    /// # Safety
    ///
    /// As many aligned elements of this dtype as the shape says lie there, and live for `'a`, reached in no other way.
    pub unsafe fn output(&self) -> Output<'a> {
        let (address, count) = (self.address, span(self.shape));
        // SAFETY: the caller's.
        unsafe {
            match self.dtype {
                DType::F32 => Output::F32(slice_mut(address, count)),
                DType::F64 => Output::F64(slice_mut(address, count)),
                DType::U8 => Output::U8(slice_mut(address, count)),
                DType::I32 => Output::I32(slice_mut(address, count)),
                DType::U32 => Output::U32(slice_mut(address, count)),
                DType::Other => Output::Other,
            }
        }
    }
}

/// So many elements at an address, which may be any if there are none.
///
/// # Safety
///
/// As [`from_raw_parts`].
pub unsafe fn slice<'a, E>(address: usize, count: usize) -> &'a [E] {
    if count == 0 {
        return &[];
    }
    // SAFETY: the caller's.
    unsafe { from_raw_parts(address as *const E, count) }
}

/// So many elements at an address, which may be any if there are none.
///
/// # Safety
///
/// As [`from_raw_parts_mut`].
pub unsafe fn slice_mut<'a, E>(address: usize, count: usize) -> &'a mut [E] {
    if count == 0 {
        return &mut [];
    }
    // SAFETY: the caller's.
    unsafe { from_raw_parts_mut(address as *mut E, count) }
}

/// Why a call gave no outputs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The checked kernel did not compute.
    Failed(Failure),
    /// It panicked, with this message.
    Panicked(String),
}

/// Calls a checked kernel once or, given room for durations, as often as there is room. A panic ends here.
pub fn call(
    run: Run,
    inputs: &[Input<'_>],
    parameters: &[Parameter],
    outputs: &mut [Output<'_>],
    nanoseconds: Option<&mut [i64]>,
) -> Result<(), Fault> {
    let body = || match nanoseconds {
        None => run(inputs, parameters, outputs),
        Some(times) => times.iter_mut().try_for_each(|nanoseconds| {
            let start = Instant::now();
            let done = run(inputs, parameters, outputs);
            *nanoseconds = i64::try_from(start.elapsed().as_nanos()).unwrap_or(i64::MAX);
            done
        }),
    };
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(done) => done.map_err(Fault::Failed),
        Err(panic) => Err(Fault::Panicked(message(&*panic).to_owned())),
    }
}

fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}
