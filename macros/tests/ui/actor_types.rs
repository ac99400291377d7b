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

fn main() {}
