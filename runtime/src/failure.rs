//! How processes end: `Outcome` and `Failure`. One conversion lets `?` take every error.

use crate::cell::Cell;
use rendez_channels::{Ended, Poison, party};
use rendez_model::End;
use std::error::Error;
use std::fmt;
use std::sync::Arc;

/// What a process ends with.
pub type Outcome<T = ()> = Result<T, Failure>;

/// Why a process ended without a value.
///
/// It converts from every error, so that `?` works on all of them, and is itself not an [`Error`]. Errors of channels
/// keep their meaning: after [`Ended::Retired`] a process has ended normally, after [`Ended::Poisoned`] it is poisoned,
/// and all else is a failure. Converting a failure marks the running process as failing: the channel ends that it
/// drops on its way out poison their channels, with the same origin.
///
/// ```
/// use rendez_runtime::{Failure, Outcome};
///
/// fn parse(text: &str) -> Outcome<u32> {
///     Ok(text.parse()?)
/// }
/// assert_eq!(parse("seven").unwrap_err().to_string(), "invalid digit found in string");
/// assert_eq!(Failure::new("out of paper").cause(), "out of paper");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Failure {
    // Of its own place: outcomes are many, failures few.
    what: Box<What>,
}

#[derive(Clone, PartialEq, Eq)]
struct What {
    kind: Kind,
    process: Option<String>,
}

#[derive(Clone, PartialEq, Eq)]
enum Kind {
    Retired(String),
    Poisoned(Arc<Poison>),
    Cancelled,
    Error(String),
    Panic(String),
    Deadline(String),
}

impl Failure {
    fn of(kind: Kind) -> Self {
        Self { what: Box::new(What { kind, process: None }) }
    }

    /// A failure in one's own words.
    #[must_use]
    pub fn new(cause: impl fmt::Display) -> Self {
        let cause = cause.to_string();
        mark_as_failing(|| Arc::new(Poison::new("", &cause, party::current_name())));
        Self::of(Kind::Error(cause))
    }

    pub(crate) fn cancelled() -> Self {
        Self::of(Kind::Cancelled)
    }

    pub(crate) fn deadline(cause: String) -> Self {
        Self::of(Kind::Deadline(cause))
    }

    pub(crate) fn poisoned(poison: Arc<Poison>) -> Self {
        Self::of(Kind::Poisoned(poison))
    }

    /// What the channel ends of a process that fails so leave behind.
    pub(crate) fn poison(&self) -> Arc<Poison> {
        match &self.what.kind {
            Kind::Poisoned(poison) => Arc::clone(poison),
            _ => Arc::new(Poison::new("", self.cause(), self.what.process.as_deref().unwrap_or_default())),
        }
    }

    pub(crate) fn panic(payload: &(dyn std::any::Any + Send)) -> Self {
        Self::of(Kind::Panic(panic_text(payload).unwrap_or("a panic without a message").to_owned()))
    }

    /// Says in which process it happened, unless it is known already.
    pub(crate) fn within(mut self, process: impl FnOnce() -> String) -> Self {
        if self.fails_scope() && self.what.process.is_none() {
            self.what.process = Some(process());
        }
        self
    }

    /// Whether the process ended because a channel of its retired: a normal end.
    #[must_use]
    pub const fn is_retired(&self) -> bool {
        matches!(self.what.kind, Kind::Retired(_))
    }

    /// Whether poison ended the process.
    #[must_use]
    pub const fn is_poisoned(&self) -> bool {
        matches!(self.what.kind, Kind::Poisoned(_))
    }

    /// Whether its scope ended the process.
    #[must_use]
    pub const fn is_cancelled(&self) -> bool {
        matches!(self.what.kind, Kind::Cancelled)
    }

    /// Whether the process panicked.
    #[must_use]
    pub const fn is_panic(&self) -> bool {
        matches!(self.what.kind, Kind::Panic(_))
    }

    /// Whether the deadline of a scope has passed.
    #[must_use]
    pub const fn is_deadline(&self) -> bool {
        matches!(self.what.kind, Kind::Deadline(_))
    }

    /// What went wrong, without the place.
    #[must_use]
    pub fn cause(&self) -> String {
        match &self.what.kind {
            Kind::Retired(cause) | Kind::Error(cause) | Kind::Panic(cause) | Kind::Deadline(cause) => cause.clone(),
            Kind::Poisoned(poison) => poison.to_string(),
            Kind::Cancelled => Ended::Cancelled.to_string(),
        }
    }

    /// The process it happened in with the line that spawned it, once it has left that process.
    #[must_use]
    pub fn process(&self) -> Option<&str> {
        self.what.process.as_deref()
    }

    /// How bad it is, for choosing which of several failures to report.
    pub(crate) const fn weight(&self) -> u8 {
        match self.what.kind {
            Kind::Retired(_) => 0,
            Kind::Cancelled => 1,
            Kind::Poisoned(_) => 2,
            Kind::Error(_) | Kind::Panic(_) | Kind::Deadline(_) => 3,
        }
    }

    /// Whether the scope of a process that ended so has failed, and ends its other children.
    pub(crate) const fn fails_scope(&self) -> bool {
        matches!(self.what.kind, Kind::Error(_) | Kind::Panic(_) | Kind::Deadline(_))
    }

    pub(crate) fn end(&self) -> End {
        match &self.what.kind {
            Kind::Retired(_) => End::Normal,
            Kind::Poisoned(poison) => End::Poisoned(poison.cause.clone()),
            Kind::Cancelled => End::Cancelled,
            Kind::Error(cause) | Kind::Deadline(cause) => End::Failed(cause.clone()),
            Kind::Panic(cause) => End::Failed(format!("panic: {cause}")),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(process) = &self.what.process {
            let verb = if self.is_panic() { "panicked" } else { "failed" };
            write!(f, "{process} {verb}: ")?;
        }
        f.write_str(&self.cause())
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Failure({self})")
    }
}

/// What was said in a panic, if it is text.
pub(crate) fn panic_text(payload: &(dyn std::any::Any + Send)) -> Option<&str> {
    payload.downcast_ref::<&str>().copied().or_else(|| payload.downcast_ref::<String>().map(String::as_str))
}

impl<E: Error + Send + 'static> From<E> for Failure {
    fn from(error: E) -> Self {
        let kind = match ended(&error) {
            Some(Ended::Retired { .. }) => return Self::of(Kind::Retired(error.to_string())),
            Some(Ended::Cancelled) => return cancelled_here(),
            Some(Ended::Poisoned(poison)) => Kind::Poisoned(Arc::clone(poison)),
            Some(_) | None => Kind::Error(with_sources(&error)),
        };
        mark_as_failing(|| match &kind {
            Kind::Poisoned(poison) => Arc::clone(poison),
            _ => Arc::new(Poison::new("", &error, party::current_name())),
        });
        Self::of(kind)
    }
}

/// What a process body may return: nothing, or an outcome.
#[diagnostic::on_unimplemented(
    message = "a process ends with `Outcome`, `Outcome<T>` or nothing, not with `{Self}`",
    label = "return `Outcome` here: `Ok(())` at the end, `?` on the way"
)]
pub trait IntoOutcome: Send {
    /// What it ends with when all went well.
    type Value: Send + 'static;

    /// The outcome.
    ///
    /// # Errors
    /// The failure that it stands for.
    fn into_outcome(self) -> Outcome<Self::Value>;
}

impl IntoOutcome for () {
    type Value = ();
    fn into_outcome(self) -> Outcome<()> {
        Ok(())
    }
}

impl<T: Send + 'static, E: Into<Failure> + Send> IntoOutcome for Result<T, E> {
    type Value = T;
    fn into_outcome(self) -> Outcome<T> {
        self.map_err(Into::into)
    }
}

/// The end of a channel somewhere in an error's chain of sources.
fn ended<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a Ended> {
    chain(error).find_map(|e| e.downcast_ref())
}

/// The error and its sources, outermost first.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&e| e.source())
}

fn with_sources(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    for source in chain(error).skip(1) {
        let source = source.to_string();
        if !text.contains(&source) {
            text = format!("{text}: {source}");
        }
    }
    text
}

/// The current process is being ended: by poison, if its scope says so.
fn cancelled_here() -> Failure {
    match Cell::current().and_then(|cell| cell.ending_poison().cloned()) {
        Some(poison) => {
            mark_as_failing(|| Arc::clone(&poison));
            Failure::poisoned(poison)
        }
        None => Failure::cancelled(),
    }
}

/// Ends that the running process drops from now on poison their channels. Outside of processes nobody fails.
fn mark_as_failing(poison: impl FnOnce() -> Arc<Poison>) {
    if party::is_known() {
        party::failing(poison());
    }
}
