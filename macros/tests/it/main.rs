//! The macros at work: what their expansions do when they run.

mod alt;
mod process;
