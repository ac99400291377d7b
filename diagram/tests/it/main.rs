//! The integration tests of the diagrams, as one program.

mod networks;
mod snapshots;
