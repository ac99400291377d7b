//! The verb `bench`: builds and runs a program of `benches/`. What is measured and how stands there.

use crate::cargo::cargo;
use crate::step::{Failed, not_started, shown, timed};

/// The programs that measure.
const PROGRAMS: [&str; 2] = ["channels", "runtime"];
/// The exit code of a command line that means nothing, here and in the programs.
const USAGE: i32 = 2;

/// Builds and runs the program of this name; its lines go to standard output, all else to standard error.
///
/// # Errors
/// A name or an argument that there is not, with exit code 2; a build or a benchmark that fails.
pub(crate) fn run(program: &str, arguments: &[String]) -> Result<(), Failed> {
    if !PROGRAMS.contains(&program) {
        let what = format!("there are no benchmarks `{program}`; there are: {}", PROGRAMS.join(", "));
        return Err(Failed { what, code: USAGE as u8 });
    }
    let program = format!("bench-{program}");
    let mut command = cargo(&["run", "--profile", "bench", "--package", "rendez-benches", "--bin", &program, "--"]);
    command.args(arguments);
    timed(&program, || {
        let status = command.status().map_err(|e| not_started(&command, &e))?;
        match status.code() {
            Some(0) => Ok(()),
            // It has said what was wrong.
            Some(USAGE) => Err(Failed { what: String::new(), code: USAGE as u8 }),
            _ => Err(Failed::new(format_args!("`{}`: {status}", shown(&command)))),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_program_is_told_the_known_ones() {
        let failed = run("chanels", &[]).unwrap_err();
        assert_eq!(
            (failed.what.as_str(), failed.code),
            ("there are no benchmarks `chanels`; there are: channels, runtime", 2)
        );
    }
}
