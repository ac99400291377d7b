//! Three philosophers dine: every order of what they do is tried, the deadlock is found and drawn, and the mended table is proven.
//!
//! Run: `cargo run --example explore`
//!
//! ```text
//!  philosopher 0 ---- fork 1 ---- philosopher 1
//!        |                             |
//!      fork 0 ---- philosopher 2 ---- fork 2
//! ```
//!
//! Ends by itself. With the name of a file, `cargo run --example explore -- dinner.svg`, it draws what happened there.
//!
//! It prints:
//!
//! ```text
//! 9 schedules of at most 10 steps: deadlock: ..
//! lanes: main (p1), philosopher 0 (p2), philosopher 1 (p3), philosopher 2 (p4)
//!     1  *->->->  main goes on, and waits, starts philosopher 0, philosopher 1, philosopher 2
//!     2  | * | |  philosopher 0 receives from `c1`
//!     3  | | * |  philosopher 1 receives from `c2`
//!     4  | * | |  philosopher 0 receives from `c2`, and waits
//!     5  | | | *  philosopher 2 receives from `c3`
//!     6  | | * |  philosopher 1 receives from `c3`, and waits
//!     7  | | | *  philosopher 2 receives from `c1`, and waits
//!        deadlock: `philosopher 0` (p2) waits for `c2`, which `philosopher 1` (p3) has; ..
//! again by its schedule: .replay(&"1.2.3.2.4.3.4".parse().unwrap())
//! mended: 52 schedules of at most 11 steps, .. given up as redundant: these are all, and none has a fault
//! by chance: .. of at most .. steps: deadlock: ..
//! ```

use rendez::prelude::*;
use rendez::sync::Exclusive;
use rendez::{Explored, Process, explore, par};
use std::sync::Arc;

const SEATS: usize = 3;

/// Takes one fork, then the other, eats, and puts both back.
fn philosopher(seat: usize, first: Arc<Exclusive<()>>, second: Arc<Exclusive<()>>) -> Process {
    Process::new(format!("philosopher {seat}"), async move {
        let _one = first.lock().await?;
        let _other = second.lock().await?;
        Outcome::Ok(())
    })
}

/// A dinner. Where somebody is left-handed, who sits last takes the fork on the other side first.
async fn dinner(left_handed: bool) -> Outcome {
    let forks: Vec<_> = (0..SEATS).map(|_| Arc::new(Exclusive::new(()))).collect();
    let seats = (0..SEATS).map(|seat| {
        let (left, right) = (Arc::clone(&forks[seat]), Arc::clone(&forks[(seat + 1) % SEATS]));
        if left_handed && seat + 1 == SEATS { philosopher(seat, right, left) } else { philosopher(seat, left, right) }
    });
    par(seats).await
}

#[rendez::main]
async fn main() -> Outcome {
    let explored: Explored = explore(|| dinner(false)).exhaustively();
    println!("{explored}");
    if let Some(fault) = &explored.fault {
        println!("{fault}");
        if let Some(file) = std::env::args().nth(1) {
            std::fs::write(&file, rendez::diagram::sequence(&fault.sequence))?;
            println!("drawn in {file}");
        }
    }
    println!("mended: {}", explore(|| dinner(true)).exhaustively());
    println!("by chance: {}", explore(|| dinner(false)).randomly(1, 1000));
    Ok(())
}
