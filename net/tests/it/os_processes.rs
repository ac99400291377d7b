//! Child nodes as processes of the tree, barriers between them and recycled workers. The children are this test program
//! again: [`in_the_child`] is their `main`.
#![cfg(unix)]

use crate::common::{PATIENCE, Pair, event, node, soon};
use rendez_channels::{Barrier, Receiver, Sender, channel, channel_unbounded};
use rendez_model::{End, ProcessKind};
use rendez_net::{
    Admit, CHILDREN_MAX, ChildNode, ChildSpec as NodeSpec, NetError, Node, NodeEvent, NodeId, OnLoss, Publish, Reason,
    child_main,
};
use rendez_runtime::{ChildSpec, Outcome, Process, Restart, Spawned, Supervisor, par, spawn};
use std::collections::BTreeSet;
use std::future::Future;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Where a child at the barrier writes what it does.
const LOG: &str = "RENDEZ_TEST_LOG";
/// How often children meet.
const ROUNDS: usize = 5;

/// What a child is, its name says; not a test unless started as a child.
#[tokio::test]
async fn in_the_child() {
    let Some(child) = child_main().unwrap() else { return };
    let outcome = match child.name.split(' ').next().unwrap() {
        "worker" => squares(child).await,
        "party" => meets(child).await,
        "pid" => child.serve(async |n: u64| (n, std::process::id())).await,
        "mortal" => child.serve(async |n: u64| if n == 3 { std::process::abort() } else { n }).await,
        "quitter" => child.serve(async |n: u64| if n == 3 { std::process::exit(0) } else { n }).await,
        "sleeper" => child.serve(async |_: u64| std::future::pending::<u64>().await).await,
        "idler" => std::process::exit(0),
        // Connects, asks for nothing, and stays or goes.
        "stayer" => stays(child).await,
        "joiner" => child.join().await.map(|_| std::process::exit(0)),
        "fails" => std::process::exit(7),
        other => panic!("no child `{other}`"),
    };
    std::process::exit(if outcome.is_ok() { 0 } else { 1 });
}

async fn stays(child: ChildNode) -> Result<(), NetError> {
    let _joined = child.join().await?;
    std::future::pending().await
}

async fn squares(child: ChildNode) -> Result<(), NetError> {
    let (node, parent) = child.join().await?;
    let numbers = parent.receiver::<u64>("numbers").await?;
    let squares = parent.sender::<u64>("squares").await?;
    while let Ok(Some(n)) = numbers.next().await {
        squares.send(n * n).await.unwrap();
    }
    drop(squares);
    node.shutdown().await;
    Ok(())
}

/// Comes to the barrier again and again, and says before and after each meeting that it does: a line at once.
async fn meets(child: ChildNode) -> Result<(), NetError> {
    let name = child.name.clone();
    let (node, parent) = child.join().await?;
    let mut party = parent.barrier("rounds").await?;
    let mut log = std::fs::OpenOptions::new().append(true).open(std::env::var_os(LOG).unwrap()).unwrap();
    for round in 0..ROUNDS {
        log.write_all(format!("comes {round}\n").as_bytes()).unwrap();
        if name == "party that sleeps" {
            std::future::pending::<()>().await;
        }
        if party.sync().await.is_err() {
            break;
        }
        log.write_all(format!("goes {round}\n").as_bytes()).unwrap();
    }
    drop(party);
    node.shutdown().await;
    Ok(())
}

fn spec(name: &str) -> NodeSpec {
    NodeSpec::new(name).args(["--exact", "os_processes::in_the_child", "--nocapture"]).silent()
}

/// Runs a test as the body of a process, with a hub.
async fn with_hub<F: Future<Output = Outcome> + Send + 'static>(body: impl FnOnce(Node) -> F + Send + 'static) {
    let hub = node("hub", Admit::nobody());
    let test = spawn(body(hub.clone()));
    soon(test.join()).await.unwrap();
    soon(hub.shutdown()).await;
}

fn publish(hub: &Node) -> (Sender<u64>, Receiver<u64>) {
    let ((numbers, input), (output, squares)) = (channel(), channel());
    hub.publish_receiver("numbers", input).unwrap();
    hub.publish_sender("squares", output).unwrap();
    (numbers, squares)
}

/// A child that works.
async fn working(hub: &Node) -> Outcome<(NodeId, Spawned<()>, u32)> {
    let (id, worker) = hub.child(spec("worker"))?;
    let worker = spawn(worker);
    hub.joined(id).await;
    let pid = worker.process().os_pid().unwrap();
    Ok((id, worker, pid))
}

/// Whether anything is left of it: a zombie is.
fn is_there(pid: u32) -> bool {
    Path::new(&format!("/proc/{pid}")).exists()
}

fn kill(pid: u32) {
    assert!(Command::new("kill").args(["-KILL", &pid.to_string()]).status().unwrap().success());
}

#[tokio::test]
async fn a_child_node_is_a_process_that_works_and_ends() {
    with_hub(async |hub: Node| {
        let events = hub.events();
        let (numbers, squares) = publish(&hub);
        let (id, worker, pid) = working(&hub).await?;
        let seen = worker.process().inspect();
        assert_eq!((seen.name.as_str(), seen.kind), ("worker", ProcessKind::Child));
        assert!(seen.parent.is_some() && seen.spawned_at.starts_with("net/tests/it/os_processes.rs:"), "{seen:?}");
        for n in 1..=5 {
            numbers.send(n).await?;
            assert_eq!(squares.recv().await?, n * n);
        }
        hub.withdraw("numbers");
        drop(numbers);
        worker.join().await?;
        assert!(!is_there(pid) && !hub.admit().admits(&id));
        let left = event(&events, |event| !matches!(event, NodeEvent::Joined { .. })).await;
        assert_eq!(left, NodeEvent::Left { peer: id, name: "worker".into() });
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn a_child_node_that_fails_or_is_killed_is_a_failure_and_a_loss() {
    with_hub(async |hub: Node| {
        let events = hub.events();
        let failure = par![hub.child(spec("fails"))?.1].await.unwrap_err();
        assert!(failure.to_string().ends_with("failed: child node `fails` exited with status 7"), "{failure}");
        assert!(matches!(events.recv().await?, NodeEvent::Lost { name, .. } if name == "fails"));

        let (_numbers, squares) = publish(&hub);
        let (id, worker) = hub.child(spec("worker"))?;
        let killed = Process::new("kills", async move {
            let worker = spawn(worker);
            hub.joined(id).await;
            kill(worker.process().os_pid().unwrap());
            worker.join().await
        });
        let failure = par![killed].await.unwrap_err();
        assert!(failure.to_string().ends_with("failed: child node `worker` exited with signal 9"), "{failure}");
        let lost = event(&events, |event| matches!(event, NodeEvent::Lost { .. })).await;
        let reason = Reason::Exited("exited with signal 9".into());
        assert_eq!(lost, NodeEvent::Lost { peer: id, name: "worker".into(), reason });
        drop(squares);
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn a_child_node_ends_with_its_scope_on_a_request_and_with_its_node() {
    with_hub(async |hub: Node| {
        let events = hub.events();
        let _ends = publish(&hub);
        let (id, worker, pid) = working(&hub).await?;
        worker.stop();
        assert!(worker.join().await.unwrap_err().is_cancelled());
        assert!(!is_there(pid) && !hub.admit().admits(&id));
        event(&events, |event| matches!(event, NodeEvent::Left { .. })).await;

        let (_, worker, pid) = working(&hub).await?;
        assert_eq!(worker.process().stop_within(PATIENCE).await, End::Normal);
        assert!(!is_there(pid));
        event(&events, |event| matches!(event, NodeEvent::Left { .. })).await;

        let (id, stayer) = hub.child(spec("stayer"))?;
        let stayer = spawn(stayer);
        hub.joined(id).await;
        let pid = stayer.process().os_pid().unwrap();
        hub.shutdown().await;
        stayer.join().await?;
        assert!(!is_there(pid));
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn a_child_that_is_never_started_is_not_expected_any_more() {
    let hub = node("hub", Admit::nobody());
    let mut waiting: Vec<_> = (0..CHILDREN_MAX).map(|_| hub.child(spec("worker")).unwrap()).collect();
    let error = hub.child(spec("worker")).err().unwrap();
    assert_eq!(error, NetError::Full { what: "children", limit: CHILDREN_MAX });
    let (id, unstarted) = waiting.pop().unwrap();
    assert!(hub.admit().admits(&id));
    drop(unstarted);
    assert!(!hub.admit().admits(&id));
    assert!(hub.child(spec("worker")).is_ok());
    drop(waiting);
    assert!(matches!(hub.child(spec("")), Err(NetError::BadName { .. })));
    soon(hub.shutdown()).await;
    assert_eq!(hub.child(spec("worker")).err(), Some(NetError::ShutDown));
}

#[tokio::test]
async fn a_supervisor_starts_a_child_node_again() {
    with_hub(async |hub: Node| {
        let events = hub.events();
        let ((numbers, input), (output, squares)) = (channel::<u64>(), channel::<u64>());
        let others_go_on = Publish { on_loss: OnLoss::RetireEnd, ..Publish::default() };
        hub.publish_receiver_with("numbers", input, others_go_on.clone()).unwrap();
        hub.publish_sender_with("squares", output, others_go_on).unwrap();
        let (tell, ids) = channel_unbounded();
        let make = move || {
            let (id, worker) = hub.child(spec("worker")).unwrap();
            let _ = tell.try_send((id, hub.clone()));
            worker
        };
        let supervisor =
            Supervisor::one_for_one().child(ChildSpec::process("worker", make).restart(Restart::Transient));
        let supervisor = supervisor.start();
        for n in [3, 4] {
            let (id, hub) = ids.recv().await?;
            hub.joined(id).await;
            numbers.send(n).await?;
            assert_eq!(squares.recv().await?, n * n);
            if n == 3 {
                let worker = supervisor.children().await?.remove(0).process.unwrap();
                kill(worker.os_pid().unwrap());
                event(&events, |event| matches!(event, NodeEvent::Lost { .. })).await;
            }
        }
        supervisor.stop();
        supervisor.process().ended().await;
        Ok(())
    })
    .await;
}

/// A file of a test's own that is removed in the end.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("rendez-net-{}-{name}", std::process::id()));
        std::fs::write(&path, "").unwrap();
        Self(path)
    }

    fn lines(&self) -> Vec<String> {
        std::fs::read_to_string(&self.0).unwrap().lines().map(String::from).collect()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Where a line stands in the log, first and last.
fn span(lines: &[String], line: &str) -> (usize, usize) {
    let at = |line: &String, wanted: &str| line == wanted;
    let first = lines.iter().position(|l| at(l, line)).unwrap();
    (first, lines.iter().rposition(|l| at(l, line)).unwrap())
}

#[tokio::test]
async fn os_processes_meet_at_a_barrier_and_nobody_is_ahead() {
    let log = Scratch::new("rounds");
    let path = log.0.clone();
    with_hub(async move |hub: Node| {
        let barrier = Barrier::new();
        hub.publish_barrier("rounds", barrier.enrol_many(3))?;
        let party = |n: u32| Ok(hub.child(spec(&format!("party {n}")).env(LOG, &path))?.1);
        par((0..3).map(party).collect::<Outcome<Vec<_>>>()?).await
    })
    .await;
    let lines = log.lines();
    assert_eq!(lines.len(), 3 * 2 * ROUNDS);
    for round in 0..ROUNDS {
        let (_, last_to_come) = span(&lines, &format!("comes {round}"));
        let (first_to_go, _) = span(&lines, &format!("goes {round}"));
        assert!(last_to_come < first_to_go, "round {round}: {lines:?}");
    }
}

#[tokio::test]
async fn a_party_that_is_killed_resigns_and_the_others_meet() {
    let log = Scratch::new("resigns");
    let path = log.0.clone();
    with_hub(async move |hub: Node| {
        let barrier = Barrier::new();
        let mut here = barrier.enrol();
        hub.publish_barrier("rounds", barrier.enrol_many(2))?;
        let (_, steady) = hub.child(spec("party 1").env(LOG, &path))?;
        let (id, sleeps) = hub.child(spec("party that sleeps").env(LOG, &path))?;
        let (steady, sleeps) = (spawn(steady), spawn(sleeps));
        hub.joined(id).await;
        while barrier.parties() != (3, 1) || hub.published().contains(&"rounds".to_owned()) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert_eq!(here.try_sync(), None, "not all have come");
        sleeps.stop();
        for round in 0..ROUNDS as u64 {
            assert_eq!(here.sync().await, round);
        }
        steady.join().await
    })
    .await;
    assert_eq!(log.lines().iter().filter(|line| line.starts_with("goes")).count(), ROUNDS);
}

#[tokio::test]
async fn a_dropped_sync_stays_counted_and_the_next_is_its_end() {
    let pair = Pair::new().await;
    let barrier = Barrier::new();
    let mut here = barrier.enrol();
    pair.hub.publish_barrier("rounds", barrier.enrol_many(1)).unwrap();
    let mut there = soon(pair.peer.barrier("rounds")).await.unwrap();
    {
        let mut comes = Box::pin(there.sync());
        // It has come once the barrier says so; polled until then.
        let come = async {
            while barrier.parties() != (2, 1) {
                tokio::time::sleep(Duration::from_millis(1)).await
            }
        };
        tokio::select! {
            _ = comes.as_mut() => panic!("it met nobody"),
            () = soon(come) => {}
        }
    }
    assert_eq!(soon(here.sync()).await, 0);
    soon(there.sync()).await.unwrap();
    assert_eq!(barrier.parties(), (2, 0), "it has not come again");
    let (phase, met) = soon(async { tokio::join!(here.sync(), there.sync()) }).await;
    assert_eq!((phase, met), (1, Ok(())));
    drop(there);
    assert_eq!(soon(here.sync()).await, 2, "alone");
    pair.shutdown().await;
}

#[tokio::test]
async fn parties_are_handed_out_once_and_those_that_nobody_wants_resign() {
    let pair = Pair::new().await;
    let barrier = Barrier::new();
    let mut here = barrier.enrol();
    pair.hub.publish_barrier("rounds", barrier.enrol_many(2)).unwrap();
    let mut there = soon(pair.peer.barrier("rounds")).await.unwrap();
    assert_eq!(barrier.parties(), (3, 0));
    assert!(pair.hub.withdraw("rounds"));
    let (_, met) = soon(async { tokio::join!(here.sync(), there.sync()) }).await;
    met.unwrap();
    let error = soon(pair.peer.barrier("rounds")).await.unwrap_err();
    assert!(matches!(error, NetError::UnknownName { .. }), "{error}");

    pair.hub.publish_barrier("nobody's", vec![]).unwrap();
    assert_eq!(pair.hub.published(), Vec::<String>::new());
    assert!(matches!(pair.hub.publish_barrier("@", vec![]), Err(NetError::BadName { .. })));
    pair.hub.publish_sender("numbers", channel::<u64>().0).unwrap();
    let error = soon(pair.peer.barrier("numbers")).await.unwrap_err();
    assert!(error.to_string().contains("is of type"), "{error}");
    pair.shutdown().await;
}

#[tokio::test]
async fn who_waits_at_a_barrier_learns_that_its_node_is_gone() {
    let pair = Pair::new().await;
    let barrier = Barrier::new();
    let _here = barrier.enrol();
    pair.hub.publish_barrier("rounds", barrier.enrol_many(1)).unwrap();
    let mut there = soon(pair.peer.barrier("rounds")).await.unwrap();
    let waits = tokio::spawn(async move { there.sync().await });
    soon(async {
        while barrier.parties() != (2, 1) {
            tokio::time::sleep(Duration::from_millis(1)).await
        }
    })
    .await;
    soon(pair.hub.shutdown()).await;
    assert!(soon(waits).await.unwrap().is_err());
    assert_eq!(barrier.parties().0, 1, "it has resigned");
    soon(pair.worker.shutdown()).await;
}

/// What workers make of jobs, in the order in which they are done.
async fn done<R: serde::de::DeserializeOwned + Send + 'static>(
    hub: &Node,
    spec: NodeSpec,
    (count, each): (usize, u32),
    numbers: std::ops::Range<u64>,
) -> Outcome<Vec<R>> {
    let ((jobs, todo), (results, all)) = (channel(), channel());
    let workers = hub.workers(spec, count).renewed_after(each).run(todo, results);
    let give = Process::new("give", async move {
        for n in numbers {
            jobs.send(n).await?;
        }
        Outcome::Ok(())
    });
    let collect = Process::new("collect", async move {
        let mut done = vec![];
        while let Some(result) = all.next().await? {
            done.push(result);
        }
        Outcome::Ok(done)
    });
    Ok(par![workers, give, collect].values().await?.2)
}

#[tokio::test]
async fn a_worker_is_replaced_after_so_many_jobs() {
    with_hub(async |hub: Node| {
        let done: Vec<(u64, u32)> = done(&hub, spec("pid"), (1, 3), 0..7).await?;
        assert_eq!(done.iter().map(|(n, _)| *n).collect::<Vec<_>>(), (0..7).collect::<Vec<_>>());
        let pids: Vec<_> = done.chunk_by(|a, b| a.1 == b.1).map(|chunk| (chunk[0].1, chunk.len())).collect();
        assert_eq!(pids.iter().map(|(_, jobs)| *jobs).collect::<Vec<_>>(), [3, 3, 1]);
        assert!(pids.iter().all(|(pid, _)| !is_there(*pid)), "{pids:?}");
        assert_eq!(hub.published(), Vec::<String>::new());
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn several_workers_share_the_jobs_and_no_worker_is_started_for_none() {
    with_hub(async |hub: Node| {
        let done_by_two: Vec<(u64, u32)> = done(&hub, spec("pid"), (2, 4), 0..20).await?;
        let numbers: BTreeSet<_> = done_by_two.iter().map(|(n, _)| *n).collect();
        assert_eq!((done_by_two.len(), numbers), (20, (0..20).collect()));
        let mut jobs = std::collections::BTreeMap::<u32, usize>::new();
        done_by_two.iter().for_each(|(_, pid)| *jobs.entry(*pid).or_default() += 1);
        assert!(jobs.values().all(|jobs| *jobs <= 4) && jobs.len() >= 5, "{jobs:?}");
        let events = hub.events();
        assert_eq!(done::<u64>(&hub, spec("pid"), (2, 4), 0..0).await?, []);
        assert!(events.try_recv().is_err());
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn a_worker_that_dies_with_a_job_is_named() {
    with_hub(async |hub: Node| {
        let died = done::<u64>(&hub, spec("mortal"), (1, 100), 0..5).await.unwrap_err().to_string();
        assert!(died.contains("`mortal 1`") && died.contains("signal 6"), "{died}");
        let quit = done::<u64>(&hub, spec("quitter"), (1, 100), 0..5).await.unwrap_err().to_string();
        assert!(quit.contains("worker `quitter 1` has not done the job that it was given"), "{quit}");
        let joins = done::<u64>(&hub, spec("joiner"), (1, 100), 0..5).await.unwrap_err().to_string();
        assert!(joins.contains("worker `joiner 1` has not done the job that it was given"), "{joins}");
        let idle = done::<u64>(&hub, spec("idler"), (1, 100), 0..5).await.unwrap_err().to_string();
        assert!(idle.contains("worker `idler 1` has ended before it was connected"), "{idle}");
        assert_eq!(hub.published(), Vec::<String>::new());
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn workers_end_when_nobody_takes_results_and_on_a_request() {
    with_hub(async |hub: Node| {
        let events = hub.events();
        let ((jobs, todo), (results, all)) = (channel::<u64>(), channel::<(u64, u32)>());
        let workers = spawn(hub.workers(spec("pid"), 1).run(todo, results));
        jobs.send(1).await?;
        let (_, pid) = all.recv().await?;
        drop(all);
        while jobs.send(2).await.is_ok() {}
        workers.join().await?;
        assert!(!is_there(pid));

        let ((jobs, todo), (results, all)) = (channel::<u64>(), channel::<(u64, u32)>());
        let workers = spawn(hub.workers(spec("pid"), 1).run(todo, results));
        jobs.send(1).await?;
        let (_, pid) = all.recv().await?;
        assert_eq!(workers.process().stop_within(PATIENCE).await, End::Normal, "waiting for a job");
        assert!(!is_there(pid));

        let ((jobs, todo), (results, _all)) = (channel::<u64>(), channel::<u64>());
        let workers = spawn(hub.workers(spec("sleeper"), 1).run(todo, results));
        jobs.send(1).await?;
        event(&events, |event| matches!(event, NodeEvent::Joined { name, .. } if name == "sleeper 1")).await;
        assert_eq!(workers.process().stop_within(PATIENCE).await, End::Normal, "with a job");
        assert!(jobs.send(2).await.is_err());
        Ok(())
    })
    .await;
}
