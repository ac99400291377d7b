//! Wakers of those who wait for the end of a process: mostly one, who joins. What they wait for it does not know.

use std::task::Waker;

/// Each once. The first needs no memory of its own.
#[derive(Default)]
pub(crate) struct Watchers {
    first: Option<Waker>,
    #[expect(clippy::box_collection, reason = "a word, where a vector is three")]
    more: Option<Box<Vec<Waker>>>,
}

impl Watchers {
    pub(crate) const fn new() -> Self {
        Self { first: None, more: None }
    }

    /// Adds one; gives it back, if it is here already. The caller drops it when its lock is free.
    pub(crate) fn add(&mut self, waker: Waker) -> Option<Waker> {
        if self.all().any(|known| known.will_wake(&waker)) {
            return Some(waker);
        }
        match &self.first {
            None => self.first = Some(waker),
            Some(_) => self.more.get_or_insert_default().push(waker),
        }
        None
    }

    /// Removes one, if it is here. The caller drops it when its lock is free.
    pub(crate) fn remove(&mut self, waker: &Waker) -> Option<Waker> {
        let first = self.first.take_if(|first| first.will_wake(waker));
        first.or_else(|| {
            let more = self.more.as_mut()?;
            let at = more.iter().position(|known| known.will_wake(waker))?;
            Some(more.swap_remove(at))
        })
    }

    /// Wakes them all.
    pub(crate) fn wake(self) {
        let more = self.more.into_iter().flat_map(|more| *more);
        self.first.into_iter().chain(more).for_each(Waker::wake);
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Waker> {
        self.first.iter().chain(self.more.iter().flat_map(|more| more.iter()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn each_is_woken_once_and_none_that_was_removed() {
        for removed in 0..3 {
            let counts: [Arc<Count>; 3] = Default::default();
            let mut watchers = Watchers::default();
            for count in counts.iter().chain(&counts) {
                drop(watchers.add(Arc::clone(count).into()));
            }
            let waker = Arc::clone(&counts[removed]).into();
            assert!(watchers.remove(&waker).is_some() && watchers.remove(&waker).is_none());
            assert_eq!(watchers.all().count(), 2);
            watchers.wake();
            for (number, count) in counts.iter().enumerate() {
                assert_eq!(count.0.load(Ordering::Relaxed), usize::from(number != removed));
            }
        }
    }
}
