//! Element-wise: one expression over one or two buffers. The result has their length.

use super::{GROUP, fold, typed};
use crate::{
    Access, Buffer, Element, Gpu, GpuError,
    parallel::in_parts,
    seam::{Bound, Step, Work},
    twin::{HostCall, Twin},
};
use std::sync::Arc;

const ONE: &str = "
@group(0) @binding(0) var<storage, read> xs: array<IN>;
@group(0) @binding(1) var<storage, read_write> out: array<OUT>;
fn each(x: IN) -> OUT {
    return
EXPRESSION
    ;
}
@compute @workgroup_size(256)
fn map(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let i = id.y * (groups.x * 256u) + id.x;
    if i < arrayLength(&out) { out[i] = each(xs[i]); }
}";

const TWO: &str = "
@group(0) @binding(0) var<storage, read> xs: array<IN>;
@group(0) @binding(1) var<storage, read> ys: array<SECOND>;
@group(0) @binding(2) var<storage, read_write> out: array<OUT>;
fn each(x: IN, y: SECOND) -> OUT {
    return
EXPRESSION
    ;
}
@compute @workgroup_size(256)
fn zip(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let i = id.y * (groups.x * 256u) + id.x;
    if i < arrayLength(&out) { out[i] = each(xs[i], ys[i]); }
}";

impl Gpu {
    /// Computes an expression of `x` for each element: as WGSL text on a Vulkan device, as a Rust function on the native
    /// one. The two must mean the same; with `+ - *`, comparisons, conversions and integers they then give the same bits.
    ///
    /// # Errors
    /// [`GpuError::Compile`] when the text is not an expression of type `U`, and what can go wrong with any dispatch.
    ///
    /// # Cancel safety
    /// `x` stays as it is; a result that nobody waits for is dropped.
    pub async fn map<T: Element, U: Element>(
        &self,
        expression: &str,
        twin: impl Fn(T) -> U + Send + Sync + 'static,
        x: &Buffer<T>,
    ) -> Result<Buffer<U>, GpuError> {
        let (Some(xs), Some(out)) = (x.storage(), self.allocate(x.len())?) else {
            return Ok(Buffer::new(self.clone(), None));
        };
        self.own(xs)?;
        let text = || typed::<U>(&typed::<T>(ONE, "IN"), "OUT").replace("EXPRESSION", expression).into();
        let kernel = self.shape("map", text).await?;
        let twin: Arc<Twin> = Arc::new(move |call: &mut HostCall<'_>| {
            let (xs, out) = (call.input::<T>("xs"), call.output::<U>("out"));
            in_parts(out, GROUP, 1, |first, part| {
                for (out, x) in part.iter_mut().zip(&xs[first..]) {
                    *out = twin(*x);
                }
            });
        });
        let bound = vec![
            Bound { name: "xs".into(), slot: 0, storage: Arc::clone(xs), access: Access::Read },
            Bound { name: "out".into(), slot: 1, storage: Arc::clone(&out), access: Access::Write },
        ];
        let groups = fold("map", x.len().div_ceil(GROUP), self.info().limits.groups)?;
        let step = Step { kernel, twin: Some(twin), bound, scalars: Vec::new(), groups };
        self.perform(Work::Run { steps: vec![step] }).await?;
        Ok(Buffer::new(self.clone(), Some(out)))
    }

    /// Computes an expression of `x` and `y` for each pair of elements, as [`map`](Self::map) does for one buffer.
    ///
    /// # Errors
    /// As [`map`](Self::map), and [`GpuError::Shape`] when the buffers differ in length.
    ///
    /// # Cancel safety
    /// `x` and `y` stay as they are; a result that nobody waits for is dropped.
    pub async fn zip<T: Element, S: Element, U: Element>(
        &self,
        expression: &str,
        twin: impl Fn(T, S) -> U + Send + Sync + 'static,
        x: &Buffer<T>,
        y: &Buffer<S>,
    ) -> Result<Buffer<U>, GpuError> {
        if x.len() != y.len() {
            let problem = format!("zip takes buffers of one length, and these have {} and {}", x.len(), y.len());
            return Err(GpuError::Shape { problem });
        }
        let (Some(xs), Some(ys), Some(out)) = (x.storage(), y.storage(), self.allocate(x.len())?) else {
            return Ok(Buffer::new(self.clone(), None));
        };
        self.own(xs)?;
        self.own(ys)?;
        let text = || {
            let text = typed::<U>(&typed::<S>(&typed::<T>(TWO, "IN"), "SECOND"), "OUT");
            text.replace("EXPRESSION", expression).into()
        };
        let kernel = self.shape("zip", text).await?;
        let twin: Arc<Twin> = Arc::new(move |call: &mut HostCall<'_>| {
            let (xs, ys, out) = (call.input::<T>("xs"), call.input::<S>("ys"), call.output::<U>("out"));
            in_parts(out, GROUP, 1, |first, part| {
                for (out, (x, y)) in part.iter_mut().zip(xs[first..].iter().zip(&ys[first..])) {
                    *out = twin(*x, *y);
                }
            });
        });
        let bound = vec![
            Bound { name: "xs".into(), slot: 0, storage: Arc::clone(xs), access: Access::Read },
            Bound { name: "ys".into(), slot: 1, storage: Arc::clone(ys), access: Access::Read },
            Bound { name: "out".into(), slot: 2, storage: Arc::clone(&out), access: Access::Write },
        ];
        let groups = fold("zip", x.len().div_ceil(GROUP), self.info().limits.groups)?;
        let step = Step { kernel, twin: Some(twin), bound, scalars: Vec::new(), groups };
        self.perform(Work::Run { steps: vec![step] }).await?;
        Ok(Buffer::new(self.clone(), Some(out)))
    }
}
