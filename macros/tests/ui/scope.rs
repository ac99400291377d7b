//! Scopes that cannot be.

use rendez::{Outcome, Receiver, channel, par, process, scope, spawn};
use std::rc::Rc;

#[process]
async fn count(to: u8) -> Outcome<u8> {
    Ok(to)
}

#[process]
async fn show(input: Receiver<u8>) -> Outcome {
    input.recv().await?;
    Ok(())
}

async fn started_twice() -> Outcome {
    let (_tx, rx) = channel();
    let process = show(rx);
    spawn(process);
    par![process].await
}

async fn no_set() -> Outcome {
    par(count(1)).await
}

async fn a_race_of_different_kinds() -> Outcome {
    let (_tx, rx) = channel();
    par![count(1), show(rx)].first().await?;
    Ok(())
}

async fn a_body_that_stays() -> Outcome {
    scope(async |scope| {
        let shared = Rc::new(5);
        scope.spawn(count(*shared)).join().await?;
        drop(shared);
        Outcome::Ok(())
    })
    .await
}

async fn a_child_that_borrows() -> Outcome {
    let names = vec!["a", "b"];
    scope(async |scope| {
        scope.spawn(async { Outcome::Ok(names.len()) });
    })
    .await
}

fn main() {}
