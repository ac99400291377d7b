//! An event loop: three jobs call each other by turns, each a little later, until it is time to stop.
//!
//! Answers recipe 4.2, the event loop of asyncio; `c04_02_event_loop.py` is the same job in Python.
//! An actor is the loop: what comes later is a message to itself, and it handles one at a time.
//!
//! Run: `cargo run --example c04_02_event_loop`
//!
//! ```text
//!  loop <--- red, amber, green   (each a while after the one before)
//! ```
//!
//! Ends by itself.
//!
//! It prints:
//!
//! ```text
//! 1: red
//! 2: amber
//! 3: green
//! 4: red
//! 5: amber
//! the loop has stopped
//! ```

use rendez::Context;
use rendez::prelude::*;
use std::time::Duration;

const TURNS: u32 = 5;
const PAUSE: Duration = Duration::from_millis(2);

/// A traffic light, and how often it has changed.
pub struct Light(u32);

impl Light {
    /// Shows a colour, and has the next one shown a little later, or none.
    fn show(&mut self, colour: &str, context: &mut Context<Self>, next: LightMessage) {
        self.0 += 1;
        println!("{}: {colour}", self.0);
        if self.0 == TURNS {
            context.stop();
        } else {
            context.after(PAUSE, next);
        }
    }
}

#[actor]
impl Light {
    /// Stop.
    #[actor(one_way)]
    pub async fn red(&mut self, context: &mut Context<Self>) {
        self.show("red", context, LightMessage::amber());
    }
    /// Get ready.
    #[actor(one_way)]
    pub async fn amber(&mut self, context: &mut Context<Self>) {
        self.show("amber", context, LightMessage::green());
    }
    /// Go.
    #[actor(one_way)]
    pub async fn green(&mut self, context: &mut Context<Self>) {
        self.show("green", context, LightMessage::red());
    }
}

#[rendez::main]
async fn main() -> Outcome {
    let light = spawn_actor(Light(0));
    light.red().await?;
    light.address().process().ended().await;
    println!("the loop has stopped");
    Ok(())
}
