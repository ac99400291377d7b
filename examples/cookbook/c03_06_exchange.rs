//! Exchange objects between processes: a producer sends orders, a consumer sends a bill for each.
//!
//! Answers recipe 3.6, queues and pipes between processes; `c03_06_exchange.py` is the same job in Python. Queue and pipe are
//! the same thing here, a channel, and what goes through has a type. Nobody sends a "no more", no end of a pipe has to be
//! closed in the process that does not use it: an end that is dropped is closed.
//!
//! Run: `cargo run --example c03_06_exchange`
//!
//! ```text
//!  produce --orders--> consume --bills--> main
//! ```
//!
//! Ends by itself.
//!
//! It prints:
//!
//! ```text
//! tea: 8
//! rice: 15
//! salt: 1
//! ```

use rendez::prelude::*;

struct Order {
    item: &'static str,
    count: u32,
}

struct Bill {
    item: &'static str,
    price: u32,
}

#[process]
async fn produce(orders: Sender<Order>) -> Outcome {
    for (item, count) in [("tea", 2), ("rice", 5), ("salt", 1)] {
        orders.send(Order { item, count }).await?;
    }
    Ok(())
}

#[process]
async fn consume(orders: Receiver<Order>, bills: Sender<Bill>) -> Outcome {
    while let Some(Order { item, count }) = orders.next().await? {
        let each = match item {
            "tea" => 4,
            "rice" => 3,
            _ => 1,
        };
        bills.send(Bill { item, price: count * each }).await?;
    }
    Ok(())
}

#[process]
async fn print(bills: Receiver<Bill>) -> Outcome {
    while let Some(Bill { item, price }) = bills.next().await? {
        println!("{item}: {price}");
    }
    Ok(())
}

#[rendez::main]
async fn main() -> Outcome {
    let ((orders, ordered), (bills, billed)) = (channel_bounded(8), channel());
    par![produce(orders), consume(ordered, bills), print(billed)].await
}
