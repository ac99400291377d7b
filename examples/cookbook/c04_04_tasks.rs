//! Tasks: a factorial, a Fibonacci number and a binomial coefficient, side by side.
//!
//! Answers recipe 4.4, tasks with asyncio; `c04_04_tasks.py` is the same job in Python. A scope
//! ends when all its tasks have; one that fails ends the others.
//!
//! Run: `cargo run --example c04_04_tasks`
//!
//! ```text
//!  main ---> factorial, fibonacci, binomial
//! ```
//!
//! Ends by itself.
//!
//! It prints:
//!
//! ```text
//! factorial(10) is 3628800
//! fibonacci(10) is 55
//! binomial(20, 10) is 184756
//! ```

use rendez::prelude::*;

/// Lets the others have a turn.
async fn turn() {
    tokio::task::yield_now().await;
}

#[process]
async fn factorial(n: u64) -> Outcome<u64> {
    let mut product = 1;
    for i in 2..=n {
        product *= i;
        turn().await;
    }
    Ok(product)
}

#[process]
async fn fibonacci(n: u64) -> Outcome<u64> {
    let (mut a, mut b) = (0, 1);
    for _ in 0..n {
        (a, b) = (b, a + b);
        turn().await;
    }
    Ok(a)
}

#[process]
async fn binomial(n: u64, k: u64) -> Outcome<u64> {
    let mut result = 1;
    for i in 1..=k {
        result = result * (n - i + 1) / i;
        turn().await;
    }
    Ok(result)
}

#[rendez::main]
async fn main() -> Outcome {
    let (f, g, b) = par![factorial(10), fibonacci(10), binomial(20, 10)].values().await?;
    println!("factorial(10) is {f}\nfibonacci(10) is {g}\nbinomial(20, 10) is {b}");
    Ok(())
}
