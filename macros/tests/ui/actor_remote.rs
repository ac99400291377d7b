//! Remote actors whose arguments and answers do not travel.

use rendez::{Receiver, actor};

/// The encoding as the facade has it, with its feature `net`.
#[path = "../../../src/calls/values.rs"]
pub mod values;

/// The crate that expansions name.
mod crate_with_wire {
    pub mod __private {
        pub use crate::values as wire;
        pub use rendez::__private::*;
    }
}

struct Place;

struct Shop;

#[actor(remote, crate = crate::crate_with_wire)]
impl Shop {
    pub async fn deliver(&mut self, to: Place) {
        drop(to);
    }
}

struct Office;

#[actor(remote, crate = crate::crate_with_wire)]
impl Office {
    pub async fn place(&self) -> Place {
        Place
    }
}

struct Desk;

#[actor(remote, crate = crate::crate_with_wire)]
impl Desk {
    pub async fn listen(&mut self, news: Receiver<String>) {
        drop(news);
    }
}

fn main() {}
