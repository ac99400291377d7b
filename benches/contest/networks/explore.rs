//! explore: the four processes of commstime with one number that goes round once, under one schedule after the other. One operation
//! is a schedule, from the making of its processes to the end of the last.

use super::{Measured, Network, Run, expect};
use crate::families::Rendez;
use rendez_channels::{Receiver, Sender, channel};
use rendez_runtime::{Explored, Outcome, Process, explore, par};
use std::time::Instant;

/// By trying all schedules, again and again until there were so many; or by chance.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Explore {
    All,
    Chance,
}

impl Network<Rendez> for Explore {
    async fn run(self, ops: u64) -> Measured {
        let start = Instant::now();
        let mut left = ops;
        while left > 0 {
            let exploration = explore(commstime).at_most(left);
            let explored: Explored = match self {
                Self::All => exploration.exhaustively(),
                Self::Chance => exploration.randomly(ops, left),
            };
            expect("faults", explored.fault.map(|fault| fault.to_string()), None)?;
            left -= (explored.schedules + explored.redundant).min(left);
        }
        Ok(Run::timed(ops, start.elapsed()))
    }
}

async fn commstime() -> Outcome {
    let [a, b, c, d] = [(); 4].map(|()| channel());
    par![prefix(c.1, a.0), delta(a.1, b.0, d.0), successor(b.1, c.0), consume(d.1)].await
}

fn prefix(input: Receiver<u64>, output: Sender<u64>) -> Process {
    Process::new("prefix", async move {
        output.send(0).await?;
        output.send(input.recv().await?).await?;
        Outcome::Ok(())
    })
}

fn delta(input: Receiver<u64>, first: Sender<u64>, second: Sender<u64>) -> Process {
    Process::new("delta", async move {
        let value = input.recv().await?;
        first.send(value).await?;
        second.send(value).await?;
        second.send(input.recv().await?).await?;
        Outcome::Ok(())
    })
}

fn successor(input: Receiver<u64>, output: Sender<u64>) -> Process {
    Process::new("successor", async move { Outcome::Ok(output.send(input.recv().await? + 1).await?) })
}

fn consume(input: Receiver<u64>) -> Process {
    Process::new("consume", async move {
        for expected in 0..2 {
            assert_eq!(input.recv().await?, expected, "the numbers count up");
        }
        Outcome::Ok(())
    })
}
