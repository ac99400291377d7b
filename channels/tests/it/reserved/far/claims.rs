//! The claims of one node: its guards that stand at ends of channels to other nodes, the offers it has heard of, what it has
//! asked and what it was asked. A state machine: letters come in and go out, no queue, no lock, no clock.
//!
//! A guard that begins to stand *offers*. Who knows an offer may use it up and *claim* it, one claim a choice at a time, and is
//! reserved until the answer. Who is claimed commits and says *yes* if its choice is free; *no* if it is not to be had. If it is
//! itself reserved, it waits with its answer for its own if its place in the order of claims is the higher one; else it says
//! *no*. Who was refused is still open: who has refused it remembers that as an offer.

use rendez::__private::{Choice, Claim, Progress};
use rendez::{Ended, Loss, Poison};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

/// The channel's number is that of its two ends, which are on two nodes.
pub(crate) type ChannelNumber = usize;
pub(crate) type NodeNumber = usize;
/// Names a guard that stands, among all of its node.
pub(crate) type Ticket = u64;
/// What a guard comes to: the value that was received or sent.
pub(crate) type Outcome = Result<u64, Ended>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Message {
    /// A guard stands here.
    Offer { mine: Ticket },
    /// My guard wants to commit with yours; `order` is the place of its choice in the order of claims. A send brings its value.
    Claim { mine: Ticket, yours: Ticket, order: u64, value: Option<u64> },
    /// Yours and mine are committed to each other; `value` is that of a send that was claimed.
    Yes { yours: Ticket, value: Option<u64> },
    /// They are not.
    No { yours: Ticket },
    /// My guard has left: its offer is void, and what it asks wants an answer at once.
    Leave { mine: Ticket },
    /// The channel has ended.
    Over(Ended),
}

/// A message on its way to a node, for its end of a channel.
#[derive(Clone, Debug)]
pub(crate) struct Letter {
    pub(crate) to: NodeNumber,
    pub(crate) channel: ChannelNumber,
    pub(crate) message: Message,
}

/// The claims of a node.
#[derive(Default)]
pub(crate) struct Claims {
    ends: BTreeMap<ChannelNumber, End>,
    standing: BTreeMap<Ticket, Standing>,
    /// Claims of ours without an answer yet, by the guard that asks.
    asked: BTreeMap<Ticket, Asked>,
    /// Claims of others that wait for an answer of ours.
    delayed: Vec<Request>,
    tickets: Ticket,
    now: u64,
    /// For the owner to send.
    pub(crate) post: Vec<Letter>,
    /// For the owner to wake, once no lock is held.
    pub(crate) wakes: Vec<Arc<Choice>>,
}

struct End {
    peer: NodeNumber,
    sends: bool,
    /// Guards of the peer's that may be claimed, the longest known first.
    offers: VecDeque<Ticket>,
    /// Values that were received for guards that had left: the next receive gets them.
    returned: VecDeque<u64>,
    over: Option<Ended>,
    sent: usize,
}

struct Standing {
    channel: ChannelNumber,
    /// None once the guard has left its choice.
    seat: Option<(Arc<Choice>, usize)>,
    /// What a send brings.
    value: Option<u64>,
    outcome: Option<Outcome>,
    /// Whether its offer is void.
    has_left: bool,
    /// Whether the guard is still there to ask what came of it.
    owned: bool,
}

struct Asked {
    /// None once the guard has left its choice: what it asks is no longer the choice's.
    claim: Option<Claim>,
    deadline: u64,
}

/// A claim of a peer's guard on one of ours.
#[derive(Clone, Copy)]
struct Request {
    channel: ChannelNumber,
    ours: Ticket,
    theirs: Ticket,
    order: u64,
    value: Option<u64>,
}

/// How long an answer may take before its peer counts as lost.
pub(crate) const DEADLINE: u64 = 10;

/// What a guard that leaves takes with it.
pub(crate) enum Left {
    /// It stands nowhere any more; with what it had come to, if a send had.
    Free(Option<Outcome>),
    /// Its claim has no answer yet; it may come back for it.
    Asking,
}

/// Guards.
impl Claims {
    pub(crate) fn open(&mut self, channel: ChannelNumber, peer: NodeNumber, sends: bool) {
        let (offers, returned) = Default::default();
        self.ends.insert(channel, End { peer, sends, offers, returned, over: None, sent: 0 });
    }

    /// What a guard that stands nowhere can have without asking anybody.
    pub(crate) fn at_once(&mut self, channel: ChannelNumber) -> Option<Outcome> {
        let end = self.end(channel);
        end.returned.pop_front().map(Ok).or_else(|| end.over.clone().map(Err))
    }

    /// A guard begins to stand.
    pub(crate) fn stand(
        &mut self,
        channel: ChannelNumber,
        value: Option<u64>,
        choice: &Arc<Choice>,
        number: usize,
    ) -> (Ticket, Progress) {
        self.tickets += 1;
        let ticket = self.tickets;
        let seat = Some((Arc::clone(choice), number));
        self.standing.insert(ticket, Standing { channel, seat, value, outcome: None, has_left: false, owned: true });
        self.tell(channel, Message::Offer { mine: ticket });
        (ticket, self.look(ticket))
    }

    /// A guard that had left while it asked stands for another choice.
    pub(crate) fn stand_again(&mut self, ticket: Ticket, choice: &Arc<Choice>, number: usize) -> Progress {
        self.standing(ticket).seat = Some((Arc::clone(choice), number));
        self.offer_again(ticket);
        self.look(ticket)
    }

    /// A guard looks what it can do now.
    pub(crate) fn look(&mut self, ticket: Ticket) -> Progress {
        let Standing { channel, seat, value, outcome, .. } = &self.standing[&ticket];
        let (channel, value, outcome) = (*channel, *value, outcome.clone());
        let Some((choice, number)) = seat.clone() else { return Progress::Nothing };
        if let Some(asked) = self.asked.get_mut(&ticket) {
            asked.claim = asked.claim.take().or_else(|| Claim::new(&choice));
            return if asked.claim.is_some() { Progress::Reserved } else { Progress::Nothing };
        }
        let end = self.ends.get_mut(&channel).expect("the guard stands at it");
        if outcome.is_none() && end.returned.is_empty() && end.over.is_none() && end.offers.is_empty() {
            return Progress::Nothing;
        }
        let Some(claim) = Claim::new(&choice) else { return Progress::Nothing };
        let at_once = outcome.or_else(|| self.at_once(channel));
        if at_once.is_some() {
            self.standing(ticket).outcome = at_once;
            claim.commit(number);
            return Progress::Committed;
        }
        let theirs = self.end(channel).offers.pop_front().expect("it was there some lines ago");
        self.tell(channel, Message::Claim { mine: ticket, yours: theirs, order: claim.id(), value });
        self.asked.insert(ticket, Asked { claim: Some(claim), deadline: self.now + DEADLINE });
        Progress::Reserved
    }

    /// What a guard has come to, if anything; then it stands no more.
    pub(crate) fn take(&mut self, ticket: Ticket) -> Option<Outcome> {
        self.standing(ticket).outcome.as_ref()?;
        self.standing.remove(&ticket)?.outcome
    }

    /// A guard leaves its choice. `comes_back` says that it will ask what came of its claim.
    pub(crate) fn leave(&mut self, ticket: Ticket, comes_back: bool) -> Left {
        let Some(mut standing) = self.standing.remove(&ticket) else { return Left::Free(None) };
        let channel = standing.channel;
        standing.seat = None;
        if let Some(asked) = self.asked.get_mut(&ticket) {
            // The choice is free of it at once; the answer decides what comes of what it brought.
            asked.claim.take().into_iter().for_each(Claim::release);
            (standing.has_left, standing.owned) = (true, comes_back);
            self.standing.insert(ticket, standing);
            self.tell(channel, Message::Leave { mine: ticket });
            self.answer_delayed();
            return Left::Asking;
        }
        match standing.outcome {
            Some(Ok(value)) if !self.end(channel).sends => {
                self.hand_on(channel, value);
                Left::Free(None)
            }
            Some(outcome) => Left::Free(Some(outcome)),
            None => {
                self.tell(channel, Message::Leave { mine: ticket });
                self.answer_delayed();
                Left::Free(None)
            }
        }
    }

    /// Ends a channel from here, for this reason; it has ended here only once the others know that may still agree.
    pub(crate) fn end_channel(&mut self, channel: ChannelNumber, why: Ended) {
        if self.end(channel).over.is_none() {
            self.tell(channel, Message::Over(why.clone()));
            self.over(channel, why);
        }
    }
}

/// Letters.
impl Claims {
    pub(crate) fn heard(&mut self, channel: ChannelNumber, message: Message) {
        match message {
            Message::Offer { mine: theirs } => self.remember(channel, theirs),
            Message::Claim { mine: theirs, yours: ours, order, value } => {
                self.claimed(Request { channel, ours, theirs, order, value });
            }
            Message::Yes { yours: ours, value } => self.agreed(ours, value),
            Message::No { yours: ours } => self.refused(ours),
            Message::Leave { mine: theirs } => {
                self.end(channel).offers.retain(|offer| *offer != theirs);
                self.refuse_delayed(|request| request.channel == channel && request.theirs == theirs);
            }
            Message::Over(why) => self.over(channel, why),
        }
    }

    /// Somebody claims a guard of ours.
    fn claimed(&mut self, request: Request) {
        let Request { channel, ours, theirs, order, value } = request;
        let is_over = self.end(channel).over.is_some();
        let open = self.standing.get(&ours).filter(|standing| standing.outcome.is_none() && !is_over);
        let Some(Standing { seat: Some((choice, number)), value: brought, .. }) = open else {
            return self.refuse(request);
        };
        if self.is_reserved(choice) && choice.id() > order {
            return self.delayed.push(request);
        }
        let (choice, number, brought) = (Arc::clone(choice), *number, *brought);
        let Some(claim) = Claim::new(&choice) else { return self.refuse(request) };
        claim.commit(number);
        self.standing(ours).outcome = value.or(brought).map(Ok);
        self.wakes.push(choice);
        let end = self.end(channel);
        end.offers.retain(|offer| *offer != theirs);
        end.sent += usize::from(end.sends);
        self.tell(channel, Message::Yes { yours: theirs, value: brought });
    }

    /// Whoever was refused is open again, and may be claimed.
    fn refuse(&mut self, request: Request) {
        self.tell(request.channel, Message::No { yours: request.theirs });
        self.remember(request.channel, request.theirs);
    }

    fn remember(&mut self, channel: ChannelNumber, theirs: Ticket) {
        let end = self.end(channel);
        if end.over.is_none() && !end.offers.contains(&theirs) {
            end.offers.push_back(theirs);
            self.wake(channel);
        }
    }

    fn agreed(&mut self, ours: Ticket, value: Option<u64>) {
        let asked = self.asked.remove(&ours).expect("an answer comes to who has asked");
        let Standing { channel, seat, value: brought, .. } = &self.standing[&ours];
        let (channel, seat) = (*channel, seat.clone());
        let passed = value.or(*brought).expect("one of the two has sent something");
        let end = self.end(channel);
        end.sent += usize::from(end.sends);
        if asked.claim.is_none() && !end.sends {
            self.standing.remove(&ours);
            self.hand_on(channel, passed);
        } else {
            self.standing(ours).outcome = Some(Ok(passed));
            if let (Some(claim), Some((_, number))) = (asked.claim, &seat) {
                claim.commit(*number);
            }
            self.wakes.extend(seat.map(|(choice, _)| choice));
            self.forget_if_left(ours);
        }
        self.answer_delayed();
    }

    fn refused(&mut self, ours: Ticket) {
        let asked = self.asked.remove(&ours).expect("an answer comes to who has asked");
        asked.claim.into_iter().for_each(Claim::release);
        self.wakes.extend(self.standing[&ours].seat.iter().map(|(choice, _)| Arc::clone(choice)));
        self.offer_again(ours);
        self.forget_if_left(ours);
        self.answer_delayed();
    }

    /// A guard that had left and is there again, for an answer that came to nothing or has not come yet.
    fn offer_again(&mut self, ticket: Ticket) {
        let asks = self.asked.contains_key(&ticket);
        let standing = self.standing(ticket);
        if standing.has_left && !asks && standing.seat.is_some() && standing.outcome.is_none() {
            standing.has_left = false;
            let channel = standing.channel;
            self.tell(channel, Message::Offer { mine: ticket });
        }
    }

    fn forget_if_left(&mut self, ticket: Ticket) {
        if !self.standing(ticket).owned {
            self.standing.remove(&ticket);
        }
    }

    /// A claim of ours is over: those that waited for that are answered, or wait for the next.
    fn answer_delayed(&mut self) {
        for request in std::mem::take(&mut self.delayed) {
            self.claimed(request);
        }
    }

    fn refuse_delayed(&mut self, which: impl Fn(&Request) -> bool) {
        let (refused, others) = self.delayed.iter().copied().partition(|request| which(request));
        self.delayed = others;
        let refused: Vec<Request> = refused;
        refused.iter().for_each(|request| self.tell(request.channel, Message::No { yours: request.theirs }));
    }

    /// A value that was received for nobody goes to who waits, or comes next.
    fn hand_on(&mut self, channel: ChannelNumber, value: u64) {
        let waiting = self.standing.values_mut().filter(|s| s.channel == channel && s.outcome.is_none());
        for standing in waiting {
            let Some((choice, number)) = &standing.seat else { continue };
            let Some(claim) = Claim::new(choice) else { continue };
            standing.outcome = Some(Ok(value));
            claim.commit(*number);
            self.wakes.push(Arc::clone(choice));
            return;
        }
        self.end(channel).returned.push_back(value);
    }

    fn over(&mut self, channel: ChannelNumber, why: Ended) {
        let end = self.end(channel);
        end.offers.clear();
        end.over.get_or_insert(why);
        self.answer_delayed();
        self.wake(channel);
    }
}

/// Loss, and how it all stands.
impl Claims {
    /// It is later now; peers that have owed an answer for too long are lost. Gives who they are.
    pub(crate) fn at(&mut self, now: u64) -> Vec<NodeNumber> {
        self.now = now;
        let late = self.asked.iter().filter(|(_, asked)| asked.deadline <= now);
        let late = late.map(|(ticket, _)| self.ends[&self.standing[ticket].channel].peer);
        let late: BTreeSet<_> = late.collect();
        late.iter().for_each(|peer| self.lost(*peer));
        late.into_iter().collect()
    }

    /// Nothing will be heard of a node any more: its channels are over, and what it was asked counts as refused.
    pub(crate) fn lost(&mut self, peer: NodeNumber) {
        let channels: Vec<_> =
            self.ends.iter().filter(|(_, end)| end.peer == peer).map(|(number, _)| *number).collect();
        for channel in channels {
            self.delayed.retain(|request| request.channel != channel);
            let why = Loss::new(channel.to_string(), peer.to_string(), "it is silent");
            self.over(channel, Ended::Lost(Arc::new(why)));
            let asked = self.asked.keys().copied().filter(|ticket| self.standing[ticket].channel == channel);
            let asked: Vec<_> = asked.collect();
            asked.iter().for_each(|ticket| self.refused(*ticket));
        }
    }

    /// Whether nothing is under way: no claim of ours or of others without an answer, nor a guard that has left.
    pub(crate) fn is_quiet(&self) -> bool {
        self.asked.is_empty() && self.delayed.is_empty() && self.standing.values().all(|standing| standing.owned)
    }

    pub(crate) fn is_asking(&self) -> bool {
        !self.asked.is_empty()
    }

    pub(crate) fn is_delaying(&self) -> bool {
        !self.delayed.is_empty()
    }

    /// How many values were sent from here.
    pub(crate) fn sent(&self, channel: ChannelNumber) -> usize {
        self.ends[&channel].sent
    }

    /// Values received that nobody has got.
    pub(crate) fn returned(&self, channel: ChannelNumber) -> Vec<u64> {
        self.ends[&channel].returned.iter().copied().collect()
    }

    fn is_reserved(&self, choice: &Arc<Choice>) -> bool {
        self.asked.values().filter_map(|asked| asked.claim.as_ref()).any(|claim| claim.id() == choice.id())
    }

    fn tell(&mut self, channel: ChannelNumber, message: Message) {
        let to = self.end(channel).peer;
        self.post.push(Letter { to, channel, message });
    }

    /// Has all that stand at an end look again.
    fn wake(&mut self, channel: ChannelNumber) {
        let there = self.standing.values().filter(|standing| standing.channel == channel);
        self.wakes.extend(there.filter_map(|standing| standing.seat.as_ref()).map(|(choice, _)| Arc::clone(choice)));
    }

    fn end(&mut self, channel: ChannelNumber) -> &mut End {
        self.ends.get_mut(&channel).expect("its end is here")
    }

    fn standing(&mut self, ticket: Ticket) -> &mut Standing {
        self.standing.get_mut(&ticket).expect("the guard stands")
    }
}

/// Poison by a test.
pub(crate) fn poison(channel: ChannelNumber) -> Ended {
    Ended::Poisoned(Arc::new(Poison::new(channel.to_string(), "the test says so", "")))
}
