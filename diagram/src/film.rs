//! A recording as a moving picture: SVG whose frames follow one another. What a frame looks like is up to `svg`.

use crate::Svg;
use crate::layout::Point;
use rendez_model::{Network, News, Node, Process, Recording, State};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Most frames of a film; of a recording with more moments, some are left out, evenly.
pub const FRAMES_MAX: usize = 60;
/// How long a frame is shown at least.
const FRAME_MS: u64 = 150;
/// How long the last frame stands before the film begins again.
const STANDS_MS: u64 = 2_000;
/// What a process says that the film shows before it was started.
const TO_COME: &str = "not started yet";

/// Draws a recording as an SVG picture that moves: its moments one after another, again and again, each with its time.
///
/// All frames have the same cast, so that nothing jumps: a process that has not started stands in its place as such, and one
/// that has ended stays. At most [`FRAMES_MAX`] moments are shown. The picture needs no script; who asks for less motion is
/// shown the last frame.
///
/// ```
/// use rendez_model::{Network, Node, Process, ProcessId, Recorder};
///
/// let mut now = Network { nodes: vec![Node::new("n1", "here")], cycles: vec![] };
/// let mut recorder = Recorder::new(now.clone());
/// now.nodes[0].processes.push(Process::new(ProcessId(1), "late"));
/// recorder.note(250, now);
/// let film = rendez_diagram::film(&recorder.finish());
/// assert!(film.starts_with("<svg") && film.contains("0.25 s"));
/// ```
#[must_use]
pub fn film(recording: &Recording) -> String {
    let moments = chosen(&recording.moments());
    let cast = Cast::of(recording);
    let still = |&at: &u64| Svg::new().title(&title(at)).still(&cast.at(recording.at(at)));
    let frames: Vec<_> = moments.iter().map(still).collect();
    let size = frames
        .iter()
        .fold(Point::default(), |size, frame| Point { x: size.x.max(frame.size.x), y: size.y.max(frame.size.y) });
    let mut text = Svg::new().title("Process network, recorded").begin(size, &styles(&moments));
    for (number, frame) in frames.iter().enumerate() {
        let _ = write!(text, "<g class=\"frame f{number}\">\n{}</g>\n", frame.body);
    }
    text.push_str("</svg>\n");
    text
}

/// When each frame is seen: as in the recording, but each for long enough to be seen, and the last for some time.
fn styles(moments: &[u64]) -> String {
    let lengths = moments.windows(2).map(|pair| pair[1].saturating_sub(pair[0]).max(FRAME_MS)).chain([STANDS_MS]);
    let ends: Vec<u64> = lengths.scan(0, |end, length| Some(std::mem::replace(end, *end + length) + length)).collect();
    let total = ends.last().copied().unwrap_or(STANDS_MS);
    let percent = |at: u64| (at as f64 * 100_000.0 / total as f64).round() / 1_000.0;
    let mut text = format!(".frame{{visibility:hidden;animation:{total}ms step-end infinite}}\n");
    let mut begin = 0;
    for (number, &end) in ends.iter().enumerate() {
        let (from, to) = (percent(begin), percent(end));
        let _ = writeln!(
            text,
            ".f{number}{{animation-name:f{number}}}@keyframes f{number}{{0%{{visibility:hidden}}{from}%{{visibility:visible}}{to}%{{visibility:hidden}}}}"
        );
        begin = end;
    }
    let last = ends.len().saturating_sub(1);
    let _ = writeln!(
        text,
        "@media (prefers-reduced-motion:reduce){{.frame{{animation:none}}.f{last}{{visibility:visible}}}}"
    );
    text
}

fn title(at_ms: u64) -> String {
    format!("Process network at {}.{:02} s", at_ms / 1_000, at_ms % 1_000 / 10)
}

/// At most so many moments, evenly, first and last among them.
fn chosen(moments: &[u64]) -> Vec<u64> {
    let last = moments.len().saturating_sub(1);
    if moments.len() <= FRAMES_MAX {
        return moments.to_vec();
    }
    (0..FRAMES_MAX).map(|i| moments[i * last / (FRAMES_MAX - 1)]).collect()
}

/// All that is ever seen, as it is when it is first seen.
struct Cast {
    nodes: BTreeMap<String, Node>,
}

impl Cast {
    fn of(recording: &Recording) -> Self {
        let mut cast = Self { nodes: BTreeMap::new() };
        for node in &recording.first.nodes {
            node.processes.iter().for_each(|process| cast.meet(&node.id, process));
        }
        for change in &recording.changes {
            if let News::Process(process) = &change.news {
                cast.meet(&change.node, process);
            }
        }
        cast
    }

    fn meet(&mut self, node: &str, process: &Process) {
        let known = self.nodes.entry(node.to_owned()).or_default();
        if let Err(at) = known.processes.binary_search_by_key(&process.id, |p| p.id) {
            let waits = Process { state: State::Ready, polls: 0, note: TO_COME.to_owned(), ..process.clone() };
            known.processes.insert(at, waits);
        }
    }

    /// The network with those in their places who have not started yet.
    fn at(&self, mut network: Network) -> Network {
        for node in &mut network.nodes {
            let newest = node.processes.last().map(|process| process.id);
            let all = self.nodes.get(&node.id).into_iter().flat_map(|cast| &cast.processes);
            // Ids are given in the order of spawning: what is missing and older was there, and is shown no more.
            node.processes.extend(all.filter(|process| Some(process.id) > newest).cloned());
        }
        network
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_moments_some_are_shown_first_and_last_among_them() {
        let moments: Vec<u64> = (0..1_000).collect();
        let chosen = chosen(&moments);
        assert_eq!((chosen.len(), chosen[0], chosen[FRAMES_MAX - 1]), (FRAMES_MAX, 0, 999));
    }

    #[test]
    fn each_frame_is_shown_once_in_its_time_and_the_last_stands() {
        let styles = styles(&[0, 500, 510]);
        for expected in [
            ".frame{visibility:hidden;animation:2650ms step-end infinite}",
            "@keyframes f0{0%{visibility:hidden}0%{visibility:visible}18.868%{visibility:hidden}}",
            "@keyframes f1{0%{visibility:hidden}18.868%{visibility:visible}24.528%{visibility:hidden}}",
            "@keyframes f2{0%{visibility:hidden}24.528%{visibility:visible}100%{visibility:hidden}}",
            "{.frame{animation:none}.f2{visibility:visible}}",
        ] {
            assert!(styles.contains(expected), "{expected} is not in\n{styles}");
        }
    }
}
