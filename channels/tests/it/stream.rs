//! Ends as `Stream` and `Sink`.

use crate::support::poll_once;
use futures_core::Stream;
use futures_sink::Sink;
use rendez::{Ended, Receiver, Sender, channel, channel_bounded};
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

/// A stream of the receiver of `tx` waits, gives all values, and ends with the channel.
fn gives_all_and_ends(tx: Sender<u8>, stream: impl Stream<Item = Result<u8, Ended>>) {
    let mut stream = pin!(stream);
    let mut next = move || poll_once(&mut pin!(poll_fn(|cx| stream.as_mut().poll_next(cx))));
    assert_eq!(next(), Poll::Pending);
    (0..2).for_each(|n| tx.try_send(n).unwrap());
    drop(tx);
    assert_eq!([next(), next(), next(), next()], [Some(Ok(0)), Some(Ok(1)), None, None].map(Poll::Ready));
}

#[test]
fn a_stream_gives_all_values_and_ends_with_the_channel() {
    let (tx, rx) = channel_bounded(2);
    gives_all_and_ends(tx, rx.stream());
}

#[test]
fn poison_is_the_last_item_of_a_stream() {
    let (tx, rx) = channel::<u8>();
    let mut stream = pin!(rx.stream());
    let mut next = move || poll_once(&mut pin!(poll_fn(|cx| stream.as_mut().poll_next(cx))));
    tx.poison("bad");
    assert!(matches!(next(), Poll::Ready(Some(Err(Ended::Poisoned(_))))));
    assert_eq!(next(), Poll::Ready(None));
}

#[test]
fn a_dropped_stream_hands_on_what_it_was_served() {
    let (tx, rx) = channel();
    {
        let mut stream = pin!(rx.stream());
        assert!(poll_once(&mut pin!(poll_fn(|cx| stream.as_mut().poll_next(cx)))).is_pending());
        tx.try_send(3).unwrap();
    }
    assert_eq!(rx.try_recv(), Ok(3));
}

#[test]
fn a_sink_is_ready_when_its_value_is_sent_and_fails_with_the_value() {
    let (tx, rx) = channel();
    let mut sink = pin!(tx.sink());
    let ready = |sink: &mut std::pin::Pin<&mut rendez::Outgoing<'_, i32>>| {
        poll_once(&mut pin!(poll_fn(|cx| sink.as_mut().poll_ready(cx))))
    };
    assert_eq!(ready(&mut sink), Poll::Ready(Ok(())));
    sink.as_mut().start_send(1).unwrap();
    assert_eq!(ready(&mut sink), Poll::Pending, "nobody receives");
    assert_eq!(rx.try_recv(), Ok(1));
    assert_eq!(ready(&mut sink), Poll::Ready(Ok(())));
    sink.as_mut().start_send(2).unwrap();
    drop(rx);
    let Poll::Ready(Err(error)) = ready(&mut sink) else { panic!("the receiver is gone") };
    assert_eq!((*error.value(), error.cause().is_retired()), (2, true));
}

#[test]
fn an_owned_stream_waits_gives_all_and_ends_with_the_channel() {
    let (tx, rx) = channel_bounded(2);
    gives_all_and_ends(tx, rx.into_stream());
}

#[test]
fn a_value_that_was_handed_to_a_dropped_owned_stream_goes_to_the_next_receive() {
    let (tx, rx) = channel();
    let other = rx.clone();
    let mut stream = Box::pin(rx.into_stream());
    assert_eq!(poll_once(&mut pin!(poll_fn(|cx| stream.as_mut().poll_next(cx)))), Poll::Pending);
    tx.try_send(1).unwrap();
    drop(stream);
    assert_eq!(other.try_recv(), Ok(1));
}

#[test]
fn an_owned_sink_has_one_value_under_way_and_gives_its_end_up_when_closed() {
    let (tx, rx) = channel_bounded(1);
    let mut sink = pin!(tx.into_sink());
    for n in 0..2 {
        assert_eq!(poll_once(&mut pin!(poll_fn(|cx| sink.as_mut().poll_ready(cx)))), Poll::Ready(Ok(())));
        sink.as_mut().start_send(n).unwrap();
    }
    assert_eq!(poll_once(&mut pin!(poll_fn(|cx| sink.as_mut().poll_close(cx)))), Poll::Pending);
    assert_eq!(rx.try_iter().collect::<Vec<_>>(), [0, 1]);
    assert_eq!(poll_once(&mut pin!(poll_fn(|cx| sink.as_mut().poll_close(cx)))), Poll::Ready(Ok(())));
    assert!(matches!(rx.try_recv(), Err(rendez::TryRecvError::Ended(Ended::Retired { .. }))));
}

/// A sink that has a value under way refuses another, and then sends the one it has.
fn keeps_what_is_under_way(sink: impl Sink<u8>, rx: &Receiver<u8>) {
    let mut sink = pin!(sink);
    assert!(sink.as_mut().start_send(1).is_ok());
    let another = catch_unwind(AssertUnwindSafe(|| sink.as_mut().start_send(2).is_ok()));
    assert!(another.is_err(), "it is not ready");
    let mut flushes = pin!(poll_fn(|cx| sink.as_mut().poll_flush(cx).map(|flushed| flushed.is_ok())));
    assert_eq!(poll_once(&mut flushes), Poll::Pending, "nobody receives");
    assert_eq!(rx.try_recv(), Ok(1));
    assert_eq!(poll_once(&mut flushes), Poll::Ready(true));
    assert!(rx.is_empty());
}

#[test]
fn a_sink_that_is_not_ready_refuses_another_value_and_keeps_its_own() {
    let (tx, rx) = channel();
    keeps_what_is_under_way(tx.sink(), &rx);
    keeps_what_is_under_way(tx.into_sink(), &rx);
}
