//! Functions that cannot be processes.

use rendez::{Outcome, Receiver, process};

#[process]
fn not_async(input: Receiver<u8>) -> Outcome {
    drop(input);
    Ok(())
}

#[process(blocking)]
async fn async_but_blocking() -> Outcome {
    Ok(())
}

#[process]
async fn borrows(name: &str, bytes: &[u8]) -> Outcome {
    Ok(())
}

#[process]
async fn borrows_by_name<'a>(name: std::borrow::Cow<'a, str>) -> Outcome {
    Ok(())
}

struct Shop;

impl Shop {
    #[process]
    async fn of_a_shop(&self) -> Outcome {
        Ok(())
    }
}

#[process]
async fn never_ends() -> ! {
    loop {}
}

#[process(detached)]
async fn misspelt() {}

#[process]
struct NoFunction;

fn main() {}
