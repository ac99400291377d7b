//! What `supervise!` makes of each of its children: an actor, another supervisor or a process, told apart by type. It decides nothing.

use super::{ChildSpec, Supervisor, SupervisorRef};
use crate::IntoProcess;
use crate::actor::Actor;
use std::future::{Future, IntoFuture};
use std::marker::PhantomData;
use std::pin::Pin;

/// How a child is made at each start.
pub struct Maker<F, T> {
    make: F,
    _made: PhantomData<fn() -> T>,
}

/// How a child may be called; the first that is there.
#[derive(Default)]
pub struct Names {
    /// As was asked for.
    pub given: Option<String>,
    /// Like the variable for its reference.
    pub place: Option<&'static str>,
    /// Like the function that makes it, or the type that this is a function of.
    pub callee: Option<&'static str>,
}

/// A child from what makes it.
pub const fn maker<F, T>(make: F) -> Maker<F, T>
where
    F: FnMut() -> T + Send + 'static, // each start may be on another thread: use what is `Send`, such as `Arc` for `Rc`
{
    Maker { make, _made: PhantomData }
}

/// An argument for one more start.
pub fn again<T>(argument: &T) -> T
where
    T: Clone, // each start gets a clone: pass what is `Clone`, or write `{ .. }` around the call to have all of it evaluated each time
{
    argument.clone()
}

/// What is made is an actor. Of this and the next two traits the first that fits is taken, by a reference less for each.
pub trait MakesActor {
    /// That.
    fn kind(&self) -> IsActor {
        IsActor
    }
}

/// What is made is a supervisor.
pub trait MakesSupervisor {
    /// That.
    fn kind(&self) -> IsSupervisor {
        IsSupervisor
    }
}

/// What is made should be a process.
pub trait MakesProcess {
    /// That.
    fn kind(&self) -> IsProcess {
        IsProcess
    }
}

impl<F, A: Actor> MakesActor for &&Maker<F, A> {}
impl<F> MakesSupervisor for &Maker<F, Supervisor> {}
impl<F, T> MakesProcess for Maker<F, T> {}

/// It is an actor.
pub struct IsActor;
/// It is a supervisor.
pub struct IsSupervisor;
/// It is a process, or nothing that can be a child.
pub struct IsProcess;

impl IsActor {
    /// The child, and its reference.
    #[track_caller]
    pub fn child<A, F>(self, names: Names, maker: Maker<F, A>) -> (ChildSpec, A::Ref)
    where
        A: Actor,
        F: FnMut() -> A + Send + 'static,
    {
        let name = names.given.unwrap_or_else(|| names.place.unwrap_or(A::NAME).to_owned());
        ChildSpec::actor(name, maker.make)
    }
}

impl IsSupervisor {
    /// The child, and its reference. It is made once: it knows itself how to be started again.
    #[track_caller]
    pub fn child<F>(self, names: Names, mut maker: Maker<F, Supervisor>) -> (ChildSpec, SupervisorRef)
    where
        F: FnMut() -> Supervisor,
    {
        nested(names, (maker.make)())
    }
}

impl IsProcess {
    /// The child; there is no reference to a process that is made again at each start.
    #[track_caller]
    pub fn child<P, F>(self, names: Names, maker: Maker<F, P>) -> (ChildSpec, ())
    where
        P: IntoProcess, // write an actor, a process or a supervisor here
        F: FnMut() -> P + Send + 'static,
    {
        let name = names.given.unwrap_or_else(|| names.place.or(names.callee).unwrap_or("process").to_owned());
        (ChildSpec::process(name, maker.make), ())
    }
}

/// A supervisor as a child of another one.
#[track_caller]
pub fn nested(names: Names, supervisor: Supervisor) -> (ChildSpec, SupervisorRef) {
    let name = names.given.or_else(|| names.place.map(str::to_owned));
    match name {
        Some(name) => supervisor.named(name),
        None => supervisor,
    }
    .into_child()
}

/// Awaited, it [runs](Supervisor::run).
impl IntoFuture for Supervisor {
    type Output = crate::Outcome;
    type IntoFuture = Pin<Box<dyn Future<Output = crate::Outcome> + Send>>;

    #[track_caller]
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}
