//! The children of one scope while they run: started, watched and ended together. When they have to end, `scope` says.

use crate::cell::Cell;
use crate::control::Listeners;
use crate::inner::Report;
use crate::process::{Spawned, spawn_under};
use crate::shared::Shared;
use crate::{Failure, Outcome, Process};
use rendez_channels::Poison;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

/// What becomes of the other children of a scope when one fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnFailure {
    /// They are ended, and their channel ends retire.
    #[default]
    End,
    /// They are ended, and their channel ends poison their channels with the failure: who shares a channel with the
    /// scope learns that it has not just come to its end.
    Poison,
    /// They go on to their own end, and the failure comes out then.
    Wait,
}

pub(crate) struct Group {
    parent: Option<Arc<Cell>>,
    /// The scope of the same process that this one was started in.
    enclosing: Option<Arc<Self>>,
    state: Shared<State>,
}

#[derive(Default)]
struct State {
    /// Those that are not known to have ended, and some that have.
    children: Vec<Arc<Cell>>,
    on_failure: OnFailure,
    /// Whether the owner is told first, and ends the others after a grace.
    has_grace: bool,
    worst: Option<Failure>,
    has_failed: bool,
    /// Who is started from now on is ended at once.
    is_ending: bool,
    poison: Option<Arc<Poison>>,
    /// The numbers of those that have ended, in that order, where the owner asks for them.
    ended: Option<VecDeque<usize>>,
    owner: Option<Waker>,
}

thread_local! {
    /// The scope whose body this thread polls.
    static INNERMOST: RefCell<Option<Arc<Group>>> = const { RefCell::new(None) };
}

impl Group {
    /// A scope of the current process, within the scope whose body runs.
    pub(crate) fn new(on_failure: OnFailure, has_grace: bool, tells_ends: bool) -> Arc<Self> {
        let ended = tells_ends.then(VecDeque::new);
        let enclosing = INNERMOST.with(|innermost| innermost.borrow().clone());
        let state = Shared::new(State { on_failure, has_grace, ended, ..State::default() });
        Arc::new(Self { parent: Cell::current(), enclosing, state })
    }

    /// Starts a child; `number` is what [`next_ended`](Self::next_ended) calls it.
    pub(crate) fn start<T: Send + 'static>(
        self: &Arc<Self>,
        number: usize,
        process: Process<T>,
    ) -> Outcome<Spawned<T>> {
        let number = u32::try_from(number).expect("a set has fewer than 2^32 processes");
        self.enter(&process.cell());
        spawn_under(process, self.parent.clone(), Report::Group(Arc::clone(self), number))
    }

    fn enter(&self, child: &Arc<Cell>) {
        let mut state = self.state.lock();
        if state.children.len() == state.children.capacity() {
            state.children.retain(|child| !child.has_ended());
        }
        state.children.push(Arc::clone(child));
        let ending = state.is_ending.then(|| state.poison.clone());
        drop(state);
        if let Some(poison) = ending {
            child.cancel_with(poison.as_ref());
        }
    }

    /// A child has ended; who asks for it is told.
    pub(crate) fn note_end(&self, number: usize) {
        // In which order children end, only some scopes see.
        let mut state = self.state.lock_unseen();
        let Some(ended) = &mut state.ended else { return };
        self.state.touched();
        ended.push_back(number);
        let owner = state.owner.take();
        drop(state);
        owner.into_iter().for_each(Waker::wake);
    }

    /// Something of the scope has failed: the worst failure is kept, and one that fails the scope ends the others.
    pub(crate) fn note_failure(&self, failure: &Failure) {
        let mut state = self.state.lock();
        if state.worst.as_ref().is_none_or(|worst| worst.weight() < failure.weight()) {
            state.worst = Some(failure.clone());
        }
        if !failure.fails_scope() || state.on_failure == OnFailure::Wait || state.has_failed {
            return;
        }
        state.has_failed = true;
        if state.on_failure == OnFailure::Poison {
            state.poison = Some(failure.poison());
        }
        let (owner, has_grace) = (state.owner.take(), state.has_grace);
        drop(state);
        if !has_grace {
            self.end();
        }
        owner.into_iter().for_each(Waker::wake);
    }

    /// Waits until a failure fails the scope.
    pub(crate) async fn failed(&self) {
        poll_fn(|cx| self.owned(cx, |state| state.has_failed.then_some(()))).await;
    }

    /// The number of the next child that has ended.
    pub(crate) async fn next_ended(&self) -> usize {
        poll_fn(|cx| self.owned(cx, |state| state.ended.as_mut().and_then(VecDeque::pop_front))).await
    }

    /// Looks, as the one owner, and is woken when there is something new.
    fn owned<R>(&self, cx: &Context<'_>, look: impl FnOnce(&mut State) -> Option<R>) -> Poll<R> {
        let waker = cx.waker().clone();
        let mut state = self.state.lock();
        if let Some(found) = look(&mut state) {
            return Poll::Ready(found);
        }
        let old = state.owner.replace(waker);
        drop(state);
        drop(old);
        Poll::Pending
    }

    /// Requests all children, and all below them, to stop by themselves.
    pub(crate) fn request_stop(&self) -> Listeners {
        let children = self.state.lock().children.clone();
        children.iter().map(|child| child.request_stop()).max().unwrap_or(Listeners::Nobody)
    }

    /// Ends all children, and who comes later.
    pub(crate) fn end(&self) {
        let (children, poison) = {
            let mut state = self.state.lock();
            state.is_ending = true;
            (state.children.clone(), state.poison.clone())
        };
        children.iter().filter(|child| !child.has_ended()).for_each(|child| child.cancel_with(poison.as_ref()));
    }

    /// Waits until no child lives.
    pub(crate) async fn all_ended(&self) {
        loop {
            let last = {
                let mut state = self.state.lock();
                while state.children.pop_if(|child| child.has_ended()).is_some() {}
                state.children.last().cloned()
            };
            let Some(child) = last else { return };
            child.until_ended().await;
        }
    }

    /// Those that live.
    pub(crate) fn living(&self) -> Vec<Arc<Cell>> {
        self.state.lock().children.iter().filter(|child| !child.has_ended()).cloned().collect()
    }

    /// The worst failure so far.
    pub(crate) fn worst(&self) -> Option<Failure> {
        self.state.lock().worst.clone()
    }

    /// Is dropped unfinished: its children are ended, and the enclosing scope does not end before them. Where there is
    /// none in this process, the process itself waits for them.
    fn abandon(&self) {
        self.end();
        let Some(enclosing) = &self.enclosing else { return };
        let strays = self.living();
        enclosing.state.lock().children.extend(strays);
    }

    /// Whose waker waits for news.
    pub(crate) fn owner_id(&self) -> Option<u64> {
        self.state.lock().owner.as_ref().map(rendez_channels::waker_id)
    }
}

/// A group whose scope runs. Dropping it ends what is left.
pub(crate) struct Running(pub(crate) Arc<Group>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.abandon();
    }
}

/// A body that runs in a scope: scopes that it starts are within that one.
pub(crate) struct Inside<F: ?Sized> {
    pub(crate) group: Arc<Group>,
    pub(crate) body: Pin<Box<F>>,
}

impl<F: Future + ?Sized> Future for Inside<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let _outer = Entered(INNERMOST.replace(Some(Arc::clone(&self.group))));
        self.body.as_mut().poll(cx)
    }
}

/// Gives back the scope that was innermost before, also when a poll panics.
struct Entered(Option<Arc<Group>>);

impl Drop for Entered {
    fn drop(&mut self) {
        INNERMOST.set(self.0.take());
    }
}
