//! `#[process]` and `#[main]`: what a function of either kind keeps, and what it becomes.

use rendez::{Failure, Outcome, Process, Receiver, Sender, channel, par, process, run};
use std::fmt::Debug;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::{error::Error, fmt};

/// Counts up. A process may be documented.
#[process]
pub async fn count(mut from: u64, (to, step): (u64, u64), output: Sender<u64>) -> Outcome {
    while from < to {
        output.send(from).await?;
        from += step;
    }
    Ok(())
}

#[process]
async fn collect<T, const N: usize>(input: Receiver<T>) -> Outcome<Vec<T>>
where
    T: Clone + Debug + Send + 'static,
{
    let mut all = Vec::with_capacity(N);
    while let Some(x) = input.next().await? {
        all.push(x);
        if all.len() == N {
            return Ok(all);
        }
    }
    Ok(all)
}

#[process]
async fn flag(set: Arc<AtomicBool>) {
    if set.load(Ordering::Relaxed) {
        return;
    }
    set.store(true, Ordering::Relaxed);
}

#[process]
async fn keeps_unused(_kept: Sender<u64>, _: Sender<u64>, _held: impl Send + 'static) -> Outcome {
    rendez::after(std::time::Duration::from_millis(20)).await;
    Ok(())
}

#[process(blocking)]
fn double(n: u64, output: Sender<u64>) -> Outcome<&'static str> {
    output.send_blocking(2 * n)?;
    Ok("sent")
}

#[process(crate = rendez::runtime)]
async fn parse(text: String) -> Result<u32, std::num::ParseIntError> {
    text.parse()
}

/// A process that starts itself again.
#[process]
async fn countdown(n: u64) -> Outcome<u64> {
    if n == 0 {
        return Ok(7);
    }
    countdown(n - 1).await
}

#[test]
fn processes_take_arguments_of_all_kinds_and_give_what_they_return() {
    let (tx, rx) = channel();
    let all = run(async move { par![count(1, (10, 3), tx), collect::<u64, 8>(rx)].values().await });
    assert_eq!(all, Ok(((), vec![1, 4, 7])));
}

#[test]
fn nothing_returned_is_a_normal_end() {
    let set = Arc::new(AtomicBool::new(false));
    let shared = Arc::clone(&set);
    let outcome: Outcome = run(async move {
        let first: Process = flag(Arc::clone(&shared));
        first.await?;
        flag(shared).await
    });
    assert_eq!(outcome, Ok(()));
    assert!(set.load(Ordering::Relaxed));
}

#[test]
fn arguments_live_as_long_as_the_process_even_unused_ones() {
    let ((a_tx, a), (b_tx, b)) = (channel(), channel());
    let outcome = run(async move {
        let child = rendez::spawn(keeps_unused(a_tx, b_tx, "text"));
        rendez::after(std::time::Duration::from_millis(1)).await;
        let open = a.try_recv().is_err_and(|e| e == rendez::channels::TryRecvError::Empty)
            && b.try_recv().is_err_and(|e| e == rendez::channels::TryRecvError::Empty);
        child.join().await?;
        let retired = (a.next().await?, b.next().await?);
        Ok::<_, Failure>((open, retired))
    });
    assert_eq!(outcome, Ok((true, (None, None))));
}

#[test]
fn a_blocking_process_runs_on_a_thread() {
    let (tx, rx) = channel();
    let got = run(async move { par![double(4, tx), collect::<u64, 1>(rx)].values().await });
    assert_eq!(got, Ok(("sent", vec![8])));
}

#[test]
fn any_error_is_an_outcome() {
    assert_eq!(run(parse("12".to_owned()).into_future()), Ok(12));
    let failure = run(parse("twelve".to_owned()).into_future()).unwrap_err();
    assert!(failure.to_string().contains("invalid digit"), "{failure}");
}

#[test]
fn a_process_may_start_itself() {
    assert_eq!(run(countdown(5).into_future()), Ok(7));
}

#[test]
fn the_ports_and_the_place_of_the_call_are_known_before_it_runs() {
    let (tx, rx) = channel::<u64>();
    let (counting, collecting) = (count(0, (1, 1), tx.clone()), collect::<_, 1>(rx.clone()));
    let channel = tx.inspect();
    assert!(channel.senders.holders.contains(&counting.id()), "{channel:?}");
    assert!(channel.receivers.holders.contains(&collecting.id()), "{channel:?}");
}

#[test]
fn a_process_is_known_by_its_function_and_the_line_that_called_it() {
    let told = run(async {
        let child = rendez::spawn(countdown(0));
        let told = child.process().inspect();
        child.join().await?;
        Ok::<_, Failure>((told, line!()))
    });
    let (told, line) = told.unwrap();
    assert_eq!(told.name, "countdown");
    let expected = format!("process.rs:{}", line - 3);
    assert!(told.spawned_at.contains(&expected), "{} should be at {expected}", told.spawned_at);
}

/// An error that is nobody's.
#[derive(Debug)]
struct OutOfPaper;

impl fmt::Display for OutOfPaper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("out of paper")
    }
}

impl Error for OutOfPaper {}

static RAN: OnceLock<&str> = OnceLock::new();

mod program {
    use super::{OutOfPaper, Outcome, RAN};

    #[rendez::main]
    pub(crate) async fn main() -> Outcome {
        let said = RAN.get_or_init(|| "ran");
        assert_eq!(*said, "ran");
        Err(OutOfPaper)?;
        Ok(())
    }
}

#[test]
fn main_runs_its_body_and_its_failure_is_the_exit_code() {
    let code = program::main();
    assert_eq!(RAN.get(), Some(&"ran"));
    assert_eq!(format!("{code:?}"), format!("{:?}", std::process::ExitCode::FAILURE));
}
