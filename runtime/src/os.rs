//! What differs between operating systems: their signals, and one error. What differs for child programs is in `program::system`.

use std::fmt;
use std::io;
use std::task::{Context, Poll};

/// A signal of the operating system, by what it is for. Not every system has all: [`signals`](crate::toolkit::signals) fails for one
/// that is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Signal {
    /// SIGINT, ctrl-c: somebody at the keyboard wants an end. On all systems.
    Interrupt,
    /// SIGTERM: the system wants an end. A program that [`run`](crate::run) runs takes it as it takes ctrl-c.
    Terminate,
    /// SIGHUP: the terminal has gone, or configuration is to be read again.
    Hangup,
    /// SIGQUIT, ctrl-\: what is going on? A program that [`run`](crate::run) runs prints its [`dump`](crate::dump()) too.
    Quit,
    /// SIGUSR1: whatever the program says.
    User1,
    /// SIGUSR2: whatever the program says.
    User2,
    /// SIGCHLD: a child has ended or stopped.
    Child,
    /// SIGWINCH: the terminal has another size.
    Window,
}

impl Signal {
    /// What the system calls it: `SIGINT`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Interrupt => "SIGINT",
            Self::Terminate => "SIGTERM",
            Self::Hangup => "SIGHUP",
            Self::Quit => "SIGQUIT",
            Self::User1 => "SIGUSR1",
            Self::User2 => "SIGUSR2",
            Self::Child => "SIGCHLD",
            Self::Window => "SIGWINCH",
        }
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Takes one kind of signal from now on; what the system did by default is off then, for good.
pub(crate) struct Listening(system::Stream);

impl Listening {
    pub(crate) fn to(kind: Signal) -> io::Result<Self> {
        system::listen(kind).map(Self)
    }

    /// Ready once for all that have come since it was last; never after the runtime has gone.
    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match self.0.poll_recv(cx) {
            Poll::Ready(Some(())) => Poll::Ready(()),
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    }
}

#[cfg(feature = "sockets")]
pub(crate) use system::is_out_of_descriptors;

#[cfg(unix)]
mod system {
    use super::{Signal, io};
    pub(super) use tokio::signal::unix::Signal as Stream;
    use tokio::signal::unix::{SignalKind, signal};

    pub(super) fn listen(kind: Signal) -> io::Result<Stream> {
        signal(match kind {
            Signal::Interrupt => SignalKind::interrupt(),
            Signal::Terminate => SignalKind::terminate(),
            Signal::Hangup => SignalKind::hangup(),
            Signal::Quit => SignalKind::quit(),
            Signal::User1 => SignalKind::user_defined1(),
            Signal::User2 => SignalKind::user_defined2(),
            Signal::Child => SignalKind::child(),
            Signal::Window => SignalKind::window_change(),
        })
    }

    /// Whether there is no file descriptor left, for this process or on this system: `EMFILE` and `ENFILE`, by these numbers on
    /// Linux, macOS and the BSDs.
    #[cfg(feature = "sockets")]
    pub(crate) fn is_out_of_descriptors(error: &io::Error) -> bool {
        matches!(error.raw_os_error(), Some(23 | 24))
    }
}

#[cfg(windows)]
mod system {
    use super::{Signal, io};
    pub(super) use tokio::signal::windows::CtrlC as Stream;

    pub(super) fn listen(kind: Signal) -> io::Result<Stream> {
        match kind {
            Signal::Interrupt => tokio::signal::windows::ctrl_c(),
            _ => Err(io::Error::new(io::ErrorKind::Unsupported, "this system has no such signal")),
        }
    }

    /// `WSAEMFILE`.
    #[cfg(feature = "sockets")]
    pub(crate) fn is_out_of_descriptors(error: &io::Error) -> bool {
        error.raw_os_error() == Some(10_024)
    }
}
