//! rendez as a whole, through the facade only.

mod answers;
mod gallery;
mod lost_end;
mod sessions;
