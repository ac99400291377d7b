//! Channels and choices against a plain model: operations are made, polled and dropped at random, on one thread; and on
//! several, where all values are accounted for at the end.
//!
//! After each step every outcome, counter, wake and value is the model's. Who acts follows something or not, by chance, and each
//! value tells whether who has received it was told what it belongs to.

mod alts;
mod ends;
mod follower;
mod ledger;
mod model;
mod operation;
mod script;
mod threads;
mod world;

#[test]
fn channels_behave_as_the_model_says() {
    script::run();
}
