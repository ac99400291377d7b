//! Random networks: a few processes that send, receive, choose and give ends up. No test.

use rendez_channels::{Alt, Receiver, Sender};
use rendez_runtime::alt;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;

/// What one process does, one after the other.
#[derive(Clone, Copy, Debug)]
pub(super) enum Act {
    Send(usize),
    Receive(usize),
    /// Whichever of two comes first.
    Choose(usize, usize),
    /// The same by a reusable choice.
    Use(usize, usize),
    /// The same without a choice: waits for both, and takes the second if both have come.
    Either(usize, usize),
    /// Gives its sending end of a channel up.
    Leave(usize),
}

/// A network: the places of its channels, and what its processes do.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) places: Vec<usize>,
    pub(super) acts: Vec<Vec<Act>>,
}

pub(super) struct Lots(u64);

impl Lots {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn below(&mut self, count: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % count as u64).unwrap()
    }

    pub(super) fn plan(&mut self) -> Plan {
        let places: Vec<_> = (0..1 + self.below(3)).map(|_| self.below(3)).collect();
        let mut act = || match (self.below(10), self.below(places.len()), self.below(places.len())) {
            (0..3, channel, _) => Act::Send(channel),
            (3..6, channel, _) => Act::Receive(channel),
            (6, one, other) => Act::Choose(one, other),
            (7, one, other) => Act::Use(one, other),
            (8, one, other) => Act::Either(one, other),
            (_, channel, _) => Act::Leave(channel),
        };
        let mut acts = vec![vec![act(), act()], vec![act(), act()], vec![act()]];
        acts.truncate(2 + self.below(2));
        Plan { places, acts }
    }
}

/// What the first gives, or the second if the first has nothing yet.
async fn either<T>(first: impl Future<Output = T>, second: impl Future<Output = T>) -> T {
    let (mut first, mut second) = (pin!(first), pin!(second));
    poll_fn(|cx| match first.as_mut().poll(cx) {
        Poll::Ready(came) => Poll::Ready(came),
        Poll::Pending => second.as_mut().poll(cx),
    })
    .await
}

/// What the processes have seen so far.
pub(super) type Seen = Vec<Vec<Result<u64, ()>>>;

pub(super) async fn acts(
    number: usize,
    acts: Vec<Act>,
    mut to: Vec<Option<Sender<u64>>>,
    from: Vec<Receiver<u64>>,
    seen: Arc<Mutex<Seen>>,
) {
    let see = |what| seen.lock().unwrap()[number].push(what);
    for (step, act) in (0..).zip(acts) {
        match act {
            Act::Send(channel) => {
                let Some(to) = &to[channel] else { continue };
                see(to.send(10 * number as u64 + step).await.map(|()| 99).map_err(drop));
            }
            Act::Receive(channel) => see(from[channel].recv().await.map_err(drop)),
            Act::Choose(one, other) => see(alt! {
                got = from[one].recv() => got.map_err(drop),
                got = from[other].recv() => got.map_err(drop),
            }),
            Act::Use(one, other) => {
                let mut choice = Alt::new();
                for at in [one, other] {
                    choice.receive(&from[at], |got| got.map_err(drop));
                }
                see(choice.next().await.unwrap_or(Err(())));
            }
            Act::Either(one, other) => see(either(from[other].recv(), from[one].recv()).await.map_err(drop)),
            Act::Leave(channel) => drop(to[channel].take()),
        }
    }
}
