//! Which of the stuck hold each other: the knots among them, and a shortest cycle in each. Pure.

use super::graph::Graph;
use rendez_model::{ProcessId, Verdict, Wait, Waits};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Processes that wait for each other, and for nobody else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Knot {
    pub(crate) members: Vec<ProcessId>,
    /// A shortest cycle through the lowest member that is on one. None where nobody at all can go on and no cycle is seen.
    pub(crate) steps: Vec<Waits>,
}

/// Who of a stuck set waits for whom does not depend on how sure the set is.
const HOW: Verdict = Verdict::Suspected;

type Edges = BTreeMap<ProcessId, Vec<(ProcessId, Wait)>>;

/// The knots of a stuck set. Who only waits for a knot is in none.
pub(crate) fn knots(graph: &Graph<'_>, stuck: &BTreeSet<ProcessId>) -> Vec<Knot> {
    let edges = edges(graph, stuck);
    let mut found = Vec::new();
    for component in components(&edges) {
        let closed = |&id: &ProcessId| {
            let waits = graph.waits(id);
            waits.iter().all(|&wait| graph.is_hopeless(id, wait, &component, HOW))
        };
        let on_cycle = |id: &ProcessId| edges[id].iter().any(|(next, _)| component.contains(next));
        if component.iter().all(on_cycle)
            && component.iter().all(closed)
            && let Some(steps) = component.iter().find_map(|&start| shortest(&edges, &component, start))
        {
            found.push(Knot { members: component.into_iter().collect(), steps });
        }
    }
    found.sort_by(|a, b| a.members.cmp(&b.members));
    found
}

/// Who waits for whom.
fn edges(graph: &Graph<'_>, stuck: &BTreeSet<ProcessId>) -> Edges {
    let next = |id: ProcessId| {
        let needs = |&wait: &Wait| {
            let who = graph.needs(id, wait, HOW).map_or_else(Vec::new, |needs| needs.who);
            who.into_iter().filter(|who| stuck.contains(who)).map(move |who| (who, wait))
        };
        graph.waits(id).iter().flat_map(needs).collect()
    };
    stuck.iter().map(|&id| (id, next(id))).collect()
}

/// The strongly connected components: Tarjan's algorithm ("Depth-first search and linear graph algorithms", 1972), without
/// recursion.
fn components(edges: &Edges) -> Vec<BTreeSet<ProcessId>> {
    let mut numbers: BTreeMap<ProcessId, (usize, usize)> = BTreeMap::new();
    let (mut path, mut open, mut found) = (Vec::<(ProcessId, usize)>::new(), Vec::new(), Vec::new());
    let mut on_open = BTreeSet::new();
    for &root in edges.keys() {
        if numbers.contains_key(&root) {
            continue;
        }
        path.push((root, 0));
        while let Some((at, next)) = path.last_mut() {
            let at = *at;
            if *next == 0 {
                let number = numbers.len();
                numbers.insert(at, (number, number));
                open.push(at);
                on_open.insert(at);
            }
            if let Some(&(to, _)) = edges[&at].get(*next) {
                *next += 1;
                if !numbers.contains_key(&to) {
                    path.push((to, 0));
                } else if on_open.contains(&to) {
                    let low = numbers[&at].1.min(numbers[&to].0);
                    numbers.entry(at).and_modify(|n| n.1 = low);
                }
                continue;
            }
            path.pop();
            let (number, low) = numbers[&at];
            if let Some((before, _)) = path.last() {
                let lower = numbers[before].1.min(low);
                numbers.entry(*before).and_modify(|n| n.1 = lower);
            }
            if number == low {
                let from = open.iter().position(|id| *id == at).unwrap_or(0);
                let component: BTreeSet<_> = open.split_off(from).into_iter().collect();
                on_open.retain(|id| !component.contains(id));
                found.push(component);
            }
        }
    }
    found
}

/// A shortest cycle from `start` back to it, within a component.
fn shortest(edges: &Edges, component: &BTreeSet<ProcessId>, start: ProcessId) -> Option<Vec<Waits>> {
    let mut came: BTreeMap<ProcessId, (ProcessId, Wait)> = BTreeMap::new();
    let mut queue = VecDeque::from([start]);
    while let Some(at) = queue.pop_front() {
        for &(to, wait) in edges[&at].iter().filter(|(to, _)| component.contains(to)) {
            if to == start {
                let mut steps = vec![Waits { process: at, wait }];
                let mut back = at;
                while back != start {
                    let (before, wait) = came[&back];
                    steps.push(Waits { process: before, wait });
                    back = before;
                }
                steps.reverse();
                return Some(steps);
            }
            came.entry(to).or_insert_with(|| {
                queue.push_back(to);
                (at, wait)
            });
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use rendez_model::{Node, Process, State};

    /// A process for each line: whom it waits for, by calls.
    fn calls(lines: &[&[u64]]) -> Vec<(Vec<u64>, Vec<u64>)> {
        let mut node = Node::default();
        for (id, line) in (1..).zip(lines) {
            let mut process = Process::new(ProcessId(id), "");
            let on = line.iter().map(|&of| Wait::Answer { of: ProcessId(of) }).collect();
            process.state = State::Blocked { on, for_ms: 0 };
            node.processes.push(process);
        }
        let (unsure, listening) = (BTreeSet::new(), BTreeMap::new());
        let graph = Graph::new(&node, &unsure, &listening);
        let all = node.processes.iter().map(|process| process.id).collect();
        let stuck = graph.stuck(&all, Verdict::Certain);
        let ids = |ids: Vec<ProcessId>| ids.into_iter().map(|id| id.0).collect();
        knots(&graph, &stuck)
            .into_iter()
            .map(|knot| (ids(knot.members), ids(knot.steps.iter().map(|step| step.process).collect())))
            .collect()
    }

    #[test]
    fn a_ring_is_one_knot_and_who_waits_for_it_is_outside() {
        assert_eq!(calls(&[&[2], &[3], &[1], &[1]]), [(vec![1, 2, 3], vec![1, 2, 3])]);
    }

    #[test]
    fn two_rings_are_two_knots() {
        assert_eq!(calls(&[&[2], &[1], &[4], &[3]]), [(vec![1, 2], vec![1, 2]), (vec![3, 4], vec![3, 4])]);
    }

    #[test]
    fn who_waits_for_itself_is_a_knot() {
        assert_eq!(calls(&[&[1], &[1]]), [(vec![1], vec![1])]);
    }

    #[test]
    fn a_choice_between_two_rings_belongs_to_neither() {
        assert_eq!(calls(&[&[2, 3], &[1], &[4], &[3]]), [(vec![3, 4], vec![3, 4])]);
    }

    #[test]
    fn the_cycle_is_a_shortest_one() {
        assert_eq!(calls(&[&[2, 3], &[3], &[1]]), [(vec![1, 2, 3], vec![1, 3])]);
    }
}
