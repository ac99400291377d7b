//! The crate through its public face: every test on the native device and, where there is Vulkan, there too.

mod buffers;
mod devices;
mod failures;
mod kernels;
mod lifecycle;
mod processes;
mod shapes;

use rendez_gpu::{Gpu, Pick, testing};
use std::sync::OnceLock;

/// The devices that tests run on. Says loudly what is left out.
fn each_device() -> &'static [Gpu] {
    static DEVICES: OnceLock<Vec<Gpu>> = OnceLock::new();
    DEVICES.get_or_init(|| {
        let mut devices = vec![Gpu::open(Pick::Cpu).expect("the native device opens")];
        match Gpu::open(Pick::Vulkan).and_then(|direct| Ok([direct, testing::open_staging()?])) {
            Ok(vulkan) => devices.extend(vulkan),
            Err(error) => eprintln!("SKIPPED: everything that needs a Vulkan device, because {error}"),
        }
        devices
    })
}

/// The devices that run WGSL text.
fn each_vulkan() -> &'static [Gpu] {
    each_device().get(1..).unwrap_or_default()
}

/// The same numbers for every test: spread over [-1, 1), none of them round.
fn numbers(count: usize, seed: u32) -> Vec<f32> {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(12_345);
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..count).map(|_| next()).collect()
}
