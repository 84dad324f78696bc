//! The one place that calls the matrix multiplication: its interface is made of pointers.
#![allow(unsafe_code)]

use gemm::Parallelism;

use crate::real::Real;

/// A matrix whose elements follow one another along its rows or, transposed, along its columns.
#[derive(Clone, Copy)]
pub struct Matrix<'a, T> {
    elements: &'a [T],
    rows: usize,
    columns: usize,
    /// Distance from a row to the next, and from a column to the next.
    strides: [usize; 2],
}

impl<'a, T> Matrix<'a, T> {
    /// A matrix in C order.
    pub fn new(columns: usize, elements: &'a [T]) -> Self {
        let rows = elements.len().checked_div(columns).unwrap_or(0);
        Self::part(rows, columns, columns, elements)
    }

    /// Some columns of a matrix in C order whose rows are `width` long; the first column's elements come first.
    pub fn part(rows: usize, columns: usize, width: usize, elements: &'a [T]) -> Self {
        assert!(columns <= width && (rows == 0 || (rows - 1) * width + columns <= elements.len()));
        Self {
            elements,
            rows,
            columns,
            strides: [width, 1],
        }
    }

    /// Rows and columns exchanged.
    pub fn transposed(self) -> Self {
        Self {
            elements: self.elements,
            rows: self.columns,
            columns: self.rows,
            strides: [self.strides[1], self.strides[0]],
        }
    }
}

/// `out = a b` in C order, on the calling thread.
pub fn product<T: Real>(a: Matrix<'_, T>, b: Matrix<'_, T>, out: &mut [T]) {
    multiply(a, b, out, false);
}

/// `out = out + a b` in C order, on the calling thread.
pub fn add_product<T: Real>(a: Matrix<'_, T>, b: Matrix<'_, T>, out: &mut [T]) {
    multiply(a, b, out, true);
}

fn multiply<T: Real>(a: Matrix<'_, T>, b: Matrix<'_, T>, out: &mut [T], add: bool) {
    assert!(a.columns == b.rows && out.len() == a.rows * b.columns);
    // SAFETY: the assertions here and in `Matrix::part` make every address inside its slice for these sizes and
    // strides; `out` is exclusive.
    unsafe {
        gemm::gemm(
            a.rows,
            b.columns,
            a.columns,
            out.as_mut_ptr(),
            1,
            b.columns as isize,
            add,
            a.elements.as_ptr(),
            a.strides[1] as isize,
            a.strides[0] as isize,
            b.elements.as_ptr(),
            b.strides[1] as isize,
            b.strides[0] as isize,
            T::ONE,
            T::ONE,
            false,
            false,
            false,
            Parallelism::None,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_of_parts_and_transposes() {
        let a = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        let a = Matrix::new(3, &a);
        let mut out = [f64::NAN; 4];
        product(a, a.transposed(), &mut out);
        assert_eq!(out, [14.0, 32.0, 32.0, 77.0]);
        let last = Matrix::part(2, 1, 3, &[3.0, 4.0, 5.0, 6.0]);
        add_product(last, last.transposed(), &mut out);
        assert_eq!(out, [23.0, 50.0, 50.0, 113.0]);
    }
}
