//! The program `rendez`. Its first line decides whether it is a child node of another one.

use clap::Parser;
use rendez::prelude::*;
use rendez_cli::args::{Cli, Verb};
use rendez_cli::{demo, look, node, record};
use std::io::IsTerminal;
use std::process::ExitCode;

fn main() -> ExitCode {
    let child = rendez::net::child_main();
    log_to_stderr();
    let outcome = match child {
        Err(error) => Err(Failure::new(error)),
        Ok(Some(child)) => run(demo::child::run(child)),
        Ok(None) => match Cli::parse().verb {
            Verb::Demo(args) => args.into_demo().and_then(|demo| run(demo::run(demo))),
            Verb::Node(args) => run(node::run(args)),
            Verb::Ask(args) => run(look::ask(args)),
            Verb::Draw(args) => run(look::draw(args)),
            Verb::Ps(args) => run(look::ps(args)),
            Verb::Record(args) => run(record::record(args)),
        },
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) if failure.is_cancelled() => ExitCode::from(130),
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

/// `RUST_LOG` says what is logged; without it, nothing is: the program prints for people.
fn log_to_stderr() {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "off".into());
    let ansi = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(ansi).init();
}
