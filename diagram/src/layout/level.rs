//! One group of frames: what lies in it, which way its lines run, and its drawing. Not how layers are made.

use super::layered::{self, Arc, Dag, Knot};
use super::{Graph, Groups, Hints, Layout, PADDING, Piece, Point, Rect, orient, pack};
use std::collections::BTreeMap;

/// What lies directly in one group.
#[derive(Default)]
pub(super) struct Level {
    pub(super) frames: Vec<usize>,
    pub(super) hubs: Vec<usize>,
    pub(super) gates: Vec<Gate>,
    pub(super) legs: Vec<Leg>,
}

/// Where lines of one hub and direction cross the border of a group, or end at it.
pub(super) struct Gate {
    pub(super) hub: usize,
    pub(super) into: bool,
    pub(super) right: bool,
}

/// What a leg connects.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Foot {
    Frame(usize),
    Hub(usize),
    Gate(usize),
}

/// The part of a line that runs in one group.
pub(super) struct Leg {
    pub(super) hub: usize,
    pub(super) into: bool,
    pub(super) left: Foot,
    pub(super) right: Foot,
    /// The foot on the frame's side is the left one.
    pub(super) frame_left: bool,
    pub(super) strands: Vec<usize>,
    pub(super) at: Option<usize>,
    pub(super) inner: bool,
}

/// A group, drawn with its upper left corner at the origin.
pub(super) struct Drawn {
    pub(super) size: Point,
    frames: Vec<Rect>,
    hubs: Vec<Rect>,
    legs: Vec<Vec<Point>>,
    /// The height of each gate.
    gates: Vec<f64>,
    /// The hub and direction of each gate.
    names: Vec<(usize, bool)>,
}

impl Drawn {
    fn gate(&self, hub: usize, into: bool) -> Option<f64> {
        self.names.iter().position(|&name| name == (hub, into)).map(|i| self.gates[i])
    }

    /// Adds itself to the layout.
    pub(super) fn place(&self, origin: Point, level: &Level, layout: &mut Layout) {
        let moved = |r: &Rect| Rect { x: r.x + origin.x, y: r.y + origin.y, ..*r };
        for (&f, rect) in level.frames.iter().zip(&self.frames) {
            layout.frames[f] = moved(rect);
        }
        for (&h, rect) in level.hubs.iter().zip(&self.hubs) {
            layout.hubs[h] = moved(rect);
        }
        for (leg, points) in level.legs.iter().zip(&self.legs) {
            let mut points: Vec<Point> =
                points.iter().map(|p| Point { x: p.x + origin.x, y: p.y + origin.y }).collect();
            if !leg.frame_left {
                points.reverse();
            }
            if matches!(if leg.frame_left { leg.right } else { leg.left }, Foot::Hub(_)) {
                layout.leftwards[leg.hub] = leg.frame_left != leg.into;
                layout.met[leg.hub][usize::from(!leg.frame_left)] = true;
            }
            layout.pieces.push(Piece {
                hub: leg.hub,
                into: leg.into,
                strands: leg.strands.clone(),
                at: leg.at,
                inner: leg.inner,
                points,
            });
        }
    }
}

/// Finds out what lies in which group and which way its lines run.
pub(super) fn levels(graph: &Graph, groups: &Groups) -> Vec<Level> {
    let picture = groups.picture();
    let ways: Vec<Vec<usize>> = (0..graph.frames.len()).map(|f| way_in(graph, f)).collect();
    let homes = homes(graph, picture, &ways);
    let mut levels: Vec<Level> = (0..=picture).map(|_| Level::default()).collect();
    for (g, level) in levels.iter_mut().enumerate() {
        level.frames.clone_from(&groups.members[g]);
    }
    for (h, &home) in homes.iter().enumerate() {
        levels[home].hubs.push(h);
    }
    let mut lines: Vec<BTreeMap<(usize, bool, usize), Vec<usize>>> = vec![BTreeMap::new(); picture + 1];
    for (s, strand) in graph.strands.iter().enumerate() {
        let way = &ways[strand.frame];
        let start = way.iter().position(|&g| g == homes[strand.hub]).map_or(0, |at| at + 1);
        for (outer, &frame) in std::iter::once(&homes[strand.hub]).chain(&way[start..]).zip(&way[start..]) {
            lines[*outer].entry((strand.hub, strand.into, frame)).or_default().push(s);
        }
        if start == way.len() {
            lines[homes[strand.hub]].entry((strand.hub, strand.into, strand.frame)).or_default().push(s);
        }
    }
    for &g in &groups.outside_in {
        let legs = std::mem::take(&mut lines[g]);
        orient_level(g, graph, &mut levels, legs, &homes);
    }
    levels
}

/// The frames around a frame, from the outside in, itself last.
fn way_in(graph: &Graph, frame: usize) -> Vec<usize> {
    let mut way: Vec<_> = std::iter::successors(Some(frame), |&f| graph.frames[f].parent).collect();
    way.reverse();
    way
}

/// For each hub the innermost group that holds all frames it is connected to.
fn homes(graph: &Graph, picture: usize, ways: &[Vec<usize>]) -> Vec<usize> {
    let has_members: Vec<bool> = {
        let mut has = vec![false; picture];
        graph.frames.iter().filter_map(|f| f.parent).for_each(|p| has[p] = true);
        has
    };
    let mut common: Vec<Option<&[usize]>> = vec![None; graph.hubs.len()];
    for strand in &graph.strands {
        let way = &ways[strand.frame];
        let own = if has_members[strand.frame] { way.len() } else { way.len() - 1 };
        common[strand.hub] = Some(match common[strand.hub] {
            None => &way[..own],
            Some(before) => {
                let shared = before.iter().zip(&way[..own]).take_while(|(a, b)| a == b).count();
                &before[..shared]
            }
        });
    }
    let default = |h: usize| graph.hubs[h].home.unwrap_or(picture);
    common.iter().enumerate().map(|(h, c)| c.map_or(default(h), |way| way.last().copied().unwrap_or(picture))).collect()
}

/// Turns the lines of group `g` into legs, and gives the groups in it their gates.
fn orient_level(
    g: usize,
    graph: &Graph,
    levels: &mut [Level],
    lines: BTreeMap<(usize, bool, usize), Vec<usize>>,
    homes: &[usize],
) {
    let own: Vec<orient::Line> = lines
        .keys()
        .filter(|(hub, _, frame)| homes[*hub] == g && *frame != g)
        .map(|&(hub, into, frame)| orient::Line { hub, into, frame })
        .collect();
    let orders = orient::orient(&levels[g].hubs, &own);
    for ((hub, into, frame), strands) in lines {
        let at = strands.iter().any(|&s| graph.strands[s].frame == frame).then_some(frame);
        let outer = if homes[hub] == g {
            Foot::Hub(hub)
        } else {
            let gate = levels[g].gates.iter().position(|gate| (gate.hub, gate.into) == (hub, into));
            Foot::Gate(gate.unwrap_or_default())
        };
        let frame_left = match outer {
            Foot::Gate(gate) => levels[g].gates[gate].right,
            _ if frame == g => orient::keeps_flow(&orders, hub) == into,
            _ => orders[&orient::Line { hub, into, frame }],
        };
        let inner = if frame == g {
            levels[g].gates.push(Gate { hub, into, right: !frame_left });
            Foot::Gate(levels[g].gates.len() - 1)
        } else {
            if strands.iter().any(|&s| graph.strands[s].frame != frame) {
                levels[frame].gates.push(Gate { hub, into, right: frame_left });
            }
            Foot::Frame(frame)
        };
        let (left, right) = if frame_left { (inner, outer) } else { (outer, inner) };
        levels[g].legs.push(Leg { hub, into, left, right, frame_left, strands, at, inner: frame == g });
    }
}

/// Draws a group whose members are drawn already.
pub(super) fn draw(g: usize, graph: &Graph, level: &Level, done: &[Option<Drawn>], hints: &Hints) -> Drawn {
    let (dag, knots) = dag(g, graph, level, done, hints);
    let flat = pack::pack(&dag, layered::draw);
    let frame = graph.frames.get(g);
    let (pad, top) = frame.map_or((0.0, 0.0), |f| (PADDING, f.h));
    let width = frame.map_or(flat.size.x, |f| f.w.max(flat.size.x + 2.0 * pad));
    let shift = Point { x: ((width - flat.size.x) / 2.0).floor(), y: top };
    let rect = |k: usize| {
        let at = flat.knots[k];
        Rect { x: at.x + shift.x, y: at.y + shift.y, w: dag.knots[k].w, h: dag.knots[k].h }
    };
    let legs = level.legs.iter().zip(&flat.arcs).map(|(leg, points)| {
        let mut points: Vec<Point> = points.iter().map(|p| Point { x: p.x + shift.x, y: p.y + shift.y }).collect();
        if let (Foot::Gate(_), Some(&first)) = (leg.left, points.first()) {
            points.insert(0, Point { x: 0.0, ..first });
        }
        if let (Foot::Gate(_), Some(&last)) = (leg.right, points.last()) {
            points.push(Point { x: width, ..last });
        }
        points
    });
    Drawn {
        size: Point { x: width, y: flat.size.y + top + pad },
        frames: level.frames.iter().map(|&f| rect(knots[&Foot::Frame(f)])).collect(),
        hubs: level.hubs.iter().map(|&h| rect(knots[&Foot::Hub(h)])).collect(),
        legs: legs.collect(),
        gates: (0..level.gates.len()).map(|i| rect(knots[&Foot::Gate(i)]).y).collect(),
        names: level.gates.iter().map(|gate| (gate.hub, gate.into)).collect(),
    }
}

/// The group as a graph of knots and arcs, and which knot is what.
fn dag(g: usize, graph: &Graph, level: &Level, done: &[Option<Drawn>], hints: &Hints) -> (Dag, BTreeMap<Foot, usize>) {
    let mut dag = Dag::default();
    let mut knots = BTreeMap::new();
    for &f in &level.frames {
        let leaf = Point { x: graph.frames[f].w, y: graph.frames[f].h };
        let size = done[f].as_ref().map_or(leaf, |drawn| drawn.size);
        knots.insert(Foot::Frame(f), dag.knots.len());
        dag.knots.push(Knot { w: size.x, h: size.y, side: None, hint: None, grows: done[f].is_none() });
    }
    for &h in &level.hubs {
        let hub = graph.hubs[h];
        knots.insert(Foot::Hub(h), dag.knots.len());
        dag.knots.push(Knot { w: hub.w, h: hub.h, side: None, hint: None, grows: false });
    }
    for (i, gate) in level.gates.iter().enumerate() {
        let hint = hints.get(&(g, gate.hub, gate.into)).copied();
        knots.insert(Foot::Gate(i), dag.knots.len());
        dag.knots.push(Knot { w: 0.0, h: 0.0, side: Some(gate.right), hint, grows: false });
    }
    for leg in &level.legs {
        let height = |foot| match foot {
            Foot::Hub(h) => Some(graph.hubs[h].line),
            Foot::Gate(_) => Some(0.0),
            Foot::Frame(f) => done[f].as_ref().and_then(|drawn| drawn.gate(leg.hub, leg.into)),
        };
        dag.arcs.push(Arc {
            tail: knots[&leg.left],
            head: knots[&leg.right],
            tail_y: height(leg.left),
            head_y: height(leg.right),
        });
    }
    layered::grow(&mut dag);
    (dag, knots)
}
