//! The picture as SVG: a header, the network, a legend.

mod card;
mod glyph;
mod legend;
mod pen;
mod sequence;
mod wire;

use crate::layout::{self, Frame, Graph, Hub, Layout, Piece, Point, Rect, Strand};
use crate::metrics::{Face, fit, wrap};
use crate::paint::Paint;
use crate::plan::{Block, Folding, Plan};
use crate::words::{Mark, clean};
use card::Card;
use legend::Legend;
use pen::{Pen, Style, escape, number};
use rendez_model::{Network, Side, Verdict};
pub use sequence::{STEPS_MAX, sequence};
use std::collections::BTreeSet;
use wire::Label;

/// The style sheet of every picture.
const STYLE: &str = include_str!("style.css");
/// White space around everything.
const BORDER: f64 = 24.0;
/// Narrowest picture: the header and the legend want room.
const NARROWEST: f64 = 640.0;
/// What the boxes behind the first of a family stick out.
const STACK: f64 = 4.0;

const TITLE: Style = Style::new(Face::Bold, 18.0, "ink");
const TOTALS: Style = Style::new(Face::Plain, 12.0, "dim");
const ALARM: Style = Style::new(Face::Bold, 13.0, "red");
const SENTENCE: Style = Style::new(Face::Plain, 12.0, "red");
/// The class of words about deadlocks that are only suspected.
const SUSPECTED: &str = "amber";

/// How a network is drawn as SVG.
///
/// ```
/// use rendez_model::{Network, Node};
///
/// let network = Network { nodes: vec![Node::new("n1", "here")], cycles: vec![] };
/// let picture = rendez_diagram::Svg::new().title("nothing yet").draw(&network);
/// assert!(picture.starts_with("<svg") && picture.contains("nothing yet"));
/// ```
#[derive(Clone, Debug)]
pub struct Svg {
    title: String,
    folding: Folding,
    steady: bool,
}

impl Default for Svg {
    fn default() -> Self {
        Self { title: "Process network".to_owned(), folding: Folding::default(), steady: false }
    }
}

impl Svg {
    /// The usual picture.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What stands above the picture.
    #[must_use]
    pub fn title(mut self, title: &str) -> Self {
        self.title = clean(title);
        self
    }

    /// Most siblings of one name that are drawn one by one (12, or 3 in a network of more than 60 processes).
    #[must_use]
    pub const fn fold_over(mut self, siblings: usize) -> Self {
        self.folding.family = siblings;
        self
    }

    /// Leaves out what differs between two runs of one program: times, polls, message counts, depths. For documents.
    #[must_use]
    pub const fn steady(mut self, steady: bool) -> Self {
        self.steady = steady;
        self
    }

    /// Draws the picture.
    #[must_use]
    pub fn draw(&self, network: &Network) -> String {
        let still = self.still(network);
        format!("{}{}</svg>\n", self.begin(still.size, ""), still.body)
    }

    /// Draws the picture without what stands around it, to be one of several.
    pub(crate) fn still(&self, network: &Network) -> Still {
        let plan = Plan::of(network, self.folding);
        let sheet = Sheet::of(&plan, self.steady);
        let layout = layout::layout(&sheet.graph);
        let width = layout.size.x.max(NARROWEST);
        let header = Header::of(self, &plan, width);
        let legend = Legend::of(&plan, self.steady, width);
        let top = BORDER + header.height();
        let foot = top + layout.size.y + if legend.height() > 0.0 { 18.0 } else { 0.0 };
        let size = Point { x: width + 2.0 * BORDER, y: foot + legend.height() + BORDER };

        let mut pen = Pen::default();
        header.write(&mut pen, width);
        pen.raw(&format!("<g transform=\"translate({} {})\">\n", number(BORDER), number(top)));
        sheet.write(&mut pen, &layout);
        pen.close();
        legend.write(&mut pen, Point { x: BORDER, y: foot }, width);
        Still { size, body: pen.finish() }
    }

    /// Opens the picture: title, styles (with more of the caller's), and the paper.
    pub(crate) fn begin(&self, size: Point, styles: &str) -> String {
        let (w, h) = (number(size.x), number(size.y));
        let title = escape(&self.title);
        let mut text = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {w} {h}\" role=\"img\" aria-label=\"{title}\">\n"
        );
        text.push_str(&format!("<title>{title}</title>\n<style>\n{STYLE}"));
        for mark in Mark::ALL {
            let paint = Paint::of(mark);
            let dashes = if paint.dashed { ";stroke-dasharray:5 3" } else { "" };
            text.push_str(&format!(".b-{}{{fill:{};stroke:{}{dashes}}}\n", mark.word(), paint.fill, paint.stroke));
        }
        text.push_str(styles);
        text.push_str("</style>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n");
        text
    }
}

/// A picture without what stands around it.
pub(crate) struct Still {
    pub(crate) size: Point,
    pub(crate) body: String,
}

/// Title, totals, and the sentences of deadlocks.
struct Header {
    title: String,
    totals: Vec<String>,
    alarms: Vec<(Verdict, Vec<String>)>,
}

/// Most deadlocks whose sentence is printed.
const MOST_SENTENCES: usize = 8;

impl Header {
    fn of(svg: &Svg, plan: &Plan, width: f64) -> Self {
        let wrapped = |text: &str, style: Style, room: f64| wrap(text, style.face, style.size, room);
        // Below a title that says more than is true of it. A colour never says anything alone.
        let surest = plan.sentences.first().map(|(verdict, _)| *verdict);
        let suspected = |verdict| if Some(verdict) == surest { "" } else { "suspected: " };
        Self {
            title: fit(&svg.title, TITLE.face, TITLE.size, width),
            totals: wrapped(&plan.totals.says(plan.hosts.len(), svg.steady), TOTALS, width),
            alarms: plan
                .sentences
                .iter()
                .take(MOST_SENTENCES)
                .map(|(verdict, text)| {
                    (*verdict, wrapped(&format!("{}{text}", suspected(*verdict)), SENTENCE, width - 44.0))
                })
                .collect(),
        }
    }

    fn height(&self) -> f64 {
        26.0 + self.totals.len() as f64 * 17.0 + 14.0 + if self.alarms.is_empty() { 0.0 } else { self.alarm() + 16.0 }
    }

    fn alarm(&self) -> f64 {
        32.0 + self.alarms.iter().map(|(_, lines)| lines.len() as f64 * 17.0 + 4.0).sum::<f64>()
    }

    fn write(&self, pen: &mut Pen, width: f64) {
        let mut at = Point { x: BORDER, y: BORDER + 16.0 };
        pen.text(at, TITLE, &self.title);
        at.y += 5.0;
        for line in &self.totals {
            at.y += 17.0;
            pen.text(at, TOTALS, line);
        }
        // The surest one is the first.
        let Some(&(surest, _)) = self.alarms.first() else { return };
        at.y += 14.0;
        pen.rect(Rect { x: at.x, y: at.y, w: width, h: self.alarm() }, 6.0, &format!("alarm{}", sure(surest)));
        let (mark, title) = match surest {
            Verdict::Certain => (Mark::Failed, "Deadlock"),
            Verdict::Suspected => (Mark::Waiting, "Suspected deadlock"),
        };
        glyph::state(pen, mark, Point { x: at.x + 12.0, y: at.y + 9.0 });
        pen.text(Point { x: at.x + 32.0, y: at.y + 20.0 }, said(ALARM, surest), title);
        at = Point { x: at.x + 32.0, y: at.y + 22.0 };
        for (verdict, lines) in &self.alarms {
            for line in lines {
                at.y += 17.0;
                pen.text(at, said(SENTENCE, *verdict), line);
            }
            at.y += 4.0;
        }
    }
}

/// Words about a deadlock.
fn said(style: Style, verdict: Verdict) -> Style {
    match verdict {
        Verdict::Certain => style,
        Verdict::Suspected => Style { class: SUSPECTED, ..style },
    }
}

/// A further class for the signs of a deadlock.
const fn sure(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Certain => "",
        Verdict::Suspected => " suspected",
    }
}

/// Everything between header and legend: measured, then written where the layout says.
struct Sheet<'a> {
    plan: &'a Plan,
    hosts: Vec<Card>,
    cards: Vec<Card>,
    labels: Vec<Label>,
    graph: Graph,
}

impl<'a> Sheet<'a> {
    fn of(plan: &'a Plan, steady: bool) -> Self {
        let groups: BTreeSet<usize> = plan.blocks.iter().filter_map(|b| b.parent).collect();
        let mut sheet = Self {
            plan,
            hosts: plan.hosts.iter().map(Card::host).collect(),
            cards: plan.blocks.iter().enumerate().map(|(b, it)| Card::of(it, steady, groups.contains(&b))).collect(),
            labels: plan.wires.iter().map(|w| Label::of(w, steady)).collect(),
            graph: Graph::default(),
        };
        for card in &sheet.hosts {
            let size = card.size();
            sheet.graph.frames.push(Frame { parent: None, w: size.x, h: size.y + 4.0 });
        }
        for (block, card) in plan.blocks.iter().zip(&sheet.cards) {
            let size = card.size();
            let stack = stack(block);
            let parent = block.parent.map_or(block.host, |up| plan.hosts.len() + up);
            sheet.graph.frames.push(Frame { parent: Some(parent), w: size.x + stack, h: size.y + stack });
        }
        for (w, (wire, label)) in plan.wires.iter().zip(&sheet.labels).enumerate() {
            let (width, height, line) = label.size();
            sheet.graph.hubs.push(Hub { w: width, h: height, line, home: Some(wire.host) });
            for (side, into) in [(Side::Send, true), (Side::Receive, false)] {
                let frames = wire.tips(side).blocks.keys().map(|b| plan.hosts.len() + b);
                sheet.graph.strands.extend(frames.map(|frame| Strand { frame, hub: w, into }));
            }
        }
        sheet
    }

    fn write(&self, pen: &mut Pen, layout: &Layout) {
        for (host, (card, rect)) in self.plan.hosts.iter().zip(self.hosts.iter().zip(&layout.frames)) {
            pen.rect(*rect, 10.0, if host.lost { "host-lost" } else { "host" });
            pen.open("node", &hover(&[&host.name, &host.id, &host.note]));
            card.write(pen, Point { x: rect.x + 3.0, y: rect.y + 2.0 }, rect.w - 6.0);
            pen.close();
        }
        let groups: BTreeSet<usize> = self.plan.blocks.iter().filter_map(|b| b.parent).collect();
        let (outer, inner): (Vec<usize>, Vec<usize>) = (0..self.cards.len()).partition(|b| groups.contains(b));
        outer.iter().for_each(|&b| self.block(pen, b, layout, true));
        let (hot, cold): (Vec<&Piece>, Vec<&Piece>) =
            layout.pieces.iter().partition(|piece| self.heat(piece).is_some());
        cold.iter().for_each(|piece| wire::piece(pen, self.plan, piece, None));
        hot.iter().for_each(|piece| wire::piece(pen, self.plan, piece, self.heat(piece)));
        for (w, wire) in self.plan.wires.iter().enumerate() {
            let strands = self.plan.strands.range((w, Side::Send, 0)..(w + 1, Side::Send, 0));
            let heat = strands.map(|(_, verdict)| *verdict).max();
            pen.open("channel", &hover(&[&wire.title(), &wire.item, &wire.kind.to_string()]));
            self.labels[w].write(pen, wire, layout, w, heat);
            pen.close();
        }
        inner.iter().for_each(|&b| self.block(pen, b, layout, false));
        wire::stands(pen, self.plan, layout, |b| self.plan.hosts.len() + b);
    }

    /// How sure the deadlock is that runs along a piece of line.
    fn heat(&self, piece: &Piece) -> Option<Verdict> {
        let side = if piece.into { Side::Send } else { Side::Receive };
        let block = |s: usize| self.graph.strands[s].frame - self.plan.hosts.len();
        piece.strands.iter().filter_map(|&s| self.plan.strands.get(&(piece.hub, side, block(s))).copied()).max()
    }

    fn block(&self, pen: &mut Pen, b: usize, layout: &Layout, group: bool) {
        let block = &self.plan.blocks[b];
        let mut rect = layout.frames[self.plan.hosts.len() + b];
        let colour = format!("b-{}", block.mark().word());
        let gone = if self.plan.hosts[block.host].lost { " gone" } else { "" };
        pen.open(
            &format!("process{gone}"),
            &hover(&[&block.title(), &block.ids, &block.since, &block.note, &block.spawned_at]),
        );
        let stack = stack(block);
        rect.w -= stack;
        rect.h -= stack;
        for step in (1..=2).rev().map(|i| f64::from(i) * stack / 2.0).filter(|step| *step > 0.0) {
            pen.rect(Rect { x: rect.x + step, y: rect.y + step, ..rect }, 7.0, &format!("back {colour}"));
        }
        pen.rect(rect, 7.0, &format!("{} {colour}", if group { "scope" } else { "card" }));
        if let Some(verdict) = block.caught {
            pen.rect(rect, 7.0, &format!("caught{}", sure(verdict)));
        }
        self.cards[b].write(pen, Point { x: rect.x, y: rect.y }, rect.w);
        pen.close();
    }
}

fn stack(block: &Block) -> f64 {
    if block.count > 1 { 2.0 * STACK } else { 0.0 }
}

/// What is shown while the pointer rests on something: the texts in full.
fn hover(parts: &[&str]) -> String {
    let parts: Vec<&str> = parts.iter().copied().filter(|part| !part.is_empty()).collect();
    parts.join(" · ")
}
