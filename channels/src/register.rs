//! Register: a channel's name, who is known to hold its ends, and who brought it down. What few channels need; no state of
//! the exchange.

use crate::shell::Body;
use crate::state::Stop;
use crate::tellers::Tellers;
use crate::{Ended, Loss, Poison};
use rendez_model::{Channel, ChannelId, Closing, Ends, Occasion, ProcessId, Side};
use std::sync::Arc;

/// How many former holders of a side are remembered.
const FORMER_MAX: usize = 64;

/// Who holds an end: a process, and whether the end cannot leave it. 0 is nobody.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
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

    pub(crate) const fn is_nobody(self) -> bool {
        self.process().0 == 0
    }
}

/// What a channel is by, as long as nobody has named it.
#[derive(Clone, Copy)]
pub(crate) struct Identity {
    pub(crate) id: ChannelId,
    pub(crate) inborn: Option<&'static Inborn>,
}

/// What channels of a sort have in common, and so takes no memory of each.
#[doc(hidden)]
#[derive(Debug)]
pub struct Inborn {
    /// Makes their name, when somebody asks for it.
    pub name: fn() -> String,
    /// Poison up to this level has no effect.
    pub immunity: u32,
}

impl Identity {
    fn name(self) -> String {
        self.inborn.map_or_else(|| self.id.to_string(), |inborn| (inborn.name)())
    }
}

#[derive(Default)]
pub(crate) struct Register {
    pub(crate) name: Option<Box<str>>,
    /// Poison up to this level has no effect.
    pub(crate) immunity: u32,
    pub(crate) poison: Option<Arc<Poison>>,
    pub(crate) lost: Option<(String, String)>,
    /// Values that the overflow policy dropped.
    pub(crate) dropped: u64,
    /// Whether there may be further sending ends, out of what is not one.
    pub(crate) is_weak: bool,
    /// By side: who is known to hold an end, beside the one that the channel itself notes.
    holders: [Vec<Holder>; 2],
    /// Of a condition: by which handles its sending end is reached.
    tellers: Option<Arc<Tellers>>,
    /// Of a channel whose values come back.
    loan: Option<Loan>,
    /// By side: who held an end and gave it up, beside the one that the channel itself notes; kept for the picture of a channel
    /// that has ended.
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
    fn was_held(&mut self, side: Side, by: Holder) {
        let former = &mut self.former[side as usize];
        if former.len() < FORMER_MAX && !former.contains(&by.process()) {
            former.push(by.process());
        }
    }

    /// It is a condition's: whoever has one of these handles can send.
    pub(crate) fn told_by(&mut self, tellers: &Arc<Tellers>) {
        self.tellers = Some(Arc::clone(tellers));
    }

    /// Its values come back, so many more than it had, or fewer.
    pub(crate) fn lend(&mut self, more: isize) {
        let loan = self.loan.get_or_insert(Loan { all: 0, borrowers: Vec::new() });
        loan.all = loan.all.saturating_add_signed(more as i64);
    }

    /// Whether its values come back.
    pub(crate) const fn is_lent(&self) -> bool {
        self.loan.is_some()
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

    /// Notes in the channel as data what is known here, but for who holds its ends.
    pub(crate) fn describe(&self, channel: &mut Channel) {
        if let Some(name) = self.name.as_deref() {
            name.clone_into(&mut channel.name);
        }
        channel.dropped = self.dropped;
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

/// One more end of a side is held, by somebody.
pub(crate) fn held<S: Body>(state: &mut S, side: Side, by: Holder) {
    if by.is_nobody() {
        return;
    }
    let first = state.holder(side);
    if first.is_nobody() { *first = by } else { state.register().holders[side as usize].push(by) }
}

/// An end of a side is not held any more, by somebody.
pub(crate) fn left<S: Body>(state: &mut S, side: Side, by: Holder) {
    if by.is_nobody() {
        return;
    }
    if *state.holder(side) == by {
        let next = if state.peek_register().is_some() { state.register().holders[side as usize].pop() } else { None };
        *state.holder(side) = next.unwrap_or_default();
        return;
    }
    let holders = &mut state.register().holders[side as usize];
    if let Some(at) = holders.iter().position(|holder| *holder == by) {
        holders.swap_remove(at);
    }
}

/// A holder gives its end up, which is counted yet. The last one of a side stays where it is noted, as who held it.
pub(crate) fn given_up<S: Body>(state: &mut S, side: Side, by: Holder) {
    if by.is_nobody() || *state.ends(side) == 1 {
        return;
    }
    left(state, side, by);
    state.register().was_held(side, by);
}

/// A side of which no end lived gets one again.
pub(crate) fn revived<S: Body>(state: &mut S, side: Side) {
    let last = std::mem::take(state.holder(side));
    if !last.is_nobody() {
        state.register().was_held(side, last);
    }
}

/// Notes in the channel as data who is known to hold its ends; of a side without ends, who did. Room for them that is there is used.
pub(crate) fn describe_holders<S: Body>(state: &mut S, channel: &mut Channel) {
    let is_weak = state.peek_register().is_some_and(|known| known.is_weak);
    for (side, ends) in [(Side::Send, &mut channel.senders), (Side::Receive, &mut channel.receivers)] {
        let first = Some(*state.holder(side)).filter(|first| !first.is_nobody());
        let more = state.peek_register();
        ends.holders.clear();
        if ends.count == 0 {
            ends.holders.extend(more.into_iter().flat_map(|known| &known.former[side as usize]));
            ends.holders.extend(first.map(Holder::process).filter(|first| !ends.holders.contains(first)));
            continue;
        }
        let more = more.into_iter().flat_map(|known| &known.holders[side as usize]).copied();
        for holder in first.into_iter().chain(more) {
            ends.holders.push(holder.process());
            ends.kept += u32::from(holder.is_kept());
        }
        if side == Side::Send && is_weak {
            ends.kept = 0;
        }
    }
    if let Some(tellers) = state.peek_register().and_then(|known| known.tellers.as_ref()) {
        channel.occasion = Some(Occasion::Condition);
        channel.senders = Ends::default();
        tellers.describe(&mut channel.senders);
    }
}

/// The channel's name, or its id where it has none.
pub(crate) fn name(register: Option<&Register>, own: Identity) -> String {
    register.and_then(|known| known.name.as_deref()).map_or_else(|| own.name(), str::to_owned)
}

/// How a channel that is over has ended.
pub(crate) fn ended(register: Option<&Register>, own: Identity) -> Ended {
    let channel = name(register, own);
    match register {
        Some(Register { poison: Some(poison), .. }) => Ended::Poisoned(Arc::clone(poison)),
        Some(Register { lost: Some((peer, reason)), .. }) => Ended::Lost(Arc::new(Loss::new(channel, peer, reason))),
        _ => Ended::Retired { channel: Arc::new(channel) },
    }
}

/// A stop in the words of the channel.
pub(crate) fn why(register: Option<&Register>, own: Identity, stop: Stop) -> Ended {
    match stop {
        Stop::Over => ended(register, own),
        Stop::Full => Ended::Overflow { channel: Arc::new(name(register, own)) },
    }
}
