//! A way to a channel that does not keep it open, and what it does to what is known of the channel.

use rendez_channels::{ChannelKind, Ended, TryRecvError, channel, channel_bounded, channel_named};
use rendez_model::ProcessId;

#[test]
fn it_gives_senders_while_one_lives_and_keeps_nothing_open() {
    let (tx, rx) = channel_bounded(2);
    let weak = tx.downgrade();
    let other = weak.clone().upgrade().expect("a sender lives");
    assert!(other.same_channel(&tx));
    assert_eq!(rx.inspect().senders.count, 2);
    drop(tx);
    weak.upgrade().expect("the other lives").try_send(1).unwrap();
    drop(other);
    assert!(weak.upgrade().is_none());
    assert_eq!(rx.try_recv(), Ok(1), "what was sent stays");
    assert!(matches!(rx.try_recv(), Err(TryRecvError::Ended(Ended::Retired { .. }))));
    drop(rx);
    assert!(weak.upgrade().is_none(), "the channel is gone");
}

#[test]
fn a_sender_of_a_channel_that_nobody_receives_from_says_so() {
    let (tx, rx) = channel::<u8>();
    let weak = tx.downgrade();
    drop(rx);
    let late = weak.upgrade().expect("a sender lives");
    assert!(late.is_closed());
}

#[test]
fn who_holds_its_senders_is_no_more_certain_once_there_may_be_others() {
    let (tx, rx) = channel_named::<u8>("c", ChannelKind::Rendezvous);
    tx.keep(ProcessId(7));
    rx.keep(ProcessId(8));
    assert!(tx.inspect().senders.all_kept());
    let weak = tx.downgrade();
    let seen = tx.inspect();
    assert!(!seen.senders.all_kept() && seen.senders.all_known());
    assert!(seen.receivers.all_kept(), "that says nothing of the other side");
    drop(weak);
}
