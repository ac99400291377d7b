//! What must hold of every layout, tried on many graphs made up from a seed.

use super::*;

/// A small generator of numbers (xorshift), the same ones for the same seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n as u64) as usize
    }

    fn graph(&mut self) -> Graph {
        let mut graph = Graph::default();
        for f in 0..1 + self.below(24) {
            let parent = (f > 0 && self.below(3) > 0).then(|| self.below(f));
            let (w, h) = (60.0 + self.below(150) as f64, 24.0 + self.below(60) as f64);
            graph.frames.push(Frame { parent, w, h });
        }
        for hub in 0..self.below(24) {
            let (w, h) = (30.0 + self.below(120) as f64, 20.0 + self.below(40) as f64);
            graph.hubs.push(Hub { w, h, line: 18.0, home: None });
            let mut seen = std::collections::BTreeSet::new();
            for _ in 0..self.below(5) {
                let (frame, into) = (self.below(graph.frames.len()), self.below(2) == 0);
                if seen.insert((frame, into)) {
                    graph.strands.push(Strand { frame, hub, into });
                }
            }
        }
        graph
    }
}

fn many(mut check: impl FnMut(u64, &Graph, &Layout)) {
    for seed in 1..=48 {
        let graph = Dice(0x9E37_79B9_7F4A_7C15_u64.wrapping_mul(seed)).graph();
        check(seed, &graph, &layout(&graph));
    }
}

fn overlap(a: &Rect, b: &Rect) -> bool {
    a.x < b.right() && b.x < a.right() && a.y < b.y + b.h && b.y < a.y + a.h
}

fn within(inner: &Rect, outer: &Rect) -> bool {
    inner.x >= outer.x && inner.right() <= outer.right() && inner.y >= outer.y && inner.y + inner.h <= outer.y + outer.h
}

fn is_above(graph: &Graph, above: usize, frame: usize) -> bool {
    std::iter::successors(Some(frame), |&f| graph.frames[f].parent).any(|f| f == above)
}

fn is_group(graph: &Graph, frame: usize) -> bool {
    graph.frames.iter().any(|f| f.parent == Some(frame))
}

/// Points along a piece, as close as a pixel or two.
fn samples(piece: &Piece) -> Vec<Point> {
    let mut samples = Vec::new();
    for pair in piece.points.windows(2) {
        for i in 0..=48 {
            let t = f64::from(i) / 48.0;
            let eased = t * t * (3.0 - 2.0 * t);
            samples.push(Point {
                x: pair[0].x + (pair[1].x - pair[0].x) * t,
                y: pair[0].y + (pair[1].y - pair[0].y) * eased,
            });
        }
    }
    samples
}

fn strictly_in(p: Point, r: &Rect) -> bool {
    p.x > r.x + 0.6 && p.x < r.right() - 0.6 && p.y > r.y + 0.6 && p.y < r.y + r.h - 0.6
}

#[test]
fn frames_overlap_only_where_one_is_in_the_other() {
    many(|seed, graph, layout| {
        for a in 0..graph.frames.len() {
            for b in 0..a {
                let (ra, rb) = (&layout.frames[a], &layout.frames[b]);
                let nested = is_above(graph, a, b) || is_above(graph, b, a);
                assert!(nested || !overlap(ra, rb), "seed {seed}: frames {a} and {b}: {ra:?} {rb:?}");
            }
            if let Some(up) = graph.frames[a].parent {
                assert!(within(&layout.frames[a], &layout.frames[up]), "seed {seed}: frame {a} leaves {up}");
                let head = layout.frames[up].y + graph.frames[up].h;
                assert!(layout.frames[a].y >= head, "seed {seed}: frame {a} covers the text of {up}");
            }
        }
    });
}

#[test]
fn hubs_overlap_nothing_but_the_groups_around_them() {
    many(|seed, graph, layout| {
        for (h, hub) in layout.hubs.iter().enumerate() {
            for other in &layout.hubs[..h] {
                assert!(!overlap(hub, other), "seed {seed}: hubs {hub:?} {other:?}");
            }
            for (f, frame) in layout.frames.iter().enumerate() {
                let around = is_group(graph, f) && within(hub, frame);
                assert!(around || !overlap(hub, frame), "seed {seed}: hub {h} and frame {f}: {hub:?} {frame:?}");
            }
        }
    });
}

#[test]
fn everything_is_in_the_picture() {
    many(|seed, _, layout| {
        let whole = Rect { x: 0.0, y: 0.0, w: layout.size.x, h: layout.size.y };
        for rect in layout.frames.iter().chain(&layout.hubs) {
            assert!(within(rect, &whole), "seed {seed}: {rect:?} leaves {whole:?}");
        }
        for p in layout.pieces.iter().flat_map(|piece| &piece.points) {
            assert!(
                p.x >= 0.0 && p.x <= whole.w && p.y >= 0.0 && p.y <= whole.h,
                "seed {seed}: {p:?} leaves {whole:?}"
            );
        }
    });
}

#[test]
fn no_line_passes_through_a_box_or_a_label() {
    many(|seed, graph, layout| {
        for piece in &layout.pieces {
            for p in samples(piece) {
                for (f, frame) in layout.frames.iter().enumerate().filter(|(f, _)| !is_group(graph, *f)) {
                    assert!(!strictly_in(p, frame), "seed {seed}: a line of hub {} in frame {f}", piece.hub);
                }
                for (h, hub) in layout.hubs.iter().enumerate() {
                    assert!(!strictly_in(p, hub), "seed {seed}: a line of hub {} in hub {h}", piece.hub);
                }
            }
        }
    });
}

#[test]
fn every_strand_leads_from_its_frame_to_its_hub() {
    many(|seed, graph, layout| {
        for (s, strand) in graph.strands.iter().enumerate() {
            let pieces: Vec<&Piece> = layout.pieces.iter().filter(|piece| piece.strands.contains(&s)).collect();
            assert!(pieces.iter().any(|piece| piece.at == Some(strand.frame)), "seed {seed}: strand {s} has no frame");
            let hub = &layout.hubs[strand.hub];
            let touches =
                |p: &Point| (p.x == hub.x || p.x == hub.right()) && p.y == hub.y + graph.hubs[strand.hub].line;
            assert!(
                pieces.iter().any(|piece| piece.points.last().is_some_and(touches)),
                "seed {seed}: strand {s} has no hub"
            );
            for piece in &pieces {
                let joins = |p: &Point| pieces.iter().any(|other| other.points[0] == *p);
                let end = piece.points[piece.points.len() - 1];
                assert!(touches(&end) || joins(&end), "seed {seed}: strand {s} has a gap at {end:?}");
            }
        }
    });
}

#[test]
fn a_new_process_beside_the_others_leaves_them_where_they_are() {
    let frame = |parent| Frame { parent, w: 100.0, h: 50.0 };
    let mut graph = Graph { frames: vec![frame(None), frame(Some(0)), frame(Some(0))], ..Graph::default() };
    graph.hubs.push(Hub { w: 60.0, h: 30.0, line: 18.0, home: None });
    graph.strands = vec![Strand { frame: 1, hub: 0, into: true }, Strand { frame: 2, hub: 0, into: false }];
    let before = layout(&graph);
    graph.frames.push(frame(Some(0)));
    let after = layout(&graph);
    assert_eq!(before.frames[1..3], after.frames[1..3]);
}
