//! Sums and maxima in lanes of a fixed order, so that they become vector code and have the same bits at every width.

use crate::real::Real;

/// Partial results that are kept side by side.
const LANES: usize = 16;

/// The largest of `least` and every `value(x)`.
#[inline(always)]
pub fn largest<T: Real>(values: &[T], least: T, value: impl Fn(T) -> T) -> T {
    let mut lanes = [least; LANES];
    let (chunks, tail) = values.as_chunks::<LANES>();
    for chunk in chunks {
        for (lane, x) in lanes.iter_mut().zip(chunk) {
            *lane = lane.max(value(*x));
        }
    }
    for (lane, x) in lanes.iter_mut().zip(tail) {
        *lane = lane.max(value(*x));
    }
    folded(lanes, T::max)
}

/// Sum of `term(x)`.
#[inline(always)]
pub fn sum<T: Real>(values: &[T], term: impl Fn(T) -> T) -> T {
    let mut lanes = [T::ZERO; LANES];
    let (chunks, tail) = values.as_chunks::<LANES>();
    for chunk in chunks {
        for (lane, x) in lanes.iter_mut().zip(chunk) {
            *lane += term(*x);
        }
    }
    for (lane, x) in lanes.iter_mut().zip(tail) {
        *lane += term(*x);
    }
    folded(lanes, T::add)
}

/// Sum of `term(x, y)`.
#[inline(always)]
pub fn sum_pairs<T: Real>(x: &[T], y: &[T], term: impl Fn(T, T) -> T) -> T {
    let mut lanes = [T::ZERO; LANES];
    let ((x, x_tail), (y, y_tail)) = (x.as_chunks::<LANES>(), y.as_chunks::<LANES>());
    for (x, y) in x.iter().zip(y) {
        for lane in 0..LANES {
            lanes[lane] += term(x[lane], y[lane]);
        }
    }
    for (lane, (x, y)) in lanes.iter_mut().zip(x_tail.iter().zip(y_tail)) {
        *lane += term(*x, *y);
    }
    folded(lanes, T::add)
}

/// Sum of `x y`.
#[inline(always)]
pub fn dot<T: Real>(x: &[T], y: &[T]) -> T {
    sum_pairs(x, y, T::mul)
}

/// The lanes in pairs, and the pairs in pairs, down to one.
#[inline(always)]
fn folded<T: Real>(mut lanes: [T; LANES], join: impl Fn(T, T) -> T) -> T {
    let mut width = LANES;
    while width > 1 {
        width /= 2;
        for lane in 0..width {
            lanes[lane] = join(lanes[lane], lanes[lane + width]);
        }
    }
    lanes[0]
}

/// The place of the largest value, the first of several; 0 if there is none.
#[inline(always)]
pub fn first_largest<V: Copy + PartialOrd>(values: &[V]) -> usize {
    let mut best = 0;
    for (i, value) in values.iter().enumerate() {
        if *value > values[best] {
            best = i;
        }
    }
    best
}
