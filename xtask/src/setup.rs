//! Set-up: says what the system lacks, installs it where it may, and never stops a command for it.

use crate::system::{self, Installs, Need};
use std::process::Command;

/// Says what of `needs` is missing and, if `install`, installs what this user may; otherwise prints the command for it.
pub(crate) fn run(needs: &[&Need], install: bool) {
    let missing = missing(needs);
    if missing.is_empty() {
        eprintln!("==> setup: nothing is missing");
        return;
    }
    say(&missing);
    let may = |command: &Installs| install && (!command.needs_root || system::is_root());
    let (now, later): (Vec<_>, Vec<_>) = system::install_commands(&missing).into_iter().partition(may);
    if !later.is_empty() {
        let who = if later.iter().any(|command| command.needs_root) { ", run as root" } else { "" };
        let lines: Vec<_> = later.iter().map(|command| command.words.join(" ")).collect();
        eprintln!("==> setup: to install it{who}:\n    {}", lines.join(" && "));
    }
    let is_tried = !now.is_empty();
    now.into_iter().for_each(|command| attempt(command.words));
    if is_tried {
        conclude(needs);
    } else {
        eprintln!("==> setup: going on with what is there");
    }
}

/// What of `needs` is not there.
pub(crate) fn missing<'n>(needs: &[&'n Need]) -> Vec<&'n Need> {
    needs.iter().copied().filter(|need| !(need.is_there)()).collect()
}

fn say(missing: &[&Need]) {
    for need in missing {
        eprintln!("==> setup: {} is missing ({}): {}", need.what, need.from, need.without);
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

fn conclude(needs: &[&Need]) {
    let missing = missing(needs);
    if missing.is_empty() {
        eprintln!("==> setup: all is there now");
    } else {
        say(&missing);
        eprintln!("==> setup: going on with what is there");
    }
}
