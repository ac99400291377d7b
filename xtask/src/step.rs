//! Running one command of a verb: it says which and for how long. It knows no verb.

use std::fmt::Display;
use std::process::{Command, ExitStatus};
use std::time::Instant;

/// Why a verb stopped, and the exit code that says so.
#[derive(Debug)]
pub(crate) struct Failed {
    /// A sentence that names the thing; empty when it has been told.
    pub(crate) what: String,
    /// The exit code of the whole command.
    pub(crate) code: u8,
}

impl Failed {
    /// A failure with exit code 1.
    pub(crate) fn new(what: impl Display) -> Self {
        Self { what: what.to_string(), code: 1 }
    }

    /// The same failure after `main` need not tell it any more.
    pub(crate) fn told(self) -> Self {
        eprintln!("error: {}", self.what);
        Self { what: String::new(), ..self }
    }
}

/// Runs `command` to its end under a heading, with this process's own output.
///
/// # Errors
/// When it does not start or does not succeed; the sentence has the whole command.
pub(crate) fn run(heading: &str, command: &mut Command) -> Result<(), Failed> {
    timed(heading, || {
        let status = command.status().map_err(|e| not_started(command, &e))?;
        judge(command, status)
    })
}

/// Does `work` under a heading and says how long it took.
///
/// # Errors
/// Those of `work`.
pub(crate) fn timed<T>(heading: &str, work: impl FnOnce() -> Result<T, Failed>) -> Result<T, Failed> {
    eprintln!("==> {heading}");
    let start = Instant::now();
    let result = work();
    let how = if result.is_ok() { "done" } else { "failed" };
    eprintln!("==> {heading}: {how} in {:.1} s", start.elapsed().as_secs_f64());
    result
}

/// `Ok` if a command's status is success.
///
/// # Errors
/// A sentence with the whole command.
pub(crate) fn judge(command: &Command, status: ExitStatus) -> Result<(), Failed> {
    if status.success() { Ok(()) } else { Err(Failed::new(format_args!("`{}`: {status}", shown(command)))) }
}

/// The failure of a command that could not be started.
pub(crate) fn not_started(command: &Command, error: &std::io::Error) -> Failed {
    Failed::new(format_args!("`{}` does not start: {error}", shown(command)))
}

/// A command as one would type it.
pub(crate) fn shown(command: &Command) -> String {
    let program = command.get_program().to_string_lossy();
    let words = std::iter::once(program).chain(command.get_args().map(|argument| argument.to_string_lossy()));
    words.map(|word| quoted(&word)).collect::<Vec<_>>().join(" ")
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_shown_as_one_would_type_it() {
        let mut command = Command::new("cargo");
        command.args(["test", "--", "it's", ""]);
        assert_eq!(shown(&command), r"cargo test -- 'it'\''s' ''");
    }

    #[test]
    fn a_failing_command_is_named() {
        let failed = run("nothing", Command::new("/nonexistent/program").arg("-x")).unwrap_err();
        assert!(failed.what.starts_with("`/nonexistent/program -x` does not start"), "{}", failed.what);
    }
}
