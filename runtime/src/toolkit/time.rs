//! Processes that keep time: a ticker, and a sampler of what changes in between.

use crate::{Outcome, alt, process};
use rendez_channels::{Receiver, Sender, at, clock};
use std::time::Duration;

/// Sends the number of each tick when it is due: 1 after a period, 2 after another.
///
/// Ticks that fall due while nobody takes the last one are left out, so that who is slow is never behind; periods count
/// from the start, so that it does not drift. After a period too long for the clock there is no tick.
///
/// Law: the numbers ascend, and no tick comes before its time.
#[process]
pub async fn ticker(period: Duration, output: Sender<u64>) -> Outcome {
    let period = period.max(Duration::from_nanos(1));
    let (mut number, mut next) = (1, clock::now().checked_add(period));
    while let Some(due) = next {
        alt! {
            _ = at(due) => {}
            ended = output.closed() => return Err(ended.into()),
        }
        output.send(number).await?;
        let late = clock::now().saturating_duration_since(due);
        let steps = 1 + u32::try_from(late.as_nanos() / period.as_nanos()).unwrap_or(u32::MAX - 1);
        number += u64::from(steps);
        next = period.checked_mul(steps).and_then(|passed| due.checked_add(passed));
    }
    Err(output.closed().await.into())
}

/// Sends the latest value of its input at each tick; nothing while there is none. It ends with either.
///
/// Law: what comes out is a part of what went in, in order; a value may come several times.
#[process]
pub async fn sampler<T, U>(input: Receiver<T>, ticks: Receiver<U>, output: Sender<T>) -> Outcome
where
    T: Clone + Send + 'static,
    U: Send + 'static,
{
    let mut latest = None;
    loop {
        alt! {
            value = input.next() => match value? {
                Some(value) => latest = Some(value),
                None => return Ok(()),
            },
            tick = ticks.next() => {
                if tick?.is_none() {
                    return Ok(());
                }
                if let Some(value) = latest.clone() {
                    output.send(value).await?;
                }
            }
        }
    }
}
