//! Calling cargo on this workspace, and asking it where it builds. What is called is up to the verbs.

use crate::step::{Failed, judge, not_started};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Variables that cargo sets for the programs it runs. Passed on, they would make some build scripts (`ring`'s) run
/// again each time one changes between `cargo test` and `cargo xtask test`.
const OF_THE_OUTER_CARGO: [&str; 6] =
    ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_NAME", "CARGO_PRIMARY_PACKAGE", "OUT_DIR"];

/// The folder of the workspace.
pub(crate) fn root() -> &'static Path {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().expect("xtask is a folder of the workspace")
}

/// A cargo command of the toolchain in use, to run in the root.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    cargo_named(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()), arguments)
}

/// A cargo command of another toolchain, through rustup.
pub(crate) fn cargo_of(toolchain: &str, arguments: &[&str]) -> Command {
    let mut command = cargo_named("cargo".into(), &[]);
    command.arg(format!("+{toolchain}")).args(arguments).env_remove("RUSTUP_TOOLCHAIN").env_remove("RUSTC");
    command
}

fn cargo_named(program: OsString, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(root());
    for (name, _) in std::env::vars_os() {
        if OF_THE_OUTER_CARGO.iter().any(|prefix| name.to_string_lossy().starts_with(prefix)) {
            command.env_remove(name);
        }
    }
    command
}

/// The standard output of a command that must succeed.
///
/// # Errors
/// When it does not.
pub(crate) fn output_of(command: &mut Command) -> Result<String, Failed> {
    let output = command.stderr(Stdio::inherit()).output().map_err(|e| not_started(command, &e))?;
    judge(command, output.status)?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Where cargo puts what it builds, whatever environment and configuration say.
///
/// # Errors
/// When cargo does not tell.
pub(crate) fn target_folder() -> Result<PathBuf, Failed> {
    let metadata = output_of(&mut cargo(&["metadata", "--no-deps", "--format-version", "1", "--offline"]))?;
    let folder = json_text(&metadata, "target_directory");
    folder.map(PathBuf::from).ok_or_else(|| Failed::new("`cargo metadata` names no target_directory"))
}

/// The text under the first `"key":` of a JSON document.
fn json_text(json: &str, key: &str) -> Option<String> {
    let start = format!("\"{key}\":\"");
    let mut rest = json[json.find(&start)? + start.len()..].chars();
    let mut text = String::new();
    loop {
        match rest.next()? {
            '"' => return Some(text),
            '\\' => text.push(rest.next()?),
            c => text.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_read_out_of_json() {
        let json = r#"{"packages":[],"target_directory":"/home/a \"b\"\\c","version":1}"#;
        assert_eq!(json_text(json, "target_directory").as_deref(), Some(r#"/home/a "b"\c"#));
        assert_eq!(json_text(json, "workspace_root"), None);
    }

    #[test]
    fn the_root_is_the_workspace() {
        let manifest = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
        assert!(manifest.contains("[workspace]"));
    }
}
