//! The sieve of Eratosthenes as a network that grows: a filter for each prime. After McIlroy and Hoare.

use crate::{Outcome, process, spawn};
use rendez_channels::{Receiver, Sender, channel};

/// Sends on the numbers that are no multiples of `divisor`.
///
/// # Panics
/// When `divisor` is 0.
///
/// Law: it is `keep(|n| n % divisor != 0)`.
#[process]
pub async fn not_multiple_of(divisor: u64, input: Receiver<u64>, output: Sender<u64>) -> Outcome {
    while let Some(number) = input.next().await? {
        if number % divisor != 0 {
            output.send(number).await?;
        }
    }
    Ok(())
}

/// Sends the first number, and of those that follow the ones that no number it has sent divides.
///
/// It grows by a process, [`not_multiple_of`], for each number it sends.
///
/// Law: of the numbers from 2 on it sends the primes.
#[process]
pub async fn sieve(input: Receiver<u64>, output: Sender<u64>) -> Outcome {
    let mut input = input;
    while let Some(prime) = input.next().await? {
        output.send(prime).await?;
        let (passes, rest) = channel();
        spawn(not_multiple_of(prime, input, passes).named(format!("not a multiple of {prime}")));
        input = rest;
    }
    Ok(())
}
