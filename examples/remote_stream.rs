//! A weather station on another node, whose answers are channels: a stream of readings, and a subscription to its warnings.
//!
//! A method that returns a `Receiver` answers with the end of a channel, on the same node and across nodes alike. Its items come
//! as they are made; who receives slowly holds up who makes them; who drops the receiver ends the stream where it is made. Each
//! stream is a stream of QUIC, so that a slow one holds up no other.
//!
//! This program is the node `station`; it starts itself a second time as the node `town`, which asks.
//!
//! Run: `cargo run --example remote_stream`
//!
//! ```text
//!  town:  day --Receiver<f32>--> ~~QUIC~~ <-- station.stream
//!         warnings --Receiver<String>--> ~~QUIC~~ <-- station
//! ```
//!
//! Ends by itself.
//!
//! It prints:
//!
//! ```text
//! town: Monday begins with 4.0, 4.5, 5.0
//! town: there is no Blursday
//! town: warned of frost
//! town: warned of storm
//! ```

use rendez::Context;
use rendez::net::{ChildNode, ChildSpec, Config, Identity, Node, child_main};
use rendez::prelude::*;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What the calendar does not have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoSuchDay(String);

impl fmt::Display for NoSuchDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there is no {}", self.0)
    }
}

impl std::error::Error for NoSuchDay {}

/// Where the weather is measured.
pub struct Station {
    warned: Vec<Sender<String>>,
}

#[actor(remote)]
impl Station {
    /// The temperatures of a day, one after the other.
    ///
    /// # Errors
    /// The calendar does not have the day.
    pub async fn day(&mut self, day: String, context: &mut Context<Self>) -> Result<Receiver<f32>, NoSuchDay> {
        let days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
        let Some(number) = days.iter().position(|known| *known == day) else { return Err(NoSuchDay(day)) };
        Ok(context.stream(8, async move |output| {
            for minute in 0..24 * 60 {
                output.send(4.0 + number as f32 + minute as f32 / 2.0).await?;
            }
            Outcome::Ok(())
        }))
    }

    /// What is warned of from now on.
    pub async fn warnings(&mut self) -> Receiver<String> {
        let (output, input) = channel_bounded(4);
        self.warned.push(output);
        input
    }

    /// Warns all who listen.
    pub async fn warn(&mut self, of: String) {
        for listener in &self.warned {
            // Who has dropped its end does not listen any more.
            let _ = listener.send(of.clone()).await;
        }
    }

    /// No more warnings.
    pub async fn close(&mut self) {
        self.warned.clear();
    }
}

async fn town(child: ChildNode) -> Outcome {
    let (node, _station) = child.join().await?;
    let station: StationRef = node.resolve("weather@station").await?;
    let monday = station.day("Monday".into()).await?;
    let (a, b, c) = (monday.recv().await?, monday.recv().await?, monday.recv().await?);
    println!("town: Monday begins with {a:.1}, {b:.1}, {c:.1}");
    drop(monday); // The station makes no more of it.
    if let Err(CallError::Answer(missing)) = station.day("Blursday".into()).await {
        println!("town: {missing}");
    }
    let warnings = station.warnings().await?;
    for of in ["frost", "storm"] {
        station.warn(of.into()).await?;
    }
    station.close().await?;
    while let Some(of) = warnings.next().await? {
        println!("town: warned of {of}");
    }
    node.shutdown().await;
    Ok(())
}

async fn station() -> Outcome {
    let station = spawn_actor(Station { warned: vec![] });
    let node = Node::bind(Config::new("station", Identity::generate()?))?;
    node.publish_actor("weather", &station)?;
    let (_, town) = node.child(ChildSpec::new("town"))?;
    par![town].await?;
    node.shutdown().await;
    Ok(())
}

#[rendez::main]
async fn main() -> Outcome {
    match child_main()? {
        Some(child) => town(child).await,
        None => station().await,
    }
}
