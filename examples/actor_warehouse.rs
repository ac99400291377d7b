//! A warehouse that two people visit from another node: the tutorial of Pyro, "Building a Warehouse".
//!
//! The warehouse is an ordinary Rust type; `#[actor(remote)]` makes its methods callable from anywhere, with the types
//! and the errors that they have here. This program is the node `depot`, where the warehouse lives, supervised; it
//! starts itself a second time as the node `town`, where Janet and Henry live. The nodes know each other by their keys
//! and talk over encrypted QUIC. There is no name server to start: `warehouse@depot` is asked of `depot` itself.
//!
//! Run: `cargo run --example actor_warehouse`
//!
//! ```text
//!  town:  seq![ visit (Janet), visit (Henry) ] --store, take--> ~~QUIC~~ --> depot:  supervisor / warehouse
//! ```
//!
//! Ends by itself.
//!
//! It prints:
//!
//! ```text
//! Janet finds chair, bike, flashlight, laptop, couch
//! Janet stored the television
//! Janet took the couch
//! Henry finds chair, bike, flashlight, laptop, television
//! Henry stored the bricks
//! Henry cannot take the couch: there is no couch in the warehouse
//! in the end: chair, bike, flashlight, laptop, television, bricks
//! ```

use rendez::net::{ChildNode, ChildSpec, Config, Identity, Node, child_main};
use rendez::prelude::*;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What was wanted and is not there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missing {
    item: String,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there is no {} in the warehouse", self.item)
    }
}

impl std::error::Error for Missing {}

/// Where things are kept.
pub struct Warehouse {
    contents: Vec<String>,
}

#[actor(remote)]
impl Warehouse {
    /// What is there, the oldest first.
    pub async fn contents(&self) -> Vec<String> {
        self.contents.clone()
    }

    /// Keeps an item.
    pub async fn store(&mut self, item: String) {
        self.contents.push(item);
    }

    /// Hands an item out.
    ///
    /// # Errors
    /// It is not there.
    pub async fn take(&mut self, item: String) -> Result<String, Missing> {
        match self.contents.iter().position(|stored| *stored == item) {
            Some(place) => Ok(self.contents.remove(place)),
            None => Err(Missing { item }),
        }
    }

    fn new() -> Self {
        Self { contents: ["chair", "bike", "flashlight", "laptop", "couch"].map(String::from).into() }
    }
}

#[process]
async fn visit(name: &'static str, brings: &'static str, wants: &'static str, warehouse: WarehouseRef) -> Outcome {
    println!("{name} finds {}", warehouse.contents().await?.join(", "));
    warehouse.store(brings.to_owned()).await?;
    println!("{name} stored the {brings}");
    match warehouse.take(wants.to_owned()).await {
        Ok(item) => println!("{name} took the {item}"),
        Err(CallError::Answer(missing)) => println!("{name} cannot take the {wants}: {missing}"),
        Err(lost) => return Err(lost.into()),
    }
    Ok(())
}

async fn town(child: ChildNode) -> Outcome {
    let (node, _depot) = child.join().await?;
    let warehouse: WarehouseRef = node.resolve("warehouse@depot").await?;
    let janet = visit("Janet", "television", "couch", warehouse.clone());
    let henry = visit("Henry", "bricks", "couch", warehouse);
    seq![janet, henry].await?;
    node.shutdown().await;
    Ok(())
}

async fn depot() -> Outcome {
    let supervisor = Supervisor::one_for_one().start();
    let warehouse: WarehouseRef = supervisor.actor("warehouse", Warehouse::new);
    let node = Node::bind(Config::new("depot", Identity::generate()?))?;
    node.publish_actor("warehouse", &warehouse)?;
    let (_, town) = node.child(ChildSpec::new("town"))?;
    par![town].await?;
    println!("in the end: {}", warehouse.contents().await?.join(", "));
    node.shutdown().await;
    Ok(())
}

#[rendez::main]
async fn main() -> Outcome {
    match child_main()? {
        Some(child) => town(child).await,
        None => depot().await,
    }
}
