//! Wakers of those who wait for the end of a process: mostly one, who joins. What they wait for it does not know.

use std::task::Waker;

/// Each once. One needs no memory of its own: two words.
pub(crate) enum Watchers {
    One(Waker),
    #[expect(clippy::box_collection, reason = "a word, where a vector is three")]
    Others(Option<Box<Vec<Waker>>>),
}

impl Default for Watchers {
    fn default() -> Self {
        Self::NOBODY
    }
}

impl Watchers {
    pub(crate) const NOBODY: Self = Self::Others(None);

    /// Adds one; gives it back, if it is here already. The caller drops it when its lock is free.
    pub(crate) fn add(&mut self, waker: Waker) -> Option<Waker> {
        if self.all().any(|known| known.will_wake(&waker)) {
            return Some(waker);
        }
        match self {
            Self::Others(Some(others)) => others.push(waker),
            _ => {
                *self = match std::mem::take(self) {
                    Self::One(first) => Self::Others(Some(Box::new(vec![first, waker]))),
                    Self::Others(_) => Self::One(waker),
                }
            }
        }
        None
    }

    /// Removes one, if it is here. The caller drops it when its lock is free.
    pub(crate) fn remove(&mut self, waker: &Waker) -> Option<Waker> {
        if let Self::Others(others) = self {
            let others = others.as_mut()?;
            let at = others.iter().position(|known| known.will_wake(waker))?;
            return Some(others.swap_remove(at));
        }
        match std::mem::take(self) {
            Self::One(one) if one.will_wake(waker) => Some(one),
            other => {
                *self = other;
                None
            }
        }
    }

    /// Wakes them all.
    pub(crate) fn wake(self) {
        match self {
            Self::One(waker) => waker.wake(),
            Self::Others(others) => others.into_iter().flat_map(|others| *others).for_each(Waker::wake),
        }
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Waker> {
        let (one, others) = match self {
            Self::One(waker) => (Some(waker), None),
            Self::Others(others) => (None, others.as_ref()),
        };
        one.into_iter().chain(others.into_iter().flat_map(|others| others.iter()))
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
