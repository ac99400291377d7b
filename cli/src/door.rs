//! The door of a running node: a file from which other programs of the same user learn where it is and how to get in.
//!
//! It holds the node's address and id, and the key of a guest whom the node admits. Only its owner can read it.

use rendez::net::{Admit, Config, Identity, Node, NodeId, Peer};
use rendez::prelude::*;
use std::fs::{self, DirBuilder};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// An open door; dropping it removes the file.
#[derive(Debug)]
pub struct Door {
    address: PathBuf,
    key: PathBuf,
}

impl Door {
    /// Writes down where `node` is and how `guest` gets in.
    ///
    /// # Errors
    /// The files cannot be written.
    pub fn open(node: &Node, guest: &Identity) -> Outcome<Self> {
        let folder = folder();
        make_private(&folder).map_err(|error| cannot("make", &folder, &error))?;
        let stem = format!("{}-{}", node.name(), std::process::id());
        let (address, key) = (folder.join(format!("{stem}.node")), folder.join(format!("{stem}.key")));
        let door = Self { address, key };
        // What is left of a program that was killed and had the same number.
        let _ = fs::remove_file(&door.key);
        guest.save(&door.key)?;
        let text = format!("{}\n{:#}\n{}\n", node.address(), node.id(), node.name());
        fs::write(&door.address, text).map_err(|error| cannot("write", &door.address, &error))?;
        Ok(door)
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.address);
        let _ = fs::remove_file(&self.key);
    }
}

/// A connection to a running node, as its guest.
pub struct Visit {
    /// The guest's own node; it has to live as long as the visit.
    pub guest: Node,
    /// The node that is visited.
    pub peer: Peer,
}

/// Visits the running node of this name, or the one that was started last. Doors of nodes that were killed are passed by.
///
/// # Errors
/// There is none, or none that answers.
pub async fn visit(name: Option<&str>) -> Outcome<Visit> {
    for path in doors(name) {
        let Some((address, id)) = read(&path) else { continue };
        let key = path.with_extension("key");
        let guest = Node::bind(Config { admit: Admit::nobody(), ..Config::new("guest", Identity::load(&key)?) })?;
        match guest.connect(address, id).await {
            Ok(peer) => return Ok(Visit { guest, peer }),
            Err(error) => {
                tracing::debug!(%error, door = %path.display(), "nobody answers");
                guest.shutdown().await;
            }
        }
    }
    let wanted = name.map_or_else(String::new, |name| format!(" named `{name}`"));
    Err(Failure::new(format_args!(
        "no running node{wanted} was found: start one in another terminal with `rendez demo` or `rendez node`"
    )))
}

/// The doors of this name, the youngest first.
fn doors(name: Option<&str>) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder()).into_iter().flatten().flatten();
    let mut doors: Vec<(SystemTime, PathBuf)> = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "node"))
        .filter(|path| name.is_none_or(|name| is_named(path, name)))
        .filter_map(|path| Some((fs::metadata(&path).ok()?.modified().ok()?, path)))
        .collect();
    doors.sort_unstable_by(|a, b| b.cmp(a));
    doors.into_iter().map(|(_, path)| path).collect()
}

fn is_named(door: &Path, name: &str) -> bool {
    let stem = door.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    stem.rsplit_once('-').is_some_and(|(node, _)| node == name)
}

fn read(door: &Path) -> Option<(SocketAddr, NodeId)> {
    let text = fs::read_to_string(door).ok()?;
    let mut lines = text.lines();
    Some((lines.next()?.parse().ok()?, lines.next()?.parse().ok()?))
}

/// Where doors are: the user's runtime folder, or a private one below the temporary folder.
fn folder() -> PathBuf {
    match std::env::var_os("XDG_RUNTIME_DIR").filter(|folder| !folder.is_empty()) {
        Some(folder) => PathBuf::from(folder).join("rendez"),
        None => std::env::temp_dir().join(format!("rendez-{}", user())),
    }
}

/// Something that tells users apart in a shared folder.
fn user() -> String {
    let home = std::env::home_dir().unwrap_or_default();
    let name = home.file_name().map(|name| name.to_string_lossy().into_owned());
    name.unwrap_or_else(|| "user".to_owned())
}

#[cfg(unix)]
fn make_private(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    // It may have been there before; only its owner can do this.
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700))
}

#[cfg(not(unix))]
fn make_private(folder: &Path) -> std::io::Result<()> {
    DirBuilder::new().recursive(true).create(folder)
}

fn cannot(what: &str, path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format_args!("cannot {what} {}: {error}", path.display()))
}
