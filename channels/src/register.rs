//! Register: a channel's name, who is known to hold its ends, and who brought it down. What few channels need; no state of
//! the exchange.

use crate::state::Stop;
use crate::{Ended, Loss, Poison};
use rendez_model::{Channel, ChannelId, Closing, Ends, ProcessId, Side};
use std::sync::Arc;

/// How many former holders of a side are remembered.
const FORMER_MAX: usize = 64;

#[derive(Default)]
pub(crate) struct Register {
    pub(crate) name: Option<Box<str>>,
    pub(crate) poison: Option<Arc<Poison>>,
    pub(crate) lost: Option<(String, String)>,
    /// Values that the overflow policy dropped.
    pub(crate) dropped: u64,
    /// By side: who is known to hold an end.
    holders: [Vec<ProcessId>; 2],
    /// By side: who held an end and gave it up; kept for the picture of a channel that has ended.
    former: [Vec<ProcessId>; 2],
}

impl Register {
    pub(crate) fn named(name: Option<Box<str>>) -> Self {
        Self { name, ..Self::default() }
    }

    /// An end passed from one holder to another; 0 is nobody.
    pub(crate) fn pass_on(&mut self, side: Side, from: ProcessId, to: ProcessId) {
        self.forget(side, from);
        if to != ProcessId(0) {
            self.holders[side as usize].push(to);
        }
    }

    /// A holder has given its end up.
    pub(crate) fn given_up(&mut self, side: Side, holder: ProcessId) {
        self.forget(side, holder);
        let former = &mut self.former[side as usize];
        if former.len() < FORMER_MAX && !former.contains(&holder) {
            former.push(holder);
        }
    }

    fn forget(&mut self, side: Side, holder: ProcessId) {
        let holders = &mut self.holders[side as usize];
        if let Some(at) = holders.iter().position(|h| *h == holder) {
            holders.swap_remove(at);
        }
    }

    /// Notes in the channel as data what is known here.
    pub(crate) fn describe(&self, channel: &mut Channel) {
        channel.name = self.name.as_deref().unwrap_or_default().to_owned();
        channel.dropped = self.dropped;
        let who = |ends: &Ends, side: Side| {
            let who = if ends.count == 0 { &self.former } else { &self.holders };
            who[side as usize].clone()
        };
        channel.senders.holders = who(&channel.senders, Side::Send);
        channel.receivers.holders = who(&channel.receivers, Side::Receive);
        match (&self.poison, &self.lost) {
            (Some(poison), _) => channel.closing = Some(Closing::Poisoned(poison.cause.clone())),
            (None, Some((peer, reason))) => {
                channel.closing = Some(Closing::Poisoned(format!("node {peer} lost: {reason}")));
            }
            (None, None) => {}
        }
    }
}

/// The channel's name, or its id where it has none.
pub(crate) fn name(register: Option<&Register>, id: ChannelId) -> String {
    register.and_then(|known| known.name.as_deref()).map_or_else(|| id.to_string(), str::to_owned)
}

/// How a channel that is over has ended.
pub(crate) fn ended(register: Option<&Register>, id: ChannelId) -> Ended {
    let channel = name(register, id);
    match register {
        Some(Register { poison: Some(poison), .. }) => Ended::Poisoned(Arc::clone(poison)),
        Some(Register { lost: Some((peer, reason)), .. }) => Ended::Lost(Arc::new(Loss::new(channel, peer, reason))),
        _ => Ended::Retired { channel },
    }
}

/// A stop in the words of the channel.
pub(crate) fn why(register: Option<&Register>, id: ChannelId, stop: Stop) -> Ended {
    match stop {
        Stop::Over => ended(register, id),
        Stop::Full => Ended::Overflow { channel: name(register, id) },
    }
}
