//! A device that fails on command, for tests of what happens then. It computes as the native CPU device does.

use crate::{
    Gpu, GpuError, Info, OpenError,
    cpu::Cpu,
    seam::{Backend, DeviceCode, Done, Memory, Work},
    wgsl::Compiled,
};
use std::{
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// The controls of a fake device.
#[derive(Clone, Default)]
pub struct Fake {
    script: Arc<Mutex<Script>>,
}

#[derive(Default)]
struct Script {
    /// Work to let pass, and how the one after it fails.
    fail: Option<(usize, GpuError)>,
    stalled: bool,
    held: Vec<(Work, Done)>,
    lost: Option<GpuError>,
}

struct Device {
    cpu: Cpu,
    info: Info,
    script: Arc<Mutex<Script>>,
}

impl Fake {
    /// Opens a fake device.
    ///
    /// # Errors
    /// [`OpenError::NoThread`].
    pub fn open() -> Result<(Gpu, Self), OpenError> {
        let fake = Self::default();
        let mut info = crate::cpu::info();
        "fake".clone_into(&mut info.name);
        let device = Device { cpu: Cpu::open()?, info, script: Arc::clone(&fake.script) };
        Ok((Gpu::with(device, "fake: for a test".to_owned())?, fake))
    }

    /// Lets so many pieces of work pass and fails the next one.
    pub fn fail_after(&self, pass: usize, error: GpuError) {
        self.script().fail = Some((pass, error));
    }

    /// Holds back all work from now on.
    pub fn stall(&self) {
        self.script().stalled = true;
    }

    /// Answers nothing that is held back: drops it, as a device whose thread has died.
    pub fn forget(&self) {
        let held = mem::take(&mut self.script().held);
        drop(held);
    }

    /// How much work is held back.
    #[must_use]
    pub fn held(&self) -> usize {
        self.script().held.len()
    }

    /// Loses the device: all that is held back and all that comes later fails.
    pub fn lose(&self, reason: &str) {
        let error = GpuError::DeviceLost { device: "fake".to_owned(), reason: reason.to_owned() };
        let held = {
            let mut script = self.script();
            script.lost = Some(error.clone());
            mem::take(&mut script.held)
        };
        for (_, done) in held {
            done.tell(Err(error.clone()));
        }
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Backend for Device {
    fn info(&self) -> &Info {
        &self.info
    }

    fn runs_text(&self) -> bool {
        false
    }

    fn load(&self, code: &Compiled) -> Result<Option<DeviceCode>, GpuError> {
        self.cpu.load(code)
    }

    fn allocate(&self, words: usize) -> Result<Memory, GpuError> {
        self.cpu.allocate(words)
    }

    fn submit(&self, work: Work, done: Done) {
        let mut script = self.script.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(error) = script.lost.clone() {
            drop(script);
            return done.tell(Err(error));
        }
        if script.stalled {
            return script.held.push((work, done));
        }
        match script.fail.take() {
            Some((0, error)) => {
                drop(script);
                done.tell(Err(error));
            }
            Some((pass, error)) => {
                script.fail = Some((pass - 1, error));
                drop(script);
                self.cpu.submit(work, done);
            }
            None => {
                drop(script);
                self.cpu.submit(work, done);
            }
        }
    }
}
