//! The seam between the handle and what computes: the one trait that Vulkan, the native CPU and the fake implement.
//! Nothing before it knows what lies behind it.

use crate::{
    GpuError, Info,
    interface::Access,
    oneshot::{Fill, Wait, oneshot},
    slots::Slot,
    stats::Account,
    twin::Twin,
    wgsl::Compiled,
};
use std::{
    any::Any,
    borrow::Cow,
    sync::{Arc, Mutex},
};

/// A device as the handle sees it.
///
/// Work runs in the order of submission, as far as anybody can tell: a later piece sees what an earlier one wrote.
pub(crate) trait Backend: Send + Sync + 'static {
    /// What the device is.
    fn info(&self) -> &Info;

    /// Makes the device's form of a kernel, or `None` where it runs the Rust twin.
    fn load(&self, code: &Compiled) -> Result<Option<DeviceCode>, GpuError>;

    /// Whether kernels have to be compiled for it.
    fn runs_text(&self) -> bool;

    /// Makes memory for `words` > 0 words. What it holds is not said.
    fn allocate(&self, words: usize) -> Result<Memory, GpuError>;

    /// Takes a piece of work; tells its end through `done`, exactly once. Never blocks for the work.
    fn submit(&self, work: Work, done: Done);
}

/// A kernel as its device has it; only the device looks inside.
pub(crate) type DeviceCode = Box<dyn Any + Send + Sync>;

/// Where the words of a buffer are.
pub(crate) enum Memory {
    /// In the program's own memory. The lock is only ever taken by the device's one worker.
    Host(Mutex<Vec<u32>>),
    /// On a device, which alone looks inside.
    Device(Box<dyn Any + Send + Sync>),
}

/// The memory of one buffer that is not empty. Who may touch it when is the buffer's business.
pub(crate) struct Storage {
    pub(crate) words: usize,
    pub(crate) memory: Memory,
    pub(crate) account: Arc<Account>,
}

impl Storage {
    pub(crate) fn new(words: usize, memory: Memory, account: Arc<Account>) -> Self {
        account.allocated(4 * words as u64);
        Self { words, memory, account }
    }
}

impl Drop for Storage {
    fn drop(&mut self) {
        self.account.freed(4 * self.words as u64);
    }
}

/// A kernel that is ready to run on its device.
pub(crate) struct Loaded {
    pub(crate) name: Cow<'static, str>,
    /// `None` where the device runs the twin.
    pub(crate) code: Option<DeviceCode>,
}

/// One piece of work.
pub(crate) enum Work {
    /// Fills a buffer.
    Upload { words: Vec<u32>, into: Arc<Storage> },
    /// Fetches a buffer.
    Download { from: Arc<Storage> },
    /// Sets every word of a buffer to zero.
    Clear { target: Arc<Storage> },
    /// Runs kernels one after the other, each seeing what those before it wrote.
    Run { steps: Vec<Step> },
}

/// One kernel run.
pub(crate) struct Step {
    pub(crate) kernel: Arc<Loaded>,
    pub(crate) twin: Option<Arc<Twin>>,
    /// In the order of the kernel's binding numbers.
    pub(crate) bound: Vec<Bound>,
    pub(crate) scalars: Vec<Scalar>,
    pub(crate) groups: [u32; 3],
}

/// A buffer bound to a variable of a kernel.
pub(crate) struct Bound {
    pub(crate) name: Cow<'static, str>,
    pub(crate) slot: u32,
    pub(crate) storage: Arc<Storage>,
    pub(crate) access: Access,
}

/// A member of a kernel's `var<immediate>`.
#[derive(Clone)]
pub(crate) struct Scalar {
    pub(crate) name: Cow<'static, str>,
    pub(crate) offset: u32,
    pub(crate) word: u32,
}

/// What a piece of work gives: the words of a download, else nothing.
pub(crate) type Answer = Result<Vec<u32>, GpuError>;

/// The duty to tell how a piece of work ended; holds the work's place in the device. Dropped untold, the one who waits
/// learns that the device has ended.
pub(crate) struct Done {
    fill: Fill<Answer>,
    slot: Slot,
}

/// Makes a duty and what awaits it.
pub(crate) fn done(slot: Slot) -> (Done, Wait<Answer>) {
    let (fill, wait) = oneshot();
    (Done { fill, slot }, wait)
}

impl Done {
    pub(crate) fn tell(self, answer: Answer) {
        // The place first: who is woken by the answer may look at once.
        drop(self.slot);
        // Nobody waits any more: what the work gave is dropped, as the future was.
        drop(self.fill.give(answer));
    }
}
