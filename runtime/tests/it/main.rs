//! Behaviours of processes, scopes and actors, through the public API.

// The macros' expansions begin at `::rendez`; in here that is this crate.
extern crate rendez_runtime as rendez;

mod actix_rows;
mod actors;
mod allocations;
mod bad_input;
mod bus;
mod carriers;
mod deadlocks;
mod explore;
mod instances;
mod kills;
mod limits;
mod lives;
mod mailboxes;
mod names;
mod programs;
mod reentrance;
mod routers;
mod scopes;
mod shutdown;
mod sockets;
mod standard_error;
mod states;
mod streams;
mod supervision;
mod takeover;
mod tape;
mod toolkit;
mod traces;
mod usage;
mod waits;
mod with_actix;
