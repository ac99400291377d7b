//! The small signs: one for each state and for each kind of process. Not their colours.

use super::pen::Pen;
use crate::layout::Point;
use crate::words::Mark;
use rendez_model::ProcessKind;

/// Width and height of every sign.
pub(super) const SIZE: f64 = 12.0;

/// Draws the sign of a state with its upper left corner at `at`.
pub(super) fn state(pen: &mut Pen, mark: Mark, at: Point) {
    let (d, filled) = match mark {
        Mark::Running => ("M2.5 1.5L11 6L2.5 10.5Z", true),
        Mark::Ready => ("M2.5 1.5L11 6L2.5 10.5Z", false),
        Mark::Waiting => ("M6 1A5 5 0 1 0 6 11A5 5 0 1 0 6 1M6 3V6L8.5 7.5", false),
        Mark::Blocked => ("M2.5 1.5H5V10.5H2.5ZM7 1.5H9.5V10.5H7Z", true),
        Mark::Done => ("M1.5 6.5L4.5 9.8L10.5 2.5", false),
        Mark::Cancelled => ("M6 1A5 5 0 1 0 6 11A5 5 0 1 0 6 1M2.5 9.5L9.5 2.5", false),
        Mark::Poisoned => ("M6 0.8C8 4 10 5.4 10 7.6A4 4 0 0 1 2 7.6C2 5.4 4 4 6 0.8Z", true),
        Mark::Failed => ("M2 2L10 10M10 2L2 10", false),
        Mark::Lost => ("M3 4A3 3 0 1 1 6 7V8M6 10V11.2", false),
    };
    let class = format!("{} s-{}", if filled { "gf" } else { "gl" }, mark.word());
    pen.shape(at, d, &class);
}

/// Draws the sign of a kind of process; plain functions have none.
pub(super) fn kind(pen: &mut Pen, kind: ProcessKind, at: Point) {
    if let Some(d) = outline(kind) {
        pen.shape(at, d, "gk");
    }
}

/// Whether a kind has a sign.
pub(super) const fn has_sign(kind: ProcessKind) -> bool {
    outline(kind).is_some()
}

/// What the kinds are called in the legend.
pub(super) const fn meaning(kind: ProcessKind) -> &'static str {
    match kind {
        ProcessKind::Function => "function",
        ProcessKind::Actor => "actor, with a mailbox",
        ProcessKind::Blocking => "on a thread of its own",
        ProcessKind::Device => "device",
        ProcessKind::Child => "child OS process",
        ProcessKind::Scope => "scope",
    }
}

const fn outline(kind: ProcessKind) -> Option<&'static str> {
    match kind {
        ProcessKind::Function => None,
        ProcessKind::Actor => Some("M0.5 2.5H11.5V10H0.5ZM0.5 2.5L6 7L11.5 2.5"),
        ProcessKind::Blocking => Some("M3 0.5C9 2.5 3 4.5 6 6C9 7.5 3 9.5 9 11.5M1 0.5H5M7 11.5H11"),
        ProcessKind::Device => Some(
            "M2.5 2.5H9.5V9.5H2.5ZM4.5 4.5H7.5V7.5H4.5ZM4.5 0.5V2.5M7.5 0.5V2.5M4.5 9.5V11.5M7.5 9.5V11.5M0.5 4.5H2.5M0.5 7.5H2.5M9.5 4.5H11.5M9.5 7.5H11.5",
        ),
        ProcessKind::Child => Some("M0.5 1.5H11.5V10.5H0.5ZM2.5 4L4.8 6L2.5 8M6 8.2H9"),
        ProcessKind::Scope => Some("M0.5 1H11.5V11H0.5ZM3 5.5H9V9H3ZM0.5 3H11.5"),
    }
}

/// The sign of a node: a machine.
pub(super) fn node(pen: &mut Pen, at: Point) {
    pen.shape(at, "M0.5 0.5H11.5V5H0.5ZM0.5 7H11.5V11.5H0.5ZM2.6 2.8H2.8M2.6 9.2H2.8M5.5 2.8H9.5M5.5 9.2H9.5", "gk");
}
