//! The spans of a process: its own, `process{id name}`, below the span that the process was made in, and below that while it follows
//! something, `trace{id name}`. It logs nothing.
//!
//! Who has the span of a request entered while it makes processes finds the request in what these say, and in what their
//! children say. A process hangs below the span of its parent only: one that outlives its maker, or was handed to another, is
//! a root. Otherwise a chain of them would keep all spans before it. What a process follows is no span above those that it makes: these
//! show themselves what they follow. While nobody listens, each process costs two loads.

use crate::cell::{Cell, Head};
use crate::trace::Followed;
use rendez_model::ProcessId;
use std::cell::RefCell;
use tracing::Span;
use tracing::level_filters::LevelFilter;
use tracing::span::{Entered, EnteredSpan};

/// What a process has of spans. None while nobody listens.
pub(crate) type Spans = Option<Box<Stage>>;

pub(crate) enum Stage {
    /// It has not run. What it was made in, and by whom.
    Made { within: Span, by: Option<ProcessId> },
    /// Its own.
    Own(Span),
}

/// Those of a process that is made here.
pub(crate) fn made() -> Spans {
    let by = || Cell::with_current(|cell| cell.map(|cell| cell.id()));
    listens().then(|| Box::new(Stage::Made { within: current(), by: by() }))
}

/// Those of one that begins to run.
pub(crate) fn begun(spans: Spans, cell: &Head) -> Spans {
    if !listens() {
        return None;
    }
    let parent = cell.parent().map(|parent| parent.id());
    let within = match spans.map(|stage| *stage) {
        Some(Stage::Made { within, by }) if by == parent => within.id(),
        _ => None,
    };
    let own = tracing::info_span!(parent: within, "process", id = %cell.id(), name = cell.name());
    (!own.is_disabled()).then(|| Box::new(Stage::Own(own)))
}

/// The own one, if it has one.
pub(crate) fn own(spans: &Spans) -> Option<&Span> {
    match spans.as_deref() {
        Some(Stage::Own(span)) => Some(span),
        _ => None,
    }
}

/// Enters the own one and what the process follows, until that is dropped.
pub(crate) fn enter<'a>(spans: &'a Spans, cell: &Head) -> Option<(Shown, Entered<'a>)> {
    let own = own(spans)?;
    let entered = own.enter();
    Some((show(own, cell.followed())?, entered))
}

thread_local! {
    /// What is shown at present: below which span, and the span of what is followed.
    static SHOWN: RefCell<Option<(Span, Option<EnteredSpan>)>> = const { RefCell::new(None) };
}

/// Shows what is followed until it is dropped; then what was shown before.
#[must_use = "it is shown until this is dropped"]
pub(crate) struct Shown(Option<(Span, Option<EnteredSpan>)>);

/// Shows what is followed below this span, until that is dropped; nothing where nobody listens.
pub(crate) fn show(within: &Span, followed: Option<&Followed>) -> Option<Shown> {
    if !listens() {
        return None;
    }
    let span = followed.and_then(|followed| followed.span(within)).map(Span::entered);
    // A thread that ends shows nothing more.
    let before = SHOWN.try_with(|shown| shown.replace(Some((within.clone(), span)))).ok()?;
    Some(Shown(before))
}

/// What is followed here has changed.
pub(crate) fn show_again(followed: &Followed) {
    let taken = SHOWN.try_with(|shown| shown.borrow_mut().as_mut().map(|(within, span)| (within.clone(), span.take())));
    let Ok(Some((within, old))) = taken else { return };
    drop(old);
    let span = followed.span(&within).map(Span::entered);
    let _ = SHOWN.try_with(|shown| shown.borrow_mut().as_mut().map(|(_, place)| *place = span));
}

impl Drop for Shown {
    fn drop(&mut self) {
        let before = self.0.take();
        let ours = SHOWN.try_with(|shown| shown.replace(before));
        drop(ours);
    }
}

/// The span that is entered here, or the one above what is followed.
pub(crate) fn current() -> Span {
    let now = Span::current();
    let within = SHOWN.try_with(|shown| match &*shown.borrow() {
        Some((within, Some(span))) if span.id() == now.id() => Some(within.clone()),
        _ => None,
    });
    within.ok().flatten().unwrap_or(now)
}

/// Whether anybody wants to know of spans of processes.
fn listens() -> bool {
    LevelFilter::current() >= LevelFilter::INFO
}
