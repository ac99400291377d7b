//! Behaviours of channels and choice, through the public API.
#![cfg(not(loom))]

extern crate rendez_channels as rendez;

#[macro_use]
mod networks;
mod support;

mod barrier;
mod broadcast;
mod choice;
mod conformance;
mod fairness;
mod lent;
mod made;
mod operations;
mod property;
mod reentry;
mod rendezvous;
mod reserved;
mod reusable;
mod stream;
mod stress;
mod sync;
mod timers;
mod used_up;
mod weak;
