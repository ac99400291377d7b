//! A channel as data: what it says of itself, and who stands at it. It changes nothing.

use crate::Poison;
use crate::core::Core;
use crate::waiters::{Waiter, Waking};
use rendez_model::{Channel, Closing, Ends, ProcessId, Side};
use std::sync::Arc;

/// What a channel says of itself, whatever its values are.
pub trait Inspect: Send + Sync {
    /// The channel as data.
    fn channel(&self) -> Channel;
    /// Who stands at it.
    fn waits(&self) -> Vec<Stand>;
    /// Brings it down.
    fn poison(&self, poison: Arc<Poison>);
}

/// One party that waits at a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stand {
    /// Who; 0 is nobody known.
    pub party: ProcessId,
    /// The direction it wants.
    pub side: Side,
    /// Since when by the coarse clock, in milliseconds.
    pub since_ms: u64,
    /// Whether it stands here as part of a choice that also waits for something outside of channels.
    pub open: bool,
}

impl<T: Send> Inspect for Core<T> {
    fn channel(&self) -> Channel {
        let mut channel = Channel::new(self.id(), String::new(), self.kind);
        channel.overflow = self.overflow;
        let mut state = self.lock();
        for (side, known) in [(Side::Send, &mut channel.senders), (Side::Receive, &mut channel.receivers)] {
            known.count = state.side(side).ends;
        }
        channel.depth = state.depth() as u64;
        channel.high_water = state.high_water as u64;
        channel.sent = state.sent;
        channel.received = state.received;
        if channel.senders.count == 0 || channel.receivers.count == 0 {
            channel.closing = Some(Closing::Retired);
        }
        if let Some(cold) = state.peek_cold() {
            channel.name = cold.name.as_deref().unwrap_or_default().to_owned();
            channel.dropped = cold.dropped;
            let who = |ends: &Ends, side: Side| {
                let who = if ends.count == 0 { &cold.former } else { &cold.holders };
                who[side as usize].clone()
            };
            channel.senders.holders = who(&channel.senders, Side::Send);
            channel.receivers.holders = who(&channel.receivers, Side::Receive);
            match (&cold.poison, &cold.lost) {
                (Some(poison), _) => channel.closing = Some(Closing::Poisoned(poison.cause.clone())),
                (None, Some((peer, reason))) => {
                    channel.closing = Some(Closing::Poisoned(format!("node {peer} lost: {reason}")));
                }
                (None, None) => {}
            }
        }
        drop(state);
        channel.item = short_type_name::<T>();
        channel
    }

    fn waits(&self) -> Vec<Stand> {
        let mut stands = vec![];
        let mut state = self.lock();
        for side in [Side::Send, Side::Receive] {
            state.side(side).waiting.each(|waiter| stands.extend(stand(waiter, side)));
        }
        stands
    }

    fn poison(&self, poison: Arc<Poison>) {
        self.poison(poison);
    }
}

/// A choice that stands on the list between its uses waits for nothing.
fn stand<T>(waiter: &Waiter<T>, side: Side) -> Option<Stand> {
    let open = match &waiter.waking {
        Waking::Guard(choice, _) if !choice.is_waiting() => return None,
        Waking::Guard(choice, _) => choice.is_open(),
        Waking::Plain(_) | Waking::Nobody => false,
    };
    Some(Stand { party: waiter.party, side, since_ms: waiter.at, open })
}

/// The type's name as written in Rust, without paths.
fn short_type_name<T>() -> String {
    let mut short = String::new();
    let mut word = String::new();
    for c in std::any::type_name::<T>().chars() {
        match c {
            ':' => word.clear(),
            c if c.is_alphanumeric() || c == '_' => word.push(c),
            c => {
                short.push_str(&word);
                word.clear();
                short.push(c);
            }
        }
    }
    short + &word
}
