//! Actors whose types do not fit.

use rendez::{actor, after, spawn_actor};
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

struct NotSend;

#[actor]
impl NotSend {
    pub async fn wait(&mut self) {
        let delay = Rc::new(1);
        after(Duration::from_secs(*delay)).await.clone();
        drop(delay);
    }
}

struct NotSync(Cell<u8>);

#[actor]
impl NotSync {
    pub async fn wait(&self) {
        after(Duration::from_secs(1)).await;
        self.0.set(1);
    }
}

struct Shop;

fn not_an_actor() {
    spawn_actor(Shop);
}

struct Till(u32);

#[actor]
impl Till {
    pub async fn pay(&mut self, cents: u32) -> u32 {
        self.0 += cents;
        self.0
    }
}

async fn a_wrong_argument(till: TillRef, text: String) {
    let _ = till.pay(text).await;
}

async fn forgets_that_a_call_may_fail(till: TillRef) -> u32 {
    till.pay(5).await
}

fn main() {}
