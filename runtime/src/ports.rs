//! Ports: the channel ends that a process is given, and the handles of what tells something, found among its arguments. What holds
//! none is passed over.

use rendez_channels::sync::{Condition, Event};
use rendez_channels::{
    BroadcastReceiver, BroadcastSender, CancellationToken, Enrolment, OneshotSender, Receiver, Sender, WatchReceiver,
    WatchSender,
};
use rendez_model::ProcessId;

/// Something that holds channel ends, enrolments, or handles of events, conditions and tokens.
pub trait Ports {
    /// Says of each end in it which process holds it.
    fn declare(&self, holder: ProcessId);
}

macro_rules! ends {
    ($($end:ident: $($bound:ident)+),+) => {
        $(impl<T: $($bound +)+ 'static> Ports for $end<T> {
            fn declare(&self, holder: ProcessId) {
                Self::declare(self, holder);
            }
        })+
    };
}

ends!(Sender: Send, Receiver: Send, OneshotSender: Send);
ends!(BroadcastSender: Send Sync, BroadcastReceiver: Send Sync, WatchSender: Send Sync, WatchReceiver: Send Sync);

macro_rules! handles {
    ($($handle:ident),+) => {
        $(impl Ports for $handle {
            fn declare(&self, holder: ProcessId) {
                Self::declare(self, holder);
            }
        }

        impl End for $handle {
            fn keep(&self, holder: ProcessId) {
                Self::keep(self, holder);
            }
        })+
    };
}

handles!(Enrolment, Event, Condition, CancellationToken);

impl<P: Ports> Ports for Option<P> {
    fn declare(&self, holder: ProcessId) {
        self.iter().for_each(|ports| ports.declare(holder));
    }
}

impl<P: Ports> Ports for Vec<P> {
    fn declare(&self, holder: ProcessId) {
        self.iter().for_each(|ports| ports.declare(holder));
    }
}

impl<P: Ports, const N: usize> Ports for [P; N] {
    fn declare(&self, holder: ProcessId) {
        self.iter().for_each(|ports| ports.declare(holder));
    }
}

impl<P: Ports, Q: Ports> Ports for (P, Q) {
    fn declare(&self, holder: ProcessId) {
        self.0.declare(holder);
        self.1.declare(holder);
    }
}

/// Wraps an argument, so that the compiler picks [`IsPorts`] for what holds ends and [`NotPorts`] for all else.
#[doc(hidden)]
pub struct Probe<'a, T>(pub &'a T);

/// The nearer candidate in method lookup on `&Probe`.
#[doc(hidden)]
pub trait IsPorts {
    fn declare(&self, holder: ProcessId);
}

impl<T: Ports> IsPorts for Probe<'_, T> {
    fn declare(&self, holder: ProcessId) {
        self.0.declare(holder);
    }
}

/// The farther candidate: one more reference away.
#[doc(hidden)]
pub trait NotPorts {
    fn declare(&self, _: ProcessId) {}
}

impl<T> NotPorts for &Probe<'_, T> {}

/// An end, or several in one place: what a process cannot give away when its code only uses it in place.
#[doc(hidden)]
pub trait End {
    fn keep(&self, holder: ProcessId);
}

impl<T: Send + 'static> End for Sender<T> {
    fn keep(&self, holder: ProcessId) {
        Self::keep(self, holder);
    }
}

impl<T: Send + 'static> End for Receiver<T> {
    fn keep(&self, holder: ProcessId) {
        Self::keep(self, holder);
    }
}

impl<E: End> End for Vec<E> {
    fn keep(&self, holder: ProcessId) {
        self.iter().for_each(|end| end.keep(holder));
    }
}

impl<E: End, const N: usize> End for [E; N] {
    fn keep(&self, holder: ProcessId) {
        self.iter().for_each(|end| end.keep(holder));
    }
}

/// As [`IsPorts`], for [`End`].
#[doc(hidden)]
pub trait IsEnd {
    fn keep(&self, holder: ProcessId);
}

impl<T: End> IsEnd for Probe<'_, T> {
    fn keep(&self, holder: ProcessId) {
        self.0.keep(holder);
    }
}

/// As [`NotPorts`].
#[doc(hidden)]
pub trait NotEnd {
    fn keep(&self, _: ProcessId) {}
}

impl<T> NotEnd for &Probe<'_, T> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_found_and_everything_else_is_passed_over() {
        let (tx, rx) = rendez_channels::channel::<u8>();
        let (text, many, holder) = ("no port", vec![rx], ProcessId(7));
        let (tx_probe, text_probe, many_probe) = (&Probe(&tx), &Probe(&text), &Probe(&many));
        tx_probe.declare(holder);
        text_probe.declare(holder);
        many_probe.declare(holder);
        let channel = tx.inspect();
        assert_eq!((channel.senders.holders, channel.receivers.holders), (vec![holder], vec![holder]));
    }
}
