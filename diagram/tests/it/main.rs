//! The integration tests of the diagrams, as one program.

mod networks;
mod random;
mod snapshots;
