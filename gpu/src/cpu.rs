//! The native CPU device: Rust twins of kernels, on one thread of its own. Not an interpreter of WGSL.

use crate::{
    GpuError, Info, Kind, Limits, OpenError,
    interface::Access,
    parallel,
    seam::{Answer, Backend, DeviceCode, Done, Memory, Step, Storage, Work},
    twin::{HostArg, HostCall, HostWords, Twin},
    wgsl::Compiled,
};
use std::{
    any::Any,
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
};

/// The device's name.
pub(crate) const NAME: &str = "native CPU";

/// The native device. Its thread does one piece of work after the other and ends when the device is dropped.
pub(crate) struct Cpu {
    info: Info,
    // Bounded by the slots of the handle: who submits holds one.
    jobs: mpsc::Sender<(Work, Done)>,
}

/// What the device says of itself, opened or not.
pub(crate) fn info() -> Info {
    let threads = parallel::threads();
    let driver = if threads == 1 { "1 thread".to_owned() } else { format!("{threads} threads") };
    Info { name: NAME.to_owned(), kind: Kind::Native, driver, limits: Limits::NATIVE }
}

impl Cpu {
    pub(crate) fn open() -> Result<Self, OpenError> {
        let (jobs, inbox) = mpsc::channel::<(Work, Done)>();
        let worker = move || {
            for (work, done) in inbox {
                done.tell(perform(work));
            }
        };
        thread::Builder::new()
            .name("rendez-gpu-cpu".into())
            .spawn(worker)
            .map_err(|error| OpenError::NoThread { detail: error.to_string() })?;
        Ok(Self { info: info(), jobs })
    }
}

impl Backend for Cpu {
    fn info(&self) -> &Info {
        &self.info
    }

    fn runs_text(&self) -> bool {
        false
    }

    fn load(&self, _code: &Compiled) -> Result<Option<DeviceCode>, GpuError> {
        Ok(None)
    }

    fn allocate(&self, words: usize) -> Result<Memory, GpuError> {
        let mut memory = Vec::<u32>::new();
        memory.try_reserve_exact(words).map_err(|_| GpuError::OutOfMemory { asked: 4 * words as u64 })?;
        drop(memory);
        // Zeroed memory comes from the system without being touched; the reservation above has shown that there is some.
        Ok(Memory::Host(Mutex::new(vec![0; words])))
    }

    fn submit(&self, work: Work, done: Done) {
        // Fails only when the worker is gone, and then whoever waits learns it from the dropped `done`.
        drop(self.jobs.send((work, done)));
    }
}

fn perform(work: Work) -> Answer {
    match work {
        Work::Upload { words, into } => put(&into, words),
        Work::Download { from } => {
            return Ok(host(&from).lock().unwrap_or_else(PoisonError::into_inner).clone());
        }
        Work::Clear { target } => put(&target, vec![0; target.words]),
        Work::Run { steps } => {
            for step in steps {
                run(&step)?;
            }
        }
    }
    Ok(Vec::new())
}

fn run(step: &Step) -> Result<(), GpuError> {
    let Some(twin) = &step.twin else {
        return Err(GpuError::NoTwin { kernel: step.kernel.name.to_string(), device: NAME.to_owned() });
    };
    if step.groups.contains(&0) {
        return Ok(()); // no workgroups, no work: as on any device
    }
    // The words leave their buffers for the time of the call: a buffer may be read through two names.
    let mut lent: Vec<(&Arc<Storage>, Access, Vec<u32>)> = Vec::new();
    for bound in &step.bound {
        if !lent.iter().any(|(storage, ..)| Arc::ptr_eq(storage, &bound.storage)) {
            lent.push((&bound.storage, bound.access, take(&bound.storage)));
        }
    }
    let outcome = call(twin.as_ref(), step, &mut lent);
    for (storage, _, words) in lent {
        put(storage, words);
    }
    outcome.map_err(|message| GpuError::TwinPanicked { kernel: step.kernel.name.to_string(), message })
}

/// Calls the twin; the error is its panic's message.
fn call(twin: &Twin, step: &Step, lent: &mut [(&Arc<Storage>, Access, Vec<u32>)]) -> Result<(), String> {
    let (mut read, mut write) = (Vec::new(), Vec::new());
    for (storage, access, words) in lent {
        match access {
            Access::Read => read.push((*storage, words.as_slice())),
            Access::Write => write.push((*storage, words.as_mut_slice())),
        }
    }
    let mut args = Vec::with_capacity(step.bound.len());
    for bound in &step.bound {
        let words = match bound.access {
            Access::Read => {
                let found = read.iter().find(|(storage, _)| Arc::ptr_eq(storage, &bound.storage));
                HostWords::Read(found.map_or(&[], |(_, words)| *words))
            }
            Access::Write => {
                let found = write.iter().position(|(storage, _)| Arc::ptr_eq(storage, &bound.storage));
                found.map_or(HostWords::Out, |at| HostWords::Write(write.swap_remove(at).1))
            }
        };
        args.push(HostArg { name: &bound.name, words });
    }
    let mut frame = HostCall { args, scalars: &step.scalars, groups: step.groups };
    // The twin sees nothing but its buffers, which are put back whatever they hold.
    catch_unwind(AssertUnwindSafe(|| twin(&mut frame))).map_err(|panic| message(panic.as_ref()))
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a value that is not text".to_owned())
}

fn host(storage: &Storage) -> &Mutex<Vec<u32>> {
    let Memory::Host(words) = &storage.memory else { unreachable!("buffers of other devices were refused") };
    words
}

fn take(storage: &Storage) -> Vec<u32> {
    mem::take(&mut host(storage).lock().unwrap_or_else(PoisonError::into_inner))
}

fn put(storage: &Storage, words: Vec<u32>) {
    *host(storage).lock().unwrap_or_else(PoisonError::into_inner) = words;
}
