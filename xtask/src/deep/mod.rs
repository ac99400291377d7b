//! The verb `deep`: checks that take too long for every change. One row a check in `CHECKS`; how each runs is in the files.

mod commands;
mod models;
mod table;

use crate::setup;
use crate::step::{Failed, timed};
use crate::system::{self, Need};

pub(crate) use commands::loom_compiles;

/// A check, and how to run it.
struct Check {
    name: &'static str,
    what: &'static str,
    /// What the system should have for it.
    needs: &'static [Need],
    run: fn() -> Result<(), Failed>,
    /// Whether it runs when no name is given.
    usual: bool,
}

const CHECKS: [Check; 8] = [
    Check {
        name: "spin",
        what: "models of the commit protocol, and their mutants",
        needs: &system::FOR_MODELS,
        run: models::usual,
        usual: true,
    },
    Check {
        name: "spin-large",
        what: "models of more than ten million states",
        needs: &system::FOR_MODELS,
        run: models::large,
        usual: false,
    },
    Check {
        name: "loom",
        what: "channels: every interleaving of small cases",
        needs: &[],
        run: commands::loom,
        usual: true,
    },
    Check {
        name: "cancellations",
        what: "channels: a million futures dropped at random",
        needs: &[],
        run: commands::cancellations,
        usual: true,
    },
    Check {
        name: "tsan",
        what: "ThreadSanitizer: channels",
        needs: &system::FOR_SANITIZERS,
        run: commands::tsan,
        usual: true,
    },
    Check {
        name: "miri",
        what: "Miri: model, channels, and the cells of processes",
        needs: &system::FOR_MIRI,
        run: commands::miri,
        usual: true,
    },
    Check {
        name: "systems",
        what: "macOS and Windows: types and lints, nothing is run",
        needs: &system::FOR_OTHER_SYSTEMS,
        run: commands::systems,
        usual: true,
    },
    Check { name: "fuzz", what: "fuzz bodies, a long run", needs: &[], run: commands::fuzz, usual: true },
];

/// The exit code of a command line that means nothing.
const USAGE: u8 = 2;

/// Sets up, and runs the checks of these names, or all usual ones, also after one that fails.
///
/// # Errors
/// A name that there is not, with exit code 2; a check that fails or lacks what it needs.
pub(crate) fn run(install: bool, names: &[String]) -> Result<(), Failed> {
    let checks = chosen(names)?;
    let mut needs: Vec<_> = checks.iter().flat_map(|check| check.needs).collect();
    needs.sort_by_key(|need| need.what);
    needs.dedup_by_key(|need| need.what);
    setup::run(&needs, install);
    let failed = checks.iter().filter(|check| timed(&check.heading(), || check.run()).map_err(Failed::told).is_err());
    match failed.map(|check| check.name).collect::<Vec<_>>().join(", ") {
        none if none.is_empty() => Ok(()),
        names => Err(Failed::new(format_args!("these checks failed: {names}"))),
    }
}

/// The checks of these names, in the order of the table.
fn chosen(names: &[String]) -> Result<Vec<&'static Check>, Failed> {
    let known = |name: &String| CHECKS.iter().any(|check| check.name == name);
    if let Some(name) = names.iter().find(|name| !known(name)) {
        let list: Vec<_> = CHECKS.iter().map(Check::line).collect();
        let what = format!("there is no check `{name}`; there are:\n{}", list.join("\n"));
        return Err(Failed { what, code: USAGE });
    }
    let is_chosen = |check: &&Check| if names.is_empty() { check.usual } else { names.iter().any(|n| n == check.name) };
    Ok(CHECKS.iter().filter(is_chosen).collect())
}

impl Check {
    fn heading(&self) -> String {
        format!("{}: {}", self.name, self.what)
    }

    fn run(&self) -> Result<(), Failed> {
        match setup::missing(&self.needs.iter().collect::<Vec<_>>())[..] {
            [] => (self.run)(),
            [first, ..] => Err(Failed::new(format_args!("{} is missing ({})", first.what, first.from))),
        }
    }

    fn line(&self) -> String {
        format!("  {:14} {}{}", self.name, self.what, if self.usual { "" } else { " (only when named)" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(line: &str) -> Result<Vec<&'static str>, Failed> {
        let words: Vec<_> = line.split_whitespace().map(str::to_owned).collect();
        chosen(&words).map(|checks| checks.iter().map(|check| check.name).collect())
    }

    #[test]
    fn without_a_name_the_usual_ones_run() {
        let usual = names("").unwrap();
        assert!(usual.contains(&"spin") && !usual.contains(&"spin-large"), "{usual:?}");
    }

    #[test]
    fn named_ones_run_in_the_order_of_the_table() {
        assert_eq!(names("fuzz spin-large").unwrap(), ["spin-large", "fuzz"]);
    }

    #[test]
    fn an_unknown_one_is_told_the_known_ones() {
        let failed = names("spin spni").unwrap_err();
        assert_eq!(failed.code, 2);
        assert!(failed.what.starts_with("there is no check `spni`; there are:\n  spin "), "{}", failed.what);
    }
}
