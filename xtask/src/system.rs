//! The system that the project is tested on, Linux with apt: what it needs, how to see it, how to install it. All that
//! is special to it stands here.

use crate::cargo::{cargo_of, output_of};
use crate::step::{Failed, not_started};
use std::env;
use std::fmt::{self, Display};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Something that the system should have.
#[derive(Debug)]
pub(crate) struct Need {
    /// Its name.
    pub(crate) what: &'static str,
    /// What goes on without it.
    pub(crate) without: &'static str,
    /// What brings it.
    pub(crate) from: Source,
    /// Whether it is there.
    pub(crate) is_there: fn() -> bool,
}

/// Where something comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// A package of the system.
    Package(&'static str),
    /// A component of the nightly, by rustup.
    Nightly(&'static str),
    /// The standard library for another system, by rustup.
    Target(&'static str),
}

impl Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Package(name) => write!(f, "package {name}"),
            Self::Nightly(name) => write!(f, "{name} of the nightly"),
            Self::Target(name) => write!(f, "the standard library for {name}"),
        }
    }
}

/// What tests and demo should have; one row a thing.
pub(crate) static FOR_TESTS: [Need; 2] = [
    Need {
        what: "the Vulkan loader libvulkan.so.1",
        without: "devices run on the CPU, what needs Vulkan is skipped",
        from: Source::Package("libvulkan1"),
        is_there: has_vulkan_loader,
    },
    Need {
        what: "a Vulkan driver (lavapipe, in software)",
        without: "devices run on the CPU, what needs Vulkan is skipped",
        from: Source::Package("mesa-vulkan-drivers"),
        is_there: has_vulkan_driver,
    },
];

/// What checking models needs.
pub(crate) static FOR_MODELS: [Need; 2] = [
    Need {
        what: "the model checker Spin",
        without: "models are not checked",
        from: Source::Package("spin"),
        is_there: || answers(Command::new("spin").arg("-V")),
    },
    Need {
        what: "a C compiler",
        without: "models are not checked",
        from: Source::Package("gcc"),
        is_there: || answers(Command::new("cc").arg("--version")),
    },
];

/// What Miri needs.
pub(crate) static FOR_MIRI: [Need; 2] = [
    Need {
        what: "Miri",
        without: "nothing is run in it",
        from: Source::Nightly("miri"),
        is_there: || answers(&mut cargo_of("nightly", &["miri", "--version"])),
    },
    STD_SOURCES,
];

/// What ThreadSanitizer needs.
pub(crate) static FOR_SANITIZERS: [Need; 1] = [STD_SOURCES];

/// The other systems, as the toolchain names them.
pub(crate) const MAC: &str = "aarch64-apple-darwin";
pub(crate) const WINDOWS: &str = "x86_64-pc-windows-gnu";

/// What a look at the types needs that the other systems get.
pub(crate) static FOR_OTHER_SYSTEMS: [Need; 2] = [
    Need {
        what: "the standard library for macOS",
        without: "macOS is not looked at",
        from: Source::Target(MAC),
        is_there: || has_std_for(MAC),
    },
    Need {
        what: "the standard library for Windows",
        without: "Windows is not looked at",
        from: Source::Target(WINDOWS),
        is_there: || has_std_for(WINDOWS),
    },
];

const STD_SOURCES: Need = Need {
    what: "the nightly with the sources of the standard library",
    without: "nothing is run with a standard library of our own making",
    from: Source::Nightly("rust-src"),
    is_there: has_std_sources,
};

/// Where the dynamic linker looks, besides `LD_LIBRARY_PATH` and the folders of one architecture.
const LIBRARY_FOLDERS: [&str; 5] = ["/usr/lib", "/usr/lib64", "/usr/local/lib", "/lib", "/lib64"];
/// Where the Vulkan loader looks for drivers.
const DRIVER_FOLDERS: [&str; 2] = ["/usr/share/vulkan/icd.d", "/etc/vulkan/icd.d"];

/// So that no package asks a question.
pub(crate) const INSTALL_ENVIRONMENT: [(&str, &str); 1] = [("DEBIAN_FRONTEND", "noninteractive")];
/// How long apt waits for another apt, in its own words.
const LOCK_WAIT: &str = "DPkg::Lock::Timeout=60";
/// How long apt waits for a server, in its own words.
const SERVER_WAIT: &str = "Acquire::http::Timeout=30";

/// A command that installs something.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Installs {
    pub(crate) words: Vec<&'static str>,
    /// Whether only root may.
    pub(crate) needs_root: bool,
}

/// The commands that install what is missing, in their order.
pub(crate) fn install_commands(missing: &[&Need]) -> Vec<Installs> {
    let packages = names(missing, |source| if let Source::Package(name) = source { Some(name) } else { None });
    let components = names(missing, |source| if let Source::Nightly(name) = source { Some(name) } else { None });
    let targets = names(missing, |source| if let Source::Target(name) = source { Some(name) } else { None });
    let apt = ["apt-get", "-o", LOCK_WAIT, "-o", SERVER_WAIT];
    let update = [apt.as_slice(), &["update"]].concat();
    let install = [apt.as_slice(), &["install", "--yes", "--no-install-recommends"], &packages].concat();
    let of_apt = if packages.is_empty() { Vec::new() } else { vec![update, install] };
    let mut of_rustup = if components.is_empty() { Vec::new() } else { nightly_with(&components) };
    if !targets.is_empty() {
        of_rustup.push([["rustup", "target", "add"].as_slice(), &targets].concat());
    }
    let commands = |words: Vec<Vec<_>>, needs_root| words.into_iter().map(move |words| Installs { words, needs_root });
    commands(of_apt, true).chain(commands(of_rustup, false)).collect()
}

fn names(missing: &[&Need], name: impl Fn(Source) -> Option<&'static str>) -> Vec<&'static str> {
    missing.iter().filter_map(|need| name(need.from)).collect()
}

/// A nightly that is there stays the one it is.
fn nightly_with(components: &[&'static str]) -> Vec<Vec<&'static str>> {
    let add = [["rustup", "component", "add", "--toolchain", "nightly"].as_slice(), components].concat();
    let install = ["rustup", "toolchain", "install", "nightly", "--profile", "minimal"].to_vec();
    if answers(&mut cargo_of("nightly", &["--version"])) { vec![add] } else { vec![install, add] }
}

/// Whether a command that only tells something succeeds.
fn answers(command: &mut Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

fn has_std_sources() -> bool {
    let mut command = Command::new("rustc");
    command.args(["+nightly", "--print", "sysroot"]).env_remove("RUSTUP_TOOLCHAIN").stderr(Stdio::null());
    let Ok(output) = command.output() else { return false };
    let sysroot = String::from_utf8_lossy(&output.stdout).into_owned();
    output.status.success() && Path::new(sysroot.trim()).join("lib/rustlib/src/rust/library/Cargo.lock").is_file()
}

fn has_std_for(target: &str) -> bool {
    let folder = output_of(Command::new("rustc").args(["--print", "target-libdir", "--target", target]));
    folder.is_ok_and(|folder| Path::new(folder.trim()).is_dir())
}

/// Whether this process may install packages.
#[cfg(unix)]
pub(crate) fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    // The owner of a process's own entry is its effective user.
    std::fs::metadata("/proc/self").is_ok_and(|entry| entry.uid() == 0)
}

/// Whether this process may install packages.
#[cfg(not(unix))]
pub(crate) fn is_root() -> bool {
    false
}

/// Turns this process into `command`, so that signals go to it directly; returns only when it does not start.
#[cfg(unix)]
pub(crate) fn become_command(command: &mut Command) -> Result<(), Failed> {
    use std::os::unix::process::CommandExt;
    let error = command.exec();
    Err(not_started(command, &error))
}

/// Runs `command` in this process's place and ends with its exit code.
#[cfg(not(unix))]
pub(crate) fn become_command(command: &mut Command) -> Result<(), Failed> {
    let status = command.status().map_err(|e| not_started(command, &e))?;
    std::process::exit(status.code().unwrap_or(1));
}

fn has_vulkan_loader() -> bool {
    let from_environment = env::var_os("LD_LIBRARY_PATH").unwrap_or_default();
    let of_architecture = format!("/usr/lib/{}-linux-gnu", env::consts::ARCH);
    let fixed = LIBRARY_FOLDERS.iter().map(PathBuf::from).chain([PathBuf::from(of_architecture)]);
    env::split_paths(&from_environment).chain(fixed).any(|folder| folder.join("libvulkan.so.1").exists())
}

/// The loader takes the drivers that these variables name, and only then looks into folders.
fn has_vulkan_driver() -> bool {
    let named = ["VK_DRIVER_FILES", "VK_ICD_FILENAMES"].iter().find_map(env::var_os);
    match named {
        Some(files) => env::split_paths(&files).any(|file| file.exists()),
        None => DRIVER_FOLDERS.iter().any(|folder| has_manifest(Path::new(folder))),
    }
}

fn has_manifest(folder: &Path) -> bool {
    let Ok(entries) = folder.read_dir() else { return false };
    entries.flatten().any(|entry| entry.path().extension().is_some_and(|extension| extension == "json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_installed_after_an_update_and_without_questions() {
        let missing: Vec<_> = FOR_TESTS.iter().collect();
        let [update, install] = &install_commands(&missing)[..] else { panic!("two commands") };
        assert!(update.needs_root && install.needs_root);
        assert_eq!(update.words.last(), Some(&"update"));
        assert!(install.words.ends_with(&["--no-install-recommends", "libvulkan1", "mesa-vulkan-drivers"]));
        assert!(install.words.contains(&"--yes"));
    }

    #[test]
    fn parts_of_the_nightly_need_no_root() {
        let missing: Vec<_> = FOR_MIRI.iter().collect();
        let commands = install_commands(&missing);
        assert!(commands.iter().all(|command| !command.needs_root), "{commands:?}");
        assert!(commands.last().unwrap().words.ends_with(&["--toolchain", "nightly", "miri", "rust-src"]));
    }

    #[test]
    fn other_systems_are_installed_in_one_command() {
        let missing: Vec<_> = FOR_OTHER_SYSTEMS.iter().collect();
        let [add] = &install_commands(&missing)[..] else { panic!("one command") };
        assert!(!add.needs_root && add.words.starts_with(&["rustup", "target", "add"]), "{add:?}");
        assert!(add.words.ends_with(&[MAC, WINDOWS]), "{add:?}");
    }

    #[test]
    fn what_is_not_missing_is_not_installed() {
        assert_eq!(install_commands(&[]), []);
    }

    #[test]
    fn only_a_folder_with_a_json_file_has_a_driver() {
        let folder = env::temp_dir().join(format!("xtask-icd-{}", std::process::id()));
        assert!(!has_manifest(&folder));
        std::fs::create_dir_all(&folder).unwrap();
        assert!(!has_manifest(&folder));
        std::fs::write(folder.join("lvp_icd.json"), "{}").unwrap();
        assert!(has_manifest(&folder));
        std::fs::remove_dir_all(folder).unwrap();
    }
}
