//! Calm: whether a guard that is dropped now was there when a panic began. It poisons nothing itself.

use crate::{Poison, party};
use std::sync::Arc;
use std::thread;

/// Whether nothing was panicking when a guard was made: one that is made while unwinding does no harm by itself.
pub(super) struct Calm(bool);

impl Calm {
    pub(super) fn now() -> Self {
        Self(!thread::panicking())
    }

    /// The poison that a guard leaves behind in a panic that has begun since.
    pub(super) fn poison(&self, name: impl FnOnce() -> String) -> Option<Arc<Poison>> {
        let has_panicked = self.0 && thread::panicking();
        has_panicked.then(|| Arc::new(Poison::new(name(), "its holder panicked", party::current_name())))
    }
}
