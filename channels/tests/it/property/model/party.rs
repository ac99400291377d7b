//! Who waits, in the model: operations, choices, choices that are used again, and claims that are answered later.

use super::{Came, Done, ELSE, Fate, Manner, Model, Op, Want};

/// An operation that waits, or a reusable choice.
pub(super) struct Party {
    /// By guard; none is a place that is free.
    guards: Vec<Option<Guard>>,
    manner: Manner,
    /// Whether it waits: a reusable choice does so only while it is used.
    in_use: bool,
    /// The guard that has claimed it.
    claimed: Option<usize>,
    served: Option<Served>,
    /// Of a reusable choice: places to use again, and where it begins to look.
    free: Vec<usize>,
    from: usize,
}

#[derive(Clone, Copy)]
struct Guard {
    want: Want,
    /// Whether it is served again and again.
    stays: bool,
    is_listed: bool,
}

/// A commit that its owner has not seen.
#[derive(Clone, Copy)]
struct Served {
    guard: usize,
    done: Done,
    /// Of a value, the position of its commit.
    commit: u64,
}

/// What a claim is asked of.
#[derive(Default)]
pub(super) struct Question {
    offers: usize,
    /// Whether an answer is due.
    asked: bool,
    claim: Option<(Op, usize)>,
    /// Answers that found nobody.
    kept: usize,
}

impl Question {
    pub(super) const fn could_ask(&self) -> bool {
        self.offers > 0 && !self.asked
    }
}

impl Model {
    /// Whether others may commit with it.
    pub(super) fn is_free(&self, op: Op) -> bool {
        let party = &self.parties[&op];
        party.in_use && party.served.is_none() && party.claimed.is_none()
    }

    pub(super) fn want(&self, op: Op, guard: usize) -> Want {
        self.parties[&op].guards[guard].expect("it is there").want
    }

    /// A partner commits with it.
    pub(super) fn serve(&mut self, op: Op, guard: usize, done: Done, commit: u64) {
        let party = self.parties.get_mut(&op).expect("it waits");
        party.served = Some(Served { guard, done, commit });
        let all = !matches!(party.manner, Manner::Reusable { .. });
        if let Some(guard) = &mut party.guards[guard] {
            guard.is_listed = false;
        }
        self.leave(op, if all { None } else { Some(guard) });
    }

    /// It leaves its lists, or the one of a guard.
    fn leave(&mut self, op: Op, guard: Option<usize>) {
        let goes = |o: Op, g: usize| o == op && guard.is_none_or(|guard| guard == g);
        for state in &mut self.channels {
            state.senders.retain(|&(o, g, _)| !goes(o, g));
            state.receivers.retain(|&(o, g)| !goes(o, g));
        }
    }

    fn list(&mut self, op: Op, guard: usize) {
        match self.want(op, guard) {
            Want::Send(channel, value) => self.channels[channel].senders.push_back((op, guard, Some(value))),
            Want::Place(channel) => self.channels[channel].senders.push_back((op, guard, None)),
            Want::Receive(channel) | Want::Extended(channel, _) => {
                self.channels[channel].receivers.push_back((op, guard));
            }
            Want::Publish(..) | Want::Read(..) | Want::Change(..) | Want::Ask(_) => {}
        }
    }

    /// The first poll of an operation.
    pub(crate) fn start(&mut self, op: Op, wants: &[Want], manner: Manner) -> Option<(usize, Came)> {
        let guards = wants.iter().map(|&want| Some(Guard { want, stays: false, is_listed: true })).collect();
        let party = Party { guards, manner, in_use: true, claimed: None, served: None, free: vec![], from: 0 };
        self.parties.insert(op, party);
        for (guard, &want) in wants.iter().enumerate() {
            if self.commit(op, guard, want) {
                return self.finish(op);
            }
        }
        (0..wants.len()).for_each(|guard| self.list(op, guard));
        let _ = wants.iter().enumerate().any(|(guard, &want)| self.claim(op, guard, want));
        self.finish(op)
    }

    /// A later poll of it.
    pub(crate) fn poll(&mut self, op: Op) -> Option<(usize, Came)> {
        let party = &self.parties[&op];
        let alone = party.manner == Manner::Alone;
        if party.served.is_none() && party.claimed.is_none() {
            for guard in 0..party.guards.len() {
                let want = self.want(op, guard);
                let is_told = !matches!(want, Want::Publish(..) | Want::Read(..) | Want::Change(..));
                // Who waits for one thing alone is served, and does not try again by itself.
                let tries = !alone || !is_told || self.is_over(want);
                if tries && self.commit(op, guard, want) || self.claim(op, guard, want) {
                    break;
                }
            }
        }
        self.finish(op)
    }

    fn commit(&mut self, op: Op, guard: usize, want: Want) -> bool {
        // It is committed before anything moves, so that it does not meet itself.
        self.set_in_use(op, false);
        let done = self.attempt_as(Some(op), want);
        self.set_in_use(op, true);
        let Some(done) = done else { return false };
        let party = self.parties.get_mut(&op).expect("it is there");
        party.served = Some(Served { guard, done, commit: 0 });
        if !matches!(party.manner, Manner::Reusable { .. }) {
            self.leave(op, None);
        }
        true
    }

    fn set_in_use(&mut self, op: Op, yes: bool) {
        self.parties.get_mut(&op).expect("it is there").in_use = yes;
    }

    fn claim(&mut self, op: Op, guard: usize, want: Want) -> bool {
        let Want::Ask(number) = want else { return false };
        let question = &mut self.questions[number];
        if !question.could_ask() {
            return false;
        }
        question.offers -= 1;
        question.asked = true;
        question.claim = Some((op, guard));
        self.parties.get_mut(&op).expect("it is there").claimed = Some(guard);
        true
    }

    /// What it has come to, unless its sender is held.
    fn seen(&self, op: Op) -> Option<Served> {
        let served = self.parties.get(&op)?.served?;
        let is_held = served.done.held_by.is_some_and(|hold| !self.released.contains(&hold));
        (!is_held).then_some(served)
    }

    fn finish(&mut self, op: Op) -> Option<(usize, Came)> {
        if let Some(Served { guard, done, .. }) = self.seen(op) {
            self.leave(op, None);
            self.parties.remove(&op);
            return Some((guard, done.came));
        }
        let party = &self.parties[&op];
        if party.manner == (Manner::Choosing { or_else: true }) && party.served.is_none() && party.claimed.is_none() {
            self.leave(op, None);
            self.parties.remove(&op);
            return Some((ELSE, Came::Else));
        }
        None
    }

    /// It is dropped.
    pub(crate) fn cancel(&mut self, op: Op) -> Option<usize> {
        self.leave(op, None);
        let party = self.parties.remove(&op)?;
        party.guards.iter().flatten().for_each(|guard| self.stop_asking(guard.want, op));
        let served = party.served?;
        self.undo(party.guards[served.guard]?.want, served);
        Some(served.guard)
    }

    fn stop_asking(&mut self, want: Want, op: Op) {
        if let Want::Ask(number) = want
            && self.questions[number].claim.is_some_and(|(by, _)| by == op)
        {
            self.questions[number].claim = None;
        }
    }

    /// A commit that its owner has not seen, and will not.
    fn undo(&mut self, want: Want, served: Served) {
        match (want, served.done.came) {
            (Want::Receive(channel), Came::Received(value)) => self.give_back(channel, served.commit, value),
            (Want::Extended(channel, hold), Came::Received(value)) => {
                self.give_back(channel, served.commit, value);
                self.release(hold);
            }
            (Want::Place(channel), Came::Kept) => self.unreserve(channel),
            (Want::Ask(number), _) => self.questions[number].kept += 1,
            _ => {}
        }
    }

    /// The values of an operation that is over: it was committed to that guard, if to any.
    pub(crate) fn end_values(&mut self, wants: &[Want], committed: Option<usize>) {
        for (guard, want) in wants.iter().enumerate() {
            if let Some(value) = want.value()
                && committed != Some(guard)
            {
                let in_slot = self.slots.contains(&value);
                self.gone.push((value, if in_slot { Fate::HandedBack } else { Fate::WithFuture }));
            }
        }
    }

    /// A reusable choice without guards.
    pub(crate) fn add_alt(&mut self, op: Op, prioritised: bool) {
        let (guards, free, manner) = (vec![], vec![], Manner::Reusable { prioritised });
        self.parties.insert(op, Party { guards, manner, in_use: false, claimed: None, served: None, free, from: 0 });
    }

    /// Its next guard, and the place that it gets.
    pub(crate) fn add_guard(&mut self, op: Op, want: Want, stays: bool) -> usize {
        let party = self.parties.get_mut(&op).expect("it is there");
        let guard = Some(Guard { want, stays, is_listed: false });
        match party.free.pop() {
            Some(place) => {
                party.guards[place] = guard;
                place
            }
            None => {
                party.guards.push(guard);
                party.guards.len() - 1
            }
        }
    }

    pub(crate) fn remove_guard(&mut self, op: Op, place: usize) {
        self.leave(op, Some(place));
        let party = self.parties.get_mut(&op).expect("it is there");
        let Some(guard) = party.guards[place].take() else { return };
        party.free.push(place);
        if party.claimed == Some(place) {
            party.claimed = None;
        }
        let served = party.served.take_if(|served| served.guard == place);
        self.stop_asking(guard.want, op);
        self.end_values(&[guard.want], served.map(|_| 0));
        if let Some(served) = served {
            self.undo(guard.want, served);
        }
    }

    /// It is dropped, its guards already.
    pub(crate) fn drop_alt(&mut self, op: Op) {
        self.parties.remove(&op);
    }

    /// The guards it has, by place.
    pub(crate) fn guards(&self, op: Op) -> Vec<(usize, Want)> {
        let guards = self.parties[&op].guards.iter().enumerate();
        guards.filter_map(|(place, guard)| guard.map(|guard| (place, guard.want))).collect()
    }

    /// Its guards that have a choice for a partner, and that one: if it was met while it was claimed, it is its turn to look.
    pub(crate) fn doubtful(&self, op: Op) -> Vec<(usize, Op)> {
        let partner = |(place, want): (usize, Want)| self.could(op, want).map(|partner| (place, partner));
        let chooses = |&(_, partner): &(usize, Op)| partner != op && self.parties[&partner].manner != Manner::Alone;
        self.guards(op).into_iter().filter_map(partner).filter(chooses).collect()
    }

    /// A poll of its use, that leaves some guards out: how the guard at a place came out, and what it was.
    pub(crate) fn poll_alt(&mut self, op: Op, without: &[usize]) -> Option<(usize, Came, Want)> {
        self.set_in_use(op, true);
        self.look(op, without);
        let Served { guard: place, done, .. } = self.seen(op)?;
        let party = self.parties.get_mut(&op).expect("it is there");
        (party.served, party.in_use, party.from) = (None, false, place + 1);
        let guard = party.guards[place].expect("it was served");
        if !guard.stays || done.came == Came::Ended {
            party.guards[place] = None;
            party.free.push(place);
            self.leave(op, Some(place));
        }
        Some((place, done.came, guard.want))
    }

    /// Its use is over without a commit, or one that is not seen yet.
    pub(crate) fn leave_alt(&mut self, op: Op) {
        self.set_in_use(op, false);
    }

    fn look(&mut self, op: Op, without: &[usize]) {
        let Party { manner, from, ref guards, served, .. } = self.parties[&op];
        let from = if manner == (Manner::Reusable { prioritised: true }) { 0 } else { from.min(guards.len()) };
        let order: Vec<_> = (from..guards.len()).chain(0..from).collect();
        if served.is_some() {
            return;
        }
        for place in order {
            let party = &self.parties[&op];
            let Some(Guard { want, is_listed, stays }) = party.guards[place] else { continue };
            let is_asked = party.claimed.is_none() && !(is_listed && without.contains(&place));
            let committed = is_asked && self.commit(op, place, want);
            // One that stays is listed before it is asked, one for a single use after.
            if !is_listed && (stays || !committed) {
                self.list(op, place);
                self.parties.get_mut(&op).expect("it is there").guards[place] =
                    Some(Guard { want, is_listed: true, stays });
            }
            if committed {
                return;
            }
            if self.parties[&op].claimed.is_none() {
                self.claim(op, place, want);
            }
        }
    }

    /// Who has something to do, and who of these has to have been woken, one of them at least.
    pub(crate) fn ready(&self) -> Vec<(Op, Op)> {
        let mut ready = vec![];
        for (&op, party) in &self.parties {
            if !party.in_use {
                continue;
            }
            if party.served.is_some() || party.claimed.is_some() {
                ready.extend(self.seen(op).map(|_| (op, op)));
                continue;
            }
            for guard in party.guards.iter().flatten() {
                let alone = party.manner == Manner::Alone && !self.is_over(guard.want);
                match self.could(op, guard.want) {
                    Some(partner) if partner == op => ready.push((op, op)),
                    // Who waits for one thing alone does not try by itself: the other one has to.
                    Some(_) if alone => {}
                    Some(partner) if self.parties[&partner].manner == Manner::Alone => ready.push((op, op)),
                    Some(partner) => ready.push((op, partner)),
                    None => {}
                }
            }
        }
        ready
    }

    pub(crate) fn offer_answer(&mut self, number: usize) {
        self.questions[number].offers += 1;
    }

    pub(crate) fn is_asked(&self, number: usize) -> bool {
        self.questions[number].asked
    }

    pub(crate) fn kept(&self, number: usize) -> usize {
        self.questions[number].kept
    }

    pub(crate) fn answer(&mut self, number: usize, yes: bool) {
        let question = &mut self.questions[number];
        question.asked = false;
        let claim = question.claim.take();
        if yes && claim.is_none() {
            question.kept += 1;
        }
        if let Some((op, guard)) = claim {
            let party = self.parties.get_mut(&op).expect("it has claimed");
            party.claimed = None;
            party.served = yes.then_some(Served { guard, done: Came::Agreed.into(), commit: 0 });
        }
    }

    /// Whether a partner has committed with it, and whether it waits for an answer.
    pub(crate) fn stands(&self, op: Op) -> (bool, bool) {
        self.parties.get(&op).map_or((false, false), |party| (party.served.is_some(), party.claimed.is_some()))
    }
}
