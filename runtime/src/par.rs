//! `par!` and `seq!`: processes side by side and one after another. A scope ends only when all its children have ended.

use crate::cell::{Cell, Report};
use crate::process::{Spawned, spawn_under};
use crate::{Failure, IntoProcess, Outcome, Process};
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

/// Processes that will run side by side; see [`par!`](crate::par!).
#[must_use = "a `par!` does nothing unless it is awaited"]
pub struct Par<S> {
    set: S,
}

/// Runs processes side by side, each a child of the current process.
///
/// It takes a tuple, a vector or any collection of processes. Awaiting it waits until all have ended. When one fails,
/// the others are ended and the failure comes out, with the name, cause and spawn line of the process. A child that ends because a channel
/// retired has ended normally; one that ends by poison ends nobody else, and the poison comes out last.
///
/// # Cancel safety
/// Dropped unfinished, it ends its children; the current process does not end before them.
pub const fn par<S: ProcessSet>(set: S) -> Par<S> {
    Par { set }
}

/// Runs processes side by side: `par![a, b, c].await`, or `par![..].values().await` for what they end with.
///
/// ```
/// use rendez_runtime::{Outcome, par, run};
///
/// let both = run(async { par![async { Outcome::Ok(1) }, async { Outcome::Ok("two") }].values().await });
/// assert_eq!(both.unwrap(), (1, "two"));
/// ```
#[macro_export]
macro_rules! par {
    () => { ::core::compile_error!("a `par!` needs a process: write `par![first(..), second(..)]`") };
    ($($process:expr),+ $(,)?) => { $crate::par(($($crate::__private::child($process),)+)) };
}

/// Runs processes one after another, each a child of the current process; the first failure ends the sequence.
///
/// ```
/// use rendez_runtime::{Outcome, run, seq};
///
/// run(async { seq![async { Outcome::Ok(()) }, async { Outcome::Ok(()) }].await }).unwrap();
/// ```
#[macro_export]
macro_rules! seq {
    () => { ::core::compile_error!("a `seq!` needs a process: write `seq![first(..), second(..)]`") };
    ($($process:expr),+ $(,)?) => { async move { $( $crate::par(($crate::__private::child($process),)).await?; )+ $crate::Outcome::Ok(()) } };
}

/// A wait for outcomes. Boxed: the compiler cannot show that a nested `async fn` over references is `Send`.
#[doc(hidden)]
pub type Joining<T> = Pin<Box<dyn Future<Output = Outcome<T>> + Send>>;

/// A collection of processes that can run side by side.
pub trait ProcessSet: Send {
    /// What they end with, in order.
    type Values: Send + 'static;
    /// The started processes.
    #[doc(hidden)]
    type Started: Send;

    #[doc(hidden)]
    fn start(self, group: &Group) -> Outcome<Self::Started>;

    #[doc(hidden)]
    fn values(started: Self::Started) -> Joining<Self::Values>;
}

/// The children of one `par`, while they run.
#[doc(hidden)]
pub struct Group {
    parent: Option<Arc<Cell>>,
    shared: Arc<Mutex<Shared>>,
}

#[derive(Default)]
struct Shared {
    children: Vec<Arc<Cell>>,
    worst: Option<Failure>,
}

impl Group {
    fn new() -> Self {
        Self { parent: Cell::current(), shared: Arc::default() }
    }

    fn start<T: Send + 'static>(&self, process: Process<T>) -> Outcome<Spawned<T>> {
        let shared = Arc::clone(&self.shared);
        lock(&shared).children.push(process.cell());
        if lock(&shared).worst.as_ref().is_some_and(Failure::fails_scope) {
            process.cell().cancel();
        }
        spawn_under(process, self.parent.clone(), Report::To(Box::new(move |failure| note(&shared, failure))))
    }

    fn verdict(&self) -> Option<Failure> {
        lock(&self.shared).worst.clone()
    }
}

/// A child has ended in failure: the worst is kept, and one that fails the scope ends the others.
fn note(shared: &Mutex<Shared>, failure: &Failure) {
    let to_end = {
        let mut shared = lock(shared);
        if shared.worst.as_ref().is_none_or(|worst| worst.weight() < failure.weight()) {
            shared.worst = Some(failure.clone());
        }
        if failure.fails_scope() { shared.children.clone() } else { vec![] }
    };
    to_end.iter().for_each(Cell::cancel);
}

fn lock(shared: &Mutex<Shared>) -> std::sync::MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Drop for Group {
    fn drop(&mut self) {
        let children = std::mem::take(&mut lock(&self.shared).children);
        children.iter().filter(|child| child.end().is_none()).for_each(|child| child.cancel());
    }
}

impl<S: ProcessSet + 'static> Par<S> {
    /// Waits for all of them and gives what they ended with, in order: a tuple or a vector.
    ///
    /// # Errors
    /// The worst failure among them; also when one ended without a value because a channel of its retired.
    pub fn values(self) -> Joining<S::Values> {
        Box::pin(async move {
            let group = Group::new();
            let started = self.set.start(&group)?;
            let values = S::values(started).await;
            match group.verdict() {
                Some(failure) => Err(failure),
                None => values,
            }
        })
    }
}

impl<S: ProcessSet + 'static> IntoFuture for Par<S> {
    type Output = Outcome<()>;
    type IntoFuture = Pin<Box<dyn Future<Output = Outcome<()>> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            match self.values().await {
                Err(failure) if !failure.is_retired() => Err(failure),
                _ => Ok(()),
            }
        })
    }
}

impl<P: IntoProcess + Send> ProcessSet for Vec<P> {
    type Values = Vec<P::Value>;
    type Started = Vec<Spawned<P::Value>>;

    fn start(self, group: &Group) -> Outcome<Self::Started> {
        self.into_iter().map(|process| group.start(process.into_process())).collect()
    }

    fn values(started: Self::Started) -> Joining<Self::Values> {
        Box::pin(async move {
            let mut outcomes = Vec::with_capacity(started.len());
            for spawned in started {
                outcomes.push(spawned.join().await);
            }
            outcomes.into_iter().collect()
        })
    }
}

macro_rules! tuples {
    ($($p:ident $i:tt),+) => {
        impl<$($p: Send + 'static),+> ProcessSet for ($(Process<$p>,)+) {
            type Values = ($($p,)+);
            type Started = ($(Spawned<$p>,)+);

            fn start(self, group: &Group) -> Outcome<Self::Started> {
                Ok(($(group.start(self.$i)?,)+))
            }

            fn values(started: Self::Started) -> Joining<Self::Values> {
                Box::pin(async move {
                    let outcomes = ($(started.$i.join().await,)+);
                    Ok(($(outcomes.$i?,)+))
                })
            }
        }
    };
}

tuples!(A 0);
tuples!(A 0, B 1);
tuples!(A 0, B 1, C 2);
tuples!(A 0, B 1, C 2, D 3);
tuples!(A 0, B 1, C 2, D 3, E 4);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5, G 6);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11);
