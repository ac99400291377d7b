//! The walk that DOT and Mermaid share: nodes, scopes and processes as nested groups, then lines. No syntax.

use crate::plan::{Block, Host, Plan, Wire};
use crate::words::{Mark, wish};
use rendez_model::{Side, Verdict};

/// What a format must be able to write.
pub(crate) trait Format {
    /// Begins a group.
    fn open(&mut self, depth: usize, id: &str, lines: &[String], vertex: &Vertex);
    /// Ends it.
    fn close(&mut self, depth: usize);
    /// A single thing.
    fn vertex(&mut self, depth: usize, id: &str, lines: &[String], vertex: &Vertex);
    /// A line.
    fn edge(&mut self, edge: &Edge);
}

/// What a thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Node,
    Process,
    /// What stands for a process inside its own scope.
    Own,
    /// Where shared ends meet.
    Hub,
    /// An end whose holder is not known.
    Unknown,
}

/// How a thing looks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Vertex {
    pub(crate) kind: Kind,
    pub(crate) mark: Option<Mark>,
    pub(crate) lost: bool,
    pub(crate) caught: Option<Verdict>,
}

impl Vertex {
    const fn plain(kind: Kind) -> Self {
        Self { kind, mark: None, lost: false, caught: None }
    }
}

/// A line between two things.
#[derive(Clone, Debug)]
pub(crate) struct Edge {
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) lines: Vec<String>,
    /// Whether it ends in an arrow.
    pub(crate) arrow: bool,
    pub(crate) bundle: bool,
    pub(crate) ended: bool,
    pub(crate) caught: Option<Verdict>,
}

/// A plan as nested groups.
pub(crate) struct Outline<'a> {
    plan: &'a Plan,
    children: Vec<Vec<usize>>,
    /// Blocks that hold ends themselves.
    holders: Vec<bool>,
}

impl<'a> Outline<'a> {
    pub(crate) fn of(plan: &'a Plan) -> Self {
        let mut outline =
            Self { plan, children: vec![Vec::new(); plan.blocks.len()], holders: vec![false; plan.blocks.len()] };
        for (b, block) in plan.blocks.iter().enumerate() {
            if let Some(up) = block.parent {
                outline.children[up].push(b);
            }
        }
        for wire in &plan.wires {
            wire.senders.blocks.keys().chain(wire.receivers.blocks.keys()).for_each(|&b| outline.holders[b] = true);
        }
        outline
    }

    pub(crate) fn write(&self, out: &mut impl Format) {
        for (h, host) in self.plan.hosts.iter().enumerate() {
            let vertex = Vertex { lost: host.lost, ..Vertex::plain(Kind::Node) };
            out.open(1, &format!("n{h}"), &host_lines(host), &vertex);
            if self.plan.blocks.iter().all(|b| b.host != h) {
                // A group without members would not be drawn.
                out.vertex(2, &format!("n{h}x"), &["no processes".to_owned()], &Vertex::plain(Kind::Node));
            }
            for (b, _) in self.plan.blocks.iter().enumerate().filter(|(_, b)| b.host == h && b.parent.is_none()) {
                self.block(out, b, 2);
            }
            out.close(1);
        }
        for (w, wire) in self.plan.wires.iter().enumerate() {
            self.wire(out, w, wire);
        }
    }

    fn block(&self, out: &mut impl Format, b: usize, depth: usize) {
        let block = &self.plan.blocks[b];
        let look = Vertex {
            kind: Kind::Process,
            mark: Some(block.mark()),
            lost: self.plan.hosts[block.host].lost,
            caught: block.caught,
        };
        if self.children[b].is_empty() {
            out.vertex(depth, &format!("p{b}"), &block_lines(block), &look);
            return;
        }
        out.open(depth, &format!("g{b}"), &block_lines(block), &look);
        if self.holders[b] {
            out.vertex(depth + 1, &format!("p{b}"), &["own ends".to_owned()], &Vertex { kind: Kind::Own, ..look });
        }
        for &child in &self.children[b] {
            self.block(out, child, depth + 1);
        }
        out.close(depth);
    }

    fn wire(&self, out: &mut impl Format, w: usize, wire: &Wire) {
        let ends = [Side::Send, Side::Receive].map(|side| {
            let tips = wire.tips(side);
            let mut ends: Vec<(String, Option<Verdict>)> =
                tips.blocks.keys().map(|&b| (format!("p{b}"), self.plan.strands.get(&(w, side, b)).copied())).collect();
            if tips.unknown > 0 {
                let id = format!("u{w}{}", if side == Side::Send { "s" } else { "r" });
                out.vertex(1, &id, &[" ".to_owned()], &Vertex::plain(Kind::Unknown));
                ends.push((id, None));
            }
            ends
        });
        let (bundle, ended) = (wire.count > 1, wire.closing.is_some());
        let edge = |from: &str, to: &str, lines: Vec<String>, arrow, caught| Edge {
            from: from.to_owned(),
            to: to.to_owned(),
            lines,
            arrow,
            bundle,
            ended,
            caught,
        };
        if let [[(from, a)], [to]] = [&ends[0][..], &ends[1][..]] {
            out.edge(&edge(from, &to.0, wire_lines(wire), true, (*a).and(to.1)));
            return;
        }
        let hub = format!("c{w}");
        out.vertex(1, &hub, &wire_lines(wire), &Vertex::plain(Kind::Hub));
        for (from, caught) in &ends[0] {
            out.edge(&edge(from, &hub, Vec::new(), false, *caught));
        }
        for (to, caught) in &ends[1] {
            out.edge(&edge(&hub, to, Vec::new(), true, *caught));
        }
    }
}

fn host_lines(host: &Host) -> Vec<String> {
    let lost = if host.lost { "lost".to_owned() } else { String::new() };
    full([format!("{} ({})", host.name, host.id), lost, host.note.clone()])
}

fn block_lines(block: &Block) -> Vec<String> {
    let mut lines = vec![format!("{} ({})", block.title(), block.ids)];
    lines.extend(block.tally.keys().map(|&mark| format!("{} {}", mark.sign(), block.says(mark, false))));
    lines.extend(block.stands.iter().take(4).map(|stand| format!("waits {} {}", wish(stand.side), stand.channel)));
    lines.push(block.note.clone());
    full(lines)
}

fn wire_lines(wire: &Wire) -> Vec<String> {
    let item = if wire.item.is_empty() { String::new() } else { format!(": {}", wire.item) };
    let mut lines = vec![format!("{}{item}", wire.title()), wire.fill(), wire.traffic()];
    lines.extend(wire.remarks());
    full(lines)
}

/// The lines that say something, of bounded length.
fn full(lines: impl IntoIterator<Item = String>) -> Vec<String> {
    let cut = |line: String| match line.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    };
    lines.into_iter().filter(|line| !line.is_empty()).map(cut).collect()
}

/// Longest line of a label.
const LONGEST: usize = 60;
