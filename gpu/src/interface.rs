//! What a kernel's text asks of who runs it: buffers, scalars, group size. Read from naga's module; no code.

use crate::{GpuError, Limits};
use naga::{
    AddressSpace, ArraySize, GlobalVariable, Handle, Module, Scalar, ScalarKind, ShaderStage, StorageAccess, Type,
    TypeInner,
};
use std::fmt;

/// What a kernel does with a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// It only reads it.
    Read,
    /// It writes it, and may read it too.
    Write,
}

/// A buffer that a kernel binds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Port {
    /// The variable's name.
    pub name: String,
    /// Its `@binding` number.
    pub binding: u32,
    /// What the kernel does with it.
    pub access: Access,
    /// The type of its scalars: `f32`, `u32` or `i32`.
    pub scalar: &'static str,
    /// How many scalars it has, where the text fixes that.
    pub length: Option<u64>,
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let access = if self.access == Access::Read { "read" } else { "read_write" };
        write!(f, "`{}` ({access}, {})", self.name, self.scalar)
    }
}

/// A member of a kernel's `var<immediate>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Immediate {
    pub(crate) name: String,
    pub(crate) offset: u32,
    pub(crate) scalar: &'static str,
}

/// All of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Interface {
    pub(crate) entry: String,
    /// In the order of their binding numbers.
    pub(crate) ports: Vec<Port>,
    pub(crate) immediates: Vec<Immediate>,
    pub(crate) immediate_bytes: u32,
    pub(crate) group_size: [u32; 3],
    pub(crate) group_memory_bytes: u64,
}

impl Interface {
    /// Reads the interface of a validated module.
    ///
    /// # Errors
    /// What we cannot bind (yet), as a sentence, and the variable it is about.
    pub(crate) fn of(module: &Module) -> Result<Self, (String, Option<naga::Span>)> {
        let entry = match module.entry_points.as_slice() {
            [only] if only.stage == ShaderStage::Compute => only,
            [] => {
                return Err((
                    "the text has no entry point: mark one function `@compute @workgroup_size(..)`".into(),
                    None,
                ));
            }
            [_] => return Err(("the entry point is not `@compute`".into(), None)),
            _ => return Err(("the text has several entry points: give each kernel a text of its own".into(), None)),
        };
        if !module.overrides.is_empty() {
            return Err(("`override` is not supported: write `const`".into(), None));
        }
        let mut interface = Self {
            entry: entry.name.clone(),
            ports: Vec::new(),
            immediates: Vec::new(),
            immediate_bytes: 0,
            group_size: entry.workgroup_size,
            group_memory_bytes: 0,
        };
        for (handle, variable) in module.global_variables.iter() {
            interface
                .add(module, variable)
                .map_err(|problem| (problem, Some(module.global_variables.get_span(handle))))?;
        }
        interface.ports.sort_by_key(|port| port.binding);
        Ok(interface)
    }

    /// Whether a device can run it.
    ///
    /// # Errors
    /// [`GpuError::TooLarge`] names what is over its limit.
    pub(crate) fn check(&self, limits: &Limits) -> Result<(), GpuError> {
        let within = |what: &str, asked: u64, limit: u32| {
            let (what, limit) = (format!("kernel `{}`, {what}", self.entry), u64::from(limit));
            if asked > limit { Err(GpuError::TooLarge { what, asked, limit }) } else { Ok(()) }
        };
        for (axis, (size, limit)) in ["x", "y", "z"].iter().zip(self.group_size.iter().zip(limits.group_size)) {
            within(&format!("workgroup size {axis}"), u64::from(*size), limit)?;
        }
        let invocations = self.group_size.iter().map(|size| u64::from(*size)).product();
        within("invocations of a workgroup", invocations, limits.group_invocations)?;
        within("bytes of workgroup memory", self.group_memory_bytes, limits.group_memory_bytes)?;
        within("buffers", self.ports.len() as u64, limits.bindings)?;
        within("bytes of immediates", u64::from(self.immediate_bytes), limits.immediate_bytes)
    }

    fn add(&mut self, module: &Module, variable: &GlobalVariable) -> Result<(), String> {
        let name = variable.name.clone().unwrap_or_default();
        let size = module.types[variable.ty].inner.try_size(module.to_ctx());
        match variable.space {
            AddressSpace::Storage { access } => self.ports.push(port(module, variable, name, access)?),
            AddressSpace::Immediate => {
                self.immediates = immediates(module, variable.ty, name)?;
                self.immediate_bytes = size.unwrap_or(0);
            }
            AddressSpace::WorkGroup => self.group_memory_bytes += u64::from(size.unwrap_or(0)),
            AddressSpace::Private => {}
            _ => {
                return Err(format!(
                    "`{name}` is neither `var<storage>` nor `var<immediate>`: put small values into an immediate and \
                     arrays into storage"
                ));
            }
        }
        Ok(())
    }
}

fn port(module: &Module, variable: &GlobalVariable, name: String, access: StorageAccess) -> Result<Port, String> {
    let Some(place) = variable.binding.as_ref().filter(|place| place.group == 0) else {
        return Err(format!("`{name}` is not in `@group(0)`, the only group there is"));
    };
    let access = if access.contains(StorageAccess::STORE) { Access::Write } else { Access::Read };
    let TypeInner::Array { base, size, .. } = module.types[variable.ty].inner else {
        return Err(format!("`{name}` is not an array: write `array<f32>`, `array<u32>` or `array<i32>`"));
    };
    let (scalar, lanes) = element(module, base).ok_or_else(|| {
        format!("the elements of `{name}` are not f32, u32, i32, an atomic of these, or vec2 or vec4 of these")
    })?;
    let length = match size {
        ArraySize::Constant(n) => Some(u64::from(n.get()) * lanes),
        _ => None,
    };
    Ok(Port { name, binding: place.binding, access, scalar, length })
}

/// The scalar of an array's element and how many of them it has. vec3 is left out: its stride is that of vec4.
fn element(module: &Module, ty: Handle<Type>) -> Option<(&'static str, u64)> {
    match module.types[ty].inner {
        TypeInner::Scalar(scalar) | TypeInner::Atomic(scalar) => Some((name_of(scalar)?, 1)),
        TypeInner::Vector { size, scalar } if size != naga::VectorSize::Tri => Some((name_of(scalar)?, size as u64)),
        _ => None,
    }
}

fn immediates(module: &Module, ty: Handle<Type>, name: String) -> Result<Vec<Immediate>, String> {
    let scalar_of = |ty: Handle<Type>| match module.types[ty].inner {
        TypeInner::Scalar(scalar) => name_of(scalar),
        _ => None,
    };
    let complain = |name: &str| format!("immediate `{name}` is not a plain f32, u32 or i32, or a struct of these");
    match &module.types[ty].inner {
        TypeInner::Struct { members, .. } => members
            .iter()
            .map(|member| {
                let name = member.name.clone().unwrap_or_default();
                let scalar = scalar_of(member.ty).ok_or_else(|| complain(&name))?;
                Ok(Immediate { name, offset: member.offset, scalar })
            })
            .collect(),
        _ => {
            let scalar = scalar_of(ty).ok_or_else(|| complain(&name))?;
            Ok(vec![Immediate { name, offset: 0, scalar }])
        }
    }
}

fn name_of(scalar: Scalar) -> Option<&'static str> {
    match (scalar.kind, scalar.width) {
        (ScalarKind::Float, 4) => Some("f32"),
        (ScalarKind::Uint, 4) => Some("u32"),
        (ScalarKind::Sint, 4) => Some("i32"),
        _ => None,
    }
}
