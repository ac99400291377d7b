//! What a program says on standard error where nobody listens to `tracing`. Each program is this test again, as a child.

use rendez_channels::{Receiver, Sender, after, channel};
use rendez_runtime::{
    Failure, News, Outcome, Process, RunOptions, Scheduler, actor, deadlocks, detached, explore, par, process, spawn,
    spawn_actor,
};
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

const CHILD: &str = "RENDEZ_TEST_STANDARD_ERROR";
/// How long a program may take: the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(30);

fn command(program: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "standard_error::the_child", "--nocapture", "--test-threads=1"])
        .env(CHILD, program)
        .env_remove("RENDEZ_EXECUTOR")
        .env("RUST_BACKTRACE", "0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// The lines by which the runtime tells something while it runs this program.
fn told_by(program: &str) -> Vec<String> {
    let output = command(program).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{program}: {said}");
    said.lines().filter_map(|line| line.strip_prefix("rendez: ")).map(String::from).collect()
}

/// The one line that begins so. On a busy machine a panic may keep its thread for long enough to be told, too.
fn told_once(program: &str, start: &str) -> String {
    let told = told_by(program);
    let mut lines = told.iter().filter(|line| line.starts_with(start));
    let line = lines.next().unwrap_or_else(|| panic!("no `{start}`: {told:?}"));
    assert_eq!(lines.next(), None, "once");
    line.clone()
}

/// Not a test: what the children run.
#[test]
fn the_child() {
    let Ok(program) = std::env::var(CHILD) else { return };
    let options = RunOptions::new().scheduler(Scheduler::Carriers).workers(2);
    let outcome = match program.as_str() {
        "crashes" => options.run(crashes()),
        "crashes quietly" => options.quiet().run(crashes()),
        "crashes, and is heard" => {
            tracing::subscriber::set_global_default(Deaf).unwrap();
            options.run(crashes())
        }
        "crashes, and is explored" => {
            assert!(explore(crashes).randomly(1, 3).fault.is_none());
            Ok(())
        }
        "stands still" => options.run(stands_still()),
        "keeps its thread" => options.run(async { Process::new("hog", async { until_told() }).await }),
        "fails outside of scopes" => options.run(async {
            let failed = detached(Process::<()>::new("loner", async { Err(Failure::new("no luck")) }));
            failed.process().ended().await;
            Outcome::Ok(())
        }),
        other => panic!("no program `{other}`"),
    };
    std::process::exit(i32::from(outcome.is_err()));
}

/// Keeps this thread until standard input ends, or the patience.
fn until_told() {
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let _ = std::io::stdin().read(&mut [0]);
        tell.send(())
    });
    let _ = told.recv_timeout(PATIENCE);
}

struct Fragile;

#[actor]
impl Fragile {
    pub(crate) async fn break_down(&mut self) {
        panic!("it was glass");
    }
}

async fn crashes() -> Outcome {
    let fragile = par![async {
        let fragile = spawn_actor(Fragile);
        fragile.break_down().await.expect_err("it breaks");
        std::future::pending::<Outcome>().await
    }];
    fragile.await.expect_err("the scope fails with the actor");
    Ok(())
}

#[process]
async fn stubborn(output: Sender<u8>, input: Receiver<u8>) -> Outcome {
    output.send(1).await?;
    input.recv().await?;
    Ok(())
}

/// Two insist on giving first, and are ended then.
async fn stands_still() -> Outcome {
    let reports = deadlocks();
    let ((to_right, from_left), (to_left, from_right)) = (channel(), channel());
    let clerks = spawn(async move {
        par![stubborn(to_right, from_right).named("left"), stubborn(to_left, from_left).named("right")].await
    });
    assert_eq!(reports.recv().await?.news, News::Certain);
    clerks.stop();
    assert_eq!(reports.recv().await?.news, News::Over);
    after(Duration::ZERO).await;
    Ok(())
}

/// Listens to nothing.
struct Deaf;

impl Subscriber for Deaf {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        false
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, _: &Event<'_>) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[test]
fn a_crash_of_an_actor_is_told_where_nobody_listens() {
    let crash = told_once("crashes", "actor `Fragile` (p");
    assert!(crash.contains("failed in `break_down`: it was glass"), "{crash}");
}

#[test]
fn a_deadlock_is_told_where_nobody_listens_and_that_it_is_over() {
    let told = told_by("stands still");
    let [found, over] = &told[..] else { panic!("two lines: {told:?}") };
    assert!(found.starts_with("deadlock: `left` (p"), "{found}");
    assert_eq!(over, &format!("over: {found}"));
}

#[test]
fn who_keeps_its_thread_is_named_where_nobody_listens() {
    let mut child = command("keeps its thread").stdin(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    let named = |line: &String| line.starts_with("rendez: process `hog` (spawned at ");
    let kept = lines.find(named).expect("it is named while it keeps its thread");
    assert!(kept.contains(" has kept its thread for "), "{kept}");
    drop(child.stdin.take());
    assert_eq!(lines.find(named), None, "once");
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_failure_outside_of_any_scope_is_told_where_nobody_listens() {
    let failure = told_once("fails outside of scopes", "process `loner` (spawned at ");
    assert!(failure.ends_with(" has failed, and has no scope that would: no luck"), "{failure}");
}

#[test]
fn nothing_is_told_where_somebody_listens_or_explores_or_wants_it_quiet() {
    for program in ["crashes quietly", "crashes, and is heard", "crashes, and is explored"] {
        assert_eq!(told_by(program), [""; 0], "{program}");
    }
}

#[test]
fn a_program_whose_standard_error_is_closed_goes_on() {
    // The monitor tells of the deadlock there first, and then the program.
    let mut child = command("stands still").spawn().unwrap();
    drop(child.stderr.take());
    let began = Instant::now();
    let status = loop {
        match child.try_wait().unwrap() {
            Some(status) => break status,
            None if began.elapsed() < PATIENCE => std::thread::sleep(Duration::from_millis(10)),
            None => {
                child.kill().unwrap();
                break child.wait().unwrap();
            }
        }
    };
    assert!(status.success(), "{status}");
}
