//! What differs between operating systems for a program: its guard, its pipes, its name. Not how it runs, which is in `guarded`.
//!
//! The guard is a shell that leads the process group which the program is put into. It reads words from a pipe whose other end
//! is ours alone: a word is a signal for the group, and the end of the pipe, however it comes, kills the group, the guard
//! with it. The number of a group is not given to another while its leader has not been waited for, so that a signal cannot
//! reach a stranger. Between its making and its first instruction the program holds a copy of our end, and is in the
//! group before it gives that up: there is no moment at which it is out of the guard's reach.
//!
//! Not `PR_SET_PDEATHSIG`: that is sent when the *thread* ends that has started the program, and needs unsafe code.

use super::Program;
#[cfg(not(unix))]
pub(crate) use other::{Guard, call, is_terminated};
#[cfg(unix)]
pub(crate) use unix::{Guard, call, is_terminated};

#[cfg(unix)]
mod unix {
    use super::Program;
    use std::future::Future as _;
    use std::io;
    use std::io::{PipeWriter, Write as _};
    use std::os::fd::OwnedFd;
    use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
    use std::pin::pin;
    use std::process::Stdio;
    use std::process::{Command, ExitStatus};
    use std::task::{Context, Poll};
    use tokio::process::{Child, ChildStdin, ChildStdout};

    /// Every Unix has it.
    const SHELL: &str = "/bin/sh";
    /// Keeps on whatever the group is sent; at the end of its words it kills the group, and so itself.
    const SCRIPT: &str = "trap '' HUP INT QUIT TERM; while read -r word; do kill -s \"$word\" 0; done; kill -s KILL 0";
    /// What it has its group terminated by.
    const TERMINATE: &[u8] = b"TERM\n";
    const SIGTERM: i32 = 15;

    pub(crate) struct Guard {
        shell: Child,
        words: Option<PipeWriter>,
    }

    impl Guard {
        /// Starts the guard; the program of this command will be in its group.
        pub(crate) fn over(command: &mut tokio::process::Command) -> io::Result<Self> {
            let (read, words) = io::pipe()?;
            let mut shell = tokio::process::Command::new(SHELL);
            shell.args(["-c", SCRIPT, "rendez-guard"]).env_clear().current_dir("/").process_group(0).kill_on_drop(true);
            shell.stdin(read).stdout(Stdio::null()).stderr(Stdio::null());
            let shell =
                shell.spawn().map_err(|error| io::Error::new(error.kind(), format!("its guard {SHELL}: {error}")))?;
            let group = shell.id().and_then(|id| i32::try_from(id).ok());
            command.process_group(group.ok_or_else(|| io::Error::other("its guard has no number"))?);
            Ok(Self { shell, words: Some(words) })
        }

        pub(crate) fn poll_ended(&mut self, cx: &mut Context<'_>) -> Poll<()> {
            pin!(self.shell.wait()).poll(cx).map(drop)
        }

        /// Whether the group is sent the signal. The word finds room: it is the only one.
        pub(crate) fn terminate(&mut self) -> bool {
            self.words.as_mut().is_some_and(|words| words.write_all(TERMINATE).is_ok())
        }

        /// Has it kill the group, and itself.
        pub(crate) fn dismiss(&mut self) {
            self.words = None;
        }

        pub(crate) fn is_running(&mut self) -> bool {
            matches!(self.shell.try_wait(), Ok(None))
        }
    }

    /// Whether a program has ended by being asked to, itself or as a shell says it of another.
    pub(crate) fn is_terminated(status: ExitStatus) -> bool {
        status.signal() == Some(SIGTERM) || status.code() == Some(128 + SIGTERM)
    }

    /// Has this program see another name than its path where it asks what it is called.
    pub(crate) fn call(command: &mut Command, name: &str) {
        command.arg0(name);
    }

    impl Program {
        /// A program with pipes to its input and from its output, and our ends of them.
        pub(crate) fn piped(mut command: Command) -> io::Result<(ChildStdin, ChildStdout, Self)> {
            let ((stdin, to_it), (from_it, stdout)) = (io::pipe()?, io::pipe()?);
            command.stdin(stdin).stdout(stdout);
            let to_it = ChildStdin::from_std(OwnedFd::from(to_it).into())?;
            let from_it = ChildStdout::from_std(OwnedFd::from(from_it).into())?;
            Ok((to_it, from_it, Self::from(command)))
        }
    }
}

#[cfg(not(unix))]
mod other {
    use super::Program;
    use std::io;
    use std::process::{Command, ExitStatus};
    use std::task::{Context, Poll};
    use tokio::process::{ChildStdin, ChildStdout};

    /// There is none.
    pub(crate) struct Guard {
        is_dismissed: bool,
    }

    impl Guard {
        pub(crate) fn over(_: &mut tokio::process::Command) -> io::Result<Self> {
            Ok(Self { is_dismissed: false })
        }

        pub(crate) fn poll_ended(&mut self, _: &mut Context<'_>) -> Poll<()> {
            if self.is_dismissed { Poll::Ready(()) } else { Poll::Pending }
        }

        pub(crate) fn terminate(&mut self) -> bool {
            false
        }

        pub(crate) fn dismiss(&mut self) {
            self.is_dismissed = true;
        }

        pub(crate) fn is_running(&mut self) -> bool {
            false
        }
    }

    /// It is asked by being killed.
    pub(crate) fn is_terminated(_: ExitStatus) -> bool {
        true
    }

    /// It sees its path.
    pub(crate) fn call(_: &mut Command, _: &str) {}

    impl Program {
        /// There are none.
        pub(crate) fn piped(_: Command) -> io::Result<(ChildStdin, ChildStdout, Self)> {
            Err(io::Error::new(io::ErrorKind::Unsupported, "pipes to a program are there on Unix only"))
        }
    }
}
