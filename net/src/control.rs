//! The control stream of a connection: calls in both directions and their answers, in batches.
//!
//! Whoever calls encodes straight into one outbox, which one task writes out whenever it can: a lone call goes at once,
//! and batches grow with the load. The table of waiting calls is behind the same lock, so that the order of numbers is
//! the order of the bytes.

use crate::error::Reason;
use crate::proto::{Calls, ControlFrame, Mark, Outcome, ProtocolError, PutError, Raw, Refusal, cut, put};
use crate::quic::Writer;
use rendez_wire::Fingerprint;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, oneshot};

/// Calls that may be under way in each direction of a connection.
pub(crate) const CALLS_MAX: usize = 256;
/// Bytes that wait to be written before no more calls and answers are taken in.
const OUTBOX_MAX: usize = 1 << 20;

/// What became of a call.
pub(crate) type Answered = Result<Vec<u8>, (Outcome, String)>;
/// The number of a found actor, or why there is none.
pub(crate) type Found = Result<u32, Refusal>;

/// This node's part in a control stream.
pub(crate) struct Control {
    state: Mutex<State>,
    /// Something waits to be written, or nothing more will come.
    work: Notify,
    /// There is room in the outbox or in the table.
    room: Notify,
}

struct State {
    out: Vec<u8>,
    calls: Calls<oneshot::Sender<Answered>>,
    finds: Calls<oneshot::Sender<Found>>,
    /// Calls below this number may have reached the peer.
    written: u64,
    closing: bool,
    lost: Option<Reason>,
}

impl Control {
    pub(crate) fn new() -> Self {
        let (calls, finds) = (Calls::new(CALLS_MAX), Calls::new(CALLS_MAX));
        let state = State { out: Vec::new(), calls, finds, written: 0, closing: false, lost: None };
        Self { state: Mutex::new(state), work: Notify::new(), room: Notify::new() }
    }

    /// Starts a call once there is room; the answer comes through the receiver.
    pub(crate) async fn call(
        &self,
        actor: u32,
        method: u32,
        trace: Option<Mark<'_>>,
        args: &[u8],
    ) -> Result<oneshot::Receiver<Answered>, String> {
        self.start(
            |state| state.calls.has_room(),
            |state| {
                let number = state.calls.next_number();
                put(&mut state.out, &ControlFrame::Call { number, actor, method, trace, args: Raw(args) })?;
                let (waiter, answer) = oneshot::channel();
                state.calls.start(waiter);
                Ok(answer)
            },
        )
        .await
    }

    /// Asks for a published actor.
    pub(crate) async fn find(&self, name: &str, interface: &str) -> Result<oneshot::Receiver<Found>, String> {
        let (fingerprint, interface) = (Fingerprint::of(interface).0, cut(interface));
        self.start(
            |state| state.finds.has_room(),
            |state| {
                let request = state.finds.next_number();
                put(&mut state.out, &ControlFrame::Find { request, name, interface, fingerprint })?;
                let (waiter, answer) = oneshot::channel();
                state.finds.start(waiter);
                Ok(answer)
            },
        )
        .await
    }

    /// Says what became of a call of the peer's, once there is room.
    pub(crate) async fn answer(&self, number: u64, answered: Answered) {
        let said = self.start(
            |_| true,
            |state| match &answered {
                Ok(result) => put(&mut state.out, &ControlFrame::Answer { number, result: Raw(result) }),
                Err((outcome, text)) => put_failure(&mut state.out, number, *outcome, text),
            },
        );
        if let Err(why) = said.await {
            // An answer that is too long happened all the same; on a lost connection this says nothing to nobody.
            let _ = self.start(|_| true, |state| put_failure(&mut state.out, number, Outcome::Unknown, &why)).await;
        }
    }

    /// Answers the peer's search for an actor. The peer has few of them under way, so that this needs no room.
    pub(crate) fn found(&self, request: u64, found: Found) {
        let frame = match found {
            Ok(actor) => ControlFrame::Found { request, actor },
            Err(refusal) => ControlFrame::Refuse { request, refusal },
        };
        put(&mut self.lock().out, &frame).expect("frames without values are short and always encode");
        self.work.notify_one();
    }

    /// Handles an answer of the peer's.
    pub(crate) fn answered(&self, number: u64, answered: Answered) -> Result<(), ProtocolError> {
        // A waiter that is gone does not want to know any more.
        let waiter = self.lock().calls.answer(number)?;
        let _ = waiter.send(answered);
        self.room.notify_waiters();
        Ok(())
    }

    /// Handles the answer to a search.
    pub(crate) fn found_at(&self, request: u64, found: Found) -> Result<(), ProtocolError> {
        let waiter = self.lock().finds.answer(request)?;
        let _ = waiter.send(found);
        self.room.notify_waiters();
        Ok(())
    }

    /// Writes what is put into the outbox, until [`close`](Self::close) or the loss of the connection.
    pub(crate) async fn write_to(&self, mut writer: Writer) {
        let mut batch = Vec::new();
        loop {
            let closing = {
                let mut state = self.lock();
                batch.clear();
                std::mem::swap(&mut batch, &mut state.out);
                state.written = state.calls.next_number();
                state.closing
            };
            if batch.is_empty() && closing {
                writer.finish();
                return writer.delivered().await;
            }
            if batch.is_empty() {
                self.work.notified().await;
                continue;
            }
            self.room.notify_waiters();
            if writer.write_all(&batch).await.is_err() {
                return;
            }
        }
    }

    /// Nothing more will be said: the writer ends when all is delivered.
    pub(crate) fn close(&self) {
        self.lock().closing = true;
        self.work.notify_one();
    }

    /// The connection is gone: every waiting call learns whether it may have happened.
    pub(crate) fn lose(&self, reason: &Reason) {
        let (calls, finds) = {
            let mut state = self.lock();
            state.lost.get_or_insert_with(|| reason.clone());
            state.closing = true;
            let written = state.written;
            (state.calls.lose(written).collect::<Vec<_>>(), state.finds.lose(0).collect::<Vec<_>>())
        };
        for (waiter, written) in calls {
            let outcome = if written { Outcome::Unknown } else { Outcome::NotSent };
            let _ = waiter.send(Err((outcome, reason.to_string())));
        }
        drop(finds);
        self.work.notify_one();
        self.room.notify_waiters();
    }

    /// Puts something into the outbox once there is room in it and in its table.
    async fn start<R>(
        &self,
        has_room: impl Fn(&State) -> bool,
        put: impl FnOnce(&mut State) -> Result<R, PutError>,
    ) -> Result<R, String> {
        loop {
            let room = self.room.notified();
            tokio::pin!(room);
            // Registered before the look, so that no notification falls in between.
            room.as_mut().enable();
            {
                let mut state = self.lock();
                if let Some(reason) = &state.lost {
                    return Err(reason.to_string());
                }
                if state.out.len() < OUTBOX_MAX && has_room(&state) {
                    let started = put(&mut state).map_err(|error| error.to_string());
                    self.work.notify_one();
                    return started;
                }
            }
            room.await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No user code runs under this lock, so that a panic cannot leave the state half-changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn put_failure(out: &mut Vec<u8>, number: u64, outcome: Outcome, text: &str) -> Result<(), PutError> {
    put(out, &ControlFrame::Failure { number, outcome, text: cut(text) })
}
