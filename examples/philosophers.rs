//! Five philosophers share five forks, eat, and do not starve. With the argument `greedy` they do, and rendez says who
//! waits for whom.
//!
//! Each fork is a process that chooses between its two neighbours: the first message lifts it, the second from the same
//! side lays it down. All but the last philosopher take the left fork first, so that they cannot all wait in a circle.
//! `greedy` has the last one do as the others do: within a second the log names the circle.
//!
//! Run: `cargo run --example philosophers [greedy]` (`greedy` is ended with ctrl-c)
//!
//! ```text
//!  philosopher 0 --left-->  fork 0 <--right-- philosopher 4
//!  philosopher 0 --right--> fork 1 <--left--- philosopher 1
//!  philosopher 1 --right--> fork 2 <--left--- philosopher 2 ..
//! ```
//!
//! Ends by itself.
//!
//! It prints:
//!
//! ```text
//! Hypatia: 20 meals
//! Confucius: 20 meals
//! Ibn Rushd: 20 meals
//! Spinoza: 20 meals
//! Arendt: 20 meals
//! ```

use rendez::prelude::*;
use std::time::Duration;

const NAMES: [&str; 5] = ["Hypatia", "Confucius", "Ibn Rushd", "Spinoza", "Arendt"];
const MEALS: u32 = 20;

#[process]
async fn philosopher(name: &'static str, first: Sender<()>, second: Sender<()>) -> Outcome<String> {
    for _ in 0..MEALS {
        first.send(()).await?;
        after(Duration::from_millis(1)).await;
        second.send(()).await?;
        tracing::info!("{name} eats");
        second.send(()).await?;
        first.send(()).await?;
    }
    Ok(format!("{name}: {MEALS} meals"))
}

#[process]
async fn fork(left: Receiver<()>, right: Receiver<()>) -> Outcome {
    let (mut left_dines, mut right_dines) = (true, true);
    while left_dines || right_dines {
        alt! {
            lifted = left.next(), if left_dines => left_dines = lifted?.is_some() && left.next().await?.is_some(),
            lifted = right.next(), if right_dines => right_dines = lifted?.is_some() && right.next().await?.is_some(),
        }
    }
    Ok(())
}

#[rendez::main]
async fn main() -> Outcome {
    let filter = tracing_subscriber::EnvFilter::from_default_env();
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_env_filter(filter).init();
    let greedy = std::env::args().nth(1).is_some_and(|word| word == "greedy");
    let (mut lefts, mut rights, mut forks) = (vec![], vec![], vec![]);
    for place in 0..NAMES.len() {
        let ((left, at_left), (right, at_right)) = (channel(), channel());
        // The philosopher to the fork's right has it at the left hand.
        lefts.push(left);
        rights.push(right);
        forks.push(fork(at_left, at_right).named(format!("fork {place}")));
    }
    rights.rotate_left(1);
    let mut diners = vec![];
    for ((name, left), right) in NAMES.into_iter().zip(lefts).zip(rights) {
        let last = diners.len() + 1 == NAMES.len();
        let (first, second) = if last && !greedy { (right, left) } else { (left, right) };
        diners.push(philosopher(name, first, second).named(name));
    }
    let (forks, diners) = (async { par(forks).await }, async { par(diners).values().await });
    let ((), meals) = par![forks, diners].values().await?;
    println!("{}", meals.join("\n"));
    Ok(())
}
