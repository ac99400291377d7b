//! The driver: runs one incarnation of an actor. It waits for what the agenda decides on, calls the actor, and catches
//! its panics. What follows a failure is not decided here.

mod together;

use super::agenda::{Agenda, Sources, Step};
use super::context::Context;
use super::crash::{self, Hook, Trail};
use super::inside::{Inside, Seed};
use super::timers::Due;
use super::{Actor, Exit, Letter, signals};
use crate::cell::Cell;
use crate::trace::{self, Traced};
use crate::{Failure, Outcome};
use rendez_channels::{Ended, Receiver, Recv, Timer, at, clock};
use rendez_model::End;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{self, Poll, ready};
use std::time::Instant;

/// How many messages are handled in one go before others of the same thread have their turn.
const BURST: u32 = 64;

/// Runs one incarnation to its end.
#[expect(clippy::manual_async_fn, reason = "an `async fn` keeps its arguments twice")]
pub(crate) fn incarnation<A: Actor>(
    seed: Seed<A>,
    make: impl FnOnce() -> A + Send,
) -> impl Future<Output = Outcome<()>> + Send {
    async move {
        let Some(cell) = Cell::current() else { return Ok(()) };
        let mut driver = Driver::new(&seed, cell);
        let mut actor = match catch_unwind(AssertUnwindSafe(make)) {
            Ok(actor) => actor,
            Err(payload) => return Err(driver.failed(Failure::panic(&*payload), String::new)),
        };
        let mut outcome = guarded(driver.serve(&mut actor)).await.and_then(|served| served);
        let end = outcome.as_ref().err().map_or(End::Normal, Failure::end);
        outcome = outcome.map_err(|failure| driver.failed(failure, || actor.describe()));
        // What is wrong first counts.
        outcome = outcome.and(guarded(actor.stopped(&end)).await.map_err(|failure| driver.within(failure)));
        // A drop may panic too, and is no less of a failure.
        let dropped = catch_unwind(AssertUnwindSafe(|| drop(actor)));
        outcome.and(dropped.map_err(|payload| driver.within(Failure::panic(&*payload))))
    }
}

/// One incarnation, but for the state of the actor.
struct Driver<'a, A: Actor> {
    seed: &'a Seed<A>,
    agenda: Agenda<Traced<A::Message>>,
    context: Context<A>,
    trail: Trail,
    lanes: Arrived<'a, A>,
    burst: u32,
}

/// A receive from the mailbox, while one is under way.
type Mail<'a, A> = Option<Recv<'a, Letter<<A as Actor>::Message>>>;

/// What has arrived and was not looked at yet.
struct Arrived<'a, A: Actor> {
    inside: &'a Inside<A>,
    letter: Option<Letter<Traced<A::Message>>>,
    retired: bool,
    /// Of its own place, as the next: few have it.
    urgent: Option<Box<Receiver<A::Message>>>,
    /// The timer that is waited for, and when it is due.
    alarm: Option<Box<(Instant, Timer)>>,
    /// Whether there are, or were, timers: who has none looks at no clock.
    has_timers: bool,
    /// A period whose message could not be made.
    panicked: Option<Failure>,
}

impl<A: Actor> Arrived<'_, A> {
    /// Whether there is nothing but the mailbox.
    #[inline]
    fn is_quiet(&self) -> bool {
        !self.retired
            && !self.has_timers
            && self.letter.is_none()
            && self.urgent.is_none()
            && self.inside.signals.raised() == 0
    }

    /// Until the earliest timer is due; for ever without one.
    fn poll_alarm(&mut self, cx: &mut task::Context<'_>) -> Poll<()> {
        let Some(due) = self.has_timers.then(|| self.inside.earliest()).flatten() else {
            self.alarm = None;
            return Poll::Pending;
        };
        if self.alarm.as_ref().is_none_or(|alarm| alarm.0 != due) {
            self.alarm = Some(Box::new((due, at(due))));
        }
        match &mut self.alarm {
            Some(alarm) => Pin::new(&mut alarm.1).poll(cx),
            None => Poll::Pending,
        }
    }

    /// Whether there are timers; the next look at them is this one.
    fn look_at_timers(&mut self) {
        self.has_timers |= self.inside.signals.take(signals::TIMER);
    }

    fn urgent(&mut self) -> Option<Traced<A::Message>> {
        if self.inside.signals.take(signals::URGENT) {
            self.urgent = self.inside.urgent_receiver().map(Box::new);
        }
        let message = self.urgent.as_ref()?.try_recv().ok().map(Traced::here);
        if message.is_none() {
            self.urgent = None;
        }
        message
    }

    fn due(&mut self) -> Option<Traced<A::Message>> {
        let inside = self.inside;
        if !self.has_timers {
            return None;
        }
        loop {
            match inside.with_used(|lanes| lanes.timers.due(clock::now())).flatten()? {
                Due::Once(message) => return Some(message),
                Due::Every(mut period) => {
                    let made = catch_unwind(AssertUnwindSafe(|| period.make()));
                    let goes_on = inside.with_used(|lanes| lanes.timers.again(period, clock::now()));
                    match made {
                        Ok(message) if goes_on == Some(true) => return message,
                        Ok(_) => {}
                        Err(payload) => {
                            self.panicked = Some(Failure::panic(&*payload));
                            return None;
                        }
                    }
                }
            }
        }
    }
}

impl<'a, A: Actor> Driver<'a, A> {
    fn new(seed: &'a Seed<A>, cell: Arc<Cell>) -> Self {
        let inside = &*seed.inside;
        Self {
            seed,
            agenda: Agenda::new(inside.plan.aside, seed.inbox.take_kept()),
            context: Context::new(seed.clone(), cell),
            trail: Trail::default(),
            lanes: Arrived {
                inside,
                letter: None,
                retired: false,
                urgent: None,
                alarm: None,
                has_timers: inside.with_used(|_| ()).is_some(),
                panicked: None,
            },
            burst: 0,
        }
    }

    /// Reports a failure, which becomes this incarnation's.
    #[cold]
    fn failed(&self, failure: Failure, describe: impl FnOnce() -> String) -> Failure {
        let state = catch_unwind(AssertUnwindSafe(describe)).unwrap_or_default();
        crash::report(self.context.cell(), &self.trail, A::METHODS, &failure, state);
        self.within(failure)
    }

    #[cold]
    fn within(&self, failure: Failure) -> Failure {
        let place = self.trail.last(A::METHODS).unwrap_or("started");
        failure.within(|| format!("`{}::{place}` of {}", A::NAME, self.context.cell().label()))
    }

    /// Until it ends in order, or something fails: what panics in here is caught around it.
    async fn serve(&mut self, actor: &mut A) -> Outcome<()> {
        actor.started(&mut self.context).await?;
        self.check()?;
        let mut mail = pin!(None);
        loop {
            // Of its own place, as all that few actors do: the future of an actor is as large as the largest of these.
            match poll_fn(|cx| self.poll_next(actor, mail.as_mut(), cx)).await? {
                Step::Handle(message) if actor.beside().is_some_and(|shared| shared.takes(&message)) => {
                    Box::pin(self.together(actor, message)).await?;
                }
                Step::Handle(message) => {
                    self.burst += 1;
                    self.trail.note(A::method(&message));
                    if A::begin(&message) {
                        actor.handle(message, &mut self.context).await;
                        self.agenda.changed();
                    }
                    self.check()?;
                    if self.seed.inside.fresh.is_some() {
                        Box::pin(self.renew(actor)).await?;
                    }
                }
                Step::Exit(exit) => Box::pin(self.exit(actor, exit)).await?,
                Step::Refuse(message) => self.seed.inside.give_back([Traced::here(message)]),
                Step::Stop => break Box::pin(self.context.streams().stop()).await,
                // Its streams go on to their end, and it does not end before them.
                Step::Gone => break,
                Step::Wait => {}
            }
        }
        self.trail.note_hook(Hook::Stopping);
        actor.stopping(&mut self.context).await?;
        self.check()
    }

    /// What to do next; it waits until there is something.
    ///
    /// Mostly there is nothing but the mailbox: that is found out in few instructions.
    #[inline]
    fn poll_next(
        &mut self,
        actor: &mut A,
        mut mail: Pin<&mut Mail<'a, A>>,
        cx: &mut task::Context<'_>,
    ) -> Poll<Outcome<Step<A::Message>>> {
        if self.burst < BURST && self.agenda.is_plain() && self.lanes.is_quiet() {
            match self.poll_mail(mail.as_mut(), cx) {
                Poll::Ready(Some(Ok(Letter::One(message)))) if actor.accepts(&message) => {
                    return Poll::Ready(Ok(Step::Handle(message)));
                }
                Poll::Ready(Some(arrived)) => self.arrived(arrived),
                Poll::Pending => return Poll::Pending,
                Poll::Ready(None) => {}
            }
        }
        self.poll_closely(actor, mail, cx)
    }

    /// The same where there may be more.
    #[inline(never)]
    fn poll_closely(
        &mut self,
        actor: &mut A,
        mut mail: Pin<&mut Mail<'a, A>>,
        cx: &mut task::Context<'_>,
    ) -> Poll<Outcome<Step<A::Message>>> {
        if self.burst >= BURST {
            // Others have their turn now.
            self.burst = 0;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        loop {
            if self.lanes.inside.signals.take(signals::UNSTASH) {
                self.agenda.put_first(self.lanes.inside.take_stash());
            }
            let step = self.agenda.next(&mut Looking { lanes: &mut self.lanes, actor });
            if let Some(failure) = self.lanes.panicked.take() {
                self.trail.note_hook(Hook::Timer);
                return Poll::Ready(Err(failure));
            }
            if let Some(step) = begun(step) {
                // It waits no more: who asks sees it at nothing but what it does.
                mail.set(None);
                self.lanes.alarm = None;
                self.lanes.inside.set_idle(false);
                return Poll::Ready(Ok(step));
            }
            ready!(self.poll_any(mail.as_mut(), cx));
        }
    }

    /// Until something arrives, whatever it is.
    fn poll_any(&mut self, mail: Pin<&mut Mail<'a, A>>, cx: &mut task::Context<'_>) -> Poll<()> {
        if self.lanes.inside.signals.raised() != 0 {
            return Poll::Ready(());
        }
        if !self.lanes.retired
            && let Poll::Ready(arrived) = self.poll_mail(mail, cx)
        {
            match arrived {
                Some(arrived) => self.arrived(arrived),
                None => self.lanes.retired = true,
            }
            return Poll::Ready(());
        }
        self.burst = 0;
        self.lanes.inside.set_idle(true);
        self.lanes.poll_alarm(cx)
    }

    /// The next letter, or how the mailbox has ended; none where there is no mailbox.
    #[inline(always)]
    fn poll_mail(
        &mut self,
        mut mail: Pin<&mut Mail<'a, A>>,
        cx: &mut task::Context<'_>,
    ) -> Poll<Option<Result<Letter<A::Message>, Ended>>> {
        if mail.is_none() {
            let Some(receiver) = self.seed.inbox.receiver() else { return Poll::Ready(None) };
            mail.set(Some(receiver.recv()));
        }
        let Some(receiving) = mail.as_mut().as_pin_mut() else { return Poll::Ready(None) };
        let Poll::Ready(arrived) = receiving.poll(cx) else {
            self.burst = 0;
            self.lanes.inside.set_idle(true);
            return Poll::Pending;
        };
        mail.set(None);
        self.lanes.inside.set_idle(false);
        Poll::Ready(Some(arrived))
    }

    fn arrived(&mut self, arrived: Result<Letter<A::Message>, Ended>) {
        match arrived {
            // It was received right now.
            Ok(letter) => self.lanes.letter = Some(letter.traced(trace::current())),
            Err(Ended::Cancelled) => {}
            Err(_) => self.lanes.retired = true,
        }
    }

    /// The state has served its one message: another takes its place.
    async fn renew(&mut self, actor: &mut A) -> Outcome<()> {
        let Some(fresh) = &self.seed.inside.fresh else { return Ok(()) };
        actor.stopped(&End::Normal).await;
        *actor = fresh();
        actor.started(&mut self.context).await?;
        self.check()
    }

    async fn exit(&mut self, actor: &mut A, exit: Exit) -> Outcome<()> {
        self.trail.note_hook(Hook::Exited);
        actor.exited(exit, &mut self.context).await;
        self.agenda.changed();
        self.check()
    }

    /// What the actor said with `context.fail(..)`.
    #[inline]
    fn check(&mut self) -> Outcome<()> {
        self.context.take_failure().map_or(Ok(()), Err)
    }

    /// Lets others run after so many messages.
    async fn take_turn(&mut self) {
        if self.burst >= BURST {
            self.burst = 0;
            yield_now().await;
        }
    }
}

impl<A: Actor> Drop for Driver<'_, A> {
    /// What the incarnation has taken and not handled is the next one's; its timers and monitors end with it.
    fn drop(&mut self) {
        let inside = self.lanes.inside;
        let rest: Vec<_> = inside.take_stash().into_iter().chain(self.agenda.take_rest()).collect();
        let letter = self.lanes.letter.take().into_iter().flat_map(Letter::into_messages);
        self.seed.inbox.keep(rest.into_iter().chain(letter));
        drop(inside.with_used(|lanes| lanes.timers.end_own()));
        inside.set_idle(true);
        inside.signals.forget_all();
    }
}

/// A step that begins, on whose behalf the process acts from now on; none is a wait.
fn begun<M>(step: Step<Traced<M>>) -> Option<Step<M>> {
    if !matches!(step, Step::Handle(_) | Step::Wait) {
        trace::end();
    }
    Some(match step {
        Step::Handle(message) => Step::Handle(message.begun()),
        Step::Exit(exit) => Step::Exit(exit),
        Step::Refuse(message) => Step::Refuse(message.begun()),
        Step::Stop => Step::Stop,
        Step::Gone => Step::Gone,
        Step::Wait => return None,
    })
}

/// The lanes, and the actor that says what it accepts.
struct Looking<'a, 'l, A: Actor> {
    lanes: &'a mut Arrived<'l, A>,
    actor: &'a mut A,
}

impl<A: Actor> Sources<Traced<A::Message>> for Looking<'_, '_, A> {
    fn stops(&mut self) -> bool {
        self.lanes.look_at_timers();
        self.lanes.inside.signals.take(signals::STOP)
    }

    fn exit(&mut self) -> Option<Exit> {
        self.lanes.inside.signals.pop_exit()
    }

    fn urgent(&mut self) -> Option<Traced<A::Message>> {
        self.lanes.urgent()
    }

    fn due(&mut self) -> Option<Traced<A::Message>> {
        self.lanes.due()
    }

    fn letter(&mut self) -> Option<Letter<Traced<A::Message>>> {
        self.lanes.letter.take()
    }

    fn is_retired(&mut self) -> bool {
        self.lanes.retired && self.lanes.letter.is_none()
    }

    fn expects_more(&mut self) -> bool {
        let inside = self.lanes.inside;
        inside.signals.raised() != 0
            || A::HEARS_EXITS && inside.signals.is_watching()
            || inside.with_used(|lanes| lanes.timers.has_delayed()) == Some(true)
    }

    fn accepts(&mut self, traced: &Traced<A::Message>) -> bool {
        self.actor.accepts(&traced.message)
    }
}

pin_project_lite::pin_project! {
    /// What an actor does, and no larger than that; a panic in it is a failure.
    struct Guarded<F> {
        #[pin]
        act: F,
    }
}

const fn guarded<F: Future>(act: F) -> Guarded<F> {
    Guarded { act }
}

impl<F: Future> Future for Guarded<F> {
    type Output = Outcome<F::Output>;

    fn poll(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Self::Output> {
        match catch_unwind(AssertUnwindSafe(|| self.project().act.poll(cx))) {
            Ok(polled) => polled.map(Ok),
            Err(payload) => Poll::Ready(Err(Failure::panic(&*payload))),
        }
    }
}

/// Lets others of the same thread have their turn.
async fn yield_now() {
    let mut yielded = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

#[cfg(all(test, target_pointer_width = "64"))]
mod tests {
    use super::*;
    use crate::{ActorOptions, actor};

    struct Counter(u64);

    #[actor]
    impl Counter {
        pub(crate) async fn add(&mut self, n: u64) -> u64 {
            self.0 += n;
            self.0
        }
    }

    /// Programs have many actors: what few of them do has a future of its own place.
    #[test]
    fn an_incarnation_takes_no_more_memory_than_it_did() {
        let (seed, _mailbox) = Seed::new(ActorOptions::<Counter>::new());
        let bytes = size_of_val(&incarnation(seed, || Counter(0)));
        assert!(bytes <= 730, "{bytes} bytes");
    }
}
