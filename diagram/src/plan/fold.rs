//! Which processes are drawn as one box. Not what the box says.

use super::merge::Holder;
use super::tree::parents;
use crate::words::stem;
use rendez_model::{Network, Node};
use std::collections::{BTreeMap, BTreeSet};

/// For each process the block that it is drawn in.
pub(super) struct Folds {
    nodes: Vec<Fold>,
    blocks: usize,
}

/// The same for one node.
struct Fold {
    parents: Vec<Option<usize>>,
    /// The first of its family; none where an ancestor is folded.
    leaders: Vec<Option<usize>>,
    blocks: Vec<usize>,
}

impl Folds {
    /// Folds families of more than `limit` siblings, but none that has to do with a process in `caught`.
    pub(super) fn of(network: &Network, caught: &BTreeSet<Holder>, limit: usize) -> Self {
        let mut folds = Self { nodes: Vec::new(), blocks: 0 };
        for (h, node) in network.nodes.iter().enumerate() {
            let caught = caught.range((h, 0)..(h + 1, 0)).map(|at| at.1).collect();
            let fold = Fold::of(node, &caught, limit, &mut folds.blocks);
            folds.nodes.push(fold);
        }
        folds
    }

    /// How many blocks there are.
    pub(super) const fn len(&self) -> usize {
        self.blocks
    }

    /// The block of a process.
    pub(super) fn block(&self, host: usize, process: usize) -> usize {
        self.nodes[host].blocks[process]
    }

    /// The first process of its family, itself where it is drawn alone, none where it is folded into an ancestor.
    pub(super) fn leads(&self, host: usize, process: usize) -> Option<usize> {
        self.nodes[host].leaders[process]
    }

    /// The block in whose scope the block of this process lives.
    pub(super) fn parent(&self, host: usize, process: usize) -> Option<usize> {
        self.nodes[host].parents[process].map(|up| self.block(host, up))
    }
}

impl Fold {
    fn of(node: &Node, caught: &BTreeSet<usize>, limit: usize, blocks: &mut usize) -> Self {
        let parents = parents(node);
        let family_leader = leaders(node, &parents, caught, limit);
        let size = node.processes.len();
        let mut fold = Self { parents, leaders: vec![None; size], blocks: vec![usize::MAX; size] };
        for i in 0..size {
            let outermost = fold.way_up(i).into_iter().rev().find(|&at| family_leader[at].is_some());
            if outermost.is_none_or(|at| at == i) {
                fold.leaders[i] = Some(family_leader[i].unwrap_or(i));
            }
        }
        for i in 0..size {
            if fold.leaders[i] == Some(i) {
                fold.blocks[i] = *blocks;
                *blocks += 1;
            }
        }
        for i in 0..size {
            let drawn = fold.way_up(i).into_iter().find_map(|at| fold.leaders[at]).unwrap_or(i);
            fold.blocks[i] = fold.blocks[drawn];
        }
        fold
    }

    /// A process and its ancestors, from the inside out.
    fn way_up(&self, process: usize) -> Vec<usize> {
        std::iter::successors(Some(process), |&at| self.parents[at]).collect()
    }
}

/// For each process of a family that is folded, the first of the family.
fn leaders(node: &Node, parents: &[Option<usize>], caught: &BTreeSet<usize>, limit: usize) -> Vec<Option<usize>> {
    let mut apart = BTreeSet::new();
    for &at in caught {
        apart.extend(std::iter::successors(Some(at), |&at| parents[at]));
    }
    let mut families: BTreeMap<_, Vec<usize>> = BTreeMap::new();
    for (i, process) in node.processes.iter().enumerate().filter(|(i, _)| !apart.contains(i)) {
        families.entry((parents[i], stem(&process.name), process.kind as u8)).or_default().push(i);
    }
    let mut leaders = vec![None; node.processes.len()];
    for family in families.values().filter(|f| f.len() > limit.max(1)) {
        for &member in family {
            leaders[member] = Some(family[0]);
        }
    }
    leaders
}
