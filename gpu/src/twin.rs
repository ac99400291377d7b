//! The Rust form of a kernel, for the native CPU device: a function over the same buffers. Not the WGSL form.

use crate::{Element, element::sealed::Words, seam::Scalar};
use std::mem;

/// The Rust form of a kernel: does for all workgroups at once what the text does for one invocation.
pub(crate) type Twin = dyn Fn(&mut HostCall<'_>) + Send + Sync;

/// What the Rust form of a kernel is given: the bound buffers and the scalars, by the names of the text.
pub struct HostCall<'a> {
    pub(crate) args: Vec<HostArg<'a>>,
    pub(crate) scalars: &'a [Scalar],
    pub(crate) groups: [u32; 3],
}

pub(crate) struct HostArg<'a> {
    pub(crate) name: &'a str,
    pub(crate) words: HostWords<'a>,
}

pub(crate) enum HostWords<'a> {
    Read(&'a [u32]),
    Write(&'a mut [u32]),
    /// A writable buffer that was handed out.
    Out,
}

impl<'a> HostCall<'a> {
    /// A buffer that the kernel reads.
    ///
    /// # Panics
    /// When no buffer is bound for reading under this name: a mistake of the twin, reported as
    /// [`GpuError::TwinPanicked`](crate::GpuError::TwinPanicked).
    #[must_use]
    pub fn input<T: Element>(&self, name: &str) -> &'a [T] {
        match self.args.iter().find(|arg| arg.name == name) {
            Some(HostArg { words: HostWords::Read(words), .. }) => T::view(words),
            _ => panic!("no buffer `{name}` is bound for reading"),
        }
    }

    /// A buffer that the kernel writes; each can be taken once.
    ///
    /// # Panics
    /// When no buffer is bound for writing under this name, or it was taken before: a mistake of the twin, reported as
    /// [`GpuError::TwinPanicked`](crate::GpuError::TwinPanicked).
    #[must_use]
    pub fn output<T: Element>(&mut self, name: &str) -> &'a mut [T] {
        let arg = self.args.iter_mut().find(|arg| arg.name == name);
        match arg.map(|arg| mem::replace(&mut arg.words, HostWords::Out)) {
            Some(HostWords::Write(words)) => T::view_mut(words),
            _ => panic!("no buffer `{name}` is bound for writing, or it was taken before"),
        }
    }

    /// A member of the kernel's `var<immediate>`.
    ///
    /// # Panics
    /// When the kernel has no such scalar: a mistake of the twin, reported as
    /// [`GpuError::TwinPanicked`](crate::GpuError::TwinPanicked).
    #[must_use]
    pub fn scalar<T: Element>(&self, name: &str) -> T {
        match self.scalars.iter().find(|scalar| scalar.name == name) {
            Some(scalar) => Words::from_word(scalar.word),
            None => panic!("no scalar `{name}` is set"),
        }
    }

    /// How many workgroups were asked for.
    #[must_use]
    pub fn groups(&self) -> [u32; 3] {
        self.groups
    }
}
