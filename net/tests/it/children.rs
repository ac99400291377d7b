//! Child processes as nodes. The child is this test program again: [`in_the_child`] is its `main`.

use crate::common::{PATIENCE, event, node, soon};
use rendez_channels::{Ended, Loss, channel};
use rendez_net::{Admit, Child, ChildSpec, Node, NodeEvent, Publish, Reason, child_main};
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Tells [`in_the_parent`] that it is started by a test.
const PARENT: &str = "RENDEZ_TEST_PARENT";

/// Says that the child squares numbers until there are no more; not a test unless started as a child.
#[tokio::test]
async fn in_the_child() {
    let Some(child) = child_main().unwrap() else { return };
    if child.name == "stillborn" {
        std::process::exit(7);
    }
    let Ok((node, parent)) = child.join().await else { std::process::exit(1) };
    let numbers = parent.receiver::<u64>("numbers").await.unwrap();
    let squares = parent.sender::<u64>("squares").await.unwrap();
    while let Ok(Some(n)) = numbers.next().await {
        squares.send(n * n).await.unwrap();
    }
    drop(squares);
    node.shutdown().await;
    std::process::exit(0);
}

/// Starts a child, says its number, and waits to be killed; not a test unless started by one.
#[tokio::test]
async fn in_the_parent() {
    if std::env::var_os(PARENT).is_none() {
        return;
    }
    let hub = node("hub", Admit::nobody());
    let (_numbers, _squares) = publish(&hub);
    let child = start(&hub, "worker").await;
    child.joined(PATIENCE).await.unwrap();
    println!("\nPID={}", child.pid().unwrap());
    tokio::time::sleep(PATIENCE).await;
}

type Ends = (rendez_channels::Sender<u64>, rendez_channels::Receiver<u64>);

fn publish(hub: &Node) -> Ends {
    let (numbers, input) = channel();
    let (output, squares) = channel();
    let once = Publish { connections: Some(1), ..Publish::default() };
    hub.publish_receiver("numbers", input).unwrap();
    hub.publish_sender_with("squares", output, once).unwrap();
    (numbers, squares)
}

async fn start(hub: &Node, name: &str) -> Child {
    let spec = ChildSpec::new(name).args(["--exact", "children::in_the_child", "--nocapture"]).silent();
    soon(hub.detached(spec)).await.unwrap()
}

#[tokio::test]
async fn a_child_works_and_leaves_when_its_work_retires() {
    let hub = node("hub", Admit::nobody());
    let events = hub.events();
    let (numbers, squares) = publish(&hub);
    let child = start(&hub, "worker").await;
    let peer = soon(child.joined(PATIENCE)).await.unwrap();
    assert_eq!((peer.id(), peer.name()), (child.id(), "worker"));
    for n in 1..=10 {
        soon(numbers.send(n)).await.unwrap();
        assert_eq!(soon(squares.recv()).await, Ok(n * n));
    }
    drop(numbers);
    assert_eq!(soon(squares.next()).await, Ok(None));
    assert_eq!(soon(child.ended()).await, "exited with status 0");
    let left = event(&events, |event| !matches!(event, NodeEvent::Joined { .. })).await;
    assert_eq!(left, NodeEvent::Left { peer: child.id(), name: "worker".into() });
    soon(hub.shutdown()).await;
}

#[tokio::test]
async fn a_killed_child_is_lost_at_once_with_the_signal() {
    let hub = node("hub", Admit::nobody());
    let events = hub.events();
    let (numbers, squares) = publish(&hub);
    let child = start(&hub, "worker").await;
    soon(child.joined(PATIENCE)).await.unwrap();
    soon(numbers.send(3)).await.unwrap();
    assert_eq!(soon(squares.recv()).await, Ok(9));
    let killed = Instant::now();
    child.kill();
    let lost = event(&events, |event| matches!(event, NodeEvent::Lost { .. })).await;
    // Well under the idle timeout of a second.
    assert!(killed.elapsed() < Duration::from_millis(700), "it took {:?}", killed.elapsed());
    let reason = Reason::Exited("exited with signal 9".into());
    assert_eq!(lost, NodeEvent::Lost { peer: child.id(), name: "worker".into(), reason });
    let ended = soon(squares.recv()).await.unwrap_err();
    let lost = Ended::Lost(Loss::new(squares.name(), "worker", "exited with signal 9").into());
    assert_eq!(ended, lost);
    assert!(!hub.admit().admits(&child.id()), "its key is of no more use");
    soon(hub.shutdown()).await;
}

#[tokio::test]
async fn a_frozen_child_is_lost_after_the_idle_timeout() {
    let hub = node("hub", Admit::nobody());
    let events = hub.events();
    let (numbers, squares) = publish(&hub);
    let child = start(&hub, "worker").await;
    soon(child.joined(PATIENCE)).await.unwrap();
    // It has both channels once it has answered.
    soon(numbers.send(3)).await.unwrap();
    assert_eq!(soon(squares.recv()).await, Ok(9));
    let frozen = Command::new("kill").args(["-STOP", &child.pid().unwrap().to_string()]).status().unwrap();
    assert!(frozen.success());
    let lost = event(&events, |event| matches!(event, NodeEvent::Lost { .. })).await;
    let reason = Reason::Silent(Duration::from_secs(1));
    assert_eq!(lost, NodeEvent::Lost { peer: child.id(), name: "worker".into(), reason });
    let ended = soon(squares.recv()).await.unwrap_err();
    assert!(ended.to_string().ends_with("is lost with node `worker`: nothing heard of it for 1s"), "{ended}");
    assert_eq!(soon(child.stop()).await, "exited with signal 9", "it could not end by itself");
    soon(hub.shutdown()).await;
}

#[tokio::test]
async fn a_child_that_ends_before_it_is_connected_is_named() {
    let hub = node("hub", Admit::nobody());
    let events = hub.events();
    let child = start(&hub, "stillborn").await;
    let error = soon(child.joined(PATIENCE)).await.unwrap_err();
    assert_eq!(error.to_string(), "child node `stillborn`: it exited with status 7 before it was connected");
    let lost = event(&events, |_| true).await;
    assert!(matches!(lost, NodeEvent::Lost { name, .. } if name == "stillborn"));
    let nowhere = ChildSpec::new("nobody").program("/no/such/program");
    let error = soon(hub.detached(nowhere)).await.unwrap_err();
    assert!(error.to_string().starts_with("child node `nobody`: No such file"), "{error}");
    soon(hub.shutdown()).await;
}

#[tokio::test]
async fn a_child_ends_with_its_node_and_when_it_is_stopped() {
    let hub = node("hub", Admit::nobody());
    let events = hub.events();
    let _ends = publish(&hub);
    let child = start(&hub, "worker").await;
    soon(child.joined(PATIENCE)).await.unwrap();
    let pid = child.pid().unwrap();
    assert!(is_running(pid));
    assert_eq!(soon(child.stop()).await, "exited with status 3");
    event(&events, |event| matches!(event, NodeEvent::Left { .. })).await;
    assert!(!is_running(pid));

    let idle = start(&hub, "idle").await;
    let pid = idle.pid().unwrap();
    soon(hub.shutdown()).await;
    assert!(!is_running(pid), "a child outlived the shutdown of its node");
}

#[test]
fn a_child_does_not_outlive_a_parent_that_is_killed() {
    let mut parent = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "children::in_the_parent", "--nocapture"])
        .env(PARENT, "1")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(parent.stdout.take().unwrap()).lines();
    let pid = lines.map_while(Result::ok).find_map(|line| line.strip_prefix("PID=")?.parse().ok()).unwrap();
    assert!(is_running(pid));
    parent.kill().unwrap();
    parent.wait().unwrap();
    let deadline = Instant::now() + PATIENCE;
    while is_running(pid) {
        assert!(Instant::now() < deadline, "process {pid} is an orphan");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Whether the process exists and is more than an entry that nobody has collected.
fn is_running(pid: u32) -> bool {
    let Ok(stat) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else { return false };
    !matches!(stat.rsplit_once(") ").map(|(_, rest)| rest.as_bytes()[0]), Some(b'Z' | b'X'))
}
