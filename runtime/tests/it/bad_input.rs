//! What the user gets to see for bad input: word for word as docs/PROCESSES.md has it.

use rendez_channels::{channel, oneshot};
use rendez_runtime::{
    ChildSpec, Outcome, Process, RunOptions, Scheduler, Supervisor, actor, blocking, detached, par, register, run,
    spawn, spawn_actor, stop_requested,
};
use std::fmt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// Asserts that the chapter has this message, below the line that begins with `case`.
#[track_caller]
pub(crate) fn assert_documented(case: &str, message: &str) {
    let chapter = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/PROCESSES.md");
    let chapter = std::fs::read_to_string(chapter).unwrap();
    let mut lines = chapter.lines().skip_while(|line| *line != "## Bad input").skip_while(|l| !l.starts_with(case));
    let documented = lines.nth(1).unwrap_or_else(|| panic!("the chapter has no `{case}`")).trim_start();
    assert!(fits(documented, message), "{case}\nsaid:       {message}\ndocumented: {documented}");
}

/// Whether a text is the pattern, in which `..` stands for anything.
fn fits(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once("..") else { return pattern == text };
    let Some(text) = text.strip_prefix(start) else { return false };
    (0..=text.len()).filter(|&at| text.is_char_boundary(at)).any(|at| fits(rest, &text[at..]))
}

#[test]
fn what_differs_may_differ_and_nothing_else() {
    assert!(fits("a .. b", "a x b") && fits("..", "") && !fits("a .. b", "a x c") && !fits("a", "ab"));
}

const CHILD: &str = "RENDEZ_TEST_BAD_INPUT";
/// Beyond what a process may keep its thread for.
const LONG: Duration = Duration::from_millis(400);

/// What this program says on standard error when it runs `program`.
fn said_by(program: &str) -> String {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "bad_input::the_child", "--nocapture", "--test-threads=1"])
        .env(CHILD, program)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    String::from_utf8(output.stderr).unwrap()
}

/// Not a test: what the children run.
#[test]
fn the_child() {
    let Ok(program) = std::env::var(CHILD) else { return };
    tracing::subscriber::set_global_default(Warnings).unwrap();
    let options = RunOptions::new().scheduler(Scheduler::Carriers).workers(2);
    let hog = |body: fn()| options.run(async move { Process::new("hog", async move { body() }).await });
    let outcome = match program.as_str() {
        "blocks" => hog(|| std::thread::sleep(LONG)),
        "computes" => hog(|| {
            let begun = Instant::now();
            while begun.elapsed() < LONG {
                std::hint::spin_loop();
            }
        }),
        other => panic!("no program `{other}`"),
    };
    std::process::exit(i32::from(outcome.is_err()));
}

/// Prints the messages of warnings, and nothing else.
struct Warnings;

impl Subscriber for Warnings {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() == tracing::Level::WARN
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        event.record(&mut Message);
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

struct Message;

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            eprintln!("warning: {value:?}");
        }
    }
}

#[test]
fn who_keeps_its_thread_or_never_yields_is_named() {
    for program in ["blocks", "computes"] {
        let said = said_by(program);
        let mut warnings = said.lines().filter_map(|line| line.strip_prefix("warning: "));
        let warning = warnings.next().unwrap_or_else(|| panic!("{program}: no warning in {said}"));
        assert_documented("keeps its thread, or never yields", warning);
        assert_eq!(warnings.next(), None, "once");
    }
}

struct Clumsy;

impl Drop for Clumsy {
    fn drop(&mut self) {
        panic!("dropped a plate");
    }
}

#[test]
fn who_panics_in_a_drop_has_failed() {
    let clumsy = Process::new("clumsy", async {
        let _plate = Clumsy;
        std::future::pending::<Outcome>().await
    });
    let failure = run(async move { par![clumsy].within(Duration::from_millis(20)).await }).unwrap_err();
    assert_documented("panics in a drop", &failure.to_string());
}

#[test]
fn who_is_started_twice_does_not_compile() {
    let said = Path::new(env!("CARGO_MANIFEST_DIR")).join("../macros/tests/ui/scope.stderr");
    let said = std::fs::read_to_string(said).unwrap();
    assert_documented("is started twice", said.lines().next().unwrap());
}

#[test]
fn a_name_that_is_taken_names_its_holder() {
    let error = run(async {
        let (ready, is_ready) = oneshot();
        let printer = spawn(Process::new("printer 1", async move {
            register("printer")?;
            ready.send(())?;
            stop_requested().await;
            Outcome::Ok(())
        }));
        is_ready.recv().await?;
        let error = register("printer").unwrap_err();
        printer.process().request_stop();
        printer.join().await?;
        Outcome::Ok(error)
    });
    assert_documented("wants a name that is taken", &error.unwrap().to_string());
    assert_documented("wants a name and is no process", &register("printer").unwrap_err().to_string());
}

#[test]
fn who_is_left_in_a_cancelled_scope_ends_before_it_and_is_told() {
    run(async {
        let ((ready, is_ready), (tell, told)) = (oneshot(), oneshot());
        let parent = detached(Process::new("parent", async move {
            let child = blocking("child", move || {
                let (_tx, rx) = channel::<()>();
                ready.send(())?;
                let _ = tell.send(rx.recv_blocking().unwrap_err());
                Outcome::Ok(())
            });
            par![child].await
        }));
        is_ready.recv().await?;
        parent.stop();
        parent.process().ended().await;
        let said = told.try_recv().expect("the child has ended before its parent");
        assert_documented("is left in a scope whose parent is cancelled", &said.to_string());
        Outcome::Ok(())
    })
    .unwrap();
}

struct Loops;

#[actor(crate = rendez_runtime)]
impl Loops {
    #[actor(started)]
    async fn started(&mut self) -> Outcome {
        Err(rendez_runtime::Failure::new("no ink"))
    }
    pub(crate) async fn nothing(&self) {}
}

#[test]
fn a_restart_loop_is_given_up() {
    let failure = run(async {
        let (loops, _reference) = ChildSpec::actor("loops", || Loops);
        Supervisor::one_for_one().intensity(3, Duration::from_secs(60)).child(loops).run().await
    });
    let text = failure.unwrap_err().to_string();
    // It is the failure of the supervisor's process, which says its own place first.
    let said = text.find("gave ").map_or("", |at| &text[at..]);
    assert_documented("fails each time it is started again", said);
}

#[test]
fn without_a_runtime_it_says_what_to_do() {
    let panic = std::panic::catch_unwind(|| drop(spawn(async { Outcome::Ok(()) }))).unwrap_err();
    assert_documented("is spawned where no runtime is", panic.downcast_ref::<String>().unwrap());
    let actor = std::panic::catch_unwind(|| drop(spawn_actor(Loops))).unwrap_err();
    assert_documented("is spawned where no runtime is", actor.downcast_ref::<String>().unwrap());
}
