//! A supervisor: a process that starts its actors again when they fail, one for one. The policy is in `restart`.

use crate::actor::{Actor, prepare};
use crate::cell::{Cell, Draft, Report};
use crate::drive::process_of;
use crate::process::{ProcessRef, spawn_under};
use crate::restart::Window;
use crate::{Failure, Outcome, Process};
use rendez_channels::{ChannelKind, Sender, channel_named};
use rendez_model::ProcessKind;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How a supervisor will work; see [`Supervisor::one_for_one`].
#[derive(Clone, Debug)]
pub struct Supervisor {
    name: String,
    intensity: usize,
    period: Duration,
}

/// A running supervisor. Its actors live in its scope: stopping it stops them. It ends by itself when this and its
/// clones are gone and its last actor has ended.
#[derive(Clone)]
pub struct SupervisorRef {
    cell: Arc<Cell>,
    /// Nobody sends on it: the supervisor takes no more actors, and ends with its last one, when all of these are gone.
    _open: Sender<()>,
    window: Arc<Mutex<Window>>,
}

impl Supervisor {
    /// A failed actor is started again, alone; its mailbox and its references stay.
    ///
    /// Unless set otherwise: at most 3 restarts within 10 seconds, counted over all its actors. One failure more and
    /// the supervisor itself fails, and with it the scope that it lives in. (The words are those of Erlang/OTP.)
    ///
    /// ```
    /// use rendez_runtime::{Supervisor, run};
    /// use std::time::Duration;
    ///
    /// run(async {
    ///     let shop = Supervisor::one_for_one().intensity(5, Duration::from_secs(60)).start();
    ///     shop.stop();
    /// }).unwrap();
    /// ```
    #[must_use]
    pub fn one_for_one() -> Self {
        Self { name: "supervisor".into(), intensity: 3, period: Duration::from_secs(10) }
    }

    /// At most `restarts` in any `period`.
    #[must_use]
    pub const fn intensity(mut self, restarts: usize, period: Duration) -> Self {
        (self.intensity, self.period) = (restarts, period);
        self
    }

    /// Its name, for reports and the picture.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Starts it in the scope of the current process.
    ///
    /// # Panics
    /// When no tokio runtime is ambient.
    #[track_caller]
    #[must_use]
    pub fn start(self) -> SupervisorRef {
        let draft = Draft::new(self.name, ProcessKind::Scope);
        let (open, closing) = channel_named("references", ChannelKind::Rendezvous);
        let body = async move {
            closing.next().await?;
            Outcome::Ok(())
        };
        let process = Process { job: process_of(draft, body) };
        let cell = process.cell();
        spawn_under(process, Cell::current(), Report::Scope).unwrap_or_else(|failure| panic!("{failure}"));
        SupervisorRef { cell, _open: open, window: Arc::new(Mutex::new(Window::new(self.intensity, self.period))) }
    }
}

impl SupervisorRef {
    /// Starts an actor under this supervisor; `make` gives the state of each incarnation.
    ///
    /// # Panics
    /// When no tokio runtime is ambient.
    #[track_caller]
    pub fn actor<A: Actor>(&self, name: &str, mut make: impl FnMut() -> A + Send + 'static) -> A::Ref {
        let window = Arc::clone(&self.window);
        let decide = move |_: &Cell, _: &Failure| {
            let now = rendez_channels::clock::now();
            window.lock().unwrap_or_else(PoisonError::into_inner).decide(now)
        };
        let prepared = prepare(name, move || Some(make()), decide);
        prepared.start(Some(Arc::clone(&self.cell))).unwrap_or_else(|failure| panic!("{failure}")).into()
    }

    /// The supervisor's process.
    #[must_use]
    pub fn process(&self) -> ProcessRef {
        ProcessRef::new(Arc::clone(&self.cell))
    }

    /// Stops it and all its actors.
    pub fn stop(&self) {
        self.cell.cancel();
    }
}
