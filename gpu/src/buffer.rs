//! A buffer on a device: linear, typed, moved by what writes it. Not host memory, and not shared.

use crate::{Element, Gpu, GpuError, seam::Storage};
use std::{fmt, marker::PhantomData, sync::Arc};

/// Values on a device.
///
/// A buffer has one owner: it is not `Clone`. What writes it takes it and gives it back when the device is done; what
/// reads it borrows it. So two kernels cannot write one buffer at once, as nobody can name it twice. It can be sent to
/// another process and stays where it is meanwhile; transfers are counted in [`Stats`](crate::Stats).
pub struct Buffer<T: Element> {
    gpu: Gpu,
    /// `None` holds no values: no device has a buffer without bytes.
    storage: Option<Arc<Storage>>,
    element: PhantomData<fn() -> T>,
}

impl<T: Element> Buffer<T> {
    pub(crate) fn new(gpu: Gpu, storage: Option<Arc<Storage>>) -> Self {
        Self { gpu, storage, element: PhantomData }
    }

    /// How many values it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.storage.as_ref().map_or(0, |storage| storage.words)
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.storage.is_none()
    }

    /// The device that holds it.
    #[must_use]
    pub fn gpu(&self) -> &Gpu {
        &self.gpu
    }

    /// Fetches the values.
    ///
    /// # Errors
    /// [`GpuError::DeviceLost`], or that the driver or the memory failed.
    ///
    /// # Cancel safety
    /// The buffer stays as it is.
    pub async fn download(&self) -> Result<Vec<T>, GpuError> {
        match &self.storage {
            Some(storage) => Ok(T::from_words(self.gpu.fetch(Arc::clone(storage)).await?)),
            None => Ok(Vec::new()),
        }
    }

    pub(crate) fn storage(&self) -> Option<&Arc<Storage>> {
        self.storage.as_ref()
    }

    pub(crate) fn into_storage(self) -> Option<Arc<Storage>> {
        self.storage
    }
}

impl<T: Element> fmt::Debug for Buffer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Buffer<{}>[{}] on {}", T::WGSL, self.len(), self.gpu.info().name)
    }
}
