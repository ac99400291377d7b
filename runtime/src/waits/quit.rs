//! SIGQUIT: prints the dump. The only file of the wait-for graph that knows an operating system.

/// Prints the table of all processes for each SIGQUIT, until it is dropped; never ends. The default of the signal, a core dump, is off then.
#[cfg(unix)]
pub(crate) async fn dump_on_quit() {
    use tokio::signal::unix::{SignalKind, signal};
    if let Ok(mut quit) = signal(SignalKind::quit()) {
        while quit.recv().await.is_some() {
            eprint!("{}", super::dump());
        }
    }
    std::future::pending().await
}

#[cfg(not(unix))]
pub(crate) async fn dump_on_quit() {
    std::future::pending().await
}
