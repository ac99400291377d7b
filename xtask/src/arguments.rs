//! The command line: which verb, with what. It runs nothing.

use std::error::Error;
use std::fmt::{self, Display};

/// What `help` prints, and what follows a usage error.
pub(crate) const USAGE: &str = "\
Usage: cargo xtask VERB

  setup [--no-setup]               say what tests and demo lack and install it (as root, with apt), or print the command
  test [--no-setup]                set up, then rustfmt, tidy, clippy, all tests, the examples that end by themselves
  demo [--no-setup] [DIR] [...]    set up, build with --release, run `rendez demo` with these arguments
  bench channels|runtime [NAME..] [--target-ms N] [--runs N]
                                   rendez beside its peers; lines bench,contender,ops,seconds,ns_per_op
  deep [--no-setup] [NAME..]       set up, then checks that take long, all usual ones or those named: spin, spin-large, loom,
                                   cancellations, tsan, miri, fuzz
  tidy                             the rules of the house that a machine can see; a part of `test`
  weight                           crates and first build of the facade, by feature
  help                             this text

--no-setup installs nothing: it prints the command and goes on with what is there.";

/// One command of the project.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    /// Print the usage.
    Help,
    /// Say what the system lacks; install it if `install`.
    Setup { install: bool },
    /// Pass all tests.
    Test { install: bool },
    /// Run the main job with `arguments`.
    Demo { install: bool, arguments: Vec<String> },
    /// Run the benchmarks of `program` with `arguments`.
    Bench { program: String, arguments: Vec<String> },
    /// Run the checks that take long, those of these names or all.
    Deep { install: bool, names: Vec<String> },
    /// Check the rules of the house.
    Tidy,
    /// Measure what it costs to adopt the facade.
    Weight,
}

/// A command line that means nothing.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum UsageError {
    /// No verb of ours.
    UnknownVerb(String),
    /// A verb without what it needs.
    Missing { verb: &'static str, what: &'static str },
    /// A verb that takes less than it was given.
    Unexpected { verb: &'static str, argument: String },
}

/// Reads the command line that follows `cargo xtask`.
pub(crate) fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Verb, UsageError> {
    let mut arguments = arguments.into_iter();
    let verb = arguments.next().unwrap_or_else(|| "help".to_owned());
    let mut rest = Rest(arguments.collect());
    if verb != "demo" && rest.asks_for_help() {
        return Ok(Verb::Help);
    }
    let (name, parsed) = match verb.as_str() {
        "help" | "--help" | "-h" => ("help", Verb::Help),
        "setup" => ("setup", Verb::Setup { install: rest.installs() }),
        "test" => ("test", Verb::Test { install: rest.installs() }),
        "bench" => {
            let program = rest.first("bench", "the name of a program: channels or runtime")?;
            return Ok(Verb::Bench { program, arguments: rest.0 });
        }
        "deep" => return Ok(Verb::Deep { install: rest.installs(), names: rest.0 }),
        "tidy" => ("tidy", Verb::Tidy),
        "weight" => ("weight", Verb::Weight),
        "demo" => return Ok(Verb::Demo { install: rest.installs(), arguments: rest.0 }),
        _ => return Err(UsageError::UnknownVerb(verb)),
    };
    rest.none(name)?;
    Ok(parsed)
}

/// The arguments behind the verb that nobody has taken yet.
struct Rest(Vec<String>);

impl Rest {
    fn asks_for_help(&self) -> bool {
        self.0.iter().any(|argument| matches!(argument.as_str(), "--help" | "-h"))
    }

    /// Takes `--no-setup` out.
    fn installs(&mut self) -> bool {
        let given = self.0.len();
        self.0.retain(|argument| argument != "--no-setup");
        self.0.len() == given
    }

    /// Takes the first, which must be there.
    fn first(&mut self, verb: &'static str, what: &'static str) -> Result<String, UsageError> {
        if self.0.is_empty() { Err(UsageError::Missing { verb, what }) } else { Ok(self.0.remove(0)) }
    }

    fn none(self, verb: &'static str) -> Result<(), UsageError> {
        match self.0.into_iter().next() {
            Some(argument) => Err(UsageError::Unexpected { verb, argument }),
            None => Ok(()),
        }
    }
}

impl Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownVerb(verb) => write!(f, "there is no verb `{verb}`"),
            Self::Missing { verb, what } => write!(f, "`{verb}` needs {what}"),
            Self::Unexpected { verb, argument } => write!(f, "`{verb}` does not take `{argument}`"),
        }
    }
}

impl Error for UsageError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Verb, UsageError> {
        parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn without_a_verb_help_is_given() {
        for line in ["", "help", "--help", "-h"] {
            assert_eq!(parsed(line), Ok(Verb::Help));
        }
    }

    #[test]
    fn who_asks_for_help_with_a_verb_gets_it_from_us_or_from_the_demo() {
        for line in ["deep --help", "bench runtime -h", "test --no-setup --help", "tidy --help"] {
            assert_eq!(parsed(line), Ok(Verb::Help), "{line}");
        }
        assert_eq!(parsed("demo --help"), Ok(Verb::Demo { install: true, arguments: vec!["--help".to_owned()] }));
    }

    #[test]
    fn an_unknown_verb_is_named() {
        assert_eq!(parsed("tset"), Err(UsageError::UnknownVerb("tset".to_owned())));
    }

    #[test]
    fn no_setup_is_taken_wherever_it_stands() {
        assert_eq!(parsed("setup"), Ok(Verb::Setup { install: true }));
        assert_eq!(parsed("test --no-setup"), Ok(Verb::Test { install: false }));
        let arguments = vec!["/tmp".to_owned(), "--device".to_owned(), "cpu".to_owned()];
        assert_eq!(parsed("demo /tmp --no-setup --device cpu"), Ok(Verb::Demo { install: false, arguments }));
    }

    #[test]
    fn what_follows_the_program_of_a_benchmark_is_for_it() {
        let bench = |arguments: &[&str]| Verb::Bench {
            program: "channels".to_owned(),
            arguments: arguments.iter().map(|&argument| argument.to_owned()).collect(),
        };
        assert_eq!(parsed("bench channels"), Ok(bench(&[])));
        assert_eq!(parsed("bench channels ring --runs 3"), Ok(bench(&["ring", "--runs", "3"])));
        assert_eq!(
            parsed("bench").unwrap_err().to_string(),
            "`bench` needs the name of a program: channels or runtime"
        );
    }

    #[test]
    fn what_follows_deep_are_names_of_checks() {
        assert_eq!(parsed("deep"), Ok(Verb::Deep { install: true, names: vec![] }));
        let spin = Verb::Deep { install: false, names: vec!["spin".to_owned()] };
        assert_eq!(parsed("deep spin --no-setup"), Ok(spin));
    }

    #[test]
    fn a_superfluous_argument_is_an_error() {
        let error = parsed("test --fast").unwrap_err();
        assert_eq!(error.to_string(), "`test` does not take `--fast`");
    }
}
