//! The program's command line. It runs nothing.

use crate::bench::Bench;
use std::error::Error;
use std::fmt::{self, Display};
use std::time::Duration;

/// How long one run should take, unless the command line says otherwise.
const TARGET_MS: u64 = 200;
/// Runs of each contender, unless the command line says otherwise; odd, so that one of them is the median.
const RUNS: usize = 5;
/// What the program calls itself with, to measure one contender.
const CHILD: &str = "--child";

/// What to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Measure and print.
    Measure(Options),
    /// Be the process of one contender.
    Child {
        /// Its benchmark.
        bench: String,
        /// Its name.
        contender: String,
    },
}

/// What to measure and how long.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Options {
    /// The benchmarks; none means all.
    pub(crate) names: Vec<String>,
    /// How long one run should take.
    pub(crate) target: Duration,
    /// Runs of each contender.
    pub(crate) runs: usize,
}

/// A command line that means nothing.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum UsageError {
    /// No benchmark of ours.
    UnknownName { name: String, known: Vec<String> },
    /// No option of ours.
    UnknownOption(String),
    /// An option without a number above 0.
    NoNumber(&'static str),
}

impl Options {
    /// Reads the command line that follows the program's name.
    ///
    /// # Errors
    /// A name or an option that there is not.
    pub(crate) fn parse(arguments: impl IntoIterator<Item = String>, benches: &[Bench]) -> Result<Wanted, UsageError> {
        let mut options = Self { names: vec![], target: Duration::from_millis(TARGET_MS), runs: RUNS };
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--target-ms" => options.target = Duration::from_millis(number("--target-ms", arguments.next())?),
                "--runs" => options.runs = number("--runs", arguments.next())? as usize,
                CHILD => {
                    let mut next = || arguments.next().ok_or_else(|| UsageError::UnknownOption(CHILD.to_owned()));
                    return Ok(Wanted::Child { bench: next()?, contender: next()? });
                }
                _ if argument.starts_with('-') => return Err(UsageError::UnknownOption(argument)),
                _ if benches.iter().any(|bench| bench.name == argument) => options.names.push(argument),
                _ => {
                    let known = benches.iter().map(|bench| bench.name.clone()).collect();
                    return Err(UsageError::UnknownName { name: argument, known });
                }
            }
        }
        Ok(Wanted::Measure(options))
    }

    /// Whether a benchmark is to be measured.
    pub(crate) fn wants(&self, name: &str) -> bool {
        self.names.is_empty() || self.names.iter().any(|wanted| wanted == name)
    }
}

/// The arguments that make this program the process of one contender.
pub(crate) fn child<'a>(bench: &'a str, contender: &'a str) -> [&'a str; 3] {
    [CHILD, bench, contender]
}

fn number(option: &'static str, argument: Option<String>) -> Result<u64, UsageError> {
    let number = argument.and_then(|argument| argument.parse().ok()).filter(|&number| number > 0);
    number.ok_or(UsageError::NoNumber(option))
}

impl Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownName { name, known } => {
                write!(f, "there is no benchmark `{name}`; there is: {}", known.join(", "))
            }
            Self::UnknownOption(option) => {
                write!(f, "there is no option `{option}` here; there is: --target-ms N, --runs N")
            }
            Self::NoNumber(option) => write!(f, "`{option}` needs a number above 0"),
        }
    }
}

impl Error for UsageError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channels::benches;

    fn parsed(line: &str) -> Result<Wanted, UsageError> {
        Options::parse(line.split_whitespace().map(str::to_owned), &benches())
    }

    fn measured(line: &str) -> Options {
        match parsed(line) {
            Ok(Wanted::Measure(options)) => options,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn without_a_name_all_are_wanted() {
        let options = measured("");
        assert_eq!((options.runs, options.target.as_millis()), (5, 200));
        assert!(options.wants("commstime") && options.wants("ring"));
    }

    #[test]
    fn names_and_options_mix() {
        let options = measured("ring --runs 3 commstime --target-ms 50");
        assert_eq!((options.runs, options.target.as_millis()), (3, 50));
        assert!(options.wants("commstime") && options.wants("ring") && !options.wants("pingpong"));
    }

    #[test]
    fn an_unknown_name_is_told_the_known_ones() {
        let error = parsed("commstime comstime").unwrap_err().to_string();
        assert!(error.starts_with("there is no benchmark `comstime`; there is: commstime, ring, pingpong"), "{error}");
    }

    #[test]
    fn an_option_needs_its_number() {
        for line in ["--runs", "--runs 0", "--runs many"] {
            assert_eq!(parsed(line), Err(UsageError::NoNumber("--runs")));
        }
        assert_eq!(parsed("--fast"), Err(UsageError::UnknownOption("--fast".to_owned())));
    }

    #[test]
    fn a_child_knows_what_it_is() {
        let line = child("ring", "rendez-ct").join(" ");
        assert_eq!(parsed(&line), Ok(Wanted::Child { bench: "ring".to_owned(), contender: "rendez-ct".to_owned() }));
    }
}
