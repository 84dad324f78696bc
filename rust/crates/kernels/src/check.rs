//! The checks that come before every kernel; which of them, and in which order, is generated from the catalogue.

use std::ops::RangeBounds;

use rayon::prelude::*;

use crate::array::{DType, Data, Input};
use crate::partition::{CHUNK, PARALLEL_FROM};
use crate::real::Real;
use crate::rejection::{Code, Failure, Rejection};

fn ensure(good: bool, code: Code, argument: usize) -> Result<(), Failure> {
    if good {
        Ok(())
    } else {
        Err(Failure::Rejected(Rejection { code, argument }))
    }
}

/// The array has the dtype `expected`, and that is one of `allowed`.
pub fn dtype(argument: usize, input: &Input<'_>, expected: DType, allowed: &[DType]) -> Result<(), Failure> {
    ensure(
        input.dtype() == expected && allowed.contains(&expected),
        Code::BadDtype,
        argument,
    )
}

/// The array has at least `low` and at most `high` axes.
pub fn rank(argument: usize, input: &Input<'_>, low: usize, high: usize) -> Result<(), Failure> {
    ensure((low..=high).contains(&input.shape.len()), Code::BadRank, argument)
}

/// Two axes of one name have the same lengths.
pub fn same(argument: usize, axis: &[usize], first: &[usize]) -> Result<(), Failure> {
    ensure(axis == first, Code::BadShape, argument)
}

/// An axis is not empty.
pub fn not_empty(argument: usize, axis: &[usize]) -> Result<(), Failure> {
    ensure(!axis.contains(&0), Code::BadShape, argument)
}

/// A real parameter, rounded to the call's dtype, is finite and in its domain.
pub fn real(argument: usize, value: f64, domain: impl RangeBounds<f64>) -> Result<(), Failure> {
    ensure(
        value.is_finite() && domain.contains(&value),
        Code::BadParameter,
        argument,
    )
}

/// A real parameter is greater than another one.
pub fn above(argument: usize, value: f64, lower: f64) -> Result<(), Failure> {
    ensure(value > lower, Code::BadParameter, argument)
}

/// An integer is in its domain.
pub fn integer(argument: usize, value: i64, domain: impl RangeBounds<i64>) -> Result<(), Failure> {
    ensure(domain.contains(&value), Code::BadParameter, argument)
}

/// An integer that counts something.
pub fn count(argument: usize, value: i64) -> Result<usize, Failure> {
    usize::try_from(value).map_err(|_| {
        Failure::Rejected(Rejection {
            code: Code::BadParameter,
            argument,
        })
    })
}

/// The option at that place.
pub fn choice<O: Copy>(argument: usize, place: i64, options: &[O]) -> Result<O, Failure> {
    let option = usize::try_from(place).ok().and_then(|place| options.get(place));
    option.copied().ok_or(Failure::Rejected(Rejection {
        code: Code::BadChoice,
        argument,
    }))
}

/// The number of elements that axes span.
pub fn span(axes: &[usize]) -> usize {
    if axes.contains(&0) { 0 } else { axes.iter().product() }
}

/// Every element is finite.
pub fn finite(argument: usize, input: &Input<'_>) -> Result<(), Failure> {
    let good = match input.data {
        Data::F32(elements) => everywhere(elements, f32::all_finite),
        Data::F64(elements) => everywhere(elements, f64::all_finite),
        _ => true,
    };
    ensure(good, Code::NonFinite, argument)
}

/// Every element is 0 or 1.
pub fn spikes(argument: usize, input: &Input<'_>) -> Result<(), Failure> {
    let good = match input.data {
        Data::U8(elements) => everywhere(elements, |part| part.iter().fold(0, |bits, spike| bits | spike) <= 1),
        _ => true,
    };
    ensure(good, Code::BadSpikes, argument)
}

fn everywhere<E: Sync>(elements: &[E], good: impl Fn(&[E]) -> bool + Send + Sync) -> bool {
    if elements.len() < PARALLEL_FROM {
        good(elements)
    } else {
        elements.par_chunks(CHUNK).all(good)
    }
}
