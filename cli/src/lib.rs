//! rendez-cli: what the program `rendez` is made of. Not a library for others: its interface is the command line.

pub mod job;
