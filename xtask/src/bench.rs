//! The verb `bench`: runs one benchmark of `benches/`. What is measured and how stands there.

use crate::cargo::cargo;
use crate::step::{self, Failed};

/// The benchmarks, and the program in `benches/` that has each.
pub(crate) const BENCHES: [(&str, &str); 1] = [("commstime", "channels")];

/// Builds and runs the benchmark of this name; its lines go to standard output, all else to standard error.
///
/// # Errors
/// An unknown name, with exit code 2; a build or a benchmark that fails.
pub(crate) fn run(name: &str) -> Result<(), Failed> {
    let Some((_, program)) = BENCHES.iter().find(|(known, _)| *known == name) else {
        let known: Vec<_> = BENCHES.iter().map(|(known, _)| *known).collect();
        let what = format!("there is no benchmark `{name}`; there is: {}", known.join(", "));
        return Err(Failed { what, code: 2 });
    };
    step::run(name, &mut cargo(&["bench", "--package", "rendez", "--bench", program, "--", name]))
}
