//! Programs in which nobody can run any more, and others that look like them: in these somebody is there who is no process. Each is an
//! OS process of its own: here a test runner would be there, too.
#![cfg(target_os = "linux")]

use crate::gallery::program;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// How long the test waits for what the runtime promises within a second: the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(30);

/// The example with such an end of its channel.
fn start(who: &str) -> Child {
    Command::new(program(Path::new("lost_end.rs")))
        .arg(who)
        .env("RENDEZ_EXECUTOR", "carriers")
        .env_remove("RUST_LOG")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// What it has said, once it has ended by itself; what goes on for ever is ended.
fn finish(mut child: Child) -> Output {
    let began = Instant::now();
    while child.try_wait().unwrap().is_none() && began.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_millis(20));
    }
    let _ = child.kill();
    child.wait_with_output().unwrap()
}

fn finished(all: &[&'static str]) -> Vec<(&'static str, Output)> {
    let children: Vec<_> = all.iter().map(|who| (*who, start(who))).collect();
    children.into_iter().map(|(who, child)| (who, finish(child))).collect()
}

#[test]
fn that_nobody_can_run_any_more_is_certain() {
    for (who, output) in finished(&["nobody", "static", "dead-thread", "dead-task", "waiting"]) {
        let told = String::from_utf8_lossy(&output.stderr);
        let sentence = "deadlock: nobody can go on: `main` (p1) waits to receive from `results`";
        assert!(told.contains(sentence), "{who}: {told}");
        assert_eq!(output.status.code(), Some(1), "{who}: its scope has failed, the whole program");
    }
}

#[test]
fn while_somebody_is_there_it_is_not() {
    let all = ["thread", "task", "blocking-task", "blocking-process", "timer", "ctrl-c", "other-runtime"];
    for (who, output) in finished(&all) {
        let (said, told) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!(said, "a result has come: 42\n", "{who}: {told}");
    }
}
