//! Sends as futures, which are guards too: of a value, from a slot, and for a place. A send stands on its channel's list
//! while it is pending, with its value, and leaves it when dropped.

use crate::choice::Choice;
use crate::core::{Cargo, Core, Resumed, waiter};
use crate::guard::{Attempt, COMMITTED, Guard, Progress, Seat, used_up};
use crate::hold::Hold;
use crate::memory::Memory;
use crate::prim::Held;
use crate::state::{AtOnce, Attempted, NotNow, State, Stop, commit_alone};
use crate::steps::{self, Operation};
use crate::waiters::{Node, Slot, Waking};
use crate::{Ended, Permit, ReserveError, SendError, Sender};
use pin_project_lite::pin_project;
use rendez_model::Side;
use std::future::Future;
use std::hint::cold_path;
use std::marker;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

pin_project! {
    /// A send under way; see [`Sender::send`].
    #[must_use = "a send does nothing unless it is awaited or is a guard"]
    pub struct Send<'a, T> where T: marker::Send, T: 'static {
        #[pin]
        offer: Offer<'a, T>,
    }
}

pin_project! {
    /// A send from a slot under way; see [`Sender::send_from`].
    #[must_use = "a send does nothing unless it is awaited or is a guard"]
    pub struct SendFrom<'a, T> where T: marker::Send, T: 'static {
        #[pin]
        offer: Offer<'a, T>,
        slot: &'a mut Option<T>,
    }

    impl<T> PinnedDrop for SendFrom<'_, T> where T: marker::Send, T: 'static {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            this.offer.as_mut().leave();
            **this.slot = this.offer.value();
        }
    }
}

pin_project! {
    /// A wait for a place under way; see [`Sender::reserve`].
    #[must_use = "a reservation does nothing unless it is awaited"]
    pub struct Reserve<'a, T> where T: marker::Send, T: 'static {
        #[pin]
        offer: Offer<'a, T>,
    }
}

pin_project! {
    /// What all sends have in common: all but where the value came from.
    struct Offer<'a, T> where T: marker::Send, T: 'static {
        end: &'a Sender<T>,
        // While it is parked, its value is in the node.
        cargo: Cargo<T>,
        #[pin]
        stage: Stage<T>,
    }

    impl<T> PinnedDrop for Offer<'_, T> where T: marker::Send, T: 'static {
        #[inline]
        fn drop(this: Pin<&mut Self>) {
            this.leave();
        }
    }
}

pin_project! {
    /// How far a send has come. Its node is made only when it parks.
    #[project = StageProjection]
    #[project_replace = StageBefore]
    enum Stage<T> {
        // It is on no list.
        Fresh,
        // It is on its list, or was served there.
        Parked { #[pin] node: Node<T> },
        // What it came to; it may still be held by its receiver.
        Committed { outcome: Result<(), Stop>, hold: Option<Arc<Hold>> },
        // It has given its result.
        Over,
    }
}

impl<'a, T: marker::Send + 'static> Send<'a, T> {
    #[inline]
    pub(crate) const fn new(end: &'a Sender<T>, value: T) -> Self {
        Self { offer: Offer::new(end, Cargo::Value(Some(value))) }
    }

    /// The value, if it was not sent; the send is over.
    pub(crate) fn into_value(self: Pin<&mut Self>) -> Option<T> {
        let mut offer = self.project().offer;
        offer.as_mut().leave();
        offer.value()
    }
}

impl<'a, T: marker::Send + 'static> SendFrom<'a, T> {
    pub(crate) const fn new(end: &'a Sender<T>, slot: &'a mut Option<T>) -> Self {
        Self { offer: Offer::new(end, Cargo::Value(slot.take())), slot }
    }
}

impl<'a, T: marker::Send + 'static> Reserve<'a, T> {
    pub(crate) const fn new(end: &'a Sender<T>) -> Self {
        Self { offer: Offer::new(end, Cargo::Place) }
    }
}

impl<T> Stage<T> {
    /// Its node, which it has.
    #[inline(always)]
    fn parked(self: Pin<&mut Self>) -> Pin<&mut Node<T>> {
        match self.project() {
            StageProjection::Parked { node } => node,
            _ => unreachable!("it was made before"),
        }
    }
}

impl<'a, T: marker::Send + 'static> Offer<'a, T> {
    #[inline]
    const fn new(end: &'a Sender<T>, cargo: Cargo<T>) -> Self {
        Self { end, cargo, stage: Stage::Fresh }
    }

    const fn core(&self) -> &'a Arc<Core<T>> {
        self.end.core()
    }

    /// Polls. What there is room for is sent at once, where that is all there is to it: the common case, in few instructions.
    /// Every other way is gone to its end by a function of its own, so that nothing need be kept for afterwards.
    #[inline(always)]
    fn poll<R>(mut self: Pin<&mut Self>, cx: &mut Context<'_>, answer: impl Answer<T, R>) -> Poll<R> {
        let this = self.as_mut().project();
        let end = *this.end;
        if !matches!(*this.stage, Stage::Fresh) {
            return self.look_again(cx, answer);
        }
        if steps::is_watched() {
            return self.begin_watched(cx, answer);
        }
        let Cargo::Value(value @ Some(_)) = this.cargo else { return self.begin(cx, answer) };
        let memory = &end.end().memory;
        if memory.will_wait() {
            return self.park(cx, answer);
        }
        let Some(mut state) = end.core().try_lock_unseen() else { return self.begin(cx, answer) };
        if memory.waits_never() && state.push_at_once(value) {
            drop(state);
            return self.give(Ok(()), answer);
        }
        self.meet(cx, state, answer)
    }

    /// Begins where somebody explores, or counts; perhaps in another step.
    #[inline(never)]
    #[cold]
    fn begin_watched<R>(self: Pin<&mut Self>, cx: &mut Context<'_>, answer: impl Answer<T, R>) -> Poll<R> {
        if steps::waits_its_turn(cx.waker(), || Operation::Send(self.core().id())) {
            return Poll::Pending;
        }
        self.begin(cx, answer)
    }

    /// Gives its result, once.
    #[inline(always)]
    fn give<R>(mut self: Pin<&mut Self>, outcome: Result<(), Stop>, answer: impl Answer<T, R>) -> Poll<R> {
        let mut stage = self.as_mut().project().stage;
        if matches!(*stage, Stage::Fresh) {
            // As below, where there is nothing to drop.
            stage.set(Stage::Over);
        } else {
            cold_path();
            stage.set(Stage::Over);
        }
        Poll::Ready(answer(outcome, self))
    }

    /// It was parked, or is held by its receiver; or it is over.
    #[inline(never)]
    fn look_again<R>(mut self: Pin<&mut Self>, cx: &mut Context<'_>, answer: impl Answer<T, R>) -> Poll<R> {
        let mut this = self.as_mut().project();
        if let StageProjection::Parked { mut node } = this.stage.as_mut().project() {
            if !node.is_served() {
                match this.end.core().resume(Side::Send, node.as_mut(), cx.waker()) {
                    Resumed::Parked => return Poll::Pending,
                    Resumed::Over => {
                        self.as_mut().leave();
                        return self.give(Err(Stop::Over), answer);
                    }
                    Resumed::Served => {}
                }
            }
            let hold = node.seen().slot.hold();
            if hold.is_none() {
                return self.give(Ok(()), answer);
            }
            this.stage.set(Stage::Committed { outcome: Ok(()), hold });
        }
        ready!(self.as_mut().settle(cx));
        let outcome = self.as_mut().output();
        self.give(outcome, answer)
    }

    /// The first poll: commits or parks.
    #[inline(never)]
    fn begin<R>(mut self: Pin<&mut Self>, cx: &mut Context<'_>, answer: impl Answer<T, R>) -> Poll<R> {
        let end = self.end;
        match self.as_mut().project().cargo {
            Cargo::Value(None) => self.give(Ok(()), answer),
            Cargo::Value(Some(_)) if !end.end().memory.will_wait() => self.meet(cx, end.core().lock(), answer),
            _ => self.park(cx, answer),
        }
    }

    /// Commits under the lock, else parks; the common cases first.
    #[inline(never)]
    fn meet<R>(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut state: Held<'a, State<T>>,
        answer: impl Answer<T, R>,
    ) -> Poll<R> {
        let this = self.as_mut().project();
        let Cargo::Value(value) = this.cargo else { return self.park(cx, answer) };
        match state.offer_at_once(value) {
            AtOnce::Alone(()) => {
                drop(state);
                this.end.end().memory.note_wait(false);
                self.give(Ok(()), answer)
            }
            AtOnce::Met((), waker) => {
                drop(state);
                this.end.end().memory.note_wait(false);
                waker.wake();
                self.give(Ok(()), answer)
            }
            AtOnce::NotNow => {
                drop(state);
                self.park(cx, answer)
            }
            AtOnce::LookCloser => self.meet_closely(cx, state, answer),
        }
    }

    /// The same in the cases that are rare.
    #[inline(never)]
    fn meet_closely<R>(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        state: Held<'a, State<T>>,
        answer: impl Answer<T, R>,
    ) -> Poll<R> {
        let this = self.as_mut().project();
        let Cargo::Value(value) = this.cargo else { return self.park(cx, answer) };
        let Ok(outcome) = Core::offer_under(state, value) else { return self.park(cx, answer) };
        this.end.end().memory.note_wait(false);
        self.finish(cx, outcome, answer)
    }

    /// Parks, if there is no room by then and nobody to give it to.
    #[inline(never)]
    fn park<R>(mut self: Pin<&mut Self>, cx: &mut Context<'_>, answer: impl Answer<T, R>) -> Poll<R> {
        let end = self.end;
        let node = self.as_mut().node(|| Waking::Plain(cx.waker().clone()));
        match end.core().park(Side::Send, node, None) {
            Ok(()) => {
                end.end().memory.note_wait(true);
                Poll::Pending
            }
            Err(state) => self.offer_or_park(cx, state, answer),
        }
    }

    /// There is room by then, or somebody to give it to, as it seems.
    #[inline(never)]
    fn offer_or_park<R>(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        state: Held<'a, State<T>>,
        answer: impl Answer<T, R>,
    ) -> Poll<R> {
        let tried = self.as_mut().offer_under(state, None);
        self.end.end().memory.note_wait(tried.is_err());
        match tried {
            Ok(outcome) => {
                // Its node was not needed.
                self.as_mut().leave();
                self.finish(cx, outcome, answer)
            }
            Err(NotNow) => Poll::Pending,
        }
    }

    fn offer_under(self: Pin<&mut Self>, state: Held<'a, State<T>>, us: Seat<'_>) -> Attempted<Option<Arc<Hold>>> {
        let this = self.project();
        let wants_place = matches!(this.cargo, Cargo::Place);
        this.end.core().offer_or_park(state, this.stage.parked(), wants_place, us)
    }

    /// Makes its node, to park, and puts its value there. Made before the lock is taken: a waker is a user's code.
    #[inline(always)]
    fn node(self: Pin<&mut Self>, waking: impl FnOnce() -> Waking) -> Pin<&mut Node<T>> {
        let mut this = self.project();
        this.end.note_holder();
        let slot = || match this.cargo {
            Cargo::Place => Slot::Empty,
            Cargo::Value(value) => Slot::of(value.take()),
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

    /// It has committed, or never will.
    fn finish<R>(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        outcome: Result<Option<Arc<Hold>>, Stop>,
        answer: impl Answer<T, R>,
    ) -> Poll<R> {
        match outcome {
            Err(stop) => self.give(Err(stop), answer),
            Ok(None) => self.give(Ok(()), answer),
            Ok(hold) => {
                self.as_mut().project().stage.set(Stage::Committed { outcome: Ok(()), hold });
                self.look_again(cx, answer)
            }
        }
    }

    /// It has committed: waits until the partner lets it go on.
    #[inline]
    fn settle(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if let StageProjection::Committed { hold: slot @ Some(_), .. } = self.project().stage.project()
            && let Some(hold) = slot
        {
            ready!(hold.poll(cx));
            *slot = None;
        }
        Poll::Ready(())
    }

    fn attempt(mut self: Pin<&mut Self>, seat: Seat<'_>) -> Progress {
        if seat.is_none() {
            // It may have been polled before it became a guard; then it may even be done.
            self.as_mut().leave();
        }
        let mut this = self.as_mut().project();
        let core = this.end.core();
        let tried = match (this.stage.as_mut().project(), this.cargo) {
            (StageProjection::Over, _) => used_up(),
            (StageProjection::Committed { .. }, _) => return Progress::committed_if(commit_alone(seat).is_ok()),
            (StageProjection::Parked { node }, _) => core.reoffer(node, seat),
            (StageProjection::Fresh, Cargo::Value(value @ Some(_))) => core.offer(value, seat),
            // There is nothing to send.
            (StageProjection::Fresh, _) => commit_alone(seat).map(|()| Ok(None)),
        };
        self.note(tried)
    }

    fn enlist(mut self: Pin<&mut Self>, choice: &Arc<Choice>, number: usize) -> Progress {
        if matches!(self.stage, Stage::Committed { .. } | Stage::Over) || !self.cargo.is_something() {
            return self.attempt(Some((choice, number)));
        }
        let (core, us) = (self.core(), Some((choice, number)));
        let node = self.as_mut().node(|| Waking::Guard(Arc::clone(choice), number));
        match core.park(Side::Send, node, us) {
            Ok(()) => Progress::Nothing,
            Err(state) => {
                let tried = self.as_mut().offer_under(state, us);
                self.note(tried)
            }
        }
    }

    /// Keeps what an attempt of a choice came to. One that has committed stands on no list any more.
    fn note(mut self: Pin<&mut Self>, tried: Attempted<Option<Arc<Hold>>>) -> Progress {
        let Ok(outcome) = tried else { return Progress::Nothing };
        self.as_mut().leave();
        let (outcome, hold) = outcome.map_or_else(|stop| (Err(stop), None), |hold| (Ok(()), hold));
        self.project().stage.set(Stage::Committed { outcome, hold });
        Progress::Committed
    }

    fn collect(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        // A partner that has committed may be about to take the value: it does so under the lock.
        self.as_mut().leave();
        self.settle(cx)
    }

    /// Leaves the list: committed if served, else it has its value again.
    #[inline]
    fn leave(self: Pin<&mut Self>) {
        if matches!(self.stage, Stage::Parked { .. }) {
            self.unpark();
        }
    }

    fn unpark(self: Pin<&mut Self>) {
        let mut this = self.project();
        let StageProjection::Parked { mut node } = this.stage.as_mut().project() else { return };
        let wants_place = matches!(this.cargo, Cargo::Place);
        let served = this.end.core().leave_send(node.as_mut(), wants_place);
        let slot = &mut node.apart().slot;
        let hold = if served { slot.hold() } else { None };
        if let Cargo::Value(value) = this.cargo {
            *value = slot.take_parcel().map(|parcel| parcel.value);
        }
        this.stage.set(if served { Stage::Committed { outcome: Ok(()), hold } } else { Stage::Fresh });
    }

    /// The value comes back.
    #[cold]
    fn refused(self: Pin<&mut Self>, stop: Stop) -> Result<(), SendError<T>> {
        let cause = self.core().why(stop);
        with_value(Err(cause), self.value())
    }

    fn output(self: Pin<&mut Self>) -> Result<(), Stop> {
        let mut stage = self.project().stage;
        let outcome = match *stage {
            Stage::Committed { outcome, .. } => outcome,
            Stage::Over => used_up(),
            Stage::Fresh | Stage::Parked { .. } => panic!("{COMMITTED}"),
        };
        stage.set(Stage::Over);
        outcome
    }

    fn value(self: Pin<&mut Self>) -> Option<T> {
        match self.project().cargo {
            Cargo::Value(value) => value.take(),
            Cargo::Place => None,
        }
    }
}

impl<T> Cargo<T> {
    /// An empty slot has nothing to send.
    const fn is_something(&self) -> bool {
        matches!(self, Self::Place | Self::Value(Some(_)))
    }
}

/// What a send answers to what it came to.
trait Answer<T: marker::Send + 'static, R>: FnOnce(Result<(), Stop>, Pin<&mut Offer<'_, T>>) -> R {}

impl<T: marker::Send + 'static, R, F: FnOnce(Result<(), Stop>, Pin<&mut Offer<'_, T>>) -> R> Answer<T, R> for F {}

impl<T: marker::Send + 'static> Future for Send<'_, T> {
    type Output = Result<(), SendError<T>>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().offer.poll(cx, |sent, offer| match sent {
            Ok(()) => Ok(()),
            Err(stop) => offer.refused(stop),
        })
    }
}

impl<T: marker::Send + 'static> Future for SendFrom<'_, T> {
    type Output = Result<(), Ended>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().offer.poll(cx, |sent, offer| sent.map_err(|stop| offer.core().why(stop)))
    }
}

impl<'a, T: marker::Send + 'static> Future for Reserve<'a, T> {
    type Output = Result<Permit<'a, T>, ReserveError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let offer = self.project().offer;
        let end = offer.end;
        if let Err(no_places) = end.has_places() {
            return offer.give(Ok(()), |_, _| Err(no_places));
        }
        offer.poll(cx, |kept, _| kept.map(|()| Permit::new(end)).map_err(|stop| end.core().why(stop).into()))
    }
}

macro_rules! guard {
    ($send:ident, $output:ty, $finish:expr) => {
        impl<T: marker::Send + 'static> Attempt for $send<'_, T> {
            fn attempt(self: Pin<&mut Self>, _: &mut Context<'_>, seat: Seat<'_>) -> Progress {
                self.project().offer.attempt(seat)
            }
            fn enlist(self: Pin<&mut Self>, _: &mut Context<'_>, choice: &Arc<Choice>, number: usize) -> Progress {
                self.project().offer.enlist(choice, number)
            }
            fn collect(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
                self.project().offer.collect(cx)
            }
            fn leave(self: Pin<&mut Self>) {
                self.project().offer.leave();
            }
            fn memory(&self) -> Option<&Memory> {
                Some(&self.offer.end.end().memory)
            }
        }

        impl<T: marker::Send + 'static> Guard for $send<'_, T> {
            type Output = $output;

            fn output(self: Pin<&mut Self>) -> Self::Output {
                let mut offer = self.project().offer;
                let outcome = offer.as_mut().output();
                let core = offer.core();
                $finish(outcome.map_err(|stop| core.why(stop)), offer)
            }
        }
    };
}

guard!(Send, Result<(), SendError<T>>, |outcome, offer: Pin<&mut Offer<'_, T>>| with_value(outcome, offer.value()));
guard!(SendFrom, Result<(), Ended>, |outcome, _| outcome);

fn with_value<T>(outcome: Result<(), Ended>, value: Option<T>) -> Result<(), SendError<T>> {
    match (outcome, value) {
        (Err(cause), Some(value)) => Err(SendError::new(value, cause)),
        _ => Ok(()),
    }
}
