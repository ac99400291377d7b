//! Parts that have nothing to do with each other, below and beside each other. Not how a part is drawn.

use super::Point;
use super::layered::{Arc, Dag, Flat};

/// Space between parts.
const GAP: f64 = 20.0;
/// How much wider than high the whole wants to be.
const WIDE: f64 = 1.9;

/// Draws each connected part of `dag` with `draw` and packs them.
///
/// What hangs on a border of the group is one part, the topmost: its lines run to both borders.
pub(super) fn pack(dag: &Dag, draw: impl Fn(&Dag) -> Flat) -> Flat {
    let parts = parts(dag);
    let flats: Vec<(bool, Part, Flat)> = parts
        .into_iter()
        .map(|part| {
            let flat = draw(&part.dag);
            (part.dag.knots.iter().any(|k| k.side.is_some()), part, flat)
        })
        .collect();
    let area: f64 = flats.iter().map(|(_, _, f)| (f.size.x + GAP) * (f.size.y + GAP)).sum();
    let widest = flats.iter().map(|(_, _, f)| f.size.x).fold(0.0, f64::max);
    let room = widest.max((area * WIDE).sqrt());
    let mut whole = Flat {
        size: Point::default(),
        knots: vec![Point::default(); dag.knots.len()],
        arcs: vec![vec![]; dag.arcs.len()],
    };
    let mut at = Point::default();
    let mut shelf = 0.0;
    for (spans, part, flat) in &flats {
        let full = at.x > 0.0 && at.x + flat.size.x > room;
        if full {
            at = Point { x: 0.0, y: at.y + shelf + GAP };
            shelf = 0.0;
        }
        part.add(flat, at, &mut whole);
        shelf = flat.size.y.max(shelf);
        // Nothing is put beside what runs to both borders.
        at.x += if *spans { room + GAP } else { flat.size.x + GAP };
    }
    whole
}

/// A connected part, with the numbers that its knots and arcs have in the whole.
struct Part {
    dag: Dag,
    knots: Vec<usize>,
    arcs: Vec<usize>,
}

impl Part {
    fn add(&self, flat: &Flat, at: Point, whole: &mut Flat) {
        let moved = |p: &Point| Point { x: p.x + at.x, y: p.y + at.y };
        for (&k, point) in self.knots.iter().zip(&flat.knots) {
            whole.knots[k] = moved(point);
        }
        for (&a, points) in self.arcs.iter().zip(&flat.arcs) {
            whole.arcs[a] = points.iter().map(moved).collect();
        }
        whole.size.x = whole.size.x.max(at.x + flat.size.x);
        whole.size.y = whole.size.y.max(at.y + flat.size.y);
    }
}

/// The connected parts: what touches a border first, then larger ones before single knots, each in the order of knots.
fn parts(dag: &Dag) -> Vec<Part> {
    let mut roots: Vec<usize> = (0..dag.knots.len()).collect();
    let border = dag.knots.iter().position(|k| k.side.is_some());
    for (k, _) in dag.knots.iter().enumerate().filter(|(_, knot)| knot.side.is_some()) {
        unite(&mut roots, border.unwrap_or(k), k);
    }
    for arc in &dag.arcs {
        unite(&mut roots, arc.tail, arc.head);
    }
    let roots: Vec<usize> = (0..roots.len()).map(|k| find(&mut roots, k)).collect();
    let mut part_of = vec![usize::MAX; roots.len()];
    let mut place = vec![0; roots.len()];
    let mut parts: Vec<Part> = Vec::new();
    for (k, &root) in roots.iter().enumerate() {
        if part_of[root] == usize::MAX {
            part_of[root] = parts.len();
            parts.push(Part { dag: Dag::default(), knots: Vec::new(), arcs: Vec::new() });
        }
        let part = &mut parts[part_of[root]];
        place[k] = part.knots.len();
        part.knots.push(k);
        part.dag.knots.push(dag.knots[k]);
    }
    for (a, arc) in dag.arcs.iter().enumerate() {
        let part = &mut parts[part_of[roots[arc.tail]]];
        part.arcs.push(a);
        part.dag.arcs.push(Arc { tail: place[arc.tail], head: place[arc.head], ..*arc });
    }
    parts.sort_by_key(|part| (part.dag.knots.iter().all(|k| k.side.is_none()), part.knots.len() == 1));
    parts
}

fn find(roots: &mut [usize], mut k: usize) -> usize {
    while roots[k] != k {
        roots[k] = roots[roots[k]];
        k = roots[k];
    }
    k
}

fn unite(roots: &mut [usize], a: usize, b: usize) {
    let (a, b) = (find(roots, a), find(roots, b));
    roots[a.max(b)] = a.min(b);
}
