//! The macros at work: what their expansions do when they run.

extern crate rendez_channels as rendez;

mod alt;
