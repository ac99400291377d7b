//! A compiled kernel with its interface and, for the native device, its Rust twin. Not one run of it.

use crate::{Dispatch, Gpu, HostCall, Port, interface::Interface, seam::Loaded, twin::Twin};
use std::{borrow::Cow, fmt, sync::Arc};

/// A kernel on a device, made by [`Gpu::wgsl`].
///
/// ```
/// use rendez_gpu::{Gpu, Pick};
/// # rendez_gpu::testing::block_on(async {
/// let gpu = Gpu::open(Pick::Auto)?;
/// let double = gpu
///     .wgsl(
///         "@group(0) @binding(0) var<storage, read_write> x: array<u32>;
///          @compute @workgroup_size(64)
///          fn double(@builtin(global_invocation_id) id: vec3<u32>) { x[id.x] *= 2u; }",
///     )?
///     .twin(|call| call.output::<u32>("x").iter_mut().for_each(|x| *x *= 2));
/// let x = gpu.upload(vec![1_u32, 2, 3]).await?;
/// let mut written = double.dispatch(1).write("x", x).await?;
/// assert_eq!(written.take::<u32>("x")?.download().await?, [2, 4, 6]);
/// # Ok::<_, Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
///
/// A kernel reads zero where it indexes out of range, and what it writes there is dropped (a kernel with atomics means
/// the last element instead). Loops should be short: lavapipe, the software Vulkan of Mesa 22.3, silently leaves all
/// loops of an invocation after 65,535 iterations in total.
#[derive(Clone)]
pub struct Program {
    gpu: Gpu,
    pub(crate) kernel: Arc<Loaded>,
    pub(crate) interface: Arc<Interface>,
    pub(crate) twin: Option<Arc<Twin>>,
}

impl Program {
    pub(crate) fn new(gpu: Gpu, kernel: Loaded, interface: Interface) -> Self {
        Self { gpu, kernel: Arc::new(kernel), interface: Arc::new(interface), twin: None }
    }

    /// Gives the kernel a Rust form, which the native CPU device runs in place of the text: one call for all workgroups.
    ///
    /// It runs on the device's thread; a panic in it is reported as [`GpuError::TwinPanicked`](crate::GpuError).
    #[must_use]
    pub fn twin(mut self, twin: impl Fn(&mut HostCall<'_>) + Send + Sync + 'static) -> Self {
        self.twin = Some(Arc::new(twin));
        self
    }

    /// The kernel's name: that of its entry point.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.kernel.name
    }

    /// The buffers that the kernel binds, in the order of their numbers.
    #[must_use]
    pub fn ports(&self) -> &[Port] {
        &self.interface.ports
    }

    /// The kernel's `@workgroup_size`.
    #[must_use]
    pub fn group_size(&self) -> [u32; 3] {
        self.interface.group_size
    }

    /// Begins a run over so many workgroups.
    pub fn dispatch(&self, groups: impl Into<Groups>) -> Dispatch {
        Dispatch::new(self.clone(), groups.into().0)
    }

    pub(crate) fn gpu(&self) -> &Gpu {
        &self.gpu
    }

    pub(crate) fn owned_name(&self) -> String {
        Cow::into_owned(self.kernel.name.clone())
    }
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Program").field("name", &self.kernel.name).field("ports", &self.ports()).finish_non_exhaustive()
    }
}

/// How many workgroups: a number, or one for each of two or three dimensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Groups(pub [u32; 3]);

impl From<u32> for Groups {
    fn from(x: u32) -> Self {
        Self([x, 1, 1])
    }
}

impl From<[u32; 2]> for Groups {
    fn from([x, y]: [u32; 2]) -> Self {
        Self([x, y, 1])
    }
}

impl From<[u32; 3]> for Groups {
    fn from(groups: [u32; 3]) -> Self {
        Self(groups)
    }
}
