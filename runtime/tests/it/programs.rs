//! Child OS processes as processes of the tree: every way in which one ends, and that nothing of it is left.
#![cfg(target_os = "linux")]

use rendez_channels::{Sender, after, channel, channel_unbounded};
use rendez_model::{End, ProcessKind, State};
use rendez_runtime::toolkit::{LINE_MAX, collect, sink, subprocess};
use rendez_runtime::{
    ChildSpec, Failure, IntoProcess, Outcome, PROGRAMS_MAX, Process, Program, Restart, Shutdown, Spawned, Supervisor,
    What, blocking, deadlocks, detached, explore, network, par, run, scope, spawn,
};
use std::io::{BufRead, BufReader, PipeReader};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// Longer than anything takes here.
const PATIENCE: Duration = Duration::from_secs(20);
/// Tells [`the_parent`] that it is one.
const PARENT: &str = "RENDEZ_TEST_PROGRAMS";
/// Prints its number, which what follows it keeps.
const SAYS_ITS_NUMBER: &str = "echo $$; exec sleep 1000";
/// The same, and cannot be asked to end.
const STUBBORN: &str = "trap '' TERM; echo $$; exec sleep 1000";

fn sh(script: &str) -> Program {
    Program::new("sh").args(["-c", script])
}

/// A program, and what it prints.
fn heard(program: Program) -> (Program, BufReader<PipeReader>) {
    let (read, write) = std::io::pipe().unwrap();
    (program.stdout(write), BufReader::new(read))
}

/// The number that a program prints first: it runs, and has got as far as that.
async fn number(mut printed: BufReader<PipeReader>) -> Outcome<u32> {
    let read = blocking("hears", move || {
        let mut line = String::new();
        printed.read_line(&mut line)?;
        Outcome::Ok(line.trim().parse::<u32>()?)
    });
    read.await
}

/// Starts a script that prints its number first.
async fn started(script: &str) -> Outcome<(Spawned<ExitStatus>, u32)> {
    let (program, printed) = heard(sh(script));
    let running = spawn(program.status());
    Ok((running, number(printed).await?))
}

/// Whether anything is left of an OS process: a zombie is.
fn is_there(pid: u32) -> bool {
    std::path::Path::new(&format!("/proc/{pid}")).exists()
}

/// Whether it runs. That of another parent may stay as a zombie for a while.
fn runs(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(") ").next().is_some_and(|state| !state.is_empty() && !state.starts_with(['Z', 'X']))
}

/// The leader of its process group: the guard.
fn group(pid: u32) -> u32 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    stat.rsplit(") ").next().unwrap().split(' ').nth(2).unwrap().parse().unwrap()
}

fn signal(name: &str, pid: u32) {
    assert!(Command::new("kill").args([&format!("-{name}"), &pid.to_string()]).status().unwrap().success());
}

fn wait_until(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "not within {PATIENCE:?}: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn failure_of(program: impl IntoProcess + Send + 'static) -> String {
    let program = program.into_process();
    run(async move { par![program].await }).unwrap_err().to_string()
}

#[test]
fn status_0_is_a_normal_end_and_what_else_it_ends_with_a_failure_that_names_it() {
    run(async { par![sh("exit 0"), Program::new("true")].await }).unwrap();
    let text = failure_of(sh("exit 7").named("worker"));
    assert!(text.starts_with("process `worker` (spawned at runtime/tests/it/programs.rs:"), "{text}");
    assert!(text.ends_with(" failed: `sh` ended with exit status: 7"), "{text}");
    let text = failure_of(sh("kill -KILL $$"));
    assert!(text.ends_with(" failed: `sh` ended with signal: 9 (SIGKILL)"), "{text}");
    // Nobody has asked it to end.
    let text = failure_of(sh("kill -TERM $$"));
    assert!(text.ends_with(" failed: `sh` ended with signal: 15 (SIGTERM)"), "{text}");
}

#[test]
fn its_status_is_a_value_for_who_wants_it() {
    let ended = run(async {
        let of = |script: &str| sh(script).status();
        par([of("exit 0"), of("exit 7"), of("kill -SEGV $$")]).values().await
    });
    let ended: Vec<_> = ended.unwrap().iter().map(|status| (status.code(), status.signal())).collect();
    assert_eq!(ended, [(Some(0), None), (Some(7), None), (None, Some(11))]);
}

#[test]
fn a_failing_program_ends_its_scope_and_the_programs_beside_it() {
    let (steady, printed) = heard(sh(SAYS_ITS_NUMBER));
    let ended = run(async move {
        let (seen, pids) = channel_unbounded();
        let failing = scope(async |scope| {
            scope.spawn(steady);
            let pid = number(printed).await?;
            seen.send(pid).await?;
            let failed = scope.spawn(sh("exit 3")).join().await.unwrap_err();
            assert!(failed.to_string().contains("exit status: 3"), "{failed}");
            Outcome::Ok(())
        });
        let failure = failing.await.unwrap_err();
        assert!(failure.to_string().contains("exit status: 3"), "{failure}");
        assert!(!is_there(pids.recv().await?));
        Outcome::Ok(())
    });
    ended.unwrap();
}

#[test]
fn it_stands_in_the_tree_with_its_name_its_parent_the_line_that_spawned_it_and_its_number() {
    let looked = run(async {
        let (running, pid) = started(SAYS_ITS_NUMBER).await?;
        let process = running.process();
        // What it starts may speak before it has come to wait for that.
        let waits = async {
            while process.os_pid().is_none() || process.inspect().state != State::Waiting {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(PATIENCE, waits).await.expect("it waits for what it has started");
        assert_eq!(process.os_pid(), Some(pid));
        let seen = process.inspect();
        assert_eq!((seen.name.as_str(), seen.kind), ("sh", ProcessKind::Child));
        assert!(seen.spawned_at.starts_with("runtime/tests/it/programs.rs:"), "{}", seen.spawned_at);
        assert_eq!(seen.note, format!("OS process {pid}"));
        assert_eq!(seen.state, State::Waiting);
        let network = network();
        let main = network.nodes.iter().find_map(|node| node.process(seen.parent?)).map(|main| main.name.clone());
        assert_eq!(main.as_deref(), Some("main"));
        running.stop();
        assert_eq!(process.ended().await, End::Cancelled);
        assert_eq!(process.os_pid(), None);
        Outcome::Ok(())
    });
    looked.unwrap();
}

#[test]
fn when_its_scope_has_ended_it_is_gone_and_no_zombie_is_left() {
    let gone = run(async {
        let (running, pid) = started(STUBBORN).await?;
        let guard = group(pid);
        running.stop();
        assert!(running.join().await.unwrap_err().is_cancelled());
        assert!(!is_there(pid) && !is_there(guard), "after stop");

        let (program, printed) = heard(sh(STUBBORN));
        let (tell, told) = channel_unbounded();
        let listens = async move { Outcome::Ok(tell.send(number(printed).await?).await?) };
        let late = par![program, listens].within(Duration::from_millis(300)).await;
        assert!(late.unwrap_err().is_deadline());
        assert!(!is_there(told.recv().await?), "after the deadline of its scope");

        let (program, printed) = heard(sh(STUBBORN));
        let dropped = Process::new("drops", async move {
            let mut work = Box::pin(async { par![program].await });
            let pid = tokio::select! {
                _ = work.as_mut() => unreachable!("it sleeps"),
                pid = number(printed) => pid?,
            };
            drop(work);
            Outcome::Ok(pid)
        });
        assert!(!is_there(dropped.await?), "after its scope was dropped");
        Outcome::Ok(())
    });
    gone.unwrap();
}

#[test]
fn a_request_terminates_it_and_ending_by_that_is_a_normal_end() {
    let ended = run(async {
        for script in [SAYS_ITS_NUMBER, "trap 'exit 0' TERM; echo $$; while :; do sleep 0.01; done"] {
            let (program, printed) = heard(sh(script));
            let running = spawn(program);
            number(printed).await?;
            assert_eq!(running.process().stop_within(PATIENCE).await, End::Normal, "{script}");
            running.join().await?;
        }
        let (running, _) = started(SAYS_ITS_NUMBER).await?;
        running.process().request_stop();
        assert_eq!(running.join().await?.signal(), Some(15));
        Outcome::Ok(())
    });
    ended.unwrap();
}

#[test]
fn what_fails_after_a_request_has_failed() {
    let failure = run(async {
        let (program, printed) = heard(sh("trap 'exit 9' TERM; echo $$; while :; do sleep 0.01; done"));
        let running = spawn(program);
        number(printed).await?;
        running.process().request_stop();
        running.join().await
    });
    assert!(failure.unwrap_err().to_string().contains("exit status: 9"));
}

#[test]
fn what_does_not_end_within_the_grace_is_killed() {
    let grace = Duration::from_millis(150);
    let killed = run(async move {
        let (running, pid) = started(STUBBORN).await?;
        let asked = Instant::now();
        assert_eq!(running.process().stop_within(grace).await, End::Cancelled);
        assert!(asked.elapsed() >= grace, "it had {:?}", asked.elapsed());
        assert!(!is_there(pid));
        Outcome::Ok(())
    });
    killed.unwrap();
}

#[test]
fn the_grace_of_a_scope_is_its_time_to_end() {
    let (polite, printed) = heard(sh("trap 'echo bye; exit 0' TERM; echo $$; while :; do sleep 0.01; done"));
    let (told, tell) = heard_later();
    let ended = run(async move {
        let hears = blocking("hears", move || {
            let mut lines = printed.lines();
            lines.next();
            drop(tell); // It runs, and has set its trap.
            Outcome::Ok(lines.map_while(Result::ok).collect::<Vec<_>>())
        });
        let fails = async move {
            told.await;
            Err::<(), _>(Failure::new("enough"))
        };
        let lines = spawn(hears);
        let failure = par![polite, fails].grace(PATIENCE).await.unwrap_err();
        assert!(failure.to_string().contains("enough"), "{failure}");
        lines.join().await
    });
    assert_eq!(ended.unwrap(), ["bye"]);
}

/// A word that is said by dropping.
fn heard_later() -> (impl Future<Output = ()>, Sender<()>) {
    let (tell, told) = channel::<()>();
    (async move { drop(told.recv().await) }, tell)
}

#[test]
fn what_it_has_started_is_killed_with_it() {
    let (program, printed) = heard(sh("sleep 1000 & echo $!; exit 0"));
    let left = run(async move {
        let running = spawn(program);
        let left = number(printed).await?;
        running.join().await?;
        Outcome::Ok(left)
    });
    let left = left.unwrap();
    wait_until("what it has started is gone", || !runs(left));
}

#[test]
fn a_program_whose_guard_is_killed_is_ended_and_says_so() {
    let (program, printed) = heard(sh(SAYS_ITS_NUMBER));
    let failure = run(async move {
        let running = spawn(program);
        let pid = number(printed).await?;
        signal("KILL", group(pid));
        let failure = tokio::time::timeout(PATIENCE, running.join()).await.expect("it is ended").unwrap_err();
        assert!(!is_there(pid));
        Outcome::<()>::Err(failure)
    });
    let text = failure.unwrap_err().to_string();
    assert!(text.contains("the guard of the program was ended"), "{text}");
}

/// Not a test unless it is started as a parent: starts a program and waits to be killed.
#[test]
fn the_parent() {
    if std::env::var_os(PARENT).is_none() {
        return;
    }
    run(async { par![sh("trap '' HUP TERM INT; echo pid=$$; sleep 1000; :")].await }).unwrap();
}

#[test]
fn a_parent_that_is_killed_leaves_no_program_behind() {
    let mut parent = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "programs::the_parent", "--nocapture"])
        .env(PARENT, "1")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(parent.stdout.take().unwrap()).lines();
    let said = |line: String| line.split_once("pid=")?.1.parse::<u32>().ok();
    let pid = lines.map_while(Result::ok).find_map(said).unwrap();
    let guard = group(pid);
    assert!(runs(pid) && runs(guard));
    parent.kill().unwrap();
    parent.wait().unwrap();
    wait_until("the program has ended", || !runs(pid));
    wait_until("its guard has ended", || !runs(guard));
}

#[test]
fn one_in_the_background_has_no_parent_and_ends_with_the_program() {
    let (program, printed) = heard(sh(STUBBORN));
    let pid = run(async move {
        let background = detached(program);
        let pid = number(printed).await?;
        assert_eq!(background.process().inspect().parent, None);
        Outcome::Ok(pid)
    });
    let pid = pid.unwrap();
    wait_until("not even a zombie is left", || !is_there(pid));
}

#[test]
fn a_supervisor_starts_it_again_and_terminates_it_in_the_end() {
    let (tell, numbers) = channel_unbounded::<BufReader<PipeReader>>();
    let make = move || {
        let (read, write) = std::io::pipe().unwrap();
        let tell = tell.clone();
        let program = sh("trap 'echo bye; exit 0' TERM; echo $$; while :; do sleep 0.01; done").stdout(write);
        let _ = tell.try_send(BufReader::new(read));
        program
    };
    let said = run(async move {
        let child = ChildSpec::process("sh", make).restart(Restart::Transient).shutdown(Shutdown::Grace(PATIENCE));
        let supervisor = Supervisor::one_for_one().child(child).start();
        let mut pids = vec![];
        for _ in 0..2 {
            let mut printed = numbers.recv().await?;
            let (pid, rest) = blocking("hears", move || {
                let mut line = String::new();
                printed.read_line(&mut line)?;
                Outcome::Ok((line.trim().parse::<u32>()?, printed))
            })
            .await?;
            pids.push((pid, rest));
            if pids.len() == 1 {
                signal("KILL", pid);
            }
        }
        supervisor.stop();
        supervisor.process().ended().await;
        let (last, mut rest) = pids.pop().unwrap();
        assert!(pids.iter().all(|(pid, _)| !is_there(*pid)) && !is_there(last));
        let mut line = String::new();
        rest.read_line(&mut line)?;
        Outcome::Ok(line)
    });
    assert_eq!(said.unwrap(), "bye\n");
}

/// A file of a test's own that is removed in the end.
struct Scratch(std::path::PathBuf);

impl Scratch {
    fn new(name: &str, text: &str, mode: u32) -> Self {
        let path = std::env::temp_dir().join(format!("rendez-{}-{name}", std::process::id()));
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        Self(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[test]
fn what_cannot_be_started_is_named_with_what_to_do() {
    let text = failure_of(Program::new("/no/such/program"));
    assert!(
        text.contains("`/no/such/program` cannot be started: No such file") && text.contains("give the path"),
        "{text}"
    );
    let plain = Scratch::new("plain", "exit 0\n", 0o644);
    let text = failure_of(Program::new(&plain.0));
    assert!(text.contains("Permission denied") && text.contains("give a file that this user may execute"), "{text}");
    let text = failure_of(Program::new("/"));
    assert!(text.contains("`/` cannot be started: Permission denied"), "{text}");
    let nonsense = Scratch::new("nonsense", "\x7fELF, or so it says", 0o755);
    let text = failure_of(Program::new(&nonsense.0));
    assert!(text.contains("cannot be started: Exec format error"), "{text}");
    let text = failure_of(Program::new("true").current_dir("/no/such/folder"));
    assert!(text.contains("No such file") && text.contains("a folder that is there"), "{text}");
    let text = failure_of(Program::new("true").arg("a\0b"));
    assert!(text.contains("`true` cannot be started: nul byte"), "{text}");
    let text = failure_of(Program::new("true").arg("x".repeat(1 << 20)));
    assert!(text.contains("`true` cannot be started: Argument list too long"), "{text}");
}

#[test]
fn it_gets_its_arguments_environment_and_folder_and_reads_nothing() {
    let (program, printed) =
        heard(sh("echo $1 $COLOUR $PWD; cat").args(["sh", "one"]).env("COLOUR", "red").current_dir("/"));
    let lines = run(async move {
        let hears = blocking("hears", move || Outcome::Ok(printed.lines().map_while(Result::ok).collect::<Vec<_>>()));
        par![program, hears].values().await
    });
    assert_eq!(lines.unwrap().1, ["one red /"]);
}

#[test]
fn this_program_is_found_again() {
    let (program, printed) = heard(Program::this().unwrap().args(["--list", "--exact", "programs::the_parent"]));
    let lines = run(async move {
        let hears = blocking("hears", move || Outcome::Ok(printed.lines().map_while(Result::ok).collect::<Vec<_>>()));
        par![program, hears].values().await
    });
    assert_eq!(lines.unwrap().1.first().unwrap(), "programs::the_parent: test");
}

#[test]
fn this_program_is_told_its_name() {
    let (named, printed) = heard(Program::this().unwrap().named("parent").args(["--exact", "programs::the_named"]));
    let lines = run(async move {
        let hears = blocking("hears", move || Outcome::Ok(printed.lines().map_while(Result::ok).collect::<Vec<_>>()));
        par![named.arg("--nocapture").env(PARENT, "1"), hears].values().await
    });
    let lines = lines.unwrap().1;
    assert!(lines.iter().any(|line| line.ends_with("I am parent")), "{lines:?}");
}

/// Not a test unless it is started by one.
#[test]
fn the_named() {
    if std::env::var_os(PARENT).is_some() {
        println!("I am {}", std::env::args().next().unwrap());
    }
}

#[test]
fn a_program_that_all_others_wait_for_is_no_deadlock() {
    // An OS process of its own: only there nobody else is known to run.
    if std::env::var_os(PARENT).is_none() {
        let status = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "programs::a_program_that_all_others_wait_for_is_no_deadlock", "--test-threads=1"])
            .env(PARENT, "1")
            .stdout(Stdio::null())
            .status();
        assert!(status.unwrap().success());
        return;
    }
    let news = run(async {
        let news = deadlocks();
        let (tell, told) = channel_unbounded();
        // Several looks for deadlocks long.
        let slow = Program::new("sleep").arg("1.5").then(move |status| Outcome::Ok(tell.try_send(status.code())?));
        let slow = spawn(slow);
        assert_eq!(told.recv().await?, Some(0));
        slow.join().await?;
        Outcome::Ok(news.try_recv().ok().map(|found| found.to_string()))
    });
    assert_eq!(news.unwrap(), None);
}

#[test]
fn one_program_too_many_is_refused_and_places_are_free_again() {
    // An OS process of its own: the limit is that of the whole program, and other tests start programs too.
    if std::env::var_os(PARENT).is_none() {
        let status = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "programs::one_program_too_many_is_refused_and_places_are_free_again"])
            .env(PARENT, "1")
            .stdout(Stdio::null())
            .status();
        assert!(status.unwrap().success());
        return;
    }
    let refused = run(async {
        let sleeps = || Program::new("sleep").arg("1000");
        let full: Vec<_> = (0..PROGRAMS_MAX).map(|_| spawn(sleeps())).collect();
        // It starts after those before it.
        for running in &full {
            while running.process().os_pid().is_none() {
                after(Duration::from_millis(1)).await;
            }
        }
        let one_more = par![sleeps()].within(PATIENCE).await.unwrap_err();
        full.iter().for_each(Spawned::stop);
        for running in full {
            assert!(running.join().await.unwrap_err().is_cancelled());
        }
        par![Program::new("true")].await?;
        Outcome::Ok(one_more.to_string())
    });
    let text = refused.unwrap();
    assert!(text.contains("`sleep` cannot be started: 256 programs run already: let one end first"), "{text}");
}

#[test]
fn a_flood_of_output_waits_and_a_line_without_end_is_a_failure() {
    let first = run(async {
        let ((_in_tx, in_rx), (out_tx, out_rx)) = (channel(), channel());
        let floods = spawn(subprocess(Command::new("yes"), in_rx, out_tx));
        for _ in 0..3 {
            assert_eq!(out_rx.recv().await?, "y");
        }
        drop(out_rx);
        floods.join().await
    });
    assert!(first.unwrap_err().is_retired());
    let endless = run(async {
        let ((_in_tx, in_rx), (out_tx, out_rx)) = (channel(), channel());
        let mut zeros = Command::new("cat");
        zeros.arg("/dev/zero");
        par![subprocess(zeros, in_rx, out_tx), sink(out_rx)].await
    });
    let text = endless.unwrap_err().to_string();
    assert!(text.contains(&format!("`cat`: line 1 has more than {LINE_MAX} bytes")), "{text}");
    let longest = run(async {
        let ((_in_tx, in_rx), (out_tx, out_rx)) = (channel(), channel());
        let mut line = Command::new("sh");
        line.args(["-c", &format!("head -c {LINE_MAX} /dev/zero | tr '\\0' x; printf '\\n\\377\\n'")]);
        let lines = spawn(collect(out_rx));
        let failed = spawn(par_failing(subprocess(line, in_rx, out_tx)));
        let failure = failed.join().await?;
        assert_eq!(lines.join().await.map_err(|failure| failure.is_poisoned()), Err(true));
        Outcome::Ok(failure)
    });
    assert!(longest.unwrap().contains("`sh`: line 2 is no UTF-8"), "the line before is as long as may be");
}

/// How a process has failed, as a value.
async fn par_failing(process: Process) -> Outcome<String> {
    let mut ended = par([process]).outcomes().await?;
    Ok(ended.remove(0).unwrap_err().to_string())
}

#[test]
fn a_program_has_no_place_in_an_exploration() {
    let explored = explore(|| async { par![Program::new("true")].await }).exhaustively();
    let fault = explored.fault.unwrap();
    assert!(
        matches!(&fault.what, What::Failed(why) if why.to_string().contains("it cannot be explored")),
        "{:?}",
        fault.what
    );
}

#[test]
fn a_runtime_without_io_is_named() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let failure = runtime.block_on(async { spawn(Program::new("true")).join().await }).unwrap_err();
    assert!(failure.to_string().contains("enable_io"), "{failure}");
}
