//! Exactly: taking so many values in one step, or none. It takes what is in the channel and waits for nobody.

use crate::after_lock::After;
use crate::core::Core;
use crate::shell::Body;
use crate::state::{Attempted, NotNow};

impl<T: Send + 'static> Core<T> {
    /// Takes `count` values out of the channel if so many are in it now; else none.
    pub(crate) fn take_exactly(&self, count: usize, into: &mut Vec<T>) -> Attempted<()> {
        let mut after = After::new();
        let mut state = self.lock();
        if state.depth() < count && !state.is_down() {
            return Err(NotNow);
        }
        into.reserve(count);
        for _ in 0..count {
            match state.take(None, None, &mut after)? {
                Ok(value) => into.push(value),
                Err(stop) => return Ok(Err(stop)),
            }
        }
        Ok(Ok(()))
    }
}
