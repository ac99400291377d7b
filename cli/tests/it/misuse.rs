//! Bad input to the program: one clear sentence that names the thing and says what to do, and an exit code that is not 0.

use crate::program::{Place, Running, text};
use std::process::Command;

/// Runs to the end and gives the one line on standard error.
fn sentence(mut command: Command) -> String {
    let ran = command.output().unwrap();
    let said = text(&ran.stderr);
    assert_eq!(ran.status.code(), Some(1), "{said}");
    assert!(!said.contains("panicked"), "{said}");
    let errors: Vec<_> = said.lines().filter(|line| line.starts_with("error: ")).collect();
    assert_eq!(errors.len(), 1, "{said}");
    errors[0].to_owned()
}

#[test]
fn a_directory_that_is_none_is_named() {
    let place = Place::new();
    let said = sentence(place.rendez(["demo", "no/such/folder"]));
    assert!(said.contains("no/such/folder"), "{said}");
    std::fs::write(place.path("file.txt"), "text").unwrap();
    let said = sentence(place.rendez(["demo", "file.txt"]));
    assert!(said.contains("file.txt") && said.contains("director"), "{said}");
    std::fs::create_dir(place.path("empty")).unwrap();
    let said = sentence(place.rendez(["demo", "empty"]));
    assert!(said.contains("empty"), "{said}");
}

#[test]
fn an_unknown_device_is_named() {
    let place = Place::new();
    std::fs::create_dir(place.path("tree")).unwrap();
    std::fs::write(place.path("tree/a.txt"), "a").unwrap();
    let said = sentence(place.rendez(["demo", "tree", "--device", "abacus"]));
    assert!(said.contains("abacus"), "{said}");
}

#[test]
fn a_tree_without_two_texts_ends_cleanly() {
    let place = Place::new();
    std::fs::create_dir(place.path("tree")).unwrap();
    std::fs::write(place.path("tree/a.txt"), "too short").unwrap();
    let said = sentence(place.rendez(["demo", "tree"]));
    assert!(said.contains("tree") && said.contains("name a directory with more"), "{said}");
}

#[test]
fn a_port_in_use_is_named() {
    let place = Place::new();
    let taken = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let said = sentence(place.rendez(["node", "--listen", &address]));
    assert!(said.contains(&address) && said.contains("in use"), "{said}");
}

#[test]
fn asking_when_nothing_runs_says_what_to_start() {
    let place = Place::new();
    for verb in [&["ask", "index"][..], &["ps"], &["draw"], &["record"]] {
        let said = sentence(place.rendez(verb));
        assert!(said.contains("rendez demo"), "{said}");
    }
}

#[test]
fn a_name_that_nobody_published_and_a_key_that_nobody_admits_are_told() {
    let place = Place::new();
    let mut node = Running::start(place.rendez(["node", "solo"]));
    let line = node.wait_for("listens on");
    let said = sentence(place.rendez(["ask", "oracle"]));
    assert!(said.contains("oracle") && said.contains("inspector"), "it lists what is published: {said}");

    let words: Vec<_> = line.split_whitespace().collect();
    let after = |word: &str| words[words.iter().position(|w| *w == word).unwrap() + 1].trim_end_matches(';');
    let (address, id) = (after("on"), after("as"));
    let said = sentence(place.rendez(["node", "stranger", "--connect", &format!("{address},{id}")]));
    assert!(said.contains("admit"), "a stranger learns that it is not admitted: {said}");
    let said = sentence(place.rendez(["node", "lost", "--connect", "nowhere"]));
    assert!(said.contains("ADDRESS:PORT,ID"), "{said}");
    node.signal("INT");
    let (code, ..) = node.end();
    assert_eq!(code, Some(0), "ctrl-c ends a node cleanly");
}

#[test]
fn a_saved_network_can_be_drawn_and_what_is_none_is_refused() {
    let place = Place::new();
    let network = rendez::model::Network { nodes: vec![rendez::model::Node::new("n", "n")], cycles: vec![] };
    std::fs::write(place.path("net.json"), rendez::diagram::json(&network)).unwrap();
    for format in ["svg", "dot", "mermaid", "json", "text"] {
        let drawn = place.rendez(["draw", "net.json", "--format", format]).output().unwrap();
        assert!(drawn.status.success() && !drawn.stdout.is_empty(), "{format}: {}", text(&drawn.stderr));
    }
    std::fs::write(place.path("bad.json"), "{ no network").unwrap();
    let said = sentence(place.rendez(["draw", "bad.json"]));
    assert!(said.contains("bad.json"), "{said}");
}
