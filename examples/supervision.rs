//! A supervised till: a counterfeit coin makes it fail, and it is started again behind the same reference, once.
//!
//! The state of a failed actor is gone, its mailbox and its references are not: who paid the counterfeit learns that the
//! call failed, who paid next finds a fresh till. A second failure within a minute is more than its supervisor allows; it
//! gives up, and with it fails the scope that it lives in, here the shift.
//!
//! Run: `cargo run --example supervision`
//!
//! ```text
//!  main
//!   `- shift ----pay----> till
//!       `- supervisor (one for one, once a minute)
//!           `- till
//! ```
//!
//! Ends by itself.
//!
//! It prints:
//!
//! ```text
//! paid 5: 5 in the till
//! paid 3: call failed: `Till` panicked while it handled this call
//! paid 2: 2 in the till, after 1 restart
//! paid 10: 12 in the till, after 1 restart
//! report: `till` failed in `pay` at 5 in the till: there is no coin of 3
//! the shift is over: .. gave `till` up: ..there is no coin of 7..
//! ```

use rendez::prelude::*;
use rendez::{actor, crash_reports};
use std::time::Duration;

/// Where money is.
pub struct Till {
    sum: u32,
}

#[actor]
impl Till {
    /// Gives the sum in the till.
    ///
    /// # Panics
    /// There is no such coin.
    pub async fn pay(&mut self, coin: u32) -> u32 {
        assert!([1, 2, 5, 10].contains(&coin), "there is no coin of {coin}");
        self.sum += coin;
        self.sum
    }

    #[actor(describe)]
    fn describe(&self) -> String {
        format!("{} in the till", self.sum)
    }
}

#[process]
async fn shift() -> Outcome {
    let reports = crash_reports();
    let till: TillRef;
    let _supervisor =
        supervise!(one_for_one, intensity = 1 per Duration::from_secs(60); till = Till { sum: 0 }).start();
    for coin in [5, 3, 2, 10] {
        match till.pay(coin).await {
            Ok(sum) => match till.process().inspect().restarts {
                0 => println!("paid {coin}: {sum} in the till"),
                restarts => println!("paid {coin}: {sum} in the till, after {restarts} restart"),
            },
            Err(failed) => println!("paid {coin}: {failed}"),
        }
    }
    let report = reports.recv().await?;
    println!("report: `{}` failed in `{}` at {}: {}", report.actor, report.message, report.state, report.cause);
    let _ = till.pay(7).await;
    // The supervisor gives up, and ends this process: it is the scope.
    std::future::pending().await
}

#[rendez::main(quiet)]
async fn main() -> Outcome {
    if let Err(failure) = shift().await {
        println!("the shift is over: {failure}");
    }
    Ok(())
}
