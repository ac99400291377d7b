//! Behaviours of processes, scopes and actors, through the public API.

mod actors;
mod carriers;
mod deadlocks;
mod scopes;
mod toolkit;
