//! Options: what a channel is made by, when its kind alone does not say it. It is no channel yet.

use crate::ends::open;
use crate::register::Inborn;
use crate::shell::Plan;
use crate::{ChannelKind, Overflow, Receiver, Sender};

/// How a channel is to be: what it holds, what it does when it is full, its name, what poison it withstands.
///
/// ```
/// use rendez_channels::{ChannelOptions, Overflow};
///
/// let (tx, rx) = ChannelOptions::bounded(2).name("readings").overflow(Overflow::DropOldest).open();
/// [1, 2, 3].into_iter().for_each(|reading| tx.try_send(reading).unwrap());
/// assert_eq!((rx.try_recv(), rx.try_recv()), (Ok(2), Ok(3)));
/// assert_eq!(rx.inspect().dropped, 1);
/// ```
#[derive(Clone, Debug)]
#[must_use = "options make no channel until `open` is called"]
pub struct ChannelOptions(Plan);

impl ChannelOptions {
    /// A rendezvous.
    pub const fn rendezvous() -> Self {
        Self::of(ChannelKind::Rendezvous)
    }

    /// A channel that holds up to `capacity` values; 0 makes it a rendezvous.
    pub const fn bounded(capacity: usize) -> Self {
        Self::of(if capacity == 0 { ChannelKind::Rendezvous } else { ChannelKind::Bounded(capacity as u64) })
    }

    /// A channel that holds any number of values.
    pub const fn unbounded() -> Self {
        Self::of(ChannelKind::Unbounded)
    }

    /// A channel that holds the latest value only: one place, and what stands in it is replaced.
    pub const fn latest() -> Self {
        Self::bounded(1).overflow(Overflow::DropOldest)
    }

    /// A channel of a kind.
    pub const fn of(kind: ChannelKind) -> Self {
        Self(Plan { kind, overflow: Overflow::Wait, immunity: 0, name: None, inborn: None })
    }

    /// Its name, for errors and the picture.
    pub fn name(mut self, name: &str) -> Self {
        self.0.name = Some(name.into());
        self
    }

    /// What it has in common with others of its sort. A name of its own, and an immunity, go before.
    #[doc(hidden)]
    pub const fn inborn(mut self, inborn: &'static Inborn) -> Self {
        self.0.inborn = Some(inborn);
        self
    }

    /// What it does with a value that it has no room for. A rendezvous has no room for a value that nobody waits for.
    pub const fn overflow(mut self, overflow: Overflow) -> Self {
        self.0.overflow = overflow;
        self
    }

    /// Withstands poison up to `level`, so that a part of a network can be brought down and the rest stays.
    pub const fn immune(mut self, level: u32) -> Self {
        self.0.immunity = level;
        self
    }

    /// Makes the channel.
    #[must_use]
    pub fn open<T: Send + 'static>(self) -> (Sender<T>, Receiver<T>) {
        open(self.0)
    }
}
