//! The gallery: examples that end by themselves print what their header says. What they show is theirs to say.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The line of a header that has the example run here.
const ENDS: &str = "//! Ends by itself.";
/// The line of a header after which the expected output stands, fenced.
const PRINTS: &str = "//! It prints:";
/// Stands for what differs from run to run.
const ANYTHING: &str = "..";

#[test]
fn examples_that_end_by_themselves_print_what_their_header_says() {
    let mut checked = 0;
    for source in sources() {
        let text = std::fs::read_to_string(&source).unwrap();
        if !text.lines().any(|line| line == ENDS) {
            continue;
        }
        let expected = expected_output(&text);
        let printed = run(&source);
        let fits = expected.len() == printed.len() && expected.iter().zip(&printed).all(|(e, p)| fits(e, p));
        assert!(fits, "{}\nprinted:  {printed:#?}\nexpected: {expected:#?}", source.display());
        checked += 1;
    }
    assert!(checked >= 12, "only {checked} examples say what they print");
}

#[test]
fn every_example_says_how_to_run_it_and_draws_its_network() {
    for source in sources() {
        let text = std::fs::read_to_string(&source).unwrap();
        let name = source.file_stem().unwrap().to_str().unwrap();
        let header: Vec<_> = text.lines().take_while(|line| line.starts_with("//!")).collect();
        let has = |what: &str| header.iter().any(|line| line.contains(what));
        assert!(has("//! Run: `cargo run ") && has(&format!("--example {name}")), "{name} does not say how to run it");
        assert!(has("//! ```text"), "{name} does not draw its network");
        assert!(text.contains("#[rendez::main"), "{name} is set up in its own way");
    }
}

#[test]
fn a_recipe_prints_what_its_python_prints() {
    let python = |source: &Path| Command::new("python3").arg(source).stdin(Stdio::null()).output();
    let has_python = python(Path::new("--version")).is_ok();
    for source in sources().iter().filter(|source| source.parent().unwrap().ends_with("cookbook")) {
        let theirs = source.with_extension("py");
        assert!(theirs.exists(), "{} is not there", theirs.display());
        if !has_python {
            continue; // There is nothing to compare with on this machine.
        }
        let output = python(&theirs).unwrap();
        assert!(output.status.success(), "{}: {}", theirs.display(), String::from_utf8_lossy(&output.stderr));
        let text = std::fs::read_to_string(source).unwrap();
        let printed = String::from_utf8(output.stdout).unwrap();
        assert_eq!(printed.lines().collect::<Vec<_>>(), expected_output(&text), "{}", theirs.display());
    }
}

#[test]
fn what_differs_may_differ_and_nothing_else() {
    assert!(fits(".. ns per communication", "87.3 ns per communication"));
    assert!(fits("Arendt: 20 meals", "Arendt: 20 meals"));
    assert!(!fits(".. ns per communication", "87.3 ns per communication, or so"));
    assert!(!fits("wrote ..png", "wrote nothing"));
    assert!(!fits("20 meals", "120 meals"));
    assert!(!fits("aa..aa", "aaa"), "what comes before and after does not overlap");
}

/// The examples, and the recipes of the cookbook.
fn sources() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let in_folder = |folder: &Path| std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    let mut sources: Vec<PathBuf> = in_folder(&folder);
    sources.extend::<Vec<_>>(in_folder(&folder.join("cookbook")));
    sources.retain(|path| path.extension().is_some_and(|it| it == "rs"));
    sources.sort();
    sources
}

fn expected_output(source: &str) -> Vec<&str> {
    let after = source.lines().skip_while(|line| *line != PRINTS);
    let fenced = after.skip_while(|line| *line != "//! ```text").skip(1).take_while(|line| *line != "//! ```");
    fenced.map(|line| line.trim_start_matches("//! ")).collect()
}

/// The lines that an example prints, run as cargo has built it beside this test.
fn run(source: &Path) -> Vec<String> {
    let program = program(source);
    let output = Command::new(&program).env_remove("RUST_LOG").stdin(Stdio::null()).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{} {}: {errors}", program.display(), output.status);
    String::from_utf8(output.stdout).unwrap().lines().map(String::from).collect()
}

/// Where cargo has put an example.
pub(crate) fn program(source: &Path) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let folder = test.parent().and_then(Path::parent).unwrap().join("examples");
    let program = folder.join(source.file_stem().unwrap()).with_extension(std::env::consts::EXE_EXTENSION);
    assert!(program.exists(), "{} is not built: run `cargo build --examples`", program.display());
    program
}

fn fits(expected: &str, printed: &str) -> bool {
    let Some((start, end)) = expected.split_once(ANYTHING) else { return expected == printed };
    let Some(rest) = printed.strip_prefix(start) else { return false };
    match end.contains(ANYTHING) {
        false => rest.ends_with(end),
        true => (0..=rest.len()).filter(|&at| rest.is_char_boundary(at)).any(|at| fits(end, &rest[at..])),
    }
}
