//! Weak: a way to a channel that does not keep it open, for registries and caches. It is not an end, and sends nothing.

use crate::Sender;
use crate::end::End;
use crate::shell::Shell;
use crate::state::State;
use rendez_model::Side;
use std::fmt;
use std::marker;
use std::sync::{Arc, Weak};

/// What a [`Sender`] leaves with who may want one later: as long as a sender lives there can be [another](Self::upgrade).
///
/// It is not counted: a channel whose last sender is dropped retires, whoever has one of these. A channel that has one is
/// never part of a *certain* deadlock by its senders, since anybody may come to be one.
///
/// ```
/// use rendez_channels::channel_bounded;
///
/// let (tx, rx) = channel_bounded(1);
/// let weak = tx.downgrade();
/// weak.upgrade().expect("`tx` lives").try_send(1).unwrap();
/// drop(tx);
/// assert!(weak.upgrade().is_none());
/// assert_eq!(rx.try_recv(), Ok(1));
/// ```
pub struct WeakSender<T: marker::Send + 'static> {
    core: Weak<Shell<State<T>>>,
}

impl<T: marker::Send + 'static> WeakSender<T> {
    pub(crate) fn of(core: &Arc<Shell<State<T>>>) -> Self {
        core.note_weak();
        Self { core: Arc::downgrade(core) }
    }

    /// A further sender; none when the last has been dropped.
    #[must_use]
    pub fn upgrade(&self) -> Option<Sender<T>> {
        let core = self.core.upgrade()?;
        core.clone_living_end(Side::Send).then(|| Sender::of(End::new(core)))
    }
}

impl<T: marker::Send + 'static> Clone for WeakSender<T> {
    fn clone(&self) -> Self {
        Self { core: Weak::clone(&self.core) }
    }
}

impl<T: marker::Send + 'static> fmt::Debug for WeakSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = self.core.upgrade().map(|core| core.id());
        f.debug_struct("WeakSender").field("channel", &id).finish()
    }
}
