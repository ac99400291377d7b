//! What goes wrong at sockets: an error that names the address and what was tried. Not the sockets.

use std::error::Error;
use std::fmt;
use std::io;

/// What was tried at an address and has not worked.
#[derive(Debug)]
#[non_exhaustive]
pub struct SocketError {
    /// What was tried: `connect to`.
    pub tried: &'static str,
    /// The address as it was given, or the peer's.
    pub address: String,
    /// What the system says.
    pub source: io::Error,
}

impl SocketError {
    /// For `map_err`.
    pub(super) fn of(tried: &'static str, address: impl fmt::Display) -> impl FnOnce(io::Error) -> Self {
        move |source| Self { tried, address: address.to_string(), source }
    }
}

impl fmt::Display for SocketError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {} `{}`: {}", self.tried, self.address, self.source)
    }
}

impl Error for SocketError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.source)
    }
}
