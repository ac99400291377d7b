//! The verb `test`: all that must hold before a change lands, one step after the other.

use crate::cargo::cargo;
use crate::step::{self, Failed, judge, not_started, timed};
use crate::tally::Tally;
use crate::{deep, examples, setup, system, tidy};
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

/// Sets up and passes all tests; stops at the first step that fails. What cost little is asked first.
///
/// # Errors
/// The command that failed.
pub(crate) fn run(install: bool) -> Result<(), Failed> {
    setup::run(&system::FOR_TESTS.each_ref(), install);
    step::run("rustfmt", &mut cargo(&["fmt", "--all", "--check"]))?;
    timed("tidy", tidy::run)?;
    let clippy = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
    step::run("clippy", &mut cargo(&clippy))?;
    // As its users build it: in the workspace, other crates turn on features that one of its own may lack.
    step::run("the facade alone", &mut cargo(&["check", "--package", "rendez"]))?;
    deep::loom_compiles()?;
    let mut tally = Tally::default();
    // All of them, also after one that fails: the counts are then those of the workspace.
    let all = || tests(&mut cargo(&["test", "--workspace", "--no-fail-fast"]), &mut tally);
    let outcome = timed("tests", all)
        .and_then(|()| timed("the runtime on a task for each process", || tests(&mut runtime_on_tasks(), &mut tally)))
        .and_then(|()| timed("examples that end by themselves", || examples::run(&mut tally)))
        .map_err(Failed::told);
    println!("{tally}");
    outcome
}

/// The tests of the runtime, on the scheduler that is not the default.
fn runtime_on_tasks() -> Command {
    let mut command = cargo(&["test", "--package", "rendez-runtime", "--no-fail-fast"]);
    command.env("RENDEZ_EXECUTOR", "tasks");
    command
}

/// Tests, counted from what they print while it streams by.
fn tests(command: &mut Command, tally: &mut Tally) -> Result<(), Failed> {
    let mut child = command.stdout(Stdio::piped()).spawn().map_err(|e| not_started(command, &e))?;
    let output = child.stdout.take().expect("the output is piped");
    let mut to = std::io::stdout().lock();
    for line in BufReader::new(output).split(b'\n') {
        let line = line.map_err(|e| Failed::new(format_args!("the output of the tests cannot be read: {e}")))?;
        let text = String::from_utf8_lossy(&line);
        *tally += Tally::of_line(&text).unwrap_or_default();
        // Where nobody reads the lines, the exit code still counts.
        let _ = writeln!(to, "{text}");
    }
    let status = child.wait().map_err(|e| not_started(command, &e))?;
    judge(command, status)
}
