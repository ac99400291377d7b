//! Set-up: says what the system lacks, installs it where it may, and never stops a command for it.

use crate::system::{self, Need};
use std::process::Command;

/// Says what is missing and, if `install` and root, installs it; otherwise prints the command for it.
pub(crate) fn run(install: bool) {
    let missing = missing();
    if missing.is_empty() {
        eprintln!("==> setup: nothing is missing");
        return;
    }
    say(&missing);
    let commands = system::install_commands(&missing);
    if install && system::is_root() {
        for command in commands {
            attempt(command);
        }
        conclude();
    } else {
        let lines: Vec<_> = commands.iter().map(|words| words.join(" ")).collect();
        eprintln!("==> setup: to install it, run as root:\n    {}", lines.join(" && "));
        eprintln!("==> setup: going on with what is there");
    }
}

fn missing() -> Vec<&'static Need> {
    system::NEEDS.iter().filter(|need| !(need.is_there)()).collect()
}

fn say(missing: &[&Need]) {
    for need in missing {
        eprintln!("==> setup: {} is missing (package {}): {}", need.what, need.package, need.without);
    }
}

/// A package manager that fails is told about, and that is all: the commands work without what it should have brought.
fn attempt(words: Vec<&str>) {
    let line = words.join(" ");
    eprintln!("==> setup: {line}");
    let Some((program, arguments)) = words.split_first() else { return };
    match Command::new(program).args(arguments).envs(system::INSTALL_ENVIRONMENT).status() {
        Ok(status) if status.success() => {}
        Ok(status) => eprintln!("==> setup: `{line}`: {status}"),
        Err(error) => eprintln!("==> setup: `{line}` does not start: {error}"),
    }
}

fn conclude() {
    let missing = missing();
    if missing.is_empty() {
        eprintln!("==> setup: all is there now");
    } else {
        say(&missing);
        eprintln!("==> setup: going on with what is there");
    }
}
