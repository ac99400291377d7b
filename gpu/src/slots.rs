//! How many pieces of work a device may have at once, and who waits for a place. Not their order on the device.

use crate::oneshot::{Fill, oneshot};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// The places of one device.
#[derive(Clone)]
pub(crate) struct Slots {
    table: Arc<Mutex<Table>>,
    limit: usize,
}

struct Table {
    free: usize,
    /// Served in this order. Those who gave up leave a dead entry, which is skipped when its turn comes.
    waiting: VecDeque<Fill<Slot>>,
}

/// One taken place; dropping it gives it to the next.
pub(crate) struct Slot(Option<Slots>);

impl Slots {
    pub(crate) fn new(limit: usize) -> Self {
        Self { table: Arc::new(Mutex::new(Table { free: limit, waiting: VecDeque::new() })), limit }
    }

    /// Takes a place, in the order of asking.
    ///
    /// # Cancel safety
    /// A dropped wait takes nothing.
    pub(crate) async fn take(&self) -> Slot {
        let wait = {
            let mut table = self.lock();
            if table.free > 0 {
                table.free -= 1;
                return Slot(Some(self.clone()));
            }
            let (fill, wait) = oneshot();
            table.waiting.push_back(fill);
            wait
        };
        // The table lives as long as `self`, and only gives: the wait cannot end without a place.
        wait.await.expect("a queue of slots gives every waiter its slot")
    }

    /// How many places are taken.
    pub(crate) fn taken(&self) -> usize {
        self.limit - self.lock().free
    }

    fn give_back(self) {
        let mut slot = Slot(Some(self.clone()));
        loop {
            let next = {
                let mut table = self.lock();
                let next = table.waiting.pop_front();
                if next.is_none() {
                    table.free += 1;
                }
                next
            };
            let Some(next) = next else {
                slot.0 = None; // it went back to the table
                return;
            };
            match next.give(slot) {
                Ok(()) => return,
                Err(refused) => slot = refused,
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if let Some(slots) = self.0.take() {
            slots.give_back();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{block_on, poll_once};
    use std::pin::pin;

    #[test]
    fn the_last_place_is_waited_for_in_order() {
        let slots = Slots::new(1);
        let held = block_on(slots.take());
        let (mut first, mut second) = (pin!(slots.take()), pin!(slots.take()));
        assert!(poll_once(first.as_mut()).is_none());
        assert!(poll_once(second.as_mut()).is_none());
        drop(held);
        assert!(poll_once(second.as_mut()).is_none(), "the second does not overtake the first");
        drop(poll_once(first.as_mut()).expect("the first is served"));
        assert!(poll_once(second.as_mut()).is_some());
    }

    #[test]
    fn who_gives_up_keeps_no_place() {
        let slots = Slots::new(1);
        let held = block_on(slots.take());
        {
            let mut gone = pin!(slots.take());
            assert!(poll_once(gone.as_mut()).is_none());
        }
        drop(held);
        assert_eq!(slots.taken(), 0);
        let held = block_on(slots.take());
        {
            let mut served_then_gone = pin!(slots.take());
            assert!(poll_once(served_then_gone.as_mut()).is_none());
            drop(held);
        }
        assert_eq!(slots.taken(), 0, "a place given to a future that is dropped comes back");
    }
}
