//! One run of a kernel: buffers and scalars bound by name, checked against the kernel's interface, sent to the device.

use crate::{
    Access, BindingProblem, Buffer, Element, GpuError, Program,
    element::sealed::Words,
    seam::{Bound, Scalar, Step, Storage, Work},
};
use std::{future::IntoFuture, mem, pin::Pin, sync::Arc};

/// A run being put together; awaiting it runs it and gives the buffers that were written.
///
/// # Cancel safety
/// Dropped before the device has taken it, the run never happened; later it runs to its end. Either way the buffers
/// given to [`write`](Self::write) are gone, and their memory is free once the device is done with it.
#[must_use = "a dispatch does nothing until it is awaited"]
pub struct Dispatch {
    program: Program,
    groups: [u32; 3],
    given: Vec<Given>,
    scalars: Vec<(String, &'static str, u32)>,
}

/// What was bound, under which name.
struct Given {
    name: String,
    access: Access,
    scalar: &'static str,
    storage: Option<Arc<Storage>>,
}

/// The buffers that a run has written.
#[derive(Debug)]
pub struct Written {
    program: Program,
    buffers: Vec<(String, &'static str, Arc<Storage>)>,
}

impl std::fmt::Debug for Storage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} words", self.words)
    }
}

impl Dispatch {
    pub(crate) fn new(program: Program, groups: [u32; 3]) -> Self {
        Self { program, groups, given: Vec::new(), scalars: Vec::new() }
    }

    /// Binds a buffer that the kernel only reads.
    pub fn read<T: Element>(mut self, name: &str, buffer: &Buffer<T>) -> Self {
        let storage = buffer.storage().map(Arc::clone);
        self.given.push(Given { name: name.to_owned(), access: Access::Read, scalar: T::WGSL, storage });
        self
    }

    /// Binds a buffer that the kernel writes; it comes back in [`Written`].
    pub fn write<T: Element>(mut self, name: &str, buffer: Buffer<T>) -> Self {
        let storage = buffer.into_storage();
        self.given.push(Given { name: name.to_owned(), access: Access::Write, scalar: T::WGSL, storage });
        self
    }

    /// Sets a member of the kernel's `var<immediate>`.
    pub fn scalar<T: Element>(mut self, name: &str, value: T) -> Self {
        self.scalars.push((name.to_owned(), T::WGSL, Words::word(value)));
        self
    }

    async fn run(mut self) -> Result<Written, GpuError> {
        self.check_groups()?;
        let bound = self.bind()?;
        let scalars = self.set()?;
        let program = self.program;
        if program.twin.is_none() && !program.gpu().runs_text() {
            let device = program.gpu().info().name.clone();
            return Err(GpuError::NoTwin { kernel: program.owned_name(), device });
        }
        let written = bound.iter().zip(program.ports()).filter(|(bound, _)| bound.access == Access::Write);
        let buffers = written.map(|(b, port)| (b.name.to_string(), port.scalar, Arc::clone(&b.storage))).collect();
        let (kernel, twin) = (Arc::clone(&program.kernel), program.twin.clone());
        let step = Step { kernel, twin, bound, scalars, groups: self.groups };
        program.gpu().perform(Work::Run { steps: vec![step] }).await?;
        Ok(Written { program, buffers })
    }

    fn check_groups(&self) -> Result<(), GpuError> {
        let (asked, limit) = (self.groups, self.program.gpu().info().limits.groups);
        if asked.iter().zip(limit).any(|(asked, limit)| *asked > limit) {
            return Err(GpuError::TooManyGroups { kernel: self.program.owned_name(), asked, limit });
        }
        Ok(())
    }

    /// Puts what was given into the order of the kernel's ports.
    fn bind(&mut self) -> Result<Vec<Bound>, GpuError> {
        let mut given = mem::take(&mut self.given);
        let mut bound: Vec<Bound> = Vec::with_capacity(given.len());
        for port in self.program.ports() {
            let complain = |problem| self.complain(&port.name, problem);
            let Some(at) = given.iter().position(|given| given.name == port.name) else {
                return Err(complain(BindingProblem::Missing));
            };
            let this = given.swap_remove(at);
            if given.iter().any(|other| other.name == port.name) {
                return Err(complain(BindingProblem::Twice));
            }
            if this.scalar != port.scalar {
                return Err(complain(BindingProblem::Type { wants: port.scalar.to_owned(), got: this.scalar }));
            }
            match (port.access, this.access) {
                (Access::Write, Access::Read) => return Err(complain(BindingProblem::NeedsWrite)),
                (Access::Read, Access::Write) => return Err(complain(BindingProblem::OnlyReads)),
                _ => {}
            }
            let storage = this.storage.ok_or_else(|| complain(BindingProblem::Empty))?;
            self.program.gpu().own(&storage)?;
            let (wants, got) = (port.length.unwrap_or(0), storage.words as u64);
            if got < wants {
                return Err(complain(BindingProblem::Short { wants, got }));
            }
            let alias = bound.iter().find(|other| {
                Arc::ptr_eq(&other.storage, &storage) && (other.access == Access::Write || port.access == Access::Write)
            });
            if let Some(other) = alias {
                return Err(complain(BindingProblem::Aliased(other.name.to_string())));
            }
            bound.push(Bound { name: port.name.clone().into(), slot: port.binding, storage, access: port.access });
        }
        match given.first() {
            Some(left) => {
                let have = self.program.ports().iter().map(ToString::to_string).collect();
                Err(self.complain(&left.name, BindingProblem::Unknown(have)))
            }
            None => Ok(bound),
        }
    }

    /// Puts the scalars at the offsets that the kernel has for them.
    fn set(&mut self) -> Result<Vec<Scalar>, GpuError> {
        let mut given = mem::take(&mut self.scalars);
        let mut set = Vec::with_capacity(given.len());
        for member in &self.program.interface.immediates {
            let complain = |problem| self.complain(&member.name, problem);
            let Some(at) = given.iter().position(|(name, ..)| *name == member.name) else {
                return Err(complain(BindingProblem::Missing));
            };
            let (name, scalar, word) = given.swap_remove(at);
            if given.iter().any(|(other, ..)| *other == name) {
                return Err(complain(BindingProblem::Twice));
            }
            if scalar != member.scalar {
                return Err(complain(BindingProblem::Type { wants: member.scalar.to_owned(), got: scalar }));
            }
            set.push(Scalar { name: name.into(), offset: member.offset, word });
        }
        match given.first() {
            Some((left, ..)) => {
                let have = self.program.interface.immediates.iter();
                let have = have.map(|member| format!("`{}` ({})", member.name, member.scalar)).collect();
                Err(self.complain(left, BindingProblem::Unknown(have)))
            }
            None => Ok(set),
        }
    }

    fn complain(&self, binding: &str, problem: BindingProblem) -> GpuError {
        GpuError::Binding { kernel: self.program.owned_name(), binding: binding.to_owned(), problem }
    }
}

impl IntoFuture for Dispatch {
    type Output = Result<Written, GpuError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl Written {
    /// Takes the buffer that was bound to a variable; each once.
    ///
    /// # Errors
    /// [`GpuError::Binding`] when the kernel wrote no such variable, it was taken before, or it is of another type.
    pub fn take<T: Element>(&mut self, name: &str) -> Result<Buffer<T>, GpuError> {
        let complain =
            |problem| GpuError::Binding { kernel: self.program.owned_name(), binding: name.to_owned(), problem };
        let Some(at) = self.buffers.iter().position(|(written, ..)| written == name) else {
            let left = self.buffers.iter().map(|(name, ..)| format!("`{name}`")).collect();
            return Err(complain(BindingProblem::Unknown(left)));
        };
        if self.buffers[at].1 != T::WGSL {
            return Err(complain(BindingProblem::Type { wants: self.buffers[at].1.to_owned(), got: T::WGSL }));
        }
        let (_, _, storage) = self.buffers.swap_remove(at);
        Ok(Buffer::new(self.program.gpu().clone(), Some(storage)))
    }
}
