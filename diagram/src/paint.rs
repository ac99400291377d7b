//! The colours of states, the same in every format that has colours. A colour never says anything alone.

use crate::words::Mark;
use rendez_model::Verdict;

/// How a box is coloured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paint {
    pub(crate) fill: &'static str,
    pub(crate) stroke: &'static str,
    pub(crate) dashed: bool,
}

/// The colour of what has failed, and of deadlocks that are certain.
const ALARM: &str = "#dc2626";

/// The colour of a deadlock.
pub(crate) const fn alarm(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Certain => ALARM,
        Verdict::Suspected => "#d97706",
    }
}

impl Paint {
    pub(crate) const fn of(mark: Mark) -> Self {
        let (fill, stroke) = match mark {
            Mark::Running => ("#f0fdf4", "#4ea872"),
            Mark::Ready => ("#eff6ff", "#6b9be8"),
            Mark::Waiting => ("#fffbeb", "#d5a64a"),
            Mark::Blocked => ("#eceef1", "#9aa1ac"),
            Mark::Done | Mark::Cancelled => ("#fafafa", "#d1d5db"),
            Mark::Poisoned => ("#faf5ff", "#a855f7"),
            Mark::Failed | Mark::Lost => ("#fef2f2", ALARM),
        };
        Self { fill, stroke, dashed: matches!(mark, Mark::Lost) }
    }
}
