//! Matrix products of f32, row-major, of any sizes. Not a linear-algebra library.

use super::fold;
use crate::{
    Access, Buffer, Gpu, GpuError, Kind,
    seam::{Bound, Scalar, Step, Storage, Work},
    sgemm,
    twin::{HostCall, Twin},
};
use std::sync::Arc;

/// How many products an invocation adds up in one dispatch: loops stay far from the 65,535 steps that lavapipe allows.
const DEPTH: usize = 16_384;

const COMMON: &str = "
struct Sizes { m: u32, n: u32, k: u32, begin: u32, end: u32 }
var<immediate> p: Sizes;
@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read_write> c: array<f32>;
";

/// For GPUs: tiles of both matrices in workgroup memory. Tiles are zero outside of the matrices.
const TILES: &str = "
var<workgroup> tile_a: array<f32, 256>;
var<workgroup> tile_b: array<f32, 256>;
@compute @workgroup_size(16, 16)
fn matmul(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) l: vec3<u32>) {
    let row = group.y * 16u + l.y;
    let column = group.x * 16u + l.x;
    var sum = 0.0;
    for (var t = p.begin; t < p.end; t += 16u) {
        tile_a[l.y * 16u + l.x] = 0.0;
        if row < p.m && t + l.x < p.end { tile_a[l.y * 16u + l.x] = a[row * p.k + t + l.x]; }
        LOAD_B
        workgroupBarrier();
        for (var i = 0u; i < 16u; i++) { sum += tile_a[l.y * 16u + i] * tile_b[i * 16u + l.x]; }
        workgroupBarrier();
    }
    if row < p.m && column < p.n {
        if p.begin > 0u { sum += c[row * p.n + column]; }
        c[row * p.n + column] = sum;
    }
}";

const TILE_OF_B: &str = "
        tile_b[l.y * 16u + l.x] = 0.0;
        if t + l.y < p.end && column < p.n { tile_b[l.y * 16u + l.x] = b[(t + l.y) * p.n + column]; }";

/// The lanes of a row run along k, which is how the rows of `b` lie in memory.
const TILE_OF_B_TRANSPOSED: &str = "
        let other = group.x * 16u + l.y;
        tile_b[l.x * 16u + l.y] = 0.0;
        if t + l.x < p.end && other < p.n { tile_b[l.x * 16u + l.y] = b[other * p.k + t + l.x]; }";

/// For software Vulkan, where barriers cost more than loads: each invocation computes 8 rows of one column. Rows beyond
/// the end read zeros, as any index out of range does.
const STRIPS: &str = "
@compute @workgroup_size(64)
fn matmul(@builtin(global_invocation_id) id: vec3<u32>) {
    let column = id.x;
    let row = id.y * 8u;
    if column >= p.n { return; }
    var low = vec4<f32>();
    var high = vec4<f32>();
    let at = row * p.k;
    for (var i = p.begin; i < p.end; i++) {
        let x = INDEX_B;
        low += x * vec4(a[at + i], a[at + p.k + i], a[at + 2u * p.k + i], a[at + 3u * p.k + i]);
        high += x * vec4(a[at + 4u * p.k + i], a[at + 5u * p.k + i], a[at + 6u * p.k + i], a[at + 7u * p.k + i]);
    }
    var sums = array<f32, 8>(low.x, low.y, low.z, low.w, high.x, high.y, high.z, high.w);
    for (var j = 0u; j < 8u && row + j < p.m; j++) {
        let place = (row + j) * p.n + column;
        if p.begin > 0u { sums[j] += c[place]; }
        c[place] = sums[j];
    }
}";

/// How the right matrix lies in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Second {
    /// k rows of n.
    AsIs,
    /// n rows of k.
    Transposed,
}

/// A matrix on a device: a buffer, row after row, and its sizes.
#[derive(Debug)]
pub struct Matrix {
    rows: usize,
    columns: usize,
    values: Buffer<f32>,
}

impl Matrix {
    /// Takes a buffer as a matrix, row after row.
    ///
    /// # Errors
    /// [`GpuError::Shape`] when the buffer does not have `rows * columns` elements.
    pub fn new(rows: usize, columns: usize, values: Buffer<f32>) -> Result<Self, GpuError> {
        if rows.checked_mul(columns) != Some(values.len()) {
            let problem = format!("a matrix of {rows} by {columns} cannot be made of {} elements", values.len());
            return Err(GpuError::Shape { problem });
        }
        Ok(Self { rows, columns, values })
    }

    /// How many rows it has.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// How many columns it has.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Its buffer.
    #[must_use]
    pub fn values(&self) -> &Buffer<f32> {
        &self.values
    }

    /// Gives the buffer back.
    #[must_use]
    pub fn into_values(self) -> Buffer<f32> {
        self.values
    }

    /// Fetches the elements, row after row.
    ///
    /// # Errors
    /// As [`Buffer::download`].
    ///
    /// # Cancel safety
    /// The matrix stays as it is.
    pub async fn download(&self) -> Result<Vec<f32>, GpuError> {
        self.values.download().await
    }
}

impl Gpu {
    /// Puts a matrix onto the device: `rows * columns` elements, row after row.
    ///
    /// # Errors
    /// As [`upload`](Self::upload), and [`GpuError::Shape`] when the number of elements is another.
    ///
    /// # Cancel safety
    /// A dropped upload leaves nothing behind.
    pub async fn matrix(&self, rows: usize, columns: usize, values: Vec<f32>) -> Result<Matrix, GpuError> {
        Matrix::new(rows, columns, self.upload(values).await?)
    }

    /// The product `a * b`.
    ///
    /// Devices add in different orders: each element is within `2 k eps` of the exact one, relative to the sum of the
    /// absolute products, where k is the number of columns of `a`.
    ///
    /// # Errors
    /// [`GpuError::Shape`] unless `a` has as many columns as `b` has rows, and what can go wrong with any dispatch.
    ///
    /// # Cancel safety
    /// `a` and `b` stay as they are.
    pub async fn matmul(&self, a: &Matrix, b: &Matrix) -> Result<Matrix, GpuError> {
        self.product(a, b, Second::AsIs).await
    }

    /// The product `a * b^T`: all dot products of the rows of `a` with the rows of `b`. `a` and `b` may be the same.
    ///
    /// # Errors
    /// [`GpuError::Shape`] unless both have as many columns, and what can go wrong with any dispatch.
    ///
    /// # Cancel safety
    /// `a` and `b` stay as they are.
    pub async fn matmul_transposed(&self, a: &Matrix, b: &Matrix) -> Result<Matrix, GpuError> {
        self.product(a, b, Second::Transposed).await
    }

    async fn product(&self, a: &Matrix, b: &Matrix, second: Second) -> Result<Matrix, GpuError> {
        let (inner, columns, mark) = match second {
            Second::AsIs => (b.rows, b.columns, ""),
            Second::Transposed => (b.columns, b.rows, "^T"),
        };
        if a.columns != inner {
            let sizes = format!("{} by {} with {} by {}", a.rows, a.columns, b.rows, b.columns);
            return Err(GpuError::Shape { problem: format!("a * b{mark}: cannot multiply {sizes}") });
        }
        let (rows, depth) = (a.rows, a.columns);
        let size = rows.checked_mul(columns).unwrap_or(usize::MAX / 4);
        if size == 0 || depth == 0 {
            return Matrix::new(rows, columns, self.zeros(size).await?);
        }
        let (Some(left), Some(right), Some(out)) = (a.values.storage(), b.values.storage(), self.allocate(size)?)
        else {
            unreachable!("no side of the product is zero");
        };
        self.own(left)?;
        self.own(right)?;
        let steps = self.steps([left, right, &out], [rows, depth, columns], second).await?;
        self.perform(Work::Run { steps }).await?;
        Matrix::new(rows, columns, Buffer::new(self.clone(), Some(out)))
    }

    async fn steps(
        &self,
        [a, b, c]: [&Arc<Storage>; 3],
        [m, k, n]: [usize; 3],
        second: Second,
    ) -> Result<Vec<Step>, GpuError> {
        let tiles = self.info().kind != Kind::Software;
        let kernel = self.shape("matmul", || text(tiles, second).into()).await?;
        let twin: Arc<Twin> = Arc::new(move |call: &mut HostCall<'_>| {
            sgemm::multiply(call.input("a"), call.input("b"), call.output("c"), [m, k, n], second);
        });
        let limit = self.info().limits.groups;
        let [width, height] = if tiles { [16, 16] } else { [64, 8] };
        let (x, y) = (
            fold("matmul", n.div_ceil(width), [limit[0], 1, 1])?,
            fold("matmul", m.div_ceil(height), [limit[1], 1, 1])?,
        );
        // The native device takes the whole depth at once.
        let depth = if self.runs_text() { DEPTH } else { k };
        let step = |begin: usize| Step {
            kernel: Arc::clone(&kernel),
            twin: Some(Arc::clone(&twin)),
            bound: vec![
                Bound { name: "a".into(), slot: 0, storage: Arc::clone(a), access: Access::Read },
                Bound { name: "b".into(), slot: 1, storage: Arc::clone(b), access: Access::Read },
                Bound { name: "c".into(), slot: 2, storage: Arc::clone(c), access: Access::Write },
            ],
            scalars: sizes([m, n, k, begin, (begin + depth).min(k)]),
            groups: [x[0], y[0], 1],
        };
        Ok((0..k).step_by(depth).map(step).collect())
    }
}

fn text(tiles: bool, second: Second) -> String {
    let body = match (tiles, second) {
        (true, Second::AsIs) => TILES.replace("LOAD_B", TILE_OF_B),
        (true, Second::Transposed) => TILES.replace("LOAD_B", TILE_OF_B_TRANSPOSED),
        (false, Second::AsIs) => STRIPS.replace("INDEX_B", "b[i * p.n + column]"),
        (false, Second::Transposed) => STRIPS.replace("INDEX_B", "b[column * p.k + i]"),
    };
    format!("{COMMON}{body}")
}

/// The members of `Sizes`, in their order. Sizes fit: a buffer of a device that runs text has less than 2^32 elements.
fn sizes(values: [usize; 5]) -> Vec<Scalar> {
    let names = ["m", "n", "k", "begin", "end"];
    let scalar = |(index, (name, value)): (usize, (&'static str, usize))| Scalar {
        name: name.into(),
        offset: 4 * index as u32,
        word: u32::try_from(value).unwrap_or(u32::MAX),
    };
    names.into_iter().zip(values).enumerate().map(scalar).collect()
}
