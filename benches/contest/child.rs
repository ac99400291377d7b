//! The process of one contender, and the parent's handle of it. What it is asked to run is up to `measure`.
//!
//! Requests are lines on its standard input, `size MILLISECONDS` and `run OPERATIONS`; answers are lines on its standard
//! output, `OPERATIONS NANOSECONDS BYTES` (`-` for no bytes) or `error SENTENCE`. When its input ends it ends, whatever it does at that time: so
//! nothing is left behind by a parent that was interrupted.

use crate::bench::{Bench, Size};
use crate::networks::{Measured, Run};
use crate::options;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, ExitCode, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

/// How long an answer may take before the contender counts as hung.
const DEADLINE: Duration = Duration::from_secs(60);
/// The operations that sizing starts with.
const FIRST: u64 = 1_000;
/// Where sizing gives up.
const MOST: u64 = 1 << 40;
/// A run is long enough when it takes this share of what it should.
const ENOUGH: f64 = 0.6;

/// What stands before the sentence of an error.
const ERROR: &str = "error ";

/// The parent's handle of a contender's process, which ends with it.
pub(crate) struct Worker {
    child: Child,
    requests: ChildStdin,
    answers: Receiver<String>,
    deadline: Duration,
}

impl Worker {
    /// Starts the process of a contender.
    ///
    /// # Errors
    /// It does not start.
    pub(crate) fn start(bench: &str, contender: &str) -> Result<Self, String> {
        let mut command = Command::new(std::env::current_exe().map_err(not_started)?);
        command.args(options::child(bench, contender));
        Self::of(command, DEADLINE)
    }

    fn of(mut command: Command, deadline: Duration) -> Result<Self, String> {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().map_err(not_started)?;
        let requests = child.stdin.take().expect("its input is piped");
        let output = child.stdout.take().expect("its output is piped");
        let (answer, answers) = channel();
        thread::spawn(move || BufReader::new(output).lines().map_while(Result::ok).try_for_each(|a| answer.send(a)));
        Ok(Self { child, requests, answers, deadline })
    }

    /// Lets it find out how many operations take about this long.
    ///
    /// # Errors
    /// A wrong result, or no answer.
    pub(crate) fn size(&mut self, target: Duration) -> Measured {
        self.ask(&format!("size {}", target.as_millis()))
    }

    /// Lets it do so many operations.
    ///
    /// # Errors
    /// A wrong result, or no answer.
    pub(crate) fn run(&mut self, ops: u64) -> Measured {
        self.ask(&format!("run {ops}"))
    }

    fn ask(&mut self, request: &str) -> Measured {
        let ended = || Err("its process has ended".to_owned());
        if writeln!(self.requests, "{request}").is_err() {
            return ended();
        }
        match self.answers.recv_timeout(self.deadline) {
            Ok(answer) => read(&answer),
            Err(RecvTimeoutError::Timeout) => Err(format!("hung: no answer within {:?}", self.deadline)),
            Err(RecvTimeoutError::Disconnected) => ended(),
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // It may hang, or have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn not_started(error: std::io::Error) -> String {
    format!("its process does not start: {error}")
}

/// Is the process of a contender until its input ends.
pub(crate) fn serve(benches: &[Bench], bench: &str, contender: &str) -> ExitCode {
    let Some(bench) = benches.iter().find(|known| known.name == bench) else { return ExitCode::from(2) };
    let Some(number) = bench.contenders.iter().position(|known| known.name == contender) else {
        return ExitCode::from(2);
    };
    for request in requests() {
        match answer(bench, number, &request) {
            Ok(run) => println!("{}", written(run)),
            Err(error) => println!("{ERROR}{error}"),
        }
    }
    ExitCode::SUCCESS
}

/// The lines of the standard input; at its end the process ends.
fn requests() -> Receiver<String> {
    let (request, requests) = channel();
    thread::spawn(move || {
        let _ = std::io::stdin().lines().map_while(Result::ok).try_for_each(|line| request.send(line));
        std::process::exit(0);
    });
    requests
}

fn answer(bench: &Bench, contender: usize, request: &str) -> Measured {
    let run = &bench.contenders[contender].run;
    let number = |text: &str| text.parse::<u64>().map_err(|_| format!("`{request}` has no number"));
    match request.split_once(' ') {
        Some(("size", target)) => size(run, bench.size, Duration::from_millis(number(target)?)),
        Some(("run", ops)) => run(number(ops)?),
        _ => Err(format!("`{request}` is no request")),
    }
}

/// The first run that takes long enough. Those before it warm up, too.
fn size(run: &dyn Fn(u64) -> Measured, size: Size, target: Duration) -> Measured {
    let (mut ops, most) = match size {
        Size::Timed => (FIRST, MOST),
        Size::AtMost(most) => (FIRST.min(most), most),
        Size::Fixed(ops) => (ops, ops),
    };
    loop {
        let done = run(ops)?;
        let share = done.time.as_secs_f64() / target.as_secs_f64();
        if share >= ENOUGH || ops >= most {
            return Ok(done);
        }
        ops = ((ops as f64 * (0.9 / share).clamp(1.3, 10.0)) as u64).min(most);
    }
}

fn written(Run { ops, time, bytes }: Run) -> String {
    let bytes = bytes.map_or_else(|| "-".to_owned(), |bytes| bytes.to_string());
    format!("{ops} {} {bytes}", time.as_nanos())
}

fn read(answer: &str) -> Measured {
    if let Some(error) = answer.strip_prefix(ERROR) {
        return Err(error.to_owned());
    }
    read_run(answer).ok_or_else(|| format!("`{answer}` is no answer"))
}

fn read_run(answer: &str) -> Option<Run> {
    let [ops, nanoseconds, bytes] = answer.split(' ').collect::<Vec<_>>().try_into().ok()?;
    let bytes = if bytes == "-" { None } else { Some(bytes.parse().ok()?) };
    Some(Run { ops: ops.parse().ok()?, time: Duration::from_nanos(nanoseconds.parse().ok()?), bytes })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizing_grows_until_a_run_takes_long_enough() {
        let run = |ops| Ok(Run::timed(ops, Duration::from_micros(ops)));
        let sized = size(&run, Size::Timed, Duration::from_millis(100)).unwrap();
        assert!((60_000..=100_000).contains(&sized.ops), "{sized:?}");
    }

    #[test]
    fn sizing_stops_at_the_most() {
        let run = |ops| Ok(Run::timed(ops, Duration::ZERO));
        assert_eq!(size(&run, Size::AtMost(123_456), Duration::from_millis(100)).unwrap().ops, 123_456);
    }

    #[test]
    fn an_answer_is_read_as_it_was_written() {
        let timed = Run::timed(7, Duration::from_micros(1));
        for run in [timed, Run { bytes: Some(0), ..timed }, Run { bytes: Some(512), ..timed }] {
            assert_eq!(read(&written(run)), Ok(run));
        }
        assert_eq!(read("error it is wrong"), Err("it is wrong".to_owned()));
        assert_eq!(read("7"), Err("`7` is no answer".to_owned()));
    }

    /// A process of another program, in a contender's place.
    fn worker(program: &str, argument: &str, deadline: Duration) -> Worker {
        let mut command = Command::new(program);
        command.arg(argument);
        Worker::of(command, deadline).unwrap()
    }

    #[test]
    fn one_that_does_not_answer_is_hung() {
        let mut silent = worker("sleep", "1000", Duration::from_millis(20));
        assert_eq!(silent.run(1), Err("hung: no answer within 20ms".to_owned()));
        assert_eq!(silent.size(DEADLINE), Err("hung: no answer within 20ms".to_owned()));
    }

    #[test]
    fn one_that_ended_or_answers_nonsense_is_told_apart() {
        assert_eq!(worker("cat", "-", DEADLINE).run(1), Err("`run 1` is no answer".to_owned()));
        assert_eq!(worker("true", "", DEADLINE).run(1), Err("its process has ended".to_owned()));
        assert!(Worker::of(Command::new("/nonexistent/program"), DEADLINE).is_err());
    }

    #[test]
    fn a_request_that_means_nothing_is_answered_with_an_error() {
        let benches = crate::channels::benches();
        for request in ["", "run", "run x", "walk 3"] {
            assert!(answer(&benches[0], 0, request).is_err(), "{request}");
        }
        assert!(answer(&benches[0], 0, "run 10").is_ok());
    }
}
