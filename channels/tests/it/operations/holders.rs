//! Who is known to hold the ends of a channel, and who held them.

use rendez::{Receiver, broadcast, channel_unbounded};
use rendez_model::ProcessId;

/// Three receivers of a channel, held by processes 1 to 3; the second cannot give its own away.
fn held_by_three() -> Vec<Receiver<u8>> {
    let (_, rx) = channel_unbounded();
    let ends = vec![rx.clone(), rx.clone(), rx];
    ends[0].declare(ProcessId(1));
    ends[1].keep(ProcessId(2));
    ends[2].declare(ProcessId(3));
    ends
}

fn holders(rx: &Receiver<u8>) -> (Vec<u64>, u32) {
    let receivers = rx.inspect().receivers;
    let mut holders: Vec<_> = receivers.holders.iter().map(|holder| holder.0).collect();
    holders.sort_unstable();
    (holders, receivers.kept)
}

#[test]
fn whoever_gives_an_end_up_the_others_are_known_still() {
    for (gone, left) in [(0, (vec![2, 3], 1)), (1, (vec![1, 3], 0)), (2, (vec![1, 2], 1))] {
        let mut ends = held_by_three();
        assert_eq!(holders(&ends[0]), (vec![1, 2, 3], 1));
        drop(ends.remove(gone));
        assert_eq!(holders(&ends[0]), left);
    }
}

#[test]
fn an_end_that_passes_on_is_its_new_holders() {
    let ends = held_by_three();
    ends[1].declare(ProcessId(4));
    assert_eq!(holders(&ends[0]), (vec![1, 3, 4], 0));
    ends[0].declare(ProcessId(0));
    ends[2].keep(ProcessId(4));
    assert_eq!(holders(&ends[0]), (vec![4, 4], 1));
}

#[test]
fn of_a_side_without_ends_it_is_known_who_held_them() {
    let (tx, rx) = channel_unbounded::<u8>();
    let ends = [rx.clone(), rx.clone(), rx];
    for (end, holder) in ends.iter().zip([5, 6, 5]) {
        end.keep(ProcessId(holder));
    }
    for end in ends {
        assert_ne!(tx.inspect().receivers.count, 0);
        drop(end);
    }
    let receivers = tx.inspect().receivers;
    assert_eq!((receivers.count, receivers.kept, receivers.holders), (0, 0, vec![ProcessId(5), ProcessId(6)]));
}

#[test]
fn a_side_that_gets_an_end_again_is_its_holders_and_remembers_who_was_before() {
    let (tx, rx) = broadcast::<u8>(1);
    rx.declare(ProcessId(1));
    drop(rx);
    assert_eq!(tx.inspect().receivers.holders, [ProcessId(1)]);
    let rx = tx.subscribe();
    assert_eq!(tx.inspect().receivers.holders, []);
    rx.declare(ProcessId(2));
    assert_eq!(tx.inspect().receivers.holders, [ProcessId(2)]);
    drop(rx);
    assert_eq!(tx.inspect().receivers.holders, [ProcessId(1), ProcessId(2)]);
}
