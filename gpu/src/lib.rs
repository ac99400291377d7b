//! Devices and kernels as actors, buffers as messages.
//!
//! One handle, [`Gpu`], stands for a Vulkan device or for the native CPU device, and says which and why: the same program
//! runs on both. Kernels are WGSL text, checked and compiled at run time, beside a Rust twin for the native device;
//! matrix product, element-wise map and reduction are ready-made. Buffers are linear and stay on their device between
//! kernels; transfers are counted. Awaiting a result needs no particular executor, and nobody polls the device.
//!
//! ```
//! use rendez_gpu::{Gpu, Pick};
//! # rendez_gpu::testing::block_on(async {
//! let gpu = Gpu::open(Pick::Auto)?;
//! let rows = gpu.matrix(2, 3, vec![1.0, 0.0, 0.0, 0.6, 0.8, 0.0]).await?;
//! let cosines = gpu.matmul_transposed(&rows, &rows).await?;
//! assert_eq!(cosines.download().await?, [1.0, 0.6, 0.6, 1.0]);
//! # Ok::<_, Box<dyn std::error::Error>>(()) }).unwrap();
//! ```
//!
//! [`Gpu::process`] makes a device a process of the network. The device itself knows no scheduler: below that, everything
//! is an ordinary future.

mod buffer;
mod cpu;
mod device;
mod dispatch;
mod element;
mod error;
mod fake;
mod hazard;
mod info;
mod interface;
mod oneshot;
mod parallel;
mod pick;
mod process;
mod program;
mod seam;
mod sgemm;
mod shapes;
mod slots;
mod spirv;
mod stats;
#[doc(hidden)]
pub mod testing;
mod twin;
mod vulkan;
mod wgsl;

pub use buffer::Buffer;
pub use device::{Gpu, IN_FLIGHT_LIMIT, devices};
pub use dispatch::{Dispatch, Written};
pub use element::Element;
pub use error::{BindingProblem, GpuError, OpenError};
pub use info::{Info, Kind, Limits};
pub use interface::{Access, Port};
pub use pick::Pick;
pub use program::{Groups, Program};
pub use shapes::{Matrix, Sum};
pub use stats::Stats;
pub use twin::HostCall;
pub use wgsl::{CompileError, TEXT_LIMIT};
