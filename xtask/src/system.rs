//! The system that the project is tested on, Linux with apt: what it needs, how to see it, how to install it. All that
//! is special to it stands here.

use crate::step::{Failed, not_started};
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Something that the system should have.
#[derive(Debug)]
pub(crate) struct Need {
    /// Its name.
    pub(crate) what: &'static str,
    /// What goes on without it.
    pub(crate) without: &'static str,
    /// The package that brings it.
    pub(crate) package: &'static str,
    /// Whether it is there.
    pub(crate) is_there: fn() -> bool,
}

/// What the system should have; one row a thing.
pub(crate) const NEEDS: [Need; 2] = [
    Need {
        what: "the Vulkan loader libvulkan.so.1",
        without: "devices run on the CPU, what needs Vulkan is skipped",
        package: "libvulkan1",
        is_there: has_vulkan_loader,
    },
    Need {
        what: "a Vulkan driver (lavapipe, in software)",
        without: "devices run on the CPU, what needs Vulkan is skipped",
        package: "mesa-vulkan-drivers",
        is_there: has_vulkan_driver,
    },
];

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

/// The commands that install what is missing, in their order.
pub(crate) fn install_commands(missing: &[&Need]) -> Vec<Vec<&'static str>> {
    let apt = ["apt-get", "-o", LOCK_WAIT, "-o", SERVER_WAIT];
    let update = [apt.as_slice(), &["update"]].concat();
    let packages: Vec<_> = missing.iter().map(|need| need.package).collect();
    let install = [apt.as_slice(), &["install", "--yes", "--no-install-recommends"], &packages].concat();
    vec![update, install]
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
        let missing: Vec<_> = NEEDS.iter().collect();
        let commands = install_commands(&missing);
        assert_eq!(commands[0].last(), Some(&"update"));
        assert!(commands[1].ends_with(&["--no-install-recommends", "libvulkan1", "mesa-vulkan-drivers"]));
        assert!(commands[1].contains(&"--yes"));
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
