//! Synchronise processes: two meet at a barrier before either goes on, two others do not wait.
//!
//! Answers recipe 3.7, a barrier between processes; `c03_07_barrier.py` is the same job in Python. The barrier counts who is
//! enrolled: a process that ends resigns, so that one that dies leaves nobody waiting for ever.
//!
//! Run: `cargo run --example c03_07_barrier`
//!
//! ```text
//!  p1 ---+
//!        +-- barrier      p1, p2, p3, p4 --log--> report
//!  p2 ---+
//! ```
//!
//! Ends by itself.
//!
//! It prints:
//!
//! ```text
//! p1 goes on
//! p1 has arrived
//! p2 goes on
//! p2 has arrived
//! p3 goes on at once
//! p4 goes on at once
//! nobody went on before both had arrived: true
//! ```

use rendez::channels::Enrolment;
use rendez::prelude::*;

#[process]
async fn with_barrier(name: &'static str, mut barrier: Enrolment, log: Sender<String>) -> Outcome {
    log.send(format!("{name} has arrived")).await?;
    barrier.sync().await;
    log.send(format!("{name} goes on")).await?;
    Ok(())
}

#[process]
async fn without_barrier(name: &'static str, log: Sender<String>) -> Outcome {
    log.send(format!("{name} goes on at once")).await?;
    Ok(())
}

#[process]
async fn report(log: Receiver<String>) -> Outcome {
    let mut lines = vec![];
    while let Some(line) = log.next().await? {
        lines.push(line);
    }
    let last_arrival = lines.iter().rposition(|line| line.ends_with("arrived"));
    let first_to_go = lines.iter().position(|line| line.ends_with("goes on"));
    lines.sort();
    println!("{}", lines.join("\n"));
    println!("nobody went on before both had arrived: {}", last_arrival < first_to_go);
    Ok(())
}

#[rendez::main]
async fn main() -> Outcome {
    let (log, lines) = channel();
    let barrier = Barrier::new();
    par![
        with_barrier("p1", barrier.enrol(), log.clone()),
        with_barrier("p2", barrier.enrol(), log.clone()),
        without_barrier("p3", log.clone()),
        without_barrier("p4", log),
        report(lines),
    ]
    .await
}
