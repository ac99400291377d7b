//! SIGQUIT: prints the dump. What a signal is, `os` knows.

use crate::os::{Listening, Signal};
use std::future::poll_fn;

/// Prints the table of all processes for each SIGQUIT, until it is dropped; never ends. The default of the signal, a core dump, is off
/// then. A system without that signal has no table.
pub(crate) async fn dump_on_quit() {
    if let Ok(mut quit) = Listening::to(Signal::Quit) {
        loop {
            poll_fn(|cx| quit.poll_next(cx)).await;
            eprint!("{}", super::dump());
        }
    }
    std::future::pending().await
}
