//! Claims that outlive a poll: a choice that is reserved by one of its guards, and what its other guards, its owner and its
//! partners see of that.

pub(crate) mod question;

mod in_alt;
mod in_choose;
mod threads;

// All orders of letters are too many for an interpreter.
#[cfg(not(miri))]
mod far;
#[cfg(not(miri))]
mod far_gone;
#[cfg(not(miri))]
mod far_local;
#[cfg(not(miri))]
mod far_ring;
