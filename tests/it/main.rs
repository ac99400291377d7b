//! rendez as a whole, through the facade only.

mod gallery;
mod lost_end;
