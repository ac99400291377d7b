//! Why a lock or a permit was not had, where a channel's end alone does not say it.

use crate::{Ended, TryRecvError};
use std::error::Error;
use std::fmt;

/// Why a lock or a permit was not had.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AcquireError {
    /// It is not to be had now; only what does not wait answers so.
    Busy {
        /// The lock or semaphore.
        of: String,
    },
    /// More permits were asked for than there are: waiting for them would never end.
    TooMany {
        /// The semaphore.
        of: String,
        /// How many were asked for.
        wanted: usize,
        /// How many there are.
        permits: usize,
    },
    /// A re-entrant lock has to know who asks, and nobody known does.
    Nobody {
        /// The lock.
        of: String,
    },
    /// It was poisoned or closed, or who asks is being cancelled.
    Ended(Ended),
}

impl AcquireError {
    /// What a receive of the token that stands for `of` came to.
    pub(super) fn from_receive(error: TryRecvError, of: impl FnOnce() -> String) -> Self {
        match error {
            TryRecvError::Empty => Self::Busy { of: of() },
            TryRecvError::Ended(ended) => Self::Ended(ended),
        }
    }
}

impl From<Ended> for AcquireError {
    fn from(ended: Ended) -> Self {
        Self::Ended(ended)
    }
}

impl fmt::Display for AcquireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Busy { of } => write!(f, "`{of}` is not to be had now"),
            Self::TooMany { of, wanted, permits } => {
                write!(
                    f,
                    "`{of}` has {permits} permits and can never give {wanted}: ask for fewer, or make it with more"
                )
            }
            Self::Nobody { of } => write!(
                f,
                "`{of}` is re-entrant and has to know who asks: lock it within a process, or with `lock_blocking` on a thread"
            ),
            Self::Ended(ended) => ended.fmt(f),
        }
    }
}

impl Error for AcquireError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Ended(ended) => Some(ended),
            Self::Busy { .. } | Self::TooMany { .. } | Self::Nobody { .. } => None,
        }
    }
}
