//! The one place that calls the matrix multiplication: its interface is made of pointers.
#![allow(unsafe_code)]

use gemm::Parallelism;

use crate::real::Real;

/// `out = a b^T` for C-ordered `a (m, depth)`, `b (n, depth)` and `out (m, n)`, on the calling thread.
pub fn product<T: Real>(depth: usize, a: &[T], b: &[T], out: &mut [T]) {
    let (m, n) = (a.len() / depth, b.len() / depth);
    assert!(a.len() == m * depth && b.len() == n * depth && out.len() == m * n);
    let (width, stride) = (n as isize, depth as isize);
    // SAFETY: the assertion makes every address inside its slice for these sizes and strides; `out` is exclusive.
    unsafe {
        gemm::gemm(
            m,
            n,
            depth,
            out.as_mut_ptr(),
            1,
            width,
            false,
            a.as_ptr(),
            1,
            stride,
            b.as_ptr(),
            stride,
            1,
            T::ZERO,
            T::ONE,
            false,
            false,
            false,
            Parallelism::None,
        );
    }
}
