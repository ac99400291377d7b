//! What stands in the box of a process or node: lines of text, measured and written. Not the box.

use super::glyph;
use super::pen::{Pen, Style};
use crate::layout::Point;
use crate::metrics::{Face, fit, fit_tail, width};
use crate::plan::{Block, Host};
use crate::words::{Mark, counted, wish};
use rendez_model::{ProcessKind, Side};

/// Widest text of a card.
const WIDEST: f64 = 236.0;
/// Narrowest card.
const NARROWEST: f64 = 128.0;
/// Space left and right of the text, and above and below it.
const MARGIN: (f64, f64) = (11.0, 8.0);
/// Room for a sign and the space after it.
const SIGN: f64 = glyph::SIZE + 5.0;
/// Most channels of a choice that are named.
const MOST_NAMED: usize = 4;

const TITLE: Style = Style::new(Face::Bold, 13.0, "ink");
const TITLE_DONE: Style = Style::new(Face::Bold, 13.0, "dim");
const ID: Style = Style::new(Face::Mono, 10.0, "faint");
const LINE: Style = Style::new(Face::Plain, 10.5, "dim");
const NOTE: Style = Style::new(Face::Plain, 10.5, "note");
const SMALL: Style = Style::new(Face::Plain, 9.0, "faint");
const HOST: Style = Style::new(Face::Bold, 14.0, "ink");
const BAD: Style = Style::new(Face::Plain, 10.5, "red");

/// What stands before a line.
#[derive(Clone, Copy)]
enum Sign {
    None,
    State(Mark),
    Kind(ProcessKind),
    Node,
}

struct Row {
    sign: Sign,
    text: String,
    style: Style,
    /// Small text at the right end.
    tail: String,
}

impl Row {
    fn new(sign: Sign, text: &str, style: Style) -> Self {
        let room = WIDEST - if matches!(sign, Sign::None) { 0.0 } else { SIGN };
        Self { sign, text: fit(text, style.face, style.size, room), style, tail: String::new() }
    }

    fn indent(&self) -> f64 {
        if matches!(self.sign, Sign::None) { 0.0 } else { SIGN }
    }

    fn width(&self) -> f64 {
        let tail = if self.tail.is_empty() { 0.0 } else { 12.0 + width(&self.tail, ID.face, ID.size) };
        self.indent() + width(&self.text, self.style.face, self.style.size) + tail
    }

    fn height(&self) -> f64 {
        (self.style.size * 1.36).round()
    }
}

/// The text of a box.
pub(super) struct Card {
    rows: Vec<Row>,
}

impl Card {
    /// The text of a process; without what differs from run to run where `steady`, in few lines where it stands above
    /// a group.
    pub(super) fn of(block: &Block, steady: bool, above: bool) -> Self {
        let mark = block.mark();
        let over = matches!(mark, Mark::Done | Mark::Cancelled | Mark::Lost);
        let kind = if glyph::has_sign(block.kind) { Sign::Kind(block.kind) } else { Sign::None };
        let mut title = Row::new(kind, &block.title(), if over { TITLE_DONE } else { TITLE });
        title.tail = block.ids.clone();
        let mut rows = vec![title];
        rows.extend(states(block, steady));
        rows.extend(stands(block));
        if !block.note.is_empty() {
            rows.push(Row::new(Sign::None, &block.note, NOTE));
        }
        if block.within > 0 {
            let children = format!("with {} inside", counted(block.within as u64, "child process"));
            rows.push(Row::new(Sign::None, &children, LINE));
        }
        let room = if above { WIDEST / 2.0 } else { WIDEST };
        let spawned = fit_tail(&block.spawned_at, SMALL.face, SMALL.size, room);
        let mut small = vec![figures(block, steady), spawned];
        small.retain(|text| !text.is_empty());
        if above {
            small = if small.is_empty() { small } else { vec![small.join(" · ")] };
        }
        rows.extend(small.iter().map(|text| Row::new(Sign::None, text, SMALL)));
        Self { rows }
    }

    /// The text of a node.
    pub(super) fn host(host: &Host) -> Self {
        let name = if host.name.is_empty() { &host.id } else { &host.name };
        let mut title = Row::new(Sign::Node, name, HOST);
        if host.name != host.id {
            title.tail = fit(&host.id, ID.face, ID.size, 110.0);
        }
        let mut rows = vec![title];
        if host.lost {
            let note = if host.note.is_empty() { "lost".to_owned() } else { format!("lost: {}", host.note) };
            rows.push(Row::new(Sign::State(Mark::Lost), &note, BAD));
        } else if !host.note.is_empty() {
            rows.push(Row::new(Sign::None, &host.note, NOTE));
        }
        Self { rows }
    }

    pub(super) fn size(&self) -> Point {
        let text = self.rows.iter().map(Row::width).fold(0.0, f64::max);
        let height: f64 = self.rows.iter().map(Row::height).sum();
        Point { x: (text + 2.0 * MARGIN.0).max(NARROWEST).ceil(), y: height + 2.0 * MARGIN.1 }
    }

    /// Writes the text into a box of width `w` whose upper left corner is `at`.
    pub(super) fn write(&self, pen: &mut Pen, at: Point, w: f64) {
        let mut y = at.y + MARGIN.1;
        for row in &self.rows {
            let base = y + (row.height() - row.style.size * 0.28).round() - 1.0;
            let sign = Point { x: at.x + MARGIN.0, y: base - row.style.size * 0.36 - glyph::SIZE / 2.0 };
            match row.sign {
                Sign::None => {}
                Sign::State(mark) => glyph::state(pen, mark, sign),
                Sign::Kind(kind) => glyph::kind(pen, kind, sign),
                Sign::Node => glyph::node(pen, sign),
            }
            pen.text(Point { x: at.x + MARGIN.0 + row.indent(), y: base }, row.style, &row.text);
            if !row.tail.is_empty() {
                pen.text_end(Point { x: at.x + w - MARGIN.0, y: base }, ID, &row.tail);
            }
            y += row.height();
        }
    }
}

/// One line for a single process, one for each state of a family.
fn states(block: &Block, steady: bool) -> Vec<Row> {
    let line = |&mark: &Mark| {
        let style = Style::new(Face::Plain, 11.0, class(mark));
        Row::new(Sign::State(mark), &block.says(mark, steady), style)
    };
    block.tally.keys().map(line).collect()
}

/// What a blocked process stands at.
fn stands(block: &Block) -> Vec<Row> {
    match block.stands.as_slice() {
        [] => Vec::new(),
        [one] => vec![Row::new(Sign::None, &format!("waits {} {}", wish(one.side), one.channel), LINE)],
        several => {
            let mut rows = vec![Row::new(Sign::None, &format!("offers a choice of {}:", several.len()), LINE)];
            for side in [Side::Receive, Side::Send] {
                let names: Vec<&str> = several.iter().filter(|s| s.side == side).map(|s| s.channel.as_str()).collect();
                if !names.is_empty() {
                    let more = if names.len() > MOST_NAMED { ", …" } else { "" };
                    let named = names[..names.len().min(MOST_NAMED)].join(", ");
                    rows.push(Row::new(Sign::None, &format!("{} {named}{more}", wish(side)), LINE));
                }
            }
            rows
        }
    }
}

fn figures(block: &Block, steady: bool) -> String {
    let mut figures = Vec::new();
    if block.restarts > 0 {
        figures.push(counted(block.restarts, "restart"));
    }
    if !steady {
        figures.extend(block.used());
    }
    figures.join(" · ")
}

/// The colour of the words for a state.
pub(super) const fn class(mark: Mark) -> &'static str {
    match mark {
        Mark::Running => "w-running",
        Mark::Ready => "w-ready",
        Mark::Waiting => "w-waiting",
        Mark::Blocked => "w-blocked",
        Mark::Done => "w-done",
        Mark::Cancelled => "w-cancelled",
        Mark::Poisoned => "w-poisoned",
        Mark::Failed => "w-failed",
        Mark::Lost => "w-lost",
    }
}
