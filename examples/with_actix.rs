//! An application of actix that moves to rendez one actor at a time: a till that stays as it is, a stock that is written anew,
//! and a bell whose handlers stay and whose life is ours.
//!
//! The till keeps an `Rc`, lives on an arbiter of actix, and knows nothing of rendez: it tells a `Recipient<Sold>` what it has
//! sold. It is a guest here, a process with a scope: it ends with it, and its panic would fail it. The stock is an `#[actor]`;
//! `Takes<Sold>` says as which of its messages it takes a `Sold`, and `inlet` gives the address that the till is told. The bell
//! is an actix actor with the context of rendez: a supervisor starts it again when it breaks, behind the same address.
//!
//! Run: `cargo run --example with_actix`
//!
//! ```text
//!  main --Sell--> till (guest, on its arbiter) --Sold--> inlet --> stock
//!  main --Ring--> inlet --> bell (hosted, below a supervisor)
//! ```
//!
//! Ends by itself.
//!
//! It prints:
//!
//! ```text
//! the till takes 40, and has 40
//! the till takes 60, and has 100
//! 2 chairs are left
//! the bell rings: 1
//! the bell is broken: Mailbox has closed
//! the bell rings: 1
//! the till closes with 100
//! ```

use actix::{Actor, Context as Arbitered, Handler, Message, Recipient};
use rendez::actix::{Context as Ours, Hosted, Takes, guest_actor, inlet};
use rendez::prelude::*;
use rendez::{ActorOptions, ChildSpec, Reply};
use std::cell::Cell;
use std::rc::Rc;

/// To the till: this was paid for a chair.
struct Sell(u32);

impl Message for Sell {
    type Result = ();
}

/// From the till: so many chairs are gone.
struct Sold(u32);

impl Message for Sold {
    type Result = u32;
}

/// As it was written for actix.
struct Till {
    money: Rc<Cell<u32>>,
    tells: Recipient<Sold>,
}

impl Actor for Till {
    type Context = Arbitered<Self>;

    fn stopped(&mut self, _: &mut Self::Context) {
        println!("the till closes with {}", self.money.get());
    }
}

impl Handler<Sell> for Till {
    type Result = ();

    fn handle(&mut self, Sell(price): Sell, _: &mut Self::Context) {
        self.money.set(self.money.get() + price);
        println!("the till takes {price}, and has {}", self.money.get());
        self.tells.do_send(Sold(1));
    }
}

/// As it is written for rendez.
pub struct Stock {
    chairs: u32,
}

#[actor]
impl Stock {
    /// How many are left then.
    pub async fn remove(&mut self, chairs: u32) -> u32 {
        self.chairs -= chairs;
        self.chairs
    }
}

impl Takes<Sold> for Stock {
    fn take(Sold(chairs): Sold, reply: Reply<u32>) -> StockMessage {
        StockMessage::remove(chairs, reply)
    }
}

/// To the bell.
struct Ring {
    hard: bool,
}

impl Message for Ring {
    type Result = u32;
}

/// Handlers of actix, a life of rendez.
struct Bell {
    rung: u32,
}

impl Actor for Bell {
    type Context = Ours<Self>;
}

impl Handler<Ring> for Bell {
    type Result = u32;

    fn handle(&mut self, ring: Ring, _: &mut Self::Context) -> u32 {
        assert!(!ring.hard, "it broke");
        self.rung += 1;
        println!("the bell rings: {}", self.rung);
        self.rung
    }
}

#[rendez::main]
async fn main() -> Outcome {
    let stock = inlet(spawn_actor(Stock { chairs: 4 }).address());
    let tells = stock.clone().recipient();
    let (till, life) = guest_actor("till", move |_| Till { money: Rc::default(), tells });
    let life = spawn(life);
    till.send(Sell(40)).await?;
    till.send(Sell(60)).await?;
    println!("{} chairs are left", stock.send(Sold(0)).await?);

    let supervisor = Supervisor::one_for_one().start();
    let (spec, bell) = ChildSpec::actor_with(ActorOptions::new().named("bell"), || Hosted::new(Bell { rung: 0 }));
    supervisor.child(spec);
    let bell = bell.addr();
    bell.send(Ring { hard: false }).await?;
    if let Err(broken) = bell.send(Ring { hard: true }).await {
        println!("the bell is broken: {broken}");
    }
    bell.send(Ring { hard: false }).await?;

    drop(till); // Nobody can reach it any more.
    life.join().await
}
