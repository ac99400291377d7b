//! The driver: runs one incarnation of an actor. It waits for what the agenda decides on, calls the actor, and catches
//! its panics. What follows a failure is not decided here.

mod arrived;
mod together;

use self::arrived::Arrived;
use super::agenda::{Agenda, Sources, Step};
use super::context::Context;
use super::crash::{self, Hook, Trail};
use super::inside::Seed;
use super::{Actor, Exit, Letter, signals};
use crate::trace::{self, Traced};
use crate::{Failure, Outcome};
use rendez_channels::{Ended, Receiver, Recv};
use rendez_model::End;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::task::{self, Poll, ready};

/// How many messages are handled in one go before others of the same thread have their turn.
const BURST: u32 = 64;

pin_project_lite::pin_project! {
    /// One incarnation, from the making of its state to its end.
    #[project = Stage]
    pub(crate) enum Incarnation<A: Actor, M, L> {
        // Nothing has been done. Apart from the rest, so that there is no second place for the state.
        Fresh { start: Option<(Seed<A>, M)>, live: fn(Seed<A>, A) -> L },
        Lives { #[pin] life: L },
    }
}

/// Runs one incarnation to its end.
pub(crate) fn incarnation<A: Actor>(
    seed: Seed<A>,
    make: impl FnOnce() -> A + Send,
) -> impl Future<Output = Outcome<()>> + Send {
    Incarnation::Fresh { start: Some((seed, make)), live }
}

impl<A: Actor, M: FnOnce() -> A, L: Future<Output = Outcome<()>>> Future for Incarnation<A, M, L> {
    type Output = Outcome<()>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Outcome<()>> {
        loop {
            let life = match self.as_mut().project() {
                Stage::Lives { life } => return life.poll(cx),
                Stage::Fresh { start, live } => {
                    let Some((seed, make)) = start.take() else { return Poll::Ready(Ok(())) };
                    match catch_unwind(AssertUnwindSafe(make)) {
                        Ok(actor) => live(seed, actor),
                        Err(payload) => {
                            let failure = Failure::panic(&*payload);
                            return Poll::Ready(Err(Driver::new(&seed).failed(failure, String::new)));
                        }
                    }
                }
            };
            self.set(Self::Lives { life });
        }
    }
}

/// What it does once it has a state.
#[expect(clippy::manual_async_fn, reason = "an `async fn` keeps its arguments twice")]
fn live<A: Actor>(seed: Seed<A>, mut actor: A) -> impl Future<Output = Outcome<()>> + Send {
    async move {
        let mut whole = Whole { actor: &mut actor, driver: Driver::new(&seed) };
        let mut outcome = guarded(whole.serve()).await.and_then(|served| served);
        let end = outcome.as_ref().err().map_or(End::Normal, Failure::end);
        outcome = outcome.map_err(|failure| whole.driver.failed(failure, || whole.actor.describe()));
        // What is wrong first counts.
        let stopped = guarded(whole.actor.stopped(&end)).await;
        outcome = outcome.and(stopped.map_err(|failure| whole.driver.within(failure)));
        let Whole { driver, .. } = whole;
        // A drop may panic too, and is no less of a failure.
        let dropped = catch_unwind(AssertUnwindSafe(|| drop(actor)));
        outcome.and(dropped.map_err(|payload| driver.within(Failure::panic(&*payload))))
    }
}

/// One incarnation. By one reference, where two would lie in each future.
struct Whole<'d, 'a, A: Actor> {
    actor: &'d mut A,
    driver: Driver<'a, A>,
}

/// One incarnation, but for the state of the actor.
struct Driver<'a, A: Actor> {
    agenda: Agenda<Traced<A::Message>>,
    context: Context<A>,
    trail: Trail,
    lanes: Arrived<'a, A>,
}

/// A receive from the mailbox, while one is under way.
type Mail<'a, A> = Option<Recv<'a, Letter<<A as Actor>::Message>>>;

impl<A: Actor> Whole<'_, '_, A> {
    /// Until it ends in order, or something fails: what panics in here is caught around it.
    ///
    /// What few actors do has a place of its own, and what is waited for lies where a message is handled later: the future of
    /// an actor is as large as the largest of these.
    #[expect(clippy::manual_async_fn, reason = "an `async fn` keeps its arguments twice")]
    fn serve(&mut self) -> impl Future<Output = Outcome<()>> + Send {
        async move {
            self.actor.started(&mut self.driver.context).await?;
            self.driver.check()?;
            loop {
                if self.handle_next().await {
                    self.driver.agenda.changed();
                    self.driver.check()?;
                    if self.driver.lanes.inside().fresh().is_some() {
                        Box::pin(self.driver.renew(self.actor)).await?;
                    }
                } else if Box::pin(self.driver.seldom(self.actor)).await? {
                    break;
                }
            }
            self.driver.trail.note_hook(Hook::Stopping);
            self.actor.stopping(&mut self.driver.context).await?;
            self.driver.check()
        }
    }

    /// Handles the next message; false where something else is to be done first.
    #[expect(clippy::manual_async_fn, reason = "an `async fn` keeps its arguments twice")]
    fn handle_next(&mut self) -> impl Future<Output = bool> + Send {
        async move {
            let mail = self.driver.lanes.inbox.receiver().map(Receiver::recv);
            let next = Next { whole: self, mail }.await;
            let handling = pin!(next.map(|message| self.actor.handle(message, &mut self.driver.context)));
            let Some(handling) = handling.as_pin_mut() else { return false };
            handling.await;
            true
        }
    }
}

impl<'a, A: Actor> Driver<'a, A> {
    fn new(seed: &'a Seed<A>) -> Self {
        let (inbox, inside) = (&*seed.inbox, &**seed.inside());
        let has_timers = inside.with_used(|_| ()).is_some();
        Self {
            agenda: Agenda::new(inside.take_kept()),
            context: Context::new(seed.clone()),
            trail: Trail::default(),
            lanes: Arrived::nothing(inbox, has_timers),
        }
    }

    /// Reports a failure, which becomes this incarnation's.
    #[cold]
    fn failed(&self, failure: Failure, describe: impl FnOnce() -> String) -> Failure {
        let state = catch_unwind(AssertUnwindSafe(describe)).unwrap_or_default();
        crash::report(&self.context.cell(), &self.trail, A::METHODS, &failure, state);
        self.within(failure)
    }

    #[cold]
    fn within(&self, failure: Failure) -> Failure {
        let place = self.trail.last(A::METHODS).unwrap_or("started");
        failure.within(|| format!("`{}::{place}` of {}", A::NAME, self.context.cell().label()))
    }

    /// Begins with a message: gives it, to be handled. None where that is done otherwise, or its asker has withdrawn it.
    #[inline(always)]
    fn begin(&mut self, actor: &A, message: A::Message) -> Option<A::Message> {
        if actor.beside().is_some_and(|shared| shared.takes(&message)) {
            self.lanes.beyond().step = Some(Step::Handle(message));
            return None;
        }
        self.lanes.burst += 1;
        self.trail.note(A::method(&message));
        A::begin(&message).then_some(message)
    }

    /// Mostly there is nothing but the mailbox: that is found out in few instructions.
    #[inline(always)]
    fn poll_next(
        &mut self,
        actor: &mut A,
        mut mail: Pin<&mut Mail<'a, A>>,
        cx: &mut task::Context<'_>,
    ) -> Poll<Option<A::Message>> {
        if self.lanes.burst < BURST && self.agenda.is_plain() && self.lanes.is_quiet() {
            // A message goes its way alone, in few words: in one place with all else that may have come it would be written, and copied
            // as soon as it is.
            if let Some(letter) = self.lanes.next_of_lot() {
                trace::end();
                self.lanes.be_busy();
                if let begun @ Poll::Ready(_) = self.open(actor, letter) {
                    return begun;
                }
            } else if let Some(receiving) = self.receiving(mail.as_mut()) {
                match receiving.poll(cx) {
                    Poll::Ready(Ok(letter)) => {
                        self.received();
                        if let begun @ Poll::Ready(_) = self.open(actor, letter) {
                            return begun;
                        }
                    }
                    Poll::Ready(Err(ended)) => self.arrived(Err(ended)),
                    Poll::Pending => {
                        self.lanes.rest();
                        return Poll::Pending;
                    }
                }
            }
            mail.set(None);
        }
        // Taken apart, since what this gives lies in memory: what is above need not.
        match self.poll_closely(actor, mail, cx) {
            Poll::Ready(Some(message)) => Poll::Ready(Some(message)),
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    }

    /// The same where there may be more.
    #[inline(never)]
    fn poll_closely(
        &mut self,
        actor: &mut A,
        mut mail: Pin<&mut Mail<'a, A>>,
        cx: &mut task::Context<'_>,
    ) -> Poll<Option<A::Message>> {
        if self.lanes.burst >= BURST {
            // Others have their turn now.
            self.lanes.burst = 0;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        loop {
            if self.lanes.inside().signals.take(signals::UNSTASH) {
                self.agenda.put_first(self.lanes.inside().take_stash());
            }
            let step = self.agenda.next(&mut Looking { lanes: &mut self.lanes, actor });
            if let Some(failure) = self.lanes.take_panicked() {
                self.trail.note_hook(Hook::Timer);
                self.context.fail(failure);
                return Poll::Ready(None);
            }
            let Some(step) = begun(step) else {
                ready!(self.poll_any(mail.as_mut(), cx));
                continue;
            };
            // It waits no more: who asks sees it at nothing but what it does.
            mail.set(None);
            self.lanes.stop_waiting();
            self.lanes.be_busy();
            return Poll::Ready(match step {
                Step::Handle(message) => self.begin(actor, message),
                step => {
                    self.lanes.beyond().step = Some(step);
                    None
                }
            });
        }
    }

    /// Does what most actors seldom do; whether the actor ends by that.
    async fn seldom(&mut self, actor: &mut A) -> Outcome<bool> {
        match self.lanes.take_step() {
            Step::Handle(message) => self.together(actor, message).await?,
            Step::Exit(exit) => self.exit(actor, exit).await?,
            Step::Refuse(message) => self.lanes.inside().give_back([Traced::here(message)]),
            Step::Stop => {
                self.context.take_streams().stop().await;
                return Ok(true);
            }
            // Its streams go on to their end, and it does not end before them.
            Step::Gone => return Ok(true),
            Step::Wait => {}
        }
        self.check().map(|()| false)
    }

    /// Until something arrives, whatever it is.
    fn poll_any(&mut self, mut mail: Pin<&mut Mail<'a, A>>, cx: &mut task::Context<'_>) -> Poll<()> {
        if self.lanes.inside().signals.raised() != 0 {
            return Poll::Ready(());
        }
        if !self.lanes.retired
            && let Some(arrived) = self.receiving(mail.as_mut()).map(|receiving| receiving.poll(cx))
            && let Poll::Ready(arrived) = arrived
        {
            if arrived.is_ok() {
                self.received();
            }
            mail.set(None);
            self.arrived(arrived);
            return Poll::Ready(());
        }
        self.lanes.rest();
        self.lanes.poll_alarm(cx)
    }

    /// Begins with the message that a letter is; pending where it is to be looked at more closely.
    #[inline(always)]
    fn open(&mut self, actor: &A, letter: Letter<A::Message>) -> Poll<Option<A::Message>> {
        match letter {
            Letter::One(message) => {
                if actor.accepts(&message) {
                    return Poll::Ready(self.begin(actor, message));
                }
                self.arrived(Ok(Letter::One(message)));
            }
            Letter::Batch(messages) => self.arrived(Ok(Letter::Batch(messages))),
        }
        Poll::Pending
    }

    /// The receive that is under way, or a new one; none where there is no mailbox. What has given a letter gives no other.
    #[inline(always)]
    fn receiving<'m>(&self, mut mail: Pin<&'m mut Mail<'a, A>>) -> Option<Pin<&'m mut Recv<'a, Letter<A::Message>>>> {
        if mail.is_none() {
            mail.set(Some(self.lanes.inbox.receiver()?.recv()));
        }
        mail.as_pin_mut()
    }

    /// A letter was received.
    #[inline(always)]
    fn received(&mut self) {
        if self.lanes.burst > 0
            && let Some(mailbox) = self.lanes.inbox.receiver()
        {
            self.lanes.take_lot(mailbox);
        }
        self.lanes.be_busy();
    }

    fn arrived(&mut self, arrived: Result<Letter<A::Message>, Ended>) {
        match arrived {
            // It was received right now.
            Ok(letter) => self.lanes.keep(letter.traced(trace::current())),
            Err(Ended::Cancelled) => {}
            Err(_) => self.lanes.retired = true,
        }
    }

    /// The state has served its one message: another takes its place.
    async fn renew(&mut self, actor: &mut A) -> Outcome<()> {
        let Some(fresh) = self.lanes.inside().fresh() else { return Ok(()) };
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
        if self.lanes.burst >= BURST {
            self.lanes.burst = 0;
            yield_now().await;
        }
    }
}

impl<A: Actor> Drop for Driver<'_, A> {
    /// What the incarnation has taken and not handled is the next one's; its timers and monitors end with it.
    fn drop(&mut self) {
        let inside = self.lanes.inside();
        let rest = inside.take_stash().into_iter().chain(self.agenda.take_rest());
        let letters = std::iter::from_fn(|| self.lanes.next_letter()).flat_map(Letter::into_messages);
        inside.keep(rest.chain(letters).collect());
        drop(inside.with_used(|lanes| lanes.timers.end_own()));
        inside.set_taken(0);
        inside.signals.forget_all();
    }
}

pin_project_lite::pin_project! {
    /// The next message to be handled; none where something else is to be done first. Dropped, it waits no more.
    struct Next<'n, 'd, 'a, A: Actor> {
        whole: &'n mut Whole<'d, 'a, A>,
        #[pin]
        mail: Mail<'a, A>,
    }
}

impl<A: Actor> Future for Next<'_, '_, '_, A> {
    type Output = Option<A::Message>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let Whole { actor, driver } = &mut **this.whole;
        driver.poll_next(actor, this.mail, cx)
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
        self.lanes.inside().signals.take(signals::STOP)
    }

    fn exit(&mut self) -> Option<Exit> {
        self.lanes.inside().signals.pop_exit()
    }

    fn urgent(&mut self) -> Option<Traced<A::Message>> {
        self.lanes.urgent()
    }

    fn due(&mut self) -> Option<Traced<A::Message>> {
        self.lanes.due()
    }

    fn letter(&mut self) -> Option<Letter<Traced<A::Message>>> {
        self.lanes.next_letter()
    }

    fn is_retired(&mut self) -> bool {
        self.lanes.is_retired()
    }

    fn expects_more(&mut self) -> bool {
        let inside = self.lanes.inside();
        inside.signals.raised() != 0
            || A::HEARS_EXITS && inside.signals.is_watching()
            || inside.with_used(|lanes| lanes.timers.has_delayed()) == Some(true)
    }

    fn accepts(&mut self, traced: &Traced<A::Message>) -> bool {
        self.actor.accepts(&traced.message)
    }

    fn most_aside(&self) -> usize {
        self.lanes.inside().plan.aside
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
        assert!(bytes <= 288, "{bytes} bytes");
    }
}
