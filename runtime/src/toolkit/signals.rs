//! Signals of the operating system as values on a channel. Not the shut-down that ctrl-c and SIGTERM request, which `run`
//! does where nobody takes them.

use crate::interrupts::Taking;
use crate::os::{Listening, Signal};
use crate::{Failure, Outcome, alt, process};
use rendez_channels::{Sender, future};
use std::future::poll_fn;
use std::task::Poll;

/// Sends each signal of these kinds that the program gets, from its start on.
///
/// What the system does with these signals by default (mostly: it ends the program) is off from then on, and stays so when
/// this process has ended. Who takes [`Signal::Interrupt`] has ctrl-c for itself, who takes [`Signal::Terminate`] has that: it
/// neither shuts the program down nor goes to [`ctrl_c`](crate::ctrl_c).
///
/// Signals are not counted: those of one kind that come while one waits to be taken are one, so that at most one of each kind
/// waits. Kinds take turns. A kind that this system does not have, or gives to nobody, is a failure that names it.
///
/// Law: what comes out is of `kinds`, and a signal that comes when none of its kind waits comes out.
///
/// ```
/// use rendez_channels::channel;
/// use rendez_runtime::toolkit::{Signal, signals};
/// use rendez_runtime::{Outcome, run, spawn};
///
/// let reloads = run(async {
///     let (tx, orders) = channel();
///     let listening = spawn(signals([Signal::Terminate, Signal::Hangup], tx));
///     let service = spawn(async move {
///         let mut reloads = 0;
///         while let Some(order) = orders.next().await? {
///             match order {
///                 Signal::Hangup => reloads += 1, // Read the configuration again.
///                 _ => break,
///             }
///         }
///         Outcome::Ok(reloads)
///     });
///     listening.stop(); // No signal comes any more.
///     service.join().await
/// });
/// assert_eq!(reloads.unwrap(), 0);
/// ```
#[process]
pub async fn signals<K>(kinds: K, output: Sender<Signal>) -> Outcome
where
    K: IntoIterator<Item = Signal, IntoIter: Send> + Send + 'static,
{
    let mut listening = Vec::new();
    for kind in kinds {
        if listening.iter().any(|(known, _)| *known == kind) {
            continue;
        }
        let signal = Listening::to(kind).map_err(|e| Failure::new(format_args!("cannot take {kind}: {e}")))?;
        listening.push((kind, signal));
    }
    let _taking = Taking::begin(listening.iter().map(|(kind, _)| *kind));
    loop {
        let came = poll_fn(|cx| {
            let ready = listening.iter_mut().position(|(_, signal)| signal.poll_next(cx).is_ready());
            ready.map_or(Poll::Pending, Poll::Ready)
        });
        let came = alt! {
            came = future(came) => came,
            ended = output.closed() => return Err(ended.into()),
        };
        // Who came goes to the end, so that all have their turn.
        listening[came..].rotate_left(1);
        if let Some((kind, _)) = listening.last() {
            output.send(*kind).await?;
        }
    }
}
