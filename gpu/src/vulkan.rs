//! Vulkan compute: the only file that names vulkano and ash, and (with `sgemm`) the only one with `unsafe`.
//! Not vulkano's futures, which poll and block: one queue, one timeline semaphore, one thread that waits for it.
//!
//! Why it is sound, in four rules that the `SAFETY` comments refer to:
//!
//! 1. *Alive*: whatever a submission uses (command buffer, descriptor sets, buffers, pipelines) is owned by its
//!    [`Flight`] until the timeline has reached the flight's value. Memory is thus never reused while the device has it.
//! 2. *Ordered*: recording and submission happen under one lock, so that values and submissions have one order;
//!    [`Hazards`] places a barrier before each command that touches what an earlier one wrote, across submissions too.
//! 3. *Host apart*: the host writes a buffer only before anything else can name it (upload into fresh memory), and reads
//!    only staging memory of a flight that has landed, behind a barrier towards the host.
//! 4. *Checked*: kernels are naga's output with bounds checks on every access; counts, sizes and types were compared
//!    with the kernel's interface and the device's limits before they get here.

#![allow(unsafe_code, reason = "raw recording and submission; argued above and at each place")]

use crate::{
    GpuError, Info, Kind, Limits, OpenError,
    hazard::{Hazards, Stamps},
    interface::Access,
    seam::{Backend, Bound, DeviceCode, Done, Memory, Step, Storage, Work},
    wgsl::Compiled,
};
use ash::vk;
use std::{
    collections::BTreeMap,
    mem,
    sync::{Arc, Mutex, OnceLock, PoisonError, mpsc},
    thread::{self, JoinHandle},
};
use vulkano::{
    Validated, Version, VulkanError, VulkanLibrary, VulkanObject,
    buffer::{AllocateBufferError, Buffer, BufferCreateInfo, BufferUsage, Subbuffer},
    command_buffer::{
        CommandBuffer, CommandBufferBeginInfo, CommandBufferLevel, CommandBufferUsage, CopyBufferInfo,
        RecordingCommandBuffer, allocator::StandardCommandBufferAllocator,
    },
    descriptor_set::{
        DescriptorSet, WriteDescriptorSet,
        allocator::StandardDescriptorSetAllocator,
        layout::{DescriptorSetLayout, DescriptorSetLayoutBinding, DescriptorSetLayoutCreateInfo, DescriptorType},
    },
    device::{
        Device, DeviceCreateInfo, DeviceFeatures, Queue, QueueCreateInfo, QueueFlags,
        physical::{PhysicalDevice, PhysicalDeviceType},
    },
    instance::{Instance, InstanceCreateFlags, InstanceCreateInfo},
    memory::{
        MemoryPropertyFlags,
        allocator::{AllocationCreateInfo, MemoryAllocatorError, MemoryTypeFilter, StandardMemoryAllocator},
    },
    pipeline::{
        ComputePipeline, Pipeline, PipelineBindPoint, PipelineLayout, PipelineShaderStageCreateInfo,
        compute::ComputePipelineCreateInfo,
        layout::{PipelineLayoutCreateInfo, PushConstantRange},
    },
    shader::{ShaderModule, ShaderModuleCreateInfo, ShaderStages},
    sync::{
        AccessFlags, DependencyInfo, MemoryBarrier, PipelineStages,
        semaphore::{Semaphore, SemaphoreCreateInfo, SemaphoreType, SemaphoreWaitInfo},
    },
};

/// A Vulkan device that can be opened.
pub(crate) struct Candidate {
    pub(crate) info: Info,
    physical: Arc<PhysicalDevice>,
    family: u32,
}

/// How uploads travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Staging {
    /// Straight into the device's memory where the host sees it.
    WhereNeeded,
    /// Always through staging memory, as on a card with memory of its own.
    Always,
}

/// An open device.
pub(crate) struct Vulkan {
    core: Arc<Core>,
    submitter: Mutex<Submitter>,
    waiter: Option<JoinHandle<()>>,
}

impl Drop for Vulkan {
    /// Waits for the waiting thread, and so for work under way: a program that ends while that thread still takes the
    /// device down crashes in lavapipe, whose own threads the system is ending at that moment.
    fn drop(&mut self) {
        let (closed, _) = mpsc::channel();
        let submitter = self.submitter.get_mut().unwrap_or_else(PoisonError::into_inner);
        drop(mem::replace(&mut submitter.flights, closed));
        // The last handle may go on the waiting thread itself, with an answer that nobody wants any more.
        if let Some(waiter) = self.waiter.take().filter(|waiter| waiter.thread().id() != thread::current().id()) {
            // It has no panic of its own to tell.
            let _ = waiter.join();
        }
    }
}

/// What the handle and the waiting thread share.
struct Core {
    info: Info,
    device: Arc<Device>,
    queue: Arc<Queue>,
    timeline: Arc<Semaphore>,
    memory: Arc<StandardMemoryAllocator>,
    commands: Arc<StandardCommandBufferAllocator>,
    sets: Arc<StandardDescriptorSetAllocator>,
    direct: bool,
    lost: OnceLock<String>,
}

/// The order of everything on the queue (rule 2).
struct Submitter {
    hazards: Hazards,
    /// The timeline value of the last submission.
    last: u64,
    flights: mpsc::Sender<Flight>,
}

/// A submission on its way, with all that it needs (rule 1).
struct Flight {
    value: u64,
    cargo: Cargo,
    done: Done,
}

struct Cargo {
    command: CommandBuffer,
    /// Held, not read: rule 1.
    _sets: Vec<Arc<DescriptorSet>>,
    _work: Work,
    /// Staging memory: of an upload, or where a download arrives.
    _up: Option<Words>,
    down: Option<Words>,
}

type Words = Subbuffer<[u32]>;

/// The memory of one buffer. Its stamps change under the submitter's lock only.
struct DeviceMemory {
    words: Words,
    stamps: Mutex<Stamps>,
}

/// A kernel as the driver has it.
struct Code {
    pipeline: Arc<ComputePipeline>,
    sets: Arc<DescriptorSetLayout>,
}

/// Lists the devices that can compute, the best first.
///
/// # Errors
/// [`OpenError::NoVulkan`] without the loader, [`OpenError::NoDriver`] when nothing can be used.
pub(crate) fn candidates() -> Result<Vec<Candidate>, OpenError> {
    let library = VulkanLibrary::new().map_err(|error| OpenError::NoVulkan { detail: error.to_string() })?;
    let create = InstanceCreateInfo { flags: InstanceCreateFlags::ENUMERATE_PORTABILITY, ..Default::default() };
    let instance = Instance::new(library, create).map_err(|error| match error {
        // The loader's word for "I have found no driver".
        Validated::Error(VulkanError::IncompatibleDriver) => {
            OpenError::NoDriver { detail: "no driver is installed".to_owned() }
        }
        error => OpenError::Driver { step: "making the instance", detail: error.to_string() },
    })?;
    let physical = instance
        .enumerate_physical_devices()
        .map_err(|error| OpenError::Driver { step: "listing the devices", detail: error.to_string() })?;
    let (mut usable, mut rejected) = (Vec::new(), Vec::new());
    for device in physical {
        match Candidate::of(device) {
            Ok(candidate) => usable.push(candidate),
            Err(why) => rejected.push(why),
        }
    }
    if usable.is_empty() {
        let detail = if rejected.is_empty() { "no driver is installed".to_owned() } else { rejected.join("; ") };
        return Err(OpenError::NoDriver { detail });
    }
    usable.sort_by_key(|candidate| match candidate.info.kind {
        Kind::Discrete => 0,
        Kind::Integrated => 1,
        Kind::Virtual => 2,
        Kind::Other | Kind::Native => 3,
        Kind::Software => 4,
    });
    Ok(usable)
}

impl Candidate {
    /// Looks at a device; the error says why it would not do.
    fn of(physical: Arc<PhysicalDevice>) -> Result<Self, String> {
        let properties = physical.properties();
        let name = properties.device_name.clone();
        if physical.api_version() < Version::V1_2 || !physical.supported_features().timeline_semaphore {
            return Err(format!("{name} has no timeline semaphores (Vulkan 1.2)"));
        }
        // A family without graphics is the one for compute beside other work.
        let families = physical.queue_family_properties().iter().enumerate();
        let family = families
            .filter(|(_, family)| family.queue_flags.contains(QueueFlags::COMPUTE))
            .min_by_key(|(_, family)| family.queue_flags.contains(QueueFlags::GRAPHICS))
            .and_then(|(index, _)| u32::try_from(index).ok())
            .ok_or_else(|| format!("{name} has no queue that computes"))?;
        let driver = [&properties.driver_name, &properties.driver_info];
        let driver = driver.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(", ");
        let info = Info { name, kind: kind(properties.device_type), driver, limits: limits(&physical) };
        Ok(Self { info, physical, family })
    }
}

fn kind(device: PhysicalDeviceType) -> Kind {
    match device {
        PhysicalDeviceType::DiscreteGpu => Kind::Discrete,
        PhysicalDeviceType::IntegratedGpu => Kind::Integrated,
        PhysicalDeviceType::VirtualGpu => Kind::Virtual,
        PhysicalDeviceType::Cpu => Kind::Software,
        _ => Kind::Other,
    }
}

fn limits(physical: &PhysicalDevice) -> Limits {
    let properties = physical.properties();
    let range = u64::from(properties.max_storage_buffer_range);
    Limits {
        buffer_bytes: range.min(properties.max_memory_allocation_size.unwrap_or(range)),
        groups: properties.max_compute_work_group_count,
        group_size: properties.max_compute_work_group_size,
        group_invocations: properties.max_compute_work_group_invocations,
        group_memory_bytes: properties.max_compute_shared_memory_size,
        bindings: properties.max_per_stage_descriptor_storage_buffers,
        immediate_bytes: properties.max_push_constants_size,
    }
}

impl Vulkan {
    /// Opens a device and starts its waiting thread, which ends with the device, when its work is done.
    pub(crate) fn open(candidate: Candidate, staging: Staging) -> Result<Self, OpenError> {
        let core = Arc::new(Core::open(candidate, staging)?);
        let (flights, arrivals) = mpsc::channel();
        let waiting = Arc::clone(&core);
        let waiter = thread::Builder::new()
            .name("rendez-gpu-wait".into())
            .spawn(move || waiting.wait_for(&arrivals))
            .map_err(|error| OpenError::NoThread { detail: error.to_string() })?;
        let submitter = Mutex::new(Submitter { hazards: Hazards::default(), last: 0, flights });
        Ok(Self { core, submitter, waiter: Some(waiter) })
    }

    /// Fills fresh memory that the host sees (rule 3: nothing else names it before the upload has ended).
    fn upload_directly(&self, words: &[u32], into: &Storage) -> Result<(), GpuError> {
        fill(&device_memory(into).words, words)
    }

    /// Records and submits; the answer then comes from the waiting thread.
    fn launch(&self, work: Work, done: Done) {
        let mut submitter = self.submitter.lock().unwrap_or_else(PoisonError::into_inner);
        let covered = submitter.hazards.covered();
        let cargo = match self.core.record(work, &mut submitter.hazards) {
            Ok(cargo) => cargo,
            Err(error) => {
                submitter.hazards.uncover(covered);
                drop(submitter);
                return done.tell(Err(error));
            }
        };
        let value = submitter.last + 1;
        if let Err(error) = self.core.submit(&cargo.command, value) {
            // Nothing of it runs, but the hazards counted on it: the device cannot go on in good order.
            drop(submitter);
            return done.tell(Err(self.core.lose(&format!("submission failed: {error}"))));
        }
        submitter.last = value;
        if let Err(mpsc::SendError(flight)) = submitter.flights.send(Flight { value, cargo, done }) {
            // The waiting thread is gone, which it never is while we live: keep what the device uses (rule 1).
            mem::forget(flight.cargo);
        }
    }
}

impl Backend for Vulkan {
    fn info(&self) -> &Info {
        &self.core.info
    }

    fn runs_text(&self) -> bool {
        true
    }

    fn load(&self, code: &Compiled) -> Result<Option<DeviceCode>, GpuError> {
        Ok(Some(Box::new(self.core.load(code)?)))
    }

    fn allocate(&self, words: usize) -> Result<Memory, GpuError> {
        let host = if self.core.direct { MemoryTypeFilter::HOST_SEQUENTIAL_WRITE } else { MemoryTypeFilter::empty() };
        let words = self.core.buffer(words, BufferUsage::STORAGE_BUFFER, MemoryTypeFilter::PREFER_DEVICE | host)?;
        Ok(Memory::Device(Box::new(DeviceMemory { words, stamps: Mutex::default() })))
    }

    fn submit(&self, work: Work, done: Done) {
        if let Some(reason) = self.core.lost.get() {
            return done.tell(Err(self.core.lost_error(reason)));
        }
        match work {
            Work::Upload { words, into } if self.core.direct => {
                let answer = self.upload_directly(&words, &into);
                done.tell(answer.map(|()| Vec::new()));
            }
            work => self.launch(work, done),
        }
    }
}

impl Core {
    fn open(candidate: Candidate, staging: Staging) -> Result<Self, OpenError> {
        let Candidate { info, physical, family } = candidate;
        let supported = physical.supported_features();
        let features = DeviceFeatures {
            timeline_semaphore: true,
            vulkan_memory_model: supported.vulkan_memory_model,
            vulkan_memory_model_device_scope: supported.vulkan_memory_model_device_scope,
            ..DeviceFeatures::empty()
        };
        let create = DeviceCreateInfo {
            enabled_features: features,
            queue_create_infos: vec![QueueCreateInfo { queue_family_index: family, ..Default::default() }],
            ..Default::default()
        };
        let failed = |step| move |error: Validated<VulkanError>| OpenError::Driver { step, detail: error.to_string() };
        let (device, mut queues) = Device::new(Arc::clone(&physical), create).map_err(failed("opening the device"))?;
        let queue = queues
            .next()
            .ok_or(OpenError::Driver { step: "opening the device", detail: "it gave no queue".to_owned() })?;
        let timeline = SemaphoreCreateInfo { semaphore_type: SemaphoreType::Timeline, ..Default::default() };
        let timeline = Semaphore::new(Arc::clone(&device), timeline).map_err(failed("making the timeline"))?;
        Ok(Self {
            direct: staging == Staging::WhereNeeded && shares_memory(&physical),
            memory: Arc::new(StandardMemoryAllocator::new_default(Arc::clone(&device))),
            commands: Arc::new(StandardCommandBufferAllocator::new(Arc::clone(&device), Default::default())),
            sets: Arc::new(StandardDescriptorSetAllocator::new(Arc::clone(&device), Default::default())),
            timeline: Arc::new(timeline),
            lost: OnceLock::new(),
            info,
            device,
            queue,
        })
    }

    fn load(&self, code: &Compiled) -> Result<Code, GpuError> {
        let failed = |step| move |error: Validated<VulkanError>| driver(step, &error);
        // SAFETY: the words are naga's, from a module that naga has validated (rule 4).
        let module = unsafe { ShaderModule::new(Arc::clone(&self.device), ShaderModuleCreateInfo::new(&code.words)) }
            .map_err(failed("taking the kernel's code"))?;
        let interface = &code.interface;
        let binding = DescriptorSetLayoutBinding {
            stages: ShaderStages::COMPUTE,
            ..DescriptorSetLayoutBinding::descriptor_type(DescriptorType::StorageBuffer)
        };
        let bindings: BTreeMap<_, _> = interface.ports.iter().map(|port| (port.binding, binding.clone())).collect();
        let sets = DescriptorSetLayoutCreateInfo { bindings, ..Default::default() };
        let sets =
            DescriptorSetLayout::new(Arc::clone(&self.device), sets).map_err(failed("laying out the bindings"))?;
        let range = PushConstantRange { stages: ShaderStages::COMPUTE, offset: 0, size: interface.immediate_bytes };
        let layout = PipelineLayoutCreateInfo {
            set_layouts: vec![Arc::clone(&sets)],
            push_constant_ranges: if range.size > 0 { vec![range] } else { Vec::new() },
            ..Default::default()
        };
        let layout =
            PipelineLayout::new(Arc::clone(&self.device), layout).map_err(failed("laying out the pipeline"))?;
        let entry = module.entry_point(&interface.entry).ok_or_else(|| GpuError::Driver {
            step: "taking the kernel's code",
            detail: format!("it has no entry point `{}`", interface.entry),
        })?;
        let stage = PipelineShaderStageCreateInfo::new(entry);
        let create = ComputePipelineCreateInfo::stage_layout(stage, layout);
        let pipeline =
            ComputePipeline::new(Arc::clone(&self.device), None, create).map_err(failed("making the pipeline"))?;
        Ok(Code { pipeline, sets })
    }

    fn buffer(&self, words: usize, usage: BufferUsage, filter: MemoryTypeFilter) -> Result<Words, GpuError> {
        let create = BufferCreateInfo {
            usage: usage | BufferUsage::TRANSFER_SRC | BufferUsage::TRANSFER_DST,
            ..Default::default()
        };
        let allocation = AllocationCreateInfo { memory_type_filter: filter, ..Default::default() };
        let memory = Arc::clone(&self.memory);
        Buffer::new_slice(memory, create, allocation, words as u64).map_err(|error| match error {
            Validated::Error(AllocateBufferError::AllocateMemory(MemoryAllocatorError::AllocateDeviceMemory(
                Validated::Error(VulkanError::OutOfDeviceMemory | VulkanError::OutOfHostMemory),
            ))) => GpuError::OutOfMemory { asked: 4 * words as u64 },
            error => driver("allocating a buffer", &error),
        })
    }

    /// Writes a piece of work down as a command buffer.
    fn record(&self, work: Work, hazards: &mut Hazards) -> Result<Cargo, GpuError> {
        let begin = CommandBufferBeginInfo { usage: CommandBufferUsage::OneTimeSubmit, ..Default::default() };
        let commands = Arc::clone(&self.commands);
        let family = self.queue.queue_family_index();
        let mut recording = RecordingCommandBuffer::new(commands, family, CommandBufferLevel::Primary, begin)
            .map_err(|error| driver("recording", &error))?;
        let (mut sets, mut up, mut down) = (Vec::new(), None, None);
        match &work {
            Work::Upload { words, into } => {
                let staged = self.buffer(words.len(), BufferUsage::empty(), HOST_FILLS)?;
                fill(&staged, words)?;
                self.barrier(&mut recording, hazards, [(into, Access::Write)])?;
                copy(&mut recording, &staged, &device_memory(into).words)?;
                up = Some(staged);
            }
            Work::Download { from } => {
                let arrival = self.buffer(from.words, BufferUsage::empty(), HOST_READS)?;
                self.barrier(&mut recording, hazards, [(from, Access::Read)])?;
                copy(&mut recording, &device_memory(from).words, &arrival)?;
                wait_between(&mut recording, PipelineStages::HOST, AccessFlags::HOST_READ)?;
                down = Some(arrival);
            }
            Work::Clear { target } => {
                self.barrier(&mut recording, hazards, [(target, Access::Write)])?;
                // SAFETY: the buffer outlives the flight (rule 1) and the command is ordered after its users (rule 2).
                unsafe { recording.fill_buffer(&device_memory(target).words, 0) }
                    .map_err(|error| driver("recording", &error))?;
            }
            Work::Run { steps } => {
                for step in steps {
                    self.barrier(&mut recording, hazards, step.bound.iter().map(|b| (&b.storage, b.access)))?;
                    sets.extend(self.record_step(&mut recording, step)?);
                }
            }
        }
        // SAFETY: what was recorded is complete, and kept alive by the cargo (rule 1).
        let command = unsafe { recording.end() }.map_err(|error| driver("recording", &error))?;
        Ok(Cargo { command, _sets: sets, _work: work, _up: up, down })
    }

    /// Lets the next command wait for those whose buffers it touches (rule 2).
    fn barrier<'a>(
        &self,
        recording: &mut RecordingCommandBuffer,
        hazards: &mut Hazards,
        uses: impl IntoIterator<Item = (&'a Arc<Storage>, Access)>,
    ) -> Result<(), GpuError> {
        // One storage may be read through several variables: each is looked at once, under its strongest access.
        let mut unique: BTreeMap<usize, (&Arc<Storage>, Access)> = BTreeMap::new();
        for (storage, access) in uses {
            let entry = unique.entry(Arc::as_ptr(storage) as usize).or_insert((storage, access));
            if access == Access::Write {
                entry.1 = Access::Write;
            }
        }
        let mut stamps: Vec<_> = unique
            .values()
            .map(|(storage, access)| {
                (device_memory(storage).stamps.lock().unwrap_or_else(PoisonError::into_inner), *access)
            })
            .collect();
        if hazards.command(stamps.iter_mut().map(|(stamps, access)| (&mut **stamps, *access))) {
            let access = AccessFlags::SHADER_READ
                | AccessFlags::SHADER_WRITE
                | AccessFlags::TRANSFER_READ
                | AccessFlags::TRANSFER_WRITE;
            wait_between(recording, PipelineStages::COMPUTE_SHADER | PipelineStages::ALL_TRANSFER, access)?;
        }
        Ok(())
    }

    /// Records one kernel run; gives the descriptor set, which has to live as long as the flight.
    fn record_step(
        &self,
        recording: &mut RecordingCommandBuffer,
        step: &Step,
    ) -> Result<Option<Arc<DescriptorSet>>, GpuError> {
        let code = step.kernel.code.as_ref().and_then(|code| code.downcast_ref::<Code>());
        let code = code.expect("a kernel was loaded by the device that runs it");
        let set = self.bind(code, step)?;
        let layout = code.pipeline.layout();
        let invalid = |error| driver("recording", &error);
        // SAFETY: pipeline and set are kept by the cargo (rule 1); set and layout were made for each other; group counts
        // and scalars were checked (rule 4) and are checked again by these calls; ordered by the barrier (rule 2).
        unsafe {
            recording.bind_pipeline_compute(&code.pipeline).map_err(invalid)?;
            if let Some(set) = &set {
                let sets = &[set.as_raw()];
                recording.bind_descriptor_sets(PipelineBindPoint::Compute, layout, 0, sets, &[]).map_err(invalid)?;
            }
            for scalar in &step.scalars {
                recording.push_constants(layout, scalar.offset, &scalar.word).map_err(invalid)?;
            }
            recording.dispatch(step.groups).map_err(invalid)?;
        }
        Ok(set)
    }

    /// `None` for a kernel without buffers: vulkano's allocator panics over an empty set.
    fn bind(&self, code: &Code, step: &Step) -> Result<Option<Arc<DescriptorSet>>, GpuError> {
        if step.bound.is_empty() {
            return Ok(None);
        }
        let words = |bound: &Bound| device_memory(&bound.storage).words.clone();
        let writes = step.bound.iter().map(|bound| WriteDescriptorSet::buffer(bound.slot, words(bound)));
        DescriptorSet::new(Arc::clone(&self.sets) as _, Arc::clone(&code.sets), writes, [])
            .map(Some)
            .map_err(|error| driver("binding the buffers", &error))
    }

    /// Hands a command buffer to the queue; the timeline will reach `value` when it has run.
    fn submit(&self, command: &CommandBuffer, value: u64) -> Result<(), VulkanError> {
        let (commands, timeline, values) = ([command.handle()], [self.timeline.handle()], [value]);
        let mut signal = vk::TimelineSemaphoreSubmitInfo::default().signal_semaphore_values(&values);
        let info =
            vk::SubmitInfo::default().command_buffers(&commands).signal_semaphores(&timeline).push_next(&mut signal);
        let submit = self.device.fns().v1_0.queue_submit;
        // SAFETY: queue, command buffer and semaphore belong to this device and live (rule 1); the guard of `with` is
        // the external synchronisation of the queue; values grow, as they are given under the submitter's lock (rule 2);
        // the structures outlive the call.
        let result = self.queue.with(|_guard| unsafe { submit(self.queue.handle(), 1, &info, vk::Fence::null()) });
        result.result().map_err(VulkanError::from)
    }

    /// The waiting thread: lands flights in their order until the device has been dropped and none is left.
    fn wait_for(&self, arrivals: &mpsc::Receiver<Flight>) {
        while let Ok(Flight { value, cargo, done }) = arrivals.recv() {
            match self.timeline.wait(SemaphoreWaitInfo { value, ..Default::default() }, None) {
                Ok(()) => {
                    let answer = cargo.down.as_ref().map_or_else(|| Ok(Vec::new()), fetch);
                    drop(cargo);
                    done.tell(answer);
                }
                // A lost device runs nothing any more: its memory may go.
                Err(Validated::Error(VulkanError::DeviceLost)) => {
                    drop(cargo);
                    done.tell(Err(self.lose("the driver says so")));
                }
                // Whether the device still uses the cargo is not known: better leaked than reused (rule 1).
                Err(error) => {
                    mem::forget(cargo);
                    done.tell(Err(self.lose(&format!("waiting failed: {error}"))));
                }
            }
        }
    }

    fn lose(&self, reason: &str) -> GpuError {
        self.lost_error(self.lost.get_or_init(|| reason.to_owned()))
    }

    fn lost_error(&self, reason: &str) -> GpuError {
        GpuError::DeviceLost { device: self.info.name.clone(), reason: reason.to_owned() }
    }
}

/// Memory that the host fills once, in order.
const HOST_FILLS: MemoryTypeFilter = MemoryTypeFilter::PREFER_HOST.union(MemoryTypeFilter::HOST_SEQUENTIAL_WRITE);
/// Memory that the host reads: cached.
const HOST_READS: MemoryTypeFilter = MemoryTypeFilter::PREFER_HOST.union(MemoryTypeFilter::HOST_RANDOM_ACCESS);

/// Whether the device computes in memory that the host sees: then uploads need no staging.
fn shares_memory(physical: &PhysicalDevice) -> bool {
    let wanted = MemoryPropertyFlags::DEVICE_LOCAL | MemoryPropertyFlags::HOST_VISIBLE;
    matches!(physical.properties().device_type, PhysicalDeviceType::IntegratedGpu | PhysicalDeviceType::Cpu)
        && physical.memory_properties().memory_types.iter().any(|memory| memory.property_flags.contains(wanted))
}

fn device_memory(storage: &Storage) -> &DeviceMemory {
    let Memory::Device(memory) = &storage.memory else { unreachable!("buffers of other devices were refused") };
    memory.downcast_ref().expect("buffers of other devices were refused")
}

fn fill(target: &Words, words: &[u32]) -> Result<(), GpuError> {
    target.write().map_err(|error| driver("writing to the device's memory", &error))?.copy_from_slice(words);
    Ok(())
}

/// Takes what a flight brought; it has landed, and nothing else names its staging memory (rule 3).
fn fetch(arrival: &Words) -> Result<Vec<u32>, GpuError> {
    Ok(arrival.read().map_err(|error| driver("reading the device's memory", &error))?.to_vec())
}

fn copy(recording: &mut RecordingCommandBuffer, from: &Words, to: &Words) -> Result<(), GpuError> {
    let info = CopyBufferInfo::buffers(from.clone(), to.clone());
    // SAFETY: both are distinct, outlive the flight (rule 1), and are ordered by the barrier before (rule 2).
    unsafe { recording.copy_buffer(&info) }.map_err(|error| driver("recording", &error))?;
    Ok(())
}

/// Makes all that was written before visible to what comes after, in these stages.
fn wait_between(
    recording: &mut RecordingCommandBuffer,
    stages: PipelineStages,
    access: AccessFlags,
) -> Result<(), GpuError> {
    let barrier = MemoryBarrier {
        src_stages: PipelineStages::COMPUTE_SHADER | PipelineStages::ALL_TRANSFER,
        src_access: AccessFlags::SHADER_WRITE | AccessFlags::TRANSFER_WRITE,
        dst_stages: stages,
        dst_access: access,
        ..Default::default()
    };
    let info = DependencyInfo { memory_barriers: [barrier].into_iter().collect(), ..Default::default() };
    // SAFETY: a global barrier names no resource; it is recorded outside of any render pass.
    unsafe { recording.pipeline_barrier(&info) }.map_err(|error| driver("recording", &error))?;
    Ok(())
}

fn driver(step: &'static str, error: &impl ToString) -> GpuError {
    GpuError::Driver { step, detail: error.to_string() }
}
