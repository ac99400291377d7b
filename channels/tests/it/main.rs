//! Behaviours of channels and choice, through the public API.

extern crate rendez_channels as rendez;

mod support;

mod barrier;
mod broadcast;
mod choice;
#[cfg(not(miri))]
mod exchange;
mod fairness;
mod model;
mod operations;
mod property;
mod questions;
mod reentry;
mod rendezvous;
mod reusable;
mod stream;
#[cfg(not(miri))]
mod stress;
mod timers;
