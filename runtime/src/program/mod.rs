//! A child OS process as a process of the tree: a program that is started, asked to end, killed, and waited for with its
//! scope. It knows nothing of channels; the system's side of it is in `guarded`.

mod guarded;
mod place;
mod system;

use crate::cell::{Cell, Draft};
use crate::drive::process_that_ends_itself;
use crate::{Failure, IntoOutcome, IntoProcess, Outcome, Process, executor, is_stop_requested};
use guarded::{Guarded, Seen};
pub use place::PROGRAMS_MAX;
use place::Place;
use rendez_model::ProcessKind;
use std::ffi::OsStr;
use std::io::ErrorKind;
use std::panic::Location;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

/// A program of the operating system that is to run as a process: in a scope, below a supervisor, or awaited.
///
/// It is a child like any other. It has a name, a parent and the line that spawned it, and its scope does not end before it:
/// when its process counts as ended, the OS process is gone and no zombie is left.
///
/// | what ends it | how |
/// |---|---|
/// | itself, with status 0 | normally |
/// | itself, with another status, or a signal | a failure that names both; with [`status`](Self::status) a value |
/// | [`ProcessRef::request_stop`](crate::ProcessRef::request_stop), the grace of a scope, ctrl-c, a supervisor | it is sent `SIGTERM`; ending by that is a normal end |
/// | [`ProcessRef::stop`](crate::ProcessRef::stop), the end of its scope, the end of a grace | it is killed |
/// | the end of this program, also by `SIGKILL` | it is killed |
///
/// So to *terminate* it with a grace is [`ProcessRef::stop_within`](crate::ProcessRef::stop_within), to *kill* it is `stop`, to
/// *join* it is [`Spawned::join`](crate::Spawned::join), and one in the background is [`detached`](crate::detached()): nobody
/// waits for it, and it ends with this program at the latest. What is to outlive this program is started by
/// [`std::process::Command`] instead.
///
/// It runs in a process group of its own, together with a small shell that guards it: what the program has started, and not
/// moved into another group, is killed when the program has ended. A ctrl-c at the terminal reaches this program alone, which
/// passes it on as a request. Unless said otherwise it reads nothing, and prints where this program prints.
///
/// Other systems than Unix have no guard: there a request kills, what it has started is left, and so is the program itself
/// when this one is killed.
///
/// ```
/// use rendez_runtime::{Program, par, run};
///
/// # #[cfg(unix)]
/// run(async { par![Program::new("true"), Program::new("sh").args(["-c", "exit 0"])].await }).unwrap();
/// # #[cfg(unix)]
/// let failure = run(async { par![Program::new("false")].await }).unwrap_err();
/// # #[cfg(unix)]
/// assert!(failure.to_string().ends_with("failed: `false` ended with exit status: 1"));
/// ```
#[derive(Debug)]
#[must_use = "a program does nothing unless it is spawned, put into a `par!` or made a process and awaited"]
pub struct Program {
    name: String,
    command: Command,
    /// Whether it is this program again, which is told its name.
    is_this: bool,
}

impl Program {
    /// A program by its path, or by its name on the `PATH`.
    pub fn new(program: impl AsRef<OsStr>) -> Self {
        let mut command = Command::new(program);
        command.stdin(Stdio::null());
        Self::from(command)
    }

    /// This same program again: what its `main` does in it, its arguments or the environment say.
    ///
    /// On Unix it is told the [name](Self::named) of its process as its zeroth argument, where otherwise the path of the program
    /// stands; the system's `ps` shows that.
    ///
    /// # Errors
    /// The system does not say where this program is.
    pub fn this() -> Outcome<Self> {
        let this = std::env::current_exe()
            .map_err(|error| Failure::new(format_args!("where this program is, is not known: {error}")))?;
        Ok(Self { is_this: true, ..Self::new(this) })
    }

    /// Another name than the program's, for reports and the picture.
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        if self.is_this {
            system::call(&mut self.command, &self.name);
        }
        self
    }

    /// One more argument.
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.command.arg(arg);
        self
    }

    /// More arguments.
    pub fn args(mut self, args: impl IntoIterator<Item: AsRef<OsStr>>) -> Self {
        self.command.args(args);
        self
    }

    /// A variable of its environment, which else is this program's.
    pub fn env(mut self, key: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.command.env(key, value);
        self
    }

    /// The folder it begins in, which else is this program's.
    pub fn current_dir(mut self, folder: impl AsRef<Path>) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// Where it reads from: unless said otherwise, nothing. Of a terminal it is in the background, and would be halted for
    /// reading from it.
    pub fn stdin(mut self, stdin: impl Into<Stdio>) -> Self {
        self.command.stdin(stdin);
        self
    }

    /// Where it prints to: unless said otherwise, where this program does. Give it one end of a [`std::io::pipe`] to read it,
    /// and read it: a program whose pipe is full waits.
    pub fn stdout(mut self, stdout: impl Into<Stdio>) -> Self {
        self.command.stdout(stdout);
        self
    }

    /// The same for what it reports.
    pub fn stderr(mut self, stderr: impl Into<Stdio>) -> Self {
        self.command.stderr(stderr);
        self
    }

    /// The process whose value is how the program has ended: no status and no signal is a failure of it.
    ///
    /// ```
    /// use rendez_runtime::{Program, run};
    ///
    /// # #[cfg(unix)]
    /// let status = run(async { Program::new("sh").args(["-c", "exit 7"]).status().await }).unwrap();
    /// # #[cfg(unix)]
    /// assert_eq!(status.code(), Some(7));
    /// ```
    #[track_caller]
    pub fn status(self) -> Process<ExitStatus> {
        self.status_at(Location::caller())
    }

    /// The same, for another line that has asked for it.
    pub(crate) fn status_at(self, spawned_at: &'static Location<'static>) -> Process<ExitStatus> {
        self.then_at(spawned_at, Outcome::Ok)
    }

    /// The process whose outcome is what `then` makes of how the program has ended by itself. Where it cannot be started, or is
    /// killed, `then` is dropped, once the program is gone.
    ///
    /// ```
    /// use rendez_runtime::{Outcome, Program, run};
    ///
    /// # #[cfg(unix)] {
    /// let differ = Program::new("sh").args(["-c", "exit 1"]).then(|status| Outcome::Ok(status.code() == Some(1)));
    /// assert!(run(async { differ.await }).unwrap());
    /// # }
    /// ```
    #[track_caller]
    pub fn then<O: IntoOutcome>(self, then: impl FnOnce(ExitStatus) -> O + Send + 'static) -> Process<O::Value> {
        self.then_at(Location::caller(), then)
    }

    fn then_at<O: IntoOutcome>(
        self,
        spawned_at: &'static Location<'static>,
        then: impl FnOnce(ExitStatus) -> O + Send + 'static,
    ) -> Process<O::Value> {
        let draft = Draft::at(self.name, ProcessKind::Child, spawned_at);
        let live = live(self.command);
        let process = Process { job: process_that_ends_itself(draft, async move { then(live.await?).into_outcome() }) };
        // From the beginning, so that it is given time for a request even when it has not been polled yet.
        process.cell().control().listen();
        process
    }
}

impl From<Command> for Program {
    /// A program as the command has it, its input too.
    fn from(command: Command) -> Self {
        Self { name: name_of(&command), command, is_this: false }
    }
}

impl From<Program> for Command {
    /// The command that the program would be started by, for who starts it in another way.
    fn from(program: Program) -> Self {
        program.command
    }
}

impl IntoProcess for Program {
    type Value = ();

    #[track_caller]
    fn into_process(self) -> Process {
        let program = name_of(&self.command);
        self.then_at(Location::caller(), move |status| {
            match status.success() || (is_stop_requested() && system::is_terminated(status)) {
                true => Ok(()),
                false => Err(Failure::new(format_args!("`{program}` ended with {status}"))),
            }
        })
    }
}

fn name_of(command: &Command) -> String {
    let path = Path::new(command.get_program());
    path.file_name().unwrap_or(command.get_program()).to_string_lossy().into_owned()
}

/// Runs a program as the current process.
async fn live(command: Command) -> Outcome<ExitStatus> {
    let Some(cell) = Cell::current() else { return Err(Failure::new("a program runs as a process")) };
    if cell.is_cancelled() {
        return Err(Failure::cancelled());
    }
    let mut program = start(command)?;
    cell.set_os_pid(program.pid());
    let mut was_requested = false;
    let ended = loop {
        match program.next(&cell, was_requested).await {
            Seen::Ended(status) => break status.map_err(Failure::from),
            Seen::Requested => {
                was_requested = true;
                program.terminate();
            }
            Seen::Cancelled => break Err(Failure::cancelled()),
            Seen::Unguarded => {
                break Err(Failure::new("the guard of the program was ended, and the program with it: let `sh` run"));
            }
        }
    };
    program.end().await;
    cell.set_os_pid(None);
    ended
}

fn start(command: Command) -> Outcome<Guarded> {
    let program = command.get_program().to_string_lossy().into_owned();
    let failed = |why: &dyn std::fmt::Display| Failure::new(format_args!("`{program}` cannot be started: {why}"));
    if executor::controlled().is_some() {
        return Err(failed(&"an OS process runs in a time of its own: it cannot be explored"));
    }
    let place = Place::take().ok_or_else(|| {
        failed(&format_args!("{PROGRAMS_MAX} programs run already: let one end first, as a pool of workers does"))
    })?;
    Guarded::start(command, place).map_err(|error| match advice(error.kind()) {
        Some(advice) => failed(&format_args!("{error}: {advice}")),
        None => failed(&error),
    })
}

/// What to do about a program that the system does not start.
const fn advice(kind: ErrorKind) -> Option<&'static str> {
    match kind {
        ErrorKind::NotFound => Some("give the path of a program, or a name on the PATH, and a folder that is there"),
        ErrorKind::PermissionDenied => Some("give a file that this user may execute"),
        ErrorKind::WouldBlock | ErrorKind::OutOfMemory => Some("the system has no room for more: let others end first"),
        _ => None,
    }
}
