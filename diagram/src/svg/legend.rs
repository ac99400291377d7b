//! The legend: what the signs of this picture mean, and of no others.

use super::card::class;
use super::glyph;
use super::pen::{Pen, Style};
use super::said;
use super::wire::hot;
use crate::layout::{Point, Rect};
use crate::metrics::{Face, width};
use crate::plan::{Plan, Wire};
use crate::words::Mark;
use rendez_model::{Closing, ProcessKind, Verdict};
use std::collections::BTreeSet;

const WORD: Style = Style::new(Face::Plain, 10.5, "dim");
const ROW: f64 = 20.0;
/// Width of a sign with the space after it.
const SIGN: f64 = 36.0;
const GAP: f64 = 20.0;

/// One entry.
#[derive(Clone, Copy, PartialEq)]
enum Key {
    State(Mark),
    Kind(ProcessKind),
    Channel,
    Gauge,
    Shared,
    Unknown,
    Bundle,
    Family,
    Stand,
    Choice,
    Retired,
    Poisoned,
    Deadlock(Verdict),
}

impl Key {
    const fn word(self) -> &'static str {
        match self {
            Self::State(mark) => mark.meaning(),
            Self::Kind(kind) => glyph::meaning(kind),
            Self::Channel => "channel: values flow along the arrow",
            Self::Gauge => "values in it / room",
            Self::Shared => "shared ends: number of senders ◇ receivers",
            Self::Unknown => "end whose holder is not known",
            Self::Bundle => "bundle of like channels",
            Self::Family => "family of like processes",
            Self::Stand => "a process waits at this end",
            Self::Choice => "choice: any of these ends will do",
            Self::Retired => "retired",
            Self::Poisoned => "poisoned",
            Self::Deadlock(Verdict::Certain) => "deadlock: nobody can help",
            Self::Deadlock(Verdict::Suspected) => "suspected deadlock: somebody not known might help",
        }
    }

    fn width(self) -> f64 {
        SIGN + width(self.word(), WORD.face, WORD.size) + GAP
    }

    fn draw(self, pen: &mut Pen, at: Point) {
        let sign = Point { x: at.x + 12.0, y: at.y - glyph::SIZE / 2.0 };
        let level = format!("M{:.1} {:.1}H{:.1}", at.x, at.y, at.x + 30.0);
        let dot = Point { x: at.x + 15.0, y: at.y };
        match self {
            Self::State(mark) => glyph::state(pen, mark, sign),
            Self::Kind(kind) => glyph::kind(pen, kind, sign),
            Self::Channel => {
                pen.path(&level, "wire");
                pen.shape(Point { x: at.x + 30.0, y: at.y }, "M0 0L-8 -4.2V4.2Z", "head");
            }
            Self::Gauge => {
                let well = Rect { x: at.x, y: at.y - 3.5, w: 30.0, h: 7.0 };
                pen.rect(well, 2.0, "well");
                pen.rect(Rect { w: 12.0, ..well }, 2.0, "level");
            }
            Self::Shared => {
                pen.path(&level, "wire");
                pen.shape(dot, "M-6 0L0 6L6 0L0 -6Z", "join");
            }
            Self::Unknown => pen.circle(dot, 4.0, "open"),
            Self::Bundle => pen.path(&level, "wire thick"),
            Self::Family => {
                for step in [4.0, 2.0, 0.0] {
                    pen.rect(Rect { x: at.x + 5.0 + step, y: at.y - 6.0 + step, w: 18.0, h: 9.0 }, 2.5, "back b-ready");
                }
            }
            Self::Stand => {
                pen.path(&level, "wire");
                pen.circle(Point { x: at.x + 28.0, y: at.y }, 3.8, "stand");
            }
            Self::Choice => {
                pen.path(
                    &format!("M{x} {a:.1}h20M{x} {b:.1}h20", x = at.x + 8.0, a = at.y - 4.0, b = at.y + 4.0),
                    "wire",
                );
                pen.shape(Point { x: at.x + 20.0, y: at.y }, "M0 -8Q-8 0 0 8", "arc");
            }
            Self::Retired => pen.path(&level, "wire retired"),
            Self::Poisoned => pen.path(&level, "wire poisoned"),
            Self::Deadlock(verdict) => pen.path(&level, &format!("wire{}", hot(Some(verdict)))),
        }
    }
}

/// The legend of `plan` in lines of at most `room`.
pub(super) struct Legend {
    rows: Vec<Vec<Key>>,
}

impl Legend {
    pub(super) fn of(plan: &Plan, steady: bool, room: f64) -> Self {
        let mut rows: Vec<Vec<Key>> = Vec::new();
        let mut used = f64::INFINITY;
        for key in keys(plan, steady) {
            if used + key.width() > room {
                rows.push(Vec::new());
                used = 2.0 * GAP;
            }
            used += key.width();
            if let Some(row) = rows.last_mut() {
                row.push(key);
            }
        }
        Self { rows }
    }

    pub(super) fn height(&self) -> f64 {
        if self.rows.is_empty() { 0.0 } else { self.rows.len() as f64 * ROW + 16.0 }
    }

    pub(super) fn write(&self, pen: &mut Pen, at: Point, w: f64) {
        if self.rows.is_empty() {
            return;
        }
        pen.rect(Rect { x: at.x, y: at.y, w, h: self.height() }, 6.0, "key");
        for (i, row) in self.rows.iter().enumerate() {
            let y = at.y + 8.0 + ROW * (i as f64 + 0.5);
            let mut x = at.x + 14.0;
            for key in row {
                key.draw(pen, Point { x, y });
                let style = match key {
                    Key::State(mark) => Style { class: class(*mark), ..WORD },
                    Key::Deadlock(verdict) => said(Style { class: "red", ..WORD }, *verdict),
                    _ => WORD,
                };
                pen.text(Point { x: x + SIGN, y: y + 3.8 }, style, key.word());
                x += key.width();
            }
        }
    }
}

/// What appears in the picture.
fn keys(plan: &Plan, steady: bool) -> Vec<Key> {
    let marks: BTreeSet<Mark> = plan.blocks.iter().flat_map(|b| b.tally.keys().copied()).collect();
    let mut keys: Vec<Key> = Mark::ALL.into_iter().filter(|m| marks.contains(m)).map(Key::State).collect();
    let kinds =
        [ProcessKind::Actor, ProcessKind::Blocking, ProcessKind::Device, ProcessKind::Child, ProcessKind::Scope];
    keys.extend(kinds.into_iter().filter(|k| plan.blocks.iter().any(|b| b.kind == *k)).map(Key::Kind));
    let wires = &plan.wires;
    let caught = |verdict| {
        plan.strands.values().copied().chain(plan.blocks.iter().filter_map(|b| b.caught)).any(|v| v == verdict)
    };
    let bounded = |w: &Wire| matches!(w.kind, rendez_model::ChannelKind::Bounded(1..));
    let found = [
        (Key::Channel, !wires.is_empty()),
        (Key::Gauge, !steady && wires.iter().any(bounded)),
        (Key::Shared, wires.iter().any(Wire::is_shared)),
        (Key::Bundle, wires.iter().any(|w| w.count > 1)),
        (Key::Family, plan.blocks.iter().any(|b| b.count > 1)),
        (Key::Unknown, wires.iter().any(|w| w.senders.unknown + w.receivers.unknown > 0)),
        (Key::Stand, plan.blocks.iter().any(|b| b.stands.iter().any(|s| s.wire.is_some()))),
        (Key::Choice, plan.blocks.iter().any(|b| b.stands.len() > 1)),
        (Key::Retired, wires.iter().any(is_retired)),
        (Key::Poisoned, wires.iter().any(|w| matches!(w.closing, Some(Closing::Poisoned(_))))),
        (Key::Deadlock(Verdict::Certain), caught(Verdict::Certain)),
        (Key::Deadlock(Verdict::Suspected), caught(Verdict::Suspected)),
    ];
    keys.extend(found.into_iter().filter(|(_, there)| *there).map(|(key, _)| key));
    keys
}

fn is_retired(wire: &Wire) -> bool {
    matches!(wire.closing, Some(Closing::Retired)) || wire.senders.over || wire.receivers.over
}
