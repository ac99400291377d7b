//! What must hold of every picture, tried on many networks made up from a seed.

use rendez_model::{
    BarrierId, Channel, ChannelId, ChannelKind, ChannelRef, Closing, Cycle, End, Ends, Network, Node, Process,
    ProcessId, ProcessKind, Recorder, Side, State, Verdict, Wait, Waits,
};
use roxmltree::{Document, Node as Element};

/// A small generator of numbers (xorshift), the same ones for the same seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n
    }

    fn name(&mut self) -> String {
        const PARTS: [&str; 12] = [
            "worker",
            "<b>",
            "&amp;",
            "\"'",
            "\u{7}",
            "-7",
            " ",
            "日本",
            "🚀",
            "]]>",
            "a_very_long_name_of_a_process",
            "\u{202E}",
        ];
        (0..self.below(4)).map(|_| PARTS[self.below(PARTS.len() as u64) as usize]).collect()
    }

    fn wait(&mut self) -> Wait {
        let side = if self.below(2) == 0 { Side::Send } else { Side::Receive };
        let of = ProcessId(self.below(26));
        match self.below(9) {
            0 => Wait::Answer { of },
            1 => Wait::Barrier { barrier: BarrierId(self.below(3)) },
            2 => Wait::End { of },
            3 => Wait::Children,
            4 => Wait::Outside,
            _ => Wait::Channel { channel: ChannelId(self.below(14)), side },
        }
    }

    fn state(&mut self) -> State {
        match self.below(9) {
            0 => State::Ready,
            1 => State::Running,
            2 => State::Waiting,
            3 => State::Done(End::Normal),
            4 => State::Done(End::Failed(self.name())),
            5 => State::Done(End::Poisoned(self.name())),
            6 => State::Done(End::Lost),
            _ => State::Blocked { on: (0..self.below(4)).map(|_| self.wait()).collect(), for_ms: self.below(100_000) },
        }
    }

    fn kind(&mut self) -> ProcessKind {
        use ProcessKind::{Actor, Blocking, Child, Device, Function, Scope};
        [Function, Actor, Blocking, Device, Child, Scope][self.below(6) as usize]
    }

    fn ends(&mut self) -> Ends {
        let holders: Vec<_> = (0..self.below(4)).map(|_| ProcessId(self.below(26))).collect();
        Ends { count: self.below(6) as u32, holders, kept: self.below(6) as u32 }
    }

    fn channel(&mut self, id: u64) -> Channel {
        let kind = [ChannelKind::Rendezvous, ChannelKind::Bounded(self.below(5)), ChannelKind::Unbounded];
        let mut channel = Channel::new(ChannelId(id), self.name(), kind[self.below(3) as usize]);
        channel.item = self.name();
        (channel.depth, channel.high_water) = (self.below(6), self.below(6));
        (channel.sent, channel.received) = (self.below(1_000), self.below(1_000));
        (channel.senders, channel.receivers) = (self.ends(), self.ends());
        channel.closing = match self.below(8) {
            0 => Some(Closing::Retired),
            1 => Some(Closing::Poisoned(self.name())),
            _ => None,
        };
        let home = ChannelRef { node: format!("n{}", self.below(4)), channel: ChannelId(self.below(14)) };
        channel.home = (self.below(3) == 0).then_some(home);
        channel
    }

    fn network(&mut self) -> Network {
        let mut network = Network::default();
        for n in 0..self.below(4) {
            let mut node = Node::new(format!("n{n}"), self.name());
            (node.note, node.lost) = (self.name(), self.below(4) == 0);
            for p in 0..self.below(25) {
                let mut process = Process::new(ProcessId(p + self.below(2)), self.name());
                process.parent = (self.below(3) > 0).then(|| ProcessId(self.below(26)));
                (process.state, process.kind) = (self.state(), self.kind());
                (process.note, process.spawned_at) = (self.name(), self.name());
                (process.polls, process.restarts) = (self.below(9), self.below(3) as u32);
                node.processes.push(process);
            }
            node.channels = (0..self.below(14)).map(|c| self.channel(c)).collect();
            network.nodes.push(node);
        }
        for _ in 0..self.below(3) {
            let steps = (0..self.below(4)).map(|_| Waits { process: ProcessId(self.below(26)), wait: self.wait() });
            let steps = steps.collect();
            let verdict = if self.below(2) == 0 { Verdict::Certain } else { Verdict::Suspected };
            let members = (0..self.below(4)).map(|_| ProcessId(self.below(26))).collect();
            let node = format!("n{}", self.below(4));
            network.cycles.push(Cycle { node, steps, members, verdict, sentence: self.name() });
        }
        network
    }
}

fn many(mut check: impl FnMut(u64, &Network)) {
    for seed in 1..=48 {
        check(seed, &Dice(0x9E37_79B9_7F4A_7C15_u64.wrapping_mul(seed)).network());
    }
}

#[derive(Clone, Copy, Debug)]
struct Box {
    x: f64,
    y: f64,
    right: f64,
    bottom: f64,
}

impl Box {
    fn overlaps(&self, other: &Self) -> bool {
        self.x < other.right && other.x < self.right && self.y < other.bottom && other.y < self.bottom
    }

    fn holds(&self, other: &Self) -> bool {
        self.x <= other.x && other.right <= self.right && self.y <= other.y && other.bottom <= self.bottom
    }
}

fn figure(element: Element<'_, '_>, name: &str) -> f64 {
    element.attribute(name).and_then(|text| text.parse().ok()).unwrap_or(0.0)
}

fn rect(element: Element<'_, '_>) -> Box {
    let (x, y) = (figure(element, "x"), figure(element, "y"));
    Box { x, y, right: x + figure(element, "width"), bottom: y + figure(element, "height") }
}

fn is_of(element: Element<'_, '_>, class: &str) -> bool {
    element.attribute("class").is_some_and(|all| all.split(' ').any(|one| one == class))
}

/// The rectangles of a class.
fn rects(document: &Document<'_>, class: &str) -> Vec<Box> {
    document.descendants().filter(|e| e.has_tag_name("rect") && is_of(*e, class)).map(rect).collect()
}

/// Where the texts at channels stand, as wide as a monospaced guess that is too small rather than too large.
fn labels(document: &Document<'_>) -> Vec<Box> {
    let texts = document.descendants().filter(|e| e.has_tag_name("g") && is_of(*e, "channel"));
    let texts = texts.flat_map(|g| g.children().filter(|e| e.has_tag_name("text")).collect::<Vec<_>>());
    texts
        .filter(|text| text.attribute("text-anchor").is_none())
        .map(|text| {
            let (x, y, size) = (figure(text, "x"), figure(text, "y"), figure(text, "font-size"));
            let chars = text.text().unwrap_or_default().chars().count() as f64;
            Box { x, y: y - size * 0.7, right: x + chars * size * 0.3, bottom: y }
        })
        .collect()
}

#[test]
fn every_picture_is_xml() {
    many(|seed, network| {
        let picture = rendez_diagram::svg(network);
        let document = Document::parse(&picture);
        assert!(document.is_ok(), "seed {seed}: {document:?}");
    });
}

#[test]
fn boxes_and_labels_do_not_overlap_and_lie_in_their_nodes() {
    many(|seed, network| {
        let picture = rendez_diagram::svg(network);
        let document = Document::parse(&picture).expect("it is XML");
        let (cards, labels) = (rects(&document, "card"), labels(&document));
        let nodes = [rects(&document, "host"), rects(&document, "host-lost")].concat();
        for (i, card) in cards.iter().enumerate() {
            assert!(cards[..i].iter().all(|other| !card.overlaps(other)), "seed {seed}: {card:?}");
            assert!(labels.iter().all(|label| !card.overlaps(label)), "seed {seed}: {card:?}");
            assert!(nodes.iter().any(|node| node.holds(card)), "seed {seed}: {card:?}");
        }
        for (i, node) in nodes.iter().enumerate() {
            assert!(nodes[..i].iter().all(|other| !node.overlaps(other)), "seed {seed}: {node:?}");
        }
    });
}

#[test]
fn all_labels_lie_in_the_picture() {
    many(|seed, network| {
        let picture = rendez_diagram::svg(network);
        let document = Document::parse(&picture).expect("it is XML");
        let svg = document.root_element();
        let whole = Box { x: 0.0, y: 0.0, right: figure(svg, "width"), bottom: figure(svg, "height") };
        for label in labels(&document) {
            assert!(whole.holds(&label), "seed {seed}: {label:?} in {whole:?}");
        }
    });
}

#[test]
fn the_same_network_gives_the_same_text() {
    many(|seed, network| {
        for draw in [rendez_diagram::svg, rendez_diagram::dot, rendez_diagram::mermaid, rendez_diagram::text] {
            assert_eq!(draw(network), draw(network), "seed {seed}");
        }
    });
}

#[test]
fn no_text_holds_control_characters() {
    many(|seed, network| {
        for draw in [rendez_diagram::svg, rendez_diagram::dot, rendez_diagram::mermaid, rendez_diagram::text] {
            let bad = |c: &char| c.is_control() && *c != '\n' || ('\u{202A}'..='\u{202E}').contains(c);
            assert_eq!(draw(network).chars().find(bad), None, "seed {seed}");
        }
    });
}

#[test]
fn every_process_and_every_held_channel_is_drawn_or_counted() {
    many(|seed, network| {
        let steady = rendez_diagram::Svg::new().fold_over(usize::MAX).draw(network);
        let document = Document::parse(&steady).expect("it is XML");
        let drawn = document.descendants().filter(|e| e.has_tag_name("g") && is_of(*e, "process")).count();
        let processes: usize = network.nodes.iter().map(|n| n.processes.len()).sum();
        assert!(drawn == processes || processes > 60, "seed {seed}: {drawn} of {processes}");
    });
}

#[test]
fn json_gives_the_network_back() {
    many(|seed, network| {
        assert_eq!(rendez_diagram::from_json(&rendez_diagram::json(network)).as_ref(), Ok(network), "seed {seed}");
    });
}

#[test]
fn what_is_no_network_is_refused_with_its_place() {
    let error = rendez_diagram::from_json("{\n  \"nodes\": 7}").expect_err("7 is no list of nodes");
    assert_eq!(error.line, 2);
    assert!(error.to_string().starts_with("this is not a network in JSON"), "{error}");
}

#[test]
fn a_recording_of_any_networks_is_a_film_of_its_moments_and_comes_back_from_json() {
    let mut recorder = Recorder::new(Network::default());
    let mut at_ms = 0;
    many(|_, network| {
        at_ms += 40;
        recorder.note(at_ms, network.clone());
    });
    let recording = recorder.finish();
    let film = rendez_diagram::film(&recording);
    let document = Document::parse(&film).expect("it is XML");
    let frames = document.descendants().filter(|e| e.has_tag_name("g") && is_of(*e, "frame")).count();
    assert_eq!(frames, recording.moments().len().min(rendez_diagram::FRAMES_MAX));
    assert_eq!(rendez_diagram::recording_from_json(&rendez_diagram::recording_json(&recording)), Ok(recording));
}

#[test]
fn a_recording_whose_times_go_back_is_refused() {
    let mut recorder = Recorder::new(Network::default());
    recorder.note(7, Network { nodes: vec![Node::new("n", "n")], cycles: vec![] });
    let text = rendez_diagram::recording_json(&recorder.finish()).replace("\"ends_ms\":7", "\"ends_ms\":6");
    let error = rendez_diagram::recording_from_json(&text).expect_err("it ends before it has changed");
    assert_eq!(error.problem, "its times go back");
}
