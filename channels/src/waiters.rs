//! The one waiter list: everybody who is parked at one side of a channel, first come first. It wakes nobody itself.
//!
//! A slab of nodes linked by index. The owner of a node (a future) holds its [`Key`]; a partner *serves* a node, which
//! takes it off the queue and leaves it in the slab until its owner collects it. Leaving is O(1), and after the list
//! has once been long no wait allocates.

use crate::choice::Choice;
use rendez_model::ProcessId;
use std::sync::Arc;
use std::task::Waker;

/// Who is to be woken, and whether the wait is part of a choice.
pub(crate) enum Waking {
    /// A task or a thread that waits for this alone.
    Plain(Waker),
    /// Guard number `.1` of a choice.
    Guard(Arc<Choice>, usize),
}

/// One parked party.
pub(crate) struct Waiter<T> {
    /// A sender's value until it is taken, a receiver's once it was served.
    pub(crate) slot: Option<T>,
    /// Position of its commit among all receives; orders values that are handed back.
    pub(crate) commit: u64,
    /// Whether a partner has committed to it.
    pub(crate) served: bool,
    pub(crate) waking: Waking,
    pub(crate) party: ProcessId,
    /// Coarse time of arrival, in milliseconds.
    pub(crate) since: u64,
}

/// A node's place in the slab; only its owner holds it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Key(u32);

const NONE: u32 = u32::MAX;

struct Node<T> {
    waiter: Option<Waiter<T>>,
    previous: u32,
    next: u32,
}

// Invariants: a node is in the queue, or served, or free (`waiter` is none and it is chained by `next` from `free`).
// `head` and `tail` are both NONE or both not.
pub(crate) struct WaitList<T> {
    nodes: Vec<Node<T>>,
    head: u32,
    tail: u32,
    free: u32,
}

impl<T> WaitList<T> {
    pub(crate) const fn new() -> Self {
        Self { nodes: Vec::new(), head: NONE, tail: NONE, free: NONE }
    }

    /// Parks a waiter behind all others.
    pub(crate) fn push(&mut self, waiter: Waiter<T>) -> Key {
        let previous = self.tail;
        let at = self.allocate(Node { waiter: Some(waiter), previous, next: NONE });
        match previous {
            NONE => self.head = at,
            last => self.nodes[last as usize].next = at,
        }
        self.tail = at;
        Key(at)
    }

    /// The first queued node that `agree` accepts, taken off the queue and marked as served.
    pub(crate) fn serve(&mut self, mut agree: impl FnMut(&Waiter<T>) -> Verdict) -> Option<&mut Waiter<T>> {
        let mut at = self.head;
        while at != NONE {
            let next = self.nodes[at as usize].next;
            match agree(self.waiter(at)) {
                Verdict::Take => {
                    self.unlink(at);
                    let waiter = self.waiter_mut(at);
                    waiter.served = true;
                    return Some(waiter);
                }
                Verdict::Skip => at = next,
                Verdict::Stop => return None,
            }
        }
        None
    }

    /// Removes a node, served or not, and gives back what stood in it.
    pub(crate) fn remove(&mut self, key: Key) -> Waiter<T> {
        if !self.waiter(key.0).served {
            self.unlink(key.0);
        }
        let node = &mut self.nodes[key.0 as usize];
        node.next = self.free;
        self.free = key.0;
        node.waiter.take().expect("a key names a live node")
    }

    pub(crate) fn get(&mut self, key: &Key) -> &mut Waiter<T> {
        self.waiter_mut(key.0)
    }

    /// All who are queued, in order of arrival.
    pub(crate) fn queued(&self) -> impl Iterator<Item = &Waiter<T>> {
        let mut at = self.head;
        std::iter::from_fn(move || {
            let node = self.nodes.get(at as usize)?;
            at = node.next;
            node.waiter.as_ref()
        })
    }

    /// Visits all who are queued, in order of arrival.
    pub(crate) fn each_queued(&mut self, mut visit: impl FnMut(&mut Waiter<T>)) {
        let mut at = self.head;
        while let Some(node) = self.nodes.get_mut(at as usize) {
            at = node.next;
            node.waiter.iter_mut().for_each(&mut visit);
        }
    }

    #[cfg(test)]
    const fn is_empty(&self) -> bool {
        self.head == NONE
    }

    fn allocate(&mut self, node: Node<T>) -> u32 {
        if self.free == NONE {
            self.nodes.push(node);
            return u32::try_from(self.nodes.len() - 1).expect("fewer than 2^32 parties wait at one channel");
        }
        let at = self.free;
        self.free = self.nodes[at as usize].next;
        self.nodes[at as usize] = node;
        at
    }

    fn unlink(&mut self, at: u32) {
        let Node { previous, next, .. } = self.nodes[at as usize];
        match previous {
            NONE => self.head = next,
            node => self.nodes[node as usize].next = next,
        }
        match next {
            NONE => self.tail = previous,
            node => self.nodes[node as usize].previous = previous,
        }
    }

    fn waiter(&self, at: u32) -> &Waiter<T> {
        self.nodes[at as usize].waiter.as_ref().expect("a queued or held node has a waiter")
    }

    fn waiter_mut(&mut self, at: u32) -> &mut Waiter<T> {
        self.nodes[at as usize].waiter.as_mut().expect("a queued or held node has a waiter")
    }
}

/// What a search does with a waiter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is the partner.
    Take,
    /// Not this one; look at the next.
    Skip,
    /// The searcher itself can commit no more.
    Stop,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiter(slot: u32) -> Waiter<u32> {
        let waking = Waking::Plain(Waker::noop().clone());
        Waiter { slot: Some(slot), commit: 0, served: false, waking, party: ProcessId(0), since: 0 }
    }

    fn values(list: &WaitList<u32>) -> Vec<u32> {
        list.queued().filter_map(|w| w.slot).collect()
    }

    #[test]
    fn keeps_the_order_of_arrival_when_somebody_leaves() {
        let mut list = WaitList::new();
        let keys: Vec<_> = (0..4).map(|v| list.push(waiter(v))).collect();
        for (key, left) in keys.into_iter().zip([vec![1, 2, 3], vec![2, 3], vec![3], vec![]]) {
            list.remove(key);
            assert_eq!(values(&list), left);
        }
        assert!(list.is_empty());
    }

    #[test]
    fn a_served_node_stays_until_its_owner_collects_it() {
        let mut list = WaitList::new();
        let (a, b) = (list.push(waiter(1)), list.push(waiter(2)));
        let served = list.serve(|w| if w.slot == Some(2) { Verdict::Take } else { Verdict::Skip });
        assert_eq!(served.and_then(|w| w.slot), Some(2));
        assert_eq!(values(&list), [1]);
        assert!(list.remove(b).served);
        assert!(!list.remove(a).served);
    }

    #[test]
    fn places_are_used_again() {
        let mut list = WaitList::new();
        for round in 0..100 {
            let (a, b) = (list.push(waiter(round)), list.push(waiter(round)));
            list.remove(a);
            list.remove(b);
        }
        assert_eq!(list.nodes.len(), 2);
    }
}
