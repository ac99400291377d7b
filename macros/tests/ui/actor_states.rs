//! Methods that are said to answer another one's message and cannot.

use rendez::{Reply, actor};

struct Shop {
    open: bool,
}

#[actor]
impl Shop {
    #[actor(when = self.open)]
    pub async fn buy(&mut self, _item: String) -> u32 {
        1
    }

    #[actor(answers = sell)]
    async fn of_nothing(&mut self, _item: String) -> u32 {
        0
    }

    #[actor(answers = buy)]
    async fn of_another_type(&mut self, _item: u8) -> u32 {
        0
    }

    #[actor(answers = buy)]
    fn not_async(&mut self, _item: String) -> u32 {
        0
    }

    pub async fn later(&mut self, _reply: Reply<u32>) -> u32 {
        0
    }

    #[actor(one_way)]
    pub async fn never(&mut self, _reply: Reply<u32>) {}
}

struct Alone;

#[actor]
impl Alone {
    #[actor(reentrant)]
    pub async fn count(&mut self) {}
}

#[actor(reentrant)]
impl Alone {
    pub async fn shelve(&mut self) {}
}

struct Unshared(std::cell::Cell<u32>);

#[actor(reentrant)]
impl Unshared {
    pub async fn count(&self) -> u32 {
        self.0.get()
    }
}

struct Wrong;

#[actor]
impl Wrong {
    #[actor(when = self.opened)]
    pub async fn buy(&mut self) {}

    #[actor(answers = buy)]
    async fn buy_shut(&mut self) {}
}

fn main() {}
