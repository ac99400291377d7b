//! `alt!`: which guard commits, what bodies may do, what is evaluated and what is kept.

use rendez::{Ended, after, alt, channel, channel_bounded, future};
use std::cell::Cell;
use std::future::{pending, ready};
use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

/// Polls once, with a waker that does nothing.
fn poll_once<F: Future>(future: F) -> Poll<F::Output> {
    pin!(future).as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

fn run<F: Future>(future: F) -> F::Output {
    rendez::block_on(future).expect("nobody cancels this thread")
}

#[test]
fn ready_guards_are_served_in_turn() {
    let ((a_tx, a), (b_tx, b), (c_tx, c)) = (channel_bounded(50), channel_bounded(50), channel_bounded(50));
    for n in 0..50 {
        for tx in [&a_tx, &b_tx, &c_tx] {
            tx.try_send(n).unwrap();
        }
    }
    let mut served = [0; 3];
    for _ in 0..10 {
        for _ in 0..3 {
            run(async {
                alt! {
                    _ = a.recv() => served[0] += 1,
                    _ = b.recv() => served[1] += 1,
                    _ = c.recv() => served[2] += 1,
                }
            });
        }
        assert!(served.iter().all(|&n| n == served[0]), "each is served once in three choices: {served:?}");
    }
}

#[test]
fn with_pri_the_first_ready_guard_is_served() {
    let ((_a_tx, a), (b_tx, b), (c_tx, c)) = (channel::<u32>(), channel_bounded(50), channel_bounded(50));
    for n in 0..3 {
        b_tx.try_send(n).unwrap();
        c_tx.try_send(n).unwrap();
    }
    for n in 0..3 {
        let got = run(async {
            alt!(pri
                x = a.recv() => ("a", x),
                x = b.recv() => ("b", x),
                x = c.recv() => ("c", x),
            )
        });
        assert_eq!(got, ("b", Ok(n)));
    }
    let got = run(async {
        alt! {
            pri;
            x = a.recv() => ("a", x),
            x = c.recv() => ("c", x),
        }
    });
    assert_eq!(got, ("c", Ok(0)));
}

#[test]
fn pri_and_crate_can_be_what_they_are_elsewhere() {
    let (tx, rx) = channel_bounded(1);
    tx.try_send(3).unwrap();
    let got = run(async {
        alt! { crate = rendez::runtime; pri = rx.recv() => pri }
    });
    assert_eq!(got, Ok(3));
}

#[test]
fn a_guard_without_its_condition_is_not_evaluated() {
    let ((a_tx, a), (b_tx, b)) = (channel_bounded(1), channel_bounded(1));
    a_tx.try_send("a").unwrap();
    b_tx.try_send("b").unwrap();
    let evaluated = Cell::new(0);
    let open = |rx| {
        evaluated.set(evaluated.get() + 1);
        rx
    };
    let limit = 3;
    let got = run(async {
        alt! { pri
            x = open(&a).recv(), if limit >= 4 && a.id() != b.id() => x,
            x = open(&b).recv(), if limit == 3 => x,
        }
    });
    assert_eq!((got, evaluated.get()), (Ok("b"), 1));
}

#[test]
fn a_choice_none_of_whose_conditions_holds_waits() {
    let (tx, rx) = channel_bounded(1);
    tx.try_send(1).unwrap();
    let waiting = poll_once(async {
        alt! { x = rx.recv(), if false => x }
    });
    assert!(waiting.is_pending());
    let got = run(async {
        alt! { x = rx.recv(), if false => x, else => Ok(7) }
    });
    assert_eq!(got, Ok(7));
}

#[test]
fn else_is_taken_only_when_nothing_is_ready() {
    let (tx, rx) = channel_bounded(1);
    let look = || {
        run(async {
            alt! { x = rx.recv() => x.ok(), else => None }
        })
    };
    assert_eq!(look(), None);
    tx.try_send(5).unwrap();
    assert_eq!(look(), Some(5));
    assert_eq!(look(), None);
}

#[test]
fn bodies_leave_loops_and_functions() {
    async fn sum(rx: &rendez::Receiver<i32>, stop: i32) -> Result<i32, Ended> {
        let mut sum = 0;
        'all: loop {
            alt! {
                x = rx.recv() => match x? {
                    0 => continue,
                    x if x == stop => break 'all,
                    99 => { return Ok(-1) }
                    x => sum += x,
                }
                _ = future(pending::<()>()) => {}
            }
        }
        Ok(sum)
    }
    let (tx, rx) = channel_bounded(10);
    let feed = |values: &[i32]| values.iter().for_each(|&v| tx.try_send(v).unwrap());
    feed(&[1, 0, 2, 7, 4]);
    assert_eq!(run(sum(&rx, 7)), Ok(3));
    feed(&[99]);
    assert_eq!(run(sum(&rx, 7)), Ok(-1), "the 4 was summed, then 99 returned");
    tx.retire();
    assert!(run(sum(&rx, 7)).unwrap_err().is_retired());
}

#[test]
fn bodies_of_all_shapes_need_a_comma_only_where_they_are_no_block() {
    let (_tx, rx) = channel_bounded::<u8>(1);
    let with = async |turn: u8| -> usize {
        alt! {
            pri
            _ = future(ready(())), if turn == 0 => { 10 }
            _ = future(ready(())), if turn == 1 => if turn > 1 { 1 } else if turn == 1 { 11 } else { 2 }
            _ = future(ready(())), if turn == 2 => match turn { 2 => 12, _ => 0 }.min(99),
            _ = future(ready(())), if turn == 3 => 'found: { break 'found 13 }
            _ = future(ready(())), if turn == 4 => Vec::<(u8, u8)>::with_capacity(14).capacity(),
            _ = future(ready(())), if turn == 5 => std::collections::HashMap::<u8, Vec<u8>>::new().len() + 15,
            _ = rx.recv() => unreachable!(),
            else => match turn { 6 => 20, _ => 0 }
        }
    };
    let got: Vec<_> = (0..7).map(|turn| run(with(turn))).collect();
    assert_eq!(got, [10, 11, 12, 13, 14, 15, 20]);
}

#[test]
fn a_send_from_a_slot_keeps_the_value_when_another_guard_wins() {
    let ((out, _held), (tx, rx)) = (channel(), channel_bounded(1));
    tx.try_send(()).unwrap();
    let mut slot = Some(String::from("kept"));
    let sent = run(async {
        alt! {
            _ = out.send_from(&mut slot) => true,
            _ = rx.recv() => slot.is_none(),
        }
    });
    assert!(!sent);
    assert_eq!(slot.as_deref(), Some("kept"));
}

#[test]
fn a_send_guard_sends() {
    let (out, input) = channel_bounded(1);
    let mut slot = Some(4);
    run(async {
        alt! {
            sent = out.send_from(&mut slot) => sent.unwrap(),
            _ = after(Duration::from_secs(60)) => unreachable!(),
        }
    });
    assert_eq!((slot, input.try_recv()), (None, Ok(4)));
}

#[test]
fn a_timer_commits_when_its_time_has_passed() {
    let (_tx, rx) = channel::<()>();
    let start = Instant::now();
    let delay = Duration::from_millis(20);
    let quiet = run(async {
        alt! { _ = rx.recv() => false, _ = after(delay) => true }
    });
    assert!(quiet && start.elapsed() >= delay);
}

#[test]
fn a_pinned_future_goes_on_from_choice_to_choice() {
    let (tx, rx) = channel_bounded(4);
    let steps = AtomicU32::new(0);
    let got = run(async {
        let mut slow = pin!(async {
            for _ in 0..3 {
                steps.fetch_add(1, Ordering::Relaxed);
                yield_once().await;
            }
            "done"
        });
        let mut ticks = 0;
        let answer = loop {
            if ticks < 2 {
                tx.try_send(()).unwrap();
            }
            alt! {
                pri
                answer = future(&mut slow) => break answer,
                _ = rx.recv() => ticks += 1,
            }
        };
        (answer, ticks)
    });
    assert_eq!((got, steps.load(Ordering::Relaxed)), (("done", 2), 3));
}

#[test]
fn guards_borrow_ends_of_a_loop_around_them() {
    struct Relay {
        inputs: Vec<rendez::Receiver<u32>>,
        output: rendez::Sender<u32>,
    }
    impl Relay {
        async fn run(&mut self) -> Result<(), Ended> {
            let mut pending = None;
            loop {
                let idle = pending.is_none();
                alt! {
                    x = self.inputs[0].recv(), if idle => pending = Some(x?),
                    x = self.inputs[1].recv(), if idle => pending = Some(x?),
                    sent = self.output.send_from(&mut pending), if !idle => sent?,
                }
            }
        }
    }
    let ((a_tx, a), (b_tx, b), (out, got)) = (channel_bounded(4), channel_bounded(4), channel_bounded(8));
    (0..4).for_each(|n| a_tx.try_send(n).unwrap());
    (4..8).for_each(|n| b_tx.try_send(n).unwrap());
    a_tx.retire();
    let mut relay = Relay { inputs: vec![a, b], output: out };
    assert!(run(relay.run()).unwrap_err().is_retired());
    assert!(std::iter::from_fn(|| got.try_recv().ok()).count() >= 4);
}

#[test]
fn names_of_the_surroundings_are_not_shadowed() {
    let (tx, output) = channel_bounded(1);
    tx.try_send(1).unwrap();
    let (slot0, served, number) = (1, 2, 3);
    let got = run(async {
        alt! { x = output.recv(), if slot0 == 1 => x.unwrap() + slot0 + served + number }
    });
    assert_eq!(got, 7);
}

#[test]
fn a_choice_can_be_inside_a_body() {
    let (tx, rx) = channel_bounded(2);
    tx.try_send(1).unwrap();
    tx.try_send(2).unwrap();
    let got = run(async {
        alt! {
            first = rx.recv() => alt! {
                second = rx.recv() => (first, second),
                else => unreachable!(),
            },
        }
    });
    assert_eq!(got, (Ok(1), Ok(2)));
}

#[test]
fn a_choice_is_send() {
    fn assert_send<T: Send>(value: T) -> T {
        value
    }
    let (tx, rx) = channel_bounded(1);
    tx.try_send(1).unwrap();
    let choosing = assert_send(async move {
        alt! { x = rx.recv() => x, _ = after(Duration::MAX / 4) => Ok(0) }
    });
    assert_eq!(run(choosing), Ok(1));
}

/// Pending once; wakes itself.
async fn yield_once() {
    let mut first = true;
    std::future::poll_fn(|cx| {
        if std::mem::take(&mut first) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(())
    })
    .await
}
