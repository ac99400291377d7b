//! Where the values for remote receivers come from: a channel at home, and what other remote receivers gave back.
//!
//! A value stays in the hands of its feeder until the other side reports that it was taken. A remote end that retires
//! or is lost before gives it back here, and it goes to the next remote end of the same publication. While values are
//! out that may come back, no remote end is told that the channel is retired.

use rendez_channels::{Ended, Receiver};
use rendez_runtime::__private::warn;
use rendez_runtime::trace::{self, Traced};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// A source of values for any number of feeders. Clones are the same source.
pub(crate) struct Origin<T: Send + 'static> {
    channel: Receiver<T>,
    returned: Arc<Returned<T>>,
}

struct Returned<T> {
    state: Mutex<State<T>>,
    /// A value came back, or the last one that was out was taken.
    changed: Notify,
}

/// The queue is bounded by the windows of the remote ends.
struct State<T> {
    queue: VecDeque<Traced<T>>,
    out: usize,
}

impl<T: Send + 'static> Origin<T> {
    pub(crate) fn new(channel: Receiver<T>) -> Self {
        let state = Mutex::new(State { queue: VecDeque::new(), out: 0 });
        Self { channel, returned: Arc::new(Returned { state, changed: Notify::new() }) }
    }

    pub(crate) const fn channel(&self) -> &Receiver<T> {
        &self.channel
    }

    /// The next value, which is out from now on; `None` once the channel is retired and nothing can come back.
    ///
    /// # Cancel safety
    /// Nothing is lost.
    pub(crate) async fn next(&self) -> Result<Option<Traced<T>>, Ended> {
        let mut retired = false;
        loop {
            let changed = self.returned.changed.notified();
            tokio::pin!(changed);
            // Registered before the look, so that no notification falls in between.
            changed.as_mut().enable();
            {
                let mut state = self.lock();
                if let Some(returned) = state.queue.pop_front() {
                    state.out += 1;
                    return Ok(Some(returned));
                }
                if retired && state.out == 0 {
                    return Ok(None);
                }
            }
            tokio::select! {
                biased;
                () = changed => {}
                traced = self.receive(), if !retired => match traced? {
                    Some(traced) => {
                        self.lock().out += 1;
                        return Ok(Some(traced));
                    }
                    None => retired = true,
                },
            }
        }
    }

    /// A value of the channel's own. What the last one belonged to does not matter to it.
    async fn receive(&self) -> Result<Option<Traced<T>>, Ended> {
        let receive = async {
            let value = self.channel.next().await?;
            Ok(value.map(Traced::here))
        };
        trace::within(None, receive).await
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        // No user code runs under this lock, so that a panic cannot leave the state half-changed.
        self.returned.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Send + 'static> Clone for Origin<T> {
    fn clone(&self) -> Self {
        Self { channel: self.channel.clone(), returned: Arc::clone(&self.returned) }
    }
}

/// One feeder's share in an origin: the values that it has sent and that are not known to be taken. Dropped, it gives
/// them back.
pub(crate) struct Share<T: Send + 'static> {
    origin: Origin<T>,
    out: VecDeque<Traced<T>>,
}

impl<T: Send + 'static> Share<T> {
    pub(crate) const fn new(origin: Origin<T>) -> Self {
        Self { origin, out: VecDeque::new() }
    }

    pub(crate) const fn origin(&self) -> &Origin<T> {
        &self.origin
    }

    /// Keeps a value that [`Origin::next`] gave, until it is taken.
    pub(crate) fn keep(&mut self, traced: Traced<T>) -> &Traced<T> {
        self.out.push_back(traced);
        &self.out[self.out.len() - 1]
    }

    /// All values have been taken but the last few.
    pub(crate) fn taken_but(&mut self, under_way: usize) {
        let taken: Vec<Traced<T>> = self.out.drain(..self.out.len() - under_way).collect();
        let last = {
            let mut state = self.origin.lock();
            state.out -= taken.len();
            state.out == 0
        };
        if last {
            self.origin.returned.changed.notify_waiters();
        }
    }
}

impl<T: Send + 'static> Drop for Share<T> {
    fn drop(&mut self) {
        if self.out.is_empty() {
            return;
        }
        let mut state = self.origin.lock();
        state.out -= self.out.len();
        state.queue.append(&mut self.out);
        drop(state);
        self.origin.returned.changed.notify_waiters();
    }
}

impl<T> Drop for Returned<T> {
    fn drop(&mut self) {
        let lost = self.state.get_mut().unwrap_or_else(PoisonError::into_inner).queue.len();
        if lost > 0 {
            warn(format_args!(
                "{lost} values were sent to remote receivers that ended, and nobody was left to take them"
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rendez_channels::{block_on, channel_bounded};

    /// A value that belongs to nothing.
    const fn nobodys<T>(value: T) -> Traced<T> {
        Traced { message: value, trace: None }
    }

    #[test]
    fn a_value_that_comes_back_belongs_to_what_it_was_sent_for() {
        let (tx, rx) = channel_bounded(2);
        let sent = async {
            trace::follow("a", tx.send(1)).await.unwrap();
            tx.send(2).await.unwrap();
        };
        block_on(sent).unwrap();
        let origin = Origin::new(rx);
        let mut share = Share::new(origin.clone());
        for _ in 0..2 {
            let traced = block_on(origin.next()).unwrap().unwrap().unwrap();
            share.keep(traced);
        }
        drop(share);
        let mut names = (1..=2).map(|_| {
            let traced = block_on(origin.next()).unwrap().unwrap().unwrap();
            traced.trace.map(|trace| trace.name().to_owned())
        });
        assert_eq!([names.next().unwrap(), names.next().unwrap()], [Some("a".to_owned()), None]);
    }

    #[test]
    fn a_value_that_comes_back_goes_to_the_next_before_newer_ones() {
        let (tx, rx) = channel_bounded(3);
        (1..=3).for_each(|n| tx.try_send(n).unwrap());
        let origin = Origin::new(rx);
        let mut share = Share::new(origin.clone());
        for n in 1..=2 {
            let traced = block_on(origin.next()).unwrap().unwrap().unwrap();
            assert_eq!(share.keep(traced).message, n);
        }
        share.taken_but(1);
        drop(share);
        assert_eq!(block_on(origin.next()).unwrap(), Ok(Some(nobodys(2))));
        assert_eq!(block_on(origin.next()).unwrap(), Ok(Some(nobodys(3))));
    }

    const CHILD: &str = "RENDEZ_TEST_ORIGIN";

    /// Not a test: what the next one runs.
    #[test]
    fn the_child() {
        if std::env::var_os(CHILD).is_none() {
            return;
        }
        let (tx, rx) = channel_bounded(2);
        (1..=2).for_each(|n| tx.try_send(n).unwrap());
        let origin = Origin::new(rx);
        let mut share = Share::new(origin.clone());
        for _ in 0..2 {
            let traced = block_on(origin.next()).unwrap().unwrap().unwrap();
            share.keep(traced);
        }
        drop((origin, share));
    }

    #[test]
    fn what_nobody_is_left_to_take_is_told_on_standard_error() {
        let mut child = std::process::Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", "origin::tests::the_child", "--nocapture"]).env(CHILD, "1");
        let told = child.output().unwrap();
        let told = String::from_utf8_lossy(&told.stderr).into_owned();
        let sentence = "rendez: 2 values were sent to remote receivers that ended, and nobody was left to take them";
        assert_eq!(told.lines().filter(|line| *line == sentence).count(), 1, "{told}");
    }

    #[tokio::test]
    async fn the_end_waits_for_values_that_may_come_back() {
        let (tx, rx) = channel_bounded(1);
        tx.try_send(7).unwrap();
        drop(tx);
        let origin = Origin::new(rx);
        let (mut first, mut second) = (Share::new(origin.clone()), Share::new(origin.clone()));
        first.keep(origin.next().await.unwrap().unwrap());
        let other = origin.clone();
        let waiting = tokio::spawn(async move { (other.next().await, other.next().await) });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished(), "7 may still come back");
        drop(first);
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished(), "7 is out again");
        second.keep(nobodys(7));
        second.taken_but(0);
        assert_eq!(waiting.await.unwrap(), (Ok(Some(nobodys(7))), Ok(None)));
    }
}
