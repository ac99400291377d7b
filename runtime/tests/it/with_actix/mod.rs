//! Actors of actix beside ours, in both directions.

mod between;
mod guests;
mod hosted;
mod inlets;
mod outlets;
