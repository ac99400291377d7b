//! Rule: which crate may depend on which. Arrows may be removed, never reversed.

use super::Finding;
use crate::manifest::Manifest;
use std::collections::BTreeSet;

/// The arrows of the house; what can be reached over several is allowed, too. Dev-dependencies are free.
const ARROWS: [(&str, &[&str]); 13] = [
    ("rendez-model", &[]),
    ("rendez-wire", &[]),
    ("rendez-macros", &[]),
    ("rendez-channels", &["rendez-model", "rendez-wire"]),
    ("rendez-runtime", &["rendez-channels", "rendez-macros"]),
    ("rendez-net", &["rendez-runtime", "rendez-wire"]),
    ("rendez-gpu", &["rendez-runtime", "rendez-macros"]),
    ("rendez-skeletons", &["rendez-net", "rendez-gpu"]),
    ("rendez-diagram", &["rendez-model"]),
    ("rendez", &["rendez-skeletons", "rendez-diagram"]),
    ("rendez-cli", &["rendez"]),
    ("rendez-benches", &["rendez"]),
    ("xtask", &[]),
];

/// Finds dependencies against the arrows, and crates that the arrows do not know.
pub(crate) fn check(manifests: &[Manifest]) -> Vec<Finding> {
    let ours: BTreeSet<_> = manifests.iter().map(|manifest| manifest.package()).collect();
    manifests.iter().flat_map(|manifest| check_one(manifest, &ours)).collect()
}

fn check_one(manifest: &Manifest, ours: &BTreeSet<&str>) -> Vec<Finding> {
    let package = manifest.package();
    let finding = |what: String| Finding { path: manifest.path.clone(), what };
    if ARROWS.iter().all(|(known, _)| *known != package) {
        return vec![finding(format!(
            "no arrow knows the crate {package}: give it its place in xtask/src/tidy/arrows.rs"
        ))];
    }
    let allowed = reachable(package);
    let dependencies = manifest.dependencies();
    let astray = dependencies.iter().filter(|name| ours.contains(name.as_str()) && !allowed.contains(name.as_str()));
    astray.map(|name| finding(format!("{package} must not depend on {name}"))).collect()
}

fn reachable(package: &str) -> BTreeSet<&'static str> {
    let mut reached = BTreeSet::new();
    let mut open = vec![package];
    while let Some(from) = open.pop() {
        let direct = ARROWS.iter().filter(|(known, _)| **known == *from).flat_map(|(_, direct)| direct.iter());
        for to in direct {
            if reached.insert(*to) {
                open.push(to);
            }
        }
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(manifests: &[(&str, &str)]) -> Vec<String> {
        let manifest = |(name, dependencies): &(&str, &str)| {
            Manifest::new("Cargo.toml", &format!("[package]\nname = \"{name}\"\n[dependencies]\n{dependencies}"))
        };
        let manifests: Vec<_> = manifests.iter().map(manifest).collect();
        check(&manifests).iter().map(|finding| finding.what.clone()).collect()
    }

    #[test]
    fn an_arrow_may_skip_rooms_but_not_turn_back() {
        let model = ("rendez-model", "");
        let channels = ("rendez-channels", "rendez-model.workspace = true");
        let net = ("rendez-net", "rendez-channels = { path = \"x\" }\nrendez-model.workspace = true");
        assert!(findings(&[model, channels, net]).is_empty());
        let turned = ("rendez-model", "rendez-channels.workspace = true");
        assert_eq!(findings(&[turned, channels]), ["rendez-model must not depend on rendez-channels"]);
    }

    #[test]
    fn a_new_crate_needs_a_place() {
        assert_eq!(findings(&[("rendez-new", "")]).len(), 1);
    }

    #[test]
    fn the_arrows_form_no_circle() {
        assert!(ARROWS.iter().all(|(package, _)| !reachable(package).contains(package)));
    }
}
