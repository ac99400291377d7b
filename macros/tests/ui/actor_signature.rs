//! Methods that cannot be messages, and blocks that are no actor.

use rendez::actor;

struct Shop;

#[actor]
impl Shop {
    pub async fn borrows(&mut self, _name: &str, _all: &[String]) {}

    pub async fn gives_itself(self) {}

    pub async fn generic<T: Send>(&mut self, _value: T) {}

    pub async fn any(&mut self, _value: impl Send) {}

    pub async fn lends(&self) -> &str {
        "all of it"
    }

    pub async fn process(&self) {}
}

struct Private;

#[actor]
impl Private {
    async fn store(&mut self, _item: String) {}
}

struct Empty;

#[actor]
impl Empty {}

#[actor]
impl Clone for Shop {
    fn clone(&self) -> Self {
        Self
    }
}

#[actor]
struct Misplaced;

fn main() {}
