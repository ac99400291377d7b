//! Agenda: which of all that an actor may do comes next. Pure: what has arrived is asked of its sources, and it waits for nothing.
//!
//! The order is: stop, ends of other processes, urgent messages, messages that were set aside and can be handled now, the
//! rest of a batch, timers, the mailbox. Of timers and mailbox neither can keep the other from its turn.

use super::{Exit, Letter};
use std::collections::VecDeque;

/// What to do next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step<M> {
    /// Handle this message.
    Handle(M),
    /// Say that a process has ended.
    Exit(Exit),
    /// Tell whoever sent this that there is no room to set it aside.
    Refuse(M),
    /// End: somebody asked for it.
    Stop,
    /// End: nothing can come any more.
    Gone,
    /// Wait until something arrives.
    Wait,
}

/// What has arrived, each lane by itself.
pub(crate) trait Sources<M> {
    /// Whether somebody asked it to stop.
    fn stops(&mut self) -> bool;
    fn exit(&mut self) -> Option<Exit>;
    fn urgent(&mut self) -> Option<M>;
    /// A message whose time has come.
    fn due(&mut self) -> Option<M>;
    fn letter(&mut self) -> Option<Letter<M>>;
    /// Whether the last reference is gone, and all that was sent has been received.
    fn is_retired(&mut self) -> bool;
    /// Whether anything but the mailbox may still bring something.
    fn expects_more(&mut self) -> bool;
    /// Whether a message can be handled now.
    fn accepts(&mut self, message: &M) -> bool;
    /// How many messages may be set aside.
    fn most_aside(&self) -> usize;
}

pub(crate) struct Agenda<M> {
    /// What is kept here, of its own place: mostly nothing is.
    kept: Option<Box<Kept<M>>>,
    /// Whether the last message was a timer's: the mailbox is next then.
    timer_was_last: bool,
}

struct Kept<M> {
    /// Messages that could not be handled, the oldest first.
    aside: VecDeque<M>,
    /// How many of them, from the end, have not been looked at since the state has changed.
    unseen: usize,
    /// The rest of a batch.
    batch: VecDeque<M>,
}

impl<M> Default for Kept<M> {
    fn default() -> Self {
        Self { aside: VecDeque::new(), unseen: 0, batch: VecDeque::new() }
    }
}

impl<M> Agenda<M> {
    /// `first` is what comes before all letters.
    pub(crate) fn new(first: Vec<M>) -> Self {
        let mut agenda = Self { kept: None, timer_was_last: false };
        if !first.is_empty() {
            agenda.kept().batch = first.into();
        }
        agenda
    }

    /// Messages that come before the rest of a batch and the mailbox.
    pub(crate) fn put_first(&mut self, messages: VecDeque<M>) {
        for message in messages.into_iter().rev() {
            self.kept().batch.push_front(message);
        }
    }

    /// The state has changed: what was set aside may be possible now.
    #[inline]
    pub(crate) fn changed(&mut self) {
        if let Some(kept) = &mut self.kept {
            kept.unseen = kept.aside.len();
        }
    }

    /// Whether the next step is the next letter, if nothing else has arrived.
    #[inline]
    pub(crate) const fn is_plain(&self) -> bool {
        self.kept.is_none() && !self.timer_was_last
    }

    pub(crate) fn next(&mut self, sources: &mut impl Sources<M>) -> Step<M> {
        if sources.stops() {
            return Step::Stop;
        }
        if let Some(exit) = sources.exit() {
            return Step::Exit(exit);
        }
        while let Some(message) = sources.urgent() {
            if let Some(step) = self.offer(message, sources) {
                return step;
            }
        }
        if let Some(message) = self.take_aside(sources) {
            return Step::Handle(message);
        }
        let first_timers = !std::mem::take(&mut self.timer_was_last);
        let step = if first_timers { self.timer(sources).or_else(|| self.mail(sources)) } else { self.mail(sources) };
        if let Some(step) = step.or_else(|| if first_timers { None } else { self.timer(sources) }) {
            return step;
        }
        if self.kept.as_ref().is_some_and(|kept| kept.aside.is_empty() && kept.batch.is_empty()) {
            self.kept = None;
        }
        // What is set aside stays so for ever when nothing comes that could change the state.
        if sources.is_retired() && !sources.expects_more() { Step::Gone } else { Step::Wait }
    }

    /// The next message that can be handled beside those under way. Others that arrived before it are set aside, as many as
    /// there is room for.
    pub(crate) fn next_beside(&mut self, sources: &mut impl Sources<M>) -> Option<M> {
        while self.has_room(sources.most_aside()) {
            let next = sources.urgent().or_else(|| self.next_of_batch()).or_else(|| sources.due());
            let message = match next {
                Some(message) => message,
                None => match sources.letter()? {
                    Letter::One(message) => message,
                    Letter::Batch(messages) => {
                        self.kept().batch.extend(*messages);
                        continue;
                    }
                },
            };
            if sources.accepts(&message) {
                return Some(message);
            }
            self.kept().aside.push_back(message);
        }
        None
    }

    pub(crate) fn has_room(&self, room: usize) -> bool {
        self.kept.as_ref().map_or(0, |kept| kept.aside.len()) < room
    }

    /// All that was not handled.
    pub(crate) fn take_rest(&mut self) -> impl Iterator<Item = M> + use<M> {
        self.kept.take().into_iter().flat_map(|kept| kept.aside.into_iter().chain(kept.batch))
    }

    fn timer(&mut self, sources: &mut impl Sources<M>) -> Option<Step<M>> {
        while let Some(message) = sources.due() {
            if let Some(step) = self.offer(message, sources) {
                self.timer_was_last = true;
                return Some(step);
            }
        }
        None
    }

    fn mail(&mut self, sources: &mut impl Sources<M>) -> Option<Step<M>> {
        loop {
            while let Some(message) = self.next_of_batch() {
                if let Some(step) = self.offer(message, sources) {
                    return Some(step);
                }
            }
            match sources.letter()? {
                Letter::One(message) => {
                    if let Some(step) = self.offer(message, sources) {
                        return Some(step);
                    }
                }
                Letter::Batch(messages) => self.kept().batch.extend(*messages),
            }
        }
    }

    /// The step that a message is; none when it was set aside.
    fn offer(&mut self, message: M, sources: &mut impl Sources<M>) -> Option<Step<M>> {
        if sources.accepts(&message) {
            return Some(Step::Handle(message));
        }
        if !self.has_room(sources.most_aside()) {
            return Some(Step::Refuse(message));
        }
        self.kept().aside.push_back(message);
        None
    }

    fn take_aside(&mut self, sources: &mut impl Sources<M>) -> Option<M> {
        let kept = self.kept.as_mut()?;
        while kept.unseen > 0 {
            let index = kept.aside.len() - kept.unseen;
            kept.unseen -= 1;
            if sources.accepts(&kept.aside[index]) {
                return kept.aside.remove(index);
            }
        }
        None
    }

    fn next_of_batch(&mut self) -> Option<M> {
        self.kept.as_mut()?.batch.pop_front()
    }

    fn kept(&mut self) -> &mut Kept<M> {
        self.kept.get_or_insert_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rendez_model::{End, ProcessId};

    #[derive(Default)]
    struct Arrived {
        stops: bool,
        exits: VecDeque<Exit>,
        urgent: VecDeque<u32>,
        due: VecDeque<u32>,
        mail: VecDeque<Letter<u32>>,
        retired: bool,
        expects: bool,
        /// Only messages below this one can be handled.
        below: u32,
        room: usize,
    }

    impl Sources<u32> for Arrived {
        fn stops(&mut self) -> bool {
            self.stops
        }
        fn exit(&mut self) -> Option<Exit> {
            self.exits.pop_front()
        }
        fn urgent(&mut self) -> Option<u32> {
            self.urgent.pop_front()
        }
        fn due(&mut self) -> Option<u32> {
            self.due.pop_front()
        }
        fn letter(&mut self) -> Option<Letter<u32>> {
            self.mail.pop_front()
        }
        fn is_retired(&mut self) -> bool {
            self.retired && self.mail.is_empty()
        }
        fn expects_more(&mut self) -> bool {
            self.expects
        }
        fn accepts(&mut self, message: &u32) -> bool {
            *message < self.below
        }
        fn most_aside(&self) -> usize {
            self.room
        }
    }

    fn arrived() -> Arrived {
        Arrived { below: u32::MAX, room: 8, ..Arrived::default() }
    }

    fn mail(messages: &[u32]) -> VecDeque<Letter<u32>> {
        messages.iter().map(|&message| Letter::One(message)).collect()
    }

    #[test]
    fn control_overtakes_a_million_messages() {
        let mut agenda = Agenda::new(vec![]);
        let exit = Exit { process: ProcessId(1), name: "p".into(), end: End::Normal, linked: false };
        let mut all = Arrived { mail: mail(&vec![3; 1_000_000]), due: [2].into(), urgent: [1].into(), ..arrived() };
        all.exits.push_back(exit.clone());
        let steps: Vec<_> = (0..4).map(|_| agenda.next(&mut all)).collect();
        assert_eq!(steps, [Step::Exit(exit), Step::Handle(1), Step::Handle(2), Step::Handle(3)]);
        all.stops = true;
        assert_eq!(agenda.next(&mut all), Step::Stop);
    }

    #[test]
    fn timers_that_are_always_due_leave_the_mailbox_every_other_turn() {
        let mut agenda = Agenda::new(vec![]);
        let mut all = Arrived { mail: mail(&[1, 1]), due: [2; 4].into(), ..arrived() };
        let steps: Vec<_> = (0..7).map(|_| agenda.next(&mut all)).collect();
        let handled = [2, 1, 2, 1, 2, 2].map(Step::Handle);
        assert_eq!(steps[..6], handled);
        assert_eq!(steps[6], Step::Wait);
    }

    #[test]
    fn what_cannot_be_handled_waits_in_its_order_until_the_state_has_changed() {
        let mut agenda = Agenda::new(vec![]);
        let mut all = Arrived { mail: mail(&[7, 1, 8]), below: 5, ..arrived() };
        assert_eq!(agenda.next(&mut all), Step::Handle(1));
        agenda.changed();
        assert_eq!(agenda.next(&mut all), Step::Wait, "7 and 8 are set aside");
        all.below = 10;
        assert_eq!(agenda.next(&mut all), Step::Wait, "nothing was handled in between");
        all.mail.extend(mail(&[2, 3]));
        assert_eq!(agenda.next(&mut all), Step::Handle(2));
        agenda.changed();
        assert_eq!([0; 3].map(|_| agenda.next(&mut all)), [7, 8, 3].map(Step::Handle), "the older ones come first");
    }

    #[test]
    fn one_message_too_many_to_set_aside_is_refused() {
        let mut agenda = Agenda::new(vec![]);
        let mut all = Arrived { room: 1, mail: mail(&[7, 8]), below: 5, ..arrived() };
        assert_eq!(agenda.next(&mut all), Step::Refuse(8));
        assert_eq!(agenda.take_rest().collect::<Vec<_>>(), [7]);
    }

    #[test]
    fn a_batch_is_handled_without_a_letter_in_between() {
        let mut agenda = Agenda::new(vec![]);
        let mut all = Arrived { mail: [Letter::Batch(Box::new(vec![1, 2])), Letter::One(3)].into(), ..arrived() };
        assert_eq!([0; 3].map(|_| agenda.next(&mut all)), [1, 2, 3].map(Step::Handle));
    }

    #[test]
    fn beside_others_only_what_shares_the_state_is_handled_and_the_rest_keeps_its_order() {
        let mut agenda = Agenda::new(vec![]);
        let mut all = Arrived { room: 3, mail: mail(&[7, 1, 8, 2, 9, 3]), below: 5, ..arrived() };
        assert_eq!([0; 2].map(|_| agenda.next_beside(&mut all)), [Some(1), Some(2)]);
        assert_eq!(agenda.next_beside(&mut all), None, "9 is set aside, and there is no room to look further");
        assert!(!agenda.has_room(all.room) && all.mail.len() == 1);
        all.below = 10;
        agenda.changed();
        assert_eq!([0; 4].map(|_| agenda.next(&mut all)), [7, 8, 9, 3].map(Step::Handle));
    }

    #[test]
    fn it_ends_when_nothing_can_come_any_more() {
        let mut agenda = Agenda::new(vec![]);
        let mut all = Arrived { mail: mail(&[1, 9]), retired: true, expects: true, below: 5, ..arrived() };
        assert_eq!(agenda.next(&mut all), Step::Handle(1), "what was sent is handled first");
        assert_eq!(agenda.next(&mut all), Step::Wait, "a timer or a monitored process is still to come");
        all.expects = false;
        assert_eq!(agenda.next(&mut all), Step::Gone, "and nothing will make 9 possible");
    }
}
