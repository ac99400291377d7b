//! What stands at a channel: its name and figures, the point where shared ends meet, its lines. Not where it runs.

use super::pen::{Pen, Style, line};
use crate::layout::{Layout, Piece, Point, Rect};
use crate::metrics::{Face, fit, width};
use crate::plan::{Plan, Wire};
use crate::words::grouped;
use rendez_model::{ChannelKind, Closing, Side, Verdict};

/// Widest text at a channel.
const WIDEST: f64 = 190.0;
/// Space left and right of it.
const MARGIN: f64 = 5.0;
/// Length of the line to an end whose holder is not known.
const STUB: f64 = 22.0;
/// Half the width of the diamond where shared ends meet.
const DIAMOND: f64 = 6.0;
/// Width of the gauge that shows how full a channel is.
const GAUGE: f64 = 30.0;
/// Length of an arrow's head.
const HEAD: f64 = 8.0;

const NAME: Style = Style::new(Face::Bold, 11.0, "ink");
const TYPE: Style = Style::new(Face::Plain, 10.0, "type");
const FIGURE: Style = Style::new(Face::Plain, 10.0, "dim");
const COUNT: Style = Style::new(Face::Mono, 9.0, "dim");

/// The text at a channel, measured.
pub(super) struct Label {
    name: String,
    item: String,
    figures: Vec<(String, Style)>,
    /// How full it is, from 0 to 1, drawn beside the first figure.
    level: Option<f64>,
    /// Sides with ends that nobody known holds.
    unknown: [u64; 2],
    shared: bool,
}

impl Label {
    /// The text at `wire`; without what differs from run to run where `steady`.
    pub(super) fn of(wire: &Wire, steady: bool) -> Self {
        let name = fit(&wire.title(), NAME.face, NAME.size, WIDEST);
        let room = WIDEST - width(&name, NAME.face, NAME.size);
        let item = if wire.item.is_empty() || room < 40.0 { String::new() } else { format!(": {}", wire.item) };
        let level = match wire.kind {
            ChannelKind::Bounded(1..) if !steady => Some((wire.depth as f64 / wire.places() as f64).min(1.0)),
            _ => None,
        };
        Self {
            name,
            item: fit(&item, TYPE.face, TYPE.size, room),
            figures: figures(wire, steady),
            level,
            unknown: [wire.senders.unknown, wire.receivers.unknown],
            shared: wire.is_shared(),
        }
    }

    /// Its width, its height, and how far below its top the line runs.
    pub(super) fn size(&self) -> (f64, f64, f64) {
        let name = width(&self.name, NAME.face, NAME.size) + width(&self.item, TYPE.face, TYPE.size);
        let gauge = if self.level.is_some() { GAUGE + 5.0 } else { 0.0 };
        let figures = self
            .figures
            .iter()
            .enumerate()
            .map(|(i, (text, style))| width(text, style.face, style.size) + if i == 0 { gauge } else { 0.0 });
        let stubs = self.unknown.iter().filter(|&&n| n > 0).count() as f64 * STUB;
        let least = if self.shared { 64.0 } else { 36.0 };
        let text = figures.fold(name.max(least), f64::max);
        let line = if self.shared { 22.0 } else { 18.0 };
        let below = if self.shared { 10.0 } else { 4.0 } + self.figures.len() as f64 * 13.0;
        ((text + 2.0 * MARGIN + stubs).ceil(), line + below, line)
    }

    /// Writes the text, and the line through it, where the layout has put it.
    pub(super) fn write(&self, pen: &mut Pen, wire: &Wire, layout: &Layout, hub: usize, heat: Option<Verdict>) {
        let course = self.course(layout, hub);
        let (y, core) = (course.y, course.core);
        let class = class(wire, heat);
        let [begin, end] = [0, 1].map(|side| match (course.met[side], self.unknown[side] > 0) {
            (true, _) => course.ends[side],
            (false, true) => course.ends[side] + (core - course.ends[side]).signum() * 9.0,
            (false, false) => core,
        });
        let thick = if wire.count > 1 { " thick" } else { "" };
        pen.path(&format!("M{begin:.1} {y:.1}H{end:.1}"), &format!("wire{thick}{class}"));
        self.unknown_ends(pen, &course, &class);
        let nobody = |side| wire.tips(side).blocks.is_empty() && wire.tips(side).unknown == 0;
        match [wire.senders.total(), wire.receivers.total()] {
            _ if nobody(Side::Receive) => bar(pen, end, y, &class),
            _ if nobody(Side::Send) => bar(pen, begin, y, &class),
            counts if self.shared => {
                diamond(pen, Point { x: core, y }, &class);
                let [left, right] = if course.ahead < 0.0 { [counts[1], counts[0]] } else { counts }.map(grouped);
                pen.text_end(Point { x: core - DIAMOND - 4.0, y: y - 4.0 }, COUNT, &left);
                pen.text(Point { x: core + DIAMOND + 4.0, y: y - 4.0 }, COUNT, &right);
            }
            // Both lines come from one side: they meet here and turn back.
            _ if begin == core || end == core => pen.circle(Point { x: core, y }, 2.6, &format!("head{class}")),
            _ => {}
        }
        self.words(pen, core, y);
    }

    fn course(&self, layout: &Layout, hub: usize) -> Course {
        let (rect, leftwards) = (layout.hubs[hub], layout.leftwards[hub]);
        let turned = |[left, right]: [f64; 2]| if leftwards { [right, left] } else { [left, right] };
        let met = layout.met[hub];
        let ends = turned([rect.x, rect.right()]);
        let ahead = if leftwards { -1.0 } else { 1.0 };
        let stub = self.unknown.map(|n| if n > 0 { STUB } else { 0.0 });
        Course {
            y: rect.y + self.size().2,
            ends,
            ahead,
            core: (ends[0] + ahead * stub[0] + ends[1] - ahead * stub[1]) / 2.0,
            met: if leftwards { [met[1], met[0]] } else { met },
        }
    }

    fn words(&self, pen: &mut Pen, core: f64, y: f64) {
        let (name, item) = (width(&self.name, NAME.face, NAME.size), width(&self.item, TYPE.face, TYPE.size));
        let above = y - if self.shared { DIAMOND + 7.0 } else { 6.0 };
        let left = core - (name + item) / 2.0;
        pen.text(Point { x: left, y: above }, NAME, &self.name);
        if !self.item.is_empty() {
            pen.text(Point { x: left + name, y: above }, TYPE, &self.item);
        }
        let mut below = y + if self.shared { 18.0 } else { 13.0 };
        for (i, (text, style)) in self.figures.iter().enumerate() {
            let gauge = self.level.filter(|_| i == 0);
            let room = if gauge.is_some() { GAUGE + 5.0 } else { 0.0 };
            let left = core - (width(text, style.face, style.size) + room) / 2.0;
            if let Some(level) = gauge {
                let well = Rect { x: left, y: below - 7.5, w: GAUGE, h: 7.0 };
                pen.rect(well, 2.0, "well");
                pen.rect(Rect { w: GAUGE * level, ..well }, 2.0, "level");
            }
            pen.text(Point { x: left + room, y: below }, *style, text);
            below += 13.0;
        }
    }

    /// A small open dot for ends whose holder is not known, with their number where there are several.
    fn unknown_ends(&self, pen: &mut Pen, course: &Course, class: &str) {
        for (side, inwards) in [(0, course.ahead), (1, -course.ahead)] {
            if self.unknown[side] == 0 {
                continue;
            }
            let branches = course.met[side];
            let at = Point { x: course.ends[side] + inwards * 5.0, y: course.y - if branches { 11.0 } else { 0.0 } };
            if branches {
                let root = Point { x: course.ends[side] + inwards * STUB, y: course.y };
                pen.path(&line(&[root, at]), &format!("wire{class}"));
            } else if side == 1 {
                head(pen, Point { x: at.x + inwards * 4.0, y: at.y }, course.ahead, class);
            }
            pen.circle(at, 4.0, "open");
            if self.unknown[side] > 1 {
                let y = at.y + if branches { -6.0 } else { 14.0 };
                pen.text_middle(Point { x: at.x, y }, COUNT, &format!("×{}", grouped(self.unknown[side])));
            }
        }
    }
}

/// How the line of a channel runs through its label; sides are those of senders and receivers.
struct Course {
    y: f64,
    /// Where the label ends on either side.
    ends: [f64; 2],
    /// The direction of flow: 1 to the right, -1 to the left.
    ahead: f64,
    /// The middle of the text.
    core: f64,
    /// Whether lines arrive on either side.
    met: [bool; 2],
}

/// The end of a line where nobody is.
fn bar(pen: &mut Pen, x: f64, y: f64, class: &str) {
    pen.path(&format!("M{x:.1} {:.1}V{:.1}", y - 5.0, y + 5.0), &format!("bar wire{class}"));
}

fn diamond(pen: &mut Pen, at: Point, class: &str) {
    let d =
        format!("M{:.1} {:.1}l{DIAMOND} {DIAMOND}l{DIAMOND} -{DIAMOND}l-{DIAMOND} -{DIAMOND}Z", at.x - DIAMOND, at.y);
    pen.path(&d, &format!("join{class}"));
}

/// The head of an arrow that ends at `tip`.
fn head(pen: &mut Pen, tip: Point, ahead: f64, class: &str) {
    let back = tip.x - ahead * HEAD;
    let d = format!("M{:.1} {:.1}L{back:.1} {:.1}V{:.1}Z", tip.x, tip.y, tip.y - 4.2, tip.y + 4.2);
    pen.path(&d, &format!("head{class}"));
}

/// Draws a piece of line; with a head where values arrive at a process.
pub(super) fn piece(pen: &mut Pen, plan: &Plan, piece: &Piece, heat: Option<Verdict>) {
    let wire = &plan.wires[piece.hub];
    let over = wire.tips(if piece.into { Side::Send } else { Side::Receive }).over;
    let class = if over && wire.closing.is_none() { " retired".to_owned() } else { class(wire, heat) };
    let mut points = piece.points.clone();
    let arrives = piece.at.is_some() && !piece.into;
    let ahead = if points.len() > 1 && points[0].x < points[1].x { -1.0 } else { 1.0 };
    let tip = points[0];
    if piece.inner && piece.into {
        pen.circle(tip, 2.6, &format!("head{class}"));
    }
    if arrives {
        points[0].x -= ahead * (HEAD - 1.0);
    }
    let thick = if wire.count > 1 { " thick" } else { "" };
    pen.path(&line(&points), &format!("wire{thick}{class}"));
    if arrives {
        head(pen, tip, ahead, &class);
    }
}

/// The class of a channel's lines: how it ended, and whether a deadlock runs along it.
fn class(wire: &Wire, heat: Option<Verdict>) -> String {
    let ended = match &wire.closing {
        None => "",
        Some(Closing::Retired) => " retired",
        Some(Closing::Poisoned(_)) => " poisoned",
    };
    format!("{ended}{}", hot(heat))
}

/// The class of what a deadlock runs along.
pub(super) fn hot(heat: Option<Verdict>) -> String {
    heat.map_or_else(String::new, |verdict| format!(" hot{}", super::sure(verdict)))
}

/// What stands below the line: how much is in it, how many values have passed, how it ended.
fn figures(wire: &Wire, steady: bool) -> Vec<(String, Style)> {
    let mut lines = Vec::new();
    if steady {
        lines.extend((wire.kind != ChannelKind::Rendezvous).then(|| wire.kind.to_string()));
    } else {
        let high =
            if wire.high_water > wire.depth { format!(", high {}", grouped(wire.high_water)) } else { String::new() };
        lines.extend((!wire.fill().is_empty()).then(|| format!("{}{high}", wire.fill())));
        lines.push(wire.traffic());
    }
    lines.extend(wire.remarks().iter().map(|text| fit(text, FIGURE.face, FIGURE.size, WIDEST)));
    let poisoned = matches!(wire.closing, Some(Closing::Poisoned(_)));
    let style = |text: &str| Style {
        class: if poisoned && text.starts_with("poisoned") { "violet" } else { FIGURE.class },
        ..FIGURE
    };
    lines.into_iter().map(|text| (text.clone(), style(&text))).collect()
}

/// Marks where blocked processes stand: a dot at each end, and an arc across the ends of a choice.
pub(super) fn stands(pen: &mut Pen, plan: &Plan, layout: &Layout, frame_of: impl Fn(usize) -> usize) {
    let mut ends: std::collections::BTreeMap<(usize, usize, bool), &Piece> = std::collections::BTreeMap::new();
    for piece in &layout.pieces {
        if let Some(frame) = piece.at {
            ends.insert((frame, piece.hub, piece.into), piece);
        }
    }
    for (b, block) in plan.blocks.iter().enumerate() {
        let mut sides: [Vec<Point>; 2] = Default::default();
        for stand in &block.stands {
            let Some(wire) = stand.wire else { continue };
            let Some(piece) = ends.get(&(frame_of(b), wire, stand.side == Side::Send)) else { continue };
            let [end, next, ..] = piece.points[..] else { continue };
            let out = if next.x < end.x { -1.0 } else { 1.0 };
            let heat = plan.strands.get(&(wire, stand.side, b)).copied();
            pen.circle(Point { x: end.x, y: end.y }, 3.8, &format!("stand{}", hot(heat)));
            sides[usize::from(out > 0.0)].push(end);
        }
        if block.stands.len() > 1 {
            for (side, out) in sides.iter_mut().zip([-1.0, 1.0]) {
                arc(pen, side, out);
            }
        }
    }
}

/// An arc across the lines that end at `ends`, on the outer side.
fn arc(pen: &mut Pen, ends: &mut [Point], out: f64) {
    ends.sort_by(|a, b| a.y.total_cmp(&b.y));
    let (Some(first), Some(last)) = (ends.first(), ends.last()) else { return };
    let (top, bottom) = (first.y - 6.0, last.y + 6.0);
    let (x, bulge) = (first.x + out * 10.0, first.x + out * 19.0);
    pen.path(&format!("M{x:.1} {top:.1}Q{bulge:.1} {:.1} {x:.1} {bottom:.1}", (top + bottom) / 2.0), "arc");
}
