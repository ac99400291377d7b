//! What a device says about itself: name, kind, driver, limits. Not the device.

use std::fmt;

/// What kind of hardware a device is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// The native CPU device of this crate: Rust functions, no driver.
    Native,
    /// A graphics card with memory of its own.
    Discrete,
    /// A GPU that shares the memory of the CPU.
    Integrated,
    /// A GPU handed through by a hypervisor.
    Virtual,
    /// A Vulkan driver that computes on the CPU, such as lavapipe.
    Software,
    /// A Vulkan device that says none of these.
    Other,
}

impl Kind {
    /// Whether it is hardware made for this, as opposed to the CPU in one form or another.
    #[must_use]
    pub fn is_real_gpu(self) -> bool {
        matches!(self, Self::Discrete | Self::Integrated | Self::Virtual)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Native => "native CPU",
            Self::Discrete => "discrete GPU",
            Self::Integrated => "integrated GPU",
            Self::Virtual => "virtual GPU",
            Self::Software => "software Vulkan",
            Self::Other => "other",
        })
    }
}

/// What a device cannot exceed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The largest buffer, in bytes.
    pub buffer_bytes: u64,
    /// The most workgroups of one dispatch, per dimension.
    pub groups: [u32; 3],
    /// The largest workgroup, per dimension.
    pub group_size: [u32; 3],
    /// The most invocations of one workgroup.
    pub group_invocations: u32,
    /// The most `var<workgroup>` memory of one kernel, in bytes.
    pub group_memory_bytes: u32,
    /// The most buffers that one kernel binds.
    pub bindings: u32,
    /// The most bytes of `var<immediate>`.
    pub immediate_bytes: u32,
}

impl Limits {
    /// What our own shapes need, and what the native device holds kernels to where it has no limit itself.
    pub(crate) const NATIVE: Self = Self {
        buffer_bytes: isize::MAX as u64,
        groups: [65_535; 3],
        group_size: [1024, 1024, 64],
        group_invocations: 1024,
        group_memory_bytes: 32 << 10,
        bindings: 16,
        immediate_bytes: 128,
    };
}

/// A device as data.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Info {
    /// Its name, as the driver gives it.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// The driver and its version; for the native device, how many threads it uses.
    pub driver: String,
    /// What it cannot exceed.
    pub limits: Limits,
}

impl fmt::Display for Info {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}, {})", self.name, self.kind, self.driver)
    }
}
