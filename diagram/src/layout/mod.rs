//! Where things are put: frames in frames, hubs of channels between them, strands from frames to hubs. Pure geometry:
//! it knows sizes, not what is drawn.
//!
//! Each frame that holds others is laid out on its own, from the inside out: layers from left to right
//! ([`orient`], [`layered`]), parts that hang together packed below each other ([`pack`]). A strand that leaves a frame
//! crosses its border at a *gate*; strands of one hub and direction share a gate. Between layers there are no boxes,
//! so that no strand passes through one.

mod coords;
mod layered;
mod level;
mod order;
mod orient;
mod pack;
#[cfg(test)]
mod tests;

use level::Level;
use std::collections::BTreeMap;

/// A point of the picture; y grows downwards.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Point {
    pub(crate) x: f64,
    pub(crate) y: f64,
}

/// A rectangle of the picture.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Rect {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) w: f64,
    pub(crate) h: f64,
}

impl Rect {
    pub(crate) fn right(&self) -> f64 {
        self.x + self.w
    }
}

/// What is to be laid out.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    pub(crate) frames: Vec<Frame>,
    pub(crate) hubs: Vec<Hub>,
    pub(crate) strands: Vec<Strand>,
}

/// A box; a group where it is the parent of others.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    pub(crate) parent: Option<usize>,
    /// Its width, at least.
    pub(crate) w: f64,
    /// Its height; of a group the height of what stands above its members.
    pub(crate) h: f64,
}

/// The place of a channel's label, through which its line passes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hub {
    pub(crate) w: f64,
    pub(crate) h: f64,
    /// The height of the line below its top.
    pub(crate) line: f64,
    /// The group that it belongs to where no strand says otherwise.
    pub(crate) home: Option<usize>,
}

/// A frame holds an end of a hub's channel.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Strand {
    pub(crate) frame: usize,
    pub(crate) hub: usize,
    /// Whether values flow from the frame into the hub.
    pub(crate) into: bool,
}

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Layout {
    pub(crate) size: Point,
    pub(crate) frames: Vec<Rect>,
    pub(crate) hubs: Vec<Rect>,
    /// Hubs whose line flows from right to left.
    pub(crate) leftwards: Vec<bool>,
    /// Whether lines meet a hub at its left and at its right side.
    pub(crate) met: Vec<[bool; 2]>,
    pub(crate) pieces: Vec<Piece>,
}

/// A piece of line that one or more strands run along, within one frame.
#[derive(Clone, Debug)]
pub(crate) struct Piece {
    pub(crate) hub: usize,
    pub(crate) into: bool,
    /// The strands that run along it.
    pub(crate) strands: Vec<usize>,
    /// Where it ends at a frame that holds an end, not at a gate: that frame.
    pub(crate) at: Option<usize>,
    /// Whether it ends at the inner side of that frame.
    pub(crate) inner: bool,
    /// From the frame's side to the hub's side; between points of different height it is a curve.
    pub(crate) points: Vec<Point>,
}

/// Space between the border of a group and its members.
pub(crate) const PADDING: f64 = 16.0;

/// Lays a graph out.
pub(crate) fn layout(graph: &Graph) -> Layout {
    let groups = Groups::of(graph);
    let levels = level::levels(graph, &groups);
    let first = assemble(graph, &groups, &levels, &Hints::new());
    let hints = hints(graph, &groups, &levels, &first);
    assemble(graph, &groups, &levels, &hints)
}

/// Where the outer end of each gate was: so that the second round sorts gates as their partners lie.
type Hints = BTreeMap<(usize, usize, bool), f64>;

/// Which frames are groups, and in which order they can be laid out.
struct Groups {
    /// Members of each frame; the last entry is the picture itself.
    members: Vec<Vec<usize>>,
    /// Groups from the outside in, the picture first.
    outside_in: Vec<usize>,
}

impl Groups {
    fn of(graph: &Graph) -> Self {
        let picture = graph.frames.len();
        let mut members = vec![Vec::new(); picture + 1];
        for (f, frame) in graph.frames.iter().enumerate() {
            members[frame.parent.unwrap_or(picture)].push(f);
        }
        let mut outside_in = vec![picture];
        let mut next = 0;
        while next < outside_in.len() {
            let inner = members[outside_in[next]].clone();
            outside_in.extend(inner);
            next += 1;
        }
        Self { members, outside_in }
    }

    /// The picture itself, as the group of what has no parent.
    fn picture(&self) -> usize {
        self.members.len() - 1
    }
}

fn hints(graph: &Graph, groups: &Groups, levels: &[Level], drawn: &Layout) -> Hints {
    let mut hints = Hints::new();
    for &g in &groups.outside_in {
        for gate in &levels[g].gates {
            let hub = drawn.hubs[gate.hub];
            hints.insert((g, gate.hub, gate.into), hub.y + graph.hubs[gate.hub].line);
        }
    }
    hints
}

/// Lays all groups out from the inside out, then puts everything where it belongs.
fn assemble(graph: &Graph, groups: &Groups, levels: &[Level], hints: &Hints) -> Layout {
    let mut done: Vec<Option<level::Drawn>> = (0..=graph.frames.len()).map(|_| None).collect();
    for &g in groups.outside_in.iter().rev() {
        if g == groups.picture() || !groups.members[g].is_empty() || !levels[g].hubs.is_empty() {
            let drawn = level::draw(g, graph, &levels[g], &done, hints);
            done[g] = Some(drawn);
        }
    }
    let mut layout = Layout {
        size: Point::default(),
        frames: vec![Rect::default(); graph.frames.len()],
        hubs: vec![Rect::default(); graph.hubs.len()],
        leftwards: vec![false; graph.hubs.len()],
        met: vec![[false; 2]; graph.hubs.len()],
        pieces: Vec::new(),
    };
    for &g in &groups.outside_in {
        let Some(drawn) = &done[g] else { continue };
        let origin = match layout.frames.get(g) {
            Some(frame) => Point { x: frame.x, y: frame.y },
            None => {
                layout.size = drawn.size;
                Point::default()
            }
        };
        drawn.place(origin, &levels[g], &mut layout);
    }
    layout
}
