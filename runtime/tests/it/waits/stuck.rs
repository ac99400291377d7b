//! Small programs that deadlock: each starts its processes and says which of them are the cycle. Ported ones say where they come from.

use super::parts::{
    self, Link, LinkRef, choose, diner, meet_receive, meet_send, offer, receive_meet, receive_send, receive_send_both,
    send_receive, send_to, take, taker,
};
use super::told;
use rendez_channels::sync::{Event, Exclusive, Semaphore};
use rendez_channels::{Barrier, Receiver, Sender, channel, channel_bounded};
use rendez_model::ProcessId;
use rendez_runtime::{Outcome, Process, par, spawn, spawn_actor};

/// Name, program, and whether it has to be certain.
pub(super) type Case = (&'static str, fn() -> Vec<ProcessId>, bool);

pub(super) const PROGRAMS: &[Case] = &[
    ("both send first", crossed, true),
    ("both receive first", both_receive, true),
    ("a ring of three that receives", || ring_of(3, false), true),
    ("a ring of eight that sends", || ring_of(8, true), true),
    ("a ring of thirty that receives", || ring_of(30, false), true),
    ("who waits for itself to send", own_receive, true),
    ("who waits for itself to receive", own_send, true),
    ("two full buffers", || buffers(2, 3), true),
    ("two full large buffers", || buffers(40, 41), true),
    ("a receiver that wants more than comes", wants_more, true),
    ("a pipe that is fed back", feedback, true),
    ("a choice of receives", choice_in, true),
    ("a choice of sends", choice_out, true),
    ("two choices", two_choices, true),
    ("a choice that waits for a ring is not in it", choice_of_ring, true),
    ("a farm whose collector waits for the feeder", farm, true),
    ("a rendezvous that nobody meets (flume#140)", || buffers(0, 1), true),
    ("followers of a ring are not in it", followers, true),
    ("ends in a list", listed, true),
    ("a helper function that borrows", borrowed, true),
    ("one does not come to the barrier", barrier, true),
    ("a barrier and a send", barrier_send, true),
    ("two barriers in different order", two_barriers, true),
    ("an actor that calls itself (kameo#87)", || calls(1), true),
    ("two actors that call each other (orleans#3184)", || calls(2), true),
    ("calls in a circle of three (orleans#5456)", || calls(3), true),
    ("calls in a circle of five (xtra#13)", || calls(5), true),
    ("an actor waits for who calls it (protoactor#1094)", call_and_channel, true),
    ("a full mailbox at start (kameo#84)", full_mailbox, false),
    ("futurelock: a lock in a parked future (omicron#9272)", futurelock, false),
    ("futurelock: a permit in a parked future", future_permit, false),
    ("a lock that is locked again", relock, false),
    ("two locks in different order", || diners(2), false),
    ("five philosophers", || diners(5), false),
    ("two semaphores in different order", two_semaphores, false),
    ("a lock and a channel", lock_and_channel, false),
    ("two that join each other", joins, false),
    ("who joins the one that waits for it", join_and_channel, false),
    ("a scope whose child waits for its owner", scope_and_child, false),
    ("ends that were used, not declared", undeclared, false),
    ("a selection of another library", foreign_select, false),
    ("an event that who waits for its waiter would set", told::event, true),
    ("an event that only who waits for it has", told::own_event, true),
    ("two events in different order", told::two_events, true),
    ("an event in a choice", told::event_in_choice, true),
    ("an event that was used, not declared", told::undeclared_event, false),
    ("a condition that who waits for its waiter would notify", told::condition, true),
    ("a condition in a choice", told::condition_in_choice, true),
    ("a condition in a reusable choice", told::condition_in_alt, true),
    ("a future in a choice", told::future_in_choice, true),
    ("a token that who waits for its waiter would cancel", told::token, true),
    ("a token below the one that would be cancelled", told::child_token, true),
    ("a re-entrant call that comes back for the state itself", told::reentrant_back, true),
    ("a re-entrant call that comes back, beside a timer", told::reentrant_back_beside_a_timer, true),
    ("a re-entrant actor that asks itself for its state", told::reentrant_itself, true),
];

fn start(process: Process) -> ProcessId {
    spawn(process).process().id()
}

fn crossed() -> Vec<ProcessId> {
    let ((a, from_a), (b, from_b)) = (channel(), channel());
    vec![start(send_receive(a, from_b)), start(send_receive(b, from_a))]
}

fn both_receive() -> Vec<ProcessId> {
    let ((a, from_a), (b, from_b)) = (channel(), channel());
    vec![start(receive_send(from_b, a)), start(receive_send(from_a, b))]
}

/// Channels of a ring: each place sends to the next.
fn ring(n: usize) -> impl Iterator<Item = (Sender<u8>, Receiver<u8>)> {
    let (outs, mut ins): (Vec<_>, Vec<_>) = (0..n).map(|_| channel()).unzip();
    ins.rotate_right(1);
    outs.into_iter().zip(ins)
}

fn ring_of(n: usize, sends: bool) -> Vec<ProcessId> {
    ring(n).map(|(out, inp)| start(if sends { send_receive(out, inp) } else { receive_send(inp, out) })).collect()
}

pub(super) fn own_receive() -> Vec<ProcessId> {
    let (out, inp) = channel();
    vec![start(receive_send(inp, out))]
}

fn own_send() -> Vec<ProcessId> {
    let (out, inp) = channel();
    vec![start(send_receive(out, inp))]
}

fn buffers(places: usize, times: u8) -> Vec<ProcessId> {
    let ((a, from_a), (b, from_b)) = (channel_bounded(places), channel_bounded(places));
    vec![start(send_to(a, from_b, times)), start(send_to(b, from_a, times))]
}

fn wants_more() -> Vec<ProcessId> {
    let ((a, from_a), (b, from_b)) = (channel_bounded(4), channel());
    vec![start(send_to(a, from_b, 3)), start(take(from_a, b, 4))]
}

fn feedback() -> Vec<ProcessId> {
    let ((a, from_a), (b, from_b)) = (channel(), channel());
    vec![start(send_to(a, from_b, 2)), start(take(from_a, b, 1))]
}

fn choice_in() -> Vec<ProcessId> {
    let ((a, from_a), (b, from_b), (c, from_c), (d, from_d)) = (channel(), channel(), channel(), channel());
    let members = vec![start(choose(from_a, from_b, c)), start(receive_send_both(from_c, a, d))];
    start(receive_send(from_d, b));
    members
}

fn choice_out() -> Vec<ProcessId> {
    let ((a, from_a), (b, from_b), (c, from_c)) = (channel(), channel(), channel());
    vec![start(offer(a, b, c)), start(parts::receive_three(from_c, from_a, from_b))]
}

fn two_choices() -> Vec<ProcessId> {
    let ((a, from_a), (b, from_b), (c, from_c), (d, from_d)) = (channel(), channel(), channel(), channel());
    vec![start(parts::choose_send_both(from_a, from_b, c, d)), start(parts::choose_send_both(from_c, from_d, a, b))]
}

fn choice_of_ring() -> Vec<ProcessId> {
    let ((a, from_a), (b, from_b)) = (channel(), channel());
    let ((x, from_x), (y, from_y)) = (channel(), channel());
    let members = vec![start(receive_send_both(from_b, a, x)), start(receive_send_both(from_a, b, y))];
    let (z, _keep) = channel();
    start(choose(from_x, from_y, z));
    members
}

fn farm() -> Vec<ProcessId> {
    let ((jobs, to_do), (results, done), (end, ended)) = (channel(), channel(), channel());
    let mut members = vec![start(parts::feed(jobs, end))];
    members.extend((0..3).map(|_| start(parts::work(to_do.clone(), results.clone()))));
    members.push(start(parts::collect(ended, done)));
    // The cycle goes through the first of the workers.
    drop((to_do, results));
    vec![members[0], members[1], members[4]]
}

fn followers() -> Vec<ProcessId> {
    let ((a, from_a), (b, from_b), (c, from_c), (d, from_d)) = (channel(), channel(), channel(), channel());
    let members = vec![start(receive_send_both(from_b, a, c)), start(receive_send(from_a, b))];
    start(receive_send(from_c, d));
    let (e, _kept) = channel();
    start(receive_send(from_d, e));
    members
}

fn listed() -> Vec<ProcessId> {
    let (outs, ins): (Vec<_>, Vec<_>) = (0..3).map(|_| channel()).unzip();
    let (back, from) = channel();
    vec![start(parts::to_all(outs, from)), start(parts::wants_last(ins, back))]
}

fn borrowed() -> Vec<ProcessId> {
    let ((a, from_a), (b, from_b)) = (channel(), channel());
    vec![start(parts::send_by_helper(a, from_b)), start(parts::send_by_helper(b, from_a))]
}

fn barrier() -> Vec<ProcessId> {
    let barrier = Barrier::new();
    let (a, from_a) = channel();
    let b = start(receive_meet(from_a, barrier.enrol()));
    vec![b, start(meet_send(barrier.enrol(), a))]
}

fn barrier_send() -> Vec<ProcessId> {
    let barrier = Barrier::new();
    let ((a, from_a), (b, from_b)) = (channel(), channel());
    let one = start(meet_receive(barrier.enrol(), from_b, a));
    vec![one, start(parts::send_meet(b, barrier.enrol(), from_a))]
}

fn two_barriers() -> Vec<ProcessId> {
    let (x, y) = (Barrier::new(), Barrier::new());
    let one = start(parts::meet_both(x.enrol(), y.enrol()));
    vec![one, start(parts::meet_both(y.enrol(), x.enrol()))]
}

fn links(n: usize) -> Vec<LinkRef> {
    (0..n).map(|_| spawn_actor(Link { next: None })).collect()
}

fn calls(n: usize) -> Vec<ProcessId> {
    let links = links(n);
    let ids = links.iter().map(|link| link.process().id()).collect();
    spawn(async move {
        for (i, link) in links.iter().enumerate() {
            link.join(links[(i + 1) % links.len()].clone()).await?;
        }
        // It fails when the program is ended.
        let _ = links[0].pass(200).await;
        Outcome::Ok(())
    });
    ids
}

fn call_and_channel() -> Vec<ProcessId> {
    let link = links(1).remove(0);
    let (out, inp) = channel();
    let actor = link.process().id();
    vec![actor, start(parts::call_then_send(link, inp, out))]
}

fn full_mailbox() -> Vec<ProcessId> {
    let link = links(1).remove(0);
    let (out, inp) = channel();
    let actor = link.process().id();
    vec![actor, start(parts::fill_then_send(link, inp, out))]
}

fn futurelock() -> Vec<ProcessId> {
    let lock = Exclusive::new(());
    vec![start(Process::new("futurelock", async move {
        let held = lock.lock().await?;
        let mut parked = std::pin::pin!(lock.lock());
        let _ = futures_poll(parked.as_mut());
        drop(held);
        // The lock is the parked future's now, which nobody polls.
        let _again = lock.lock().await?;
        Outcome::Ok(())
    }))]
}

fn futures_poll<F: Future>(future: std::pin::Pin<&mut F>) -> bool {
    future.poll(&mut std::task::Context::from_waker(std::task::Waker::noop())).is_ready()
}

fn future_permit() -> Vec<ProcessId> {
    let seats = Semaphore::new(1);
    vec![start(Process::new("permit", async move {
        let held = seats.acquire().await?;
        let mut parked = std::pin::pin!(seats.acquire());
        let _ = futures_poll(parked.as_mut());
        drop(held);
        let _again = seats.acquire().await?;
        Outcome::Ok(())
    }))]
}

fn relock() -> Vec<ProcessId> {
    let lock = Exclusive::new(());
    vec![start(Process::new("relock", async move {
        let _held = lock.lock().await?;
        let _again = lock.lock().await?;
        Outcome::Ok(())
    }))]
}

fn diners(n: usize) -> Vec<ProcessId> {
    let forks: Vec<_> = (0..n).map(|_| Exclusive::new(())).collect();
    let ready: Vec<_> = (0..n).map(|_| Event::new()).collect();
    let next = |i: usize| (i + 1) % n;
    (0..n)
        .map(|i| start(diner(forks[i].clone(), forks[next(i)].clone(), ready[i].clone(), ready[next(i)].clone())))
        .collect()
}

fn two_semaphores() -> Vec<ProcessId> {
    let (x, y, one, two) = (Semaphore::new(1), Semaphore::new(1), Event::new(), Event::new());
    vec![start(taker(x.clone(), y.clone(), one.clone(), two.clone())), start(taker(y, x, two, one))]
}

fn lock_and_channel() -> Vec<ProcessId> {
    let (lock, ready) = (Exclusive::new(()), Event::new());
    let (out, inp) = channel();
    let one = start(parts::lock_receive(lock.clone(), ready.clone(), inp));
    vec![one, start(parts::lock_send(lock, ready, out))]
}

fn joins() -> Vec<ProcessId> {
    let (tell, told) = channel::<rendez_runtime::ProcessRef>();
    let one = spawn(async move {
        told.recv().await?.ended().await;
        Outcome::Ok(())
    });
    let first = one.process();
    let two = spawn(async move {
        first.ended().await;
        Outcome::Ok(())
    });
    let (ids, second) = (vec![one.process().id(), two.process().id()], two.process());
    spawn(async move {
        tell.send(second).await?;
        Outcome::Ok(())
    });
    ids
}

fn join_and_channel() -> Vec<ProcessId> {
    let ((out, inp), (never, from)) = (channel::<u8>(), channel::<u8>());
    let one = spawn(receive_send(inp, never));
    let other = one.process();
    vec![other.id(), start(parts::join_then_send(other, out, from))]
}

fn scope_and_child() -> Vec<ProcessId> {
    let (out, inp) = channel::<u8>();
    let child = Process::new("child", async move {
        inp.recv().await?;
        Outcome::Ok(())
    });
    let id = child.id();
    let owner = Process::new("owner", async move {
        out.note_holder();
        par![child].await?;
        out.send(1).await?;
        Outcome::Ok(())
    });
    vec![start(owner), id]
}

fn undeclared() -> Vec<ProcessId> {
    let ((a, from_a), (b, from_b)) = (channel::<u8>(), channel::<u8>());
    let both = |name, out: Sender<u8>, inp: Receiver<u8>| {
        start(Process::new(name, async move {
            inp.note_holder();
            out.send(1).await?;
            inp.recv().await?;
            Outcome::Ok(())
        }))
    };
    vec![both("a", a, from_b), both("b", b, from_a)]
}

fn foreign_select() -> Vec<ProcessId> {
    let ((a, from_a), (b, from_b), (c, from_c), (d, from_d)) = (channel(), channel(), channel(), channel());
    vec![start(parts::select_foreign(from_a, from_b, c, d)), start(parts::select_foreign(from_c, from_d, a, b))]
}
