//! Orders go through a kitchen, and each line of the log says who speaks, on whose behalf, and for which order.
//!
//! Run: `cargo run --example spans`
//!
//! ```text
//!  main ---> cook ---> fryer      a process for each, for each order; below main, in the span of the order
//! ```
//!
//! `main` itself has no span here: it runs already when it says who listens.
//!
//! Ends by itself.
//!
//! It prints:
//!
//! ```text
//!  INFO the kitchen opens
//!  INFO order{number=1}:process{id=p2 name="cook"}: begins
//!  INFO order{number=1}:process{id=p2 name="cook"}:process{id=p3 name="fryer"}: fries
//!  INFO order{number=1}:process{id=p2 name="cook"}: serves potatoes
//!  INFO process{id=p4 name="cleaner"}: cleans up, on behalf of nobody
//!  INFO order{number=2}:process{id=p5 name="cook"}: begins
//!  INFO order{number=2}:process{id=p5 name="cook"}:process{id=p6 name="fryer"}: fries
//!  INFO order{number=2}:process{id=p5 name="cook"}: serves potatoes
//!  INFO process{id=p7 name="cleaner"}: cleans up, on behalf of nobody
//! ```

use rendez::prelude::*;
use rendez::{blocking, detached};
use tracing::{Instrument, info, info_span};

#[process]
async fn cook() -> Outcome {
    info!("begins");
    // A span follows to a thread, too.
    let fryer = blocking("fryer", || {
        info!("fries");
        Outcome::Ok("potatoes")
    });
    info!("serves {}", spawn(fryer).join().await?);
    // It may outlive this one, so that it is not below it.
    detached(cleaner()).join().await
}

#[process]
async fn cleaner() -> Outcome {
    info!("cleans up, on behalf of nobody");
    Ok(())
}

#[rendez::main]
async fn main() -> Outcome {
    let filter = tracing_subscriber::EnvFilter::builder().with_default_directive(tracing::Level::INFO.into());
    tracing_subscriber::fmt()
        .with_env_filter(filter.from_env_lossy())
        .without_time()
        .with_target(false)
        .with_ansi(false)
        .init();
    info!("the kitchen opens");
    for number in 1..=2 {
        let order = info_span!("order", number);
        // What is made in the order's span is below it.
        async { spawn(cook()).join().await }.instrument(order).await?;
    }
    Ok(())
}
