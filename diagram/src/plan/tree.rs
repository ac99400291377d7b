//! Who lives in whose scope, made safe: no circles, no parents that are not listed, bounded depth.

use rendez_model::{Node, ProcessId};
use std::collections::BTreeMap;

/// Deepest nesting that is drawn; what lives deeper is drawn at this depth.
pub(super) const DEEPEST: usize = 12;

/// The parent of each process of a node, by place.
pub(super) fn parents(node: &Node) -> Vec<Option<usize>> {
    let mut place: BTreeMap<ProcessId, usize> = BTreeMap::new();
    for (i, process) in node.processes.iter().enumerate() {
        place.entry(process.id).or_insert(i);
    }
    let mut parents: Vec<Option<usize>> =
        node.processes.iter().map(|p| p.parent.and_then(|parent| place.get(&parent).copied())).collect();
    let mut depths: Vec<Option<usize>> = vec![None; parents.len()];
    for start in 0..parents.len() {
        settle(start, &mut parents, &mut depths);
    }
    parents
}

/// Gives `start` and everything above it a depth.
fn settle(start: usize, parents: &mut [Option<usize>], depths: &mut [Option<usize>]) {
    let mut way = vec![start];
    let mut on_way = std::collections::BTreeSet::from([start]);
    while let Some(up) = parents[way[way.len() - 1]] {
        if depths[up].is_some() {
            break;
        }
        if !on_way.insert(up) {
            parents[way[way.len() - 1]] = None;
            break;
        }
        way.push(up);
    }
    for &at in way.iter().rev() {
        while let Some(up) = parents[at].filter(|&up| depths[up].unwrap_or(0) >= DEEPEST) {
            parents[at] = parents[up];
        }
        depths[at] = Some(parents[at].map_or(0, |up| depths[up].unwrap_or(0) + 1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rendez_model::Process;

    fn node(parents: &[Option<u64>]) -> Node {
        let mut node = Node::new("n", "n");
        for (i, parent) in parents.iter().enumerate() {
            let mut process = Process::new(ProcessId(i as u64 + 1), "p");
            process.parent = parent.map(ProcessId);
            node.processes.push(process);
        }
        node
    }

    #[test]
    fn a_tree_is_kept_as_it_is() {
        assert_eq!(parents(&node(&[None, Some(1), Some(2), Some(1)])), [None, Some(0), Some(1), Some(0)]);
    }

    #[test]
    fn circles_and_strangers_are_cut() {
        assert_eq!(parents(&node(&[Some(1)])), [None]);
        assert_eq!(parents(&node(&[Some(99)])), [None]);
        assert_eq!(parents(&node(&[Some(2), Some(1)])), [Some(1), None]);
    }

    #[test]
    fn a_deep_chain_is_drawn_at_the_deepest_level() {
        let chain: Vec<_> = (0..1_000).map(|i| (i > 0).then_some(i)).collect();
        let parents = parents(&node(&chain));
        assert_eq!(parents[999], parents[DEEPEST]);
    }
}
