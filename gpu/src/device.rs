//! The handle of a device: opening, choosing, transfers, counters. What computes lies behind the seam.

use crate::{
    Buffer, Element, GpuError, Info, OpenError, Pick, Program, Stats,
    cpu::{self, Cpu},
    oneshot::oneshot,
    seam::{Answer, Backend, Loaded, Storage, Work, done},
    slots::Slots,
    stats::Account,
    vulkan::{self, Candidate, Staging, Vulkan},
    wgsl::{Loops, compile},
};
use std::{
    borrow::Cow,
    collections::HashMap,
    env, fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};

/// How many pieces of work a device has at once; who comes later waits for a place.
pub const IN_FLIGHT_LIMIT: usize = 64;
/// How many kernels a device remembers by their text.
const KERNELS_REMEMBERED: usize = 256;
/// Overrides [`Pick::Auto`].
const ENVIRONMENT: &str = "RENDEZ_GPU";

/// A device: a handle to clone and to share among processes and threads.
///
/// The device closes, and its thread ends, when the last handle and the last buffer of it are gone and its work is done.
///
/// ```
/// use rendez_gpu::{Gpu, Pick};
/// # rendez_gpu::testing::block_on(async {
/// let gpu = Gpu::open(Pick::Auto)?;
/// println!("{}", gpu.why());
/// let x = gpu.upload(vec![1.0_f32, 2.0, 3.0]).await?;
/// let y = gpu.map("5.0 * x + 6.0", |x: f32| 5.0 * x + 6.0, &x).await?;
/// assert_eq!(y.download().await?, [11.0, 16.0, 21.0]);
/// # Ok::<_, Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
#[derive(Clone)]
pub struct Gpu {
    inner: Arc<Inner>,
}

struct Inner {
    backend: Box<dyn Backend>,
    why: String,
    slots: Slots,
    account: Arc<Account>,
    kernels: Mutex<HashMap<Cow<'static, str>, Arc<Loaded>>>,
}

/// Lists the devices of this machine: the native CPU device, then those of Vulkan, the best first.
///
/// Without Vulkan the list has one entry.
#[must_use]
pub fn devices() -> Vec<Info> {
    let vulkan = vulkan::candidates().unwrap_or_default();
    std::iter::once(cpu::info()).chain(vulkan.into_iter().map(|candidate| candidate.info)).collect()
}

impl Gpu {
    /// Opens a device.
    ///
    /// Takes some 100 ms where a Vulkan driver has to be loaded: open once, and share.
    ///
    /// # Errors
    /// [`OpenError`], which names what is missing and what to do. [`Pick::Auto`] and [`Pick::Cpu`] fail only when the
    /// system gives no thread, or `RENDEZ_GPU` asks for what is not there.
    pub fn open(pick: Pick) -> Result<Self, OpenError> {
        match pick {
            Pick::Auto => match env::var(ENVIRONMENT) {
                Ok(said) => Self::open_as_said(&said),
                Err(_) => Self::open_best(),
            },
            Pick::Cpu => Self::with(Cpu::open()?, format!("{}: it was asked for", cpu::info())),
            Pick::Vulkan => {
                Self::open_vulkan(vulkan::candidates()?, "it is the best Vulkan device", Staging::WhereNeeded)
            }
            Pick::Name(name) => Self::open_named(&name),
        }
    }

    /// What the device is.
    #[must_use]
    pub fn info(&self) -> &Info {
        self.inner.backend.info()
    }

    /// One sentence: which device this is and why it was chosen.
    #[must_use]
    pub fn why(&self) -> &str {
        &self.inner.why
    }

    /// The device's counters.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.inner.account.snapshot(self.inner.slots.taken())
    }

    /// Puts values onto the device.
    ///
    /// # Errors
    /// [`GpuError::TooLarge`], [`GpuError::OutOfMemory`], [`GpuError::DeviceLost`].
    ///
    /// # Cancel safety
    /// A dropped upload leaves nothing behind.
    pub async fn upload<T: Element>(&self, values: Vec<T>) -> Result<Buffer<T>, GpuError> {
        let words = T::to_words(values);
        let Some(storage) = self.allocate(words.len())? else { return Ok(Buffer::new(self.clone(), None)) };
        let bytes = 4 * words.len() as u64;
        self.perform(Work::Upload { words, into: Arc::clone(&storage) }).await?;
        self.inner.account.uploaded(bytes);
        Ok(Buffer::new(self.clone(), Some(storage)))
    }

    /// Makes a buffer of `len` zeros, without a transfer.
    ///
    /// # Errors
    /// As [`upload`](Self::upload).
    ///
    /// # Cancel safety
    /// Dropped, it leaves nothing behind.
    pub async fn zeros<T: Element>(&self, len: usize) -> Result<Buffer<T>, GpuError> {
        let Some(storage) = self.allocate(len)? else { return Ok(Buffer::new(self.clone(), None)) };
        self.perform(Work::Clear { target: Arc::clone(&storage) }).await?;
        Ok(Buffer::new(self.clone(), Some(storage)))
    }

    /// Compiles a kernel: WGSL text with one `@compute` entry point.
    ///
    /// Blocks for about a millisecond, and for as long as the driver takes.
    ///
    /// # Errors
    /// [`GpuError::Compile`] with line and caret when the text is not a kernel, [`GpuError::TooLarge`] when it needs more
    /// than the device has.
    pub fn wgsl(&self, text: &str) -> Result<Program, GpuError> {
        let compiled = compile(text, Loops::Foreign)?;
        compiled.interface.check(&self.info().limits)?;
        let code = self.inner.backend.load(&compiled)?;
        let name = Cow::Owned(compiled.interface.entry.clone());
        Ok(Program::new(self.clone(), Loaded { name, code }, compiled.interface))
    }

    fn open_best() -> Result<Self, OpenError> {
        let native = cpu::info();
        let reason = match vulkan::candidates() {
            Ok(found) if found[0].info.kind.is_real_gpu() => {
                return Self::open_vulkan(found, "it is the best device here", Staging::WhereNeeded);
            }
            Ok(found) => format!("Vulkan is only software here ({}), which is slower", found[0].info.name),
            Err(OpenError::NoVulkan { .. }) => "there is no Vulkan here".to_owned(),
            Err(error) => error.to_string(),
        };
        Self::with(Cpu::open()?, format!("{native}: {reason}"))
    }

    fn open_as_said(said: &str) -> Result<Self, OpenError> {
        let pick = said.parse().unwrap_or_else(|never: std::convert::Infallible| match never {});
        let mut gpu = if pick == Pick::Auto { Self::open_best()? } else { Self::open(pick)? };
        if let Some(inner) = Arc::get_mut(&mut gpu.inner) {
            inner.why = format!("{}: {ENVIRONMENT}={said}", inner.backend.info());
        }
        Ok(gpu)
    }

    fn open_named(name: &str) -> Result<Self, OpenError> {
        let fits = |info: &Info| info.name.to_lowercase().contains(&name.to_lowercase());
        let why = format!("it was asked for as `{name}`");
        let mut have = vec![cpu::NAME.to_owned()];
        if fits(&cpu::info()) {
            return Self::with(Cpu::open()?, format!("{}: {why}", cpu::info()));
        }
        let mut found = vulkan::candidates().unwrap_or_default();
        have.extend(found.iter().map(|candidate| candidate.info.name.clone()));
        found.retain(|candidate| fits(&candidate.info));
        if found.is_empty() {
            return Err(OpenError::NoSuchDevice { wanted: name.to_owned(), have });
        }
        Self::open_vulkan(found, &why, Staging::WhereNeeded)
    }

    /// Opens the first of the candidates.
    pub(crate) fn open_vulkan(found: Vec<Candidate>, why: &str, staging: Staging) -> Result<Self, OpenError> {
        let first = found.into_iter().next().ok_or(OpenError::NoDriver { detail: "none was found".to_owned() })?;
        let why = format!("{}: {why}", first.info);
        Self::with(Vulkan::open(first, staging)?, why)
    }

    /// Makes a handle over whatever computes.
    #[expect(clippy::unnecessary_wraps, reason = "reads better where it is used, behind fallible openings")]
    pub(crate) fn with(backend: impl Backend, why: String) -> Result<Self, OpenError> {
        tracing::debug!(target: "rendez::gpu", device = %backend.info(), why, "device opened");
        let inner = Inner {
            backend: Box::new(backend),
            why,
            slots: Slots::new(IN_FLIGHT_LIMIT),
            account: Arc::default(),
            kernels: Mutex::default(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    pub(crate) fn runs_text(&self) -> bool {
        self.inner.backend.runs_text()
    }

    /// Makes memory; `None` for none at all.
    pub(crate) fn allocate(&self, words: usize) -> Result<Option<Arc<Storage>>, GpuError> {
        let (asked, limit) = (4 * words as u64, self.info().limits.buffer_bytes);
        if asked > limit {
            return Err(GpuError::TooLarge { what: "bytes of one buffer".to_owned(), asked, limit });
        }
        if words == 0 {
            return Ok(None);
        }
        let memory = self.inner.backend.allocate(words)?;
        Ok(Some(Arc::new(Storage::new(words, memory, Arc::clone(&self.inner.account)))))
    }

    /// Whether a buffer is of this device.
    ///
    /// # Errors
    /// [`GpuError::WrongDevice`] when it is not.
    pub(crate) fn own(&self, storage: &Storage) -> Result<(), GpuError> {
        if Arc::ptr_eq(&storage.account, &self.inner.account) {
            return Ok(());
        }
        Err(GpuError::WrongDevice { device: self.info().name.clone() })
    }

    /// Waits for a place, hands the work over, and waits for its end.
    ///
    /// # Cancel safety
    /// Dropped before it has a place, the work never happened; later it runs to its end and what it gives is dropped.
    pub(crate) async fn perform(&self, work: Work) -> Answer {
        let slot = self.inner.slots.take().await;
        let (done, answer) = done(slot);
        let kernels = if let Work::Run { steps } = &work { steps.len() as u64 } else { 0 };
        self.inner.backend.submit(work, done);
        self.inner.account.dispatched(kernels);
        answer.await.unwrap_or_else(|| {
            let reason = "it ended before the work was done".to_owned();
            Err(GpuError::DeviceLost { device: self.info().name.clone(), reason })
        })
    }

    /// Fetches a buffer's words.
    pub(crate) async fn fetch(&self, from: Arc<Storage>) -> Answer {
        let bytes = 4 * from.words as u64;
        let words = self.perform(Work::Download { from }).await?;
        self.inner.account.downloaded(bytes);
        Ok(words)
    }

    /// One of our own kernels, compiled at its first use, on another thread than the caller's.
    pub(crate) async fn shape(
        &self,
        name: &'static str,
        text: impl FnOnce() -> Cow<'static, str>,
    ) -> Result<Arc<Loaded>, GpuError> {
        if !self.runs_text() {
            return Ok(Arc::new(Loaded { name: name.into(), code: None }));
        }
        let text = text();
        if let Some(known) = self.kernels().get(&text) {
            return Ok(Arc::clone(known));
        }
        let (fill, loaded) = oneshot();
        let (gpu, source) = (self.clone(), text.clone());
        let compile = move || drop(fill.give(gpu.load_shape(name, &source)));
        thread::Builder::new()
            .name("rendez-gpu-load".into())
            .spawn(compile)
            .map_err(|error| GpuError::Driver { step: "starting a thread to compile on", detail: error.to_string() })?;
        let loaded = loaded.await.unwrap_or_else(|| {
            Err(GpuError::Driver { step: "compiling a kernel", detail: "the compiler panicked".to_owned() })
        })?;
        let mut kernels = self.kernels();
        if kernels.len() >= KERNELS_REMEMBERED {
            kernels.clear();
        }
        Ok(Arc::clone(kernels.entry(text).or_insert_with(|| Arc::new(loaded))))
    }

    fn load_shape(&self, name: &'static str, text: &str) -> Result<Loaded, GpuError> {
        let compiled = compile(text, Loops::Ours)?;
        compiled.interface.check(&self.info().limits)?;
        Ok(Loaded { name: name.into(), code: self.inner.backend.load(&compiled)? })
    }

    fn kernels(&self) -> MutexGuard<'_, HashMap<Cow<'static, str>, Arc<Loaded>>> {
        self.inner.kernels.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Gpu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gpu").field("info", self.info()).field("stats", &self.stats()).finish_non_exhaustive()
    }
}
