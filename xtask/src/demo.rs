//! The verb `demo`: the main job of the program `rendez`, built with `--release`.

use crate::cargo::{cargo, target_folder};
use crate::step::{self, Failed};
use crate::{setup, system};
use std::process::Command;

/// Sets up, builds and then becomes `rendez demo`, so that ctrl-c is its own and nodes re-execute it, never xtask.
///
/// # Errors
/// When it cannot be built or started.
pub(crate) fn run(install: bool, arguments: &[String]) -> Result<(), Failed> {
    setup::run(&system::FOR_TESTS.each_ref(), install);
    step::run("build", &mut cargo(&["build", "--release", "--package", "rendez-cli"]))?;
    let program = target_folder()?.join("release").join(format!("rendez{}", std::env::consts::EXE_SUFFIX));
    system::become_command(Command::new(program).arg("demo").args(arguments))
}
