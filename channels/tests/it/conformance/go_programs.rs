//! Go's programs over channels: sieves, and arithmetic on power series. Many small processes, each knowing its ends only.

use super::net::Process;
use super::{Net, Transport};
use rendez::{Receiver, Sender};
use rendez_macros::alt;
use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;

rows! {
    sieve1,
    sieve2,
    powser1_sums_and_products,
    powser1_the_exponential_series,
}

const PRIMES: [u64; 15] = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47];

/// sieve1.go: numbers go through a chain of filters, which grows by one at each prime.
async fn sieve1<T: Transport>(net: Net<T>) {
    let (numbers_tx, mut numbers) = net.channel();
    let mut processes = vec![net.start(async move { while_received(2.., &numbers_tx).await })];
    let mut primes = Vec::new();
    for _ in PRIMES {
        let prime = numbers.recv().await.unwrap();
        primes.push(prime);
        let (rest_tx, rest) = net.channel();
        let all = std::mem::replace(&mut numbers, rest);
        processes.push(net.start(async move {
            while let Ok(number) = all.recv().await {
                if number % prime != 0 && rest_tx.send(number).await.is_err() {
                    return;
                }
            }
        }));
    }
    assert_eq!(primes, PRIMES);
    drop(numbers);
    super::net::ends(processes).await; // the chain winds down from its end
}

/// sieve2.go: candidates against a merged stream of the multiples of primes, which come back through a buffer that grows.
async fn sieve2<T: Transport>(net: Net<T>) {
    let (candidates_tx, candidates) = net.bounded(50);
    let (composites_tx, composites) = net.bounded(50);
    let (found, to_proxy) = net.bounded(10);
    let (proxied, primes) = net.bounded(10);
    let (out, seen) = net.bounded(10);
    let processes = vec![
        net.start(async move { while_received((3..).step_by(2), &candidates_tx).await }),
        net.start(grow(to_proxy, proxied)),
        net.start(merge(net.clone(), primes, composites_tx)),
        net.start(strike(candidates, composites, found, out)),
    ];
    let mut primes = vec![2];
    for _ in &PRIMES[1..] {
        primes.push(seen.recv().await.unwrap());
    }
    assert_eq!(primes, PRIMES);
    drop(seen);
    super::net::ends(processes).await;
}

/// Sends numbers as long as somebody receives them.
async fn while_received(numbers: impl Iterator<Item = u64>, tx: &Sender<u64>) {
    for number in numbers {
        if tx.send(number).await.is_err() {
            return;
        }
    }
}

/// A buffer without limit, as a process: it chooses between taking and giving.
async fn grow(from: Receiver<u64>, to: Sender<u64>) {
    let mut held = VecDeque::new();
    loop {
        alt! {
            received = from.next() => match received {
                Ok(Some(value)) => held.push_back(value),
                _ => return,
            },
            sent = to.send(held[0]), if !held.is_empty() => {
                if sent.is_err() {
                    return;
                }
                held.pop_front();
            }
        }
    }
}

/// The odd multiples of all primes that come, in order and each once.
async fn merge<T: Transport>(net: Net<T>, primes: Receiver<u64>, composites: Sender<u64>) {
    let (mut streams, mut heads): (Vec<Receiver<u64>>, Vec<u64>) = (Vec::new(), Vec::new());
    let mut multiples_of = 3;
    loop {
        // The multiples of a prime begin at its square; before that one needs not know it.
        let (tx, multiples) = net.bounded(10);
        let (first, step) = (multiples_of * multiples_of, 2 * multiples_of as usize);
        let source = net.start(async move { while_received((first..).step_by(step), &tx).await });
        heads.push(multiples.recv().await.unwrap());
        streams.push(multiples);
        drop(source); // it ends when its stream is dropped
        let Ok(next) = next_prime(&primes, multiples_of).await else { return };
        multiples_of = next;
        loop {
            let least = *heads.iter().min().expect("there is one");
            if least >= multiples_of * multiples_of {
                break;
            }
            if composites.send(least).await.is_err() {
                return;
            }
            for (head, stream) in heads.iter_mut().zip(&streams).filter(|(head, _)| **head == least) {
                *head = stream.recv().await.unwrap();
            }
        }
    }
}

/// The first prime that is larger than the last. Between the squares of 3 and 5 all that is needed is known.
async fn next_prime(primes: &Receiver<u64>, last: u64) -> Result<u64, rendez::Ended> {
    if last == 3 {
        return Ok(5);
    }
    loop {
        let prime = primes.recv().await?;
        if prime > last {
            return Ok(prime);
        }
    }
}

/// Strikes the composites out of the candidates.
async fn strike(candidates: Receiver<u64>, composites: Receiver<u64>, found: Sender<u64>, out: Sender<u64>) {
    let mut composite = composites.recv().await;
    while let Ok(candidate) = candidates.recv().await {
        if Ok(candidate) == composite {
            composite = composites.recv().await;
        } else if found.send(candidate).await.is_err() || out.send(candidate).await.is_err() {
            return;
        }
    }
}

/// powser1.go: of series of coefficients, each a stream from a process of its own.
async fn powser1_sums_and_products<T: Transport>(net: Net<T>) {
    let series = Series(net);
    let ones = || series.of(|_| 1);
    let numbers = || series.of(|n| n as i64 + 1);
    assert_eq!(first(series.add(ones(), numbers())).await, [2, 3, 4, 5, 6, 7, 8, 9]);
    assert_eq!(first(series.shift(0, numbers())).await, [0, 1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(first(series.times(ones(), ones())).await, [1, 2, 3, 4, 5, 6, 7, 8], "1/(1-x) squared");
    assert_eq!(first(series.times(series.of(|n| i64::from(n == 0) - i64::from(n == 1)), numbers())).await, [1; 8]);
    assert_eq!(first(series.derive(ones())).await, [1, 2, 3, 4, 5, 6, 7, 8]);
}

/// powser1.go, Exp: a series that is defined by itself, through a channel that leads back. Coefficients are times n!, so
/// that they stay whole: where y' = y, each is the one before it.
async fn powser1_the_exponential_series<T: Transport>(net: Net<T>) {
    let (out, result) = net.channel();
    let (back, itself) = net.bounded(1);
    let process = net.start(async move {
        back.send(1).await.unwrap();
        while let Ok(coefficient) = itself.recv().await {
            if out.send(coefficient).await.is_err() || back.send(coefficient).await.is_err() {
                return;
            }
        }
    });
    assert_eq!(first(result).await, [1; 8]);
    process.end().await;
}

async fn first(series: Receiver<i64>) -> Vec<i64> {
    let mut coefficients = Vec::new();
    for _ in 0..8 {
        coefficients.push(series.recv().await.unwrap());
    }
    coefficients
}

/// Makes series: each is a stream of coefficients, of which one takes as many as one wants.
#[derive(Clone)]
struct Series<T>(Net<T>);

type Stream = Receiver<i64>;

impl<T: Transport> Series<T> {
    /// A process that sends to the stream which is returned, until nobody receives.
    fn start<F>(&self, body: impl FnOnce(Sender<i64>) -> F) -> Stream
    where
        F: Future<Output = Option<()>> + Send + 'static,
    {
        let (tx, stream) = self.0.channel();
        let _runs_on: Process<_> = self.0.start(body(tx));
        stream
    }

    fn of(&self, coefficient: impl Fn(usize) -> i64 + Send + 'static) -> Stream {
        self.start(|out| async move {
            for n in 0.. {
                out.send(coefficient(n)).await.ok()?;
            }
            None
        })
    }

    fn add(&self, a: Stream, b: Stream) -> Stream {
        self.start(|out| async move {
            loop {
                out.send(a.recv().await.ok()? + b.recv().await.ok()?).await.ok()?;
            }
        })
    }

    /// One coefficient before all others: a product by x, and a constant.
    fn shift(&self, constant: i64, a: Stream) -> Stream {
        self.start(move |out| async move {
            out.send(constant).await.ok()?;
            loop {
                out.send(a.recv().await.ok()?).await.ok()?;
            }
        })
    }

    fn scale(&self, by: i64, a: Stream) -> Stream {
        self.start(move |out| async move {
            loop {
                out.send(by * a.recv().await.ok()?).await.ok()?;
            }
        })
    }

    fn derive(&self, a: Stream) -> Stream {
        self.start(|out| async move {
            a.recv().await.ok()?;
            for n in 1.. {
                out.send(n * a.recv().await.ok()?).await.ok()?;
            }
            None
        })
    }

    /// Two streams of one: each coefficient goes to both, in the order in which they ask.
    fn split(&self, a: Stream) -> (Stream, Stream) {
        let (one, first) = self.0.bounded(16);
        let second = self.start(|two| async move {
            loop {
                let coefficient = a.recv().await.ok()?;
                // Who has enough of one may still want the other.
                let wants_one = one.send(coefficient).await.is_ok();
                let wants_two = two.send(coefficient).await.is_ok();
                if !wants_one && !wants_two {
                    return None;
                }
            }
        });
        (first, second)
    }

    /// (a + xA)(b + xB) = ab + x(aB + bA + xAB), a network that makes itself as far as it is asked.
    fn times(&self, a: Stream, b: Stream) -> Stream {
        let series = self.clone();
        self.start(|out| Box::pin(series.multiply(a, b, out)) as Pin<Box<dyn Future<Output = _> + Send>>)
    }

    async fn multiply(self, a: Stream, b: Stream, out: Sender<i64>) -> Option<()> {
        let (head_a, head_b) = (a.recv().await.ok()?, b.recv().await.ok()?);
        out.send(head_a * head_b).await.ok()?;
        let ((a1, a2), (b1, b2)) = (self.split(a), self.split(b));
        let linear = self.add(self.scale(head_a, b1), self.scale(head_b, a1));
        out.send(linear.recv().await.ok()?).await.ok()?;
        let rest = self.times(a2, b2);
        loop {
            out.send(linear.recv().await.ok()? + rest.recv().await.ok()?).await.ok()?;
        }
    }
}
