//! What two processes are to hold, and was not cloned, or cannot be.

use rendez::{Outcome, Sender, actor, channel, par, process, spawn_actor};

#[process]
async fn count(output: Sender<u8>) -> Outcome {
    Ok(output.send(1).await?)
}

async fn one_end_for_two() -> Outcome {
    let (tx, rx) = channel();
    par![count(tx), count(tx), async move { rx.recv().await.map(drop) }].await
}

struct Job;

#[process]
async fn twice<T: Clone + Send + 'static>(job: T, output: Sender<T>) -> Outcome {
    output.send(job.clone()).await?;
    Ok(output.send(job).await?)
}

async fn one_value_for_two() -> Outcome {
    let (tx, rx) = channel();
    par![twice(Job, tx), async move { rx.recv().await.map(drop) }].await
}

struct Shop;

#[actor]
impl Shop {
    pub async fn store(&mut self, _item: u8) {}
}

#[process]
async fn customer(shop: ShopRef) -> Outcome {
    Ok(shop.store(5).await?)
}

async fn one_reference_for_two() -> Outcome {
    let shop = spawn_actor(Shop);
    par![customer(shop), customer(shop)].await
}

fn main() {}
