//! The checks that come before every kernel; which of them, and in which order, is generated from the catalogue.

use std::ops::RangeBounds;

use crate::array::{DType, Data, Input};
use crate::partition::everywhere;
use crate::real::Real;
use crate::rejection::{Code, Failure, Rejection};

/// How far from 1 a sum may be that should be 1.
const SUM_TOLERANCE: f64 = 1e-4;

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

/// Axes span at least so many elements.
pub fn at_least(argument: usize, axis: &[usize], least: usize) -> Result<(), Failure> {
    ensure(span(axis) >= least, Code::BadShape, argument)
}

/// The length of a convolution: `floor((source + 2 padding - dilation (window - 1) - 1) / stride) + 1`, not below 0.
///
/// A length that no array has where it is beyond all numbers.
pub fn convolved(source: &[usize], window: &[usize], stride: usize, padding: usize, dilation: usize) -> usize {
    let wide = |length: usize| length as i128;
    let reach = wide(span(source)) + 2 * wide(padding) - wide(dilation) * (wide(span(window)) - 1) - 1;
    usize::try_from((reach.div_euclid(wide(stride)) + 1).max(0)).unwrap_or(usize::MAX)
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

/// A real parameter is not less than another one.
pub fn not_below(argument: usize, value: f64, lower: f64) -> Result<(), Failure> {
    ensure(value >= lower, Code::BadParameter, argument)
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

/// Every element is a class below `classes`.
pub fn targets(argument: usize, input: &Input<'_>, classes: usize) -> Result<(), Failure> {
    // A negative number is beyond all classes.
    let good = |class: &i32| usize::try_from(*class).is_ok_and(|class| class < classes);
    let good = match input.data {
        Data::I32(elements) => everywhere(elements, |part| part.iter().all(good)),
        _ => true,
    };
    ensure(good, Code::BadTarget, argument)
}

/// The elements sum to 1, nearly.
pub fn sums_to_one(argument: usize, input: &Input<'_>) -> Result<(), Failure> {
    let (sum, lost) = match input.data {
        Data::F32(elements) => sum_and_lost(elements.iter().map(|x| f64::from(*x))),
        Data::F64(elements) => sum_and_lost(elements.iter().copied()),
        _ => (1.0, 0.0),
    };
    ensure((sum + lost - 1.0).abs() <= SUM_TOLERANCE, Code::BadParameter, argument)
}

/// The sum as rounded at each step, and what these roundings took: large terms of both signs may cancel.
fn sum_and_lost(terms: impl Iterator<Item = f64>) -> (f64, f64) {
    terms.fold((0.0, 0.0), |(sum, lost), term| {
        let next = sum + term;
        let part = next - sum;
        (next, lost + (sum - (next - part)) + (term - part))
    })
}
