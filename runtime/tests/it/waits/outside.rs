//! What a program shows of itself to who stands outside: on SIGQUIT, when a deadlock aborts it, and how soon it names one. Each in
//! an OS process of its own.

use rendez_channels::{ChannelKind, Receiver, Sender, channel_named};
use rendez_runtime::{OnDeadlock, Outcome, Process, detached, on_deadlock, par, process, run, spawn};
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, Stdio};

/// What the child is to be.
const CHILD: &str = "RENDEZ_TEST_OUTSIDE";
const SIGABRT: i32 = 6;

#[process]
async fn stubborn(output: Sender<u8>, input: Receiver<u8>) -> Outcome {
    output.send(1).await?;
    input.recv().await?;
    Ok(())
}

/// Two that wait for each other for ever.
fn two() -> [Process; 2] {
    let (to_left, left) = channel_named("to-left", ChannelKind::Rendezvous);
    let (to_right, right) = channel_named("to-right", ChannelKind::Rendezvous);
    [stubborn(to_right, left), stubborn(to_left, right)]
}

async fn deadlocked() -> Outcome {
    println!("begins");
    par(two()).await
}

/// What fails by a deadlock: of the children of one scope, of two that live in different ones below one process, and of two in none.
async fn failed_by_deadlocks() -> Outcome<Vec<String>> {
    let told = |ended: Outcome| ended.unwrap_err().to_string();
    let scope = told(par(two()).await);
    let wing = |process| Process::new("wing", async move { par![process].await });
    let house = detached(async move {
        let [left, right] = two().map(wing).map(spawn);
        left.join().await?;
        right.join().await
    });
    let below = told(house.join().await);
    let [left, right] = two().map(detached);
    Ok(vec![scope, below, told(left.join().await), told(right.join().await)])
}

/// No test by itself: what the others start.
#[test]
fn child() {
    let Ok(what) = std::env::var(CHILD) else { return };
    match what.as_str() {
        "names" => return println!("begins, and named after {} ms", super::named_after().as_millis()),
        "pauses" => {
            super::an_hour_of_rings();
            return println!("begins, and has ended");
        }
        "churns" => return println!("begins, and {} have ended", super::an_hour_of_churn()),
        "many" => return println!("begins, and has named {}", super::named_of_many()),
        "fails" => {
            on_deadlock(OnDeadlock::FailScope);
            return println!("begins, and these have failed: {}", run(failed_by_deadlocks()).unwrap().join(" // "));
        }
        "aborts" => on_deadlock(OnDeadlock::Abort),
        _ => {}
    }
    run(deadlocked()).unwrap();
}

/// This test as a child, once it has begun, and what it has said by then. Whoever starts it ends it.
fn start(what: &str, stderr: Stdio) -> (Child, String) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "waits::outside::child", "--nocapture"])
        .env(CHILD, what)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(stderr)
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let begins = lines.map_while(Result::ok).find(|line| line.contains("begins"));
    (child, begins.expect("it says that it has begun"))
}

#[test]
fn a_certain_deadlock_fails_the_innermost_scope_that_all_of_it_lives_in_where_a_program_wants_it_so() {
    let (mut child, said) = start("fails", Stdio::null());
    let sentence = "waits to send on `to-right`, where only `stubborn`";
    assert_eq!(said.matches(sentence).count(), 4, "{said}");
    // What it says after that nobody reads, and it ends as it may.
    child.wait().unwrap();
}

#[test]
fn a_certain_deadlock_aborts_a_program_that_wants_it_so_and_is_told_with_all_processes() {
    let (mut child, _) = start("aborts", Stdio::piped());
    let mut told = String::new();
    child.stderr.take().unwrap().read_to_string(&mut told).unwrap();
    assert_eq!(child.wait().unwrap().signal(), Some(SIGABRT), "{told}");
    let sentence = "`stubborn` (p2) waits to send on `to-right`, where only `stubborn` (p3) can receive there";
    assert!(told.contains(sentence) && told.contains("3 processes"), "{told}");
}

#[test]
fn on_sigquit_a_program_prints_all_processes_and_goes_on() {
    let (mut child, _) = start("waits", Stdio::piped());
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    for _ in 0..2 {
        let sent = Command::new("kill").args(["-QUIT", &child.id().to_string()]).status().unwrap();
        assert!(sent.success());
        assert!(lines.any(|line| line.unwrap().starts_with("node local")), "it prints the table");
        let row = lines.next().unwrap().unwrap();
        assert!(row.contains("main") && row.contains("waits"), "{row}");
    }
    assert!(child.try_wait().unwrap().is_none(), "it goes on");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn deadlocks_are_named_at_the_second_look() {
    let (mut child, said) = start("names", Stdio::null());
    // How it ends says nothing: nobody listens to it any more.
    child.wait().unwrap();
    let ms: u64 = said.split(' ').rev().nth(1).unwrap().parse().unwrap();
    assert!((200..=600).contains(&ms), "{said}");
}

/// For itself: a look at so many takes long in a debug build.
#[test]
fn deadlocks_that_are_found_at_once_are_all_named() {
    let (mut child, said) = start("many", Stdio::null());
    child.wait().unwrap();
    assert!(said.contains("has named 2000"), "{said}");
}

/// For itself: its monitor looks as fast as it can, since an hour passes in seconds.
#[test]
fn an_hour_of_rings_that_pause_has_no_certain_deadlock() {
    let (mut child, said) = start("pauses", Stdio::null());
    child.wait().unwrap();
    assert!(said.contains("has ended"), "{said}");
}

/// As the one before, with networks that come and go.
#[test]
fn an_hour_of_networks_that_come_and_go_has_no_certain_deadlock() {
    let (mut child, said) = start("churns", Stdio::null());
    child.wait().unwrap();
    let ended: usize = said.split(' ').rev().nth(2).unwrap().parse().unwrap();
    assert!(ended > 3_000, "{said}");
}
