//! Operations at the edge: no room, no guards, oneself at the other side, a runtime that is gone.

use crate::support::{Either, Task, arms, either, poll_once, scale};
use rendez::__private::{ELSE, Order, choose};
use rendez::{
    Alt, ChannelKind, ChannelOptions, Receiver, TryRecvError, TrySendError, block_on, channel, channel_bounded,
};
use std::pin::pin;
use std::task::Poll;

#[test]
fn a_capacity_of_zero_is_a_rendezvous() {
    for (tx, rx) in [channel_bounded(0), ChannelOptions::bounded(0).open()] {
        assert_eq!(rx.inspect().kind, ChannelKind::Rendezvous);
        assert!(matches!(tx.try_send(1), Err(TrySendError::Full(1))));
        let mut send = Task::waiting(tx.send(2));
        assert_eq!(rx.try_recv(), Ok(2));
        assert_eq!(send.done(), Ok(()));
    }
}

#[test]
fn a_choice_without_guards_waits_for_ever_unless_it_has_an_else() {
    for order in [Order::Fair, Order::Listed] {
        assert!(poll_once(&mut pin!(choose(&mut [], order, false))).is_pending());
        assert!(poll_once(&mut pin!(choose(&mut [None, None], order, false))).is_pending());
        assert_eq!(poll_once(&mut pin!(choose(&mut [], order, true))), Poll::Ready(ELSE));
        assert_eq!(poll_once(&mut pin!(choose(&mut [None], order, true))), Poll::Ready(ELSE));
    }
}

#[test]
fn a_reusable_choice_without_guards_has_nothing_to_give() {
    let mut alt: Alt<'_, ()> = Alt::new();
    assert_eq!(block_on(alt.next()), Ok(None));
    assert_eq!(alt.try_next(), None);
    assert_eq!((alt.len(), alt.is_empty()), (0, true));
}

#[test]
fn a_guard_whose_condition_does_not_hold_takes_no_part() {
    let (tx, rx) = channel_bounded(1);
    tx.try_send(1).unwrap();
    let (mut disabled, (_idle_tx, idle)) = (Box::pin(rx.recv()), channel::<u8>());
    let mut idle = Box::pin(idle.recv());
    let mut guards = [None, arms(std::slice::from_mut(&mut idle)).pop().unwrap()];
    assert!(poll_once(&mut pin!(choose(&mut guards, Order::Fair, false))).is_pending());
    assert_eq!(poll_once(&mut disabled), Poll::Ready(Ok(1)), "it was left alone");
}

#[test]
fn who_sends_to_itself_waits_for_a_receive_of_its_own() {
    let (tx, rx) = channel();
    let (mut send, mut receive) = (Task::waiting(tx.send(1)), Task::new(rx.recv()));
    assert_eq!(receive.done(), Ok(1), "two operations of one process may meet");
    assert_eq!(send.done(), Ok(()));
    assert!(tx.try_send(2).is_err(), "it does not receive meanwhile");
}

#[test]
fn who_sends_to_itself_over_a_buffer_gets_it_back() {
    let (tx, rx) = channel_bounded(1);
    for n in 0..3 {
        block_on(tx.send(n)).unwrap().unwrap();
        assert_eq!(block_on(rx.recv()).unwrap(), Ok(n));
    }
}

#[test]
fn an_end_may_travel_over_its_own_channel() {
    struct Carried(Receiver<Self>);
    let (tx, rx) = channel_bounded(1);
    tx.try_send(Carried(rx.clone())).ok().unwrap();
    drop(rx);
    let (other, post) = channel_bounded(1);
    other.try_send(tx.inspect().receivers.count).unwrap();
    assert_eq!(post.try_recv(), Ok(1), "the one under way is counted");
    tx.poison("enough");
    let Carried(back) = tx.undelivered().pop().unwrap();
    assert!(matches!(back.try_recv(), Err(TryRecvError::Ended(_))));
}

#[test]
fn a_thread_that_chooses_meets_a_task_that_chooses() {
    const EACH: u64 = scale(500) as u64;
    let (there_tx, there) = channel();
    let (back_tx, back) = channel();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let thread = std::thread::spawn(move || {
        let (mut sent, mut received) = (0, Vec::new());
        while sent < EACH || received.len() < EACH as usize {
            if sent == EACH {
                received.push(back.recv_blocking().unwrap());
            } else {
                match block_on(either(there_tx.send(sent), back.recv())).unwrap() {
                    Either::First(outcome) => outcome.map(|()| sent += 1).unwrap(),
                    Either::Second(outcome) => received.push(outcome.unwrap()),
                }
            }
        }
        received
    });
    let task = runtime.spawn(async move {
        let (mut sent, mut received) = (0, Vec::new());
        while sent < EACH || received.len() < EACH as usize {
            if sent == EACH {
                received.push(there.recv().await.unwrap());
            } else {
                match either(back_tx.send(sent), there.recv()).await {
                    Either::First(outcome) => outcome.map(|()| sent += 1).unwrap(),
                    Either::Second(outcome) => received.push(outcome.unwrap()),
                }
            }
        }
        received
    });
    let all: Vec<_> = (0..EACH).collect();
    assert_eq!((thread.join().unwrap(), runtime.block_on(task).unwrap()), (all.clone(), all));
}

mod after_its_runtime {
    use super::*;

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread().build().unwrap()
    }

    #[test]
    fn a_channel_is_used_on() {
        let (tx, rx) = runtime().block_on(async { channel_bounded(1) });
        tx.send_blocking(1).unwrap();
        assert_eq!(rx.recv_blocking(), Ok(1));
    }

    #[test]
    fn a_value_for_a_task_that_ended_with_it_goes_to_the_next() {
        let (tx, rx) = channel();
        let its_own = rx.clone();
        let runtime = runtime();
        runtime.spawn(async move { its_own.recv().await });
        runtime.block_on(tokio::task::yield_now());
        tx.try_send(1).unwrap();
        drop(runtime); // the task was served and not polled since
        assert_eq!(rx.try_recv(), Ok(1));
        assert_eq!(rx.inspect().receivers.count, 1);
    }

    #[test]
    fn the_ends_of_its_tasks_are_given_up() {
        let (tx, rx) = channel::<u8>();
        let runtime = runtime();
        runtime.spawn(async move { rx.recv().await });
        runtime.block_on(tokio::task::yield_now());
        let mut closed = Task::waiting(tx.closed());
        drop(runtime);
        assert!(closed.done().is_retired());
    }

    #[test]
    fn an_operation_that_waited_in_it_goes_on_elsewhere() {
        let (tx, rx) = channel();
        let mut receive = Box::pin(rx.recv());
        let runtime = runtime();
        runtime.block_on(async {
            let polled_once = std::future::poll_fn(|cx| Poll::Ready(receive.as_mut().poll(cx).is_pending()));
            assert!(polled_once.await);
        });
        drop(runtime);
        tx.try_send(1).unwrap(); // wakes a task that is gone
        assert_eq!(block_on(receive).unwrap(), Ok(1));
    }
}
