//! The counters of a device: transfers, dispatches, memory. Not timings.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// What a device has done and holds, at one instant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Transfers from the program to the device.
    pub uploads: u64,
    /// Their bytes.
    pub uploaded_bytes: u64,
    /// Transfers from the device to the program.
    pub downloads: u64,
    /// Their bytes.
    pub downloaded_bytes: u64,
    /// Kernels run (a shape may need several).
    pub dispatches: u64,
    /// Pieces of work handed to the device whose end is not known yet.
    pub in_flight: u64,
    /// Buffers that exist.
    pub buffers: u64,
    /// Their bytes.
    pub buffer_bytes: u64,
}

/// The live counters behind [`Stats`]; also what a buffer shows to prove which device it belongs to.
#[derive(Debug, Default)]
pub(crate) struct Account {
    uploads: AtomicU64,
    uploaded_bytes: AtomicU64,
    downloads: AtomicU64,
    downloaded_bytes: AtomicU64,
    dispatches: AtomicU64,
    buffers: AtomicU64,
    buffer_bytes: AtomicU64,
}

impl Account {
    pub(crate) fn snapshot(&self, in_flight: usize) -> Stats {
        Stats {
            uploads: self.uploads.load(Relaxed),
            uploaded_bytes: self.uploaded_bytes.load(Relaxed),
            downloads: self.downloads.load(Relaxed),
            downloaded_bytes: self.downloaded_bytes.load(Relaxed),
            dispatches: self.dispatches.load(Relaxed),
            in_flight: in_flight as u64,
            buffers: self.buffers.load(Relaxed),
            buffer_bytes: self.buffer_bytes.load(Relaxed),
        }
    }

    pub(crate) fn uploaded(&self, bytes: u64) {
        self.uploads.fetch_add(1, Relaxed);
        self.uploaded_bytes.fetch_add(bytes, Relaxed);
    }

    pub(crate) fn downloaded(&self, bytes: u64) {
        self.downloads.fetch_add(1, Relaxed);
        self.downloaded_bytes.fetch_add(bytes, Relaxed);
    }

    pub(crate) fn dispatched(&self, kernels: u64) {
        self.dispatches.fetch_add(kernels, Relaxed);
    }

    pub(crate) fn allocated(&self, bytes: u64) {
        self.buffers.fetch_add(1, Relaxed);
        self.buffer_bytes.fetch_add(bytes, Relaxed);
    }

    pub(crate) fn freed(&self, bytes: u64) {
        self.buffers.fetch_sub(1, Relaxed);
        self.buffer_bytes.fetch_sub(bytes, Relaxed);
    }
}
