//! The skeletons from outside.

// The expansions of the macros begin at `::rendez`.
extern crate rendez_runtime as rendez;

mod all_reduce;
mod farm;
mod pool;
mod support;
