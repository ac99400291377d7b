//! All ends that no operation owns: how they are made, and what is left of them.

use super::follower::Follower;
use super::ledger::{Ledger, Mark, Token};
use super::model::{Model, Reader, Want};
use super::script::Tally;
use crate::support::Chance;
use rendez::{
    BroadcastReceiver, BroadcastSender, ChannelOptions, OneshotSender, Overflow, Receiver, Sender, WatchReceiver,
    WatchSender, broadcast_with, oneshot, watch,
};
use std::sync::Arc;

pub(super) const CHANNELS: usize = 3;
pub(super) const QUESTIONS: usize = 2;
const POLICIES: [Overflow; 7] = {
    use Overflow::{DropNewest, DropOldest, Fail, Wait};
    [Wait, Wait, Wait, Wait, Fail, DropNewest, DropOldest]
};
/// The numbers of the readers that the world itself has.
pub(super) const OWN_READER: Reader = 1;
pub(super) const LENT_READER: Reader = 2;

/// What reusable choices and permits borrow: an end more of some sides.
pub(super) struct Lent {
    pub(super) senders: [Option<Sender<Token>>; CHANNELS],
    pub(super) receivers: [Option<Receiver<Token>>; CHANNELS],
    pub(super) reader: Option<BroadcastReceiver<Token>>,
}

/// All ends that no operation owns.
pub(super) struct Ends {
    pub(super) senders: [Vec<Sender<Token>>; CHANNELS],
    pub(super) receivers: [Vec<Receiver<Token>>; CHANNELS],
    pub(super) oneshot: Option<OneshotSender<Token>>,
    pub(super) publishers: Vec<BroadcastSender<Token>>,
    pub(super) reader: Option<BroadcastReceiver<Token>>,
    pub(super) watch: Option<WatchSender<Token>>,
    pub(super) watcher: Option<WatchReceiver<Token>>,
}

/// Makes all channels, and the model of them.
pub(super) fn make(chance: &mut Chance) -> (Model, Lent, Ends, Arc<Ledger>) {
    let (mut model, ledger) = (Model::default(), Arc::default());
    let (mut senders, mut receivers) = ([const { vec![] }; CHANNELS], [const { vec![] }; CHANNELS]);
    for channel in 0..CHANNELS - 1 {
        let (capacity, policy) = (chance.pick(&[0, 0, 1, 2, 3, usize::MAX]), chance.pick(&POLICIES));
        let immunity = chance.pick(&[0, 0, 1, 2]);
        let (tx, rx) = ChannelOptions::bounded(capacity).overflow(policy).immune(immunity).open();
        model.add_channel(capacity, policy, immunity);
        senders[channel].push(tx);
        receivers[channel].push(rx);
    }
    // The last one is for one value.
    let (answer, question) = oneshot();
    model.add_channel(1, Overflow::Wait, 0);
    receivers[CHANNELS - 1].push(question);
    let (places, policy) = (chance.pick(&[1, 2, 3]), chance.pick(&POLICIES));
    let (publisher, reader) = broadcast_with(places, policy);
    model.add_broadcast(places, policy, OWN_READER);
    let (setting, watcher) = watch(Token::new(0, &ledger, &Follower::of_nothing()));
    model.add_watch(0, OWN_READER);
    (0..QUESTIONS).for_each(|_| model.add_question());
    let mut lend = |want: Want| {
        let lent = chance.below(2) == 0;
        if lent {
            model.own(want, OWN_READER);
        }
        lent
    };
    let lent = Lent {
        senders: std::array::from_fn(|channel| {
            senders[channel].first().filter(|_| lend(Want::Place(channel))).cloned()
        }),
        receivers: std::array::from_fn(|channel| {
            receivers[channel].first().filter(|_| lend(Want::Receive(channel))).cloned()
        }),
        reader: lend(Want::Read(0, LENT_READER)).then(|| reader.clone()),
    };
    let ends = Ends {
        senders,
        receivers,
        oneshot: Some(answer),
        publishers: vec![publisher],
        reader: Some(reader),
        watch: Some(setting),
        watcher: Some(watcher),
    };
    (model, lent, ends, ledger)
}

/// What is left when all operations are over.
pub(super) struct Remains {
    pub(super) model: Model,
    pub(super) ends: Ends,
    pub(super) tally: Tally,
    pub(super) ledger: Arc<Ledger>,
}

impl Remains {
    /// The ends are dropped, and each value has ended once.
    pub(super) fn finish(self, lent: Lent) -> Tally {
        let Self { mut model, ends, mut tally, ledger } = self;
        let Lent { senders, receivers, reader } = lent;
        for channel in 0..CHANNELS {
            (0..senders[channel].iter().count()).for_each(|_| model.disown(Want::Place(channel)));
            let all = receivers[channel].iter().count() + ends.receivers[channel].len();
            (0..all).for_each(|_| model.disown(Want::Receive(channel)));
        }
        reader.iter().for_each(|_| model.disown(Want::Read(0, LENT_READER)));
        drop((senders, receivers, reader, ends.receivers));
        for (channel, senders) in ends.senders.into_iter().enumerate() {
            if let Some(sender) = senders.first() {
                let left: Vec<_> = sender.undelivered().iter().map(|token| token.mark(Mark::Undelivered)).collect();
                assert_eq!(left, model.undelivered(channel));
            }
            senders.iter().for_each(|_| model.disown(Want::Place(channel)));
        }
        ends.oneshot.iter().for_each(|_| model.disown(Want::Place(CHANNELS - 1)));
        ends.reader.iter().for_each(|_| model.disown(Want::Read(0, OWN_READER)));
        ends.publishers.iter().for_each(|_| model.disown(Want::Publish(0, 0)));
        ends.watcher.iter().for_each(|_| model.disown(Want::Change(0, OWN_READER)));
        ends.watch.iter().for_each(|_| model.disown_watch_sender(0));
        drop((ends.oneshot, ends.reader, ends.publishers, ends.watcher, ends.watch));
        let expected = model.take_gone();
        let marks: Vec<_> = expected.iter().map(|(value, fate)| (*value, fate.mark())).collect();
        assert_eq!(ledger.take(), marks, "what became of which values");
        expected.iter().for_each(|(_, fate)| tally.fates[*fate as usize] += 1);
        assert_eq!(tally.fates.iter().sum::<u64>(), tally.values, "each value ends once");
        tally
    }
}

/// Clones or drops one of the ends.
pub(super) fn change<E: Clone>(ends: &mut Vec<E>, more: bool) -> isize {
    match ends.last().cloned() {
        None => 0,
        Some(end) if more => {
            ends.push(end);
            1
        }
        Some(_) => {
            ends.pop();
            -1
        }
    }
}
