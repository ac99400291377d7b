//! A scope as a value: what runs in it, and what makes it end early. Who its children are is in `group`.

use crate::control::wind_down;
use crate::group::{Group, Inside, OnFailure, Running};
use crate::par::{Alike, ProcessSet};
use crate::process::Spawned;
use crate::{Failure, IntoOutcome, IntoProcess, Outcome, Process, alt};
use rendez_channels::{CancellationToken, at, clock, future};
use std::future::{Future, IntoFuture};
use std::panic::Location;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How many of those that a deadline has ended are named.
const NAMED_MAX: usize = 4;

/// A wait for outcomes. Boxed: the compiler cannot show that a nested `async fn` over references is `Send`.
#[doc(hidden)]
pub type Joining<'a, T> = Pin<Box<dyn Future<Output = Outcome<T>> + Send + 'a>>;

/// A scope that has not started; `par!`, [`par`](crate::par()) and [`scope`] make one. It does nothing until it is awaited.
///
/// It ends when all its children have, or early: when one of them fails, at a deadline, by a token. However that is, **no
/// child lives after it**. When it ends early its children are requested to stop, if there is a [grace](Self::grace), and
/// what is left then is ended: a future at its next step, a blocking function at its next channel operation. What ends by
/// itself meanwhile has ended normally, and counts.
///
/// # Cancel safety
/// Dropped unfinished, it ends its children at once, without a grace. The scope or process around it does not end before
/// they have. The limits are kept while the scope is polled.
///
/// ```
/// use rendez_channels::after;
/// use rendez_runtime::{Outcome, Process, par, run};
/// use std::time::Duration;
///
/// let worker = |seconds| Process::new("worker", async move {
///     after(Duration::from_secs(seconds)).await;
///     Outcome::Ok(seconds)
/// });
/// let late = run(async move { par((0..3).map(worker)).within(Duration::from_millis(50)).values().await });
/// assert!(late.unwrap_err().is_deadline());
/// let fastest = run(async move { par((0..3).map(worker)).first().await });
/// assert_eq!(fastest.unwrap(), 0);
/// ```
#[must_use = "a scope does nothing unless it is awaited"]
pub struct Scoped<S> {
    work: S,
    limits: Limits,
}

/// What makes a scope end early, and how.
struct Limits {
    on_failure: OnFailure,
    within: Option<Duration>,
    deadline: Option<Instant>,
    token: Option<CancellationToken>,
    grace: Duration,
    /// Whether there is a body, which a failure ends too.
    has_body: bool,
    made_at: &'static Location<'static>,
}

impl<S> Scoped<S> {
    #[track_caller]
    pub(crate) const fn new(work: S) -> Self {
        let limits = Limits {
            on_failure: OnFailure::End,
            within: None,
            deadline: None,
            token: None,
            grace: Duration::ZERO,
            has_body: false,
            made_at: Location::caller(),
        };
        Self { work, limits }
    }

    /// What becomes of the others when one fails.
    pub const fn on_failure(mut self, on_failure: OnFailure) -> Self {
        self.limits.on_failure = on_failure;
        self
    }

    /// It ends at this time: a failure that says who was not done, [`Failure::is_deadline`].
    pub const fn deadline(mut self, deadline: Instant) -> Self {
        self.limits.deadline = Some(deadline);
        self
    }

    /// It ends so long after its start: a failure that says who was not done, [`Failure::is_deadline`]. A time too long for
    /// the clock, such as `Duration::MAX`, is no deadline.
    pub const fn within(mut self, time: Duration) -> Self {
        self.limits.within = Some(time);
        self
    }

    /// It ends when the token is cancelled, as [cancelled](Failure::is_cancelled).
    pub fn stop_on(mut self, token: &CancellationToken) -> Self {
        self.limits.token = Some(token.clone());
        self
    }

    /// When it ends early, its children are first [requested to stop](crate::stop_requested) and have so long for it. Those
    /// who do not listen to requests are given no time, if nobody else in the scope does. A time too long for the clock is
    /// one without an end.
    pub const fn grace(mut self, grace: Duration) -> Self {
        self.limits.grace = grace;
        self
    }
}

impl<S: ProcessSet> Scoped<S> {
    /// Waits for all of them and gives what they ended with, in order: a tuple or a vector.
    ///
    /// # Errors
    /// The worst failure among them; also when one ended without a value because a channel of its retired.
    ///
    /// # Cancel safety
    /// As [`Scoped`].
    pub fn values(self) -> Joining<'static, S::Values> {
        let Self { work, limits } = self;
        let set = work.prepare();
        Box::pin(async move {
            let (running, started, early) = limits.run_all::<S>(set).await?;
            match S::values(S::outcomes(started, None)) {
                Ok(values) => Ok(values),
                Err(failure) => Err(worst_of(running.0.worst(), early).unwrap_or(failure)),
            }
        })
    }

    /// Waits for all of them and gives how each has ended, in order: a tuple or a vector of outcomes. A failure ends
    /// nobody else; a deadline or a token is the outcome of those that it has ended.
    ///
    /// # Cancel safety
    /// As [`Scoped`].
    pub fn outcomes(mut self) -> Joining<'static, S::Outcomes> {
        self.limits.on_failure = OnFailure::Wait;
        let Self { work, limits } = self;
        let set = work.prepare();
        Box::pin(async move {
            let (_running, started, early) = limits.run_all::<S>(set).await?;
            Ok(S::outcomes(started, early.as_ref()))
        })
    }
}

impl<S: ProcessSet> Scoped<S> {
    /// Waits for the first that ends, ends the others, and gives what the first has ended with.
    ///
    /// # Errors
    /// The first to end has failed, or one of the others has while it was being ended.
    ///
    /// # Cancel safety
    /// As [`Scoped`].
    pub fn first<T>(self) -> Joining<'static, T>
    where
        S: Alike<Value = T>,
        T: Send + 'static,
    {
        self.race(|_| true)
    }

    /// Waits for the first that succeeds, ends the others, and gives its value. Failures before are let pass.
    ///
    /// # Errors
    /// All have failed: the worst failure.
    ///
    /// # Cancel safety
    /// As [`Scoped`].
    pub fn any<T>(self) -> Joining<'static, T>
    where
        S: Alike<Value = T>,
        T: Send + 'static,
    {
        self.race(Result::is_ok)
    }

    fn race(mut self, decides: fn(&Outcome<S::Value>) -> bool) -> Joining<'static, S::Value>
    where
        S: Alike,
    {
        self.limits.on_failure = OnFailure::Wait;
        let Self { work, limits } = self;
        let racers = work.alike();
        Box::pin(async move {
            let running = limits.open(true);
            let group = &running.0;
            let started: Outcome<Vec<_>> =
                racers.into_iter().enumerate().map(|(number, racer)| group.start(number, racer)).collect();
            let decided = limits.conduct(group, decide(group, started?, decides)).await;
            group.end();
            group.all_ended().await;
            match decided? {
                Ok(value) => Ok(value),
                Err(failure) => Err(worst_of(group.worst(), None).unwrap_or(failure)),
            }
        })
    }
}

/// Takes outcomes as they come until one decides; the worst, if none does.
async fn decide<T: Send + 'static>(
    group: &Group,
    started: Vec<Spawned<T>>,
    decides: fn(&Outcome<T>) -> bool,
) -> Outcome<T> {
    let mut started: Vec<_> = started.into_iter().map(Some).collect();
    for _ in 0..started.len() {
        let number = group.next_ended().await;
        let Some(ended) = started[number].take() else { continue };
        let outcome = ended.join().await;
        if decides(&outcome) {
            return outcome;
        }
    }
    Err(group.worst().unwrap_or_else(|| Failure::new("there is no process to wait for: the set is empty")))
}

/// The worse of two failures; the child's, if they are equally bad.
fn worst_of(child: Option<Failure>, early: Option<Failure>) -> Option<Failure> {
    match (child, early) {
        (Some(child), Some(early)) if child.weight() < early.weight() => Some(early),
        (child, early) => child.or(early),
    }
}

impl Limits {
    fn open(&self, tells_ends: bool) -> Running {
        Running(Group::new(self.on_failure, !self.grace.is_zero(), tells_ends))
    }

    /// Runs a set until all have ended; with why they were ended early, if they were.
    async fn run_all<S: ProcessSet>(&self, set: S::Prepared) -> Outcome<(Running, S::Started, Option<Failure>)> {
        let running = self.open(false);
        let started = S::start(set, &Children(&running.0))?;
        let early = self.conduct(&running.0, running.0.all_ended()).await.err();
        Ok((running, started, early))
    }

    /// Whether nothing but its children's ends can end the scope: without a grace these end each other.
    fn are_none(&self) -> bool {
        let is_limited = self.within.is_some() || self.deadline.is_some() || self.token.is_some();
        !is_limited && self.grace.is_zero() && !self.has_body
    }

    /// Runs `work` until it is done or the scope has to end early. In the end no child lives.
    ///
    /// # Errors
    /// Why the scope ended before its work was done.
    async fn conduct<T: Send>(&self, group: &Group, work: impl Future<Output = T> + Send) -> Outcome<T> {
        if self.are_none() {
            return Ok(work.await);
        }
        let mut work = Box::pin(work);
        let reason = {
            let mut early = pin!(self.early(group));
            alt! {
                pri;
                done = future(work.as_mut()) => return Ok(done),
                reason = future(early.as_mut()) => reason,
            }
        };
        if !self.grace.is_zero()
            && let Some(done) = wind_down(self.grace, || group.request_stop(), work.as_mut()).await
        {
            return Ok(done);
        }
        let failure = self.failure(reason, group);
        drop(work);
        group.end();
        group.all_ended().await;
        Err(failure)
    }

    /// Waits until the scope has to end early.
    async fn early(&self, group: &Group) -> Reason {
        let within = self.within.and_then(|time| clock::now().checked_add(time));
        let deadline = [self.deadline, within].into_iter().flatten().min();
        let token = self.token.clone().unwrap_or_default();
        let mut failed = pin!(group.failed());
        alt! {
            pri;
            _ = future(failed.as_mut()) => Reason::Failed,
            _ = token.cancelled(), if self.token.is_some() => Reason::Cancelled,
            _ = at(deadline.unwrap_or_else(clock::now)), if deadline.is_some() => Reason::Deadline,
        }
    }

    fn failure(&self, reason: Reason, group: &Group) -> Failure {
        match reason {
            Reason::Failed | Reason::Cancelled => Failure::cancelled(),
            Reason::Deadline => {
                let when = self.within.map_or_else(|| "by its deadline".to_owned(), |time| format!("within {time:?}"));
                let who = names(group);
                Failure::deadline(format!("the scope at {} was not done {when}: still running {who}", self.made_at))
            }
        }
    }
}

enum Reason {
    Failed,
    Cancelled,
    Deadline,
}

fn names(group: &Group) -> String {
    let living = group.living();
    let mut names: Vec<_> = living.iter().take(NAMED_MAX).map(|child| format!("`{}`", child.name())).collect();
    if living.len() > NAMED_MAX {
        names.push(format!("{} more", living.len() - NAMED_MAX));
    }
    if names.is_empty() { "its body".to_owned() } else { names.join(", ") }
}

/// Where the processes of a set are started.
#[doc(hidden)]
pub struct Children<'a>(pub(crate) &'a Arc<Group>);

/// The body of a [`scope`], which is made when it starts.
#[doc(hidden)]
pub struct Dynamic<'a, T>(Box<dyn FnOnce(Scope) -> Joining<'a, T> + Send + 'a>);

/// A scope whose children are started as it goes: `body` is given the [`Scope`] to spawn into.
///
/// The body runs as part of the current process, so that it may borrow from what is around it; the children may not. The
/// scope ends when the body and all children have. A body that fails ends the children, and a child that fails ends the
/// body.
///
/// ```
/// use rendez_runtime::{Outcome, run, scope};
///
/// let sum = run(async {
///     let numbers = vec![1, 2, 3];
///     scope(async |scope| {
///         let doubled: Vec<_> = numbers.iter().map(|&n| scope.spawn(async move { Outcome::Ok(2 * n) })).collect();
///         let mut sum = 0;
///         for number in doubled {
///             sum += number.join().await?;
///         }
///         Outcome::Ok(sum)
///     })
///     .await
/// });
/// assert_eq!(sum.unwrap(), 12);
/// ```
#[track_caller]
pub fn scope<'a, F, B>(body: F) -> Scoped<Dynamic<'a, <B::Output as IntoOutcome>::Value>>
where
    F: FnOnce(Scope) -> B + Send + 'a,
    B: Future<Output: IntoOutcome> + Send + 'a, // it may move between threads: drop what is not `Send` before `.await`, or use `Arc`
{
    let mut scoped = Scoped::new(Dynamic(Box::new(|scope| {
        let body = body(scope);
        Box::pin(async move { body.await.into_outcome() }) as Joining<'a, _>
    })));
    scoped.limits.has_body = true;
    scoped
}

impl<'a, T: Send + 'static> IntoFuture for Scoped<Dynamic<'a, T>> {
    type Output = Outcome<T>;
    type IntoFuture = Joining<'a, T>;

    fn into_future(self) -> Joining<'a, T> {
        let Self { work, limits } = self;
        Box::pin(async move {
            let running = limits.open(false);
            let group = &running.0;
            let body = (work.0)(Scope(Arc::clone(group)));
            let body = Inside { group: Arc::clone(group), body };
            let conducted = limits.conduct(group, run_body(group, body)).await;
            // Who spawns into it from now on, through a handle that was kept, comes too late.
            group.end();
            match (group.worst(), conducted) {
                (Some(failure), Ok(outcome)) if !failure.fails_scope() && !failure.is_poisoned() => outcome,
                (Some(failure), Ok(_)) => Err(failure),
                (None, Ok(outcome)) => outcome,
                (worst, Err(early)) => Err(worst_of(worst, Some(early)).unwrap_or_else(Failure::cancelled)),
            }
        })
    }
}

async fn run_body<T>(group: &Group, body: impl Future<Output = Outcome<T>>) -> Outcome<T> {
    let outcome = body.await;
    if let Err(failure) = &outcome {
        group.note_failure(failure);
    }
    group.all_ended().await;
    outcome
}

/// Where the body of a [`scope`] spawns, and whoever it gives this to.
#[derive(Clone)]
pub struct Scope(Arc<Group>);

impl Scope {
    /// Starts a process in the scope. If it fails, the scope does what [`Scoped::on_failure`] says. A scope that is ending, or
    /// has ended, ends the newcomer before it runs.
    ///
    /// # Panics
    /// When no tokio runtime is ambient.
    #[track_caller]
    pub fn spawn<P>(&self, process: P) -> Spawned<P::Value>
    where
        P: IntoProcess, // it may move between threads: drop what is not `Send` before `.await`, or use `Arc`
    {
        self.0.start(0, process.into_process()).unwrap_or_else(|failure| panic!("{failure}"))
    }

    /// Ends all children that run, and those that come later; the body goes on.
    pub fn end(&self) {
        self.0.end();
    }

    /// How many children live.
    #[must_use]
    pub fn living(&self) -> usize {
        self.0.living().len()
    }
}

impl std::fmt::Debug for Scope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scope").field("living", &self.living()).finish_non_exhaustive()
    }
}

impl<T: Send + 'static> IntoProcess for Scoped<Dynamic<'static, T>> {
    type Value = T;
    #[track_caller]
    fn into_process(self) -> Process<T> {
        Process::new("scope", self.into_future()).kind(rendez_model::ProcessKind::Scope)
    }
}

impl<S: ProcessSet + 'static> IntoProcess for Scoped<S> {
    type Value = ();
    #[track_caller]
    fn into_process(self) -> Process<()> {
        Process::new("par", self.into_future()).kind(rendez_model::ProcessKind::Scope)
    }
}
