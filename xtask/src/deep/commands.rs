//! Checks that are one command or two of cargo.

use crate::cargo::{cargo, cargo_of, output_of, target_folder};
use crate::step::{self, Failed};
use crate::system::{MAC, WINDOWS};
use std::process::Command;
use std::thread;

/// Rounds of each fuzz body; the ordinary tests do some thousands.
const FUZZ_ROUNDS: &str = "2000000";
/// Preemptions in one run of a loom test.
const PREEMPTIONS: &str = "3";
/// Futures that are dropped; the ordinary tests drop some thousands.
const CANCELLATIONS: &str = "1000000";
/// Schedules that Miri runs the tasks of the runtime and the unit tests of channels with, and the one for all others.
const MIRI_SEEDS: &str = "-Zmiri-many-seeds=0..16";
const MIRI_SEED: &str = "-Zmiri-seed=1";

/// All tests of the crates with `unsafe` or synchronisation of their own, in Miri; those of channels' own threads with many
/// seeds, that is schedules.
pub(super) fn miri() -> Result<(), Failed> {
    let miri = |heading: &str, arguments: &[&str], flags: &str| {
        let mut command = cargo_of("nightly", &[&["miri", "test", "--package"], arguments].concat());
        step::run(heading, command.env("MIRIFLAGS", flags))
    };
    miri("rendez-model", &["rendez-model"], "")?;
    // The rest of the runtime has no `unsafe`, and its tests of I/O and processes are more than Miri can take.
    miri("rendez-runtime, its tasks, by seeds", &["rendez-runtime", "--lib", "task::"], MIRI_SEEDS)?;
    miri("rendez-channels, its unit tests, by seeds", &["rendez-channels", "--lib"], MIRI_SEEDS)?;
    // One test at a time, each on threads of its own, is what Miri does: the half that is conformance runs beside the rest.
    let half = |heading, filter: &[&str]| {
        miri(heading, &[&["rendez-channels", "--test", "it", "--"], filter].concat(), MIRI_SEED)
    };
    let (one, other) = thread::scope(|scope| {
        let one = scope.spawn(|| half("rendez-channels, conformance", &["conformance"]));
        let other = half("rendez-channels, the rest", &["--skip", "conformance"]);
        (one.join().expect("a command that runs does not panic"), other)
    });
    one.and(other)
}

/// The tests of channels, compiled with ThreadSanitizer, and the standard library, too: it would report false races of it else.
pub(super) fn tsan() -> Result<(), Failed> {
    let version = output_of(&mut nightly_rustc(&["-vV"]))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or_default();
    let arguments = ["test", "-Zbuild-std", "--target", host, "--package", "rendez-channels", "--lib", "--test", "it"];
    let mut command = cargo_of("nightly", &arguments);
    command.env("RUSTFLAGS", "-Zsanitizer=thread").env("CARGO_TARGET_DIR", target_folder()?.join("tsan"));
    // The first report ends the program, so that it fails.
    step::run("rendez-channels", command.env("TSAN_OPTIONS", "halt_on_error=1"))
}

fn nightly_rustc(arguments: &[&str]) -> Command {
    let mut command = Command::new("rustc");
    command.arg("+nightly").args(arguments).env_remove("RUSTUP_TOOLCHAIN");
    command
}

/// Random operations whose futures are dropped at any poll, on one thread against a model and on several. It prints its seed.
pub(super) fn cancellations() -> Result<(), Failed> {
    let mut command = cargo(&["test", "--package", "rendez-channels", "--test", "it", "property::"]);
    step::run("rendez-channels", command.env("RENDEZ_CANCELLATIONS", CANCELLATIONS))
}

/// Every interleaving of two or three threads, up to a bound on preemptions.
pub(super) fn loom() -> Result<(), Failed> {
    let mut command = for_loom(&["test", "--release", "--package", "rendez-channels", "--test", "loom"])?;
    command.env("LOOM_MAX_PREEMPTIONS", PREEMPTIONS).env("CARGO_PROFILE_RELEASE_DEBUG_ASSERTIONS", "true");
    step::run("rendez-channels", &mut command)
}

/// That the tests for loom compile, which no other build shows.
pub(crate) fn loom_compiles() -> Result<(), Failed> {
    step::run("tests for loom", &mut for_loom(&["check", "--package", "rendez-channels", "--test", "loom"])?)
}

/// In a target folder of its own, since the flag is every crate's.
fn for_loom(arguments: &[&str]) -> Result<Command, Failed> {
    let mut command = cargo(arguments);
    command.env("RUSTFLAGS", "--cfg loom").env("CARGO_TARGET_DIR", target_folder()?.join("loom"));
    Ok(command)
}

/// What the compiler and its lints say of the code for other systems. The tests are for systems like this one.
pub(super) fn systems() -> Result<(), Failed> {
    look_at(MAC, &["--all-targets", "--all-features"])?;
    look_at(WINDOWS, &["--lib", "--bins", "--all-features"])
}

/// Nothing is linked, so that the few dependencies in C need no compiler for that system: `true` stands in for it.
fn look_at(target: &str, what: &[&str]) -> Result<(), Failed> {
    let mut command =
        cargo(&[&["clippy", "--workspace", "--target", target], what, &["--", "-D", "warnings"]].concat());
    let suffix = target.replace('-', "_");
    for tool in ["CC", "CXX", "AR"] {
        command.env(format!("{tool}_{suffix}"), "true");
    }
    step::run(target, &mut command)
}

/// Optimised, but with the checks of a debug build.
pub(super) fn fuzz() -> Result<(), Failed> {
    let mut command = cargo(&["bench", "--package", "rendez", "--bench", "fuzz", "--", FUZZ_ROUNDS]);
    command.env("CARGO_PROFILE_BENCH_DEBUG_ASSERTIONS", "true").env("CARGO_PROFILE_BENCH_OVERFLOW_CHECKS", "true");
    step::run("fuzz bodies", &mut command)
}
