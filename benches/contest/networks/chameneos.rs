//! Chameneos: a hundred processes ask one mall, which pairs them in order and tells each of the other, on a rendezvous of its own. One
//! operation is a meeting: four messages.

use super::{Measured, Network, Run, expect};
use crate::family::{Capacity, Family};
use std::time::Instant;

const CREATURES: u64 = 100;
/// What the mall says at the end.
const CLOSED: u64 = u64::MAX;

/// As many meetings as operations.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chameneos;

impl<F: Family> Network<F> for Chameneos {
    async fn run(self, ops: u64) -> Measured {
        let (ask, asked) = F::make(Capacity::Rendezvous);
        let (mut answers, mut creatures) = (vec![], vec![]);
        for number in 0..CREATURES {
            let (answer, answered) = F::make(Capacity::Rendezvous);
            answers.push(answer);
            creatures.push(F::spawn(creature::<F>(number, ask.clone(), answered)));
        }
        drop(ask);
        let start = Instant::now();
        let mall = F::spawn(mall::<F>(ops, asked, answers));
        mall.join().await?.ok_or("the mall broke")?;
        let time = start.elapsed();
        let mut met = 0;
        for creature in creatures {
            met += creature.join().await?;
        }
        expect("how often they met", met, 2 * ops)?;
        Ok(Run::timed(ops, time))
    }
}

async fn mall<F: Family>(meetings: u64, mut asked: F::Rx, answers: Vec<F::Tx>) -> Option<()> {
    for _ in 0..meetings {
        let (one, other) = (F::recv(&mut asked).await?, F::recv(&mut asked).await?);
        F::send(&answers[one as usize], other).await?;
        F::send(&answers[other as usize], one).await?;
    }
    for _ in 0..CREATURES {
        let last = F::recv(&mut asked).await?;
        F::send(&answers[last as usize], CLOSED).await?;
    }
    Some(())
}

async fn creature<F: Family>(number: u64, ask: F::Tx, mut answered: F::Rx) -> u64 {
    let mut met = 0;
    while F::send(&ask, number).await.is_some() {
        match F::recv(&mut answered).await {
            None | Some(CLOSED) => break,
            Some(_) => met += 1,
        }
    }
    met
}
