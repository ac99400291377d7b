//! `rendez demo`: its result is that of the reference, whatever the device and whatever happens to a node.

use crate::corpus::Corpus;
use crate::program::{Place, Running, is_alive, signal_process, tables, text};
use rendez_cli::job::reference::{Parameters, near_copies};
use rendez_cli::job::{Report, Throughput};
use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

/// What the program has to print for a tree, by the single-threaded reference.
fn expected(root: &Path, parameters: &Parameters) -> String {
    let (findings, _) = near_copies(root, parameters).unwrap();
    let throughput = Throughput { files: 0, bytes: 0, elapsed: Duration::from_secs(1) };
    let report = Report {
        root,
        files: &findings.files,
        clusters: &findings.clusters,
        threshold: parameters.threshold,
        pairs_were_lost: findings.pairs.is_full(),
        skips: &findings.skips,
        throughput,
        rows: rendez_cli::job::DEFAULT_ROWS,
    };
    tables(&report.to_string()).to_owned()
}

fn parameters(corpus: &Corpus) -> Parameters {
    Parameters { rules: corpus.rules.clone(), ..Parameters::default() }
}

#[test]
fn three_nodes_find_what_the_reference_finds_on_either_device() {
    let (corpus, place) = (Corpus::new(1), Place::new());
    let expected = expected(&corpus.root, &parameters(&corpus));
    let mut devices = vec!["cpu"];
    match rendez::gpu::Gpu::open(rendez::gpu::Pick::Vulkan) {
        Ok(_) => devices.push("vulkan"),
        Err(error) => eprintln!("SKIPPED the Vulkan device: {error}"),
    }
    for device in devices {
        let ran = place.demo(&corpus.root, &["--longest", "65536", "--device", device]);
        assert!(ran.status.success(), "{}", text(&ran.stderr));
        assert_eq!(tables(&text(&ran.stdout)), expected, "on {device}");
    }
    let picture = std::fs::read_to_string(place.path("demo.svg")).unwrap();
    for word in ["phase 1: count", "phase 2: compare", "index", "multiplier", "node-1", "node-2", "jobs-1"] {
        assert!(picture.contains(word), "the picture shows `{word}`");
    }
}

/// A tree that takes a while: `files` texts, every tenth a near-copy of the one before.
fn large_tree(root: &Path, files: usize) {
    let mut state = 42_u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let mut text = String::new();
    for number in 0..files {
        if number % 10 != 9 {
            text.clear();
            for _ in 0..3000 {
                let _ = write!(text, "w{} ", random() % 5000);
            }
        } else {
            text.push_str("and one more line\n");
        }
        let folder = root.join(format!("d{}", number % 16));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(format!("{number}.txt")), &text).unwrap();
    }
}

#[test]
fn a_node_that_is_killed_in_mid_run_is_reported_and_the_result_is_the_same() {
    let place = Place::new();
    let root = place.path("tree");
    large_tree(&root, 500);
    let expected = expected(&root, &Parameters::default());
    let mut run = Running::start(place.rendez([std::ffi::OsStr::new("demo"), root.as_os_str()]));
    let node = run.pid_of("node-1");
    signal_process(node, "KILL");
    let (code, output, said) = run.end();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("node-1 is lost"), "{said}");
    assert!(output.contains("LOST: "), "{output}");
    assert_eq!(tables(&output), expected);
    assert!(!is_alive(node));
}

#[test]
fn ctrl_c_gives_the_partial_result_and_leaves_nothing_behind() {
    let place = Place::new();
    let root = place.path("tree");
    large_tree(&root, 2000);
    let mut run = Running::start(place.rendez([std::ffi::OsStr::new("demo"), root.as_os_str()]));
    let node = run.pid_of("node-1");
    run.wait_for("in another terminal");
    std::thread::sleep(Duration::from_millis(300)); // in the middle, wherever that is
    run.signal("INT");
    let (code, output, said) = run.end();
    assert_eq!(code, Some(1), "{said}");
    assert!(output.contains("interrupted: this is a partial result"), "{output}");
    assert!(said.contains("error: interrupted"), "{said}");
    assert!(!is_alive(node), "the child has ended");
    let doors: Vec<_> = std::fs::read_dir(place.path("rendez")).unwrap().collect();
    assert!(doors.is_empty(), "no door is left: {doors:?}");
}

#[test]
fn the_index_answers_and_the_run_is_recorded_while_the_demo_runs() {
    let place = Place::new();
    let root = place.path("tree");
    large_tree(&root, 2000);
    let mut run = Running::start(place.rendez([std::ffi::OsStr::new("demo"), root.as_os_str()]));
    run.wait_for("in another terminal");
    let asked = root.join("d0").join("0.txt");
    let answer = loop {
        let asked = [std::ffi::OsStr::new("ask"), "index".as_ref(), asked.as_os_str()];
        let answer = place.rendez(asked).output().unwrap();
        assert!(answer.status.success(), "{}", text(&answer.stderr));
        let answer = text(&answer.stdout);
        if answer.contains("1.00") {
            break answer;
        }
    };
    assert!(answer.contains("1.00  d0/0.txt"), "a file is nearest to itself: {answer}");
    let listed = place.rendez(["ps"]).output().unwrap();
    assert!(text(&listed.stdout).contains("index supervisor"), "{}", text(&listed.stdout));
    let recorded = place.rendez(["record", "run.json", "--seconds", "0.3", "--every-ms", "20"]).output().unwrap();
    assert!(text(&recorded.stdout).starts_with("run.json: "), "{}", text(&recorded.stderr));
    run.signal("INT");
    run.end();
    let film = text(&place.rendez(["draw", "run.json"]).output().unwrap().stdout);
    assert!(film.contains("class=\"frame f0\"") && film.contains("index supervisor"), "{film}");
    let still = text(&place.rendez(["draw", "run.json", "--format", "text", "--at", "0"]).output().unwrap().stdout);
    assert!(still.contains("index supervisor"), "{still}");
}

#[test]
fn a_planted_deadlock_is_named_and_drawn_while_the_rest_goes_on() {
    let (corpus, place) = (Corpus::new(2), Place::new());
    let ran = place.demo(&corpus.root, &["--longest", "65536", "--break"]);
    let (output, said) = (text(&ran.stdout), text(&ran.stderr));
    assert!(ran.status.success(), "{said}");
    assert!(said.contains("deadlock: `left` (p"), "{said}");
    assert!(said.contains("waits to send on `to-right`, where only `right` (p"), "{said}");
    assert_eq!(tables(&output), expected(&corpus.root, &parameters(&corpus)), "the job is done all the same");
    let picture = std::fs::read_to_string(place.path("demo.svg")).unwrap();
    assert!(picture.contains("Deadlock"), "the picture has the sentence");
}
