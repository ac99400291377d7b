//! Sum, least and greatest of a buffer. The order of the operations is fixed, and the same on every device.

use super::{GROUP, fold, typed};
use crate::{
    Access, Buffer, Element, Gpu, GpuError,
    parallel::in_parts,
    seam::{Bound, Step, Storage, Work},
    twin::{HostCall, Twin},
};
use std::{array, sync::Arc};

/// Each workgroup reduces a block: `ROWS` rows of `GROUP` lanes, lane by lane, then the lanes by halves.
const ROWS: usize = 16;
const BLOCK: usize = ROWS * GROUP;

const TEXT: &str = "
@group(0) @binding(0) var<storage, read> xs: array<T>;
@group(0) @binding(1) var<storage, read_write> out: array<T>;
var<workgroup> lanes: array<T, 256>;
fn join(a: T, b: T) -> T { JOIN }
@compute @workgroup_size(256)
fn reduce(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let block = group.y * groups.x + group.x;
    var value = START;
    for (var row = 0u; row < 16u; row++) {
        let i = block * 4096u + row * 256u + lane;
        if i < arrayLength(&xs) { value = join(value, xs[i]); }
    }
    lanes[lane] = value;
    workgroupBarrier();
    for (var half = 128u; half > 0u; half >>= 1u) {
        if lane < half { lanes[lane] = join(lanes[lane], lanes[lane + half]); }
        workgroupBarrier();
    }
    if lane == 0u && block < arrayLength(&out) { out[block] = lanes[0]; }
}";

/// What is reduced to: the text and the function that mean the same.
struct Fold<T> {
    name: &'static str,
    text: &'static str,
    /// Where a lane begins: at a neutral value, or at the first of its block where joining twice changes nothing.
    start: Start<T>,
    join: fn(T, T) -> T,
}

#[derive(Clone, Copy)]
enum Start<T> {
    Zero(T),
    First,
}

/// A type that can be summed: floats with rounding, integers with wrapping, on every device alike.
pub trait Sum: Element {
    #[doc(hidden)]
    fn plus(self, other: Self) -> Self;
}

impl Sum for f32 {
    fn plus(self, other: Self) -> Self {
        self + other
    }
}

impl Sum for u32 {
    fn plus(self, other: Self) -> Self {
        self.wrapping_add(other)
    }
}

impl Sum for i32 {
    fn plus(self, other: Self) -> Self {
        self.wrapping_add(other)
    }
}

impl Gpu {
    /// Adds all elements up: 0 for none. Floats are added in a fixed order, so that all devices give the same bits.
    ///
    /// # Errors
    /// What can go wrong with any dispatch.
    ///
    /// # Cancel safety
    /// `x` stays as it is.
    pub async fn sum<T: Sum>(&self, x: &Buffer<T>) -> Result<T, GpuError> {
        let fold = Fold { name: "sum", text: "return a + b;", start: Start::Zero(T::default()), join: T::plus };
        Ok(self.reduce(fold, x).await?.unwrap_or_default())
    }

    /// The greatest element, or `None` of none. A NaN loses against everything else, where the device keeps NaN at all.
    ///
    /// # Errors
    /// What can go wrong with any dispatch.
    ///
    /// # Cancel safety
    /// `x` stays as it is.
    pub async fn max<T: Element>(&self, x: &Buffer<T>) -> Result<Option<T>, GpuError> {
        let join = |a: T, b: T| if b > a || is_nan(a) { b } else { a };
        let text = "if b > a || a != a { return b; } return a;";
        self.reduce(Fold { name: "max", text, start: Start::First, join }, x).await
    }

    /// The least element, or `None` of none. A NaN loses against everything else, where the device keeps NaN at all.
    ///
    /// # Errors
    /// What can go wrong with any dispatch.
    ///
    /// # Cancel safety
    /// `x` stays as it is.
    pub async fn min<T: Element>(&self, x: &Buffer<T>) -> Result<Option<T>, GpuError> {
        let join = |a: T, b: T| if b < a || is_nan(a) { b } else { a };
        let text = "if b < a || a != a { return b; } return a;";
        self.reduce(Fold { name: "min", text, start: Start::First, join }, x).await
    }

    /// Passes over blocks until one value is left; the passes are one piece of work for the device.
    async fn reduce<T: Element>(&self, what: Fold<T>, x: &Buffer<T>) -> Result<Option<T>, GpuError> {
        let Some(xs) = x.storage() else { return Ok(None) };
        self.own(xs)?;
        let start = if matches!(what.start, Start::First) { "xs[block * 4096u]" } else { "T()" };
        let text = || typed::<T>(&TEXT.replace("START", start).replace("JOIN", what.text), "T").into();
        let kernel = self.shape(what.name, text).await?;
        let twin: Arc<Twin> = Arc::new(move |call: &mut HostCall<'_>| {
            let (xs, out) = (call.input::<T>("xs"), call.output::<T>("out"));
            in_parts(out, 1, BLOCK, |first, part| {
                for (out, block) in part.iter_mut().zip(xs[first * BLOCK..].chunks(BLOCK)) {
                    *out = reduce_block(block, what.start, what.join);
                }
            });
        });
        let mut steps = Vec::new();
        let mut from = Arc::clone(xs);
        loop {
            let blocks = from.words.div_ceil(BLOCK);
            let into = self.allocate(blocks)?.expect("a buffer that is not empty has a block");
            let groups = fold(what.name, blocks, self.info().limits.groups)?;
            let bound = vec![bound("xs", 0, &from, Access::Read), bound("out", 1, &into, Access::Write)];
            let (kernel, twin) = (Arc::clone(&kernel), Some(Arc::clone(&twin)));
            steps.push(Step { kernel, twin, bound, scalars: Vec::new(), groups });
            from = into;
            if blocks == 1 {
                break;
            }
        }
        self.perform(Work::Run { steps }).await?;
        Ok(T::from_words(self.fetch(from).await?).first().copied())
    }
}

fn bound(name: &'static str, slot: u32, storage: &Arc<Storage>, access: Access) -> Bound {
    Bound { name: name.into(), slot, storage: Arc::clone(storage), access }
}

#[expect(clippy::eq_op, reason = "this is what NaN is")]
fn is_nan<T: Element>(value: T) -> bool {
    value != value
}

/// What one workgroup does, in the same order.
fn reduce_block<T: Element>(block: &[T], start: Start<T>, join: fn(T, T) -> T) -> T {
    let start = match start {
        Start::Zero(zero) => zero,
        Start::First => block[0],
    };
    let mut lanes: [T; GROUP] = array::from_fn(|_| start);
    for row in block.chunks(GROUP) {
        for (lane, x) in lanes.iter_mut().zip(row) {
            *lane = join(*lane, *x);
        }
    }
    let mut half = GROUP / 2;
    while half > 0 {
        let (low, high) = lanes.split_at_mut(half);
        for (low, high) in low.iter_mut().zip(high) {
            *low = join(*low, *high);
        }
        half /= 2;
    }
    lanes[0]
}
