//! Declarations as they are while they are typed: the compiler knows what is before the dot, and the other children stay whole.

use rendez::{Outcome, Receiver, Supervisor, actor, process, supervise};
use std::time::Duration;

struct Till {
    sum: u32,
}

#[actor]
impl Till {
    pub async fn pay(&mut self) {}
}

#[process]
async fn reader(input: Receiver<u8>) -> Outcome {
    input.recv().await?;
    Ok(())
}

fn an_argument(input: Receiver<u8>) -> Supervisor {
    let till: TillRef;
    supervise!(one_for_one; reader(input.clo), till = Till { sum: 0 })
}

fn a_field() -> Supervisor {
    let till: TillRef;
    supervise!(one_for_one; till = Till { su })
}

fn no_comma(input: Receiver<u8>) -> Supervisor {
    let till: TillRef;
    supervise!(
        one_for_one;
        reader(input).
        till = Till { sum: 0 },
    )
}

fn a_path() -> Supervisor {
    supervise!(one_for_one, intensity = 3 per Duration::from_sec)
}

fn an_option() -> Supervisor {
    supervise!(one_for_one, inten)
}

fn no_value() -> Supervisor {
    let till: TillRef;
    supervise!(one_for_one; till = )
}

fn main() {}
