//! What is said of a deadlock: the one sentence, from data. Pure.

use rendez_model::{Node, Occasion, Process, ProcessId, Side, State, Verdict, Wait, Waits};

/// A cycle in one sentence; `node` has the names of its processes and channels. `others` are caught in it, too.
pub(crate) fn sentence(node: &Node, steps: &[Waits], others: usize, verdict: Verdict) -> String {
    let mut parts: Vec<_> = steps
        .iter()
        .enumerate()
        .map(|(i, step)| {
            let next = steps[(i + 1) % steps.len()].process;
            format!("{} {}", name(node, step.process), waits(node, step.process, step.wait, Some(next)))
        })
        .collect();
    match others {
        0 => {}
        1 => parts.push("1 more process is caught in it".to_owned()),
        n => parts.push(format!("{n} more processes are caught in it")),
    }
    let how = if verdict == Verdict::Certain { "deadlock" } else { "suspected deadlock" };
    format!("{how}: {}", parts.join("; "))
}

/// So many of those who cannot go on are named.
const NAMED_MAX: usize = 16;

/// Who waits and what for, where nobody can go on and no cycle is seen.
pub(crate) fn nobody(node: &Node) -> String {
    let waits = |process: &Process| {
        let on: Vec<_> = match &process.state {
            State::Blocked { on, .. } => on.iter().map(|&wait| waits(node, process.id, wait, None)).collect(),
            State::Done(_) => return None,
            State::Ready | State::Running | State::Waiting => vec!["waits for something outside".to_owned()],
        };
        Some(format!("{} {}", name(node, process.id), on.join(" or ")))
    };
    let mut named: Vec<_> = node.processes.iter().filter_map(waits).collect();
    match named.len().saturating_sub(NAMED_MAX) {
        0 => {}
        more => {
            named.truncate(NAMED_MAX);
            named.push(format!("and {more} more"));
        }
    }
    format!("nobody can go on: {}", named.join("; "))
}

fn name(node: &Node, id: ProcessId) -> String {
    node.process(id).map_or_else(|| format!("{id}"), |process| format!("`{}` ({id})", process.name))
}

/// What a process waits for, and who of those that could help is next.
pub(crate) fn waits(node: &Node, process: ProcessId, wait: Wait, next: Option<ProcessId>) -> String {
    let itself = next == Some(process);
    let who = next.map(|next| if itself { "it itself".to_owned() } else { name(node, next) });
    match wait {
        Wait::Channel { channel, side } => {
            let channel = node.channel(channel);
            let label = channel.map_or_else(|| wait_label(wait), rendez_model::Channel::label);
            if let (Side::Receive, Some(channel)) = (side, channel)
                && channel.lent.is_some()
            {
                return match who {
                    Some(who) => format!("waits for `{label}`, which {who} has{}", parked(itself)),
                    None => format!("waits for `{label}`"),
                };
            }
            if let Some(occasion) = channel.and_then(|channel| channel.occasion) {
                let can =
                    who.map_or_else(String::new, |who| format!(", which only {who} can {}", brings_about(occasion)));
                return format!("waits for {occasion} `{label}`{can}");
            }
            let (wants, gives) = match side {
                Side::Send => ("send on", "receive there"),
                Side::Receive => ("receive from", "send there"),
            };
            let can = who.map_or_else(String::new, |who| format!(", where only {who} can {gives}"));
            format!("waits to {wants} `{label}`{can}")
        }
        Wait::Answer { of } => {
            format!("waits for the answer of {}", if itself { "itself".into() } else { name(node, of) })
        }
        Wait::Barrier { barrier } => {
            format!("waits at barrier {barrier}{}", who.map_or_else(String::new, |who| format!(" for {who}")))
        }
        Wait::End { of } => format!("waits for the end of {}", name(node, of)),
        Wait::Children => {
            format!("waits for the end of its child{}", who.map_or_else(|| "ren".into(), |who| format!(" {who}")))
        }
        Wait::Outside => "waits for something outside".to_owned(),
    }
}

const fn brings_about(occasion: Occasion) -> &'static str {
    match occasion {
        Occasion::Event => "set",
        Occasion::Condition => "notify",
        Occasion::Token => "cancel",
    }
}

const fn parked(itself: bool) -> &'static str {
    if itself { ", perhaps in a future that it does not poll" } else { "" }
}

fn wait_label(wait: Wait) -> String {
    wait.at().map_or_else(String::new, |(channel, _)| channel.to_string())
}
