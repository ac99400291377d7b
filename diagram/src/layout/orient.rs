//! Which side of its hub each frame lies on, so that no lines run in a circle. Not in which layer.
//!
//! Lines are admitted one hub after the other; a hub that would close a circle is drawn from right to left, and where
//! that closes one too, the lines that close it turn back on its left side. What is admitted later changes nothing of
//! what was admitted before: a new channel leaves the rest of the picture as it was.

use std::collections::{BTreeMap, BTreeSet};

/// A frame of a level that holds ends of a hub of that level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Line {
    pub(super) hub: usize,
    pub(super) into: bool,
    pub(super) frame: usize,
}

/// For each line whether its frame lies left of its hub.
pub(super) type Sides = BTreeMap<Line, bool>;

/// Finds a side for each of `lines`, which belong to `hubs`.
pub(super) fn orient(hubs: &[usize], lines: &[Line]) -> Sides {
    let mut ends: BTreeMap<usize, [Vec<usize>; 2]> = hubs.iter().map(|&h| (h, Default::default())).collect();
    for line in lines {
        if let Some(ends) = ends.get_mut(&line.hub) {
            ends[usize::from(!line.into)].push(line.frame);
        }
    }
    let mut order: Vec<usize> = hubs.to_vec();
    order.sort_by_key(|h| (!runs_with_age(&ends[h]), *h));
    let mut ways = Ways::default();
    let mut sides = Sides::new();
    for hub in order {
        let [senders, receivers] = &ends[&hub];
        let rightwards = Way { left: senders.clone(), right: without(receivers, senders) };
        let leftwards = Way { left: receivers.clone(), right: without(senders, receivers) };
        let crosses = |way: &&Way| !way.right.is_empty() && !way.left.is_empty() && !ways.leads(&way.right, &way.left);
        let chosen = [&rightwards, &leftwards].into_iter().find(crosses).cloned().unwrap_or_else(|| {
            let (back, on): (Vec<usize>, _) = rightwards.right.iter().partition(|&&f| ways.leads(&[f], senders));
            Way { left: [senders.clone(), back].concat(), right: on }
        });
        for (frames, into) in [(senders, true), (receivers, false)] {
            sides.extend(frames.iter().map(|&frame| (Line { hub, into, frame }, chosen.left.contains(&frame))));
        }
        ways.admit(hub, chosen);
    }
    sides
}

/// Whether a hub's values flow from left to right.
pub(super) fn keeps_flow(sides: &Sides, hub: usize) -> bool {
    let first = Line { hub, into: false, frame: 0 };
    sides.range(first..).take_while(|(line, _)| line.hub == hub).all(|(line, &left)| left == line.into)
}

/// Whether the oldest sender is older than the oldest receiver: networks are mostly written in the order of flow.
fn runs_with_age([senders, receivers]: &[Vec<usize>; 2]) -> bool {
    match (senders.iter().min(), receivers.iter().min()) {
        (Some(from), Some(to)) => from < to,
        _ => true,
    }
}

/// The frames of a hub on either side of it; those that send and receive lie on the left.
#[derive(Clone)]
struct Way {
    left: Vec<usize>,
    right: Vec<usize>,
}

fn without(all: &[usize], some: &[usize]) -> Vec<usize> {
    all.iter().copied().filter(|f| !some.contains(f)).collect()
}

/// What lies right of what so far.
#[derive(Default)]
struct Ways {
    next: BTreeMap<usize, Vec<usize>>,
    through: BTreeMap<usize, Vec<usize>>,
}

impl Ways {
    fn admit(&mut self, hub: usize, way: Way) {
        for frame in way.left {
            self.next.entry(frame).or_default().push(hub);
        }
        self.through.insert(hub, way.right);
    }

    /// Whether a way from left to right leads from one of `from` to one of `to`.
    fn leads(&self, from: &[usize], to: &[usize]) -> bool {
        let mut seen: BTreeSet<usize> = from.iter().copied().collect();
        let mut hubs = BTreeSet::new();
        let mut open: Vec<usize> = from.to_vec();
        while let Some(frame) = open.pop() {
            if to.contains(&frame) {
                return true;
            }
            for &hub in self.next.get(&frame).into_iter().flatten() {
                if hubs.insert(hub) {
                    open.extend(self.through[&hub].iter().copied().filter(|&f| seen.insert(f)));
                }
            }
        }
        false
    }
}
