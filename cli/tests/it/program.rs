//! The program `rendez` as its users meet it: started, read, interrupted. Not what its parts compute.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// How long a run may take before it counts as hanging.
const PATIENCE: Duration = Duration::from_secs(120);

/// A private place for the doors and the picture of one test; gone when dropped.
pub(crate) struct Place(PathBuf);

impl Place {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("rendez-program-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The program with these arguments, not yet started.
    pub(crate) fn rendez(&self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rendez"));
        command.args(args).env("XDG_RUNTIME_DIR", &self.0).env_remove("RENDEZ_GPU").env_remove("RUST_LOG");
        command.current_dir(&self.0).stdin(Stdio::null());
        command
    }

    /// Runs `rendez demo` on a tree to its end.
    pub(crate) fn demo(&self, root: &Path, args: &[&str]) -> Output {
        let all = [OsStr::new("demo"), root.as_os_str()].into_iter().chain(args.iter().map(OsStr::new));
        self.rendez(all).output().unwrap()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A run under way, with what it has said on standard error so far.
pub(crate) struct Running {
    child: Child,
    errors: BufReader<ChildStderr>,
    said: String,
}

impl Running {
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let errors = BufReader::new(child.stderr.take().unwrap());
        Self { child, errors, said: String::new() }
    }

    /// Reads on until a line has this word in it.
    pub(crate) fn wait_for(&mut self, word: &str) -> String {
        loop {
            let mut line = String::new();
            let read = self.errors.read_line(&mut line).unwrap();
            assert!(read > 0, "the program ended without saying `{word}`: {}", self.said);
            self.said.push_str(&line);
            if line.contains(word) {
                return line;
            }
        }
    }

    /// The number of the process of a child node, from the line that names it.
    pub(crate) fn pid_of(&mut self, node: &str) -> u32 {
        let line = self.wait_for("is process");
        let (_, rest) = line.split_once(&format!("{node} is process ")).expect("the line names all nodes");
        rest.split(|c: char| !c.is_ascii_digit()).next().unwrap().parse().unwrap()
    }

    pub(crate) fn signal(&self, signal: &str) {
        signal_process(self.child.id(), signal);
    }

    /// Waits for the end: exit code, standard output and all of standard error.
    pub(crate) fn end(mut self) -> (Option<i32>, String, String) {
        let mut output = String::new();
        self.child.stdout.take().unwrap().read_to_string(&mut output).unwrap();
        self.errors.read_to_string(&mut self.said).unwrap();
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            if let Some(status) = self.child.try_wait().unwrap() {
                return (status.code(), output, self.said);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        let _ = self.child.kill();
        panic!("the program does not end: {}", self.said);
    }
}

/// Sends a signal to one process, by its number.
pub(crate) fn signal_process(pid: u32, signal: &str) {
    let sent = Command::new("kill").args([format!("-{signal}"), pid.to_string()]).status().unwrap();
    assert!(sent.success(), "process {pid} is there to be signalled");
}

pub(crate) fn is_alive(pid: u32) -> bool {
    Path::new(&format!("/proc/{pid}")).exists()
}

/// What the program printed, up to the sums whose times differ between runs.
pub(crate) fn tables(output: &str) -> &str {
    output.split("\nread ").next().unwrap()
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
