//! The macros at work: what their expansions do when they run.

mod actor;
mod alt;
mod process;
