//! `par!` and `seq!`: processes side by side and one after another. What a scope is, and how it ends, is in `scope`.

use crate::process::Spawned;
use crate::scope::{Children, Joining, Scoped};
use crate::{Failure, IntoProcess, Outcome, Process};
use std::future::IntoFuture;

/// Runs processes side by side, each a child of the current process: all that an iterator gives.
///
/// Awaiting it waits until all have ended. When one fails, the others are ended and the failure comes out, with the name,
/// cause and spawn line of the process. A child that ends because a channel retired has ended normally; one that ends by
/// poison ends nobody else, and the poison comes out last. [`Scoped`] has what can be said otherwise.
///
/// # Cancel safety
/// Dropped unfinished, it ends its children; the current process does not end before them.
///
/// ```
/// use rendez_runtime::{Outcome, Process, par, run};
///
/// let square = |n: u64| Process::new(format!("square {n}"), async move { Outcome::Ok(n * n) });
/// assert_eq!(run(async move { par((1..4).map(square)).values().await }).unwrap(), [1, 4, 9]);
/// ```
#[track_caller]
pub const fn par<S: ProcessSet>(set: S) -> Scoped<S> {
    Scoped::new(set)
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
    ($($process:expr),+ $(,)?) => { $crate::par($crate::__private::Several(($($crate::__private::child($process),)+))) };
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
    ($($process:expr),+ $(,)?) => { async move { $( $crate::par!($process).await?; )+ $crate::Outcome::Ok(()) } };
}

/// Processes that can run side by side: whatever iterates over them, and what `par!` makes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no set of processes",
    label = "expected something that iterates over processes",
    note = "write `par![first(..), second(..)]` for processes of different kinds, and `par((0..n).map(|i| worker(i)))` for many of one"
)]
pub trait ProcessSet {
    /// What they end with, in order.
    type Values: Send + 'static;
    /// How each has ended, in order.
    type Outcomes: Send + 'static;
    /// The processes.
    #[doc(hidden)]
    type Prepared: Send + 'static;
    /// The started processes.
    #[doc(hidden)]
    type Started: Send + 'static;

    #[doc(hidden)]
    fn prepare(self) -> Self::Prepared;

    #[doc(hidden)]
    fn start(prepared: Self::Prepared, children: &Children<'_>) -> Outcome<Self::Started>;

    /// Takes the outcomes of processes that have all ended; `early` is why some were ended.
    #[doc(hidden)]
    fn outcomes(started: Self::Started, early: Option<&Failure>) -> Self::Outcomes;

    #[doc(hidden)]
    fn values(outcomes: Self::Outcomes) -> Outcome<Self::Values>;
}

/// Processes that all end with the same type of value, so that one of them can stand for all.
#[diagnostic::on_unimplemented(
    message = "these processes end with values of different types",
    label = "one of them cannot stand for all",
    note = "let each end with the same type, such as an enum of yours; or wait for all with `.values()` or `.outcomes()`"
)]
pub trait Alike: ProcessSet {
    /// What each ends with.
    type Value: Send + 'static;

    #[doc(hidden)]
    fn alike(self) -> Vec<Process<Self::Value>>;
}

/// What `par!` makes of processes that may be of different kinds.
#[doc(hidden)]
pub struct Several<P>(pub P);

impl<S: ProcessSet> IntoFuture for Scoped<S> {
    type Output = Outcome<()>;
    type IntoFuture = Joining<'static, ()>;

    fn into_future(self) -> Self::IntoFuture {
        let values = self.values();
        Box::pin(async move {
            match values.await {
                Err(failure) if !failure.is_retired() => Err(failure),
                _ => Ok(()),
            }
        })
    }
}

impl<I: IntoIterator<Item: IntoProcess>> ProcessSet for I {
    type Values = Vec<<I::Item as IntoProcess>::Value>;
    type Outcomes = Vec<Outcome<<I::Item as IntoProcess>::Value>>;
    type Prepared = Vec<Process<<I::Item as IntoProcess>::Value>>;
    type Started = Vec<Spawned<<I::Item as IntoProcess>::Value>>;

    fn prepare(self) -> Self::Prepared {
        self.into_iter().map(IntoProcess::into_process).collect()
    }

    fn start(prepared: Self::Prepared, children: &Children<'_>) -> Outcome<Self::Started> {
        prepared.into_iter().map(|process| children.0.start(0, process)).collect()
    }

    fn outcomes(started: Self::Started, early: Option<&Failure>) -> Self::Outcomes {
        started.into_iter().map(|spawned| outcome(spawned, early)).collect()
    }

    fn values(outcomes: Self::Outcomes) -> Outcome<Self::Values> {
        outcomes.into_iter().collect()
    }
}

impl<I: IntoIterator<Item: IntoProcess>> Alike for I {
    type Value = <I::Item as IntoProcess>::Value;

    fn alike(self) -> Vec<Process<Self::Value>> {
        self.prepare()
    }
}

/// How it has ended; who was ended early, by what that was.
fn outcome<T: Send + 'static>(ended: Spawned<T>, early: Option<&Failure>) -> Outcome<T> {
    ended.outcome().map_err(|failure| match early {
        Some(early) if failure.is_cancelled() => early.clone(),
        _ => failure,
    })
}

macro_rules! several {
    ($($p:ident $i:tt),+) => {
        impl<$($p: Send + 'static),+> ProcessSet for Several<($(Process<$p>,)+)> {
            type Values = ($($p,)+);
            type Outcomes = ($(Outcome<$p>,)+);
            type Prepared = ($(Process<$p>,)+);
            type Started = ($(Spawned<$p>,)+);

            fn prepare(self) -> Self::Prepared {
                self.0
            }

            fn start(prepared: Self::Prepared, children: &Children<'_>) -> Outcome<Self::Started> {
                Ok(($(children.0.start($i, prepared.$i)?,)+))
            }

            fn outcomes(started: Self::Started, early: Option<&Failure>) -> Self::Outcomes {
                ($(outcome(started.$i, early),)+)
            }

            fn values(outcomes: Self::Outcomes) -> Outcome<Self::Values> {
                Ok(($(outcomes.$i?,)+))
            }
        }

        impl<T: Send + 'static> Alike for Several<($(same!($p T),)+)> {
            type Value = T;

            fn alike(self) -> Vec<Process<T>> {
                vec![$(self.0.$i),+]
            }
        }
    };
}

/// The process type of a value of `T`, once for each position.
macro_rules! same {
    ($p:ident $t:ident) => { Process<$t> };
}

several!(A 0);
several!(A 0, B 1);
several!(A 0, B 1, C 2);
several!(A 0, B 1, C 2, D 3);
several!(A 0, B 1, C 2, D 3, E 4);
several!(A 0, B 1, C 2, D 3, E 4, F 5);
several!(A 0, B 1, C 2, D 3, E 4, F 5, G 6);
several!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);
several!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8);
several!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9);
several!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10);
several!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11);
