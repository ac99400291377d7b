//! The dump: a table of all processes and what each waits for. It changes nothing.

use super::words;
use crate::World;
use rendez_model::{Network, Node, Process, State};
use std::fmt::Write as _;

/// All processes of this program as a table: name (and the names by which it is looked up, and the [trace](crate::trace) that it follows), state, what each waits for and for how
/// long, how long it was polled, and where it was spawned. Then the deadlocks that are known. On Unix a program that [`run`](crate::run) runs prints it on SIGQUIT (`kill -QUIT`, ctrl-\).
///
/// ```
/// use rendez_runtime::{Outcome, dump, run};
///
/// let table = run(async { Outcome::Ok(dump()) }).unwrap();
/// assert!(table.contains("main"));
/// ```
#[must_use]
pub fn dump() -> String {
    table(&World::global().snapshot())
}

fn table(network: &Network) -> String {
    let mut out = String::new();
    for node in &network.nodes {
        let living: Vec<_> = node.processes.iter().filter(|p| !matches!(p.state, State::Done(_))).collect();
        let _ = writeln!(out, "node {} ({}), {} processes", node.name, node.id, living.len());
        let rows: Vec<_> = living.iter().map(|process| row(node, process)).collect();
        let widths = [0, 1, 2, 3].map(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0));
        for [name, state, waits, busy, spawned] in &rows {
            let _ = writeln!(
                out,
                "  {name:w0$}  {state:w1$}  {waits:w2$}  {busy:>w3$}  {spawned}",
                w0 = widths[0],
                w1 = widths[1],
                w2 = widths[2],
                w3 = widths[3]
            );
        }
    }
    network.cycles.iter().for_each(|cycle| {
        let _ = writeln!(out, "{}", cycle.sentence);
    });
    out
}

fn row(node: &Node, process: &Process) -> [String; 5] {
    let (state, waits) = match &process.state {
        State::Ready => ("ready".to_owned(), String::new()),
        State::Running => ("running".to_owned(), String::new()),
        State::Waiting => ("waits".to_owned(), "for something outside".to_owned()),
        State::Done(_) => ("done".to_owned(), String::new()),
        State::Blocked { on, for_ms } => {
            let each = on.iter().map(|&wait| words::waits(node, process.id, wait, None));
            let each: Vec<_> = each.map(|text| text.trim_start_matches("waits ").to_owned()).collect();
            (format!("waits {:.1} s", *for_ms as f64 / 1e3), each.join(" | "))
        }
    };
    let names = process.names.join(", ");
    let name = if names.is_empty() { process.label() } else { format!("{} = {names}", process.label()) };
    let name = process.trace.as_ref().map_or(name.clone(), |trace| format!("{name} for {trace}"));
    let busy = format!("{:.1} ms", process.busy_us as f64 / 1e3);
    [name, state, waits, busy, process.spawned_at.clone()]
}
