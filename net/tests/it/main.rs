//! rendez-net through its public API, on loopback. Every wait is bounded.

mod actors;
mod admission;
mod channels;
mod children;
mod common;
mod os_processes;
mod traces;
