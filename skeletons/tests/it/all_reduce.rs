//! All-reduce: the same value everywhere, made in the order of the members, also when some are missing.

use crate::support::{run, settle};
use rendez_channels::{Receiver, Sender};
use rendez_runtime::{Failure, Outcome, Process, par, spawn};
use rendez_skeletons::{Member, Reduced, root};
use std::time::Duration;

type Ends<T> = Vec<(Receiver<T>, Sender<T>)>;

fn members<T: Send + 'static>(count: usize) -> (Vec<Member<T>>, Ends<T>) {
    (0..count).map(|_| Member::new()).unzip()
}

fn bring<T: Send + 'static>(member: Member<T>, value: T, after_ms: u64) -> Process<T> {
    Process::new("member", async move {
        rendez_channels::after(Duration::from_millis(after_ms)).await;
        member.all_reduce(value).await
    })
}

#[test]
fn all_members_get_the_same_value() {
    for count in 1..=9 {
        let (reduced, at_members) = run(async move {
            let (members, ends) = members(count);
            let bringing: Vec<_> =
                members.into_iter().zip(0u64..).map(|(member, n)| bring(member, 1 << n, n % 3)).collect();
            let members = Process::new("members", async move { par(bringing).values().await });
            par![root(ends, |x, y| x + y), members].values().await
        })
        .unwrap();
        let sum = (1 << count) - 1;
        assert_eq!(reduced, Reduced { value: sum, absent: vec![] });
        assert_eq!(at_members, vec![sum; count]);
    }
}

#[test]
fn a_sum_of_floats_does_not_depend_on_who_comes_first() {
    // From the left this is 1; in the opposite order it is 0.
    let values = [1e16, -1e16, 1.0];
    for delays in [[0, 10, 20], [20, 10, 0], [10, 20, 0]] {
        let (reduced, a, b, c) = run(async move {
            let (members, ends) = members(3);
            let mut bringing = members.into_iter().zip(values).zip(delays).map(|((m, value), ms)| bring(m, value, ms));
            let mut next = || bringing.next().unwrap();
            par![root(ends, |x: f64, y| x + y), next(), next(), next()].values().await
        })
        .unwrap();
        assert_eq!([reduced.value, a, b, c], [1.0; 4], "members came after {delays:?} ms");
    }
}

#[test]
fn values_that_do_not_commute_stay_in_the_order_of_the_members() {
    let (reduced, ..) = run(async {
        let (members, ends) = members(3);
        let mut bringing =
            members.into_iter().zip(["a", "b", "c"]).zip([10, 0, 5]).map(|((m, s), ms)| bring(m, s.to_owned(), ms));
        let mut next = || bringing.next().unwrap();
        par![root(ends, |x: String, y| x + &y), next(), next(), next()].values().await
    })
    .unwrap();
    assert_eq!(reduced.value, "abc");
}

/// Three members, of which the one in the middle goes away in its own manner.
fn without_the_second(goes: impl FnOnce(Member<u32>) + Send + 'static) -> (Reduced<u32>, u32, u32) {
    run(async move {
        let (mut members, ends) = members(3);
        let (third, second, first) = (members.pop().unwrap(), members.pop().unwrap(), members.pop().unwrap());
        let goes = async move {
            settle().await;
            goes(second);
        };
        let (reduced, first, third, ()) =
            par![root(ends, |x, y| x + y), bring(first, 1, 0), bring(third, 4, 0), goes].values().await?;
        Outcome::Ok((reduced, first, third))
    })
    .unwrap()
}

#[test]
fn a_member_that_retires_poisons_or_is_lost_is_absent_and_the_others_get_their_result() {
    let expected = (Reduced { value: 5, absent: vec![1] }, 5, 5);
    assert_eq!(without_the_second(drop), expected);
    assert_eq!(without_the_second(|member| member.to_root.poison("fell ill")), expected);
    assert_eq!(without_the_second(|member| member.to_root.lose("node-2", "no heartbeat")), expected);
}

#[test]
fn a_member_that_leaves_after_it_brought_its_value_is_counted() {
    let reduced = run(async {
        let (mut members, ends) = members(2);
        let (second, first) = (members.pop().unwrap(), members.pop().unwrap());
        let root = spawn(root(ends, |x: u32, y| x + y));
        first.to_root.send(1).await?;
        drop(first);
        assert_eq!(second.all_reduce(2).await?, 3);
        root.join().await
    });
    assert_eq!(reduced.unwrap(), Reduced { value: 3, absent: vec![] });
}

#[test]
fn a_member_that_does_not_come_for_its_result_holds_back_nobody() {
    run(async {
        let (mut members, ends) = members(2);
        let (second, first) = (members.pop().unwrap(), members.pop().unwrap());
        let root = spawn(root(ends, |x: u32, y| x + y));
        first.to_root.send(1).await?;
        assert_eq!(second.all_reduce(2).await?, 3, "though the first has not received yet");
        assert_eq!(first.from_root.recv().await?, 3);
        root.join().await?;
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn with_nobody_there_it_fails_and_says_so() {
    let failure = run(async { root(vec![], |x: u32, _| x).await }).unwrap_err();
    assert_eq!(failure.cause(), "nothing to reduce: no member has brought a value");
    let failure = run(async {
        let (members, ends) = members::<u32>(3);
        drop(members);
        root(ends, |x, _| x).await
    });
    assert!(failure.unwrap_err().cause().starts_with("nothing to reduce"));
}

#[test]
fn a_root_that_fails_poisons_the_members() {
    let outcome = run(async {
        let (members, ends) = members(2);
        let root = Process::new("flaky", async move {
            ends[0].0.recv().await?;
            Outcome::<()>::Err(Failure::new("out of memory"))
        });
        let told = async move {
            let failure = members[0].all_reduce(1).await.unwrap_err();
            assert!(failure.is_poisoned() && failure.cause().ends_with("out of memory"), "{failure}");
            Outcome::Ok(())
        };
        par![root, told].await
    });
    assert_eq!(outcome.unwrap_err().cause(), "out of memory");
}
