//! A value that one thread gives and one future awaits. Not a channel: no name, no choice, no poison.

use std::{
    future::Future,
    mem,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

/// Makes a pair: what is put into the [`Fill`] comes out of the [`Wait`].
pub(crate) fn oneshot<T>() -> (Fill<T>, Wait<T>) {
    let cell = Arc::new(Cell(Mutex::new(State::Empty(None))));
    (Fill(Some(Arc::clone(&cell))), Wait(cell))
}

/// The giving side.
pub(crate) struct Fill<T>(Option<Arc<Cell<T>>>);

/// The awaiting side: `None` when the giving side was dropped with nothing given.
pub(crate) struct Wait<T>(Arc<Cell<T>>);

struct Cell<T>(Mutex<State<T>>);

enum State<T> {
    Empty(Option<Waker>),
    Full(T),
    /// The giver is gone, or the value was taken.
    Over,
    /// Nobody waits any more.
    Deaf,
}

impl<T> Fill<T> {
    /// Gives the value.
    ///
    /// # Errors
    /// The value, when nobody waits for it any more.
    pub(crate) fn give(mut self, value: T) -> Result<(), T> {
        let Some(cell) = self.0.take() else { return Err(value) };
        let waker = {
            let mut state = cell.lock();
            match mem::replace(&mut *state, State::Over) {
                State::Empty(waker) => {
                    *state = State::Full(value);
                    waker
                }
                other => {
                    *state = other;
                    return Err(value);
                }
            }
        };
        // Wakers are foreign code: never under our lock.
        if let Some(waker) = waker {
            waker.wake();
        }
        Ok(())
    }
}

impl<T> Drop for Fill<T> {
    fn drop(&mut self) {
        let Some(cell) = self.0.take() else { return };
        let mut state = cell.lock();
        if let State::Empty(waker) = &mut *state {
            let waker = waker.take();
            *state = State::Over;
            drop(state);
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    }
}

impl<T> Future for Wait<T> {
    type Output = Option<T>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        // Cloning a waker is foreign code too.
        let mine = cx.waker().clone();
        let mut state = self.0.lock();
        let replaced = match &mut *state {
            State::Empty(waker) => waker.replace(mine),
            State::Full(_) => match mem::replace(&mut *state, State::Over) {
                State::Full(value) => return Poll::Ready(Some(value)),
                _ => return Poll::Ready(None),
            },
            State::Over | State::Deaf => return Poll::Ready(None),
        };
        drop(state);
        drop(replaced);
        Poll::Pending
    }
}

impl<T> Drop for Wait<T> {
    fn drop(&mut self) {
        // What is dropped here may run foreign code as well: outside of the lock.
        let left = mem::replace(&mut *self.0.lock(), State::Deaf);
        drop(left);
    }
}

impl<T> Cell<T> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        // No code of ours panics while it holds the lock, so what a poisoned lock guards is whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::block_on;
    use std::{thread, time::Duration};

    #[test]
    fn a_value_given_later_wakes_the_future() {
        let (fill, wait) = oneshot();
        let giver = thread::spawn(move || {
            thread::sleep(Duration::from_millis(20));
            fill.give(7)
        });
        assert_eq!(block_on(wait), Some(7));
        assert_eq!(giver.join().unwrap(), Ok(()));
    }

    #[test]
    fn a_giver_that_is_dropped_ends_the_wait() {
        let (fill, wait) = oneshot::<u32>();
        let giver = thread::spawn(move || {
            thread::sleep(Duration::from_millis(20));
            drop(fill);
        });
        assert_eq!(block_on(wait), None);
        giver.join().unwrap();
    }

    #[test]
    fn a_value_that_nobody_waits_for_comes_back() {
        let (fill, wait) = oneshot();
        drop(wait);
        assert_eq!(fill.give("kept"), Err("kept"));
    }

    #[test]
    fn a_value_given_and_never_taken_is_dropped_with_the_wait() {
        let value = Arc::new(());
        let (fill, wait) = oneshot();
        assert!(fill.give(Arc::clone(&value)).is_ok());
        drop(wait);
        assert_eq!(Arc::strong_count(&value), 1);
    }
}
