//! Ctrl-c: who waits for it, and the shut-down where nobody does. Not signals as values, which are `toolkit::signals`.

use crate::control::{Listeners, wind_down};
use crate::os::Listening;
use crate::run::unended;
use crate::{Outcome, ProcessRef, alt};
use rendez_channels::{FutureGuard, Sender, channel_bounded, future};
use rendez_model::ChannelId;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The exit status of a program that ctrl-c has ended.
pub(crate) const INTERRUPTED: u8 = 130;

/// The first ctrl-c goes to those who wait for one, or shuts the program down; the second ends it.
pub(crate) async fn interrupt(root: ProcessRef, mut presses: Listening, grace: Duration) {
    let _answering = Answering::begin();
    press(&mut presses).await;
    if !tell_waiting() {
        let (mut second, mut shutting) = (pin!(press(&mut presses)), pin!(shut_down(root, grace)));
        alt! {
            pri;
            _ = future(second.as_mut()) => std::process::exit(INTERRUPTED.into()),
            _ = future(shutting.as_mut()) => {}
        }
    }
    press(&mut presses).await;
    std::process::exit(INTERRUPTED.into());
}

/// A ctrl-c that no process takes as a signal.
async fn press(presses: &mut Listening) {
    loop {
        poll_fn(|cx| presses.poll_next(cx)).await;
        if waiting().takers == 0 {
            return;
        }
    }
}

/// Requests all processes to stop; names and ends what has not after the grace.
async fn shut_down(root: ProcessRef, grace: Duration) {
    if wind_down(grace, || root.cell().request_stop(), pin!(root.ended())).await.is_some() {
        return;
    }
    if root.cell().request_stop() == Listeners::Somebody {
        eprintln!("not ended {grace:?} after ctrl-c, and ended now: {}", unended(root.cell()));
    }
    root.stop();
}

/// Waits for ctrl-c, as a guard of a choice or alone. Who waits takes care of it: it ends nothing by itself then.
///
/// # Errors
/// When the signal cannot be listened to.
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
    future(Box::pin(
        async move { if answered { Ok(pressed.recv().await?) } else { Ok(tokio::signal::ctrl_c().await?) } },
    ))
}

/// Who waits for ctrl-c, and whether a root process of [`run`] answers it.
struct Waiting {
    answered: bool,
    presses: Vec<Sender<()>>,
    /// How many take each ctrl-c as a signal; while there are any, it is theirs alone.
    takers: usize,
}

static WAITING: Mutex<Waiting> = Mutex::new(Waiting { answered: false, presses: Vec::new(), takers: 0 });

fn waiting() -> MutexGuard<'static, Waiting> {
    WAITING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Tells all who wait, each once; whether there was anybody.
fn tell_waiting() -> bool {
    let presses = std::mem::take(&mut waiting().presses);
    presses.iter().filter(|press| press.try_send(()).is_ok()).count() > 0
}

/// The channels that tell of ctrl-c.
pub(crate) fn pressed_at() -> Vec<ChannelId> {
    waiting().presses.iter().map(Sender::id).collect()
}

/// A root process answers ctrl-c until this is dropped.
struct Answering;

impl Answering {
    fn begin() -> Self {
        waiting().answered = true;
        Self
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        waiting().answered = false;
    }
}

/// Ctrl-c is a signal like any other until this is dropped: it neither goes to who waits for it nor shuts the program down.
pub(crate) struct Taking;

impl Taking {
    pub(crate) fn begin() -> Self {
        waiting().takers += 1;
        Self
    }
}

impl Drop for Taking {
    fn drop(&mut self) {
        waiting().takers -= 1;
    }
}
