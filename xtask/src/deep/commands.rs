//! Checks that are one command or two of cargo, each told when what it needs is missing.

use crate::cargo::{cargo, cargo_of, target_folder};
use crate::step::{self, Failed};
use std::process::{Command, Stdio};

/// Rounds of each fuzz body; the ordinary tests do some thousands.
const FUZZ_ROUNDS: &str = "2000000";
/// Preemptions in one run of a loom test.
const PREEMPTIONS: &str = "3";
const NO_MIRI: &str = "Miri is missing: `rustup toolchain install nightly --component miri,rust-src` installs it";

/// All tests of the crates with `unsafe` or synchronisation of their own, in Miri.
pub(super) fn miri() -> Result<(), Failed> {
    if !is_there(&mut cargo_of("nightly", &["miri", "--version"])) {
        return Err(Failed::new(NO_MIRI));
    }
    for package in ["rendez-model", "rendez-channels"] {
        step::run(package, &mut cargo_of("nightly", &["miri", "test", "--package", package]))?;
    }
    // The rest of the runtime has no `unsafe`, and tokio is more than Miri can take.
    step::run(
        "rendez-runtime",
        &mut cargo_of("nightly", &["miri", "test", "--package", "rendez-runtime", "--lib", "task::"]),
    )
}

/// Every interleaving of two or three threads, up to a bound on preemptions. In a target folder of its own, since the flag is
/// every crate's.
pub(super) fn loom() -> Result<(), Failed> {
    let mut command = cargo(&["test", "--release", "--package", "rendez-channels", "--test", "loom"]);
    let folder = target_folder()?.join("loom");
    command.env("RUSTFLAGS", "--cfg loom").env("CARGO_TARGET_DIR", folder).env("LOOM_MAX_PREEMPTIONS", PREEMPTIONS);
    command.env("CARGO_PROFILE_RELEASE_DEBUG_ASSERTIONS", "true");
    step::run("rendez-channels", &mut command)
}

/// Optimised, but with the checks of a debug build.
pub(super) fn fuzz() -> Result<(), Failed> {
    let mut command = cargo(&["bench", "--package", "rendez", "--bench", "fuzz", "--", FUZZ_ROUNDS]);
    command.env("CARGO_PROFILE_BENCH_DEBUG_ASSERTIONS", "true").env("CARGO_PROFILE_BENCH_OVERFLOW_CHECKS", "true");
    step::run("fuzz bodies", &mut command)
}

/// Whether a command that only tells its version works.
pub(super) fn is_there(command: &mut Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}
