//! What one operation does, beside the plain send and receive: each by hand, one party at a time where that can be.

mod corners;
mod deadlines;
mod extended;
mod holders;
mod late;
mod overflow;
mod panics;
mod permits;
mod poison;
mod undelivered;
