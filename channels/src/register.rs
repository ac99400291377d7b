//! Register: a channel's name, who is known to hold its ends, and who brought it down. What few channels need; no state of
//! the exchange.

use crate::state::Stop;
use crate::{Ended, Loss, Poison};
use rendez_model::{Channel, ChannelId, Closing, Ends, ProcessId, Side};
use std::sync::Arc;

/// How many former holders of a side are remembered.
const FORMER_MAX: usize = 64;

/// Who holds an end: a process, and whether the end cannot leave it. 0 is nobody.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Holder(pub(crate) u64);

/// Beyond all ids of processes.
const KEPT: u64 = 1 << 63;

impl Holder {
    pub(crate) const fn of(process: ProcessId, kept: bool) -> Self {
        Self(if kept && process.0 != 0 { process.0 | KEPT } else { process.0 })
    }

    pub(crate) const fn process(self) -> ProcessId {
        ProcessId(self.0 & !KEPT)
    }

    pub(crate) const fn is_kept(self) -> bool {
        self.0 & KEPT != 0
    }
}

#[derive(Default)]
pub(crate) struct Register {
    pub(crate) name: Option<Box<str>>,
    pub(crate) poison: Option<Arc<Poison>>,
    pub(crate) lost: Option<(String, String)>,
    /// Values that the overflow policy dropped.
    pub(crate) dropped: u64,
    /// By side: who is known to hold an end.
    holders: [Vec<ProcessId>; 2],
    /// By side: how many of these ends cannot leave their holders.
    kept: [u32; 2],
    /// Of a channel whose values come back.
    loan: Option<Loan>,
    /// By side: who held an end and gave it up; kept for the picture of a channel that has ended.
    former: [Vec<ProcessId>; 2],
}

/// Who has what of a channel whose values come back.
struct Loan {
    /// How many values there are, out or not.
    all: u64,
    /// Who is known to have one.
    borrowers: Vec<ProcessId>,
}

impl Register {
    pub(crate) fn named(name: Option<Box<str>>) -> Self {
        Self { name, ..Self::default() }
    }

    /// An end passed from one holder to another.
    pub(crate) fn pass_on(&mut self, side: Side, from: Holder, to: Holder) {
        self.forget(side, from);
        if to.process() != ProcessId(0) {
            self.holders[side as usize].push(to.process());
            self.kept[side as usize] += u32::from(to.is_kept());
        }
    }

    /// A holder has given its end up.
    pub(crate) fn given_up(&mut self, side: Side, holder: Holder) {
        self.forget(side, holder);
        let holder = holder.process();
        let former = &mut self.former[side as usize];
        if former.len() < FORMER_MAX && !former.contains(&holder) {
            former.push(holder);
        }
    }

    fn forget(&mut self, side: Side, holder: Holder) {
        let holders = &mut self.holders[side as usize];
        if let Some(at) = holders.iter().position(|h| *h == holder.process()) {
            holders.swap_remove(at);
        }
        self.kept[side as usize] -= u32::from(holder.is_kept());
    }

    /// Its values come back, so many more than it had, or fewer.
    pub(crate) fn lend(&mut self, more: isize) {
        let loan = self.loan.get_or_insert(Loan { all: 0, borrowers: Vec::new() });
        loan.all = loan.all.saturating_add_signed(more as i64);
    }

    /// A party has got one of the values that come back, of which so many are in the channel; it may be known already.
    pub(crate) fn borrowed(&mut self, by: ProcessId, in_it: u64) {
        if let Some(loan) = &mut self.loan
            && by != ProcessId(0)
            && (loan.borrowers.len() as u64) < loan.all.saturating_sub(in_it)
        {
            loan.borrowers.push(by);
        }
    }

    /// A party brings one back, perhaps for who got it.
    pub(crate) fn brought_back(&mut self, by: ProcessId) {
        if let Some(Loan { borrowers, .. }) = &mut self.loan {
            match borrowers.iter().position(|who| *who == by) {
                Some(at) => drop(borrowers.swap_remove(at)),
                None => drop(borrowers.pop()),
            }
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
        [channel.senders.kept, channel.receivers.kept] = self.kept;
        channel.lent = self.loan.as_ref().map(|Loan { all, borrowers }| {
            let out = u32::try_from(all.saturating_sub(channel.depth)).unwrap_or(u32::MAX);
            Ends { count: out, holders: borrowers.clone(), kept: 0 }
        });
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
