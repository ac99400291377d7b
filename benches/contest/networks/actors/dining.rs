//! Dining: twenty philosophers and twenty forks, all of them actors; the lower fork first. One operation is a meal: six messages.

use super::{FORGET, GONE};
use crate::networks::{Measured, Network, Run, expect};
use crate::troupe::{Cast, Part, Troupe};
use std::collections::VecDeque;
use std::time::Instant;
use tokio::sync::mpsc;

const SEATS: u64 = 20;
/// To a fork: its holder puts it down. All else is a philosopher that asks for it.
const RELEASE: u64 = FORGET - 1;
/// To a philosopher: it begins. All else is a fork that it is granted.
const BEGIN: u64 = FORGET - 1;

/// About as many meals as operations, the same number for each philosopher.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dining;

/// Grants itself in the order in which it is asked for.
struct Fork<T: Troupe> {
    philosophers: Option<Cast<T::Address<Philosopher<T>>>>,
    number: u64,
    is_held: bool,
    /// How often it was.
    granted: u64,
    queue: VecDeque<u64>,
}

impl<T: Troupe> Fork<T> {
    fn next(&mut self, message: u64) -> Option<u64> {
        if message == RELEASE {
            let next = self.queue.pop_front();
            self.is_held = next.is_some();
            return next;
        }
        if std::mem::replace(&mut self.is_held, true) {
            self.queue.push_back(message);
            return None;
        }
        Some(message)
    }
}

impl<T: Troupe> Part for Fork<T> {
    async fn hear(&mut self, message: u64) -> u64 {
        if message == FORGET {
            self.philosophers = None;
        } else if let Some(philosopher) = self.next(message)
            && let Some(philosopher) = self.philosophers.as_ref().and_then(|all| all.get(philosopher as usize))
        {
            self.granted += 1;
            T::tell(philosopher, self.number).await;
        }
        self.granted
    }
}

struct Philosopher<T: Troupe> {
    forks: Option<Cast<T::Address<Fork<T>>>>,
    number: u64,
    /// Its forks, the lower first.
    lower: u64,
    higher: u64,
    left: u64,
    eaten: u64,
    /// Who is told once it has had its last meal.
    done: mpsc::UnboundedSender<()>,
}

impl<T: Troupe> Philosopher<T> {
    fn new(number: u64, left: u64, forks: Cast<T::Address<Fork<T>>>, done: mpsc::UnboundedSender<()>) -> Self {
        let other = (number + 1) % SEATS;
        Self { forks: Some(forks), number, lower: number.min(other), higher: number.max(other), left, eaten: 0, done }
    }

    async fn tell(&self, fork: u64, message: u64) {
        if let Some(fork) = self.forks.as_ref().and_then(|forks| forks.get(fork as usize)) {
            T::tell(fork, message).await;
        }
    }

    async fn granted(&mut self, fork: u64) {
        if fork == self.lower {
            return self.tell(self.higher, self.number).await;
        }
        self.eaten += 1;
        self.tell(self.lower, RELEASE).await;
        self.tell(self.higher, RELEASE).await;
        self.sit_down().await;
    }

    async fn sit_down(&mut self) {
        if self.left == 0 {
            // Where nobody waits for it any more, the run has failed already.
            let _ = self.done.send(());
            return;
        }
        self.left -= 1;
        self.tell(self.lower, self.number).await;
    }
}

impl<T: Troupe> Part for Philosopher<T> {
    async fn hear(&mut self, message: u64) -> u64 {
        match message {
            FORGET => self.forks = None,
            BEGIN => self.sit_down().await,
            fork => self.granted(fork).await,
        }
        self.eaten
    }
}

impl<T: Troupe> Network<T> for Dining {
    async fn run(self, ops: u64) -> Measured {
        let each = ops.div_ceil(SEATS);
        let (done, mut is_done) = mpsc::unbounded_channel();
        let (seated, laid) = (Cast::unknown(), Cast::unknown());
        let (mut philosophers, mut forks) = (vec![], vec![]);
        for number in 0..SEATS {
            let fork = Fork::<T> {
                philosophers: Some(seated.clone()),
                number,
                is_held: false,
                granted: 0,
                queue: VecDeque::new(),
            };
            forks.push(T::start(fork).await.ok_or(GONE)?);
            let philosopher = Philosopher::<T>::new(number, each, laid.clone(), done.clone());
            philosophers.push(T::start(philosopher).await.ok_or(GONE)?);
        }
        seated.are(philosophers.clone())?;
        laid.are(forks.clone())?;
        let start = Instant::now();
        for philosopher in &philosophers {
            T::tell(philosopher, BEGIN).await.ok_or(GONE)?;
        }
        for _ in 0..SEATS {
            is_done.recv().await.ok_or(GONE)?;
        }
        let time = start.elapsed();
        let (mut eaten, mut granted) = (0, 0);
        for (philosopher, fork) in philosophers.iter().zip(&forks) {
            eaten += T::ask(philosopher, FORGET).await.ok_or(GONE)?;
            granted += T::ask(fork, FORGET).await.ok_or(GONE)?;
        }
        expect("meals, and how often a fork was granted", (eaten, granted), (each * SEATS, 2 * each * SEATS))?;
        Ok(Run::timed(each * SEATS, time))
    }
}
