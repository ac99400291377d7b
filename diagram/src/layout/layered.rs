//! Layers from left to right: which knot in which layer, and the drawing of a graph without circles.
//! Which knot above which is [`order`](super::order)'s affair, how high is [`coords`](super::coords)'s.

use super::{Point, coords, order};

/// A graph whose arcs all run from left to right.
#[derive(Debug, Default)]
pub(super) struct Dag {
    pub(super) knots: Vec<Knot>,
    pub(super) arcs: Vec<Arc>,
}

/// Something with a size.
#[derive(Clone, Copy, Debug)]
pub(super) struct Knot {
    pub(super) w: f64,
    pub(super) h: f64,
    /// Where it must lie at a border: whether at the right one.
    pub(super) side: Option<bool>,
    /// Its wish where among its like at the border it lies.
    pub(super) hint: Option<f64>,
    /// Whether it may be made higher to give its arcs room.
    pub(super) grows: bool,
}

/// A line from the right side of one knot to the left side of another.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arc {
    pub(super) tail: usize,
    pub(super) head: usize,
    /// The height below the tail's top where it begins; free where there is none.
    pub(super) tail_y: Option<f64>,
    /// The height below the head's top where it ends; free where there is none.
    pub(super) head_y: Option<f64>,
}

/// A drawn graph.
#[derive(Debug, Default)]
pub(super) struct Flat {
    pub(super) size: Point,
    /// The upper left corners of the knots.
    pub(super) knots: Vec<Point>,
    /// The points of the arcs, from left to right.
    pub(super) arcs: Vec<Vec<Point>>,
}

/// Room that each arc wants at the side of a knot.
const ARC_ROOM: f64 = 12.0;
/// Room that stays free above and below the arcs at the side of a knot.
const ARC_MARGIN: f64 = 10.0;
/// Rounds of moving free ends towards where they lead, and slots after them.
const STRAIGHTENINGS: usize = 2;
/// Space between layers, at least and at most.
const LAYER_GAP: (f64, f64) = (30.0, 96.0);

/// A place in a layer: a knot, or where an arc passes the layer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot {
    pub(super) layer: usize,
    pub(super) h: f64,
    pub(super) knot: Option<usize>,
    pub(super) hint: Option<f64>,
}

/// The part of an arc between two neighbouring layers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub(super) tail: usize,
    pub(super) head: usize,
    pub(super) tail_y: Option<f64>,
    pub(super) head_y: Option<f64>,
}

/// A graph cut into layers.
pub(super) struct Layers {
    pub(super) slots: Vec<Slot>,
    pub(super) steps: Vec<Step>,
    /// The slots of each layer from top to bottom.
    pub(super) rows: Vec<Vec<usize>>,
    /// The steps of each arc from left to right.
    chains: Vec<Vec<usize>>,
}

/// Makes knots high enough for their arcs.
pub(super) fn grow(dag: &mut Dag) {
    let mut sides = vec![[0u32; 2]; dag.knots.len()];
    for arc in &dag.arcs {
        sides[arc.tail][1] += 1;
        sides[arc.head][0] += 1;
    }
    for (knot, [left, right]) in dag.knots.iter_mut().zip(sides).filter(|(knot, _)| knot.grows) {
        knot.h = knot.h.max(f64::from(left.max(right)) * ARC_ROOM + 2.0 * ARC_MARGIN);
    }
}

/// Draws a graph.
pub(super) fn draw(dag: &Dag) -> Flat {
    let mut layers = cut(dag, &ranks(dag));
    order::sort(&mut layers);
    let free = free_ends(&mut layers);
    let mut heights = coords::heights(&layers, None);
    for _ in 0..STRAIGHTENINGS {
        straighten(&free, &mut layers, &heights);
        heights = coords::heights(&layers, Some(heights));
    }
    straighten(&free, &mut layers, &heights);
    let columns = columns(dag, &layers, &heights);
    let mut flat = Flat { knots: vec![Point::default(); dag.knots.len()], ..Flat::default() };
    for (s, slot) in layers.slots.iter().enumerate() {
        let (left, right) = columns[slot.layer];
        flat.size.y = flat.size.y.max(heights[s] + slot.h);
        flat.size.x = flat.size.x.max(right);
        if let Some(k) = slot.knot {
            let free = right - left - dag.knots[k].w;
            flat.knots[k] = Point { x: left + (free / 2.0).floor(), y: heights[s] };
        }
    }
    flat.arcs = layers.chains.iter().map(|chain| trace(chain, dag, &layers, &heights, &columns, &flat.knots)).collect();
    flat
}

/// The layer of each knot: right of all that lead to it, and no further from them than need be.
fn ranks(dag: &Dag) -> Vec<usize> {
    let mut ins = vec![Vec::new(); dag.knots.len()];
    let mut outs = vec![Vec::new(); dag.knots.len()];
    for arc in &dag.arcs {
        ins[arc.head].push(arc.tail);
        outs[arc.tail].push(arc.head);
    }
    let first = usize::from(dag.knots.iter().any(|k| k.side == Some(false)));
    let sorted = by_flow(&ins, &outs);
    let mut ranks = vec![first; dag.knots.len()];
    for &k in &sorted {
        let least = if dag.knots[k].side == Some(false) { 0 } else { first };
        ranks[k] = ins[k].iter().map(|&i| ranks[i] + 1).max().unwrap_or(least).max(least);
    }
    for &k in sorted.iter().rev() {
        // What mostly leads to the right moves to the right, next to what it leads to.
        let room = outs[k].iter().map(|&o| ranks[o] - 1).min();
        if let Some(room) = room.filter(|_| outs[k].len() > ins[k].len() && dag.knots[k].side.is_none()) {
            ranks[k] = room;
        }
    }
    let last = (0..ranks.len()).filter(|&k| dag.knots[k].side.is_none()).map(|k| ranks[k] + 1).max();
    for (rank, knot) in ranks.iter_mut().zip(&dag.knots) {
        match knot.side {
            Some(false) => *rank = 0,
            Some(true) => *rank = last.unwrap_or(first),
            None => {}
        }
    }
    ranks
}

/// The knots in an order in which arcs run forwards.
fn by_flow(ins: &[Vec<usize>], outs: &[Vec<usize>]) -> Vec<usize> {
    let mut missing: Vec<usize> = ins.iter().map(Vec::len).collect();
    let mut sorted: Vec<usize> = (0..ins.len()).filter(|&k| missing[k] == 0).collect();
    let mut next = 0;
    while next < sorted.len() {
        for &o in &outs[sorted[next]] {
            missing[o] -= 1;
            if missing[o] == 0 {
                sorted.push(o);
            }
        }
        next += 1;
    }
    sorted
}

/// Cuts arcs at each layer that they pass.
fn cut(dag: &Dag, ranks: &[usize]) -> Layers {
    let knot = |(k, knot): (usize, &Knot)| Slot { layer: ranks[k], h: knot.h, knot: Some(k), hint: knot.hint };
    let mut layers = Layers {
        slots: dag.knots.iter().enumerate().map(knot).collect(),
        steps: Vec::new(),
        rows: vec![Vec::new(); ranks.iter().max().map_or(0, |last| last + 1)],
        chains: Vec::new(),
    };
    for arc in &dag.arcs {
        let mut chain = Vec::new();
        let (mut tail, mut tail_y) = (arc.tail, arc.tail_y);
        for layer in ranks[arc.tail] + 1..ranks[arc.head] {
            layers.slots.push(Slot { layer, h: 0.0, knot: None, hint: None });
            let head = layers.slots.len() - 1;
            chain.push(layers.steps.len());
            layers.steps.push(Step { tail, head, tail_y, head_y: Some(0.0) });
            (tail, tail_y) = (head, Some(0.0));
        }
        chain.push(layers.steps.len());
        layers.steps.push(Step { tail, head: arc.head, tail_y, head_y: arc.head_y });
        layers.chains.push(chain);
    }
    for (s, slot) in layers.slots.iter().enumerate() {
        layers.rows[slot.layer].push(s);
    }
    layers
}

/// Gives each free end of a step its height at the side of its knot: evenly, in the order of the other ends.
/// Returns them, for each slot and side from top to bottom.
fn free_ends(layers: &mut Layers) -> Vec<[Vec<usize>; 2]> {
    let mut place = vec![0; layers.slots.len()];
    for row in &layers.rows {
        row.iter().enumerate().for_each(|(i, &s)| place[s] = i);
    }
    let mut sides: Vec<[Vec<usize>; 2]> = vec![Default::default(); layers.slots.len()];
    for (t, step) in layers.steps.iter().enumerate() {
        if step.tail_y.is_none() {
            sides[step.tail][1].push(t);
        }
        if step.head_y.is_none() {
            sides[step.head][0].push(t);
        }
    }
    for (s, [left, right]) in sides.iter_mut().enumerate() {
        left.sort_by(|&a, &b| far(layers, a, &place, false).total_cmp(&far(layers, b, &place, false)).then(a.cmp(&b)));
        right.sort_by(|&a, &b| far(layers, a, &place, true).total_cmp(&far(layers, b, &place, true)).then(a.cmp(&b)));
        let h = layers.slots[s].h;
        for (i, &t) in left.iter().enumerate() {
            layers.steps[t].head_y = Some(spread(i, left.len(), h));
        }
        for (i, &t) in right.iter().enumerate() {
            layers.steps[t].tail_y = Some(spread(i, right.len(), h));
        }
    }
    sides
}

/// Moves the free ends at each side of a knot towards the height of their other ends, so that lines run straight.
fn straighten(free: &[[Vec<usize>; 2]], layers: &mut Layers, heights: &[f64]) {
    for (s, sides) in free.iter().enumerate() {
        for (steps, at_head) in sides.iter().zip([true, false]) {
            let wishes: Vec<f64> = steps
                .iter()
                .map(|&t| {
                    let step = layers.steps[t];
                    let (other, y) = if at_head { (step.tail, step.tail_y) } else { (step.head, step.head_y) };
                    heights[other] + y.unwrap_or(0.0) - heights[s]
                })
                .collect();
            for (&t, y) in steps.iter().zip(coords::apart(&wishes, ARC_ROOM, ARC_MARGIN, layers.slots[s].h)) {
                let end = if at_head { &mut layers.steps[t].head_y } else { &mut layers.steps[t].tail_y };
                *end = Some(y);
            }
        }
    }
}

/// Where the other end of a step lies: its slot's place in its layer, refined by the height within the slot.
fn far(layers: &Layers, step: usize, place: &[usize], at_head: bool) -> f64 {
    let step = layers.steps[step];
    let (slot, y) = if at_head { (step.head, step.head_y) } else { (step.tail, step.tail_y) };
    place[slot] as f64 + y.unwrap_or(0.0) / (layers.slots[slot].h + 1.0)
}

fn spread(i: usize, n: usize, h: f64) -> f64 {
    let room = h - 2.0 * ARC_MARGIN;
    let gap = (room / n as f64).min(2.0 * ARC_ROOM);
    (h / 2.0 + gap * (i as f64 - (n as f64 - 1.0) / 2.0)).round()
}

/// The left and right border of each layer.
fn columns(dag: &Dag, layers: &Layers, heights: &[f64]) -> Vec<(f64, f64)> {
    let mut steepest = vec![0f64; layers.rows.len()];
    for step in &layers.steps {
        let rise = heights[step.tail] + step.tail_y.unwrap_or(0.0) - heights[step.head] - step.head_y.unwrap_or(0.0);
        let layer = layers.slots[step.head].layer;
        steepest[layer] = steepest[layer].max(rise.abs());
    }
    let mut x = 0.0;
    let mut columns = Vec::new();
    for (layer, row) in layers.rows.iter().enumerate() {
        if layer > 0 {
            x += (LAYER_GAP.0 + steepest[layer] * 0.14).min(LAYER_GAP.1).round();
        }
        let widest = row.iter().filter_map(|&s| layers.slots[s].knot).map(|k| dag.knots[k].w).fold(0.0, f64::max);
        columns.push((x, x + widest));
        x += widest;
    }
    columns
}

/// The points of an arc: level within layers, curves only between them.
fn trace(
    chain: &[usize],
    dag: &Dag,
    layers: &Layers,
    heights: &[f64],
    columns: &[(f64, f64)],
    knots: &[Point],
) -> Vec<Point> {
    let mut points = Vec::new();
    for &t in chain {
        let step = layers.steps[t];
        let from = heights[step.tail] + step.tail_y.unwrap_or(0.0);
        let to = heights[step.head] + step.head_y.unwrap_or(0.0);
        let (tail, head) = (layers.slots[step.tail], layers.slots[step.head]);
        if let Some(k) = tail.knot {
            points.push(Point { x: knots[k].x + dag.knots[k].w, y: from });
        }
        points.push(Point { x: columns[tail.layer].1, y: from });
        points.push(Point { x: columns[head.layer].0, y: to });
        if let Some(k) = head.knot {
            points.push(Point { x: knots[k].x, y: to });
        }
    }
    points.dedup_by(|b, a| (a.x - b.x).abs() < 0.01 && (a.y - b.y).abs() < 0.01);
    points
}
