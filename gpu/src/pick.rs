//! Which device to open, as the user says it. Not the opening.

use std::{convert::Infallible, fmt, str::FromStr};

/// Which device [`Gpu::open`](crate::Gpu::open) takes.
///
/// Reads from text, so that a command line can offer it: `auto`, `cpu`, `vulkan`, or a part of a device's name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Pick {
    /// A real GPU where there is one, else the native CPU device. The environment variable `RENDEZ_GPU` overrides it.
    #[default]
    Auto,
    /// The native CPU device, which is always there.
    Cpu,
    /// The best Vulkan device, software (lavapipe) included.
    Vulkan,
    /// The first device whose name contains this text, upper and lower case alike.
    Name(String),
}

impl FromStr for Pick {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text.trim().to_lowercase().as_str() {
            "" | "auto" => Self::Auto,
            "cpu" => Self::Cpu,
            "vulkan" => Self::Vulkan,
            _ => Self::Name(text.trim().to_owned()),
        })
    }
}

impl fmt::Display for Pick {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Cpu => f.write_str("cpu"),
            Self::Vulkan => f.write_str("vulkan"),
            Self::Name(name) => f.write_str(name),
        }
    }
}
