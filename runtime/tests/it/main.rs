//! Behaviours of processes, scopes and actors, through the public API.

mod actors;
mod carriers;
mod deadlocks;
mod kills;
mod limits;
mod scopes;
mod shutdown;
mod tape;
mod toolkit;
