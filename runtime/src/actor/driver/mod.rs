//! The driver: runs one incarnation of an actor. It waits for what the agenda decides on, calls the actor, and catches
//! its panics. What follows a failure is not decided here.

mod together;

use super::agenda::{Agenda, Sources, Step};
use super::context::Context;
use super::crash::{self, Trail};
use super::inside::{Inside, Seed};
use super::timers::Due;
use super::{Actor, Exit, Letter, signals};
use crate::cell::Cell;
use crate::{Failure, Outcome};
use rendez_channels::{Ended, Guard as _, Receiver, clock, future};
use rendez_model::End;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;

/// How many messages are handled in one go before others of the same thread have their turn.
const BURST: u32 = 64;

/// Runs one incarnation to its end.
pub(crate) async fn incarnation<A: Actor>(seed: Seed<A>, make: impl FnOnce() -> A) -> Outcome<()> {
    let Some(cell) = Cell::current() else { return Ok(()) };
    let mut driver = Driver::new(&seed, &cell);
    let outcome = match catch_unwind(AssertUnwindSafe(make)) {
        Ok(actor) => driver.live(actor).await,
        Err(payload) => {
            let failure = Failure::panic(&*payload);
            crash::report(&cell, &driver.trail, &failure, String::new());
            Err(failure)
        }
    };
    outcome.map_err(|failure| failure.within(|| format!("`{}::{}` of {}", A::NAME, driver.place(), cell.label())))
}

struct Driver<'a, A: Actor> {
    seed: &'a Seed<A>,
    agenda: Option<Agenda<A::Message>>,
    context: Context<A>,
    cell: &'a Arc<Cell>,
    trail: Trail,
    lanes: Arrived<'a, A>,
    burst: u32,
}

/// What has arrived and was not looked at yet.
struct Arrived<'a, A: Actor> {
    inside: &'a Arc<Inside<A>>,
    letter: Option<Letter<A::Message>>,
    retired: bool,
    urgent: Option<Receiver<A::Message>>,
    /// Whether there are, or were, timers: who has none looks at no clock.
    has_timers: bool,
    /// A period whose message could not be made.
    panicked: Option<Failure>,
}

impl<A: Actor> Arrived<'_, A> {
    /// Whether there are timers; the next look at them is this one.
    fn look_at_timers(&mut self) {
        self.has_timers |= self.inside.signals.take(signals::TIMER);
    }

    fn urgent(&mut self) -> Option<A::Message> {
        if self.inside.signals.take(signals::URGENT) {
            self.urgent = self.inside.urgent_receiver();
        }
        let message = self.urgent.as_ref()?.try_recv().ok();
        if message.is_none() {
            self.urgent = None;
        }
        message
    }

    fn due(&mut self) -> Option<A::Message> {
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
    fn new(seed: &'a Seed<A>, cell: &'a Arc<Cell>) -> Self {
        let inside = &seed.inside;
        Self {
            seed,
            agenda: Some(Agenda::new(inside.plan.aside, seed.inbox.take_kept())),
            context: Context::new(seed.clone(), Arc::clone(cell)),
            cell,
            trail: Trail::default(),
            lanes: Arrived {
                inside,
                letter: None,
                retired: false,
                urgent: None,
                has_timers: inside.with_used(|_| ()).is_some(),
                panicked: None,
            },
            burst: 0,
        }
    }

    /// From the first hook to the last.
    async fn live(&mut self, mut actor: A) -> Outcome<()> {
        let served = self.serve(&mut actor).await;
        let end = served.as_ref().err().map_or(End::Normal, Failure::end);
        if let Err(failure) = &served {
            let state = catch_unwind(AssertUnwindSafe(|| actor.describe())).unwrap_or_default();
            crash::report(self.cell, &self.trail, failure, state);
        }
        let stopped = guarded(actor.stopped(&end)).await;
        // A drop may panic too, and is no less of a failure.
        let dropped = catch_unwind(AssertUnwindSafe(|| drop(actor))).map_err(|payload| Failure::panic(&*payload));
        served.and(stopped).and(dropped)
    }

    /// Until it ends in order, or something fails.
    async fn serve(&mut self, actor: &mut A) -> Outcome<()> {
        guarded(actor.started(&mut self.context)).await??;
        self.check()?;
        loop {
            match self.next(actor).await? {
                Step::Handle(message) if self.seed.inside.fresh.is_some() => {
                    self.handle(actor, message).await?;
                    Box::pin(self.renew(actor)).await?;
                }
                Step::Handle(message) if actor.beside().is_some_and(|shared| shared.takes(&message)) => {
                    // Of its own place, as all that few actors do: the future of an actor is as large as the largest of these.
                    Box::pin(self.together(actor, message)).await?;
                }
                Step::Handle(message) => self.handle(actor, message).await?,
                Step::Exit(exit) => Box::pin(self.exit(actor, exit)).await?,
                Step::Refuse(message) => self.seed.inside.give_back([message]),
                Step::Wait => self.wait().await,
                Step::Stop => break Box::pin(self.context.streams().stop()).await,
                // Its streams go on to their end, and it does not end before them.
                Step::Gone => break,
            }
        }
        self.trail.note("stopping");
        guarded(actor.stopping(&mut self.context)).await??;
        self.check()
    }

    async fn next(&mut self, actor: &mut A) -> Outcome<Step<A::Message>> {
        self.take_turn().await;
        let Some(agenda) = &mut self.agenda else { return Ok(Step::Stop) };
        if self.lanes.inside.signals.take(signals::UNSTASH) {
            agenda.put_first(self.lanes.inside.take_stash());
        }
        let mut sources = Looking { lanes: &mut self.lanes, actor };
        let step = catch_unwind(AssertUnwindSafe(|| agenda.next(&mut sources)));
        match self.lanes.panicked.take() {
            Some(failure) => {
                self.trail.note("timer");
                Err(failure)
            }
            None => step.map_err(|payload| Failure::panic(&*payload)),
        }
    }

    /// Lets others run after so many messages.
    async fn take_turn(&mut self) {
        if self.burst >= BURST {
            self.burst = 0;
            yield_now().await;
        }
    }

    async fn handle(&mut self, actor: &mut A, message: A::Message) -> Outcome<()> {
        self.burst += 1;
        self.trail.note(A::method(&message));
        if A::begin(&message) {
            guarded(actor.handle(message, &mut self.context)).await?;
            self.changed();
        }
        self.check()
    }

    /// The state has served its one message: another takes its place.
    async fn renew(&mut self, actor: &mut A) -> Outcome<()> {
        let Some(fresh) = &self.seed.inside.fresh else { return Ok(()) };
        guarded(actor.stopped(&End::Normal)).await?;
        let made = catch_unwind(AssertUnwindSafe(|| *actor = fresh()));
        made.map_err(|payload| Failure::panic(&*payload))?;
        guarded(actor.started(&mut self.context)).await??;
        self.check()
    }

    async fn exit(&mut self, actor: &mut A, exit: Exit) -> Outcome<()> {
        self.trail.note("exited");
        guarded(actor.exited(exit, &mut self.context)).await?;
        self.changed();
        self.check()
    }

    fn changed(&mut self) {
        if let Some(agenda) = &mut self.agenda {
            agenda.changed();
        }
    }

    /// What the actor said with `context.fail(..)`.
    fn check(&mut self) -> Outcome<()> {
        self.context.take_failure().map_or(Ok(()), Err)
    }

    /// Until something arrives, whatever it is.
    async fn wait(&mut self) {
        let inside = self.lanes.inside;
        let signals = &inside.signals;
        let deadline = if self.lanes.has_timers { inside.earliest() } else { None };
        let receiver = self.seed.inbox.receiver().filter(|_| !self.lanes.retired);
        let mut recv = pin!(receiver.map(Receiver::recv));
        // None when a signal was raised.
        let burst = &mut self.burst;
        let arrives = poll_fn(|cx| {
            let polled = match (signals.raised(), recv.as_mut().as_pin_mut()) {
                (0, Some(recv)) => recv.poll(cx).map(Some),
                (0, None) => Poll::Pending,
                _ => Poll::Ready(None),
            };
            if polled.is_pending() {
                // Others have their turn now.
                *burst = 0;
            }
            polled
        });
        inside.set_idle(true);
        let arrived = match deadline {
            Some(deadline) => Box::pin(future(arrives).by(deadline)).await.flatten(),
            None => arrives.await,
        };
        inside.set_idle(false);
        match arrived {
            Some(Ok(letter)) => self.lanes.letter = Some(letter),
            Some(Err(Ended::Cancelled)) | None => {}
            Some(Err(_)) => self.lanes.retired = true,
        }
    }

    fn place(&self) -> &'static str {
        self.trail.last().unwrap_or("started")
    }
}

impl<A: Actor> Drop for Driver<'_, A> {
    /// What the incarnation has taken and not handled is the next one's; its timers and monitors end with it.
    fn drop(&mut self) {
        let inside = self.lanes.inside;
        let stashed = self.lanes.inside.take_stash().into_iter();
        let rest: Vec<_> = stashed.chain(self.agenda.take().into_iter().flat_map(Agenda::into_rest)).collect();
        let letter = self.lanes.letter.take().into_iter().flat_map(Letter::into_messages);
        self.seed.inbox.keep(rest.into_iter().chain(letter));
        drop(inside.with_used(|lanes| lanes.timers.end_own()));
        inside.set_idle(true);
        inside.signals.forget_all();
    }
}

/// The lanes, and the actor that says what it accepts.
struct Looking<'a, 'l, A: Actor> {
    lanes: &'a mut Arrived<'l, A>,
    actor: &'a mut A,
}

impl<A: Actor> Sources<A::Message> for Looking<'_, '_, A> {
    #[inline]
    fn is_quiet(&mut self) -> bool {
        !self.lanes.has_timers && self.lanes.urgent.is_none() && self.lanes.inside.signals.raised() == 0
    }

    fn stops(&mut self) -> bool {
        self.lanes.look_at_timers();
        self.lanes.inside.signals.take(signals::STOP)
    }

    fn exit(&mut self) -> Option<Exit> {
        self.lanes.inside.signals.pop_exit()
    }

    fn urgent(&mut self) -> Option<A::Message> {
        self.lanes.urgent()
    }

    fn due(&mut self) -> Option<A::Message> {
        self.lanes.due()
    }

    fn letter(&mut self) -> Option<Letter<A::Message>> {
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

    fn accepts(&mut self, message: &A::Message) -> bool {
        self.actor.accepts(message)
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

    fn poll(self: Pin<&mut Self>, cx: &mut std::task::Context<'_>) -> Poll<Self::Output> {
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
        assert!(bytes <= 900, "{bytes} bytes");
    }
}
