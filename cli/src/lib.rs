//! rendez-cli: what the program `rendez` does, for its `main` and its tests. Not a library for others.

pub mod args;
pub mod demo;
pub mod job;
pub mod look;
pub mod node;
pub mod record;

pub mod door;
pub mod inspector;
pub mod memory;
