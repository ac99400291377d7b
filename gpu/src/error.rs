//! What can go wrong with a device, by type. Errors of kernel text are in `wgsl`.

use crate::CompileError;
use std::{error::Error, fmt};

/// The Debian package that brings software Vulkan.
const VULKAN_PACKAGE: &str = "mesa-vulkan-drivers";

/// Why a device could not be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OpenError {
    /// The Vulkan loader is not on this machine.
    NoVulkan {
        /// What the loader said.
        detail: String,
    },
    /// Vulkan is here, but no driver that can compute.
    NoDriver {
        /// What was looked at and why it would not do.
        detail: String,
    },
    /// No device has this name.
    NoSuchDevice {
        /// What was asked for.
        wanted: String,
        /// The names of the devices there are.
        have: Vec<String>,
    },
    /// The driver refused.
    Driver {
        /// What was being done.
        step: &'static str,
        /// What the driver said.
        detail: String,
    },
    /// The system gave no thread for the device.
    NoThread {
        /// What the system said.
        detail: String,
    },
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoVulkan { detail } => write!(
                f,
                "there is no Vulkan on this machine ({detail}): install the Debian package {VULKAN_PACKAGE}, or take \
                 the native CPU device (`cpu`)"
            ),
            Self::NoDriver { detail } => write!(
                f,
                "Vulkan has no device here that can compute ({detail}): install the Debian package {VULKAN_PACKAGE} \
                 or the driver of your card, or take the native CPU device (`cpu`)"
            ),
            Self::NoSuchDevice { wanted, have } => write!(
                f,
                "no device is called `{wanted}`: say auto, cpu, vulkan, or a part of one of these names: {}",
                have.join(", ")
            ),
            Self::Driver { step, detail } => write!(f, "the Vulkan driver failed at {step}: {detail}"),
            Self::NoThread { detail } => {
                write!(f, "the system gave no thread for the device ({detail}): raise the limit on threads")
            }
        }
    }
}

impl Error for OpenError {}

/// Why a device did not do what it was asked to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum GpuError {
    /// The kernel's text is not a program.
    Compile(CompileError),
    /// The kernel has no Rust form, which is all that the native CPU device can run.
    NoTwin {
        /// The kernel.
        kernel: String,
        /// The device.
        device: String,
    },
    /// The Rust form of a kernel panicked.
    TwinPanicked {
        /// The kernel.
        kernel: String,
        /// The panic's message.
        message: String,
    },
    /// A kernel's use does not fit what its text declares.
    Binding {
        /// The kernel.
        kernel: String,
        /// The variable of the kernel.
        binding: String,
        /// What does not fit.
        problem: BindingProblem,
    },
    /// More workgroups than the device takes.
    TooManyGroups {
        /// The kernel.
        kernel: String,
        /// What was asked for.
        asked: [u32; 3],
        /// What the device takes.
        limit: [u32; 3],
    },
    /// More than this device can ever do.
    TooLarge {
        /// What is too large.
        what: String,
        /// How large it is.
        asked: u64,
        /// How large it may be.
        limit: u64,
    },
    /// No memory is free now.
    OutOfMemory {
        /// How many bytes were asked for.
        asked: u64,
    },
    /// The sizes of the operands do not fit each other.
    Shape {
        /// What does not fit.
        problem: String,
    },
    /// A buffer of another device.
    WrongDevice {
        /// The device that was asked.
        device: String,
    },
    /// The device is gone, and with it everything that it held: open it again.
    DeviceLost {
        /// The device.
        device: String,
        /// How it went.
        reason: String,
    },
    /// The driver refused this piece of work.
    Driver {
        /// What was being done.
        step: &'static str,
        /// What the driver said.
        detail: String,
    },
}

/// What does not fit between a kernel's variable and what was bound to it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BindingProblem {
    /// The kernel has no variable of this name; these it has.
    Unknown(Vec<String>),
    /// Nothing was bound to it.
    Missing,
    /// It was bound twice.
    Twice,
    /// Its elements are of another type.
    Type {
        /// The kernel's type.
        wants: String,
        /// What was bound.
        got: &'static str,
    },
    /// The kernel writes it, but it was bound for reading.
    NeedsWrite,
    /// The kernel only reads it, but it was bound for writing.
    OnlyReads,
    /// An empty buffer, which no device can bind.
    Empty,
    /// A buffer shorter than the kernel's array of fixed length.
    Short {
        /// How many elements the kernel's array has.
        wants: u64,
        /// How many were bound.
        got: u64,
    },
    /// The buffer is bound to another variable too, and one of the two writes.
    Aliased(String),
}

impl fmt::Display for GpuError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Compile(error) => error.fmt(f),
            Self::NoTwin { kernel, device } => write!(
                f,
                "kernel `{kernel}` is WGSL text and the {device} device runs Rust: give it a twin (`Program::twin`), or \
                 open a Vulkan device (`vulkan`; Debian package {VULKAN_PACKAGE})"
            ),
            Self::TwinPanicked { kernel, message } => {
                write!(f, "the Rust twin of kernel `{kernel}` panicked: {message}")
            }
            Self::Binding { kernel, binding, problem } => {
                write!(f, "kernel `{kernel}`, variable `{binding}`: {problem}")
            }
            Self::TooManyGroups { kernel, asked, limit } => write!(
                f,
                "kernel `{kernel}`: {asked:?} workgroups, and the device takes {limit:?}: let each invocation do more, or \
                 dispatch in parts"
            ),
            Self::TooLarge { what, asked, limit } => {
                write!(f, "{what}: {asked}, and the device takes at most {limit}: work in smaller parts")
            }
            Self::OutOfMemory { asked } => {
                write!(
                    f,
                    "the device has no {asked} bytes free: drop buffers that are done with, or work in smaller parts"
                )
            }
            Self::Shape { problem } => f.write_str(problem),
            Self::WrongDevice { device } => {
                write!(f, "a buffer of another device was given to {device}: download it there and upload it here")
            }
            Self::DeviceLost { device, reason } => {
                write!(f, "device {device} is lost ({reason}), and its buffers with it: open it again")
            }
            Self::Driver { step, detail } => write!(f, "the driver failed at {step}: {detail}"),
        }
    }
}

impl fmt::Display for BindingProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(have) if have.is_empty() => f.write_str("the kernel declares no variable to bind"),
            Self::Unknown(have) => write!(f, "the kernel declares no such variable, but {}", have.join(", ")),
            Self::Missing => f.write_str("nothing is bound to it"),
            Self::Twice => f.write_str("it is bound twice"),
            Self::Type { wants, got } => write!(f, "the kernel wants {wants} and was given {got}"),
            Self::NeedsWrite => f.write_str("the kernel writes it: bind it with `write`, which takes the buffer"),
            Self::OnlyReads => f.write_str("the kernel only reads it: bind it with `read`"),
            Self::Empty => f.write_str("the buffer is empty: an empty dispatch is one not made"),
            Self::Short { wants, got } => write!(f, "the kernel's array has {wants} elements and the buffer {got}"),
            Self::Aliased(other) => {
                write!(f, "the same buffer is bound to `{other}`, and a kernel that writes must be alone")
            }
        }
    }
}

impl Error for GpuError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Compile(error) => Some(error),
            _ => None,
        }
    }
}

impl From<CompileError> for GpuError {
    fn from(error: CompileError) -> Self {
        Self::Compile(error)
    }
}
