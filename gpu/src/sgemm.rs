//! A checked front of `matrixmultiply::sgemm`, which takes raw pointers. The one `unsafe` outside of `vulkan`.

#![allow(unsafe_code, reason = "matrixmultiply offers no safe function; lengths are checked here")]

use crate::shapes::Second;

/// `c = a * b` or `a * b^T`, row-major: `a` is m by k, `c` is m by n.
///
/// # Panics
/// When a slice does not have the length that the sizes say.
pub(crate) fn multiply(a: &[f32], b: &[f32], c: &mut [f32], [m, k, n]: [usize; 3], second: Second) {
    let size = |rows: usize, columns: usize| rows.checked_mul(columns).filter(|size| isize::try_from(*size).is_ok());
    assert_eq!(Some(a.len()), size(m, k), "the left matrix has m by k elements");
    assert_eq!(Some(b.len()), size(k, n), "the right matrix has k by n elements");
    assert_eq!(Some(c.len()), size(m, n), "the product has m by n elements");
    let ([rows, columns], one) = ([k as isize, n as isize], 1);
    let (b_row, b_column) = match second {
        Second::AsIs => (columns, one),
        Second::Transposed => (one, rows),
    };
    // SAFETY: with these strides the last element of each matrix is at (rows - 1) * columns + (columns - 1), which is
    // inside of its slice by the lengths checked above; `c` is borrowed uniquely, so it overlaps neither input, and its
    // rows do not overlap each other.
    unsafe {
        matrixmultiply::sgemm(
            m,
            k,
            n,
            1.0,
            a.as_ptr(),
            rows,
            one,
            b.as_ptr(),
            b_row,
            b_column,
            0.0,
            c.as_mut_ptr(),
            columns,
            one,
        );
    }
}
