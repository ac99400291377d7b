//! Ready-made kernels: each is WGSL text beside its Rust twin, and its sizes are proved before it runs.

mod map;
mod matmul;
mod reduce;

pub use matmul::Matrix;
pub(crate) use matmul::Second;
pub use reduce::Sum;

use crate::{Element, GpuError};

/// Invocations in a workgroup: a multiple of what every GPU runs at once.
const GROUP: usize = 256;

/// Workgroups for `groups` in a row, folded into two dimensions where one is too short.
fn fold(name: &str, groups: usize, limit: [u32; 3]) -> Result<[u32; 3], GpuError> {
    let row = groups.min(limit[0] as usize).max(1);
    let rows = groups.div_ceil(row);
    match (u32::try_from(row), u32::try_from(rows)) {
        (Ok(row), Ok(rows)) if rows <= limit[1] => Ok([row, rows, 1]),
        _ => Err(GpuError::TooLarge {
            what: format!("workgroups of {name}"),
            asked: groups as u64,
            limit: u64::from(limit[0]) * u64::from(limit[1]),
        }),
    }
}

/// Puts the type's name into a text, for each `T`-like mark.
fn typed<T: Element>(text: &str, mark: &str) -> String {
    text.replace(mark, T::WGSL)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workgroups_fold_into_two_dimensions() {
        let limit = [65_535; 3];
        assert_eq!(fold("f", 1, limit), Ok([1, 1, 1]));
        assert_eq!(fold("f", 65_535, limit), Ok([65_535, 1, 1]));
        assert_eq!(fold("f", 65_536, limit), Ok([65_535, 2, 1]));
        assert!(matches!(fold("f", usize::MAX, limit), Err(GpuError::TooLarge { .. })));
    }
}
