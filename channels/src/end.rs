//! End: what every end of every channel has in common. Its channel, its side, who holds it, and what it remembers; no operation.

use crate::memory::Memory;
use crate::party;
use crate::register::Holder;
use crate::shell::{Body, Shell};
use rendez_model::{ProcessId, Side};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

pub(crate) struct End<S: Body, const SENDS: bool> {
    pub(crate) core: Arc<Shell<S>>,
    /// The process known to hold it; 0 is nobody. Relaxed throughout: it is a hint for the picture, guarded by nothing.
    holder: AtomicU64,
    pub(crate) memory: Memory,
}

impl<S: Body, const SENDS: bool> End<S, SENDS> {
    const SIDE: Side = if SENDS { Side::Send } else { Side::Receive };

    pub(crate) const fn new(core: Arc<Shell<S>>) -> Self {
        Self { core, holder: AtomicU64::new(0), memory: Memory::new() }
    }

    /// A further end of the other side.
    pub(crate) fn other<const OTHER: bool>(&self) -> End<S, OTHER> {
        const { assert!(SENDS != OTHER) };
        self.core.clone_end(End::<S, OTHER>::SIDE);
        End::new(Arc::clone(&self.core))
    }

    #[inline]
    pub(crate) fn declare(&self, holder: ProcessId) {
        if Holder(self.holder.load(Ordering::Relaxed)).process() != holder {
            self.core.declare(Self::SIDE, &self.holder, Holder::of(holder, false));
        }
    }

    /// Declares a holder that this end cannot leave.
    pub(crate) fn keep(&self, holder: ProcessId) {
        self.core.declare(Self::SIDE, &self.holder, Holder::of(holder, true));
    }

    #[inline]
    pub(crate) fn note_holder(&self) {
        let acting = party::current_id();
        if acting != ProcessId(0) {
            self.declare(acting);
        }
    }
}

impl<S: Body, const SENDS: bool> Clone for End<S, SENDS> {
    fn clone(&self) -> Self {
        self.core.clone_end(Self::SIDE);
        Self::new(Arc::clone(&self.core))
    }
}

impl<S: Body, const SENDS: bool> Drop for End<S, SENDS> {
    fn drop(&mut self) {
        let legacy = if self.memory.is_finished() { None } else { party::legacy(|| self.core.name()) };
        self.core.drop_end(Self::SIDE, Holder(*self.holder.get_mut()), legacy);
    }
}

/// What can be done with any end. The type has a field `end`.
macro_rules! common {
    ($end:ident, $state:ty, [$($bound:tt)*]) => {
        impl<T: $($bound)* + 'static> $end<T> {
            /// Gives this end up; the same as dropping it.
            pub fn retire(self) {
                drop(self);
            }

            /// Brings the channel down, at once and in both directions: nothing more is accepted or received. What a
            /// partner has already committed to stands; what is in the channel is not received any more.
            pub fn poison(&self, cause: impl std::fmt::Display) {
                let poison = $crate::Poison::new(self.name(), cause, $crate::party::current_name());
                self.end.core.poison(std::sync::Arc::new(poison));
            }

            /// Brings the channel down with poison of a level: channels [immune](crate::ChannelOptions::immune) up to it stay
            /// as they are. `poison` is of level 1.
            pub fn poison_at(&self, level: u32, cause: impl std::fmt::Display) {
                let mut poison = $crate::Poison::new(self.name(), cause, $crate::party::current_name());
                poison.level = level;
                self.end.core.poison(std::sync::Arc::new(poison));
            }

            /// Passes on poison that came through another channel, with its origin.
            pub fn poison_with(&self, poison: std::sync::Arc<$crate::Poison>) {
                self.end.core.poison(poison);
            }

            /// Ends the channel because the node of its other side was lost.
            pub fn lose(&self, peer: &str, reason: &str) {
                self.end.core.lose(peer, reason);
            }

            /// The channel's id.
            #[must_use]
            pub fn id(&self) -> rendez_model::ChannelId {
                self.end.core.id()
            }

            /// The channel's name, or its id where it has none.
            #[must_use]
            pub fn name(&self) -> String {
                self.end.core.name()
            }

            /// Names the channel, for errors and the picture.
            pub fn set_name(&self, name: &str) {
                self.end.core.set_name(name);
            }

            /// The channel as data: kind, depth, counters, ends.
            #[must_use]
            pub fn inspect(&self) -> rendez_model::Channel {
                $crate::Inspect::channel(&*self.end.core)
            }

            /// Whether both ends are of one channel.
            #[must_use]
            pub fn same_channel(&self, other: &Self) -> bool {
                std::sync::Arc::ptr_eq(&self.end.core, &other.end.core)
            }

            /// How many values are in the channel at this moment; also in a rendezvous there may be one that was handed back.
            #[must_use]
            pub fn len(&self) -> usize {
                self.end.core.depth()
            }

            /// Whether no value is in the channel at this moment.
            #[must_use]
            pub fn is_empty(&self) -> bool {
                self.len() == 0
            }

            /// How many values the channel holds at most: 0 for a rendezvous, `None` without a bound.
            #[must_use]
            pub fn capacity(&self) -> Option<usize> {
                match self.end.core.kind() {
                    rendez_model::ChannelKind::Rendezvous => Some(0),
                    rendez_model::ChannelKind::Bounded(most) => Some(usize::try_from(most).unwrap_or(usize::MAX)),
                    rendez_model::ChannelKind::Unbounded => None,
                }
            }

            /// Whether the channel has ended: no end of one side is left, or it was poisoned or lost. A receiver may still have
            /// to drain it.
            #[must_use]
            pub fn is_closed(&self) -> bool {
                self.end.core.is_closed()
            }

            /// Says which process holds this end; a runtime does so at spawn. 0 is nobody.
            pub fn declare(&self, holder: rendez_model::ProcessId) {
                self.end.declare(holder);
            }

            /// Says which process holds this end and cannot give it away: its own code shows that it is used in place only,
            /// until it is dropped. A runtime says so, which has looked; a false word makes for false reports.
            #[doc(hidden)]
            pub fn keep(&self, holder: rendez_model::ProcessId) {
                self.end.keep(holder);
            }

            pub(crate) const fn core(&self) -> &std::sync::Arc<$crate::shell::Shell<$state>> {
                &self.end.core
            }

            /// Notes that the acting process holds this end: it is about to wait with it.
            pub fn note_holder(&self) {
                self.end.note_holder();
            }
        }

        impl<T: $($bound)* + 'static> std::fmt::Debug for $end<T> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}(`{}`)", stringify!($end), self.name())
            }
        }
    };
}

pub(crate) use common;
