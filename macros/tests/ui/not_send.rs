//! What is not `Send`, and is held where a process or an actor may go on in another thread.

use rendez::{Outcome, Receiver, Sender, actor, after, alt, par, process, seq, spawn};
use std::rc::Rc;
use std::sync::Mutex;
use std::time::Duration;

static SHELF: Mutex<Vec<u8>> = Mutex::new(Vec::new());

#[process]
async fn a_guard_over_a_send(output: Sender<u8>) -> Outcome {
    let shelf = SHELF.lock().unwrap();
    output.send(shelf[0]).await?;
    Ok(())
}

#[process]
async fn a_guard_over_a_choice(input: Receiver<u8>) -> Outcome {
    let mut shelf = SHELF.lock().unwrap();
    alt! {
        x = input.recv() => shelf.push(x?),
        _ = after(Duration::from_secs(1)) => {}
    }
    Ok(())
}

#[process]
async fn is_given_an_rc(count: Rc<u8>) -> Outcome {
    drop(count);
    Ok(())
}

#[process(blocking)]
fn is_given_an_rc_on_a_thread(count: Rc<u8>) -> Outcome {
    drop(count);
    Ok(())
}

struct Shop;

#[actor]
impl Shop {
    pub async fn store(&mut self, item: u8) {
        let mut shelf = SHELF.lock().unwrap();
        after(Duration::from_secs(1)).await;
        shelf.push(item);
    }
}

struct Till {
    _count: Rc<u8>,
}

#[actor]
impl Till {
    pub async fn count(&mut self) -> u8 {
        5
    }
}

struct Bank;

#[actor]
impl Bank {
    pub async fn share(&mut self, count: Rc<u8>) -> u8 {
        *count
    }
}

async fn side_by_side(output: Sender<u8>) -> Outcome {
    par![async move {
        let shelf = SHELF.lock().unwrap();
        output.send(shelf[0]).await?;
        Outcome::Ok(())
    }]
    .await
}

async fn one_by_one(output: Sender<u8>) -> Outcome {
    let count = Rc::new(5);
    seq![async move {
        output.send(*count).await?;
        Outcome::Ok(())
    }]
    .await
}

async fn started(output: Sender<u8>) {
    let count = Rc::new(5);
    spawn(async move {
        output.send(*count).await?;
        Outcome::Ok(())
    });
}

fn main() {}
