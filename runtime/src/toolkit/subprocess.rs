//! A program of the operating system with its lines: lines in, lines out. Not the program itself, which is a child of this.

use super::lines::Splitter;
use crate::cell::Cell;
use crate::{Failure, Outcome, Program, alt, process, spawn, trace};
use rendez_channels::{Receiver, Sender, future};
use std::io::{self, ErrorKind};
use std::panic::Location;
use std::pin::pin;
use std::process::Command;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{ChildStdin, ChildStdout};

/// How many bytes are read of a program at a time.
const PIECE: usize = 8 * 1024;

/// Runs a program: what comes in are the lines of its standard input, what it prints goes out line by line.
///
/// It ends when the program does. One that fails to start, ends with another status than success, or prints a line longer
/// than [`LINE_MAX`](super::LINE_MAX) is a failure that names it. When nobody receives any more, or its scope ends it, the program is killed.
/// The program is a child of it in the tree: see [`Program`].
///
/// Law: `subprocess` of `cat` is `identity`.
///
/// ```
/// use rendez_channels::channel;
/// use rendez_runtime::toolkit::{collect, source, subprocess};
/// use rendez_runtime::{par, run};
/// use std::process::Command;
///
/// # #[cfg(unix)]
/// let sorted = run(async {
///     let ((a_tx, a_rx), (b_tx, b_rx)) = (channel(), channel());
///     let words = ["pear", "apple"].map(String::from);
///     par![source(words, a_tx), subprocess(Command::new("sort"), a_rx, b_tx), collect(b_rx)].values().await
/// });
/// # #[cfg(unix)]
/// assert_eq!(sorted.unwrap().2, ["apple", "pear"]);
/// ```
#[process]
pub async fn subprocess(command: Command, input: Receiver<String>, output: Sender<String>) -> Outcome {
    let name = command.get_program().to_string_lossy().into_owned();
    let (stdin, stdout, program) = Program::piped(command).map_err(|error| trouble(&name, &error))?;
    let spawned_at = Cell::current().map_or_else(Location::caller, |cell| cell.spawned_at());
    let program = spawn(program.status_at(spawned_at));
    let running = program.process();
    let mut feeding = pin!(feed(input, stdin));
    let mut working = pin!(async {
        trace::within(None, read(stdout, &output, &name)).await?;
        match program.join().await? {
            status if status.success() => Ok(()),
            status => Err(Failure::new(format_args!("`{name}` ended with {status}"))),
        }
    });
    let mut feeds = true;
    let outcome = loop {
        alt! {
            fed = future(feeding.as_mut()), if feeds => match fed {
                Ok(()) => feeds = false,
                Err(failure) => break Err(failure),
            },
            worked = future(working.as_mut()) => break worked,
            ended = output.closed() => break Err(ended.into()),
        }
    };
    // It has ended, or is of no more use.
    running.stop();
    outcome
}

fn trouble(name: &str, error: &io::Error) -> Failure {
    Failure::new(format_args!("`{name}`: {error}"))
}

/// Writes lines until there are no more, or the program reads no more.
async fn feed(input: Receiver<String>, mut stdin: ChildStdin) -> Outcome {
    while let Some(mut line) = input.next().await? {
        line.push('\n');
        match stdin.write_all(line.as_bytes()).await {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(()),
            written => written?,
        }
    }
    Ok(())
}

async fn read(mut stdout: ChildStdout, output: &Sender<String>, name: &str) -> Outcome {
    let named = |failure: Failure| Failure::new(format_args!("`{name}`: {}", failure.cause()));
    let (mut splitter, mut buffer) = (Splitter::default(), vec![0; PIECE]);
    loop {
        let read = stdout.read(&mut buffer).await?;
        if read == 0 {
            if let Some(line) = splitter.rest().map_err(named)? {
                output.send(line).await?;
            }
            return Ok(());
        }
        let mut piece = &buffer[..read];
        while let Some(line) = splitter.take_from(&mut piece).map_err(named)? {
            output.send(line).await?;
        }
    }
}
