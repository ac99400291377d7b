//! Messages that share the state and are handled beside each other, while those that need it for themselves wait.

use super::Driver;
use super::arrived::Arrived;
use crate::actor::agenda::Sources;
use crate::actor::beside::{BESIDE, Beside, Handling};
use crate::actor::{Actor, Context, Exit, Letter, signals};
use crate::cell::Cell;
use crate::trace::{self, Beside as Followed, Traced};
use crate::{Failure, Outcome};
use rendez_channels::{Ended, Receiver, at, waker_id};
use std::future::{Future as _, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

/// The methods that share the state.
type Shared<'a, A> = &'a (dyn Beside<A> + Sync);

/// Those that are handled, each on behalf of its own.
type UnderWay<'a, A> = Vec<(Handling<'a, A>, Followed)>;

/// What has come while some are handled.
enum News<A: Actor> {
    /// These have been handled.
    Done(Vec<Context<A>>),
    Failed(Failure),
    /// This, or the end of the mailbox.
    Letter(Result<Letter<A::Message>, Ended>),
    /// A signal, or the time of a timer.
    Other,
}

impl<A: Actor> Driver<'_, A> {
    /// Handles a message, and others beside it that share the state, until none is under way.
    ///
    /// Who needs the state for itself waits, however many overtake it: that it waits for one of them is just what
    /// re-entrance is for.
    pub(super) async fn together(&mut self, actor: &mut A, first: A::Message) -> Outcome<()> {
        let Some(shared) = actor.beside() else { return Ok(()) };
        let _listens = Listens::begin(self.context.cell(), self.lanes.inbox.receiver());
        let mut under_way = Vec::new();
        self.begin_beside(shared, Traced::here(first), &mut under_way);
        loop {
            if self.is_stopping() {
                self.refuse_all();
            } else {
                while under_way.len() < BESIDE
                    && let Some(message) = self.next_beside(shared)?
                {
                    self.begin_beside(shared, message, &mut under_way);
                }
            }
            if under_way.is_empty() {
                break;
            }
            match self.news(&mut under_way).await {
                News::Done(contexts) => contexts.into_iter().for_each(|context| self.context.join(context)),
                News::Failed(failure) => return Err(failure),
                News::Letter(Ok(letter)) => self.lanes.keep(letter.traced(trace::current())),
                News::Letter(Err(Ended::Cancelled)) | News::Other => {}
                News::Letter(Err(_)) => self.lanes.retired = true,
            }
            self.check()?;
            self.take_turn().await;
        }
        drop(under_way);
        self.agenda.changed();
        Ok(())
    }

    fn begin_beside<'a>(
        &mut self,
        shared: Shared<'a, A>,
        Traced { message, trace }: Traced<A::Message>,
        under_way: &mut UnderWay<'a, A>,
    ) {
        self.lanes.burst += 1;
        self.trail.note(A::method(&message));
        if A::begin(&message) {
            under_way.push((shared.handle(message, self.context.another()), Followed::of(trace)));
        }
    }

    fn next_beside(&mut self, shared: Shared<'_, A>) -> Outcome<Option<Traced<A::Message>>> {
        self.lanes.look_at_timers();
        let mut sources = Beneath { lanes: &mut self.lanes, shared: Some(shared) };
        let next = catch_unwind(AssertUnwindSafe(|| self.agenda.next_beside(&mut sources)));
        match self.lanes.take_panicked() {
            Some(failure) => Err(failure),
            None => next.map_err(|payload| Failure::panic(&*payload)),
        }
    }

    fn is_stopping(&self) -> bool {
        self.lanes.inside().signals.raised() & signals::STOP != 0
    }

    /// It will handle nothing more: whoever waits for it, one under way may wait for.
    fn refuse_all(&mut self) {
        let mut sources = Beneath { lanes: &mut self.lanes, shared: None };
        while let Some(message) = self.agenda.next_beside(&mut sources) {
            sources.lanes.inside().give_back([message]);
        }
    }

    /// Until one under way has been handled, or something arrives.
    async fn news(&mut self, under_way: &mut UnderWay<'_, A>) -> News<A> {
        let inside = self.lanes.inside();
        let has_room = under_way.len() < BESIDE && self.agenda.has_room(inside.plan.aside);
        let hears = has_room || self.is_stopping();
        // What the messages under way have to wait for anyway is left for later.
        let heard = if self.is_stopping() {
            0
        } else {
            signals::STOP | if hears { signals::URGENT | signals::TIMER } else { 0 }
        };
        self.context.cell().control().keep_timer(false);
        let deadline = if self.lanes.has_timers && hears && !self.is_stopping() { inside.earliest() } else { None };
        let receiver = self.lanes.inbox.receiver().filter(|_| hears && !self.lanes.retired);
        let cell = self.context.cell();
        let (mut recv, mut timer) = (pin!(receiver.map(Receiver::recv)), pin!(deadline.map(at)));
        poll_fn(|cx| {
            let mut done = Vec::new();
            let polled = catch_unwind(AssertUnwindSafe(|| {
                under_way.retain_mut(|(handling, followed)| match followed.act(|| handling.as_mut().poll(cx)) {
                    Poll::Ready(context) => {
                        done.push(context);
                        false
                    }
                    Poll::Pending => true,
                });
            }));
            match polled {
                Err(payload) => return Poll::Ready(News::Failed(Failure::panic(&*payload))),
                Ok(()) if !done.is_empty() => return Poll::Ready(News::Done(done)),
                Ok(()) => {}
            }
            if inside.signals.raised() & heard != 0 {
                return Poll::Ready(News::Other);
            }
            if let Some(recv) = recv.as_mut().as_pin_mut()
                && let Poll::Ready(letter) = recv.poll(cx)
            {
                return Poll::Ready(News::Letter(letter));
            }
            let Some(timer) = timer.as_mut().as_pin_mut() else { return Poll::Pending };
            let is_due = timer.poll(cx).map(|()| News::Other);
            cell.control().keep_timer(is_due.is_pending() && waker_id(cx.waker()) == cell.waker_id());
            is_due
        })
        .await
    }
}

/// An actor listens at its mailbox while it handles something, until this is dropped.
struct Listens(Arc<Cell>);

impl Listens {
    fn begin<M: Send + 'static>(cell: Arc<Cell>, mailbox: Option<&Receiver<M>>) -> Self {
        cell.control().listen_at(mailbox.map(Receiver::id));
        Self(cell)
    }
}

impl Drop for Listens {
    fn drop(&mut self) {
        self.0.control().listen_at(None);
        self.0.control().keep_timer(false);
    }
}

/// The lanes while messages are under way: all is taken where there is nobody to handle it.
struct Beneath<'a, 'l, A: Actor> {
    lanes: &'a mut Arrived<'l, A>,
    shared: Option<Shared<'a, A>>,
}

impl<A: Actor> Sources<Traced<A::Message>> for Beneath<'_, '_, A> {
    fn stops(&mut self) -> bool {
        false
    }

    fn exit(&mut self) -> Option<Exit> {
        None
    }

    fn urgent(&mut self) -> Option<Traced<A::Message>> {
        self.lanes.urgent()
    }

    fn due(&mut self) -> Option<Traced<A::Message>> {
        if self.shared.is_some() { self.lanes.due() } else { None }
    }

    fn letter(&mut self) -> Option<Letter<Traced<A::Message>>> {
        self.lanes.next_letter()
    }

    fn is_retired(&mut self) -> bool {
        false
    }

    fn expects_more(&mut self) -> bool {
        true
    }

    fn accepts(&mut self, traced: &Traced<A::Message>) -> bool {
        self.shared.is_none_or(|shared| shared.takes(&traced.message))
    }

    fn most_aside(&self) -> usize {
        // What is given back needs no room beside those that were set aside before.
        if self.shared.is_some() { self.lanes.inside().plan.aside } else { usize::MAX }
    }
}
