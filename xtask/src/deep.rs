//! The verb `deep`: checks that take too long for every change. One row a check in `CHECKS`.

use crate::cargo::{cargo, cargo_of};
use crate::step::{self, Failed};
use std::process::{Command, Stdio};

/// A check, how to run it, and what it needs that may be missing.
struct Check {
    name: &'static str,
    command: fn() -> Command,
    needs_miri: bool,
}

const CHECKS: [Check; 3] = [
    Check { name: "Miri: model", command: || miri("rendez-model"), needs_miri: true },
    Check { name: "Miri: channels", command: || miri("rendez-channels"), needs_miri: true },
    Check { name: "fuzz bodies, a long run", command: fuzz, needs_miri: false },
];

/// Rounds of each fuzz body; the ordinary tests do some thousands.
const FUZZ_ROUNDS: &str = "2000000";
const NO_MIRI: &str = "Miri is missing: `rustup toolchain install nightly --component miri,rust-src` installs it";

/// Runs all checks, also after one that fails.
///
/// # Errors
/// When a check fails or lacks what it needs.
pub(crate) fn run() -> Result<(), Failed> {
    let failed = CHECKS.iter().filter(|check| check.run().map_err(Failed::told).is_err());
    match failed.map(|check| check.name).collect::<Vec<_>>().join(", ") {
        none if none.is_empty() => Ok(()),
        names => Err(Failed::new(format_args!("these checks failed: {names}"))),
    }
}

impl Check {
    fn run(&self) -> Result<(), Failed> {
        if self.needs_miri && !has_miri() {
            return Err(Failed::new(NO_MIRI));
        }
        step::run(self.name, &mut (self.command)())
    }
}

fn has_miri() -> bool {
    let mut command = cargo_of("nightly", &["miri", "--version"]);
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

fn miri(package: &str) -> Command {
    cargo_of("nightly", &["miri", "test", "--package", package])
}

/// Optimised, but with the checks of a debug build.
fn fuzz() -> Command {
    let mut command = cargo(&["bench", "--package", "rendez", "--bench", "fuzz", "--", FUZZ_ROUNDS]);
    command.env("CARGO_PROFILE_BENCH_DEBUG_ASSERTIONS", "true").env("CARGO_PROFILE_BENCH_OVERFLOW_CHECKS", "true");
    command
}
