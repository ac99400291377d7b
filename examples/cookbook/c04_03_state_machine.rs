//! Coroutines: a machine of four states, each a function that waits for a bit and says what comes next.
//!
//! Answers recipe 4.3, coroutines with asyncio; `c04_03_state_machine.py` is the same job in Python. The compiler
//! names a state that is not handled.
//!
//! Run: `cargo run --example c04_03_state_machine`
//!
//! ```text
//!  dice ---> machine:  start -0-> even -0-> even -1-> odd -1-> even, and `end` at the end of the bits
//! ```
//!
//! Ends by itself.
//!
//! It prints:
//!
//! ```text
//! start: 1
//! odd: 0
//! odd: 1
//! even: 1
//! odd: 0
//! end after 5 bits: odd
//! ```

use rendez::prelude::*;

enum State {
    Start,
    Even,
    Odd,
    End,
}

/// The machine: says whether the number of ones is even.
struct Machine {
    bits: Receiver<u8>,
    seen: u32,
}

impl Machine {
    /// Waits for a bit, and says where it leads to.
    async fn step(&mut self, state: &str, zero: State, one: State) -> Outcome<State> {
        let Some(bit) = self.bits.next().await? else { return Ok(State::End) };
        self.seen += 1;
        println!("{state}: {bit}");
        Ok(if bit == 1 { one } else { zero })
    }

    async fn start(&mut self) -> Outcome<State> {
        self.step("start", State::Even, State::Odd).await
    }

    async fn even(&mut self) -> Outcome<State> {
        self.step("even", State::Even, State::Odd).await
    }

    async fn odd(&mut self) -> Outcome<State> {
        self.step("odd", State::Odd, State::Even).await
    }
}

#[process]
async fn machine(bits: Receiver<u8>) -> Outcome {
    let mut machine = Machine { bits, seen: 0 };
    let (mut state, mut last) = (State::Start, "start");
    loop {
        (state, last) = match state {
            State::Start => (machine.start().await?, "start"),
            State::Even => (machine.even().await?, "even"),
            State::Odd => (machine.odd().await?, "odd"),
            State::End => break,
        };
    }
    println!("end after {} bits: {last}", machine.seen);
    Ok(())
}

#[rendez::main]
async fn main() -> Outcome {
    let (dice, bits) = channel();
    par![rendez::toolkit::source([1, 0, 1, 1, 0], dice), machine(bits)].await
}
