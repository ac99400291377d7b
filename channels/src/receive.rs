//! Receives as futures, which are guards too: of a value, of the next one if any, and with the sender held. A receive stands
//! on its channel's list while it is pending; dropped, it leaves, and hands on what it was served.

use crate::after_lock::After;
use crate::choice::Choice;
use crate::core::{Core, Resumed, park, waiter};
use crate::guard::{Attempt, COMMITTED, Guard, Progress, Seat, used_up};
use crate::hold::Hold;
use crate::memory::Memory;
use crate::prim::Held;
use crate::state::{Attempted, NotNow, State, Stop, commit_alone};
use crate::steps::{self, Operation};
use crate::waiters::{Node, Slot, Waking};
use crate::{Ended, Extended, Receiver};
use pin_project_lite::pin_project;
use rendez_model::Side;
use std::future::Future;
use std::hint::cold_path;
use std::marker;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

pin_project! {
    /// A receive under way; see [`Receiver::recv`].
    #[must_use = "a receive does nothing unless it is awaited or is a guard"]
    pub struct Recv<'a, T> where T: marker::Send, T: 'static {
        #[pin]
        take: Take<'a, T>,
    }

    impl<T> PinnedDrop for Recv<'_, T> where T: marker::Send, T: 'static {
        #[inline]
        fn drop(this: Pin<&mut Self>) {
            this.project().take.leave();
        }
    }
}

pin_project! {
    /// A receive that takes the channel's retirement as an answer; see [`Receiver::next`].
    #[must_use = "a receive does nothing unless it is awaited or is a guard"]
    pub struct Next<'a, T> where T: marker::Send, T: 'static {
        #[pin]
        take: Take<'a, T>,
    }

    impl<T> PinnedDrop for Next<'_, T> where T: marker::Send, T: 'static {
        #[inline]
        fn drop(this: Pin<&mut Self>) {
            this.project().take.leave();
        }
    }
}

pin_project! {
    /// A receive that keeps its sender until it is done; see [`Receiver::recv_extended`].
    #[must_use = "a receive does nothing unless it is awaited or is a guard"]
    pub struct RecvExtended<'a, T> where T: marker::Send, T: 'static {
        #[pin]
        take: Take<'a, T>,
        hold: Arc<Hold>,
    }

    impl<T> PinnedDrop for RecvExtended<'_, T> where T: marker::Send, T: 'static {
        fn drop(this: Pin<&mut Self>) {
            Attempt::leave(this);
        }
    }
}

pin_project! {
    /// What all receives have in common: all but the form of the answer, and a hold if there is one.
    ///
    /// It is dropped only after it has left its list.
    struct Take<'a, T> where T: marker::Send, T: 'static {
        end: &'a Receiver<T>,
        #[pin]
        stage: Stage<T>,
    }
}

pin_project! {
    /// How far a receive has come. Its node is made only when it parks.
    #[project = StageProjection]
    #[project_replace = StageBefore]
    enum Stage<T> {
        // It is on no list.
        Fresh,
        // It is on its list, or was served there.
        Parked { #[pin] node: Node<T> },
        // What a choice came to here, until it has given its result.
        Over { outcome: Option<Result<T, Stop>> },
    }
}

// With this, a task that only receives from an end of its own is one of tokio's small ones.
#[cfg(all(target_pointer_width = "64", not(loom)))]
const _: () = assert!(size_of::<Recv<'_, u64>>() <= 96, "a receive takes more memory than it did");

impl<'a, T: marker::Send + 'static> Recv<'a, T> {
    #[inline]
    pub(crate) const fn new(end: &'a Receiver<T>) -> Self {
        Self { take: Take::new(end) }
    }
}

impl<T: marker::Send + 'static> Recv<'_, T> {
    /// Has new receives of one end take their values or stand in line, in one step: nobody gets in between them. They are
    /// polled afterwards.
    pub(crate) fn enter_all(receives: &mut [Pin<Box<Self>>], cx: &Context<'_>) {
        let Some(end) = receives.first().map(|first| first.take.end) else { return };
        end.note_holder();
        // Cloned before the lock is taken, and those that are not needed dropped after it is free.
        let mut wakers = vec![cx.waker().clone(); receives.len()];
        let mut after = After::new();
        let mut state = end.core().lock();
        for receive in receives {
            let mut stage = receive.as_mut().project().take.project().stage;
            debug_assert!(matches!(*stage, Stage::Fresh), "only new ones enter");
            match state.take(None, None, &mut after) {
                Ok(outcome) => stage.set(Stage::Over { outcome: Some(outcome) }),
                Err(NotNow) => {
                    let waking = wakers.pop().map_or(Waking::Nobody, Waking::Plain);
                    stage.set(Stage::Parked { node: Node::new(None) });
                    park(&mut state.receivers.waiting, stage.parked(), waking);
                }
            }
        }
        end.core().list(state);
        drop(after);
    }
}

impl<'a, T: marker::Send + 'static> Next<'a, T> {
    #[inline]
    pub(crate) const fn new(end: &'a Receiver<T>) -> Self {
        Self { take: Take::new(end) }
    }
}

impl<'a, T: marker::Send + 'static> RecvExtended<'a, T> {
    pub(crate) fn new(end: &'a Receiver<T>) -> Self {
        Self { take: Take::new(end), hold: Arc::new(Hold::new()) }
    }
}

impl<T> Stage<T> {
    /// Its node, while it has one.
    #[inline]
    fn node(self: Pin<&mut Self>) -> Option<Pin<&mut Node<T>>> {
        match self.project() {
            StageProjection::Parked { node } => Some(node),
            StageProjection::Fresh | StageProjection::Over { .. } => None,
        }
    }

    /// Its node, which it has.
    #[inline(always)]
    fn parked(self: Pin<&mut Self>) -> Pin<&mut Node<T>> {
        self.node().expect("it was made before")
    }
}

impl<'a, T: marker::Send + 'static> Take<'a, T> {
    #[inline]
    const fn new(end: &'a Receiver<T>) -> Self {
        Self { end, stage: Stage::Fresh }
    }

    const fn core(&self) -> &'a Arc<Core<T>> {
        self.end.core()
    }

    /// Polls. What is buffered is received at once, where that is all there is to it: the common case, in few instructions.
    /// Every other way is gone to its end by a function of its own, so that nothing need be kept for afterwards.
    #[inline(always)]
    fn poll<R>(self: Pin<&mut Self>, cx: &mut Context<'_>, answer: impl FnOnce(Result<T, Ended>) -> R) -> Poll<R> {
        let end = self.end;
        if !matches!(self.stage, Stage::Fresh) {
            return self.look_again(cx, None, answer);
        }
        if steps::is_watched() {
            return self.begin_watched(cx, None, answer);
        }
        let memory = &end.end().memory;
        if memory.will_wait() {
            return self.park(cx, None, answer);
        }
        let Some(mut state) = end.core().try_lock_unseen() else { return self.begin(cx, None, answer) };
        if memory.waits_never()
            && let Some(value) = state.pop_at_once()
        {
            drop(state);
            return self.give(Ok(value), answer);
        }
        self.meet(cx, state, None, answer)
    }

    /// Begins where somebody explores, or counts; perhaps in another step.
    #[inline(never)]
    #[cold]
    fn begin_watched<R>(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        hold: Option<&Arc<Hold>>,
        answer: impl FnOnce(Result<T, Ended>) -> R,
    ) -> Poll<R> {
        if steps::waits_its_turn(cx.waker(), || Operation::Receive(self.core().id())) {
            return Poll::Pending;
        }
        self.begin(cx, hold, answer)
    }

    /// It was parked: mostly it was served since.
    #[inline(never)]
    fn look_again<R>(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        hold: Option<&Arc<Hold>>,
        answer: impl FnOnce(Result<T, Ended>) -> R,
    ) -> Poll<R> {
        let mut this = self.as_mut().project();
        if let StageProjection::Parked { node } = this.stage.as_mut().project()
            && node.is_served()
            && let Some(value) = node.seen().slot.take()
        {
            return self.give(Ok(value), answer);
        }
        cold_path();
        self.look_closer(cx, hold, answer)
    }

    /// It waits on, or is over, or begins.
    #[inline(never)]
    fn look_closer<R>(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        hold: Option<&Arc<Hold>>,
        answer: impl FnOnce(Result<T, Ended>) -> R,
    ) -> Poll<R> {
        let mut this = self.as_mut().project();
        match this.stage.as_mut().project() {
            StageProjection::Fresh => {}
            StageProjection::Parked { mut node } => {
                if node.is_queued()
                    && let Resumed::Parked = this.end.core().resume(Side::Receive, node.as_mut(), cx.waker())
                {
                    return Poll::Pending;
                }
                // Seen it may have been before, with a value that is followed.
                let value = node.apart().slot.receive();
                this.stage.set(Stage::Fresh);
                if let Some(value) = value {
                    return self.give(Ok(value), answer);
                }
            }
            StageProjection::Over { outcome } => {
                let outcome = outcome.take().unwrap_or_else(|| used_up());
                return self.give(outcome, answer);
            }
        }
        // The channel is over: how it ended, `begin` finds out.
        self.begin(cx, hold, answer)
    }

    /// Gives its result, once.
    #[inline(always)]
    fn give<R>(self: Pin<&mut Self>, outcome: Result<T, Stop>, answer: impl FnOnce(Result<T, Ended>) -> R) -> Poll<R> {
        let end = self.end;
        self.project().stage.set(Stage::Over { outcome: None });
        Poll::Ready(answer(outcome.map_err(|stop| end.core().why(stop))))
    }

    /// Commits or parks.
    #[inline(never)]
    fn begin<R>(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        hold: Option<&Arc<Hold>>,
        answer: impl FnOnce(Result<T, Ended>) -> R,
    ) -> Poll<R> {
        let end = self.end;
        if end.end().memory.will_wait() {
            self.park(cx, hold, answer)
        } else {
            self.meet(cx, end.core().lock(), hold, answer)
        }
    }

    /// Commits under the lock, else parks.
    #[inline(never)]
    fn meet<R>(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        state: Held<'a, State<T>>,
        hold: Option<&Arc<Hold>>,
        answer: impl FnOnce(Result<T, Ended>) -> R,
    ) -> Poll<R> {
        let end = self.end;
        let Ok(outcome) = Core::take_under(state, hold) else { return self.park(cx, hold, answer) };
        end.end().memory.note_wait(false);
        self.give(outcome, answer)
    }

    /// Parks, if nothing has come by then.
    #[inline(never)]
    fn park<R>(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        hold: Option<&Arc<Hold>>,
        answer: impl FnOnce(Result<T, Ended>) -> R,
    ) -> Poll<R> {
        let end = self.end;
        let node = self.as_mut().node(|| Waking::Plain(cx.waker().clone()), hold);
        match end.core().park(Side::Receive, node, None) {
            Ok(()) => {
                end.end().memory.note_wait(true);
                Poll::Pending
            }
            Err(state) => self.take_or_park(state, hold, answer),
        }
    }

    /// Something has come by then, as it seems.
    #[inline(never)]
    fn take_or_park<R>(
        mut self: Pin<&mut Self>,
        state: Held<'a, State<T>>,
        hold: Option<&Arc<Hold>>,
        answer: impl FnOnce(Result<T, Ended>) -> R,
    ) -> Poll<R> {
        let this = self.as_mut().project();
        let tried = this.end.core().take_or_park(state, this.stage.parked(), hold, None);
        this.end.end().memory.note_wait(tried.is_err());
        match tried {
            // A node that was not needed is dropped with the stage, now that the lock is free.
            Ok(outcome) => self.give(outcome, answer),
            Err(NotNow) => Poll::Pending,
        }
    }

    /// Makes its node, to park. Made before the lock is taken: a waker is a user's code.
    #[inline(always)]
    fn node(self: Pin<&mut Self>, waking: impl FnOnce() -> Waking, hold: Option<&Arc<Hold>>) -> Pin<&mut Node<T>> {
        let mut this = self.project();
        this.end.note_holder();
        let slot = || match hold {
            None => Slot::Empty,
            Some(hold) => Slot::Hold(Arc::clone(hold)),
        };
        let stage = Stage::Parked { node: Node::of(waiter(waking, slot)) };
        if matches!(*this.stage, Stage::Fresh) {
            // There is nothing to drop, so that the node is put together where it stays.
            mem::forget(this.stage.as_mut().project_replace(stage));
        } else {
            cold_path();
            this.stage.set(stage);
        }
        this.stage.parked()
    }

    fn attempt(mut self: Pin<&mut Self>, seat: Seat<'_>, hold: Option<&Arc<Hold>>) -> Progress {
        if seat.is_none() {
            // It may have been polled before it became a guard; then it may even have its value.
            self.as_mut().pick_up();
        }
        if let Stage::Over { outcome } = &self.stage {
            if outcome.is_none() {
                used_up();
            }
            return Progress::committed_if(commit_alone(seat).is_ok());
        }
        let tried = self.core().take(seat, hold);
        self.note(tried)
    }

    fn enlist(mut self: Pin<&mut Self>, choice: &Arc<Choice>, number: usize, hold: Option<&Arc<Hold>>) -> Progress {
        if matches!(self.stage, Stage::Over { .. }) {
            return self.attempt(Some((choice, number)), hold);
        }
        let (core, us) = (self.core(), Some((choice, number)));
        let node = self.as_mut().node(|| Waking::Guard(Arc::clone(choice), number), hold);
        match core.park(Side::Receive, node, us) {
            Ok(()) => Progress::Nothing,
            Err(state) => {
                let tried = core.take_or_park(state, self.as_mut().project().stage.parked(), hold, us);
                self.note(tried)
            }
        }
    }

    /// Keeps what an attempt of a choice came to. One that has its value stands on no list any more.
    fn note(mut self: Pin<&mut Self>, tried: Attempted<T>) -> Progress {
        let Ok(outcome) = tried else { return Progress::Nothing };
        let mut this = self.as_mut().project();
        if let Some(node) = this.stage.as_mut().node() {
            this.end.core().leave_receive(node);
        }
        this.stage.set(Stage::Over { outcome: Some(outcome) });
        Progress::Committed
    }

    /// Leaves the list; with its value, if it was served.
    #[inline]
    fn pick_up(self: Pin<&mut Self>) {
        let mut this = self.project();
        let Some(mut node) = this.stage.as_mut().node() else { return };
        this.end.core().leave_receive(node.as_mut());
        let served = if node.is_served() { node.seen().slot.receive() } else { None };
        this.stage.set(served.map_or(Stage::Fresh, |value| Stage::Over { outcome: Some(Ok(value)) }));
    }

    /// Leaves the list, and hands on what it was served; true if it was.
    #[inline]
    fn leave(self: Pin<&mut Self>) -> bool {
        matches!(self.stage, Stage::Parked { .. }) && self.abandon()
    }

    fn abandon(self: Pin<&mut Self>) -> bool {
        let mut this = self.project();
        let Some(node) = this.stage.as_mut().node() else { return false };
        let served = this.end.core().abandon_receive(node);
        this.stage.set(Stage::Fresh);
        served
    }

    fn output(self: Pin<&mut Self>) -> Result<T, Ended> {
        let this = self.project();
        let outcome = match this.stage.project() {
            StageProjection::Over { outcome } => outcome.take(),
            StageProjection::Fresh | StageProjection::Parked { .. } => None,
        };
        outcome.expect(COMMITTED).map_err(|stop| this.end.core().why(stop))
    }
}

impl<T: marker::Send + 'static> Future for Recv<'_, T> {
    type Output = Result<T, Ended>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().take.poll(cx, |received| received)
    }
}

impl<T: marker::Send + 'static> Future for Next<'_, T> {
    type Output = Result<Option<T>, Ended>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().take.poll(cx, Ended::unless_retired)
    }
}

impl<T: marker::Send + 'static> Future for RecvExtended<'_, T> {
    type Output = Result<Extended<T>, Ended>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let hold = &*this.hold;
        let answer = |received: Result<T, _>| received.map(|value| Extended::new(value, Some(Arc::clone(hold))));
        if matches!(this.take.stage, Stage::Fresh) {
            return this.take.begin_watched(cx, Some(hold), answer);
        }
        this.take.look_again(cx, Some(hold), answer)
    }
}

macro_rules! guard {
    ($receive:ident, $output:ty, $finish:expr) => {
        impl<T: marker::Send + 'static> Attempt for $receive<'_, T> {
            fn attempt(self: Pin<&mut Self>, _: &mut Context<'_>, seat: Seat<'_>) -> Progress {
                self.project().take.attempt(seat, None)
            }
            fn enlist(self: Pin<&mut Self>, _: &mut Context<'_>, choice: &Arc<Choice>, number: usize) -> Progress {
                self.project().take.enlist(choice, number, None)
            }
            fn collect(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
                self.project().take.pick_up();
                Poll::Ready(())
            }
            fn leave(self: Pin<&mut Self>) {
                self.project().take.leave();
            }
            fn memory(&self) -> Option<&Memory> {
                Some(&self.take.end.end().memory)
            }
        }

        impl<T: marker::Send + 'static> Guard for $receive<'_, T> {
            type Output = $output;

            fn output(self: Pin<&mut Self>) -> Self::Output {
                $finish(self.project().take.output())
            }
        }
    };
}

guard!(Recv, Result<T, Ended>, |outcome| outcome);
guard!(Next, Result<Option<T>, Ended>, Ended::unless_retired);

impl<T: marker::Send + 'static> Attempt for RecvExtended<'_, T> {
    fn attempt(self: Pin<&mut Self>, _: &mut Context<'_>, seat: Seat<'_>) -> Progress {
        let this = self.project();
        this.take.attempt(seat, Some(this.hold))
    }

    fn enlist(self: Pin<&mut Self>, _: &mut Context<'_>, choice: &Arc<Choice>, number: usize) -> Progress {
        let this = self.project();
        this.take.enlist(choice, number, Some(this.hold))
    }

    fn collect(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        self.project().take.pick_up();
        Poll::Ready(())
    }

    /// A sender that it held goes on.
    fn leave(self: Pin<&mut Self>) {
        let this = self.project();
        if this.take.leave() {
            std::mem::replace(this.hold, Arc::new(Hold::new())).release();
        }
    }

    fn memory(&self) -> Option<&Memory> {
        Some(&self.take.end.end().memory)
    }
}

impl<T: marker::Send + 'static> Guard for RecvExtended<'_, T> {
    type Output = Result<Extended<T>, Ended>;

    fn output(self: Pin<&mut Self>) -> Self::Output {
        let this = self.project();
        this.take.output().map(|value| Extended::new(value, Some(Arc::clone(this.hold))))
    }
}
