//! What a supervisor cannot be declared with.

use rendez::{Outcome, Receiver, Supervisor, actor, process, supervise};
use std::rc::Rc;

struct Till;

#[actor]
impl Till {
    pub async fn pay(&mut self) {}
}

#[process]
async fn reader(input: Receiver<u8>) -> Outcome {
    input.recv().await?;
    Ok(())
}

#[process]
async fn counter(_count: Once) -> Outcome {
    Ok(())
}

pub struct Once;

fn no_strategy(input: Receiver<u8>) -> Supervisor {
    supervise!(reader(input))
}

fn an_unknown_strategy(input: Receiver<u8>) -> Supervisor {
    supervise!(one_for_many; reader(input))
}

fn no_period(input: Receiver<u8>) -> Supervisor {
    supervise!(one_for_one, intensity = 3; reader(input))
}

fn a_period_that_is_none(input: Receiver<u8>) -> Supervisor {
    supervise!(one_for_one, intensity = 3 per 10; reader(input))
}

fn an_unknown_option(input: Receiver<u8>) -> Supervisor {
    supervise!(one_for_one, patience = 3; reader(input))
}

fn children_after_commas_alone(input: Receiver<u8>) -> Supervisor {
    supervise!(one_for_one, reader(input))
}

fn an_unknown_word(input: Receiver<u8>) -> Supervisor {
    supervise!(one_for_one; #[forever] reader(input))
}

fn no_child() -> Supervisor {
    supervise!(one_for_one; 5)
}

fn a_function_and_no_call() -> Supervisor {
    supervise!(one_for_one; reader)
}

fn an_argument_for_one_start() -> Supervisor {
    supervise!(one_for_one; counter(Once))
}

fn an_argument_of_one_thread() -> Supervisor {
    let shared = Rc::new(Till);
    supervise!(one_for_one; {
        let _shared = Rc::clone(&shared);
        Till
    })
}

fn a_reference_of_another_type() -> Supervisor {
    let till: u8;
    supervise!(one_for_one; till = Till)
}

fn a_variable_that_is_none() -> Supervisor {
    supervise!(one_for_one; till = Till)
}

fn main() {}
