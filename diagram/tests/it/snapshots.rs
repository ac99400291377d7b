//! Pictures as they were when somebody last looked at them. `RENDEZ_BLESS=1 cargo test -p rendez-diagram` renews them.

use crate::networks::{commstime, deadlock, farm, hostile, nobody, suspected, wide, zoo};
use rendez_model::Network;
use std::path::Path;

fn check(name: &str, network: &Network) {
    assert_snapshot(&format!("{name}.svg"), &rendez_diagram::svg(network));
    assert_snapshot(&format!("{name}.txt"), &rendez_diagram::text(network));
    assert_snapshot(&format!("{name}.dot"), &rendez_diagram::dot(network));
    assert_snapshot(&format!("{name}.mmd"), &rendez_diagram::mermaid(network));
}

fn assert_snapshot(file: &str, drawn: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/snapshots").join(file);
    if std::env::var_os("RENDEZ_BLESS").is_some() {
        std::fs::write(&path, drawn).expect("the folder of snapshots can be written to");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    let first = kept.lines().zip(drawn.lines()).position(|(a, b)| a != b);
    assert!(
        kept == drawn,
        "{file} differs from line {} on; look at it and set RENDEZ_BLESS=1 to keep it",
        first.unwrap_or(0) + 1
    );
}

#[test]
fn commstime_is_a_ring_with_a_branch() {
    check("commstime", &commstime());
}

#[test]
fn a_farm_runs_over_three_nodes() {
    check("farm", &farm());
}

#[test]
fn a_deadlock_is_red_and_named() {
    check("deadlock", &deadlock());
}

#[test]
fn a_suspected_deadlock_is_amber_beside_a_red_one() {
    check("suspected", &suspected());
    let drawn = rendez_diagram::svg(&suspected());
    let caught = |class: &str| drawn.matches(&format!("class=\"{class}\"")).count();
    assert_eq!((caught("caught"), caught("caught suspected")), (2, 2));
}

#[test]
fn where_nobody_can_go_on_all_are_caught() {
    check("nobody", &nobody());
}

#[test]
fn every_state_kind_and_end_has_its_mark() {
    check("zoo", &zoo());
}

#[test]
fn a_thousand_workers_fold_into_one_box() {
    check("wide", &wide(1_000));
}

#[test]
fn hostile_names_do_no_harm() {
    check("hostile", &hostile());
}
