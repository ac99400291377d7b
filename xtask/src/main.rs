//! The project's own commands, `cargo xtask VERB`. No part of rendez, and no dependency, so that it builds in a second.

mod arguments;
mod bench;
mod cargo;
mod deep;
mod demo;
mod examples;
mod manifest;
mod setup;
mod step;
mod system;
mod tally;
mod test;
mod tidy;
mod weight;

use arguments::{USAGE, Verb};
use std::process::ExitCode;
use step::Failed;

fn main() -> ExitCode {
    let verb = match arguments::parse(std::env::args().skip(1)) {
        Ok(verb) => verb,
        Err(error) => {
            eprintln!("error: {error}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match run(verb) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failed { what, code }) => {
            if !what.is_empty() {
                eprintln!("error: {what}");
            }
            ExitCode::from(code)
        }
    }
}

fn run(verb: Verb) -> Result<(), Failed> {
    match verb {
        Verb::Help => {
            println!("{USAGE}");
            Ok(())
        }
        Verb::Setup { install } => {
            setup::run(&system::FOR_TESTS.each_ref(), install);
            Ok(())
        }
        Verb::Test { install } => test::run(install),
        Verb::Demo { install, arguments } => demo::run(install, &arguments),
        Verb::Bench { program, arguments } => bench::run(&program, &arguments),
        Verb::Deep { install, names } => deep::run(install, &names),
        Verb::Tidy => tidy::run(),
        Verb::Weight => weight::run(),
    }
}
