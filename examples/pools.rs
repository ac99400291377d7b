//! A pool of actors: words are counted by three counters, each word always by the same one; events tell of new words.
//!
//! A `Router` has several actors of one type, supervised, and says who is next: in turn, the least loaded, by key, or all.
//! Keys are hashed consistently, so that a word comes to the counter that knows it; one that fails is started again in
//! its place. The counters publish each word that is new to them on a `Bus`, to whom it may concern.
//!
//! Run: `cargo run --example pools`
//!
//! ```text
//!            +--by key--> counter 0 --+
//!  main -----+----------> counter 1 --+--first seen--> (bus) --> main
//!            +----------> counter 2 --+
//! ```
//!
//! Ends by itself.
//!
//! It prints:
//!
//! ```text
//! 10 words, 3 of them different: a, is, rose
//! a 3, is 3, rose 4
//! one counter has failed and counts again: rose 1
//! ```

use rendez::prelude::*;
use rendez::{Bus, Reply, Router, actor};
use std::collections::BTreeMap;

/// A word that nobody had counted before.
#[derive(Clone)]
struct FirstSeen(String);

/// Counts words.
pub struct Counter {
    counts: BTreeMap<String, u32>,
    bus: Bus,
}

#[actor]
impl Counter {
    /// How often the word was counted, this time included.
    pub async fn count(&mut self, word: String) -> u32 {
        if !self.counts.contains_key(&word) {
            self.bus.publish(FirstSeen(word.clone())).await;
        }
        let count = self.counts.entry(word).or_default();
        *count += 1;
        *count
    }

    /// All counts.
    pub async fn all(&self) -> BTreeMap<String, u32> {
        self.counts.clone()
    }

    /// Loses them.
    ///
    /// # Panics
    /// Always.
    pub async fn fail(&mut self) {
        panic!("as asked");
    }
}

#[rendez::main(quiet)]
async fn main() -> Outcome {
    let bus = Bus::new();
    let seen = bus.subscribe::<FirstSeen>(16, Overflow::Wait);
    let counters = Router::start("counter", 3, move |_place| Counter { counts: BTreeMap::new(), bus: bus.clone() });

    let words: Vec<_> = "rose is a rose is a rose is a rose".split(' ').collect();
    for word in &words {
        counters.by_key(word).count((*word).to_owned()).await?;
    }
    let mut new: Vec<_> = seen.try_iter().map(|FirstSeen(word)| word).collect();
    new.sort();
    println!("{} words, {} of them different: {}", words.len(), new.len(), new.join(", "));

    let mut all = BTreeMap::new();
    for counter in counters.members() {
        all.extend(counter.all().await?);
    }
    let counts: Vec<_> = all.iter().map(|(word, count)| format!("{word} {count}")).collect();
    println!("{}", counts.join(", "));

    let _ = counters.by_key("rose").fail().await;
    println!("one counter has failed and counts again: rose {}", counters.by_key("rose").count("rose".into()).await?);
    // To all of them, without an answer.
    counters.broadcast(|place| CounterMessage::count(format!("goodbye {place}"), Reply::none())).await;
    Ok(())
}
