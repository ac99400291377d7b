//! Ctrl-c and SIGTERM: clean-up runs, who does not end is named, a second one ends the program. Each program is this test again, as a
//! child.
#![cfg(unix)]

use crate::bad_input::assert_documented;
use rendez_channels::{after, channel};
use rendez_model::State;
use rendez_runtime::toolkit::{Signal, signals};
use rendez_runtime::{Outcome, Process, RunOptions, blocking, ctrl_c, par, shield, spawn, stop_requested};
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const CHILD: &str = "RENDEZ_TEST_SHUTDOWN";
const FOREVER: Duration = Duration::from_secs(3600);

/// How the system calls what ctrl-c sends.
const CTRL_C: &str = "INT";
const TERMINATE: &str = "TERM";

/// Runs a program in a child, and sends it these signals, each when it has printed a line that says `ctrl-c`.
fn signalled(program: &str, signals: &[&str]) -> (Option<i32>, Vec<String>, String) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "shutdown::the_child", "--nocapture", "--test-threads=1"])
        .env(CHILD, program)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = vec![];
    let mut left = signals.iter();
    for line in BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok) {
        if line.ends_with("ctrl-c")
            && let Some(signal) = left.next()
        {
            send(signal, &child);
        }
        lines.push(line);
    }
    let mut errors = String::new();
    child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
    let status = child.wait().unwrap();
    // The harness may have begun a line before.
    let printed = lines.iter().filter_map(|line| Some(line[line.find('>')?..].to_owned()));
    (status.code(), printed.collect(), errors)
}

/// Runs a program in a child, and sends it ctrl-c so many times.
fn interrupted(program: &str, times: usize) -> (Option<i32>, Vec<String>, String) {
    signalled(program, &vec![CTRL_C; times])
}

fn send(signal: &str, child: &Child) {
    assert!(Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status().unwrap().success());
}

/// Not a test: what the children run.
#[test]
fn the_child() {
    let Ok(program) = std::env::var(CHILD) else { return };
    let options = RunOptions::new().grace(Duration::from_millis(300));
    let outcome = match program.as_str() {
        "tidies" => options.grace(FOREVER).run(async { par![tidy(), idle()].await }),
        "shields" => options.grace(FOREVER).run(async { par![saves(), idle()].await }),
        "idles" => options.grace(FOREVER).run(async { par![idle()].await }),
        "promises" => options.run(async { par![Process::new("promiser", promise())].await }),
        "takes" => options.run(takes()),
        "waits" => options.run(waits()),
        "is a main" => {
            println!(">{:?}", idle_main());
            Ok(())
        }
        "stuck" => options.run(async { par![stuck(), idle()].await }),
        other => panic!("no program `{other}`"),
    };
    std::process::exit(if outcome.is_ok() { 0 } else { 9 });
}

/// Ends by itself when it is requested to.
async fn tidy() -> Outcome {
    let requested = stop_requested();
    println!(">tidy is ready for ctrl-c");
    requested.await;
    after(Duration::from_millis(20)).await;
    println!(">tidied");
    Err(rendez_runtime::Failure::new("that is all"))
}

async fn idle() -> Outcome {
    println!(">ready for ctrl-c");
    after(FOREVER).await;
    Ok(())
}

async fn saves() -> Outcome {
    shield(async {
        after(Duration::from_millis(100)).await;
        println!(">saved");
        Outcome::Ok(())
    })
    .await
}

/// Listens, and does not end; twice interrupted it is ended at once.
async fn promise() -> Outcome {
    let requested = stop_requested();
    println!(">first ctrl-c");
    requested.await;
    println!(">second ctrl-c");
    after(FOREVER).await;
    Ok(())
}

/// Takes ctrl-c as a signal, twice, and ends by itself then.
async fn takes() -> Outcome {
    let (tx, rx) = channel();
    let listening = spawn(signals([Signal::Interrupt], tx));
    while !matches!(listening.process().inspect().state, State::Waiting) {
        tokio::task::yield_now().await;
    }
    for _ in 0..2 {
        println!(">ready for ctrl-c");
        println!(">got {}", rx.recv().await?);
    }
    listening.stop();
    Ok(())
}

/// Waits for a request to end, and ends by itself then.
async fn waits() -> Outcome {
    let requested = ctrl_c();
    println!(">ready for ctrl-c");
    requested.await?;
    println!(">was asked");
    Ok(())
}

#[rendez_runtime::main(crate = rendez_runtime)]
async fn idle_main() -> Outcome {
    idle().await
}

/// A thread that nothing reaches.
fn stuck() -> Process {
    blocking("stuck", || std::thread::sleep(FOREVER))
}

#[test]
fn ctrl_c_lets_those_who_listen_tidy_up() {
    let (_, lines, _) = interrupted("tidies", 1);
    assert!(lines.contains(&">tidied".to_owned()), "{lines:?}");
}

#[test]
fn ctrl_c_waits_for_what_is_shielded() {
    let (code, lines, errors) = interrupted("shields", 1);
    assert_eq!(code, Some(9), "{errors}");
    assert!(lines.contains(&">saved".to_owned()), "{lines:?}");
}

#[test]
fn ctrl_c_ends_at_once_where_nobody_listens() {
    let (code, lines, errors) = interrupted("idles", 1);
    assert_eq!((code, lines.len()), (Some(9), 1), "{errors}");
}

#[test]
fn who_listens_and_does_not_end_is_named_and_ended_after_the_grace() {
    let (code, _, errors) = interrupted("promises", 1);
    assert_eq!(code, Some(9), "{errors}");
    let said =
        "not ended 300ms after ctrl-c, and ended now: process `promiser` (spawned at runtime/tests/it/shutdown.rs:";
    assert!(errors.contains(said), "{errors}");
    assert_documented("listens to ctrl-c and does not end", line(&errors, "not ended"));
}

#[test]
fn a_thread_that_does_not_end_is_named_and_left() {
    let (code, _, errors) = interrupted("stuck", 1);
    assert_eq!(code, Some(9), "{errors}");
    let said = "still running 300ms after the end of `main`: process `stuck` (spawned at runtime/tests/it/shutdown.rs:";
    assert!(errors.contains(said), "{errors}");
    assert_documented("does not end with its program", line(&errors, "still running"));
}

/// The line that begins so.
fn line<'a>(text: &'a str, start: &str) -> &'a str {
    text.lines().find(|line| line.starts_with(start)).unwrap_or_default()
}

#[test]
fn who_takes_ctrl_c_as_a_signal_has_it_alone() {
    let (code, lines, errors) = interrupted("takes", 2);
    assert_eq!(code, Some(0), "{errors}");
    assert_eq!(lines, [">ready for ctrl-c", ">got SIGINT", ">ready for ctrl-c", ">got SIGINT"]);
}

#[test]
fn the_second_ctrl_c_ends_the_program_at_once() {
    let (code, lines, errors) = interrupted("promises", 2);
    assert_eq!(code, Some(130), "{errors}");
    assert_eq!(lines, [">first ctrl-c", ">second ctrl-c"]);
}

#[test]
fn a_terminated_program_lets_those_who_listen_tidy_up_and_waits_for_what_is_shielded() {
    let (_, lines, _) = signalled("tidies", &[TERMINATE]);
    assert!(lines.contains(&">tidied".to_owned()), "{lines:?}");
    let (code, lines, errors) = signalled("shields", &[TERMINATE]);
    assert_eq!(code, Some(9), "{errors}");
    assert!(lines.contains(&">saved".to_owned()), "{lines:?}");
}

#[test]
fn who_does_not_end_when_the_program_is_terminated_is_named() {
    let (code, _, errors) = signalled("promises", &[TERMINATE]);
    assert_eq!(code, Some(9), "{errors}");
    assert!(errors.contains("not ended 300ms after SIGTERM, and ended now: process `promiser`"), "{errors}");
}

#[test]
fn the_second_request_ends_the_program_at_once_whichever_it_is() {
    for (second, status) in [(TERMINATE, 143), (CTRL_C, 130)] {
        let (code, lines, errors) = signalled("promises", &[TERMINATE, second]);
        assert_eq!(code, Some(status), "{errors}");
        assert_eq!(lines, [">first ctrl-c", ">second ctrl-c"]);
    }
}

#[test]
fn who_waits_for_ctrl_c_hears_that_the_program_is_terminated() {
    let (code, lines, errors) = signalled("waits", &[TERMINATE]);
    assert_eq!(code, Some(0), "{errors}");
    assert_eq!(lines, [">ready for ctrl-c", ">was asked"]);
}

#[test]
fn who_takes_ctrl_c_as_a_signal_leaves_termination_to_the_program() {
    let (code, lines, errors) = signalled("takes", &[CTRL_C, TERMINATE]);
    assert_eq!(code, Some(9), "{errors}");
    assert_eq!(lines, [">ready for ctrl-c", ">got SIGINT", ">ready for ctrl-c"]);
}

#[test]
fn a_main_says_by_its_status_which_signal_has_ended_it() {
    for (signal, status) in [(TERMINATE, 143), (CTRL_C, 130)] {
        let (_, lines, errors) = signalled("is a main", &[signal]);
        assert!(lines.last().is_some_and(|line| line.contains(&format!("({status})"))), "{lines:?} {errors}");
    }
}
