//! Requests from outside to end the program, ctrl-c and SIGTERM: who waits for one, and the shut-down where nobody does. Not signals
//! as values, which are `toolkit::signals`.

use crate::control::{Listeners, wind_down};
use crate::os::{Listening, Signal};
use crate::run::unended;
use crate::{Outcome, ProcessRef, alt};
use rendez_channels::{FutureGuard, Sender, channel_bounded, future};
use rendez_model::ChannelId;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::process::exit;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

/// The signals that request an end.
const REQUESTS: [Signal; 2] = [Signal::Interrupt, Signal::Terminate];

/// Takes requests to end from now on.
pub(crate) struct Requests(Vec<(Signal, Listening)>);

impl Requests {
    /// Those that this system has; an error where it has none.
    pub(crate) fn listen() -> io::Result<Self> {
        let (mut listening, mut refused) = (Vec::new(), None);
        for kind in REQUESTS {
            match Listening::to(kind) {
                Ok(signal) => listening.push((kind, signal)),
                Err(error) => refused = Some(error),
            }
        }
        refused.filter(|_| listening.is_empty()).map_or(Ok(Self(listening)), Err)
    }

    /// The next that no process takes as a signal.
    async fn next(&mut self) -> Signal {
        poll_fn(|cx| {
            for (kind, signal) in &mut self.0 {
                // Who takes this kind has seen it; the next one is asked for, so that this is woken for it.
                while signal.poll_next(cx).is_ready() {
                    if !waiting().takes(*kind) {
                        return Poll::Ready(*kind);
                    }
                }
            }
            Poll::Pending
        })
        .await
    }
}

/// The first request goes to those who wait for one, or shuts the program down; the second ends it.
pub(crate) async fn interrupt(root: ProcessRef, mut requests: Requests, grace: Duration) {
    let _answering = Answering::begin();
    let first = requests.next().await;
    waiting().first = Some(first);
    if !tell_waiting() {
        let (mut second, mut shutting) = (pin!(requests.next()), pin!(shut_down(root, first, grace)));
        alt! {
            pri;
            again = future(second.as_mut()) => exit(status_of(again).into()),
            _ = future(shutting.as_mut()) => {}
        }
    }
    exit(status_of(requests.next().await).into());
}

/// Requests all processes to stop; names and ends what has not after the grace.
async fn shut_down(root: ProcessRef, by: Signal, grace: Duration) {
    if wind_down(grace, || root.cell().request_stop(), pin!(root.ended())).await.is_some() {
        return;
    }
    if root.cell().request_stop() == Listeners::Somebody {
        let by = if by == Signal::Interrupt { "ctrl-c" } else { by.name() };
        eprintln!("not ended {grace:?} after {by}, and ended now: {}", unended(root.cell()));
    }
    root.stop();
}

/// The exit status of a program that was ended: that of the first request, of ctrl-c where there was none.
pub(crate) fn status() -> u8 {
    status_of(waiting().first.unwrap_or(Signal::Interrupt))
}

/// What a shell says of a program that this signal has ended.
const fn status_of(signal: Signal) -> u8 {
    if matches!(signal, Signal::Terminate) { 143 } else { 130 }
}

/// Waits for ctrl-c, or for `SIGTERM`, by which a system asks for the same: as a guard of a choice or alone. Who waits takes
/// care of it: it ends nothing by itself then.
///
/// # Errors
/// When neither signal can be listened to.
///
/// # Cancel safety
/// Keep it across choices, pinned: a ctrl-c between two waits is not seen by the second.
pub fn ctrl_c() -> FutureGuard<Pin<Box<dyn Future<Output = Outcome<()>> + Send>>> {
    let (press, pressed) = channel_bounded::<()>(1);
    let answered = {
        let mut waiting = waiting();
        waiting.presses.retain(|press| !press.is_closed());
        waiting.presses.push(press);
        waiting.answered
    };
    future(Box::pin(async move {
        if answered {
            return Ok(pressed.recv().await?);
        }
        Requests::listen()?.next().await;
        Ok(())
    }))
}

/// Who waits for a request to end, and whether a root process of [`run`](crate::run) answers it.
struct Waiting {
    answered: bool,
    /// The first that came to a root process.
    first: Option<Signal>,
    presses: Vec<Sender<()>>,
    /// Who takes which as a signal: while it is here, it is theirs alone.
    takers: Vec<Signal>,
}

static WAITING: Mutex<Waiting> =
    Mutex::new(Waiting { answered: false, first: None, presses: Vec::new(), takers: Vec::new() });

impl Waiting {
    fn takes(&self, kind: Signal) -> bool {
        self.takers.contains(&kind)
    }
}

fn waiting() -> MutexGuard<'static, Waiting> {
    WAITING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Tells all who wait, each once; whether there was anybody.
fn tell_waiting() -> bool {
    let presses = std::mem::take(&mut waiting().presses);
    presses.iter().filter(|press| press.try_send(()).is_ok()).count() > 0
}

/// The channels that tell of a request.
pub(crate) fn pressed_at() -> Vec<ChannelId> {
    waiting().presses.iter().map(Sender::id).collect()
}

/// A root process answers requests until this is dropped.
struct Answering;

impl Answering {
    fn begin() -> Self {
        let mut waiting = waiting();
        (waiting.answered, waiting.first) = (true, None);
        Self
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        waiting().answered = false;
    }
}

/// Requests of these kinds are signals like any other until this is dropped: they neither go to who waits for one nor shut the program
/// down.
pub(crate) struct Taking(Vec<Signal>);

impl Taking {
    pub(crate) fn begin(kinds: impl Iterator<Item = Signal>) -> Self {
        let kinds: Vec<_> = kinds.filter(|kind| REQUESTS.contains(kind)).collect();
        waiting().takers.extend(&kinds);
        Self(kinds)
    }
}

impl Drop for Taking {
    fn drop(&mut self) {
        let takers = &mut waiting().takers;
        for kind in &self.0 {
            if let Some(at) = takers.iter().position(|taken| taken == kind) {
                takers.swap_remove(at);
            }
        }
    }
}
