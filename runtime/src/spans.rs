//! The span of a process: `process{id name}`, below the span that the process was made in. It logs nothing.
//!
//! Who has the span of a request entered while it makes processes finds the request in what these say, and in what their
//! children say. A process hangs below the span of its parent only: one that outlives its maker, or was handed to another, is
//! a root. Otherwise a chain of them would keep all spans before it. While nobody listens, each process costs two loads.

use crate::cell::Cell;
use rendez_model::ProcessId;
use tracing::Span;
use tracing::level_filters::LevelFilter;

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
    listens().then(|| Box::new(Stage::Made { within: Span::current(), by: by() }))
}

/// Those of one that begins to run.
pub(crate) fn begun(spans: Spans, cell: &Cell) -> Spans {
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

/// Whether anybody wants to know of spans of processes.
fn listens() -> bool {
    LevelFilter::current() >= LevelFilter::INFO
}
