//! Orders go through processes that were there before them, and each line of the log says for which order it was.
//!
//! Run: `cargo run --example traces`
//!
//! ```text
//!  main --orders--> cook --dishes--> waiter --ask--> till (an actor)
//! ```
//!
//! The span of a process lies below the one it was made in, so that it cannot tell for whom the process works at present: the trace
//! of what it has received does.
//!
//! Ends by itself.
//!
//! It prints:
//!
//! ```text
//!  INFO process{id=p3 name="cook"}:trace{id=1 name="order 17"}: cooks soup
//!  INFO process{id=p4 name="waiter"}:trace{id=1 name="order 17"}: serves soup
//!  INFO process{id=p2 name="Till"}:trace{id=1 name="order 17"}: charges for soup
//!  INFO process{id=p3 name="cook"}: cooks something for the staff
//!  INFO process{id=p4 name="waiter"}: serves something for the staff
//!  INFO process{id=p2 name="Till"}: charges for something for the staff
//!  INFO process{id=p3 name="cook"}:trace{id=2 name="order 18"}: cooks pie
//!  INFO process{id=p4 name="waiter"}:trace{id=2 name="order 18"}: serves pie
//!  INFO process{id=p2 name="Till"}:trace{id=2 name="order 18"}: charges for pie
//! ```

use rendez::prelude::*;
use rendez::trace;
use tracing::info;

#[process]
async fn cook(orders: Receiver<&'static str>, dishes: Sender<&'static str>) -> Outcome {
    while let Some(dish) = orders.next().await? {
        info!("cooks {dish}");
        dishes.send(dish).await?;
    }
    Ok(())
}

#[process]
async fn waiter(dishes: Receiver<&'static str>, till: TillRef, served: Sender<()>) -> Outcome {
    while let Some(dish) = dishes.next().await? {
        info!("serves {dish}");
        till.charge(dish).await?;
        served.send(()).await?;
    }
    Ok(())
}

struct Till;

#[actor]
impl Till {
    pub(crate) async fn charge(&mut self, dish: &'static str) {
        info!("charges for {dish}");
    }
}

#[process]
async fn guests(orders: Sender<&'static str>, served: Receiver<()>) -> Outcome {
    trace::follow("order 17", orders.send("soup")).await?;
    served.recv().await?;
    // Whose value it receives, it acts for: it has served the guests of order 17 until now.
    trace::end();
    orders.send("something for the staff").await?;
    served.recv().await?;
    trace::follow("order 18", orders.send("pie")).await?;
    served.recv().await?;
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
    let ((orders, to_cook), (dishes, to_serve), (serve, served)) = (channel(), channel_bounded(4), channel());
    let till: TillRef = spawn_actor(Till);
    par![cook(to_cook, dishes), waiter(to_serve, till, serve), guests(orders, served)].await
}
