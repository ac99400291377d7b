//! Behaviours of channels and choice, through the public API.

extern crate rendez_channels as rendez;

mod support;

mod choice;
mod model;
mod property;
mod rendezvous;
#[cfg(not(miri))]
mod stress;
mod timers;
