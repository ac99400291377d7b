//! rendez as a whole, through the facade only.

mod gallery;
