//! A program of the operating system as a process: lines in, lines out. Not a node; it knows nothing of channels.

use crate::{Failure, Outcome, alt, process};
use rendez_channels::{Receiver, Sender, future};
use std::io::ErrorKind;
use std::pin::pin;
use std::process::{Command, Stdio};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{ChildStdin, ChildStdout};

/// Runs a program: what comes in are the lines of its standard input, what it prints goes out line by line.
///
/// It ends when the program does. One that fails to start, or ends with another status than success, is a failure that
/// names it. When nobody receives any more, or its scope ends it, the program is killed.
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
    let trouble = |error| Failure::new(format_args!("`{name}`: {error}"));
    let mut command = tokio::process::Command::from(command);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().map_err(trouble)?;
    let (Some(stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(Failure::new(format_args!("`{name}` has no pipes")));
    };
    let mut feeding = pin!(feed(input, stdin));
    let mut working = pin!(async {
        read(stdout, &output).await?;
        match child.wait().await? {
            status if status.success() => Ok(()),
            status => Err(Failure::new(format_args!("`{name}` ended with {status}"))),
        }
    });
    let mut feeds = true;
    loop {
        alt! {
            fed = future(feeding.as_mut()), if feeds => {
                fed?;
                feeds = false;
            }
            worked = future(working.as_mut()) => return worked,
            ended = output.closed() => return Err(ended.into()),
        }
    }
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

async fn read(stdout: ChildStdout, output: &Sender<String>) -> Outcome {
    let mut lines = BufReader::new(stdout).lines();
    while let Some(line) = lines.next_line().await? {
        output.send(line).await?;
    }
    Ok(())
}
